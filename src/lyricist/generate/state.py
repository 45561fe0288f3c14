"""Songs being written, as a struct of arrays: one row for each particle, P rows for each song.

A row holds all of its particle's state, so resampling copies rows, and array operations advance a batch of songs.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lyricist.generate.line import WordSet
from lyricist.generate.line_score import NOWHERE, Floats, Score
from lyricist.generate.result import Choice
from lyricist.generate.rhyme_groups import GroupState
from lyricist.model.runtime import State as ModelState

RECENT = 192  # words back that the repetition control reads
MARKED = ("prev", "weight", "nats", "tokens")  # numbers that a restarted line goes back to
Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Reals = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
DTYPES: dict[str, Any] = {"Ints": np.int64, "Keys": np.uint64, "Reals": np.float64, "Bools": np.bool_}


class Mark(NamedTuple):
    """A row at the beginning of its line."""

    numbers: tuple[Any, ...]  # MARKED
    left: npt.NDArray[np.uint32]
    recent: npt.NDArray[np.int32]
    length: int  # of `ids`
    choices: tuple[Choice, ...]


@dataclass(slots=True)
class Draft:
    """The state of a row that is not a number. Lists and `lines` belong to one row; other values are never changed in
    place."""

    queue: list[int] = field(default_factory=list)  # tokens to take next
    steps: list[int] = field(default_factory=list)  # `Rows.place` after each queued word
    ids: list[int] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)  # words of the line, in the order of drawing
    lines: dict[int, tuple[int, ...]] = field(default_factory=dict)
    ended: frozenset[int] = frozenset()  # last words of the written lines
    groups: tuple[GroupState, ...] = ()
    assignment: dict[int, tuple[int, ...]] = field(default_factory=dict)
    ends: WordSet | None = None
    rewards: Reals | None = None  # (W,) for words that may open the line's rhyme group
    pending: dict[int, float] = field(
        default_factory=dict
    )  # by group, log rewards that the weight still has to repay
    choices: tuple[Choice, ...] = ()
    scores: tuple[Score, ...] = ()  # of the written lines
    said: frozenset[int] = frozenset()  # content words of the written lines
    so_far: Floats = field(default_factory=lambda: NOWHERE)  # (D,) the sum of their topical vectors
    mark: Mark | None = None

    def copy(self) -> Draft:
        made = copy(self)
        made.queue, made.steps, made.ids = list(self.queue), list(self.steps), list(self.ids)
        made.drawn, made.lines = list(self.drawn), dict(self.lines)
        return made


class Rows:
    """N = songs x particles rows. The annotated attributes are arrays (N,), one number for each row."""

    seed: Ints  # of its song
    prefix_id: Ints  # rows with the same number have read the same tokens and drawn nothing since
    particle: Ints  # from 0 within the song; stays with the row
    tries: Ints  # times its line was restarted
    key: Keys  # of the line's random numbers
    count: Ints  # random numbers used
    line: Ints  # index in the song; -1 before the first
    node: Ints
    first: Ints  # numbers of the word sets that hold for the line's two ends
    last: Ints
    halves: Ints  # halves of its line that come after this one
    place: Ints  # syllables drawn of its line, as the model's conditioning counts them
    prev: Ints  # the token the model reads next
    forced: Ints  # queued tokens
    weight: Reals  # log weight among the song's particles
    proposal_log_ratio: Reals  # log of how much likelier the last word was drawn; in `weight`
    line_score: Reals  # of its lines so far; in `weight`
    nats: Reals  # the free model's surprise so far
    begun: Reals  # and when its line began
    tokens: Ints
    themed: Ints  # words of the theme in its line
    unmet: Ints  # lines for which a condition on whole lines was not met
    waiting: Bools  # its line is finished, others' lines are not
    idle: Bools  # no song here

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
        self.read: tuple[Floats, ...] = ()  # each (N, H), the state of the judge of lines
        self.drafts = [Draft() for _ in range(n)]

    def clear(self, n: int, seed: int) -> None:
        """Put a new song's particle in row n."""
        for name in OWN:
            getattr(self, name)[n] = 0
        self.seed[n], self.line[n] = seed, -1
        self.left[n], self.right[n], self.recent[n] = 0, 0, -1
        for s in self.state:
            s[:, n] = 0
        self.drafts[n] = Draft()

    def copy(self, to: int, source: int) -> None:
        """Make row `to` continue from where row `source` is."""
        for array in (*(getattr(self, name) for name in OWN), self.left, self.right, self.recent, *self.read):
            array[to] = array[source]
        for s in self.state:
            s[:, to] = s[:, source]
        self.drafts[to] = self.drafts[source].copy()

    def new_prefixes(self, rows: Ints) -> None:
        """Give each of these rows (B,) a prefix of its own."""
        self.prefix_id[rows] = self.prefixes + np.arange(len(rows))
        self.prefixes += len(rows)

    def share_prefix(self, rows: range) -> None:
        """Give all of these rows one new prefix."""
        self.prefix_id[list(rows)] = self.prefixes
        self.prefixes += 1

    def distinct(self, rows: Ints) -> tuple[Ints, Ints]:
        """One of `rows` (B,) for each prefix, and (B,) for each row which of them has its prefix."""
        ids = self.prefix_id[rows]
        if len(ids) == 1 or (len(ids) == 2 and ids[0] != ids[1]):  # as nearly always, where each song has its plan
            return rows, np.arange(len(ids))
        _, first, at = np.unique(ids, return_index=True, return_inverse=True)
        return (rows[first], at) if len(first) < len(rows) else (rows, np.arange(len(rows)))

    def take_state(self, rows: Ints) -> ModelState:
        """The model's state at these rows (B,), each array (L, B, H)."""
        return self.state if len(rows) == len(self.idle) else tuple(s[:, rows] for s in self.state)

    def put_state(self, rows: Ints, state: ModelState) -> None:
        """Set the model's state at these rows (B,), each array (L, B, H)."""
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
        draft, numbers = self.drafts[n], tuple(getattr(self, name)[n] for name in MARKED)
        draft.mark = Mark(numbers, self.left[n].copy(), self.recent[n].copy(), len(draft.ids), draft.choices)

    def rewind(self, n: int) -> None:
        """Take row n back to the beginning of its line."""
        for kept, s in zip(self.saved, self.state, strict=True):
            s[:, n] = kept[:, n]
        draft = self.drafts[n]
        assert draft.mark is not None
        for name, value in zip(MARKED, draft.mark.numbers, strict=True):
            getattr(self, name)[n] = value
        self.left[n], self.recent[n], draft.choices = draft.mark.left, draft.mark.recent, draft.mark.choices
        del draft.ids[draft.mark.length :]
        draft.drawn, draft.queue, self.forced[n] = [], [], 0

    def song_rows(self, song: int) -> range:
        return range(song * self.particles, (song + 1) * self.particles)

    def say(self, rows: Ints, words: Ints) -> None:
        """Record words (B,) of these rows (B,) for the repetition control, the newest first."""
        older = self.recent[rows, :-1]
        self.recent[rows, 1:] = older
        self.recent[rows, 0] = words

    def shift_context(self, rows: Ints, hashes: npt.NDArray[np.uint32], backward: bool) -> None:
        """Shift words' hashes (B,) into the windows of these rows (B,) that copies are looked for in."""
        if backward:
            self.right[rows, 1:] = self.right[rows, :-1]
            self.right[rows, 0] = hashes
        else:
            self.left[rows, :-1] = self.left[rows, 1:]
            self.left[rows, -1] = hashes


NUMBERS = {name: DTYPES[kind] for name, kind in Rows.__annotations__.items()}
OWN = [name for name in NUMBERS if name != "particle"]  # what a row takes over from another
