"""Plan features of a corpus: what `prosody.features` needs of every token, beside the token arrays, and themes.

`TOKENS/plan/` holds per split `SPLIT.left` (uint8) and `SPLIT.at` (uint32), one for every token, `SPLIT.codes`
(uint8), one for every syllable, `SPLIT.notes` (4 x int8), one for every syllable of songs with a tune, and
`SPLIT.npy` (songs + 1, 2), where each song's syllables and notes begin. They are made in a stream, and only when a
training asks for them; rows of features are computed window by window.

A line's theme is made of the words of the other lines: it never shows a word that the line itself contains. Which
words are taken depends on the seed, the epoch and the song alone. A text without song breaks is cut into pieces with
a theme each. A line's outline is its last word, its four rarest other words that are no function words, its persons,
and the last words of the lines after it; parts of it are hidden line by line.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import load_npy, open_plain, read_json
from lyricist._numbers import chance
from lyricist.corpus import Corpus, Line, Song
from lyricist.corpus.grammar import is_subject_form, person_of
from lyricist.corpus.tokenizer import Tokenizer, WordTokenizer
from lyricist.errors import InputError, RunError
from lyricist.model.tokens import BREAKS, END, SONG, SPECIALS, Order, Vocabulary
from lyricist.prosody.features import (
    NEXT,
    NO_NOTE,
    OUTLINE,
    PEOPLE,
    SAID,
    THEME,
    UNPLANNED,
    WIDTHS,
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
    theme_features,
    tune_features,
)
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.training.token_arrays import SPLITS, TokenSet, make_arrays

FORMAT = 1
# Probability that a song is shown without its plan, its slots, its metre or its tune, and a slot as unknown.
OFF = {"all": 0.2, "slots": 0.2, "metre": 0.3, "tune": 0.25, "slot": 0.1}
THEME_OFF = 0.4  # probability that it is shown without its theme
OUTLINE_OFF = 0.2  # and without its outline
WORD_OFF = (0.1, 0.25, 0.25, 0.25, 0.25, 0.15, 0.2, 0.2, 0.25, 0.3)  # probability that a number of its row is hidden
MOST = 6  # words of a theme
PIECE = 1_000  # tokens above which a song is cut into pieces
RARER = 0.25  # power of a word's rank in its weight
RANKED = 100  # added to ranks, so that the very commonest words have similar weights
DRAWN = 16  # what `chance` draws: the words; DRAWN + 1: their number; DRAWN + 2: the hidden words of outlines

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


# --- songs


@dataclass(frozen=True)
class PlannedSong:
    """The plan of each line of a song, and the syllables of its words in reading order."""

    lines: tuple[LinePlan, ...]
    counts: tuple[tuple[int, ...], ...]

    def slots(self, backward: bool) -> SongSlots:
        return song_slots(self.lines, backward)

    def rows(self, order: Order, groups: Sequence[str], theme: Floats | None = None) -> Floats:
        """(N, F) the features of every token of the song; `theme` (N, 64) from `Themes`, None: no theme."""
        return features(*places(self.lines, self.counts), self.slots(order == "backward"), groups, theme)

    def without_tune(self, metre: bool = True) -> PlannedSong:
        """The same song without its notes and, with `metre` false, with only its syllable counts."""
        shown = [line.template if metre else "?" * len(line.template) for line in self.lines]
        return PlannedSong(tuple(LinePlan(template) for template in shown), self.counts)


def planned_song(song: Song, tokenizer: Tokenizer, order: Order, lexicon: Lexicon) -> PlannedSong:
    """The plan that fits a song's lines: that of their tune, else a metre that suits their words.

    Raises `InputError` for tokenisers that do not split into words.
    """
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
    """How many of a line's slots each of its words is sung on; punctuation belongs to its word."""
    text, ends, done = line.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"), [], 0
    for surface in surfaces:
        done = text.find(surface, done) + len(surface)
        ends.append(done)
    counts = [0] * len(surfaces)
    for slot in line.slots:
        counts[min(bisect_right(ends, slot.at), len(ends) - 1)] += 1
    return counts


def with_wrong_tunes(songs: Sequence[PlannedSong], seed: int = 0) -> list[PlannedSong]:
    """Songs whose lines have the notes of another song's lines with as many slots, or no notes."""
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


# --- themes: a few of a song's content words, as the direction of their topical vectors


