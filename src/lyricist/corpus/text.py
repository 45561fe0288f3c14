"""Bytes -> clean text: encodings, mojibake, odd characters; and big files in pieces, never as a whole.

Decoding tries, in this order: a byte order mark, UTF-16/32 by where the NULs stand, UTF-8; single bytes that
are not UTF-8 are read as Windows-1252, so that a file of mixed encodings still comes out right.
"""

from __future__ import annotations

import codecs
import html
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lyricist.errors import InputError

MAX_LINE = 2_000  # characters; a longer "line" is prose or not text at all, and is dropped
HEAD = 1 << 16  # bytes looked at to tell the encoding
CHUNK = 1 << 20  # bytes read at a time
MAX_CONTROLS = 0.02  # share of control characters above which a file is binary; text has next to none

BOMS = (  # the longer first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NUL_PATTERNS = (  # (encoding, bytes a unit, which of its bytes is NUL in most Latin text)
    ("utf-32-le", 4, (1, 2, 3)),
    ("utf-32-be", 4, (0, 1, 2)),
    ("utf-16-le", 2, (1,)),
    ("utf-16-be", 2, (0,)),
)
MAGIC = {  # first bytes of files that people keep beside their songs
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or office document",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"{\\rtf": "an RTF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"MThd": "a MIDI file",
    b"\x1f\x8b": "a gzip archive",
}
CONTROLS = bytes(b for b in range(32) if b not in b"\t\n\r\x0b\x0c\x1a\x1b") + b"\x7f"

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


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: what is not UTF-8 is taken for Windows-1252; its five gaps become U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", errors="replace"), error.end


codecs.register_error("lyricist-cp1252", _as_cp1252)


def detect(head: bytes, name: str) -> str:
    """The codec of a file from its first bytes. InputError naming `name` if they are not text."""
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise InputError(f"{name}: {what}, not text; export it as plain text first")
    for mark, codec in BOMS:
        if head.startswith(mark):
            return codec
    nuls = head.count(0)
    if nuls:
        wide = _wide(head)
        if wide:
            return wide
    if nuls > len(head) // 1000 or len(head) - len(head.translate(None, CONTROLS)) > MAX_CONTROLS * len(head):
        raise InputError(f"{name}: binary data, not text")
    return "utf-8"


def _wide(head: bytes) -> str | None:
    """UTF-16/32 without a mark: NULs fill the high bytes of most characters, and no others."""
    for codec, unit, high in NUL_PATTERNS:
        size = len(head) // unit
        if not size:
            continue
        shares = [head[at : size * unit : unit].count(0) / size for at in range(unit)]
        low = min(share for at, share in enumerate(shares) if at not in high)
        if all(shares[at] > 0.4 for at in high) and low < 0.05:
            return codec
    return None


def decode(data: bytes, name: str) -> str:
    """A whole text in memory. InputError naming `name` if it is binary.

    >>> decode(b"caf\\xc3\\xa9\\r\\nna\\xefve", "a.txt")
    'café\\nnaïve'
    """
    return "".join(_decoded(io.BytesIO(data), detect(data[:HEAD], name)))


def text_chunks(path: Path, name: str = "", on_bytes: Callable[[int], None] | None = None) -> Iterator[str]:
    """A file's text in pieces of about a megabyte, newlines as `\\n`. InputError if unreadable or binary."""
    name = name or path.name
    try:
        with path.open("rb") as handle:
            codec = detect(handle.read(HEAD), name)
            handle.seek(0)
            yield from _decoded(handle, codec, on_bytes)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from None


def _decoded(handle: Any, codec: str, on_bytes: Callable[[int], None] | None = None) -> Iterator[str]:
    errors = "lyricist-cp1252" if codec.startswith("utf-8") else "replace"
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)(errors), translate=True)
    while data := handle.read(CHUNK):
        if on_bytes is not None:
            on_bytes(len(data))
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def split_lines(
    chunks: Iterable[str], cap: int = MAX_LINE, too_long: Callable[[str], None] | None = None
) -> Iterator[str]:
    """Lines without their newline. One of more than `cap` characters is left out and its start reported.

    At most `cap` characters and a chunk are held, whatever the file.
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
    except ImportError:  # it belongs to the extra [train]; without it mojibake stays as it is
        return None
    return ftfy.fix_encoding


def _fixed(line: str) -> str:
    fix = _ftfy()
    return fix(line) if fix is not None and not line.isascii() and MOJIBAKE.search(line) else line


def clean_text(text: str) -> str:
    """One song's text: mojibake and HTML entities undone, NFC, plain spaces and apostrophes, no control
    characters.

    Runs of spaces stay, because chords above a line stand in columns; tabs become 8-column stops.

    >>> clean_text("don\\u2019t\\u00a0go\\x00 &amp; caf\\u00c3\\u00a9")
    "don't go & café"
    """
    if "&" in text and ENTITY.search(text):
        text = html.unescape(text)
    if not text.isascii():
        if MOJIBAKE.search(text):
            text = "\n".join(_fixed(line) for line in text.split("\n"))
        text = unicodedata.normalize("NFC", text)
    text = TO_TRANSLATE.sub(lambda found: CHARACTERS[ord(found.group())] or "", text)
    return text.expandtabs(8) if "\t" in text else text
