"""The selection of drafts: particles scored at the ends of lines and resampled by their weights.

A particle's weight holds the probability that the constraints cost it and the score of its lines. At the end of a
section one draft is chosen and all continue from it, so a section is the best of several and can be shown.

`LineJudge` is a small LSTM that reads a song forwards and scores every line where it stands: the log odds, in nats,
that the line belongs there, given the song so far. It was trained to distinguish lines in their place from lines that
were moved or exchanged, and on readers' marks (`scripts/build_line_judge.py`). It reads the starter's word vectors,
so it judges the starter and runs fine-tuned from it. Its matrix products are of whole numbers, so a score does not
depend on the batch. N lines, E numbers for each word, H hidden.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays, read_plain
from lyricist._numbers import key, uniform
from lyricist.errors import RunError
from lyricist.generate.line_score import LineScorer
from lyricist.generate.state import Rows
from lyricist.model.checkpoint import Run
from lyricist.model.onnx_bytes import Initializers
from lyricist.model.runtime import open_session
from lyricist.model.starter import NAME, starter_path
from lyricist.model.tokens import LINE, SONG, UNK, Vocabulary

VERSE = "<verse>"  # begins every section, for the judge
JUDGE = "judge.onnx"  # in the starter's directory
MOST = 5.0  # nats, the largest absolute value of a line, so that no single line decides a song

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
ReaderState = tuple[Floats, ...]  # h, c, each (N, H)


class Product:
    """Multiplication by a weight (O, I) stored in 8 bits with one scale for each output."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self.whole = np.ascontiguousarray(arrays[name].T.astype(np.float32))  # (I, O)
        self.scale, self.bias = arrays[f"{name}.scale"], arrays[f"{name}.bias"]

    def __call__(self, x: Floats) -> Floats:
        """x (N, I), rounded to 8 bits with one scale for each row -> (N, O). Sums of whole numbers below 2^24 are
        exact."""
        row = np.maximum(np.abs(x).max(axis=1, keepdims=True), 1e-9) / np.float32(127)
        return np.asarray(np.rint(x / row) @ self.whole * row * self.scale + self.bias)


