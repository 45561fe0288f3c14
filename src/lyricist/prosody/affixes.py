"""Endings and beginnings: readings of a word from those of its stem."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.phones import (
    Known,
    Phones,
    Readings,
    compound,
    followed,
    is_vowel,
    joined,
    listed,
    past,
    plural,
)

VOWELS = frozenset("aeiouy")
# Letters at the end of a stem, and groups of them, at which an e has been dropped.
E_LETTERS = frozenset("cvuz")
E_ENDINGS = "th rs ns ls rg dg bl gl pl tl dl kl fl eas ees ais aus ois oos ous"
E_CLUSTERS = tuple(E_ENDINGS.split())
NO_STEM = (*E_LETTERS, *E_CLUSTERS)

# Endings, the longer before the shorter. Those that begin with a vowel letter drop the stem's e, double its consonant
# and turn its y into i. -est is the old second person too (lovest), -eth the old third; -fu is Scots.
_ENDINGS = """
    lessness L AH0 S N AH0 S|fulness F AH0 L N AH0 S|lessly L AH0 S L IY0|ingly IH0 NG L IY0|fully F AH0 L IY0
    |wards W ER0 D Z|able AH0 B AH0 L|ably AH0 B L IY0|edst -ed S T|fold F OW2 L D|hood HH UH2 D|ings IH0 NG Z
    |less L AH0 S|lets L AH0 T S|like L AY2 K|ment M AH0 N T|most M OW2 S T|ness N AH0 S|ship SH IH2 P|some S AH0 M
    |ward W ER0 D|dom D AH0 M|ers ER0 Z|est IH0 S T|eth IH0 TH|ful F AH0 L|fu' F AH0|ing IH0 NG|ling L IH0 NG
    |ish IH0 SH|kin K IH0 N|let L AH0 T|man M AH0 N|men M AH0 N|ed -ed|er ER0|fu F AH0|ie IY0|ly L IY0|y IY0
"""
ENDINGS = tuple((row.split()[0], tuple(row.split()[1:])) for row in _ENDINGS.split("|"))
ENDINGS_AT = {last: [row for row in ENDINGS if row[0][-1] == last] for last in {row[0][-1] for row in ENDINGS}}
# The old second person of these has -st without a vowel, as if it were one word: canst, wouldst, knowst.
ST_STEMS = "can could did had know may say see should will would shall do"
# The Scots not, -na, follows these: couldna, isna, daurna.
NA_STEMS = "can could did do does dare daur had has hae is are was were will wad would should must maun need"
WITH_NA = frozenset(NA_STEMS.split())
WITH_ST = frozenset(ST_STEMS.split())

# Prefixes, the longer before the shorter: letters, the least number of letters of a stem, phones.
_PREFIXES = """
    where 2 W EH2 R|there 2 DH EH2 R|here 2 HH IH2 R|counter 4 K AW2 N T ER0|under 3 AH2 N D ER0|super 4 S UW2 P ER0
    |inter 4 IH2 N T ER0|over 3 OW2 V ER0|anti 4 AE2 N T IY0|fore 3 F AO0 R|self 4 S EH1 L F|out 3 AW1 T|non 4 N AA2 N
    |mis 4 M IH0 S|dis 4 D IH0 S|sub 4 S AH2 B|pre 4 P R IY0|mid 3 M IH1 D|un 3 AH0 N|re 4 R IY0|en 4 EH0 N|em 5 EH0 M
    |in 4 IH0 N|im 4 IH0 M|up 4 AH1 P|be 4 B IH0|a 4 AH0
