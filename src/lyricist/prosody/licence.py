"""Licences of verse: readings of a word with a syllable more or less than in speech.

Rules make them from a word's ordinary readings, for scanning given lines: "heav'nly" is often spelled heavenly, and a
word that was written to be sung in two syllables is no mistake. The contractions are those that Robert Bridges found
in Milton ("Milton's Prosody", 1921): open vowels; weak vowels before R, L and N; the weak vowel of -ven, -zen and
-len. -ed and -ion may be extended, as in hymns and ballads.

A rule takes a reading's phones and the word's letters and yields other phones, with one weak vowel fewer or more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from lyricist.prosody.phones import Phones, Reading, is_vowel, past

Rule = Callable[[Phones, str], Iterator[Phones]]

LICENCE = "licence"  # the source of these readings
STEPS = 2  # licences that one word may take at once (E-thio-p'yan)
MOST = 8  # licences of one word

WEAK = frozenset({"AH0", "IH0", "ER0"})
# Weak vowels that become a glide before another weak vowel: glo-rious, vir-tuous, shad-'wy.
GLIDES = {"IY0": "Y", "IY2": "Y", "UW0": "W", "UW2": "W", "UH0": "W", "OW0": "W"}
# Stressed vowels that end in a glide of their own, so that a weak vowel after them may merge with it.
OPEN = frozenset(vowel + digit for vowel in ("AY", "AW", "OY", "UW") for digit in "12")
LIQUIDS = frozenset({"R", "L", "N"})
# Before -ed: vowels a stem may end in (glo-ri-fi-ed; not bed), consonants that bear no bare D (wick-ed, sa-cred).
BEFORE_ED = frozenset({"AY", "AW", "OY", "EY", "OW", "IY", "UW", "AO", "ER"})
KEEPING_ED = frozenset({"T", "D", "K", "G", "R"})

VEN = re.compile(r"(?:v|z|s|ll?)e?n(?:'?s|ed|'d)?$")
VEN_WITHIN = re.compile(r"[vz]en")
SM = re.compile(r"(?:sm|thm)(?:'?s)?$")
ED = re.compile(r"[^e]ed$")
SOFT = re.compile(r"[tscgx]ion")
HIGH = re.compile(r"[ie][aou]")


def glides(phones: Phones, word: str) -> Iterator[Phones]:
    """Two weak vowels as one: loft-ier, Mar-ion, vir-tuous, fol-l'wing."""
    for i in range(1, len(phones) - 1):
        glide = GLIDES.get(phones[i])
        if glide and phones[i + 1][-1] == "0" and any(map(is_vowel, phones[:i])):
            kept = () if phones[i - 1] == glide else (glide,)
            yield (*phones[:i], *kept, *phones[i + 1 :])


def merged(phones: Phones, word: str) -> Iterator[Phones]:
    """A stressed vowel and a weak one as one: flow'r, vi'let, cru'l; but not before -ing or -est."""
    for i in range(len(phones) - 1):
        weak, rest = phones[i + 1], phones[i + 2 :]
        if phones[i] in OPEN and (weak == "ER0" or (weak == "AH0" and rest and rest != ("S", "T"))):
            yield (*phones[: i + 1], *(("R",) if weak == "ER0" else ()), *rest)


def syncope(phones: Phones, word: str) -> Iterator[Phones]:
    """A weak vowel lost before R, L or N and another weak vowel: wand'ring, mem'ry, op'ning, heav'nly."""
    for i in range(2, len(phones) - 1):
        if phones[i] not in WEAK or is_vowel(phones[i - 1]) or not any(map(is_vowel, phones[:i])):
            continue
        rest = ("R", *phones[i + 1 :]) if phones[i] == "ER0" else phones[i + 1 :]
        before = phones[: i - (phones[i - 1] == "Y" and not is_vowel(phones[i - 2]))]  # pop'lar, without its Y
        after = rest[2:] if rest[:2] == ("N", "L") else rest[1:]  # heav'nly
        if before[-1] != rest[0] and rest[0] in LIQUIDS and after and after[0][-1] == "0":
            yield (*before, *rest)


def ven(phones: Phones, word: str) -> Iterator[Phones]:
    """-ven, -zen, -sen and -len without their vowel: heav'n, ris'n, fall'n, sev'nfold."""
    ends, within = VEN.search(word), VEN_WITHIN.search(word)
    if not ends and not within:
        return
    for i in range(2, len(phones) - 1):
        if phones[i] in WEAK and phones[i - 1] in {"V", "Z", "S", "L"} and phones[i + 1] == "N":
            final = not any(map(is_vowel, phones[i + 1 :]))
            if (final and ends) or (within and phones[i + 2 : i + 3] and not is_vowel(phones[i + 2])):
                yield (*phones[:i], *phones[i + 1 :])


def sm(phones: Phones, word: str) -> Iterator[Phones]:
    """-sm and -thm as consonants alone: bap-tism in two."""
    if SM.search(word):
        for i in range(2, len(phones) - 1):
            if phones[i - 1 : i + 2] in (("Z", "AH0", "M"), ("DH", "AH0", "M")):
                yield (*phones[:i], *phones[i + 1 :])


def ed(phones: Phones, word: str) -> Iterator[Phones]:
    """-ed as a syllable of its own: lov-ed, glo-ri-fi-ed; or not, where it is one: bless'd, belov'd."""
    if not ED.search(word) or len(phones) < 3 or not any(map(is_vowel, phones[:-1])):
        return
    last, before = phones[-1], phones[-2]
    if last == "T" or (last == "D" and (not is_vowel(before) or before[:-1] in BEFORE_ED)):
        yield (*phones[:-1], "IH0", "D")
    elif last == "D" and before in WEAK and phones[-3] not in KEEPING_ED and any(map(is_vowel, phones[:-2])):
        yield (*phones[:-2], *past(phones[:-2]))


def drawn_out(phones: Phones, word: str) -> Iterator[Phones]:
    """The weak I of -ion or another weak glide as a syllable of its own: na-ti-on, mil-li-on, beau-te-ous."""
    soft, high = SOFT.search(word), HIGH.search(word)
    for i in range(2, len(phones)):
        if phones[i][-1] == "0" and phones[i] != "IY0":
            if soft and phones[i - 1] in {"SH", "ZH", "CH", "JH"}:
                yield (*phones[:i], "IY0", *phones[i:])
            elif high and phones[i - 1] == "Y" and not is_vowel(phones[i - 2]):
                yield (*phones[: i - 1], "IY0", *phones[i:])


RULES: tuple[Rule, ...] = (glides, merged, syncope, ven, sm, ed, drawn_out)


def licences(word: str, found: Iterable[Reading]) -> tuple[Reading, ...]:
    """The readings that licence adds to those of a word, the smallest change first, each with a new stress pattern.

    >>> [reading.text for reading in licences("heavenly", [Reading.of("HH EH1 V AH0 N L IY0")])]
    ['HH EH1 V N L IY0']
    >>> [reading.stress for reading in licences("nation", [Reading.of("N EY1 SH AH0 N")])]
    ['100']
    """
    ordinary = list(found)
    return tuple(islice(fresh(word, ordinary), MOST))


def fresh(word: str, ordinary: Sequence[Reading]) -> Iterator[Reading]:
    stresses = {reading.stress for reading in ordinary}
    level = [reading.phones for reading in ordinary]
    for _ in range(STEPS):
        made = [new for phones in level for rule in RULES for new in rule(phones, word)]
        level = []
        for phones in made:
            reading = Reading(phones, LICENCE)
            if reading.stress not in stresses:
                stresses.add(reading.stress)
                level.append(phones)
                yield reading
