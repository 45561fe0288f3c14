"""What the songs that a model learnt from contain: the copy index, the line filter and the run filter. They hold
hashes, not text.

`CopyIndex` (`copyindex.safetensors`) has one 32-bit hash a word, in order, with 0 between songs and for words outside
the vocabulary, and where lines begin. It finds any run of words that stands in the songs.

`LineFilter` (`lines.safetensors`) has whole lines only, two bytes each, for corpora of millions of lines. A line of
LINE_WORDS words or more is one hash of B bits, B chosen so that at most one in 1,024 of all hashes is taken: that is
the chance that a line which is not in the corpus is refused. A line of the corpus is always known. The file keeps the
differences between the sorted hashes (`gaps`, uint16; the value GAP means: add GAP and read on), `bits`, `check` (the
SHA-256 of the gaps) and `format`.

`RunFilter` (`runs.npy`) has the runs of RUN_WORDS words of such a corpus in two bytes each, as a Bloom filter (Bloom
1970): (N,) uint8, memory-mapped, BITS bits for each run, PROBES of which are set. A run of the corpus is always
known, and so is one of 2,500 others.

Words are compared as the word tokeniser gives them, without their apostrophes: case, punctuation and line ends do
not count. The hashes cannot be read as text, but anyone with a word list can test for words and lines.
"""

from __future__ import annotations

import hashlib
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import fit, fits, load_arrays, load_npy, replace_file, tensor_bytes
from lyricist._numbers import U32, U64, Ints, mixed, ngram_hashes, run_hashes, window_hashes
from lyricist.corpus import Song
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import RunError
from lyricist.model.tokens import BREAKS, END, SONG, SPECIALS, UNK, Vocabulary

COPY_INDEX = "copyindex.safetensors"  # in a run directory
CACHED_WORDS = 3_000_000  # in larger indexes the tables of runs would take too much memory
MAX_WORDS = 20_000_000  # larger corpora get no index; the writer says so
MOST = 1 << 28  # bytes of a file of either kind
LINE_WORDS = 5  # whole lines of this many words or more are never written again
LINE_MARK = np.uint32(1)  # stands for the beginning of a line where that is counted as a word
FORMAT = 2

LINES = "lines.safetensors"  # in a run directory
LINES_FORMAT = 1
GAP = 0xFFFF
SPARSE = 10  # bits of a hash beyond those that number the lines
CHUNK = 100_000  # lines hashed together

RUNS = "runs.npy"  # in a run directory
RUN_WORDS = 6  # words of the runs that it knows
BITS, PROBES = 17, 8  # of each run
STEPS, HALF = np.arange(PROBES, dtype=np.uint32), np.uint64(32)


# --- hashes of words


def word_hash(word: str) -> int:
    """32 bits of a word without its apostrophes, never 0.

    >>> word_hash("a'") == word_hash("a"), word_hash("'") == word_hash("")
    (True, False)
    """
    return hash32(word.replace("'", "") or word)


def hash32(text: str) -> int:
    """32 bits of a text, never 0."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little") or 1


def hashes_of(words: Iterable[str]) -> U32:
    """(N,) the hash of each word."""
    return np.array([word_hash(w) for w in words], dtype=np.uint32)


def word_hashes(tokens: Iterable[str]) -> U32:
    """(V,) hashes of a vocabulary's tokens, 0 for special tokens."""
    return np.array([0 if t in SPECIALS else word_hash(t) for t in tokens], dtype=np.uint32)


# --- the copy index