"""
PREFIXES = tuple((row.split()[0], int(row.split()[1]), tuple(row.split()[2:])) for row in _PREFIXES.split("|"))
BEGINNINGS = tuple(letters for letters, _, _ in PREFIXES)


def by_suffix(word: str, known: Known) -> Readings:
    """Plurals, the forms of verbs, comparisons, and words made from words: thrones, roving, loveliest, joyless.

    >>> from lyricist.prosody.phones import Reading
    >>> rove = {"rove": (Reading.of("R OW1 V"),)}
    >>> by_suffix("roving", lambda word: rove.get(word, ()))[0].text
    'R OW1 V IH0 NG'
    """
    if word.endswith("st") and word[:-2] in WITH_ST:
        return followed(known(word[:-2]), lambda _: ("S", "T"))
    if word.endswith("na") and word[:-2] in WITH_NA:
        return followed(known(word[:-2]), lambda _: ("N", "AH0"))
    found = with_s(word, known) or with_old_t(word, known) or with_clipped_ing(word, known)
    return found or with_a(word, known) or with_ending(word, known)


def with_s(word: str, known: Known) -> Readings:
    """-s and -es of nouns and verbs."""
    if not word.endswith("s") or word.endswith(("ss", "us", "is", "'s")) or len(word) < 4:
        return ()
    stems = [word[:-1]]
    if word.endswith("ies"):
        stems.insert(0, word[:-3] + "y")
    elif word.endswith("es"):
        stems.append(word[:-2])
    return followed(first_known(stems, known), plural)


def with_old_t(word: str, known: Known) -> Readings:
    """The old spelling of -ed after voiceless consonants: lookt, wrapt, curst, tost."""
    if not word.endswith(("ct", "kt", "pt", "st", "ht", "ft", "xt")) or word.endswith("ght") or len(word) < 4:
        return ()
    stem = word[:-1]
    doubled = [stem + stem[-1]] if stem[-1] in "spf" and stem[-2] in VOWELS else []
    for each in doubled if doubled and stem[-1] == "s" else [stem, stem + "e", *doubled]:
        stem_readings = known(each)
        found = [reading.phones for reading in stem_readings if past(reading.phones) == ("T",)]
        if found and listed(stem_readings):
            return tuple(joined(phones, ("T",)) for phones in found)
    return ()


def with_clipped_ing(word: str, known: Known) -> Readings:
    """-in for -ing, with an apostrophe or without: lovin', rantin."""
    stem = word.rstrip("'")
    if not stem.endswith("in") or len(stem) < 5 or (word == stem and stem[-3] in VOWELS):
        return ()
    found = [reading.phones for reading in known(stem + "g") if reading.phones[-2:] == ("IH0", "NG")]
    return tuple(joined(phones[:-1], ("N",)) for phones in found)


def with_a(word: str, known: Known) -> Readings:
    """The old a- before a participle, written as one word: amaying, aflying; but not adoring, of adore."""
    if not re.match(r"a[^aeiou].*ing$", word) or listed(first_known(stems_of(word[:-3], "ing"), known)):
        return ()
    return tuple(joined(("AH0",), reading.phones) for reading in known(word[1:]))


def with_ending(word: str, known: Known) -> Readings:
    """A word with one of `ENDINGS`."""
    for letters, ending in ENDINGS_AT.get(word[-1], ()):
        base = word.removesuffix(letters)
        if base == word or len(base) < 2 or not VOWELS.intersection(base):
            continue
        vowel = letters[0] in VOWELS
        found = (vowel and not base.endswith(NO_STEM) and unaccented(base, known)) or first_known(
            stems_of(base, letters) if vowel else consonant_stems(base, letters), known
        )
        before = before_vowel if vowel else before_consonant
        if found:
            ends = [(*past(r.phones), *ending[1:]) if ending[0] == "-ed" else ending for r in found]
            made = tuple(joined(before(r.phones, base, end), end) for r, end in zip(found, ends, strict=True))
            return (*glided(made), *made) if base[-1] == "i" and letters == "est" else made
    return ()


def glided(found: Readings) -> Readings:
    """-iest in one syllable: love-liest. It comes first, as it does in the table (happiest)."""
    return tuple(joined(r.phones[:-4], ("Y",), r.phones[-3:]) for r in found if r.phones[-4:-2] == ("IY0", "IH0"))


def unaccented(base: str, known: Known) -> Readings:
    """The readings of a word of more syllables that ends in a weak one (sever, not ador): it needs no e.

    >>> from lyricist.prosody.phones import Reading
    >>> bool(unaccented("sever", lambda word: (Reading.of("S EH1 V ER0"),)))
    True
    """
    if len(re.findall("[aeiouy]+", base)) < 2:
        return ()
    single = known(base[:-1]) if base.endswith("ll") else ()  # marvelling: of marvel, not of the poet Marvell
    found = single if listed(single) and single[0].stress.endswith("0") else known(base)
    return found if found and found[0].stress.endswith("0") else ()


