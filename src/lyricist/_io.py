"""Files and bytes for every room: files and directories replaced in one step, hashes, JSON, tensors, text.

A process that is killed at any moment leaves the old content or the new, never a part of it.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError, RunError

Arrays = dict[str, npt.NDArray[Any]]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
HEAD = 1 << 16  # bytes examined to find the encoding
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
DECLARED = re.compile(
    r"(utf-?8|utf-?16|(us-)?ascii|iso-?8859-\d{1,2}|latin-?\d|windows-125\d|cp125\d|macintosh)", re.IGNORECASE
)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an InputError of one line about `path`."""
    try:
        yield
    except OSError as e:
        raise InputError(f"{path}: cannot write ({e.strerror or e}): free space or choose another place") from e


def write_synced(path: Path, pieces: Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Replace a file in one step: readers see the old content or the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_synced(temporary, pieces)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Path]:
    """`new_directory` with errors about `target`.

    Raises InputError if the disk is full or the place cannot be written.
    """
    try:
        with new_directory(target) as work:
            yield work
    except OSError as error:
        raise unwritable(target, error) from error


@contextlib.contextmanager
def new_directory(target: Path) -> Iterator[Path]:
    """A new directory beside `target` to write in. It becomes `target` on success; a failure leaves nothing."""
    made: list[Path] = []
    work = None
    try:
        make_parents(target.parent, made)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.tmp-", dir=target.parent))
        work.chmod(0o777 & ~_umask())
        yield work
        replace_directory(work, target)
    except BaseException:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def make_parents(folder: Path, made: list[Path]) -> None:
    """Create a directory and its missing parents; each new one is added to `made`, the highest first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir()
        made.append(path)


def replace_directory(work: Path, target: Path) -> None:
    """Sync a finished directory and rename it to `target`. An old one is moved aside first and removed last."""
    for path in [*work.iterdir(), work]:
        sync(path)
    old = None
    if target.is_dir():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old-", dir=target.parent))
        target.rename(old / "old")
    try:
        work.rename(target)
    except BaseException:
        if old is not None:
            (old / "old").rename(target)
            old.rmdir()
        raise
    sync(target.parent)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a directory
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in FULL or error.errno == errno.EIO:
            raise  # other errors: the file system cannot sync directories
    finally:
        os.close(handle)


def unwritable(place: str | os.PathLike[str], error: OSError) -> InputError:
    if error.errno in FULL:
        return InputError(f"{place}: the disk is full; free some space or choose another disk")
    where = error.filename or place
    return InputError(f"{place}: cannot be written ({where}: {error.strerror or error}); choose another place")


def link(source: Path, target: Path) -> None:
    """Make `target` a copy of `source` in one step; the two share disk blocks where links exist."""
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    os.replace(temporary, target)
    temporary.unlink(missing_ok=True)  # two names of one file are not replaced


def file_hash(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a run, or `RunError` naming the file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise RunError(f"{path} cannot be read ({e.strerror}): {path.parent} is not a complete lyricist run") from e
    except ValueError as e:
        raise RunError(f"{path} is damaged (not JSON): restore it or train again") from e
    if not isinstance(data, dict):
        raise RunError(f"{path} is damaged (not a JSON object): restore it or train again")
    return data


def tensor_bytes(arrays: Arrays) -> bytes:
    """Arrays as the content of a safetensors file."""
    from safetensors.numpy import save

    return save({k: np.ascontiguousarray(v) for k, v in arrays.items()})


def load_arrays(path: Path) -> Arrays:
    """A safetensors file, or `RunError` naming it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(str(path))
    except (OSError, SafetensorError) as e:
        raise RunError(f"{path} is damaged or missing: restore it or train again") from e


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: bytes that are not UTF-8 are read as Windows-1252; its five gaps become U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", errors="replace"), error.end


codecs.register_error("lyricist-cp1252", _as_cp1252)


def detect_encoding(head: bytes, name: str) -> str:
    """The codec of a text file from its first bytes. Raises InputError naming `name` if they are not text."""
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise InputError(f"{name}: {what}, not text; export it as plain text first")
    for mark, codec in BOMS:
        if head.startswith(mark):
            return codec
    nuls = head.count(0)
    wide = _wide(head) if nuls else None
    if wide:
        return wide
    if nuls > len(head) // 1000 or len(head) - len(head.translate(None, CONTROLS)) > MAX_CONTROLS * len(head):
        raise InputError(f"{name}: binary data, not text")
    return "utf-8"


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: NULs fill the high bytes of most characters, and no others."""
    for codec, unit, high in NUL_PATTERNS:
        size = len(head) // unit
        if not size:
            continue
        shares = [head[at : size * unit : unit].count(0) / size for at in range(unit)]
        low = min(share for at, share in enumerate(shares) if at not in high)
        if all(shares[at] > 0.4 for at in high) and low < 0.05:
            return codec
    return None


def decode_text(data: bytes, name: str) -> str:
    """A whole text in memory. Raises InputError naming `name` if it is binary.

    The encoding is found from a byte order mark, else from the places of NUL bytes (UTF-16, UTF-32), else it is
    UTF-8; single bytes that are not UTF-8 are read as Windows-1252, so that a file of mixed encodings is read, too.

    >>> decode_text(b"caf\\xc3\\xa9\\r\\nna\\xefve", "a.txt")
    'café\\nnaïve'
    """
    return "".join(decoded_chunks(io.BytesIO(data), detect_encoding(data[:HEAD], name)))


def text_chunks(path: Path, name: str = "", on_bytes: Callable[[int], None] | None = None) -> Iterator[str]:
    """The text of a file in pieces of about a megabyte, decoded like `decode_text`, newlines as `\\n`.

    Raises InputError if it cannot be read or is binary.
    """
    name = name or path.name
    try:
        with path.open("rb") as handle:
            codec = detect_encoding(handle.read(HEAD), name)
            handle.seek(0)
            yield from decoded_chunks(handle, codec, on_bytes)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from None


def decoded_chunks(handle: BinaryIO, codec: str, on_bytes: Callable[[int], None] | None = None) -> Iterator[str]:
    errors = "lyricist-cp1252" if codec.startswith("utf-8") else "replace"
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)(errors), translate=True)
    while data := handle.read(CHUNK):
        if on_bytes is not None:
            on_bytes(len(data))
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def decode_declared(data: bytes, declared: str = "") -> str:
    """Text of a file that may declare its encoding: by byte order mark, else as declared, else as `decode_first`.

    >>> text = "“Köln”"
    >>> [decode_declared(text.encode(codec)) for codec in ("utf-8", "cp1252", "utf-16")] == [text] * 3
    True
    """
    for mark, codec in BOMS:
        if data.startswith(mark):
            return data.decode(codec, errors="replace")
    if data[:2] in (b"<\0", b"%\0", b"\0<", b"\0%"):  # XML and ABC in UTF-16 without a mark
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace")
    known = declared if DECLARED.fullmatch(declared) else "ascii"
    return decode_first(data, (known, "utf-8", "cp1252"))


def decode_first(data: bytes, encodings: Sequence[str] = ("utf-8", "cp1252")) -> str:
    """The text in the first encoding that fits all bytes; Latin-1, which fits any, if none does.

    >>> decode_first("blessèd".encode()), decode_first("blessèd".encode("cp1252"))
    ('blessèd', 'blessèd')
    """
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            return data.decode(encoding)
    return data.decode("latin-1")
