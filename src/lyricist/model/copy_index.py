"""The copy index: which runs of words stand in the songs a model learnt from.

Holds one 32-bit hash a word, in order, with 0 between songs and at words outside the vocabulary, and
where lines begin. Not readable as text, though anyone with a word list can enumerate it. Words are
compared as the word tokeniser gives them, without their apostrophes: case and punctuation do not count, line
ends neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import load_arrays, replace_file, tensor_bytes
from lyricist._numbers import U32, U64, Ints, ngram_hashes, window_hashes
from lyricist.model.tokens import BREAKS, END, SONG, SPECIALS, UNK, Vocabulary

COPY_INDEX = "copyindex.safetensors"  # in a run directory
CACHED_WORDS = 3_000_000  # in larger indexes the tables of runs would take too much memory
MAX_WORDS = 20_000_000  # larger corpora get no index; the writer says so
LINE_WORDS = 5  # whole lines of this many words or more are never written again
LINE_MARK = np.uint32(1)  # stands for a line's beginning where one is counted as a word
FORMAT = 2


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
    return np.array([word_hash(w) for w in words], dtype=np.uint32)


def word_hashes(tokens: Iterable[str]) -> U32:
    """Hashes of a vocabulary's tokens, 0 for those that are no words."""
    return np.array([0 if t in SPECIALS else word_hash(t) for t in tokens], dtype=np.uint32)


@dataclass
class CopyIndex:
    """`hashes` (N,) word hashes, `line_start` (N,) true where a line begins."""

    hashes: U32
    line_start: npt.NDArray[np.bool_]
    tables: dict[int, U64] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_ids(cls, ids: Ints, vocabulary: Vocabulary) -> CopyIndex:
        """From token ids of whole songs, as a `TokenSet` holds them under the vocabulary's numbering."""
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
        """Both, with a song break between them."""
        gap = np.zeros(1, dtype=np.uint32)
        starts = np.concatenate([self.line_start, [True], other.line_start])
        return CopyIndex(np.concatenate([self.hashes, gap, other.hashes]), starts)

    def save(self, path: Path) -> None:
        arrays = {"hashes": self.hashes, "line_start": self.line_start, "format": np.array([FORMAT], dtype=np.uint32)}
        replace_file(path, [tensor_bytes(arrays)])

    @classmethod
    def load(cls, path: Path, vocabulary: Vocabulary) -> CopyIndex:
        """A saved index. Apostrophes counted in format 1: hashes of the vocabulary's words are redone."""
        arrays = load_arrays(path)
        hashes = arrays["hashes"]
        if "format" not in arrays:
            changed = {hash32(t): word_hash(t) for t in vocabulary.tokens if "'" in t}
            for at in np.flatnonzero(np.isin(hashes, list(changed))).tolist():
                hashes[at] = changed[int(hashes[at])]
        return cls(hashes, arrays["line_start"])

    def longest_run(self, words: Sequence[str]) -> tuple[int, int]:
        """(length, start) of the longest run of `words` that stands in the songs; (0, 0) if none does."""
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
        """`longest_run` by tables of the songs' runs, which are kept."""
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
        """Hashes of the songs' runs of n words, sorted."""
        if n not in self.tables:
            found = np.unique(ngram_hashes(self.hashes, n))
            self.tables[n] = found[found != 0]
        return self.tables[n]

    def familiar(self, lines: Sequence[Sequence[str]]) -> float:
        """Share of the pairs and triples of words that stand in the songs, 0 to 1, the mean of the two.

        Where a line begins counts as a word, so ends of lines are seen too; lines that come back are looked at
        once. A rough sign of grammar where a model has read too little to know it.
        """
        own = [hashes_of(line) for line in dict.fromkeys(map(tuple, lines))]
        mine = np.concatenate([np.append(LINE_MARK, line) for line in own]).astype(np.uint32)
        theirs = np.insert(self.hashes, np.flatnonzero(self.line_start), LINE_MARK)
        shares = [
            float(np.isin(ngram_hashes(mine, n), ngram_hashes(theirs, n)).mean()) for n in (2, 3) if len(mine) >= n
        ]
        return sum(shares) / 2

    def whole_lines(self, shortest: int, longest: int) -> frozenset[int]:
        """Hashes of the whole lines of so many words."""
        starts = np.flatnonzero(self.line_start)
        lengths = np.diff(np.append(starts, len(self.hashes)))
        out: set[int] = set()
        for n in range(shortest, longest + 1):
            out |= {int(h) for h in window_hashes(self.hashes, starts[lengths == n], n) if h}
        return frozenset(out)


def turned_lines(ids: Ints, ends: Sequence[int]) -> Ints:
    """Token ids with the words of every line turned round; `ends`: the tokens that stand between lines.

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
