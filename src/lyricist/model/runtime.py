"""The network on ONNX Runtime, without PyTorch: what writing, the studio and users' programs run.

`StepModel` gives logits word by word; the free writer needs no more. `BlockModel` gives the softmax as sums over
blocks of words, which is what the exact writer needs: `HostBlocks` computes them in NumPy from any step model,
`OnnxBlocks` inside a run's writer.onnx. B rows, V words, C columns of the words that are drawn, U blocks.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lyricist._io import one_line, read_plain
from lyricist.errors import RunError
from lyricist.model.onnx_bytes import with_numbers
from lyricist.model.vocab_layout import TILE, VocabLayout

Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
State = tuple[Floats, ...]

STORIES = "stories.txt"  # beside a network that reads outlines: what songs can tell
FEATURES = "features"  # the input for plan features, where a graph has it
ROWS = 16
"""Rows are computed in blocks of this many, padded with zeros. Matrix products of one shape give a row the
same bits whatever its neighbours hold, so a song does not depend on what else is in its batch."""
NEVER = np.float32(-1e30)  # bias of a word that must not be drawn
LOW, HIGH = 1e-6, 1e30  # sums of exponentials outside this range are computed again from logits


# --- step models


class StepModel(Protocol):
    """One word per row: state in, state out."""

    @property
    def vocab_size(self) -> int: ...

    def initial_state(self, batch: int) -> State:
        """The state before the first word; each array (L, B, H)."""

    def step(self, ids: Ids, state: State, features: Floats | None = None, /) -> tuple[Floats, State]:
        """ids (B,), state -> logits (B, V), new state. `features` (B, F): what the plan asks for next; None: no plan.
        A model that sees no plan is never given features and need not accept them."""


class PlainStepModel(Protocol):
    """A `StepModel` that sees no plan."""

    @property
    def vocab_size(self) -> int: ...

    def initial_state(self, batch: int) -> State: ...

    def step(self, ids: Ids, state: State, /) -> tuple[Floats, State]: ...


class Session:
    """An ONNX Runtime session whose errors are `RunError`."""

    def __init__(self, session: Any, where: str) -> None:
        self.session, self.where = session, where
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs
        self.get_modelmeta = session.get_modelmeta

    def run(self, outputs: Sequence[str] | None, feed: Mapping[str, npt.NDArray[Any]]) -> list[Any]:
        """The outputs of this name for the inputs. Raises `RunError` if the graph cannot compute them."""
        try:
            return list(self.session.run(outputs, feed))
        except Exception as e:  # as in `open_session`
            raise RunError(f"{self.where} cannot be run ({one_line(e)}): restore it or train again") from e


def open_session(model: Path | str | bytes, threads: int | None = None) -> Session:
    """An ONNX Runtime session on the CPU. Raises `RunError` if the model cannot be read. A model that others may have
    made must be checked before (`onnx_bytes.check_graph`, as `Run.graph` does)."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or min(4, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave idle cores to others
    where = "the model" if isinstance(model, bytes) else str(model)
    source = model if isinstance(model, bytes) else read_plain(Path(model))  # bytes: they can name no other file
    try:
        return Session(ort.InferenceSession(source, options, providers=["CPUExecutionProvider"]), where)
    except Exception as e:  # ONNX Runtime raises a dozen classes without a common base
        raise RunError(f"{where} is not a readable ONNX model: restore it or train again") from e


def features_of(session: Any) -> int:
    """How many plan features a graph takes; 0 if it sees no plan."""
    return next((int(i.shape[1]) for i in session.get_inputs() if i.name == FEATURES), 0)


class GraphState:
    """The inputs of an ONNX session that hold the recurrent state."""

    session: Any

    @cached_property
    def states(self) -> list[Any]:
        return [i for i in self.session.get_inputs() if i.name not in ("ids", "steer", "scale", FEATURES)]

    def initial_state(self, batch: int) -> State:
        """Zeros; each array (L, B, H)."""
        return tuple(np.zeros((s.shape[0], batch, s.shape[2]), dtype=np.float32) for s in self.states)