class LineJudge:
    """`vectors` (R, E) 8-bit word vectors with scales (R,); `place` (V,) the row of each of the `words`."""

    def __init__(
        self, file: Path, vectors: npt.NDArray[np.int8], scales: Floats, place: Ints, words: Vocabulary
    ) -> None:
        """Raises `RunError` for a file that is not a judge's."""
        self.opening, self.within = words.index[VERSE], words.index[LINE]
        self.vectors, self.scales, self.place, self.words = vectors, scales, place, len(place)
        self.session, arrays = open_session(file, 1), Initializers(read_plain(file), str(file)).arrays
        try:
            self.inner, self.outer = Product(arrays, "inner"), Product(arrays, "outer")
            zero = np.zeros((1, len(arrays["inner"][0]) // 3), dtype=np.float32)
        except (KeyError, IndexError) as e:
            raise RunError(f"{file} is not a judge of lines: install lyricist again") from e
        self.start = self.step(np.array([words.index[SONG]]), (zero, zero))  # before a song's first break

    def step(self, words: Ints, state: ReaderState) -> ReaderState:
        """Read a word (N,) of each line."""
        at = self.place[words]
        x = self.vectors[at] * self.scales[at][:, None]
        return tuple(self.session.run(["next_h", "next_c"], {"x": x, "h": state[0], "c": state[1]}))

    def read(self, lines: Sequence[Sequence[int]], breaks: Ints, state: ReaderState) -> tuple[Floats, ReaderState]:
        """(N,) the values of lines in nats, and the state after them. Each line follows the break (N,) that separates
        it from what the state has read."""
        h, c = (part.copy() for part in self.step(breaks, state))
        before, lengths = h.copy(), np.array([len(line) for line in lines])
        total = np.zeros_like(h)
        for t in range(int(lengths.max())):
            on = np.flatnonzero(lengths > t)
            h[on], c[on] = self.step(np.array([lines[k][t] for k in on.tolist()]), (h[on], c[on]))
            total[on] += h[on]
        mean = total / lengths[:, None].astype(np.float32)
        worth = self.outer(np.tanh(self.inner(np.concatenate([h, mean, before], axis=1))))[:, 0]
        return np.clip(worth, -MOST, MOST), (h, c)


def judge_of(run: Run, words: Vocabulary) -> LineJudge | None:
    """The judge for the starter and for runs fine-tuned from it, if the package contains one; None for other runs.

    Words that the starter does not know are unknown to the judge.
    """
    home = starter_path()
    if home is None or not (home / JUDGE).exists():
        return None
    if run.path.resolve() != home.resolve() and run.config.get("base") != NAME:
        return None
    starter = run if run.path == home else Run.open(home)
    columns, index, file = starter.columns(), starter.vocabulary.index, starter.beside(JUDGE)
    if columns is None or file is None or not {VERSE, LINE, SONG} <= words.index.keys():
        return None
    graph = Initializers(read_plain(starter.file("model.onnx")), str(home / "model.onnx"))
    place = np.array([columns.column_of[index.get(token, index[UNK])] for token in words.tokens])
    return LineJudge(file, graph["embedding"], graph["embedding.scale"], place, words)


EVEN = 0.7  # particles are resampled where their effective number is at most this share of them


def judge(
    rows: Rows, n: int, scorer: LineScorer, share: float, i: int, line: Sequence[int], stock: float = 1.0,
    told: float = 0.0,
) -> None:  # fmt: skip
    """Add `share` times the score of line i, which row n has just written, to the row's weight; `stock`: how much
    stock phrases count; `told`: what it says of its outline, in nats."""
    draft = rows.drafts[n]
    score = scorer.line(line, float(rows.nats[n] - rows.begun[n]), draft.said, draft.so_far, i, stock)
    score = replace(score, told=told)
    draft.scores += (score,)
    rows.weight[n] += share * score.total
    rows.line_score[n] += share * score.total
    draft.said, draft.so_far = scorer.after(line, draft.said, draft.so_far)


def hear(
    rows: Rows, mine: Ints, judge: LineJudge, weight: float, shares: Sequence[float], breaks: Ints, unknown: int
) -> None:
    """Let the judge read the line that each of the rows `mine` (N,) has ended, after its break (N,).

    `weight` times its value is added to the line's score, and `shares` (N,) times that to the row's weight (0: the
    line was given or repeats another).
    """
    lines = [rows.drafts[n].lines[int(rows.line[n]) - 1] for n in mine]
    known = [[w if w < judge.words else unknown for w in line] for line in lines]
    values, read = judge.read(known, breaks, tuple(part[mine] for part in rows.read))
    for part, new in zip(rows.read, read, strict=True):
        part[mine] = new
    for n, value, share in zip(mine.tolist(), (weight * values).tolist(), shares, strict=True):
        if share:
            rows.drafts[n].scores = (*rows.drafts[n].scores[:-1], replace(rows.drafts[n].scores[-1], judged=value))
            rows.weight[n] += share * value
            rows.line_score[n] += share * value


def resample(rows: Rows, mine: Ints, always: bool = False) -> None:
    """Systematic resampling (Kitagawa 1996) of the rows `mine` (P,), where the weights are uneven or `always`."""
    w = normalised(rows.weight[mine])
    if not always and 1 / sum(x * x for x in w) > EVEN * len(mine):
        return
    start = uniform(key(int(rows.seed[mine[0]]), int(rows.line[mine[0]])), 1)
    running = list(accumulate(w))
    chosen = [min(bisect_left(running, (k + start) / len(mine)), len(mine) - 1) for k in range(len(mine))]
    go_on(rows, mine, chosen)


def settle(rows: Rows, mine: Ints) -> None:
    """Let all rows `mine` (P,) continue from one of them, drawn by the weights."""
    point = uniform(key(int(rows.seed[mine[0]]), int(rows.line[mine[0]])), 2)
    go_on(rows, mine, [draw(rows.weight[mine], point)] * len(mine))


def go_on(rows: Rows, mine: Ints, chosen: Sequence[int]) -> None:
    """Let the rows `mine` (P,) continue from the chosen ones among them, all with the mean weight."""
    mean = log_mean(rows.weight[mine])
    spare = [j for j in range(len(mine)) if j not in chosen]
    seen: set[int] = set()
    for c in chosen:
        if c in seen:
            rows.copy(int(mine[spare.pop()]), int(mine[c]))
        seen.add(c)
    rows.weight[mine] = mean


def draw(weight: npt.NDArray[np.float64], point: float) -> int:
    """An index by log weights (N,), at a point from 0 to 1."""
    running = list(accumulate(normalised(weight)))
    return min(bisect_right(running, point), len(running) - 1)


def log_mean(weight: npt.NDArray[np.float64]) -> float:
    """The log of the mean of weights, from their logs (N,)."""
    return float(np.logaddexp.reduce(weight) - np.log(len(weight)))


def normalised(weight: npt.NDArray[np.float64]) -> list[float]:
    """Shares by log weights (N,). Songs have few particles, for which lists are faster than arrays."""
    logs = weight.tolist()
    largest = max(logs)
    w = [math.exp(x - largest) for x in logs]
    total = sum(w)
    return [x / total for x in w]
