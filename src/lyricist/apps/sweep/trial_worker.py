"""A process that trains waiting trials until none is left: `python -m lyricist.apps.sweep.trial_worker`.

Its only request says what to train, as JSON, and so do its messages. It saves the trial and ends when it is asked for
no more, and when the process that started it ends.
"""

from __future__ import annotations

import contextlib
import json
import math
import platform
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lyricist._io import disk_errors, read_json, replace_file
from lyricist.apps.sweep.search_space import Sweep, Value, value_text
from lyricist.apps.sweep.study_storage import StorageError, directory_lock
from lyricist.apps.sweep.sweep_folder import SweepFolder
from lyricist.apps.sweep.trial_queue import SLOT, TrialFailed, TrialQueue, TrialStopped
from lyricist.errors import InputError, LyricistError
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.training import events
from lyricist.workers import Job, serve

# isort: split
import torch
from optuna.exceptions import TrialPruned, UpdateFinishedTrialError
from optuna.trial import Trial

PROGRESS = "progress.json"  # in a trial's run directory
SAVED = ("params", "first", "last", "share", "parameters", "words_per_second", "curve")  # fields of `Progress` in it
Say = Callable[..., None]


@dataclass
class Progress:
    """One training so far; saved in its run directory, so that a training that was stopped can go on."""

    params: dict[str, Value]
    first: float | None = None  # seconds when the first step ended
    last: float = 0.0  # and the last one
    share: float = 0.0  # of the schedule, 0 to 1
    parameters: int = 0
    evaluations: int = 1  # planned
    words_per_second: float = 0.0
    curve: list[list[float]] = field(default_factory=list)  # [share of the schedule, seconds, validation loss]
    resumed: bool = False
    pruned: bool = False
    end: events.Finished | None = None

    @classmethod
    def open(cls, run: Path, params: dict[str, Value]) -> Progress:
        """Of the stopped training in `run`; new if there is none of these settings, and `run` is removed."""
        try:
            kept = cls(**read_json(run / PROGRESS))
            seconds = Run.open(run).state("resume")["cursor"]["seconds"]
            kept.curve = [row for row in kept.curve if row[1] <= seconds + 0.01]  # `seconds` is not rounded
            kept.resumed = kept.params == params
        except (LyricistError, TypeError):
            kept = cls(params)
        if kept.resumed:
            return kept
        shutil.rmtree(run, ignore_errors=True)
        return cls(params)

    def see(self, event: events.TrainEvent) -> None:
        if isinstance(event, events.Started):
            self.parameters, self.evaluations = event.parameters, event.evaluations
        elif isinstance(event, events.Progress):
            self.first = event.seconds if self.first is None else self.first
            self.last, self.share = event.seconds, event.progress
            self.words_per_second = event.words_per_second
        elif isinstance(event, events.Evaluated):
            self.curve.append([round(min(self.share, 1.0), 4), round(event.seconds, 2), round(event.valid_loss, 5)])
        elif isinstance(event, events.Finished):
            self.end = event

    def save(self, run: Path) -> None:
        """Save it in the run, once that has its place."""
        if run.is_dir():
            with disk_errors(run):
                replace_file(run / PROGRESS, [json.dumps({n: getattr(self, n) for n in SAVED}).encode()])

    def losses(self) -> list[float]:
        return [row[2] for row in self.curve if math.isfinite(row[2])]

    def summary(self) -> dict[str, Any]:
        """Steps, epochs, seconds (`trained`: between the first step and the last), size and speed."""
        if self.end is None or self.first is None:
            return {}
        return {
            "steps": self.end.step,
            "epochs": round(self.end.epoch, 3),
            "seconds": round(self.end.seconds, 2),
            "trained": round(self.last - self.first, 2),
            "parameters": self.parameters,
            "words_per_second": round(self.words_per_second),
            "ended": "pruned" if self.pruned else self.end.reason,
            "curve": self.curve,
        }


