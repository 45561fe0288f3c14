"""How a vocabulary sounds at the ends of lines: all its words by rhyme class, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lyricist.prosody.rhyme import tail_key
from lyricist.writing.wordfacts import WordFacts

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Endings:
    """P pairs of a word and a class that some reading of it has, class by class, commonest words first: `word`,
    `cls` (its number in `names`), `sound` (one number for equal onsets and tails of the word's first such reading),
    `alike` (all the word's readings are of this class); each (P,)."""

    names: Sequence[str]
    word: Ints
    cls: Ints
    sound: Ints
    alike: Bools

    @classmethod
    def of(cls, facts: WordFacts, level: str) -> Endings:
        """By a level of rhyme: "perfect", "family" or "assonance"."""
        numbers: dict[str, int] = {}
        keys = (tail_key(t, level) for t in facts.tails)  # type: ignore[arg-type]
        of_tail = np.array([numbers.setdefault(k, len(numbers)) for k in keys], dtype=np.int64)
        word, tail = facts.ender.astype(np.int64), facts.tail.astype(np.int64)
        group = of_tail[tail]
        first = np.sort(np.unique(word * len(numbers) + group, return_index=True)[1])
        word, group = word[first], group[first]
        sound = (facts.onset.astype(np.int64) * len(facts.tails) + tail)[first]
        alike = np.bincount(word, minlength=len(facts.sig))[word] == 1
        by_class = np.argsort(group, kind="stable")
        sound = np.unique(sound, return_inverse=True)[1].reshape(-1)
        return cls(list(numbers), word[by_class], group[by_class], sound[by_class], alike[by_class])

    def classes(self) -> dict[str, list[int]]:
        """Name of each class -> its words."""
        bounds = np.searchsorted(self.cls, np.arange(len(self.names) + 1)).tolist()
        words = self.word.tolist()
        return {name: words[a:b] for name, a, b in zip(self.names, bounds, bounds[1:], strict=False)}

    @cached_property
    def row_of(self) -> Ints:
        """The pair of each word that has but one, up to the largest; -1 for others."""
        out = np.full(int(self.word.max(initial=-1)) + 1, -1, dtype=np.int64)
        out[self.word[self.alike]] = np.flatnonzero(self.alike)
        return out

    def sounds(self, pairs: Bools) -> Ints:
        """(classes,) how many different sounds these pairs (P,) have in each class."""
        at = np.unique(self.sound[pairs], return_index=True)[1]
        return np.bincount(self.cls[pairs][at], minlength=len(self.names))
