"""The loop that writes everything: the work of many requests, taken in turns by one thread per core.

Requests for the same plan with the same drawing are one work: their songs are the rows of one engine, so that the
model is run once for all of them. Work for somebody who waits for a first line goes before other work; among equals
it is the turn of those owners who have had the least time.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from lyricist.apps.studio.http_io import BEAT_SECONDS, TooLong, busy
from lyricist.apps.studio.jobs import CompiledPlans, Shared, Ticket, WriteJob, turn_together
from lyricist.apps.studio.studio_settings import Limits
from lyricist.generate.explain import choice
from lyricist.generate.worker_pool import plan_json
from lyricist.generate.writer import Model
from lyricist.plan.plan import Drawing
from lyricist.workers import WorkerDied, WorkerPool

T = TypeVar("T")
WORKER = "lyricist.apps.studio.generation_worker"
SLICE = 0.004  # seconds of one turn, if a step does not take longer
TOGETHER, FIRST = 48, 24  # rows of engines that go in step; and while somebody waits for a first line
CROWD = 4  # songs of one engine from which another core gets an engine of its own
ENGINES = 24  # plans and drawings whose engines are kept while nobody writes
ASKING = 4  # plans compiled at the same time
Key = tuple[int, Drawing, bool]


class Decoding:
    """Everything that is written. What is over the limits is refused with 429."""

    def __init__(self, limits: Limits, threads: int, pool: GenerationPool | None = None) -> None:
        """`pool`: processes that write instead of this process's `threads`, once they are ready."""
        self.limits, self.most_threads, self.pool = limits, threads, pool
        self.compiled = CompiledPlans()
        self.asking = ThreadPoolExecutor(ASKING, "asking")
        self.at_work: Counter[str] = Counter()  # requests by owner
        self.changed = threading.Condition()
        self.ready: list[Shared] = []
        self.alive: set[int] = set()  # works in `ready`, or in a thread's hands, by identity
        self.engines: OrderedDict[Key, list[Shared]] = OrderedDict()
        self.used: defaultdict[str, float] = defaultdict(float)  # seconds by owner
        self.threads: list[threading.Thread] = []
        self.alone = threading.Semaphore(threads)
        self.closed = False

    # --- from requests, in the event loop

    async def ask(self, owner: str, work: Callable[[], T]) -> T:
        """The result of something short, beside the loop: a compiled plan, a reading."""
        self.enter(owner)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.asking, work)
        finally:
            self.leave(owner)

    async def write(self, owner: str, job: WriteJob, here: bool = False) -> AsyncIterator[Any]:
        """Lines and songs as they are made, or the events of these as bytes if another process writes; None where
        nothing came for a while. `here`: in this process, for what is short and whose plan is compiled already."""

        self.enter(owner)
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Any]()
        ticket = Ticket(owner, lambda item: tell(loop, queue, item), self.limits.seconds_per_request)

        def begin() -> None:
            if here or self.pool is None or not self.pool.take(ticket, job):
                self.begin(ticket, job)

        try:
            await loop.run_in_executor(self.asking, begin)
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
        if not self.at_work[owner]:  # an owner who comes back has no credit for the time away
            self.used[owner] = max(self.used[owner], min((self.used[o] for o in self.at_work), default=0.0))
        self.at_work[owner] += 1

    def leave(self, owner: str) -> None:
        self.at_work[owner] -= 1
        if not self.at_work[owner]:
            del self.at_work[owner]
            if not self.at_work:
                self.used.clear()

    # --- works

    def begin(self, ticket: Ticket, job: WriteJob) -> None:
        """Put a request to work in this process."""
        if job.plan.exact or job.model.vocabulary.order == "backward" or job.explain:
            self.join(ticket, job)
        else:
            threading.Thread(target=self.write_alone, args=(ticket, job), name="alone", daemon=True).start()

    def write_alone(self, ticket: Ticket, job: WriteJob) -> None:
        """Write songs of a plan that is not exact; no more such requests run at once than there are threads."""
        try:
            made = job.model.events(job.plan, job.drawing, job.seeds, ticket.over)
            while not ticket.over():
                with self.alone:
                    item = next(made, None)
                ticket.give(item)
                if item is None:
                    return
        except BaseException as error:
            ticket.give(error)

    def join(self, ticket: Ticket, job: WriteJob) -> None:
        """Put songs into an engine for their plan and drawing."""
        writer = self.compiled.get(job.model, job.plan, len(job.seeds))
        key = (id(writer), job.drawing, job.explain)
        with self.changed:
            shared = self.least(key)
        if shared is None:
            blocks = None if job.explain else self.compiled.steered(writer.blocks)
            shared = Shared(writer, writer.engine(job.drawing, record=choice if job.explain else None), blocks)
            with self.changed:
                self.engines.setdefault(key, []).append(shared)
        with self.changed:
            shared.join(ticket, job.seeds)
            self.wake(shared)
            self.forget()

    def least(self, key: Key) -> Shared | None:
        """The engine with the fewest songs; None if there should be one more."""
        found = self.engines.get(key, [])
        if key in self.engines:
            self.engines.move_to_end(key)
        best = min(found, key=len, default=None)
        crowded = best is not None and len(best) >= CROWD and len(found) < self.most_threads
        return None if crowded else best

    def forget(self) -> None:
        """Drop the engines that were idle for longest."""
        for key in list(self.engines)[: max(0, len(self.engines) - ENGINES)]:
            if all(id(shared) not in self.alive for shared in self.engines[key]):
                del self.engines[key]

    def wake(self, work: Shared) -> None:
        """Put a work in the queue; the caller holds `changed`."""
        if id(work) not in self.alive:
            self.alive.add(id(work))
            self.ready.append(work)
        if not self.threads and not self.closed:
            self.threads = [
                threading.Thread(target=self.run, name=f"writing-{i}", daemon=True) for i in range(self.most_threads)
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

    def pick(self) -> list[Shared]:
        """The works whose turn it is: one, or engines of one model that go in step."""

        def rank(work: Shared) -> tuple[bool, float]:
            used = (self.used[ticket.owner] for ticket in work.tickets())
            return not waits(work), min(used, default=0.0)

        order = sorted(self.ready, key=rank) if len(self.ready) > 1 else self.ready
        chosen = companions(order, self.most_threads)
        self.ready = [work for work in self.ready if work not in chosen]
        return chosen

    def spend(self, works: Sequence[Shared]) -> None:
        """A turn of some works, counted for their owners. An error ends only these works."""
        start = time.perf_counter()
        tickets = [ticket for work in works for ticket in work.tickets()]
        try:
            while any(work.more() for work in works):
                if len(works) == 1:
                    works[0].turn()
                else:
                    turn_together(works)
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
        if self.pool is not None:
            self.pool.pool.shutdown()
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.asking.shutdown(wait=False, cancel_futures=True)


class GenerationPool:
    """Processes that write, one per core, since Python runs one thread of a process at a time.

    A request goes to the process with the fewest; while none is ready, the studio writes in its own process.
    `run_of`: the folder of a loaded model, or None.
    """

    def __init__(self, processes: int, seconds: float, run_of: Callable[[Model], Path | None]) -> None:
        self.pool = WorkerPool(WORKER, processes, first=b"", errors=[TooLong])
        self.seconds, self.run_of = seconds, run_of

    def take(self, ticket: Ticket, job: WriteJob) -> bool:
        """Whether a process writes this. It sends the page's events ready-made, so they only pass through here."""
        run = self.run_of(job.model)
        if run is None:
            return False
        asked = {"owner": ticket.owner, "seconds": self.seconds, "run": str(run), "seeds": list(job.seeds)}
        asked |= {"plan": plan_json(job.plan), "drawing": job.drawing.model_dump(), "explain": job.explain}
        request = self.pool.submit(json.dumps(asked).encode(), ticket.give)
        if request is None or (request.done() and request.exception() is not None):  # it has just died
            return False

        def ended(request: Future[bytes]) -> None:
            if not request.cancelled():
                error = request.exception()
                died = isinstance(error, WorkerDied)
                ticket.give(busy("the process that wrote this has died: try again") if died else error)

        ticket.leave = request.cancel
        request.add_done_callback(ended)
        if ticket.gone:
            request.cancel()
        return True


def waits(work: Shared) -> bool:
    """Whether somebody waits for a first line."""
    return any(not ticket.begun for ticket in work.tickets())


def companions(order: Sequence[Shared], threads: int) -> list[Shared]:
    """The first work, and those that may go in step with it: of one model, up to TOGETHER rows, and no more than this
    thread's share."""
    first = order[0]
    if first.blocks is None:
        return [first]
    like = [work for work in order if work.blocks is first.blocks]
    found: list[Shared] = []
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
