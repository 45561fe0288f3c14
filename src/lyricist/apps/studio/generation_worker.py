"""One generation process: the loop of `decoding` in a process of its own; its parent is `GenerationPool` there."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from lyricist.apps.studio.decoding import Decoding
from lyricist.apps.studio.jobs import Recent, Ticket, WriteJob, event_of
from lyricist.apps.studio.model_list import Stamp, stamp_of
from lyricist.apps.studio.studio_settings import Limits
from lyricist.generate.open_run import load
from lyricist.generate.worker_pool import plan_from_json
from lyricist.generate.writer import Model
from lyricist.model.starter import need_starter
from lyricist.plan.plan import Drawing, Plan
from lyricist.workers import Job, serve

MODELS = 3  # kept in memory
ANY = 1_000_000  # requests: the studio counts them
WARM = Plan(form=("verse",), syllables=(8,))


class GenerationWorker:
    """Begins requests as they come, and gives each its events as they are made."""

    def __init__(self) -> None:
        self.decoding = Decoding(Limits(requests_at_work=ANY, requests_per_owner=ANY), threads=1)
        self.beginning = ThreadPoolExecutor(2, "beginning")
        self.tickets: dict[int, Ticket] = {}
        self.counting = threading.Lock()
        self.models: Recent[Stamp, Model] = Recent(MODELS)

    def handle(self, job: Job) -> None:
        """Begin a request; an empty one is answered once what every song needs is loaded."""
        if not job.data:
            self.beginning.submit(self.warm, job)
            return
        asked = json.loads(job.data)
        ticket = Ticket(asked["owner"], partial(self.tell, job), asked["seconds"])
        with self.counting:
            self.tickets[job.number] = ticket
            self.decoding.enter(ticket.owner)
        job.on_cancel = partial(self.end, job.number)
        if job.cancelled:
            self.end(job.number)
        self.beginning.submit(self.begin, job, ticket, asked)

    def begin(self, job: Job, ticket: Ticket, asked: dict[str, Any]) -> None:
        try:
            plan, drawing = plan_from_json(asked["plan"]), Drawing(**asked["drawing"])
            model = self.model(Path(asked["run"]))
            self.decoding.begin(ticket, WriteJob(model, plan, drawing, asked["seeds"], asked["explain"]))
        except Exception as error:
            self.tell(job, error)

    def tell(self, job: Job, item: Any) -> None:
        if item is None or isinstance(item, BaseException):
            self.end(job.number)
        if item is None:
            job.done(b"")
        elif isinstance(item, BaseException):
            job.fail(item)
        else:
            job.send(event_of(item))

    def end(self, number: int) -> None:
        """The request is answered, or nobody waits for it any more."""
        with self.counting:
            ticket = self.tickets.pop(number, None)
            if ticket is not None:
                ticket.gone = True
                self.decoding.leave(ticket.owner)

    def model(self, run: Path) -> Model:
        return self.models.get(stamp_of(run), lambda: load(run, threads=1))

    def warm(self, job: Job) -> None:
        try:
            self.model(need_starter()).write(WARM, seed=1)
            job.done(b"")
        except Exception as error:
            job.fail(error)


if __name__ == "__main__":
    serve(GenerationWorker().handle)
