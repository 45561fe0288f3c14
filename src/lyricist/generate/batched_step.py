"""Engines of different plans in step: the model is run once for all of them, and words are drawn in groups.

A row's result does not depend on the rows beside it, in the model or in the drawing, so a song is the same as if its
engine were alone. This saves time: a step of few rows costs little less than a step of many. `ConditionedBlocks` is a
run's graph with a bias and a temperature for every row: the bytes of two inputs and of the node that adds the bias
are changed when it is opened; the sums are of the same numbers in the same order, row by row.

`PremisedWriter` writes the songs of a plan whose seeds draw their own premises (`plan/premise.py`), each to a plan of
its own. Plans of one form share a compiled writer.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError, PlanError, RunError
from lyricist.generate.constraint import Constraint
from lyricist.generate.exact_engine import ROWS, Asking, ExactEngine, Part, Wish
from lyricist.generate.exact_writer import ExactWriter, need_words
from lyricist.generate.loaded_run import LoadedRun
from lyricist.generate.result import LineWritten, SongFailed, SongWritten, WrittenSong
from lyricist.generate.sampler import Listed, Request
from lyricist.generate.song import Shared
from lyricist.generate.steering import Record
from lyricist.model.habits import SectionForm
from lyricist.model.onnx_bytes import GRAPH, INPUT, NODE, changed, read, write
from lyricist.model.runtime import (
    FEATURES,
    NEVER,
    BlockModel,
    BlockRows,
    OnnxBlocks,
    State,
    features_of,
    open_session,
)
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Drawing, Plan, with_defaults
from lyricist.plan.premise import Chance, Story, draw_sections, stories_of, with_premise
from lyricist.plan.resolve import resolve
from lyricist.plan.song_spec import SongSpec, lay_out
from lyricist.workers import cores

Floats = npt.NDArray[np.float32]

NODE_INPUT, NODE_OUTPUT, OP_TYPE = 1, 2, 4  # fields of NodeProto
NAME, TYPE = 1, 2  # of ValueInfoProto
BARE = b"bare"  # logits before the bias


class ConditionedBlocks:
    """The model of an `OnnxBlocks` with a bias and a temperature for each row. Raises `RunError` for another
    graph."""

    def __init__(self, blocks: OnnxBlocks) -> None:
        source = blocks.model if isinstance(blocks.model, bytes) else Path(blocks.model).read_bytes()
        self.columns: VocabLayout = blocks.columns
        self.width = self.columns.filled(self.columns.width)
        self.session = open_session(per_row(source), 1)
        self.features = features_of(self.session)
        self.blocks = blocks

    def blocks_of(
        self,
        ids: npt.NDArray[np.int64],
        state: State,
        biases: Sequence[Floats],
        sizes: Sequence[int],
        temperature: npt.NDArray[np.float64],
        features: Floats | None,
    ) -> tuple[BlockRows, State]:
        """As `BlockModel.blocks`, with biases (C,), each for the number of rows in `sizes`, and temperatures (B,)."""
        steer = np.full((len(ids), self.width), NEVER, dtype=np.float32)
        start = 0
        for bias, size in zip(biases, sizes, strict=True):
            steer[start : start + size, : len(bias)] = bias
            start += size
        scale = np.array([np.array(1 / t, dtype=np.float32) for t in temperature], dtype=np.float32)[:, None]
        feed: dict[str, Any] = {"ids": ids.astype(np.int64), "steer": steer, "scale": scale}
        feed |= {s.name: value for s, value in zip(self.blocks.states, state, strict=True)}
        if features is not None:
            feed[FEATURES] = features
        return self.blocks.taken(self.session, feed, temperature)


# --- the graph's bytes (protocol buffers)


def per_row(model: bytes) -> bytes:
    """The graph with `steer` (B, C) and `scale` (B, 1). Raises `RunError` for one without these inputs."""
    done: set[str] = set()

    def node(data: bytes) -> list[bytes]:
        fields = list(read(data))
        inputs = [value for number, _, value in fields if number == NODE_INPUT]
        out = next(value for number, _, value in fields if number == NODE_OUTPUT)
        if inputs[:1] == [b"steer"]:  # in older graphs, which fill up the last tile
            return [operation(b"Identity", [b"steer"], out)]
        if (
            out == b"logits" and len(inputs) > 2
        ):  # a product with a bias; in the oldest graphs the sum is a node of its own
            bare = [f for f in fields if f[0] not in (NODE_INPUT, NODE_OUTPUT)]
            product = [*((NODE_INPUT, 2, name) for name in inputs[:-1]), (NODE_OUTPUT, 2, BARE), *bare]
            return [write(product), operation(b"Add", [BARE, inputs[-1]], out)]
        return [data]

    def value(data: bytes) -> list[bytes]:
        name = next(value for number, _, value in read(data) if number == NAME)
        if name not in (b"steer", b"scale"):
            return [data]
        done.add(name.decode())
        return [write([(NAME, 2, name), (TYPE, 2, matrix("batch", "columns" if name == b"steer" else 1))])]

    changes = {NODE: node, INPUT: value}
    made = changed(model, {GRAPH: lambda graph: [changed(graph, changes)]})
    if done != {"steer", "scale"}:
        raise RunError("the run's graph takes no steer: train again with this version")
    return made


def matrix(*sizes: str | int) -> bytes:
    """A TypeProto: float32 of these sizes."""
    shape = write([(1, 2, write([(1, 0, n) if isinstance(n, int) else (2, 2, n.encode())])) for n in sizes])
    return write([(1, 2, write([(1, 0, 1), (2, 2, shape)]))])


def operation(name: bytes, inputs: Sequence[bytes], out: bytes) -> bytes:
    """A NodeProto."""
    return write([*((NODE_INPUT, 2, each) for each in inputs), (NODE_OUTPUT, 2, out), (OP_TYPE, 2, name)])


Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Made = tuple[BlockRows, tuple[npt.NDArray[np.float32], ...]]
Event = LineWritten | SongWritten | PlanError


def in_step(engines: Sequence[ExactEngine], blocks: ConditionedBlocks) -> Iterator[tuple[int, int, Event]]:
    """One word for every song of the engines, all of one model; (engine, place, event)."""
    asked: list[tuple[ExactEngine, Part, Asking]] = []
    for engine in engines:
        active = engine.active()
        asked += [(engine, part, engine.asking(part)) for part in (engine.parts(active) if len(active) else ())]
    wishes: list[tuple[ExactEngine, Wish]] = []
    if asked:
        for (engine, part, _), made in zip(asked, run(blocks, asked), strict=True):
            wishes += [(engine, wish) for wish in engine.read(part, *made)]
    for group in alike(wishes):
        for (engine, wish), (words, share) in zip(group, drawn(group), strict=True):
            engine.take(wish, words, share)
    for i, engine in enumerate(engines):
        for place, event in engine.end_turn():
            yield i, place, event


def run(blocks: ConditionedBlocks, asked: Sequence[tuple[ExactEngine, Part, Asking]]) -> Iterator[Made]:
    """The model's output for each part, from one run for all of them; each with the columns of its own engine."""
    asks = [ask for _, _, ask in asked]
    sizes = [len(ask.ids) for ask in asks]
    bias = [ask.bias for ask in asks]
    heat = np.repeat([engine.drawing.temperature for engine, _, _ in asked], sizes)
    state = tuple(np.concatenate(each, axis=1) for each in zip(*(ask.state for ask in asks), strict=True))
    seen = np.concatenate([features_for(ask, blocks.features) for ask in asks]) if blocks.features else None
    made, after = blocks.blocks_of(np.concatenate([ask.ids for ask in asks]), state, bias, sizes, heat, seen)
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        part = BlockRows(made.e[rows], made.sums[rows], made.total[rows], made.free[rows])
        yield part, tuple(s[:, rows] for s in after)
        start += size


