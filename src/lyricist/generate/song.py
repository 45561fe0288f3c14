"""The automaton of a `SongSpec`: what each line may be, given what was drawn before.

A spec is compiled once: its words are looked up, its lines' automata built, its keywords assigned to lines, its rhyme
groups matched. If no song can fulfil it, `PlanError` says what blocks it. All songs of a spec share its automaton.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lyricist.corpus.grammar import excluded_words
from lyricist.errors import InputError, PlanError
from lyricist.generate.line import STRONG, LineAutomaton, Slots, WordSet
from lyricist.generate.line_nodes import CLOSED, Nodes, Vowels
from lyricist.generate.rhyme_groups import SEARCHED, Apart, GroupState, Kinds, LineKind, Rhymes
from lyricist.generate.state import Rows
from lyricist.generate.vocab import RhymeSound, WordTable, memoised
from lyricist.model.tokens import BREAKS, END, EOS, LINE, SONG, TAGS
from lyricist.model.vocab_layout import VocabLayout
from lyricist.model.word_facts import SILENT
from lyricist.plan.clashes import initial
from lyricist.plan.given_lines import fits, numbers
from lyricist.plan.song_spec import LineSpec, SongSpec, first_said
from lyricist.prosody.metre import middles
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import CLOSING, key, phrase_readings

Kept = TypeVar("Kept")
Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Opening:
    """The beginning of a line: the first `node` and the sets that hold at its two ends (0: none)."""

    node: int
    first: int
    last: int
    ends: WordSet | None  # words that may rhyme here; None: any
    weak: int = -1  # the word after these, with which the line ends (-1: none)


class LineParts:
    """The kinds of lines over some usable words (W,), their nodes and their rhymes: what songs of several specs may
    share."""

    def __init__(
        self, table: WordTable, columns: VocabLayout, usable: npt.NDArray[np.bool_], strict: bool, emphasis: float
    ) -> None:
        self.table, self.columns, self.usable, self.strict = table, columns, usable, strict
        self.backward = table.vocabulary.order == "backward"
        self.rhymes = Rhymes(table, usable, strict)
        self.rhymes.finals = columns.finals
        self.nodes = Nodes(table, columns, self.rhymes, ~usable, emphasis)
        known = table.sig[: table.known][usable[: table.known]]
        self.available = {int(s): table.word_classes[s] for s in np.unique(known)}

    @memoised
    def slots(self, templates: tuple[str, ...], done: int) -> Slots:
        return Slots(templates, self.backward, self.strict, done)

    @memoised
    def automaton(self, templates: tuple[str, ...], keywords: tuple[int, ...], done: int = 0) -> LineAutomaton:
        held = [(w, self.table.word_class(w)) for w in keywords]
        return LineAutomaton(self.slots(templates, done), self.available, held, self.table.further.finals)

    @memoised
    def line_kind(
        self,
        automaton: LineAutomaton,
        begin: WordSet | None,
        weak: tuple[int, ...] = (),
        inner: LineKind | None = None,
    ) -> LineKind:
        return LineKind(automaton, begin, weak, inner)

    @memoised
    def beginning_with(self, letter: str) -> WordSet:
        """Words that begin with a letter. Raises `PlanError` if there are none."""
        table = self.table
        found = [w for w in np.flatnonzero(self.usable).tolist() if initial([table.words[w]]) == letter]
        extra = [w for w in range(table.known, len(table.words)) if initial([table.words[w]]) == letter]
        if not found and not extra:
            raise PlanError(f"--acrostic: none of this model's words begins with {letter!r}")
        return self.rhymes.numbered((w, table.signature(w)) for w in [*found, *extra])


Shared = dict[tuple[object, ...], LineParts]  # by what they are made of


class ExactSongAutomaton:
    """One spec compiled for one vocabulary. `strict`: all readings of chosen words fit, and rhymes differ in onset; a
    plan that cannot be fulfilled so is compiled again without."""

    max_copy = 5  # longest run of words that may occur in the training songs, if there is an index of them

    def __init__(
        self, table: WordTable, spec: SongSpec, columns: VocabLayout, strict: bool, barred: Collection[int] = (),
        shared: Shared | None = None,
    ) -> None:  # fmt: skip
        """`shared`: parts of other songs, which this one uses and adds to."""
        self.table, self.spec, self.columns = table, spec, columns
        self.backward, self.strict = table.vocabulary.order == "backward", strict
        self.lines = spec.lines
        self.shared_by_engines: dict[object, Any] = {}
        self.source = [first_said(spec.lines, i) for i in range(len(spec.lines))]
        self.given = {i: self.ids(line.text) for i, line in enumerate(self.lines) if line.text is not None}
        self.written = [i for i, s in enumerate(self.source) if s == i and i not in self.given]
        self.usable = self.find_usable()
        self.usable[[*barred, *columns.undrawn.tolist()]] = False
        key = (id(table), id(columns), self.usable.tobytes(), strict, spec.emphasis)
        parts = (shared or {}).get(key) or LineParts(table, columns, self.usable, strict, spec.emphasis)
        if shared is not None:
            shared[key] = parts
        self.parts, self.rhymes, self.nodes = parts, parts.rhymes, parts.nodes
        self.vowels = Vowels(table, self.lines, self.backward, spec.open_vowels)
        self.members = [[i for i in self.written if self.lines[i].group == g] for g in range(len(spec.groups))]
        self.two_words = frozenset(i for g in range(len(spec.groups)) for i in self.find_two_words(g))
        if not (self.backward and strict) and (self.two_words or any(line.internal for line in self.lines)):
            raise PlanError("--internal and --rhyme-kind mosaic need a model that draws lines from their end")
        if self.two_words and not self.weak:
            raise PlanError(f"--rhyme-kind mosaic: this model may use none of its weak words ({', '.join(CLOSING)})")
        self.beginnings = {i: self.find_beginning(self.lines[i]) for i in self.written}
        self.keywords = self.find_keywords()
        ways = [self.find_groups(g) for g in range(len(spec.groups))]
        self.apart = Apart(self.rhymes, spec, self.given)
        self.initial_groups = tuple(states[0] for states in ways)
        for g, states in enumerate(ways):
            self.settle_group(g, states)
        check(self)

    def kept_for(self, key: object, make: Callable[[], Kept]) -> Kept:
        """What `make` makes, made once for a key: what engines of this plan share. What the key names by its identity
        must be kept alive by it."""
        if key not in self.shared_by_engines:
            self.shared_by_engines[key] = make()
        found: Kept = self.shared_by_engines[key]
        return found

    def ids(self, words: Sequence[str] | None) -> tuple[int, ...]:
        return tuple(self.table.id_of(w) for w in words or ())

    def find_usable(self) -> npt.NDArray[np.bool_]:
        """(W,) words that may be chosen freely: readable, in the lexicon, without digits, not avoided, clean."""
        table = self.table
        out = np.zeros(len(table.words), dtype=bool)
        out[: table.known] = (table.sig[: table.known] != SILENT) & table.facts.choosable
        if self.spec.clean:
            out[: table.known] &= ~table.facts.unclean
        barred = (*self.spec.avoid, *excluded_words(self.spec.person, self.spec.tense))
        out[[table.index[w] for w in barred if w in table.index]] = False
        return out

    def find_beginning(self, line: LineSpec) -> WordSet | None:
        """The words that may begin a line, by the acrostic and the requested first word; None: all."""
        table = self.table
        if line.first:
            word = table.id_of(line.first)
            return self.rhymes.numbered([(word, table.signature(word))])
        return self.parts.beginning_with(line.initial) if line.initial else None

    def find_keywords(self) -> tuple[int, ...]:
        """Requested words that no given line contains."""
        given = {w for words in self.given.values() for w in words}
        starts = {self.table.id_of(line.first) for line in self.lines if line.first}
        return tuple(w for w in self.ids(self.spec.include) if w not in given and w not in starts)

    # --- lines

    def kind(self, line: int, assignment: Assignment) -> LineKind:
        """The kind of a line that is to be written. A requested first word is a keyword: it may have any of its
        readings, and need not be usable."""
        begin = self.beginnings[line]
        keywords = assignment.get(line, ())
        first = (
            tuple(w for w in begin.by_word if w not in keywords)
            if begin is not None and self.lines[line].first
            else ()
        )
        templates, owed = self.lines[line].templates, tuple(sorted((*keywords, *first)))
        if line in self.two_words:
            cut = tuple(slots[:-1] for slots in templates if len(slots) > 1 and slots[-1] not in STRONG)
            return self.parts.line_kind(self.parts.automaton(cut, owed, 1), begin, self.weak)
        if self.lines[line].internal:
            return self.halved(templates[0], tuple(sorted(keywords)), first, begin)
        return self.parts.line_kind(self.parts.automaton(templates, owed), begin)

    @memoised
    def halved(
        self, slots: str, keywords: tuple[int, ...], first: tuple[int, ...], begin: WordSet | None
    ) -> LineKind:
        """The kind of a line that rhymes within itself: of the first of its middles, and with as many keywords in its
        first half, as make it possible; of the last if none do."""
        splits = [late for n in range(len(keywords) + 1) for late in combinations(keywords, n)]
        for middle, late in product(middles(slots), splits):
            early = tuple(sorted({*keywords, *first} - {*late}))
            inner = self.parts.line_kind(self.parts.automaton((slots[:middle],), early, len(slots) - middle), begin)
            kind = self.parts.line_kind(self.parts.automaton((slots[middle:],), late), None, (), inner)
            if line_possible(self, kind):
                return kind
        return kind

    def find_two_words(self, g: int) -> list[int]:
        """The lines of a group that end on two words against one: in a mosaic rhyme all but the first, unless a given
        end is one word or two."""
        spec, given = self.spec.groups[g], [i for i in self.given if self.lines[i].group == g]
        if spec.kind != "mosaic":
            return []
        pairs = [bool(self.pair_sounds(self.given[i])) for i in given]
        one = bool(spec.with_word) or not all(pairs)
        return self.members[g] if one else [] if pairs else self.members[g][1:]

    def pair_sounds(self, line: Sequence[int]) -> list[RhymeSound]:
        """The sounds of a given line's last two words as one, if the last is weak."""
        texts = [self.table.words[w] for w in line[-2:]]
        first = self.table.readings[line[-2]] if len(line) > 1 else ()
        return [RhymeSound(r) for r in phrase_readings(first, texts[-1])] if len(line) > 1 else []

    @cached_property
    def weak(self) -> tuple[int, ...]:
        """The words with which a mosaic rhyme of two words may end."""
        index = self.table.index
        return tuple(
            index[w] for w in CLOSING if w in index and index[w] < self.table.known and self.usable[index[w]]
        )

    def end_of(self, i: int, line: Sequence[int]) -> int:
        """The word of line i that rhymes: its last, or the one before a weak word."""
        return line[-2] if i in self.two_words else line[-1]

    # --- rhyme

    def settle_group(self, g: int, states: Sequence[GroupState]) -> None:
        """Let a group begin in the first of these states with which its lines can rhyme, or in the first if none."""
        before, after = self.initial_groups[:g], self.initial_groups[g + 1 :]
        for state in (*states, states[0]):
            self.initial_groups = (*before, state, *after)
            if len(states) == 1 or not group_error(self, g, {}):
                return

    def find_groups(self, g: int) -> list[GroupState]:
        """The states in which a group may begin, the best first: one for each class that its given lines and its word
        can have, with the sounds that they take; the empty state if it has neither."""
        spec = self.spec.groups[g]
        level = self.rhymes.level(spec.kind)
        given = {i for i in self.given if self.lines[i].group == g and self.source[i] == i}
        fixed = {
            f"line {i + 1} ({self.table.words[words[-1]]})": (words[-1], self.end_sounds(i))
            for i, words in self.given.items()
            if i in given
        }
        if spec.with_word:
            word = self.table.id_of(spec.with_word)
            fixed[f"--rhyme-with {spec.with_word!r}"] = (word, [s for _, s in self.table.sounds(word)])
        return self.fixed_groups(fixed, spec.kind, level) if fixed else [GroupState()]

    def standard(self, word: int) -> tuple[Reading, ...]:
        """A word's readings in the dictionary itself: of "tire" as one syllable and as two the longer, since
        scripts/build_lexicon.py adds the shorter."""
        found = self.table.lexicon.table.find(self.table.words[word])
        most = max((r.syllables for r in found), default=0)
        return tuple(r for r in found if r.syllables == most)

    def end_sounds(self, i: int) -> list[RhymeSound]:
        """The sounds of a given line's last word, in the readings with which the line fills its slots."""
        sounds, line = self.table.sounds(self.given[i][-1]), self.lines[i]
        if (
            line.group >= 0
            and self.spec.groups[line.group].kind == "mosaic"
            and (pair := self.pair_sounds(self.given[i]))
        ):
            return pair
        fitting = [s for r, s in sounds if fits(line, self.table.lexicon, lambda x, r=r: x == r)]  # type: ignore[misc]
        return fitting or [s for _, s in sounds]  # a given line that may break the plan

    def fixed_groups(
        self, fixed: Mapping[str, tuple[int, Sequence[RhymeSound]]], kind: str, level: str
    ) -> list[GroupState]:
        """The classes that all given words share, with the sounds they take: first those of the dictionary's own
        readings, and of these the one with most words. Raises `InputError` if the words share none."""
        wide = "assonance" if kind == "near" else level
        common: set[str] | None = None
        for name, (_, sounds) in fixed.items():
            if not sounds:
                raise InputError(f"{name}: its pronunciation is not known: choose another word or use --lexicon")
            keys = {s.key(wide) for s in sounds}
            if common is not None and not common & keys:
                raise InputError(f"given lines that should rhyme do not: {' and '.join(fixed)}")
            common = keys if common is None else common & keys
        first = next(iter(fixed.values()))[1]
        classes = {s.key(level) for s in first if s.key(wide) in (common or ())}
        listed = {key(r, level) for w, _ in fixed.values() for r in self.standard(w)}  # type: ignore[arg-type]
        members = self.table.classes(level)
        order = sorted(sorted(classes), key=lambda c: (c in listed, len(members.get(c, ()))), reverse=True)
        each: list[tuple[int, RhymeSound]] = [(word, sound) for word, own in fixed.values() for sound in own]
        return [
            GroupState(c, frozenset(self.rhymes.sound_key(word, x, level) for word, x in each if x.key(level) == c))
            for c in order
        ]

    def assignment(self, seed: int) -> Assignment:
        """A line for every keyword, at random from `seed`, such that the song stays possible."""
        return self.placement(seed % VARIETY) if self.keywords else {}

    @memoised
    def placement(self, number: int) -> Assignment:
        return find_assignment(self, number)

    # --- writing

    def open(self, i: int, assignment: Assignment, groups: Sequence[GroupState], chance: int = 0) -> Opening:
        """The beginning of line i, in the order of drawing; `chance` chooses among several."""
        g = self.lines[i].group
        found = self.openings(i, tuple(assignment.items()), groups[g] if g >= 0 else None)
        return found[chance % len(found)]

    @memoised
    def openings(self, i: int, held: Held, state: GroupState | None) -> list[Opening]:
        """The ways to begin line i: one, or one for each weak word that may end it."""
        kind = self.kind(i, dict(held))
        if not kind.weak:
            return [self.opening(kind, self.ends(i, dict(held), state, kind))]
        each = [(w, self.parts.line_kind(kind.automaton, kind.initial, (w,))) for w in kind.weak]
        found = [(w, one, self.ends(i, dict(held), state, one)) for w, one in each]
        return [self.opening(one, ends, w) for w, one, ends in found if ends is not None and len(ends.words)]

    def opening(self, kind: LineKind, ends: WordSet | None, weak: int = -1) -> Opening:
        first, last = (ends, kind.initial) if self.backward else (kind.initial, ends)
        node = self.nodes.start(kind.automaton, last)
        return Opening(node, first.number if first else 0, last.number if last else 0, ends, weak)

    def ends(self, i: int, assignment: Assignment, state: GroupState | None, kind: LineKind) -> WordSet | None:
        """The words that may end line i of this kind, whose rhyme group is in this state; None: any."""
        if state is not None:
            g = self.lines[i].group
            rest = tuple(self.kind(j, assignment) for j in self.members[g] if j > i)
            return self.rhymes.choice(self.rhymes.level(self.spec.groups[g].kind), (kind, *rest), state)
        if kind.inner is None:
            return None
        return self.rhymes.choice(self.rhymes.level(self.spec.rhyme_kind), (kind,), GroupState())

    @memoised
    def inner_opening(self, i: int, held: Held, state: GroupState, ends: WordSet, word: int) -> Opening:
        """The beginning of the first half of line i, which ends on `word`."""
        kind = self.kind(i, dict(held))
        assert kind.inner is not None
        level = self.rhymes.level(self.spec.rhyme_kind)
        return self.opening(kind.inner, self.rhymes.partners(kind, level, state, ends, word))

    def advance(self, rows: Rows, n: Ints, words: Ints) -> Ints:
        """Move rows n (B,) to the nodes after these words (B,), and rows that have finished the second half of a line
        on to the beginning of its first half. Returns (B,) the nodes after the words."""
        after = self.nodes.targets(rows, n, words)
        rows.node[n], rows.first[n] = after, 0
        for k in np.flatnonzero((after == CLOSED) & (rows.halves[n] > 0)).tolist():
            row, draft = int(n[k]), rows.drafts[n[k]]
            i, end = int(rows.line[row]), (*draft.drawn, int(words[k]))[0]
            g = self.lines[i].group
            state = draft.groups[g] if g >= 0 else GroupState()
            assert draft.ends is not None
            opening = self.inner_opening(i, tuple(draft.assignment.items()), state, draft.ends, end)
            rows.node[row], rows.first[row], rows.last[row], rows.halves[row] = (
                opening.node,
                opening.first,
                opening.last,
                0,
            )
        return after

    @memoised
    def rewards(self, i: int, held: Held, state: GroupState, ends: WordSet) -> Reals:
        """(W,) for every word that may end line i, the first written line of its group: an estimate of the
        probability that the group's other lines rhyme with it."""
        g, assignment = self.lines[i].group, dict(held)
        level = self.rhymes.level(self.spec.groups[g].kind)
        kinds = tuple(self.kind(j, assignment) for j in self.members[g] if j > i)
        found = np.ones(len(self.table.words))
        if self.rhymes.wide.at_once((self.kind(i, assignment), *kinds), state):
            found[ends.words] = self.rhymes.wide.rewards(level, kinds, ends.words)
        else:
            for w in ends.words.tolist():
                after = self.rhymes.after(level, state, ends, w)
                found[w] = self.rhymes.reward(level, kinds, after.chosen, after.taken)
        return found

    def close(
        self, i: int, groups: tuple[GroupState, ...], ends: WordSet | None, word: int
    ) -> tuple[GroupState, ...]:
        """The groups once line i has ended on `word`."""
        g = self.lines[i].group
        if g < 0 or ends is None:
            return groups
        level = self.rhymes.level(self.spec.groups[g].kind)
        new = self.rhymes.after(level, groups[g], ends, word)
        return (*groups[:g], new, *groups[g + 1 :])

    # --- sounds of different letters

    @memoised
    def groups_left(self, i: int, held: Held) -> list[tuple[int, Kinds, bool]]:
        """The groups that have lines from i on: their kinds, and whether the group, if its class is still free, finds
        one whatever the other lines are."""
        found = []
        for g, members in enumerate(self.members):
            kinds = tuple(self.kind(j, dict(held)) for j in members if j >= i)
            found += [(g, kinds, self.apart.has_plenty(g, kinds))] if kinds else []
        return found

    def can_finish(
        self, i: int, assignment: Assignment, groups: Sequence[GroupState], written: Mapping[int, Sequence[int]],
        used: frozenset[int],
    ) -> bool:  # fmt: skip
        """Whether the lines from i on can rhyme, on words that are not used, so that different letters differ."""
        left = self.groups_left(i, tuple(assignment.items()))
        tests = [(g, kinds) for g, kinds, plenty in left if groups[g].chosen or not plenty]
        rests = [self.apart.rest(g, kinds, groups, written) for g, kinds in tests]
        tight = sorted((rest for rest in rests if rest is not None), key=lambda rest: len(rest.classes))
        return not tight or self.apart.can_finish(tight, used, [SEARCHED])

    def meets(
        self, i: int, word: int, after: Sequence[GroupState], groups: Sequence[GroupState],
        written: Mapping[int, tuple[int, ...]], ended: frozenset[int],
    ) -> bool:  # fmt: skip
        """Whether another line ends on `word`, which would end line i and leave the groups as `after`, or its sound
        belongs to another letter."""
        if not self.apart.on or word in ended or word in self.apart.given_ends:
            return self.apart.on
        return self.apart.merges(i, word, groups, after, written)

    def alike(
        self, i: int, word: int, ends: WordSet | None, groups: tuple[GroupState, ...], assignment: Assignment,
        written: Mapping[int, tuple[int, ...]], ended: frozenset[int],
    ) -> bool:  # fmt: skip
        """Whether line i may not end on `word`: it `meets` another line, a later line owes the word, or too few
        sounds would be left for the lines after it."""
        if not self.apart.on:
            return False
        after = self.close(i, groups, ends, word)
        owed = any(word in words for j, words in assignment.items() if j > i)
        if owed or self.meets(i, word, after, groups, written, ended):
            return True
        lines = {**written, i: (word,)} if self.apart.single[i] else written
        return not self.can_finish(i + 1, assignment, after, lines, ended | self.apart.given_ends | {word})

    @cached_property
    def break_after(self) -> list[int]:
        """The token that ends each line of the song: a line break, the next section's tag or the end."""
        out = []
        for this, after in zip(self.lines, [*self.lines[1:], None], strict=True):
            if after is None:
                out.append(self.token(END))
            else:
                out.append(self.line_end if after.section == this.section else self.tag(after.name))
        return out

    @property
    def prompt(self) -> int:
        """The token that precedes a song."""
        return self.token(SONG)

    def token(self, name: str) -> int:
        """A structural token, or a line break where the model has no such token."""
        return self.table.vocabulary.index.get(name, self.line_end)

    @cached_property
    def line_end(self) -> int:
        """The token that ends a line. Raises `InputError` if the vocabulary has none."""
        index = self.table.vocabulary.index
        found = [index[t] for t in (LINE, EOS) if t in index]
        if not found:
            raise InputError(f"the vocabulary has no token for the end of a line: give it {LINE}")
        return found[0]

    @cached_property
    def breaks(self) -> list[int]:
        """Every token that ends a line. Rising, since sums of floats depend on their order."""
        index = self.table.vocabulary.index
        return sorted(index[b] for b in BREAKS if b in index)

    def tag(self, name: str) -> int:
        return self.token(TAGS.get(name, TAGS["verse"]))


