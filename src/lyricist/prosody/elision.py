"""Apostrophes: clitics (soul's, thou'lt, o't, th'eternal), left-out letters (heav'n, lov'd, wand'ring)."""

from __future__ import annotations

import re

from lyricist.prosody.affixes import first_known, stems_of
from lyricist.prosody.phones import (
    Known,
    Reading,
    Readings,
    followed,
    is_vowel,
    joined,
    listed,
    past,
    plural,
    restressed,
    syllabic,
)

# Words and endings after an apostrophe.
CLITICS = {
    "s": plural,
    "t": lambda phones: ("IH0", "T") if phones[-1] == "T" else ("T",),  # in't, for't
    "st": lambda phones: ("S", "T"),  # know'st
    "se": lambda phones: ("Z",),  # Scots: we'se, shall
    "d": past,
    "ll": syllabic("L"),
    "lt": syllabic("L", "T"),
    "rt": lambda phones: ("R", "T"),
    "ve": syllabic("V"),
    "re": syllabic("R"),
    "m": lambda phones: ("M",),
    "er": lambda phones: ("ER0",),
    "em": lambda phones: ("AH0", "M"),
}
# Shortened words before an apostrophe: their phones before a vowel, before a consonant.
PROCLITICS = {
    "th": ("DH", "DH AH0"),
    "t": ("T", "T AH0"),
    "d": ("D", "D AH0"),
    "o": ("OW0", "OW0"),
    "l": ("L", "L AH0"),
}
# Letters that an apostrophe inside a word may replace.
LEFT_OUT = ("e", "o", "i", "a", "u", "ve", "v", "en", "er")
# whate'er, where'er, wher'er, whatsoe'er, fore'er
EVER = re.compile(r"(what|who|wher|where|when|how|which|whom|for)(so)?e?'er")


def by_apostrophe(word: str, known: Known) -> Readings:
    """Words with a clitic after an apostrophe, or that begin or end with one.

    >>> soul = {"soul": (Reading.of("S OW1 L"),)}
    >>> by_apostrophe("soul's", lambda word: soul.get(word, ()))[0].text
    'S OW1 L Z'
    """
    stem, mark, end = word.rpartition("'")
    if not mark:
        return ()
    if "'n'" in word[1:-1]:
        return around_n(word, known)
    cut = known(stem + mark)  # a Scots stem that has an apostrophe of its own: ca'd, fa's
    found = followed(cut, CLITICS[end]) if stem and end in CLITICS and listed(cut) else ()
    if not found and end in {"d", "st"}:
        found = with_verb_ending(stem, end, known)
    if not found and stem and end in CLITICS:
        found = followed(known(stem), CLITICS[end])
    if not found and stem and end == "t" and stem.endswith("n"):  # mayn't
        found = followed(known(stem[:-1]), syllabic("N", "T"))
    if not found and not stem:
        found = without_a(end, known)
    return found or with_proclitic(word, known) or (known(word.strip("'")) if not stem or not end else ())


def without_a(rest: str, known: Known) -> Readings:
    """Words without the weak a- of their beginning: 'fraid, 'lone, 'way."""
    whole = known("a" + rest)
    found = [r.phones[1:] for r in whole if r.phones[0] == "AH0"] if listed(whole) else []
    return tuple(joined(phones) for phones in found)


def with_verb_ending(stem: str, end: str, known: Known) -> Readings:
    """-ed and -est without their vowel: lov'd, dropp'd, tir'd, carri'd, lov'st; and cou'd."""
    could = known(stem + "ld") if stem.endswith("ou") and end == "d" else ()
    return could or (followed(first_known(stems_of(stem, "ed"), known), CLITICS[end]) if len(stem) > 1 else ())


def around_n(word: str, known: Known) -> Readings:
    """Words around 'n': rock'n'roll."""
    first, _, second = word.partition("'n'")
    return tuple(joined(a.phones, ("AH0", "N"), b.phones) for a in known(first) for b in known(second))


def with_proclitic(word: str, known: Known) -> Readings:
    """Words after a shortened article or preposition: th'eternal, t'other, o'mulligan."""
    head, _, stem = word.partition("'")
    forms = PROCLITICS.get(head)
    found = known(stem) if forms and stem else ()
    return tuple(joined(tuple((forms or "")[not is_vowel(r.phones[0])].split()), r.phones) for r in found)


def elided(word: str, known: Known) -> Readings:
    """Words with an apostrophe for letters inside: the full word without the vowel that they spelled.

    >>> heaven = {"heaven": (Reading.of("HH EH1 V AH0 N"),)}
    >>> elided("heav'n", lambda word: heaven.get(word, ()))[0].text
    'HH EH1 V N'
    """
    if "'" not in word:
        return ()
    match = EVER.fullmatch(word)
    if match:
        stem = known({"wher": "where"}.get(match[1], match[1]))[:1]
        return tuple(
            joined(restressed(r.phones, "12", "0"), ("S", "OW0") if match[2] else (), ("EH1", "R")) for r in stem
        )
    if word.startswith("o'er") and len(word) > 6:
        return behind_over(word[4:].lstrip("-"), known)
    head, mark, end = word.partition("'")
    if not mark or len(head) < 2 or not re.match(r"[a-z]", end) or end in CLITICS.keys() - {"er", "re", "em"}:
        return ()
    fulls = [head + letters + end for letters in LEFT_OUT]
    full = next((each for each in fulls if listed(known(each))), None) or next(filter(known, fulls), "")
    return tuple(dict.fromkeys(without_vowel(r, nuclei(head), nuclei(full)) for r in known(full))) if full else ()


def behind_over(rest: str, known: Known) -> Readings:
    """o'er- for over-: o'ertake; o'erwhelmed too, although *whelmed* alone is not in the dictionary."""
    over = known("over" + rest)
    whole = [reading.phones[3:] for reading in over if reading.phones[1:3] == ("V", "ER0")]
    found = [reading.phones for reading in known(rest)] or whole
    return tuple(joined(("AO2", "R"), phones) for phones in found)


def nuclei(letters: str) -> int:
    """How many vowels a piece of spelling has: groups of vowel letters, a final silent e aside.

    >>> nuclei("wandering"), nuclei("heav"), nuclei("evening")
    (3, 1, 3)
    """
    groups = re.findall(r"[aeiou]+y?|y(?![aeiou])", letters)
    return len(groups) - (len(groups) > 1 and bool(re.search(r"[^aeioul]e$", letters)))


def without_vowel(reading: Reading, at: int, written: int) -> Reading:
    """A reading without its vowel number `at` (from 0), if that is weak and not already left out.

    `written` is how many vowels the full spelling has; a reading with fewer (evening, EH V N IH NG) has been
    shortened already. ER leaves its R behind.
    """
    vowels = [i for i, phone in enumerate(reading.phones) if is_vowel(phone)]
    if len(vowels) < written or not 0 < at < len(vowels) or reading.phones[vowels[at]][-1] != "0":
        return reading
    i = vowels[at]
    left = ("R",) if reading.phones[i] == "ER0" else ()
    return joined(reading.phones[:i], left, reading.phones[i + 1 :])