class OnnxModel(GraphState):
    """A `StepModel` from an ONNX file or bytes. Results do not depend on the batch."""

    def __init__(self, model: Path | str | bytes, threads: int | None = None) -> None:
        self.session = open_session(model, threads)
        self.features = features_of(self.session)
        self.vocab_size = int(self.session.get_outputs()[0].shape[1])

    def step(self, ids: Ids, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        """ids (B,), features (B, F) -> logits (B, V), new state; see `StepModel.step`."""
        if self.features and features is None:
            features = np.zeros((len(ids), self.features), dtype=np.float32)
        blocks = [self.block(ids, state, features, i) for i in range(0, len(ids), ROWS)]
        logits = finite(np.concatenate([b[0] for b in blocks])[: len(ids)])
        return logits, tuple(
            np.concatenate([b[k + 1] for b in blocks], axis=1)[:, : len(ids)] for k in range(len(self.states))
        )

    def block(self, ids: Ids, state: State, features: Floats | None, start: int) -> list[Any]:
        """Logits (ROWS, V) and new states (L, ROWS, H) of ROWS rows from row `start` on, padded with zeros; ids (B,),
        features (B, F)."""
        part = slice(start, start + ROWS)
        missing = ROWS - len(ids[part])
        feed: dict[str, Any] = {"ids": np.pad(ids[part].astype(np.int64), (0, missing))}
        for name, value in zip(self.states, state, strict=True):
            feed[name.name] = np.pad(value[:, part], ((0, 0), (0, missing), (0, 0)))
        if features is not None:
            feed[FEATURES] = np.pad(features[part], ((0, missing), (0, 0)))
        return list(self.session.run(None, feed))


class EightBitModel(OnnxModel):
    """A `StepModel` whose products are all of 8-bit integers: rows need no padding to be independent."""

    def step(self, ids: Ids, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        """ids (B,), features (B, F) -> logits (B, V), new state; see `StepModel.step`."""
        feed: dict[str, Any] = {"ids": ids.astype(np.int64)}
        feed |= {s.name: value for s, value in zip(self.states, state, strict=True)}
        logits, *new = self.session.run(None, feed)
        return finite(logits), tuple(new)


class LateModel:
    """A `StepModel` that is opened when it is first used: writing to a plan runs another graph."""

    def __init__(self, opened: Callable[[], StepModel], vocab_size: int, features: int) -> None:
        self.opened, self.vocab_size, self.features = opened, vocab_size, features

    @cached_property
    def model(self) -> StepModel:
        return self.opened()

    def initial_state(self, batch: int) -> State:
        return self.model.initial_state(batch)

    def step(self, ids: Ids, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        """ids (B,), features (B, F) -> logits (B, V), new state; see `StepModel.step`."""
        return self.model.step(ids, state, features)


# --- block models


@dataclass
class BlockRows:
    """The softmax of B rows: `e` (B, C) exp((logit + bias - shift) / temperature), where every row has its own shift,
    `sums` (B, U) its sum over each block, `total` (B,) over all words, `free` (B,) over all at temperature 1."""

    e: Floats
    sums: Floats
    total: Reals
    free: Reals


class BlockModel(Protocol):
    """A word-level model whose softmax is in the order of `columns`."""

    columns: VocabLayout

    def initial_state(self, batch: int) -> State: ...

    def blocks(
        self, ids: Ids, state: State, bias: Floats, temperature: float, features: Floats | None = None, /
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
        self, ids: Ids, state: State, bias: Floats, temperature: float, features: Floats | None = None
    ) -> tuple[BlockRows, State]:
        """ids (B,), bias (C,), features (B, F) -> rows, new state; see `BlockModel.blocks`."""
        logits, state = self.model.step(ids, state) if features is None else self.model.step(ids, state, features)
        x = logits[:, self.order]
        x += bias
        return from_logits(x, temperature, self.columns), state


class OnnxBlocks(GraphState):
    """A `BlockModel` from a run's writer.onnx: everything is computed inside the graph, in 8-bit products.

    Integer products are exact and everything else is computed row by row, so a row does not depend on the batch.
    Raises `RunError` for a graph that cannot be read or lacks outputs.
    """

    def __init__(self, model: Path | str | bytes, columns: VocabLayout, threads: int | None = None) -> None:
        self.model, self.threads = model, threads
        self.session, self.columns = open_session(model, threads), columns
        self.features = features_of(self.session)
        self.nexts = [f"next_{s.name}" for s in self.states]
        self.outputs = ["e", "sums", "free", *self.nexts]
        steer = next((i.shape for i in self.session.get_inputs() if i.name == "steer"), [0])
        old = isinstance(steer[-1], int)  # a graph of an earlier release pads the last tile itself
        self.width = columns.width if old else columns.filled(columns.width)
        if not {o.name for o in self.session.get_outputs()} >= set(self.outputs):
            raise RunError("the run's writer.onnx was made by another version: train again for a faster one")

    def arranged(self, columns: VocabLayout) -> OnnxBlocks:
        """The same session; `columns` are the same with other signature numbers."""
        made = copy.copy(self)
        made.columns = columns
        return made

    def whole(self) -> OnnxBlocks:
        """The same network over all its words, including those that are not drawn; itself if there are none."""
        if self.columns.drawn is None:
            return self
        columns = self.columns.whole()
        sizes = {"drawn": columns.filled(columns.width), "width": columns.width}
        model = self.model if isinstance(self.model, bytes) else Path(self.model).read_bytes()
        return OnnxBlocks(with_numbers(model, sizes), columns, self.threads)

    def copies(self, number: int) -> list[OnnxBlocks]:
        """The same model in `number` sessions of one thread each, to run in parallel."""
        return [OnnxBlocks(self.model, self.columns, 1) for _ in range(number)]

    def blocks(
        self, ids: Ids, state: State, bias: Floats, temperature: float, features: Floats | None = None
    ) -> tuple[BlockRows, State]:
        """ids (B,), bias (C,), features (B, F) -> rows, new state; see `BlockModel.blocks`."""
        feed = self.feed(ids, state, bias, temperature, features)
        return self.taken(self.session, feed, np.full(len(ids), temperature))

    def taken(self, session: Any, feed: dict[str, Any], temperature: Reals) -> tuple[BlockRows, State]:
        """Run a session of the graph; rows have temperatures (B,)."""
        e, sums, free, *new = session.run(self.outputs, feed)
        total = sums.sum(axis=1, dtype=np.float64)
        made = BlockRows(e[:, : self.columns.width], sums, total, free[:, 0].astype(np.float64))
        if not in_range(made).all():
            (logits,) = session.run(["logits"], feed)
            again(made, logits, temperature, self.columns)
        return made, tuple(new)

    def feed(
        self, ids: Ids, state: State, bias: Floats, temperature: float, features: Floats | None
    ) -> dict[str, npt.NDArray[Any]]:
        """The graph's inputs by name: ids (B,), state, bias (C,) and features (B, F)."""
        scale = np.array(1 / temperature, dtype=np.float32)
        steer = np.full(self.width, NEVER, dtype=np.float32)
        steer[: len(bias)] = bias
        feed: dict[str, npt.NDArray[Any]] = {"ids": ids.astype(np.int64), "steer": steer, "scale": scale}
        feed |= {s.name: value for s, value in zip(self.states, state, strict=True)}
        if self.features:
            feed[FEATURES] = np.zeros((len(ids), self.features), dtype=np.float32) if features is None else features
        return feed


class PackedSteps:
    """A `StepModel` from a packed run's graph. Results do not depend on the batch."""

    def __init__(self, blocks: OnnxBlocks) -> None:
        self.blocks, self.features = blocks, blocks.features
        self.vocab_size = len(blocks.columns.column_of)

    @cached_property
    def made(self) -> OnnxBlocks:
        return self.blocks.whole()

    @cached_property
    def steer(self) -> Floats:
        """(C,) no bias."""
        return np.zeros(self.made.columns.width, dtype=np.float32)

    def initial_state(self, batch: int) -> State:
        return self.blocks.initial_state(batch)

    def step(self, ids: Ids, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        """ids (B,), features (B, F) -> logits (B, V), new state; see `StepModel.step`."""
        made = self.made
        feed = made.feed(ids, state, self.steer, 1.0, features)
        logits, *new = made.session.run(["logits", *made.nexts], feed)
        return finite(logits[:, made.columns.column_of]), tuple(new)


def in_range(made: BlockRows) -> npt.NDArray[np.bool_]:
    """(B,) rows whose exponentials neither overflow nor vanish."""
    return np.asarray((made.total > LOW) & (made.total < HIGH) & (made.free < HIGH))


def finite(logits: Floats) -> Floats:
    """Logits of any shape. Raises `RunError` if some are no numbers."""
    if not np.isfinite(logits).all():
        raise RunError("the model computes no numbers: it is damaged; restore it or train again")
    return logits


def again(made: BlockRows, logits: Floats, temperature: Reals, columns: VocabLayout) -> None:
    """Compute the rows that are not in range from their logits, (B, C) or wider, at temperatures (B,), in place.
    Raises `RunError` if a logit is no number."""
    finite(logits[~in_range(made), : columns.width])
    for i in np.flatnonzero(~in_range(made)).tolist():
        row = from_logits(logits[i : i + 1, : columns.width].copy(), float(temperature[i]), columns)
        for mine, new in zip(vars(made).values(), vars(row).values(), strict=True):
            mine[i] = new[0]


def from_logits(x: Floats, temperature: float, columns: VocabLayout) -> BlockRows:
    """Rows from logits (B, C) with their bias added; `x` is overwritten. The shift is a row's largest logit."""
    x -= x.max(axis=1, keepdims=True)
    free = np.exp(x).sum(axis=1, dtype=np.float64)
    x *= np.float32(1 / temperature)
    np.exp(x, out=x)
    return block_rows(x, free, columns)


def block_rows(e: Floats, free: Reals, columns: VocabLayout) -> BlockRows:
    """Rows from exponentials `e` (B, C) and `free` (B,), their sums at temperature 1."""
    tiles = e[:, : columns.lone].reshape(len(e), columns.tiles, TILE)
    alone = e[:, columns.lone :]
    sums = np.concatenate([tiles.sum(axis=2), alone], axis=1)
    return BlockRows(e, sums, sums.sum(axis=1, dtype=np.float64), free)