@dataclass
class Themes:
    """The themes of a split: `ids` (N,), which `remap` maps to ids of the vocabulary, `bounds` (pieces + 1,), where
    songs and pieces of songs begin, and the end, and the words' topical `vectors` (V, 64)."""

    ids: Array
    remap: Array
    bounds: Ints
    vocabulary: Vocabulary
    vectors: Floats

    @classmethod
    def of(cls, ids: Array, starts: Ints, remap: Array, vocabulary: Vocabulary, vectors: Floats) -> Themes:
        """`ids` (N,), `remap` (tokens,), `vectors` (V, 64), and `starts` (songs + 1,): where songs begin, and the
        end."""
        breaks = numbered(vocabulary, BREAKS)[remap]
        cuts = [starts]
        for s in np.flatnonzero(np.diff(starts) > PIECE):
            at = starts[s] + np.flatnonzero(breaks[ids[starts[s] : starts[s + 1]]])
            after = np.searchsorted(at, np.arange(starts[s] + PIECE, starts[s + 1], PIECE))
            cuts.append(at[np.unique(after[after < len(at) - 1])])  # the last break ends the song
        return cls(ids, remap, np.unique(np.concatenate(cuts)).astype(np.int64), vocabulary, vectors)

    @cached_property
    def breaks(self) -> npt.NDArray[np.bool_]:
        """(V,) the tokens between lines."""
        return numbered(self.vocabulary, BREAKS)

    @cached_property
    def outside(self) -> npt.NDArray[np.bool_]:
        """(V,) the tokens outside of lines."""
        return numbered(self.vocabulary, (SONG, END))

    @cached_property
    def content(self) -> npt.NDArray[np.bool_]:
        """(V,) the words that have a topical vector."""
        return np.asarray(self.vectors.any(axis=1))

    @cached_property
    def weight(self) -> npt.NDArray[np.float64]:
        """(V,) the weight with which a word is drawn."""
        ranks = np.arange(len(self.vocabulary), dtype=np.float64)
        return np.asarray((ranks + RANKED) ** RARER * self.content)

    def rows(self, tokens: Array, seed: int = 0, epoch: int = 0, apart: int = 0) -> Floats:
        """(..., 64) the theme at positions `tokens` (...,), zeros outside of lines. `apart`: the theme of the piece
        that many pieces later, for comparisons."""
        at = tokens.reshape(-1).astype(np.int64)
        pieces, which = np.unique(np.searchsorted(self.bounds, at, side="right") - 1, return_inverse=True)
        read = self.read(pieces)
        taken = self.taken(read if not apart else self.read((pieces + apart) % (len(self.bounds) - 1)), seed, epoch)
        place = read.first[which] + at - self.bounds[pieces][which]
        lines, line_of = np.unique(read.line[place], return_inverse=True)
        owner = np.zeros(read.line[-1:].sum() + 1, dtype=np.int64)
        owner[read.line] = read.owner
        shown = (taken >= 0)[owner[lines]] & ~held(read, taken)[lines]
        vectors = self.vectors[np.maximum(taken, 0)][owner[lines]]  # (lines, MOST, 64)
        made = theme_features((vectors * shown[..., None]).sum(axis=1))[line_of]
        made[self.outside[read.words[place]]] = 0
        return made.reshape(*tokens.shape, WIDTHS["theme"])

    def outlines(self, tokens: Array, seed: int | None = None, epoch: int = 0) -> Floats:
        """(..., TOLD) the outline at positions `tokens` (...,), zeros outside of lines; a seed hides parts."""
        at = tokens.reshape(-1).astype(np.int64)
        pieces, which = np.unique(np.searchsorted(self.bounds, at, side="right") - 1, return_inverse=True)
        read = self.read(pieces)
        place = read.first[which] + at - self.bounds[pieces][which]
        rows = outline_rows(self.said(read), read, seed, epoch, self.bounds[pieces])
        made = rows[read.line[place]]
        made[self.outside[read.words[place]]] = 0
        return np.asarray(made.reshape(*tokens.shape, WIDTHS[OUTLINE]), dtype=np.float32)

    def said(self, read: Reading) -> Ints:
        """(lines, SAID + PEOPLE) of each line the last word, its rarest other words in the order of the line, and its
        persons, as 1 + id, 0 for none. Ids grow with rarity."""
        out = np.zeros((int(read.line[-1]) + 1, SAID + PEOPLE), dtype=np.int64)
        inside = np.flatnonzero(~self.breaks[read.words] & ~self.outside[read.words])
        inside = inside[self.speech_order(read.line[inside])]
        lines, words = read.line[inside], read.words[inside].astype(np.int64)
        ends = ends_of(lines, backward=False)
        out[lines[ends], 0] = words[ends] + 1
        kept = self.telling[words] & ~ends & (words != out[lines, 0] - 1)
        at, which = lines[kept], words[kept]
        rarest = np.lexsort((-which, at))
        rarest = np.sort(rarest[rank_in(at[rarest]) < SAID - 1])
        out[at[rarest], 1 + rank_in(at[rarest])] = which[rarest] + 1
        self.people(out, lines, words)
        return out

    def speech_order(self, lines: Ints) -> Ints:
        """(N,) the order in which words of these lines (N,), which are in the order of reading, are said."""
        if self.vocabulary.order != "backward":
            return np.arange(len(lines))
        return np.lexsort((-np.arange(len(lines)), lines))

    def people(self, out: Ints, lines: Ints, words: Ints) -> None:
        """Set the pronouns of every line of `out` (lines, SAID + PEOPLE): the first subject, "nobody" where there is
        none, and the first of another person. `lines`, `words` (N,) as they are said."""
        person, subject = self.persons
        nobody = self.vocabulary.index.get("nobody", -1) + 1
        out[lines, SAID] = nobody
        acting = np.flatnonzero(subject[words])[::-1]
        out[lines[acting], SAID] = words[acting] + 1
        who = np.append(person, 0)[out[lines, SAID] - 1] * (out[lines, SAID] != nobody)
        others = np.flatnonzero((person[words] > 0) & (person[words] != who))[::-1]
        out[lines[others], SAID + 1] = words[others] + 1

    @cached_property
    def telling(self) -> npt.NDArray[np.bool_]:
        """(V,) words that an outline may hold beside a line's last word."""
        return np.array([t not in SPECIALS and tells(t) for t in self.vocabulary.tokens])

    @cached_property
    def persons(self) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """(V,) a number for the person that a word is a form of, 0 for none, and (V,) which words are subjects."""
        numbers: dict[str, int] = {"": 0}
        named = [numbers.setdefault(person_of(t), len(numbers)) for t in self.vocabulary.tokens]
        return np.array(named), np.array([is_subject_form(t) for t in self.vocabulary.tokens])

    def read(self, pieces: Ints) -> Reading:
        """The tokens of these pieces (P,), concatenated."""
        begin = self.bounds[pieces]
        lengths = self.bounds[pieces + 1] - begin
        first = np.cumsum(lengths) - lengths
        owner = np.repeat(np.arange(len(pieces)), lengths)
        words = self.remap[self.ids[np.arange(len(owner)) + (begin - first)[owner]]]
        content = np.flatnonzero(self.content[words])
        return Reading(pieces, first, owner, words, np.cumsum(self.breaks[words]), content)

    def taken(self, read: Reading, seed: int, epoch: int) -> Ints:
        """(P, MOST) ids of the words drawn from each piece, -1 after the last: weighted sampling without replacement
        (Efraimidis and Spirakis 2006)."""
        out = np.full((len(read.pieces), MOST), -1, dtype=np.int64)
        size = len(self.weight)
        owner, words = np.divmod(np.unique(read.owner[read.content] * size + read.words[read.content]), size)
        time = -np.log1p(-chance(seed, epoch, DRAWN, read.pieces[owner], words)) / self.weight[words]
        words = words[np.argsort(owner + time / (1 + time))]  # `owner` is sorted and stays as it is
        rank = np.arange(len(words)) - np.searchsorted(owner, owner)
        many = 1 + (chance(seed, epoch, DRAWN + 1, read.pieces) * MOST).astype(np.int64)
        kept = rank < many[owner]
        out[owner[kept], rank[kept]] = words[kept]
        return out


