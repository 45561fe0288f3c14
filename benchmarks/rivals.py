"""The models that against_models.py compares: settings, training and scoring of every contestant.

A contestant is a function of a `Bench` and its name that returns the nats (songs,) of the bench's texts and facts
about the model.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from held_out import HeldOut
from kneser_ney import train_kneser_ney
from lyricist.corpus import Corpus
from lyricist.evaluation.metrics import song_nats
from lyricist.generate.writer import load
from lyricist.model.bf16 import precision_on
from lyricist.model.checkpoint import Run, create_run
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.tokens import Order, Vocabulary, song_tokens
from lyricist.prosody.features import CHOICES, width
from lyricist.training.conditioning import plan_set
from lyricist.training.config import UNDECLARED, TrainConfig, checked
from lyricist.training.events import Finished, Started
from lyricist.training.start import corpus_facts
from lyricist.training.token_arrays import Streams, TokenSet, token_set
from lyricist.training.trainer import train
from transformer import Shape, Transformer, train_transformer, transformer_nats

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Told = tuple[Reals, dict[str, Any]]

DROPOUT = {"dropout_input": 0.0, "dropout_hidden": 0.0, "dropout_output": 0.0}
TRAIN = {"batch": 32, "steps": 64, "learning_rate": 3e-3, "negatives": 1500, "precision": "auto", "patience": 99}
SETTINGS: dict[str, dict[str, Any]] = {
    "ours": {"features": "slots", "model": {"layers": 1, "embedding": 320, "hidden": 768, **DROPOUT}, "train": TRAIN},
    "lstm": {"features": "none", "model": {"layers": 2, "embedding": 320, "hidden": 512, **DROPOUT}, "train": TRAIN},
    "transformer": {
        "model": {"width": 320, "heads": 5, "context": 128, "dropout": 0.0},
        "train": {**TRAIN, "batch": 16, "steps": 128, "learning_rate": 1e-3},
    },
    "kneser-ney": {"model": {"order": 5}},
}


@dataclass
class Bench:
    """What all contestants share."""

    corpus: Corpus
    vocabulary: Vocabulary
    order: Order
    budget: float
    seed: int
    keep: Path
    sets: Sequence[HeldOut]
    settings: dict[str, dict[str, Any]]

    @cached_property
    def tokens(self) -> TokenSet:
        return token_set(self.corpus, "word", self.order)

    def texts(self, order: Order | None = None) -> list[Ints]:
        """The songs of all sets, one after the other, as ids."""
        v = self.vocabulary
        encoded = (song_tokens(song, v.tokenizer, order or self.order) for s in self.sets for song in s.songs)
        return [np.array(v.ids(tokens), dtype=np.int64) for tokens in encoded]

    def train_config(self, name: str) -> dict[str, Any]:
        return {**self.settings[name]["train"], "budget": self.budget, "epochs": None, "seed": self.seed}


# --- contestants


def kneser_ney(bench: Bench, name: str) -> Told:
    """Lines in both directions; the better one on all songs together."""
    ways: tuple[Order, ...] = ("forward", "backward")
    found = [one_direction(bench, way, **bench.settings[name]["model"]) for way in ways]
    nats, facts = min(found, key=lambda each: float(each[0].sum()))
    others = {f["direction"]: round(float(n.sum()), 1) for n, f in found}
    return nats, {**facts, "nats_by_direction": others}


def one_direction(bench: Bench, direction: Order, order: int) -> Told:
    """Lines from their first words on or from their last; the songs stay in their order."""
    tokens = token_set(bench.corpus, "word", direction)
    split, ids = tokens.split("train"), tokens.remap(bench.vocabulary)[tokens.split("train").ids].astype(np.int64)
    begun = time.monotonic()
    model = train_kneser_ney(ids, split.starts, len(bench.vocabulary), order)
    seconds = time.monotonic() - begun
    texts = bench.texts(direction)
    starts = np.cumsum([0, *map(len, texts)])
    nats = np.add.reduceat(model.nats(np.concatenate(texts), starts), starts[:-1])
    grams = sum(len(level.keys) for level in model.levels)
    return nats, {"direction": direction, "seconds": round(seconds, 1), "ngrams": grams, "order": order}


def lstm(bench: Bench, name: str) -> Told:
    """Trained as by `lyricist train`, from scratch, on the bench's vocabulary."""
    wanted = bench.settings[name]
    features = width(CHOICES[wanted["features"]])
    plans = plan_set(bench.corpus, bench.tokens) if features else None
    model = {**wanted["model"], "features": features, "vocab_size": len(bench.vocabulary)}
    config = {
        "kind": "lstm",
        "preset": "small",
        "model": checked(ModelConfig, model).model_dump(),
        "train": checked(TrainConfig, bench.train_config(name)).model_dump(),
        "base": None,
        "licence": UNDECLARED,
        "corpus": corpus_facts(bench.corpus, bench.keep / name),
    }
    run = create_run(bench.keep / name, config, bench.vocabulary, force=True)
    events = list(train(run, bench.tokens, plans))
    nats, facts = known_run(bench, run.path)
    started, end = events[0], events[-1]
    assert isinstance(started, Started) and isinstance(end, Finished)
    facts |= {"parameters": started.parameters, "epochs": round(end.epoch, 3), "steps": end.step}
    return nats, {**facts, "seconds": round(end.seconds, 1), "valid_nats": round(end.valid_loss, 4)}


def known_run(bench: Bench, path: Path) -> Told:
    """An existing run, without any plan features."""
    run = Run.open(path)
    if run.vocabulary.tokens != bench.vocabulary.tokens:
        sys.exit(f"{path} has another vocabulary than the rest: perplexities do not compare")
    return song_nats(load(path).step_model, bench.texts(run.vocabulary.order)), {}


def transformer(bench: Bench, name: str) -> Told:
    config = checked(TrainConfig, bench.train_config(name))
    torch.manual_seed(bench.seed)
    shape = Shape.like(ours_parameters(bench), len(bench.vocabulary), **bench.settings[name]["model"])
    model = Transformer(shape, precision_on(torch.device("cpu"), config.precision))
    remap = bench.tokens.remap(bench.vocabulary)
    facts = train_transformer(model, Streams(bench.tokens.split("train"), remap, config.batch, bench.seed), config)
    nats = transformer_nats(model, bench.texts())
    told = {"layers": model.shape.layers, "parameters": model.parameter_count()}
    return nats, {**told, **{k: round(v, 3) for k, v in facts.items()}}


def ours_parameters(bench: Bench) -> int:
    config = ModelConfig(**bench.settings["ours"]["model"], vocab_size=len(bench.vocabulary))
    return LyricLSTM(config).parameter_count()


CONTESTANTS = {"kneser-ney": kneser_ney, "lstm": lstm, "transformer": transformer, "ours": lstm}
