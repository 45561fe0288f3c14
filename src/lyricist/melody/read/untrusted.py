"""XML and zipped XML of untrusted files, with limits on size.

The XML parser resolves no entities and follows no addresses: a document type may be named, but not defined.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from lyricist._io import decode_declared
from lyricist.errors import InputError

MAX_BYTES = 32 * 2**20  # of XML, unpacked: a song has 1 MB, an act of an opera 20
MAX_ELEMENTS = 800_000  # about 250 bytes of memory each
MAX_TAG, PIECE = 2**20, 2**16
MAX_DEPTH = 100
MAX_PACKED = 8 * 2**20
MAX_FILES = 1000  # in an MXL
LISTED = 8  # scores that an error names
CONTAINER = "META-INF/container.xml"
SOUND = {"tempo", "dynamics", "dacapo", "dalsegno", "fine", "tocoda", "segno", "coda"}
ATTRIBUTES = SOUND | {"id", "number", "name", "type", "direction", "times", "full-path", "media-type"}
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


def parse(data: bytes, name: str) -> Element:
    """The root of an XML document. Tags have no prefixes; only the attributes in `ATTRIBUTES` and no blank text.

    Raises InputError: not well-formed, entities or other definitions, too large, too deep.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: {len(data)} bytes of XML, more than {MAX_BYTES}; cut the score into parts")
    if not data.strip(b"\0 \t\r\n"):
        raise InputError(f"{name}: empty; give a MusicXML file")
    try:
        return _Builder(name).read(decoded(data).encode("utf-8", "replace"))
    except expat.ExpatError as error:
        raise InputError(f"{name}: no XML or cut off: {error}; save the score again as MusicXML") from None


def decoded(data: bytes) -> str:
    """The text of an XML document in its own encoding, without a byte order mark and blanks before it."""
    declared = re.search(rb"^.{0,3}<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.-]{1,40})", data[:300], re.S)
    return decode_declared(data, declared[1].decode("ascii", "replace") if declared else "").lstrip("\ufeff \t\r\n")


class _Builder:
    """Expat's handlers, which build the tree. Raises `InputError` for XML that is not safe to read."""

    def __init__(self, name: str) -> None:
        self.name, self.tree = name, TreeBuilder()
        self.depth = self.elements = 0
        self.parser = expat.ParserCreate("utf-8", intern={})
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = lambda *_: self.refuse()

    def read(self, data: bytes) -> Element:
        """Parse in pieces, so that a tag with a million attributes is refused before it is stored."""
        for at in range(0, len(data), PIECE):
            self.parser.Parse(data[at : at + PIECE], False)
            if at - self.parser.CurrentByteIndex > MAX_TAG:
                raise InputError(f"{self.name}: a tag of more than {MAX_TAG} bytes; save the score again")
        self.parser.Parse(b"", True)
        return self.tree.close()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise InputError(f"{self.name}: more than {MAX_ELEMENTS} elements or {MAX_DEPTH} levels of XML; cut it")
        kept = {key: value for key, value in attributes.items() if key in ATTRIBUTES} if attributes else {}
        self.tree.start(tag.rpartition(":")[2], kept)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.tree.end(tag.rpartition(":")[2])

    def data(self, text: str) -> None:
        if not text.isspace() or "\n" not in text:
            self.tree.data(text)

    def doctype(self, _name: str, _system: str | None, _public: str | None, internal: int) -> None:
        if internal:
            self.refuse()

    def refuse(self) -> NoReturn:
        raise InputError(f"{self.name}: its DOCTYPE defines entities, which is not safe to read; remove the DOCTYPE")


def unpack(data: bytes, name: str) -> bytes:
    """The score in an MXL: the file that META-INF/container.xml names, else the only MusicXML file.

    Raises InputError: a damaged or encrypted archive, no score in it or several, or more than `MAX_BYTES` unpacked.
    """
    with _archive(data, name) as archive:
        return _member(archive, _score_path(archive, name), name)


def repack(data: bytes, score: bytes, name: str) -> bytes:
    """The same MXL with another score in place of its own. Raises InputError as `unpack`, for all files together."""
    out, left = io.BytesIO(), MAX_BYTES
    with _archive(data, name) as archive, zipfile.ZipFile(out, "w") as made:
        path = _score_path(archive, name)
        for info in {info.filename: info for info in archive.infolist()}.values():
            content = score if info.filename == path else _member(archive, info.filename, name, left)
            left -= 0 if info.filename == path else len(content)
            made.writestr(info, content, info.compress_type)
        made.comment = archive.comment
    return out.getvalue()


@contextmanager
def _archive(data: bytes, name: str) -> Iterator[zipfile.ZipFile]:
    """An MXL, opened. Raises `InputError` if it is large, and for the damages that the block finds."""
    if len(data) > MAX_PACKED:
        raise InputError(f"{name}: {len(data)} bytes of MXL, more than {MAX_PACKED}; give one song")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_FILES:
                raise InputError(f"{name}: more than {MAX_FILES} files in it; save the score again as MXL")
            yield archive
    except DAMAGES as error:
        why = " ".join(str(error).split())[:100] or type(error).__name__
        raise InputError(f"{name}: damaged MXL ({why}); save the score again") from None


def _score_path(archive: zipfile.ZipFile, name: str) -> str:
    """The name of a member of the archive; it is never used as a path of this machine. Raises `InputError`."""
    names = archive.namelist()
    named = [path for path in _named(archive, name) if path in names] if CONTAINER in names else []
    scores = [n for n in names if n.lower().endswith((".xml", ".musicxml")) and not n.startswith(("META-INF/", "__"))]
    if not (named or scores):
        raise InputError(f"{name}: no score in this MXL; save it again from a notation program")
    if not named and len(scores) > 1:
        listed = ", ".join(repr(score[:60]) for score in scores[:LISTED]) + " …" * (len(scores) > LISTED)
        which = f"{CONTAINER} names none of its {len(scores)} scores ({listed})"
        raise InputError(f"{name}: {which}; unzip the one to sing")
    return (named or scores)[0]


def _named(archive: zipfile.ZipFile, name: str) -> list[str]:
    """The scores that the container names; none if it is not well formed (an apostrophe that is not escaped)."""
    try:
        container = decoded(_member(archive, CONTAINER, name)).encode("utf-8", "replace")
        roots = _Builder(f"{name}: {CONTAINER}").read(container).iter("rootfile")
    except expat.ExpatError:
        return []
    kinds = [(root.get("full-path", "").lstrip("/"), root.get("media-type", "")) for root in roots]
    return [path for path, kind in kinds if not kind or "musicxml" in kind or kind.endswith("/xml")]


def _member(archive: zipfile.ZipFile, path: str, name: str, most: int = MAX_BYTES) -> bytes:
    """Unpacked up to the limit, whatever size the archive claims."""
    with archive.open(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InputError(f"{name}: unpacks to more than {MAX_BYTES} bytes; give a smaller score")
    return data
