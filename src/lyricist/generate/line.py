"""The line automaton: which words may follow inside one line so that it can still be finished.

A state is a set of *places* (template, slot) that the words drawn so far can have reached, as the bits of an integer,
and the keywords that the line must still contain. A word whose readings differ leads to several places at once, so
each word is one edge and its probability is counted once. Words are drawn from left to right or from right to left:
`Slots` counts slots in the order of drawing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lyricist.generate.vocab import WordClass
from lyricist.model.word_facts import SILENT, Signature
from lyricist.prosody.metre import BEGINNING, fits

Ints = npt.NDArray[np.int64]
STRONG = frozenset({"/", BEGINNING["/"]})


@dataclass(frozen=True, eq=False)
class WordSet:
    """Words (N,) that may stand at one end of a line; `kinds[which[i]]` of word i: its class and the signature of the
    readings that allow it there."""

    number: int
    words: Ints
    which: Ints
    kinds: tuple[tuple[WordClass, Signature], ...]
    sure: bool = False  # the line can be finished after every one of the words

    @classmethod
    def of(cls, number: int, entries: Iterable[tuple[int, WordClass, Signature]], sure: bool = False) -> WordSet:
        kinds: dict[tuple[WordClass, Signature], int] = {}
        pairs = [(w, kinds.setdefault((word_class, s), len(kinds))) for w, word_class, s in entries]
        words, which = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return cls(number, words, which, tuple(kinds), sure)

    @property
    def entries(self) -> Iterator[tuple[int, WordClass, Signature]]:
        for word, k in zip(self.words.tolist(), self.which.tolist(), strict=True):
            yield word, *self.kinds[k]

    @cached_property
    def by_word(self) -> dict[int, Signature]:
        signatures = [s for _, s in self.kinds]
        return dict(zip(self.words.tolist(), map(signatures.__getitem__, self.which.tolist()), strict=True))

    def kinds_beside(self, words: Collection[int]) -> set[tuple[WordClass, Signature]]:
        """The kinds of all words except these."""
        own = self.which[~np.isin(self.words, list(words))] if words else self.which
        return {self.kinds[k] for k in np.unique(own).tolist()}


class Slots:
    """The places of a line's templates, and the moves of signatures between them."""

    def __init__(self, templates: Sequence[str], backward: bool, strict: bool, done: int = 0) -> None:
        """`done`: slots of the line that are filled before these templates begin."""
        self.templates, self.backward, self.strict, self.done = tuple(templates), backward, strict, done
        bases = [0]
        for t in templates:
            bases.append(bases[-1] + len(t) + 1)
        self.places = [(i, s) for i, t in enumerate(templates) for s in range(len(t) + 1)]
        self.bases = bases
        self.start = sum(1 << b for b in bases[:-1])
        self.accept = sum(1 << (bases[i] + len(t)) for i, t in enumerate(templates))
        self.moves: dict[tuple[int, Signature, bool], int] = {}

    def advance(self, bits: int, signature: Signature, given: bool = False) -> int:
        """Places after a word of that signature. `given` words may have any reading that the rules of metre allow;
        all readings of chosen words must fit, unless `strict` is off."""
        out, rest = 0, bits
        while rest:
            low = rest & -rest
            rest ^= low
            out |= self.move(low.bit_length() - 1, signature, given)
        return out

    @cached_property
    def longest(self) -> int:
        """Slots of the longest template."""
        return self.done + max(map(len, self.templates))

    def next_is_strong(self, bits: int) -> bool:
        """Whether the next slot in the order of drawing is strong, from every place."""
        return all(self.next_slot(b) in STRONG for b in range(len(self.places)) if bits >> b & 1)

    def nearest(self, bits: int) -> int:
        """Slots filled so far; the fewest, if the places differ."""
        return self.done + min(self.places[b][1] for b in range(len(self.places)) if bits >> b & 1)

    def next_slot(self, place: int) -> str:
        """The slot after a place, in the order of drawing; "" at the line's end."""
        i, s = self.places[place]
        template = self.templates[i]
        return template[::-1][s : s + 1] if self.backward else template[s : s + 1]

    def move(self, place: int, signature: Signature, given: bool) -> int:
        """Places after a word of that signature from one place."""
        known = self.moves.get((place, signature, given))
        if known is None:
            known = self.moves[place, signature, given] = self.find_move(place, signature, given)
        return known

    def find_move(self, place: int, signature: Signature, given: bool) -> int:
        i, s = self.places[place]
        lawful = given or not self.strict
        landed = [(len(x), self.fit(i, s, x, lawful or signature.free)) for x in signature.stresses]
        if not lawful and not (signature.agrees and all(ok for _, ok in landed)):
            return 0
        return sum({1 << (self.bases[i] + s + k) for k, ok in landed if ok})

    def fit(self, i: int, s: int, stress: str, free: bool) -> bool:
        template, k = self.templates[i], len(stress)
        if s + k > len(template):
            return False
        at = len(template) - s - k if self.backward else s
        return fits(stress, template[at : at + k], free=free)


Bits = list[int]  # per place


@dataclass(frozen=True)
class Landing:
    """The places from which the last word drawn can fill the line, for each state of the further constraints: `words`
    for the words that are no keywords, `keywords[j]` for each keyword."""

    words: tuple[int, ...]
    keywords: tuple[tuple[int, ...], ...]


