"""Constraints on the words of a line: the public protocol, and their tabulation over a vocabulary.

A finite-state constraint says where it begins, where a word leads and whether a line may end there; whatever is asked
of a line this way is guaranteed. `keep` of `Model.write` tests whole lines and guarantees nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError

State = TypeVar("State", bound=Hashable)

MOST_STATES = 64  # of a constraint, or of several together, over a vocabulary
DEAD = -1


class Constraint(Protocol[State]):
    """A finite-state condition on the words of one line, read from left to right."""

    def start(self) -> State:
        """Before the first word. States are hashable and few."""

    def step(self, state: State, word: str) -> State | None:
        """After one more word; None if the word may not stand there. A pure function."""

    def final(self, state: State) -> bool:
        """Whether the line may end here."""


@dataclass(frozen=True)
class Both:
    """Two constraints at once; nest it for more. A state is a pair of theirs."""

    a: Constraint[Any]
    b: Constraint[Any]

    def start(self) -> Any:
        return self.a.start(), self.b.start()

    def step(self, state: Any, word: str) -> Any:
        a, b = self.a.step(state[0], word), self.b.step(state[1], word)
        return None if a is None or b is None else (a, b)

    def final(self, state: Any) -> bool:
        return self.a.final(state[0]) and self.b.final(state[1])


@dataclass(frozen=True)
class Table:
    """Constraints tabulated over a vocabulary, all at once. `moves` (W, Q): the state after each word, DEAD for none;
    `finals`: per state. State 0 is the start."""

    moves: npt.NDArray[np.int32]
    finals: tuple[bool, ...]

    @classmethod
    def of(cls, constraints: Iterable[Constraint[Any]], words: Sequence[str], backward: bool) -> Table:
        """Tabulate the states that words lead to. Raises `InputError` beyond MOST_STATES of them.

        For lines drawn backward the automaton is reversed.
        """
        whole = list(constraints)
        if not whole:
            return cls(np.zeros((len(words), 1), dtype=np.int32), (True,))
        joined = whole[0]
        for other in whole[1:]:
            joined = Both(joined, other)
        names = " and ".join(type(one).__name__ for one in whole)
        complaint = f"{names}: more than {MOST_STATES} states over these words; make the constraints simpler"
        moves, states = explored(joined.start(), words, joined.step, complaint)
        forward = cls(moves, tuple(map(joined.final, states)))
        return turned(forward) if backward else forward


def explored(
    start: Hashable, symbols: Sequence[Any], step: Callable[[Any, Any], Hashable | None], complaint: str
) -> tuple[npt.NDArray[np.int32], list[Any]]:
    """(N, Q) the moves by N symbols between the Q states that are reached from `start`, and these states. Raises
    `InputError` beyond MOST_STATES of them."""
    states: dict[Any, int] = {start: 0}
    columns: list[npt.NDArray[np.int32]] = []
    while len(columns) < len(states):
        state = list(states)[len(columns)]
        column = np.full(len(symbols), DEAD, dtype=np.int32)
        for i, symbol in enumerate(symbols):
            after = step(state, symbol)
            if after is not None:
                column[i] = states.setdefault(after, len(states))
        if len(states) > MOST_STATES:
            raise InputError(complaint)
        columns.append(column)
    return np.stack(columns, axis=1), list(states)


def turned(table: Table) -> Table:
    """The same lines read from their last word. A state is a set: from its members, the words read so far reach a
    final state."""

    def step(here: frozenset[int], moves: npt.NDArray[np.int32]) -> frozenset[int] | None:
        return frozenset(q for q, after in enumerate(moves) if int(after) in here) or None

    kinds, kind_of = np.unique(table.moves, axis=0, return_inverse=True)
    start = frozenset(q for q, ok in enumerate(table.finals) if ok)
    complaint = f"the constraints have more than {MOST_STATES} states read backwards: make them simpler"
    moves, states = explored(start, list(kinds), step, complaint)
    return Table(moves[kind_of.reshape(-1)], tuple(0 in s for s in states))
