"""The process that trains: `python -m lyricist.apps.studio.train_worker FOLDER`. It needs no studio to go on.

It holds the folder's lock, appends its events to the folder's log (see `event_log`), and saves and ends when a file
`stop` appears there.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lyricist.apps.sampling import sample_lines
from lyricist.apps.studio.event_log import ASKED, CORPUS, RUN, STOP, EventWriter, hold
from lyricist.corpus import open_corpus
from lyricist.errors import LyricistError
from lyricist.evaluation.train import train_songs
from lyricist.training import events
from lyricist.training.config import Options
from lyricist.training.start import need_torch

PROGRESS_SECONDS = 0.25  # between two events of progress
SAMPLE_SECONDS = 4.0  # and between two samples
SAVE_SECONDS = {"starter": 20.0, "scratch": 10.0}  # between two checkpoints: what a crash may cost
LOCK_SECONDS = 60.0  # to wait for a training here that has just been stopped
NICE = 5  # lower priority than the studio: writing comes first
FEW_WORDS = 50_000  # up to which a tiny network is enough, from scratch


class Reporter:
    """Turns the events of a training into events of the log."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, EventWriter(folder)
        self.last = {"progress": -math.inf, "sample": -math.inf}
        self.unwritten: events.Progress | None = None  # the last progress, if it was not written

    def due(self, event: str, seconds: float) -> bool:
        """Whether so much time has passed since the last event of this kind."""
        now = time.monotonic()
        if now - self.last[event] < seconds:
            return False
        self.last[event] = now
        return True

    def hear(self, event: events.TrainEvent) -> None:
        match event:
            case events.Started():
                facts = {"parameters": event.parameters, "vocabulary": event.vocabulary}
                self.log.write("started", **facts, resumed_at=event.resumed_at)
            case events.Progress():
                self.unwritten = event
                self.progress(at_once=False)
            case events.Evaluated():
                self.progress(at_once=True)  # the curve has a point at each evaluation, however short the training
                self.log.write("evaluated", **dataclasses.asdict(event))
            case events.SampleDue() if self.due("sample", SAMPLE_SECONDS):
                if text := sample_lines(event):
                    self.log.write("sample", step=event.step, text=text)
            case events.Saved():
                self.log.write("saved", step=event.step)
            case events.Finished():
                self.log.write("finished", **dataclasses.asdict(event))

    def progress(self, at_once: bool) -> None:
        """Write the last progress, if it is time to."""
        if self.unwritten is not None and (at_once or self.due("progress", PROGRESS_SECONDS)):
            self.log.write("progress", **dataclasses.asdict(self.unwritten))
            self.unwritten = None


def train(folder: Path, should_stop: Callable[[], bool]) -> Iterator[events.TrainEvent]:
    """Train as the folder asks, from its last checkpoint on if there is one."""
    need_torch()
    importlib.import_module("lyricist.training.trainer")  # takes seconds, which do not count as training time
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    corpus, run = open_corpus(folder / CORPUS), folder / RUN
    resume = (run / "latest").exists()
    preset = "tiny" if corpus.info["words"] < FEW_WORDS else "small"
    limits: dict[str, Any] = {"budget": asked["budget_seconds"], "save_every": SAVE_SECONDS[asked["from"]]}
    limits |= {"epochs": asked["epochs"]} if asked["epochs"] else {}
    options = Options()
    if not resume:
        base, licence = asked["from"], asked["licence"]
        options = Options(preset if base == "scratch" else None, base, train=limits, licence=licence)
    return train_songs(corpus, run, options, resume=resume, force=not resume, should_stop=should_stop)


def work(folder: Path) -> None:
    """One training, until it is done or asked to stop."""
    reporter = Reporter(folder)
    signals: list[int] = []
    for kind in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, kind):
            signal.signal(getattr(signal, kind), lambda number, frame: signals.append(number))
    try:
        for event in train(folder, lambda: bool(signals) or (folder / STOP).exists()):
            reporter.hear(event)
    except LyricistError as error:
        reporter.log.write("failed", message=str(error).replace(f"{folder}{os.sep}", ""))
    except MemoryError:
        reporter.log.write("failed", message="there is not enough memory: train on fewer songs")
    except Exception as error:
        traceback.print_exc()  # into the training's log.txt
        reporter.log.write("failed", message=f"unexpected {type(error).__name__}: please report it")


def main() -> None:
    folder = Path(sys.argv[1])
    if hasattr(os, "nice"):
        os.nice(NICE)
    try:
        lock = hold(folder, LOCK_SECONDS)
    except LyricistError:
        sys.exit(2)
    with lock:
        work(folder)


if __name__ == "__main__":
    main()
