"""Bars in the order of performance. A bar is a letter; its marks are written around it."""

from __future__ import annotations

import random
import re

import pytest

from lyricist.errors import InputError
from lyricist.melody.read.performance import Marks, unfold


def bars(text: str) -> tuple[str, list[Marks]]:
    """`|:A B :| [1C [2D %S E dc ds fine to %O` : names and marks of bars."""
    names, out, ending = "", [], frozenset[int]()
    forward = segno = coda = False
    for token in text.split():
        if token == "|:":
            forward = True
        elif token in ("%S", "%O"):
            segno, coda = segno or token == "%S", coda or token == "%O"
        elif match := re.fullmatch(r":+\|", token):
            out[-1].backward = len(match[0])
            ending = frozenset()
        elif token in ("dc", "ds"):
            out[-1].jump = {"dc": "capo", "ds": "segno"}[token]
        elif token == "fine":
            out[-1].fine = True
        elif token == "to":
            out[-1].to_coda = True
        elif token == "||":
            ending = frozenset()
        elif token.startswith("["):
            ending = frozenset(int(n) for n in token[1:].split(","))
        else:
            names += token
            out.append(Marks(forward, 0, ending, segno, coda))
            forward = segno = coda = False
    return names, out


@pytest.mark.parametrize(
    ("written", "performed"),
    [
        ("A B", "AB"),
        ("|: A B :|", "ABAB"),
        ("A B :| C", "ABABC"),
        ("A |: B :| C :| D", "ABBCCD"),  # no |: behind the repeat: from there
        ("A |: B ::| C", "ABBBC"),
        ("|: A [1 B :| [2 C || D", "ABACD"),
        ("|: A [1 B :| C D", "ABACD"),  # the second ending has no bracket
        ("|: A [1,2 B :| [3 C || D", "ABABACD"),
        ("|: A [1 B C :| [2 D :| || E", "ABCADE"),
        ("|: A [1 B :| [2 C || D :| E", "ABACDDE"),
        ("|: A [1 B :| [2 C || |: D [1 E :| [2 F", "ABACDEDF"),
        ("A B fine C dc", "ABCAB"),
        ("A %S B C fine D ds E", "ABCDBC"),
        ("A B to C dc %O D", "ABCABD"),
        ("A %S B to C ds %O D", "ABCBD"),
        ("|: A :| B fine C dc", "AABCAB"),  # no repeats the second time
        ("|: A [1 B :| [2 C || D dc", "ABACDACD"),  # the last ending
        ("A ds", "AA"),  # no segno: from the beginning
        ("|: A :| [2 B", "AAB"),  # the first ending has no bracket
        ("|: A [1 B || C :| [2 D || E", "ABCADE"),  # the first bracket breaks off
        ("|: A [1 B :| C dc", "ABACAC"),
        ("|: A [1 B :| [2 C :::| || D", "ABACACACD"),  # more times than endings: the last again
    ],
)
def test_order(written: str, performed: str) -> None:
    names, marks = bars(written)
    assert "".join(names[i] for i in unfold(marks, "x")) == performed


def test_no_bars() -> None:
    assert unfold([], "x") == []


def test_endless_repeats_are_refused() -> None:
    with pytest.raises(InputError, match="more than 20000 bars"):
        unfold([Marks(backward=10**9)], "x")


@pytest.mark.parametrize("seed", range(200))
def test_any_marks_come_to_an_end(seed: int) -> None:
    chance = random.Random(seed)

    def some(p: float) -> bool:
        return chance.random() < p

    marks = [
        Marks(
            some(0.2),
            chance.choice((0, 0, 0, 2, 3)),
            frozenset(chance.sample((1, 2, 3), chance.choice((0, 0, 1, 2)))),
            some(0.1),
            some(0.1),
            some(0.1),
            some(0.1),
            chance.choice(("", "", "", "capo", "segno")),
        )
        for _ in range(12)
    ]
    order = unfold(marks, "x")
    assert set(order) <= set(range(12))
    assert len(order) <= 12 * 12
