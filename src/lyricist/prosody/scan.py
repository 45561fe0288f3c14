"""The scansion of a line: one reading per word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.licence import LICENCE
from lyricist.prosody.metre import fits
from lyricist.prosody.phones import Reading

End = Callable[[Reading], bool]
# The best readings of the last words of a line, by the slot at which they begin, counted from its end (0, -1, ...):
# the sum of the readings' ranks (0 is the usual reading), and the rank of the first of them.
Ways = dict[int, tuple[int, int]]

LICENCE_COSTS = 10  # more than the rank of any reading that a word has without licence
# Stands for a word that cannot be read aloud.
SILENT = Reading((), "rule")


@dataclass(frozen=True, slots=True)
class Scansion:
    """A line as it is sung: a reading per word, its syllables, stress digits and rhyme (the last word's tail)."""

    readings: tuple[Reading, ...]
    syllables: int
    stress: str
    rhyme: str

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> Scansion:
        stress = "".join(reading.stress for reading in readings)
        return cls(tuple(readings), len(stress), stress, readings[-1].tail if readings else "")


def scan_line(
    words: Sequence[str],
    lexicon: Lexicon,
    template: str | None = None,
    syllables: int | None = None,
    end: End | None = None,
) -> Scansion:
    """Read a line, one reading per word: the usual readings, unless a condition is given.

    With `template`, `syllables` or `end` (a condition on the last word's reading) the choice satisfies all of
    them if any choice does; of those that do, the one with the fewest licences, then the most usual readings. If none
    does, `end` is given up first, then the metre, and at last the count. Words that cannot be read aloud get an
    empty reading.

    >>> from lyricist.prosody.lexicon import default_lexicon
    >>> line = scan_line(["memory", "of", "love"], default_lexicon())
    >>> line.syllables, line.stress, line.rhyme
    (5, '10011', 'AH V')
    """
    usual = [lexicon.readings(word) or (SILENT,) for word in words]
    sung: list[tuple[Reading, ...]] = []
    for slots, last in wishes(template, syllables, end):
        found = best_choice(usual, slots, last)
        if found is None:
            sung = sung or [lexicon.sung(word) or (SILENT,) for word in words]
            found = best_choice(sung, slots, last)
        if found is not None:
            return Scansion.of(found)
    return Scansion.of([options[0] for options in usual])


def wishes(template: str | None, syllables: int | None, end: End | None) -> Iterator[tuple[str | None, End | None]]:
    """The conditions to try, the strictest first: slots (None: any number, `?`: only a count) and the line's end."""
    count = len(template) if template is not None and syllables is None else syllables
    slots = [None if count is None else "?" * count]
    if template is not None and len(template) == count:
        slots.insert(0, template)
    if end is not None:
        yield from ((each, end) for each in slots)
    yield from ((each, None) for each in slots)
    yield None, end


def best_choice(choices: Sequence[tuple[Reading, ...]], slots: str | None, end: End | None) -> list[Reading] | None:
    """The most usual readings that fill the slots exactly; None if nothing does.

    Dynamic programming from the last word to the first: `ways[i]` holds the best readings of the words from `i` on.
    Of equally good choices the one with the more usual reading of the earlier word wins.
    """
    ways: list[Ways] = [{0: (0, 0)}]
    for i, options in reversed(list(enumerate(choices))):
        wanted = end if i == len(choices) - 1 else None
        ways.append(ways_before(ways[-1], options, slots, wanted))
    ways.reverse()
    at = -len(slots) if slots is not None else min(ways[0], key=lambda start: (*ways[0][start], -start), default=1)
    if at not in ways[0]:
        return None
    found = []
    for options, way in zip(choices, ways, strict=False):
        found.append(options[way[at][1]])
        at += found[-1].syllables
    return found


def ways_before(after: Ways, options: Sequence[Reading], slots: str | None, wanted: End | None) -> Ways:
    """The best readings of the words from one word on, from those of the words after it."""
    ways: Ways = {}
    for rank, reading in enumerate(options):
        if wanted is not None and not wanted(reading):
            continue
        stress = reading.stress
        for end, (cost, _) in after.items():
            start = end - len(stress)
            if fills(stress, slots, start):
                way = (cost + rank + LICENCE_COSTS * (reading.source == LICENCE), rank)
                ways[start] = min(ways.get(start, way), way)
    return ways


def fills(stress: str, slots: str | None, start: int) -> bool:
    """Whether stress digits fit the slots from `start` on, counted from the line's end."""
    if slots is None:
        return True
    at = len(slots) + start
    return at >= 0 and fits(stress, slots[at : at + len(stress)], free=True)
