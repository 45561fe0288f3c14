"""`load` a run and write from it: the step model, its vocabulary and its copy index in one object."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError, RunError
from lyricist.generate.constraint import Constraint
from lyricist.generate.decode import LineWritten, SongWritten, decode
from lyricist.generate.exact_writer import PlannedWriter
from lyricist.generate.free import FreeSongAutomaton
from lyricist.generate.line_judge import LineJudge, judge_of
from lyricist.generate.result import WrittenSong
from lyricist.generate.theme import from_network
from lyricist.generate.titles import title_of
from lyricist.generate.vocab import WordTable
from lyricist.generate.worker_pool import Stamp, files_of
from lyricist.model.blocks import BlockModel, HostBlocks, OnnxBlocks, PackedSteps
from lyricist.model.checkpoint import COLUMNS, Arrays, Run
from lyricist.model.copy_index import CopyGuard, CopyIndex
from lyricist.model.line_filter import LINES, LineFilter
from lyricist.model.runtime import LateModel, OnnxModel, StepModel
from lyricist.model.starter import need_starter
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.topics import TOPICS, Topics
from lyricist.model.vocab_layout import Columns
from lyricist.model.word_facts import WORDS, facts_of
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.planfeatures import groups_of

COPY_INDEX = "copyindex.safetensors"
FAMILIAR = 10.0  # nats of score that turns of phrase are worth which all stand in the songs
MISPLACED = 0.02  # share of words that a changed lexicon may take out of play


class Model:
    """Something to write from."""

    def __init__(
        self,
        step_model: StepModel,
        vocabulary: Vocabulary,
        copy_index: Path | None = None,
        lexicon: Lexicon | None = None,
        unit_file: Path | None = None,
        columns: Columns | None = None,
        weights: Callable[[], Arrays] | None = None,
        lines: Path | None = None,
        topics: Path | None = None,
        facts: Path | None = None,
        judge: Callable[[Vocabulary], LineJudge | None] = lambda words: None,
    ) -> None:
        """`copy_index`, `lines`: files of what must not be written again, see `CopyIndex` and `LineFilter`; `facts`:
        of what is known of the words, see `WordFacts`; `judge`: opens that of its lines."""
        self.step_model, self.vocabulary, self.copy_file = step_model, vocabulary, copy_index
        self.line_file, self.topics_file, self.facts_file = lines, topics, facts
        self.unit_file, self.unit_columns, self.weights = unit_file, columns, weights
        self.open_judge = judge
        self.lexicon = lexicon or default_lexicon()
        self.last_planned: tuple[Plan, PlannedWriter] | None = None
        self.origin: Path | None = None  # where it was loaded from, just as it is there
        self.files: Stamp = ()  # of the run when it was

    @cached_property
    def copy_index(self) -> CopyIndex | None:
        """None where the run holds none (a corpus too large for one, a model from elsewhere)."""
        return CopyIndex.load(self.copy_file, self.vocabulary) if self.copy_file and self.copy_file.exists() else None

    @cached_property
    def line_filter(self) -> LineFilter | None:
        """The whole lines of a corpus too large for a copy index; None where the run holds none."""
        return LineFilter.load(self.line_file) if self.line_file and self.line_file.exists() else None

    @cached_property
    def line_judge(self) -> LineJudge | None:
        """Chooses among the drafts of what the starter, or a run that went on from it, writes."""
        return self.open_judge(self.vocabulary)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of plan features that the model sees."""
        return groups_of(getattr(self.step_model, "features", 0))

    @cached_property
    def words(self) -> WordTable:
        """What exact plans need to know of the vocabulary."""
        facts = facts_of(self.vocabulary.tokens, self.lexicon, self.facts_file)
        return WordTable(self.vocabulary, self.lexicon, facts=facts)

    @cached_property
    def vectors(self) -> npt.NDArray[np.float32] | None:
        """(V, E) the model's word vectors; None where only its step model is there."""
        return None if self.weights is None else np.asarray(self.weights()["embedding"])

    @cached_property
    def topics(self) -> Topics:
        """Which words keep company; the network's own vectors where the run keeps no others."""
        if self.topics_file is not None and self.topics_file.exists():
            return Topics.load(self.topics_file, self.vocabulary)
        size = len(self.vocabulary)
        return from_network(
            self.vocabulary, np.zeros((size, 1), dtype=np.float32) if self.vectors is None else self.vectors
        )

    @cached_property
    def unit_model(self) -> OnnxBlocks | None:
        """The run's graph for writing to plans; None where it has none, or one of another version."""
        if self.unit_file is None or self.unit_columns is None:
            return None
        with suppress(RunError):
            return OnnxBlocks(self.unit_file, self.unit_columns)
        return None

    def units(
        self, sig: npt.NDArray[np.int32], needed: Collection[int] = (), whole: bool = False
    ) -> tuple[BlockModel, Collection[int]]:
        """A model to write to plans from, for words of these signatures, and words that it cannot choose freely.

        The run's own graph, if the lexicon is much as it was when the graph was made and none of the `needed` words
        has changed; else the plain graph, rearranged at every step. `whole`: with the words that are not drawn, as
        it also is if one of them is needed.
        """
        made = self.unit_model
        if made is not None and len(sig) == len(made.columns.sig):
            odd = set(made.columns.misplaced(sig).tolist())
            if len(odd) <= MISPLACED * len(sig) and odd.isdisjoint(needed):
                if whole or not set(made.columns.undrawn.tolist()).isdisjoint(needed):
                    made = self.whole_units
                return made.arranged(made.columns.numbered(sig)), odd
        return HostBlocks(self.step_model, Columns.by_signature(sig)), ()

    @cached_property
    def whole_units(self) -> OnnxBlocks:
        """The run's graph for writing to plans with all its words."""
        step = self.step_model
        assert self.unit_model is not None
        return step.made if isinstance(step, PackedSteps) else self.unit_model.whole()

    def guard(self, max_copy: int) -> CopyGuard | None:
        if not max_copy or self.vocabulary.tokenizer.name != "word":
            return None
        if self.copy_index is None and self.line_filter is None:
            return None
        return CopyGuard(self.copy_index, self.vocabulary, max_copy, self.line_filter)

    def events(
        self,
        plan: Plan | None = None,
        drawing: Drawing | None = None,
        seeds: Iterable[int] = (0,),
        should_stop: Callable[[], bool] = lambda: False,
        *,
        constraints: Sequence[Constraint[Any]] = (),
        keep: Callable[[Sequence[str]], bool] | None = None,
        explain: bool = False,
    ) -> Iterator[LineWritten | WrittenSong]:
        """Write one song per seed as one batch; lines come out as they are made, songs when finished.

        `constraints` on the words of every line are guaranteed; `keep`, a condition on whole lines, is tried for
        (`WrittenSong.unmet` counts where in vain). `explain` records how every word was chosen. Each makes the plan
        exact: what it leaves open is filled in by `with_defaults`.
        """
        plan, drawing = plan or Plan(), drawing or Drawing()
        if plan.exact or self.vocabulary.order == "backward" or constraints or keep or explain:
            planned = PlannedWriter(self, plan, constraints) if constraints else self.planned(plan)
            yield from planned.events(drawing, seeds, should_stop, keep, explain)
            return
        automaton = FreeSongAutomaton(self.vocabulary, plan)
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
        constraints: Sequence[Constraint[Any]] = (),
        keep: Callable[[Sequence[str]], bool] | None = None,
        explain: bool = False,
    ) -> list[WrittenSong]:
        """`count` songs with the seeds seed, seed + 1, ... in that order; without a seed, by chance.

        See `events` for the rest.
        """
        if count < 1:
            raise InputError(f"count {count} is less than 1: ask for at least one song")
        first = fresh_seed() if seed is None else seed
        seeds = range(first, first + count)
        found = self.events(plan, drawing, seeds, constraints=constraints, keep=keep, explain=explain)
        return sorted((e for e in found if isinstance(e, WrittenSong)), key=lambda song: song.seed)

    def best(
        self, plan: Plan | None = None, drawing: Drawing | None = None, *, seed: int | None = None, of: int = 64
    ) -> WrittenSong:
        """Of `of` songs with the seeds seed, seed + 1, ... the one that is best by its lines' score (see
        `lyricist.generate.line_score`) and by how familiar its turns of phrase are (`CopyIndex.familiar`).

        No song copies more than the plan allows. `InputError` where neither is known: songs written freely by a run
        without a copy index.
        """
        index, split = self.copy_index, self.vocabulary.tokenizer.split
        known = index is not None and self.vocabulary.tokenizer.name == "word"
        songs = self.write(plan, drawing, seed=seed, count=of)
        if not known and songs[0].score is None:
            raise InputError("--best-of compares songs by the run's copy index, and this run has none: leave it out")

        def worth(song: WrittenSong) -> float:
            lines = [split(line.text) for section in song.sections for line in section.lines]
            familiar = index.familiar(lines) if known and index is not None else 0.0
            return FAMILIAR * familiar + (0.0 if song.score is None else song.score.total)

        return max(songs, key=worth)

    def feasible(self, plan: Plan) -> None:
        """Raise `PlanError` with what blocks the plan, if anything does."""
        if plan.exact:
            self.planned(plan)

    def planned(self, plan: Plan) -> PlannedWriter:
        """The plan compiled; the last one is kept. Raises `PlanError` if no song can fulfil it."""
        if self.last_planned is None or self.last_planned[0] != plan:
            self.last_planned = (plan, PlannedWriter(self, plan))
        return self.last_planned[1]

    def finish(self, event: SongWritten) -> WrittenSong:
        song = self.vocabulary.decode(event.ids)
        words = [t for t in (self.vocabulary.tokens[i] for i in event.ids) if t not in SPECIALS]
        known = self.copy_index is not None and self.vocabulary.tokenizer.name == "word"
        copied = self.copy_index.longest_run(words)[0] if known and self.copy_index else None
        title = title_of(song.sections, self.vocabulary.rarity)
        return WrittenSong(title, event.seed, song.sections, event.nll_per_word, copied)


