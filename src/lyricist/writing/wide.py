"""The choice of a rhyme group's class, where nothing is chosen yet: all classes at once, as arrays.

`Rhymes` asks here while only signatures decide how lines can end (no keywords, no given first words), which is most
of the time; the rest it looks at class by class. The answers are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lyricist.writing.lines import WordSet

if TYPE_CHECKING:
    from lyricist.writing.groups import GroupState, LineKind, Rhymes

LEAST = 1e-6  # of a reward

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


class Wide:
    """Endings of all classes for lines of given kinds; everything is cached. P: pairs of the table's `Endings`."""

    def __init__(self, rhymes: Rhymes) -> None:
        self.rhymes, self.table = rhymes, rhymes.table
        self.able: dict[tuple[str, int], Bools] = {}
        self.counts: dict[tuple[str, int], Ints] = {}
        self.suiting: dict[tuple[object, ...], Bools] = {}

    def at_once(self, kinds: Sequence[LineKind], state: GroupState) -> bool:
        """Whether arrays will do."""
        plain = all(not k.automaton.keywords and k.initial is None for k in kinds)
        return plain and self.rhymes.strict and not state.chosen and not state.taken

    def pairs(self, level: str, kind: LineKind) -> Bools:
        """(P,) which pairs can end such a line."""
        key = (level, kind.number)
        if key not in self.able:
            e = self.table.endings(level)
            can = np.array([kind.can_end(-1, letter) for letter in self.table.letters], dtype=bool)
            self.able[key] = can[self.table.sig[e.word]] & self.rhymes.usable[e.word] & e.alike
        return self.able[key]

    def sounds(self, level: str, kind: LineKind) -> Ints:
        """(classes,) how many different sounds can end such a line."""
        key = (level, kind.number)
        if key not in self.counts:
            self.counts[key] = self.table.endings(level).sounds(self.pairs(level, kind))
        return self.counts[key]

    def suited(self, level: str, kinds: Sequence[LineKind]) -> Bools:
        """(classes,) which suit lines of these kinds (`Rhymes.suits`); nearly all are told by how many sounds they
        have."""
        key = (level, tuple(k.number for k in kinds))
        if key not in self.suiting:
            e = self.table.endings(level)
            least = np.min([self.sounds(level, k) for k in kinds], axis=0)
            found = least >= len(kinds)
            if len({k.number for k in kinds}) > 1:
                every = e.sounds(np.any([self.pairs(level, k) for k in kinds], axis=0))
                for c in np.flatnonzero(~found & (least > 0) & (every >= len(kinds))).tolist():
                    found[c] = self.rhymes.suits(e.names[c], level, kinds, frozenset())
            self.suiting[key] = found
        return self.suiting[key]

    def choice(self, level: str, kinds: Sequence[LineKind]) -> WordSet:
        """`Rhymes.choice`. Of classes that hold just enough sounds each word is looked at."""
        e, rhymes = self.table.endings(level), self.rhymes
        able = self.pairs(level, kinds[0]) & self.suited(level, kinds)[e.cls]
        scarce = np.min([self.sounds(level, k) for k in kinds], axis=0) < len(kinds)
        for p in np.flatnonzero(able & scarce[e.cls]).tolist():
            name = e.names[e.cls[p]]
            sound = rhymes.as_end(int(e.word[p]), level, name).sound
            able[p] = rhymes.suits(name, level, kinds[1:], frozenset({sound}))
        words, classes = e.word[able], e.cls[able]
        made = rhymes.sure_set(words)
        rhymes.outcomes[made.number] = {w: e.names[c] for w, c in zip(words.tolist(), classes.tolist(), strict=True)}
        return made

    def rewards(self, level: str, kinds: Sequence[LineKind], words: Ints) -> Reals:
        """`Rhymes.reward` of each of the words that may open a group, for the lines `kinds` that come after."""
        finals = self.rhymes.finals
        if finals is None or not kinds:
            return np.ones(len(words))
        e = self.table.endings(level)
        share = np.where(self.pairs(level, kinds[0]), finals[e.word], 0.0)
        same, row = np.bincount(e.sound, share), e.row_of[words]
        left = np.bincount(e.cls, share)[e.cls[row]] - same[e.sound[row]]
        return np.asarray(np.maximum(left, LEAST) ** len(kinds))
