"""A process that writes songs for its parent: `python -m lyricist.generate.song_worker`. See `worker_pool`.

Its first request is a `Task`. The second has seeds as its input, a list per frame, and is answered with messages of
events as they are made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from lyricist.errors import RunError
from lyricist.generate.batched_step import PremisedWriter
from lyricist.generate.exact_writer import ExactWriter
from lyricist.generate.explain import choice
from lyricist.generate.worker_pool import Event, Task, codec, files_of
from lyricist.generate.writer import load
from lyricist.workers import Job, serve

BATCH, BATCH_SECONDS = 64, 0.1  # events of one message, and seconds after which a shorter message is sent


class SongWorker:
    """Writes to one plan."""

    def __init__(self) -> None:
        self.task: Task | None = None
        self.writer: ExactWriter | PremisedWriter | None = None

    def handle(self, job: Job) -> bytes:
        if self.task is None or self.writer is None:
            self.open(Task.from_json(job.data))
        else:
            self.write(job, self.task, self.writer)
        return b""

    def open(self, task: Task) -> None:
        """Load the run and compile the plan. `RunError` where the files are not those that the parent has read."""
        writer = load(task.run, threads=1).planned(task.plan)
        if files_of(task.run) != task.files:
            raise RunError(f"{task.run} has changed: load it again")
        self.task, self.writer, writer.cores = task, writer, 1

    def write(self, job: Job, task: Task, writer: ExactWriter | PremisedWriter) -> None:
        """Write a song for every seed."""
        batch: list[Event] = []
        sent = time.monotonic()
        for event in writer.events(task.drawing, seeds_of(job), record=choice if task.explain else None):
            batch.append(event)
            if len(batch) == BATCH or time.monotonic() - sent > BATCH_SECONDS:
                job.send(codec().dump_json(batch))
                batch, sent = [], time.monotonic()
        job.send(codec().dump_json(batch))


def seeds_of(job: Job) -> Iterator[int]:
    for data in job.inputs():
        yield from json.loads(data)


if __name__ == "__main__":
    serve(SongWorker().handle)