class LineAutomaton:
    """One kind of line: its slots, the classes of the usable words, the keywords that it must contain.

    `finals` says for each state of the further constraints whether a line may end in it. A state of the automaton
    is (places, keywords owed, state of the further constraints).
    """

    def __init__(
        self,
        slots: Slots,
        word_classes: Mapping[int, WordClass],
        keywords: Sequence[tuple[int, WordClass]],
        finals: Sequence[bool] = (True,),
    ) -> None:
        self.slots, self.word_classes, self.finals = slots, word_classes, tuple(finals)
        self.reached: dict[Landing, list[list[int]]] = {}
        self.keywords = {word: j for j, (word, _) in enumerate(keywords)}
        self.keyword_classes = [word_class for _, word_class in keywords]
        self.all_keywords = (1 << len(keywords)) - 1
        self.places = range(len(slots.places))
        self.hops = [self.find_hops(q) for q in range(len(finals))]
        self.keyword_hops = [[slots.move(b, x.signature, True) for b in self.places] for x in self.keyword_classes]

    def find_hops(self, q: int) -> dict[int, Bits]:
        """State of the further constraints -> for each place the places after one word that leads to that state."""
        out: dict[int, Bits] = {}
        for word_class in set(self.word_classes.values()):
            after = word_class.moves[q]
            if after >= 0:
                bits = out.setdefault(after, [0] * len(self.places))
                for b in self.places:
                    bits[b] |= self.slots.move(b, word_class.signature, False)
        return out

    def owes(self, owed: int, word: int) -> bool:
        """Whether a word is among the keywords `owed`."""
        return word in self.keywords and bool(owed >> self.keywords[word] & 1)

    def landing(self, last: WordSet | None) -> Landing:
        """The `Landing` for these last words; None: any word may be the last."""
        states = range(len(self.finals))
        if last is None:
            words = tuple(self.falls([hop for q2, hop in self.hops[q].items() if self.finals[q2]]) for q in states)
            known = zip(self.keyword_classes, self.keyword_hops, strict=True)
            keys = tuple(tuple(self.ends(x, q) and self.falls([hop]) for q in states) for x, hop in known)
            return Landing(words, keys)
        plain = {(word_class.moves, s) for word_class, s in last.kinds_beside(self.keywords)}
        words = tuple(
            self.falls([self.steps(s, False) for moves, s in plain if moves[q] >= 0 and self.finals[moves[q]]])
            for q in states
        )
        own = [
            (word_class, last.by_word.get(w))
            for w, word_class in zip(self.keywords, self.keyword_classes, strict=True)
        ]
        keys = tuple(
            tuple(self.falls([self.steps(s, True)]) if s is not None and self.ends(x, q) else 0 for q in states)
            for x, s in own
        )
        return Landing(words, keys)

    def steps(self, signature: Signature, given: bool) -> Bits:
        return [self.slots.move(b, signature, given) for b in self.places]

    def falls(self, hops: Sequence[Bits]) -> int:
        """Places from which one of the hops reaches a full line."""
        return sum(1 << b for b in self.places if any(hop[b] & self.slots.accept for hop in hops))

    def ends(self, word_class: WordClass, q: int) -> bool:
        """Whether a line may end on this class in state q of the further constraints."""
        return word_class.moves[q] >= 0 and self.finals[word_class.moves[q]]

    def viable(self, landing: Landing) -> list[list[int]]:
        """[keywords still owed][state of the further constraints]: the places from which the line can be finished
        (full lines excluded)."""
        known = self.reached.get(landing)
        if known is None:
            known = self.reached[landing] = self.find_viable(landing)
        return known

    def find_viable(self, landing: Landing) -> list[list[int]]:
        out = [[0] * len(self.finals) for _ in range(self.all_keywords + 1)]
        inner = ~self.slots.accept
        for owed in range(len(out)):
            for b in reversed(self.places):
                if not self.slots.accept >> b & 1:
                    for q in range(len(self.finals)):
                        if self.can_finish(out, landing, owed, b, q, inner):
                            out[owed][q] |= 1 << b
        return out

    def can_finish(self, out: list[list[int]], landing: Landing, owed: int, b: int, q: int, inner: int) -> bool:
        if owed == 0 and landing.words[q] >> b & 1:
            return True
        if any(hop[b] & inner & out[owed][q2] for q2, hop in self.hops[q].items()):
            return True
        for j, hop in enumerate(self.keyword_hops):
            rest, q2 = owed & ~(1 << j), self.keyword_classes[j].moves[q]
            if q2 >= 0 and hop[b] & inner & out[rest][q2]:
                return True
            if rest == 0 and landing.keywords[j][q] >> b & 1:
                return True
        return False

    def possible(self, last: WordSet | None) -> bool:
        """Whether such a line exists."""
        return bool(self.slots.start & self.viable(self.landing(last))[self.all_keywords][0])

    def after(self, bits: int, owed: int, q: int, word: int, word_class: WordClass) -> tuple[int, int, int]:
        """(all places reached, keywords still owed, state of the further constraints) after a word."""
        j, q2 = self.keywords.get(word), word_class.moves[q]
        if q2 < 0:
            return 0, owed, 0
        if j is None:
            return self.slots.advance(bits, word_class.signature), owed, q2
        return self.slots.advance(bits, word_class.signature, given=True), owed & ~(1 << j), q2

    def inner_classes(self, bits: int, owed: int, q: int, viable: list[list[int]]) -> list[int]:
        """Numbers of the classes whose words may follow here and need not be the last."""
        inner = ~self.slots.accept
        return [
            n
            for n, x in self.word_classes.items()
            if n != SILENT
            and x.moves[q] >= 0
            and self.slots.advance(bits, x.signature) & viable[owed][x.moves[q]] & inner
        ]

    def landing_classes(self, bits: int, owed: int, q: int) -> list[int]:
        """Numbers of the classes whose words may be the last here."""
        if owed:
            return []
        last = [(n, x) for n, x in self.word_classes.items() if self.ends(x, q)]
        return [n for n, x in last if self.slots.advance(bits, x.signature) & self.slots.accept]
