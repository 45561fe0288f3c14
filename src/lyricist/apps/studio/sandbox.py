"""The parent of `sandbox_worker`: starts its process when it is needed, and kills it when it takes too long.

The process reads what strangers send. Its answers are checked against their types, so that one that has been taken
over can send wrong values but run nothing in the studio.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lyricist.apps.studio.api_models import Understood
from lyricist.apps.studio.http_io import busy
from lyricist.apps.studio.sandbox_worker import PAGES, TUNE
from lyricist.apps.studio.studio_settings import Limits
from lyricist.errors import InputError
from lyricist.melody.tune import Tune
from lyricist.workers import Worker, WorkerDied, WorkerError

T = TypeVar("T")
WORKER = "lyricist.apps.studio.sandbox_worker"
JOBS_EACH = 200  # jobs after which a process is replaced, since readers may leak memory
HUGE = re.compile(rb'"[-+]?[\d._]*[eE][-+]?\d{4,}"')  # a fraction that would take all memory to be written out


class Sandbox:
    """One process, one job at a time; further requests wait, up to the limit `waiting`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.worker: Worker | None = None
        self.jobs = 0
        self.turn = threading.Lock()
        self.places = threading.BoundedSemaphore(limits.waiting)
        self.closed = False

    def read_tune(self, path: Path, name: str, track: int | None = None, phrases: str | None = None) -> Tune:
        """The tune in a file called `name`. `InputError` for a file that holds none, or that breaks a limit."""
        given = {"path": str(path), "name": name, "most": self.limits.tune_notes, "track": track, "phrases": phrases}
        return self.ask("tune", "tune_seconds", given, TUNE.validate_json)

    def write_score(
        self, tune: Tune, lines: Sequence[str] | None, title: str | None, suffix: str, partial: bool
    ) -> list[bytes]:
        """The pages of a score, of the kind that a suffix says. `InputError` for words that do not fit."""
        given = {"tune": TUNE.dump_python(tune, mode="json"), "lines": lines, "title": title}
        given |= {"suffix": suffix, "partial": partial}
        return self.ask("score", "score_seconds", given, PAGES.validate_json)

    def read_songs(self, files: Sequence[tuple[Path, str]], out: Path, songs_by: str) -> dict[str, Any]:
        """Files, each with a name, as a corpus at `out`; what was understood. `InputError` for unusable lyrics."""
        given = {"files": [(str(path), name) for path, name in files], "out": str(out), "songs_by": songs_by}
        return self.ask("songs", "lyrics_seconds", given, Understood.model_validate_json).model_dump()

    def ask(self, job: str, limit: str, arguments: dict[str, Any], decode: Callable[[bytes], T]) -> T:
        """The result of a job, whose errors are raised here. `InputError` if it takes longer than `limit` says;
        `busy` if too many wait."""
        if not self.places.acquire(blocking=False):
            raise busy(f"{self.limits.waiting} files are waiting to be read: try again soon", 5)
        try:
            with self.turn:
                return self.run(job, limit, arguments, decode)
        finally:
            self.places.release()

    def run(self, job: str, limit: str, arguments: dict[str, Any], decode: Callable[[bytes], T]) -> T:
        """The result of a job in a process of its own. Raises `InputError` beyond the limit of time, or if the
        process dies."""
        worker, seconds = self.ready(), getattr(self.limits, limit)
        asked, begun = {"job": job, "seconds": seconds, "arguments": arguments}, time.monotonic()
        try:
            data = worker.submit(json.dumps(asked).encode()).result(seconds)
            if time.monotonic() - begun > seconds:  # it came while this thread slept
                raise TimeoutError
            if HUGE.search(data):
                raise ValueError
            return decode(data)
        except TimeoutError:
            worker.kill()
            raise InputError(f"this takes longer than the limit ({limit}) of {seconds:g} s: give less") from None
        except (WorkerDied, WorkerError, ValueError):
            worker.kill()
            raise InputError("the process that reads this has died: it takes too much memory; give less") from None

    def ready(self) -> Worker:
        """The process, started if there is none or it has done enough."""
        if self.closed:
            raise busy("the studio is closing: try again soon", 5)
        self.jobs += 1
        if self.worker is not None and (self.worker.process.poll() is not None or self.jobs > JOBS_EACH):
            self.worker.kill()
            self.worker = None
        if self.worker is None:
            self.worker, self.jobs = Worker(WORKER, str(self.limits.reading_megabytes)), 1
        return self.worker

    def close(self) -> None:
        """End the process, also in the middle of a job; there will be no other."""
        self.closed = True
        if self.worker is not None:
            self.worker.kill()
        with self.turn:  # also one that was started meanwhile
            if self.worker is not None:
                self.worker.kill()
