"""The steering of an engine beyond its constraint: logit bias, weighted candidate words, plan features.

`logit_bias` is added to each word's logit before a song is drawn. `Candidates` are words listed one by one,
line-final and rhyme-opening words, with their weights. `PlanRows` are the plan features of every active row: what the
rest of its line asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from lyricist.generate.line_nodes import CLOSED
from lyricist.generate.line_score import LineScorer, Theme
from lyricist.generate.result import Choice
from lyricist.generate.sampler import Listed
from lyricist.generate.selection import LineJudge
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.state import Rows
from lyricist.model.runtime import NEVER
from lyricist.model.stock import NONE, StockPhrases
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Drawing
from lyricist.plan.song_spec import LineSpec
from lyricist.prosody.features import Floats, LinePlan, Note, line_rows, theme_features
from lyricist.prosody.scan import scan_line

Ints = npt.NDArray[np.int64]
STRENGTH = 1.0  # of the theme; 1: as in training
WHOLE = 1_000_000  # a place beyond the end of any line


Record = Callable[..., Choice]  # `explain.choice`


@dataclass(frozen=True)
class Steering:
    """What an engine does beyond the plan's constraints. Each part is optional."""

    theme: Theme | None = None  # steers every line
    conditioning: PlanRows | None = None  # plan features that the model reads
    scorer: LineScorer | None = None  # scores lines, by which drafts are chosen
    judge: LineJudge | None = None  # scores them too, with `scorer` only
    keep: Callable[[Sequence[str]], bool] | None = None  # a condition on whole lines, without guarantee
    record: Record | None = None  # describes how a word was chosen: `explain.choice`
    stock: StockPhrases = NONE  # phrases that are held back


def logit_bias(
    song: ExactSongAutomaton,
    columns: VocabLayout,
    drawing: Drawing,
    theme: Floats | None,
    stock: StockPhrases = NONE,
) -> Floats:
    """(C,) nats added to each column: those of `theme` (V,) and `word_bias`, less those of words in `stock`, and
    NEVER for padding and barred words. Words of the plan get none."""
    at, table = columns.words, song.table
    given = (w for words in song.given.values() for w in words)
    kept = {w for w in (*song.keywords, *song.breaks, *given) if w < table.known}
    if len(table.words) > table.known:
        kept.add(table.vocabulary.unk)  # stands for the words that the plan brought
    nats = word_bias(song, columns, drawing) - drawing.stock * worn_words(song, stock)
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


def worn_words(song: ExactSongAutomaton, stock: StockPhrases) -> npt.NDArray[np.float64]:
    """(V,) the nats of words that are said too often."""
    return stock.word_costs(song.table.facts.hashes)


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
        """Words that the rows n (B,) may draw besides those of their nodes' blocks, by position in `n`, for rows
        chosen by `where` (B,)."""
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
        """The opening words of row n, weighted by their rhymes; `reward` (W,) of each word."""
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


# --- Plan features


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
