"""`Model`: a run to write from; `load` opens one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from lyricist.corpus import Line, Section
from lyricist.errors import InputError, RunError, UnfinishedSongs, expect
from lyricist.generate.batched_step import PremisedWriter
from lyricist.generate.constraint import Constraint
from lyricist.generate.engine import FreeEngine
from lyricist.generate.exact_writer import ExactWriter, need_words
from lyricist.generate.explain import choice
from lyricist.generate.free import FreeSongAutomaton
from lyricist.generate.loaded_run import LoadedRun, RunFiles
from lyricist.generate.punctuation import Printer
from lyricist.generate.result import LineWritten, SongFailed, SongWritten, WrittenSong, delivered, title_of
from lyricist.generate.selection import judge_of
from lyricist.generate.worker_pool import Stamp, Task, WriterPool, files_of
from lyricist.model.checkpoint import COLUMNS, Run
from lyricist.model.copy_index import COPY_INDEX, LINES, RUNS
from lyricist.model.habits import HABITS
from lyricist.model.runtime import STORIES, LateModel, OnnxBlocks, OnnxModel, PackedSteps, PlainStepModel, StepModel
from lyricist.model.starter import need_starter
from lyricist.model.stock import STOCK
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.topics import TOPICS
from lyricist.model.word_facts import WORDS
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.resolve import resolve, song_plan
from lyricist.plan.song_spec import FreeSpec
from lyricist.prosody.lexicon import Lexicon

Given = TypeVar("Given", Plan, Drawing)

IN_PROCESSES = 512  # drafts of songs from which it pays to have a process for every core
MOST = 8  # processes, each of which takes the memory of a model
FAMILIAR = 10.0  # nats of score that turns of phrase are worth which all stand in the songs


class Model(LoadedRun):
    """A run to write from: a step model, its vocabulary, and what lies beside them."""

    def __init__(
        self,
        step_model: StepModel | PlainStepModel,
        vocabulary: Vocabulary,
        lexicon: Lexicon | None = None,
        files: RunFiles | None = None,
    ) -> None:
        super().__init__(cast(StepModel, step_model), vocabulary, lexicon, files)
        self.last_planned: tuple[Plan, ExactWriter | PremisedWriter] | None = None
        self.origin: Path | None = None  # where it was loaded from, just as it is there
        self.files: Stamp = ()  # of the run when it was

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
        """Write one song for each seed, all together; lines come out as they are made, songs when finished.

        `constraints` on the words of every line are guaranteed; `keep`, a condition on whole lines, is not
        (`WrittenSong.unmet` counts the lines that break it). `explain` records how every word was chosen. Each makes
        the plan exact: what it leaves open is filled in by `with_defaults`.

        Raises `PlanError` if no song can fulfil the plan; `UnfinishedSongs`, which is one too, after the last song,
        if no words could finish the songs of some seeds.
        """
        expect(seeds, Iterable, "seeds", "whole numbers")
        expect(should_stop, Callable, "should_stop", "a function")  # type: ignore[arg-type]
        expect(keep, (Callable, type(None)), "keep", "a function")  # type: ignore[arg-type]
        how = (map(valid_seed, seeds), should_stop, constraints, keep, explain)
        return delivered(self.tried(of_kind(plan, Plan), of_kind(drawing, Drawing), *how))

    def tried(
        self,
        plan: Plan,
        drawing: Drawing,
        seeds: Iterable[int],
        should_stop: Callable[[], bool],
        constraints: Sequence[Constraint[Any]],
        keep: Callable[[Sequence[str]], bool] | None,
        explain: bool,
    ) -> Iterator[LineWritten | WrittenSong | SongFailed]:
        """`events`, with those of songs that cannot be finished."""
        if plan.premise or plan.exact or self.vocabulary.order == "backward" or constraints or keep or explain:
            writer = self.writer(plan, constraints) if constraints else self.planned(plan)
            if not constraints and keep is None:
                seeds, pool = self.worker_pool(writer, plan, drawing, seeds, explain)
                if pool is not None:
                    yield from pool.write(seeds, should_stop)
                    return
            yield from writer.events(drawing, seeds, should_stop, keep, choice if explain else None)
            return
        automaton, guard = FreeSongAutomaton(self.vocabulary, FreeSpec.of(plan)), self.guard(plan.max_copy)
        printer = self.printed(plan.bare)
        engine = FreeEngine(self.step_model, automaton, drawing, guard, printer=printer)
        for event in engine.write(seeds, should_stop):
            yield self.finish(event, printer) if isinstance(event, SongWritten) else event

    def worker_pool(
        self, writer: ExactWriter | PremisedWriter, plan: Plan, drawing: Drawing, seeds: Iterable[int], explain: bool
    ) -> tuple[Iterator[int], WriterPool | None]:
        """The seeds, and processes to write them with; None for few songs and where there can be no processes."""
        several = iter(seeds)
        enough = -(-IN_PROCESSES // drawing.particles)
        if writer.cores == 1 or self.origin is None or not isinstance(writer.blocks, OnnxBlocks):
            return several, None
        first = list(itertools.islice(several, enough))
        several = itertools.chain(first, several)
        if len(first) < enough:
            return several, None
        try:
            made = WriterPool(Task(self.origin, self.files, plan, drawing, explain), min(writer.cores, MOST))
        except OSError:
            return several, None
        return several, made if made.ready() else None

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
        as_it_is: bool = False,
    ) -> list[WrittenSong]:
        """`count` songs with the seeds seed, seed + 1, ... in that order; without a seed, a random one.

        They are those of `lyricist write`: what the plan leaves open is what good songs have (see `song_plan`),
        unless the plan is to be taken `as_it_is` or there are `constraints`.

        See `events` for the other arguments. Raises `InputError` for a count below 1, and `UnfinishedSongs`, with the
        other `songs`, if no words could finish some.
        """
        seeds = seeds_of(seed, count)
        songs: list[WrittenSong] = []
        plan = plan if constraints or as_it_is else self.song_plan(of_kind(plan, Plan))
        try:
            for event in self.events(plan, drawing, seeds, constraints=constraints, keep=keep, explain=explain):
                if isinstance(event, WrittenSong):
                    songs.append(event)
        except UnfinishedSongs as error:
            error.songs = sorted(songs, key=lambda song: song.seed)
            raise
        return sorted(songs, key=lambda song: song.seed)

    def best(
        self,
        plan: Plan | None = None,
        drawing: Drawing | None = None,
        *,
        seed: int | None = None,
        of: int = 64,
        as_it_is: bool = False,
    ) -> WrittenSong:
        """The best of `of` songs with the seeds seed, seed + 1, ..., by the score of their lines (see
        `lyricist.generate.line_score`) and by how familiar their phrases are (`CopyIndex.familiar`).

        No song copies more than the plan allows; `as_it_is` as for `write`. Songs that no words can finish are left
        out. Raises `InputError` if neither is known: for songs written freely by a run without a copy index.
        """
        index, split = self.copy_index, self.vocabulary.tokenizer.split
        known = index is not None and self.vocabulary.tokenizer.name == "word"
        try:
            songs = self.write(plan, drawing, seed=seed, count=of, as_it_is=as_it_is)
        except UnfinishedSongs as error:  # the best of the others
            songs = error.songs
            if not songs:
                raise
        if not known and songs[0].score is None:
            raise InputError("--best-of compares songs by the run's copy index, and this run has none: leave it out")

        def worth(song: WrittenSong) -> float:
            lines = [split(line.text) for section in song.sections for line in section.lines]
            familiar = index.familiar(lines) if known and index is not None else 0.0
            return FAMILIAR * familiar + (0.0 if song.score is None else song.score.total)

        return max(songs, key=worth)

    def song_plan(self, plan: Plan) -> Plan:
        """The plan with what good songs have where it says nothing, as `lyricist write` fills it in: a premise for
        each seed or, with a form, a hook and iambic lines. A plan of sections stays as it is, and so does one that
        leaves all to a model that writes forwards."""
        return song_plan(of_kind(plan, Plan), always=self.vocabulary.order == "backward")

    def feasible(self, plan: Plan) -> None:
        """Raise `PlanError` with what blocks the plan, if anything does."""
        if of_kind(plan, Plan).exact:
            self.planned(plan)

    def plan_of(self, plan: Plan, seed: int) -> Plan:
        """The plan that a seed is written to: with its premise, if seeds of this plan draw one. Raises `PlanError` if
        the model can fulfil none."""
        writer = self.planned(plan) if of_kind(plan, Plan).premise else None
        return writer.plan(valid_seed(seed)) if isinstance(writer, PremisedWriter) else plan

    def planned(self, plan: Plan) -> ExactWriter | PremisedWriter:
        """`writer` of a plan; the last result is kept."""
        if self.last_planned is None or self.last_planned[0] != plan:
            self.last_planned = (plan, self.writer(plan))
        return self.last_planned[1]

    def writer(self, plan: Plan, constraints: Sequence[Constraint[Any]] = ()) -> ExactWriter | PremisedWriter:
        """What writes songs of the plan; see `compile`."""
        return PremisedWriter(self, plan, constraints) if plan.premise else self.compile(plan, constraints)

    def compile(self, plan: Plan, constraints: Sequence[Constraint[Any]] = ()) -> ExactWriter:
        """The plan compiled for this model's words, without a premise. Raises `InputError` for a run that does not
        write whole words and for given lines that break the plan, `PlanError` if no song can fulfil it."""
        need_words(self.vocabulary)
        return ExactWriter(self, resolve(plan, self.lexicon), constraints)

    def finish(self, event: SongWritten, printer: Printer | None = None) -> WrittenSong:
        """The song of a free engine; `printer` None: without punctuation."""
        sections = self.vocabulary.decode(event.ids).sections
        if printer is not None and printer.looks_ahead:
            sections = tuple(in_print(section, printer) for section in sections)
        words = [t for t in (self.vocabulary.tokens[i] for i in event.ids) if t not in SPECIALS]
        copied = self.longest_copy(words)
        title = title_of(sections, self.vocabulary.rarity)
        return WrittenSong(title, event.seed, sections, event.nll_per_word, copied)


def in_print(section: Section, printer: Printer) -> Section:
    """The section with its punctuation."""
    lines = [printer.vocabulary.tokenizer.split(line.text) for line in section.lines]
    return replace(section, lines=tuple(map(Line, printer.section(lines))))


def seeds_of(seed: int | None, count: int) -> range:
    """The seeds of `count` songs from `seed` on (None: a random one). Raises `InputError` for what is none."""
    if not isinstance(count, int) or count < 1:
        raise InputError(f"count {count!r} is not a whole number from 1 on: ask for at least one song")
    first = fresh_seed() if seed is None else valid_seed(seed)
    return range(first, first + count)


def valid_seed(seed: int) -> int:
    """The seed. Raises `InputError` for what is none."""
    if not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**63:
        raise InputError(f"seed {seed!r} is not a whole number from 0 to 2^63 - 1")
    return int(seed)


def of_kind(given: Given | None, kind: type[Given]) -> Given:
    """What was given, or the usual one. Raises `InputError` for something else than a `kind`."""
    if given is None:
        return kind()
    expect(given, kind, kind.__name__.lower(), f"a lyricist.{kind.__name__}")
    return given


def fresh_seed() -> int:
    """A random seed, short enough to type."""
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
    """A run of the lstm recipe as a `Model`; its graphs run on so many `threads` (None: as many as there are)."""
    columns = run.columns()
    if run.packed and columns is None:
        raise RunError(f"{run.path} has no {COLUMNS}, which a packed run needs: restore it")
    graph = run.graph("writer.onnx") if columns is not None and not run.packed else None
    files = RunFiles(
        run.beside(COPY_INDEX),
        run.beside(LINES),
        run.beside(RUNS),
        run.beside(TOPICS),
        run.beside(WORDS),
        run.beside(STOCK),
        graph,
        columns,
        run.weights,
        partial(judge_of, run),
        run.beside(STORIES),
        run.beside(HABITS),
    )
    if run.packed and columns is not None:
        blocks = OnnxBlocks(run.graph("model.onnx"), columns, threads)
        made = Model(PackedSteps(blocks), run.vocabulary, lexicon, files)
        made.block_model = blocks  # the same session
        return made
    return Model(plain_model(run, threads, late=graph is not None), run.vocabulary, lexicon, files)


def plain_model(run: Run, threads: int | None, late: bool) -> StepModel:
    """The run's own graph; `late`: opened at first use, since writing to plans uses another graph."""

    def plain() -> StepModel:
        return OnnxModel(run.graph("model.onnx"), threads)

    size, features = len(run.vocabulary), int(run.config["model"].get("features", 0))
    return LateModel(plain, size, features) if late else plain()
