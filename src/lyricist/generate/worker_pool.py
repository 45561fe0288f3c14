"""Very many songs on several cores: a process for each, since Python runs one thread of a process at a time.

Each child loads the run, compiles the plan and is fed seeds; what it writes comes back pickled, from our own child,
and is never stored. A song does not depend on what else is in its batch, so which process writes it does not matter.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, BinaryIO

from lyricist.children import start
from lyricist.errors import LyricistError, RunError
from lyricist.generate.exact_engine import ROWS
from lyricist.generate.result import LineWritten, WrittenSong
from lyricist.plan.plan import Drawing, Plan

AHEAD = ROWS + 64  # songs that a process is given before it has finished any: more than it writes side by side
WAITING = 200  # messages made ahead of whoever takes them
TOGETHER, LATEST = 64, 0.1  # events of one message, and seconds after which it is sent whatever it holds
PATIENCE = 0.1  # seconds between looks at whether the reader has gone
READY, DONE = "ready", "done"
DIED = "a process that wrote songs has died: is memory short? Write fewer at a time"

Stamp = tuple[tuple[str, int, int], ...]  # names, sizes and times of a run's files


@dataclass(frozen=True)
class Task:
    """What a process is to write from and to. `files`: of the run as the parent read it."""

    run: Path
    files: Stamp
    plan: Plan
    drawing: Drawing
    explain: bool


def files_of(run: Path) -> Stamp:
    """What tells whether a run's files are still those that were read."""
    found = sorted(path for path in run.iterdir() if path.is_file())
    return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in found)


class Child:
    """One process and who listens to it."""

    def __init__(self, task: Task, heard: Queue[tuple[Child, Any]], over: threading.Event) -> None:
        self.process = start([sys.executable, "-m", __name__])
        self.heard, self.over = heard, over
        self.tell(pickle.dumps(task))
        threading.Thread(target=self.listen, name="listening", daemon=True).start()

    def tell(self, message: bytes) -> None:
        """To one that has died nothing is told: whoever listens finds out."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.write(message)
            self.process.stdin.flush()

    def listen(self) -> None:
        assert self.process.stdout is not None
        item: Any = None
        while item != DONE and not self.over.is_set():
            try:
                item = pickle.load(self.process.stdout)
            except Exception:  # it has died, perhaps in the middle of a word
                self.hand_on(RunError(DIED))
                return
            self.hand_on(item)

    def hand_on(self, item: Any) -> None:
        while not self.over.is_set():
            try:
                self.heard.put((self, item), timeout=PATIENCE)
                return
            except Full:
                continue

    def give(self, seed: int | None) -> None:
        """One more song to write; None: there are no more."""
        assert self.process.stdin is not None
        if seed is None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        else:
            self.tell(b"%d\n" % seed)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Apart:
    """Processes that write to one plan."""

    def __init__(self, task: Task, processes: int) -> None:
        self.heard: Queue[tuple[Child, Any]] = Queue(WAITING)
        self.over = threading.Event()
        self.children = [Child(task, self.heard, self.over) for _ in range(processes)]

    def ready(self) -> bool:
        """Wait until all can write. False if one cannot: then all are closed."""
        for _ in self.children:
            _, item = self.heard.get()
            if item != READY:
                self.close()
                return False
        return True

    def write(self, seeds: Iterator[int], should_stop: Callable[[], bool]) -> Iterator[LineWritten | WrittenSong]:
        """What they write, in any order. An error of one ends all."""
        try:
            for _ in range(AHEAD):
                for child in self.children:
                    child.give(next(seeds, None))
            left = len(self.children)
            while left and not should_stop():
                try:
                    child, item = self.heard.get(timeout=PATIENCE)
                except Empty:
                    continue
                if isinstance(item, LyricistError):
                    raise item
                if item == DONE:
                    left -= 1
                    continue
                for _ in range(sum(isinstance(event, WrittenSong) for event in item)):
                    child.give(next(seeds, None))
                yield from item
        finally:
            self.close()

    def close(self) -> None:
        self.over.set()
        for child in self.children:
            child.close()


# --- in the child


def seeds_of(stdin: BinaryIO) -> Iterator[int]:
    for line in stdin:
        yield int(line)


def work(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Load, compile, say so, and write a song for every seed."""
    from lyricist.generate.writer import load

    def tell(item: Any) -> None:
        stdout.write(pickle.dumps(item))
        stdout.flush()

    task: Task = pickle.load(stdin)
    model = load(task.run, threads=1)
    writer = model.planned(task.plan)
    if files_of(task.run) != task.files:
        return
    writer.cores = 1
    tell(READY)
    made: list[LineWritten | WrittenSong] = []
    sent = time.monotonic()
    try:
        for event in writer.events(task.drawing, seeds_of(stdin), explain=task.explain):
            made.append(event)
            if len(made) == TOGETHER or time.monotonic() - sent > LATEST:
                tell(made)
                made, sent = [], time.monotonic()
        tell(made)
    except LyricistError as error:
        tell(error)
    tell(DONE)


def main() -> None:
    stdout = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no song
    work(sys.stdin.buffer, stdout)


if __name__ == "__main__":
    main()
