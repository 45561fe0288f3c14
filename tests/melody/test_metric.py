"""The hierarchy of beats, where bars begin, and which slots ask for a stress."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import pytest
from lines import part, score

from lyricist.melody.metric import Bars, grid, strong_slots, upbeat_of
from lyricist.melody.tune import Metre, Score

METRES = [
    (2, 4),
    (3, 4),
    (4, 4),
    (2, 2),
    (3, 2),
    (3, 8),
    (6, 8),
    (9, 8),
    (12, 8),
    (6, 4),
    (5, 4),
    (5, 8),
    (7, 8),
    (8, 8),
]


def strengths(beats: int, unit: int, step: F) -> str:
    """Of every `step` of a bar."""
    metre = Metre(F(0), beats, unit)
    bars = Bars(Score("", (), (metre,)))
    return "".join(str(bars.strength(i * step)) for i in range(int(metre.bar / step)))


@pytest.mark.parametrize(
    ("beats", "unit", "step", "expected"),
    [
        (4, 4, F(1, 2), "41213121"),
        (4, 4, F(1, 4), "4010201030102010"),
        (3, 4, F(1, 2), "412121"),
        (2, 4, F(1, 2), "4131"),
        (2, 2, F(1), "4131"),
        (3, 2, F(1), "412121"),
        (6, 8, F(1, 2), "411311"),
        (6, 8, F(1, 4), "401010301010"),
        (9, 8, F(1, 2), "411211211"),
        (12, 8, F(1, 2), "411211311211"),
        (6, 4, F(1), "411311"),
        (5, 8, F(1, 2), "41131"),
        (5, 4, F(1), "42232"),
        (7, 8, F(1, 2), "4121311"),
        (8, 8, F(1, 2), "41121131"),
        (8, 4, F(1), "42223222"),
    ],
)
def test_strengths_of_a_bar(beats: int, unit: int, step: F, expected: str) -> None:
    assert strengths(beats, unit, step) == expected


@pytest.mark.parametrize("metre", METRES)
def test_a_bar_has_one_first_beat_and_its_grid_is_in_order(metre: tuple[int, int]) -> None:
    places = grid(Metre(F(0), *metre))
    assert [s for _, s in places].count(4) == 2  # its own and the next bar's
    assert places[0] == (0, 4) and places[-1] == (F(4 * metre[0], metre[1]), 4)
    assert [at for at, _ in places] == sorted({at for at, _ in places})


@pytest.mark.parametrize("metre", METRES)
def test_bars_are_alike(metre: tuple[int, int]) -> None:
    bars = Bars(Score("", (), (Metre(F(0), *metre),)))
    bar = F(4 * metre[0], metre[1])
    places = [F(i, 12) for i in range(int(bar * 12))]
    assert [bars.strength(at) for at in places] == [bars.strength(at + 7 * bar) for at in places]


def test_triplets_are_subdivisions() -> None:
    assert strengths(4, 4, F(1, 3))[:6] == "411211"


def test_played_notes_are_heard_on_the_beat_they_are_near() -> None:
    bars = Bars(score())
    assert [bars.strength(at) for at in (F(1, 17), F(67, 17), F(1, 8), F(-1, 20))] == [4, 4, 0, 4]


def test_an_upbeat_is_before_the_first_bar() -> None:
    bars = Bars(score(pickup=F(3, 2)))
    assert [bars.strength(F(3, 2) + i) for i in range(-1, 4)] == [2, 4, 2, 3, 2]


def test_bars_are_counted_from_each_change_of_metre() -> None:
    metres = (Metre(F(0), 4, 4), Metre(F(8), 3, 4), Metre(F(11), 4, 4))
    bars = Bars(Score("", (), metres, pickup=F(0)))
    assert [bars.strength(F(i)) for i in range(6, 16)] == [3, 2, 4, 2, 2, 4, 2, 3, 2, 4]


def test_a_metre_of_a_thousand_beats_costs_nothing() -> None:
    assert len(grid(Metre(F(0), 1000, 4))) == 1


def waltz(upbeat: int) -> Score:
    """Six bars of long-short in 3/4, behind `upbeat` quarters."""
    lead = " ".join(["60:1"] * upbeat)
    return score(part(f"{lead} " + "64:2 62:1 65:2 64:1 " * 3), metre=(3, 4), kind="midi")


@pytest.mark.parametrize("upbeat", [0, 1])
def test_the_upbeat_of_a_midi_file_is_heard(upbeat: int) -> None:
    assert upbeat_of(waltz(upbeat)) == upbeat


def test_other_files_say_where_bars_begin() -> None:
    assert upbeat_of(replace(waltz(1), kind="musicxml")) == 0


def test_a_midi_file_that_begins_with_a_rest_says_where_bars_begin() -> None:
    assert upbeat_of(score(part("r:2 " + "60:1 64:2 " * 6), metre=(3, 4), kind="midi")) == 0


def test_loudness_tells_bars() -> None:
    voice = part("60:1 64:1 62:1 64:1 62:1 64:1 62:1 64:1 62:1")
    loud = [replace(note, velocity=100 if i % 4 == 1 else 70) for i, note in enumerate(voice.notes)]
    assert upbeat_of(score(replace(voice, notes=tuple(loud)), kind="midi")) == 1


def marks(levels: str, lengths: list[F] | None = None, rests: str = "") -> str:
    numbers = [int(level) for level in levels]
    apart = [i < len(rests) and rests[i] == "r" for i in range(len(numbers))]
    strong = strong_slots(numbers, lengths or [F(1)] * len(numbers), apart)
    return "".join("/" if each else "x" for each in strong)


@pytest.mark.parametrize(
    ("levels", "rests", "expected"),
    [
        ("4232", "", "/x/x"),  # quarters
        ("4132", "", "/x/x"),
        ("4121312141", "", "/x/x/x/x/x"),
        ("411311", "", "//x///"),
        ("2432", "", "x//x"),
        ("422422", "", "//x///"),
        ("24", " r", "x/"),
        ("242", "-r", "x//"),  # alone between rests
        ("4", "", "/"),
        ("", "", ""),
        ("0", "", "/"),
    ],
)
def test_strong_slots(levels: str, rests: str, expected: str) -> None:
    assert marks(levels, rests=rests) == expected


def test_a_long_note_is_strong_off_the_beat() -> None:
    assert marks("414", [F(1, 2), F(3, 2), F(1)]) == "///"
    assert marks("414", [F(3, 2), F(1, 2), F(1)]) == "/x/"


@pytest.mark.parametrize("levels", ["4232", "412131214", "43210", "01234", "222", "2424242"])
def test_what_is_outdone_by_nobody_is_strong(levels: str) -> None:
    peaks = [
        i
        for i, level in enumerate(levels)
        if level >= levels[max(0, i - 1)] and level >= levels[min(len(levels) - 1, i + 1)]
    ]
    assert all(marks(levels)[i] == "/" for i in peaks)
