"""The table of words: their readings, signatures, word classes and rhyme classes.

Words of one *signature* fit a line in the same ways: they have the same syllable counts with the same stresses. The
line automaton tests word classes and not words, so a vocabulary of 10,000 words makes about a hundred symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from lyricist.generate.constraint import DEAD, Constraint, Table
from lyricist.model.copy_index import word_hashes
from lyricist.model.tokens import Vocabulary
from lyricist.model.word_facts import SILENT, Signature, Spoken, WordFacts, signature_of
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import key, tail_key

Owner = TypeVar("Owner")
Params = ParamSpec("Params")
Result = TypeVar("Result")


def memoised(method: Callable[Concatenate[Owner, Params], Result]) -> Callable[Concatenate[Owner, Params], Result]:
    """Keep a method's results on its object, by its positional arguments, which are hashable."""
    name = f"_{method.__name__}_results"

    @wraps(method)
    def look_up(self: Owner, /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            known: dict[Any, Result] = self.__dict__[name]
        except KeyError:
            known = self.__dict__.setdefault(name, {})
        if args in known:
            return known[args]
        result = known[args] = method(self, *args, **kwargs)  # set last, so that another thread finds it complete
        return result

    return look_up


# --- How the words of a vocabulary sound at the ends of lines: all words by rhyme class, as arrays

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Endings:
    """P pairs of a word and a class that some reading of it has, class by class, commonest words first: `word`,
    `cls` (its number in `names`), `sound` (one number for equal onsets and tails of the word's first such reading),
    `alike` (all the word's readings are of this class); each (P,)."""

    names: Sequence[str]
    word: Ints
    cls: Ints
    sound: Ints
    alike: Bools

    @classmethod
    def of(cls, facts: WordFacts, level: str) -> Endings:
        """By a level of rhyme: "perfect", "family", "assonance", "light" or "mosaic"."""
        numbers: dict[str, int] = {}
        keys = (tail_key(t, level) for t in facts.tails)  # type: ignore[arg-type]
        of_tail = np.array([numbers.setdefault(k, len(numbers)) for k in keys], dtype=np.int64)
        tails, onsets = (facts.light, facts.light_onset) if level == "light" else (facts.tail, facts.onset)
        word, tail = facts.ender.astype(np.int64), tails.astype(np.int64)
        group = of_tail[tail]
        first = np.sort(np.unique(word * len(numbers) + group, return_index=True)[1])
        word, group = word[first], group[first]
        sound = (onsets.astype(np.int64) * len(facts.tails) + tail)[first]
        alike = np.bincount(word, minlength=len(facts.sig))[word] == 1
        by_class = np.argsort(group, kind="stable")
        sound = np.unique(sound, return_inverse=True)[1].reshape(-1)
        return cls(list(numbers), word[by_class], group[by_class], sound[by_class], alike[by_class])

    def classes(self) -> dict[str, list[int]]:
        """Name of each class -> its words."""
        bounds = np.searchsorted(self.cls, np.arange(len(self.names) + 1)).tolist()
        words = self.word.tolist()
        return {name: words[a:b] for name, a, b in zip(self.names, bounds, bounds[1:], strict=False)}

    @cached_property
    def row_of(self) -> Ints:
        """(N,) the pair of each word that has but one, up to the largest; -1 for others."""
        out = np.full(int(self.word.max(initial=-1)) + 1, -1, dtype=np.int64)
        out[self.word[self.alike]] = np.flatnonzero(self.alike)
        return out

    def sounds(self, pairs: Bools) -> Ints:
        """(classes,) how many different sounds these pairs (P,) have in each class."""
        at = np.unique(self.sound[pairs], return_index=True)[1]
        return np.bincount(self.cls[pairs][at], minlength=len(self.names))


Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True)
class WordClass:
    """Words that the line automaton treats alike: their signature and the moves of the further constraints."""

    signature: Signature
    moves: tuple[int, ...] = (0,)


class RhymeSound:
    """The sound of a reading at a line's end: its class under each kind of rhyme (`key`), and its onset, by which
    words of one class differ."""

    __slots__ = ("keys", "reading", "tail")

    def __init__(self, reading: Reading) -> None:
        self.reading, self.tail = reading, reading.tail
        self.keys = {"perfect": self.tail}

    def key(self, kind: str) -> str:
        if kind not in self.keys:
            self.keys[kind] = key(self.reading, kind)  # type: ignore[arg-type]
        return self.keys[kind]

    def whole(self, kind: str) -> str:
        """The onset and the tail that rhymes; words with the same ones are identical rhymes."""
        r = self.reading
        if kind == "mosaic":
            return f"{r.onset}|{self.key(kind)}"
        return f"{r.light_onset}|{r.light_tail}" if kind == "light" else f"{r.onset}|{self.tail}"


class Readings(Sequence[Spoken]):
    """The readings of words by number: of a vocabulary, and of the words that a plan adds."""

    def __init__(self, facts: WordFacts, brought: Mapping[int, Spoken] | None = None, words: int = 0) -> None:
        self.facts, self.found = facts, dict(brought or {})
        self.words = words or len(facts.texts)

    def __len__(self) -> int:
        return self.words

    def __getitem__(self, word: Any) -> Any:
        if word not in self.found:
            if not 0 <= word < self.words:
                raise IndexError(word)
            self.found[word] = self.facts.readings(word)
        return self.found[word]


