"""What training and writing report while they run: terminal, page and notebook are views of these."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Started:
    """Training is about to begin or to go on. Sizes in tokens."""

    run: Path
    device: str
    parameters: int
    vocabulary: int
    train_tokens: int
    valid_tokens: int
    resumed_at: int  # step; 0 for a fresh run
    loss: str = "nats"  # what losses are, per token; "L1" of the classic recipe, per number of a word vector


@dataclass(frozen=True)
class Progress:
    """State after a step. `loss` in nats per token, smoothed; `progress` 0 to 1 of the schedule."""

    step: int
    epoch: float
    progress: float
    loss: float
    learning_rate: float
    words_per_second: float
    seconds: float
    seconds_left: float


@dataclass(frozen=True)
class Evaluated:
    """Validation loss in nats per token, full softmax, averaged weights where averaging is on."""

    step: int
    epoch: float
    seconds: float
    train_loss: float
    valid_loss: float
    best: bool


@dataclass(frozen=True)
class SampleDue:
    """A good moment to show what the model writes: `model()` gives its step model as ONNX bytes."""

    step: int
    model: Callable[[], bytes]


@dataclass(frozen=True)
class Saved:
    step: int
    path: Path


@dataclass(frozen=True)
class Finished:
    """`reason`: "done", "stopped early" or "interrupted". Losses in nats per token.

    Where training went on from a base, `before` is that one's validation loss with the new words' first vectors, and
    the shares are of words in runs of `evaluation.train.RUN` words or more of the training songs: in songs the
    run wrote, and in the held-out songs.
    """

    step: int
    epoch: float
    seconds: float
    valid_loss: float
    reason: str
    before: float = math.nan
    copied_written: float = math.nan
    copied_held_out: float = math.nan


TrainEvent = Started | Progress | Evaluated | SampleDue | Saved | Finished