def compile_song(
    table: WordTable,
    spec: SongSpec,
    columns: VocabLayout,
    barred: Collection[int] = (),
    shared: Shared | None = None,
) -> ExactSongAutomaton:
    """The plan's automaton: strict if it can be fulfilled so, else with every reading; a default scheme whose letters
    cannot differ is fulfilled with letters that may share a sound. Raises `PlanError` if there is no way."""
    specs = [spec, replace(spec, same_sounds=True)] if spec.default_scheme and not spec.same_sounds else [spec]
    refusals: list[PlanError] = []
    for each in specs:
        for strict in (True, False):
            try:
                return ExactSongAutomaton(table, each, columns, strict, barred, shared)
            except PlanError as refusal:
                refusals.append(refusal)
    raise refusals[0]


# --- Feasibility: whether some song can fulfil its plan, and what blocks it if none can

Assignment = Mapping[int, tuple[int, ...]]  # line -> keywords that it must contain
Held = tuple[tuple[int, tuple[int, ...]], ...]  # the items of an assignment
VARIETY = 12  # placements of the keywords that songs of a plan choose from
TRIES = 2_000  # keyword placements tested before the search ends


def check(song: ExactSongAutomaton) -> None:
    """Raise `PlanError` with what blocks the plan, if anything does."""
    for i in song.written:
        check_line(song, i)
    for g in range(len(song.members)):
        problem = group_error(song, g, {})
        if problem:
            raise PlanError(problem)
    if song.apart.on and not song.can_finish(0, {}, song.initial_groups, {}, song.apart.given_ends):
        raise PlanError(letters_error(song))
    if song.keywords and not song.written:
        raise PlanError(f"--include {song.table.words[song.keywords[0]]!r}: no line is left to be written")
    if song.keywords:
        check_keywords(song)


