"""What a variant is: something that can be trained on the material, judged on unseen songs and written from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lyricist.apps.exercise.material import Material, Sung
from lyricist.apps.exercise.settings import Settings
from lyricist.corpus import Section
from lyricist.errors import InputError
from lyricist.generate.result import WrittenSong
from lyricist.training import events


@dataclass(frozen=True)
class Trained:
    """How a training went. `words_per_second`: words read in training over all its seconds; `loss`: of what kind."""

    seconds: float
    words_per_second: float
    epochs: float
    steps: int
    parameters: int
    vocabulary: int
    reason: str
    loss: str
    curve: tuple[tuple[float, float], ...]  # (seconds, validation loss)

    def to_json(self) -> dict[str, Any]:
        rounded = {name: round(getattr(self, name), 3) for name in ("seconds", "words_per_second", "epochs")}
        kept = {name: getattr(self, name) for name in ("steps", "parameters", "vocabulary", "reason", "loss")}
        return {**rounded, **kept, "validation": [[round(a, 2), round(b, 5)] for a, b in self.curve]}


@dataclass(frozen=True)
class Draft:
    """Lyrics that a variant has written, or why it has none. `seconds`: of wall time, all included."""

    sections: tuple[Section, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    failed: str = ""

    @property
    def lines(self) -> list[str]:
        return [line.text for section in self.sections for line in section.lines]


@dataclass(frozen=True)
class Judged:
    """How a variant foretells unseen songs. Counts are of words, the first of each song left out.

    `tune`: what the tune is worth to it: a measure, its value with the right tune and with a wrong one.
    """

    positions: int
    top1: int
    top10: int
    perplexity: float | None = None
    nll_per_word: float | None = None
    tune: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        share = max(1, self.positions)
        return {
            "positions": self.positions,
            "top1_accuracy": round(self.top1 / share, 5),
            "top10_accuracy": round(self.top10 / share, 5),
            "perplexity": self.perplexity,
            "nll_per_word": self.nll_per_word,
            "tune": self.tune,
        }


class Writer(Protocol):
    """A trained variant."""

    def knows(self, word: str) -> bool:
        """Whether a lyric can begin with the word."""

    def judge(self, songs: Sequence[Sung]) -> Judged: ...

    def write(self, sung: Sung, first: str, seed: int) -> Draft: ...

    def write_many(self, sung: Sung, first: str, seed: int, count: int) -> Sequence[WrittenSong]:
        """`count` lyrics at once, to see how fast that is. Raises what `write` makes a failed draft of."""


class Variant(Protocol):
    """`key` names it in files and options, `label` in tables; `needs`: the extra that brings its packages."""

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def told(self) -> str:
        """What it is, in a sentence."""

    def ready(self) -> None:
        """Raise `MissingExtra` where packages are missing, before anything is trained."""

    def train(self, material: Material, out: Path, settings: Settings) -> Iterable[events.TrainEvent]: ...

    def open(self, out: Path, material: Material) -> Writer: ...


def figures_of(made: Iterable[events.TrainEvent]) -> Trained:
    """Run a training to its end."""
    started: events.Started | None = None
    finished: events.Finished | None = None
    curve = []
    for event in made:
        if isinstance(event, events.Started):
            started = event
        elif isinstance(event, events.Evaluated):
            curve.append((event.seconds, event.valid_loss))
        elif isinstance(event, events.Finished):
            finished = event
    assert started is not None and finished is not None
    read = finished.epoch * started.train_tokens
    return Trained(
        finished.seconds, read / max(1e-9, finished.seconds), finished.epoch, finished.step, started.parameters,
        started.vocabulary, finished.reason, started.loss, tuple(curve),
    )  # fmt: skip


def chosen(known: Sequence[Variant], keys: Sequence[str]) -> list[Variant]:
    """The variants of these keys, in the order of the table; all where none is named."""
    names = [variant.key for variant in known]
    for key in keys:
        if key not in names:
            raise InputError(f"--variant {key!r} is unknown: use one of {', '.join(names)}")
    return [variant for variant in known if not keys or variant.key in keys]
