"""Where every way on is forbidden: the words of a line searched for exhaustively, without the model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lyricist.errors import PlanError
from lyricist.generate.line_nodes import CLOSED
from lyricist.generate.nocopy import Refusal
from lyricist.generate.sampler import BREAK
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.state import Rows

Ints = npt.NDArray[np.int64]

SEARCHED = 200_000  # words looked at


def search(rows: Rows, song: ExactSongAutomaton, refusal: Refusal, n: int) -> list[int]:
    """Words, in the order of drawing, that finish the line of row n, which has just begun. Raises `PlanError` if
    there are none."""
    budget = [SEARCHED]
    found = extend(rows, song, refusal, n, budget)
    if found is None:
        what = "search limit reached" if budget[0] <= 0 else "no words are left"
        raise PlanError(
            f"line {rows.line[n] + 1}: {what} that fulfil it without copying: raise --max-copy or ask for less"
        )
    return found


def extend(rows: Rows, song: ExactSongAutomaton, refusal: Refusal, n: int, budget: list[int]) -> list[int] | None:
    """Words that finish the line of row n from where it is; None if there are none or the budget is used up."""
    one = np.array([n])
    for w in possible_words(rows, song, n):
        budget[0] -= 1
        if budget[0] <= 0:
            return None
        word = np.array([w])
        if refusal.words(rows, one, word)[0]:
            continue
        kept = (rows.node[n], rows.first[n], rows.left[n].copy(), rows.right[n].copy())
        rows.node[n], rows.first[n] = song.nodes.targets(rows, one, word)[0], 0
        rows.shift_context(one, refusal.ban.hashes[word], song.backward)
        rows.drawn[n].append(int(w))
        done = rows.node[n] == CLOSED or (
            song.nodes.closable[rows.node[n]] and not refusal.words(rows, one, np.array([BREAK]))[0]
        )
        found = list(rows.drawn[n]) if done else extend(rows, song, refusal, n, budget)
        if found is not None:
            return found
        rows.drawn[n].pop()
        rows.node[n], rows.first[n], rows.left[n], rows.right[n] = kept
    return None


def possible_words(rows: Rows, song: ExactSongAutomaton, n: int) -> Ints:
    """(N,) every word that may follow in row n."""
    listed = song.nodes.listed(int(rows.node[n]), int(rows.first[n]), int(rows.last[n])).words
    if rows.first[n]:
        return listed
    on = song.nodes.blocks[rows.node[n]][song.columns.block_of] > 0
    return np.concatenate([listed, np.flatnonzero(on & song.usable[: len(on)])])
