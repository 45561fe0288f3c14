"""MIDI files as scores: notes in exact quarters, metres, tempi, names; and all of the hymns, where they are."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path

import mido
import pytest
from midibytes import TICKS, chunk, meta, off, on, smf, texts, tune

from lyricist.melody.read.midi_file import PROGRAMS as NAMES
from lyricist.melody.read.midi_file import read_midi
from lyricist.melody.tune import Clock, Control, Metre, Note, Score, Tempo
from lyricist.melody.voice import choose_part, one_voice

HYMNS = Path(__file__).parents[3] / "shared" / "data" / "melodies" / "hymns-midi"
needs_hymns = pytest.mark.skipif(not HYMNS.is_dir(), reason="the hymns are not in ../shared/data/melodies")


def score_of(*tracks: list[tuple[int, bytes]], form: int = 1, division: int = TICKS, name: str = "a.mid") -> Score:
    return read_midi(smf(*[chunk(track) for track in tracks], form=form, division=division), name)


def spans(notes: tuple[Note, ...]) -> list[tuple[F, F, int]]:
    return [(note.onset, note.duration, note.pitch) for note in notes]


@pytest.mark.parametrize("division", [1, 24, 96, 100, 120, 384, 480, 960, 15360, 32767])
def test_quarters_are_exact_under_any_division(division: int) -> None:
    events = [*tune([60, 62], step=division), (3 * division, on(64)), (3 * division + max(1, division // 2), off(64))]
    notes = score_of(events, division=division).parts[0].notes
    assert spans(notes)[:2] == [(0, 1, 60), (1, 1, 62)]
    assert notes[2].onset == 3 and abs(notes[2].duration - F(max(1, division // 2), division)) <= F(1, 200)


@pytest.mark.parametrize("frames", [24, 25, 30])
def test_smpte_times_are_quarters_of_the_first_tempo(frames: int) -> None:
    second = frames * 40
    events = [(0, meta(0x51, (1_000_000).to_bytes(3))), *tune([60, 62], step=second)]
    score = score_of(events, division=(256 - frames) << 8 | 40)
    assert spans(score.parts[0].notes) == [(0, 1, 60), (1, 1, 62)] and score.tempi == (Tempo(F(0), 60.0),)


def test_drop_frames() -> None:
    score = score_of(tune([60, 62], step=2997), division=(256 - 29) << 8 | 100)  # a second is two quarters
    assert score.parts[0].notes[1].onset == 2


@pytest.mark.parametrize(
    ("ticks", "quarters"), [(160, F(1, 3)), (96, F(1, 5)), (481, F(1)), (479, F(1)), (53, F(53, 480)), (60, F(1, 8))]
)
def test_onsets_that_miss_by_a_tick_are_set_right(ticks: int, quarters: F) -> None:
    assert score_of(tune([60], start=ticks)).parts[0].notes[0].onset == quarters


def test_rolled_chords_are_struck_at_once() -> None:
    events = [(0, on(60)), (10, on(64)), (20, on(67)), *[(480, off(pitch)) for pitch in (60, 64, 67)]]
    assert spans(score_of(events).parts[0].notes) == [(0, 1, 60), (0, 1, 64), (0, 1, 67)]


def test_fast_notes_are_no_rolled_chord() -> None:
    run = [*tune([72, 74, 76, 77], step=30), (120, on(79)), (480, off(79))]  # 64ths over a held note
    held = [(0, on(60)), (480, off(60))]
    expected = [(0, 1, 60), *((F(i, 16), F(1, 16), pitch) for i, pitch in enumerate((72, 74, 76, 77)))]
    found = spans(score_of([*held, *run]).parts[0].notes)
    assert found == [*expected, (F(1, 4), F(3, 4), 79)]


def test_controls_come_with_the_part_that_sounds_on_their_channel() -> None:
    head = [(0, b"\xb0\x07\x64"), (0, b"\xb5\x07\x10")]  # nothing sounds on channel 6
    own = [(0, b"\xc0\x34"), (480, b"\xe0\x00\x50"), (960, b"\xc0\x35"), (961, b"\xd0\x11")]
    (part,) = score_of(head, [*own, *tune([60, 62, 64])]).parts
    expected = [Control(F(0), 0xB, 7, 0x64), Control(F(1), 0xE, 0, 0x50), Control(F(2), 0xC, 0x35)]
    assert part.program == 0x34 and part.controls == (*expected, Control(F(2), 0xD, 0x11))


def test_too_many_controls_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyricist.melody.read.smf.MAX_CONTROLS", 2)
    score = score_of([*[(0, b"\xb0\x07\x64")] * 5, *tune([60])])
    assert len(score.parts[0].controls) == 2
    assert score.warnings == ("3 controllers and bends beyond 2 left out",)


OVERLAPS = {  # what is played on one key, and the notes it makes
    "again before its end": (
        [(0, on(60)), (240, on(60)), (300, off(60)), (480, off(60))],
        [(0, F(1, 2)), (F(1, 2), F(1, 2))],
    ),
    "again, and one end": ([(0, on(60)), (240, on(60)), (480, off(60))], [(0, F(1, 2)), (F(1, 2), F(1, 2))]),
    "twice at once": ([(0, on(60)), (0, on(60)), (240, off(60)), (240, off(60))], [(0, F(1, 2))]),
    "begun, then ended": (
        [(0, on(60)), (240, on(60)), (240, off(60)), (480, off(60))],
        [(0, F(1, 2)), (F(1, 2), F(1, 2))],
    ),
    "no end": ([(0, on(60)), (480, meta(1, "x"))], [(0, F(1))]),
    "no end for long": ([(0, on(60)), (48000, meta(1, "x"))], [(0, F(4))]),
    "an end without beginning": ([(0, off(60)), (480, on(60)), (960, off(60)), (990, off(60))], [(1, 1)]),
    "no velocity is an end": ([(0, on(60)), (480, on(60, velocity=0))], [(0, 1)]),
    "no length": ([(0, on(60)), (0, off(60)), (480, on(60)), (960, off(60))], [(0, F(1, 480)), (1, 1)]),
}


@pytest.mark.parametrize("case", OVERLAPS)
def test_overlapping_and_hanging_notes(case: str) -> None:
    events, expected = OVERLAPS[case]
    found = [(note.onset, note.duration) for note in score_of(events).parts[0].notes]
    assert [onset for onset, _ in found] == [onset for onset, _ in expected]
    assert all(abs(a - b) <= F(1, 32) for (_, a), (_, b) in zip(found, expected, strict=True))


def test_metres_and_tempi() -> None:
    marks = [
        (0, meta(0x58, bytes([3, 2, 24, 8]))),
        (0, meta(0x51, (500_000).to_bytes(3))),
        (1440, meta(0x58, bytes([3, 2, 24, 8]))),
    ]
    marks += [(2880, meta(0x58, bytes([6, 3, 24, 8]))), (2880, meta(0x51, (250_000).to_bytes(3)))]
    score = score_of(marks, tune([60] * 12))
    assert score.metres == (Metre(F(0), 3, 4), Metre(F(6), 6, 8))
    assert score.tempi == (Tempo(F(0), 120.0), Tempo(F(6), 240.0)) and Clock(score.tempi).at(F(10)) == 4.0


def test_what_a_file_does_not_say() -> None:
    score = score_of(tune([60]), name="Some_Folder/My_Song.mid")
    assert (score.metres, score.tempi, score.key) == ((Metre(F(0), 4, 4),), (Tempo(F(0), 120.0),), (0, "major"))
    assert (score.title, score.kind, score.warnings, len(score.parts[0].notes)) == ("My Song", "midi", (), 1)


ODD = {
    "key": (meta(0x59, bytes([9, 0])), "key signature"),
    "no beats": (meta(0x58, bytes([0, 2, 24, 8])), "time signature"),
    "beats of nothing": (meta(0x58, bytes([4, 200, 24, 8])), "time signature"),
    "short metre": (meta(0x58, b"\4"), "time signature"),
    "tempo": (meta(0x51, b"\0\0\0"), "tempo"),
    "short tempo": (meta(0x51, b"\1"), "tempo"),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_marks_are_told_and_left_out(case: str) -> None:
    mark, says = ODD[case]
    score = score_of([(0, mark), *tune([60, 62])])
    assert any(says in warning for warning in score.warnings) and len(score.parts[0].notes) == 2
    assert (score.metres, score.tempi, score.key) == ((Metre(F(0), 4, 4),), (Tempo(F(0), 120.0),), (0, "major"))


def test_names_programs_drums_and_numbers() -> None:
    head = [(0, meta(3, "My Song")), (0, meta(2, "(c) nobody")), (0, meta(0x59, b"\xfd\1"))]
    voice = [(0, meta(3, "Voice")), (0, bytes([0xC0, 52])), *tune([60])]
    both = [(0, meta(3, "Band")), (0, bytes([0xC1, 33])), *tune([40], 1), *tune([36], 9)]
    score = score_of(head, voice, both)
    assert (score.title, score.copyright, score.key) == ("My Song", "(c) nobody", (-3, "minor"))
    assert [(part.number, part.name, part.program, part.drums) for part in score.parts] == [
        (1, "Voice", 52, False),
        (2, "Fingered Bass (channel 2)", 33, False),
        (3, "Drums (channel 10)", None, True),
    ]


def test_one_track_is_divided_by_channels() -> None:
    score = score_of([(0, meta(3, "Song")), (0, bytes([0xC3, 73])), *tune([60, 62]), *tune([72, 74], 3)], form=0)
    assert score.title == "Song" and [part.name for part in score.parts] == ["Channel 1", "Flute (channel 4)"]


def test_general_midi_has_128_names() -> None:
    assert len(NAMES) == len(set(NAMES)) == 128 and all(NAMES)


def test_a_program_that_another_track_sets() -> None:
    assert score_of(tune([60], 2), [(0, bytes([0xC2, 40]))]).parts[0].program == 40


# Real files -----------------------------------------------------------------------------------------------------------


def notes_by_mido(path: Path) -> list[list[tuple[int, int, int]]]:
    """Onset, end and pitch in ticks, by track, where there are notes."""
    out = []
    for track in mido.MidiFile(path).tracks:
        now, sounding, notes = 0, {}, []
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding[message.note] = now
            elif message.type in ("note_on", "note_off") and message.note in sounding:
                notes.append((sounding.pop(message.note), now, message.note))
        if notes:
            out.append(sorted(notes))
    return out


@needs_hymns
@pytest.mark.parametrize("start", range(8))
def test_hymns_have_the_notes_that_mido_reads(start: int) -> None:
    for path in sorted(HYMNS.glob("*.mid"))[start * 7 :: 56]:
        parts = read_midi(path.read_bytes(), path.name).parts
        for part, notes in zip(parts, notes_by_mido(path), strict=True):
            ours = sorted((note.pitch, note.onset, note.end) for note in part.notes)
            theirs = sorted((pitch, F(onset, 480), F(end, 480)) for onset, end, pitch in notes)
            assert [pitch for pitch, *_ in ours] == [pitch for pitch, *_ in theirs], path.name
            for (_, *mine), (_, *other) in zip(ours, theirs, strict=True):
                assert all(abs(a - b) <= F(1, 12) for a, b in zip(mine, other, strict=True)), path.name


@needs_hymns
def test_syllables_of_hymns_land_on_notes_of_the_chosen_part() -> None:
    said = sung = alike = files = 0
    for path in sorted(HYMNS.glob("*.mid"))[::4]:
        data = path.read_bytes()
        score = read_midi(data, path.name)
        part = choose_part(score)[0]
        line = one_voice(part)
        assert all(a.end <= b.onset for a, b in pairwise(line.notes)), path.name
        said += max(map(syllable_events, mido.MidiFile(path).tracks))
        sung += line.words
        bare = read_midi(without_texts(data), path.name)
        assert not any(each.words for each in bare.parts)
        alike += choose_part(bare)[0].number == part.number
        files += 1
    assert sung >= 0.99 * said and alike >= 0.95 * files


def syllable_events(track: mido.MidiTrack) -> int:
    """How many texts with letters come after the start of a track."""
    now, found = 0, 0
    for message in track:
        now += message.time
        found += now > 0 and message.type in ("text", "lyrics") and any(map(str.isalpha, message.text))
    return found


def without_texts(data: bytes) -> bytes:
    """The file with its text and lyric events turned to markers, which say nothing."""
    return data.replace(b"\xff\x01", b"\xff\x06").replace(b"\xff\x05", b"\xff\x06")


def test_texts_turned_to_markers_are_no_words() -> None:
    data = smf(chunk([*tune([60, 62]), *texts(["Oh ", "my "])]))
    assert (
        read_midi(data, "a.mid").parts[0].words == 2 and read_midi(without_texts(data), "a.mid").parts[0].words == 0
    )