def stems_of(base: str, ending: str) -> Iterator[str]:
    """The possible stems before an ending that begins with a vowel, the likeliest first.

    >>> list(stems_of("rov", "ing")), list(stems_of("runn", "ing")), list(stems_of("merri", "er"))
    (['rove', 'rov'], ['runn', 'run', 'runne'], ['merry', 'merri', 'merrie'])
    """
    if base[-1] == "i" and ending[0] == "e":
        yield base[:-1] + "y"
    silent_e = wants_e(base) and ending != "ie"
    if silent_e:
        yield base + "e"
    yield base
    if len(base) > 2 and base[-1] == base[-2]:
        yield base[:-1]
    if base.endswith("ck"):
        yield base[:-1]
    if not silent_e:
        yield base + "e"


def wants_e(base: str) -> bool:
    """Whether a stem before a dropped e is likelier: rov(e), danc(e), trembl(e), but not runn, seem."""
    if base[-1] in E_LETTERS or base.endswith(E_CLUSTERS):
        return True
    return base[-1] not in "aeiouywxh" and len(base) > 1 and base[-2] in VOWELS and base[-3:-2] not in VOWELS


def before_vowel(phones: Phones, base: str, ending: Phones) -> Phones:
    """A stem's phones before a vowel: -le loses its vowel (trembling has two syllables)."""
    if is_vowel(ending[0]) and base.endswith("l") and phones[-2:] == ("AH0", "L") and base[-2] not in VOWELS | {"l"}:
        return (*phones[:-2], "L")
    return phones


def consonant_stems(base: str, ending: str) -> Iterator[str]:
    """The possible stems before an ending that begins with a consonant: merri(ly) of merry, gent(ly) of gentle."""
    if base[-1] == "i":
        yield base[:-1] + "y"
    yield base
    if ending == "ly":
        yield base + "le"
        yield base + "l"
    if base.endswith("ful"):
        yield base + "l"


def before_consonant(phones: Phones, base: str, ending: Phones) -> Phones:
    """A stem's phones: gentle and full lose their L before -ly, merry its IY."""
    if ending[:1] == ("L",) and phones[-1] == "L" and ending[1:] == ("IY0",):
        return phones[:-2] if phones[-2] == "AH0" and base[-1] not in VOWELS | {"l"} else phones[:-1]
    if base[-1] == "i" and ending[:1] == ("L",) and phones[-1] == "IY0":
        return (*phones[:-1], "AH0")
    return phones


def by_prefix(word: str, known: Known) -> Readings:
    """Words with a beginning: undefiled, outshine, aglow.

    >>> from lyricist.prosody.phones import Reading
    >>> by_prefix("unheard", lambda word: (Reading.of("HH ER1 D"),) if word == "heard" else ())[0].text
    'AH0 N HH ER1 D'
    """
    if not word.startswith(BEGINNINGS):
        return ()
    for letters, shortest, phones in PREFIXES:
        stem = word.removeprefix(letters)
        if stem != word and len(stem) >= shortest and may_begin(letters, stem):
            found = known(stem)
            if found:
                return prefixed(phones, found)
    return ()


def may_begin(letters: str, stem: str) -> bool:
    """Whether a stem may have a prefix: a-, be-, re- need a consonant after them, where- a preposition."""
    if letters.endswith("here"):
        return stem in FUNCTION_WORDS or stem in {"fore", "unto", "upon", "after"}
    return letters not in {"a", "be", "re", "en", "em"} or stem[0] not in VOWELS


def prefixed(beginning: Phones, stems: Readings) -> Readings:
    """Readings with a prefix; a consonant that would be doubled is sung once (dissolve, immortal).

    A beginning with main stress (out-, up-) shares it with the stem as the parts of a compound do: either leads.
    """
    if any(phone[-1] == "1" for phone in beginning):
        return tuple(r for stem in stems[:1] for r in compound([beginning, stem.phones]))
    double = beginning[-1] in {"S", "M"}
    return tuple(
        joined(beginning[:-1] if double and beginning[-1] == r.phones[0] else beginning, r.phones) for r in stems
    )


def first_known(stems: Iterator[str] | list[str], known: Known) -> Readings:
    """The readings of the first stem that has any."""
    return next(filter(None, map(known, stems)), ())
