"""Many songs on several cores: engines side by side in threads, each with its own rows, under one compiled plan.

ONNX Runtime and NumPy let go of the interpreter while they compute. A song does not depend on what else is in
its batch, so which engine writes it does not matter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Queue

from lyricist.generate.engine import Engine
from lyricist.generate.result import LineWritten, SongWritten

WAITING = 4_000  # events made ahead of whoever takes them
PATIENCE = 0.1  # seconds between looks at whether the reader has gone


class Shared:
    """An iterator that several threads take from."""

    def __init__(self, items: Iterable[int]) -> None:
        self.items, self.lock = iter(items), threading.Lock()

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        with self.lock:
            return next(self.items)


def write_abreast(
    engines: Iterable[Engine], seeds: Iterable[int], should_stop: Callable[[], bool]
) -> Iterator[LineWritten | SongWritten]:
    """What the engines write, in any order. An error of one ends all."""
    waiting: Queue[LineWritten | SongWritten | BaseException | None] = Queue(WAITING)
    over, shared = threading.Event(), Shared(seeds)

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
        while any(thread.is_alive() for thread in threads):  # let go of those that wait for room
            try:
                waiting.get(timeout=PATIENCE)
            except Empty:
                continue
