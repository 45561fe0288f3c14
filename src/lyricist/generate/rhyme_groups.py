"""Rhyme groups: which words may end each line so that all lines of a letter rhyme and no two end in the same sound,
and lines of different letters do not rhyme with each other.

A class of words suits a group only if its lines can be matched to words that differ in sound (Hall's condition, by
augmenting paths). This is tested again after every end word drawn.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lyricist.generate.line import LineAutomaton, WordSet
from lyricist.generate.vocab import RhymeSound, WordClass, WordTable, memoised, plain
from lyricist.model.word_facts import Signature
from lyricist.plan.song_spec import SongSpec
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.phones import bare
from lyricist.prosody.rhyme import WEAK_FORMS, phrase_readings, tail_key

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
NUMBERS = count()  # of line kinds: the garbage collector does not track tuples of numbers and strings
LEVELS = {("near", True): "family", ("near", False): "assonance"}


class LineKind:
    """A line automaton and the words that may begin the line: together they decide how the line can end.

    `weak`: the words one of which follows the automaton's, in a mosaic rhyme. `inner`: the kind of the line's first
    half, whose last word rhymes with the line's; the automaton is then of the second half.
    """

    def __init__(
        self,
        automaton: LineAutomaton,
        initial: WordSet | None,
        weak: tuple[int, ...] = (),
        inner: LineKind | None = None,
    ) -> None:
        self.number, self.automaton, self.initial = next(NUMBERS), automaton, initial
        self.weak, self.inner = weak, inner
        self.backward = automaton.slots.backward
        self.endings: dict[tuple[int, WordClass], bool] = {}

    def can_end(self, word: int, word_class: WordClass) -> bool:
        """Whether the line can end in this word with readings of this class."""
        which = word if word in self.automaton.keywords or self.initial is not None else -1
        known = self.endings.get((which, word_class))
        if known is None:
            test = self.starts_drawing if self.backward else self.ends_drawing
            known = self.endings[which, word_class] = test(word, word_class)
        return known

    def alone(self, word: int, word_class: WordClass) -> bool:
        """Whether the word can be the whole line."""
        a = self.automaton
        bits, owed, q = a.after(a.slots.start, a.all_keywords, 0, word, word_class)
        fits = self.initial is None or word in self.initial.by_word
        return fits and bool(bits & a.slots.accept) and not owed and a.finals[q]

    def starts_drawing(self, word: int, word_class: WordClass) -> bool:
        a = self.automaton
        bits, owed, q = a.after(a.slots.start, a.all_keywords, 0, word, word_class)
        rest = self.unfinished[owed][q]
        return bool(bits & rest & ~a.slots.accept) or self.alone(word, word_class)

    @cached_property
    def unfinished(self) -> list[list[int]]:
        """[keywords owed][state of further constraints]: places from which a line drawn backward can be finished."""
        return self.automaton.viable(self.automaton.landing(self.initial))

    def ends_drawing(self, word: int, word_class: WordClass) -> bool:
        a = self.automaton
        for owed, states in enumerate(self.reachable):
            for q, places in enumerate(states):
                bits, left, q2 = a.after(places, owed, q, word, word_class)
                if bits & a.slots.accept and not left and a.finals[q2]:
                    return True
        return self.alone(word, word_class)

    @cached_property
    def reachable(self) -> list[list[int]]:
        """[keywords owed][state of further constraints]: places that words lead to from the line's beginning."""
        a = self.automaton
        out = [[0] * len(a.finals) for _ in range(a.all_keywords + 1)]
        for word, word_class in self.beginnings():
            bits, owed, q = a.after(a.slots.start, a.all_keywords, 0, word, word_class)
            out[owed][q] |= bits
        for b in a.places:  # words only lead to later places
            for owed in range(a.all_keywords, -1, -1):
                for q in range(len(a.finals)):
                    if out[owed][q] >> b & 1:
                        self.spread(out, owed, b, q)
        return [[x & ~a.slots.accept for x in row] for row in out]

    def spread(self, out: list[list[int]], owed: int, b: int, q: int) -> None:
        a = self.automaton
        for q2, hop in a.hops[q].items():
            out[owed][q2] |= hop[b]
        for j, hop in enumerate(a.keyword_hops):
            if (q2 := a.keyword_classes[j].moves[q]) >= 0:
                out[owed & ~(1 << j)][q2] |= hop[b]

    def beginnings(self) -> Iterable[tuple[int, WordClass]]:
        a = self.automaton
        if self.initial is not None:
            return [(w, WordClass(s, word_class.moves)) for w, word_class, s in self.initial.entries]
        free = [(-1, word_class) for word_class in a.word_classes.values()]
        return [*free, *zip(a.keywords, a.keyword_classes, strict=True)]


