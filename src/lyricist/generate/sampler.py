"""Exact draws for many rows at once: first a block by its sum, then a word inside it; refused words are drawn again.

Truncation (min-p), the repetition control and the bans on copies refuse a drawn word. Drawing again gives a draw from
what they leave. For a row that is refused too often, all words are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._numbers import U64, uniforms
from lyricist.model.runtime import BlockRows
from lyricist.model.vocab_layout import TILE, VocabLayout
from lyricist.plan.plan import Drawing

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Refuse = Callable[[Ints, Ints], Bools]

ROUNDS = 4  # draws before a row's words are listed
TRIMS = 8  # words removed one by one before all are tested at once
TINY = 1e-30
CHUNK = 32  # blocks summed together
LISTED = 128  # listed words summed together
BREAK = -2  # drawn: the line ends here
NOTHING = -1  # drawn: every word is forbidden
SAME_END = 0.05  # probability that a word which has ended a line of the song may end another
SAID_TWICE = 0.05  # probability that a word may follow itself
LATELY = 64  # words back in which every use of a word counts
LINES_BACK = 12  # words back in which a repeated content word is a stutter: about this line and the last
STUTTER = 5  # uses for which a stutter counts
FREE_WORDS = 60  # the commonest words, a twentieth of the vocabulary at most, are never held back


@dataclass(frozen=True)
class Listed:
    """Words that a row may draw besides its blocks, their columns, and their weights; each (N,)."""

    words: Ints
    columns: Ints
    weights: npt.NDArray[np.float32]


@dataclass
class Request:
    """What B rows may draw."""

    at: Ints  # (B,) the index of each row in the step's `BlockRows`
    blocks: npt.NDArray[np.float32]  # (B, U) mask
    lists: dict[int, Listed]  # by row, words besides the blocks
    whole: Bools  # (B,) rows without truncation
    breaks: Reals  # (B,) the value of ending the line, 0 where it may not end
    key: U64  # of the rows' random numbers
    count: Ints  # random numbers used by each row; updated
    recent: npt.NDArray[np.int32]  # (B, R) the words used lately, newest first, -1 for none
    ended: Mapping[int, frozenset[int]]  # by row, for rows that draw a line's last word: those of the song so far
    held: Bools | None = None  # (B,) rows whose next syllable is on a long or high note; None: no preference


class Drawer:
    """Draws words for rows under one drawing."""

    def __init__(self, columns: VocabLayout, drawing: Drawing, words: int, unknown: int) -> None:
        """`words`: their number W, with those added by the plan; `unknown`: the word that stands for these."""
        self.columns, self.drawing = columns, drawing
        at = columns.column_of
        self.column_of = np.where(at < columns.width, at, at[unknown])  # words that are not drawn count as unknown
        self.unknown = unknown
        self.words = words
        self.closed: Bools = np.zeros(words, dtype=bool)  # (W,) words whose next syllable does not carry
        self.closed_share = 1.0  # factor of their probability on a long or high note
        self.content: Bools = np.zeros(words - BREAK, dtype=bool)  # (W - BREAK,) content words
        self.owed: Bools = np.zeros(words - BREAK, dtype=bool)  # (W - BREAK,) words that truncation never refuses
        self.spared = min(FREE_WORDS, len(columns.column_of) // 20)

    @cached_property
    def content_key(self) -> bytes:
        """Drawers of one drawing with equal keys may draw for each other."""
        return self.content.tobytes()

    def columns_for(self, words: Ints) -> Ints:
        """(B,) columns of words (B,); a word that the model does not know or draw has the column of `<unk>`."""
        return self.column_of[np.where(words < len(self.column_of), words, self.unknown)]

    def draw(self, rows: BlockRows, ask: Request, refuse: Refuse) -> tuple[Ints, Reals]:
        """(B,) words (or BREAK, NOTHING), and (B,) the allowed, weighted mass as a share of each row's total.

        `refuse(rows, words)` says which words may not follow in which rows.
        """
        inside = Inside(rows, ask)
        beside = Beside(rows, ask, self.drawing.rhyme_temperature)
        mass = inside.mass + beside.mass + ask.breaks
        floor = self.floor(rows, ask, inside)
        out = np.full(len(mass), NOTHING, dtype=np.int64)
        left = (mass > 0).nonzero()[0]
        for _ in range(ROUNDS):
            if not len(left):
                break
            point = self.chance(ask, left) * mass[left]
            words, p = self.pick(rows, ask, inside, beside, left, point)
            ok = (p >= floor[left]) | (words == BREAK) | self.owed[words]
            if self.drawing.repetition:
                recent = ask.recent[left]
                keep = self.keep(words, recent)
                for j in ask.whole[left].nonzero()[0].tolist():
                    if int(words[j]) in ask.ended.get(int(left[j]), ()):
                        keep[j] *= SAME_END
                ok &= (self.chance(ask, left) < keep) & ~stutters(words, recent)
            if ask.held is not None:
                hard = ask.held[left] & (words >= 0)
                hard[hard] = self.closed[words[hard]]
                ok &= ~hard | (self.chance(ask, left) < self.closed_share)
            ok[ok] = ~refuse(left[ok], words[ok])
            out[left[ok]] = words[ok]
            left = left[~ok]
        for i in left.tolist():
            out[i] = self.in_full(rows, ask, refuse, i, floor[i])
        return out, mass / rows.total[ask.at]

    def chance(self, ask: Request, left: Ints) -> Reals:
        """(N,) the next random number of each of the rows `left` (N,)."""
        found = uniforms(ask.key[left], ask.count[left])
        ask.count[left] += 1
        return found

    def floor(self, rows: BlockRows, ask: Request, inside: Inside) -> Reals:
        """(B,) the least value of e that truncation keeps; 0 where nothing is cut."""
        out = np.zeros(len(ask.whole))
        if self.drawing.min_p:
            out = np.where(ask.whole, 0.0, self.peaks(rows, ask.at, inside) * self.drawing.min_p)
        if self.drawing.top_k or self.drawing.top_p < 1:
            for i in np.flatnonzero(~ask.whole).tolist():
                words, p, _ = self.options(rows, ask, i)
                out[i] = least_kept(p[words != BREAK], self.drawing, out[i])
        return out

    def peaks(self, rows: BlockRows, at: Ints, inside: Inside) -> npt.NDArray[np.float32]:
        """(B,) the largest value of e among each row's blocks, 0 for a row without blocks. It is at most its block's
        sum, so few blocks are searched."""
        weight = inside.weight
        top = weight.argmax(axis=1)
        peak = self.largest(rows, at, top)
        peak[weight[np.arange(len(at)), top] == 0] = 0
        row, block = np.divmod(np.flatnonzero(weight > peak[:, None]), weight.shape[1])
        np.maximum.at(peak, row, self.largest(rows, at[row], block))
        return peak

    def largest(self, rows: BlockRows, at: Ints, block: Ints) -> npt.NDArray[np.float32]:
        """(N,) the largest value of e in blocks of rows."""
        tiled = block < self.columns.tiles
        start = np.where(tiled, block * TILE, block - self.columns.tiles + self.columns.lone)
        within = tiled[:, None] * np.arange(TILE)
        return np.asarray(rows.e[at[:, None], start[:, None] + within].max(axis=1))

    def pick(
        self, rows: BlockRows, ask: Request, inside: Inside, beside: Beside, left: Ints, point: Reals
    ) -> tuple[Ints, Reals]:
        """The words at points (B,) of the masses of rows `left` (B,), and their values of e."""
        words = np.full(len(left), BREAK, dtype=np.int64)
        p = np.zeros(len(left))
        in_blocks = point < inside.mass[left]
        which = in_blocks.nonzero()[0]
        if len(which):
            r = left[which]
            block, rest = inside.pick(r, point[which])
            words[which], p[which] = self.inside_block(rows, ask.at[r], block, rest)
        for j in (~in_blocks).nonzero()[0].tolist():
            i = int(left[j])
            if point[j] < inside.mass[i] + beside.mass[i]:
                words[j], p[j] = beside.pick(i, point[j] - inside.mass[i])
        return words, p

    def inside_block(self, rows: BlockRows, at: Ints, block: Ints, point: Reals) -> tuple[Ints, Reals]:
        """(N,) words at points (N,) inside a block (N,) of rows `at` (N,), and (N,) their values of e."""
        tiles = self.columns.tiles
        column = block - tiles + self.columns.lone
        tiled = (block < tiles).nonzero()[0]
        if len(tiled):
            start = block[tiled] * TILE
            values = rows.e[at[tiled, None], start[:, None] + np.arange(TILE)]
            over = np.cumsum(values, axis=1) > point[tiled, None]
            last = TILE - 1 - (values[:, ::-1] > 0).argmax(axis=1)  # rounding must not select the padding
            over[np.arange(len(tiled)), last] = True
            column[tiled] = start + over.argmax(axis=1)
        return self.columns.words[column], rows.e[at, column].astype(np.float64)

    def keep(self, words: Ints, recent: npt.NDArray[np.int32]) -> Reals:
        """(B,) the probability that the repetition control keeps a word. Every recent use lowers it; for content
        words early uses do so too, and uses in this line and the last most."""
        seen = recent == words[:, None]
        uses = seen[:, :LATELY].sum(axis=1).astype(np.float64)
        uses += self.content[words] * seen[:, LATELY:].sum(axis=1)
        uses += self.content[words] * (STUTTER * seen[:, :LINES_BACK].any(axis=1))
        twice = np.where(seen[:, 0], SAID_TWICE, 1.0)
        return np.asarray(np.where(words < self.spared, 1.0, np.exp(-self.drawing.repetition * uses)) * twice)

    def kept_share(self, recent: npt.NDArray[np.int32]) -> Reals:
        """(W - BREAK,) `keep` of every word and, last, of BREAK for one row with the recent words (R,)."""
        counts = recent >= self.spared
        counts[0] = recent[0] >= 0
        said = np.unique(recent[counts]).astype(np.int64)
        out = np.ones(self.words - BREAK)
        out[said] = self.keep(said, np.broadcast_to(recent, (len(said), len(recent))))
        return out

    def in_full(self, rows: BlockRows, ask: Request, refuse: Refuse, i: int, floor: float) -> int:
        """The draw of row i from a list of all its words; refused words are removed one by one."""
        words, p, cut = self.chances(rows, ask, i, floor)
        barred = np.zeros(len(words), dtype=bool)
        for n in range(TRIMS + 1):
            if n == TRIMS:
                says = words != BREAK
                barred[says] = refuse(np.full(says.sum(), i), words[says])
            for allowed in (cut & ~barred, ~barred):
                left = np.where(allowed, p, 0.0)
                if left.sum() > 0:
                    break
            else:  # words without probability, by rounding or because the plan is beyond the model
                left = (~barred).astype(np.float64)
            if not left.any():
                break
            point = self.chance(ask, np.array([i]))[0] * left.sum()
            k = int(min(np.searchsorted(np.cumsum(left), point, side="right"), np.flatnonzero(left)[-1]))
            if not refuse(np.array([i]), words[[k]])[0]:
                return int(words[k])
            barred[k] = True
        return NOTHING

    def chances(self, rows: BlockRows, ask: Request, i: int, floor: float) -> tuple[Ints, Reals, Bools]:
        """(N,) all words that row i may draw, (N,) their weighted probabilities, and (N,) which of them truncation
        and stuttering leave."""
        words, p, weights = self.options(rows, ask, i)
        cut = (p >= floor) | (words == BREAK) | self.owed[words]
        p = p * weights
        if ask.whole[i]:
            p = flattened(p, self.drawing.rhyme_temperature)
        if ask.held is not None and ask.held[i]:
            p = np.where((words >= 0) & self.closed[np.maximum(words, 0)], p * self.closed_share, p)
        if self.drawing.repetition:
            p = p * self.kept_share(ask.recent[i])[words]
            cut &= ~((words == ask.recent[i, 0]) & (ask.recent[i, 0] == ask.recent[i, 1]))
        return words, p, cut

    def options(self, rows: BlockRows, ask: Request, i: int) -> tuple[Ints, Reals, Reals]:
        """(N,) all words that row i may draw, (N,) their values of e, and (N,) their weights."""
        tiles = self.columns.tiles
        by_column = np.concatenate([np.repeat(ask.blocks[i, :tiles], TILE), ask.blocks[i, tiles:]])
        column = np.flatnonzero((by_column > 0) & (self.columns.words >= 0))
        words, weights = self.columns.words[column], by_column[column].astype(np.float64)
        if i in ask.lists:
            listed = ask.lists[i]
            words = np.concatenate([words, listed.words])
            column = np.concatenate([column, listed.columns])
            weights = np.concatenate([weights, listed.weights])
        p = rows.e[ask.at[i], column].astype(np.float64)
        if ask.breaks[i] > 0:
            words, p, weights = np.append(words, BREAK), np.append(p, ask.breaks[i]), np.append(weights, 1.0)
        return words, p, weights


class Inside:
    """The mass of the blocks that each row may draw, summed in two levels so that a draw reads few of them."""

    def __init__(self, rows: BlockRows, ask: Request) -> None:
        self.count = ask.blocks.shape[1]
        chunks = -(-self.count // CHUNK)
        self.weight = np.zeros((len(ask.at), chunks * CHUNK), dtype=np.float32)
        np.multiply(rows.sums[ask.at], ask.blocks, out=self.weight[:, : self.count])
        self.chunks = self.weight.reshape(len(ask.at), chunks, CHUNK)
        self.running = np.cumsum(self.chunks.sum(axis=2), axis=1)
        self.mass = self.running[:, -1].astype(np.float64)

    def pick(self, rows: Ints, point: Reals) -> tuple[Ints, Reals]:
        """The block at each row's point (B,), and the rest of the point inside the block."""
        chunk, rest = first_over(self.running[rows], point)
        within, rest = first_over(np.cumsum(self.chunks[rows, chunk], axis=1), rest)
        empty = self.chunks[rows, chunk, within] == 0  # empty by rounding: take the last of the chunk that is not
        within[empty] = (CHUNK - 1 - (self.chunks[rows, chunk][:, ::-1] > 0).argmax(axis=1))[empty]
        return chunk * CHUNK + within, np.minimum(rest, self.chunks[rows, chunk, within])


