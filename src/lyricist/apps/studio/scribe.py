"""One writing process: the loop of `decoding.py` in a process of its own. See `scribes.py` for the studio's side.

Jobs and what comes of them are pickled between the studio and this, its own child, and never stored.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from lyricist.apps.studio.decoding import Decoding
from lyricist.apps.studio.models import Stamp, stamp_of
from lyricist.apps.studio.settings import Limits, Settings
from lyricist.apps.studio.works import READY, Job, Ticket
from lyricist.generate.open_run import load
from lyricist.generate.writer import Model
from lyricist.model.starter import need_starter
from lyricist.plan.plan import Plan

MODELS = 3  # kept in memory
ANY = 1_000_000  # requests: the studio counts them
WARM = Plan(form=("verse",), syllables=(8,))


class Scribe:
    """Begins and ends jobs as it is told, and tells what comes of them as (number, item)."""

    def __init__(self, answers: BinaryIO) -> None:
        self.answers, self.telling = answers, threading.Lock()
        self.decoding = Decoding(Settings(threads=1, limits=Limits(requests_at_work=ANY, requests_per_owner=ANY)))
        self.beginning = ThreadPoolExecutor(2, "beginning")
        self.tickets: dict[int, Ticket] = {}
        self.counting = threading.Lock()
        self.models: OrderedDict[Stamp, Model] = OrderedDict()
        self.loading = threading.Lock()

    def serve(self, jobs: BinaryIO) -> None:
        """Jobs, and numbers of jobs that nobody waits for any more, until there are no more."""
        while True:
            try:
                found = pickle.load(jobs)
            except EOFError:
                return
            if isinstance(found, Job):
                self.take(found)
            else:
                self.end(found)

    def take(self, job: Job) -> None:
        ticket = Ticket(job.owner, lambda item: self.tell(job.number, item), job.seconds)
        with self.counting:
            self.tickets[job.number] = ticket
            self.decoding.enter(job.owner)
        self.beginning.submit(self.begin, job, ticket)

    def begin(self, job: Job, ticket: Ticket) -> None:
        try:
            self.decoding.begin(ticket, self.model(job.run), job.plan, job.drawing, job.seeds, job.explain)
        except Exception as error:
            self.tell(job.number, error)

    def end(self, number: int) -> None:
        with self.counting:
            ticket = self.tickets.pop(number, None)
            if ticket is not None:
                ticket.gone = True
                self.decoding.leave(ticket.owner)

    def tell(self, number: int, item: Any) -> None:
        if item is None or isinstance(item, BaseException):
            self.end(number)
        made = pickle.dumps((number, sendable(item)))
        with self.telling:
            self.answers.write(made)
            self.answers.flush()

    def model(self, run: Path) -> Model:
        with self.loading:
            stamp = stamp_of(run)
            if stamp not in self.models:
                self.models[stamp] = load(run, threads=1)
            self.models.move_to_end(stamp)
            while len(self.models) > MODELS:
                self.models.popitem(last=False)
            return self.models[stamp]

    def warm(self) -> None:
        """Load what every song needs, so that the first is as quick as the others."""
        self.model(need_starter()).write(WARM, seed=1)
        self.tell(READY, "ready")


def sendable(item: Any) -> Any:
    """The item; of an error that cannot be sent only its kind."""
    if not isinstance(item, BaseException):
        return item
    try:
        pickle.loads(pickle.dumps(item))
    except Exception:
        return RuntimeError(type(item).__name__)
    return item


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    scribe = Scribe(answers)
    scribe.beginning.submit(scribe.warm)
    scribe.serve(sys.stdin.buffer)
    os._exit(0)  # songs that nobody waits for any more are not finished


if __name__ == "__main__":
    main()
