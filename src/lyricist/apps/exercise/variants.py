"""The variants of the exercise: how each is trained on the same songs, evaluated on unseen ones and written from.

The classic recipe stands here with both cells and both ways to bring the melody in, the project's own model in both
reading directions and with the notes to come as features.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lyricist.apps.exercise.exercise_data import Material, Settings, Sung
from lyricist.corpus import Section, Song
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError, MissingExtra, PlanError
from lyricist.evaluation.metrics import song_nats
from lyricist.evaluation.train import train_songs
from lyricist.generate.classic_model import ClassicModel, accuracy
from lyricist.generate.open_run import load
from lyricist.generate.result import WrittenSong
from lyricist.generate.writer import Model
from lyricist.model.classic.sung_words import SungWords, sung
from lyricist.model.hits import NEAREST, Hits
from lyricist.plan.from_tune import plan_to, relaxed
from lyricist.plan.plan import QUICK, Plan
from lyricist.prosody.lexicon import default_lexicon
from lyricist.training import events
from lyricist.training.conditioning import PlannedSong, planned_song, with_wrong_tunes
from lyricist.training.config import Options
from lyricist.training.start import need_torch

# With --quick.
QUICK_CLASSIC = {"hidden": 32, "embedding": 16}
QUICK_MODEL = {"hidden": 32, "embedding": 24}
QUICK_TRAIN = {"batch": 4, "steps": 16, "evaluations": 3, "epochs": 20.0}


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
    validation: list[list[float]]  # seconds, loss

    @classmethod
    def by(cls, made: Iterable[events.TrainEvent]) -> Trained:
        """Run a training to its end."""
        every = [e for e in made if isinstance(e, events.Started | events.Evaluated | events.Finished)]
        (started,) = (event for event in every if isinstance(event, events.Started))
        (finished,) = (event for event in every if isinstance(event, events.Finished))
        curve = [[round(e.seconds, 2), round(e.valid_loss, 5)] for e in every if isinstance(e, events.Evaluated)]
        rate = finished.epoch * started.train_tokens / max(1e-9, finished.seconds)
        return cls(
            round(finished.seconds, 3), round(rate, 3), round(finished.epoch, 3), finished.step, started.parameters,
            started.vocabulary, finished.reason, started.loss, curve,
        )  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """Lyrics that a variant has written, or why it has none. `seconds`: of wall time, all included."""

    sections: tuple[Section, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True)
class Judged:
    """How well a variant predicts unseen songs. Counts are of words, the first of each song left out.

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


def frequent_guess(learnt: Iterable[Song], judged: Iterable[Song]) -> Judged:
    """The counts of always guessing the most frequent words of the songs `learnt`."""
    split = WordTokenizer().split
    counts = Counter(word for song in learnt for line in song.lines() for word in split(line.text))
    best = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:NEAREST]]
    words = [w for song in judged for w in [w for line in song.lines() for w in split(line.text)][1:]]
    return Judged(len(words), sum(word in best[:1] for word in words), sum(word in best for word in words))


class Writer(Protocol):
    """A trained variant."""

    def knows(self, word: str) -> bool:
        """Whether a lyric can begin with the word."""

    def judge(self, songs: Sequence[Sung]) -> Judged: ...

    def write(self, sung: Sung, first: str, seed: int) -> Draft: ...

    def write_many(self, sung: Sung, first: str, seed: int, count: int) -> Sequence[WrittenSong]:
        """`count` lyrics in one call. Raises the errors of which `write` makes a failed draft."""


class Variant(Protocol):
    """`key` names it in files and options, `label` in tables; `told` says what it is."""

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def told(self) -> str: ...

    def ready(self) -> None:
        """Raise `MissingExtra` where packages are missing, before anything is trained."""

    def train(self, material: Material, out: Path, settings: Settings) -> Iterable[events.TrainEvent]: ...

    def open(self, out: Path, material: Material) -> Writer: ...


# --- the classic recipe


