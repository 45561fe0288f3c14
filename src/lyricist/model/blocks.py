"""One step of a model seen as blocks: what the drawing needs of a softmax without looking at every word.

`BlockModel` is what the exact writer runs. `HostBlocks` makes one of any step model, in NumPy; a run's
own `writer.onnx` does the same inside its graph. (C,) are the columns of the words that are drawn.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lyricist.errors import RunError
from lyricist.model.onnx_bytes import with_numbers
from lyricist.model.runtime import FEATURES, State, StepModel, features_of, open_session
from lyricist.model.vocab_layout import TILE, VocabLayout

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
NEVER = np.float32(-1e30)
LOW, HIGH = 1e-6, 1e30  # between which sums of exponentials are exact enough, and far from overflowing


@dataclass
class BlockRows:
    """Of B rows: `e` (B, C) exp((logit + bias - shift) / temperature), with a shift of the row's own, `sums` (B, U)
    its sum over each block, `total` (B,) its sum over all words, `free` (B,) that sum at temperature 1."""

    e: Floats
    sums: Floats
    total: npt.NDArray[np.float64]
    free: npt.NDArray[np.float64]


class BlockModel(Protocol):
    """A word-level model whose softmax comes in the order of `columns`."""

    columns: VocabLayout

    def initial_state(self, batch: int) -> State: ...

    def blocks(
        self, ids: Ints, state: State, bias: Floats, temperature: float, features: Floats | None = None, /
    ) -> tuple[BlockRows, State]:
        """ids (B,), state, bias (C,) in nats with NEVER at padding, plan features (B, F) -> rows, new state."""


class HostBlocks:
    """A `BlockModel` from any `StepModel`."""

    def __init__(self, model: StepModel, columns: VocabLayout) -> None:
        self.model, self.columns = model, columns
        self.order = np.maximum(columns.words, 0)

    def initial_state(self, batch: int) -> State:
        return self.model.initial_state(batch)

    def blocks(
        self, ids: Ints, state: State, bias: Floats, temperature: float, features: Floats | None = None
    ) -> tuple[BlockRows, State]:
        logits, state = self.model.step(ids, state) if features is None else self.model.step(ids, state, features)
        x = logits[:, self.order]
        x += bias
        return from_logits(x, temperature, self.columns), state


class OnnxBlocks:
    """A `BlockModel` from a run's writer.onnx: everything happens inside the graph, in 8-bit products.

    Integer products are exact and everything else goes row by row, so a row does not depend on the batch.
    """

    def __init__(self, model: Path | str | bytes, columns: VocabLayout, threads: int | None = None) -> None:
        self.model, self.threads = model, threads
        self.session, self.columns = open_session(model, threads), columns
        names = {"ids", "steer", "scale", FEATURES}
        self.features = features_of(self.session)
        self.states = [i for i in self.session.get_inputs() if i.name not in names]
        self.nexts = [f"next_{s.name}" for s in self.states]
        self.outputs = ["e", "sums", "free", *self.nexts]
        steer = next((i.shape for i in self.session.get_inputs() if i.name == "steer"), [0])
        old = isinstance(steer[-1], int)  # fills the last tile up by itself
        self.width = columns.width if old else columns.filled(columns.width)
        if not {o.name for o in self.session.get_outputs()} >= set(self.outputs):
            raise RunError("the run's writer.onnx was made by another version: train again for a faster one")

    def arranged(self, columns: VocabLayout) -> OnnxBlocks:
        """The same session for the same columns under other numbers of signatures."""
        made = copy.copy(self)
        made.columns = columns
        return made

    def whole(self) -> OnnxBlocks:
        """The same network over all its words, those that are not drawn included; itself, where there are none."""
        if self.columns.drawn is None:
            return self
        columns = self.columns.whole()
        sizes = {"drawn": columns.filled(columns.width), "width": columns.width}
        model = self.model if isinstance(self.model, bytes) else Path(self.model).read_bytes()
        return OnnxBlocks(with_numbers(model, sizes), columns, self.threads)

    def copies(self, number: int) -> list[OnnxBlocks]:
        """The same model in sessions of one thread each, to be run side by side."""
        return [OnnxBlocks(self.model, self.columns, 1) for _ in range(number)]

    def initial_state(self, batch: int) -> State:
        return tuple(np.zeros((s.shape[0], batch, s.shape[2]), dtype=np.float32) for s in self.states)

    def blocks(
        self, ids: Ints, state: State, bias: Floats, temperature: float, features: Floats | None = None
    ) -> tuple[BlockRows, State]:
        feed = self.feed(ids, state, bias, temperature, features)
        return self.taken(self.session, feed, np.full(len(ids), temperature))

    def taken(self, session: Any, feed: dict[str, Any], temperature: Reals) -> tuple[BlockRows, State]:
        """What a session of the graph makes of rows at temperatures (B,)."""
        e, sums, free, *new = session.run(self.outputs, feed)
        total = sums.sum(axis=1, dtype=np.float64)
        made = BlockRows(e[:, : self.columns.width], sums, total, free[:, 0].astype(np.float64))
        if not in_range(made).all():
            (logits,) = session.run(["logits"], feed)
            again(made, logits, temperature, self.columns)
        return made, tuple(new)

    def feed(
        self, ids: Ints, state: State, bias: Floats, temperature: float, features: Floats | None
    ) -> dict[str, npt.NDArray[Any]]:
        """The graph's inputs."""
        scale = np.array(1 / temperature, dtype=np.float32)
        steer = np.full(self.width, NEVER, dtype=np.float32)
        steer[: len(bias)] = bias
        feed: dict[str, npt.NDArray[Any]] = {"ids": ids.astype(np.int64), "steer": steer, "scale": scale}
        feed |= {s.name: value for s, value in zip(self.states, state, strict=True)}
        if self.features:
            feed[FEATURES] = np.zeros((len(ids), self.features), dtype=np.float32) if features is None else features
        return feed