def features_for(ask: Asking, features: int) -> npt.NDArray[np.float32]:
    """(B, F) the plan features of the rows, zeros where their plan has none."""
    return ask.conditioning[0] if ask.conditioning else np.zeros((len(ask.ids), features), dtype=np.float32)


# --- drawing together


def voice(engine: ExactEngine) -> object:
    """A key that is equal for engines that may draw together; an engine with a drawer of its own has its own key."""
    drawer = engine.drawer
    special = drawer.closed.any() or drawer.owed.any() or engine.record is not None
    plain = drawer.words == len(drawer.column_of) and not special
    return (engine.drawing, id(drawer.columns.word_at), drawer.content_key) if plain else id(engine)


def alike(wishes: Sequence[tuple[ExactEngine, Wish]]) -> list[list[tuple[ExactEngine, Wish]]]:
    found: defaultdict[object, list[tuple[ExactEngine, Wish]]] = defaultdict(list)
    for engine, wish in wishes:
        found[voice(engine)].append((engine, wish))
    return list(found.values())


def drawn(group: Sequence[tuple[ExactEngine, Wish]]) -> Iterator[tuple[Ints, npt.NDArray[np.float64]]]:
    """Words (B,) and shares (B,) for each of a group's wishes."""
    if len(group) == 1:
        engine, wish = group[0]
        yield engine.drawer.draw(wish.made, wish.ask, wish.refuse)
        return
    wishes = [wish for _, wish in group]
    starts = np.cumsum([0, *(len(wish.rows) for wish in wishes)])
    ask = joined(wishes, starts)

    def refuse(rows: Ints, words: Ints) -> Bools:
        out = np.zeros(len(rows), dtype=bool)
        whose = np.searchsorted(starts, rows, side="right") - 1
        for k in np.unique(whose).tolist():
            mine = whose == k
            out[mine] = wishes[k].refuse(rows[mine] - starts[k], words[mine])
        return out

    words, share = group[0][0].drawer.draw(rows_of(wishes), ask, refuse)
    for wish, start, end in zip(wishes, starts[:-1], starts[1:], strict=True):
        wish.ask.count[:] = ask.count[start:end]
        yield words[start:end], share[start:end]