@dataclass(frozen=True, slots=True)
class End:
    """A word at a line's end: the class of its readings that rhyme, its sound, and whether all its readings rhyme."""

    word: int
    word_class: WordClass
    sound: str
    agrees: bool


@dataclass(frozen=True)
class GroupState:
    """A group while its lines are written: its class once a line has ended, and the sounds taken."""

    chosen: str = ""
    taken: frozenset[str] = frozenset()


Kinds = tuple[LineKind, ...]


class Rhymes:
    """End words by class for lines of given kinds, shared by the songs of one plan."""

    def __init__(self, table: WordTable, usable: Bools, strict: bool) -> None:
        self.table, self.usable, self.strict = table, usable, strict
        self.lock = threading.Lock()
        self.by_number: list[WordSet | None] = [None]  # 0 stands for "no restriction"
        self.outcomes: dict[int, dict[int, str]] = {}  # number of a set -> word -> its class
        self.finals: npt.NDArray[np.float32] | None = None  # (V,) how often each word ends a line, if that is known
        self.enders: dict[tuple[int, str, str], list[End]] = {}
        self.sounding: dict[tuple[int, str, str], frozenset[str]] = {}
        self.wide = Wide(self)

    def numbered(self, entries: Iterable[tuple[int, Signature]], sure: bool = False) -> WordSet:
        """A new set. `sure`: the line can be finished after each of its words."""
        with self.lock:  # engines may share a plan
            made = WordSet.of(len(self.by_number), ((w, self.table.word_class(w), s) for w, s in entries), sure)
            self.by_number.append(made)
        return made

    def sure_set(self, words: Ints) -> WordSet:
        """A new set of words (N,), with all their readings, after each of which the line can be finished."""
        kinds = tuple((word_class, word_class.signature) for word_class in self.table.word_classes)
        with self.lock:
            made = WordSet(len(self.by_number), words, self.table.sig[words].astype(np.int64), kinds, True)
            self.by_number.append(made)
        return made

    def level(self, kind: str) -> str:
        """The level of a kind of rhyme: perfect and light are their own, near rhymes are of the family if strict."""
        return LEVELS.get((kind, self.strict), kind)

    def sound_key(self, word: int, sound: RhymeSound, level: str) -> str:
        """What must differ between the lines of a group: the onset, which excludes rich rhymes, or, for a plan that
        needs them, the sound of the whole word."""
        if self.strict:
            return sound.whole(level)
        return self.homophones.get(word, str(word))

    @cached_property
    def homophones(self) -> dict[int, str]:
        """Word -> one name for all words that share a pronunciation with it, directly or through another."""
        parent: dict[str, str] = {}

        def root(x: str) -> str:
            while parent.setdefault(x, x) != x:
                x = parent[x]
            return x

        spellings = [sorted({plain(r) for r in readings}) for readings in self.table.readings]
        for names in spellings:
            for other in names[1:]:
                parent[root(other)] = root(names[0])
        return {w: root(names[0]) for w, names in enumerate(spellings) if names}

    def ends(self, kind: LineKind, level: str, cls: str) -> list[End]:
        """The words of a class that can end such a line."""
        key = (kind.number, level, cls)
        if key not in self.enders:
            held = kind.automaton.keywords
            found = [
                x
                for x in (self.phrases(cls, kind.weak) if kind.weak else self.members(level, cls))
                if (x.word in held or (x.agrees and self.usable[x.word])) and kind.can_end(x.word, x.word_class)
            ]
            if kind.inner is not None:
                middle = self.keys(kind.inner, level, cls)
                found = [x for x in found if len(middle) > (x.sound in middle)]
            self.enders[key] = found
        return self.enders[key]

    @memoised
    def phrases(self, cls: str, weak: tuple[int, ...]) -> list[End]:
        """The words that rhyme in a mosaic class together with one of the `weak` words after them."""
        found: dict[int, End] = {}
        for after in (self.table.words[w] for w in weak):
            for form in WEAK_FORMS[after]:
                head = cls.removesuffix(" " + tail_key(f"- {' '.join(bare(form))}", "mosaic")[2:])
                for word in self.table.classes("perfect").get(head, ()) if head != cls else ():
                    if self.precedes(word, head, after):
                        sound = f"{self.table.sounds(word)[0][0].onset}|{cls}"
                        found.setdefault(word, End(word, self.table.word_class(word), sound, True))
        return list(found.values())

    def precedes(self, word: int, tail: str, weak: str) -> bool:
        """Whether all readings of a word have this tail and its main stress last, as before a weak word. Function
        words do not precede one: they would hardly be stressed there."""
        readings = [reading for reading, _ in self.table.sounds(word)]
        fits = all(reading.tail == tail and phrase_readings([reading], weak) for reading in readings)
        return fits and self.table.words[word] not in FUNCTION_WORDS

    def partners(self, kind: LineKind, level: str, state: GroupState, words: WordSet, word: int) -> WordSet:
        """The words that may end the first half of a line that ends on `word` of `words`."""
        assert kind.inner is not None
        cls = state.chosen or self.outcomes[words.number][word]
        own = self.as_end(word, level, cls).sound
        found = [x for x in self.ends(kind.inner, level, cls) if x.sound != own]
        return self.numbered(((x.word, x.word_class.signature) for x in found), sure=True)

    @memoised
    def members(self, level: str, cls: str) -> list[End]:
        """The words of a class, for any line."""
        return [self.as_end(w, level, cls) for w in self.table.classes(level).get(cls, ())]

    def as_end(self, word: int, level: str, cls: str) -> End:
        table = self.table
        pairs = table.sounds(word)
        inside = [(r, s) for r, s in pairs if s.key(level) == cls]
        word_class, whole = table.word_class(word), len(inside) == len(pairs)
        if not whole:
            stresses = frozenset("1" if r.syllables == 1 else r.stress for r, _ in inside)
            word_class = WordClass(Signature(stresses, word_class.signature.free), word_class.moves)
        return End(word, word_class, self.sound_key(word, inside[0][1], level), whole or not self.strict)

    def keys(self, kind: LineKind, level: str, cls: str) -> frozenset[str]:
        """The different sounds of the words of a class that can end such a line."""
        key = (kind.number, level, cls)
        if key not in self.sounding:
            self.sounding[key] = frozenset(x.sound for x in self.ends(kind, level, cls))
        return self.sounding[key]

    @memoised
    def fewest(self, level: str, kinds: Kinds, cls: str) -> int:
        """The least number of different sounds of a class for one of these lines."""
        return min(len(self.keys(k, level, cls)) for k in kinds)

    def suits(self, cls: str, level: str, kinds: Kinds, taken: frozenset[str]) -> bool:
        """Whether every line can end in a word of the class with a sound of its own that is not among those taken."""
        options = [self.keys(k, level, cls) for k in kinds]
        if all(len(o) >= len(kinds) + len(taken) for o in options):
            return True
        return matchable([o - taken for o in options])

    @memoised
    def classes(self, level: str, kinds: Kinds, state: GroupState) -> list[str]:
        """The classes that suit lines of these kinds."""
        if self.wide.at_once(kinds, state):
            names = self.table.endings(level).names
            return [names[c] for c in np.flatnonzero(self.wide.suited(level, kinds)).tolist()]
        every = self.table.classes(level)
        found = [state.chosen] if state.chosen else [c for c in every if len(every[c]) >= least(kinds)]
        return [c for c in found if self.suits(c, level, kinds, state.taken)]

    @memoised
    def possible(self, level: str, kinds: Kinds, state: GroupState) -> bool:
        """Whether some class suits lines of these kinds: `classes` is not empty, found with fewer tests."""
        if self.wide.at_once(kinds, state):
            return bool(self.wide.suited(level, kinds).any())
        large = self.by_size(level, least(kinds))
        return any(self.suits(c, level, kinds, state.taken) for c in ([state.chosen] if state.chosen else large))

    @memoised
    def choice(self, level: str, kinds: Kinds, state: GroupState) -> WordSet:
        """The words that may end the first of `kinds` so that the others can still rhyme with it."""
        if self.wide.at_once(kinds, state):
            return self.wide.choice(level, kinds)
        chosen: dict[int, tuple[Signature, str]] = {}
        rest, taken = kinds[1:], state.taken
        for cls in self.classes(level, kinds, state):
            plenty = all(len(self.keys(k, level, cls)) > len(rest) + len(taken) for k in rest)
            for x in self.ends(kinds[0], level, cls):
                free = x.sound not in taken and x.word not in chosen
                if free and (plenty or self.suits(cls, level, rest, taken | {x.sound})):
                    chosen[x.word] = (x.word_class.signature, cls)
        made = self.numbered(((w, s) for w, (s, _) in chosen.items()), sure=True)
        self.outcomes[made.number] = {w: c for w, (_, c) in chosen.items()}
        return made

    @memoised
    def has_plenty(self, level: str, kinds: Kinds, spare: int, vowels: int) -> bool:
        """Whether classes of so many different vowels suit lines of these kinds, each with `spare` sounds more than
        lines."""
        return len(set(itertools.islice(self.rich(level, kinds, len(kinds) + spare), vowels))) >= vowels

    def rich(self, level: str, kinds: Kinds, sounds: int) -> Iterator[str]:
        """The vowels of the classes that have so many sounds for each of these lines, each once."""
        found: set[str] = set()
        if self.wide.at_once(kinds, GroupState()):
            least = np.min([self.wide.sounds(level, k) for k in kinds], axis=0)
            names = self.table.endings(level).names
            classes: Iterable[str] = (names[c] for c in np.flatnonzero(least >= sounds).tolist())
        else:
            every = self.by_size(level, 1 if any(k.weak for k in kinds) else sounds)
            classes = (c for c in every if all(len(self.keys(k, level, c)) >= sounds for k in kinds))
        for cls in classes:
            if (vowels := vowels_of(cls)) not in found:
                found.add(vowels)
                yield vowels

    @memoised
    def by_size(self, level: str, least: int) -> list[str]:
        """The classes of at least so many words, the largest first."""
        every = self.table.classes(level)
        return sorted((c for c in every if len(every[c]) >= least), key=lambda c: -len(every[c]))

    def words_for(
        self, cls: str, level: str, kinds: Kinds, taken: frozenset[str], used: Collection[int]
    ) -> list[int] | None:
        """A word of the class for each of these lines, with sounds that differ and are not taken, and none of the
        `used` ones; None if there are none."""
        options: list[dict[str, int]] = []
        for kind in kinds:
            own: dict[str, int] = {}
            for end in self.ends(kind, level, cls):
                if end.word not in used and end.sound not in taken:
                    own.setdefault(end.sound, end.word)
            options.append(own)
        found = matched([frozenset(own) for own in options])
        return None if found is None else [own[sound] for own, sound in zip(options, found, strict=True)]

    def reward(self, level: str, kinds: Kinds, cls: str, taken: frozenset[str]) -> float:
        """An estimate of the probability that the group's remaining lines end in this class, from how lines of all
        songs end."""
        return self.share(level, kinds[0], cls, taken) ** len(kinds) if self.finals is not None and kinds else 1.0

    @memoised
    def share(self, level: str, kind: LineKind, cls: str, taken: frozenset[str]) -> float:
        """The share of all lines that end in the words of a class, without the sounds taken."""
        assert self.finals is not None
        ends = self.ends(kind, level, cls)
        left = [x.word for x in ends if x.sound not in taken and x.word < len(self.finals)]
        return max(float(self.finals[left].sum()), LEAST)

    def after(self, level: str, state: GroupState, words: WordSet, word: int) -> GroupState:
        """The group once `word` of `words` has ended a line."""
        cls = state.chosen or self.outcomes[words.number][word]
        inside = [s for _, s in self.table.sounds(word) if s.key(level) == cls]
        if not inside:  # the first word of a mosaic rhyme's two
            return GroupState(cls, state.taken | {f"{self.table.sounds(word)[0][0].onset}|{cls}"})
        return GroupState(cls, state.taken | {self.sound_key(word, inside[0], level)})


