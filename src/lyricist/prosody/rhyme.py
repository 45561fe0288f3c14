"""Kinds of rhyme between two readings, and the keys that group words by rhyme.

Perfect: equal tails after different onsets (love, dove). Identical: equal tails and onsets (sea, see; leave,
believe). Near: neither, but the same vowels in the tail; the closest of three kinds names it:

- family: every consonant has a counterpart of its family (night, like), after Pattison, *Writing Better
  Lyrics*, ch. 4;
- additive: one of the tails has one S, Z, T or D more at its end (free, freeze; down, found);
- assonance: only the vowels agree (night, line).

`find_rhymes` searches the whole table of the lexicon at once: the tail of a rhyme becomes a pattern over the codes of
the table, which `re` runs over all of it; only matches are decoded and judged. Words of a list (a model's vocabulary)
are read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lyricist.prosody.lexicon import Lexicon, read_codes
from lyricist.prosody.phones import CODES, CONSONANTS, FAMILIES, VOWELS, Reading, bare

Kind = Literal["perfect", "near", "identical"]
NearKind = Literal["family", "additive", "assonance"]
KeyKind = Literal["perfect", "family", "assonance"]

ADDED = frozenset({"S", "Z", "T", "D"})
KINDS: tuple[Kind, ...] = ("perfect", "near", "identical")
NEAR: tuple[NearKind | None, ...] = (None, "family", "additive", "assonance")  # the closest first
# Of a word that rhymes in several ways, by its readings or the other word's, the first of these is reported.
RANK: dict[Kind, int] = {"perfect": 0, "identical": 1, "near": 2}


def kind(a: Reading, b: Reading) -> Kind | None:
    """How two readings rhyme; None if they do not.

    >>> love, dove, rough = map(Reading.of, ("L AH1 V", "D AH1 V", "R AH1 F"))
    >>> kind(love, dove), kind(love, love), kind(love, rough)
    ('perfect', 'identical', 'near')
    """
    tail = a.tail
    if tail and tail == b.tail:
        return "identical" if a.onset == b.onset else "perfect"
    return "near" if near_kind(a, b) else None


def key(reading: Reading, kind: KeyKind) -> str:
    """Readings with the same key rhyme at least that closely (or are identical); "" without a vowel.

    >>> light = Reading.of("L AY1 T")
    >>> key(light, "perfect"), key(light, "family"), key(light, "assonance")
    ('AY T', 'AY P', 'AY')
    """
    return tail_key(reading.tail, kind)


def tail_key(tail: str, kind: KeyKind) -> str:
    """`key` of any reading with this tail."""
    if kind == "perfect":
        return tail
    if kind == "family":
        return " ".join(FAMILIES.get(phone, phone) for phone in tail.split())
    return " ".join(phone for phone in tail.split() if phone in VOWELS)


def near_kind(a: Reading, b: Reading) -> NearKind | None:
    """The closest kind of near rhyme; None if the tails are equal or their vowels differ.

    >>> night, ride, like = map(Reading.of, ("N AY1 T", "R AY1 D", "L AY1 K"))
    >>> near_kind(night, like), near_kind(night, ride)
    ('family', 'assonance')
    >>> near_kind(Reading.of("D AW1 N"), Reading.of("F AW1 N D"))
    'additive'
    """
    vowels = key(a, "assonance")
    if not vowels or vowels != key(b, "assonance") or a.tail == b.tail:
        return None
    if key(a, "family") == key(b, "family"):
        return "family"
    return "additive" if additive(a.tail.split(), b.tail.split()) else "assonance"


def additive(a: list[str], b: list[str]) -> bool:
    """Whether one tail is the other with one S, Z, T or D after it."""
    short, long = sorted((a, b), key=len)
    return len(long) == len(short) + 1 and long[:-1] == short and long[-1] in ADDED


def homophones(a: Reading, b: Reading) -> bool:
    """Whether two readings sound alike, stress aside.

    >>> homophones(Reading.of("S IY1"), Reading.of("S IY1"))
    True
    """
    return bare(a.phones) == bare(b.phones)


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
    """How tails rhyme with a word's readings; each tail is judged once, as there are fewer tails than words."""

    def __init__(self, own: Sequence[Reading]) -> None:
        self.own = [(reading, reading.onset) for reading in own]
        self.known: dict[str, list[tuple[Reading, str, NearKind | None]]] = {}

    def closest(self, word: str, reading: Reading) -> Rhyme | None:
        """The closest rhyme of one reading of a word with any of ours."""
        tail = reading.tail
        if tail not in self.known:
            ours = [(mine, onset) for mine, onset in self.own if kind(mine, reading)]
            self.known[tail] = [(mine, onset, near_kind(mine, reading)) for mine, onset in ours]
        found = []
        for mine, onset, near in self.known[tail]:
            how: Kind = "near" if near else "identical" if reading.onset == onset else "perfect"
            found.append(Rhyme(word, how, near, reading, mine))
        return min(found, key=lambda rhyme: rhyme.rank, default=None)


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
    """A pattern of the codes at the end of a reading whose tail has these vowels: the first stressed, the others not.

    The tail of a reading without stress has one vowel, its last.
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
    """Codes of phones for a character class."""
    return b"".join(re.escape(CODES[phone].encode()) for phone in phones)
