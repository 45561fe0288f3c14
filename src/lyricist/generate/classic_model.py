"""A classic run to write from and to evaluate.

Each word is drawn from the ten whose vectors are nearest to the predicted one. A song has the sections verse, chorus,
verse, chorus of LINES lines each, and each line as many words as the training songs' lines have on average. So the
length of a song is known before its first word, which determines each word's share of the melody.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError, RunError
from lyricist.generate.constraint import Constraint
from lyricist.generate.engine import Rows, Song
from lyricist.generate.exact_writer import decode
from lyricist.generate.free import Allowed, FreeSongAutomaton, Mask
from lyricist.generate.free import State as SongState
from lyricist.generate.loaded_run import RunFiles
from lyricist.generate.result import Candidate, Choice, LineWritten, SongWritten, WrittenSong
from lyricist.generate.writer import Model
from lyricist.melody.tune import Score
from lyricist.model.checkpoint import Run
from lyricist.model.classic.note_features import WIDTH, Floats, Ints, melody_features
from lyricist.model.classic.stepped_net import Neighbours, SteppedNet, classic_shapes
from lyricist.model.classic.sung_words import DATA, SungWords, heard_score, load_songs
from lyricist.model.classic.word_vectors import vectors_of
from lyricist.model.copy_index import COPY_INDEX
from lyricist.model.hits import NEAREST, ranks_of
from lyricist.model.runtime import State
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.plan.forms import named
from lyricist.plan.parse import nearest as nearest_spelling
from lyricist.plan.parse import option
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.song_spec import FreeSpec

FORM, LINES = ("verse", "chorus", "verse", "chorus"), 4
REPEATED = frozenset({"chorus", "refrain", "hook"})  # sections that return word for word
MAX_WORDS = 20_000  # of a song
FREE = ("form", "lines", "start", "title", "clean", "keep_chorus")  # fields of a plan that the recipe can follow
SWITCHES = {"clean", "keep_chorus"}  # of those, the ones that can only be turned off
BREAK_LOGIT = -40.0  # of a break: nothing beside any word, but finite
PAIRS_AT_ONCE = 256  # in evaluation: pairs of words, or songs

Music = Callable[[int], Floats]  # number of words of a song -> (words, 18) the features of each


class ClassicModel(Model):
    """A classic run. `hearing` gives it a tune, without which it writes nothing.

    >>> load("classic-run").write(Plan(start="love"), melody="tune.mid", seed=1)  # doctest: +SKIP
    """

    def __init__(self, run: Run) -> None:
        """Raises `RunError` for files that are damaged or do not fit each other."""
        vocabulary, config = run.vocabulary, run.config["model"]
        weights = run.arrays("weights.safetensors", classic_shapes(config))
        self.net = SteppedNet(config, weights, vectors_of(run))
        self.word_ids: Ints = np.array([i for i, token in enumerate(vocabulary.tokens) if token not in SPECIALS])
        self.neighbours = Neighbours(self.net.vectors, self.word_ids)
        told = run.config.get("line_words")
        self.context, self.line_words = config.get("context", 1), told if type(told) is int else 0
        if not 0 < self.line_words <= MAX_WORDS or len(self.word_ids) < NEAREST:
            raise RunError(f"{run.path} does not fit the recipe (its words, or words of a line): train again")
        self.music: Music | None = None
        self.run = run
        files = RunFiles(copies=run.beside(COPY_INDEX))
        super().__init__(ClassicSteps(self, self.neighbours), vocabulary, files=files)

    @cached_property
    def clean_neighbours(self) -> Neighbours:
        tokens = self.vocabulary.tokens
        kept = [int(i) for i in self.word_ids if not is_unclean(tokens[i])]
        return Neighbours(self.net.vectors, np.array(kept, dtype=np.int64))

    @cached_property
    def songs(self) -> dict[str, list[SungWords]]:
        """The songs that the run was trained and validated on and those to test it with, by split."""
        return load_songs(self.run.beside(DATA) or self.run.path / DATA, len(self.vocabulary))

    def hearing(self, melody: Path | str | Score | Music) -> ClassicModel:
        """The same model with a tune to write for: a file, a score, or any function from a number of words to their
        features (words, 18). Raises `InputError` for a file that is not a tune."""
        made = copy.copy(self)
        if callable(melody):
            made.music = melody
        else:
            score = melody if isinstance(melody, Score) else heard_score(Path(melody))
            made.music = lambda words: melody_features(score, words)
        return made

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
        """One song per seed, one after the other; lines as they are made. Of a plan, `FREE` is followed; of a
        drawing, the temperature (1 without one). Raises `InputError` for anything else, and without a tune."""
        plan = plan or Plan()
        self.feasible(plan)
        if constraints or keep:
            raise InputError("a classic run takes no conditions on its words: use the project's own model")
        if self.music is None:
            raise InputError("a classic run writes to a tune: name one with --melody")
        near = self.clean_neighbours if plan.clean else self.neighbours
        shape = EvenLines(self.vocabulary, plan, self.line_words, near.words)
        steps = ClassicSteps(self, near, self.music(shape.length))
        temperature = 1.0 if drawing is None else drawing.temperature
        only_temperature = Drawing(temperature=temperature, min_p=0, repetition=0, archaic=0)
        for seed in seeds:
            rng = np.random.default_rng(seed)
            draw = NeighbourDraw(self.vocabulary, rng)
            begun = shape.beginning_with(self.first_word(plan.start, rng))
            for event in decode(steps, begun, only_temperature, seeds=(seed,), should_stop=should_stop, pick=draw):
                yield self.finished(event, plan, draw) if isinstance(event, SongWritten) else event
            if should_stop():
                return

    def finished(self, event: SongWritten, plan: Plan, draw: NeighbourDraw) -> WrittenSong:
        song = self.finish(event)
        nll = sum(draw.nats) / max(1, len(draw.nats))
        return replace(song, title=plan.title or song.title, nll_per_word=nll, choices=tuple(draw.choices))

    def write(
        self,
        plan: Plan | None = None,
        drawing: Drawing | None = None,
        *,
        melody: Path | str | Score | None = None,
        **more: Any,
    ) -> list[WrittenSong]:
        """Songs to a tune, `melody` or the one given to `hearing`; see `Model.write` for `more` and `events`."""
        return super(ClassicModel, self if melody is None else self.hearing(melody)).write(plan, drawing, **more)

    def song_plan(self, plan: Plan) -> Plan:
        """The plan: the recipe fills in nothing."""
        return plan

    def feasible(self, plan: Plan) -> None:
        """Raise `InputError` that names the first field of the plan that the recipe cannot follow."""
        if form := named(plan.form):
            refuse(f"--form {form.name}")
        for name in plan.model_fields_set - set(FREE):
            if getattr(plan, name) != Plan.model_fields[name].default:
                refuse(option(name))

    def first_word(self, start: str | None, rng: np.random.Generator) -> int:
        """The word asked for, or one with which a training song begins. Raises `InputError` for a word without a
        vector."""
        if start is None:
            firsts = [s.ids[0] for s in (s.known(self.vocabulary.unk) for s in self.songs["train"]) if len(s.ids)]
            return int(rng.choice(firsts))
        words = self.vocabulary.tokenizer.split(start)
        found = self.vocabulary.index.get(words[0]) if len(words) == 1 else None
        if found is None or words[0] in SPECIALS:
            known = [self.vocabulary.tokens[i] for i in self.word_ids]
            advice = nearest_spelling(start.lower(), known) or ": choose a word of the training songs"
            raise InputError(f"--start {start!r} has no vector{advice}")
        return found


def refuse(name: str) -> NoReturn:
    """Raise `InputError` that names an option that the recipe cannot follow."""
    taken = ", ".join(option(field) for field in FREE if field not in SWITCHES)
    raise InputError(f"{name}: a classic run follows only {taken} and a --melody; leave it out, or use another run")


# --- the parts of decoding: logits, the shape of a song, the draw


class ClassicSteps:
    """A classic run as a `StepModel`: the logits of the ten nearest words are their cosines, of other words -inf.

    The state holds the number of words read (1, B, 1), ids and cosines of the ten words nearest to the vector
    predicted last (1, B, 10 each), and the network's own state. Tokens that are not words leave it unchanged.
    """

    def __init__(self, model: ClassicModel, neighbours: Neighbours, music: Floats | None = None) -> None:
        """`neighbours`: the words that may be drawn; `music` (words, 18): the features of each word of a song; None:
        silence."""
        self.net, self.context, self.neighbours, self.music = model.net, model.context, neighbours, music
        self.vocab_size = len(model.run.vocabulary)
        self.is_word: Mask = np.zeros(self.vocab_size, dtype=bool)
        self.is_word[model.word_ids] = True

    def initial_state(self, batch: int) -> State:
        first = self.neighbours.words[:NEAREST]
        near = np.tile(first.astype(np.float32), (1, batch, 1))
        return np.zeros((1, batch, 1), np.float32), near, np.zeros_like(near), *self.net.initial_state(batch)

    def step(self, ids: Ints, state: State, features: Floats | None = None) -> tuple[Floats, State]:
        """ids (B,), features (B, 18) -> logits (B, V), new state. Rows are computed one by one, so that a song does
        not depend on the others."""
        states = []
        for i, word in enumerate(ids):
            own = tuple(part[:, i : i + 1] for part in state)
            music = None if features is None else features[i]
            states.append(self.read(int(word), own, music) if self.is_word[word] else own)
        after = tuple(np.concatenate(parts, axis=1) for parts in zip(*states, strict=True))
        logits = np.full((len(ids), self.vocab_size), -np.inf, dtype=np.float32)
        logits[:, ~self.is_word] = BREAK_LOGIT
        np.put_along_axis(logits, after[1][0].astype(np.int64), after[2][0], axis=1)
        return logits, after

    def read(self, word: int, state: State, features: Floats | None) -> State:
        """The state (of one row) after a word with the features (18,) of its music. With a context of one word, the
        network sees no word before it."""
        count, _, _, *before = state
        if features is None:
            features = np.zeros(WIDTH, np.float32) if self.music is None else self.music[int(count[0, 0, 0])]
        known = self.net.initial_state(1) if self.context == 1 else tuple(before)
        predicted, after = self.net.step(np.array([word]), features[None], known)
        words, cosines = self.neighbours.nearest(predicted[0], NEAREST)
        return count + 1, words.astype(np.float32)[None, None], cosines[None, None], *after


class EvenLines(FreeSongAutomaton):
    """Lines of `line_words` words and sections of a given number of lines: every break is known, and only words are
    drawn. If a returning section is longer than the first time, its extra lines are new."""

    def __init__(self, vocabulary: Vocabulary, plan: Plan, line_words: int, words: Ints) -> None:
        """`words`: ids of the words that may be drawn. Raises `InputError` for more than MAX_WORDS words."""
        form, lines = plan.form or FORM, plan.lines or (LINES,)
        super().__init__(vocabulary, replace(FreeSpec.of(plan), form=form, lines=lines, start=None, clean=False))
        self.words = np.zeros(len(vocabulary), dtype=bool)
        self.words[words] = True
        self.repeats = REPEATED if plan.keep_chorus else frozenset()
        self.line_words, self.first = line_words, -1
        counts = self.spec.lines
        self.length = sum(counts[i % len(counts)] for i in range(len(self.spec.form))) * line_words  # in words
        if self.length > MAX_WORDS:
            raise InputError(f"--lines: {self.length:,} words are more than {MAX_WORDS:,}: ask for fewer lines")

    def beginning_with(self, word: int) -> EvenLines:
        made = copy.copy(self)
        made.first = word
        return made

    def check_lines(self) -> None:
        """A section may return with another number of lines."""

    def start(self) -> SongState:
        return SongState(forced=(self.tag(self.spec.form[0]),))

    def allowed(self, state: SongState) -> Allowed:
        return Allowed(self.words)

    def step(self, state: SongState, token: int) -> SongState:
        after = super().step(state, token)
        return replace(after, forced=after.forced or self.known(after))

    def enter(self, state: SongState, name: str) -> SongState:
        after = super().enter(state, name)
        lines, _ = self.bounds(after)
        return replace(after, forced=after.forced[: lines * (self.line_words + 1) - 1])

    def known(self, state: SongState) -> tuple[int, ...]:
        """The next token, where it is not drawn."""
        if state.done or state.tokens < self.line_words:
            return (self.first,) if state.total == 1 and state.tokens == 0 else ()
        return (self.line_id,) if state.line < self.bounds(state)[0] else self.following(state)


class NeighbourDraw:
    """Draws the words of one song from the ten nearest and records how each was chosen."""

    def __init__(self, vocabulary: Vocabulary, rng: np.random.Generator) -> None:
        self.tokens, self.rng = vocabulary.tokens, rng
        self.nats: list[float] = []  # of each word drawn, in the distribution that it was drawn from
        self.choices: list[Choice] = []

    def __call__(self, song: Song, scores: Rows, weights: Rows) -> int:
        """A token, from log probabilities (V,) of the model and weights (V,) at the temperature. Words are in the
        order of their cosines and drawn by `Generator.choice`: so a seed gives the same song in every release."""
        near = np.flatnonzero(np.isfinite(scores))
        near = near[np.argsort(-scores[near], kind="stable")]
        plain, p = (w / w.sum() for w in (np.exp(scores[near]), weights[near]))
        drawn = int(self.rng.choice(len(near), p=p))
        self.nats.append(-math.log(p[drawn]))
        found = tuple(Candidate(self.tokens[w], float(a), float(b)) for w, a, b in zip(near, plain, p, strict=True))
        self.choices.append(Choice(song.shape.total, self.tokens[near[drawn]], 1.0, found))
        return int(near[drawn])


# --- evaluation


def accuracy(model: ClassicModel, songs: Sequence[SungWords]) -> dict[str, Any]:
    """How often the true word is the nearest to the predicted vector, is among the ten nearest, and is one of the ten
    most frequent words.

    Every word but a song's first is predicted, from the words before it. A word without a vector counts as missed,
    and the next is predicted from the last word that had one. Raises `InputError` if there is no word to predict.
    """
    unk, frequent = model.vocabulary.unk, model.word_ids[:NEAREST]
    words = sum(max(0, len(song.ids) - 1) for song in songs)
    if not words:
        raise InputError("no songs with tunes to evaluate on: name songs and --midi, or use a run with a test split")
    place = np.full(len(model.vocabulary), -1)  # of each word among the neighbours
    place[model.word_ids] = np.arange(len(model.word_ids))
    top10 = top1 = pairs = 0
    loss = 0.0
    for predicted, targets in predictions(model, [song.known(unk) for song in songs]):
        ranks = ranks_of(model.neighbours.similarities(predicted), place[targets])
        top10, top1 = top10 + int((ranks < NEAREST).sum()), top1 + int((ranks == 0).sum())
        loss += float(np.abs(predicted - model.net.vectors[targets]).mean(1).sum())
        pairs += len(targets)
    common = sum(int(np.isin(song.ids[1:], frequent).sum()) for song in songs)
    unknown = sum(int((song.ids[1:] == unk).sum()) for song in songs)
    return {
        "songs": len(songs),
        "words": words,
        "top10_accuracy": round(top10 / words, 5),
        "top1_accuracy": round(top1 / words, 5),
        "frequent10_accuracy": round(common / words, 5),
        "l1_loss": round(loss / max(1, pairs), 5),
        "unknown_share": round(unknown / words, 5),
    }


def predictions(model: ClassicModel, songs: Sequence[SungWords]) -> Iterator[tuple[Floats, Ints]]:
    """Predicted vectors (B, D) and the true words (B,), over all songs in some order."""
    songs = [song for song in songs if len(song.ids) > 1]
    if songs and model.context == 1:
        ids, targets = (np.concatenate([s.ids[part] for s in songs]) for part in (slice(-1), slice(1, None)))
        features = np.concatenate([s.features[:-1] for s in songs])
        for at in range(0, len(ids), PAIRS_AT_ONCE):
            some = slice(at, at + PAIRS_AT_ONCE)
            yield model.net.step(ids[some], features[some], model.net.initial_state(len(ids[some])))[0], targets[some]
        return
    for at in range(0, len(songs), PAIRS_AT_ONCE):
        yield from side_by_side(model, sorted(songs[at : at + PAIRS_AT_ONCE], key=lambda s: -len(s.ids)))


def side_by_side(model: ClassicModel, songs: Sequence[SungWords]) -> Iterator[tuple[Floats, Ints]]:
    """Predicted vectors (B, D) and true words (B,) of songs by falling length, the state carried through each; a song
    leaves the batch when it is over."""
    state = model.net.initial_state(len(songs))
    for t in range(len(songs[0].ids) - 1):
        alive = [song for song in songs if len(song.ids) - 1 > t]
        state = tuple(part[:, : len(alive)] for part in state)
        ids, features = np.array([s.ids[t] for s in alive]), np.stack([s.features[t] for s in alive])
        predicted, state = model.net.step(ids, features, state)
        yield predicted, np.array([s.ids[t + 1] for s in alive])
