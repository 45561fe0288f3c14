"""The worker processes of one machine, and what is seen of them as events."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lyricist
from lyricist.apps.sweep.database import StorageError, shown
from lyricist.apps.sweep.folder import Folder
from lyricist.apps.sweep.lock import Lock
from lyricist.apps.sweep.study import Row, Slots
from lyricist.errors import InputError

WRITE_SECONDS = 5.0  # between two writings of the results while trials end
STOP_SECONDS = 60.0  # for workers to save and end when they are asked to


@dataclass(frozen=True)
class Begun:
    """`done` of `total` trials have ended before."""

    folder: Path
    total: int
    done: int
    workers: int
    threads: int  # of each worker


@dataclass(frozen=True)
class TrialBegun:
    trial: int
    params: dict[str, Any]


@dataclass(frozen=True)
class TrialMark:
    """A validation loss of a trial under way; `progress` 0 to 1."""

    trial: int
    progress: float
    valid_loss: float


@dataclass(frozen=True)
class TrialEnded:
    """`record` as trial.json has it; `best`: its run is in best/ now."""

    trial: int
    record: dict[str, Any]
    best: bool


@dataclass(frozen=True)
class Ended:
    """`reason`: "done", "interrupted", or "elsewhere" where other machines still work on the last trials."""

    reason: str
    rows: list[Row]


SweepEvent = Begun | TrialBegun | TrialMark | TrialEnded | Ended


@dataclass
class Place:
    """Where a sweep is kept."""

    folder: Folder
    slots: Slots
    lock: Lock

    @property
    def storage(self) -> str:
        return shown(self.slots.url)


@dataclass
class Hand:
    """One worker process, and the trial it is at."""

    index: int
    process: subprocess.Popen[str]
    trial: int | None = None
    number: int | None = None
    told: bool = False  # that it was stopped by something it told us


@dataclass
class Crew:
    """The worker processes of this machine."""

    place: Place
    size: int
    threads: int
    stopping: bool = False
    asked: bool = False  # to stop, by whoever called
    fatal: str = ""
    hands: list[Hand] = field(default_factory=list)
    inbox: queue.Queue[tuple[Hand, dict[str, Any] | None]] = field(default_factory=queue.Queue)
    written: float = 0.0

    def work(self, should_stop: Callable[[], bool]) -> Iterator[SweepEvent]:
        """Until every worker has ended. Raises `InputError` with what stopped them, if something did."""
        try:
            for index in range(self.size):
                self.hire(index)
            while self.hands:
                self.asked = self.asked or should_stop()
                if not self.stopping and (self.fatal or self.asked):
                    self.stop()
                with contextlib.suppress(queue.Empty):
                    yield from self.hear(*self.inbox.get(timeout=0.5))
        except KeyboardInterrupt:  # the second one: nobody wants to wait
            for hand in self.hands:
                hand.process.kill()
            raise
        finally:
            self.dismiss()
        if self.fatal:
            raise InputError(self.fatal)

    def hire(self, index: int) -> None:
        """Start a worker; its job goes through a pipe, for it may hold a password."""
        slots, folder = self.place.slots, self.place.folder
        home = str(Path(lyricist.__file__).parent.parent)
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**os.environ, "OMP_NUM_THREADS": str(self.threads), "PYTHONPATH": os.pathsep.join(paths)}
        with open(self.log(index), "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lyricist.apps.sweep.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8", env=env,
                process_group=0 if os.name == "posix" else None,  # Ctrl-C is for us to hear, and to pass on
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )  # fmt: skip
        hand = Hand(index, process)
        self.hands.append(hand)
        job = {
            "folder": str(folder.path),
            "url": slots.url,
            "study": slots.name,
            "sweep": slots.sweep.to_json(),
            "trials": slots.sweep.trials,
            "threads": self.threads,
        }
        threading.Thread(target=self.listen, args=(hand,), daemon=True).start()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once: `lost` tells
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()

    def log(self, index: int) -> Path:
        return self.place.folder.path / f"worker-{index + 1}.log"

    def listen(self, hand: Hand) -> None:
        """Every message of a worker into the inbox, None when it has ended."""
        assert hand.process.stdout is not None
        for line in hand.process.stdout:
            with contextlib.suppress(ValueError):
                self.inbox.put((hand, json.loads(line)))
        hand.process.wait()
        self.inbox.put((hand, None))

    def hear(self, hand: Hand, message: dict[str, Any] | None) -> Iterator[SweepEvent]:
        if message is None:
            yield from self.left(hand)
        elif message["kind"] == "begun":
            hand.trial, hand.number = message["trial"], message["number"]
            yield TrialBegun(message["trial"], message["params"])
        elif message["kind"] == "mark":
            yield TrialMark(message["trial"], message["progress"], message["valid_loss"])
        elif message["kind"] == "ended":
            yield self.ended(hand, message["record"])
        elif message["kind"] == "fatal":
            hand.told, self.fatal = True, self.fatal or message["error"]

    def ended(self, hand: Hand, record: dict[str, Any]) -> TrialEnded:
        from lyricist.apps.sweep import results

        hand.trial = hand.number = None
        best = self.place.folder.settle(record["trial"])
        if time.monotonic() - self.written > WRITE_SECONDS:
            with contextlib.suppress(StorageError):  # the workers wait out short outages
                results.write(self.place, self.place.slots.rows(), plots=False)
            self.written = time.monotonic()
        return TrialEnded(record["trial"], record, best)

    def left(self, hand: Hand) -> Iterator[SweepEvent]:
        """A worker has ended. If it died, its trial has failed and another takes its place."""
        self.hands.remove(hand)
        code = hand.process.returncode
        if code == 0 or hand.told or self.stopping:
            self.log(hand.index).unlink(missing_ok=True)
            return
        why = f"its process died ({last_line(self.log(hand.index)) or f'exit code {code}'})"
        if code == -9:
            why = "its process was killed: out of memory?"
        if hand.trial is None:
            self.fatal = self.fatal or f"a worker could not work: {why}"
            return
        yield self.lost(hand, why)
        self.hire(hand.index)

    def lost(self, hand: Hand, why: str) -> TrialEnded:
        """The record of a trial whose process died."""
        rows = {row.trial: row for row in self.place.slots.rows()}
        assert hand.trial is not None and hand.number is not None
        record = {
            "format": 1,
            "trial": hand.trial,
            "number": hand.number,
            "state": "failed",
            "valid_loss": None,
            "params": dict(rows[hand.trial].params),
            "result": {},
            "error": why,
        }
        self.place.folder.keep(record, f"{hand.trial:04d}")
        self.place.slots.finish(hand.number, record)
        return self.ended(hand, record)

    def stop(self) -> None:
        """Ask all workers to end: they give up their trials."""
        self.stopping = True
        for hand in self.hands:
            if hand.process.stdin is not None:
                with contextlib.suppress(OSError):
                    hand.process.stdin.close()

    def dismiss(self) -> None:
        """None is left behind, whatever happened."""
        self.stop()
        until = time.monotonic() + STOP_SECONDS
        for hand in self.hands:
            try:
                hand.process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                hand.process.kill()


def last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:200] if lines else ""