@dataclass
class CopyIndex:
    """`hashes` (N,) of the words, `line_start` (N,) true where a line begins."""

    hashes: U32
    line_start: npt.NDArray[np.bool_]
    tables: dict[int, U64] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_ids(cls, ids: Ints, vocabulary: Vocabulary) -> CopyIndex:
        """From token ids (N,) of whole songs, in the vocabulary's numbering."""
        if vocabulary.order == "backward":
            ids = turned_lines(ids, [vocabulary.index[t] for t in SPECIALS - {UNK} if t in vocabulary])
        table = word_hashes(vocabulary.tokens)
        line_break = np.array([t in BREAKS for t in vocabulary.tokens])
        is_break = line_break[ids]
        between = np.isin(ids, [vocabulary.index[t] for t in (END, SONG) if t in vocabulary])
        starts = np.concatenate([[True], is_break[:-1]])[: len(ids)] | between
        keep = ~is_break | between
        return cls(table[ids][keep], starts[keep])

    @classmethod
    def from_songs(cls, songs: Iterable[Sequence[Sequence[str]]]) -> CopyIndex:
        """From songs given as lines of words."""
        hashes: list[int] = []
        starts: list[bool] = []
        for song in songs:
            for line in song:
                hashes += [word_hash(w) for w in line]
                starts += [i == 0 for i in range(len(line))]
            hashes.append(0)
            starts.append(True)
        return cls(np.array(hashes, dtype=np.uint32), np.array(starts, dtype=bool))

    def followed_by(self, other: CopyIndex) -> CopyIndex:
        """This index, a song break, and the other index."""
        gap = np.zeros(1, dtype=np.uint32)
        starts = np.concatenate([self.line_start, [True], other.line_start])
        return CopyIndex(np.concatenate([self.hashes, gap, other.hashes]), starts)

    def save(self, path: Path) -> None:
        arrays = {"hashes": self.hashes, "line_start": self.line_start, "format": np.array([FORMAT], dtype=np.uint32)}
        replace_file(path, [tensor_bytes(arrays)])

    @classmethod
    def load(cls, path: Path, vocabulary: Vocabulary) -> CopyIndex:
        """A saved index; `RunError` if it is damaged. Format 1 hashed apostrophes: such hashes are replaced."""
        arrays = load_arrays(path, MOST)
        fit(path, arrays, {"hashes": ("u4", (None,)), "line_start": ("b1", (len(arrays.get("hashes", ())),))})
        hashes = arrays["hashes"]
        if "format" not in arrays:
            changed = {hash32(t): word_hash(t) for t in vocabulary.tokens if "'" in t}
            for at in np.flatnonzero(np.isin(hashes, list(changed))).tolist():
                hashes[at] = changed[int(hashes[at])]
        return cls(hashes, arrays["line_start"])

    def longest_run(self, words: Sequence[str]) -> tuple[int, int]:
        """(length, start) of the longest run of `words` that occurs in the songs; (0, 0) if none does."""
        mine = hashes_of(words)
        if len(self.hashes) <= CACHED_WORDS:
            return self.longest_known(mine)
        known: Ints = np.flatnonzero(np.isin(mine, self.hashes))
        theirs: Ints = np.flatnonzero(np.isin(self.hashes, mine))
        best, n = (0, 0), 1
        while len(known) and len(theirs):
            best = (n, int(known[0]))
            n += 1
            known, theirs = known[known + n <= len(mine)], theirs[theirs + n <= len(self.hashes)]
            a, b = window_hashes(mine, known, n), window_hashes(self.hashes, theirs, n)
            known, theirs = known[np.isin(a, b) & (a != 0)], theirs[np.isin(b, a) & (b != 0)]
        return best

    def longest_known(self, mine: U32) -> tuple[int, int]:
        """`longest_run` of word hashes (N,) with tables of the songs' runs, which are cached."""
        at: Ints = np.arange(len(mine))
        best = (0, 0)
        for n in range(1, len(mine) + 1):
            at = at[at + n <= len(mine)]
            found = window_hashes(mine, at, n)
            table = self.runs(n)
            place = np.searchsorted(table, found).clip(max=max(0, len(table) - 1))
            at = at[(found != 0) & (table[place] == found)] if len(table) else at[:0]
            if not len(at):
                break
            best = (n, int(at[0]))
        return best

    def runs(self, n: int) -> U64:
        """(R,) the sorted hashes of the songs' runs of n words."""
        if n not in self.tables:
            found = np.unique(ngram_hashes(self.hashes, n))
            self.tables[n] = found[found != 0]
        return self.tables[n]

    def familiar(self, lines: Sequence[Sequence[str]]) -> float:
        """Mean of the shares of the word pairs and word triples that occur in the songs, 0 to 1.

        The beginning of a line counts as a word; repeated lines count once. A rough sign of grammar for models
        that have read too little to know it.
        """
        own = [hashes_of(line) for line in dict.fromkeys(map(tuple, lines))]
        mine = np.concatenate([np.append(LINE_MARK, line) for line in own]).astype(np.uint32)
        theirs = np.insert(self.hashes, np.flatnonzero(self.line_start), LINE_MARK)
        shares = [
            float(np.isin(ngram_hashes(mine, n), ngram_hashes(theirs, n)).mean()) for n in (2, 3) if len(mine) >= n
        ]
        return sum(shares) / 2

    def whole_lines(self, shortest: int, longest: int) -> frozenset[int]:
        """Hashes of the whole lines of `shortest` to `longest` words."""
        starts = np.flatnonzero(self.line_start)
        lengths = np.diff(np.append(starts, len(self.hashes)))
        out: set[int] = set()
        for n in range(shortest, longest + 1):
            out |= {int(h) for h in window_hashes(self.hashes, starts[lengths == n], n) if h}
        return frozenset(out)


