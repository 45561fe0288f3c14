"""Where every way on is forbidden: the words of a line searched for without the model, exhaustively."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lyricist.errors import PlanError
from lyricist.generate.line_nodes import CLOSED
from lyricist.generate.sampler import BREAK

if TYPE_CHECKING:
    from lyricist.generate.engine import Engine

Ints = npt.NDArray[np.int64]

SEARCHED = 200_000  # words looked at


def search(engine: Engine, n: int) -> None:
    """Any words that fulfil the line, by exhaustive search; `PlanError` if there are none."""
    rows, song = engine.rows, engine.song
    budget = [SEARCHED]
    found = extend(engine, n, budget)
    rows.rewind(n)
    engine.begin_line(n)
    if found is None:
        what = "search limit reached" if budget[0] <= 0 else "no words are left"
        raise PlanError(
            f"line {rows.line[n] + 1}: {what} that fulfil it without copying: raise --max-copy or ask for less"
        )
    engine.force(n, [*found, song.break_after[rows.line[n]]])
    rows.drawn[n] = found


def extend(engine: Engine, n: int, budget: list[int]) -> list[int] | None:
    """Words, in the order of drawing, that finish the line of row n from where it is."""
    rows = engine.rows
    for w in candidates(engine, n):
        budget[0] -= 1
        if budget[0] <= 0:
            return None
        one, word = np.array([n]), np.array([w])
        if engine.refusal.words(rows, one, word)[0]:
            continue
        kept = (rows.node[n], rows.first[n], rows.left[n].copy(), rows.right[n].copy())
        rows.node[n], rows.first[n] = engine.song.nodes.targets(rows, one, word)[0], 0
        engine.move_context(one, word)
        rows.drawn[n].append(int(w))
        done = rows.node[n] == CLOSED or (
            engine.song.nodes.closable[rows.node[n]] and not engine.refusal.words(rows, one, np.array([BREAK]))[0]
        )
        found = list(rows.drawn[n]) if done else extend(engine, n, budget)
        if found is not None:
            return found
        rows.drawn[n].pop()
        rows.node[n], rows.first[n], rows.left[n], rows.right[n] = kept
    return None


def candidates(engine: Engine, n: int) -> Ints:
    """Every word that may follow in row n."""
    rows, columns = engine.rows, engine.columns
    listed = engine.song.nodes.listed(int(rows.node[n]), int(rows.first[n]), int(rows.last[n])).words
    if rows.first[n]:
        return listed
    on = engine.song.nodes.units[rows.node[n]][columns.unit_of] > 0
    return np.concatenate([listed, np.flatnonzero(on & engine.song.usable[: len(on)])])