def rows_of(wishes: Sequence[Wish]) -> BlockRows:
    """The model's output for the rows that draw, in their order."""

    def taken(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(wish.made, name)[wish.ask.at] for wish in wishes])

    return BlockRows(taken("e"), taken("sums"), taken("total"), taken("free"))


def joined(wishes: Sequence[Wish], starts: Ints) -> Request:
    """The requests as one; request i begins at row starts[i], `starts` (N + 1,)."""
    asks = [wish.ask for wish in wishes]

    def all_of(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(ask, name) for ask in asks])

    lists: dict[int, Listed] = moved([ask.lists for ask in asks], starts)
    ended: dict[int, frozenset[int]] = moved([ask.ended for ask in asks], starts)
    numbers = (all_of("breaks"), all_of("key"), all_of("count"), all_of("recent"))
    return Request(np.arange(starts[-1]), all_of("blocks"), lists, all_of("whole"), *numbers, ended)


def moved(each: Sequence[Mapping[int, Any]], starts: Ints) -> dict[int, Any]:
    """Mappings by row as one mapping; the rows of mapping i begin at starts[i], `starts` (N + 1,)."""
    return {int(start) + k: v for mine, start in zip(each, starts[:-1], strict=True) for k, v in mine.items()}


# --- songs whose seeds draw premises

RANKS = (250, 5000)  # of the words that themes are drawn from: neither the commonest nor rare ones
SHORTEST = 4  # letters of such a word
NEIGHBOURS = 12  # nearest words of which one becomes the second word of a theme
COMPANY = 80  # nearest words of which two are drawn beside the words of a theme that is given
FEWEST = 12  # theme words of a run's own songs with which a theme is drawn
ATTEMPTS = 8  # premises of a seed that are tried
WRITERS = 160  # compiled plans that are kept
FRESH = 2_000  # songs after which plans are compiled again, since their caches grow