def least(kinds: Kinds) -> int:
    """How many words a class must have at least: one for each line that ends on one word."""
    return max(1, sum(not kind.weak for kind in kinds))


def matchable(options: Sequence[frozenset[str]]) -> bool:
    """Whether every line can take a key of its own.

    >>> matchable([frozenset("ab"), frozenset("ab")]), matchable([frozenset("a"), frozenset("a")])
    (True, False)
    >>> matchable([frozenset("ab"), frozenset("a"), frozenset("bc")])
    True
    """
    return all(len(o) >= len(options) for o in options) or matched(options) is not None


def matched(options: Sequence[frozenset[str]]) -> list[str] | None:
    """A key of its own for every line; None if there are none."""
    owner: dict[str, int] = {}

    def place(line: int, seen: set[str]) -> bool:
        for k in sorted(options[line] - seen):
            seen.add(k)
            if k not in owner or place(owner[k], seen):
                owner[k] = line
                return True
        return False

    if not all(place(i, set()) for i in range(len(options))):
        return None
    keys = {line: k for k, line in owner.items()}
    return [keys[i] for i in range(len(options))]


# --- Different letters sound different


def vowels_of(cls: str) -> str:
    """The vowels of a class, by which different letters differ."""
    return tail_key(cls, "assonance")


