"""Kinds of rhyme between two readings, and the keys that group words by rhyme: the one definition of the writer, of
`check` and of `rhymes`.

The tail of a reading begins at its main stress, its light tail at its last stress of any kind or at the last of two
or more syllables without stress (`phones.Reading`).

Perfect: equal tails after different onsets (love, dove). Identical: the syllable at which equal tails begin is the
same (sea, see; leave, believe; silver, quicksilver; light, starlight). Light: equal light tails (sky, butterfly;
free, eternity). Near: none of these, but the same vowels in the tail; the closest of three kinds names it:

- family: every consonant has a counterpart of its family (night, like), after Pattison, *Writing Better
  Lyrics*, ch. 4;
- additive: one of the tails has one S, Z, T or D more at its end (free, freeze; down, found);
- assonance: only the vowels agree (night, line).

Mosaic: a word against two words that sound like it (letter, get her), where these are looked for.

`find_rhymes` searches the whole table of the lexicon at once: the tail of a rhyme becomes a pattern over the codes of
the table, which `re` runs over all of it; only matches are decoded and judged. Words of a list (a model's vocabulary)
are read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lyricist.prosody.lexicon import Lexicon, read_codes
from lyricist.prosody.phones import CODES, CONSONANTS, FAMILIES, VOWELS, Reading, bare, light_vowel, rhyme_vowel

Kind = Literal["perfect", "mosaic", "light", "near", "identical"]
NearKind = Literal["family", "additive", "assonance"]
KeyKind = Literal["perfect", "family", "assonance", "light", "mosaic"]

ADDED = frozenset({"S", "Z", "T", "D"})
KINDS: tuple[Kind, ...] = ("perfect", "mosaic", "light", "near", "identical")
NEAR: tuple[NearKind | None, ...] = (None, "family", "additive", "assonance")  # the closest first
# Of a word that rhymes in several ways, by its readings or the other word's, the first of these is reported.
RANK: dict[Kind, int] = {"perfect": 0, "identical": 1, "mosaic": 2, "light": 3, "near": 4}


def kind(a: Reading, b: Reading) -> Kind | None:
    """How two readings rhyme; None if they do not.

    >>> love, dove, rough = map(Reading.of, ("L AH1 V", "D AH1 V", "R AH1 F"))
    >>> kind(love, dove), kind(love, love), kind(love, rough)
    ('perfect', 'identical', 'near')
    >>> sky, butterfly = Reading.of("S K AY1"), Reading.of("B AH1 T ER0 F L AY2")
    >>> kind(sky, butterfly)
    'light'
    """
    tail = a.tail
    if tail and tail == b.tail:
        return "identical" if a.onset == b.onset else "perfect"
    light = a.light_tail
    if light and light == b.light_tail:
        return "identical" if a.light_onset == b.light_onset and stressed(a) and stressed(b) else "light"
    return "near" if near_kind(a, b) else None


def stressed(reading: Reading) -> bool:
    """Whether the light tail of a reading begins with a stress."""
    return any(phone[-1] in "12" for phone in reading.phones[light_vowel(reading.phones) :][:1])


def key(reading: Reading, kind: KeyKind) -> str:
    """Readings with the same key rhyme at least that closely (or are identical); "" without a vowel.

    >>> light = Reading.of("L AY1 T")
    >>> key(light, "perfect"), key(light, "family"), key(light, "assonance")
    ('AY T', 'AY P', 'AY')
    >>> key(Reading.of("S AH1 N L AY2 T"), "light")
    'AY T'
    """
    return reading.light_tail if kind == "light" else tail_key(reading.tail, kind)


def tail_key(tail: str, kind: KeyKind) -> str:
    """`key` of any reading with this tail (with this light tail, for "light").

    >>> tail_key("EH T IH D", "mosaic")
    'EH T AH D'
    """
    if kind in ("perfect", "light"):
        return tail
    if kind == "mosaic":  # IH and AH are alike after the stress: limit, trim it
        first, *rest = tail.split() or [""]
        return " ".join((first, *("AH" if phone == "IH" else phone for phone in rest)))
    if kind == "family":
        return " ".join(FAMILIES.get(phone, phone) for phone in tail.split())
    return " ".join(phone for phone in tail.split() if phone in VOWELS)


def near_kind(a: Reading, b: Reading) -> NearKind | None:
    """The closest kind of near rhyme; None if the tails or the light tails are equal or their vowels differ.

    >>> night, ride, like = map(Reading.of, ("N AY1 T", "R AY1 D", "L AY1 K"))
    >>> near_kind(night, like), near_kind(night, ride)
    ('family', 'assonance')
    >>> near_kind(Reading.of("D AW1 N"), Reading.of("F AW1 N D"))
    'additive'
    """
    vowels = key(a, "assonance")
    if not vowels or vowels != key(b, "assonance") or a.light_tail == b.light_tail or a.tail == b.tail:
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
    def guessed(self) -> bool:
        """Whether the word is in no lexicon, so that its sound is a guess."""
        return self.reading.source == "model"

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


# Weak words that may follow a stressed one in a mosaic rhyme, each with its weak forms; her and his lose their H.
WEAK_FORMS = {
    word: tuple(tuple(form.split()) for form in forms.split(","))
    for word, forms in {
        "her": "ER0,HH ER0", "him": "IH0 M,HH IH0 M", "his": "IH0 Z,HH IH0 Z", "he": "IY0,HH IY0", "it": "IH0 T",
        "me": "M IY0", "you": "Y UW0,Y AH0", "them": "DH AH0 M,AH0 M", "us": "AH0 S", "we": "W IY0", "she": "SH IY0",
        "your": "Y ER0", "my": "M AY0", "a": "AH0", "the": "DH AH0", "an": "AH0 N", "and": "AH0 N D,AH0 N",
        "of": "AH0 V", "in": "IH0 N", "to": "T UW0,T AH0", "for": "F ER0", "is": "IH0 Z", "can": "K AH0 N",
        "have": "AH0 V",
    }.items()
}  # fmt: skip
CLOSING = ("her", "him", "it", "me", "you", "them", "us", "in", "to", "for")  # those with which a clause may end


def phrase_readings(first: Sequence[Reading], weak: str) -> list[Reading]:
    """Readings of a word that ends in its main stress and a weak word after it; [] for other words.

    >>> [r.text for r in phrase_readings([Reading.of("G EH1 T")], "her")]
    ['G EH1 T ER0', 'G EH1 T HH ER0']
    """
    stressed_last = [
        r for r in first if r.phones and not any(p[-1] in "02" for p in r.phones[rhyme_vowel(r.phones) :])
    ]
    return [
        Reading((*(p[:-1] + "1" if p[-1] == "0" else p for p in r.phones), *form), "rule")
        if r.syllables == 1
        else Reading((*r.phones, *form), "rule")
        for r in stressed_last
        for form in WEAK_FORMS.get(weak, ())
    ]


def mosaic(word: Reading, phrase: Reading) -> bool:
    """Whether a word and a phrase of two words rhyme: equal tails after different onsets, IH and AH alike after the
    stress."""
    return key(word, "mosaic") == key(phrase, "mosaic") and word.onset != phrase.onset


def find_phrases(word: str, lexicon: Lexicon, firsts: Sequence[str]) -> list[Rhyme]:
    """Phrases of one of the words `firsts` and a weak word that rhyme with a word, in the order of `firsts`.

    >>> from lyricist.prosody.lexicon import default_lexicon
    >>> [r.word for r in find_phrases("letter", default_lexicon(), ["get", "take", "let"])]
    ['get her']
    """
    own = [r for r in lexicon.readings(word) if r.syllables > 1]
    wanted = {key(r, "mosaic") for r in own}
    found: dict[str, Rhyme] = {}
    for first, readings in zip(firsts, lexicon.many(firsts, guessing=False), strict=True):
        for weak in WEAK_FORMS if any(may_open(r, wanted) for r in readings) else ():
            for made in phrase_readings(readings, weak):
                for mine in (r for r in own if mosaic(r, made)):
                    found.setdefault(f"{first} {weak}", Rhyme(f"{first} {weak}", "mosaic", None, made, mine))
    return list(found.values())


def may_open(reading: Reading, tails: Collection[str]) -> bool:
    """Whether one of these tails begins with that of the reading."""
    return any(f"{tail} ".startswith(f"{reading.tail} ") for tail in tails)


class Relations:
    """How the readings of other words rhyme with a word's; each sound is judged once, as words share them."""

    def __init__(self, own: Sequence[Reading]) -> None:
        self.own = own
        self.known: dict[tuple[object, ...], list[tuple[Reading, Kind, NearKind | None]]] = {}

    def closest(self, word: str, reading: Reading) -> Rhyme | None:
        """The closest rhyme of one reading of a word with any of ours."""
        sound = (reading.tail, reading.onset, reading.light_tail, reading.light_onset, stressed(reading))
        if sound not in self.known:
            hows = [(mine, kind(mine, reading)) for mine in self.own]
            self.known[sound] = [(mine, how, near_kind(mine, reading)) for mine, how in hows if how]
        found = (Rhyme(word, how, near, reading, mine) for mine, how, near in self.known[sound])
        return min(found, key=lambda rhyme: rhyme.rank, default=None)


