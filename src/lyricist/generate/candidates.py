"""Candidate words listed one by one, line-final and rhyme-opening words, with their weights; and the bias that is
added to each word's logit before a song is drawn.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lyricist.generate.line_score import LineScorer
from lyricist.generate.sampler import Listed
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.state import Rows
from lyricist.model.runtime import NEVER
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Drawing

Floats = npt.NDArray[np.float32]


def logit_bias(song: ExactSongAutomaton, columns: VocabLayout, drawing: Drawing, theme: Floats | None) -> Floats:
    """(C,) nats added to each column: what steers the song (`theme` (V,), word_bias), and never for padding and words
    that are barred. Words of the plan are left alone."""
    at, table = columns.words, song.table
    given = (w for words in song.given.values() for w in words)
    kept = {w for w in (*song.keywords, *song.breaks, *given) if w < table.known}
    if len(table.words) > table.known:
        kept.add(table.vocabulary.unk)  # stands for the words that the plan brought
    nats = word_bias(song, columns, drawing)
    nats[sorted(kept)] = 0
    nats += 0 if theme is None else theme
    out = nats[np.maximum(at, 0)].astype(np.float32)
    blocked = ~song.usable[np.maximum(at, 0)]
    blocked[columns.column_of[sorted(kept)]] = False
    out[blocked | (at < 0)] = NEVER
    return out


def word_bias(song: ExactSongAutomaton, columns: VocabLayout, drawing: Drawing) -> npt.NDArray[np.float64]:
    """(V,) nats towards long words, which truncation and temperature cost most, and away from archaic ones and those
    that the network says too often."""
    known, table = song.table.known, song.table
    further = np.array([min(min(letter.signature.syllables, default=1), 3) - 1 for letter in table.letters])
    long_words = drawing.long_words + song.spec.long_words
    nats = np.asarray(long_words * further[table.sig[:known]] - drawing.archaic * table.facts.archaic)
    return nats if columns.overused is None else nats - drawing.balance * columns.overused


Ints = npt.NDArray[np.int64]


class Candidates:
    """Listed words of one plan under one drawing; lists that were weighed are kept."""

    def __init__(self, song: ExactSongAutomaton, drawing: Drawing, merit: LineScorer | None) -> None:
        self.song = song
        self.fresh = merit.fresh(drawing.fresh) if merit is not None and drawing.fresh else None
        exact = drawing.rhyme_temperature == 1  # else large classes of rhymes are not to be favoured
        self.looks_ahead = exact and song.backward and song.columns.finals is not None
        self.fresher: dict[int, tuple[Listed, Listed]] = {}  # by identity of the first, which is kept alive
        self.weighed: dict[tuple[int, int, int], Listed] = {}

    def lists(self, rows: Rows, n: Ints, where: npt.NDArray[np.bool_]) -> dict[int, Listed]:
        """Words that the rows n may draw beside what their nodes' blocks cover, by position in `n`."""
        nodes, out = self.song.nodes, {}
        for k in np.flatnonzero(where).tolist():
            i = n[k]
            listed = nodes.listed(int(rows.node[i]), int(rows.first[i]), int(rows.last[i]))
            reward = rows.rewards[i]
            if rows.first[i] and reward is not None:
                listed = self.rewarded(rows, int(i), listed, reward)
            elif rows.first[i] and self.fresh is not None and self.song.backward:
                listed = self.freshened(listed)
            if len(listed.words):
                out[k] = listed
        return out

    def open_group(self, rows: Rows, n: int, i: int) -> None:
        """Weigh the words that may open the rhyme group of line i by the rhymes they have, and take that back when
        the next line of the group begins: the particles then look ahead across lines."""
        g = self.song.lines[i].group
        rows.rewards[n] = None
        if g < 0 or not self.looks_ahead:
            return
        place, ends = self.song.members[g].index(i), rows.ends[n]
        if place == 0 and ends is not None and not rows.groups[n][g].chosen:
            rows.rewards[n] = self.song.rewards(i, rows.assignment[n], rows.groups[n], ends)
        elif place == 1:
            rows.weight[n] -= rows.pending[n].get(g, 0.0)

    def rewarded(self, rows: Rows, n: int, listed: Listed, reward: npt.NDArray[np.float64]) -> Listed:
        """The opening words of row n, weighed by their rhymes."""
        key = (int(rows.node[n]), int(rows.first[n]), int(rows.last[n]))
        if key not in self.weighed:
            weights = listed.weights * reward[listed.words].astype(np.float32)
            if self.fresh is not None:
                weights *= self.fresh[listed.words]
            self.weighed[key] = Listed(listed.words, listed.columns, weights)
        return self.weighed[key]

    def freshened(self, listed: Listed) -> Listed:
        """Words that may end a line, the usual ones held back."""
        if id(listed) not in self.fresher:
            assert self.fresh is not None
            made = Listed(listed.words, listed.columns, listed.weights * self.fresh[listed.words])
            self.fresher[id(listed)] = (listed, made)
        return self.fresher[id(listed)][1]
