"""Which part is sung, and that it is one voice: laws over many shapes of parts."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import pairwise

import pytest

from lyricist.errors import InputError
from lyricist.melody.tune import Lyric, Note, Part, Score
from lyricist.melody.voice import SURE, choose_part, list_parts, name_points, one_voice

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def line(pitches: tuple[int, ...] = SCALE, step: F = F(1), words: bool = False, **more: object) -> tuple[Note, ...]:
    sung = (Lyric("la"),) if words else ()
    return tuple(Note(i * step, step, pitch, lyrics=sung, **more) for i, pitch in enumerate(pitches))  # type: ignore[arg-type]


def higher(by: int) -> tuple[Note, ...]:
    return line(tuple(pitch + by for pitch in SCALE))


def score(*parts: Part) -> Score:
    return Score("Song", tuple(replace(part, number=i) for i, part in enumerate(parts, 1)))


CHORDS = tuple(Note(F(i), F(1), pitch) for i in range(8) for pitch in (64, 68, 71, 76))
DRUMS = Part("Drums", line((36,) * 16), drums=True)

CHOICES = {  # the parts, the number of the one to take, and a word of the reason
    "words": ([Part("Melody", line()), Part("x", line(words=True))], 2, "words"),
    "name": ([Part("Piano", higher(12)), Part("Lead Vocal", line()), Part("Bass", higher(-24))], 2, "name"),
    "name of the choir": ([Part("Alto", line()), Part("Soprano", line())], 2, "name"),
    "guitar that leads": ([Part("Lead Guitar", higher(12)), Part("Singer", line())], 2, "name"),
    "backing": ([Part("Backing Vocals", line()), Part("Vocals", line())], 2, "name"),
    "one voice": ([Part("", CHORDS), Part("", line())], 2, "one note at a time"),
    "highest": ([Part("", higher(-12)), Part("", higher(5)), Part("", line())], 2, "highest"),
    "range": ([Part("", higher(30)), Part("", line())], 2, "range"),
    "activity": ([Part("", higher(3)[:1]), Part("", line())], 2, "throughout"),
    "program": ([Part("", line(), program=33), Part("", line(), program=53)], 2, "one note"),
    "first of equals": ([Part("", line()), Part("", line())], 1, "one note"),
    "not drums": ([DRUMS, Part("", line())], 2, "only part"),
    "chords only": ([DRUMS, Part("Pad", CHORDS)], 2, "top line"),
    "most words": ([Part("Voice", line(words=True)[:2]), Part("x", line(words=True))], 2, "8 of its 8"),
    "leader of singers": ([Part("Tenor", line(words=True)), Part("Soprano", line(words=True))], 2, "words"),
}


@pytest.mark.parametrize("case", CHOICES)
def test_the_sung_part_and_why(case: str) -> None:
    parts, number, why = CHOICES[case]
    part, said, _ = choose_part(score(*parts))
    assert part.number == number and why in said and "\n" not in said


def test_a_stray_text_makes_no_part_the_voice() -> None:
    stray = (replace(line()[0], lyrics=(Lyric("Reset..."),)), *line(SCALE * 4)[1:])
    part, why, sure = choose_part(score(Part("Harp", stray), Part("Vocals", line(SCALE * 4))))
    assert part.name == "Vocals" and "name" in why and sure > SURE


def test_how_sure_the_choice_is() -> None:
    sung, chords = Part("Vocals", line(SCALE * 4)), Part("Piano", CHORDS)
    assert choose_part(score(sung, chords)).sure > 0.9
    four = [Part("", line(SCALE[i:] * 4)) for i in range(4)]
    assert SURE > choose_part(score(*four)).sure == pytest.approx(0.25, abs=0.1)
    assert "% sure" in choose_part(score(*four)).why
    assert choose_part(score(*[Part("", line(SCALE * 4))] * 3)).sure == 1.0  # a doubled part is one tune
    assert choose_part(score(Part("", line(words=True)), sung)).sure == 1.0


@pytest.mark.parametrize(
    "name", ["Voice Oohs", "Choir Aahs", "Synth Voice", "Lead 8 (bass+lead)", "Solo Vox", "Voice Lead (channel 3)"]
)
def test_names_of_patches_do_not_count(name: str) -> None:
    assert name_points(name) <= 0


def test_a_track_that_is_asked_for() -> None:
    song = score(Part("Vocals", line(words=True)), Part("Flute", line()), DRUMS)
    assert choose_part(song, 2)[0].name == "Flute"
    for wrong in (0, -1, 3, 4):
        with pytest.raises(InputError, match=r"1 Vocals \(8 notes\), 2 Flute \(8 notes\)$") as error:
            choose_part(song, wrong)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("parts", "says"), [([], "no notes"), ([Part("x", ())], "no notes"), ([DRUMS], "only drums")]
)
def test_no_tune(parts: list[Part], says: str) -> None:
    with pytest.raises(InputError, match=says):
        choose_part(score(*parts))
    assert list_parts(parts) == "there is none"


@pytest.mark.parametrize(
    ("names", "sign"),
    [
        ("VOCAL,Main voice,melody,Melodia,lead,Singstimme,voz,Sopran 1,vox", 1),
        ("Piano 1,E-Guitar,strings,BASS,Drum Kit,click,pad 2", -1),
        ("Track 3,Invoice,Leader of men,Keyshia,,Bassoon", 0),
    ],
)
def test_what_names_say(names: str, sign: int) -> None:
    for name in names.split(","):
        points = name_points(name)
        assert (points > 0) - (points < 0) == sign, name


def test_one_note_stays() -> None:
    part = Part("x", (Note(F(1, 2), F(3), 60),))
    assert one_voice(part) == part and choose_part(score(part))[0].notes == part.notes


def pitches(part: Part) -> list[int]:
    return [note.pitch for note in one_voice(part).notes]


def test_chords_octaves_and_doubles_become_their_top() -> None:
    assert pitches(Part("", CHORDS)) == [76] * 8
    assert pitches(Part("", line() + higher(-12))) == list(SCALE)
    assert pitches(Part("", line() + line())) == list(SCALE)


def test_words_of_a_chord_go_to_its_top() -> None:
    low = Note(F(0), F(1), 55, lyrics=(Lyric("la"),), phrase_end=True)
    (top,) = one_voice(Part("", (low, Note(F(0), F(1), 67)))).notes
    assert (top.pitch, top.lyrics[0].text, top.phrase_end) == (67, "la", True)


def test_an_ornament_is_not_the_top() -> None:
    assert pitches(Part("", (Note(F(0), F(1), 60), Note(F(0), F(1, 8), 72)))) == [60]


def test_a_second_voice_is_left_out_and_legato_is_kept() -> None:
    under = (Note(F(0), F(4), 72), Note(F(1), F(1), 60), Note(F(2), F(1), 62), Note(F(4), F(1), 71))
    assert pitches(Part("", under)) == [72, 71]
    legato = tuple(replace(note, duration=F(9, 8)) for note in reversed(line()))
    found = one_voice(Part("", tuple(sorted(legato, key=lambda n: n.onset)))).notes
    assert [(note.onset, note.duration) for note in found[:-1]] == [(i, 1) for i in range(7)]


def test_in_a_part_with_words_they_lead() -> None:
    sung = Note(F(0), F(2), 60, lyrics=(Lyric("oh"),))
    assert pitches(Part("", (sung, Note(F(1), F(1), 72), Note(F(2), F(1), 62, lyrics=(Lyric("my"),))))) == [60, 62]


@pytest.mark.parametrize("gate", [F(3, 4), F(9, 10), F(95, 100), F(479, 480)])
def test_notes_cut_short_alike_are_full(gate: F) -> None:
    """A rest stays one: the note before it is not much shorter than written."""
    notes = [Note(F(i), gate, 60 + i) for i in range(6)] + [Note(F(8), 2 * gate, 67), Note(F(10), gate, 60)]
    found = one_voice(Part("", tuple(notes))).notes
    assert [note.duration for note in found[:5]] == [1] * 5 and found[6].duration == 2
    assert found[5].end < found[6].onset


def test_rests_stay() -> None:
    notes = tuple(Note(F(i), F(1, 2) if i % 3 == 2 else F(1), 60 + i) for i in range(9))
    assert one_voice(Part("", notes)).notes == notes


@pytest.mark.parametrize("seed", range(10))
def test_played_by_hand_is_set_on_the_beats(seed: int) -> None:
    rng = random.Random(seed)
    steps = [rng.choice((F(1, 2), F(1), F(1, 4), F(2), F(3, 2))) for _ in range(40)]
    written, now = [], F(4)
    for step in steps:
        written.append(Note(now, step, 60 + rng.randrange(12)))
        now += step
    hand = tuple(replace(note, onset=note.onset + F(round(rng.gauss(0, 12)), 480)) for note in written)
    found = one_voice(Part("", hand)).notes
    close = sum(note.onset == other.onset for note, other in zip(found, written, strict=True))
    assert close >= 38  # each is off by a 16th's half (60 ticks, 5 sigma) less than once in a million


def random_part(rng: random.Random) -> Part:
    """Notes of any onset and length, on and off the grid, some with words."""
    grid = rng.choice((4, 12, 480))
    notes = [
        Note(
            F(rng.randrange(40 * grid), grid),
            F(rng.randrange(1, 4 * grid), grid),
            rng.randrange(40, 90),
            lyrics=(Lyric("la"),) * rng.randrange(2),
        )
        for _ in range(rng.randrange(1, 120))
    ]
    return Part("", tuple(sorted(notes, key=lambda note: (note.onset, note.pitch))))


@pytest.mark.parametrize("seed", range(60))
def test_laws_of_one_voice(seed: int) -> None:
    part = random_part(random.Random(seed))
    found = one_voice(part)
    assert found.notes and all(note.duration > 0 for note in found.notes)
    assert all(a.end <= b.onset and a.onset < b.onset for a, b in pairwise(found.notes))
    assert {note.pitch for note in found.notes} <= {note.pitch for note in part.notes}
    assert one_voice(found).notes == found.notes
