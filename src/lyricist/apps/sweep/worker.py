"""A process that claims trials and trains them until none is open: `python -m lyricist.apps.sweep.worker`.

It reads its job from standard input (one line of JSON) and ends when that is closed, so that it never outlives
who started it. It tells what happens on standard output, one line of JSON each.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lyricist.apps.sweep.database import BEAT, StorageError
from lyricist.apps.sweep.folder import Folder
from lyricist.apps.sweep.lock import Lock
from lyricist.apps.sweep.space import Sweep
from lyricist.apps.sweep.study import Claim, Slots
from lyricist.errors import InputError
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.training import events

Say = Callable[..., None]


@dataclass
class Watched:
    """What is seen of one training; `stop` ends it."""

    stopped: Callable[[], bool]
    pruned: bool = False
    begun: float = math.nan  # seconds into the budget when the first step ended
    last: events.Progress | None = None
    first: events.Started | None = None
    end: events.Finished | None = None
    curve: list[list[float]] = field(default_factory=list)  # [share of the schedule, seconds, validation loss]

    def stop(self) -> bool:
        return self.pruned or self.stopped()

    def see(self, event: events.TrainEvent) -> None:
        if isinstance(event, events.Started):
            self.first = event
        elif isinstance(event, events.Progress):
            self.begun = event.seconds if self.last is None else self.begun
            self.last = event
        elif isinstance(event, events.Evaluated):
            share = self.last.progress if self.last else 0.0
            self.curve.append([round(min(share, 1.0), 4), round(event.seconds, 2), round(event.valid_loss, 5)])
        elif isinstance(event, events.Finished):
            self.end = event

    def summary(self) -> dict[str, Any]:
        """Steps, epochs, seconds (`trained`: between the first step and the end), size and speed."""
        if self.end is None or self.last is None or self.first is None:
            return {}
        return {
            "steps": self.end.step,
            "epochs": round(self.end.epoch, 3),
            "seconds": round(self.end.seconds, 2),
            "trained": round(self.last.seconds - self.begun, 2),
            "parameters": self.first.parameters,
            "words_per_second": round(self.last.words_per_second),
            "ended": "pruned" if self.pruned else self.end.reason,
            "curve": self.curve,
        }


class Worker:
    """Trains trial after trial in one process."""

    def __init__(self, job: dict[str, Any], say: Say, stopped: Callable[[], bool]) -> None:
        self.say, self.stopped = say, stopped
        self.folder = Folder(Path(job["folder"]))
        self.lock = Lock(self.folder.path)
        self.lock.share()
        self.place = self.folder.about()["place"]
        self.corpus = self.folder.corpus()
        self.sweep = Sweep.from_json(job["sweep"], job["trials"])
        self.slots = Slots(job["url"], job["study"], self.sweep, self.corpus.fingerprint)

    def work(self) -> None:
        """Until nothing is open, or it is stopped."""
        try:
            if self.sweep.budget is not None or "budget" in self.sweep.space:
                self.warm_up()
            while not self.stopped() and (claim := self.next()):
                with self.alive(claim):
                    self.say(kind="begun", trial=claim.slot + 1, number=claim.trial.number, params=claim.params)
                    self.attempt(claim)
        finally:
            self.slots.close()
            self.lock.close()

    def warm_up(self) -> None:
        """One step for nothing: what a process loads and caches once would count against its first trial."""
        place = Path(tempfile.mkdtemp(prefix=".warm-", dir=self.folder.path))
        options = self.sweep.options({})
        options = replace(options, train={**options.train, "budget": None, "epochs": 1e-9})
        with contextlib.suppress(Exception):  # what fails here will fail, and be told, in a trial
            for _ in train_songs(self.corpus, place / "run", options, should_stop=self.stopped):
                pass
        shutil.rmtree(place, ignore_errors=True)

    def next(self) -> Claim | None:
        host = platform.node()
        if claim := self.slots.claim(self.place, host):
            return claim
        self.slots.drop_silent()
        self.slots.fill()
        return self.slots.claim(self.place, host)

    @contextlib.contextmanager
    def alive(self, claim: Claim) -> Iterator[None]:
        """Signs of life to the database while a trial is trained."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(BEAT):
                with contextlib.suppress(Exception):  # the next one may come through
                    self.slots.beat(claim.trial._trial_id)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def attempt(self, claim: Claim) -> None:
        """Train one trial and record what came of it; a failure is recorded, a full disk ends the work."""
        watched = Watched(self.stopped)
        try:
            self.train(claim, watched)
            state, error = "complete", ""
            if watched.last is None and not self.stopped():
                raise InputError("not one step fitted into its budget: give it more time")
        except StorageError:
            raise
        except Exception as e:
            if isinstance(e.__cause__, OSError):
                self.give_up(claim)
                raise
            state, error = (
                "failed",
                " ".join(f"{'' if isinstance(e, InputError) else type(e).__name__ + ': '}{e}".split()),
            )
        if state == "complete" and watched.end and watched.end.reason == "interrupted":
            if not watched.pruned:
                self.give_up(claim)
                return
            state = "pruned"
        self.record(claim, state, watched, error[:500])

    def train(self, claim: Claim, watched: Watched) -> None:
        out = self.folder.run(claim.slot + 1)
        shutil.rmtree(out, ignore_errors=True)
        marks = 0
        for event in train_songs(self.corpus, out, self.sweep.options(claim.params), should_stop=watched.stop):
            watched.see(event)
            if isinstance(event, events.Evaluated):
                evaluations = Run.open(out).config["train"]["evaluations"]
                marks = self.report(claim, watched, marks, evaluations)

    def report(self, claim: Claim, watched: Watched, before: int, evaluations: int) -> int:
        """Tell the pruner the best loss so far at every planned evaluation passed; returns how many are."""
        share, _, loss = watched.curve[-1]
        marks = int(share * evaluations + 1e-6)
        self.say(kind="mark", trial=claim.slot + 1, progress=share, valid_loss=loss)
        best = min(row[2] for row in watched.curve)
        try:
            with self.slots.reach():
                for mark in range(before + 1, marks + 1):
                    claim.trial.report(best, mark)
                watched.pruned = share < 1 and marks > before and claim.trial.should_prune()
        except StorageError:  # pruning can wait
            return before
        return max(marks, before)

    def give_up(self, claim: Claim) -> None:
        shutil.rmtree(self.folder.run(claim.slot + 1), ignore_errors=True)
        self.slots.drop(claim.trial.number)

    def record(self, claim: Claim, state: str, watched: Watched, error: str) -> None:
        """On disk first, then in the database: what is trained is never lost."""
        losses = [row[2] for row in watched.curve if math.isfinite(row[2])]
        record = {
            "format": 1,
            "trial": claim.slot + 1,
            "number": claim.trial.number,
            "state": state if losses or state == "failed" else "failed",
            "valid_loss": min(losses) if losses else None,
            "params": claim.params,
            "result": watched.summary(),
            "error": error or ("" if losses else "no validation loss is a number"),
        }
        self.board(claim, record)
        self.folder.keep(record, board_name(claim.slot + 1, claim.params, self.sweep.varied))
        if not self.slots.finish(claim.trial.number, record):
            shutil.rmtree(self.folder.run(claim.slot + 1), ignore_errors=True)
        self.say(kind="ended", record=record)

    def board(self, claim: Claim, record: dict[str, Any]) -> None:
        """The trial's settings and loss for TensorBoard's page of hyperparameters."""
        folder = self.folder.run(claim.slot + 1) / "tensorboard"
        if record["valid_loss"] is None or not folder.is_dir():
            return
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(folder)) as writer:
            known = {k: str(v) if v is None else v for k, v in claim.params.items()}
            writer.add_hparams(known, {"best_valid_loss": record["valid_loss"]}, run_name=".")


def board_name(trial: int, params: dict[str, Any], varied: list[str]) -> str:
    """
    >>> board_name(7, {"cell": "gru", "dropout": 0.3, "batch": 20}, ["cell", "dropout"])
    '0007 cell=gru dropout=0.3'
    """
    said = " ".join(f"{k}={f'{v:.4g}' if isinstance(v, float) else v}" for k, v in params.items() if k in varied)
    return f"{trial:04d} {said}"[:120].strip()


def main() -> int:
    """Exit code 0 when nothing is left to do, 2 after telling what stopped it."""
    for s in (signal.SIGINT, signal.SIGTERM):
        signal.signal(s, signal.SIG_IGN)  # who started it decides when it ends
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed goes to stderr

    def say(**message: Any) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(message), file=out, flush=True)

    job = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=wait_for_end, args=(stop,), daemon=True).start()
    try:
        limit_threads(job["threads"])
        Worker(job, say, stop.is_set).work()
    except InputError as e:
        say(kind="fatal", error=str(e))
        return 2
    return 0


def wait_for_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def limit_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


if __name__ == "__main__":
    sys.exit(main())
