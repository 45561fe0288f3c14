"""Lines put into another person or tense, for the judge of lines to mind."""

from __future__ import annotations

import random

import pytest

from drifting import TABLES, another_person, another_tense


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("i walked along the river road", "i walk along the river road"),
        ("he took his coat and left the town", "he takes his coat and leaves the town"),
        ("he comes to see the boats", "he came to see the boats"),
        ("i was alone", "i am alone"),
        ("the boats were gone", "the boats are gone"),
        ("you said you'd wait for me", "you say you'd wait for me"),
        ("the morning train", None),
        ("we've got to go", None),
    ],
)
def test_verbs_change_their_tense(line: str, other: str | None) -> None:
    made = another_tense(line.split())
    assert (None if made is None else " ".join(made)) == other


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("he said his dog was lost", {"she said her dog was lost"}),
        ("they keep their own", {"you keep your own", "we keep our own"}),
        ("i'd sing my song", {"you'd sing your song", "we'd sing our song"}),
        ("the rain came down", {None}),
        ("i was alone", {None}),
    ],
)
def test_a_line_speaks_of_somebody_else(line: str, others: set[str | None]) -> None:
    made = [another_person(line.split(), random.Random(seed)) for seed in range(40)]
    assert {None if m is None else " ".join(m) for m in made} == others


@pytest.mark.parametrize("row", [row for rows in TABLES for row in rows])
def test_every_word_gives_way_to_another(row: list[str]) -> None:
    for word in row:
        made = another_person([word], random.Random(0))
        assert made is not None and made != [word]
