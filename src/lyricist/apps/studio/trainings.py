"""Trainings: lyrics taken in, child processes that train, what is known of them. See `trainee.py` for the other side.

All that counts is in a training's folder, so a studio that is started again finds every training, also one that is
still at work; what a studio remembers only spares it looking.
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
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

from pydantic import Field

from lyricist._io import replace_file
from lyricist.apps.studio.alive import at_work, holder
from lyricist.apps.studio.bodies import Body
from lyricist.apps.studio.errors import Refused, busy
from lyricist.apps.studio.hands import Hand
from lyricist.apps.studio.ledger import Ledger
from lyricist.apps.studio.store import Store, Thing
from lyricist.apps.studio.trainee import ASKED, CORPUS, RUN, STOP, Diary
from lyricist.apps.studio.uploads import Upload
from lyricist.children import cores, python_path
from lyricist.corpus.readers import READERS
from lyricist.errors import InputError, MissingExtra
from lyricist.training.config import UNDECLARED

BROKE_OFF = "training broke off; resume goes on from what was last saved"
RUN_BYTES = 400_000_000  # that a run may grow to
STOP_SECONDS = 20.0  # for trainings to save when the studio ends
LEDGERS = 64  # kept in memory
OFF = "training is switched off in this studio: start it with training, or use lyricist train"


class TrainingAsked(Body):
    """What a training is to be."""

    name: str = Field(default="", max_length=100)
    from_: Literal["starter", "scratch"] = Field(default="starter", alias="from")
    budget_seconds: float = Field(default=300.0, ge=5)  # at most: fewer where the preset's passes are over sooner
    epochs: float | None = Field(default=None, gt=0, le=10_000)  # passes over the songs; None: the preset's
    licence: str = Field(default=UNDECLARED, max_length=200)
    songs_by: Literal["auto", "blank", "file"] = "auto"  # how a text file falls into songs


@dataclass
class Trainings:
    """All owners' trainings. Methods block, and raise `Refused` and `InputError`."""

    store: Store
    hand: Hand
    allowed: bool = True
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)  # by training, of this studio
    ledgers: OrderedDict[str, Ledger] = field(default_factory=OrderedDict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    # -- beginning ----------------------------------------------------------------------------------------------

    def add(self, owner: str, files: Sequence[Upload], asked: TrainingAsked) -> dict[str, Any]:
        """Read lyrics; the training, ready to be started. InputError for lyrics that cannot be used."""
        self.need_allowed()
        limits = self.store.limits
        if asked.budget_seconds > limits.training_seconds:
            raise InputError(f"budget_seconds {asked.budget_seconds:g}: at most {limits.training_seconds:g}")
        with self.store.create(owner, "trainings", 3 * sum(len(file.data) for file in files)) as thing:
            put = [(put_file(thing.path, i, file), file.name) for i, file in enumerate(files)]
            job = put, thing.path / CORPUS, asked.songs_by
            understood = self.hand.ask(limits.lyrics_seconds, "lyrics_seconds", "songs", *job)
            for path, _ in put:
                path.unlink()  # the corpus holds what is needed
            (thing.path / "lyrics").rmdir()
            name = " ".join(asked.name.split()) or "my songs"
            told = asked.model_dump(by_alias=True) | {"name": name}
            replace_file(thing.path / ASKED, [json.dumps(told).encode()])
            thing.meta.update(told, understood=understood)
        return self.view(thing)

    def start(self, owner: str, given: str, resume: bool) -> dict[str, Any]:
        """Begin a training, or go on with one. `Refused` where it is at work or done, or too many others are."""
        self.need_allowed()
        need_packages()
        thing = self.store.get(owner, "trainings", given)
        with self.lock:
            status, _ = self.look(thing)
            if status in ("running", "stopping"):
                raise Refused("conflict", f"this training is {status}: wait until it has ended")
            if status == "done":
                raise Refused("conflict", "this training is done: upload the songs again to train another")
            if status == "ready" and resume:
                raise Refused("conflict", "this training has not begun: start it")
            self.need_turn(thing)
            self.store.need_room(owner, RUN_BYTES)
            self.spawn(thing)
            return self.view(thing)

    def spawn(self, thing: Thing) -> None:
        (thing.path / STOP).unlink(missing_ok=True)
        with contextlib.closing(Diary(thing.path)) as diary:
            diary.tell("begun")
        env = {**os.environ, "PYTHONPATH": python_path()}
        env.setdefault("OMP_NUM_THREADS", str(threads()))
        with open(thing.path / "log.txt", "wb") as log:
            self.children[thing.id] = subprocess.Popen(
                [sys.executable, "-m", "lyricist.apps.studio.trainee", str(thing.path.resolve())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=thing.path,
                start_new_session=os.name == "posix",  # Ctrl-C, and a studio that dies, are not its end
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )  # fmt: skip

    def need_allowed(self) -> None:
        if not self.allowed:
            raise Refused("training_off", OFF)

    def need_turn(self, thing: Thing) -> None:
        """`Refused` busy where as many others as may be are at work."""
        paths = self.store.root.glob("owners/*/trainings/*")
        running = sum(self.is_alive(path) for path in paths if path.name != thing.id)
        if running >= self.store.limits.trainings:
            raise busy(f"{running} trainings are at work, the limit (trainings): try again when one has ended", 30)

    # -- ending -------------------------------------------------------------------------------------------------

    def stop(self, owner: str, given: str) -> dict[str, Any]:
        """Ask a training to save and end."""
        thing = self.store.get(owner, "trainings", given)
        if not self.is_alive(thing.path):
            raise Refused("conflict", f"this training is {self.look(thing)[0]}: there is nothing to stop")
        (thing.path / STOP).touch()
        return self.view(thing)

    def remove(self, owner: str, given: str) -> None:
        """Forget a training and its model; one that is at work ends without saving."""
        thing = self.store.get(owner, "trainings", given)
        (thing.path / STOP).touch()
        child = self.children.pop(thing.id, None)
        if child is not None:
            child.kill()
            child.wait()
        elif (process := holder(thing.path)) is not None:  # of a studio before this one
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        if not self.ends([thing.path], STOP_SECONDS):
            raise busy("this training is about to save: try again soon", 5)
        self.store.remove(thing)
        with self.lock:
            self.ledgers.pop(thing.id, None)

    def close(self) -> None:
        """Ask all trainings to save and end, and wait a while for that. What is not saved by then loses seconds."""
        paths = [path for path in self.store.root.glob("owners/*/trainings/*") if self.is_alive(path)]
        for path in paths:
            (path / STOP).touch()
        self.ends(paths, STOP_SECONDS)
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
            child.wait()

    def ends(self, paths: Sequence[Path], seconds: float) -> bool:
        """Whether all trainings have ended within so many seconds."""
        until = time.monotonic() + seconds
        while any(self.is_alive(path) for path in paths):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    # -- what is known ------------------------------------------------------------------------------------------

    def is_alive(self, path: Path) -> bool:
        """Whether a process trains there, be it of this studio or of one before it."""
        child = self.children.get(path.name)
        if child is not None:
            if child.poll() is None:
                return True
            self.children.pop(path.name, None)
        return at_work(path)

    def look(self, thing: Thing) -> tuple[str, Ledger]:
        """Its status (ready, running, stopping, stopped, done or failed) and what it has told, of one moment."""
        with self.lock:
            ledger = self.ledgers.setdefault(thing.id, Ledger(thing.path))
            self.ledgers.move_to_end(thing.id)
            while len(self.ledgers) > LEDGERS:
                self.ledgers.popitem(last=False)
            alive = self.is_alive(thing.path)  # before its events: what it told as it ended is there then
            ledger.read()
        if alive and not ledger.last:
            return "stopping" if (thing.path / STOP).exists() else "running", ledger
        if ledger.last.get("event") == "failed":
            return "failed", ledger
        return "done" if ledger.done else "stopped" if ledger.begun else "ready", ledger

    def view(self, thing: Thing) -> dict[str, Any]:
        """All of a training, as JSON."""
        return self.watch(thing)[0]

    def watch(self, thing: Thing) -> tuple[dict[str, Any], int]:
        """All of a training as JSON, and the byte from which on its events are not in that."""
        with self.lock:
            status, ledger = self.look(thing)
            lists = {"history": ledger.history, "curve": ledger.curve, "samples": ledger.samples}
            made = self.summary(thing, status, ledger) | {name: list(points) for name, points in lists.items()}
            return made | {"understood": thing.meta.get("understood")}, ledger.at

    def summary(self, thing: Thing, status: str, ledger: Ledger) -> dict[str, Any]:
        progress = ledger.progress
        return {
            "id": thing.id,
            **{
                name: thing.meta.get(name) for name in ("name", "from", "budget_seconds", "epochs", "licence", "made")
            },
            "status": status,
            "progress": 1.0 if status == "done" else progress.get("progress", 0.0),
            "loss": progress.get("loss"),
            "valid_loss": ledger.valid_loss,
            "words_per_second": progress.get("words_per_second"),
            "seconds_left": progress.get("seconds_left") if status == "running" else None,
            "message": message(status, ledger),
            "model": thing.id if usable(thing, status) else None,
        }

    def model(self, thing: Thing) -> bool:
        """Whether a training has a model to write with now."""
        return usable(thing, self.look(thing)[0])

    def all(self, owner: str) -> list[dict[str, Any]]:
        """An owner's trainings, without their histories."""
        return [self.summary(thing, *self.look(thing)) for thing in self.store.all(owner, "trainings")]


def need_packages() -> None:
    """Raise `MissingExtra` where there is nothing to train with; nothing is loaded for that."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "onnx")):
        raise MissingExtra("training", "train")


def usable(thing: Thing, status: str) -> bool:
    """Whether a training has a model that is not being written over."""
    return status in ("done", "stopped", "failed") and (thing.path / RUN / "latest").exists()


def message(status: str, ledger: Ledger) -> str:
    """What a person should know of a training, "" for nothing."""
    if status == "failed":
        return str(ledger.last.get("message", ""))
    if status == "stopped" and not ledger.last:
        return BROKE_OFF
    return "stopped; resume goes on" if status == "stopped" else ""


def put_file(folder: Path, number: int, file: Upload) -> Path:
    """Keep an upload under a name of our own: only a suffix that is known is the user's."""
    suffix = PurePath(file.name).suffix.lower()
    path = folder / "lyrics" / f"{number:05d}{suffix if suffix in READERS else ''}"
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.write_bytes(file.data)
    return path


def threads() -> int:
    """Of a training: all cores but one, which the studio has for itself."""
    return max(1, cores() - 1)
