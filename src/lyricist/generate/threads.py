"""Many songs on several cores in one process: an engine per thread, each with its own rows, under one compiled plan.

ONNX Runtime and NumPy release the interpreter's lock while they compute. A song does not depend on the other songs of
its batch, so it does not matter which engine writes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Queue

from lyricist.generate.engine import Engine
from lyricist.generate.result import LineWritten, SongWritten

MAX_WAITING = 4_000  # events made ahead of the reader
POLL_SECONDS = 0.1  # between looks at whether the reader has gone


class SharedIterator:
    """An iterator that several threads may take from."""

    def __init__(self, items: Iterable[int]) -> None:
        self.items, self.lock = iter(items), threading.Lock()

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        with self.lock:
            return next(self.items)


def write_in_threads(
    engines: Iterable[Engine], seeds: Iterable[int], should_stop: Callable[[], bool]
) -> Iterator[LineWritten | SongWritten]:
    """The events of all engines, in any order. An error of one engine ends them all and is raised here."""
    waiting: Queue[LineWritten | SongWritten | BaseException | None] = Queue(MAX_WAITING)
    over, shared = threading.Event(), SharedIterator(seeds)

    def work(engine: Engine) -> None:
        end: BaseException | None = None
        try:
            for event in engine.write(shared, lambda: over.is_set() or should_stop()):
                waiting.put(event)
        except BaseException as e:
            end = e
        waiting.put(end)

    threads = [threading.Thread(target=work, args=(engine,), daemon=True) for engine in engines]
    for thread in threads:
        thread.start()
    left = len(threads)
    try:
        while left:
            event = waiting.get()
            if isinstance(event, BaseException):
                raise event
            if event is None:
                left -= 1
            else:
                yield event
    finally:
        over.set()
        while any(thread.is_alive() for thread in threads):  # empty the queue, so that none waits to put
            try:
                waiting.get(timeout=POLL_SECONDS)
            except Empty:
                continue
