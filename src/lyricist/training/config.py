"""`Options` (what a person says about a training), `TrainConfig`, and the presets.

The defaults were chosen by validation loss at equal wall time; dev/LOG.md has the search.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lyricist.errors import InputError, expect, expect_all, expect_path, first_wrong

UNDECLARED = "undeclared: do not share"  # the licence where none is declared


def checked(kind: Any, values: Mapping[str, Any]) -> Any:
    """A pydantic model from values. Raises `InputError` with its first error in one line."""
    try:
        return kind(**values)
    except ValidationError as e:
        raise InputError(first_wrong(e)) from e


class TrainConfig(BaseModel):
    """How to train. The schedule goes from 0 to 1 over `budget` seconds or `epochs`, whichever ends first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0)
    batch: int = Field(default=20, ge=1)  # parallel streams, per process
    steps: int = Field(default=35, ge=2)  # truncated backpropagation, tokens
    budget: float | None = Field(default=None, gt=0)  # seconds of wall time, all included
    epochs: float | None = Field(default=None, gt=0)
    learning_rate: float = Field(default=6e-3, gt=0)  # peak; linear to zero
    warmup: float = Field(default=0.02, ge=0, lt=1)  # share of the schedule
    weight_decay: float = Field(default=0.0, ge=0)
    clip: float = Field(default=1.0, gt=0)  # gradient norm
    negatives: int = Field(default=1024, ge=0)  # sampled softmax; 0: always full
    full_share: float = Field(default=0.1, ge=0, le=1)  # last part of the schedule with the full softmax
    average: float = Field(default=0.0, ge=0, lt=1)  # decay of the moving average of the weights; 0: off
    anchor: float = Field(default=0.0, ge=0)  # strength of the penalty on leaving a base, see `Optimiser.update`
    precision: Literal["float32", "bfloat16", "auto"] = "float32"  # of matrix products; auto: the faster one
    patience: int = Field(default=5, ge=1)  # evaluations without a better validation loss before stopping
    evaluations: int = Field(default=20, ge=1)  # validation losses over the schedule, evenly spaced
    save_every: float = Field(default=60.0, gt=0)  # seconds between checkpoints


@dataclass(frozen=True)
class Preset:
    """Shape and schedule for a size of corpus: vocabulary, rarest word, fields of `ModelConfig` and `TrainConfig`."""

    purpose: str
    vocabulary: int
    min_count: int
    model: dict[str, Any]
    train: dict[str, Any]


def dropout(p: float) -> dict[str, float]:
    return {"dropout_input": p, "dropout_hidden": p, "dropout_output": p}


PRESET = "small"  # the default
PATIENT: dict[str, Any] = {  # fine-tuning of any base: few epochs, an anchor, few evaluations
    "steps": 32,
    "learning_rate": 1.5e-3,
    "epochs": 6.0,
    "negatives": 1024,
    "anchor": 10.0,
    "precision": "auto",
    "evaluations": 8,
}
FINE_TUNING = Preset("a base and some hundred songs", 0, 2, dropout(0.5), {**PATIENT, "batch": 16})
FINE_TUNING_FEW = Preset("a base and a few dozen songs", 0, 2, dropout(0.5), {**PATIENT, "batch": 8})
FEW_TOKENS = 10_000  # with fewer training tokens, smaller batches make more updates


def fine_tuning(tokens: int) -> Preset:
    """How to fine-tune with this many training tokens."""
    return FINE_TUNING_FEW if tokens <= FEW_TOKENS else FINE_TUNING


PRESETS: dict[str, Preset] = {
    "tiny": Preset(
        "a few dozen songs, about a minute",
        6_000,
        2,
        {"layers": 1, "embedding": 192, "hidden": 320, **dropout(0.5), "dropout_embedding": 0.1},
        {"batch": 12, "steps": 24, "learning_rate": 5e-3, "epochs": 10.0, "negatives": 0, "average": 0.98},
    ),
    "small": Preset(
        "hundreds of songs, minutes",
        10_000,
        2,
        {"layers": 1, "embedding": 256, "hidden": 512, **dropout(0.3)},
        {"learning_rate": 4e-3, "epochs": 20.0},
    ),
    "medium": Preset(
        "thousands of songs, an hour or more",
        20_000,
        2,
        {"layers": 1, "embedding": 320, "hidden": 1024, **dropout(0.3)},
        {"batch": 32, "steps": 64, "learning_rate": 4e-3, "epochs": 15.0},
    ),
    "large": Preset(
        "tens of thousands of songs, a night or a GPU",
        30_000,
        2,
        {"layers": 2, "embedding": 512, "hidden": 1024, **dropout(0.3)},
        {"batch": 64, "steps": 64, "learning_rate": 3e-3, "epochs": 10.0, "negatives": 2048},
    ),
}


@dataclass(frozen=True)
class Options:
    """What a user may say about a training; None: the preset's value. Raises `InputError` for others."""

    preset: str | None = None  # None: PRESET
    base: str | None = None  # a run to fine-tune, starter or scratch; None: the starter, or scratch with a shape
    tokenizer: str | None = None  # None: the base's, else words
    order: str | None = None  # forward or backward; None: the base's, else start.ORDER
    vocabulary: int | None = None  # words at most; all words of a base stay
    features: str | None = None  # of features.CHOICES: what the network sees of a plan; None: the base's, or none
    model: Mapping[str, Any] = field(default_factory=dict)  # fields of ModelConfig
    train: Mapping[str, Any] = field(default_factory=dict)  # fields of TrainConfig
    licence: str = UNDECLARED
    recipe: Literal["lstm", "classic"] = "lstm"  # classic: `model` has fields of ClassicConfig
    midi: Path | str | None = None  # folder of the songs' tunes, which the classic recipe needs
    vectors: Path | str | None = None  # a file of word vectors for it; None: learnt from the songs

    if not TYPE_CHECKING:

        def __new__(cls, *values: Any, **named: Any) -> Options:
            for name in named.keys() - {field.name for field in fields(cls)}:
                raise InputError(f"options have no {name!r}")
            return super().__new__(cls)

    def __post_init__(self) -> None:
        for name in ("preset", "base", "tokenizer", "order", "features"):
            expect(getattr(self, name), (str, os.PathLike, type(None)), name, "a name")
        expect(self.vocabulary, (int, type(None)), "vocabulary", "a number of words")
        for name in ("model", "train"):
            given = getattr(self, name)
            expect(given, Mapping, name, "a dict of settings")
            expect_all(list(given), str, name, "a dict of settings")
        for name in ("licence", "recipe"):
            expect(getattr(self, name), str, name, "a text")
        for name in ("midi", "vectors"):
            if getattr(self, name) is not None:
                expect_path(getattr(self, name), name)
