"""Scores out: syllables on slots, note values, and every format from literal tunes."""

from __future__ import annotations

import builtins
import io
import re
import zipfile
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from mido import MidiFile

from lyricist.errors import InputError, MissingExtra
from lyricist.melody.scores import SUFFIXES, SungWord, own_words, sing, write_score
from lyricist.melody.scores.cho import cho
from lyricist.melody.scores.layout import lay_bars, lay_part
from lyricist.melody.scores.lrc import lrc
from lyricist.melody.scores.midi import kar, midi, struck
from lyricist.melody.scores.musicxml import musicxml, mxl
from lyricist.melody.scores.names import harmony, in_key, spell
from lyricist.melody.scores.text import text
from lyricist.melody.scores.values import nearest, neat, tuplet_marks, written
from lyricist.melody.tune import Chord, Metre, Note, Part, Phrase, Score, Slot, Tempo, Tune


def slot(*notes: Note, rest: F = F(0)) -> Slot:
    length = notes[-1].end - notes[0].onset
    return Slot(notes[0].onset, length, notes[0].pitch, 0, False, notes, rest, notes[0].lyrics)


def tune(**changes: Any) -> Tune:
    """A pickup of one quarter in 3/4; five syllables in two phrases, the fourth on two notes; a bass below."""
    notes = [
        Note(F(0), F(1), 67),
        Note(F(1), F(2), 72),
        Note(F(3), F(1), 71),
        Note(F(4), F(1), 69),
        Note(F(5), F(1), 71, slurred=True),
        Note(F(6), F(1), 72),
    ]
    bass = tuple(Note(F(i), F(3), 48) for i in (1, 4))
    parts = (Part("Voice", tuple(notes), 1, 52), Part("Bass", bass, 2, 32))
    chords = (Chord(F(1), "C"), Chord(F(5), "D7/F#"), Chord(F(6), "Am"))
    score = Score(
        "Two Lines", parts, (Metre(F(0), 3, 4),), (Tempo(F(0), 60.0),), chords, F(1), composer="Nobody", **changes
    )
    phrases = (
        Phrase((slot(notes[0]), slot(notes[1]), slot(notes[2]))),
        Phrase((slot(notes[3], notes[4]), slot(notes[5])), 1),
    )
    return Tune(score, parts[0], phrases, ("verse", "chorus"))


def word(*parts: str) -> SungWord:
    return SungWord("".join(parts), parts)


FIRST = [[word("Oh"), word("riv", "er")], [word("flow"), word("on")]]
SECOND = [[word("Oh"), word("sum", "mer")], [word("won't"), word("stay")]]


def elements(data: bytes, path: str) -> list[ET.Element]:
    return ET.fromstring(data).findall(path)


# Syllables on slots


def test_every_slot_gets_its_syllable_with_its_place_in_the_word() -> None:
    sung = sing(tune(), [FIRST])
    found = [(lyric.text, lyric.syllabic, lyric.extend) for line in sung.lyrics[0] for lyric in line if lyric]
    assert found == [
        ("Oh", "single", False),
        ("riv", "begin", False),
        ("er", "end", False),
        ("flow", "single", True),
        ("on", "single", False),
    ]
    starts = [(lyric.line_start, lyric.paragraph) for line in sung.lyrics[0] for lyric in line if lyric]
    assert starts == [(True, True), (False, False), (False, False), (True, True), (False, False)]


def test_the_sung_part_carries_all_verses_and_the_others_stay() -> None:
    sung = sing(tune(), [FIRST, SECOND])
    voice, bass = sung.score.parts
    assert [[lyric.text for lyric in note.lyrics] for note in voice.notes] == [
        ["Oh", "Oh"],
        ["riv", "sum"],
        ["er", "mer"],
        ["flow", "won't"],
        [],
        ["on", "stay"],
    ]
    assert bass == tune().score.parts[1]


def test_old_words_go_wherever_they_were() -> None:
    old = sing(tune(), [FIRST])
    choir = replace(old.score.parts[0], name="Choir", number=2)
    score = replace(old.score, parts=(old.score.parts[0], choir))
    sung = sing(replace(old.tune, score=score), [SECOND])
    assert [part.words for part in sung.score.parts] == [5, 0]


def test_a_reduced_voice_takes_the_place_of_a_part_that_lacks_its_notes() -> None:
    given = tune()
    low = tuple(replace(note, pitch=note.pitch - 12) for note in given.part.notes)
    score = replace(given.score, parts=(replace(given.part, notes=low), given.score.parts[1]))
    sung = sing(replace(given, score=score), [FIRST])
    assert [note.pitch for note in sung.score.parts[0].notes] == [note.pitch for note in given.part.notes]