class Worker:
    """Trains trial after trial in one process."""

    def __init__(self, job: dict[str, Any], say: Say, stopped: Callable[[], bool]) -> None:
        self.say, self.stopped = say, stopped
        self.folder = SweepFolder(Path(job["folder"]))
        self.lock = directory_lock(self.folder.path)
        self.lock.acquire_read()
        self.corpus = self.folder.corpus()
        self.sweep = Sweep.from_json(job["sweep"], job["trials"])
        self.queue = TrialQueue(job["url"], job["study"], self.sweep, self.corpus.fingerprint)
        self.records: list[dict[str, Any]] = []  # of the trial that has just ended

    def work(self) -> None:
        """Until no trial waits, or it is stopped."""
        place = self.folder.about()["place"]
        try:
            if self.sweep.budget is not None or "budget" in self.sweep.space:
                self.warm_up()
            while not self.stopped():
                self.records.clear()
                told = self.queue.run_next(self.attempt, place, platform.node())
                if told is None:
                    break
                for record in self.records:
                    if told:
                        self.say(kind="ended", record=record)
                    else:
                        shutil.rmtree(self.folder.run(record["trial"]), ignore_errors=True)
        finally:
            self.lock.close()

    def warm_up(self) -> None:
        """Train one step and discard it: what a process loads and caches once would count against its first trial."""
        place = Path(tempfile.mkdtemp(prefix=".warm-", dir=self.folder.path))
        options = self.sweep.options({})
        options = replace(options, train={**options.train, "budget": None, "epochs": 1e-9})
        with contextlib.suppress(Exception):  # an error will appear, and be recorded, in a trial
            for _ in train_songs(self.corpus, place / "run", options, should_stop=self.stopped):
                pass
        shutil.rmtree(place, ignore_errors=True)

    def attempt(self, trial: Trial, slot: int, params: dict[str, Value]) -> float:
        """Train one trial and keep its record, on disk first. Returns its loss.

        Raises `TrialPruned`, `TrialFailed` and `TrialStopped`; also `InputError` for a full disk, which is no failure
        of the trial, and `StorageError`.
        """
        self.say(kind="begun", trial=slot + 1, number=trial.number, params=params)
        head = {"format": 1, "trial": slot + 1, "number": trial.number}
        record = head | self.outcome(trial, self.folder.run(slot + 1), params)
        self.write_hparams(record)
        self.folder.keep(record, tensorboard_name(slot + 1, params, self.sweep.varied))
        self.records.append(record)
        self.queue.store(trial, record)
        if record["state"] == "complete":
            return float(record["valid_loss"])
        raise TrialPruned if record["state"] == "pruned" else TrialFailed

    def outcome(self, trial: Trial, run: Path, params: dict[str, Value]) -> dict[str, Any]:
        """State, loss, result and error of a training that ends."""
        progress, error = Progress.open(run, params), ""
        try:
            self.train(trial, run, progress)
            if not progress.losses():
                raise InputError("no validation loss is a number")
        except (StorageError, TrialStopped, UpdateFinishedTrialError):
            raise
        except Exception as e:
            if isinstance(e.__cause__, OSError):
                raise
            name = "" if isinstance(e, InputError) else f"{type(e).__name__}: "
            error = " ".join(f"{name}{e}".split())[:500]
        return {
            "state": "failed" if error else "pruned" if progress.pruned else "complete",
            "valid_loss": min(progress.losses(), default=None),
            "params": params,
            "result": progress.summary(),
            "error": error,
        }

    def train(self, trial: Trial, run: Path, progress: Progress) -> None:
        """Train until the schedule ends or the pruner ends it. `TrialStopped` if the user does. Raises `InputError`
        if not one step fitted into its budget."""
        reported, options = 0, self.sweep.options(progress.params)
        training = train_songs(
            self.corpus,
            run,
            options,
            resume=progress.resumed,
            should_stop=lambda: progress.pruned or self.stopped(),
        )
        for event in training:
            progress.see(event)
            if isinstance(event, events.Started | events.Evaluated | events.Saved):
                progress.save(run)
            if isinstance(event, events.Evaluated):
                self.say(
                    kind="mark",
                    trial=trial.user_attrs[SLOT] + 1,
                    progress=progress.share,
                    valid_loss=progress.curve[-1][2],
                )
                reported = self.report(trial, progress, reported)
        assert progress.end is not None
        if progress.end.reason == "interrupted" and not progress.pruned:
            raise TrialStopped
        if not progress.end.step:
            raise InputError("not one step fitted into its budget: give it more time")

    def report(self, trial: Trial, progress: Progress, before: int) -> int:
        """Tell the pruner the best loss so far at every planned evaluation passed; returns how many are."""
        done, best = before, math.inf
        try:
            with self.queue.reach():
                for share, _, loss in progress.curve:
                    best = min(best, loss)
                    for mark in range(done + 1, int(share * progress.evaluations + 1e-6) + 1):
                        trial.report(best, mark)
                        done = mark
                progress.pruned = progress.share < 1 and done > before and trial.should_prune()
        except StorageError:  # pruning can wait
            return before
        return done

    def write_hparams(self, record: dict[str, Any]) -> None:
        """The trial's settings and loss for TensorBoard's page of hyperparameters."""
        folder = self.folder.run(record["trial"]) / "tensorboard"
        if record["valid_loss"] is None or not folder.is_dir():
            return
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(folder)) as writer:
            known = {k: str(v) if v is None else v for k, v in record["params"].items()}
            writer.add_hparams(known, {"best_valid_loss": record["valid_loss"]}, run_name=".")


def tensorboard_name(trial: int, params: dict[str, Value], varied: list[str]) -> str:
    """
    >>> tensorboard_name(7, {"cell": "gru", "dropout": 0.3, "batch": 20}, ["cell", "dropout"])
    '0007 cell=gru dropout=0.3'
    """
    settings = " ".join(f"{k}={value_text(v)}" for k, v in params.items() if k in varied)
    return f"{trial:04d} {settings}"[:120].strip()


def handle(job: Job) -> bytes:
    """Train until no trial waits, or the parent asks for no more or ends."""

    def say(**message: Any) -> None:
        with contextlib.suppress(BrokenPipeError):
            job.send(json.dumps(message).encode())

    asked = json.loads(job.data)
    torch.set_num_threads(asked["threads"])
    Worker(asked, say, lambda: not job.more.empty()).work()
    return b""


if __name__ == "__main__":
    for kind in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, kind):
            signal.signal(getattr(signal, kind), signal.SIG_IGN)  # the process that started it decides when it ends
    serve(handle, finish=True)