def check_line(song: ExactSongAutomaton, i: int) -> None:
    """Raise `PlanError` if no words of the model make line i."""
    kind = song.kind(i, {})
    if line_possible(song, kind):
        return
    line = song.lines[i]
    what = f"line {i + 1} ({numbers(sorted(set(map(len, line.templates))))} syllables, {line.templates[0]!r})"
    if line.first:
        raise PlanError(
            f"{what} cannot begin with {line.first!r}: its syllables and stresses do not fit there{inside(song, i)}"
        )
    if line.initial:
        raise PlanError(
            f"{what} cannot begin with the letter {line.initial!r}: no such word fits there{inside(song, i)}"
        )
    if i in song.two_words and not kind.automaton.slots.templates:
        raise PlanError(
            f"{what}: a mosaic rhyme ends on a weak syllable: ask for another metre or number of syllables"
        )
    if line.internal:
        raise PlanError(f"{what}: no words of this model that fit rhyme in its middle and at its end (--internal)")
    raise PlanError(f"{what}: no words of this model fit its syllables and stresses")


def inside(song: ExactSongAutomaton, *lines: int) -> str:
    """What an error adds where some of these lines are to rhyme within themselves."""
    return "; --internal asks for a rhyme within the line too" if any(song.lines[i].internal for i in lines) else ""