@dataclass
class Reading:
    """The M tokens of some `pieces` (P,), concatenated: `first` (P,) where each piece begins, `owner` (M,) the piece
    of each token, `words` (M,) ids, `line` (M,) line numbers, `content` where the content words are."""

    pieces: Ints
    first: Ints
    owner: Ints
    words: Array
    line: Ints
    content: Ints


def ends_of(lines: Ints, backward: bool) -> npt.NDArray[np.bool_]:
    """(N,) which words end their line, from the line of each word, `lines` (N,), in the order of reading."""
    changes = lines[1:] != lines[:-1]
    return np.concatenate([[True], changes] if backward else [changes, [True]]) if len(lines) else changes


def tells(word: str) -> bool:
    """Whether a word is one that an outline may hold: no pronoun, and no function word but a negation.

    >>> [w for w in "she didn't lose the key of my can't was not blue".split() if tells(w)]
    ["didn't", 'lose', 'key', "can't", 'not', 'blue']
    """
    negation = word in ("not", "cannot") or word.endswith("n't")
    return word[0].isalpha() and not person_of(word) and (negation or word not in FUNCTION_WORDS)


def rank_in(groups: Ints) -> Ints:
    """(N,) how many of the same group come before, from sorted `groups` (N,)."""
    return np.arange(len(groups)) - np.searchsorted(groups, groups)


