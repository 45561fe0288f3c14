"""What rows may draw beside the words that their nodes' blocks cover: words listed one by one, those that may end a
line and open a rhyme weighed by how usual they are there and by the rhymes they have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lyricist.generate.line_score import LineScorer
from lyricist.generate.sampler import Listed
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.state import Rows
from lyricist.plan.plan import Drawing

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
