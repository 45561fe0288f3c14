"""Train, valid or test for each song, by what the songs are and not by their order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SPLITS = ("train", "valid", "test")
TRAIN, VALID, TEST = range(3)
SMALL = 3  # songs; a cluster up to this size may leave train, however small the share

Sides = npt.NDArray[np.uint8]


def split_songs(
    clusters: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64], *, valid: float, test: float, seed: int
) -> Sides:
    """The split (0 train, 1 valid, 2 test) of each song; songs with the same number in `clusters` stay
    together.

    A cluster goes where a hash of its content and the seed falls in [0, 1): songs added later move none
    that are there. Clusters bigger than the share (and than 3 songs) stay in train. Where there are
    clusters enough, no split that was asked for is left empty: the one with the lowest hash goes there.
    """
    _, home, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    content = np.full(len(sizes), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(content, home, hashes)
    keys = draw(content, seed)
    sides = np.zeros(len(sizes), dtype=np.uint8)
    low = 0.0
    for side, share in ((TEST, test), (VALID, valid)):
        fits = sizes <= max(SMALL, share * len(hashes))
        sides[(keys >= low) & (keys < low + share) & fits] = side
        low += share
    order = np.argsort(keys, kind="stable")
    fill_empty(sides, sizes, order, [side for side, share in ((TEST, test), (VALID, valid)) if share > 0])
    result: Sides = sides[home]
    return result


def draw(content: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1) that content and seed decide (the mixing steps of SplitMix64, Steele et al. 2014)."""
    mixed = content + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    drawn: npt.NDArray[np.float64] = ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) / 2.0**53
    return drawn


def fill_empty(sides: Sides, sizes: npt.NDArray[np.int64], order: npt.NDArray[np.int64], wanted: list[int]) -> None:
    """Give each empty split one cluster of a split that has several: of train if it can, a small one if there is."""
    for side in (TRAIN, *wanted):
        counts = np.bincount(sides, minlength=3)
        donors = order[(counts[sides] > 1)[order]]
        if counts[side] or not len(donors):
            continue
        best = np.lexsort((sizes[donors] > SMALL, sides[donors] != TRAIN))  # stable: then by hash
        sides[donors[best[0]]] = side
