"""Contiguous training batches over songs in a fresh order each epoch, as a pure function of the position.

An epoch is all songs in a seeded order, laid end to end and cut into B equal streams. Position t of the
epoch is columns t .. t + T of every stream, so a cursor (epoch, t) is all that resuming needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lyricist.prosody.planfeatures import Floats
from lyricist.training.conditioning import PlanSplit
from lyricist.training.token_arrays import SplitTokens

Array = npt.NDArray[np.int64]

PAD = -100  # after the end of the shorter songs of a block; PyTorch's cross-entropy leaves it out
BLOCK_SONGS = 16  # songs side by side in a block
BLOCK_STEPS = 2_000  # a longer song (a text without song breaks) is cut into pieces of this


@dataclass(frozen=True)
class Streams:
    """B parallel streams over a split. `remap` turns the split's ids into the vocabulary's."""

    split: SplitTokens
    remap: npt.NDArray[np.int32]
    batch: int
    seed: int | None = None  # None: songs in the order of the corpus

    @property
    def length(self) -> int:
        """Tokens in each stream of one epoch."""
        return max(1, len(self.split) // self.batch)

    def epoch(self, number: int) -> Epoch:
        songs = len(self.split.starts) - 1
        order = np.arange(songs)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, number]).permutation(songs)
        lengths = np.diff(self.split.starts)[order]
        return Epoch(self, number, order, self.split.starts[:-1][order], np.concatenate([[0], np.cumsum(lengths)]))


@dataclass(frozen=True)
class Epoch:
    """One order of the songs: the k-th is song `songs[k]`, which begins at `starts[k]`; `ends`: lengths summed."""

    streams: Streams
    number: int
    songs: Array
    starts: Array
    ends: Array

    def places(self, t: int, steps: int) -> tuple[Array, Array]:
        """(T + 1, B) where the tokens from t on lie in the split, and in which song. T is cut at the epoch's end."""
        steps = min(steps, self.streams.length - 1 - t)
        base = np.arange(self.streams.batch) * self.streams.length
        position = base[None, :] + np.arange(t, t + steps + 1)[:, None]
        k = np.searchsorted(self.ends, position, side="right") - 1
        return self.starts[k] + position - self.ends[k], self.songs[k]

    def window(self, t: int, steps: int) -> Array:
        """(T + 1, B) token ids: inputs are rows 0 .. T - 1, targets rows 1 .. T."""
        return self.streams.remap[self.streams.split.ids[self.places(t, steps)[0]]].astype(np.int64)

    def features(self, t: int, steps: int, plans: PlanSplit, groups: Sequence[str], mine: slice) -> Floats:
        """(T, `mine`, F) plan features of the inputs of some of the streams, each song with what it shows in this
        epoch."""
        tokens, songs = (part[:-1, mine] for part in self.places(t, steps))
        return plans.rows(tokens, songs, groups, hide=(self.streams.seed or 0, self.number))

    def windows(self, steps: int) -> int:
        """Number of windows of `steps` in the epoch."""
        return max(1, -(-(self.streams.length - 1) // steps))


def song_blocks(split: SplitTokens, remap: npt.NDArray[np.int32], tokens: int) -> list[Array]:
    """Whole songs side by side, (T, B) blocks padded with PAD, from about the first `tokens` tokens of a split.

    Songs of like length stand together, so that little is padding.
    """
    pieces: list[Array] = []
    left = tokens
    for start, end in zip(split.starts[:-1], split.starts[1:], strict=True):
        for at in range(start, end, BLOCK_STEPS):
            if left > 0 and min(end, at + BLOCK_STEPS) - at > 1:
                pieces.append(remap[split.ids[at : min(end, at + BLOCK_STEPS)]].astype(np.int64))
                left -= len(pieces[-1])
    pieces.sort(key=len)
    blocks = []
    for i in range(0, len(pieces), BLOCK_SONGS):
        group = pieces[i : i + BLOCK_SONGS]
        block = np.full((len(group[-1]), len(group)), PAD, dtype=np.int64)
        for column, piece in enumerate(group):
            block[: len(piece), column] = piece
        blocks.append(block)
    return blocks
