"""Which notes of a wordless MIDI tune go on with the syllable before: what the other voices say."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import pytest
from lines import notes, part, score

from lyricist.melody.slots import fresh, lateness, share, slots_of, strikes
from lyricist.melody.tune import Part

TUNE = "60:1 62:1 64:1/2 65:1/2 67:1 " * 4
STILL = "48:1 50:1 52:1 55:1 " * 4
AGAIN = "48:1 50:1 52:1/2 52:1/2 55:1 " * 4
PLAIN = "48:2 50:1 52:1 " * 8
PHRASE = "60:2 62:1/2 64:1/2 65:1 " * 3
DRAWN = PHRASE + "60:2 62:1/2 64:1/2 65:2 " + PHRASE + "60:2 62:1/2 64:1/2 65:2 "  # by fermatas


def goes_on(*parts: Part) -> list[bool]:
    """For each note of the first part, whether it is sung on the syllable before."""
    slots = slots_of(parts[0], score(*parts, kind="midi"))
    return [i > 0 for slot in slots for i in range(len(slot.notes))]


def marks(tune: str, *below: str) -> str:
    """`~` for each note that goes on, `.` for any other."""
    others = [part(text, number=i) for i, text in enumerate(below, 2)]
    found = goes_on(part(tune), *others)
    return "".join("~" if on else "." for on in found)


def test_over_still_voices_the_tune_goes_on() -> None:
    assert marks(TUNE, STILL, STILL) == "...~." * 4


def test_where_a_voice_strikes_its_pitch_again_all_sing() -> None:
    assert marks(TUNE, AGAIN, AGAIN) == "....." * 4


@pytest.mark.parametrize("below", [(), ("48:16",), ("48:1/4 " * 64,)])
def test_alone_or_over_an_accompaniment_all_notes_are_syllables(below: tuple[str, ...]) -> None:
    assert marks(TUNE, *below) == "....." * 4


def test_chords_beside_the_tune_are_no_voices() -> None:
    struck = [note for text in (STILL, STILL, STILL) for note in notes(text)]
    chords = Part("Piano", tuple(sorted(struck, key=lambda note: note.onset)), 2)
    assert not any(goes_on(part(TUNE), chords))


def test_a_fermata_in_one_voice_leaves_it_behind() -> None:
    found = lateness(notes(DRAWN), [notes(PLAIN), notes(PLAIN)])
    assert set(found[:12]) == {0} and set(found[16:]) == {1}
    assert marks(DRAWN, PLAIN, PLAIN) == "..~." * 8


def test_lateness_never_falls_and_is_none_in_step() -> None:
    assert set(lateness(notes(TUNE), [notes(STILL)])) == {0}
    found = lateness(notes(DRAWN), [notes("48:1 " * 16)])
    assert all(a <= b for a, b in pairwise(found))


def test_the_share_of_voices_that_move() -> None:
    onsets, ends = [F(0), F(0), F(1)], [F(1), F(2), F(2)]
    assert [share(F(t), onsets, ends) for t in (0, 1, 2)] == [1.0, 0.5, 1.0]


def test_a_rhythm_that_repeats_no_pitch() -> None:
    found = fresh([strikes(notes("60:1 62:1 64:1/2 64:1/2 " + "62:1 60:1 " * 12))])
    assert found[F(1), F(1)] == 1.0 and (F(1, 2), F(1, 2)) not in found