def listed(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[str, Reading]]:
    for word, readings in zip(words, lexicon.many(words), strict=True):
        yield from ((word, reading) for reading in readings)


def in_table(own: Sequence[Reading], lexicon: Lexicon) -> Iterator[tuple[str, Reading]]:
    """The words of the lexicon that may rhyme with one of these readings: by the vowels of the tail, or lightly."""
    for word, readings in lexicon.entries.items():
        yield from ((word, reading) for reading in readings)
    vowels = {key(reading, "assonance") for reading in own} - {""}
    light = {reading.light_tail for reading in own} - {""}
    if not vowels:
        return
    patterns = [*(pattern(k.split()) for k in sorted(vowels)), *(light_pattern(k.split()) for k in sorted(light))]
    data = lexicon.table.data
    for found in re.finditer(b"|".join(patterns), data):
        start = data.rfind(b"\n", 0, found.start()) + 1
        head, _, readings_so_far = data[start : found.end()].partition(b"\t")
        listed_word = head.decode("ascii")
        if listed_word not in lexicon.entries:
            yield listed_word, read_codes(readings_so_far.rsplit(b" ", 1)[-1])[0]


END = b"(?=[ \n])"  # of a reading


def pattern(vowels: Sequence[str]) -> bytes:
    """A pattern of the codes at the end of a reading whose tail has these vowels: the first stressed, the others not
    with the main stress.

    The tail of a reading without stress has one vowel, its last.
    """
    consonants = b"[" + codes(CONSONANTS) + b"]*"
    first, *rest = vowels
    others = b"".join(consonants + b"[" + codes([vowel + "0", vowel + "2"]) + b"]" for vowel in rest)
    tail = b"[" + codes([first + "1", first + "2"]) + b"]" + others + consonants + END
    if rest:
        return tail
    weak = b"[" + codes([*(vowel + "0" for vowel in VOWELS), *CONSONANTS]) + b"]*"
    return tail + b"|(?<=[\t ])" + weak + re.escape(CODES[first + "0"].encode()) + consonants + END


def light_pattern(tail: Sequence[str]) -> bytes:
    """A pattern of the codes at the end of a reading that may have this light tail."""
    first, *rest = tail
    after = b"".join(re.escape(CODES.get(phone) or CODES[phone + "0"]).encode() for phone in rest) + END
    found = b"[" + codes([first + "1", first + "2"]) + b"]" + after
    if any(phone in VOWELS for phone in rest):
        return found
    before = b"[" + codes(vowel + "0" for vowel in VOWELS) + b"][" + codes(CONSONANTS) + b"]*"
    alone = b"(?<=[\t ])[" + codes(CONSONANTS) + b"]*"
    return found + b"|(?:" + before + b"|" + alone + b")" + re.escape(CODES[first + "0"].encode()) + after


def codes(phones: Iterable[str]) -> bytes:
    """Codes of phones for a character class."""
    return b"".join(re.escape(CODES[phone].encode()) for phone in phones)
