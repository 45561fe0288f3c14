"""Where runs of words of a text occur in a corpus: `Copies`, an index with positions.

The corpus is one array of word numbers, with a number of its own after each song, and `order`: the positions of all
its words, sorted by the words that follow (a suffix array: Manber and Myers 1993). A run of any length is an interval
of `order`, found by bisection, one word more at a time, for all positions of a text at once. Case, punctuation and
line ends do not count: words are compared by the hashes of what the tokeniser gives.

`copies.safetensors` in a corpus directory keeps the index (format 2): `words` (uint32, the sorted distinct hashes; a
word's number is its index there), `ids` (uint32: the numbers of all words in order, and after each song the number of
distinct words plus the song's number), `order` (uint32), `lines` (uint32: where lines begin), `corpus` (uint8: the
SHA-256 of the songs) and `format`. It is made again when the songs change.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import fit, load_arrays, replace_file, tensor_bytes
from lyricist.corpus import Corpus, Song
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError, RunError
from lyricist.model.copy_index import hashes_of

FORMAT = 2
FILE = "copies.safetensors"
MOST = 1 << 30  # bytes of a saved index
MAX_WORDS = 50_000_000  # more would take gigabytes of memory
FEW = 4  # places of a run that are compared one by one; more are narrowed by bisection

U32 = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """`length` words of a text from word `start` on that occur in the corpus from word `place` on."""

    start: int
    length: int
    place: int
    times: int  # how often they occur there


@dataclass(frozen=True)
class Copies:
    """The index; see the module's docstring for its arrays."""

    words: U32
    ids: U32
    order: U32
    lines: U32

    @property
    def possible(self) -> bool:
        """Whether the numbers are of words and places that there are."""
        ids, order, lines = self.ids, self.order, self.lines
        seen = np.zeros(len(ids), dtype=bool)
        places = (order < len(ids)).all() and (ids < len(self.words) + len(ids)).all() and (lines <= len(ids)).all()
        seen[order[order < len(ids)]] = True
        rising = (self.words[1:] > self.words[:-1]).all() and (lines[1:] >= lines[:-1]).all()
        return bool(places and rising and seen.all() and (not len(ids) or ids[-1] >= len(self.words)))

    @classmethod
    def of(cls, songs: Iterable[Song]) -> Copies:
        """The index of these songs. Raises InputError for more than MAX_WORDS words."""
        words, ids, lines = read_songs(songs)
        return cls(words, ids, suffix_order(ids, len(words)), lines)

    def runs(self, words: Sequence[str], least: int) -> tuple[list[Run], int]:
        """The maximal runs of at least `least` words of a text, in order, and the length of its longest run.

        Maximal: with one more word on either side, the run does not occur in the corpus. `place` is its first place.
        """
        text = self.numbers(words)
        length, low, times, place = self.longest(text)
        ends = np.arange(len(length)) + length
        farther = ends > np.concatenate([[0], np.maximum.accumulate(ends)[:-1]])
        found = []
        for i in np.flatnonzero(farther & (length >= max(1, least))).tolist():
            first = place[i] if place[i] >= 0 else self.order[low[i] : low[i] + times[i]].min()
            found.append(Run(i, int(length[i]), int(first), int(times[i])))
        return found, int(length.max(initial=0))

    def share(self, texts: Iterable[Sequence[str]], least: int) -> float:
        """The share of all words of some texts that are in runs of at least `least` words; NaN without words."""
        inside = total = 0
        for words in texts:
            found, _ = self.runs(words, least)
            inside += len({at for run in found for at in range(run.start, run.start + run.length)})
            total += len(words)
        return inside / total if total else math.nan

    def where(self, place: int) -> tuple[int, int]:
        """The song, from 0, and its line, from 1, of a place in the corpus."""
        song = int(np.searchsorted(self.ends, place))
        begin = 0 if song == 0 else int(self.ends[song - 1]) + 1
        before, within = np.searchsorted(self.lines, begin), np.searchsorted(self.lines, place, side="right")
        return song, int(within - before)

    def numbers(self, words: Sequence[str]) -> Ints:
        """(N,) the numbers of a text's N words, -1 for those that are not in the corpus."""
        distinct = {word: i for i, word in enumerate(dict.fromkeys(words))}
        if not len(self.words) or not distinct:
            return np.full(len(words), -1, dtype=np.int64)
        hashes = hashes_of(distinct)
        at = np.searchsorted(self.words, hashes).clip(max=len(self.words) - 1)
        table = np.where(self.words[at] == hashes, at, -1).astype(np.int64)
        found: Ints = table[[distinct[word] for word in words]]
        return found

    def longest(self, text: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """(N,) each: length, low, times and place of the longest run that begins at each of the numbers `text` (N,).

        Its places are `order[low : low + times]` or, if `place` is not -1, `place` is the first of `times` places.
        """
        length, low_of, times = (np.zeros(len(text), dtype=np.int64) for _ in range(3))
        place = np.full(len(text), -1, dtype=np.int64)
        padded = np.append(text, -1)
        starts = np.flatnonzero(text >= 0)
        low, high = self.bounds[text[starts]], self.bounds[text[starts] + 1]
        rare, depth = [], 1
        while len(starts):
            few = high - low <= FEW
            rare.append(self.pairs(starts[few], low[few], high[few]))
            starts, low, high = starts[~few], low[~few], high[~few]
            wanted = padded[starts + depth]
            narrow_low = self.bisect(low, high, depth, wanted)
            narrow_high = self.bisect(narrow_low, high, depth, wanted + 1)
            ended = narrow_low == narrow_high
            at = starts[ended]
            length[at], low_of[at], times[at] = depth, low[ended], (high - low)[ended]
            starts, low, high, depth = starts[~ended], narrow_low[~ended], narrow_high[~ended], depth + 1
        if any(len(starts) for starts, _ in rare):
            at, *rest = self.followed(padded, *(np.concatenate(x) for x in zip(*rare, strict=True)))
            length[at], times[at], place[at] = rest
        return length, low_of, times, place

    def bisect(self, low: Ints, high: Ints, depth: int, wanted: Ints) -> Ints:
        """(I,) in each interval [low, high) of `order`, the first entry whose word `depth` is at least `wanted`."""
        low, high = low.copy(), high.copy()
        while (open_ := low < high).any():
            middle = (low + high) // 2
            less = open_.copy()
            less[open_] = (
                self.ids[np.minimum(self.order[middle[open_]].astype(np.int64) + depth, len(self.ids) - 1)]
                < wanted[open_]
            )
            low, high = np.where(less, middle + 1, low), np.where(open_ & ~less, middle, high)
        return low

    def pairs(self, starts: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        """(P,) each: all pairs of a start and a place of its interval."""
        counts = high - low
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(starts, counts), self.order[np.repeat(low, counts) + within].astype(np.int64)

    def followed(self, text: Ints, starts: Ints, places: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """From pairs of a start and a place (P,): the distinct starts, and of each the length of its longest common
        run, how often that occurs, and its first place.

        Pairs that continue each other word by word in text and corpus form a chain; only its last is compared.
        """
        by_chain = np.lexsort((starts, places - starts))
        starts, places = starts[by_chain], places[by_chain]
        last = np.append((np.diff(starts) != 1) | (np.diff(places) != 1), True)
        tails = np.flatnonzero(last)
        common = np.ones(len(tails), dtype=np.int64)
        going = np.arange(len(tails))
        while len(going):
            step = common[going]
            going = going[text[starts[tails[going]] + step] == self.ids[places[tails[going]] + step]]
            common[going] += 1
        own_tail = np.cumsum(last) - last
        length = common[own_tail] + starts[tails[own_tail]] - starts
        best = np.lexsort((places, -length, starts))
        at, first = np.unique(starts[best], return_index=True)
        longest = length[best][first]
        equal = length[best] == np.repeat(longest, np.diff(np.append(first, len(best))))
        return at, longest, np.add.reduceat(equal.astype(np.int64), first), places[best][first]

    @cached_property
    def bounds(self) -> Ints:
        """(words + 1,) the entries of `order` whose first word is w are bounds[w] to bounds[w + 1]."""
        counts = np.bincount(self.ids, minlength=len(self.words))[: len(self.words)]
        return np.concatenate([[0], np.cumsum(counts)])

    @cached_property
    def ends(self) -> Ints:
        """(songs,) the places after the last word of each song."""
        return np.flatnonzero(self.ids >= len(self.words))


def read_songs(songs: Iterable[Song]) -> tuple[U32, U32, U32]:
    """`words` (V,), `ids` (N,) and `lines` (L,) of songs. Raises `InputError` for more than MAX_WORDS words."""
    tokenizer = WordTokenizer()
    numbers: dict[str, int] = {}
    read, lines, ends = array("I"), array("I"), array("I")
    for song in songs:
        for line in song.lines():
            lines.append(len(read))
            read.extend([numbers.setdefault(word, len(numbers)) for word in tokenizer.split(line.text)])
        ends.append(len(read))
        read.append(0)
        if len(read) > MAX_WORDS:
            raise InputError(f"the corpus has more than {MAX_WORDS:,} words: compare with a part of it")
    words, rank = np.unique(hashes_of(numbers), return_inverse=True)
    ids = np.append(rank, 0)[np.array(read, dtype=np.int64)].astype(np.uint32)
    ids[np.array(ends, dtype=np.int64)] = len(words) + np.arange(len(ends))
    return words, ids, np.array(lines, dtype=np.uint32)


def suffix_order(ids: U32, words: int) -> U32:
    """(N,) the places of `ids` (N,) sorted by what follows them, by doubling (Larsson and Sadakane 2007).

    Numbers from `words` on occur once each, and the last place has one of them, so that all places differ.
    """
    order = np.argsort(ids, kind="stable")
    rank = np.searchsorted(ids[order], ids).astype(np.int64)  # rank of a place: where its equals begin in `order`
    step = 1
    tied = np.flatnonzero(np.bincount(rank, minlength=len(ids))[rank] > 1)
    while len(tied):
        keys = (rank[tied] << 32) | rank[tied + step]
        by_key = np.argsort(keys, kind="stable")
        tied, keys = tied[by_key], keys[by_key]
        group = keys >> 32
        slots = group + np.arange(len(tied)) - np.searchsorted(group, group)
        order[slots] = tied
        rank[tied] = slots[np.searchsorted(keys, keys)]
        alone = np.diff(keys, prepend=-1, append=-1) != 0
        tied, step = tied[~(alone[:-1] & alone[1:])], step * 2
    return order.astype(np.uint32)


def copies_of(corpus: Corpus) -> Copies:
    """The corpus's index: the saved one if it is of these songs, else made now and saved if possible."""
    path = corpus.path / FILE
    kept = load(path, corpus.fingerprint)
    if kept is not None:
        return kept
    made = Copies.of(corpus.songs())
    if not corpus.temporary:
        with suppress(OSError):  # a read-only corpus is indexed every time
            replace_file(path, [tensor_bytes(arrays_of(made, corpus.fingerprint))])
    return made


def arrays_of(index: Copies, fingerprint: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the file by name: those of the index, `corpus` (32,) and `format` (1,)."""
    parts = {"words": index.words, "ids": index.ids, "order": index.order, "lines": index.lines}
    corpus = np.frombuffer(bytes.fromhex(fingerprint), dtype=np.uint8)
    check = np.frombuffer(digest(parts.values()), dtype=np.uint8)
    return {**parts, "corpus": corpus, "format": np.array([FORMAT], dtype=np.uint32), "check": check}


def digest(arrays: Iterable[U32]) -> bytes:
    """SHA-256 of the index's arrays, each (N,)."""
    found = hashlib.sha256()
    for part in arrays:
        found.update(part.data.cast("B"))
    return found.digest()


def load(path: Path, fingerprint: str) -> Copies | None:
    """A saved index; None if it is missing, damaged, of another format or of other songs."""
    if not path.exists():
        return None
    try:
        arrays = load_arrays(path, MOST)
        size = len(arrays.get("ids", ()))
        parts = {"words": (None,), "ids": (size,), "order": (size,), "lines": (None,)}
        fit(path, arrays, {name: ("u4", shape) for name, shape in parts.items()})
        fits = arrays["format"].tolist() == [FORMAT] and arrays["corpus"].tobytes().hex() == fingerprint
        fits = fits and arrays["check"].tobytes() == digest(arrays[name] for name in parts)
        index = Copies(*(arrays[name] for name in parts))
    except (RunError, KeyError):
        return None
    return index if fits and index.possible else None
