"""The order in which the vocabulary is drawn: words of one signature are neighbours.

Large signatures are cut into tiles of TILE columns (the last one padded); each word of a small signature has its own
column. A *block* is a tile or a single column: a mask over blocks says what a node allows, and a sum over a tile is
computed once for all rows.

A model may know words that are not drawn, because the songs it should resemble do not use them: they come last, and
the softmax leaves them out unless a plan asks for one of them (`whole`). V words, C columns, U blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays, fit, load_arrays, replace_file, tensor_bytes
from lyricist.errors import RunError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

TILE = 32
MOST = 1 << 26  # bytes of a saved layout
TOLD = ("ends", "finals", "overused")  # optional arrays
SMOOTHING = 5  # weight of the mean, in occurrences


@dataclass
class VocabLayout:
    """`word_at` (C,) word of each column, -1 for padding; the first `tiles` * TILE columns are tiles; the first
    `drawn` columns hold the words that are drawn (None: all)."""

    word_at: Ints
    tiles: int
    sig: npt.NDArray[np.int32]  # (V,) signature of each word
    ends: Floats | None = None  # (V,) share of the word's occurrences after which a line ends, in drawing order
    finals: Floats | None = None  # (V,) share of all lines whose last sung word it is
    overused: Floats | None = None  # (V,) nats by which the network draws the word too often
    drawn: int | None = None

    def save(self, path: Path) -> None:
        arrays: Arrays = {"word_at": self.word_at, "tiles": np.array([self.tiles]), "sig": self.sig}
        arrays |= {name: found for name in TOLD if (found := getattr(self, name)) is not None}
        arrays |= {} if self.drawn is None else {"drawn": np.array([self.drawn])}
        replace_file(path, [tensor_bytes(arrays)])

    @classmethod
    def load(cls, path: Path, size: int | None = None) -> VocabLayout:
        """A saved layout of `size` words (None: any number); `RunError` if it is damaged or of other words."""
        arrays = load_arrays(path, MOST)
        size = len(arrays.get("sig", ())) if size is None else size
        told = [name for name in TOLD if name in arrays]
        fit(path, arrays, {"word_at": ("i8", (None,)), "tiles": ("i8 i4", (1,)), "sig": ("i4", (size,))})
        fit(path, arrays, dict.fromkeys(told, ("f4", (size,))))
        fit(path, arrays, {"drawn": ("i8 i4", (1,))} if "drawn" in arrays else {})
        drawn = int(arrays["drawn"][0]) if "drawn" in arrays else None
        made = cls(arrays["word_at"], int(arrays["tiles"][0]), arrays["sig"], drawn=drawn)
        if not made.fits(size):
            raise RunError(f"{path} does not fit the vocabulary: restore it or train again")
        for name in told:
            setattr(made, name, arrays[name])
        return made

    def fits(self, size: int) -> bool:
        """Whether each of `size` words has one column, and the tiles and the drawn columns are where they can be."""
        at = self.word_at[self.word_at >= 0]
        columns, tiled = len(self.word_at), self.tiles * TILE
        whole = 0 < len(at) == size and at.max() < size and bool((np.bincount(at, minlength=size) == 1).all())
        placed = self.tiles >= 0 and tiled <= self.width <= columns and self.width > 0
        if not (whole and placed and self.sig.min() >= 0 and self.sig.max() <= size and self.word_at.min() >= -1):
            return False
        first = self.word_at[:tiled].reshape(-1, TILE).max(axis=1, initial=-1)
        return bool((first >= 0).all() and (self.word_at[tiled:] >= 0).all())

    def tile_sigs(self, sig: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """(tiles,) the most frequent signature in each tile; `sig` (V,)."""
        words = self.word_at[: self.lone].reshape(self.tiles, TILE)
        return np.array([np.bincount(sig[row[row >= 0]]).argmax() for row in words], dtype=np.int32)

    def misplaced(self, sig: npt.NDArray[np.int32]) -> Ints:
        """Words whose signature in `sig` (V,) is not their tile's, because the lexicon has changed."""
        words = self.word_at[: self.lone]
        wrong = sig[np.maximum(words, 0)] != np.repeat(self.tile_sigs(sig), TILE)
        return np.asarray(words[wrong & (words >= 0)])

    def numbered(self, sig: npt.NDArray[np.int32]) -> VocabLayout:
        """The same columns with signatures `sig` (V,)."""
        return replace(self, sig=sig)

    def whole(self) -> VocabLayout:
        """The same columns, all of them drawn."""
        return replace(self, drawn=None)

    @classmethod
    def by_signature(
        cls,
        sig: npt.NDArray[np.int32],
        ends: Floats | None = None,
        finals: Floats | None = None,
        drawn: npt.NDArray[np.bool_] | None = None,
    ) -> VocabLayout:
        """The layout for words with signatures `sig` (V,); `drawn` (V,) says which are drawn, None: all."""
        tiled: list[npt.NDArray[np.int64]] = []
        alone: list[npt.NDArray[np.int64]] = []
        used = np.ones(len(sig), dtype=bool) if drawn is None else drawn
        for s in np.unique(sig[used]):
            members = np.flatnonzero((sig == s) & used)
            if len(members) < TILE or s == 0:
                alone.append(members)
            else:
                tiled.append(np.pad(members, (0, -len(members) % TILE), constant_values=-1))
        word_at = np.concatenate([*tiled, *alone, np.flatnonzero(~used)]).astype(np.int64)
        width = None if used.all() else len(word_at) - int((~used).sum())
        return cls(word_at, sum(len(t) for t in tiled) // TILE, sig, ends, finals, drawn=width)

    @property
    def width(self) -> int:
        """Columns of words that are drawn, padding included."""
        return len(self.word_at) if self.drawn is None else self.drawn

    def filled(self, columns: int) -> int:
        """`columns` rounded up to a multiple of TILE, so that tiles can be summed in place."""
        return columns + (-columns % TILE if self.tiles else 0)

    @property
    def words(self) -> Ints:
        """(width,) the word of each drawn column, -1 for padding."""
        return self.word_at[: self.width]

    @property
    def undrawn(self) -> Ints:
        """(N,) words that are not drawn."""
        return self.word_at[self.width :]

    @property
    def lone(self) -> int:
        """The first single column."""
        return self.tiles * TILE

    @property
    def blocks(self) -> int:
        """Number of blocks, U."""
        return self.tiles + self.width - self.lone

    @cached_property
    def column_of(self) -> Ints:
        """(V,) column of each word."""
        out = np.zeros(int(self.word_at.max()) + 1, dtype=np.int64)
        at = np.flatnonzero(self.word_at >= 0)
        out[self.word_at[at]] = at
        return out

    @cached_property
    def block_of(self) -> Ints:
        """(V,) block of each word; the last block for words that are not drawn."""
        c = self.column_of
        return np.minimum(np.where(c < self.lone, c // TILE, c - self.lone + self.tiles), self.blocks - 1)

    @cached_property
    def unit_sig(self) -> npt.NDArray[np.int32]:
        """(U,) signature of each block."""
        return np.concatenate([self.tile_sigs(self.sig), self.sig[self.words[self.lone :]]])

    def unit_mask(self, signatures: Sequence[int]) -> Floats:
        """(U,) 1 for the blocks of these signatures."""
        on = np.zeros(int(self.sig.max()) + 2, dtype=np.float32)
        on[[s for s in signatures if s < len(on)]] = 1
        return on[self.unit_sig]


def line_ends(ids: npt.NDArray[Any], breaks: Sequence[int], size: int) -> Floats:
    """(V,) how often each word ends a line, as a share of its uses, from token ids (N,) in drawing order.

    `breaks`: the ids that end lines; `size`: V. The shares of rare words are shrunk towards the mean.

    >>> [f"{x:.2f}" for x in line_ends(np.array([0, 1, 2, 0, 1, 2, 0]), [0], 3)]
    ['0.50', '0.36', '0.64']
    """
    is_break = np.isin(ids, breaks)
    counts = np.bincount(ids, minlength=size)
    ending = np.bincount(ids[:-1][is_break[1:]], minlength=size)
    words = np.ones(size, dtype=bool)
    words[list(breaks)] = False
    mean = int(ending[words].sum()) / max(1, int(counts[words].sum()))
    found = (ending + SMOOTHING * mean) / (counts + SMOOTHING)
    found[~words] = mean
    return np.asarray(found, dtype=np.float32)


def line_finals(ids: npt.NDArray[Any], breaks: Sequence[int], size: int, backward: bool) -> Floats:
    """(V,) share of all lines whose last sung word it is, from token ids (N,) in drawing order.

    >>> [f"{x:.2f}" for x in line_finals(np.array([0, 1, 2, 0, 1, 2, 0]), [0], 3, backward=False)]
    ['0.00', '0.08', '0.92']
    """
    is_break = np.isin(ids, breaks)
    found = ids[1:][is_break[:-1] & ~is_break[1:]] if backward else ids[:-1][is_break[1:] & ~is_break[:-1]]
    words = np.ones(size)
    words[list(breaks)] = 0
    counts = np.bincount(found, minlength=size) + words / SMOOTHING
    return np.asarray(counts / max(1.0, counts.sum()), dtype=np.float32)
