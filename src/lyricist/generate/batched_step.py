"""Engines of different plans in step: the model is run once for all of them, and words are drawn in groups.

A row's result does not depend on the rows beside it, neither in the model nor in the drawing, so that a song is the
same as if its engine were alone. What is won is time: a step of few rows costs little less than one of many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.errors import PlanError
from lyricist.generate.conditioned_step import ConditionedBlocks
from lyricist.generate.exact_engine import Asking, ExactEngine, Part, Wish
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.generate.sampler import Listed, Request
from lyricist.model.runtime import BlockRows

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Made = tuple[BlockRows, tuple[npt.NDArray[np.float32], ...]]
Event = LineWritten | SongWritten | PlanError


def in_step(engines: Sequence[ExactEngine], blocks: ConditionedBlocks) -> Iterator[tuple[int, int, Event]]:
    """One word for every song of the engines, all of one model; (engine, place, what comes of it)."""
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
    """The model for all that is asked, cut up again; each with the columns of its own engine."""
    asks = [ask for _, _, ask in asked]
    sizes = [len(ask.ids) for ask in asks]
    bias = [ask.bias for ask in asks]
    heat = np.repeat([engine.drawing.temperature for engine, _, _ in asked], sizes)
    state = tuple(np.concatenate(each, axis=1) for each in zip(*(ask.state for ask in asks), strict=True))
    told = np.concatenate([told_of(ask, blocks.features) for ask in asks]) if blocks.features else None
    made, after = blocks.blocks_of(np.concatenate([ask.ids for ask in asks]), state, bias, sizes, heat, told)
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        part = BlockRows(made.e[rows], made.sums[rows], made.total[rows], made.free[rows])
        yield part, tuple(s[:, rows] for s in after)
        start += size


def told_of(ask: Asking, features: int) -> npt.NDArray[np.float32]:
    return ask.conditioning[0] if ask.conditioning else np.zeros((len(ask.ids), features), dtype=np.float32)


# --- drawing together


def voice(engine: ExactEngine) -> object:
    """What engines must share to draw together; one that shares nothing is drawn for by itself."""
    drawer = engine.drawer
    plain = drawer.words == len(drawer.column_of) and not drawer.closed.any() and engine.record is None
    return (engine.drawing, id(drawer.columns.word_at), drawer.content_key) if plain else id(engine)


def alike(wishes: Sequence[tuple[ExactEngine, Wish]]) -> list[list[tuple[ExactEngine, Wish]]]:
    found: defaultdict[object, list[tuple[ExactEngine, Wish]]] = defaultdict(list)
    for engine, wish in wishes:
        found[voice(engine)].append((engine, wish))
    return list(found.values())


def drawn(group: Sequence[tuple[ExactEngine, Wish]]) -> Iterator[tuple[Ints, npt.NDArray[np.float64]]]:
    """Words and shares for each of a group's wishes."""
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
    """What the model made of the rows that draw, in their order."""

    def taken(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(wish.made, name)[wish.ask.at] for wish in wishes])

    return BlockRows(taken("e"), taken("sums"), taken("total"), taken("free"))


def joined(wishes: Sequence[Wish], starts: Ints) -> Request:
    """The requests one after the other."""
    asks = [wish.ask for wish in wishes]

    def all_of(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(ask, name) for ask in asks])

    lists: dict[int, Listed] = moved([ask.lists for ask in asks], starts)
    ended: dict[int, frozenset[int]] = moved([ask.ended for ask in asks], starts)
    numbers = (all_of("breaks"), all_of("key"), all_of("count"), all_of("recent"))
    return Request(np.arange(starts[-1]), all_of("blocks"), lists, all_of("whole"), *numbers, ended)


def moved(each: Sequence[Mapping[int, Any]], starts: Ints) -> dict[int, Any]:
    """Mappings by row as one."""
    return {int(start) + k: v for mine, start in zip(each, starts[:-1], strict=True) for k, v in mine.items()}
