"""Notes to slots, with words and without."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path

import pytest
from lines import part, score

from lyricist.melody.slots import slots_of
from lyricist.melody.tune import Lyric, Part, Slot

HYMNS = Path(__file__).parents[2] / "../shared/data/melodies/hymns-midi"
needs_hymns = pytest.mark.skipif(not HYMNS.is_dir(), reason="../shared/data/melodies/hymns-midi is not there")


def slots(voice: Part, **options: bool) -> tuple[Slot, ...]:
    return slots_of(voice, score(voice), **options)


def sung(voice: Part, **options: bool) -> list[str]:
    """Pitches of each slot, joined."""
    return ["-".join(str(note.pitch) for note in slot.notes) for slot in slots(voice, **options)]


def test_a_syllable_opens_a_slot_and_notes_without_one_go_on_with_it() -> None:
    voice = part("60:1 62:1/2 64:1/2 65:2", words="A- -ma- _ -zing")
    assert sung(voice) == ["60", "62-64", "65"]
    assert [slot.lyrics[0].text for slot in slots(voice)] == ["A", "ma", "zing"]
    assert [slot.duration for slot in slots(voice)] == [1, 1, 2]


def test_notes_before_the_first_syllable_and_behind_a_rest_are_not_sung() -> None:
    voice = part("60:1 62:1 64:1 65:1 r:2 67:1 69:1 70:1", words="_ _ one _ _ _ two")
    assert sung(voice) == ["64-65", "70"]
    assert slots(voice)[0].rest == 4


def test_a_slur_across_a_rest_goes_on() -> None:
    assert sung(part("60:1 r:1 ~62:1 64:1", words="one _ two")) == ["60-62", "64"]


def test_another_verse_opens_a_slot_unless_slurred() -> None:
    voice = part("60:1 62:1 ~64:1 65:1", words="one two _ three")
    second = (Lyric("zwei", verse=2),)
    both = tuple(replace(note, lyrics=note.lyrics or second) for note in voice.notes)
    assert sung(replace(voice, notes=both)) == ["60", "62-64", "65"]
    plain = tuple(replace(note, slurred=False) for note in both)
    assert sung(replace(voice, notes=plain)) == ["60", "62", "64", "65"]


def test_without_words_slurs_join() -> None:
    voice = part("~60:1 62:1 ~64:1 ~65:1 67:1")
    assert sung(voice) == ["60", "62-64-65", "67"]


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("60:1 ~60:1 67:2", 2),
        ("60:1 ~62:1 ~62:1 ~64:1 67:2", 5),  # a note again
        ("60:1 ~62:1 ~64:1 ~65:1 ~67:1 67:2", 2),
        ("60:1 ~62:1 ~64:1 ~65:1 ~67:1 ~69:1 67:2", 7),  # long notes
        ("60:1 62:1 64:1 65:1 67:1 69:1 71:1 60:1/4 ~62:1/4 ~64:1/4 ~65:1/4 ~67:1/4 ~69:1/4", 8),
        ("60:1 ~62:1 ~64:1 r:1 ~65:1 67:2", 5),  # a rest
    ],
)
def test_slurs_that_show_phrases_are_no_melismas(text: str, slots: int) -> None:
    assert len(sung(part(text))) == slots


def test_words_may_be_left_unasked() -> None:
    assert sung(part("60:1 62:1 64:1", words="one _ two"), words=False) == ["60", "62", "64"]


@pytest.mark.parametrize(("gap", "rest"), [("1/16", 0), ("1/8", 0), ("1/4", F(1, 4)), ("1", 1), ("8", 8)])
def test_a_gap_from_a_sixteenth_on_is_a_rest(gap: str, rest: F) -> None:
    assert [slot.rest for slot in slots(part(f"60:1 r:{gap} 62:1"))] == [rest, 0]


def test_strength_and_stress_follow_the_bar() -> None:
    found = slots_of(part("60:1 " * 9), score(part("60:1 " * 9), pickup=1))
    assert [slot.strength for slot in found] == [2, 4, 2, 3, 2, 4, 2, 3, 2]
    assert [slot.strong for slot in found] == [False, True] * 4 + [False]


def test_no_notes_no_slots() -> None:
    assert slots(Part("empty", ())) == ()


CHORALE = "60:1 62:1 64:1/2 65:1/2 67:1 " * 4
BELOW = "48:1 50:1 52:1 55:1 " * 4


def test_in_a_midi_chorale_notes_over_still_voices_go_on() -> None:
    voices = [part(CHORALE), *(part(BELOW, number=n) for n in (2, 3, 4))]
    assert sung(voices[0]) == CHORALE.replace(":1/2", "").replace(":1", "").split()
    found = slots_of(voices[0], score(*voices, kind="midi"))
    assert ["-".join(str(n.pitch) for n in slot.notes) for slot in found] == ["60", "62", "64-65", "67"] * 4


def test_over_an_accompaniment_that_moves_by_itself_all_notes_open_slots() -> None:
    voices = [part("60:1 62:1/2 64:1/2 65:1 67:1 " * 4), part("48:4 " * 4, number=2)]
    assert len(slots_of(voices[0], score(*voices, kind="midi"))) == 20


LINES = [
    part("60:1 62:1/2 64:1/2 r:1 65:2", words="one two- _ -three"),
    part("60:1/3 62:2/3 ~64:1 r:1/8 65:2"),
    part("60:4"),
    part("r:3 60:1/4 62:1/4 64:1/2 r:5 65:4", words="a _ b _"),
]


@pytest.mark.parametrize("voice", LINES)
@pytest.mark.parametrize("words", [True, False])
def test_slots_are_in_order_apart_and_keep_their_notes(voice: Part, words: bool) -> None:
    found = slots(voice, words=words)
    assert all(
        a.onset + a.duration <= b.onset and a.rest in (0, b.onset - a.onset - a.duration) for a, b in pairwise(found)
    )
    assert [note for slot in found for note in slot.notes] == [
        n for n in voice.notes if any(n in s.notes for s in found)
    ]
    assert all(0 <= slot.strength <= 4 and slot.onset == slot.notes[0].onset for slot in found)


@needs_hymns
def test_hymns_have_a_slot_for_each_syllable() -> None:
    from lyricist.melody.read import read_tune

    for path in sorted(HYMNS.glob("*.mid"))[::26]:
        tune = read_tune(path)
        onsets = {slot.onset for phrase in tune.phrases for slot in phrase.slots}
        assert onsets == {note.onset for note in tune.part.notes if note.lyrics or not tune.part.words}
