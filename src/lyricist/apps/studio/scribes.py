"""Writing processes, one a core: Python runs one thread at a time, so that two cores take two processes.

A request goes to the process with the fewest. Until one is ready, or where there is none, the studio writes itself.
"""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from lyricist.apps.studio.errors import busy
from lyricist.apps.studio.works import READY, Job, Ticket
from lyricist.children import start
from lyricist.generate.writer import Model
from lyricist.plan.plan import Drawing, Plan

DIED = "the process that wrote this has died: try again"


class Child:
    """One process, and whom it writes for."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] = start([sys.executable, "-m", "lyricist.apps.studio.scribe"])
        self.tickets: dict[int, Ticket] = {}
        self.ready = self.dead = False
        self.sending = threading.Lock()
        threading.Thread(target=self.listen, name="listening", daemon=True).start()

    def take(self, job: Job, ticket: Ticket) -> bool:
        """Whether the process has been given the job."""
        self.tickets[job.number] = ticket
        ticket.leave = lambda: self.drop(job.number)
        if not self.send(job):
            self.tickets.pop(job.number, None)
            return False
        if ticket.gone:
            self.drop(job.number)
        return True

    def drop(self, number: int) -> None:
        """Nobody waits for this any more."""
        if self.tickets.pop(number, None) is not None:
            self.send(number)

    def send(self, message: Job | int) -> bool:
        assert self.process.stdin is not None
        try:
            with self.sending:
                self.process.stdin.write(pickle.dumps(message))
                self.process.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def listen(self) -> None:
        """Hand on what it tells, until it ends."""
        assert self.process.stdout is not None
        try:
            while True:
                number, item = pickle.load(self.process.stdout)
                self.ready = self.ready or number == READY
                over = item is None or isinstance(item, BaseException)
                ticket = self.tickets.pop(number, None) if over else self.tickets.get(number)
                if ticket is not None:
                    ticket.give(item)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self.dead = True
        for number in list(self.tickets):
            ticket = self.tickets.pop(number, None)
            if ticket is not None:
                ticket.give(busy(DIED))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Scribes:
    """The processes of one studio. `run_of`: the folder of a model that is open; None for one that is not there."""

    def __init__(self, processes: int, seconds: float, run_of: Callable[[Model], Path | None]) -> None:
        self.processes, self.seconds, self.run_of = processes, seconds, run_of
        self.numbers = itertools.count(READY + 1)
        self.children: list[Child] = []
        self.lock = threading.Lock()
        self.closed = False

    def open(self) -> None:
        """Start what is not there, or no longer."""
        with self.lock:
            if not self.closed:
                self.children = [child for child in self.children if not child.dead]
                self.children += [Child() for _ in range(self.processes - len(self.children))]

    def take(
        self, ticket: Ticket, model: Model, plan: Plan, drawing: Drawing, seeds: Sequence[int], explain: bool
    ) -> bool:
        """Whether one of them writes this."""
        if any(child.dead for child in self.children):
            self.open()
        ready = [child for child in self.children if child.ready and not child.dead]
        run = self.run_of(model) if ready else None
        if run is None:
            return False
        number = next(self.numbers)
        job = Job(number, ticket.owner, run, plan, drawing, tuple(seeds), explain, self.seconds)
        return min(ready, key=lambda child: len(child.tickets)).take(job, ticket)

    def close(self) -> None:
        with self.lock:
            self.closed = True
            for child in self.children:
                child.close()
