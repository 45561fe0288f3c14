"""The studio's side of `hand.py`: processes started when they are needed and killed when they take too long."""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from lyricist.apps.studio.errors import busy
from lyricist.children import start
from lyricist.errors import InputError

JOBS_EACH = 200  # jobs after which a hand is replaced, whatever it may have kept
RECORDS = ("lyricist.melody.tune", "lyricist.errors", "fractions")  # modules whose classes an answer may hold


@dataclass
class Hand:
    """One process, one job at a time; others wait their turn. `megabytes`: memory that it may take."""

    megabytes: int
    most_waiting: int
    process: subprocess.Popen[bytes] | None = None
    jobs: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False

    def ask(self, seconds: float, limit: str, job: str, *arguments: Any) -> Any:
        """What a job returns; its errors are raised here. InputError if it takes longer than `seconds`, which are
        called `limit`; `busy` where too many wait."""
        with self.counting:
            if self.waiting >= self.most_waiting:
                raise busy(f"{self.waiting} files are waiting to be read: try again soon", 5)
            self.waiting += 1
        try:
            with self.turn:
                return self.do(seconds, limit, job, arguments)
        finally:
            with self.counting:
                self.waiting -= 1

    def do(self, seconds: float, limit: str, job: str, arguments: tuple[Any, ...]) -> Any:
        process = self.ready()
        assert process.stdin is not None and process.stdout is not None
        late, begun = threading.Event(), time.monotonic()
        too_slow = InputError(f"this takes longer than the limit ({limit}) of {seconds:g} s: give less")

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(pickle.dumps((job, arguments)))
            process.stdin.flush()
            well, made = Answers(process.stdout).load()
        except (EOFError, OSError, pickle.UnpicklingError):
            self.dismiss()
            if late.is_set():
                raise too_slow from None
            raise InputError("the process that reads this has died: it takes too much memory; give less") from None
        finally:
            timer.cancel()
        if late.is_set():  # the answer came at the last moment, and the process is gone
            self.dismiss()
        if time.monotonic() - begun > seconds:  # also where the timer's thread came late
            raise too_slow
        if not well:
            raise made
        return made

    def ready(self) -> subprocess.Popen[bytes]:
        """The process, started if there is none or it has done enough."""
        self.jobs += 1
        if self.process is not None and (self.process.poll() is not None or self.jobs > JOBS_EACH):
            self.dismiss()
        if self.closed:
            raise busy("the studio is closing: try again soon", 5)
        if self.process is None:
            self.process, self.jobs = (
                start([sys.executable, "-m", "lyricist.apps.studio.hand", str(self.megabytes)]),
                1,
            )
        return self.process

    def dismiss(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                with contextlib.suppress(OSError):
                    pipe and pipe.close()
        self.process = None

    def close(self) -> None:
        """No more jobs; one that is under way is given up."""
        self.closed = True
        process = self.process
        if process is not None:
            process.kill()
        with self.turn:
            self.dismiss()


class Answers(pickle.Unpickler):
    """What a hand answers: records of tunes and errors of this package, and nothing that could run.

    A hand reads what strangers send; one that has been taken over is not to take over the studio.
    """

    def find_class(self, module: str, name: str) -> Any:
        """UnpicklingError for all but the classes of RECORDS."""
        found = super().find_class(module, name) if module in RECORDS else None
        if isinstance(found, type) and found.__module__ == module:
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")
