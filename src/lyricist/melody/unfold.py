"""The order in which the bars of a score are performed: repeats, endings, da capo, dal segno, fine and coda."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lyricist.errors import InputError

MAX_BARS = 20_000  # performed; the longest opera has some 10,000


@dataclass
class Marks:
    """What stands at the lines of one bar and above it."""

    forward: bool = False  # |: before it
    backward: int = 0  # :| behind it, and how often the passage is played; 0 is no repeat
    ending: frozenset[int] = frozenset()  # played in these passes only (a volta)
    segno: bool = False
    coda: bool = False
    to_coda: bool = False  # behind it
    fine: bool = False
    jump: str = ""  # "capo" or "segno", behind it

    def join(self, other: Marks) -> None:
        """Take what another part has at the same bar."""
        self.forward |= other.forward
        self.backward = max(self.backward, other.backward)
        self.ending |= other.ending
        self.segno, self.coda = self.segno or other.segno, self.coda or other.coda
        self.to_coda, self.fine = self.to_coda or other.to_coda, self.fine or other.fine
        self.jump = self.jump or other.jump


def unfold(bars: Sequence[Marks], name: str, limit: int = MAX_BARS) -> list[int]:
    """Indices of `bars` as they are performed.

    After a jump no repeat is taken again and of several endings the last is played. A passage without |: is repeated
    from the beginning or from behind the passage repeated before.

    >>> unfold([Marks(), Marks(backward=2, ending=frozenset({1})), Marks(ending=frozenset({2}))], "x")
    [0, 1, 0, 2]

    Raises:
        InputError: more than `limit` bars.
    """
    order: list[int] = []
    for i in _Player(bars).play():
        order.append(i)
        if len(order) > limit:
            raise InputError(f"{name}: its repeats make more than {limit} bars; write them shorter")
    return order


def endings(text: str) -> frozenset[int]:
    """The passes of a volta.

    >>> sorted(endings("1, 2")), sorted(endings("1-3")), sorted(endings("2."))
    ([1, 2], [1, 2, 3], [2])
    """
    out: set[int] = set()
    for first, last in re.findall(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", text)[:50]:
        out |= set(range(int(first), int(last or first) + 1))
    return frozenset(out - {0})


@dataclass
class _Player:
    bars: Sequence[Marks]
    start: int = 0  # of the passage that the next :| repeats
    count: int = 1  # which time it is played
    jumped: bool = False
    groups: list[frozenset[int]] = field(init=False)  # a bar: all numbers of the endings that belong with its own

    def __post_init__(self) -> None:
        self.bars = _completed(self.bars)
        self.groups = _groups(self.bars)

    def play(self) -> Iterator[int]:
        i = 0
        while i < len(self.bars):
            bar = self.bars[i]
            self._enter(i)
            if bar.ending and not self._due(i):
                i += 1
                continue
            yield i
            if self.jumped and bar.fine:
                return
            i = self._next(i)

    def _enter(self, i: int) -> None:
        """Begin a new passage at |: and behind the last of several endings."""
        left_endings = i > 0 and bool(self.bars[i - 1].ending) and not self.bars[i].ending
        if i > self.start and (self.bars[i].forward or left_endings):
            self.start, self.count = i, 1

    def _due(self, i: int) -> bool:
        """Whether the ending over bar `i` is played this time."""
        ending, group = self.bars[i].ending, self.groups[i]
        if min(group) > 1:  # the first ending has no bracket: there is no telling, so this is music like any other
            return True
        if self.jumped or self.count > max(group):
            return max(group) in ending and ending != group  # one bracket only: the last time it is skipped
        return self.count in ending

    def _next(self, i: int) -> int:
        bar = self.bars[i]
        if bar.backward and not self.jumped:
            if self.count < self._times(i):
                self.count += 1
                return self.start
            if not bar.ending:
                self.start, self.count = i + 1, 1
        if bar.to_coda and self.jumped:
            return next((k for k in range(i + 1, len(self.bars)) if self.bars[k].coda), i + 1)
        if bar.jump and not self.jumped:
            self.jumped = True
            return 0 if bar.jump == "capo" else next((k for k in range(i + 1) if self.bars[k].segno), 0)
        return i + 1

    def _times(self, i: int) -> int:
        """How often the passage that ends at bar `i` is played."""
        times, group = self.bars[i].backward, self.groups[i]
        if not group:
            return times
        alone = group == self.bars[i].ending  # one bracket only: what follows it is the other ending
        return max(times, max(group) + alone)


def _completed(bars: Sequence[Marks]) -> list[Marks]:
    """Endings whose bracket breaks off early reach to their :| if another ending begins behind it."""
    out = list(bars)
    for k in range(1, len(bars)):
        if not (bars[k].ending and bars[k - 1].backward and not bars[k - 1].ending):
            continue
        i = k - 1
        while i and not (bars[i].ending or bars[i].forward or (i < k - 1 and bars[i].backward)):
            i -= 1
        if bars[i].ending and bars[i].ending != bars[k].ending and not bars[i].backward:
            out[i + 1 : k] = [replace(bar, ending=bars[i].ending) for bar in bars[i + 1 : k]]
    return out


def _groups(bars: Sequence[Marks]) -> list[frozenset[int]]:
    """For every bar the numbers of all endings in the run of bars with endings around it."""
    out: list[frozenset[int]] = [frozenset()] * len(bars)
    i = 0
    while i < len(bars):
        end = i
        while end < len(bars) and bars[end].ending and (end == i or not bars[end].forward):
            end += 1
        out[i:end] = [frozenset().union(*(bar.ending for bar in bars[i:end]))] * (end - i)
        i = max(end, i + 1)
    return out
