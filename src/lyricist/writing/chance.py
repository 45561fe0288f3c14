"""Random numbers from counters alone: the same for a song whatever else is in its batch.

SplitMix64's mixing (Steele, Lea and Flood 2014), folded over the counters one after another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MASK = (1 << 64) - 1
M1, M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mixed(z: U64) -> U64:
    z = (z ^ (z >> np.uint64(30))) * M1
    z = (z ^ (z >> np.uint64(27))) * M2
    return z ^ (z >> np.uint64(31))


def mixed_int(z: int) -> int:
    """`mixed` of one number."""
    z = ((z ^ (z >> 30)) * int(M1)) & MASK
    z = ((z ^ (z >> 27)) * int(M2)) & MASK
    return z ^ (z >> 31)


def key(*counters: int) -> int:
    """A key for a sequence of numbers, from counters."""
    z = 0
    for c in counters:
        z = mixed_int((z + int(GOLDEN) * (c + 1)) & MASK)
    return z


def uniforms(key: U64, count: npt.NDArray[Any] | int) -> npt.NDArray[np.float64]:
    """(B,) numbers in [0, 1): the `count`-th of each key's sequence.

    >>> a = uniforms(np.array([key(7), key(8)], dtype=np.uint64), 0)
    >>> bool(a[0] == uniform(key(7), 0)), bool(a[0] != a[1]), bool(((a >= 0) & (a < 1)).all())
    (True, True, True)
    """
    with np.errstate(over="ignore"):
        z = mixed(key + GOLDEN * (np.asarray(count).astype(np.uint64) + np.uint64(1)))
    return np.asarray((z >> np.uint64(11)).astype(np.float64) / float(1 << 53))


def uniform(key: int, count: int) -> float:
    """One number of a key's sequence."""
    return (mixed_int((key + int(GOLDEN) * (count + 1)) & MASK) >> 11) / (1 << 53)
