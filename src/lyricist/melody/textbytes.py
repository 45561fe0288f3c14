"""Bytes to text, whatever the encoding of the file."""

from __future__ import annotations

import re

BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
KNOWN = re.compile(r"(utf-?8|utf-?16|(us-)?ascii|iso-?8859-\d{1,2}|latin-?\d|windows-125\d|cp125\d|macintosh)", re.I)


def decode(data: bytes, declared: str = "") -> str:
    """By the byte order mark, else as declared, else UTF-8, else Windows-1252, which has Latin-1 in it.

    >>> decode("Köln".encode("latin-1")), decode("“Köln”".encode("cp1252")), decode("Köln".encode("utf-16"))
    ('Köln', '“Köln”', 'Köln')
    """
    for bom, codec in BOMS:
        if data.startswith(bom):
            return data.removeprefix(b"\xef\xbb\xbf").decode(codec, errors="replace")
    if data[:2] in (b"<\0", b"%\0") or data[:2] in (b"\0<", b"\0%"):
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace")
    for codec in (declared if KNOWN.fullmatch(declared) else "", "utf-8", "cp1252"):
        try:
            return data.decode(codec) if codec else data.decode("ascii")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")
