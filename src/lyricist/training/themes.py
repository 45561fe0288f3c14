"""The themes that training shows songs with: a few of a song's own content words, as the direction of their topical
vectors.

A line sees only those of the words that it does not hold itself: its theme is that of the other lines. Which words
are taken depends on the seed, the epoch and the song alone. A text without song breaks is cut into pieces, each of
which has a theme of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._numbers import chance
from lyricist.model.tokens import BREAKS, END, SONG, Vocabulary
from lyricist.prosody.planfeatures import WIDTHS, Floats, theme_features

MOST = 6  # words of a theme
PIECE = 1_000  # tokens from which a song is cut
RARER = 0.25  # power of a word's rank by which it is likelier to be taken
RANKED = 100  # added to ranks, so that the very commonest do not differ much
DRAWN = 16  # what is drawn by `chance`: this the words, the next their number

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


@dataclass
class Themes:
    """Of a split: `ids` (N,), which `remap` turns into numbers of the vocabulary, `bounds` (pieces + 1,),
    where songs and pieces of songs begin, with the end, and the words' topical `vectors` (V, 64)."""

    ids: Array
    remap: Array
    bounds: Ints
    vocabulary: Vocabulary
    vectors: Floats

    @classmethod
    def of(cls, ids: Array, starts: Ints, remap: Array, vocabulary: Vocabulary, vectors: Floats) -> Themes:
        """`starts` (songs + 1,): where songs begin, with the end."""
        breaks = numbered(vocabulary, BREAKS)[remap]
        cuts = [starts]
        for s in np.flatnonzero(np.diff(starts) > PIECE):
            at = starts[s] + np.flatnonzero(breaks[ids[starts[s] : starts[s + 1]]])
            after = np.searchsorted(at, np.arange(starts[s] + PIECE, starts[s + 1], PIECE))
            cuts.append(at[np.unique(after[after < len(at) - 1])])  # the last break ends the song
        return cls(ids, remap, np.unique(np.concatenate(cuts)).astype(np.int64), vocabulary, vectors)

    @cached_property
    def breaks(self) -> npt.NDArray[np.bool_]:
        """(V,) the tokens that begin lines, and the end."""
        return numbered(self.vocabulary, BREAKS)

    @cached_property
    def outside(self) -> npt.NDArray[np.bool_]:
        """(V,) the tokens that stand in no line."""
        return numbered(self.vocabulary, (SONG, END))

    @cached_property
    def content(self) -> npt.NDArray[np.bool_]:
        """(V,) the words that point somewhere."""
        return np.asarray(self.vectors.any(axis=1))

    @cached_property
    def weight(self) -> npt.NDArray[np.float64]:
        """(V,) how readily a word is taken."""
        ranks = np.arange(len(self.vocabulary), dtype=np.float64)
        return np.asarray((ranks + RANKED) ** RARER * self.content)

    def rows(self, tokens: Array, seed: int = 0, epoch: int = 0, apart: int = 0) -> Floats:
        """(..., 64) the theme at tokens (...,), zeros outside of lines. `apart`: that of the piece so many further
        on, to be compared with."""
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

    def read(self, pieces: Ints) -> Reading:
        begin = self.bounds[pieces]
        lengths = self.bounds[pieces + 1] - begin
        first = np.cumsum(lengths) - lengths
        owner = np.repeat(np.arange(len(pieces)), lengths)
        words = self.remap[self.ids[np.arange(len(owner)) + (begin - first)[owner]]]
        content = np.flatnonzero(self.content[words])
        return Reading(pieces, first, owner, words, np.cumsum(self.breaks[words]), content)

    def taken(self, read: Reading, seed: int, epoch: int) -> Ints:
        """(P, MOST) numbers of the words taken from each piece, -1 beyond the last: a race in which a word of
        twice the weight is twice as fast (Efraimidis and Spirakis 2006)."""
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
    """The M tokens of some `pieces` (P,) end to end: `first` (P,) where each begins, `owner` (M,) its place among
    them, `words` (M,) and `line` (M,), counted through; `content`: which of them are content words."""

    pieces: Ints
    first: Ints
    owner: Ints
    words: Array
    line: Ints
    content: Ints


def held(read: Reading, taken: Ints) -> npt.NDArray[np.bool_]:
    """(lines, MOST) which of its theme's words a line holds."""
    out = np.zeros((read.line[-1:].sum() + 1, taken.shape[1]), dtype=bool)
    token, word = np.nonzero(read.words[read.content, None] == taken[read.owner[read.content]])
    out[read.line[read.content[token]], word] = True
    return out


def numbered(vocabulary: Vocabulary, tokens: Sequence[str] | frozenset[str]) -> npt.NDArray[np.bool_]:
    """(V,) which numbers are these tokens'."""
    out = np.zeros(len(vocabulary), dtype=bool)
    out[[vocabulary.index[t] for t in tokens if t in vocabulary]] = True
    return out
