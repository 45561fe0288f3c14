"""The order of the vocabulary in which words are drawn: words of one signature lie side by side.

Large signatures are cut into tiles of TILE columns (the last one padded), the words of small ones stand
alone. A *unit* is a tile or a lone column: a mask over units says what a node allows, a sum over a tile
is taken once for all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
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

    def tile_sigs(self, sig: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """(tiles,) the signature that most words of each tile have."""
        words = self.word_at[: self.lone].reshape(self.tiles, TILE)
        return np.array([np.bincount(sig[row[row >= 0]]).argmax() for row in words], dtype=np.int32)

    def misplaced(self, sig: npt.NDArray[np.int32]) -> Ints:
        """Words that under these signatures do not belong to their tiles: a lexicon has changed since."""
        words = self.word_at[: self.lone]
        wrong = sig[np.maximum(words, 0)] != np.repeat(self.tile_sigs(sig), TILE)
        return np.asarray(words[wrong & (words >= 0)])

    def numbered(self, sig: npt.NDArray[np.int32]) -> Columns:
        """The same columns under these signatures."""
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
        return np.concatenate([self.tile_sigs(self.sig), self.sig[self.word_at[self.lone :]]])

    def unit_weights(self, weights: Mapping[int, float]) -> Floats:
        """(U,) the weight of each unit's signature, 0 where none is given."""
        by_sig = np.zeros(int(self.sig.max()) + 2, dtype=np.float32)
        for s, weight in weights.items():
            if s < len(by_sig):
                by_sig[s] = weight
        return by_sig[self.unit_sig]
