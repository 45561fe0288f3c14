"""What the loop takes turns with: an engine that many requests share, or a generator of one request."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lyricist.apps.studio.errors import Refused
from lyricist.errors import LyricistError
from lyricist.generate.batched_step import ConditionedBlocks, in_step
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.exact_writer import ExactWriter
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.plan.plan import Drawing, Plan

READY = 0  # the number of the message that says that a writing process has its model
PLACES = 16  # songs of one engine side by side


class Ticket:
    """One request at work: whose, until when, and where what is made for it goes. None ends it."""

    def __init__(self, owner: str, tell: Callable[[Any], None], seconds: float) -> None:
        self.owner, self.tell = owner, tell
        self.end, self.seconds = time.monotonic() + seconds, seconds
        self.gone = False  # nobody listens any more
        self.begun = False  # something has been shown
        self.left = 1  # songs
        self.leave: Callable[[], None] = lambda: None  # says to another process that nobody listens any more

    def over(self) -> bool:
        """Whether to stop: nobody listens, or the time is up, which is told."""
        if not self.gone and time.monotonic() > self.end:
            self.give(Refused("too_long", f"not finished after {self.seconds:g} s (limit seconds_per_request)"))
            self.gone = True
        return self.gone

    def give(self, item: Any) -> None:
        self.begun = True
        self.tell(item)


@dataclass(frozen=True)
class Job:
    """Songs for a process of its own to write; `number` names it from then on."""

    number: int
    owner: str
    run: Path
    plan: Plan
    drawing: Drawing
    seeds: tuple[int, ...]
    explain: bool
    seconds: float


class Work(Protocol):
    """Something to do in turns."""

    def turn(self) -> None:
        """Do a little."""

    def more(self) -> bool:
        """Whether there is more to do."""

    def tickets(self) -> Sequence[Ticket]:
        """Whom it is for."""

    def fail(self, error: BaseException) -> None:
        """Tell everybody that it broke."""


class Own:
    """A generator of one request."""

    def __init__(self, ticket: Ticket, made: Iterator[Any]) -> None:
        self.ticket, self.made, self.done = ticket, made, False

    def tickets(self) -> Sequence[Ticket]:
        return (self.ticket,)

    def more(self) -> bool:
        return not self.done

    def turn(self) -> None:
        self.done = self.ticket.over()
        if self.done:
            return
        try:
            self.ticket.give(next(self.made))
        except StopIteration:
            self.ticket.give(None)
            self.done = True

    def fail(self, error: BaseException) -> None:
        self.ticket.give(error)
        self.done = True


class Shared:
    """An engine under one compiled plan and drawing, with the songs of all who asked for these.

    `join` may be called by any thread; everything else is done by the one whose turn it is.
    """

    def __init__(self, writer: ExactWriter, engine: ExactEngine, blocks: ConditionedBlocks | None = None) -> None:
        """`blocks`: what runs the model for engines of several plans at once, where it can be."""
        self.writer, self.engine, self.blocks = writer, engine, blocks
        self.songs: dict[int, Ticket] = {}  # by place
        self.waiting: deque[tuple[Ticket, int]] = deque()
        self.lock = threading.Lock()
        engine.open(min(engine.most, PLACES))

    def __len__(self) -> int:
        return len(self.songs) + len(self.waiting)

    def join(self, ticket: Ticket, seeds: Sequence[int]) -> None:
        with self.lock:
            ticket.left = len(seeds)
            self.waiting.extend((ticket, seed) for seed in seeds)

    def tickets(self) -> Sequence[Ticket]:
        with self.lock:
            return [*self.songs.values(), *(ticket for ticket, _ in self.waiting)]

    def more(self) -> bool:
        return len(self) > 0

    def turn(self) -> None:
        self.change()
        if self.songs:
            for place, event in self.engine.turn():
                self.deliver(place, event)

    def change(self) -> None:
        """Let go of songs and begin others, as was asked since the last turn."""
        self.leave()
        self.begin()

    def leave(self) -> None:
        """Songs that nobody waits for any more are given up."""
        for place, ticket in list(self.songs.items()):
            if ticket.over():
                self.engine.leave(place)
                del self.songs[place]

    def begin(self) -> None:
        """Songs that wait are begun where there is room."""
        if not self.waiting:
            return
        places = self.engine.free_places()
        with self.lock:
            while places and self.waiting:
                ticket, seed = self.waiting.popleft()
                if not ticket.over():
                    self.songs[places[0]] = ticket
                    self.engine.begin(places.pop(0), seed)

    def deliver(self, place: int, event: LineWritten | SongWritten | LyricistError) -> None:
        ticket = self.songs.get(place)
        if isinstance(event, LineWritten):
            if ticket is not None:
                ticket.give(event)
            return
        self.songs.pop(place, None)
        if ticket is None or ticket.gone:
            return
        ticket.left -= 1
        ticket.give(self.writer.finish(event) if isinstance(event, SongWritten) else event)
        if isinstance(event, LyricistError):
            ticket.gone = True
        elif not ticket.left:
            ticket.give(None)

    def fail(self, error: BaseException) -> None:
        """Whoever is told may ask again at once: that must find this as it was in the beginning."""
        with self.lock:
            told = list(dict.fromkeys([*self.songs.values(), *(ticket for ticket, _ in self.waiting)]))
            self.songs.clear()
            self.waiting.clear()
        self.engine.failed.clear()
        self.engine.open(min(self.engine.most, PLACES))
        for ticket in told:
            ticket.give(error)
            ticket.gone = True


def in_turn(works: Sequence[Shared]) -> None:
    """One step of several engines of one model, together."""
    for work in works:
        work.change()
    busy = [work for work in works if work.songs]
    if len(busy) == 1:
        busy[0].turn()
    elif busy:
        blocks = busy[0].blocks
        assert blocks is not None
        for i, place, event in in_step([work.engine for work in busy], blocks):
            busy[i].deliver(place, event)