READINGS = 3  # of a word, at most, that differ in their vowels
SEARCHED = 300  # choices of classes tested before the search ends


class Rest(NamedTuple):
    """Lines of a group that are still to be written: their kinds, the classes they may have, and what is taken."""

    group: int
    kinds: Kinds
    classes: Sequence[str]
    sounds: frozenset[str]  # that the group's other lines have
    barred: frozenset[str] | None  # vowels of other letters, which the class may not have; None: its class is chosen


class Apart:
    """Keeps the vowels of different letters and the last words of lines different. Given lines may be alike."""

    def __init__(self, rhymes: Rhymes, spec: SongSpec, given: Mapping[int, Sequence[int]]) -> None:
        self.rhymes, self.on, self.given = rhymes, not spec.same_sounds, given
        self.groups_of = [line.group for line in spec.lines]
        self.single = [line.single for line in spec.lines]
        self.level = rhymes.level(spec.groups[0].kind if spec.groups else "perfect")
        self.rivals = spec.rivals()  # by line, lines
        self.given_ends = frozenset(words[-1] for words in given.values())
        lines = [[i for i, own in enumerate(self.groups_of) if own == g] for g in range(len(spec.groups))]
        self.beside = [frozenset(j for i in own for j in self.rivals[i]) for own in lines]  # by group, lines
        self.rival_groups = [frozenset(self.groups_of[j] for j in own) - {-1} for own in self.beside]

    def has_plenty(self, g: int, kinds: Kinds) -> bool:
        """Whether group g, of which these lines are left, finds a class whatever the other lines are."""
        singles = sum(self.single[j] for j in self.beside[g])
        vowels = len(self.rival_groups[g]) + READINGS * singles + 1
        return self.rhymes.has_plenty(self.level, kinds, len(self.groups_of), vowels)

    def rest(
        self, g: int, kinds: Kinds, groups: Sequence[GroupState], written: Mapping[int, Sequence[int]]
    ) -> Rest | None:
        """The rest of group g; None if its class is chosen and has plenty of words."""
        rhymes, level, state, spare = self.rhymes, self.level, groups[g], len(self.groups_of)
        if state.chosen:
            sounds = len(kinds) + len(state.taken) + spare
            if rhymes.fewest(level, kinds, state.chosen) >= sounds:
                return None
            return Rest(g, kinds, [state.chosen], state.taken, None)
        few = rhymes.wide.at_once(kinds, state) or any(k.weak or k.inner for k in kinds)
        classes = rhymes.classes(level, kinds, state) if few else rhymes.by_size(level, least(kinds))
        return Rest(g, kinds, classes, state.taken, self.taken(self.beside[g], groups, written))

    def can_finish(
        self, rests: Sequence[Rest], used: frozenset[int], budget: list[int], vowels: Mapping[int, str] | None = None
    ) -> bool:
        """Whether all these lines can be written with words not used. `vowels`: of groups whose class was chosen
        before; `budget`: classes still to be tested."""
        if not rests:
            return True
        rest, chosen = rests[0], vowels or {}
        theirs = {chosen[h] for h in self.rival_groups[rest.group] if h in chosen}
        for cls in rest.classes:
            own = vowels_of(cls)
            if rest.barred is not None and (own in rest.barred or own in theirs):
                continue
            budget[0] -= 1
            if budget[0] < 0:
                return False
            words = self.rhymes.words_for(cls, self.level, rest.kinds, rest.sounds, used)
            if words and self.can_finish(rests[1:], used | set(words), budget, {**chosen, rest.group: own}):
                return True
        return False

    @memoised
    def vowels(self, word: int) -> frozenset[str]:
        """The vowels of all a word's readings at a line's end."""
        return frozenset(vowels_of(sound.key(self.level)) for _, sound in self.rhymes.table.sounds(word))

    def taken(
        self, lines: Iterable[int], groups: Sequence[GroupState], written: Mapping[int, Sequence[int]]
    ) -> frozenset[str]:
        """The vowels at the ends of these lines, as far as they are known."""
        found: set[str] = set()
        for j in lines:
            words = written.get(j) or self.given.get(j)
            if self.groups_of[j] >= 0:
                found.update([vowels_of(cls)] if (cls := groups[self.groups_of[j]].chosen) else [])
            elif words:
                found |= self.vowels(words[-1])
        return frozenset(found)

    def merges(
        self, i: int, word: int, before: Sequence[GroupState], after: Sequence[GroupState],
        written: Mapping[int, Sequence[int]],
    ) -> bool:  # fmt: skip
        """Whether line i, which ends on `word`, would rhyme with a line of another letter. `before`, `after`: the
        groups before and after it; `written`: the lines so far."""
        g = self.groups_of[i]
        if g >= 0 and not before[g].chosen:
            return vowels_of(after[g].chosen) in self.taken(self.beside[g], before, written)
        return self.single[i] and not self.vowels(word).isdisjoint(self.taken(self.rivals[i], before, written))


