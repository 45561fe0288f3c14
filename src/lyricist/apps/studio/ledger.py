"""What is known of a training from its events: folded as they come, so that any of its readers may come late."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyricist.apps.studio.trainee import EVENTS

CURVE, SAMPLES = 400, 100  # points and samples kept, at most
PIECE = 4_000_000  # bytes read at once
ENDS = ("finished", "failed")
Event = dict[str, Any]


@dataclass
class Ledger:
    """The events of one training, read on from where they were left. For one thread at a time."""

    folder: Path
    at: int = 0  # bytes read
    begun: int = 0  # how often it was started or resumed
    last: Event = field(default_factory=dict)  # the last of ENDS, if it has not begun again
    progress: Event = field(default_factory=dict)
    history: list[Event] = field(default_factory=list)
    curve: list[Event] = field(default_factory=list)
    samples: list[Event] = field(default_factory=list)

    def read(self) -> None:
        """Take in what has been written since."""
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
        """A run that goes on from a checkpoint walks the steps behind it again."""
        for points in (self.history, self.curve, self.samples):
            points[:] = [point for point in points if point["step"] <= step]

    @property
    def valid_loss(self) -> float | None:
        """The lowest, which is the model's that is used."""
        return min((e["valid_loss"] for e in self.history if e["valid_loss"] is not None), default=None)

    @property
    def done(self) -> bool:
        return self.last.get("event") == "finished" and self.last.get("reason") != "interrupted"


def events_from(folder: Path, at: int) -> tuple[list[Event], int]:
    """The whole lines written from byte `at` on, and where they end; a line that a crash has cut is passed over."""
    try:
        with open(folder / EVENTS, "rb") as file:
            file.seek(at)
            data = file.read(PIECE)
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
