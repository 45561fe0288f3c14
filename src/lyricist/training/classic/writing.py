"""Writing from a classic run: each word drawn from the ten whose vectors are nearest to the one predicted.

Verse, chorus, verse, chorus of LINES lines each, a chorus that comes back word for word; every line has as many words
as the training songs' lines have on average. The song's length is so known before its first word, which is what gives
each word its share of the melody.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from lyricist._io import load_arrays
from lyricist.corpus import Line, Section
from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError
from lyricist.generate.constraint import Constraint
from lyricist.generate.loaded_run import RunFiles
from lyricist.generate.result import Candidate, Choice, LineWritten, WrittenSong, title_of
from lyricist.generate.writer import Model
from lyricist.melody.tune import Score
from lyricist.model.checkpoint import Run
from lyricist.model.copy_index import COPY_INDEX
from lyricist.model.tokens import SPECIALS
from lyricist.plan.parse import nearest as nearest_spelling
from lyricist.plan.parse import option
from lyricist.plan.plan import Drawing, Plan
from lyricist.training.classic.features import Floats, melody_features
from lyricist.training.classic.songs import DATA, Ints, SungWords, heard_score, load_songs
from lyricist.training.classic.stepping import Neighbours, State, SteppedNet
from lyricist.training.classic.vectors import vectors_of
from lyricist.training.hits import NEAREST

FORM, LINES = ("verse", "chorus", "verse", "chorus"), 4
COMING_BACK = frozenset({"chorus", "refrain", "hook"})
MAX_WORDS = 20_000  # of a song
FREE = ("form", "lines", "start", "title", "clean", "keep_chorus")  # fields of a plan that the recipe can follow
OFF = {"clean", "keep_chorus"}  # of those, switches

Music = Callable[[int], Floats]  # words of a song -> (words, 18) the features of each


class ClassicModel(Model):
    """A classic run to write from. `hearing` gives it a tune, without which it writes nothing.

    >>> load("classic-run").write(Plan(start="love"), melody="tune.mid", seed=1)  # doctest: +SKIP
    """

    def __init__(self, run: Run) -> None:
        super().__init__(NoSteps(), run.vocabulary, files=RunFiles(copies=run.path / COPY_INDEX))
        self.run, vectors = run, vectors_of(run)
        self.net = SteppedNet(run.config["model"], load_arrays(run.file("weights.safetensors")), vectors)
        self.context, self.line_words = run.config["model"]["context"], int(run.config["line_words"])
        tokens = run.vocabulary.tokens
        self.word_ids: Ints = np.array([i for i, token in enumerate(tokens) if token not in SPECIALS])
        self.neighbours = Neighbours(vectors, self.word_ids)
        self.music: Music | None = None

    @cached_property
    def clean_neighbours(self) -> Neighbours:
        tokens = self.vocabulary.tokens
        kept = [int(i) for i in self.word_ids if not is_unclean(tokens[i])]
        return Neighbours(self.net.vectors, np.array(kept, dtype=np.int64))

    @cached_property
    def songs(self) -> dict[str, list[SungWords]]:
        """What the run was trained, validated and is tested on, by split."""
        return load_songs(self.run.path / DATA)

    def hearing(self, melody: Path | str | Score | Music) -> ClassicModel:
        """The same model with a tune to write for: a file, a score, or any function from a number of words to their
        features. InputError for a file that is no tune."""
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
        """One song per seed, lines as they are made. Of a plan `FREE` is followed and of a drawing the temperature (1
        without one); InputError for anything else that is asked for, and without a tune."""
        plan = plan or Plan()
        self.feasible(plan)
        if constraints or keep:
            raise InputError("a classic run takes no conditions on its words: use the project's own model")
        if self.music is None:
            raise InputError("a classic run writes to a tune: name one with --melody")
        for seed in seeds:
            if should_stop():
                return
            yield from Draft(self, self.music, plan, 1.0 if drawing is None else drawing.temperature, seed).events()

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
        melody: Path | str | Score | None = None,
    ) -> list[WrittenSong]:
        """`count` songs to a tune, `melody` or the one it is hearing; see `Model.write` and `events`."""
        model = self if melody is None else self.hearing(melody)
        return super(ClassicModel, model).write(
            plan, drawing, seed=seed, count=count, constraints=constraints, keep=keep, explain=explain
        )

    def feasible(self, plan: Plan) -> None:
        """InputError that names the first wish the recipe knows nothing of."""
        for name in plan.model_fields_set - set(FREE):
            if getattr(plan, name) != Plan.model_fields[name].default:
                refuse(option(name))

    def first_word(self, start: str | None, rng: np.random.Generator) -> int:
        """The word asked for, or one with which a training song begins. InputError for a word without a vector."""
        if start is None:
            firsts = [
                s.ids[0] for s in (song.known(self.vocabulary.unk) for song in self.songs["train"]) if len(s.ids)
            ]
            return int(rng.choice(firsts))
        words = self.vocabulary.tokenizer.split(start)
        found = self.vocabulary.index.get(words[0]) if len(words) == 1 else None
        if found is None or words[0] in SPECIALS:
            known = [self.vocabulary.tokens[i] for i in self.word_ids]
            advice = nearest_spelling(start.lower(), known) or ": choose a word of the training songs"
            raise InputError(f"--start {start!r} has no vector{advice}")
        return found


def refuse(name: str) -> NoReturn:
    taken = ", ".join(option(field) for field in FREE if field not in OFF)
    raise InputError(f"{name}: a classic run follows only {taken} and a --melody; leave it out, or use another run")


class NoSteps:
    """A classic run predicts a vector, so there are no probabilities of words to step through."""

    vocab_size = 0

    def initial_state(self, batch: int) -> NoReturn:
        raise InputError("a classic run gives no probabilities of words: use its own write and evaluate")

    def step(self, *_: Any) -> NoReturn:
        self.initial_state(0)


class Draft:
    """A song as it is being written."""

    def __init__(self, model: ClassicModel, music: Music, plan: Plan, temperature: float, seed: int) -> None:
        self.model, self.plan, self.temperature, self.seed = model, plan, temperature, seed
        self.rng = np.random.default_rng(seed)
        self.form = plan.form or FORM
        self.lines = [plan.lines[i % len(plan.lines)] if plan.lines else LINES for i in range(len(self.form))]
        words = sum(self.lines) * model.line_words
        if words > MAX_WORDS:
            raise InputError(f"--lines: {words:,} words are more than {MAX_WORDS:,}: ask for fewer lines")
        self.features = music(words)
        self.near = model.clean_neighbours if plan.clean else model.neighbours
        self.state: State = model.net.initial_state(1)
        self.ids: list[int] = []
        self.predicted: Floats = np.zeros(0, dtype=np.float32)  # the vector after the last word
        self.nats: list[float] = []
        self.choices: list[Choice] = []
        self.line = 0

    def events(self) -> Iterator[LineWritten | WrittenSong]:
        sections: list[Section] = []
        kept: dict[str, list[list[int]]] = {}  # the words of what comes back
        for name, lines in zip(self.form, self.lines, strict=True):
            texts: list[Line] = []
            again = kept.get(name) if self.plan.keep_chorus and name in COMING_BACK else None
            made: list[list[int]] = []
            for i in range(lines):
                self.line += 1
                made.append(self.write_line(again[i] if again and i < len(again) else None))
                texts.append(Line(self.text(made[-1])))
                yield LineWritten(self.seed, texts[-1].text, "" if i else name, first=self.line == 1)
            kept.setdefault(name, made)
            sections.append(Section(name, tuple(texts)))
        yield self.finished(tuple(sections))

    def write_line(self, given: list[int] | None) -> list[int]:
        """The ids of the next line: those given, or as many as a line has, drawn."""
        ids = []
        for i in range(len(given) if given else self.model.line_words):
            ids.append(given[i] if given else self.draw())
            self.read(ids[-1])
        return ids

    def read(self, word: int) -> None:
        """Have the network see a word and its music; with a context of one word it knows no other."""
        state = self.model.net.initial_state(1) if self.model.context == 1 else self.state
        music = self.features[len(self.ids)][None]
        predicted, self.state = self.model.net.step(np.array([word]), music, state)
        self.predicted = predicted[0]
        self.ids.append(word)

    def draw(self) -> int:
        """A word by the softmax of the cosines of the ten nearest; the first word is given."""
        if not self.ids:
            return self.model.first_word(self.plan.start, self.rng)
        words, cosines = self.near.nearest(self.predicted, NEAREST)
        p = softmax(cosines, self.temperature)
        drawn = int(self.rng.choice(len(words), p=p))
        self.nats.append(-math.log(p[drawn]))
        tokens, plain = self.model.vocabulary.tokens, softmax(cosines, 1.0)
        found = tuple(Candidate(tokens[w], float(a), float(b)) for w, a, b in zip(words, plain, p, strict=True))
        self.choices.append(Choice(self.line, tokens[words[drawn]], 1.0, found))
        return int(words[drawn])

    def text(self, ids: Sequence[int]) -> str:
        return self.model.vocabulary.write_line([self.model.vocabulary.tokens[i] for i in ids])

    def finished(self, sections: tuple[Section, ...]) -> WrittenSong:
        index = self.model.copy_index
        copied = index.longest_run([self.model.vocabulary.tokens[i] for i in self.ids])[0] if index else None
        nll = sum(self.nats) / max(1, len(self.nats))
        title = self.plan.title or title_of(sections, self.model.vocabulary.rarity)
        return WrittenSong(title, self.seed, sections, nll, copied, choices=tuple(self.choices))


def softmax(cosines: Floats, temperature: float) -> Floats:
    """
    >>> softmax(np.array([0.5, 0.5]), 1.0).tolist()
    [0.5, 0.5]
    """
    scores = cosines.astype(np.float64) / temperature
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())