@dataclass(frozen=True)
class Classic:
    """The recipe with one of its cells and ways; `context`: words it is trained to read, 1 as in the original."""

    key: str
    label: str
    told: str
    cell: str
    melody_input: str
    context: int = 1

    def ready(self) -> None:
        """Raises `MissingExtra` without PyTorch or gensim."""
        need_torch()
        try:
            import gensim  # noqa: F401
        except ImportError as e:
            raise MissingExtra("the classic recipe", "classic") from e

    def train(self, material: Material, out: Path, settings: Settings) -> Iterable[events.TrainEvent]:
        model: dict[str, Any] = {"cell": self.cell, "melody_input": self.melody_input, "context": self.context}
        model |= QUICK_CLASSIC if settings.quick else {}
        train = {"budget": settings.budget, "seed": settings.seed}
        options = Options(recipe="classic", midi=material.midi, model=model, train=train)
        return train_songs(material.train, out, options)

    def open(self, out: Path, material: Material) -> ClassicWriter:
        model = load(out)
        assert isinstance(model, ClassicModel)
        return ClassicWriter(model, material)


@dataclass(frozen=True)
class ClassicWriter:
    """A trained run of the recipe."""

    model: ClassicModel
    material: Material

    def knows(self, word: str) -> bool:
        return word in self.model.vocabulary

    def judge(self, songs: Sequence[Sung]) -> Judged:
        right = accuracy(self.model, self.heard(songs, [sung.path for sung in songs]))
        wrong = accuracy(self.model, self.heard(songs, self.wrong_tunes(songs)))
        words, losses = right["words"], {"right": right["l1_loss"], "wrong": wrong["l1_loss"]}
        tune = {"measure": "L1 of the next word's vector", **losses, "songs": len(songs)}
        return Judged(words, round(right["top1_accuracy"] * words), round(right["top10_accuracy"] * words), tune=tune)

    def heard(self, songs: Sequence[Sung], tunes: Sequence[Path]) -> list[SungWords]:
        """Songs with the music of these tunes; those without words are left out."""
        found = [sung(s.song, t, self.model.vocabulary) for s, t in zip(songs, tunes, strict=True)]
        return [each for each in found if isinstance(each, SungWords)]

    def wrong_tunes(self, songs: Sequence[Sung]) -> list[Path]:
        """Another test song's tune for each; of a single test song, a training song's."""
        if len(songs) > 1:
            return [songs[(i + 1) % len(songs)].path for i in range(len(songs))]
        return [self.material.midi / next(self.material.train.songs("train")).meta["tune"]]

    def write(self, sung: Sung, first: str, seed: int) -> Draft:
        """Verse, chorus, verse, chorus, as the recipe writes for every tune."""
        begun = time.perf_counter()
        try:
            (song,) = self.write_many(sung, first, seed, 1)
        except InputError as error:
            return Draft((), time.perf_counter() - begun, failed=str(error))
        return Draft(song.sections, time.perf_counter() - begun)

    def write_many(self, sung: Sung, first: str, seed: int, count: int) -> list[WrittenSong]:
        return self.model.hearing(sung.path).write(Plan(start=first), seed=seed, count=count)


# --- the project's own model


@dataclass(frozen=True)
class Own:
    """The project's model. `features`: what of a plan it sees, see `features.CHOICES`."""

    key: str
    label: str
    told: str
    order: str = "backward"
    features: str = "none"

    def ready(self) -> None:
        need_torch()

    def train(self, material: Material, out: Path, settings: Settings) -> Iterable[events.TrainEvent]:
        train: dict[str, Any] = {"budget": settings.budget, "seed": settings.seed}
        options = Options(preset=settings.preset, order=self.order, features=self.features, train=train)
        if settings.quick:
            options = replace(options, preset="tiny", model=QUICK_MODEL, train={**QUICK_TRAIN, **train})
        return train_songs(material.train, out, options)

    def open(self, out: Path, material: Material) -> OwnWriter:
        return OwnWriter(load(out), material)


