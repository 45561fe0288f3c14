"""Kneser-Ney against a second one that is written with dictionaries, and the law that probabilities sum to 1."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import pytest

from kneser_ney import KneserNey, discounts_of, train_kneser_ney

VOCAB = 9  # 0 is what opens a song, 1 what ends it
UNSEEN = 8  # never in training


def toy(seed: int = 0, songs: int = 60) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    draw = [[0, *(2 + rng.geometric(0.35, rng.integers(1, 12)).clip(max=6) - 1).tolist(), 1] for _ in range(songs)]
    return [[int(i) for i in song] for song in draw]


def flat(songs: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(songs), np.cumsum([0, *map(len, songs)])


def trained(order: int) -> KneserNey:
    return train_kneser_ney(*flat(toy()), VOCAB, order)


def by_dictionaries(songs: list[list[int]], order: int, discounts: list[np.ndarray]) -> Callable[[list[int]], float]:
    """P(last token | those before), straight from the definition."""
    counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for song in songs:
        for i in range(1, len(song)):
            if i + 1 >= order:
                counts[tuple(song[i - order + 1 : i])][song[i]] += 1
            for n in range(1, order):  # opens the song, or is told apart by what stands before
                if n > 1 and i == n - 1:
                    counts[tuple(song[:i])][song[i]] += 1
    for n in range(order - 1, 0, -1):
        longer = {tuple(song[i - n : i + 1]) for song in songs for i in range(n, len(song))}
        for gram in longer:
            counts[gram[1:-1]][gram[-1]] += 1

    def p(gram: list[int]) -> float:
        lower = p(gram[1:]) if len(gram) > 1 else 1 / VOCAB
        seen, d = counts.get(tuple(gram[:-1])), discounts[len(gram) - 1]
        if not seen:
            return lower
        off = {w: float(d[min(c, 3) - 1]) for w, c in seen.items()}
        kept = seen[gram[-1]] - off.get(gram[-1], 0)
        return (kept + sum(off.values()) * lower) / seen.total()

    return p


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_sum_to_one(order: int) -> None:
    model = trained(order)
    contexts = [[0], [0, 2], [0, 2, 3, 2, 4], [0, 5, 5, 5, 5, 5], [0, UNSEEN], [0, 2, UNSEEN, 3], [0, 7, 1]]
    for context in contexts:
        songs = [[*context, w] for w in range(VOCAB)]
        nats = model.nats(*flat(songs))[len(context) :: len(context) + 1]
        assert np.exp(-nats).sum() == pytest.approx(1, abs=1e-5)
        assert np.isfinite(nats).all()


@pytest.mark.parametrize("order", [2, 3, 5])
def test_agrees_with_the_definition(order: int) -> None:
    model = trained(order)
    p = by_dictionaries(toy(), order, model.discounts)
    unseen = toy(seed=1, songs=5)
    expected = [-math.log(p(song[max(0, i + 1 - order) : i + 1])) for song in unseen for i in range(1, len(song))]
    ids, starts = flat(unseen)
    found = model.nats(ids, starts)
    assert found[starts[:-1]].tolist() == [0] * 5  # what opens a song is given
    assert np.delete(found, starts[:-1]) == pytest.approx(expected, abs=1e-5)


def test_songs_do_not_see_each_other() -> None:
    model, songs = trained(5), toy(seed=2, songs=2)
    apart = np.concatenate([model.nats(*flat([song])) for song in songs])
    assert model.nats(*flat(songs)) == pytest.approx(apart)


def test_longer_contexts_help_where_there_is_something_to_know() -> None:
    songs = [[0, *[2, 3, 4, 5, 6, 7] * 3, 1] for _ in range(30)] + toy()
    text = flat(songs[:5])
    means = [train_kneser_ney(*flat(songs), VOCAB, order).nats(*text).mean() for order in (1, 2, 3)]
    assert means[0] > means[1] > means[2]


def test_discounts_of_few_counts_are_fixed() -> None:
    assert discounts_of(np.array([5.0, 5, 1])).tolist() == [0.75] * 3
