"""Whether the true word is among the ten likeliest: the classic recipe's metric, for any model of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.model.tokens import SPECIALS, Vocabulary

NEAREST = 10  # words among which the true one must be

Ids = npt.NDArray[np.int64]


@dataclass
class Hits:
    """Counts how often the true word is among the ten likeliest, the likeliest, and among the ten commonest.

    Counted at every word but each song's first, under the model's distribution over words only, without breaks, as in
    the classic recipe. An unknown word counts as a miss.
    """

    is_word: npt.NDArray[np.bool_]  # (V,)
    unk: int
    frequent: Ids  # the ten commonest words
    words: int = 0
    top10: int = 0
    top1: int = 0
    common: int = 0

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Hits:
        is_word = np.array([token not in SPECIALS for token in vocabulary.tokens])
        return cls(is_word, vocabulary.unk, np.flatnonzero(is_word)[:NEAREST])  # words go by falling frequency

    def see(self, logits: Any, targets: Ids) -> None:
        """Count rows of logits (B, V) with the true ids `targets` (B,); breaks are ignored."""
        asked = self.is_word[targets] | (targets == self.unk)
        logits, targets = logits[asked], targets[asked]
        ranks = ranks_of(np.where(self.is_word, logits, -np.inf), targets)
        known = targets != self.unk
        self.words += len(targets)
        self.top10 += int((known & (ranks < NEAREST)).sum())
        self.top1 += int((known & (ranks == 0)).sum())
        self.common += int(np.isin(targets, self.frequent).sum())

    def shares(self) -> dict[str, float]:
        counts = {"top10_accuracy": self.top10, "top1_accuracy": self.top1, "frequent10_accuracy": self.common}
        return {name: round(count / max(1, self.words), 5) for name, count in counts.items()}


def ranks_of(scores: Any, targets: Ids) -> Ids:
    """(B,) the rank from 0 of each row's target in scores (B, V); of equal scores the first column wins.

    >>> ranks_of(np.array([[1.0, 3.0, 3.0]] * 3), np.array([0, 1, 2])).tolist()
    [2, 0, 1]
    """
    own = scores[np.arange(len(targets)), targets][:, None]
    before = np.arange(scores.shape[1]) < targets[:, None]
    return np.asarray(((scores > own) | ((scores == own) & before)).sum(1))