def fresh_seed() -> int:
    """A seed by chance, short enough to type."""
    return int.from_bytes(os.urandom(3), "little")


def load(run: Path | str | Run | None = None, threads: int | None = None, lexicon: Lexicon | None = None) -> Model:
    """Open a run of the project's own model, without one the package's starter (`lyricist.load` opens any run).
    Needs no deep-learning framework. Raises `RunError`."""
    run = run if isinstance(run, Run) else Run.open(need_starter() if run is None else run)
    if run.kind != "lstm":
        raise RunError(f"{run.path} is a {run.kind} run, which this release does not read: upgrade lyricist")
    files = files_of(run.path)
    made = opened(run, threads, lexicon)
    if lexicon is None:
        made.origin, made.files = run.path, files
    return made


def opened(run: Run, threads: int | None, lexicon: Lexicon | None) -> Model:
    columns = Columns.load(run.path / COLUMNS) if (run.path / COLUMNS).exists() else None
    parts = run.vocabulary, run.path / COPY_INDEX, lexicon
    kept = run.path / LINES, run.path / TOPICS, run.path / WORDS
    judge = partial(judge_of, run)
    if run.packed and columns is not None:
        units = OnnxBlocks(run.file("model.onnx"), columns, threads)
        made = Model(PackedSteps(units), *parts, None, columns, run.weights, *kept, judge)
        made.unit_model = units  # the same session
        return made
    unit_file = run.file("writer.onnx") if columns is not None else None
    plain = plain_model(run, threads, late=unit_file is not None)
    return Model(plain, *parts, unit_file, columns, run.weights, *kept, judge)


def plain_model(run: Run, threads: int | None, late: bool) -> StepModel:
    """The run's own graph; `late`: opened when it is first used, since writing to plans runs another."""

    def plain() -> StepModel:
        return OnnxModel(run.file("model.onnx"), threads)

    size, features = len(run.vocabulary), int(run.config["model"].get("features", 0))
    return LateModel(plain, size, features) if late else plain()
