"""Engines: songs under one constraint, written together, each in a place of its own.

`Engine` draws one word for every active song each turn. `FreeEngine` writes under a free constraint (runs of words,
of characters and of text as it is), `exact_engine.ExactEngine` under a compiled `SongSpec`. A song depends only on
the model, the constraint and its seed, not on the other songs.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._numbers import key, uniform
from lyricist.corpus.word_lists import is_archaic
from lyricist.errors import PlanError
from lyricist.generate.free import Allowed, FreeSongAutomaton, State
from lyricist.generate.nocopy import CopyGuard
from lyricist.generate.punctuation import Printer
from lyricist.generate.result import LineWritten, SongFailed, SongWritten
from lyricist.model.runtime import StepModel
from lyricist.model.tokens import Vocabulary
from lyricist.plan.plan import Drawing

Event = LineWritten | SongWritten | PlanError


class Engine(ABC):
    """Places for songs, and turns in which every active song gets one word."""

    @property
    @abstractmethod
    def most(self) -> int:
        """The number of songs that are best written together."""

    @abstractmethod
    def open(self, places: int) -> None:
        """Make this number of places, all of them empty."""

    @abstractmethod
    def begin(self, s: int, seed: int) -> None:
        """Begin a song in place s."""

    @abstractmethod
    def leave(self, s: int) -> None:
        """Abandon the song of place s."""

    @abstractmethod
    def idle_places(self) -> npt.NDArray[np.bool_]:
        """(N,) which of the N places are empty."""

    @abstractmethod
    def turn(self) -> Iterator[tuple[int, Event]]:
        """Draw one word for every active song; the resulting events by place. A song that no words can finish leaves
        its place with a `PlanError`."""

    def free_places(self) -> list[int]:
        """Places without a song."""
        return np.flatnonzero(self.idle_places()).tolist()

    def write(
        self, seeds: Iterable[int], should_stop: Callable[[], bool] = lambda: False
    ) -> Iterator[LineWritten | SongWritten | SongFailed]:
        """One song for each seed, or that it cannot be finished; lines when they are final, in any order."""
        waiting = iter(seeds)
        begun = list(itertools.islice(waiting, self.most))  # by place
        self.open(len(begun))
        for s, seed in enumerate(begun):
            self.begin(s, seed)
        while not self.idle_places().all() and not should_stop():
            for s, event in self.turn():
                yield SongFailed(begun[s], event.in_shell) if isinstance(event, PlanError) else event
                if not isinstance(event, LineWritten):
                    for begun[s] in itertools.islice(waiting, 1):
                        self.begin(s, begun[s])


Rows = npt.NDArray[np.float64]

BATCH = 64  # songs decoded together
RECENT = 64  # words back that the repetition control reads
FREE_WORDS = 60  # the commonest words, a twentieth of the vocabulary at most, are never held back
STUTTER = 2  # the same word at most this often in a row


@dataclass
class Song:
    """One song being written."""

    seed: int
    shape: State
    ids: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)  # without breaks; copies are looked for here
    line: list[int] = field(default_factory=list)
    lines: set[tuple[int, ...]] = field(default_factory=set)
    section: list[list[int]] = field(default_factory=list)  # the lines of the section
    shown: int = 0  # of these
    opens: str = ""
    first: bool = True  # no line of the song has been shown
    nats: float = 0.0


Pick = Callable[[Song, Rows, Rows], int]
"""A token of a song, from log probabilities (V,), -inf where nothing may be drawn, and weights (V,) to draw by."""


def by_seed(song: Song, scores: Rows, weights: Rows) -> int:
    """A draw by the weights (V,) that depends only on the song's seed and length."""
    point = uniform(key(song.seed), len(song.ids)) * weights.sum()
    return int(min(np.searchsorted(np.cumsum(weights), point, side="right"), np.flatnonzero(weights)[-1]))


