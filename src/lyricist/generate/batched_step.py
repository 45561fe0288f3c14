"""Engines of different plans in step: the model is run once for all of them, and words are drawn in groups.

A row's result does not depend on the rows beside it, in the model or in the drawing, so a song is the same as if its
engine were alone. This saves time: a step of few rows costs little less than a step of many. `ConditionedBlocks` is a
run's graph with a bias and a temperature for every row: the bytes of two inputs and of the node that adds the bias
are changed when it is opened; the sums are of the same numbers in the same order, row by row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.errors import PlanError, RunError
from lyricist.generate.exact_engine import Asking, ExactEngine, Part, Wish
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.generate.sampler import Listed, Request
from lyricist.model.onnx_bytes import GRAPH, INPUT, NODE, changed, read, write
from lyricist.model.runtime import FEATURES, NEVER, BlockRows, OnnxBlocks, State, features_of, open_session
from lyricist.model.vocab_layout import VocabLayout

Floats = npt.NDArray[np.float32]

NODE_INPUT, NODE_OUTPUT, OP_TYPE = 1, 2, 4  # fields of NodeProto
NAME, TYPE = 1, 2  # of ValueInfoProto
BARE = b"bare"  # logits before the bias


class ConditionedBlocks:
    """The model of an `OnnxBlocks` with a bias and a temperature for each row. Raises `RunError` for another
    graph."""

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
        """As `BlockModel.blocks`, with biases (C,), each for the number of rows in `sizes`, and temperatures (B,)."""
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
    """The graph with `steer` (B, C) and `scale` (B, 1). Raises `RunError` for one without these inputs."""
    done: set[str] = set()

    def node(data: bytes) -> list[bytes]:
        fields = list(read(data))
        inputs = [value for number, _, value in fields if number == NODE_INPUT]
        out = next(value for number, _, value in fields if number == NODE_OUTPUT)
        if inputs[:1] == [b"steer"]:  # in older graphs, which fill up the last tile
            return [operation(b"Identity", [b"steer"], out)]
        if (
            out == b"logits" and len(inputs) > 2
        ):  # a product with a bias; in the oldest graphs the sum is a node of its own
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


Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Made = tuple[BlockRows, tuple[npt.NDArray[np.float32], ...]]
Event = LineWritten | SongWritten | PlanError


def in_step(engines: Sequence[ExactEngine], blocks: ConditionedBlocks) -> Iterator[tuple[int, int, Event]]:
    """One word for every song of the engines, all of one model; (engine, place, event)."""
    asked: list[tuple[ExactEngine, Part, Asking]] = []
    for engine in engines:
        active = engine.active()
        asked += [(engine, part, engine.asking(part)) for part in (engine.parts(active) if len(active) else ())]
    wishes: list[tuple[ExactEngine, Wish]] = []
    if asked:
        for (engine, part, _), made in zip(asked, run(blocks, asked), strict=True):
            wishes += [(engine, wish) for wish in engine.read(part, *made)]
    for group in alike(wishes):
        for (engine, wish), (words, share) in zip(group, drawn(group), strict=True):
            engine.take(wish, words, share)
    for i, engine in enumerate(engines):
        for place, event in engine.end_turn():
            yield i, place, event


def run(blocks: ConditionedBlocks, asked: Sequence[tuple[ExactEngine, Part, Asking]]) -> Iterator[Made]:
    """The model's output for each part, from one run for all of them; each with the columns of its own engine."""
    asks = [ask for _, _, ask in asked]
    sizes = [len(ask.ids) for ask in asks]
    bias = [ask.bias for ask in asks]
    heat = np.repeat([engine.drawing.temperature for engine, _, _ in asked], sizes)
    state = tuple(np.concatenate(each, axis=1) for each in zip(*(ask.state for ask in asks), strict=True))
    seen = np.concatenate([features_for(ask, blocks.features) for ask in asks]) if blocks.features else None
    made, after = blocks.blocks_of(np.concatenate([ask.ids for ask in asks]), state, bias, sizes, heat, seen)
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        part = BlockRows(made.e[rows], made.sums[rows], made.total[rows], made.free[rows])
        yield part, tuple(s[:, rows] for s in after)
        start += size


def features_for(ask: Asking, features: int) -> npt.NDArray[np.float32]:
    """(B, F) the plan features of the rows, zeros where their plan has none."""
    return ask.conditioning[0] if ask.conditioning else np.zeros((len(ask.ids), features), dtype=np.float32)


# --- drawing together


def voice(engine: ExactEngine) -> object:
    """A key that is equal for engines that may draw together; an engine with a drawer of its own has its own key."""
    drawer = engine.drawer
    special = drawer.closed.any() or drawer.owed.any() or engine.record is not None
    plain = drawer.words == len(drawer.column_of) and not special
    return (engine.drawing, id(drawer.columns.word_at), drawer.content_key) if plain else id(engine)


def alike(wishes: Sequence[tuple[ExactEngine, Wish]]) -> list[list[tuple[ExactEngine, Wish]]]:
    found: defaultdict[object, list[tuple[ExactEngine, Wish]]] = defaultdict(list)
    for engine, wish in wishes:
        found[voice(engine)].append((engine, wish))
    return list(found.values())


def drawn(group: Sequence[tuple[ExactEngine, Wish]]) -> Iterator[tuple[Ints, npt.NDArray[np.float64]]]:
    """Words (B,) and shares (B,) for each of a group's wishes."""
    if len(group) == 1:
        engine, wish = group[0]
        yield engine.drawer.draw(wish.made, wish.ask, wish.refuse)
        return
    wishes = [wish for _, wish in group]
    starts = np.cumsum([0, *(len(wish.rows) for wish in wishes)])
    ask = joined(wishes, starts)

    def refuse(rows: Ints, words: Ints) -> Bools:
        out = np.zeros(len(rows), dtype=bool)
        whose = np.searchsorted(starts, rows, side="right") - 1
        for k in np.unique(whose).tolist():
            mine = whose == k
            out[mine] = wishes[k].refuse(rows[mine] - starts[k], words[mine])
        return out

    words, share = group[0][0].drawer.draw(rows_of(wishes), ask, refuse)
    for wish, start, end in zip(wishes, starts[:-1], starts[1:], strict=True):
        wish.ask.count[:] = ask.count[start:end]
        yield words[start:end], share[start:end]


def rows_of(wishes: Sequence[Wish]) -> BlockRows:
    """The model's output for the rows that draw, in their order."""

    def taken(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(wish.made, name)[wish.ask.at] for wish in wishes])

    return BlockRows(taken("e"), taken("sums"), taken("total"), taken("free"))


def joined(wishes: Sequence[Wish], starts: Ints) -> Request:
    """The requests as one; request i begins at row starts[i], `starts` (N + 1,)."""
    asks = [wish.ask for wish in wishes]

    def all_of(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(ask, name) for ask in asks])

    lists: dict[int, Listed] = moved([ask.lists for ask in asks], starts)
    ended: dict[int, frozenset[int]] = moved([ask.ended for ask in asks], starts)
    numbers = (all_of("breaks"), all_of("key"), all_of("count"), all_of("recent"))
    return Request(np.arange(starts[-1]), all_of("blocks"), lists, all_of("whole"), *numbers, ended)


def moved(each: Sequence[Mapping[int, Any]], starts: Ints) -> dict[int, Any]:
    """Mappings by row as one mapping; the rows of mapping i begin at starts[i], `starts` (N + 1,)."""
    return {int(start) + k: v for mine, start in zip(each, starts[:-1], strict=True) for k, v in mine.items()}
