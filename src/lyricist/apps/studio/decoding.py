"""The loop that everything is written by: works of many requests, taken in turns by a thread a core.

Requests that ask for the same plan in the same drawing are one work: their songs are the rows of one engine, so that
the model is run once for all of them. Works that have somebody waiting for a first line go before others; among
equals the one goes first whose owners have had the least time.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from lyricist.apps.studio.compiled import Compiled
from lyricist.apps.studio.errors import busy
from lyricist.apps.studio.settings import Settings
from lyricist.apps.studio.sse import BEAT_SECONDS
from lyricist.apps.studio.works import Own, Shared, Ticket, Work, in_turn
from lyricist.generate.writer import Model
from lyricist.plan.plan import Drawing, Plan

if TYPE_CHECKING:
    from lyricist.apps.studio.scribes import Scribes

T = TypeVar("T")
SLICE = 0.004  # seconds of one turn, if a step does not take longer
TOGETHER, FIRST = 48, 24  # rows of engines that go in step; and while somebody waits for a first line
CROWD = 4  # songs of one engine from which another core gets an engine of its own
ENGINES = 24  # plans and drawings whose engines are kept while nobody writes
ASKING = 4  # plans compiled at the same time
Key = tuple[int, Drawing, bool]


class Decoding:
    """Everything that is written. What does not fit is refused with 429."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.limits = settings, settings.limits
        self.compiled = Compiled()
        self.asking = ThreadPoolExecutor(ASKING, "asking")
        self.at_work: Counter[str] = Counter()  # requests by owner
        self.changed = threading.Condition()
        self.ready: list[Work] = []
        self.alive: set[int] = set()  # works in `ready`, or in a thread's hands, by identity
        self.engines: OrderedDict[Key, list[Shared]] = OrderedDict()
        self.used: defaultdict[str, float] = defaultdict(float)  # seconds by owner
        self.threads: list[threading.Thread] = []
        self.scribes: Scribes | None = None
        self.closed = False

    # --- from requests, in the event loop

    async def ask(self, owner: str, work: Callable[[], T]) -> T:
        """The result of something short, beside the loop: a compiled plan, a reading."""
        self.enter(owner)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.asking, work)
        finally:
            self.leave(owner)

    async def write(
        self,
        owner: str,
        model: Model,
        plan: Plan,
        drawing: Drawing,
        seeds: Sequence[int],
        explain: bool = False,
        here: bool = False,
    ) -> AsyncIterator[Any]:
        """Lines and songs as they are made; None where nothing came for a while. See `Model.events`. `here`: in this
        process, for what is short and whose plan is compiled already."""

        def begin(ticket: Ticket) -> None:
            if here or self.scribes is None or not self.scribes.take(ticket, model, plan, drawing, seeds, explain):
                self.begin(ticket, model, plan, drawing, seeds, explain)

        async for item in self.follow(owner, begin):
            yield item

    async def follow(self, owner: str, begin: Callable[[Ticket], None]) -> AsyncIterator[Any]:
        """What is made for a ticket, from when `begin` has put it to work."""
        self.enter(owner)
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Any]()
        ticket = Ticket(owner, lambda item: tell(loop, queue, item), self.limits.seconds_per_request)
        try:
            await loop.run_in_executor(self.asking, begin, ticket)
            async for item in items_of(queue):
                yield item
        finally:
            ticket.gone = True
            ticket.leave()
            self.leave(owner)

    def enter(self, owner: str) -> None:
        if self.at_work.total() >= self.limits.requests_at_work:
            raise busy("the studio writes for as many as it can (limit requests_at_work): try again in a moment")
        if self.at_work[owner] >= self.limits.requests_per_owner:
            raise busy("you have as many requests at work as you may (limit requests_per_owner): wait for one")
        if not self.at_work[owner]:  # who comes back has no credit for the time away
            self.used[owner] = max(self.used[owner], min((self.used[o] for o in self.at_work), default=0.0))
        self.at_work[owner] += 1

    def leave(self, owner: str) -> None:
        self.at_work[owner] -= 1
        if not self.at_work[owner]:
            del self.at_work[owner]
            if not self.at_work:
                self.used.clear()

    # --- works

    def begin(
        self, ticket: Ticket, model: Model, plan: Plan, drawing: Drawing, seeds: Sequence[int], explain: bool
    ) -> None:
        """Put a request to work in this process."""
        if plan.exact or model.vocabulary.order == "backward" or explain:
            self.join(ticket, model, plan, drawing, seeds, explain)
        else:
            self.add(Own(ticket, model.events(plan, drawing, seeds, ticket.over)))

    def join(
        self, ticket: Ticket, model: Model, plan: Plan, drawing: Drawing, seeds: Sequence[int], explain: bool
    ) -> None:
        """Put songs into an engine for their plan and drawing."""
        writer = self.compiled.get(model, plan, len(seeds))
        key = (id(writer), drawing, explain)
        with self.changed:
            shared = self.least(key)
        if shared is None:
            blocks = None if explain else self.compiled.steered(writer.blocks)
            shared = Shared(writer, writer.engine(drawing, explain=explain), blocks)
            with self.changed:
                self.engines.setdefault(key, []).append(shared)
        with self.changed:
            shared.join(ticket, seeds)
            self.wake(shared)
            self.forget()

    def least(self, key: Key) -> Shared | None:
        """The engine with the fewest songs; None if there should be one more."""
        found = self.engines.get(key, [])
        if key in self.engines:
            self.engines.move_to_end(key)
        best = min(found, key=len, default=None)
        crowded = best is not None and len(best) >= CROWD and len(found) < self.settings.threads
        return None if crowded else best

    def forget(self) -> None:
        """Let go of the engines that were idle for longest."""
        for key in list(self.engines)[: max(0, len(self.engines) - ENGINES)]:
            if all(id(shared) not in self.alive for shared in self.engines[key]):
                del self.engines[key]

    def add(self, work: Work) -> None:
        with self.changed:
            self.wake(work)

    def wake(self, work: Work) -> None:
        """See that a work gets its turns; `changed` is held."""
        if id(work) not in self.alive:
            self.alive.add(id(work))
            self.ready.append(work)
        if not self.threads and not self.closed:
            self.threads = [
                threading.Thread(target=self.run, name=f"writing-{i}", daemon=True)
                for i in range(self.settings.threads)
            ]
            for thread in self.threads:
                thread.start()
        self.changed.notify()

    # --- the loop, in its threads

    def run(self) -> None:
        while True:
            with self.changed:
                while not self.ready and not self.closed:
                    self.changed.wait()
                if self.closed:
                    return
                works = self.pick()
            self.spend(works)
            with self.changed:
                for work in works:
                    if work.more():
                        self.ready.append(work)
                    else:
                        self.alive.discard(id(work))
                self.changed.notify()

    def pick(self) -> list[Work]:
        """The works whose turn it is: one, or engines of one model that go in step."""

        def rank(work: Work) -> tuple[bool, float]:
            used = (self.used[ticket.owner] for ticket in work.tickets())
            return not waits(work), min(used, default=0.0)

        order = sorted(self.ready, key=rank) if len(self.ready) > 1 else self.ready
        chosen = companions(order, self.settings.threads)
        self.ready = [work for work in self.ready if work not in chosen]
        return chosen

    def spend(self, works: Sequence[Work]) -> None:
        """A turn of some works, which their owners pay for. What breaks ends these only."""
        start = time.perf_counter()
        tickets = [ticket for work in works for ticket in work.tickets()]
        try:
            while any(work.more() for work in works):
                if len(works) == 1:
                    works[0].turn()
                else:
                    in_turn([work for work in works if isinstance(work, Shared)])
                if time.perf_counter() - start > SLICE:
                    break
        except BaseException as error:
            for work in works:
                work.fail(error)
        spent = (time.perf_counter() - start) / max(1, len(tickets))
        with self.changed:
            for ticket in tickets:
                self.used[ticket.owner] += spent

    def close(self) -> None:
        if self.scribes is not None:
            self.scribes.close()
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.asking.shutdown(wait=False, cancel_futures=True)