class PackedSteps:
    """A `StepModel` from a packed run's graph; results do not depend on the batch, as those of `OnnxBlocks`."""

    def __init__(self, blocks: OnnxBlocks) -> None:
        self.blocks, self.features = blocks, blocks.features
        self.vocab_size = len(blocks.columns.column_of)

    @cached_property
    def made(self) -> OnnxBlocks:
        return self.blocks.whole()

    @cached_property
    def steer(self) -> Floats:
        return np.zeros(self.made.columns.width, dtype=np.float32)

    def initial_state(self, batch: int) -> State:
        return self.blocks.initial_state(batch)

    def step(self, ids: Ints, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        made = self.made
        feed = made.feed(ids, state, self.steer, 1.0, features)
        logits, *new = made.session.run(["logits", *made.nexts], feed)
        return logits[:, made.columns.column_of], tuple(new)


def in_range(made: BlockRows) -> npt.NDArray[np.bool_]:
    """(B,) rows whose exponentials neither overflow nor vanish."""
    return np.asarray((made.total > LOW) & (made.total < HIGH) & (made.free < HIGH))


def again(made: BlockRows, logits: Floats, temperature: Reals, columns: VocabLayout) -> None:
    """Make the rows that are not in range from their logits (B, C or more)."""
    for i in np.flatnonzero(~in_range(made)).tolist():
        row = from_logits(logits[i : i + 1, : columns.width].copy(), float(temperature[i]), columns)
        for mine, new in zip(vars(made).values(), vars(row).values(), strict=True):
            mine[i] = new[0]


def from_logits(x: Floats, temperature: float, columns: VocabLayout) -> BlockRows:
    """Rows of logits (B, C), steered already, which are overwritten; the shift is a row's largest."""
    x -= x.max(axis=1, keepdims=True)
    free = np.exp(x).sum(axis=1, dtype=np.float64)
    x *= np.float32(1 / temperature)
    np.exp(x, out=x)
    return block_rows(x, free, columns)


def block_rows(e: Floats, free: npt.NDArray[np.float64], columns: VocabLayout) -> BlockRows:
    """Sums of rows that are exponentiated already; `free`: their sums at temperature 1."""
    tiles = e[:, : columns.lone].reshape(len(e), columns.tiles, TILE)
    alone = e[:, columns.lone :]
    sums = np.concatenate([tiles.sum(axis=2), alone], axis=1)
    return BlockRows(e, sums, sums.sum(axis=1, dtype=np.float64), free)
