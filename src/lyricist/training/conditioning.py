"""Plan features of a corpus: what `prosody.planfeatures` needs of every token, beside the token arrays.

`TOKENS/plan/` holds per split `SPLIT.left` (uint8) and `SPLIT.at` (uint32), one for every token, `SPLIT.codes`
(uint8), one for every syllable, `SPLIT.notes` (4 x int8), one for every syllable of songs with a tune, and
`SPLIT.npy` (songs + 1, 2), where each song's syllables and notes begin. They are made in a stream, and only
when a training asks for them; rows of features are made window by window.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._numbers import chance
from lyricist.corpus import Corpus, Line, Song
from lyricist.corpus.tokenizer import Tokenizer, WordTokenizer
from lyricist.errors import InputError
from lyricist.model.tokens import SPECIALS, Order
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.planfeatures import (
    NO_NOTE,
    THEME,
    UNPLANNED,
    Floats,
    LinePlan,
    Note,
    SongSlots,
    ahead,
    features,
    fitted,
    places,
    slot_features,
    song_slots,
    tune_features,
    width,
)
from lyricist.training.themes import Themes
from lyricist.training.token_arrays import SPLITS, TokenSet

FORMAT = 1
# How often a song is shown without its plan, without its slots, its metre or its tune, and a slot as unknown.
OFF = {"all": 0.3, "slots": 0.2, "metre": 0.3, "tune": 0.25, "slot": 0.1}
THEME_OFF = 0.4  # how often it is shown without its theme

Array = npt.NDArray[Any]


# --- songs


@dataclass(frozen=True)
class PlannedSong:
    """What is known of a song's lines, and the syllables of their words, in the order of reading."""

    lines: tuple[LinePlan, ...]
    counts: tuple[tuple[int, ...], ...]

    def slots(self, backward: bool) -> SongSlots:
        return song_slots(self.lines, backward)

    def rows(self, order: Order, groups: Sequence[str], theme: Floats | None = None) -> Floats:
        """(N, F) a row for every token of the song; `theme` (N, 64) as `Themes` gives it, None: no theme."""
        return features(*places(self.lines, self.counts), self.slots(order == "backward"), groups, theme)

    def without_tune(self, metre: bool = True) -> PlannedSong:
        """The same song without its notes, or also without its metre: only the number of syllables is left."""
        shown = [line.template if metre else "?" * len(line.template) for line in self.lines]
        return PlannedSong(tuple(LinePlan(template) for template in shown), self.counts)


def planned_song(song: Song, tokenizer: Tokenizer, order: Order, lexicon: Lexicon) -> PlannedSong:
    """The plan that a song's lines can be read as: that of their tune, else a metre that suits their words."""
    if not isinstance(tokenizer, WordTokenizer):
        raise InputError("plan features are for models of whole words: leave out --features or --tokenizer")
    read = [planned_line(line, tokenizer, lexicon) for line in song.lines()]
    way = 1 if order == "forward" else -1
    return PlannedSong(tuple(plan for plan, _ in read), tuple(tuple(counts[::way]) for _, counts in read))


def planned_line(line: Line, tokenizer: WordTokenizer, lexicon: Lexicon) -> tuple[LinePlan, list[int]]:
    pairs = tokenizer.split_surface(line.text)
    if line.slots and pairs:
        notes = tuple(Note(s.duration, s.pitch, s.strength, s.rest) for s in line.slots)
        template = "".join("/" if slot.strong else "x" for slot in line.slots)
        return LinePlan(template, notes), sung_counts(line, [surface for _, surface in pairs])
    words = []
    for word, _ in pairs:
        reading = next(iter(lexicon.readings(word)), None)
        words.append((reading.stress if reading else "", word in FUNCTION_WORDS))
    return LinePlan(fitted(tuple(words))), [len(stress) for stress, _ in words]


def sung_counts(line: Line, surfaces: Sequence[str]) -> list[int]:
    """How many of a line's slots each of its words is sung on; signs around words belong to them."""
    text, ends, done = line.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"), [], 0
    for surface in surfaces:
        done = text.find(surface, done) + len(surface)
        ends.append(done)
    counts = [0] * len(surfaces)
    for slot in line.slots:
        counts[min(bisect_right(ends, slot.at), len(ends) - 1)] += 1
    return counts


def with_wrong_tunes(songs: Sequence[PlannedSong], seed: int = 0) -> list[PlannedSong]:
    """Songs whose lines have the notes of another song's lines of as many slots; where there are none, none."""
    pool: dict[int, list[tuple[int, LinePlan]]] = {}
    for i, song in enumerate(songs):
        for line in song.lines:
            if line.notes:
                pool.setdefault(len(line.notes), []).append((i, line))
    rng = np.random.default_rng(seed)

    def other(i: int, line: LinePlan) -> LinePlan:
        found = [each for j, each in pool.get(len(line.notes), ()) if j != i] if line.notes else []
        return LinePlan(line.template, found[rng.integers(len(found))].notes if found else ())

    return [PlannedSong(tuple(other(i, x) for x in song.lines), song.counts) for i, song in enumerate(songs)]


# --- a corpus


