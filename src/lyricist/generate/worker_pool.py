"""Very many songs on several cores: one process per core, since Python runs one thread of a process at a time.

Each worker (`song_worker`) loads the run, compiles the plan, and is given seeds as it finishes songs. Fewer songs are
written by one engine per thread in this process. A song does not depend on the other songs of its batch, so it does
not matter who writes it.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from queue import Empty, Queue, SimpleQueue
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from lyricist.errors import RunError
from lyricist.generate.exact_engine import ROWS, ExactEngine
from lyricist.generate.result import LineWritten, SongFailed, SongWritten, WrittenSong
from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.features import Note
from lyricist.workers import Request, WorkerDied, WorkerError, WorkerPool

AHEAD = ROWS + 64  # seeds given to a worker before it has finished any song: more than it writes side by side
POLL_SECONDS = 0.1  # between looks at whether to stop
WORKER = "lyricist.generate.song_worker"
DIED = "a process that wrote songs has died: is memory short? Write fewer at a time"

Event = LineWritten | WrittenSong | SongFailed
Stamp = tuple[tuple[str, int, int], ...]  # name, size and time of change of each file of a run


def files_of(run: Path) -> Stamp:
    """Identifies the files of a run, to see later whether they are still the same."""
    found = sorted(path for path in run.iterdir() if path.is_file())
    return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in found)


# --- what is sent


@dataclass(frozen=True)
class Task:
    """What a process writes from and to. `files`: of the run as the parent has read it."""

    run: Path
    files: Stamp
    plan: Plan
    drawing: Drawing
    explain: bool

    def to_json(self) -> bytes:
        fields = {"run": str(self.run), "files": self.files, "explain": self.explain}
        return json.dumps(fields | {"plan": plan_json(self.plan), "drawing": self.drawing.model_dump()}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Task:
        found = json.loads(data)
        plan, drawing = plan_from_json(found["plan"]), Drawing(**found["drawing"])
        return cls(Path(found["run"]), tuples(found["files"]), plan, drawing, found["explain"])


def plan_json(plan: Plan) -> dict[str, Any]:
    """The fields of a plan that were set."""
    return plan.model_dump(mode="json", exclude_unset=True)


def plan_from_json(fields: dict[str, Any]) -> Plan:
    """The plan that `plan_json` was called with. Its values are not checked again."""
    sections = [{name: tuples(value) for name, value in section.items()} for section in fields.get("sections", ())]
    for section in sections:
        if "tune" in section:
            section["tune"] = tuple(tuple(Note(*note) for note in line) for line in section["tune"])
    made = {name: tuples(value) for name, value in fields.items()}
    if sections:
        made["sections"] = tuple(SectionPlan.model_construct(**section) for section in sections)
    return Plan.model_construct(**made)


def tuples(value: Any) -> Any:
    """JSON's lists as tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


@cache
def codec() -> TypeAdapter[list[Event]]:
    """Events as JSON and back."""
    return TypeAdapter(list[Event], config=ConfigDict(ser_json_inf_nan="constants"))


# --- the processes


class WriterPool:
    """Processes that write to one plan; see `song_worker` for their side."""

    def __init__(self, task: Task, processes: int) -> None:
        """`OSError` where no process can be started."""
        self.pool = WorkerPool(WORKER, processes, first=task.to_json())
        self.pool.open()

    def ready(self) -> bool:
        """Wait until all can write. False if one cannot; then all are closed."""
        if all(worker.first is not None and worker.first.exception() is None for worker in self.pool.workers):
            return True
        self.pool.shutdown()
        return False

    def write(self, seeds: Iterator[int], should_stop: Callable[[], bool]) -> Iterator[Event]:
        """The events of all processes, in any order. An error of one ends them all and is raised here."""
        messages: SimpleQueue[tuple[int, bytes | None]] = SimpleQueue()
        try:
            requests = [worker.submit(b"", partial(hear, messages, i)) for i, worker in enumerate(self.pool.workers)]
            first = list(itertools.islice(seeds, AHEAD * len(requests)))
            for i, request in enumerate(requests):
                request.add_done_callback(lambda _, i=i: messages.put((i, None)))  # type: ignore[misc]
                give(request, first[i :: len(requests)], AHEAD)
            left = len(requests)
            while left and not should_stop():
                try:
                    i, data = messages.get(timeout=POLL_SECONDS)
                except Empty:
                    continue
                if data is None:
                    left -= 1
                    check(requests[i])
                    continue
                events = codec().validate_json(data)
                songs = sum(not isinstance(event, LineWritten) for event in events)
                give(requests[i], list(itertools.islice(seeds, songs)), songs)
                yield from events
        finally:
            self.pool.shutdown()


def hear(messages: SimpleQueue[tuple[int, bytes | None]], i: int, data: bytes) -> None:
    messages.put((i, data))


def give(request: Request, seeds: list[int], wanted: int) -> None:
    """Send seeds to a process; fewer than are wanted are the last."""
    if seeds:
        request.send(json.dumps(seeds).encode())
    if len(seeds) < wanted:
        request.send(b"")


def check(request: Request) -> None:
    """Raise the error that a process ended with, if it did. Raises `RunError` if it died."""
    try:
        request.result()
    except (WorkerDied, WorkerError) as error:
        raise RunError(DIED) from error


# --- Many songs on several cores in one process: one engine per thread, each with its own rows

MAX_WAITING = 4_000  # events made ahead of the reader


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
    engines: Iterable[ExactEngine], seeds: Iterable[int], should_stop: Callable[[], bool]
) -> Iterator[LineWritten | SongWritten | SongFailed]:
    """The events of all engines, in any order. An error of one engine ends them all and is raised here."""
    waiting: Queue[LineWritten | SongWritten | SongFailed | BaseException | None] = Queue(MAX_WAITING)
    over, shared = threading.Event(), SharedIterator(seeds)

    def work(engine: ExactEngine) -> None:
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