def turned_lines(ids: Ints, ends: Sequence[int]) -> Ints:
    """Token ids (N,) with the words of every line in reverse order; `ends`: the tokens between lines.

    >>> turned_lines(np.array([0, 5, 6, 7, 0, 8, 9, 0]), [0])
    array([0, 7, 6, 5, 0, 9, 8, 0])
    """
    bounds = np.flatnonzero(np.isin(ids, ends))
    starts = np.concatenate([[0], bounds + 1])
    stops = np.concatenate([bounds, [len(ids)]])
    line = np.repeat(np.arange(len(starts)), stops - starts + 1)[: len(ids)]
    at = np.arange(len(ids))
    inside = ~np.isin(ids, ends)
    at[inside] = (starts[line] + stops[line] - 1 - at)[inside]
    turned: Ints = ids[at]
    return turned


# --- whole lines


@dataclass(frozen=True)
class LineFilter:
    """`values` (N,) sorted distinct hashes of `bits` bits."""

    values: U64
    bits: int

    @classmethod
    def of(cls, lines: Iterable[Sequence[str]], earlier: LineFilter | None = None) -> LineFilter:
        """The filter of lines, given as words; lines of fewer than LINE_WORDS words are left out. `earlier`: the new
        filter has its lines and its number of bits."""
        hashes = [line_hashes(chunk) for chunk in chunks(line for line in lines if len(line) >= LINE_WORDS)]
        found = np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *hashes]))
        bits = earlier.bits if earlier else len(found).bit_length() + SPARSE
        known = earlier.values if earlier else found[:0]
        return cls(np.unique(np.concatenate([known, found >> np.uint64(64 - bits)])), bits)

    @classmethod
    def of_songs(cls, songs: Iterable[Song], earlier: LineFilter | None = None) -> LineFilter:
        """The filter of all lines of these songs; `earlier` as for `of`."""
        split = WordTokenizer().split
        return cls.of(
            (split(line.text) for song in songs for section in song.sections for line in section.lines), earlier
        )

    def has(self, line: int) -> bool:
        """Whether the line with this hash (`run_hash` of all its words) is known; 0 is never known."""
        value = np.uint64(line >> (64 - self.bits))
        at = int(np.searchsorted(self.values, value))
        return bool(line) and at < len(self.values) and bool(self.values[at] == value)

    def knows(self, words: Sequence[str]) -> bool:
        """Whether these words are a whole line of the corpus; wrongly true once in 1,024."""
        return len(words) >= LINE_WORDS and self.has(int(line_hashes([words])[0]))

    def save(self, path: Path) -> None:
        gaps = np.diff(self.values, prepend=np.uint64(0))
        more, rest = np.divmod(gaps, np.uint64(GAP))
        coded = np.full(len(gaps) + int(more.sum()), GAP, dtype=np.uint16)
        coded[np.arange(len(gaps)) + np.cumsum(more).astype(np.int64)] = rest
        numbers = {"bits": self.bits, "format": LINES_FORMAT}
        arrays = {name: np.array([n], dtype=np.uint32) for name, n in numbers.items()}
        replace_file(path, [tensor_bytes({"gaps": coded, "check": digest(coded), **arrays})])

    @classmethod
    def load(cls, path: Path) -> LineFilter:
        """A saved filter; `RunError` if it is damaged or from a later release."""
        arrays = load_arrays(path, MOST // 2)
        sizes = {"format": ("u4", (1,)), "bits": ("u4", (1,)), "check": ("u1", (32,)), "gaps": ("u2", (None,))}
        if not fits(arrays, sizes):
            raise RunError(f"{path} is not a filter of lines: restore it or train again")
        if int(arrays["format"][0]) > LINES_FORMAT:
            raise RunError(f"{path} was made by a later release: upgrade lyricist")
        gaps, bits = arrays["gaps"], int(arrays["bits"][0])
        if not 1 <= bits <= 64:
            raise RunError(f"{path} is not a filter of lines: restore it or train again")
        if not np.array_equal(arrays["check"], digest(gaps)):
            raise RunError(f"{path} is damaged (its hash differs): restore it or train again")
        reached = np.cumsum(gaps, dtype=np.uint64)
        return cls(reached[gaps != GAP], bits)


def digest(gaps: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """(32,) the bytes of the SHA-256 of gaps (N,)."""
    return np.frombuffer(hashlib.sha256(gaps.astype("<u2").tobytes()).digest(), dtype=np.uint8)


def chunks(lines: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Lists of at most CHUNK lines."""
    rest = iter(lines)
    while found := list(islice(rest, CHUNK)):
        yield found


def line_hashes(lines: Sequence[Sequence[str]]) -> U64:
    """(N,) the hash of each line, as `window_hashes` computes it for all its words."""
    words = np.array(array("I", (cached_hash(w) for line in lines for w in line)), dtype=np.uint32)
    lengths = np.array([len(line) for line in lines], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    out = np.zeros(len(lines), dtype=np.uint64)
    for n in np.unique(lengths).tolist():
        mine = np.flatnonzero(lengths == n)
        out[mine] = window_hashes(words, starts[mine], n)
    return out


cached_hash = cache(word_hash)  # a corpus has few distinct words


# --- runs of words


@dataclass(frozen=True)
class RunFilter:
    """`data` (N,) bytes: bit k % 8 of byte k // 8 is the k-th of the filter."""

    data: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> RunFilter:
        """The filter of all runs of RUN_WORDS words of texts, given as words."""
        hashes = (np.array([cached_hash(w) for w in text], dtype=np.uint32) for text in texts)
        runs = [ngram_hashes(text, RUN_WORDS) for text in hashes]
        found = np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *runs]))
        made = cls(np.zeros(-(-BITS * len(found) // 8), dtype=np.uint8))
        for chunk in np.array_split(found, 1 + len(found) // CHUNK):
            byte, bit = made.places(chunk)
            np.bitwise_or.at(made.data, byte.ravel(), np.left_shift(np.uint8(1), bit.ravel()))
        return made

    @classmethod
    def of_songs(cls, songs: Iterable[Song]) -> RunFilter:
        """The filter of these songs, across the ends of their lines."""
        split = WordTokenizer().split
        return cls.of([word for line in song.lines() for word in split(line.text)] for song in songs)

    def places(self, runs: U64) -> tuple[Ints, npt.NDArray[np.uint8]]:
        """(R, PROBES) the bytes and the bits in them of runs (R,), from the two halves of a number each."""
        z = mixed(runs)
        steps = (z >> HALF).astype(np.uint32)[:, None] + (z.astype(np.uint32) | 1)[:, None] * STEPS
        at = steps.astype(np.uint64) * np.uint64(8 * len(self.data)) >> HALF
        return (at >> np.uint64(3)).astype(np.int64), (at & np.uint64(7)).astype(np.uint8)

    def has(self, runs: U64) -> npt.NDArray[np.bool_]:
        """(R,) which runs of RUN_WORDS words, as `run_hashes` gives them (R,), are known; 0 is never known."""
        if not len(self.data):
            return np.zeros(len(runs), dtype=bool)
        byte, bit = self.places(runs)
        return np.asarray((self.data[byte] >> bit & 1).all(axis=1) & (runs != 0))

    def knows(self, columns: Sequence[U32], size: int) -> npt.NDArray[np.bool_]:
        """(N,) which of N = `size` texts of at least RUN_WORDS words, given word by word as hashes (N,), are known in
        all their runs."""
        out = np.ones(size, dtype=bool)
        for start in range(len(columns) - RUN_WORDS + 1):
            out &= self.has(run_hashes(columns[start : start + RUN_WORDS], size))
        return out

    def longest_run(self, words: Sequence[str]) -> int:
        """Words of the longest text within `words` of which all runs are known; 0 if none is."""
        known = self.has(ngram_hashes(hashes_of(words), RUN_WORDS))
        gaps = np.diff(np.flatnonzero(~np.concatenate([[False], known, [False]])))
        longest = int(gaps.max(initial=1)) - 1
        return longest + RUN_WORDS - 1 if longest else 0

    def save(self, path: Path) -> None:
        held = io.BytesIO()
        np.save(held, self.data)
        replace_file(path, [held.getvalue()])

    @classmethod
    def load(cls, path: Path) -> RunFilter:
        """A saved filter, memory-mapped; `RunError` if it is damaged."""
        return cls(np.asarray(load_npy(path, np.uint8)))
