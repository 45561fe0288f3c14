"""Bans of copying for many rows at once: which words would complete a run, or a whole line, of the indexed songs.

Lines may be drawn from right to left: a run inside the line then closes at its leftmost word, runs across the
line's beginning close at the line's first word, and runs into text that is already known on the right are
seen from the line's last word on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lyricist.writing.copying import LINE_WORDS, CopyIndex, hash_of, ngrams, word_hashes
from lyricist.writing.linefilter import LineFilter

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
PRIME = np.uint64(0x9E37_79B9_7F4A_7C15)


def hash_columns(columns: Sequence[U32]) -> U64:
    """Hashes of windows given column by column, as `copying.window_hash` makes them; 0 where a word's hash is 0."""
    out = np.zeros(len(columns[0]), dtype=np.uint64)
    broken = np.zeros(len(out), dtype=bool)
    with np.errstate(over="ignore"):
        for part in columns:
            out = (out ^ (part.astype(np.uint64) + np.uint64(1))) * PRIME
            out ^= out >> np.uint64(29)
            broken |= part == 0
    out[broken] = 0
    return out


class CopyBan:
    """Runs of more than `most` words, and whole lines of LINE_WORDS words or more, that stand in the songs; whole
    lines too of the corpus that `lines` was made from. `most` 0: nothing is barred."""

    def __init__(
        self,
        index: CopyIndex | None,
        words: Sequence[str],
        most: int,
        lines: LineFilter | None = None,
        hashes: U32 | None = None,
    ) -> None:
        """`hashes` of the words, where they are known already."""
        self.most, self.lines = most, lines if most > 0 else None
        self.active = index is not None and most > 0
        self.hashes = word_hashes(words) if hashes is None else hashes
        self.runs = np.zeros(0, dtype=np.uint64)
        self.whole: frozenset[int] = frozenset()
        if index is not None and most > 0:
            self.runs = index.runs(most + 1)
            self.whole = index.whole_lines(LINE_WORDS, most)

    def known(self, windows: U64) -> npt.NDArray[np.bool_]:
        """Which windows stand in the songs."""
        if not len(self.runs):
            return np.zeros(len(windows), dtype=bool)
        at = np.searchsorted(self.runs, windows).clip(max=len(self.runs) - 1)
        return np.asarray((self.runs[at] == windows) & (windows != 0))

    def after(self, left: U32, words: Ints) -> npt.NDArray[np.bool_]:
        """Whether a word completes a run with the `most` words before it. left (B, most) hashes."""
        return self.known(hash_columns([*left.T[-self.most :], self.hashes[words]]))

    def before(self, right: U32, words: Ints) -> npt.NDArray[np.bool_]:
        """Whether a word completes a run with the `most` words after it. right (B, most) hashes."""
        return self.known(hash_columns([self.hashes[words], *right.T[: self.most]]))

    def across(self, left: U32, words: Ints, right: U32) -> npt.NDArray[np.bool_]:
        """Whether a run with a word in its middle stands in the songs: between the words before and after."""
        out = np.zeros(len(words), dtype=bool)
        middle, most = self.hashes[words], self.most
        for j in range(1, most + 1):
            out |= self.known(hash_columns([*left.T[most - j :], middle, *right.T[: most - j]]))
        return out

    def line(self, words: Sequence[int]) -> bool:
        """Whether these words stand in the songs as a whole line, which runs alone would not show."""
        if len(words) < LINE_WORDS or (len(words) > self.most and self.lines is None):
            return False
        found = hash_of(self.hashes[list(words)].tolist())
        return found in self.whole or (self.lines is not None and self.lines.has(found))

    def joined(self, left: Sequence[int], right: Sequence[int]) -> bool:
        """Whether a run stands across the seam between two texts."""
        if not self.active:
            return False
        text = self.hashes[[*left[-self.most :], *right[: self.most]]]
        return bool(self.known(ngrams(text, self.most + 1)).any())
