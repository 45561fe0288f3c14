"""The steering of an engine beyond its constraint: logit bias, weighted candidate words, plan features.

`logit_bias` is added to each word's logit before a song is drawn. `Candidates` are words listed one by one,
line-final and rhyme-opening words, with their weights. `PlanRows` are the plan features of every active row: what the
rest of its line asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from lyricist.corpus.grammar import (
    IT,
    OTHER_FORMS,
    PERSON_OF,
    PERSONS,
    SUBJECTS,
    Person,
    Tense,
    foreign_subjects,
    other_tense,
    person_of,
    tense_words,
    verbs,
)
from lyricist.generate.line_nodes import CLOSED, NOWHERE
from lyricist.generate.line_score import LineScorer, SongTheme
from lyricist.generate.outline import Outliner
from lyricist.generate.punctuation import Printer
from lyricist.generate.result import Choice
from lyricist.generate.sampler import Listed
from lyricist.generate.selection import LineJudge
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.state import Rows
from lyricist.model.runtime import NEVER, BlockRows
from lyricist.model.stock import NONE, StockPhrases
from lyricist.model.vocab_layout import TILE, VocabLayout
from lyricist.plan.plan import Drawing
from lyricist.plan.song_spec import LineSpec, SongSpec
from lyricist.prosody.features import TOLD, Floats, LinePlan, Note, line_rows, outline_numbers, theme_features
from lyricist.prosody.scan import scan_line

Ints = npt.NDArray[np.int64]
STRENGTH = 1.0  # of the theme; 1: as in training
WHOLE = 1_000_000  # a place beyond the end of any line


Record = Callable[..., Choice]  # `explain.choice`


@dataclass(frozen=True)
class Steering:
    """What an engine does beyond the plan's constraints. Each part is optional."""

    theme: SongTheme | None = None  # steers every line
    conditioning: PlanRows | None = None  # plan features that the model reads
    outliner: Outliner | None = None  # draws the outline of each song, which is among these
    scorer: LineScorer | None = None  # scores lines, by which drafts are chosen
    judge: LineJudge | None = None  # scores them too, with `scorer` only
    keep: Callable[[Sequence[str]], bool] | None = None  # a condition on whole lines, without guarantee
    record: Record | None = None  # describes how a word was chosen: `explain.choice`
    stock: StockPhrases = NONE  # phrases that are held back
    printer: Printer | None = None  # of lines; None: without punctuation


def logit_bias(
    song: ExactSongAutomaton,
    columns: VocabLayout,
    drawing: Drawing,
    theme: Floats | None,
    stock: StockPhrases = NONE,
) -> Floats:
    """(C,) nats added to each column: those of `theme` (V,) and `word_bias`, less those of words in `stock`, and
    NEVER for padding and barred words. Words of the plan get none."""
    nats, barred = song.kept_for(
        (drawing, id(columns), id(stock)), lambda: (bias_of_all(song, columns, drawing, stock), columns, stock)
    )[0]
    out = (nats if theme is None else nats + theme)[np.maximum(columns.words, 0)].astype(np.float32)
    out[barred] = NEVER
    return out


