"""Songs in the making as a struct of arrays: one row a particle, P rows a song.

Everything a particle is stands in its row, so that resampling is copying rows, and a batch of songs is
moved on by array operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.generate.line import WordSet
from lyricist.generate.line_score import NOWHERE, Floats, Score
from lyricist.generate.result import Choice
from lyricist.generate.rhyme_groups import GroupState
from lyricist.model.runtime import State as ModelState

RECENT = 192  # words back that the repetition control looks
Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

NUMBERS: dict[str, Any] = {  # a row's numbers, with their types
    "seed": np.int64,  # of its song
    "prefix_id": np.int64,  # rows that have the same read the same so far and have drawn nothing since
    "particle": np.int64,
    "tries": np.int64,  # times its line was begun anew
    "key": np.uint64,  # of the line's random numbers
    "count": np.int64,  # random numbers used
    "line": np.int64,  # of the layout; -1 before the first
    "node": np.int64,
    "first": np.int64,  # numbers of the sets that hold for the line's two ends
    "last": np.int64,
    "place": np.int64,  # syllables of its line that are drawn, as the model is told
    "prev": np.int64,  # the token the model reads next
    "forced": np.int64,  # tokens queued that are not a matter of choice
    "weight": np.float64,  # log weight among the song's particles
    "proposal_log_ratio": np.float64,  # log of how much likelier the last word was drawn; in `weight`
    "line_score": np.float64,  # of its lines so far; in `weight`
    "nats": np.float64,  # the free model's surprise so far
    "begun": np.float64,  # and when its line began
    "tokens": np.int64,
    "themed": np.int64,  # words of the theme in its line
    "unmet": np.int64,  # lines for which a condition on whole lines was not met
    "waiting": np.bool_,  # its line is finished, others' lines are not
    "idle": np.bool_,  # no song here
}


class Rows:
    """N = songs x particles rows. Attributes named in NUMBERS are arrays (N,)."""

    seed: Ints
    prefix_id: Ints
    particle: Ints
    tries: Ints
    key: npt.NDArray[np.uint64]
    count: Ints
    line: Ints
    node: Ints
    first: Ints
    last: Ints
    place: Ints
    prev: Ints
    forced: Ints
    weight: npt.NDArray[np.float64]
    proposal_log_ratio: npt.NDArray[np.float64]
    line_score: npt.NDArray[np.float64]
    nats: npt.NDArray[np.float64]
    begun: npt.NDArray[np.float64]
    tokens: Ints
    themed: Ints
    unmet: Ints
    waiting: npt.NDArray[np.bool_]
    idle: npt.NDArray[np.bool_]

    def __init__(self, songs: int, particles: int, window: int, state: ModelState) -> None:
        n = songs * particles
        self.songs, self.particles = songs, particles
        self.prefixes = 0
        for name, kind in NUMBERS.items():
            setattr(self, name, np.zeros(n, dtype=kind))
        self.idle[:] = True
        self.particle[:] = np.tile(np.arange(particles), songs)
        self.left = np.zeros((n, window), dtype=np.uint32)  # hashes of the words before, in the order of the text
        self.right = np.zeros((n, window), dtype=np.uint32)  # and after, where lines are drawn from right to left
        self.recent = np.full((n, RECENT), -1, dtype=np.int32)
        self.state = state  # each (L, N, H)
        self.saved = tuple(s.copy() for s in state)  # at the beginning of the line
        self.read: tuple[Floats, ...] = ()  # each (N, H), what the judge of lines has read
        self.queue: list[list[int]] = [[] for _ in range(n)]
        self.steps: list[list[int]] = [[] for _ in range(n)]  # places after the words that are queued
        self.ids: list[list[int]] = [[] for _ in range(n)]
        self.drawn: list[list[int]] = [[] for _ in range(n)]  # words of the line, in the order of drawing
        self.lines: list[dict[int, tuple[int, ...]]] = [{} for _ in range(n)]
        self.ended: list[frozenset[int]] = [frozenset()] * n  # last words of the lines that were written
        self.groups: list[tuple[GroupState, ...]] = [() for _ in range(n)]
        self.assignment: list[dict[int, tuple[int, ...]]] = [{} for _ in range(n)]
        self.ends: list[WordSet | None] = [None] * n
        self.rewards: list[Reals | None] = [None] * n  # (W,) of the words that may open the line's rhyme group
        self.pending: list[dict[int, float]] = [{}] * n  # by group, log rewards that the weight is ahead by
        self.choices: list[tuple[Choice, ...]] = [()] * n
        self.scores: list[tuple[Score, ...]] = [()] * n  # of the lines it wrote
        self.said: list[frozenset[int]] = [frozenset()] * n  # content words of these
        self.so_far: list[Floats] = [NOWHERE] * n  # the sum of their topical vectors
        self.marks: list[tuple[Any, ...]] = [()] * n  # what a line that is begun anew goes back to

    def clear(self, n: int, seed: int) -> None:
        """A new song's particle in row n."""
        for name in NUMBERS:
            if name not in ("particle",):
                getattr(self, name)[n] = 0
        self.seed[n], self.line[n] = seed, -1
        self.left[n], self.right[n], self.recent[n] = 0, 0, -1
        for s in self.state:
            s[:, n] = 0
        self.queue[n], self.ids[n], self.drawn[n], self.lines[n] = [], [], [], {}
        self.steps[n] = []
        self.ends[n], self.ended[n] = None, frozenset()
        self.rewards[n], self.pending[n] = None, {}
        self.scores[n], self.said[n], self.so_far[n] = (), frozenset(), NOWHERE

    def copy(self, to: int, source: int) -> None:
        """Row `to` goes on from where row `source` is."""
        for name in NUMBERS:
            if name != "particle":
                getattr(self, name)[to] = getattr(self, name)[source]
        for array in (self.left, self.right, self.recent):
            array[to] = array[source]
        for s in self.state:
            s[:, to] = s[:, source]
        for part in self.read:
            part[to] = part[source]
        self.queue[to], self.ids[to] = list(self.queue[source]), list(self.ids[source])
        self.steps[to] = list(self.steps[source])
        self.drawn[to], self.lines[to] = list(self.drawn[source]), dict(self.lines[source])
        self.groups[to], self.ends[to], self.ended[to] = self.groups[source], self.ends[source], self.ended[source]
        self.rewards[to], self.pending[to] = self.rewards[source], self.pending[source]
        self.assignment[to], self.choices[to] = self.assignment[source], self.choices[source]
        self.scores[to], self.said[to], self.so_far[to] = self.scores[source], self.said[source], self.so_far[source]

    def part_ways(self, rows: Ints) -> None:
        """Each of these rows has a story of its own from now on."""
        self.prefix_id[rows] = self.prefixes + np.arange(len(rows))
        self.prefixes += len(rows)

    def begin_prefix(self, rows: range) -> None:
        """One story for all of these rows."""
        self.prefix_id[list(rows)] = self.prefixes
        self.prefixes += 1

    def together(self, rows: Ints) -> tuple[Ints, Ints]:
        """Rows that stand for all of `rows`, one a story, and for each row which of them stands for it."""
        _, first, at = np.unique(self.prefix_id[rows], return_index=True, return_inverse=True)
        return (rows[first], at) if len(first) < len(rows) else (rows, np.arange(len(rows)))

    def take_state(self, rows: Ints) -> ModelState:
        return self.state if len(rows) == len(self.idle) else tuple(s[:, rows] for s in self.state)

    def put_state(self, rows: Ints, state: ModelState) -> None:
        if len(rows) == len(self.idle):
            self.state = state
        else:
            for mine, new in zip(self.state, state, strict=True):
                mine[:, rows] = new

    def mark(self, n: int) -> None:
        """Remember row n as it is at the beginning of a line."""
        self.begun[n] = self.nats[n]
        for kept, s in zip(self.saved, self.state, strict=True):
            kept[:, n] = s[:, n]
        self.marks[n] = (
            *(getattr(self, k)[n] for k in ("prev", "weight", "nats", "tokens")),
            self.left[n].copy(),
            self.recent[n].copy(),
            len(self.ids[n]),
            self.choices[n],
        )

    def rewind(self, n: int) -> None:
        """Back to the beginning of the line."""
        for kept, s in zip(self.saved, self.state, strict=True):
            s[:, n] = kept[:, n]
        *numbers, left, recent, length, self.choices[n] = self.marks[n]
        for name, value in zip(("prev", "weight", "nats", "tokens"), numbers, strict=True):
            getattr(self, name)[n] = value
        self.left[n], self.recent[n] = left, recent
        del self.ids[n][length:]
        self.drawn[n], self.queue[n] = [], []
        self.forced[n] = 0

    def song_rows(self, song: int) -> range:
        return range(song * self.particles, (song + 1) * self.particles)

    def say(self, rows: Ints, words: Ints) -> None:
        """Note words for the repetition control, the newest first."""
        older = self.recent[rows, :-1]
        self.recent[rows, 1:] = older
        self.recent[rows, 0] = words

    def shift_context(self, rows: Ints, hashes: npt.NDArray[np.uint32], backward: bool) -> None:
        """Shift words' hashes (B,) into the windows that copying looks at."""
        if backward:
            self.right[rows, 1:] = self.right[rows, :-1]
            self.right[rows, 0] = hashes
        else:
            self.left[rows, :-1] = self.left[rows, 1:]
            self.left[rows, -1] = hashes
