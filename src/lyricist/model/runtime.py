"""The step model on ONNX Runtime: what writing, the studio and users' programs run. No PyTorch.

`StepModel` is the protocol the writer needs; anything with these three methods can be written from.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lyricist.errors import RunError

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
State = tuple[Floats, ...]

FEATURES = "features"  # the input for plan features, where a graph has it
ROWS = 16
"""Rows are computed in blocks of this many, padded with zeros. Matrix products of one shape give a row the
same bits whatever its neighbours hold, so a song does not depend on what else is in its batch."""


class StepModel(Protocol):
    """One word per row: state in, state out."""

    @property
    def vocab_size(self) -> int: ...

    def initial_state(self, batch: int) -> State:
        """State before the first word; each array (L, B, H)."""

    def step(self, ids: Ids, state: State, features: Floats | None = None, /) -> tuple[Floats, State]:
        """ids (B,), state -> logits (B, V), new state. `features` (B, F): what a plan says is to come; None: nothing.
        A model that knows no plan is never given any, and need not take them."""


def open_session(model: Path | str | bytes, threads: int | None = None) -> Any:
    """An ONNX Runtime session on the processor, or `RunError`."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or min(4, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave idle cores to others
    source = model if isinstance(model, bytes) else str(model)
    try:
        return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as e:  # ONNX Runtime raises a dozen classes without a common base
        where = "the model" if isinstance(model, bytes) else str(model)
        raise RunError(f"{where} is not a readable ONNX model: restore it or train again") from e


def features_of(session: Any) -> int:
    """How many plan features a graph takes; 0: it knows no plan."""
    return next((int(i.shape[1]) for i in session.get_inputs() if i.name == FEATURES), 0)


class OnnxModel:
    """A `StepModel` from an ONNX file or bytes, with results that do not depend on the batch."""

    def __init__(self, model: Path | str | bytes, threads: int | None = None) -> None:
        self.session = open_session(model, threads)
        self.states = [i for i in self.session.get_inputs() if i.name not in ("ids", FEATURES)]
        self.features = features_of(self.session)
        self.vocab_size = int(self.session.get_outputs()[0].shape[1])

    def initial_state(self, batch: int) -> State:
        return tuple(np.zeros((s.shape[0], batch, s.shape[2]), dtype=np.float32) for s in self.states)

    def step(self, ids: Ids, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        if self.features and features is None:
            features = np.zeros((len(ids), self.features), dtype=np.float32)
        blocks = [self.block(ids, state, features, i) for i in range(0, len(ids), ROWS)]
        logits = np.concatenate([b[0] for b in blocks])[: len(ids)]
        return logits, tuple(
            np.concatenate([b[k + 1] for b in blocks], axis=1)[:, : len(ids)] for k in range(len(self.states))
        )

    def block(self, ids: Ids, state: State, features: Floats | None, start: int) -> list[Any]:
        part = slice(start, start + ROWS)
        missing = ROWS - len(ids[part])
        feed: dict[str, Any] = {"ids": np.pad(ids[part].astype(np.int64), (0, missing))}
        for name, value in zip(self.states, state, strict=True):
            feed[name.name] = np.pad(value[:, part], ((0, 0), (0, missing), (0, 0)))
        if features is not None:
            feed[FEATURES] = np.pad(features[part], ((0, missing), (0, 0)))
        return list(self.session.run(None, feed))


class LateModel:
    """A `StepModel` that is opened when it is first used: writing to plans runs another graph."""

    def __init__(self, opened: Callable[[], StepModel], vocab_size: int, features: int) -> None:
        self.opened, self.vocab_size, self.features = opened, vocab_size, features

    @cached_property
    def model(self) -> StepModel:
        return self.opened()

    def initial_state(self, batch: int) -> State:
        return self.model.initial_state(batch)

    def step(self, ids: Ids, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        return self.model.step(ids, state, features)