class FreeEngine(Engine):
    """Writes songs under one free constraint. `guard` bars copies of the training songs, `pick` draws tokens."""

    def __init__(
        self,
        model: StepModel,
        automaton: FreeSongAutomaton,
        drawing: Drawing,
        guard: CopyGuard | None = None,
        pick: Pick = by_seed,
        printer: Printer | None = None,
    ) -> None:
        """`printer` None: lines are printed without punctuation."""
        self.model, self.automaton, self.drawing, self.guard, self.pick = model, automaton, drawing, guard, pick
        self.songs: list[Song | None] = []
        self.vocabulary: Vocabulary = automaton.vocabulary
        self.printer = printer or Printer(self.vocabulary, None)
        self.is_word = automaton.words
        self.char = self.vocabulary.tokenizer.name == "char"
        self.archaic = np.zeros(len(self.vocabulary))
        if drawing.archaic:
            self.archaic = drawing.archaic * np.array([is_archaic(t) for t in self.vocabulary.tokens])

    @property
    def most(self) -> int:
        return BATCH

    def open(self, places: int) -> None:
        self.songs = [None] * places
        self.state = self.model.initial_state(places)

    def begin(self, s: int, seed: int) -> None:
        self.songs[s] = Song(seed, self.automaton.start())
        for mine, fresh in zip(self.state, self.model.initial_state(1), strict=True):
            mine[:, s] = fresh[:, 0]

    def leave(self, s: int) -> None:
        self.songs[s] = None

    def idle_places(self) -> npt.NDArray[np.bool_]:
        """(N,) which of the N places are empty."""
        return np.array([song is None for song in self.songs])

    def turn(self) -> Iterator[tuple[int, Event]]:
        at = [(s, song) for s, song in enumerate(self.songs) if song is not None]
        places, songs = [s for s, _ in at], [song for _, song in at]
        whole = len(songs) == len(self.songs)
        state = self.state if whole else tuple(part[:, places] for part in self.state)
        logits, after = self.model.step(
            np.array([x.ids[-1] if x.ids else self.automaton.prompt for x in songs]), state
        )
        if whole:
            self.state = after
        else:
            for mine, new in zip(self.state, after, strict=True):
                mine[:, places] = new
        for s, song, token in zip(places, songs, self.draw(songs, logits), strict=True):
            events = list(self.take(song, token))
            if song.shape.done:
                self.leave(s)
            for event in events:
                yield s, event

    def draw(self, songs: Sequence[Song], logits: npt.NDArray[np.float32]) -> list[int]:
        """One token for every song, from logits (B, V); adds the free model's surprise at it to the song's nats."""
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
        """One draw from log probabilities (V,), after mask, bans, temperature and truncation; a forced token is not
        drawn."""
        if song.shape.forced:
            return song.shape.forced[0]
        masked = self.masked(song, row, allowed)
        scores = (masked - self.held_back(song)) / self.drawing.temperature
        return self.pick(song, masked, truncate(softmax(scores), self.drawing))

    def masked(self, song: Song, row: Rows, allowed: Allowed) -> Rows:
        """The row (V,) where mask and bans allow. If that leaves nothing, the line goes on past its usual length; if
        every word is banned too, only the mask counts."""
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
        returning = self.automaton.returning
        after = returning(song.shape, self.automaton.tags.get(token, ""))  # words that become forced by this token
        itself = returning(song.shape, song.shape.name)  # and those of this section, if it returns at once
        return self.guard.clean(song.words, after) and self.guard.clean(song.words, itself * self.guard.max_copy)

    def held_back(self, song: Song) -> Rows:
        """(V,) nats off archaic words and recently used words. The commonest words and the breaks are exempt from the
        second."""
        out = self.archaic.copy()
        if self.drawing.repetition and not self.char:
            recent = np.array(song.words[-RECENT:], dtype=np.int64)
            spared = min(FREE_WORDS, len(out) // 20)
            np.add.at(out, recent[recent >= spared], self.drawing.repetition)
        return out

    def take(self, song: Song, token: int) -> Iterator[LineWritten | SongWritten]:
        """Append a token to its song; yields the line and the song that it finishes."""
        before = song.shape
        song.ids.append(token)
        song.shape = self.automaton.step(before, token)
        if self.is_word[token]:
            song.words.append(token)
            song.line.append(token)
        elif song.line:
            song.section.append(song.line)
            song.lines.add(tuple(song.line))
            song.line = []
            yield from self.show(song, token != self.automaton.line_id)
        if song.shape.section != before.section:
            song.opens = song.shape.name
        if song.shape.done:
            yield SongWritten(song.seed, tuple(song.ids), song.nats / len(song.ids))

    def show(self, song: Song, over: bool) -> Iterator[LineWritten]:
        """The lines of the section that can be printed; `over`: it has ended."""
        lines = [[self.vocabulary.tokens[i] for i in line] for line in song.section]
        while song.shown < len(lines) - (self.printer.looks_ahead and not over):
            text = self.printer.line(lines[: song.shown + 2], song.shown, over and song.shown + 2 >= len(lines))
            yield LineWritten(song.seed, text, song.opens, song.first)
            song.shown, song.opens, song.first = song.shown + 1, "", False
        if over:
            song.section, song.shown = [], 0


def pooled(row: Rows, allowed: Allowed) -> Rows:
    """The row (V,) with the pool's probability moved to its target."""
    if not allowed.pool:
        return row
    pool = list(allowed.pool)
    out = row.copy()
    total = np.logaddexp.reduce(row[pool])
    out[pool] = -np.inf
    out[allowed.target] = total
    return out


def truncate(p: Rows, drawing: Drawing) -> Rows:
    """Keep the likeliest words of p (V,): top-k, nucleus (Holtzman et al. 2020) and min-p (Nguyen et al. 2024)."""
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
    """(..., V) -> (..., V) log probabilities of scores."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(x: Rows) -> Rows:
    """(V,) -> (V,) probabilities of scores."""
    e: Any = np.exp(x - x.max())
    return np.asarray(e / e.sum())
