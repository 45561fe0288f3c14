"""Kinds of rhyme between two readings, and the keys that group words by rhyme.

Perfect: equal tails after different onsets (love, dove). Identical: equal tails and onsets (sea, see; leave,
believe). Near: neither, but the same vowels in the tail; the closest of three kinds names it:

- family: every consonant has a counterpart of its family (night, like), after Pattison, *Writing Better
  Lyrics*, ch. 4;
- additive: one of the tails has one S, Z, T or D more at its end (free, freeze; down, found);
- assonance: only the vowels agree (night, line).
"""

from __future__ import annotations

from typing import Literal

from lyricist.prosody.phones import FAMILIES, VOWELS, Reading, bare

Kind = Literal["perfect", "near", "identical"]
NearKind = Literal["family", "additive", "assonance"]
KeyKind = Literal["perfect", "family", "assonance"]

ADDED = frozenset({"S", "Z", "T", "D"})


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