def line_possible(song: ExactSongAutomaton, kind: LineKind) -> bool:
    a = kind.automaton
    if kind.inner is not None:
        level = song.rhymes.level(song.spec.rhyme_kind)
        fits = a.possible(None) and line_possible(song, kind.inner)
        return fits and song.rhymes.possible(level, (kind,), GroupState())
    if song.backward:
        return a.possible(kind.initial)
    if kind.initial is None:
        return a.possible(None)
    good = a.viable(a.landing(None))
    for word, word_class in kind.beginnings():
        bits, owed, q = a.after(a.slots.start, a.all_keywords, 0, word, word_class)
        if bits & good[owed][q] or kind.alone(word, word_class):
            return True
    return False


def check_keywords(song: ExactSongAutomaton) -> None:
    """Raise `PlanError` if the keywords do not fit into the lines to be written."""
    least = sum(min(song.table.signature(w).syllables, default=1) for w in song.keywords)
    slots = sum(max(map(len, song.lines[i].templates)) for i in song.written)
    if least > slots:
        names = ", ".join(song.table.words[w] for w in song.keywords)
        raise PlanError(f"--include {names}: {least} syllables, and the lines to be written have {slots}")
    for w in song.keywords:
        if not any(line_possible(song, song.kind(i, {i: (w,)})) for i in song.written):
            hint = inside(song, *song.written)
            raise PlanError(f"--include {song.table.words[w]!r} fits into none of the lines to be written{hint}")
    song.assignment(0)


