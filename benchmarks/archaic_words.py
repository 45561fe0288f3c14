"""Archaic forms, a list of the benchmarks' own: the writer has another."""

from __future__ import annotations

import re

# What nobody has said for long, outside church and verse. Scots is not counted.
PRONOUNS = "thee thou thy thine thyself ye"
VERBS = (
    "hath hast doth dost didst hadst wert wast shalt wilt canst wouldst shouldst couldst mayst saith quoth methinks"
)
CUT_SHORT = "'tis 'twas 'twere 'twill 'twould o'er e'er ne'er e'en th'"
OTHERS = """
    ere oft nigh yon yonder hither thither whither whence thence hence wherefore unto lo alas nay yea morn eve betwixt
    whilst amidst thrice hark forsooth
"""
ARCHAIC = frozenset(f"{PRONOUNS} {VERBS} {CUT_SHORT} {OTHERS}".split())
ENDING = re.compile(r".(?:[^e]eth|'st)$")  # goeth, know'st; not teeth
NAMES = frozenset({"elizabeth", "nazareth", "macbeth"})


def is_archaic(word: str) -> bool:
    """
    >>> [is_archaic(w) for w in ("thou", "goeth", "know'st", "tis", "teeth", "best")]
    [True, True, True, True, False, False]
    """
    return word in ARCHAIC or f"'{word}" in ARCHAIC or (ENDING.search(word) is not None and word not in NAMES)
