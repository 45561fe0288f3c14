"""Trainings: uploads of lyrics, the processes that train (`train_worker`), and the state of each training.

All state is in the training's folder (see `event_log`), so a studio that is started again finds every training, also
one that is still running. What is kept in memory only saves reading.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

from pydantic import Field

from lyricist._io import replace_file
from lyricist.apps.studio.api_models import Body
from lyricist.apps.studio.event_log import ASKED, CORPUS, RUN, STOP, EventLog, EventWriter, holder, is_locked
from lyricist.apps.studio.http_io import Refused, Upload, busy
from lyricist.apps.studio.jobs import Recent
from lyricist.apps.studio.owner_store import Item, Store
from lyricist.apps.studio.sandbox import Sandbox
from lyricist.corpus.readers import READERS
from lyricist.errors import InputError, MissingExtra
from lyricist.training.config import UNDECLARED
from lyricist.workers import cores, start, terminate

BROKE_OFF = "training broke off; resume goes on from what was last saved"
RUN_BYTES = 400_000_000  # room that a run may need
STOP_SECONDS = 20.0  # that trainings get to save when the studio ends
LOGS = 64  # kept in memory
OFF = "training is switched off in this studio: start it with training, or use lyricist train"


class TrainingAsked(Body):
    """The options of a training."""

    name: str = Field(default="", max_length=100)
    from_: Literal["starter", "scratch"] = Field(default="starter", alias="from")
    budget_seconds: float = Field(default=300.0, ge=5)  # at most: the preset may end sooner
    epochs: float | None = Field(default=None, gt=0, le=10_000)  # passes over the songs; None: the preset's
    licence: str = Field(default=UNDECLARED, max_length=200)
    songs_by: Literal["auto", "blank", "file"] = "auto"  # how a text file is divided into songs


@dataclass
class TrainingJobs:
    """All owners' trainings. Methods block, and raise `Refused` and `InputError`."""

    store: Store
    sandbox: Sandbox
    allowed: bool = True
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)  # of this studio, by training
    logs: Recent[str, EventLog] = field(default_factory=lambda: Recent(LOGS))
    lock: threading.RLock = field(default_factory=threading.RLock)

    # -- beginning --------------------------------------------------------------------------------------------------

    def add(self, owner: str, files: Sequence[Upload], asked: TrainingAsked) -> dict[str, Any]:
        """Read lyrics; the training, ready to be started. `InputError` for lyrics that cannot be used."""
        self.need_allowed()
        limits = self.store.limits
        if asked.budget_seconds > limits.training_seconds:
            raise InputError(f"budget_seconds {asked.budget_seconds:g}: at most {limits.training_seconds:g}")
        with self.store.create(owner, "trainings", 3 * sum(len(file.data) for file in files)) as item:
            put = [(put_file(item.path, i, file), file.name) for i, file in enumerate(files)]
            understood = self.sandbox.read_songs(put, item.path / CORPUS, asked.songs_by)
            for path, _ in put:
                path.unlink()  # the corpus holds what is needed
            (item.path / "lyrics").rmdir()
            name = " ".join(asked.name.split()) or "my songs"
            told = asked.model_dump(by_alias=True) | {"name": name}
            replace_file(item.path / ASKED, [json.dumps(told).encode()])
            item.meta.update(told, understood=understood)
        return self.view(item)

    def start(self, owner: str, given: str, resume: bool) -> dict[str, Any]:
        """Start or resume a training. `Refused` if it is running or done, or if too many others are running."""
        self.need_allowed()
        need_packages()
        item = self.store.get(owner, "trainings", given)
        with self.lock:
            status, _ = self.look(item)
            if status in ("running", "stopping"):
                raise Refused("conflict", f"this training is {status}: wait until it has ended")
            if status == "done":
                raise Refused("conflict", "this training is done: upload the songs again to train another")
            if status == "ready" and resume:
                raise Refused("conflict", "this training has not begun: start it")
            self.need_turn(item)
            self.store.need_room(owner, RUN_BYTES)
            self.spawn(item)
            return self.view(item)

    def spawn(self, item: Item) -> None:
        (item.path / STOP).unlink(missing_ok=True)
        with contextlib.closing(EventWriter(item.path)) as log:
            log.write("begun")
        command = [sys.executable, "-m", "lyricist.apps.studio.train_worker", str(item.path.resolve())]
        env = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, cores() - 1)))}  # one is the studio's
        with open(item.path / "log.txt", "wb") as log_file:
            pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log_file, "stderr": log_file}
            self.children[item.id] = start(command, env, detached=True, cwd=item.path, **pipes)

    def need_allowed(self) -> None:
        if not self.allowed:
            raise Refused("training_off", OFF)

    def need_turn(self, item: Item) -> None:
        """`Refused` busy if as many others are running as the limit says."""
        paths = self.store.root.glob("owners/*/trainings/*")
        running = sum(self.is_alive(path) for path in paths if path.name != item.id)
        if running >= self.store.limits.trainings:
            raise busy(f"{running} trainings are at work, the limit (trainings): try again when one has ended", 30)

    # -- ending -----------------------------------------------------------------------------------------------------

    def stop(self, owner: str, given: str) -> dict[str, Any]:
        """Ask a training to save and end. `Refused` if it is not running."""
        item = self.store.get(owner, "trainings", given)
        if not self.is_alive(item.path):
            raise Refused("conflict", f"this training is {self.look(item)[0]}: there is nothing to stop")
        (item.path / STOP).touch()
        return self.view(item)

    def remove(self, owner: str, given: str) -> None:
        """Delete a training and its model; one that is running ends without saving."""
        item = self.store.get(owner, "trainings", given)
        (item.path / STOP).touch()
        child = self.children.pop(item.id, None)
        if child is not None:
            terminate([child])
        elif (process := holder(item.path)) is not None:  # of an earlier studio
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        if not self.ends([item.path], STOP_SECONDS):
            raise busy("this training is about to save: try again soon", 5)
        self.store.remove(item)
        self.logs.drop(item.id)

    def close(self) -> None:
        """Ask all trainings to save and end, wait for STOP_SECONDS, and kill those that have not ended."""
        paths = [path for path in self.store.root.glob("owners/*/trainings/*") if self.is_alive(path)]
        for path in paths:
            (path / STOP).touch()
        self.ends(paths, STOP_SECONDS)
        terminate(self.children.values())

    def ends(self, paths: Sequence[Path], seconds: float) -> bool:
        """Whether all trainings have ended within so many seconds."""
        until = time.monotonic() + seconds
        while any(self.is_alive(path) for path in paths):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    # -- what is known ----------------------------------------------------------------------------------------------

    def is_alive(self, path: Path) -> bool:
        """Whether a process of this studio or of an earlier one trains there."""
        child = self.children.get(path.name)
        if child is not None:
            if child.poll() is None:
                return True
            self.children.pop(path.name, None)
        return is_locked(path)

    def look(self, item: Item) -> tuple[str, EventLog]:
        """Its status (ready, running, stopping, stopped, done or failed) and its log, both of one moment."""
        with self.lock:
            log = self.logs.get(item.id, lambda: EventLog(item.path))
            alive = self.is_alive(item.path)  # before the log, which then holds its last event
            log.read()
        if alive and not log.last:
            return "stopping" if (item.path / STOP).exists() else "running", log
        if log.last.get("event") == "failed":
            return "failed", log
        return "done" if log.done else "stopped" if log.begun else "ready", log

    def view(self, item: Item) -> dict[str, Any]:
        """All of a training, as JSON."""
        return self.watch(item)[0]

    def watch(self, item: Item) -> tuple[dict[str, Any], int]:
        """All of a training as JSON, and the byte of the log up to which it is read."""
        with self.lock:
            status, log = self.look(item)
            lists = {"history": log.history, "curve": log.curve, "samples": log.samples}
            made = self.summary(item, status, log) | {name: list(points) for name, points in lists.items()}
            return made | {"understood": item.meta.get("understood")}, log.at

    def summary(self, item: Item, status: str, log: EventLog) -> dict[str, Any]:
        progress = log.progress
        return {
            "id": item.id,
            **{name: item.meta.get(name) for name in ("name", "from", "budget_seconds", "epochs", "licence", "made")},
            "status": status,
            "progress": 1.0 if status == "done" else progress.get("progress", 0.0),
            "loss": progress.get("loss"),
            "valid_loss": log.valid_loss,
            "words_per_second": progress.get("words_per_second"),
            "seconds_left": progress.get("seconds_left") if status == "running" else None,
            "message": message(status, log),
            "model": item.id if usable(item, status) else None,
        }

    def model(self, item: Item) -> bool:
        """Whether a training has a model that can be used now."""
        return usable(item, self.look(item)[0])

    def all(self, owner: str) -> list[dict[str, Any]]:
        """An owner's trainings, without their histories."""
        return [self.summary(item, *self.look(item)) for item in self.store.all(owner, "trainings")]


def need_packages() -> None:
    """`MissingExtra` if the packages for training are not installed. Imports nothing."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "onnx")):
        raise MissingExtra("training", "train")


def usable(item: Item, status: str) -> bool:
    """Whether a training has a model that is not being overwritten."""
    return status in ("done", "stopped", "failed") and (item.path / RUN / "latest").exists()


def message(status: str, log: EventLog) -> str:
    """A line about a training for its owner, or ""."""
    if status == "failed":
        return str(log.last.get("message", ""))
    if status == "stopped" and not log.last:
        return BROKE_OFF
    if status == "done":
        return str(log.last.get("advice") or "")
    return "stopped; resume goes on" if status == "stopped" else ""


def put_file(folder: Path, number: int, file: Upload) -> Path:
    """Save an upload under a number; only a known suffix is taken from its name."""
    suffix = PurePath(file.name).suffix.lower()
    path = folder / "lyrics" / f"{number:05d}{suffix if suffix in READERS else ''}"
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.write_bytes(file.data)
    return path
