"""Numbers that are pure functions of numbers: random draws from counters, and hashes of runs of words.

All draws use the mixing of SplitMix64 (Steele, Lea and Flood 2014). A draw depends on its counters alone, so a song
is the same whatever else is in its batch, and a training that is resumed draws what it would have drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.integer[Any]]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

MASK = (1 << 64) - 1
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, odd
M1, M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mixed(z: U64) -> U64:
    """(...,) -> (...,) the mixing of SplitMix64, element by element."""
    z = (z ^ (z >> np.uint64(30))) * M1
    z = (z ^ (z >> np.uint64(27))) * M2
    return z ^ (z >> np.uint64(31))


def mixed_int(z: int) -> int:
    """`mixed` of one number."""
    z = ((z ^ (z >> 30)) * int(M1)) & MASK
    z = ((z ^ (z >> 27)) * int(M2)) & MASK
    return z ^ (z >> 31)


def key(*counters: int) -> int:
    """The key of a sequence of random numbers, from counters."""
    z = 0
    for c in counters:
        z = mixed_int((z + int(GOLDEN) * (c + 1)) & MASK)
    return z


def fraction(z: int) -> float:
    """A number in [0, 1) from the upper 53 bits of a mixed number."""
    return (z >> 11) / (1 << 53)


def fractions(z: U64) -> npt.NDArray[np.float64]:
    """(...,) -> (...,) `fraction` of every element."""
    return np.asarray((z >> np.uint64(11)) / 2.0**53)


def uniform(key: int, count: int) -> float:
    """A number in [0, 1): the `count`-th of a key's sequence."""
    return fraction(mixed_int((key + int(GOLDEN) * (count + 1)) & MASK))


def uniforms(key: U64, count: Array | int) -> npt.NDArray[np.float64]:
    """(B,) numbers in [0, 1): the `count`-th of each key's sequence. key (B,), count (B,) or one number.

    >>> a = uniforms(np.array([key(7), key(8)], dtype=np.uint64), 0)
    >>> bool(a[0] == uniform(key(7), 0)), bool(a[0] != a[1]), bool(((a >= 0) & (a < 1)).all())
    (True, True, True)
    """
    with np.errstate(over="ignore"):
        return fractions(mixed(key + GOLDEN * (np.asarray(count).astype(np.uint64) + np.uint64(1))))


def chance(*parts: int | Array) -> npt.NDArray[np.float64]:
    """(...,) numbers in [0, 1) that depend on all parts; arrays are broadcast against each other, none gives (1,)."""
    z: U64 = np.zeros(1, dtype=np.uint64)
    for part in parts:
        z = mixed(z + np.asarray(part).astype(np.uint64) + GOLDEN)
    return fractions(z)


def run_hashes(columns: Iterable[U32], size: int) -> U64:
    """(N,) hashes of N = `size` runs of words given column by column: the first words (N,), the second... 0 where a
    word's hash is 0."""
    out, least = np.zeros(size, dtype=np.uint64), np.ones(size, dtype=np.uint32)
    for part in columns:
        wide = part.astype(np.uint64)
        wide += np.uint64(1)
        out ^= wide
        out *= GOLDEN
        out ^= out >> np.uint64(29)
        np.minimum(least, part, out=least)
    out[least == 0] = 0
    return out


def window_hashes(hashes: U32, starts: Ints, n: int) -> U64:
    """`run_hashes` of the n words that begin at each of `starts` (S,) in a text of word hashes (N,)."""
    return run_hashes((hashes[starts + i] for i in range(n)), len(starts))


def ngram_hashes(hashes: U32, n: int) -> U64:
    """The hash of every run of n words: (N,) -> (N - n + 1,); 0 where a word's hash is 0."""
    return window_hashes(hashes, np.arange(max(0, len(hashes) - n + 1)), n)


def run_hash(hashes: Iterable[int]) -> int:
    """The hash of one run of words, like `run_hashes`; quicker for a few words.

    >>> run_hash([3, 4]) == int(ngram_hashes(np.array([3, 4], dtype=np.uint32), 2)[0])
    True
    """
    out = 0
    for part in hashes:
        if not part:
            return 0
        out = (out ^ (part + 1)) * int(GOLDEN) & MASK
        out ^= out >> 29
    return out
