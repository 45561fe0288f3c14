"""The project's own model as variants of the exercise: trained on the same songs, written from to the tune."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyricist.apps.exercise.foretelling import Score, foretold
from lyricist.apps.exercise.material import Material, Sung
from lyricist.apps.exercise.settings import Settings
from lyricist.apps.exercise.variants import Draft, Judged
from lyricist.corpus import Song
from lyricist.errors import InputError, PlanError
from lyricist.evaluation.train import train_songs
from lyricist.generate.result import WrittenSong
from lyricist.generate.writer import Model, load
from lyricist.plan.from_tune import plan_to, relaxed
from lyricist.plan.plan import Plan
from lyricist.prosody.lexicon import default_lexicon
from lyricist.training import events
from lyricist.training.conditioning import PlannedSong, planned_song, with_wrong_tunes
from lyricist.training.config import Options
from lyricist.training.start import need_torch

QUICK_MODEL = {"hidden": 32, "embedding": 24}
QUICK_TRAIN = {"batch": 4, "steps": 16, "evaluations": 3, "epochs": 20.0}


@dataclass(frozen=True)
class Own:
    """The project's model. `features`: what of a plan it sees, see `planfeatures.CHOICES`."""

    key: str
    label: str
    told: str
    order: str = "backward"
    features: str = "none"

    def ready(self) -> None:
        need_torch()

    def options(self, settings: Settings) -> Options:
        train: dict[str, Any] = {"budget": settings.budget, "seed": settings.seed}
        kind = {"order": self.order, "features": self.features}
        if settings.quick:
            return Options(preset="tiny", model=QUICK_MODEL, train={**QUICK_TRAIN, **train}, **kind)  # type: ignore[arg-type]
        return Options(preset=settings.preset, train=train, **kind)  # type: ignore[arg-type]

    def train(self, material: Material, out: Path, settings: Settings) -> Iterable[events.TrainEvent]:
        return train_songs(material.train, out, self.options(settings))

    def open(self, out: Path, material: Material) -> OwnWriter:
        return OwnWriter(load(out), material)


OWN = (
    Own("lyricist", "lyricist", "the project's model, lines read from their last word, told nothing of the tune"),
    Own("lyricist-forward", "lyricist, forward", "the same with lines read from their first word", order="forward"),
    Own("lyricist-tune", "lyricist, tune", "the same as lyricist, shown the notes to come", features="tune"),
)


class OwnWriter:
    """A trained run of the project's model."""

    def __init__(self, model: Model, material: Material) -> None:
        self.model, self.material = model, material

    def knows(self, word: str) -> bool:
        return word in self.model.vocabulary

    def judge(self, songs: Sequence[Sung]) -> Judged:
        texts = [sung.song for sung in songs]
        score = foretold(self.model, texts)
        nll = score.nll
        return Judged(
            score.positions, score.top1, score.top10, round(math.exp(nll), 3), round(nll, 5), self.tune_helps(texts)
        )

    def tune_helps(self, songs: Sequence[Song]) -> dict[str, Any] | None:
        """Nats per token of songs told their plan with the right tune, and with notes of other songs' lines."""
        aligned = [song for song in songs if any(line.slots for line in song.lines())]
        if "tune" not in self.model.groups or not aligned:
            return None
        vocabulary, lexicon = self.model.vocabulary, default_lexicon()
        others = list(self.material.train.songs("valid"))
        every = [planned_song(s, vocabulary.tokenizer, vocabulary.order, lexicon) for s in (*aligned, *others)]
        right = self.told(aligned, every[: len(aligned)])
        wrong = self.told(aligned, with_wrong_tunes(every)[: len(aligned)])
        return {
            "measure": "nats per word, told syllables, stresses and notes",
            "right": round(right.nll, 5),
            "wrong": round(wrong.nll, 5),
            "songs": len(aligned),
        }

    def told(self, songs: Sequence[Song], plans: Sequence[PlannedSong]) -> Score:
        order = self.model.vocabulary.order
        return foretold(self.model, songs, [plan.rows(order, self.model.groups) for plan in plans])

    def write(self, sung: Sung, first: str, seed: int) -> Draft:
        """A syllable for every slot of the tune, stresses and rhymes as far as the words allow."""
        begun = time.perf_counter()
        try:
            plan, given_up = self.planned(sung, first)
            song = self.model.write(plan, seed=seed)[0]
        except (PlanError, InputError) as error:
            return Draft((), time.perf_counter() - begun, failed=str(error))
        return Draft(song.sections, time.perf_counter() - begun, given_up)

    def planned(self, sung: Sung, first: str) -> tuple[Plan, tuple[str, ...]]:
        """The plan of a tune, and what had to be given up of it. Raises `PlanError`."""
        return relaxed(plan_to(sung.tune, start=first), self.model.feasible)

    def write_many(self, sung: Sung, first: str, seed: int, count: int) -> list[WrittenSong]:
        return self.model.write(self.planned(sung, first)[0], seed=seed, count=count)