class Beside:
    """Values of e for the words listed besides the blocks, row by row."""

    def __init__(self, rows: BlockRows, ask: Request, flatten: float) -> None:
        """`flatten`: a temperature for rhyme words, which does not change their sum."""
        self.lists, self.e, self.at = ask.lists, rows.e, ask.at
        self.mass = np.zeros(len(ask.at))
        self.chunks: dict[int, npt.NDArray[np.float32]] = {}  # the values, in chunks of LISTED
        self.running: dict[int, npt.NDArray[np.float32]] = {}  # sums of the chunks up to each
        for rows_of in self.alike().values():
            listed = ask.lists[rows_of[0]]
            size = len(listed.columns)
            padded = np.zeros((len(rows_of), size + -size % LISTED), dtype=np.float32)
            values = padded[:, :size]
            for own, at in zip(values, ask.at[rows_of].tolist(), strict=True):  # no copies of whole rows
                rows.e[at].take(listed.columns, out=own, mode="clip")
            values *= listed.weights
            whole = ask.whole[rows_of]
            if flatten != 1 and whole.any():
                values[whole] = flattened(values[whole], flatten)
            chunks = padded.reshape(len(rows_of), -1, LISTED)
            running = np.add.reduce(chunks, axis=2)
            np.add.accumulate(running, axis=1, out=running)
            self.mass[rows_of] = running[:, -1]
            self.chunks.update(zip(rows_of, chunks, strict=True))
            self.running.update(zip(rows_of, running, strict=True))

    def alike(self) -> dict[int, list[int]]:
        """Rows grouped by the list that they share."""
        out: dict[int, list[int]] = {}
        for i, listed in self.lists.items():
            out.setdefault(id(listed), []).append(i)
        return out

    def pick(self, i: int, point: float) -> tuple[int, float]:
        """The word at a point of row i's mass, and its value of e."""
        running, listed = self.running[i], self.lists[i]
        chunk = int(running.searchsorted(np.float32(point), side="right"))
        if chunk == len(running):  # by rounding: take the last that is not empty
            chunk = int(running.searchsorted(running[-1]))
        rest = np.float32(point) - (running[chunk - 1] if chunk else np.float32(0))
        within = self.chunks[i][chunk]
        k = int(within.cumsum().searchsorted(rest, side="right"))
        if k == LISTED:
            k = int(within.nonzero()[0][-1])
        k += chunk * LISTED
        return int(listed.words[k]), float(self.e[self.at[i], listed.columns[k]])


