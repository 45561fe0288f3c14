"""Readings of words that the table lacks, derived from their spelling.

`derive` tries the rules of `RULES` in order and returns the readings of the first that gives any. A rule is a
function of the word and of `known`, which looks up a stem or derives it in turn. The rules for endings are in
`affixes.py`, those for apostrophes in `elision.py`, those for digits and letters in `numerals.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import product

from lyricist.prosody.affixes import by_prefix, by_suffix
from lyricist.prosody.elision import by_apostrophe, elided
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.numerals import by_letters, by_number, by_roman
from lyricist.prosody.phones import Known, Readings, as_rule, compound, joined, listed, restressed

# Part of the lexicon's digest: raise it with every change that gives some word other readings.
RULES_VERSION = 2
LONGEST = 60  # characters; a longer string, after runs of a letter are cut, is not a word
DEPTH = 3  # how often a stem may itself be derived: a-rovin' -> rovin' -> roving -> rove

Rule = Callable[[str, Known], Readings]

APOSTROPHES = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'", "`": "'"})
# Letters that Unicode does not decompose into a Latin letter and a mark.
LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ð": "th", "þ": "th", "ł": "l", "đ": "d", "ı": "i"}
)
READABLE = re.compile(r"[a-z0-9'\-.,:/]*[a-z0-9][a-z0-9'\-.,:/]*")
EDGES = re.compile(r"^[^\w']+|[^\w']+$")
# Runs of a letter are cut to three: loooove is looove.
RUN = re.compile(r"(.)\1{2,}", re.DOTALL)

# British (and older) spellings and the American ones of the table. One row per pattern.
BRITISH = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"(?<=..)our(?=$|s$|ed$|ing$|er|ite|able|less|ful|y$|'d$)", "or"),  # honour, favourite, colourless
        (r"(?<=...)is(?=e$|es$|ed$|er$|ers$|ing$|ation)", "iz"),  # baptise, realising
        (r"(?<=..)ys(?=e$|ed$|ing$)", "yz"),  # paralyse
        (r"(?<=[aeiouhps])tre(?=$|s$|d$)", "ter"),  # theatre, sceptre
        (r"(?<=[aeioum])bre(?=$|s$|d$)", "ber"),  # sombre, sabre
        (r"(?<=[^l])ll(?=ed$|ing$|er$|ers$|ous|or$|ery$)", "l"),  # travelling, marvellous
        (r"(?<=[aeiou])l(?=ful|ment$)", "ll"),  # skilful, fulfilment
        (r"(?<=[fplt])ence$", "ense"),  # pretence, offence
        (r"(?<=[aeiou]l)ogue$", "og"),  # catalogue
        (r"ae|oe(?=[a-z]{3})", "e"),  # mediaeval, oesophagus
        (r"plough", "plow"),
        (r"x(?=ion$)", "ct"),  # connexion
        (r"ay(?=ly$|ety$)", "ai"),  # gayly
        (r"(?<=gr)ey", "ay"),
        (r"(?<=e)que$", "ck"),  # cheque
        (r"(?<=ic)k(?=$|s$)", ""),  # musick
        (r"^in(?=clos|quir|trust)", "en"),
        (r"^en(?=clos|quir|trust)", "in"),
    )
)

ANY_BRITISH = re.compile("|".join(pattern.pattern for pattern, _ in BRITISH))

# What may be doubled at the end of a word or inside it when a run of letters is cut; else one letter is likelier.
DOUBLED_WITHIN = frozenset("eo")
DOUBLED_AT_END = frozenset("elsfz")
SINGLE_AT_END = frozenset({"me", "he", "she", "we", "be", "the", "ye"})

# What an apostrophe follows in contractions.
CONTRACTED = "i you he we they that there what who didn couldn wouldn shouldn doesn isn wasn hasn hadn haven"
CONTRACTING = frozenset(CONTRACTED.split())
# Words that begin with an apostrophe and are no other words without it.
CLIPPED = frozenset({"mong", "mongst", "gainst", "tween", "scuse", "fraid", "nother"})

# Nouns that make compounds; one of them must be a part of a word cut in two.
NOUNS = """
    air back bed bell berry bine bird blood blossom boat body book bound bow boy break breaker brook brother
    brow burn chair child church cloth cloud coat corn craft dance dark dawn day dead dew door down dream drop
    dust earth ever eye eyes fall father fire fish flake flood floor flow flower fly folk foot ford frost game
    gate girl girls glass glow god gold grave green grey ground guard hair hall hand head heart heath hill
    hold home honey horn horse hour house keeper kind king knight lace lady lamp land lark leaf leaves light
    lights line lit lock love maid maiden maker man mark master mate meadow men mill minded moon more morn
    mother mountain mouse mouth night noon out over page paper park peal piece pipe place play plough post
    proof queen rain river road rock room root rope rose sail sand sea set shade shadow shed shine ship shore
    shot side sight silver skin sky sleeve smith smoke snow song soul spark spring stage stairs star step
    stick stone storm stream street strike string summer sun sweet table tail thing thorn thread tide time top
    tower town track train tree under wall ward watch water wave way weather weed well wheel wife wild wind
    wine wing wings winter wise woman wood work world worn worth yard year
