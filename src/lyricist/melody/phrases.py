"""Slots to phrases: where one line of words ends and the next begins.

Of all divisions of a tune the one is taken whose boundaries have most evidence (`evidence.py`) and whose phrases have
a line's length, in syllables and in bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, pairwise

from lyricist.errors import InputError
from lyricist.melody import evidence
from lyricist.melody.metric import Bars
from lyricist.melody.tune import Score, Slot

MOST = 24  # slots in a phrase
# The length of a phrase, in nats, beside the evidence for its boundaries. Hymns would have it stricter: their lines
# of five or eleven syllables are rarer than in songs.
TOO_SHORT = {1: 7.0, 2: 4.5, 3: 2.5, 4: 2.0, 5: 1.5}
LONG, LONGER = 9, 12  # slots
TOO_LONG = 0.6  # for each slot beyond LONG, and once more beyond LONGER
WHOLE_BARS = {1: -1.0, 2: 1.1, 4: 1.5}  # a phrase lasts so many bars
HALF_BARS = -0.6  # or half a bar more
ROUNDING = 1e-6  # bars


def counts_of(given: str | Sequence[int] | None) -> list[int] | None:
    """The lengths of phrases in slots, from "8,6,8,6" or numbers; None for none. Raises InputError.

    >>> counts_of("8, 6"), counts_of(None)
    ([8, 6], None)
    """
    if given is None:
        return None
    try:
        counts = [int(each) for each in (given.split(",") if isinstance(given, str) else given)]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise InputError(f"phrases {given!r}: give the syllables of each phrase, from 1 on, as in 8,6,8,6")
    return counts


def phrases_of(
    slots: Sequence[Slot],
    score: Score,
    given: Sequence[int] | None = None,
    *,
    words: bool = True,
    bars: Bars | None = None,
) -> list[tuple[Slot, ...]]:
    """The slots of each phrase: at most 24, mostly 2 to 16.

    `given` are lengths, which begin again when they are used up; the last phrase may be shorter. With `words` false
    only the notes are asked.
    """
    if not slots:
        return []
    ends = given_ends(len(slots), given) if given else best_ends(slots, bars or Bars(score), words)
    return [tuple(slots[start:end]) for start, end in pairwise([0, *ends])]


def given_ends(slots: int, lengths: Sequence[int]) -> list[int]:
    """Where phrases of the given lengths end.

    >>> given_ends(20, [8, 6])
    [8, 14, 20]
    """
    ends: list[int] = []
    for length in cycle(lengths):
        ends.append(min(slots, (ends[-1] if ends else 0) + length))
        if ends[-1] == slots:
            break
    return ends


def best_ends(slots: Sequence[Slot], bars: Bars, words: bool) -> list[int]:
    """Where phrases end, by dynamic programming: for each end the best beginning of its phrase."""
    found = evidence.of_notes(slots, bars)
    if words and any(slot.lyrics for slot in slots):
        found = [a + b for a, b in zip(found, evidence.of_words(slots), strict=True)]
    found.append(0.0)
    bar = [float(bars.place(slot.onset)[0].bar) for slot in slots]
    onsets = [float(slot.onset) for slot in slots] + [float(slots[-1].onset + slots[-1].duration)]
    best, begun = [0.0], [0]
    for end in range(1, len(slots) + 1):
        starts = range(max(0, end - MOST), end)
        value, start = max((best[s] + fitness(end - s, (onsets[end] - onsets[s]) / bar[s]), s) for s in starts)
        best.append(value + found[end - 1])
        begun.append(start)
    ends = [len(slots)]
    while begun[ends[-1]] > 0:
        ends.append(begun[ends[-1]])
    return ends[::-1]


def fitness(slots: int, bars: float) -> float:
    """How well so many slots in so many bars make a line."""
    value = -TOO_SHORT.get(slots, 0.0) - TOO_LONG * (max(0, slots - LONG) + max(0, slots - LONGER))
    halves = round(2 * bars)
    if abs(2 * bars - halves) > ROUNDING:
        return value
    return value + (HALF_BARS if halves % 2 else WHOLE_BARS.get(halves // 2, 0.0))
