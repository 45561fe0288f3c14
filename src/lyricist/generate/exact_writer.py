"""Writing to an exact plan: compiled for a model's words, written by the engine, read aloud at the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lyricist.children import cores
from lyricist.corpus import Line, Section
from lyricist.errors import InputError, PlanError, RunError
from lyricist.generate.conditioning_rows import PlanRows
from lyricist.generate.constraint import Constraint
from lyricist.generate.engine import Engine
from lyricist.generate.line_score import LineScorer, mean
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import LineWritten, SongWritten, Usual, WrittenSong, scan_song
from lyricist.generate.song import ExactSongAutomaton, compile_song
from lyricist.generate.theme import Theme
from lyricist.generate.threads import write_abreast
from lyricist.generate.titles import title_of
from lyricist.generate.vocab import WordTable
from lyricist.generate.worker_pool import Apart, Task
from lyricist.model.blocks import BlockModel, OnnxBlocks
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.topics import TOPICS
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.given_lines import validate_given_lines
from lyricist.plan.plan import Drawing, Plan, with_defaults
from lyricist.plan.resolve import Layout, layout
from lyricist.plan.shape import shapes
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.planfeatures import THEME, TOPICAL, Floats
from lyricist.prosody.scan import Scansion

if TYPE_CHECKING:
    from lyricist.generate.writer import Model


FRESH = 5_000  # songs after which a plan is compiled anew
ABREAST = 64  # songs from which it pays to have an engine for every core
APART = 512  # drafts of songs from which it pays to have a process for every core
MOST = 8  # processes, each of which takes the memory of a model


class PlannedWriter:
    """One plan compiled for one model. Raises `PlanError` if no song can fulfil it."""

    def __init__(self, model: Model, plan: Plan, constraints: Sequence[Constraint[Any]] = ()) -> None:
        vocabulary = model.vocabulary
        if vocabulary.tokenizer.name != "word":
            raise InputError(
                f"a {vocabulary.tokenizer.name} run writes without syllables and rhymes: use a run of whole words"
            )
        self.model, self.plan = model, validate_given_lines(with_defaults(plan), model.lexicon)
        self.asked, self.cores = plan, cores()
        self.sendable = not constraints  # whether other processes can write to it
        self.layout = layout(self.plan, vocabulary.tokenizer.split)
        self.given = [text for shape in shapes(self.plan) for text in shape.text]
        self.table = model.words.extended(brought(self.layout), constraints)
        self.theme = Theme.of(self.plan.about, model.topics) if self.plan.about else None
        self.units, self.barred = self.chosen(self.plan.all_words)
        try:
            self.compile()
        except PlanError:
            if self.units.columns.drawn is None:
                raise
            self.units, self.barred = self.chosen(True)  # perhaps with words that are not drawn
            self.compile()
        self.merit = LineScorer(model.topics, self.theme, self.units.columns.finals, len(self.table.words))
        words_given = self.song.given or self.song.keywords or self.plan.start
        self.usual = Usual(model.lexicon) if self.song.strict and not words_given else None

    def chosen(self, whole: bool) -> tuple[BlockModel, Collection[int]]:
        """See `Model.units`. What the plan names is needed."""
        named = (*brought(self.layout), *self.plan.about)
        needed = [self.table.index[word] for word in named if word in self.table.index]
        return self.model.units(self.table.sig[: self.table.known], needed, whole)

    def compile(self) -> None:
        self.song = compile_song(self.table, self.layout, self.units.columns, self.barred)
        self.told = PlanRows(self.song, self.model.groups, self.theme_told()) if self.model.groups else None

    def theme_told(self) -> Floats | None:
        """(64,) what a model that sees themes is told of the words that the song is about."""
        if self.theme is None or THEME not in self.model.groups:
            return None
        told = self.model.topics.theme_vector(self.plan.about)
        if told.shape != (TOPICAL,):
            raise RunError(f"the run sees themes and keeps no {TOPICS}: restore it or train again")
        return told

    def events(
        self,
        drawing: Drawing,
        seeds: Iterable[int],
        should_stop: Callable[[], bool] = lambda: False,
        keep: Callable[[Sequence[str]], bool] | None = None,
        explain: bool = False,
    ) -> Iterator[LineWritten | WrittenSong]:
        """Lines and songs as they are made; see `Engine` for `keep` and `explain`.

        What a compiled plan learns of its rhymes grows with its songs: after FRESH of them it is compiled anew, so
        that any number of songs takes the memory of these.
        """
        several = iter(seeds)
        if keep is None and self.sendable and self.cores > 1:
            enough = -(-APART // drawing.particles)
            many = list(itertools.islice(several, enough))
            several = itertools.chain(many, several)
            apart = self.apart(drawing, explain) if len(many) == enough else None
            if apart is not None:
                yield from apart.write(several, should_stop)
                return
        for batch in itertools.count():
            first = list(itertools.islice(several, ABREAST))
            if not first or (batch and should_stop()):
                return
            if batch:
                self.compile()
            rest = itertools.islice(several, max(0, FRESH - len(first)))
            yield from self.batch(drawing, first, rest, should_stop, keep, explain)

    def apart(self, drawing: Drawing, explain: bool) -> Apart | None:
        """Processes to write with; None where there can be none."""
        run, files = self.model.origin, self.model.files
        if run is None or not isinstance(self.units, OnnxBlocks):
            return None
        try:
            made = Apart(Task(run, files, self.asked, drawing, explain), min(self.cores, MOST))
        except OSError:
            return None
        return made if made.ready() else None

    def batch(
        self,
        drawing: Drawing,
        first: list[int],
        rest: Iterator[int],
        should_stop: Callable[[], bool],
        keep: Callable[[Sequence[str]], bool] | None,
        explain: bool,
    ) -> Iterator[LineWritten | WrittenSong]:
        def engine(units: BlockModel) -> Engine:
            return self.engine(drawing, units, keep, explain)

        if isinstance(self.units, OnnxBlocks) and len(first) == ABREAST and self.cores > 1:
            engines = [engine(one) for one in self.units.copies(self.cores)]
            made = write_abreast(engines, itertools.chain(first, rest), should_stop)
        else:
            made = engine(self.units).write(itertools.chain(first, rest), should_stop)
        for event in made:
            yield self.finish(event) if isinstance(event, SongWritten) else event

    def engine(
        self,
        drawing: Drawing,
        units: BlockModel | None = None,
        keep: Callable[[Sequence[str]], bool] | None = None,
        explain: bool = False,
    ) -> Engine:
        """What writes songs of this plan; `finish` makes songs of what it writes. `units`: the model in a session of
        its own."""
        most = self.plan.max_copy
        known = (self.model.copy_index, self.model.line_filter) if most else (None, None)
        ban = CopyBan(known[0], self.table.words, most, known[1], self.table.hashes)
        return Engine(
            self.units if units is None else units,
            self.song,
            drawing,
            ban,
            theme=self.theme,
            keep=keep,
            explain=explain,
            plan=self.told,
            merit=self.merit,
            judge=self.model.line_judge if drawing.judged else None,
        )

    def finish(self, event: SongWritten) -> WrittenSong:
        """The song with its given lines as they were given, its readings and its longest copied run."""
        lines = self.lines(event.ids)
        write_line = self.model.vocabulary.write_line
        texts = [given or write_line(words) for given, words in zip(self.given, lines, strict=True)]
        sections = self.sections(texts)
        scans = self.scans(lines)
        index = self.model.copy_index
        copied = index.longest_run([w for line in lines for w in line])[0] if index is not None else None
        title = self.plan.title or title_of(sections, self.model.vocabulary.rarity)
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
        )

    def scans(self, lines: Sequence[Sequence[str]]) -> list[Scansion]:
        """The readings committed to. Freely chosen words agree in all that was asked, so their usual readings do;
        where words were given, a choice is made for the whole song."""
        if self.usual is None:
            return scan_song(lines, self.layout, self.model.lexicon)
        return [self.usual.line(words) for words in lines]

    def lines(self, ids: Sequence[int]) -> list[list[str]]:
        out: list[list[str]] = []
        for word in (self.table.words[i] for i in ids[:-1]):
            if word in SPECIALS:
                out.append([])
            else:
                out[-1].append(word)
        return [line[::-1] for line in out] if self.song.backward else out

    def sections(self, texts: Sequence[str]) -> tuple[Section, ...]:
        specs = self.layout.lines
        out = []
        for number in range(specs[-1].section + 1):
            mine = [i for i, spec in enumerate(specs) if spec.section == number]
            out.append(Section(specs[mine[0]].name, tuple(Line(texts[i]) for i in mine)))
        return tuple(out)


def automaton(
    plan: Plan, vocabulary: Vocabulary, lexicon: Lexicon | None = None, constraints: Sequence[Constraint[Any]] = ()
) -> ExactSongAutomaton:
    """The automaton of a plan over a vocabulary, for `decode` with any word-level step model.

    The vocabulary needs `<unk>` and `<line>` (a line's end); section tags are used where it has them.
    Raises `PlanError` if no song of these words can fulfil the plan.
    """
    lexicon = lexicon or default_lexicon()
    laid = layout(validate_given_lines(with_defaults(plan), lexicon), vocabulary.tokenizer.split)
    table = WordTable(vocabulary, lexicon).extended(brought(laid), constraints)
    made = compile_song(table, laid, VocabLayout.by_signature(table.sig[: table.known]))
    made.max_copy = plan.max_copy
    return made


def brought(asked: Layout) -> tuple[str, ...]:
    """Words that a plan brings with it, whether the model knows them or not."""
    words = [w for line in asked.lines for w in (*(line.text or ()), line.first)]
    words += [*asked.include, *(g.with_word for g in asked.groups)]
    return tuple(dict.fromkeys(w for w in words if w))
