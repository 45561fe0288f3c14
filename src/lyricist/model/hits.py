"""Is the true word among the first ten? How the classic recipe was judged, and how any model of words can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.model.tokens import SPECIALS, Vocabulary

NEAREST = 10  # words among which the true one is looked for

Ids = npt.NDArray[np.int64]


@dataclass
class Hits:
    """How often the true word is among the ten likeliest, the likeliest, and the ten commonest of the training songs.

    Asked at every word but the first that is read of each song, under the model's own distribution over words: that
    a word comes and no break is told, as the classic recipe is told it. An unknown word counts as missed.
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
        """Logits (B, V) and what came (B,); breaks are passed over."""
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
    """(B,) how many columns of scores (B, V) stand before each row's target; of equals the first does.

    >>> ranks_of(np.array([[1.0, 3.0, 3.0]] * 3), np.array([0, 1, 2])).tolist()
    [2, 0, 1]
    """
    own = scores[np.arange(len(targets)), targets][:, None]
    before = np.arange(scores.shape[1]) < targets[:, None]
    return np.asarray(((scores > own) | ((scores == own) & before)).sum(1))
