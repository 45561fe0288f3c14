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
from lyricist.model.blocks import NEVER
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Drawing

Floats = npt.NDArray[np.float32]


def logit_bias(song: ExactSongAutomaton, columns: VocabLayout, drawing: Drawing, theme: Floats | None) -> Floats:
    """(C,) nats added to each column: those of `theme` (V,) and `word_bias`, and NEVER for padding and barred words.
    Words of the plan get none."""
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
    """(V,) nats for long words, which truncation and temperature cost most, and against archaic words and overused
    words."""
    known, table = song.table.known, song.table
    further = np.array(
        [min(min(word_class.signature.syllables, default=1), 3) - 1 for word_class in table.word_classes]
    )
    long_words = drawing.long_words + song.spec.long_words
    nats = np.asarray(long_words * further[table.sig[:known]] - drawing.archaic * table.facts.archaic)
    return nats if columns.overused is None else nats - drawing.balance * columns.overused


Ints = npt.NDArray[np.int64]


class Candidates:
    """The listed words of one plan under one drawing, with their weights."""

    def __init__(self, song: ExactSongAutomaton, drawing: Drawing, scorer: LineScorer | None) -> None:
        self.song = song
        self.fresh = scorer.fresh(drawing.fresh) if scorer is not None and drawing.fresh else None
        exact = drawing.rhyme_temperature == 1  # otherwise large rhyme classes are not favoured
        self.looks_ahead = exact and song.backward and song.columns.finals is not None
        self.fresher: dict[int, tuple[Listed, Listed]] = {}  # by identity of the first, which is kept alive
        self.weighed: dict[tuple[int, int, int], Listed] = {}

    def lists(self, rows: Rows, n: Ints, where: npt.NDArray[np.bool_]) -> dict[int, Listed]:
        """Words that the rows n may draw besides those of their nodes' blocks, by position in `n`."""
        nodes, out = self.song.nodes, {}
        for k in np.flatnonzero(where).tolist():
            i = n[k]
            listed = nodes.listed(int(rows.node[i]), int(rows.first[i]), int(rows.last[i]))
            reward = rows.drafts[i].rewards
            if rows.first[i] and reward is not None:
                listed = self.rewarded(rows, int(i), listed, reward)
            elif rows.first[i] and self.fresh is not None and self.song.backward:
                listed = self.freshened(listed)
            if len(listed.words):
                out[k] = listed
        return out

    def open_group(self, rows: Rows, n: int, i: int) -> None:
        """Weight the words that may open the rhyme group of line i by the rhymes they have, and remove this weight
        when the group's next line begins. The particles then look ahead across lines."""
        g = self.song.lines[i].group
        rows.drafts[n].rewards = None
        if g < 0 or not self.looks_ahead:
            return
        place, ends = self.song.members[g].index(i), rows.drafts[n].ends
        if place == 0 and ends is not None and not rows.drafts[n].groups[g].chosen:
            draft = rows.drafts[n]
            draft.rewards = self.song.rewards(i, tuple(draft.assignment.items()), draft.groups[g], ends)
        elif place == 1:
            rows.weight[n] -= rows.drafts[n].pending.get(g, 0.0)

    def rewarded(self, rows: Rows, n: int, listed: Listed, reward: npt.NDArray[np.float64]) -> Listed:
        """The opening words of row n, weighted by their rhymes."""
        key = (int(rows.node[n]), int(rows.first[n]), int(rows.last[n]))
        if key not in self.weighed:
            weights = listed.weights * reward[listed.words].astype(np.float32)
            if self.fresh is not None:
                weights *= self.fresh[listed.words]
            self.weighed[key] = Listed(listed.words, listed.columns, weights)
        return self.weighed[key]

    def freshened(self, listed: Listed) -> Listed:
        """Words that may end a line, with less weight for usual ones."""
        if id(listed) not in self.fresher:
            assert self.fresh is not None
            made = Listed(listed.words, listed.columns, listed.weights * self.fresh[listed.words])
            self.fresher[id(listed)] = (listed, made)
        return self.fresher[id(listed)][1]
