"""Constraints on lines written as plainly as possible. The compiled line automaton is held against their product."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from lyricist.generate.constraint import Constraint
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import FUNCTION_WORDS, fits

State = TypeVar("State", bound=Hashable)


@dataclass(frozen=True)
class Syllables:
    """The line fills one of the templates (slots `x` weak, `/` strong, `?` any), by some reading of every word;
    `strict` asks of every reading that it fits, and of lone stressed syllables that they stand on no weak slot."""

    templates: tuple[str, ...]
    lexicon: Lexicon
    strict: bool = False

    def start(self) -> frozenset[tuple[int, int]]:
        return frozenset((i, 0) for i in range(len(self.templates)))

    def step(self, state: frozenset[tuple[int, int]], word: str) -> frozenset[tuple[int, int]] | None:
        readings = [r for r in self.lexicon.readings(word) if r.syllables]
        out = set()
        for i, slot in state:
            ends = [self.end(i, slot, r.stress, word) for r in readings]
            if not self.strict or (ends and len(set(ends)) == 1):
                out |= {(i, end) for end in ends if end}
        return frozenset(out) or None

    def end(self, i: int, slot: int, stress: str, word: str) -> int:
        """The slot after a reading, 0 if it does not fit."""
        slots = self.templates[i][slot : slot + len(stress)]
        free = not self.strict or (len(stress) == 1 and word in FUNCTION_WORDS)
        stress = "1" if len(stress) == 1 else stress
        return slot + len(stress) if len(slots) == len(stress) and fits(stress, slots, free=free) else 0

    def final(self, state: frozenset[tuple[int, int]]) -> bool:
        return any(slot == len(self.templates[i]) for i, slot in state)


@dataclass(frozen=True)
class Holds:
    """The line holds every one of these words."""

    words: frozenset[str]

    def start(self) -> frozenset[str]:
        return self.words

    def step(self, state: frozenset[str], word: str) -> frozenset[str] | None:
        return state - {word}

    def final(self, state: frozenset[str]) -> bool:
        return not state


@dataclass(frozen=True)
class Begins:
    """The first word satisfies a test: a letter, a certain word."""

    test: Callable[[str], bool]

    def start(self) -> bool:
        return False

    def step(self, state: bool, word: str) -> bool | None:
        return True if state or self.test(word) else None

    def final(self, state: bool) -> bool:
        return state


@dataclass(frozen=True)
class Ends:
    """The last word is one of these: a rhyme."""

    words: frozenset[str]

    def start(self) -> bool:
        return False

    def step(self, state: bool, word: str) -> bool | None:
        return word in self.words

    def final(self, state: bool) -> bool:
        return state


def accepts(constraint: Constraint[State], line: Sequence[str]) -> bool:
    """Whether a line satisfies a constraint.

    >>> accepts(Holds(frozenset({"sea"})), ["the", "sea"]), accepts(Holds(frozenset({"sea"})), ["the"])
    (True, False)
    """
    state: State | None = constraint.start()
    for word in line:
        state = None if state is None else constraint.step(state, word)
    return state is not None and constraint.final(state)


def language(constraint: Constraint[State], words: Sequence[str], longest: int) -> set[tuple[str, ...]]:
    """Every line of one to `longest` of these words that satisfies a constraint. For small tests."""
    lines = (line for n in range(1, longest + 1) for line in product(words, repeat=n))
    return {line for line in lines if accepts(constraint, line)}
