"""A run's graph with a steer and a temperature for every row, so that songs of different plans are one batch.

The graph that exact writing runs takes one steer (C,) for all its rows. It is the same graph here but for the
declared sizes of two inputs and the node that adds the steer, which are changed in its bytes when it is opened:
the sums are of the same numbers in the same order, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.errors import RunError
from lyricist.model.onnx_bytes import GRAPH, INPUT, NODE, changed, read, write
from lyricist.model.runtime import FEATURES, NEVER, BlockRows, OnnxBlocks, State, features_of, open_session
from lyricist.model.vocab_layout import VocabLayout

Floats = npt.NDArray[np.float32]

NODE_INPUT, NODE_OUTPUT, OP_TYPE = 1, 2, 4  # fields of NodeProto
NAME, TYPE = 1, 2  # of ValueInfoProto
BARE = b"bare"  # logits before the steer


class ConditionedBlocks:
    """The model of an `OnnxBlocks` for rows that are each steered by themselves. RunError for another graph."""

    def __init__(self, blocks: OnnxBlocks) -> None:
        source = blocks.model if isinstance(blocks.model, bytes) else Path(blocks.model).read_bytes()
        self.columns: VocabLayout = blocks.columns
        self.width = self.columns.filled(self.columns.width)
        self.session = open_session(per_row(source), 1)
        self.features = features_of(self.session)
        self.blocks = blocks

    def blocks_of(
        self,
        ids: npt.NDArray[np.int64],
        state: State,
        biases: Sequence[Floats],
        sizes: Sequence[int],
        temperature: npt.NDArray[np.float64],
        features: Floats | None,
    ) -> tuple[BlockRows, State]:
        """As `BlockModel.blocks`, with biases (C,) for as many rows each as `sizes` says and temperatures (B,)."""
        steer = np.full((len(ids), self.width), NEVER, dtype=np.float32)
        start = 0
        for bias, size in zip(biases, sizes, strict=True):
            steer[start : start + size, : len(bias)] = bias
            start += size
        scale = np.array([np.array(1 / t, dtype=np.float32) for t in temperature], dtype=np.float32)[:, None]
        feed: dict[str, Any] = {"ids": ids.astype(np.int64), "steer": steer, "scale": scale}
        feed |= {s.name: value for s, value in zip(self.blocks.states, state, strict=True)}
        if features is not None:
            feed[FEATURES] = features
        return self.blocks.taken(self.session, feed, temperature)


# --- the graph's bytes (protocol buffers)


def per_row(model: bytes) -> bytes:
    """The graph with `steer` (B, C) and `scale` (B, 1). RunError where it does not take these."""
    done: set[str] = set()

    def node(data: bytes) -> list[bytes]:
        fields = list(read(data))
        inputs = [value for number, _, value in fields if number == NODE_INPUT]
        out = next(value for number, _, value in fields if number == NODE_OUTPUT)
        if inputs[:1] == [b"steer"]:  # in older graphs, which fill the last tile up
            return [operation(b"Identity", [b"steer"], out)]
        if out == b"logits" and len(inputs) > 2:  # a product with a bias; the oldest add by themselves
            bare = [f for f in fields if f[0] not in (NODE_INPUT, NODE_OUTPUT)]
            product = [*((NODE_INPUT, 2, name) for name in inputs[:-1]), (NODE_OUTPUT, 2, BARE), *bare]
            return [write(product), operation(b"Add", [BARE, inputs[-1]], out)]
        return [data]

    def value(data: bytes) -> list[bytes]:
        name = next(value for number, _, value in read(data) if number == NAME)
        if name not in (b"steer", b"scale"):
            return [data]
        done.add(name.decode())
        return [write([(NAME, 2, name), (TYPE, 2, matrix("batch", "columns" if name == b"steer" else 1))])]

    changes = {NODE: node, INPUT: value}
    made = changed(model, {GRAPH: lambda graph: [changed(graph, changes)]})
    if done != {"steer", "scale"}:
        raise RunError("the run's graph takes no steer: train again with this version")
    return made


def matrix(*sizes: str | int) -> bytes:
    """A TypeProto: float32 of these sizes."""
    shape = write([(1, 2, write([(1, 0, n) if isinstance(n, int) else (2, 2, n.encode())])) for n in sizes])
    return write([(1, 2, write([(1, 0, 1), (2, 2, shape)]))])


def operation(name: bytes, inputs: Sequence[bytes], out: bytes) -> bytes:
    """A NodeProto."""
    return write([*((NODE_INPUT, 2, each) for each in inputs), (NODE_OUTPUT, 2, out), (OP_TYPE, 2, name)])
