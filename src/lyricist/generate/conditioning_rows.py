"""The plan features of songs being written: for every active row, what the rest of its line asks for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from lyricist.generate.line_nodes import CLOSED
from lyricist.generate.song import ExactSongAutomaton
from lyricist.plan.song_spec import LineSpec
from lyricist.prosody.planfeatures import Floats, LinePlan, Note, line_rows, theme_features
from lyricist.prosody.scan import scan_line

Ints = npt.NDArray[np.int64]
STRENGTH = 1.0  # of the theme; 1: as in training
WHOLE = 1_000_000  # a place beyond the end of any line


def line_plan(line: LineSpec) -> LinePlan:
    """A line as the model's plan features describe it: without slots if it may have several lengths."""
    if len(line.templates) != 1:
        return LinePlan("")
    return LinePlan(line.templates[0], tuple(Note(*each) for each in line.notes))


class PlanRows:
    """Rows of features for one plan. Songs of one plan may share it."""

    def __init__(self, song: ExactSongAutomaton, groups: Sequence[str], theme: Floats | None = None) -> None:
        """`theme` (64,): the topical vector of the song's theme; None: it has none."""
        self.song, self.lines = song, [line_plan(line) for line in song.lines]
        self.rows, self.first = line_rows(
            self.lines, song.backward, groups, None if theme is None else STRENGTH * theme_features(theme)
        )
        self.size = np.array([len(line.template) for line in self.lines])
        self.place_of: dict[int, int] = {CLOSED: WHOLE}  # by node
        self.counts = lru_cache(10_000)(self.find_counts)

    def at(self, line: Ints, place: Ints) -> Floats:
        """(B, F) for rows that have drawn `place` (B,) syllables of `line` (B,); zeros outside of lines."""
        inside = (line >= 0) & (line < len(self.lines))
        own = np.where(inside, line, 0)
        return self.rows[np.where(inside, self.first[own] + np.minimum(place, self.size[own]), len(self.rows) - 1)]

    def places(self, nodes: Ints) -> list[int]:
        """Syllables drawn at each of these nodes (B,); the fewest, if words have readings of several lengths."""
        return [self.place_of[n] if n in self.place_of else self.find_place(n) for n in nodes.tolist()]

    def find_place(self, n: int) -> int:
        node = self.song.nodes.nodes[n]
        assert node is not None
        self.place_of[n] = node.automaton.slots.nearest(node.bits)
        return self.place_of[n]

    def find_counts(self, i: int, words: tuple[int, ...]) -> list[int]:
        """Syllables drawn after each word of a given line, in the order of drawing."""
        table, template = self.song.table, self.lines[i].template
        way = -1 if self.song.backward else 1
        said = [table.words[w] for w in words[::way]]
        scan = scan_line(said, table.lexicon, template or None)
        return list(accumulate(reading.syllables for reading in scan.readings[::way]))