def bias_of_all(
    song: ExactSongAutomaton, columns: VocabLayout, drawing: Drawing, stock: StockPhrases
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """(V,) the nats of all themes, and (C,) the columns that are never drawn."""
    at, kept = columns.words, words_of_plan(song)
    nats = word_bias(song, columns, drawing) - drawing.stock * worn_words(song, stock)
    nats[kept] = 0
    blocked = ~song.usable[np.maximum(at, 0)]
    blocked[columns.column_of[kept]] = False
    return nats, blocked | (at < 0)


def words_of_plan(song: ExactSongAutomaton) -> list[int]:
    """Ids of the model's words that the plan asks for, and of the breaks; no bias holds for them."""
    table = song.table
    given = (w for words in song.given.values() for w in words)
    kept = {w for w in (*song.keywords, *song.breaks, *given) if w < table.known}
    if len(table.words) > table.known:
        kept.add(table.vocabulary.unk)  # stands for the words that the plan brought
    return sorted(kept)


def word_bias(song: ExactSongAutomaton, columns: VocabLayout, drawing: Drawing) -> npt.NDArray[np.float64]:
    """(V,) nats for long words, which truncation and temperature cost most, and against archaic words and overused
    words."""
    known, table = song.table.known, song.table
    further = np.array(
        [min(min(word_class.signature.syllables, default=1), 3) - 1 for word_class in table.word_classes]
    )
    long_words = drawing.long_words + song.spec.long_words
    nats = np.asarray(long_words * further[table.sig[:known]] - drawing.archaic * table.facts.archaic)
    nats += grammar_bias(song.spec, table.words[:known])
    return nats if columns.overused is None else nats - drawing.balance * columns.overused


def worn_words(song: ExactSongAutomaton, stock: StockPhrases) -> npt.NDArray[np.float64]:
    """(V,) the nats of words that are said too often."""
    return stock.word_costs(song.table.facts.hashes)


# --- Person and tense, asked for or hinted at by a theme

HINTED = 6.0  # nats off words that would be excluded if person or tense were asked for
FOREIGN = 1.0  # off objects and possessives of persons that the song is not about
LOOSE = 2.5  # off verbs of the other tense that may be an infinitive or a participle
SPOKEN = 0.5  # nats for the subjects and possessives of the person of an outline
OBJECTS = frozenset({"me", "you", "him", "us", "them"})
STRANGERS = {  # nats off the forms of persons that hardly occur beside that of an outline
    "i": {"we": 1.6, "you": 1.6},
    "you": {"i": 3.2, "we": 3.2},
    "he": {"i": 4.8, "you": 4.8, "we": 4.8, "she": 2.4},
    "she": {"i": 4.8, "you": 4.8, "we": 4.8, "he": 2.4},
    "we": {"i": 2.4, "you": 2.4},
    "they": {"i": 4.8, "you": 4.8, "we": 4.8},
    "nobody": {"i": 3.2, "you": 3.2, "we": 3.2},
}
OWN = 0.7  # nats for the person's pronoun, half of it for its objects and possessives


def grammar_bias(spec: SongSpec, words: Sequence[str]) -> npt.NDArray[np.float64]:
    """(V,) nats for words by person and tense, asked for or hinted at."""
    person, tense = spec.person or spec.person_hint, spec.tense or spec.tense_hint
    return summed((*person_nats(person), *tense_nats(tense)), words)


def summed(nats: Sequence[tuple[str, float]], words: Sequence[str]) -> npt.NDArray[np.float64]:
    """(V,) the sums of the nats of each word."""
    out = np.zeros(len(words))
    if nats:
        index = {word: i for i, word in enumerate(words)}
        for word, value in nats:
            if word in index:
                out[index[word]] += value
    return out


def person_nats(person: Person | None) -> list[tuple[str, float]]:
    """Nats for the forms of a person, and off those of others. Other third persons may be spoken of."""
    if person is None:
        return []
    nats = [(word, -HINTED) for word in foreign_subjects(person)]
    nats += [(SUBJECTS[person][0], OWN), *((word, OWN / 2) for word in OTHER_FORMS[person])]
    speakers: set[Person] = {"I", "we"} if person not in ("I", "we", "you") else set()
    for other in PERSONS:
        if other != person and (other in speakers or (other == "you" and person not in ("I", "we"))):
            nats += [(word, -FOREIGN) for word in OTHER_FORMS[other]]
    return nats


def voice_bias(voice: tuple[str, str], words: Sequence[str]) -> npt.NDArray[np.float32]:
    """(V,) nats for words by the person (i, you, he, she, we, they, nobody) and the tense of an outline."""
    person, tense = voice
    changes = [(word, -value) for other, value in STRANGERS.get(person, {}).items() for word in forms_of(other)]
    changes += [(word, SPOKEN) for word in forms_of(person) if word not in OBJECTS]
    changes += tense_nats(tense) if tense in ("past", "present") else []  # type: ignore[arg-type]
    return summed(changes, words).astype(np.float32)


def forms_of(person: str) -> tuple[str, ...]:
    """All forms of a person: subjects, objects and possessives.

    >>> "mine" in forms_of("i"), forms_of("nobody")
    (True, ())
    """
    name = "I" if person == "i" else person
    return (*SUBJECTS[name], *OTHER_FORMS[name]) if name in SUBJECTS else ()


def tense_nats(tense: Tense | None) -> list[tuple[str, float]]:
    """Nats off words of the other tense; less off verbs that may be an infinitive or a participle."""
    if tense is None:
        return []
    other = other_tense(tense)
    known = verbs()
    loose = known.base if other == "present" else known.past
    return [(word, -HINTED) for word in tense_words(other)] + [(word, -LOOSE) for word in loose - tense_words(other)]


# --- The outline of each song

UNSAID = 0.5  # nats for a word of a line's outline that the line does not hold yet
STRANGE = 3.0  # off the forms of persons that its outline does not name
PEOPLED = frozenset(PERSON_OF) | IT


class Telling:
    """Makes the words of outlines likelier, and those of other persons and of the other tense unlikelier: in the rows
    of the model's output, since every song and line has its own. B rows, C columns. Engines of one plan may share
    it."""

    def __init__(self, song: ExactSongAutomaton, columns: VocabLayout, temperature: float) -> None:
        self.song, self.columns, self.temperature = song, columns, temperature
        self.words = song.table.words[: song.table.known]
        at = np.arange(columns.width)
        self.blocks = np.where(at < columns.lone, at // TILE, at - columns.lone + columns.tiles)
        self.kept = set(words_of_plan(song))
        self.listed: dict[tuple[str, ...], tuple[Ints, Floats, Ints]] = {}
        self.voices: dict[tuple[str, str], Floats] = {}

    def voiced(self, made: BlockRows, keys: Sequence[tuple[str, ...]]) -> None:
        """Steer rows (B,) of the model's output by their `keys`: (person, tense) of the song, or with the line's
        persons (tense, who, whom). In place."""
        found: dict[tuple[str, ...], list[int]] = {}
        for row, key in enumerate(keys):
            found.setdefault(key, []).append(row)
        for key, rows in found.items():
            columns, factors, blocks = self.changes(key)
            if len(columns):
                at = np.array(rows)[:, None]
                more = self.multiply(made, at, columns, factors)
                made.sums[at, self.blocks[columns[blocks]]] += np.add.reduceat(more, blocks, axis=1)
                np.maximum(made.sums, 0, out=made.sums)
                made.total[rows] += more.sum(axis=1)

    def changes(self, key: tuple[str, ...]) -> tuple[Ints, Floats, Ints]:
        """The columns (N,) that a key changes, in their order, by which factors (N,), and where in them the columns
        of a new block begin."""
        if key not in self.listed:
            nats = self.voice(key[0], key[1]) if len(key) == 2 else self.line(key)
            nats[[w for w in self.kept if w < len(nats)]] = 0
            words = np.flatnonzero(nats)
            words = words[self.columns.column_of[words] < self.columns.width]
            words = words[np.argsort(self.columns.column_of[words])]
            at = self.columns.column_of[words]
            begins = np.flatnonzero(np.diff(self.blocks[at], prepend=-1))
            self.listed[key] = (at, np.exp(nats[words] / np.float32(self.temperature)), begins)
        return self.listed[key]

    def voice(self, person: str, tense: str) -> Floats:
        """(V,) nats for words by the person and the tense of a song."""
        if (person, tense) not in self.voices:
            self.voices[person, tense] = voice_bias((person, tense), self.words)
        return self.voices[person, tense].copy()

    def line(self, key: tuple[str, ...]) -> Floats:
        """(V,) nats for words by the tense of a song and the persons of a line, `key` (tense, who, whom)."""
        named = {person_of(word) for word in key[1:]}
        nats = self.voice("", key[0])
        for person, words in self.people.items():
            if person not in named:
                nats[words] -= STRANGE
        return nats

    @cached_property
    def people(self) -> dict[str, list[int]]:
        """The words of each person."""
        index = self.song.table.index
        found: dict[str, list[int]] = {}
        for word in sorted(PEOPLED):
            if 0 <= index.get(word, -1) < len(self.words):
                found.setdefault(person_of(word), []).append(index[word])
        return found

    def owed(self, made: BlockRows, words: Sequence[Sequence[int]]) -> None:
        """Make the `words` of each row (B,) of the model's output likelier. In place."""
        pairs = [(row, w) for row, some in enumerate(words) for w in some if 0 <= w < len(self.words)]
        if not pairs:
            return
        rows, ids = np.array(pairs).T
        columns = self.columns.column_of[ids]
        drawn = columns < self.columns.width
        if drawn.any():
            rows, columns = rows[drawn], columns[drawn]
            more = self.multiply(made, rows, columns, np.exp(np.float32(UNSAID / self.temperature)))
            np.add.at(made.sums, (rows, self.blocks[columns]), more)
            np.add.at(made.total, rows, more)

    def multiply(self, made: BlockRows, rows: Ints, columns: Ints, factors: Floats | np.float32) -> Floats:
        """Multiply places of the output, each of which occurs once, in place; by how much they are more now."""
        before = made.e[rows, columns]
        after = before * factors
        made.e[rows, columns] = after
        free = after.astype(np.float64) ** self.temperature - before.astype(np.float64) ** self.temperature
        if free.ndim == 2:
            made.free[rows[:, 0]] += free.sum(axis=1)
        else:
            np.add.at(made.free, rows, free)
        return np.asarray(after - before)


# --- Listed words


class Candidates:
    """The listed words of one plan under one drawing, with their weights."""

    def __init__(self, song: ExactSongAutomaton, drawing: Drawing, scorer: LineScorer | None) -> None:
        self.song = song
        self.fresh = scorer.fresh(drawing.fresh) if scorer is not None and drawing.fresh else None
        exact = drawing.rhyme_temperature == 1  # otherwise large rhyme classes are not favoured
        self.looks_ahead = exact and song.backward and song.columns.finals is not None
        self.fresher: dict[int, tuple[Listed, Listed]] = {}  # by identity of the first, which is kept alive
        self.weighed: dict[tuple[int, int, int], Listed] = {}
        self.owed = OwedWords(song, drawing) if song.keywords else None

    def lists(self, rows: Rows, n: Ints, where: npt.NDArray[np.bool_]) -> dict[int, Listed]:
        """Words that the rows n (B,) may draw besides those of their nodes' blocks, by position in `n`, for rows
        chosen by `where` (B,)."""
        nodes, out = self.song.nodes, {}
        for k in where.nonzero()[0].tolist():
            i = n[k]
            listed = nodes.listed(int(rows.node[i]), int(rows.first[i]), int(rows.last[i]))
            reward = rows.drafts[i].rewards
            if rows.first[i] and reward is not None:
                listed = self.rewarded(rows, int(i), listed, reward)
            elif rows.first[i] and self.fresh is not None and self.song.backward:
                listed = self.freshened(listed)
            if self.owed is not None:
                listed = self.owed.listed(int(rows.node[i]), int(rows.first[i]), int(rows.last[i]), listed)
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


# --- Words that must occur

SYLLABLES = 1.3  # of a word, on average
NEARLY_LAST = 1.5  # places left below which an owed word is left to the constraint
LIKELIER = 30.0  # nats, the most that an owed word is made likelier; its weight is a float32
EAGER = 1.0  # nats more than for an even choice among the places that are left


class OwedWords:
    """Look-ahead for the words that a plan includes, so that they do not wait for the last place of their line.

    An owed word is made likelier than the model has it. Where it fits as well as on average, the chance that it is
    drawn at the next of k places that are left is about 1 in k; where it fits better, the chance is larger. The
    particles' weights take the factor back, and credit the word's usual probability, which every particle pays once:
    a particle that has paid is not behind one that still owes. So drafts are chosen by how well the word fits.
    """

    def __init__(self, song: ExactSongAutomaton, drawing: Drawing) -> None:
        self.song, self.words = song, frozenset(song.keywords)
        self.flatter = drawing.rhyme_temperature  # divides the log of a factor at a line's end in rhyme
        ranks = {w: min(w, song.table.known) for w in self.words}
        size = math.log(song.table.known + 2) + 0.5
        self.usual = {w: -math.log((rank + 2.7) * size) / drawing.temperature for w, rank in ranks.items()}  # Zipf
        self.known: dict[tuple[int, int, int], tuple[Listed, Listed]] = {}

    @property
    def credit(self) -> float:
        """The nats that a finished song's weight has been credited."""
        return -sum(self.usual.values())

    def log_factor(self, node: int, word: int) -> float:
        """The log of how much likelier `word` is drawn at a node; 0 if it is not owed there or only one place is
        left."""
        found = self.song.nodes.nodes[node]
        if found is None or word not in self.words or not found.automaton.owes(found.owed, word):
            return 0.0
        slots = found.automaton.slots
        left = slots.longest - slots.nearest(found.bits) - min(self.song.table.signature(word).syllables, default=1)
        places = 1 + left / SYLLABLES
        if places < NEARLY_LAST:
            return 0.0
        return min(max(0.0, EAGER - math.log(places - 1) - self.usual[word]), LIKELIER)

    def listed(self, node: int, first: int, last: int, listed: Listed) -> Listed:
        """The listed words of a node with the owed ones likelier; those that stand in its blocks are added."""
        key = (node, first, last)
        if key not in self.known or self.known[key][0] is not listed:
            self.known[key] = (listed, self.likelier(node, first, last, listed))
        return self.known[key][1]

    def likelier(self, node: int, first: int, last: int, listed: Listed) -> Listed:
        """A new list for a node. A word that stands in a block keeps its share there; the list has the rest."""
        words, weights, nodes = listed.words, listed.weights.astype(np.float32), self.song.nodes
        for word in sorted(self.words):
            factor = math.exp(self.log_factor(node, word))
            if factor == 1 or nodes.move_word(node, first, last, word) == NOWHERE:
                continue
            if word in words:
                weights = np.where(words == word, weights * np.float32(factor), weights)
            else:
                words, weights = np.append(words, word), np.append(weights, np.float32(factor - 1))
        known = np.where(words < self.song.table.known, words, self.song.table.vocabulary.unk)
        return Listed(words, self.song.columns.column_of[known], weights)

    def log_ratios(self, nodes: Ints, words: Ints, rhymed: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """(B,) what the weights of rows must give back after these words (B,), drawn at these nodes (B,); `rhymed`
        (B,): drawn as the last word of a line in rhyme."""
        out = np.zeros(len(words))
        for k, (node, word) in enumerate(zip(nodes.tolist(), words.tolist(), strict=True)):
            if word in self.words and self.song.nodes.owes(node, word):
                out[k] = self.log_factor(node, word) / (self.flatter if rhymed[k] else 1.0) + self.usual[word]
        return out


# --- Plan features


def line_plan(line: LineSpec) -> LinePlan:
    """A line as the model's plan features describe it: without slots if it may have several lengths."""
    if len(line.templates) != 1:
        return LinePlan("")
    return LinePlan(line.templates[0], tuple(Note(*each) for each in line.notes))


class PlanRows:
    """Rows of features for one plan. Songs of one plan may share it."""

    def __init__(
        self, song: ExactSongAutomaton, groups: Sequence[str], theme: Floats | None = None, features: int = 0
    ) -> None:
        """`theme` (64,) or (lines, 64): the topical vector of the song's theme, or of each line's; None: no theme.
        `features`: how many the network reads."""
        self.numbers = outline_numbers(features)
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

    def outlined(self, rows: Floats, outlines: Floats) -> Floats:
        """Features (B, F) with the outlines (B, TOLD) of their lines, as far as the network reads them."""
        return np.concatenate([rows[:, :-TOLD], outlines[:, self.numbers]], axis=1)

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
