"""An interpolated, modified Kneser-Ney n-gram model (Chen & Goodman 1999, section 4.1) over token ids, in NumPy.

For every order n the distinct n-grams of the training songs are sorted numbers `keys[n - 1]` (int64): the rank of the
first n - 1 tokens among the n-grams one shorter, times the vocabulary, plus the last token. That is exact for any
vocabulary and order, counting 12 million tokens needs no dictionary, and a look-up is one binary search an order. No
n-gram crosses two songs.

The highest order counts occurrences; lower ones count distinct tokens to the left, except n-grams that open a song,
which have none and keep their occurrences. Unigrams are interpolated with the uniform distribution, so every token of
the vocabulary has a probability, including <unk>.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]
ABSENT = -1  # rank of what was not seen in training


@dataclass(frozen=True)
class Level:
    """The n-grams of one order, G of them, whose first n - 1 tokens are one of C contexts."""

    keys: Ints  # (G,) sorted
    found: npt.NDArray[np.float32]  # (G,) discounted count over the context's total
    rest: npt.NDArray[np.float32]  # (C,) what the discounts leave for the order below; 1 where nothing follows


@dataclass(frozen=True)
class KneserNey:
    """`levels[n - 1]` of order n; `vocab` tokens."""

    levels: list[Level]
    vocab: int
    discounts: list[Reals]  # (3,) an order: taken off counts of 1, 2, and 3 or more

    @property
    def order(self) -> int:
        return len(self.levels)

    def nats(self, ids: Ints, starts: Ints) -> Reals:
        """(N,) -log P of every token given those before it in its song; the first of a song is given and has 0."""
        place = places_in_songs(ids, starts)
        p = np.full(len(ids), 1 / self.vocab)
        context = np.zeros(len(ids), dtype=np.int64)  # rank of the tokens before; of none there is one
        for n, level in enumerate(self.levels, start=1):
            rank = look_up(level.keys, context, ids, self.vocab)
            seen = context != ABSENT
            found = np.where(rank != ABSENT, level.found[rank], 0)
            p = np.where(seen, found + level.rest[context] * p, p)
            context = np.concatenate([[ABSENT], rank[:-1]])
            context[place < n] = ABSENT
        out: Reals = -np.log(p)
        out[place == 0] = 0
        return out


def train_kneser_ney(ids: Ints, starts: Ints, vocab: int, order: int = 5) -> KneserNey:
    """`ids` (N,) of all songs, song i being ids[starts[i]:starts[i + 1]]."""
    place = places_in_songs(ids, starts)
    keys, ranks, counts = all_ngrams(ids, place, vocab, order)
    levels, discounts = [], []
    for n in range(1, order + 1):
        weights = counts[n - 1]
        if n < order:
            weights = left_continuations(len(keys[n]), ranks[n - 1], ranks[n], place, n)
        d = discounts_of(weights)
        contexts = len(keys[n - 2]) if n > 1 else 1
        levels.append(level_of(keys[n - 1], weights, d, contexts, vocab))
        discounts.append(d)
    return KneserNey(levels, vocab, discounts)


def places_in_songs(ids: Ints, starts: Ints) -> Ints:
    """(N,) how many tokens of its song stand before each.

    >>> places_in_songs(np.zeros(5, dtype=int), np.array([0, 3, 5])).tolist()
    [0, 1, 2, 0, 1]
    """
    lengths = np.diff(starts)
    return np.asarray(np.arange(len(ids)) - np.repeat(starts[:-1], lengths), dtype=np.int64)


def all_ngrams(ids: Ints, place: Ints, vocab: int, order: int) -> tuple[list[Ints], list[Ranks], list[Reals]]:
    """Of every order the sorted keys (G,), the rank (N,) of the n-gram that ends at each token (ABSENT where a song
    has not so many tokens yet) and the counts (G,)."""
    context = np.zeros(len(ids), dtype=np.int64)
    keys, ranks, counts = [], [], []
    for n in range(1, order + 1):
        inside = place >= n - 1
        found, inverse, count = np.unique(
            context[inside] * vocab + ids[inside], return_inverse=True, return_counts=True
        )
        rank = np.full(len(ids), ABSENT, dtype=np.int32)
        rank[inside] = inverse
        keys.append(found)
        ranks.append(rank)
        counts.append(count.astype(np.float64))
        context = np.concatenate([[ABSENT], rank[:-1]]).astype(np.int64)
    return keys, ranks, counts


def left_continuations(longer: int, own: Ranks, above: Ranks, place: Ints, n: int) -> Reals:
    """(G,) of every n-gram the number of distinct tokens before it, plus how often it opens a song.

    `longer`: how many n-grams there are one order up; `own` and `above` (N,) ranks of orders n and n + 1. A lone
    <song> opens every song and follows nothing: it keeps 0, for it is never predicted.
    """
    size = int(own.max()) + 1
    ends_at = np.zeros(longer, dtype=np.int64)
    there = np.flatnonzero(above != ABSENT)
    ends_at[above[there]] = there  # any occurrence will do: the last n tokens are the same
    out = np.bincount(own[ends_at], minlength=size).astype(np.float64)
    if n > 1:
        out += np.bincount(own[place == n - 1], minlength=size)
    return out


def discounts_of(weights: Reals) -> Reals:
    """(3,) D1, D2 and D3+ from the counts of counts (Chen & Goodman 1999, equation 26); 0.75 where these fail.

    >>> discounts_of(np.array([1.0] * 8 + [2] * 4 + [3] * 2 + [4])).round(3).tolist()
    [0.5, 1.25, 2.0]
    """
    n1, n2, n3, n4 = (int((weights == k).sum()) for k in range(1, 5))
    if not min(n1, n2, n3):
        return np.full(3, 0.75)
    y = n1 / (n1 + 2 * n2)
    d = np.array([1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return d if (d > 0).all() else np.full(3, 0.75)


def level_of(keys: Ints, weights: Reals, d: Reals, contexts: int, vocab: int) -> Level:
    """Discounted shares of the n-grams of one order, and what is left of each of `contexts` contexts."""
    context = keys // vocab
    total = np.bincount(context, weights, minlength=contexts)
    off = np.where(weights > 0, d[(weights.astype(np.int64) - 1).clip(0, 2)], 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = np.where(total > 0, np.bincount(context, off, minlength=contexts) / total, 1)
        found = np.where(weights > 0, (weights - off) / total[context], 0)
    return Level(keys, found.astype(np.float32), rest.astype(np.float32))


def look_up(keys: Ints, context: Ints, ids: Ints, vocab: int) -> Ints:
    """(N,) ranks of n-grams by the rank of their context and their last token; ABSENT where they were not seen."""
    wanted = np.where(context == ABSENT, ABSENT, context * vocab + ids)
    at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[at] == wanted, at, ABSENT)
