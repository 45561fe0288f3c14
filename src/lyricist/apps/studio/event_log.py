"""The folder of one training: its lock, and its log of events, one line of JSON each.

The process that trains holds the lock as long as it lives, and appends every event at once. Whoever looks at the
folder, now or later, learns from these two files all that there is to know.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from lyricist.errors import InputError

EVENTS, STOP, RUN, CORPUS, ASKED = "events.jsonl", "stop", "run", "corpus", "asked.json"  # files of the folder
LOCK, PID = "lock", "pid"
LOCK_SECONDS = 5.0  # to wait for a killed process to be gone
CURVE, SAMPLES = 400, 100  # points and samples kept, at most
READ_BYTES = 4_000_000  # read at once
ENDS = ("finished", "failed")
Event = dict[str, Any]

# --- the lock


def hold(folder: Path, seconds: float = LOCK_SECONDS) -> FileLock:
    """Lock a folder until the lock is released or this process ends. `InputError` if another process holds it."""
    lock = FileLock(folder / LOCK, timeout=seconds)
    try:
        lock.acquire(poll_interval=0.05)
    except Timeout:
        raise InputError("another process trains this run: let it end, or stop it first") from None
    (folder / PID).write_text(str(os.getpid()), encoding="ascii")
    return lock


def is_locked(folder: Path) -> bool:
    """Whether some process holds the folder. A process number may be given to another process, a lock may not."""
    if not (folder / LOCK).exists():
        return False
    try:
        with FileLock(folder / LOCK, blocking=False):
            return False
    except Timeout:
        return True
    except OSError:  # the folder has gone
        return False


def holder(folder: Path) -> int | None:
    """The number of the process that holds a folder; None if no process holds it or its number is not known."""
    if is_locked(folder):
        with suppress(OSError, ValueError):
            return int((folder / PID).read_bytes())
    return None


# --- writing the log


class EventWriter:
    """Appends events to a folder's log."""

    def __init__(self, folder: Path) -> None:
        path = folder / EVENTS
        self.cut = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")  # by a crash
        self.file: IO[bytes] = open(path, "ab", buffering=0)  # noqa: SIM115 (it stays open)

    def write(self, event: str, **data: Any) -> None:
        """Append an event; infinity and NaN become null."""
        line = {"event": event, **{name: finite(value) for name, value in data.items()}}
        self.file.write(b"\n" * self.cut + json.dumps(line).encode() + b"\n")
        self.cut = False

    def close(self) -> None:
        self.file.close()


def finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


# --- reading it


@dataclass
class EventLog:
    """The state of one training, from its events; `read` goes on where it stopped. For one thread at a time."""

    folder: Path
    at: int = 0  # bytes read
    begun: int = 0  # how often it was started or resumed
    last: Event = field(default_factory=dict)  # the last event of ENDS, if it has not begun again
    progress: Event = field(default_factory=dict)
    history: list[Event] = field(default_factory=list)
    curve: list[Event] = field(default_factory=list)
    samples: list[Event] = field(default_factory=list)

    def read(self) -> None:
        """Take in the events written since the last call."""
        while True:
            new, at = events_from(self.folder, self.at)
            if at == self.at:
                return
            self.at = at
            for event in new:
                self.fold(event)

    def fold(self, event: Event) -> None:
        kind = event.get("event")
        if kind == "begun":
            self.begun, self.last = self.begun + 1, {}
        elif kind == "started":
            self.forget_after(event.get("resumed_at") or 0)
        elif kind == "progress":
            self.progress = event
            self.curve.append({"step": event["step"], "loss": event["loss"]})
            if len(self.curve) > CURVE:
                del self.curve[1::2]
        elif kind == "evaluated":
            self.history.append({name: event[name] for name in ("step", "train_loss", "valid_loss")})
        elif kind == "sample":
            self.samples = [*self.samples, {"step": event["step"], "text": event["text"]}][-SAMPLES:]
        elif kind in ENDS:
            self.last = event

    def forget_after(self, step: int) -> None:
        """Drop what came after a checkpoint: a run that is resumed there repeats these steps."""
        for points in (self.history, self.curve, self.samples):
            points[:] = [point for point in points if point["step"] <= step]

    @property
    def valid_loss(self) -> float | None:
        """The lowest, which is that of the model that is used."""
        return min((e["valid_loss"] for e in self.history if e["valid_loss"] is not None), default=None)

    @property
    def done(self) -> bool:
        return self.last.get("event") == "finished" and self.last.get("reason") != "interrupted"


def events_from(folder: Path, at: int) -> tuple[list[Event], int]:
    """The events written from byte `at` on, and where they end. A line that a crash has cut is skipped."""
    try:
        with open(folder / EVENTS, "rb") as file:
            file.seek(at)
            data = file.read(READ_BYTES)
    except FileNotFoundError:
        return [], at
    whole = data[: data.rfind(b"\n") + 1]
    found = []
    for line in whole.splitlines():
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                found.append(event)
    return found, at + len(whole)
