"""How to draw: many songs as one batch, each from its own stream of random numbers.

Mask, then bans, then truncation; if nothing is left, the whole allowed row. A song depends on the
model, the plan and its own seed only: not on what else is in the batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.corpus.word_lists import is_archaic
from lyricist.generate.engine import Engine
from lyricist.generate.free import Allowed, FreeSongAutomaton, State
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.generate.song import ExactSongAutomaton
from lyricist.model.blocks import HostBlocks
from lyricist.model.copy_index import CopyGuard, CopyIndex
from lyricist.model.runtime import State as ModelState
from lyricist.model.runtime import StepModel
from lyricist.model.tokens import Vocabulary
from lyricist.plan.plan import Drawing

__all__ = ["LineWritten", "SongWritten", "decode"]

Rows = npt.NDArray[np.float64]

BATCH = 64  # songs decoded side by side
RECENT = 64  # words back that the repetition control looks
FREE_WORDS = 60  # the commonest words, a twentieth of the vocabulary at most, are never held back
STUTTER = 2  # the same word at most this often in a row


@dataclass
class Song:
    """One song in the making."""

    seed: int
    shape: State
    ids: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)  # without breaks: what copying looks at
    line: list[int] = field(default_factory=list)
    lines: set[tuple[int, ...]] = field(default_factory=set)
    opens: str = ""
    nats: float = 0.0


Pick = Callable[[Song, Rows, Rows], int]
"""A token of a song, from log probabilities (V,), -inf where nothing may be drawn, and weights (V,) to draw by."""


def uniform(seed: int, step: int) -> float:
    """A number in [0, 1) from the counters alone (SplitMix64's mixing, Steele et al. 2014)."""
    mask = (1 << 64) - 1
    z = 0
    for counter in (seed, step):
        z = (z + 0x9E3779B97F4A7C15 * (counter + 1)) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
    return float((z >> 11) / (1 << 53))


def by_seed(song: Song, scores: Rows, weights: Rows) -> int:
    """A draw by the weights (V,) that depends on the song's seed and length only."""
    point = uniform(song.seed, len(song.ids)) * weights.sum()
    return int(min(np.searchsorted(np.cumsum(weights), point, side="right"), np.flatnonzero(weights)[-1]))


def decode(
    model: StepModel,
    automaton: FreeSongAutomaton | ExactSongAutomaton,
    drawing: Drawing | None = None,
    *,
    seeds: Iterable[int] = (0,),
    guard: CopyGuard | CopyIndex | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    pick: Pick = by_seed,
) -> Iterator[LineWritten | SongWritten]:
    """Write one song for each seed; finished lines and songs come out as they are made.

    Any `StepModel` over the automaton's vocabulary will do. A `ExactSongAutomaton` is fulfilled exactly; `guard` is
    then the index of songs not to copy. Memory is bounded by the songs written side by side. `should_stop` is asked
    at every step and ends the writing. `pick` draws the tokens of free songs.
    """
    drawing = drawing or Drawing()
    if isinstance(automaton, ExactSongAutomaton):
        ban = CopyBan(guard if isinstance(guard, CopyIndex) else None, automaton.table.words, automaton.max_copy)
        yield from Engine(HostBlocks(model, automaton.columns), automaton, drawing, ban).write(seeds, should_stop)
        return
    assert guard is None or isinstance(guard, CopyGuard)
    waiting = iter(seeds)
    writer = Writer(automaton, drawing, guard, pick)
    songs = [writer.new(n) for n in itertools.islice(waiting, BATCH)]
    state = model.initial_state(len(songs))
    while songs and not should_stop():
        logits, state = model.step(np.array([s.ids[-1] if s.ids else automaton.prompt for s in songs]), state)
        for song, token in zip(songs, writer.draw(songs, logits), strict=True):
            yield from writer.take(song, token)
        songs, state = refill(songs, state, model, [writer.new(n) for n in take_for(songs, waiting)])


def take_for(songs: list[Song], waiting: Iterator[int]) -> list[int]:
    """Seeds of new songs for the places of the finished ones."""
    return list(itertools.islice(waiting, sum(s.shape.done for s in songs)))


def refill(songs: list[Song], state: ModelState, model: StepModel, new: list[Song]) -> tuple[list[Song], ModelState]:
    """Drop finished songs and append new ones, in the songs and in the model's state."""
    keep = [i for i, s in enumerate(songs) if not s.shape.done]
    if len(keep) == len(songs):
        return songs, state
    fresh = model.initial_state(len(new))
    joined = tuple(np.concatenate([s[:, keep], f], axis=1) for s, f in zip(state, fresh, strict=True))
    return [songs[i] for i in keep] + new, joined


class Writer:
    """Draws tokens for songs under one automaton; holds no state of any song."""

    def __init__(self, automaton: FreeSongAutomaton, drawing: Drawing, guard: CopyGuard | None, pick: Pick) -> None:
        self.automaton, self.drawing, self.guard, self.pick = automaton, drawing, guard, pick
        self.vocabulary: Vocabulary = automaton.vocabulary
        self.is_word = automaton.words
        self.char = self.vocabulary.tokenizer.name == "char"
        self.archaic = np.zeros(len(self.vocabulary))
        if drawing.archaic:
            self.archaic = drawing.archaic * np.array([is_archaic(t) for t in self.vocabulary.tokens])

    def new(self, seed: int) -> Song:
        return Song(seed, self.automaton.start())

    def draw(self, songs: Sequence[Song], logits: npt.NDArray[np.float32]) -> list[int]:
        """One token for every song; also adds what the free model thought of it to the song's nats."""
        free = log_softmax(logits.astype(np.float64))
        out = []
        for i, song in enumerate(songs):
            allowed = self.automaton.allowed(song.shape)
            row = pooled(free[i], allowed)
            token = self.draw_one(song, row, allowed)
            song.nats -= row[token]
            out.append(token)
        return out

    def draw_one(self, song: Song, row: Rows, allowed: Allowed) -> int:
        """Mask, bans, temperature and truncation, then one draw; forced tokens need none."""
        if song.shape.forced:
            return song.shape.forced[0]
        masked = self.masked(song, row, allowed)
        scores = (masked - self.held_back(song)) / self.drawing.temperature
        return self.pick(song, masked, truncate(softmax(scores), self.drawing))

    def masked(self, song: Song, row: Rows, allowed: Allowed) -> Rows:
        """The row where mask and bans allow; where that leaves nothing, the line goes on past its usual
        length, and only if no word at all is free does the mask decide alone."""
        banned = self.banned(song, allowed)
        may_go_on = song.line and not song.shape.replaying
        for mask in (allowed.mask, self.is_word) if may_go_on else (allowed.mask,):
            out = np.where(mask, row, -np.inf)
            out[banned] = -np.inf
            if np.isfinite(out).any():
                return out
        return np.where(allowed.mask, row, -np.inf)

    def banned(self, song: Song, allowed: Allowed) -> list[int]:
        """Words that would copy or stutter, breaks that would close a copied or repeated line."""
        out: list[int] = []
        if self.guard is not None:
            out += self.guard.banned(song.words).tolist()
        stutters = len(song.line) >= STUTTER and len(set(song.line[-STUTTER:])) == 1
        if stutters and self.drawing.repetition and not self.char:
            out.append(song.line[-1])
        if song.line and not song.shape.replaying:
            for token in self.automaton.breaks:
                if allowed.mask[token] and not self.may_close(song, token):
                    out.append(token)
        return out

    def may_close(self, song: Song, token: int) -> bool:
        line = tuple(song.line)
        if self.drawing.repetition and line in song.lines:
            return False
        if self.guard is None:
            return True
        if self.guard.line_is_copied(line):
            return False
        if token == self.automaton.line_id:
            return True
        after = self.automaton.seam(song.shape, token)  # what the chorus that now returns would follow,
        itself = self.automaton.returning(song.shape, song.shape.name)  # and this one, should it return at once
        return self.guard.clean(song.words, after) and self.guard.clean(song.words, itself * self.guard.max_copy)

    def held_back(self, song: Song) -> Rows:
        """(V,) nats to take off archaic words and words used lately; of the latter the commonest words and the breaks
        are spared."""
        out = self.archaic.copy()
        if self.drawing.repetition and not self.char:
            recent = np.array(song.words[-RECENT:], dtype=np.int64)
            spared = min(FREE_WORDS, len(out) // 20)
            np.add.at(out, recent[recent >= spared], self.drawing.repetition)
        return out

    def take(self, song: Song, token: int) -> Iterator[LineWritten | SongWritten]:
        """Add a token to its song; yields the line and the song that it finishes."""
        before = song.shape
        song.ids.append(token)
        song.shape = self.automaton.step(before, token)
        if self.is_word[token]:
            song.words.append(token)
            song.line.append(token)
        elif song.line:
            text = self.vocabulary.write_line([self.vocabulary.tokens[i] for i in song.line])
            yield LineWritten(song.seed, text, song.opens, not song.lines)
            song.lines.add(tuple(song.line))
            song.line, song.opens = [], ""
        if song.shape.section != before.section:
            song.opens = song.shape.name
        if song.shape.done:
            yield SongWritten(song.seed, tuple(song.ids), song.nats / len(song.ids))


def pooled(row: Rows, allowed: Allowed) -> Rows:
    """The row with the pool's probability moved onto its target."""
    if not allowed.pool:
        return row
    pool = list(allowed.pool)
    out = row.copy()
    total = np.logaddexp.reduce(row[pool])
    out[pool] = -np.inf
    out[allowed.target] = total
    return out


def truncate(p: Rows, drawing: Drawing) -> Rows:
    """Keep the likeliest words: top-k, nucleus (Holtzman et al. 2020) and min-p (Nguyen et al. 2024)."""
    if drawing.min_p:
        p = np.where(p >= drawing.min_p * p.max(), p, 0.0)
    if 0 < drawing.top_k < np.count_nonzero(p):
        p = np.where(p >= np.partition(p, -drawing.top_k)[-drawing.top_k], p, 0.0)
    if drawing.top_p < 1:
        order = np.argsort(-p, kind="stable")
        before = np.cumsum(p[order]) - p[order]
        p = p.copy()
        p[order[before >= drawing.top_p * p.sum()]] = 0.0
    return p


def log_softmax(x: Rows) -> Rows:
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(x: Rows) -> Rows:
    e: Any = np.exp(x - x.max())
    return np.asarray(e / e.sum())