# --- The choice of a rhyme group's class, where nothing is chosen yet: all classes at once, as arrays

LEAST = 1e-6  # of a reward

Reals = npt.NDArray[np.float64]


class Wide:
    """Endings of all classes for lines of given kinds. P: pairs of the table's `Endings`, K: its classes."""

    def __init__(self, rhymes: Rhymes) -> None:
        self.rhymes, self.table = rhymes, rhymes.table

    def at_once(self, kinds: Kinds, state: GroupState) -> bool:
        """Whether the arrays answer for lines of these kinds."""
        plain = all(not k.automaton.keywords and k.initial is None and not k.weak and k.inner is None for k in kinds)
        return plain and self.rhymes.strict and not state.chosen and not state.taken

    @memoised
    def pairs(self, level: str, kind: LineKind) -> Bools:
        """(P,) which pairs can end such a line."""
        e = self.table.endings(level)
        can = np.array([kind.can_end(-1, word_class) for word_class in self.table.word_classes], dtype=bool)
        return can[self.table.sig[e.word]] & self.rhymes.usable[e.word] & e.alike

    @memoised
    def sounds(self, level: str, kind: LineKind) -> Ints:
        """(K,) how many different sounds can end such a line."""
        return self.table.endings(level).sounds(self.pairs(level, kind))

    @memoised
    def suited(self, level: str, kinds: Kinds) -> Bools:
        """(K,) which classes suit lines of these kinds (`Rhymes.suits`). For nearly all classes the number of sounds
        decides."""
        e = self.table.endings(level)
        least = np.min([self.sounds(level, k) for k in kinds], axis=0)
        found = np.asarray(least >= len(kinds))
        if len(set(kinds)) > 1:
            every = e.sounds(np.any([self.pairs(level, k) for k in kinds], axis=0))
            for c in np.flatnonzero(~found & (least > 0) & (every >= len(kinds))).tolist():
                found[c] = self.rhymes.suits(e.names[c], level, kinds, frozenset())
        return found

    def choice(self, level: str, kinds: Kinds) -> WordSet:
        """`Rhymes.choice`. Words of classes that hold just enough sounds are tested one by one."""
        e, rhymes = self.table.endings(level), self.rhymes
        able = self.pairs(level, kinds[0]) & self.suited(level, kinds)[e.cls]
        scarce = np.min([self.sounds(level, k) for k in kinds], axis=0) < len(kinds)
        for p in np.flatnonzero(able & scarce[e.cls]).tolist():
            name = e.names[e.cls[p]]
            sound = rhymes.as_end(int(e.word[p]), level, name).sound
            able[p] = rhymes.suits(name, level, kinds[1:], frozenset({sound}))
        words, classes = e.word[able], e.cls[able]
        made = rhymes.sure_set(words)
        rhymes.outcomes[made.number] = {w: e.names[c] for w, c in zip(words.tolist(), classes.tolist(), strict=True)}
        return made

    def rewards(self, level: str, kinds: Kinds, words: Ints) -> Reals:
        """(N,) `Rhymes.reward` of each of the words (N,) that may open a group, for the following lines `kinds`."""
        finals = self.rhymes.finals
        if finals is None or not kinds:
            return np.ones(len(words))
        e = self.table.endings(level)
        share = np.where(self.pairs(level, kinds[0]), finals[e.word], 0.0)
        same, row = np.bincount(e.sound, share), e.row_of[words]
        left = np.bincount(e.cls, share)[e.cls[row]] - same[e.sound[row]]
        return np.asarray(np.maximum(left, LEAST) ** len(kinds))