def waits(work: Work) -> bool:
    """Whether somebody has not been shown a line yet."""
    return any(not ticket.begun for ticket in work.tickets())


def companions(order: Sequence[Work], threads: int) -> list[Work]:
    """The first work, and those that may go in step with it: of one model, as many rows as a step takes well, and no
    more than this thread's share of them."""
    first = order[0]
    if not isinstance(first, Shared) or first.blocks is None:
        return [first]
    like = [work for work in order if isinstance(work, Shared) and work.blocks is first.blocks]
    found: list[Work] = []
    rows = 0
    for work in like[: -(-len(like) // threads)]:
        rows += len(work) * work.engine.drawing.particles
        if found and rows > (FIRST if waits(first) else TOGETHER):
            break
        found.append(work)
    return found


def tell(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[Any], item: Any) -> None:
    """Hand an item to the event loop; nothing if it has ended."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(queue.put_nowait, item)


async def items_of(queue: asyncio.Queue[Any]) -> AsyncIterator[Any]:
    """What comes until None; errors are raised. None where nothing came for a while."""
    while True:
        try:
            item = await asyncio.wait_for(queue.get(), BEAT_SECONDS)
        except TimeoutError:
            yield None
            continue
        if item is None:
            return
        if isinstance(item, BaseException):
            raise item
        yield item
