"""Which drafts of a song go on: its particles judged at the ends of lines and resampled by their weights.

A particle's weight holds the probability that it was forced to give away and the merit of its lines. At the end of a
section one draft is taken and all go on from it, so that a section is the best of several and can be shown.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from lyricist._numbers import key, uniform
from lyricist.generate.line_judge import LineJudge
from lyricist.generate.line_score import LineScorer
from lyricist.generate.state import Rows

Ints = npt.NDArray[np.int64]

EVEN = 0.7  # share of the particles that the effective number must be, or they are resampled


def judge(rows: Rows, n: int, merit: LineScorer, share: float, i: int, line: Sequence[int]) -> None:
    """Add the merit of line i, which row n has just written, to its weight, `share` times."""
    score = merit.line(line, float(rows.nats[n] - rows.begun[n]), rows.said[n], rows.so_far[n], i)
    rows.scores[n] += (score,)
    rows.weight[n] += share * score.total
    rows.line_score[n] += share * score.total
    rows.said[n], rows.so_far[n] = merit.after(line, rows.said[n], rows.so_far[n])


def hear(
    rows: Rows, mine: Ints, judge: LineJudge, weight: float, shares: Sequence[float], breaks: Ints, unknown: int
) -> None:
    """Let the judge read the line that each of the rows `mine` has ended, after its break.

    `weight` times what it says is added to the line's score, and to the row's weight as many times as `shares` says
    of the line (0: it was given, or stands there again).
    """
    lines = [rows.lines[n][int(rows.line[n]) - 1] for n in mine]
    known = [[w if w < judge.words else unknown for w in line] for line in lines]
    values, read = judge.read(known, breaks, tuple(part[mine] for part in rows.read))
    for part, new in zip(rows.read, read, strict=True):
        part[mine] = new
    for n, value, share in zip(mine.tolist(), (weight * values).tolist(), shares, strict=True):
        if share:
            rows.scores[n] = (*rows.scores[n][:-1], replace(rows.scores[n][-1], judged=value))
            rows.weight[n] += share * value
            rows.line_score[n] += share * value


def resample(rows: Rows, mine: Ints) -> None:
    """Systematic resampling (Kitagawa 1996) when the weights have become uneven."""
    w = normalised(rows.weight[mine])
    if 1 / sum(x * x for x in w) > EVEN * len(mine):
        return
    start = uniform(key(int(rows.seed[mine[0]]), int(rows.line[mine[0]])), 1)
    running = list(accumulate(w))
    chosen = [min(bisect_left(running, (k + start) / len(mine)), len(mine) - 1) for k in range(len(mine))]
    go_on(rows, mine, chosen)


def settle(rows: Rows, mine: Ints) -> None:
    """Let all go on from one, drawn by the weights."""
    point = uniform(key(int(rows.seed[mine[0]]), int(rows.line[mine[0]])), 2)
    go_on(rows, mine, [draw(rows.weight[mine], point)] * len(mine))


def go_on(rows: Rows, mine: Ints, chosen: Sequence[int]) -> None:
    """The rows `mine` go on from those of them that were chosen, all with the mean weight."""
    mean = log_mean(rows.weight[mine])
    spare = [j for j in range(len(mine)) if j not in chosen]
    seen: set[int] = set()
    for c in chosen:
        if c in seen:
            rows.copy(int(mine[spare.pop()]), int(mine[c]))
        seen.add(c)
    rows.weight[mine] = mean


def draw(weight: npt.NDArray[np.float64], point: float) -> int:
    """A place by log weights, at a point from 0 to 1."""
    running = list(accumulate(normalised(weight)))
    return min(bisect_right(running, point), len(running) - 1)


def log_mean(weight: npt.NDArray[np.float64]) -> float:
    return float(np.logaddexp.reduce(weight) - np.log(len(weight)))


def normalised(weight: npt.NDArray[np.float64]) -> list[float]:
    """Shares by log weights. Songs have few particles, for which arrays would cost more than they save."""
    logs = weight.tolist()
    largest = max(logs)
    w = [math.exp(x - largest) for x in logs]
    total = sum(w)
    return [x / total for x in w]