def outline_rows(said: Ints, read: Reading, seed: int | None, epoch: int, begins: Ints) -> Ints:
    """(lines, TOLD) the outlines of lines from `said` (lines, SAID + PEOPLE); with a seed, some numbers are hidden,
    as a pure function of it, the epoch and the line. `begins` (P,): where the pieces begin."""
    song = np.zeros(len(said), dtype=np.int64)
    song[read.line] = read.owner
    told = said.shape[1]
    rows = np.zeros((len(said), told + NEXT), dtype=np.int64)
    rows[:, :told] = said
    for k in range(1, NEXT + 1):
        same = song[k:] == song[:-k]
        rows[:-k, told + k - 1] = np.where(same, said[k:, 0], 0)
    if seed is None:
        return rows
    within = np.arange(len(said)) - np.searchsorted(song, song)
    for k, share in enumerate(WORD_OFF):
        rows[chance(seed, epoch, DRAWN + 2 + k, begins[song], within) < share, k] = 0
    return rows


def held(read: Reading, taken: Ints) -> npt.NDArray[np.bool_]:
    """(lines, MOST) which words of its theme a line contains; `taken` (P, MOST) those drawn from each piece."""
    out = np.zeros((read.line[-1:].sum() + 1, taken.shape[1]), dtype=bool)
    token, word = np.nonzero(read.words[read.content, None] == taken[read.owner[read.content]])
    out[read.line[read.content[token]], word] = True
    return out


def numbered(vocabulary: Vocabulary, tokens: Sequence[str] | frozenset[str]) -> npt.NDArray[np.bool_]:
    """(V,) true at these tokens."""
    out = np.zeros(len(vocabulary), dtype=bool)
    out[[vocabulary.index[t] for t in tokens if t in vocabulary]] = True
    return out


# --- a corpus


@dataclass
class PlanSplit:
    """One split; arrays as in the module's docstring. `themes` of its songs if the network sees them."""

    left: Array
    at: Array
    codes: Array
    notes: Array
    starts: npt.NDArray[np.int64]
    themes: Themes | None = None

    def rows(self, tokens: Array, songs: Array, groups: Sequence[str], hide: tuple[int, int] | None = None) -> Floats:
        """(..., F) the features at positions `tokens` (...,) in `songs` (...,). With `hide` = (seed, epoch) parts are
        hidden song by song, as a pure function of these and the song."""
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
        if OUTLINE in groups:
            parts.append(self.outline_rows(tokens, hidden))
        return np.concatenate(parts, axis=-1)

    def theme_rows(self, tokens: Array, hidden: Hidden | None) -> Floats:
        """(..., 64) the theme at positions `tokens` (...,), zeros where it is hidden."""
        assert self.themes is not None
        if hidden is None:
            return self.themes.rows(tokens)
        out = np.zeros((*tokens.shape, WIDTHS[THEME]), dtype=np.float32)
        out[~hidden.theme] = self.themes.rows(tokens[~hidden.theme], hidden.seed, hidden.epoch)
        return out

    def outline_rows(self, tokens: Array, hidden: Hidden | None) -> Floats:
        """(..., TOLD) the outline at positions `tokens` (...,), zeros where it is hidden."""
        assert self.themes is not None
        if hidden is None:
            return self.themes.outlines(tokens)
        out = self.themes.outlines(tokens, hidden.seed, hidden.epoch)
        out[hidden.outline] = 0
        return out