def first_over(running: npt.NDArray[np.float32], point: Reals) -> tuple[Ints, Reals]:
    """(B,) the first place of each row whose running sum exceeds its point (the last, if none does), and the rest of
    the point there."""
    over = running > point[:, None]
    over[:, -1] = True
    place = over.argmax(axis=1)
    before = np.where(place > 0, running[np.arange(len(place)), place - 1], 0.0)
    return place, point - before


def flattened(values: npt.NDArray[Any], temperature: float) -> npt.NDArray[Any]:
    """Each row of values, (B, N) or (N,), at a temperature, with its sum unchanged."""
    flatter = values ** values.dtype.type(1 / temperature)
    sums = np.maximum(flatter.sum(axis=-1, keepdims=True), TINY)
    flatter *= values.sum(axis=-1, keepdims=True) / sums
    return np.asarray(flatter)


def least_kept(p: Reals, drawing: Drawing, least: float) -> float:
    """The smallest of the values p (N,) that top-k and the nucleus keep, of those from `least` on."""
    p = np.sort(p[p >= least])[::-1]
    if drawing.top_k:
        p = p[: drawing.top_k]
    if drawing.top_p < 1 and len(p):
        before = np.cumsum(p) - p
        p = p[before < drawing.top_p * p.sum()]
    return float(p[-1]) if len(p) else least


def stutters(words: Ints, recent: npt.NDArray[np.int32]) -> Bools:
    """(B,) whether a word would stand three times in a row."""
    return np.asarray((recent[:, 0] == words) & (recent[:, 1] == words))
