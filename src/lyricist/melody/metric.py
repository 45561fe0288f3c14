"""Metrical strength: the hierarchy of beats in a bar, and which slots need a stressed syllable.

Strengths: 4 first beat of a bar, 3 half bar (or the second half of an irregular bar), 2 beat, 1 subdivision, 0 finer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from lyricist.melody.tune import Metre, Score

NEAR = Fraction(1, 16)  # quarters; a note this near to a beat is on it: 30 ms at 120 quarters per minute
MOST_BEATS = 64  # in a bar; in longer bars only the first beat is strong
# Beats of irregular metres, by units per bar: the usual groups.
GROUPS = {5: (3, 2), 7: (2, 2, 3), 8: (3, 3, 2), 10: (3, 2, 3, 2), 11: (3, 3, 3, 2), 13: (3, 3, 3, 2, 2)}
HALVES_AND_THIRDS = (Fraction(1, 3), Fraction(1, 2), Fraction(2, 3))


def groups_of(metre: Metre) -> tuple[int, ...]:
    """The number of units in each beat of a bar.

    >>> [groups_of(Metre(Fraction(0), *each)) for each in ((12, 8), (7, 8), (4, 4), (3, 8))]
    [(3, 3, 3, 3), (2, 2, 3), (1, 1, 1, 1), (1, 1, 1)]
    """
    if metre.beats > 3 and metre.beats % 3 == 0:
        return (3,) * (metre.beats // 3)
    if is_irregular(metre):
        return GROUPS[metre.beats]
    return (1,) * metre.beats


def is_irregular(metre: Metre) -> bool:
    """5/4, 7/8, 8/8 as 3+3+2; not 8/4."""
    return metre.beats in GROUPS and (metre.beats % 2 == 1 or metre.unit >= 8)


@lru_cache(256)
def grid(metre: Metre) -> tuple[tuple[Fraction, int], ...]:
    """(place in the bar in quarters, strength) of every place stronger than 0, up to the start of the next bar.

    >>> [(str(place), strength) for place, strength in grid(Metre(Fraction(0), 6, 8))]
    [('0', 4), ('1/2', 1), ('1', 1), ('3/2', 3), ('2', 1), ('5/2', 1), ('3', 4)]
    """
    places = {Fraction(metre.beats): 4}
    if metre.beats <= MOST_BEATS:
        for place, strength in places_of(metre):
            places[place] = max(places.get(place, 0), strength)
    return tuple(sorted((place * 4 / metre.unit, strength) for place, strength in places.items()))


def places_of(metre: Metre) -> Iterator[tuple[Fraction, int]]:
    """(place, strength) of beats and their parts, in units from the start of the bar."""
    groups = groups_of(metre)
    # The beat in the middle; none in a bar of one or three equal beats.
    middle = -(-len(groups) // 2) if len(set(groups)) > 1 or len(groups) % 2 == 0 else None
    slow = is_irregular(metre) and metre.unit < 8  # in 5/4, quarters are also beats
    for i, (end, size) in enumerate(zip(accumulate(groups), groups, strict=True)):
        start = end - size
        yield Fraction(start), 4 if i == 0 else 3 if i == middle else 2
        yield from ((Fraction(unit), 2 if slow else 1) for unit in range(start + 1, end))
        if size == 1 or slow:
            yield from ((unit + part, 1) for unit in range(start, end) for part in HALVES_AND_THIRDS)


class Bars:
    """The bars of a score, with its changes of metre."""

    def __init__(self, score: Score) -> None:
        self.metres = sorted(score.metres, key=lambda metre: metre.onset)
        self.starts = [metre.onset for metre in self.metres]
        self.pickup = score.pickup or upbeat_of(score)
        self.known: dict[Fraction, tuple[Metre, Fraction]] = {}

    def place(self, onset: Fraction) -> tuple[Metre, Fraction]:
        """The metre at an onset, and its place in the bar in quarters; just before a bar line it is the end of the
        bar.

        >>> bars = Bars(Score("", (), pickup=Fraction(1)))
        >>> [str(bars.place(Fraction(n))[1]) for n in range(4)]
        ['3', '0', '1', '2']
        """
        if onset not in self.known:
            i = max(0, bisect_right(self.starts, onset + NEAR) - 1)
            metre = self.metres[i]
            origin = metre.onset + (self.pickup if i == 0 else 0)
            self.known[onset] = metre, (onset - origin) % metre.bar
        return self.known[onset]

    def strength(self, onset: Fraction) -> int:
        """0 to 4, of the strongest place within `NEAR`."""
        return strength_at(*self.place(onset))


@lru_cache(4096)
def strength_at(metre: Metre, place: Fraction) -> int:
    """The strength of a place in the bar, in quarters."""
    return max((s for at, s in grid(metre) if abs(at - place) <= NEAR), default=0)


FINE = Fraction(1, 24)  # quarters: the grid for finding bar lines
MOST_NOTES = 5000  # per part, used to find bar lines
LONGEST = Fraction(4)  # quarters; longer notes have no more weight
AGAIN = 0.3  # weight of a note with the pitch of the note before
LATENESS = 0.08  # relative loss of a candidate with an upbeat of a whole bar
LOUDNESS = 2.0  # quarters of length; the difference between the loudest and the softest note


def upbeat_of(score: Score) -> Fraction:
    """The upbeat, in quarters, of a MIDI file that begins with its first note; 0 for all other scores.

    MIDI has no upbeats. Files made by sequencers begin with a rest; files made from notation often begin with the
    upbeat, so that all bars are shifted. Bars begin at the beat on which notes are longest, loudest and newest.
    """
    first = min((part.notes[0].onset for part in score.parts if part.notes), default=None)
    metre = score.metres[0]
    if score.kind != "midi" or first is None or first > metre.onset + NEAR or metre.beats > MOST_BEATS:
        return Fraction(0)
    weights = accents(score, metre)
    step = Fraction(4, metre.unit) / 2
    places = [(place, strength) for place, strength in grid(metre) if place < metre.bar]

    def fitness(upbeat: Fraction) -> float:
        total = sum(strength * weights.get((place + upbeat) % metre.bar, 0.0) for place, strength in places)
        return total * (1 - LATENESS * float(upbeat / metre.bar))

    return max((i * step for i in range(2 * metre.beats)), key=fitness)


def accents(score: Score, metre: Metre) -> dict[Fraction, float]:
    """The weight of all notes at each place of a bar, in the first metre."""
    end = min((other.onset for other in score.metres if other.onset > metre.onset), default=None)
    weights: dict[Fraction, float] = {}
    for part in score.parts:
        notes = [note for note in part.notes[:MOST_NOTES] if end is None or note.onset < end]
        softer = sorted(note.velocity for note in notes)
        for before, note in zip((None, *notes), notes, strict=False):
            length = float(min(note.duration, LONGEST))
            weight = length * (AGAIN if before and before.pitch == note.pitch else 1)
            rank = bisect_left(softer, note.velocity) + bisect_right(softer, note.velocity)
            weight += LOUDNESS * (rank / (2 * len(notes)) - 0.5)
            place = round((note.onset - metre.onset) / FINE) * FINE % metre.bar
            weights[place] = weights.get(place, 0.0) + weight
    return weights


def strong_slots(strengths: Sequence[int], lengths: Sequence[Fraction], apart: Sequence[bool]) -> list[bool]:
    """Which slots need a stressed syllable: all but those with stronger neighbours.

    A slot is weak if it is metrically weaker than the next one and not longer, and not stronger than the one before.
    `apart[i]`: there is a rest after slot `i`. Slots across a rest are not compared, as no word crosses it; the last
    slot before a rest is weak if the one before it is stronger.

    `benchmarks/phrases.py` counts how many stressed syllables of real songs are on slots that are weak by this rule.

    >>> quarters = [Fraction(1)] * 4
    >>> strong_slots([4, 2, 3, 2], quarters, [False] * 4)
    [True, False, True, False]
    """
    last = len(strengths) - 1
    strong = []
    for i, strength in enumerate(strengths):
        before = strengths[i - 1] if i > 0 and not apart[i - 1] else None
        after = strengths[i + 1] if i < last and not apart[i] else None
        if after is None:
            strong.append(before is None or strength >= before)
        else:
            weak = strength < after and lengths[i] <= lengths[i + 1]
            strong.append(not weak or (before is not None and before < strength))
    return strong
