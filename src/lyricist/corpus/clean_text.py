"""Decoded text -> clean lyrics: mojibake, odd characters, lines too long, other languages.

`lyricist._io` decodes the bytes.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from lyricist.errors import MissingExtra

MAX_LINE = 2_000  # characters; a longer "line" is prose or not text at all, and is dropped
LEAST_TO_TELL = 20  # words; the language of a shorter text is not judged

APOSTROPHES = "\u2018\u2019\u02bc\u02bb\u00b4\u2032`\u201b\uff07"
SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
BREAKS = "\r\x0b\x0c\x85\u2028\u2029"
# Zero-width characters, the soft hyphen, byte order marks, the replacement character: nothing to sing there.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufffd"
CHARACTERS: dict[int, str | None] = {
    **dict.fromkeys(range(32)),
    **dict.fromkeys(range(127, 160)),
    **{ord(c): "'" for c in APOSTROPHES},
    **{ord(c): " " for c in SPACES},
    **{ord(c): "\n" for c in BREAKS},
    **dict.fromkeys(map(ord, INVISIBLE)),
    **dict.fromkeys(range(0xD800, 0xE000)),  # lone surrogates out of JSON escapes cannot be written back
    ord("\t"): "\t",
    ord("\n"): "\n",
}
TO_TRANSLATE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff" + APOSTROPHES + SPACES + INVISIBLE + "\u2028\u2029]"
)
# UTF-8 read as a single-byte encoding gives runs of two or more non-ASCII characters ("Ã©", "â€™").
MOJIBAKE = re.compile("[\xc2-\xf4\u0100-\u04ff][^\\x00-\\x7f]|\xc3 |\xe2\u20ac")
ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,5});")


def split_lines(
    chunks: Iterable[str], cap: int = MAX_LINE, too_long: Callable[[str], None] | None = None
) -> Iterator[str]:
    """Lines without their newline. One of more than `cap` characters is left out and its start reported.

    Memory holds at most `cap` characters and a chunk.
    """
    rest, dropping = "", False
    for chunk in chunks:
        pieces = (rest + chunk).split("\n")
        rest = pieces.pop()
        for piece in pieces:
            if dropping:
                dropping = False
            elif len(piece) <= cap:
                yield piece
            elif too_long is not None:
                too_long(piece[:80])
        if len(rest) > cap:
            if not dropping and too_long is not None:
                too_long(rest[:80])
            rest, dropping = "", True
    if rest and not dropping:
        yield rest


@lru_cache(1)
def _ftfy() -> Callable[[str], str] | None:
    try:
        import ftfy
    except ImportError:  # part of the extra [train]; without it mojibake stays
        return None
    return ftfy.fix_encoding


def clean_text(text: str) -> str:
    """Undo mojibake and HTML entities in one song's text; NFC, plain spaces and apostrophes, no control characters.

    Runs of spaces stay, because chords above a line are placed by columns; tabs become 8-column stops.

    >>> clean_text("don\\u2019t\\u00a0go\\x00 &amp; caf\\u00c3\\u00a9")
    "don't go & café"
    """
    if "&" in text and ENTITY.search(text):
        text = html.unescape(text)
    if not text.isascii():
        if MOJIBAKE.search(text) and (fix := _ftfy()):
            text = "\n".join(fix(line) if MOJIBAKE.search(line) else line for line in text.split("\n"))
        text = unicodedata.normalize("NFC", text)
    text = TO_TRANSLATE.sub(lambda found: CHARACTERS[ord(found.group())] or "", text)
    return text.expandtabs(8) if "\t" in text else text


def english_test() -> Callable[[str], bool]:
    """A test whether a text of LEAST_TO_TELL words or more is in English. Raises MissingExtra without its library."""
    try:
        import py3langid
    except ImportError:
        raise MissingExtra("english_only", "train") from None
    return lambda text: bool(py3langid.classify(text[:5000])[0] == "en")
