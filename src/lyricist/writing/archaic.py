"""Forms that nobody has said for long outside church and verse: songs are steered away from them.

Old songs are full of them, so a model trained on old songs would write little else. They are made unlikely, not
forbidden (`Drawing.archaic`, in nats): a form that cannot be had without one still can be fulfilled. Dialect is not
archaic, and neither are old words that are still in use (behold, bright, maiden).
"""

from __future__ import annotations

import re

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

RULES = "\n".join([*sorted(WORDS), ENDINGS.pattern, *sorted(MODERN)])  # all that decides, as a text


def is_archaic(word: str) -> bool:
    """Whether a word in small letters is archaic.

    >>> [is_archaic(w) for w in ("thou", "goeth", "know'st", "heav'n", "lov'd")]
    [True, True, True, True, True]
    >>> [is_archaic(w) for w in ("teeth", "best", "they'd", "he'd", "goin'", "gonna")]
    [False, False, False, False, False, False]
    """
    return word in WORDS or (ENDINGS.fullmatch(word) is not None and word not in MODERN)
