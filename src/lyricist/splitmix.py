"""Chance that is a pure function of numbers, for draws that must come out alike wherever training goes on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def chance(*parts: int | Array) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1) that depend on all parts and nothing else (SplitMix64, Steele et al. 2014)."""
    mixed: Array = np.zeros(1, dtype=np.uint64)
    for part in parts:
        mixed = mixed + np.asarray(part).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray((mixed >> np.uint64(11)) / 2.0**53)