@dataclass(frozen=True)
class OwnWriter:
    """A trained run of the project's model."""

    model: Model
    material: Material

    def knows(self, word: str) -> bool:
        return word in self.model.vocabulary

    def judge(self, songs: Sequence[Sung]) -> Judged:
        texts = [sung.song for sung in songs]
        nll, hits = self.predict(texts)
        tune = self.tune_helps(texts)
        return Judged(hits.words, hits.top1, hits.top10, round(math.exp(nll), 3), round(nll, 5), tune)

    def predict(self, songs: Sequence[Song], plans: Sequence[PlannedSong] | None = None) -> tuple[float, Hits]:
        """Nats per token (words and line breaks) of songs, each read from its beginning, and how often the next word
        was among the likeliest; `plans`: what the model is told of each song."""
        vocabulary = self.model.vocabulary
        ids = [np.array(vocabulary.encode(song), dtype=np.int64) for song in songs]
        rows = None if plans is None else [plan.rows(vocabulary.order, self.model.groups) for plan in plans]
        hits = Hits.of(vocabulary)
        nats = float(song_nats(self.model.step_model, ids, rows, hits).sum())
        return nats / max(1, sum(len(song) - 1 for song in ids)), hits

    def tune_helps(self, songs: Sequence[Song]) -> dict[str, Any] | None:
        """Nats per token of songs told their plan with the right tune, and with notes of other songs' lines."""
        aligned = [song for song in songs if any(line.slots for line in song.lines())]
        if "tune" not in self.model.groups or not aligned:
            return None
        vocabulary, lexicon = self.model.vocabulary, default_lexicon()
        every = [*aligned, *self.material.train.songs("valid")]
        plans = [planned_song(song, vocabulary.tokenizer, vocabulary.order, lexicon) for song in every]
        right, _ = self.predict(aligned, plans[: len(aligned)])
        wrong, _ = self.predict(aligned, with_wrong_tunes(plans)[: len(aligned)])
        return {
            "measure": "nats per word, told syllables, stresses and notes",
            "right": round(right, 5),
            "wrong": round(wrong, 5),
            "songs": len(aligned),
        }

    def write(self, sung: Sung, first: str, seed: int) -> Draft:
        """A syllable for every slot of the tune, stresses and rhymes as far as the words allow."""
        begun = time.perf_counter()
        try:
            plan, given_up = self.planned(sung, first)
            song = self.model.write(plan, QUICK, seed=seed)[0]
        except (PlanError, InputError) as error:
            return Draft((), time.perf_counter() - begun, failed=str(error))
        return Draft(song.sections, time.perf_counter() - begun, given_up)

    def planned(self, sung: Sung, first: str) -> tuple[Plan, tuple[str, ...]]:
        """The plan of a tune, and what had to be given up of it. Raises `PlanError`."""
        return relaxed(plan_to(sung.tune, start=first), self.model.feasible)

    def write_many(self, sung: Sung, first: str, seed: int, count: int) -> list[WrittenSong]:
        return self.model.write(self.planned(sung, first)[0], QUICK, seed=seed, count=count)


VARIANTS: tuple[Variant, ...] = (
    Classic("classic-lstm-concat", "classic LSTM, concat", "the notebook's recipe", "lstm", "concat"),
    Classic("classic-lstm-project", "classic LSTM, project", "the same, melody projected first", "lstm", "project"),
    Classic("classic-gru-concat", "classic GRU, concat", "the recipe with the other cell", "gru", "concat"),
    Classic("classic-gru-project", "classic GRU, project", "the same, melody projected first", "gru", "project"),
    Classic(
        "classic-context", "classic LSTM, 8 words", "the recipe as it was meant: 8 words read", "lstm", "concat", 8
    ),
    Own("lyricist", "lyricist", "the project's model, lines read from their last word, told nothing of the tune"),
    Own("lyricist-forward", "lyricist, forward", "the same with lines read from their first word", order="forward"),
    Own("lyricist-tune", "lyricist, tune", "the same as lyricist, shown the notes to come", features="tune"),
)


def chosen(known: Sequence[Variant], keys: Sequence[str]) -> list[Variant]:
    """The variants with these keys, in the order of `known`; all where no key is given. Raises `InputError`."""
    names = [variant.key for variant in known]
    for key in keys:
        if key not in names:
            raise InputError(f"--variant {key!r} is unknown: use one of {', '.join(names)}")
    return [variant for variant in known if not keys or variant.key in keys]