def find_assignment(song: ExactSongAutomaton, seed: int) -> Assignment:
    """A line for every keyword, at random, such that all lines and groups stay possible. Raises `PlanError`."""
    chance = random.Random(seed)
    budget = [TRIES]
    found = place(song, list(song.keywords), {}, chance, budget)
    if found is None:
        names = ", ".join(song.table.words[w] for w in song.keywords)
        limit = "search limit reached: " if budget[0] <= 0 else ""
        hint = inside(song, *song.written)
        raise PlanError(f"{limit}--include {names}: no way was found to place them all in lines to be written{hint}")
    return found


def place(
    song: ExactSongAutomaton, left: list[int], so_far: Assignment, chance: random.Random, budget: list[int]
) -> Assignment | None:
    if not left:
        return so_far
    word, rest = left[0], left[1:]
    order = sorted(song.written, key=lambda i: (len(so_far.get(i, ())), chance.random()))
    for i in order:
        budget[0] -= 1
        if budget[0] <= 0:
            return None
        new = {**so_far, i: (*so_far.get(i, ()), word)}
        if keyword_fits(song, i, new):
            found = place(song, rest, new, chance, budget)
            if found is not None:
                return found
    return None


def keyword_fits(song: ExactSongAutomaton, i: int, assignment: Assignment) -> bool:
    g = song.lines[i].group
    if not line_possible(song, song.kind(i, assignment)):
        return False
    if g >= 0 and group_error(song, g, assignment):
        return False
    apart = song.apart
    return not apart.on or song.can_finish(0, assignment, song.initial_groups, {}, apart.given_ends)


