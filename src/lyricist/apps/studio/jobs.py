"""What the loop of `decoding` takes turns with: engines that many requests share, under the plans compiled last.

Also the events that a page is sent of what they write.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from lyricist.apps.studio.http_io import TooLong, event
from lyricist.errors import LyricistError, PlanError, RunError
from lyricist.generate.batched_step import ConditionedBlocks, in_step
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.exact_writer import FRESH, ExactWriter
from lyricist.generate.result import LineWritten, SongWritten, WrittenSong
from lyricist.generate.writer import Model
from lyricist.model.runtime import BlockModel, OnnxBlocks
from lyricist.plan.plan import Drawing, Plan

K = TypeVar("K")
V = TypeVar("V")
PLACES = 16  # songs of one engine side by side
PLANS = 24  # compiled plans that are kept
MODELS = 3  # whose graphs are open for songs of several plans


class Recent(Generic[K, V]):
    """The `most` values that were used last, each made once however many threads ask for it at the same time."""

    def __init__(self, most: int) -> None:
        self.most, self.lock = most, threading.Lock()
        self.entries: OrderedDict[K, tuple[threading.Lock, list[V]]] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key. One that cannot be made is not kept."""
        with self.lock:
            turn, made = self.entries.setdefault(key, (threading.Lock(), []))
            self.entries.move_to_end(key)
            while len(self.entries) > self.most:
                self.entries.popitem(last=False)
        with turn:
            if not made:
                try:
                    made.append(make())
                except BaseException:
                    self.drop(key)
                    raise
            return made[0]

    def drop(self, key: K) -> None:
        with self.lock:
            self.entries.pop(key, None)

    def items(self) -> list[tuple[K, V]]:
        """The values that are there."""
        with self.lock:
            return [(key, value) for key, (_, made) in self.entries.items() for value in made]


@dataclass(frozen=True)
class WriteJob:
    """Songs to write."""

    model: Model
    plan: Plan
    drawing: Drawing
    seeds: Sequence[int]
    explain: bool = False


class Ticket:
    """One request at work: its owner, its time limit, and where its lines and songs go. None ends it."""

    def __init__(self, owner: str, tell: Callable[[Any], None], seconds: float) -> None:
        self.owner, self.tell = owner, tell
        self.end, self.seconds = time.monotonic() + seconds, seconds
        self.gone = False  # nobody listens any more
        self.begun = False  # something has been shown
        self.left = 1  # songs
        self.leave: Callable[[], object] = lambda: None  # tells another process that nobody listens any more

    def over(self) -> bool:
        """Whether to stop: nobody listens, or the time is up, which is told."""
        if not self.gone and time.monotonic() > self.end:
            self.give(TooLong(f"not finished after {self.seconds:g} s (limit seconds_per_request)"))
            self.gone = True
        return self.gone

    def give(self, item: Any) -> None:
        self.begun = True
        self.tell(item)


class Shared:
    """An engine under one compiled plan and drawing, with the songs of all requests for these.

    `join` may be called by any thread, everything else only by the thread whose turn it is.
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
        """Drop the songs that nobody waits for any more, and begin those that wait where there is room."""
        for place, ticket in list(self.songs.items()):
            if ticket.over():
                self.engine.leave(place)
                del self.songs[place]
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
        """A request that is told may be sent again at once: it must find the engine as it was in the beginning."""
        with self.lock:
            told = list(dict.fromkeys([*self.songs.values(), *(ticket for ticket, _ in self.waiting)]))
            self.songs.clear()
            self.waiting.clear()
        self.engine.failed.clear()
        self.engine.open(min(self.engine.most, PLACES))
        for ticket in told:
            ticket.give(error)
            ticket.gone = True


def turn_together(works: Sequence[Shared]) -> None:
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


# --- compiled plans


class Compilation:
    """A plan compiled: its writer, or why there can be none."""

    def __init__(self, model: Model, plan: Plan) -> None:
        self.model, self.songs = model, 0  # holds the model, so that its id is not given to another
        try:
            self.made: ExactWriter | str = model.compile(plan)
        except PlanError as error:
            self.made = str(error)


class CompiledPlans:
    """The plans that were used last, and the graphs that run models for several of them."""

    def __init__(self) -> None:
        self.plans: Recent[tuple[int, Plan], Compilation] = Recent(PLANS)
        self.steps: Recent[int, tuple[Any, ConditionedBlocks | None]] = Recent(MODELS)

    def get(self, model: Model, plan: Plan, songs: int = 0) -> ExactWriter:
        """The plan compiled; `songs`: how many will be written to it. `PlanError` if no song can fulfil it.

        What a compiled plan learns of its rhymes grows with its songs: after FRESH songs it is compiled again.
        """
        key = id(model), plan
        found = self.plans.get(key, lambda: Compilation(model, plan))
        if found.songs > FRESH:
            self.plans.drop(key)
            found = self.plans.get(key, lambda: Compilation(model, plan))
        found.songs += songs
        if isinstance(found.made, str):
            raise PlanError(found.made)
        return found.made

    def steered(self, blocks: BlockModel) -> ConditionedBlocks | None:
        """What runs a model for songs of several plans at once; None for a model that cannot."""
        if not isinstance(blocks, OnnxBlocks):
            return None
        return self.steps.get(id(blocks.session), lambda: steered(blocks))[1]


def steered(blocks: OnnxBlocks) -> tuple[Any, ConditionedBlocks | None]:
    with suppress(RunError, OSError):
        return blocks.session, ConditionedBlocks(blocks)
    return blocks.session, None


# --- events of a page


def event_of(item: LineWritten | WrittenSong) -> bytes:
    """The server-sent event of a line or a song."""
    if isinstance(item, LineWritten):
        return event("line", {"seed": item.seed, "text": item.text, "opens": item.opens, "first": item.first})
    more = {"choices": [asdict(choice) for choice in item.choices]} if item.choices else {}
    return event("song", item.to_json() | {"form": item.form} | more)
