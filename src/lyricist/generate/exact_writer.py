"""`ExactWriter`: a `SongSpec` compiled for a run's words, written by the engine, scanned at the end.

`decode` writes with any word-level step model under an automaton of this package.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, SupportsIndex, cast

import numpy as np

from lyricist.corpus import Line, Section
from lyricist.errors import InputError, PlanError, RunError, expect
from lyricist.generate.constraint import Constraint
from lyricist.generate.engine import FreeEngine, Pick, by_seed
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.free import FreeSongAutomaton
from lyricist.generate.line_score import LineScorer, SongTheme, mean
from lyricist.generate.loaded_run import LoadedRun
from lyricist.generate.nocopy import CopyBan, CopyGuard
from lyricist.generate.outline import Outliner
from lyricist.generate.result import (
    LineWritten,
    SongFailed,
    SongWritten,
    Usual,
    WrittenSong,
    delivered,
    scan_song,
    title_of,
)
from lyricist.generate.song import ExactSongAutomaton, Shared, compile_song
from lyricist.generate.steering import PlanRows, Record, Steering
from lyricist.generate.vocab import WordTable
from lyricist.generate.worker_pool import write_in_threads
from lyricist.model.copy_index import CopyIndex
from lyricist.model.runtime import BlockModel, HostBlocks, OnnxBlocks, PlainStepModel, StepModel
from lyricist.model.stock import NONE
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.topics import TOPICS
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.resolve import resolve
from lyricist.plan.song_spec import SongSpec
from lyricist.prosody.features import THEME, TOPICAL, Floats
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.scan import Scansion
from lyricist.workers import cores

FRESH = 5_000  # songs after which a plan is compiled again
IN_THREADS = 64  # songs from which an engine for every core is faster


def need_words(vocabulary: Vocabulary) -> None:
    """Raise `InputError` for a model of characters or of text as it is, which writes without syllables."""
    if vocabulary.tokenizer.name != "word":
        raise InputError(
            f"a {vocabulary.tokenizer.name} run writes without syllables and rhymes: use a run of whole words"
        )


class ExactWriter:
    """One `SongSpec` compiled for one run. Raises `PlanError` if no song can fulfil it."""

    def __init__(
        self,
        run: LoadedRun,
        spec: SongSpec,
        constraints: Sequence[Constraint[Any]] = (),
        shared: Shared | None = None,
    ) -> None:
        """`shared`: parts of the songs of other writers of this run, which this one uses and adds to."""
        self.run, self.spec, self.cores = run, spec, cores()
        self.table = run.words.extended(brought(spec), constraints)
        self.shared = shared if self.table is run.words else None
        self.about = [line.about or spec.about for line in spec.lines]
        self.theme = SongTheme.of(self.about, run.topics)
        self.blocks, self.barred = self.chosen(spec.all_words)
        try:
            self.compile()
        except PlanError:
            if self.blocks.columns.drawn is None:
                raise
            self.blocks, self.barred = self.chosen(True)  # with words that are otherwise not drawn
            self.compile()
        self.scorer = self.new_scorer()
        words_given = self.song.given or self.song.keywords or spec.lines[0].first
        self.usual = Usual(run.lexicon) if self.song.strict and not words_given else None

    def chosen(self, whole: bool) -> tuple[BlockModel, Collection[int]]:
        """See `LoadedRun.blocks`; the needed words are those that the plan names."""
        named = (*brought(self.spec), *(word for about in dict.fromkeys(self.about) for word in about))
        needed = [self.table.index[word] for word in named if word in self.table.index]
        return self.run.blocks(self.table.sig[: self.table.known], needed, whole)

    def compile(self) -> None:
        self.song = compile_song(self.table, self.spec, self.blocks.columns, self.barred, self.shared)
        self.steer()

    outliner: Outliner | None = None

    def steer(self) -> None:
        """Make what depends on the theme."""
        groups, features = self.run.groups, getattr(self.run.step_model, "features", 0)
        self.conditioning = PlanRows(self.song, groups, self.theme_vector(), features) if groups else None
        spec = self.spec
        person, tense = (spec.person or spec.person_hint or "").lower(), spec.tense or spec.tense_hint or ""
        if self.run.outlines:
            told = self.run.stories, spec.about, person, tense, self.run.nearest_stories
            self.outliner = Outliner(self.song, *told, self.run.habits)

    def new_scorer(self) -> LineScorer:
        """The scorer of lines on this theme."""
        made = LineScorer(self.run.topics, self.theme, self.blocks.columns.finals, len(self.table.words))
        return made.avoiding(self.run.stock, self.hashes) if self.run.stock.any else made

    @cached_property
    def hashes(self) -> list[int]:
        """(W,) the hashes of the words."""
        found: list[int] = self.table.hashes.tolist()
        return found

    def on_theme(self, about: tuple[str, ...]) -> ExactWriter:
        """The writer of the same lines on a theme of words that the model draws; it shares what was compiled."""
        made = copy(self)
        made.spec = replace(self.spec, about=about)
        made.about = [line.about or about for line in made.spec.lines]
        made.theme = SongTheme.of(made.about, self.run.topics)
        made.steer()
        made.scorer = self.scorer.on(made.theme)
        return made

    def theme_vector(self) -> Floats | None:
        """(lines, 64) the themes as plan features; None for a song without one and a model that sees none. Raises
        `RunError` for a run without topical vectors."""
        if self.theme is None or THEME not in self.run.groups:
            return None
        vectors = np.stack([self.run.topics.theme_vector(about) for about in self.about])
        if vectors.shape[1:] != (TOPICAL,):
            raise RunError(f"the run sees themes and keeps no {TOPICS}: restore it or train again")
        return vectors

    def events(
        self,
        drawing: Drawing,
        seeds: Iterable[int],
        should_stop: Callable[[], bool] = lambda: False,
        keep: Callable[[Sequence[str]], bool] | None = None,
        record: Record | None = None,
    ) -> Iterator[LineWritten | WrittenSong | SongFailed]:
        """Lines and songs as they are made; see `Model.events` for `keep`; `record` describes how a word was chosen.

        The caches of a compiled plan grow with its songs, so it is compiled again after FRESH of them.
        """
        several = iter(seeds)
        for batch in itertools.count():
            first = list(itertools.islice(several, IN_THREADS))
            if not first or (batch and should_stop()):
                return
            if batch:
                self.compile()
            mine = itertools.chain(first, itertools.islice(several, max(0, FRESH - len(first))))
            if isinstance(self.blocks, OnnxBlocks) and len(first) == IN_THREADS and self.cores > 1:
                engines = [self.engine(drawing, one, keep, record) for one in self.blocks.copies(self.cores)]
                made = write_in_threads(engines, mine, should_stop)
            else:
                made = self.engine(drawing, self.blocks, keep, record).write(mine, should_stop)
            for event in made:
                yield self.finish(event) if isinstance(event, SongWritten) else event

    def engine(
        self,
        drawing: Drawing,
        blocks: BlockModel | None = None,
        keep: Callable[[Sequence[str]], bool] | None = None,
        record: Record | None = None,
    ) -> ExactEngine:
        """An engine for this plan; `finish` makes songs of what it writes. `blocks`: the model in a session of its
        own."""
        if self.outliner is not None and self.outliner.tells(drawing.story):
            drawing = drawing.telling()
        most = self.spec.max_copy
        run = self.run
        known = (run.copy_index, run.line_filter, run.run_filter) if most else (None, None, None)
        ban = CopyBan(known[0], self.table.words, most, known[1], self.table.hashes, known[2])
        judge = self.run.line_judge if drawing.judged else None
        stock = self.run.stock if drawing.stock else NONE
        printer = self.run.printed(self.spec.bare)
        steering = Steering(
            self.theme, self.conditioning, self.outliner, self.scorer, judge, keep, record, stock, printer
        )
        return ExactEngine(self.blocks if blocks is None else blocks, self.song, drawing, ban, steering)

    def finish(self, event: SongWritten) -> WrittenSong:
        """The song with its given lines as they were given, its readings and its longest copied run."""
        lines = self.lines(event.ids)
        sections = self.sections(lines)
        scans = self.scans(lines)
        copied = self.run.longest_copy([w for line in lines for w in line])
        title = self.spec.title or title_of(sections, self.run.vocabulary.rarity)
        return WrittenSong(
            title,
            event.seed,
            sections,
            event.nll_per_word,
            copied,
            tuple(scans),
            event.choices,
            event.unmet,
            mean(event.scores) if event.scores else None,
            event.outline,
        )

    def scans(self, lines: Sequence[Sequence[str]]) -> list[Scansion]:
        """The readings of the lines. All readings of freely chosen words fit, so the usual ones are taken; with given
        words, readings are chosen for the whole song."""
        if self.usual is None:
            return scan_song(lines, self.spec, self.run.lexicon)
        return [self.usual.line(words) for words in lines]

    def lines(self, ids: Sequence[int]) -> list[list[str]]:
        out: list[list[str]] = []
        for word in (self.table.words[i] for i in ids[:-1]):
            if word in SPECIALS:
                out.append([])
            else:
                out[-1].append(word)
        return [line[::-1] for line in out] if self.song.backward else out

    def sections(self, lines: Sequence[Sequence[str]]) -> tuple[Section, ...]:
        """The lines as they are printed, given ones as they were given."""
        specs, printer = self.spec.lines, self.run.printed(self.spec.bare)
        out = []
        for number in range(specs[-1].section + 1):
            mine = [i for i, spec in enumerate(specs) if spec.section == number]
            texts = printer.section([lines[i] for i in mine], [self.spec.given[i] for i in mine])
            out.append(Section(specs[mine[0]].name, tuple(map(Line, texts))))
        return tuple(out)


def automaton(
    plan: Plan, vocabulary: Vocabulary, lexicon: Lexicon | None = None, constraints: Sequence[Constraint[Any]] = ()
) -> ExactSongAutomaton:
    """The automaton of a plan over a vocabulary, for `decode` with any word-level step model.

    The vocabulary needs `<unk>` and `<line>` (a line's end); section tags are used where it has them.
    Raises `PlanError` if no song of these words can fulfil the plan.
    """
    expect(plan, Plan, "plan", "a lyricist.Plan")
    expect(vocabulary, Vocabulary, "vocabulary", "a lyricist.Vocabulary")
    expect(lexicon, (Lexicon, type(None)), "lexicon", "a Lexicon")
    lexicon = lexicon or default_lexicon()
    spec = resolve(plan, lexicon)
    table = WordTable(vocabulary, lexicon).extended(brought(spec), constraints)
    made = compile_song(table, spec, VocabLayout.by_signature(table.sig[: table.known]))
    made.max_copy = plan.max_copy
    return made


def brought(asked: SongSpec) -> tuple[str, ...]:
    """The words of a plan that the model may not know."""
    words = [w for line in asked.lines for w in (*(line.text or ()), line.first)]
    words += [*asked.include, *(g.with_word for g in asked.groups)]
    return tuple(dict.fromkeys(w for w in words if w))


# --- `decode`: any word-level step model under an automaton of this package

__all__ = ["LineWritten", "SongWritten", "decode"]


def a_seed(seed: int) -> int:
    """The seed. Raises `InputError` for what is no whole number."""
    expect(seed, SupportsIndex, "seeds: an entry", "a whole number")
    return int(seed)


def decode(
    model: StepModel | PlainStepModel,
    automaton: FreeSongAutomaton | ExactSongAutomaton,
    drawing: Drawing | None = None,
    *,
    seeds: Iterable[int] = (0,),
    guard: CopyGuard | CopyIndex | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    pick: Pick = by_seed,
) -> Iterator[LineWritten | SongWritten]:
    """Write one song for each seed; finished lines and songs come out as they are made.

    Any `StepModel` over the automaton's vocabulary will do. A `ExactSongAutomaton` is fulfilled exactly; `guard` is
    then the index of songs not to copy. Memory is bounded by the songs written side by side. `should_stop` is asked
    at every step and ends the writing. `pick` draws the tokens of free songs. Raises `UnfinishedSongs` at the end for
    seeds whose songs no words can finish.
    """
    expect(automaton, (ExactSongAutomaton, FreeSongAutomaton), "automaton", "what lyricist.automaton gives")
    expect(drawing, (Drawing, type(None)), "drawing", "a lyricist.Drawing")
    expect(seeds, Iterable, "seeds", "whole numbers")
    expect(getattr(model, "step", None), Callable, "model", "a step model")  # type: ignore[arg-type]
    expect(should_stop, Callable, "should_stop", "a function")  # type: ignore[arg-type]
    seeds = map(a_seed, seeds)
    drawing, model = drawing or Drawing(), cast(StepModel, model)
    if isinstance(automaton, ExactSongAutomaton):
        ban = CopyBan(guard if isinstance(guard, CopyIndex) else None, automaton.table.words, automaton.max_copy)
        engine = ExactEngine(HostBlocks(model, automaton.columns), automaton, drawing, ban)
        return delivered(engine.write(seeds, should_stop))
    expect(guard, (CopyGuard, type(None)), "guard", "a CopyGuard")
    assert guard is None or isinstance(guard, CopyGuard)
    return delivered(FreeEngine(model, automaton, drawing, guard, pick).write(seeds, should_stop))
