"""Where notes stand in time: near misses set right, played time set on the beats, and the pickup found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from lyricist.melody.tune import Note

DIVISIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # of a quarter, the likeliest first
FINEST = 48  # a written position has no greater denominator
MISS = 240  # a position is off by 1/240 of a quarter at most to be set right: a few ticks of some exporters
WRITTEN = 12  # most written onsets have this denominator or a smaller one
ROLL = Fraction(1, 12)  # of a quarter, from the first to the last note of a rolled chord


def snapper(per: Fraction) -> Callable[[int], Fraction]:
    """Ticks to quarters, exact where they are musical, and set right where they miss one by a tick or two.

    >>> at = snapper(Fraction(480))
    >>> at(481), at(160), at(96), at(47)
    (Fraction(1, 1), Fraction(1, 3), Fraction(1, 5), Fraction(47, 480))
    """
    known: dict[int, Fraction] = {}

    def at(tick: int) -> Fraction:
        if tick not in known:
            known[tick] = _snap(Fraction(tick) / per)
        return known[tick]

    return at


def _snap(exact: Fraction) -> Fraction:
    if exact.denominator <= FINEST:
        return exact
    for division in DIVISIONS:
        near = Fraction(round(exact * division), division)
        if abs(near - exact) <= Fraction(1, MISS):
            return near
    return exact


def gather(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Rolled chords struck at once: a note just behind one on the beat's grid, itself off it, begins with it."""
    out: list[Note] = []
    base: Fraction | None = None
    for note in sorted(notes, key=lambda note: (note.onset, note.pitch)):
        if note.onset.denominator <= WRITTEN:
            base = note.onset
        elif base is not None and note.onset - base <= ROLL:
            note = replace(note, onset=base, duration=note.end - base)
        out.append(note)
    return tuple(sorted(out, key=lambda note: (note.onset, note.pitch)))
