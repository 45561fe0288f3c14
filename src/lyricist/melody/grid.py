"""Where notes stand in time: near misses set right, rolled chords gathered, played time set on beats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise

from lyricist.melody.tune import Note

DIVISIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # of a quarter, the likeliest first
FINEST = 48  # a written position has no greater denominator
MISS = 240  # a position is off by 1/240 of a quarter at most to be set right: a few ticks of some exporters
WRITTEN = 12  # most written onsets have this denominator or a smaller one
ROLL = Fraction(1, 12)  # of a quarter, from the first to the last note of a rolled chord
BY_HAND = 0.4  # share of the onsets off the grid, from which a part may be played by hand
NEAR_BEATS = Fraction(1, 20)  # mean distance from sixteenths and triplets; 1/16 would be chance
ENOUGH = 8  # onsets, to judge by


def snapper(per: Fraction) -> Callable[[int], Fraction]:
    """Ticks to quarters, exact where they are musical, and set right where they miss one by a tick or two.

    >>> at = snapper(Fraction(480))
    >>> at(481), at(160), at(96), at(53)
    (Fraction(1, 1), Fraction(1, 3), Fraction(1, 5), Fraction(53, 480))
    """
    known: dict[int, Fraction] = {}

    def at(tick: int) -> Fraction:
        if tick not in known:
            known[tick] = _snap(tick * per.denominator, per.numerator)
        return known[tick]

    return at


def _snap(above: int, below: int) -> Fraction:
    """The fraction above / below, set right; in whole numbers, for there are many."""
    exact = Fraction(above, below)
    if exact.denominator <= FINEST:
        return exact
    for division in DIVISIONS:
        near = (2 * above * division + below) // (2 * below)
        if abs(near * below - above * division) * MISS <= below * division:
            return Fraction(near, division)
    return exact


def gather(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Rolled chords struck at once: a note just behind one on the beat's grid, itself off it, begins with it.

    All notes of the chord before it must sound still and it must outlast a roll: fast runs stay as they are.
    """
    out: list[Note] = []
    base, held = Fraction(-1), Fraction(-1)  # where the chord begins, and the first end of its notes
    for note in sorted(notes, key=lambda note: (note.onset, note.pitch)):
        if note.onset.denominator <= WRITTEN:
            held = min(held, note.end) if note.onset == base else note.end
            base = note.onset
        elif note.onset - base <= ROLL < note.duration and note.onset < held:
            held = min(held, note.end)
            note = replace(note, onset=base, duration=note.end - base)
        out.append(note)
    return tuple(sorted(out, key=lambda note: (note.onset, note.pitch)))


def played(notes: Sequence[Note]) -> bool:
    """Whether the notes were played by hand to a beat: many are off the written grid, yet near it."""
    onsets = sorted({note.onset for note in notes})
    off = sum(onset.denominator > WRITTEN for onset in onsets)
    if len(onsets) < ENOUGH or off < BY_HAND * len(onsets):
        return False
    spread = sum(abs(onset - _nearest(onset, part)) for onset, part in _parted(onsets)) / len(onsets)
    return spread < NEAR_BEATS


def even(notes: Sequence[Note]) -> list[Note]:
    """The notes of one voice set on sixteenths or, beat by beat, on triplets; none is lost, none has no length."""
    onsets: dict[Fraction, Fraction] = {}
    last = Fraction(-1)
    for onset, part in _parted(sorted({note.onset for note in notes})):
        choices = (_nearest(onset, part), _nearest(onset, 8), onset, last + Fraction(1, 16))
        last = next(choice for choice in choices if choice > last)
        onsets[onset] = last
    out = [_even(note, onsets) for note in notes]
    for i, (a, b) in enumerate(pairwise(out)):
        if a.end > b.onset > a.onset:
            out[i] = replace(a, duration=b.onset - a.onset)
    return out


def _even(note: Note, onsets: dict[Fraction, Fraction]) -> Note:
    onset = onsets[note.onset]
    end = onsets.get(note.end, _nearest(note.end, 4))
    return replace(note, onset=onset, duration=end - onset if end > onset else max(note.duration, Fraction(1, 16)))


def _parted(onsets: Sequence[Fraction]) -> Iterator[tuple[Fraction, int]]:
    """Each onset with the division of its beat, 4 or 3."""
    for _, group in groupby(onsets, key=lambda onset: (onset + Fraction(1, 8)) // 1):
        beat = list(group)
        straight, triplet = (sum(abs(onset - _nearest(onset, part)) for onset in beat) for part in (4, 3))
        part = 3 if len(beat) > 1 and 2 * triplet < straight else 4
        yield from ((onset, part) for onset in beat)


def _nearest(onset: Fraction, part: int) -> Fraction:
    return Fraction(round(onset * part), part)
