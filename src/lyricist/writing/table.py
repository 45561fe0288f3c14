"""What the writer knows of every word: its readings, joined into signatures and rhyme classes.

Words of one *signature* fit a line in the same ways: the same syllable counts with the same stresses.
Everything the line automaton asks is asked of a signature, so that a vocabulary of 10,000 words makes
an alphabet of about a hundred letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import key
from lyricist.tokens import SPECIALS, Vocabulary
from lyricist.writing.constraints import DEAD, Constraint, Table

Ints = npt.NDArray[np.int32]
SILENT = 0  # the signature of what is never drawn inside a planned line


@dataclass(frozen=True)
class Signature:
    """The stress patterns a word may be read with, one digit a syllable; `free`: a monosyllable that may
    stand on any slot (a function word)."""

    stresses: frozenset[str]
    free: bool

    @property
    def syllables(self) -> frozenset[int]:
        return frozenset(len(s) for s in self.stresses)

    @property
    def agrees(self) -> bool:
        """Whether every reading has the same number of syllables."""
        return len(self.syllables) == 1


@dataclass(frozen=True)
class Letter:
    """What the line automaton needs to know of a word: its signature and where further constraints go on it."""

    signature: Signature
    moves: tuple[int, ...] = (0,)


def signature_of(word: str, readings: Sequence[Reading]) -> Signature:
    """A word's signature. The digit of a lone syllable tells nothing that the list of function words does not.

    >>> signature_of("river", [Reading(("R", "IH1", "V", "ER0"))])
    Signature(stresses=frozenset({'10'}), free=False)
    >>> signature_of("the", [Reading(("DH", "AH0")), Reading(("DH", "IY0"))])
    Signature(stresses=frozenset({'1'}), free=True)
    """
    stresses = frozenset("1" if r.syllables == 1 else r.stress for r in readings if r.syllables)
    return Signature(stresses, word in FUNCTION_WORDS and "1" in stresses)


class RhymeSound:
    """How a reading sounds at a line's end: its class under each kind of rhyme (`key`), and its onset, which sets it
    apart inside the class."""

    __slots__ = ("keys", "onset", "reading", "tail")

    def __init__(self, reading: Reading) -> None:
        self.reading, self.tail, self.onset = reading, reading.tail, reading.onset
        self.keys = {"perfect": self.tail}

    def key(self, kind: str) -> str:
        if kind not in self.keys:
            self.keys[kind] = key(self.reading, kind)  # type: ignore[arg-type]
        return self.keys[kind]


class WordTable:
    """Readings of a vocabulary and of the words a user brought.

    Ids below `known` are the model's; words brought in (`extra`) follow and are `<unk>` to the model.
    `letters[sig[w]]` is the letter of word w (letter SILENT: never drawn inside a planned line); `further` tabulates
    constraints.
    """

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon, *, base: WordTable | None = None) -> None:
        self.vocabulary, self.lexicon, self.base = vocabulary, lexicon, base
        if base is None:
            tokens = vocabulary.tokens
            spoken = [t for t in tokens if t not in SPECIALS]
            found = dict(zip(spoken, lexicon.many(spoken, guessing=False), strict=True))
            self.words = list(tokens)
            self.readings = [found.get(t, ()) for t in tokens]
            self.index = dict(vocabulary.index)
            self.found: dict[int, list[tuple[Reading, RhymeSound]]] = {}
            self.number(Table.of((), self.words, False))

    def number(self, further: Table) -> None:
        """Give every word its letter."""
        self.further = further
        numbers: dict[Letter, int] = {Letter(Signature(frozenset(), False), (DEAD,) * len(further.finals)): SILENT}
        moves = [tuple(row) for row in further.moves.tolist()]
        ids = [
            numbers.setdefault(Letter(signature_of(w, r), m), len(numbers)) if r else SILENT
            for w, r, m in zip(self.words, self.readings, moves, strict=True)
        ]
        self.letters = list(numbers)
        self.sig = np.array(ids, dtype=np.int32)

    def extended(self, extra: Sequence[str], constraints: Sequence[Constraint[Any]] = ()) -> WordTable:
        """This table with words that a plan brings, and the letters refined by further constraints."""
        new = [w for w in dict.fromkeys(extra) if w not in self.index or not self.readings[self.index[w]]]
        guessed = [w for w in new if w in self.index]  # known to the model, but not to the lexicon
        new = [w for w in new if w not in self.index]
        if not new and not guessed and not constraints:
            return self
        made = WordTable(self.vocabulary, self.lexicon, base=self)
        made.words = [*self.words, *new]
        made.readings = [*self.readings, *(self.lexicon.readings(w) for w in new)]
        for w in guessed:
            made.readings[self.index[w]] = self.lexicon.readings(w)
        made.index = {**self.index, **{w: len(self.words) + i for i, w in enumerate(new)}}
        made.found = dict(self.found)
        made.added = [*(self.index[w] for w in guessed), *range(len(self.words), len(made.words))]
        made.number(Table.of(constraints, made.words, self.vocabulary.order == "backward"))
        return made

    added: Sequence[int] = ()  # words that the base has no readings of

    @property
    def known(self) -> int:
        """Words the model has a row for."""
        return len(self.vocabulary)

    def id_of(self, word: str) -> int:
        return self.index[word]

    def letter(self, word: int) -> Letter:
        return self.letters[int(self.sig[word])]

    def signature(self, word: int) -> Signature:
        return self.letter(word).signature

    def sounds(self, word: int) -> list[tuple[Reading, RhymeSound]]:
        """The word's readings, each with its sound at a line's end."""
        known = self.found.get(word)
        if known is None:
            known = self.found[word] = [(r, RhymeSound(r)) for r in self.readings[word] if r.syllables]
        return known

    @cached_property
    def by_level(self) -> dict[str, dict[str, list[int]]]:
        return {}

    def classes(self, level: str) -> dict[str, list[int]]:
        """Class key under a level of rhyme -> words of which some reading has it, commonest first."""
        if level not in self.by_level:
            out = dict(self.base.classes(level)) if self.base is not None else {}
            for word in range(len(self.words)) if self.base is None else self.added:
                for k in dict.fromkeys(sound.key(level) for _, sound in self.sounds(word)):
                    if self.base is not None:
                        out[k] = [*out.get(k, ()), word]  # the base keeps its own list
                    else:
                        out.setdefault(k, []).append(word)
            self.by_level[level] = out
        return self.by_level[level]


def plain(reading: Reading) -> str:
    """The phones without their stress digits.

    >>> plain(Reading(("R", "IH1", "V", "ER0")))
    'R IH V ER'
    """
    return " ".join(p.rstrip("012") for p in reading.phones)
