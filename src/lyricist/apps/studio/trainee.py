"""The process that trains: `python -m lyricist.apps.studio.trainee FOLDER`.

What happens goes into FOLDER/events.jsonl.

It needs no studio to go on, and tells whoever looks by the folder alone: it holds a lock there while it lives, a file
`stop` asks it to save and end, and every event is one line, written at once.
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
from typing import IO, Any

from lyricist.apps.studio.alive import hold
from lyricist.errors import LyricistError
from lyricist.training import events

EVENTS, STOP, RUN, CORPUS, ASKED = "events.jsonl", "stop", "run", "corpus", "asked.json"
PROGRESS_SECONDS = 0.25  # between two lines about progress
SAMPLE_SECONDS = 4.0  # and between two samples
SAVE_SECONDS = {"starter": 20.0, "scratch": 10.0}  # between two checkpoints: what a crash may cost
PATIENCE = 60.0  # for one that has just stopped here to be gone
NICER = 5  # than the studio: lines come first
FEW_WORDS = 50_000  # for which a tiny network is enough, from scratch


class Diary:
    """Events as lines of JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cut = cut_off(folder / EVENTS)
        self.file: IO[bytes] = open(folder / EVENTS, "ab", buffering=0)  # noqa: SIM115 (it stays open)
        self.last = {"progress": -math.inf, "sample": -math.inf}
        self.untold: events.Progress | None = None  # the last progress, if nothing was told of it

    def tell(self, event: str, **data: Any) -> None:
        line = {"event": event, **{name: number(value) for name, value in data.items()}}
        self.file.write(b"\n" * self.cut + json.dumps(line).encode() + b"\n")
        self.cut = False

    def close(self) -> None:
        self.file.close()

    def due(self, event: str, seconds: float) -> bool:
        """Whether so much time has passed since an event of this kind."""
        now = time.monotonic()
        if now - self.last[event] < seconds:
            return False
        self.last[event] = now
        return True

    def hear(self, event: events.TrainEvent) -> None:
        match event:
            case events.Started():
                facts = {"parameters": event.parameters, "vocabulary": event.vocabulary}
                self.tell("started", **facts, resumed_at=event.resumed_at)
            case events.Progress():
                self.untold = event
                self.progress(at_once=False)
            case events.Evaluated():
                self.progress(at_once=True)  # a curve has a point where it is judged, however short the training
                self.tell("evaluated", **dataclasses.asdict(event))
            case events.SampleDue() if self.due("sample", SAMPLE_SECONDS):
                self.sample(event)
            case events.Saved():
                self.tell("saved", step=event.step)
            case events.Finished():
                self.tell("finished", **dataclasses.asdict(event))

    def progress(self, at_once: bool) -> None:
        """Tell of the last progress, if it is time to."""
        if self.untold is not None and (at_once or self.due("progress", PROGRESS_SECONDS)):
            self.tell("progress", **dataclasses.asdict(self.untold))
            self.untold = None

    def sample(self, event: events.SampleDue) -> None:
        from lyricist.apps.sampling import sample_lines

        text = sample_lines(event, self.folder / RUN)
        if text:
            self.tell("sample", step=event.step, text=text)


def cut_off(path: Path) -> bool:
    """Whether a crash has cut the last line of a file."""
    return path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")


def number(value: Any) -> Any:
    """A value that JSON has; null for infinity and for what is no number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def train(folder: Path, should_stop: Callable[[], bool]) -> Iterator[events.TrainEvent]:
    """Train what the folder asks for, from its last checkpoint on where there is one."""
    from lyricist.corpus import open_corpus
    from lyricist.evaluation.train import train_songs
    from lyricist.training.config import Options
    from lyricist.training.start import need_torch

    need_torch()
    importlib.import_module("lyricist.training.trainer")  # takes seconds, which are none of the budget's
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    corpus, run = open_corpus(folder / CORPUS), folder / RUN
    resume = (run / "latest").exists()
    preset = "tiny" if corpus.info["words"] < FEW_WORDS else "small"
    limits = {"budget": asked["budget_seconds"], "save_every": SAVE_SECONDS[asked["from"]]}
    limits |= {"epochs": asked["epochs"]} if asked["epochs"] else {}
    options = Options()
    if not resume:
        base, licence = asked["from"], asked["licence"]
        options = Options(preset if base == "scratch" else None, base, train=limits, licence=licence)
    return train_songs(corpus, run, options, resume=resume, force=not resume, should_stop=should_stop)


def work(folder: Path) -> None:
    """One training, from beginning to end or until it is asked to stop."""
    diary = Diary(folder)
    asked: list[int] = []
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda number, frame: asked.append(number))
    try:
        for event in train(folder, lambda: bool(asked) or (folder / STOP).exists()):
            diary.hear(event)
    except LyricistError as error:
        diary.tell("failed", message=str(error).replace(f"{folder}{os.sep}", ""))
    except MemoryError:
        diary.tell("failed", message="there is not enough memory: train on fewer songs")
    except Exception as error:
        traceback.print_exc()  # into the training's log
        diary.tell("failed", message=f"unexpected {type(error).__name__}: please report it")


def main() -> None:
    folder = Path(sys.argv[1])
    if hasattr(os, "nice"):
        os.nice(NICER)
    try:
        lock = hold(folder, PATIENCE)
    except LyricistError:
        sys.exit(2)
    with lock:
        work(folder)


if __name__ == "__main__":
    main()
