"""The loop that everything is written by: works of many requests, taken in turns by a few threads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from lyricist.studio.errors import busy
from lyricist.studio.settings import Settings
from lyricist.studio.sse import BEAT_SECONDS

T = TypeVar("T")
Made = Iterator[Any]
OVER = object()


class Decoding:
    """Bounded: what does not fit is refused with 429."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.limits = settings, settings.limits
        self.pool = ThreadPoolExecutor(settings.threads, "writing")
        self.others = ThreadPoolExecutor(2, "asking")
        self.owners: Counter[str] = Counter()

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.others.shutdown(wait=False, cancel_futures=True)

    def enter(self, owner: str) -> None:
        if self.owners.total() >= self.limits.requests_at_work:
            raise busy("the studio writes for as many as it can (limit requests_at_work): try again in a moment")
        if self.owners[owner] >= self.limits.requests_per_owner:
            raise busy("you have as many requests at work as you may (limit requests_per_owner): wait for one")
        self.owners[owner] += 1

    def leave(self, owner: str) -> None:
        self.owners[owner] -= 1
        if not self.owners[owner]:
            del self.owners[owner]

    async def ask(self, owner: str, work: Callable[[], T]) -> T:
        """The result of something short: compiled plans, reasons, alternatives."""
        self.enter(owner)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.others, work)
        finally:
            self.leave(owner)

    async def follow(self, owner: str, work: Callable[[Callable[[], bool]], Made]) -> AsyncIterator[Any]:
        """What `work(should_stop)` yields, as it is made; None where nothing came for a while."""
        self.enter(owner)
        loop, over = asyncio.get_running_loop(), threading.Event()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        end = time.monotonic() + self.limits.seconds_per_request

        def tell(item: Any) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, item)

        def run() -> None:
            try:
                for item in work(lambda: over.is_set() or time.monotonic() > end):
                    tell(item)
                tell(OVER)
            except BaseException as error:
                tell(error)

        self.pool.submit(run)
        try:
            while True:
                try:
                    item = await asyncio.wait_for(queue.get(), BEAT_SECONDS)
                except TimeoutError:
                    yield None
                    continue
                if item is OVER:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            over.set()
            self.leave(owner)