class PremisedWriter:
    """Writes each seed to the plan that it draws; otherwise as an `ExactWriter`. Raises `InputError` for a run that
    does not write whole words."""

    def __init__(self, run: LoadedRun, plan: Plan, constraints: Sequence[Constraint[Any]] = ()) -> None:
        need_words(run.vocabulary)
        self.run, self.asked, self.constraints, self.cores = run, plan, constraints, cores()
        self.made: dict[Plan, ExactWriter] = {}
        self.parts: Shared = {}
        self.compiling = threading.Lock()
        self.songs = 0

    def plan(self, seed: int) -> Plan:
        """The plan of a seed. Raises `PlanError` if the model can fulfil none."""
        return self.drawn(seed)[0]

    def drawn(self, seed: int, tell: bool = True) -> tuple[Plan, ExactWriter]:
        """The plan of a seed and its writer: its first premise that the model can fulfil, or none after ATTEMPTS.
        `tell`: a premise may be a story."""
        for attempt in range(ATTEMPTS):
            asked = self.premised(seed, attempt, tell)
            with suppress(PlanError):
                return asked, self.writer(asked, asked.about[len(self.asked.about) :])
        plain = self.asked.model_copy(update={"premise": False})
        return plain, self.writer(plain, ())

    def writer(self, asked: Plan, drawn: tuple[str, ...]) -> ExactWriter:
        """The writer of a plan; one that shares the compiled lines of other themes if words of its theme were
        `drawn`."""
        bare = asked.model_copy(update={"about": self.asked.about}) if drawn else asked
        with self.compiling:
            if bare not in self.made:
                if len(self.made) >= WRITERS:
                    del self.made[next(iter(self.made))]
                self.made[bare] = ExactWriter(self.run, resolve(bare, self.run.lexicon), self.constraints, self.parts)
            found = self.made[bare]
        return found.on_theme(asked.about) if drawn else found

    def premised(self, seed: int, attempt: int, tell: bool) -> Plan:
        """The plan that a seed draws; with `tell` its first premise takes its form from a story, if the model tells
        any, and no theme."""
        story = self.story(seed) if tell and not attempt else None
        if story is None:
            return with_premise(self.asked, seed, self.theme, attempt, self.sections)
        return with_premise(self.asked, seed, lambda chance, about: (), attempt, lambda chance: story.sections)

    def story(self, seed: int) -> Story | None:
        """The story of a seed, whose form its plan takes."""
        spec = self.hints
        person, tense = (spec.person or spec.person_hint or "").lower(), spec.tense or spec.tense_hint or ""
        found = stories_of(self.run.stories, seed, person, tense, spec.about, self.run.nearest_stories)
        return found[0] if found else None

    @cached_property
    def hints(self) -> SongSpec:
        """What is asked for whatever the premise: theme, person and tense."""
        return resolve(self.asked.model_copy(update={"premise": False}), self.run.lexicon)

    def sections(self, chance: Chance) -> tuple[SectionPlan, ...]:
        """The form of one of the songs that the run was fine-tuned on, if it knows them; else a usual form."""
        if not self.run.habits.forms:
            return draw_sections(chance)
        found = tuple(map(as_plan, chance.one(self.run.habits.forms)))
        try:
            lay_out(with_defaults(Plan(sections=found)))
        except InputError:
            return draw_sections(chance)
        return found

    # --- themes

    @cached_property
    def blocks(self) -> BlockModel:
        """The model of plans that need no word which is not drawn."""
        return self.run.blocks(self.run.words.sig[: len(self.run.vocabulary)])[0]

    @cached_property
    def themes(self) -> list[int]:
        """The words that themes are drawn from."""
        found = np.flatnonzero(self.run.topics.has[: RANKS[1]])
        undrawn = set(self.blocks.columns.undrawn.tolist())
        tokens = self.run.vocabulary.tokens
        own = self.run.habits.themes
        listed = self.run.topics.known(own or self.run.stock.themes)
        if len(listed) > (FEWEST if own else 0):
            return [w for w in listed if w not in undrawn]
        return [
            w
            for w in found[found >= RANKS[0]].tolist()
            if w not in undrawn and tokens[w].isalpha() and len(tokens[w]) >= SHORTEST and not is_unclean(tokens[w])
        ]

    def theme(self, chance: Chance, about: tuple[str, ...]) -> tuple[str, ...]:
        """Two words that occur in the same songs, or two that occur in songs about the words given; () for a run that
        knows too few."""
        if len(self.themes) <= (FEWEST if self.run.habits.themes else COMPANY):
            return ()
        if about:
            return self.near(about, COMPANY, chance, 2) if self.run.topics.known(about) else ()
        first = self.run.vocabulary.tokens[chance.one(self.themes)]
        return first, *self.near((first,), NEIGHBOURS, chance, 1)

    def near(self, about: tuple[str, ...], size: int, chance: Chance, count: int) -> tuple[str, ...]:
        """So many of the `size` theme words nearest to these words, none of them a form of another."""
        tokens, topics = self.run.vocabulary.tokens, self.run.topics
        order = np.argsort(-(topics.vectors[self.themes] @ topics.theme_vector(about)), kind="stable")
        found = [tokens[self.themes[k]] for k in order[: size + len(about)].tolist()]
        chosen: list[str] = []
        for _ in range(count):
            left = [word for word in found if not any(akin(word, other) for other in (*about, *chosen))]
            chosen += [chance.one(left)] if left else []
        return tuple(chosen)

    # --- writing

    def events(
        self,
        drawing: Drawing,
        seeds: Iterable[int],
        should_stop: Callable[[], bool] = lambda: False,
        keep: Callable[[Sequence[str]], bool] | None = None,
        record: Record | None = None,
    ) -> Iterator[LineWritten | WrittenSong | SongFailed]:
        """Lines and songs as they are made, several songs at a time; see `ExactWriter.events`."""
        waiting = iter(seeds)
        first = list(islice(waiting, 2))
        several = chain(first, waiting)
        if len(first) > 1 and isinstance(self.blocks, OnnxBlocks):
            yield from self.together(
                drawing, several, should_stop, lambda w: w.engine(drawing, keep=keep, record=record)
            )
            return
        for seed in several:
            if should_stop():
                return
            writer = self.fresh(seed, drawing.story)
            if isinstance(writer, SongFailed):
                yield writer
            else:
                yield from writer.events(drawing, [seed], should_stop, keep, record)

    def together(
        self,
        drawing: Drawing,
        seeds: Iterator[int],
        should_stop: Callable[[], bool],
        engine: Callable[[ExactWriter], ExactEngine],
    ) -> Iterator[LineWritten | WrittenSong | SongFailed]:
        """Songs whose engines go in step; one that needs another graph is written alone."""
        assert isinstance(self.blocks, OnnxBlocks)
        shared, at_work = ConditionedBlocks(self.blocks), dict[int, tuple[ExactWriter, ExactEngine]]()
        while not should_stop():
            for seed in islice(seeds, max(1, ROWS // drawing.particles) - len(at_work)):
                writer = self.fresh(seed, drawing.story)
                if isinstance(writer, SongFailed):
                    yield writer
                else:
                    at_work[seed] = (writer, begun(engine(writer), seed))
            if not at_work:
                return
            for seed, event in one_turn(at_work, shared):
                if isinstance(event, SongWritten):
                    yield at_work.pop(seed)[0].finish(event)
                    continue
                if isinstance(event, SongFailed):
                    del at_work[seed]
                yield event

    def fresh(self, seed: int, tell: bool) -> ExactWriter | SongFailed:
        """The writer of a seed, or why it has none; all are compiled again after FRESH songs."""
        self.songs += 1
        if self.songs % FRESH == 0:
            self.made.clear()
            self.parts.clear()
        try:
            return self.drawn(seed, tell)[1]
        except PlanError as error:
            if not self.made and self.songs >= ATTEMPTS:  # no seed has a plan
                raise
            return SongFailed(seed, error.in_shell)


def as_plan(section: SectionForm) -> SectionPlan:
    """A section of a learnt form as it stands in a plan."""
    metre = (section.metre,) if section.metre else ()
    lines, lengths = len(section.syllables), section.syllables
    return SectionPlan(
        name=section.name, lines=lines, syllables=lengths, metre=metre, rhyme=section.rhyme, again=section.again
    )


def one_turn(
    at_work: Mapping[int, tuple[ExactWriter, ExactEngine]], shared: ConditionedBlocks
) -> Iterator[tuple[int, LineWritten | SongWritten | SongFailed]]:
    """One word for every song at work; the events by seed. Songs that need another graph take their turns alone."""
    model = shared.blocks.session
    alike = [seed for seed, (writer, _) in at_work.items() if getattr(writer.blocks, "session", None) is model]
    made = [(alike[i], event) for i, _, event in in_step([at_work[seed][1] for seed in alike], shared)]
    for seed in at_work.keys() - alike:
        made += [(seed, event) for _, event in at_work[seed][1].turn()]
    for seed, event in made:
        yield seed, SongFailed(seed, event.in_shell) if isinstance(event, PlanError) else event


def begun(engine: ExactEngine, seed: int) -> ExactEngine:
    """The engine, which has begun one song."""
    engine.open(1)
    engine.begin(0, seed)
    return engine


def akin(a: str, b: str) -> bool:
    """Whether two words are likely forms of one word, by how they begin.

    >>> akin("sailor", "sailing"), akin("sail", "sand")
    (True, False)
    """
    size = min(len(a), len(b), SHORTEST)
    return a[:size] == b[:size]
