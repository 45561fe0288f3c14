"""Generation processes, one per core: Python runs one thread of a process at a time, so two cores take two processes.

A request goes to the process with the fewest. While no process is ready, the studio writes in its own process.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from lyricist.apps.studio.http_io import TooLong, busy
from lyricist.apps.studio.jobs import Ticket, WriteJob
from lyricist.generate.worker_pool import plan_json
from lyricist.generate.writer import Model
from lyricist.workers import WorkerDied, WorkerPool

WORKER = "lyricist.apps.studio.generation_worker"


class GenerationPool:
    """The processes of one studio. `run_of`: the folder of a loaded model, or None."""

    def __init__(self, processes: int, seconds: float, run_of: Callable[[Model], Path | None]) -> None:
        self.pool = WorkerPool(WORKER, processes, first=b"", errors=[TooLong])
        self.seconds, self.run_of = seconds, run_of

    def take(self, ticket: Ticket, job: WriteJob) -> bool:
        """Whether a process writes this. It sends the page's events ready-made, so they only pass through here."""
        run = self.run_of(job.model)
        if run is None:
            return False
        asked = {"owner": ticket.owner, "seconds": self.seconds, "run": str(run), "seeds": list(job.seeds)}
        asked |= {"plan": plan_json(job.plan), "drawing": job.drawing.model_dump(), "explain": job.explain}
        request = self.pool.submit(json.dumps(asked).encode(), ticket.give)
        if request is None or (request.done() and request.exception() is not None):  # it has just died
            return False

        def ended(request: Future[bytes]) -> None:
            if not request.cancelled():
                error = request.exception()
                died = isinstance(error, WorkerDied)
                ticket.give(busy("the process that wrote this has died: try again") if died else error)

        ticket.leave = request.cancel
        request.add_done_callback(ended)
        if ticket.gone:
            request.cancel()
        return True
