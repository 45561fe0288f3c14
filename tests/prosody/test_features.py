"""What is to come, as numbers: literal rows, and the laws that make training and writing agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lyricist.prosody.features import (
    AHEAD,
    GROUPS,
    LinePlan,
    Note,
    features,
    fitted,
    line_rows,
    places,
    song_slots,
    width,
)

NOTES = (Note(1, 60, 4, 0), Note(2, 64, 1, 0), Note(1, 67, 3, 0.5), Note(1, 65, 1, 0), Note(4, 60, 4, 1))
TUNED = LinePlan("/x/x/", NOTES)
PLAIN = LinePlan("x/?")
OPEN = LinePlan("")
LINES = (TUNED, PLAIN, OPEN, LinePlan("x" * 20))
COUNTS = ((1, 3, 1), (2, 1), (1, 1), (1,) * 20)  # syllables of words, in the order of reading


def rows(lines=LINES, counts=COUNTS, backward=False, groups=GROUPS):  # type: ignore[no-untyped-def]
    return features(*places(lines, counts), song_slots(lines, backward), groups)


def test_a_literal_row() -> None:
    """After the first syllable of TUNED, read forwards: four left, x / x / to come, and their notes."""
    row = rows()[2].tolist()
    left = [float(n == 4) for n in range(17)]
    weak, strong = [1, 0, 1, 0], [0, 1, 0, 1]
    assert row[:26] == [1, *left, *weak, *strong]
    # Of the notes the mean length is 2 ** 0.6, the mean pitch 63.2, the mean strength 2.6 / 4, and 2 of 5 have a rest.
    assert row[26:31] == pytest.approx([1, *near(1 - 0.6, 0.8 / 12, (1 - 2.6) / 4, -0.4)])
    assert row[31:36] == pytest.approx([1, *near(-0.6, 3.8 / 12, (3 - 2.6) / 4, 0.6)])


def near(length: float, pitch: float, strength: float, rest: float) -> list[float]:
    """Numbers of a note as far as codes tell them apart."""
    return [round(length * 16) / 16, round(pitch * 16) / 16, round(strength * 32) / 32, round(rest * 32) / 32]


def test_read_from_the_end_the_last_slot_comes_first() -> None:
    row = rows(backward=True)[1].tolist()
    assert row[18:26] == [0, 1, 0, 1, 1, 0, 1, 0]
    assert row[26:28] == pytest.approx([1, round((2 - 0.6) * 16) / 16])  # the last note has four quarters


def test_a_break_tells_of_the_line_that_begins_and_a_last_word_that_nothing_is_left() -> None:
    made = rows()
    breaks = [1, 5, 8, 11]
    assert [made[b, 1:18].argmax() for b in breaks] == [5, 3, 0, 16]
    assert made[4, 1] == 1  # the last word of the first line: 0 left
    assert not made[[0, 8, 9, 10, -1]].any()  # outside of lines, and a line of which nothing is known


def test_nothing_beyond_the_end_of_the_line_shows() -> None:
    """The rows of a line are the same whatever line follows."""
    alone = rows((TUNED,), COUNTS[:1])
    assert (alone[:-1] == rows((TUNED, PLAIN), COUNTS[:2])[: len(alone) - 1]).all()


@pytest.mark.parametrize("groups", [(), ("slots",), GROUPS])
@pytest.mark.parametrize("backward", [False, True])
def test_rows_by_line_and_place_are_the_rows_of_the_tokens(groups: tuple[str, ...], backward: bool) -> None:
    made, first = line_rows(LINES, backward, groups)
    expected = rows(backward=backward, groups=groups)
    assert made.shape[1] == expected.shape[1] == width(groups)
    at = [len(made) - 1]
    for i, counts in enumerate(COUNTS):
        used = np.cumsum([0, *counts]).clip(max=len(LINES[i].template))
        at += (first[i] + used).tolist()
    assert (made[[*at, len(made) - 1]] == expected).all()


@pytest.mark.parametrize("backward", [False, True])
def test_neither_key_nor_tempo_matter(backward: bool) -> None:
    other = replace(TUNED, notes=tuple(n._replace(duration=n.duration * 3, pitch=n.pitch - 7) for n in NOTES))
    assert (rows((other,), COUNTS[:1], backward) == rows((TUNED,), COUNTS[:1], backward)).all()


def test_a_song_without_a_tune_has_zeros_where_the_tune_would_be() -> None:
    made = rows(tuple(LinePlan(line.template) for line in LINES))
    assert not made[:, width(("slots",)) :].any()
    assert (made[:, : width(("slots",))] == rows(groups=("slots",))).all()


def test_extreme_notes_keep_within_their_codes() -> None:
    wild = LinePlan("x//", (Note(0.0001, 0, 0, 0), Note(1, 60, 4, 0), Note(10_000, 127, 4, 99)))
    made = rows((wild,), ((1, 1, 1),))
    assert np.isfinite(made).all()
    assert np.abs(made[:, width(("slots",)) :]).max() <= 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("the:f river:10 ran:1 below:01", "x/x/x/"),
        ("river:10 river:10 stone:1", "/x/x/"),
        ("memory:100 memory:100", "/xx/xx"),
        ("below:01 river:10 below:01 river:10", "????????"),
        ("", ""),
    ],
)
def test_the_template_is_that_of_the_best_metre_or_unknown(words: str, expected: str) -> None:
    parts = [word.split(":")[1] for word in words.split()]
    found = fitted(tuple(("0" if p == "f" else p, p == "f") for p in parts))
    assert found == expected


def test_slots_that_begin_words_are_read_as_what_they_are() -> None:
    assert (rows((LinePlan("x!X/"),), ((1,) * 4,)) == rows((LinePlan("x/x/"),), ((1,) * 4,))).all()


def test_what_is_looked_ahead() -> None:
    assert AHEAD == 4
    assert width(GROUPS) == 46
