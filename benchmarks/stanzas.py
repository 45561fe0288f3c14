"""Shared by price_of_form.py and blind_reading.py: two forms, and stanzas of people and of models in them.

A stanza is four lines of words as the tokeniser cuts them. A stanza of a song has a form if one choice of readings
satisfies syllables, metre and rhyme of all its lines; words no dictionary has are read by the pronunciation model.
"""

from __future__ import annotations

import copy
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from lyricist.corpus import Song, prepare
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.check import EVERY_SONG
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import SongWritten, WrittenSong
from lyricist.generate.song import ExactSongAutomaton, compile_song
from lyricist.generate.writer import Model
from lyricist.model.runtime import BlockModel
from lyricist.model.tokens import SPECIALS
from lyricist.plan.plan import Drawing, Plan, with_defaults
from lyricist.plan.shape import FREE
from lyricist.plan.song_spec import LineSpec, SongSpec, lay_out
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import kind
from lyricist.prosody.scan import best_choice

Stanza = tuple[tuple[str, ...], ...]
T = TypeVar("T")

FORMS = {
    "common metre ABAB": Plan(form=("verse",), lines=(4,), syllables=(8, 6), metre=("iambic",), rhyme=("ABAB",)),
    "pentameter AABB": Plan(form=("verse",), lines=(4,), syllables=(10,), metre=("iambic",), rhyme=("AABB",)),
}
LINES = 4
FREELY = SongSpec(
    tuple(LineSpec(0, "verse", i, FREE, -1, None, "", "", -1) for i in range(LINES)), (), (), (), True
)  # four lines of 4 to 12 syllables and nothing else

split = WordTokenizer().split


# --- what people wrote


def all_songs(folder: Path) -> Iterator[Song]:
    """Every song of a folder of song files."""
    with tempfile.TemporaryDirectory() as place:
        yield from prepare(folder, out=Path(place) / "songs", options=EVERY_SONG).songs()


def stanzas_of(songs: Iterable[Song], fits: Callable[[Stanza], bool] = lambda stanza: True) -> list[Stanza]:
    """Runs of four lines of a section that fit, from its first line on, none overlapping; each once."""
    found: dict[Stanza, None] = {}
    for song in songs:
        for section in song.sections:
            lines = [words for words in (tuple(split(line.text)) for line in section.lines) if words]
            i = 0
            while i + LINES <= len(lines):
                stanza = tuple(lines[i : i + LINES])
                if fits(stanza):
                    found[stanza] = None
                i += LINES if stanza in found else 1
    return list(found)


def form_test(plan: Plan, lexicon: Lexicon | None = None) -> Callable[[Stanza], bool]:
    """Whether a stanza has the form of a plan of one section without kept lines.

    >>> has = form_test(Plan(form="verse", lines=2, syllables=4, metre="iambic", rhyme="AA"))
    >>> has((("the", "light", "of", "day"), ("will", "fade", "away"))), has((("a", "b"), ("c", "d")))
    (True, False)
    """
    lexicon = lexicon or default_lexicon()
    laid = lay_out(with_defaults(plan))
    slots = [line.templates[0] for line in laid.lines]
    pairs = [(i, j) for i, j in combinations(range(len(slots)), 2) if -1 < laid.lines[i].group == laid.lines[j].group]

    @lru_cache(maxsize=200_000)
    def ends(words: tuple[str, ...], template: str) -> tuple[Reading, ...]:
        """Readings of the last word with which the line fills its slots."""
        choices = [lexicon.readings(word) for word in words]
        if not all(choices) or not words:
            return ()
        return tuple(r for r in choices[-1] if best_choice([*choices[:-1], (r,)], template, None) is not None)

    def has(stanza: Stanza) -> bool:
        found: list[tuple[Reading, ...]] = []
        for words, template in zip(stanza, slots, strict=True):
            found.append(ends(words, template))
            if not found[-1]:
                return False
        return all(any(kind(a, b) == "perfect" for a in found[i] for b in found[j]) for i, j in pairs)

    return has


# --- what is written


def write_stanzas(model: Model, plan: Plan, count: int, seed: int = 1) -> list[Stanza]:
    """Stanzas written to a plan by the default drawing."""
    made = model.events(plan, Drawing(), range(seed, seed + count))
    songs = sorted((e for e in made if isinstance(e, WrittenSong)), key=lambda song: song.seed)
    return [tuple(tuple(split(line.text)) for s in song.sections for line in s.lines) for song in songs]


def write_freely(model: Model, count: int, seed: int = 1) -> list[Stanza]:
    """Four lines of 4 to 12 syllables each, by the default drawing."""
    writer = model.compile(Plan(syllables=(8,)))  # for its table of words
    song = compile_song(writer.table, FREELY, writer.blocks.columns)
    engine = ExactEngine(writer.blocks, song, Drawing(), CopyBan(model.copy_index, song.table.words, Plan().max_copy))
    return [lines_of(e.ids, song) for e in engine.write(range(seed, seed + count)) if isinstance(e, SongWritten)]


def compiled(model: Model, plan: Plan) -> tuple[ExactSongAutomaton, BlockModel]:
    """A plan as the writer compiles it, with the model as the writer runs it, over all its words."""
    writer = model.compile(plan.model_copy(update={"all_words": True}))
    return writer.song, writer.blocks


class Untold(Model):
    """A model with plan features that is told no plan."""

    groups = ()

    @classmethod
    def of(cls, model: Model) -> Untold:
        made = copy.copy(model)
        made.__class__, made.last_planned = cls, None
        assert isinstance(made, cls)
        return made


def ways(model: Model) -> dict[str, Model]:
    """A model as it is and, if it has plan features, also told no plan."""
    return {", told": model, ", not told": Untold.of(model)} if model.groups else {"": model}


def lines_of(ids: Sequence[int], song: ExactSongAutomaton) -> Stanza:
    """The lines of a written song, in the order of reading."""
    out: list[list[str]] = []
    for word in (song.table.words[i] for i in ids[:-1]):
        if word in SPECIALS:
            out.append([])
        else:
            out[-1].append(word)
    return tuple(tuple(line[::-1] if song.backward else line) for line in out)


# --- samples of equal size


def equal_samples(groups: Sequence[Sequence[T]], size: Callable[[T], int], draws: int) -> list[list[list[T]]]:
    """For every group `draws` random samples without replacement, as large in `size` as the smallest group.

    Entropies, shares of the commonest and distinct-2 depend on the sample size and are comparable only so.

    >>> [[len(sample) for sample in samples] for samples in equal_samples([[1] * 9, [1] * 4], lambda x: x, 2)]
    [[4, 4], [4, 4]]
    """
    least = min(sum(map(size, group)) for group in groups)
    rng = random.Random(0)
    return [[cut(rng.sample(list(group), len(group)), size, least) for _ in range(draws)] for group in groups]


def cut(things: Iterable[T], size: Callable[[T], int], most: int) -> list[T]:
    """Things from the first on until their sizes sum to `most`."""
    out: list[T] = []
    for thing in things:
        if most <= 0:
            break
        out.append(thing)
        most -= size(thing)
    return out
