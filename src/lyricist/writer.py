"""`load` a run and write from it: the step model, its vocabulary and its copy index in one object."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from lyricist.checkpoint import Run
from lyricist.errors import InputError
from lyricist.runtime import OnnxModel, StepModel
from lyricist.tokens import SPECIALS, Vocabulary
from lyricist.writing.automaton import SongAutomaton
from lyricist.writing.copying import CopyGuard, CopyIndex
from lyricist.writing.decode import LineWritten, SongWritten, decode
from lyricist.writing.plan import Drawing, Plan
from lyricist.writing.result import WrittenSong, title_of

COPY_INDEX = "copyindex.safetensors"


class Model:
    """Something to write from."""

    def __init__(self, step_model: StepModel, vocabulary: Vocabulary, copy_index: Path | None = None) -> None:
        self.step_model, self.vocabulary, self.copy_file = step_model, vocabulary, copy_index

    @cached_property
    def copy_index(self) -> CopyIndex | None:
        """None where the run holds none (a corpus too large for one, a model from elsewhere)."""
        return CopyIndex.load(self.copy_file) if self.copy_file and self.copy_file.exists() else None

    def guard(self, max_copy: int) -> CopyGuard | None:
        indexed = max_copy and self.vocabulary.tokenizer.name == "word" and self.copy_index is not None
        return CopyGuard(self.copy_index, self.vocabulary, max_copy) if indexed and self.copy_index else None

    def events(
        self,
        plan: Plan | None = None,
        drawing: Drawing | None = None,
        seeds: Iterable[int] = (0,),
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[LineWritten | WrittenSong]:
        """Write one song per seed as one batch; lines come out as they are made, songs when finished."""
        plan, drawing = plan or Plan(), drawing or Drawing()
        automaton = SongAutomaton(self.vocabulary, plan)
        made = decode(
            self.step_model,
            automaton,
            drawing,
            seeds=seeds,
            guard=self.guard(plan.max_copy),
            should_stop=should_stop,
        )
        for event in made:
            yield self.finish(event) if isinstance(event, SongWritten) else event

    def write(
        self,
        plan: Plan | None = None,
        drawing: Drawing | None = None,
        *,
        seed: int | None = None,
        count: int = 1,
    ) -> list[WrittenSong]:
        """`count` songs with the seeds seed, seed + 1, ... in that order; without a seed, by chance."""
        if count < 1:
            raise InputError(f"count {count} is less than 1: ask for at least one song")
        first = fresh_seed() if seed is None else seed
        found = self.events(plan, drawing, range(first, first + count))
        return sorted((e for e in found if isinstance(e, WrittenSong)), key=lambda song: song.seed)

    def best(
        self, plan: Plan | None = None, drawing: Drawing | None = None, *, seed: int | None = None, of: int = 64
    ) -> WrittenSong:
        """Of `of` songs with the seeds seed, seed + 1, ... the one whose turns of phrase are most familiar.

        See `CopyIndex.familiar`. No song copies more than the plan allows. `InputError` without a copy index.
        """
        index, split = self.copy_index, self.vocabulary.tokenizer.split
        if index is None or self.vocabulary.tokenizer.name != "word":
            raise InputError("--best-of compares songs by the run's copy index, and this run has none: leave it out")
        songs = self.write(plan, drawing, seed=seed, count=of)
        return max(songs, key=lambda s: index.familiar([split(x.text) for y in s.sections for x in y.lines]))

    def finish(self, event: SongWritten) -> WrittenSong:
        song = self.vocabulary.decode(event.ids)
        words = [t for t in (self.vocabulary.tokens[i] for i in event.ids) if t not in SPECIALS]
        known = self.copy_index is not None and self.vocabulary.tokenizer.name == "word"
        copied = self.copy_index.longest_run(words)[0] if known and self.copy_index else None
        return WrittenSong(title_of(song.sections), event.seed, song.sections, event.nll_per_word, copied)


def fresh_seed() -> int:
    """A seed by chance, short enough to type."""
    return int.from_bytes(os.urandom(3), "little")


def load(run: Path | str | Run, threads: int | None = None) -> Model:
    """Open a run to write from. Needs no deep-learning framework. Raises `RunError`."""
    run = run if isinstance(run, Run) else Run.open(run)
    if run.config.get("kind", "lstm") != "lstm":
        raise InputError(f"{run.path} is a {run.config['kind']} run, which this command does not read")
    return Model(OnnxModel(run.file("model.onnx"), threads), run.vocabulary, run.path / COPY_INDEX)


def write(
    model: Model | Path | str,
    plan: Plan | None = None,
    drawing: Drawing | None = None,
    *,
    seed: int | None = None,
    count: int = 1,
) -> Iterator[LineWritten | WrittenSong]:
    """Write `count` songs from a model or a run; lines as they are made, songs when they are finished.

    Songs have the seeds seed, seed + 1, ...; several are decoded side by side and finish in any order.
    """
    source = model if isinstance(model, Model) else load(model)
    first = fresh_seed() if seed is None else seed
    return source.events(plan, drawing, range(first, first + count))
