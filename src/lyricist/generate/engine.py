"""`Engine`: songs of one constraint written side by side, each in a place of its own.

`FreeEngine` writes under a free constraint, `ExactEngine` under a compiled `SongSpec`. Both run a step model once a
turn for all songs at work; a song depends on the model, the constraint and its seed only.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from lyricist._numbers import key, uniform
from lyricist.errors import PlanError
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.generate.sampler import BREAK, NOTHING, Drawer, Refuse, Request
from lyricist.generate.selection import draw, hear, judge, log_mean, resample, settle
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.state import Rows
from lyricist.generate.theme import Theme
from lyricist.model.blocks import BlockModel, BlockRows
from lyricist.model.runtime import State as ModelState
from lyricist.plan.plan import Drawing

Event = LineWritten | SongWritten | PlanError


class Engine(ABC):
    """Places for songs, and turns in which every song at work gets one word."""

    @property
    @abstractmethod
    def most(self) -> int:
        """Songs that are best written side by side."""

    @abstractmethod
    def open(self, places: int) -> None:
        """Make so many places, none of which holds a song."""

    @abstractmethod
    def begin(self, s: int, seed: int) -> None:
        """Begin a song in place s."""

    @abstractmethod
    def leave(self, s: int) -> None:
        """Give up the song of place s."""

    @abstractmethod
    def idle_places(self) -> npt.NDArray[np.bool_]:
        """(places,) which of them hold no song."""

    @abstractmethod
    def turn(self) -> Iterator[tuple[int, Event]]:
        """One word for every song at work; what comes of it, by place. A song that no words can finish leaves its
        place with a `PlanError`."""

    def free_places(self) -> list[int]:
        """Places without a song."""
        return np.flatnonzero(self.idle_places()).tolist()

    def write(
        self, seeds: Iterable[int], should_stop: Callable[[], bool] = lambda: False
    ) -> Iterator[LineWritten | SongWritten]:
        """One song a seed; lines when they are certain, songs when finished, in any order. Raises `PlanError`
        for a song that cannot be finished."""
        waiting = iter(seeds)
        first = list(itertools.islice(waiting, self.most))
        self.open(len(first))
        for s, seed in enumerate(first):
            self.begin(s, seed)
        while not self.idle_places().all() and not should_stop():
            for s, event in self.turn():
                if isinstance(event, PlanError):
                    raise event
                yield event
                if isinstance(event, SongWritten):
                    for seed in itertools.islice(waiting, 1):
                        self.begin(s, seed)
