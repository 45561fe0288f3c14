"""The classic recipe as variants of the exercise: both cells, both ways to bring the melody in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.apps.exercise.material import Material, Sung
from lyricist.apps.exercise.settings import Settings
from lyricist.apps.exercise.variants import Draft, Judged
from lyricist.errors import InputError, MissingExtra
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.plan.plan import Plan
from lyricist.training import events
from lyricist.training.config import Options
from lyricist.training.start import need_torch

if TYPE_CHECKING:
    from lyricist.generate.result import WrittenSong
    from lyricist.training.classic.songs import SungWords
    from lyricist.training.classic.writing import ClassicModel

QUICK = {"hidden": 32, "embedding": 16}


@dataclass(frozen=True)
class Classic:
    """The recipe with one of its cells and ways; `context`: words it is trained to read, 1 as the original."""

    key: str
    label: str
    told: str
    cell: str
    melody_input: str
    context: int = 1

    def ready(self) -> None:
        need_torch()
        try:
            import gensim  # noqa: F401
        except ImportError as e:
            raise MissingExtra("the classic recipe", "classic") from e

    def train(self, material: Material, out: Path, settings: Settings) -> Iterable[events.TrainEvent]:
        model: dict[str, Any] = {"cell": self.cell, "melody_input": self.melody_input, "context": self.context}
        train = {"budget": settings.budget, "seed": settings.seed}
        if settings.quick:
            model |= QUICK
        options = Options(recipe="classic", midi=material.midi, model=model, train=train)
        return train_songs(material.train, out, options)

    def open(self, out: Path, material: Material) -> ClassicWriter:
        from lyricist.training.classic.writing import ClassicModel

        model = load(out)
        assert isinstance(model, ClassicModel)
        return ClassicWriter(model, material)


CLASSICS = (
    Classic("classic-lstm-concat", "classic LSTM, concat", "the notebook's recipe", "lstm", "concat"),
    Classic("classic-lstm-project", "classic LSTM, project", "the same, melody projected first", "lstm", "project"),
    Classic("classic-gru-concat", "classic GRU, concat", "the recipe with the other cell", "gru", "concat"),
    Classic("classic-gru-project", "classic GRU, project", "the same, melody projected first", "gru", "project"),
    Classic(
        "classic-context", "classic LSTM, 8 words", "the recipe as it was meant: 8 words read", "lstm", "concat", 8
    ),
)


class ClassicWriter:
    """A trained run of the recipe."""

    def __init__(self, model: ClassicModel, material: Material) -> None:
        self.model, self.material = model, material

    def knows(self, word: str) -> bool:
        return word in self.model.vocabulary

    def judge(self, songs: Sequence[Sung]) -> Judged:
        from lyricist.training.classic.judge import accuracy

        right = accuracy(self.model, self.heard(songs, [sung.path for sung in songs]))
        wrong = accuracy(self.model, self.heard(songs, self.wrong_tunes(songs)))
        words = right["words"]
        tune = {
            "measure": "L1 of the next word's vector",
            "right": right["l1_loss"],
            "wrong": wrong["l1_loss"],
            "songs": len(songs),
        }
        return Judged(words, round(right["top1_accuracy"] * words), round(right["top10_accuracy"] * words), tune=tune)

    def heard(self, songs: Sequence[Sung], tunes: Sequence[Path]) -> list[SungWords]:
        """Songs with the music of these tunes; those without words are left out."""
        from lyricist.training.classic.songs import SungWords, sung

        vocabulary = self.model.vocabulary
        found = [sung(s.song, t, vocabulary) for s, t in zip(songs, tunes, strict=True)]
        return [each for each in found if isinstance(each, SungWords)]

    def wrong_tunes(self, songs: Sequence[Sung]) -> list[Path]:
        """Another test song's tune for each; where there is but one, a training song's."""
        if len(songs) > 1:
            return [songs[(i + 1) % len(songs)].path for i in range(len(songs))]
        return [self.material.midi / next(self.material.train.songs("train")).meta["tune"]]

    def write(self, sung: Sung, first: str, seed: int) -> Draft:
        """Verse, chorus, verse, chorus, as the recipe does for every tune."""
        begun = time.perf_counter()
        try:
            song = self.model.hearing(sung.path).write(Plan(start=first), seed=seed)[0]
        except InputError as error:
            return Draft((), time.perf_counter() - begun, failed=str(error))
        return Draft(song.sections, time.perf_counter() - begun)

    def write_many(self, sung: Sung, first: str, seed: int, count: int) -> list[WrittenSong]:
        return self.model.hearing(sung.path).write(Plan(start=first), seed=seed, count=count)