class WordTable:
    """Readings of a vocabulary and of the words that a plan adds.

    Ids below `known` are the model's; added words (`extra`) follow and are `<unk>` to the model.
    `word_classes[sig[w]]` is the class of word w (class SILENT: never drawn inside a planned line); `further`
    tabulates constraints.
    """

    added: Sequence[int] = ()  # words for which the base has no readings

    def __init__(
        self,
        vocabulary: Vocabulary,
        lexicon: Lexicon,
        *,
        base: WordTable | None = None,
        facts: WordFacts | None = None,
    ) -> None:
        """`facts`: of the vocabulary under this lexicon, if they are known."""
        self.vocabulary, self.lexicon, self.base = vocabulary, lexicon, base
        if base is not None:
            facts = base.facts
        self.facts: WordFacts = facts or WordFacts.of(vocabulary.tokens, lexicon)
        if base is None:
            self.words = list(vocabulary.tokens)
            self.readings = Readings(self.facts)
            self.index = dict(vocabulary.index)
            self.found: dict[int, list[tuple[Reading, RhymeSound]]] = {}
            self.number(())

    def number(self, constraints: Sequence[Constraint[Any]]) -> None:
        """Give every word its class."""
        numbers = {signature: i for i, signature in enumerate(self.facts.signatures)}
        sig = np.zeros(len(self.words), dtype=np.int32)
        sig[: self.known] = self.facts.sig
        for w in self.added:
            spoken = self.readings[w]
            sig[w] = numbers.setdefault(signature_of(self.words[w], spoken), len(numbers)) if spoken else SILENT
        heard = [self.words[w] for w in np.flatnonzero(sig != SILENT).tolist()]  # no other stands in a line
        self.further = Table.of(constraints, heard, self.vocabulary.order == "backward")
        silent = WordClass(Signature(frozenset(), False), (DEAD,) * len(self.further.finals))
        if constraints:
            self.word_classes, self.sig = refined(silent, list(numbers), sig, self.further)
        else:
            self.word_classes, self.sig = [silent, *map(WordClass, list(numbers)[1:])], sig

    def extended(self, extra: Sequence[str], constraints: Sequence[Constraint[Any]] = ()) -> WordTable:
        """This table with words that a plan adds, and its classes refined by further constraints."""
        new = [w for w in dict.fromkeys(extra) if w not in self.index or not self.readings[self.index[w]]]
        guessed = [w for w in new if w in self.index]  # known to the model, but not to the lexicon
        new = [w for w in new if w not in self.index]
        if not new and not guessed and not constraints:
            return self
        made = WordTable(self.vocabulary, self.lexicon, base=self)
        made.words = [*self.words, *new]
        made.index = {**self.index, **{w: len(self.words) + i for i, w in enumerate(new)}}
        made.added = [*(self.index[w] for w in guessed), *range(len(self.words), len(made.words))]
        said = {w: self.lexicon.readings(made.words[w]) for w in made.added}
        made.readings = Readings(self.facts, said, len(made.words))
        made.found = {w: sounds for w, sounds in self.found.items() if w not in said}
        made.number(constraints)
        return made

    @property
    def known(self) -> int:
        """Words the model has a row for."""
        return len(self.vocabulary)

    def id_of(self, word: str) -> int:
        return self.index[word]

    def word_class(self, word: int) -> WordClass:
        return self.word_classes[int(self.sig[word])]

    def signature(self, word: int) -> Signature:
        return self.word_class(word).signature

    def sounds(self, word: int) -> list[tuple[Reading, RhymeSound]]:
        """The word's readings that have syllables, each with its sound at a line's end."""
        known = self.found.get(word)
        if known is None:
            known = self.found[word] = [(r, RhymeSound(r)) for r in self.readings[word] if r.syllables]
        return known

    @cached_property
    def hashes(self) -> npt.NDArray[np.uint32]:
        """(W,) the hashes by which copies are found."""
        return np.concatenate([self.facts.hashes, word_hashes(self.words[self.known :])])

    @memoised
    def endings(self, level: str) -> Endings:
        """How the model's words sound at a line's end, without the words that a plan adds."""
        return self.base.endings(level) if self.base is not None else Endings.of(self.facts, level)

    @memoised
    def classes(self, level: str) -> dict[str, list[int]]:
        """Class key under a level of rhyme -> words that have a reading of that class, commonest first."""
        out = dict(self.base.classes(level)) if self.base is not None else self.endings(level).classes()
        for word in self.added:
            for k in dict.fromkeys(sound.key(level) for _, sound in self.sounds(word)):
                out[k] = [*out.get(k, ()), word]  # the base keeps its own list
        return out


def refined(
    silent: WordClass, signatures: Sequence[Signature], sig: Int32s, further: Table
) -> tuple[list[WordClass], Int32s]:
    """The classes of words with these signatures `sig` (W,) and, where they are not silent, the moves of `further`,
    which has those words alone; (W,) the class of each word."""
    numbers, out = {silent: SILENT}, np.full_like(sig, SILENT)
    heard = np.flatnonzero(sig != SILENT).tolist()
    for w, moves in zip(heard, map(tuple, further.moves.tolist()), strict=True):
        out[w] = numbers.setdefault(WordClass(signatures[sig[w]], moves), len(numbers))
    return list(numbers), out


def plain(reading: Reading) -> str:
    """The phones without their stress digits.

    >>> plain(Reading(("R", "IH1", "V", "ER0")))
    'R IH V ER'
    """
    return " ".join(p.rstrip("012") for p in reading.phones)
