"""Lengths of time as written note values: types, dots, tuplets, ties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm

TYPES = {  # MusicXML's names and their quarters
    "breve": Fraction(8),
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    "16th": Fraction(1, 4),
    "32nd": Fraction(1, 8),
    "64th": Fraction(1, 16),
    "128th": Fraction(1, 32),
}
DOTS = (Fraction(1), Fraction(3, 2), Fraction(7, 4))
PLAIN = {length * dot: (name, dots) for name, length in TYPES.items() for dots, dot in enumerate(DOTS)}
# The odd part of a denominator -> (actual, normal): so many notes in the time of so many.
TUPLETS = {1: (1, 1), 3: (3, 2), 5: (5, 4), 7: (7, 4), 9: (9, 8), 11: (11, 8), 13: (13, 8), 15: (15, 8)}
SIMPLE = tuple(map(Fraction, (4, 2, 1))) + tuple(Fraction(1, 2**i) for i in range(1, 6))
COMPOUND = (Fraction(3), Fraction(3, 2), *(Fraction(1, 2**i) for i in range(1, 6)))
NEAR = Fraction(1, 96)  # quarters: 5 ticks of 480
FINEST = 64  # denominators up to this one are meant, not played
GRIDS = (1, 2, 3, 4, 6, 8, 12)


@dataclass(frozen=True)
class Value:
    """One written note value. `exact` is False where `kind` is only the nearest to `length`."""

    length: Fraction  # quarters, as it sounds
    kind: str  # one of TYPES
    dots: int = 0
    actual: int = 1
    normal: int = 1
    exact: bool = True


def written(at: Fraction, length: Fraction, grid: Sequence[Fraction] = SIMPLE) -> list[Value]:
    """The values, to be tied, of a length that begins `at` quarters into its bar.

    >>> [v.kind for v in written(Fraction(1, 4), Fraction(5, 4))]
    ['eighth', 'eighth']
    >>> written(Fraction(0), Fraction(2, 3))
    [Value(length=Fraction(2, 3), kind='quarter', dots=0, actual=3, normal=2, exact=True)]
    """
    out, todo = [], [(at, length)]
    while todo:
        start, left = todo.pop()
        value = single(start, left)
        cut = None if value else inner_point(start, left, grid)
        if cut is None:
            out.append(value or nearest(left))
        else:
            todo += [(cut, start + left - cut), (start, cut - start)]
    return out


def odd_part(number: int) -> int:
    while number % 2 == 0:
        number //= 2
    return number


def single(at: Fraction, length: Fraction) -> Value | None:
    """The one value that says a length exactly, if there is one."""
    ratio = TUPLETS.get(odd_part(lcm(at.denominator, length.denominator)))
    if ratio is None:
        return None
    found = PLAIN.get(length * Fraction(*ratio))
    return Value(length, *found, *ratio) if found else None


def inner_point(at: Fraction, length: Fraction, grid: Sequence[Fraction]) -> Fraction | None:
    """The strongest place to cut between the ends; none where cutting would not help."""
    if odd_part(lcm(at.denominator, length.denominator)) not in TUPLETS:
        return None
    for step in grid:
        first = (at // step + 1) * step
        if first < at + length:
            return first
    return None


def nearest(length: Fraction) -> Value:
    plain = min(PLAIN, key=lambda known: (abs(known - length), PLAIN[known][1]))
    return Value(length, *PLAIN[plain], exact=plain == length)


def tuplet_marks(values: Sequence[tuple[Fraction, Value]]) -> list[str]:
    """For each (place in the bar, value): `start`, `stop`, `both` or nothing. A tuplet closes on a plain place."""
    marks = [""] * len(values)
    opened = None
    for i, (at, value) in enumerate(values):
        if value.actual == 1:
            continue
        following = values[i + 1] if i + 1 < len(values) else None
        goes_on = following is not None and following[0] == at + value.length and following[1].actual == value.actual
        closes = odd_part((at + value.length).denominator) == 1 or not goes_on
        if opened is None:
            opened = i
            marks[i] = "start"
        if closes:
            marks[i] = "both" if opened == i else "stop"
            opened = None
    return marks


def neat(time: Fraction) -> Fraction:
    """A played time moved to a written one that is nearer than NEAR; other times are left alone.

    >>> neat(Fraction(481, 480)), neat(Fraction(1, 5)), neat(Fraction(119, 480))
    (Fraction(1, 1), Fraction(1, 5), Fraction(1, 4))
    """
    if time.denominator <= FINEST:
        return time
    for steps in GRIDS:
        near = Fraction(round(time * steps), steps)
        if abs(near - time) <= NEAR:
            return near
    return time


def neat_span(onset: Fraction, end: Fraction) -> tuple[Fraction, Fraction]:
    a, b = neat(onset), neat(end)
    return (a, b) if b > a else (onset, end)


def bar_lines(start: Fraction, end: Fraction, length: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """Bars of one length from `start`; the last one is cut at `end`."""
    for i in range(ceil((end - start) / length)):
        yield start + i * length, min(end, start + (i + 1) * length)
