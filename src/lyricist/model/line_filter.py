"""Whole lines of a large corpus in two bytes each: a set of hashes that never forgets a line it holds.

The copy index keeps every word of a user's songs; for millions of lines that is too much to carry. Here a line of
LINE_WORDS words or more is one hash of B bits, B chosen so that at most one in 1,024 of all hashes is taken: that
is the chance that a line which is not in the corpus is taken for one that is (and drawn again). A line of the
corpus is always known. Words are compared as the copy index compares them: case, punctuation and apostrophes do
not count.

`lines.safetensors` keeps the sorted hashes as the gaps between them (uint16; GAP stands for GAP and goes on),
`bits`, `check` (the SHA-256 of the gaps) and `format`. It is not readable as text, though anyone can ask it about
a line.
"""

from __future__ import annotations

import hashlib
import shutil
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import load_arrays, replace_file, tensor_bytes
from lyricist._numbers import window_hashes
from lyricist.corpus import Song
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import RunError
from lyricist.model.copy_index import LINE_WORDS, word_hash

LINES = "lines.safetensors"  # in a run directory
FORMAT = 1
GAP = 0xFFFF
SPARSE = 10  # bits of a hash beyond those that number the lines
CHUNK = 100_000  # lines hashed together

U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class LineFilter:
    """`values` (N,) sorted distinct hashes of `bits` bits."""

    values: U64
    bits: int

    @classmethod
    def of(cls, lines: Iterable[Sequence[str]]) -> LineFilter:
        """The filter of lines, given as words; shorter lines than LINE_WORDS are nobody's."""
        hashes = [line_hashes(chunk) for chunk in chunks(line for line in lines if len(line) >= LINE_WORDS)]
        found = np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *hashes]))
        bits = len(found).bit_length() + SPARSE
        return cls(np.unique(found >> np.uint64(64 - bits)), bits)

    @classmethod
    def of_songs(cls, songs: Iterable[Song]) -> LineFilter:
        """The filter of all lines of these songs."""
        split = WordTokenizer().split
        return cls.of(split(line.text) for song in songs for section in song.sections for line in section.lines)

    def has(self, line: int) -> bool:
        """Whether the line of this hash (`ngram_hashes` of all its words) is known; 0 is no line's."""
        value = np.uint64(line >> (64 - self.bits))
        at = int(np.searchsorted(self.values, value))
        return bool(line) and at < len(self.values) and bool(self.values[at] == value)

    def knows(self, words: Sequence[str]) -> bool:
        """Whether these words are a whole line of the corpus (or, one time in 1,024, are not)."""
        return len(words) >= LINE_WORDS and self.has(int(line_hashes([words])[0]))

    def save(self, path: Path) -> None:
        gaps = np.diff(self.values, prepend=np.uint64(0))
        more, rest = np.divmod(gaps, np.uint64(GAP))
        coded = np.full(len(gaps) + int(more.sum()), GAP, dtype=np.uint16)
        coded[np.arange(len(gaps)) + np.cumsum(more).astype(np.int64)] = rest
        numbers = {"bits": self.bits, "format": FORMAT}
        arrays = {name: np.array([n], dtype=np.uint32) for name, n in numbers.items()}
        replace_file(path, [tensor_bytes({"gaps": coded, "check": digest(coded), **arrays})])

    @classmethod
    def load(cls, path: Path) -> LineFilter:
        """A saved filter; `RunError` if it is damaged or from a later release."""
        arrays = load_arrays(path)
        sizes = [arrays[name].size if name in arrays else 0 for name in ("format", "bits", "check")]
        if sizes != [1, 1, 32] or "gaps" not in arrays or arrays["gaps"].dtype != np.uint16:
            raise RunError(f"{path} is not a filter of lines: restore it or train again")
        if int(arrays["format"][0]) > FORMAT:
            raise RunError(f"{path} was made by a later release: upgrade lyricist")
        gaps, bits = arrays["gaps"], int(arrays["bits"][0])
        if not np.array_equal(arrays["check"], digest(gaps)):
            raise RunError(f"{path} is damaged (its hash differs): restore it or train again")
        reached = np.cumsum(gaps, dtype=np.uint64)
        return cls(reached[gaps != GAP], bits)


def digest(gaps: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(hashlib.sha256(gaps.astype("<u2").tobytes()).digest(), dtype=np.uint8)


def chunks(lines: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Lists of at most CHUNK lines."""
    rest = iter(lines)
    while found := list(islice(rest, CHUNK)):
        yield found


def line_hashes(lines: Sequence[Sequence[str]]) -> U64:
    """(N,) the hash of each line's words, as `ngram_hashes` makes it of a run as long."""
    words = np.array(array("I", (remembered(w) for line in lines for w in line)), dtype=np.uint32)
    lengths = np.array([len(line) for line in lines], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    out = np.zeros(len(lines), dtype=np.uint64)
    for n in np.unique(lengths).tolist():
        mine = np.flatnonzero(lengths == n)
        out[mine] = window_hashes(words, starts[mine], n)
    return out


@cache
def remembered(word: str) -> int:
    """`word_hash`, kept: a corpus has few distinct words."""
    return word_hash(word)


def inherit_lines(base: Path, run: Path) -> None:
    """Give a run directory the lines that the run it is fine-tuned from must not write; none if it has none."""
    if (base / LINES).exists():
        temporary = run / f".{LINES}.tmp"
        shutil.copyfile(base / LINES, temporary)
        temporary.replace(run / LINES)
