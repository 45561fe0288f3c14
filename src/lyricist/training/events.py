"""What a training reports while it runs; terminal, web page and notebook show these events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lyricist.model.tokens import Vocabulary


@dataclass(frozen=True)
class Started:
    """Training begins or is resumed. Sizes in tokens."""

    run: Path
    device: str
    parameters: int
    vocabulary: int
    train_tokens: int
    valid_tokens: int
    resumed_at: int  # step; 0 for a fresh run
    loss: str = "nats"  # unit of losses, per token; "L1" for the classic recipe, per number of a word vector
    evaluations: int = 0  # planned
    left_out: Sequence[tuple[str, str]] = ()  # songs that the classic recipe leaves out, and why


@dataclass(frozen=True)
class Progress:
    """The state after a step. `loss` in nats per token, smoothed; `progress` of the schedule, 0 to 1."""

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
    """Validation loss in nats per token, with the full softmax and the weights that readers get."""

    step: int
    epoch: float
    seconds: float
    train_loss: float
    valid_loss: float
    best: bool


@dataclass(frozen=True)
class SampleDue:
    """A good time to show what the model writes: `model()` returns its step model as ONNX bytes."""

    step: int
    model: Callable[[], bytes]
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Saved:
    """A checkpoint was written."""

    step: int
    path: Path


@dataclass(frozen=True)
class Measuring:
    """A fine-tuning is over, and songs are written to measure what the run overuses and copies, for up to minutes."""

    run: Path


@dataclass(frozen=True)
class Finished:
    """`reason`: "done", "stopped early" or "interrupted". Losses in nats per token.

    After fine-tuning, `before` is the base's validation loss with the new words added, and the shares are of words in
    runs copied from the training songs: in songs that the run wrote, and in the held-out songs. `advice` says what
    would help if it taught little.
    """

    step: int
    epoch: float
    seconds: float
    valid_loss: float
    reason: str
    before: float = math.nan
    copied_written: float = math.nan
    copied_held_out: float = math.nan
    advice: str = ""


TrainEvent = Started | Progress | Evaluated | SampleDue | Saved | Measuring | Finished
