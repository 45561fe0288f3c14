"""Nats of texts under a step model, and two models of opposite directions compared by them.

Scores are exact sums over the full softmax, each text from a fresh state.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.generate.free_engine import log_softmax
from lyricist.generate.writer import Model
from lyricist.model.runtime import StepModel
from lyricist.model.tokens import BREAKS, END, SONG

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

ROWS = 64  # texts scored side by side


@dataclass(frozen=True)
class Scored:
    """Of N texts: nats, tokens predicted, and both for <unk> alone; each (N,)."""

    nats: Reals
    tokens: Reals
    unknown_nats: Reals
    unknown: Reals


def score(step: StepModel, texts: Sequence[Ints], unk: int, breaks: Sequence[int] = (), first: int = 1) -> Scored:
    """Texts of tokens under the full softmax, each from a fresh state; tokens before `first` are given.

    With `breaks`, any of them will do where one of them stands.
    """
    out = np.zeros((4, len(texts)))
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    for at in range(0, len(order), ROWS):
        score_block(step, texts, np.array(order[at : at + ROWS]), unk, np.array(breaks, dtype=np.int64), first, out)
    return Scored(*out)


def score_block(
    step: StepModel, texts: Sequence[Ints], block: Ints, unk: int, breaks: Ints, first: int, out: Reals
) -> None:
    """Texts by falling length side by side; rows leave when their text is over."""
    state = step.initial_state(len(block))
    for t in range(len(texts[block[0]]) - 1):
        block = block[: sum(len(texts[i]) - 1 > t for i in block)]
        logits, state = step.step(np.array([texts[i][t] for i in block]), tuple(s[:, : len(block)] for s in state))
        if t + 1 < first:
            continue
        scores = log_softmax(logits.astype(np.float64))
        target = np.array([texts[i][t + 1] for i in block])
        nats = -scores[np.arange(len(block)), target]
        ends = np.isin(target, breaks)
        if ends.any():
            nats[ends] = -np.logaddexp.reduce(scores[ends][:, breaks], axis=1)
        known = target == unk
        out[:, block] += [nats, np.ones(len(block)), nats * known, known]


def ratio(over: Reals, under: Reals) -> tuple[float, float]:
    """Sum over sum, and the standard error of it as a ratio estimate.

    >>> ratio(np.array([2.0, 6.0]), np.array([1.0, 1.0]))
    (4.0, 2.0)
    """
    value = float(over.sum() / under.sum())
    return value, standard_error((over - value * under) / under.mean())


def standard_error(values: Reals) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def turned(ids: Iterable[int], breaks: frozenset[int]) -> Ints:
    """A text with the words of every line turned round.

    >>> turned([0, 9, 1, 2, 3, 8, 4, 5, 8], frozenset({0, 8, 9})).tolist()
    [0, 9, 3, 2, 1, 8, 5, 4, 8]
    """
    out: list[int] = []
    line: list[int] = []
    for i in ids:
        if i in breaks:
            out, line = [*out, *line[::-1], i], []
        else:
            line.append(i)
    return np.array([*out, *line[::-1]], dtype=np.int64)


def sample(model: Model, count: int, lines: int, seed: int) -> list[Ints]:
    """Songs drawn from the full softmax, cut after so many lines."""
    vocabulary, rng = model.vocabulary, np.random.default_rng(seed)
    index = vocabulary.index
    breaks, end = {index[b] for b in BREAKS if b in index}, index[END]
    texts = [[index[SONG]] for _ in range(count)]
    state, at_work = model.step_model.initial_state(count), list(range(count))
    while at_work:
        logits, state = model.step_model.step(np.array([texts[i][-1] for i in at_work]), state)
        running = np.cumsum(np.exp(log_softmax(logits.astype(np.float64))), axis=1)
        point = rng.random(len(at_work)) * running[:, -1]
        for i, token in zip(at_work, (running <= point[:, None]).sum(axis=1), strict=True):
            texts[i].append(int(token))
        stay = [k for k, i in enumerate(at_work) if not over(texts[i], breaks, end, lines)]
        state, at_work = tuple(s[:, stay] for s in state), [at_work[k] for k in stay]
    return [np.array(t, dtype=np.int64) for t in texts]


def over(text: Sequence[int], breaks: set[int], end: int, lines: int) -> bool:
    return text[-1] == end or (text[-1] in breaks and sum(t in breaks for t in text[1:]) > lines)


def cross(one: Model, other: Model, texts: Sequence[Ints]) -> dict[str, Any]:
    """Nats of texts, in the order in which `one` reads, under both models; `difference` is other - one."""
    index = one.vocabulary.index
    breaks = frozenset(index[b] for b in (*BREAKS, SONG) if b in index)
    same = one.vocabulary.order == other.vocabulary.order
    theirs = texts if same else [turned(t, breaks) for t in texts]
    a = score(one.step_model, texts, one.vocabulary.unk)
    b = score(other.step_model, theirs, other.vocabulary.unk)
    tokens = float(a.tokens.sum())
    difference, wrong = ratio(b.nats - a.nats, a.tokens)
    return {
        "songs": len(texts),
        "tokens": int(tokens),
        f"{one.vocabulary.order}, nats a song": round(float(a.nats.mean()), 2),
        f"{other.vocabulary.order}, nats a song": round(float(b.nats.mean()), 2),
        f"{one.vocabulary.order}, nats a token": round(float(a.nats.sum()) / tokens, 4),
        f"{other.vocabulary.order}, nats a token": round(float(b.nats.sum()) / tokens, 4),
        "difference a token": round(difference, 4),
        "se": round(wrong, 4),
    }