@pytest.mark.parametrize(
    ("verses", "says"),
    [
        ([], "no verse"),
        ([FIRST[:1]], "1 lines for 2 phrases"),
        ([[FIRST[0], [word("flow")]]], "line 2 of the song has 1 syllables and its phrase 2 notes"),
        ([FIRST, [SECOND[0], [word("a", "b", "c")]]], "line 2 of verse 2 has 3 syllables"),
    ],
)
def test_words_that_do_not_fit_are_refused_by_line(verses: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        sing(tune(), verses)


def test_a_files_own_words_become_words_again() -> None:
    sung = sing(tune(), [FIRST, SECOND])
    slots = tuple(
        replace(
            phrase,
            slots=tuple(
                replace(s, lyrics=tuple(found for verse in sung.lyrics if (found := verse[i][j])))
                for j, s in enumerate(phrase.slots)
            ),
        )
        for i, phrase in enumerate(sung.tune.phrases)
    )
    own = own_words(replace(sung.tune, phrases=slots, score=sung.score))
    assert [[line.text for line in verse] for verse in own.verses] == [
        ["Oh river", "flow on"],
        ["Oh summer", "won't stay"],
    ]
    assert own.verses[0][0].starts == (0, 1)


def test_further_verses_are_performed_from_the_next_pickup() -> None:
    score = sing(tune(), [FIRST, SECOND]).performed
    voice = score.parts[0]
    assert [note.onset for note in voice.notes[6:9]] == [F(9), F(10), F(12)]  # the bar of the last note ends at 10
    assert [lyric.text for note in voice.notes[6:] for lyric in note.lyrics] == ["Oh", "sum", "mer", "won't", "stay"]
    assert {lyric.verse for note in voice.notes for lyric in note.lyrics} == {1}
    assert len(score.chords) == 6 and len(score.metres) == 1 and len(score.tempi) == 1


# Note values


@pytest.mark.parametrize(
    ("at", "length", "expected"),
    [
        (0, F(4), ["whole"]),
        (0, F(3, 2), ["quarter."]),
        (0, F(7, 2), ["half.."]),
        (0, F(5), ["whole", "quarter"]),
        (F(1, 4), F(5, 4), ["eighth.", "eighth"]),
        (0, F(2, 3), ["quarter 3:2"]),
        (F(2, 3), F(1, 3), ["eighth 3:2"]),
        (F(1, 3), F(1, 2), ["eighth. 3:2"]),
        (F(2, 3), F(4, 3), ["half 3:2"]),
        (0, F(1, 5), ["16th 5:4"]),
        (0, F(2, 7), ["eighth 7:4"]),
        (0, F(1, 32), ["128th"]),
    ],
)
def test_values(at: F, length: F, expected: list[str]) -> None:
    found = written(F(at), length)
    ratios = [f" {v.actual}:{v.normal}" if v.actual > 1 else "" for v in found]
    assert [v.kind + "." * v.dots + ratio for v, ratio in zip(found, ratios, strict=True)] == expected


@pytest.mark.parametrize("denominator", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 24, 32, 17, 480, 997])
def test_the_values_of_a_length_add_up_to_it(denominator: int) -> None:
    for start in range(0, 3 * denominator, max(1, denominator // 5)):
        for length in range(1, 6 * denominator, max(1, denominator // 7)):
            at, given = F(start, denominator), F(length, denominator)
            assert sum(value.length for value in written(at, given)) == given


def test_a_length_that_no_value_says_gets_the_nearest() -> None:
    value = nearest(F(237, 480))
    assert (value.kind, value.exact, value.length) == ("eighth", False, F(237, 480))


def test_tuplets_close_on_a_plain_place() -> None:
    places = [(F(i, 3), written(F(i, 3), F(1, 3))[0]) for i in range(6)]
    assert tuplet_marks(places) == ["start", "", "stop"] * 2


@pytest.mark.parametrize(("played", "expected"), [(F(481, 480), F(1)), (F(1, 5), F(1, 5)), (F(100, 480), F(5, 24))])
def test_played_times_near_a_written_one_go_there(played: F, expected: F) -> None:
    assert neat(played) == expected


def test_names_of_pitches_in_every_key() -> None:
    steps = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    for sharps in range(-7, 8):
        for pitch in range(128):
            name = spell(pitch, sharps)
            assert 12 * (name.octave + 1) + steps[name.step] + name.alter == pitch
            assert abs(name.alter) <= 2
    assert [in_key(step, 2) for step in "FCGDAEB"] == [1, 1, 0, 0, 0, 0, 0]
    assert [in_key(step, -2) for step in "FCGDAEB"] == [0, 0, 0, 0, 0, -1, -1]


@pytest.mark.parametrize(
    ("symbol", "kind", "bass"),
    [
        ("Am7", "minor-seventh", None),
        ("B", "major", None),
        ("Bb/D", "major", ("D", 0)),
        ("F#m7b5", "half-diminished", None),
    ],
)
def test_chord_symbols(symbol: str, kind: str, bass: Any) -> None:
    found = harmony(symbol)
    assert (found.kind, found.bass) == (kind, bass)


def test_overlapping_notes_go_to_voices_and_equal_ones_to_chords() -> None:
    notes = (Note(F(0), F(4), 48), Note(F(0), F(2), 60), Note(F(0), F(2), 64), Note(F(2), F(2), 62))
    score = Score("", (Part("", notes),))
    (measure,) = lay_part(score.parts[0], lay_bars(score))
    found = {n: [[x.pitch for x in p.event.notes] for p in v if p.event] for n, v in measure.voices.items()}
    assert sorted(found.values()) == [[[48]], [[64, 60], [62]]]


def test_bars_follow_the_pickup_and_changes_of_metre() -> None:
    notes = (Note(F(0), F(9), 60),)
    score = Score("", (Part("", notes),), (Metre(F(0), 3, 4), Metre(F(4), 2, 4), Metre(F(7), 2, 4)), pickup=F(1))
    found = [(bar.number, bar.start, bar.end, bar.changes) for bar in lay_bars(score)]
    assert found == [(0, 0, 1, True), (1, 1, 4, False), (2, 4, 6, True), (3, 6, 7, False), (4, 7, 9, False)]


def test_far_too_many_bars_are_refused() -> None:
    score = Score("", (Part("", (Note(F(10**9), F(1), 60),)),))
    with pytest.raises(InputError, match="at most 20000"):
        musicxml(score)


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


def test_drums_keep_their_instrument() -> None:
    score = Score("", (Part("Drums", (Note(F(0), F(1), 36),), 1, None, True),))
    root = ET.fromstring(musicxml(score))
    assert root.findtext(".//midi-unpitched") == "37" and root.find(".//unpitched") is not None


def test_text_that_xml_cannot_hold_is_made_harmless() -> None:
    sung = sing(tune(), [[[word("<&>"), word("a\0b", "]]>")], FIRST[1]]])
    assert [x.text for x in elements(musicxml(sung.score), ".//lyric/text")][:3] == ["<&>", "ab", "]]>"]


def test_mxl_is_the_same_in_a_container() -> None:
    score = sing(tune(), [FIRST]).score
    with zipfile.ZipFile(io.BytesIO(mxl(score))) as archive:
        assert archive.namelist() == ["mimetype", "META-INF/container.xml", "score.musicxml"]
        assert archive.read("score.musicxml") == musicxml(score)
    assert mxl(score) == mxl(score)


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
    data = kar(sing(tune(), [FIRST]))
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


# Files


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != ".svg"])
def test_every_suffix_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"song{suffix}"
    assert write_score(path, sing(tune(), [FIRST])) == [path]
    assert path.stat().st_size > 0 and list(tmp_path.iterdir()) == [path]
    write_score(path, tune(), force=True, title="Another")


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_text("mine")
    with pytest.raises(InputError, match="already there"):
        write_score(path, tune())
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("song.doc", r"known: \.musicxml, \.xml"),
        ("song", "without suffix"),
        ("no/song.mid", "not there"),
        ("dir.mid", "folder"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "dir.mid").mkdir()
    with pytest.raises(InputError, match=says):
        write_score(tmp_path / name, tune())


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lyricist.melody.scores.write.os.replace", fail)
    with pytest.raises(InputError, match="No space left"):
        write_score(tmp_path / "song.txt", tune())
    assert list(tmp_path.iterdir()) == []


def test_engraving_without_verovio_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "verovio":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=re.escape("lyricist[score]")):
        write_score(tmp_path / "song.svg", tune())
    assert list(tmp_path.iterdir()) == []


def test_engraved_pages_show_every_syllable(tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    (path,) = write_score(tmp_path / "song.svg", sing(tune(), [FIRST]))
    shown = path.read_text()
    assert shown.startswith(("<svg", "<?xml"))
    assert all(f">{part}<" in shown for part in ("Oh", "riv", "er", "flow", "on"))


def test_long_music_is_engraved_on_several_pages(tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    notes = tuple(Note(F(i), F(1), 60 + i % 12) for i in range(1500))
    part = Part("Voice", notes)
    paths = write_score(tmp_path / "song.svg", Tune(Score("", (part,)), part, ()))
    assert [path.name for path in paths][:2] == ["song.svg", "song-2.svg"]
    with pytest.raises(InputError, match="already there"):
        write_score(tmp_path / "song.svg", tune())