def letters_error(song: ExactSongAutomaton) -> str:
    """Which letters cannot all differ in sound and in their last words, and what to do."""
    tight = [g for g, _, plenty in song.groups_left(0, ()) if not plenty and not song.initial_groups[g].chosen]
    letters = ", ".join(dict.fromkeys(song.spec.groups[g].letter for g in tight))
    lines = ", ".join(str(i + 1) for i in sorted(i for g in tight for i in song.members[g]))
    return (
        f"lines {lines} (letters {letters}) cannot all differ in sound and in their last words: this model has too "
        "few words that fit there; use fewer letters or add --same-sounds"
    )


def group_error(song: ExactSongAutomaton, g: int, assignment: Assignment) -> str:
    """Why the lines of a group cannot rhyme, or ""."""
    if not song.members[g]:
        return ""
    spec = song.spec.groups[g]
    level, kinds = song.rhymes.level(spec.kind), tuple(song.kind(i, assignment) for i in song.members[g])
    if song.rhymes.possible(level, kinds, song.initial_groups[g]):
        return ""
    lines, hint = ", ".join(str(i + 1) for i in song.members[g]), inside(song, *song.members[g])
    if song.initial_groups[g].chosen:
        whom = f"with {spec.with_word!r}" if spec.with_word else "with the given lines"
        hints = {
            "perfect": "; --rhyme-kind light rhymes by any stress (sky, butterfly)",
            "mosaic": "; a mosaic rhyme needs a word with a syllable after its stress (letter)",
        }
        problem = "this model has no such words that fit"
        return f"lines {lines} (letter {spec.letter}) cannot rhyme {whom}: {problem}{hints.get(spec.kind, '')}{hint}"
    weak = " as one word against two; a mosaic rhyme ends on a weak syllable" if spec.kind == "mosaic" else ""
    return (
        f"lines {lines} (letter {spec.letter}): no {len(kinds)} words of this model that fit there rhyme{weak}{hint}"
    )
