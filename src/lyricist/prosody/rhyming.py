"""Words that rhyme with a word: the whole table searched at once.

The tail of a rhyme is turned into a pattern over the codes of the table, which `re` runs over all of it; only what it
finds is decoded and judged. Words of a list (a model's vocabulary) are read one by one instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lyricist.prosody.lexicon import Lexicon, read_codes
from lyricist.prosody.phones import CODES, CONSONANTS, VOWELS, Reading
from lyricist.prosody.rhyme import NearKind, key, kind, near_kind

Kind = Literal["perfect", "near", "identical"]
KINDS: tuple[Kind, ...] = ("perfect", "near", "identical")
NEAR: tuple[NearKind | None, ...] = (None, "family", "additive", "assonance")  # the closest first
# Of a word that rhymes in several ways, by its readings or the other word's, the first of these is told.
RANK: dict[Kind, int] = {"perfect": 0, "identical": 1, "near": 2}


@dataclass(frozen=True, slots=True)
class Rhyme:
    """A word that rhymes: how, in which reading, and with which reading of the other word."""

    word: str
    kind: Kind
    near: NearKind | None  # the kind of near rhyme
    reading: Reading
    with_reading: Reading

    @property
    def rank(self) -> tuple[int, int]:
        return RANK[self.kind], NEAR.index(self.near)


def find_rhymes(word: str, lexicon: Lexicon, words: Sequence[str] | None = None) -> list[Rhyme]:
    """All rhymes of a word, of the lexicon's words or of `words`; unordered, each word once.

    >>> from lyricist.prosody.lexicon import default_lexicon
    >>> found = {r.word: r.kind for r in find_rhymes("leave", default_lexicon())}
    >>> found["sleeve"], found["believe"], found["breathe"], "love" in found
    ('perfect', 'identical', 'near', False)
    """
    own = lexicon.readings(word)
    relations = Relations(own)
    best: dict[str, Rhyme] = {}
    for other, reading in in_table(own, lexicon) if words is None else listed(words, lexicon):
        found = relations.closest(other, reading) if other != word else None
        if found and (other not in best or found.rank < best[other].rank):
            best[other] = found
    return list(best.values())


class Relations:
    """How tails rhyme with a word's readings: looked at once for each, as there are fewer tails than words."""

    def __init__(self, own: Sequence[Reading]) -> None:
        self.own = [(reading, reading.onset) for reading in own]
        self.known: dict[str, list[tuple[Reading, str, NearKind | None]]] = {}

    def closest(self, word: str, reading: Reading) -> Rhyme | None:
        """The closest rhyme of one reading of a word with any of ours."""
        tail = reading.tail
        if tail not in self.known:
            self.known[tail] = list(self.of(reading))
        found = []
        for mine, onset, near in self.known[tail]:
            how: Kind = "near" if near else "identical" if reading.onset == onset else "perfect"
            found.append(Rhyme(word, how, near, reading, mine))
        return min(found, key=lambda rhyme: rhyme.rank, default=None)

    def of(self, reading: Reading) -> Iterator[tuple[Reading, str, NearKind | None]]:
        for mine, onset in self.own:
            if kind(mine, reading):
                yield mine, onset, near_kind(mine, reading)


def listed(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[str, Reading]]:
    for word, readings in zip(words, lexicon.many(words), strict=True):
        yield from ((word, reading) for reading in readings)


def in_table(own: Sequence[Reading], lexicon: Lexicon) -> Iterator[tuple[str, Reading]]:
    """The words of the lexicon whose rhyme may have the same vowels as one of these readings."""
    for word, readings in lexicon.entries.items():
        yield from ((word, reading) for reading in readings)
    keys = {key(reading, "assonance") for reading in own} - {""}
    if not keys:
        return
    data = lexicon.table.data
    for found in re.finditer(b"|".join(pattern(k.split()) for k in sorted(keys)), data):
        start = data.rfind(b"\n", 0, found.start()) + 1
        head, _, readings_so_far = data[start : found.end()].partition(b"\t")
        listed_word = head.decode("ascii")
        if listed_word not in lexicon.entries:
            yield listed_word, read_codes(readings_so_far.rsplit(b" ", 1)[-1])[0]


def pattern(vowels: Sequence[str]) -> bytes:
    """Codes that end a reading, if these are the vowels of its tail: the first with stress, none after it.

    A reading without any stress has a tail of one vowel, its last.
    """
    consonants = b"[" + codes(CONSONANTS) + b"]*"
    first, *rest = vowels
    stressed = b"[" + codes([first + "1", first + "2"]) + b"]"
    unstressed = b"".join(consonants + re.escape(CODES[vowel + "0"].encode()) for vowel in rest)
    tail = stressed + unstressed + consonants + b"(?=[ \\n])"
    if rest:
        return tail
    weak = b"[" + codes([*(vowel + "0" for vowel in VOWELS), *CONSONANTS]) + b"]*"
    return tail + b"|(?<=[\\t ])" + weak + re.escape(CODES[first + "0"].encode()) + consonants + b"(?=[ \\n])"


def codes(phones: Iterable[str]) -> bytes:
    """Codes of phones, to stand in a character class."""
    return b"".join(re.escape(CODES[phone].encode()) for phone in phones)
