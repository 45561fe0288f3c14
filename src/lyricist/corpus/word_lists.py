"""Words that songs leave out unless asked: slurs and strong obscenities (`--no-clean` lets them in).

The list is `unclean.txt` beside this file; it says what is on it, what is not, and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_name("unclean.txt")
VOWELS = frozenset("aeiou")
VERB_ENDINGS = ("ed", "er", "ers", "ing", "ings", "in", "in'", "y")


def is_unclean(word: str) -> bool:
    """Whether a word, in any case and with its possessive, is on the list.

    >>> is_unclean("chink"), is_unclean("cocktail"), is_unclean("snigger"), is_unclean("Scunthorpe")
    (False, False, False, False)
    >>> is_unclean("Bullshitting"), is_unclean("darkies")
    (True, True)
    """
    word = word.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    whole, parts = unclean_words()
    return word in whole or word.removesuffix("'s").rstrip("'") in whole or any(part in word for part in parts)


@cache
def unclean_words() -> tuple[frozenset[str], tuple[str, ...]]:
    """Words with all their forms, and pieces that no word may hold."""
    whole: set[str] = set()
    parts: list[str] = []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        entry = line.partition("#")[0].strip()
        if entry.startswith("*"):
            parts.append(entry.strip("*"))
        elif entry:
            word = entry.removesuffix("+").strip()
            whole |= {word, *plurals(word), *(verb_forms(word) if entry.endswith("+") else ())}
    return frozenset(whole), tuple(parts)


def plurals(word: str) -> Iterator[str]:
    """
    >>> list(plurals("darky")), list(plurals("dago")), list(plurals("bitch"))
    (['darkys', 'darkies'], ['dagos', 'dagoes'], ['bitchs', 'bitches'])
    """
    yield word + "s"
    if word.endswith("y"):
        yield word[:-1] + "ies"
    if word.endswith(("o", "s", "z", "x", "ch", "sh")):
        yield word + "es"


def verb_forms(word: str) -> Iterator[str]:
    """
    >>> "shitty" in verb_forms("shit"), "whoring" in verb_forms("whore"), "wanker" in verb_forms("wank")
    (True, True, True)
    """
    stems = [word.removesuffix("e")]
    if len(word) > 2 and word[-1] not in VOWELS and word[-2] in VOWELS:
        stems.append(word + word[-1])
    return (stem + ending for stem in stems for ending in VERB_ENDINGS)


# --- Forms that nobody has said for long outside church and verse: songs are steered away from them

TABLE = {
    "pronouns": "thee thou thy thine thyself ye",
    "verbs": """
        hath hast doth dost didst hadst wert wast shalt wilt canst wouldst shouldst couldst mayst mightst saith quoth
        methinks methought goest knowest lovest seest comest hearest livest givest makest doest sayest thinkest
        wouldest couldest shouldest mayest
    """,
    "cut short": "'tis 'twas 'twere 'twill 'twould o'er e'er ne'er e'en th' howe'er whate'er whene'er where'er",
    "adverbs and prepositions": """
        ere oft nigh yon yonder hither thither whither whence thence hence wherefore unto betwixt whilst amidst
        thrice anon erst erstwhile heretofore hereof thereof whereof therein wherein hereby thereon whereon
    """,
    "cries": "lo alas alack nay yea forsooth prithee hark verily",
    "nouns": "morn eve eventide",
    "spellings": "to-day to-night to-morrow good-bye",
}
WORDS = frozenset(word for row in TABLE.values() for word in row.split())
ENDINGS = re.compile(r"""
    .+[^e]eth   # goeth, maketh; not teeth
    | .+'st     # know'st
    | .+v'n     # heav'n, giv'n
    | .+w'r     # pow'r, flow'r
    | .{2,}'d   # lov'd, turn'd
""", re.VERBOSE)  # fmt: skip
WOULD = "you she he they who how that there it what why where when this mom dad"
MODERN = frozenset({"elizabeth", "nazareth", "macbeth"} | {f"{word}'d" for word in WOULD.split()})

ARCHAIC_RULES = "\n".join([*sorted(WORDS), ENDINGS.pattern, *sorted(MODERN)])  # all that decides, as a text


def is_archaic(word: str) -> bool:
    """Whether a word in small letters is archaic.

    >>> [is_archaic(w) for w in ("thou", "goeth", "know'st", "heav'n", "lov'd")]
    [True, True, True, True, True]
    >>> [is_archaic(w) for w in ("teeth", "best", "they'd", "he'd", "goin'", "gonna")]
    [False, False, False, False, False, False]
    """
    return word in WORDS or (ENDINGS.fullmatch(word) is not None and word not in MODERN)