@dataclass
class PlanSplit:
    """One split; arrays as in the module's docstring. `themes` of its songs, where a network sees them."""

    left: Array
    at: Array
    codes: Array
    notes: Array
    starts: npt.NDArray[np.int64]
    themes: Themes | None = None

    def rows(self, tokens: Array, songs: Array, groups: Sequence[str], hide: tuple[int, int] | None = None) -> Floats:
        """(..., F) the rows of tokens (...,), which lie in `songs` (...,). With `hide` = (seed, epoch) some of it is
        not shown, song by song: a pure function of these and the song."""
        hidden = Hidden(songs, *hide) if hide is not None else None
        at = self.at[tokens].astype(np.int64)
        left = self.left[tokens]
        parts = []
        if "slots" in groups:
            own = left if hidden is None else np.where(hidden.slots, UNPLANNED, left)
            where = self.starts[songs, 0] + at
            codes = ahead(own, where, self.codes, 0)
            parts.append(slot_features(own, codes if hidden is None else hidden.metre(codes, where)))
        if "tune" in groups:
            silent = self.starts[songs, 1] == self.starts[songs + 1, 1]
            silent = silent if hidden is None else silent | hidden.tune
            notes = ahead(np.where(silent, UNPLANNED, left), self.starts[songs, 1] + at, self.notes, NO_NOTE)
            parts.append(tune_features(notes))
        if THEME in groups:
            parts.append(self.theme_rows(tokens, hidden))
        return np.concatenate(parts, axis=-1)

    def theme_rows(self, tokens: Array, hidden: Hidden | None) -> Floats:
        assert self.themes is not None
        if hidden is None:
            return self.themes.rows(tokens)
        out = np.zeros((*tokens.shape, width((THEME,))), dtype=np.float32)
        out[~hidden.theme] = self.themes.rows(tokens[~hidden.theme], hidden.seed, hidden.epoch)
        return out


class Hidden:
    """What is not shown of the songs (...,) of a window in an epoch."""

    def __init__(self, songs: Array, seed: int, epoch: int) -> None:
        self.seed, self.epoch = seed, epoch
        draw = {name: chance(seed, epoch, i, songs) < share for i, (name, share) in enumerate(OFF.items())}
        self.slots, self.tune = draw["all"] | draw["slots"], draw["all"] | draw["tune"]
        self.no_metre = draw["metre"]
        self.theme = draw["all"] | (chance(seed, epoch, len(OFF) + 1, songs) < THEME_OFF)

    def metre(self, codes: Array, where: Array) -> Array:
        """Codes (..., AHEAD) of the slots from `where` (...,) on, the unknown ones 0."""
        slots = where[..., None] + np.arange(codes.shape[-1])
        unknown = chance(self.seed, self.epoch, len(OFF), slots) < OFF["slot"]
        return np.where(unknown | self.no_metre[..., None], 0, codes)


@dataclass
class PlanSet:
    """The plan arrays beside a `TokenSet`."""

    path: Path
    keep_alive: object = field(default=None, repr=False)  # a temporary directory, where the corpus is read-only
    vectors: Floats | None = None  # (V, 64) topical, of the vocabulary's words, for a network that sees themes

    def split(self, name: str) -> PlanSplit:
        arrays = [mapped(self.path / f"{name}.{part}", kind) for part, kind in KINDS.items()]
        return PlanSplit(
            arrays[0], arrays[1], arrays[2], arrays[3].reshape(-1, 4), np.load(self.path / f"{name}.npy")
        )


KINDS: dict[str, Any] = {"left": np.uint8, "at": np.uint32, "codes": np.uint8, "notes": np.int8}


def mapped(path: Path, kind: Any) -> Array:
    """A file of numbers, mapped into memory; an empty one cannot be."""
    return np.memmap(path, dtype=kind, mode="r") if path.stat().st_size else np.zeros(0, dtype=kind)


def plan_set(corpus: Corpus, tokens: TokenSet, lexicon: Lexicon | None = None) -> PlanSet:
    """The plan arrays of a corpus's token arrays: those beside them, or made now."""
    lexicon, home = lexicon or default_lexicon(), tokens.path / "plan"
    wanted = {"format": FORMAT, "corpus": corpus.fingerprint, "lexicon": lexicon.digest}
    if said(home) == wanted:
        return PlanSet(home)
    try:
        made = Path(tempfile.mkdtemp(prefix=".plan-", dir=tokens.path))
    except OSError:
        place = tempfile.TemporaryDirectory(prefix="lyricist-plan-")
        build(corpus, tokens, lexicon, wanted, Path(place.name))
        return PlanSet(Path(place.name), place)
    try:
        build(corpus, tokens, lexicon, wanted, made)
        shutil.rmtree(home, ignore_errors=True)
        os.replace(made, home)
    except OSError as e:
        raise InputError(f"{home}: cannot write the plan arrays ({e.strerror}): free some disk space") from e
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return PlanSet(home)


def said(home: Path) -> Any:
    try:
        return json.loads((home / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def build(corpus: Corpus, tokens: TokenSet, lexicon: Lexicon, facts: dict[str, Any], home: Path) -> None:
    """Read every song once."""
    tokenizer = WordTokenizer()
    lexicon.many([token for token in tokens.tokens if token not in SPECIALS])  # all guesses at once: much quicker
    for split in SPLITS:
        starts = [(0, 0)]
        with ExitStack() as stack:
            files = [stack.enter_context(open(home / f"{split}.{part}", "wb")) for part in KINDS]
            for song in corpus.songs(split):
                made = planned_song(song, tokenizer, tokens.order, lexicon)
                slots = made.slots(tokens.order == "backward")
                for file, array in zip(
                    files, (*places(made.lines, made.counts), slots.codes, slots.notes), strict=True
                ):
                    array.tofile(file)
                starts.append((starts[-1][0] + len(slots.codes), starts[-1][1] + len(slots.notes)))
        np.save(home / f"{split}.npy", np.array(starts, dtype=np.int64))
    (home / "plan.json").write_text(json.dumps(facts), encoding="utf-8")