class Hidden:
    """What is hidden of the songs (...,) of a window in an epoch."""

    def __init__(self, songs: Array, seed: int, epoch: int) -> None:
        self.seed, self.epoch = seed, epoch
        draw = {name: chance(seed, epoch, i, songs) < share for i, (name, share) in enumerate(OFF.items())}
        self.slots, self.tune = draw["all"] | draw["slots"], draw["all"] | draw["tune"]
        self.no_metre = draw["metre"]
        self.theme = draw["all"] | (chance(seed, epoch, len(OFF) + 1, songs) < THEME_OFF)
        self.outline = draw["all"] | (chance(seed, epoch, len(OFF) + 2, songs) < OUTLINE_OFF)

    def metre(self, codes: Array, where: Array) -> Array:
        """Codes (..., AHEAD) of the slots from `where` (...,) on, hidden ones set to 0."""
        slots = where[..., None] + np.arange(codes.shape[-1])
        unknown = chance(self.seed, self.epoch, len(OFF), slots) < OFF["slot"]
        return np.where(unknown | self.no_metre[..., None], 0, codes)


@dataclass
class PlanSet:
    """The plan arrays beside a `TokenSet`."""

    path: Path
    keep_alive: object = field(default=None, repr=False)  # a temporary directory, where the corpus is read-only
    vectors: Floats | None = None  # (V, 64) topical vectors of the vocabulary, for a network that sees themes

    def split(self, name: str) -> PlanSplit:
        """One split, memory-mapped."""
        left, at, codes, notes = (mapped(self.path / f"{name}.{part}", kind) for part, kind in KINDS.items())
        starts = np.array(load_npy(self.path / f"{name}.npy", np.int64, 2))
        if len(notes) % 4 or len(left) != len(at) or not len(starts) or (np.diff(starts, axis=0) < 0).any():
            raise RunError(f"{self.path} is damaged: delete the folder and try again")
        return PlanSplit(left, at, codes, notes.reshape(-1, 4), starts)


KINDS: dict[str, Any] = {"left": np.uint8, "at": np.uint32, "codes": np.uint8, "notes": np.int8}


def mapped(path: Path, kind: Any) -> Array:
    """A file of N numbers, (N,), memory-mapped unless it is empty."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size // np.dtype(kind).itemsize
        return np.memmap(file, dtype=kind, mode="r", shape=(size,)) if size else np.zeros(0, dtype=kind)


def plan_set(corpus: Corpus, tokens: TokenSet, lexicon: Lexicon | None = None) -> PlanSet:
    """The plan arrays of a corpus's token arrays: kept ones, or made now. Raises `InputError` on a full disk."""
    lexicon, home = lexicon or default_lexicon(), tokens.path / "plan"
    facts = {"format": FORMAT, "corpus": corpus.fingerprint, "lexicon": lexicon.digest}

    def is_current() -> bool:
        return bool(read_facts(home) == facts)

    if is_current():
        return PlanSet(home)
    return PlanSet(
        *make_arrays(home, "plan", lambda folder: build(corpus, tokens, lexicon, facts, folder), is_current)
    )


def read_facts(home: Path) -> Any:
    """What plan arrays were made from; None if they cannot be read."""
    try:
        return read_json(home / "plan.json")
    except RunError:
        return None


def build(corpus: Corpus, tokens: TokenSet, lexicon: Lexicon, facts: dict[str, Any], home: Path) -> None:
    """Read every song once and write the arrays to the folder `home`."""
    tokenizer = WordTokenizer()
    lexicon.many([token for token in tokens.tokens if token not in SPECIALS])  # all guesses in one batch: much faster
    for split in SPLITS:
        starts = [(0, 0)]
        with ExitStack() as stack:
            files = [stack.enter_context(open(home / f"{split}.{part}", "wb")) for part in KINDS]
            for song in corpus.songs(split):
                made = planned_song(song, tokenizer, tokens.order, lexicon)
                slots = made.slots(tokens.order == "backward")
                arrays = (*places(made.lines, made.counts), slots.codes, slots.notes)
                for file, array in zip(files, arrays, strict=True):
                    array.tofile(file)
                starts.append((starts[-1][0] + len(slots.codes), starts[-1][1] + len(slots.notes)))
        np.save(home / f"{split}.npy", np.array(starts, dtype=np.int64))
    (home / "plan.json").write_text(json.dumps(facts), encoding="utf-8")
