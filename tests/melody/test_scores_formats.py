"""MusicXML, MIDI, karaoke, LRC, ChordPro and text from literal tunes."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import replace
from fractions import Fraction as F
from xml.etree import ElementTree as ET

import pytest
from mido import MidiFile
from tunes import FIRST, SECOND, slot, tune, word

from lyricist.melody.export import SungWord, own_words, sing
from lyricist.melody.export.midi_writer import midi, struck
from lyricist.melody.export.musicxml_writer import musicxml, mxl
from lyricist.melody.export.song_text import cho, lrc, text
from lyricist.melody.read.midi_file import read_midi
from lyricist.melody.read.musicxml_file import read_musicxml
from lyricist.melody.tune import Chord, Control, Lyric, Metre, Note, Part, Phrase, Score, Tune


def elements(data: bytes, path: str) -> list[ET.Element]:
    return ET.fromstring(data).findall(path)


# MusicXML


def test_musicxml_has_the_words_under_the_notes() -> None:
    data = musicxml(sing(tune(), [FIRST, SECOND]).score)
    found = [
        (lyric.get("number"), lyric.findtext("syllabic"), lyric.findtext("text"), lyric.find("extend") is not None)
        for lyric in elements(data, "part[@id='P1']/measure/note/lyric")
    ]
    assert found[:4] == [
        ("1", "single", "Oh", False),
        ("2", "single", "Oh", False),
        ("1", "begin", "riv", False),
        ("2", "begin", "sum", False),
    ]
    assert ("1", "single", "flow", True) in found and ("2", "single", "stay", False) in found
    assert not elements(data, "part[@id='P2']/measure/note/lyric")
    ends = [lyric.findtext("text") for lyric in elements(data, ".//lyric[end-line]")]
    assert ends == ["er", "mer", "on", "stay"]


def test_a_hyphen_of_a_word_is_not_doubled_by_that_of_a_syllable() -> None:
    made = (
        Note(F(0), F(1), 60, lyrics=(Lyric("far-", "begin"),)),
        Note(F(1), F(1), 60, lyrics=(Lyric("way-", "end"),)),
    )
    assert [t.text for t in elements(musicxml(Score("", (Part("", made),))), ".//lyric/text")] == ["far", "way-"]


def test_musicxml_keeps_what_came_in_besides() -> None:
    data = musicxml(sing(tune(key=(1, "major"), copyright="nobody's"), [FIRST]).score)
    root = ET.fromstring(data)
    assert [part.text for part in root.findall("part-list/score-part/part-name")] == ["Voice", "Bass"]
    assert root.findtext("work/work-title") == "Two Lines" and root.findtext("identification/rights") == "nobody's"
    assert [kind.get("text") for kind in root.findall(".//harmony/kind")] == ["", "7", "m"]
    assert root.findtext(".//harmony/bass/bass-step") == "F" and root.findtext(".//key/fifths") == "1"
    first = root.find("part/measure")
    assert first is not None and (first.get("number"), first.get("implicit")) == ("0", "yes")
    assert [sound.get("tempo") for sound in root.iter("sound")] == ["60"]


def test_a_melisma_is_slurred_and_a_note_over_a_bar_line_is_tied() -> None:
    given = tune()
    notes = (*given.part.notes[:-1], Note(F(6), F(3), 72))
    data = musicxml(replace(given.score, parts=(replace(given.part, notes=notes),)))
    assert [slur.get("type") for slur in elements(data, ".//slur")] == ["start", "stop"]
    assert [tie.get("type") for tie in elements(data, ".//note/tie")] == ["start", "stop"]


def test_triplets_are_bracketed() -> None:
    notes = tuple(Note(F(i, 3), F(1, 3), 60 + i) for i in range(3))
    data = musicxml(Score("", (Part("", notes),)))
    assert [mark.get("type") for mark in elements(data, ".//tuplet")] == ["start", "stop"]
    assert [x.text for x in elements(data, ".//actual-notes")] == ["3"] * 3
    assert {x.text for x in elements(data, ".//divisions")} == {"3"}


def test_accidentals_are_printed_once_a_bar() -> None:
    notes = tuple(Note(F(i), F(1), pitch) for i, pitch in enumerate((66, 66, 65, 66, 66)))
    data = musicxml(Score("", (Part("", notes),)))
    assert [sign.text for sign in elements(data, ".//accidental")] == ["sharp", "natural", "sharp", "sharp"]


def test_every_bar_is_full_in_every_part() -> None:
    root = ET.fromstring(musicxml(sing(tune(), [FIRST]).score))
    per = {part.get("id"): int(part.findtext(".//divisions") or 1) for part in root.findall("part")}
    for part in root.findall("part"):
        lengths = [
            F(
                sum(int(x.findtext("duration") or 0) for x in measure.findall("note") if x.find("chord") is None),
                per[part.get("id")],
            )
            for measure in part.findall("measure")
        ]
        assert lengths == [1, 3, 3]


def test_voices_of_one_staff_stay_on_it() -> None:
    low = Part("Voice", (Note(F(1), F(2), 60),), 2, 52, voice=2)
    given = tune()
    score = replace(given.score, parts=(replace(given.part, voice=1), low))
    root = ET.fromstring(musicxml(score))
    assert len(root.findall("part")) == 1
    assert {voice.text for voice in root.iter("voice")} == {"1", "2"}


def test_an_instrument_that_plays_high_and_low_gets_two_staves() -> None:
    notes = tuple(Note(F(i // 2), F(1), 72 if i % 2 else 40) for i in range(8))
    root = ET.fromstring(musicxml(Score("", (Part("Piano", notes),))))
    assert root.findtext(".//staves") == "2" and [sign.text for sign in root.iter("sign")] == ["G", "F"]
    assert [staff.text for staff in root.iter("staff")] == ["1"] * 4 + ["2"] * 4


def test_short_notes_of_a_beat_are_beamed_but_not_over_a_new_syllable() -> None:
    notes = [Note(F(i, 2), F(1, 2), 60 + i, slurred=i == 3) for i in range(4)]
    played = ET.fromstring(musicxml(Score("", (Part("", tuple(notes)),))))
    assert [beam.text for beam in played.iter("beam")] == ["begin", "end", "begin", "end"]
    part = Part("", tuple(notes))
    sung = sing(
        Tune(Score("", (part,)), part, (Phrase((slot(notes[0]), slot(notes[1]), slot(*notes[2:]))),)),
        [[[word("so", "lo"), word("do")]]],
    )
    assert [beam.text for beam in ET.fromstring(musicxml(sung.score)).iter("beam")] == ["begin", "end"]


def test_drums_keep_their_instrument() -> None:
    score = Score("", (Part("Drums", (Note(F(0), F(1), 36),), 1, None, True),))
    root = ET.fromstring(musicxml(score))
    assert root.findtext(".//midi-unpitched") == "37" and root.find(".//unpitched") is not None


def test_text_that_xml_cannot_hold_is_made_harmless() -> None:
    sung = sing(tune(), [[[word("<&>"), word("a\0b", "]]>")], FIRST[1]]])
    assert [x.text for x in elements(musicxml(sung.score), ".//lyric/text")][:3] == ["<&>", "ab", "]]>"]


@pytest.mark.parametrize("seed", range(12))
def test_any_notes_come_back_from_musicxml_where_they_were(seed: int) -> None:
    """Overlapping notes on grids of all kinds; no pitch twice, as a tie is told by its pitch."""
    draw = random.Random(seed)
    grid = draw.choice([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 48, 11])
    metre = draw.choice([Metre(F(0), 4, 4), Metre(F(0), 6, 8), Metre(F(0), 5, 8), Metre(F(0), 3, 2)])
    pickup = draw.choice([F(0), F(1), F(1, 2)])
    notes = [
        Note(F(draw.randrange(12 * grid), grid), F(draw.randint(1, 6 * grid), grid), pitch)
        for pitch in draw.sample(range(21, 109), 40)
    ]
    notes.sort(key=lambda note: (note.onset, note.pitch))
    score = Score("", (Part("Piano", tuple(notes)),), (metre,), pickup=pickup)
    back = read_musicxml(musicxml(score), "back.musicxml")
    found = sorted((note.onset, note.pitch, note.duration) for note in back.parts[0].notes)
    assert found == [(note.onset, note.pitch, note.duration) for note in notes]
    assert back.pickup == pickup and back.metres[0].bar == metre.bar


def test_mxl_is_the_same_in_a_container() -> None:
    score = sing(tune(), [FIRST]).score
    with zipfile.ZipFile(io.BytesIO(mxl(musicxml(score)))) as archive:
        assert archive.namelist() == ["mimetype", "META-INF/container.xml", "score.musicxml"]
        assert archive.read("score.musicxml") == musicxml(score)
    assert mxl(musicxml(score)) == mxl(musicxml(score))


# MIDI


def messages(data: bytes, kind: str) -> list[tuple[int, str]]:
    out = []
    for track in MidiFile(file=io.BytesIO(data), charset="utf-8").tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == kind:
                out.append((now, message.text if kind in ("lyrics", "text") else message.name))
    return out


def test_midi_has_lyric_events_with_marks_of_words_and_lines() -> None:
    assert messages(midi(sing(tune(), [FIRST])), "lyrics") == [
        (0, "\rOh "),
        (480, "riv"),
        (1440, "er\n"),
        (1920, "flow "),
        (2880, "on "),
    ]


def test_karaoke_has_text_events_between_headers() -> None:
    data = midi(sing(tune(), [FIRST]), karaoke=True)
    assert [found for _, found in messages(data, "text")] == [
        "@KMIDI KARAOKE FILE",
        "@V0100",
        "@LENGL",
        "@TTwo Lines",
        "@IWritten with lyricist",
        "\\Oh ",
        "riv",
        "er ",
        "\\flow ",
        "on ",
    ]
    assert [found for _, found in messages(data, "track_name")] == ["Two Lines", "Words", "Voice", "Bass"]


def test_midi_keeps_tracks_tempo_metre_key_and_pickup() -> None:
    given = tune(key=(-3, "minor"))
    file = MidiFile(file=io.BytesIO(midi(sing(given, [FIRST]))))
    assert file.type == 1 and len(file.tracks) == 3
    head = {message.type: message for message in file.tracks[0]}
    assert (head["set_tempo"].tempo, head["key_signature"].key) == (1_000_000, "Cm")
    metres = [(m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"]
    assert metres == [(1, 4), (3, 4)]
    assert [m.program for track in file.tracks for m in track if m.type == "program_change"] == [52, 32]


def test_midi_keeps_controllers_bends_and_programs_and_sets_them_again_for_each_verse() -> None:
    given = tune()
    controls = (Control(F(0), 0xB, 7, 100), Control(F(2), 0xE, 0, 80), Control(F(3), 0xC, 40), Control(F(3), 0xD, 9))
    bass = replace(given.score.parts[1], controls=controls)
    sung = sing(replace(given, score=replace(given.score, parts=(given.score.parts[0], bass))), [FIRST, SECOND])
    back = read_midi(midi(sung), "a.mid").parts[1]
    step = sung.step
    again = [Control(step, 0xC, 32), *(replace(each, onset=each.onset + step) for each in controls)]
    assert back.program == 32 and sorted(back.controls, key=at) == sorted([*controls, *again], key=at)


def at(control: Control) -> tuple[F, int]:
    return control.onset, control.kind


def test_an_empty_syllable_leaves_its_blank_to_the_one_before() -> None:
    sung = sing(tune(), [[[SungWord("I'd", ("I'd", "")), word("go")], FIRST[1]]])
    assert [found for _, found in messages(midi(sung), "lyrics")][:2] == ["\rI'd ", "go\n"]


def test_a_key_is_down_once_at_a_time() -> None:
    notes = [Note(F(0), F(2), 60), Note(F(0), F(1), 60), Note(F(1), F(1, 2), 60), Note(F(1), F(1), 64)]
    assert [(note.onset, note.duration, note.pitch) for note in struck(notes)] == [(0, 1, 60), (1, 1, 60), (1, 1, 64)]


def test_odd_times_and_many_parts_are_written_all_the_same() -> None:
    notes = (Note(F(1, 997), F(1, 991), 60), Note(F(2), F(1, 7), 62))
    parts = tuple(Part(f"P{i}", notes, i, i % 128, i == 9) for i in range(40))
    file = MidiFile(file=io.BytesIO(midi(own_words(Tune(Score("", parts), parts[0], ())))))
    assert len(file.tracks) == 41 and file.ticks_per_beat <= 32767


# Words with times and chords


def test_lrc_has_times_of_lines_and_words() -> None:
    assert lrc(sing(tune(), [FIRST, SECOND])).decode().splitlines() == [
        "[ti:Two Lines]",
        "[au:Nobody]",
        "[by:lyricist]",
        "[00:00.00]<00:00.00>Oh <00:01.00>river<00:04.00>",
        "",
        "[00:04.00]<00:04.00>flow <00:06.00>on<00:07.00>",
        "",
        "[00:09.00]<00:09.00>Oh <00:10.00>summer<00:13.00>",
        "",
        "[00:13.00]<00:13.00>won't <00:15.00>stay<00:16.00>",
    ]


def test_chordpro_has_sections_and_chords() -> None:
    assert cho(sing(tune(), [FIRST])).decode().splitlines() == [
        "{title: Two Lines}",
        "{composer: Nobody}",
        "{key: C}",
        "{time: 3/4}",
        "{tempo: 60}",
        "",
        "{start_of_verse}",
        "Oh [C]river",
        "{end_of_verse}",
        "",
        "{start_of_chorus}",
        "flow [D7/F#][Am]on",
        "{end_of_chorus}",
    ]


def test_chords_of_a_prelude_stand_on_a_line_of_their_own() -> None:
    given = tune()
    late = replace(
        given, score=replace(given.score, chords=(Chord(F(-3), "G"), Chord(F(-2), "D"), Chord(F(-1), "G")))
    )
    lines = cho(sing(late, [FIRST])).decode().splitlines()
    assert lines[7:9] == ["[G] [D]", "[G]Oh river"]


def test_text_has_a_blank_line_between_sections() -> None:
    assert text(sing(tune(), [FIRST, SECOND])).decode() == "Oh river\n\nflow on\n\nOh summer\n\nwon't stay\n"
