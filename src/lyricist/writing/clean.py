"""Words that songs leave out unless asked: slurs and strong obscenities (`--no-clean` lets them in).

The list is `unclean.txt` beside this file; it says what is on it, what is not, and why.
"""

from __future__ import annotations

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
