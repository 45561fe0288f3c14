"""The order of the vocabulary in which words are drawn: words of one signature lie side by side.

Large signatures are cut into tiles of TILE columns (the last one padded), the words of small ones stand
alone. A *unit* is a tile or a lone column: a mask over units says what a node allows, a sum over a tile
is taken once for all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist.checkpoint import load_arrays, replace_file, tensor_bytes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

TILE = 32


@dataclass
class Columns:
    """`word_at` (C,) word of each column, -1 for padding; the first `tiles` * TILE columns are tiled."""

    word_at: Ints
    tiles: int
    sig: npt.NDArray[np.int32]  # (V,) signature of each word

    def save(self, path: Path) -> None:
        arrays = {"word_at": self.word_at, "tiles": np.array([self.tiles]), "sig": self.sig}
        replace_file(path, [tensor_bytes(arrays)])

    @classmethod
    def load(cls, path: Path) -> Columns:
        """As `save` left it; `RunError` if it is damaged."""
        arrays = load_arrays(path)
        return cls(arrays["word_at"], int(arrays["tiles"][0]), arrays["sig"])

    def holds_for(self, sig: npt.NDArray[np.int32]) -> bool:
        """Whether words of one tile have one signature under other numbers of signatures too."""
        if len(sig) != len(self.sig):
            return False
        tiled = np.maximum(self.word_at[: self.lone].reshape(self.tiles, TILE), 0)
        filled = self.word_at[: self.lone].reshape(self.tiles, TILE) >= 0
        same = sig[tiled] == sig[tiled[:, :1]]
        return bool((same | ~filled).all())

    def numbered(self, sig: npt.NDArray[np.int32]) -> Columns:
        """The same columns under other numbers of signatures."""
        return Columns(self.word_at, self.tiles, sig)

    @classmethod
    def by_signature(cls, sig: npt.NDArray[np.int32]) -> Columns:
        """The order for a vocabulary whose words have these signatures."""
        tiled: list[npt.NDArray[np.int64]] = []
        alone: list[npt.NDArray[np.int64]] = []
        for s in np.unique(sig):
            members = np.flatnonzero(sig == s)
            if len(members) < TILE or s == 0:
                alone.append(members)
            else:
                tiled.append(np.pad(members, (0, -len(members) % TILE), constant_values=-1))
        word_at = np.concatenate([*tiled, *alone]).astype(np.int64)
        return cls(word_at, sum(len(t) for t in tiled) // TILE, sig)

    @property
    def width(self) -> int:
        """Columns, padding included."""
        return len(self.word_at)

    @property
    def lone(self) -> int:
        """The first column that stands alone."""
        return self.tiles * TILE

    @property
    def units(self) -> int:
        return self.tiles + self.width - self.lone

    @cached_property
    def column_of(self) -> Ints:
        """(V,) column of each word."""
        out = np.zeros(int(self.word_at.max()) + 1, dtype=np.int64)
        at = np.flatnonzero(self.word_at >= 0)
        out[self.word_at[at]] = at
        return out

    @cached_property
    def unit_of(self) -> Ints:
        """(V,) unit of each word."""
        c = self.column_of
        return np.where(c < self.lone, c // TILE, c - self.lone + self.tiles)

    @cached_property
    def unit_sig(self) -> npt.NDArray[np.int32]:
        """(U,) signature of each unit."""
        firsts = np.concatenate([self.word_at[: self.lone : TILE], self.word_at[self.lone :]])
        return np.asarray(self.sig[firsts])

    def unit_mask(self, signatures: Sequence[int]) -> Floats:
        """(U,) 1 for the units of these signatures."""
        on = np.zeros(int(self.sig.max()) + 2, dtype=np.float32)
        on[[s for s in signatures if s < len(on)]] = 1
        return on[self.unit_sig]