"""
COMPOUNDING = frozenset(NOUNS.split())
# Nouns that look like a stem with an ending (flow-er, noonda-y); after a word of the lists they are nouns.
AT_END = re.compile(r"(.{3,})((?:flower|tower|bower|shower|day)s?)")


def plain(word: str) -> str:
    """A word in the form in which it is looked up: lower case, straight apostrophes, no punctuation around it.

    >>> plain("Love!"), plain("\\N{RIGHT SINGLE QUOTATION MARK}Til"), plain("sooooooo")
    ('love', "'til", 'sooo')
    """
    if not (word.isascii() and word.isalpha()):
        word = unicodedata.normalize("NFC", word.strip().translate(APOSTROPHES))
    word = RUN.sub(r"\1\1\1", word.lower())
    return EDGES.sub("", word) if len(word) <= LONGEST else ""


def derive(word: str, find: Callable[[str], Readings]) -> Readings:
    """Readings of a word by the rules, or (); `find` looks a word up in the lexicon's lists.

    >>> from lyricist.prosody.lexicon import default_lexicon
    >>> def first(word): return derive(word, default_lexicon().table.find)[0].text
    >>> first("lovest"), first("wand'ring"), first("moonglow")
    ('L AH1 V IH0 S T', 'W AA1 N D R IH0 NG', 'M UW1 N G L OW2')
    """
    tried: dict[tuple[str, int], Readings] = {}

    def derived(stem: str, depth: int) -> Readings:
        return as_rule(apply_rules(stem, at_depth(depth + 1))) if depth < DEPTH else ()

    def at_depth(depth: int) -> Known:
        def known(stem: str) -> Readings:
            if (stem, depth) not in tried:
                tried[stem, depth] = find(stem) or derived(stem, depth)
            return tried[stem, depth]

        return known

    return as_rule(apply_rules(word, at_depth(1)) or by_letters(word, at_depth(1)))


def apply_rules(word: str, known: Known) -> Readings:
    """The readings of the first rule that gives any."""
    if not word.isascii():
        return by_accent(word, known)
    if not READABLE.fullmatch(word):
        return ()
    return next(filter(None, (rule(word, known) for rule in RULES)), ())


def by_accent(word: str, known: Known) -> Readings:
    """Marks taken off letters (cafe); but -ed with a mark is a syllable of its own (blessed, in two).

    >>> by_accent("caf\\N{LATIN SMALL LETTER E WITH ACUTE}", {"cafe": ("found",)}.get)
    ('found',)
    """
    letters = unmarked(word)
    if not letters.isascii():
        return ()
    if word.endswith(("\N{LATIN SMALL LETTER E WITH GRAVE}d", "\N{LATIN SMALL LETTER E WITH ACUTE}d")):
        stem = by_suffix(letters[:-2] + "ing", known) or known(letters[:-2] + "ing")
        return tuple(joined(reading.phones[:-2], ("IH0", "D")) for reading in stem)
    return known(letters)


def unmarked(word: str) -> str:
    """A word with the marks taken off its letters."""
    apart = unicodedata.normalize("NFKD", word.translate(LETTERS))
    return "".join(ch for ch in apart if not unicodedata.combining(ch))


def guessable(word: str) -> bool:
    """Whether a word has Latin letters and none of another script."""
    word = unmarked(word)
    return bool(READABLE.fullmatch(word) and re.search("[a-z]", word))


def by_run(word: str, known: Known) -> Readings:
    """A word drawn out: soooo, looove, yeahhh, kisss."""
    runs = list(RUN.finditer(word))
    if not runs or len(runs) > 3:
        return ()
    for lengths in product(*(lengths_of(match, word) for match in runs)):
        parts, start = [], 0
        for match, length in zip(runs, lengths, strict=True):
            parts += [word[start : match.start()], match[1] * length]
            start = match.end()
        found = known("".join(parts) + word[start:])
        if found:
            return found
    return ()


def lengths_of(match: re.Match[str], word: str) -> tuple[int, int]:
    """The possible lengths of a run of letters, the likelier first."""
    if match.end() < len(word):
        return (2, 1) if match[1] in DOUBLED_WITHIN else (1, 2)
    single = match[1] not in DOUBLED_AT_END or word[: match.start() + 1] in SINGLE_AT_END
    return (1, 2) if single else (2, 1)


def by_hyphen(word: str, known: Known) -> Readings:
    """Words joined by hyphens: to-day as today; else a compound, with weak grammatical words inside (hush-a-bye).

    The table has many compounds without their hyphen, but often with no stress at all on the last part (newborn),
    which would spoil their rhyme; so only those that begin with a grammatical word are looked up whole.
    """
    if "-" not in word.strip("-"):
        return ()
    names = ["'n" if part == "n" else part for part in word.split("-") if part]
    whole = known("".join(names)) if len(names) == 2 and len(word) > 4 else ()
    parts = [known(part) or known(part.strip("'")) for part in names]
    if not all(parts) or (whole and names[0] in FUNCTION_WORDS):
        return whole
    if names[0] == "a" and len(names) > 1:  # a-hunting
        return tuple(joined(("AH0",), reading.phones) for reading in known("-".join(names[1:])))
    inner = range(1, len(names) - 1)
    weak = [restressed(p[0].phones, "12", "0") if i in inner and n in FUNCTION_WORDS else p[0].phones
            for i, (n, p) in enumerate(zip(names, parts, strict=True))]  # fmt: skip
    return compound(weak)


def by_syllable(word: str, known: Known) -> Readings:
    """A short syllable said over and over: lalala, nanana, hahaha."""
    match = re.fullmatch(r"([a-z]{1,3}?[aeiouhy])\1+", word)
    unit = known(match[1]) if match and len(match[1]) > 1 else ()
    if not match or not unit:
        return ()
    return compound([unit[0].phones] * (len(word) // len(match[1])))


def by_spelling(word: str, known: Known) -> Readings:
    """British and older spellings."""
    if not ANY_BRITISH.search(word):
        return ()
    for pattern, spelling in BRITISH:
        found = known(pattern.sub(spelling, word)) if pattern.search(word) and len(word) > 3 else ()
        if found:
            return found
    return ()


def by_bare_contraction(word: str, known: Known) -> Readings:
    """Words typed without their apostrophe: didnt, youll, mongst."""
    if word in CLIPPED:
        return known("'" + word)
    cut = 1 if word.endswith("nt") else 2 if word.endswith(("ll", "re", "ve")) else 0
    return known(f"{word[:-cut]}'{word[-cut:]}") if cut and len(word) > 4 and word[:-cut] in CONTRACTING else ()


def by_noun(word: str, known: Known) -> Readings:
    """Compounds with a noun that looks like an ending: windflower, noonday."""
    match = AT_END.fullmatch(word)
    heads = known(match[1]) if match else ()
    if not match or not listed(heads):
        return ()
    return tuple(joined(heads[0].phones, restressed(tail.phones, "1", "2")) for tail in known(match[2]))


def by_parts(word: str, known: Known) -> Readings:
    """Compounds written as one word: moonglow, firelight; the main stress is on the first part, as in most.

    Both parts have three letters or more; cuts near the middle are tried first.
    """
    cuts = sorted(range(3, len(word) - 2), key=lambda i: abs(2 * i - len(word))) if word.isalpha() else []
    for first, second in ((word[:i], word[i:]) for i in cuts):
        if first in COMPOUNDING or second in COMPOUNDING:
            heads, tails = known(first), known(second)
            if heads and tails:
                return (joined(heads[0].phones, restressed(tails[0].phones, "1", "2")),)
    return ()


RULES: tuple[Rule, ...] = (
    by_number,
    by_roman,
    by_run,
    by_hyphen,
    elided,
    by_apostrophe,
    by_syllable,
    by_noun,
    by_suffix,
    by_prefix,
    by_bare_contraction,
    by_spelling,
    by_parts,
)
