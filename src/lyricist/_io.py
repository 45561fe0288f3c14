"""Files and bytes for every room: files and directories replaced in one step, hashes, JSON, tensors, text.

A process that is killed at any moment leaves the old content or the new, never a part of it.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import errno
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError, RunError

if sys.platform != "win32":
    import fcntl

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
    except BlockingIOError as e:
        raise busy(path) from e
    except OSError as e:
        raise InputError(f"{path}: cannot write ({e.strerror or e}): free space or choose another place") from e


def write_synced(path: Path, pieces: Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


# --- one step: a file or a directory is made beside its place, then takes it. What a killed process leaves beside the
# place is recognised by its name and by a lock that nobody holds, and goes at the next start.

NEW, OLD = ".lyricist-new", ".lyricist-old"  # ends of the names of what is being made, and of what was moved aside
EXCHANGE = 2  # flag of Linux's renameat2
HERE = -100  # AT_FDCWD: paths are relative to the working directory
CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP})  # of this kernel or file system


class Lock:
    """An exclusive lock on a file or a directory, by this process until `release` or its end. It moves with the file.

    Where the system or the file system has no such locks, `sure` is false and nothing is excluded.
    """

    def __init__(self, path: Path, wait: bool = False) -> None:
        """Raises `BlockingIOError` if it is held and `wait` is false, and `FileNotFoundError`."""
        self.handle: int | None = None
        self.sure = False
        if sys.platform == "win32":
            return
        while True:
            self.handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                self.sure = _flock(self.handle, wait)
                if os.path.samestat(os.fstat(self.handle), os.lstat(path)):
                    return
            except BaseException:
                self.release()
                raise
            self.release()  # another file has taken its place meanwhile

    def release(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    __del__ = release


def _flock(handle: int, wait: bool) -> bool:
    """Lock an open file; false where it cannot be locked. Raises `BlockingIOError` if another process holds it."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def replace_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Replace a file in one step: readers see the old content or the new, also after a power failure."""
    if path.exists() and not path.is_file() and not path.is_dir():  # /dev/stdout is no place for a file
        with open(path, "wb") as device:
            device.writelines(pieces)
        return
    replace_files([(path, pieces)])


def replace_files(files: Sequence[tuple[Path, Iterable[bytes]]]) -> None:
    """Replace files, each in one step, after all are written: if one cannot be written, none is replaced."""
    with contextlib.ExitStack() as stack:
        made = [(stack.enter_context(_beside(path)), path, pieces) for path, pieces in files]
        for temporary, _, pieces in made:
            write_synced(temporary, pieces)
        for temporary, path, _ in made:
            os.replace(temporary, path)
        for folder in {path.parent for path, _ in files}:
            sync(folder)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new locked file beside `path`, which is removed at the end if it still has this name."""
    sweep(path)
    lock = None
    while lock is None:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{NEW}")
        temporary.touch(exist_ok=False)
        with contextlib.suppress(FileNotFoundError):  # another process has swept it before it was locked
            lock = Lock(temporary, wait=True)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
        lock.release()


def link(source: Path, target: Path) -> None:
    """Make `target` a copy of `source` in one step; the two share disk blocks where links exist."""
    temporary = target.with_name(f".{target.name}{NEW}")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        write_synced(temporary, [source.read_bytes()])
    os.replace(temporary, target)
    temporary.unlink(missing_ok=True)  # two names of one file are not replaced


class Staging:
    """A new, locked directory `path` beside `target`, to be filled; `place` lets it take the place of `target`.

    Raises `BlockingIOError` if another process makes the same target, unless it is to `wait` for its end. `discard`
    removes it, and the parents that were made for it; after `place` both do nothing.
    """

    def __init__(self, target: Path, wait: bool = False) -> None:
        self.target = Path(os.path.realpath(target))
        self.path = self.target.with_name(f".{self.target.name}{NEW}")
        self.made: list[Path] = []
        self.waits = True  # to be placed or discarded
        try:
            make_parents(self.target.parent, self.made)
            self.lock = self.lock_empty(wait)
        except BaseException:
            self.remove_parents()
            raise
        sweep(self.target)

    def lock_empty(self, wait: bool) -> Lock:
        """Make the directory and lock it; what a killed process left under this name is removed."""
        while True:
            with contextlib.suppress(FileExistsError):
                self.path.mkdir()
            with contextlib.suppress(FileNotFoundError):  # another process has just placed or removed it
                lock = Lock(self.path, wait)
                if not any(self.path.iterdir()):
                    return lock
                if not lock.sure:
                    raise FileExistsError(errno.EEXIST, "remove it if no other process is at work", str(self.path))
                shutil.rmtree(self.path)

    def place(self, held: Lock | None = None) -> None:
        """Sync it and let it take the place of `target` in one step. What was there, which may be `held`, goes last.

        Raises `BlockingIOError` if another process holds that. It stays locked.
        """
        if held is None and self.target.is_dir():
            held = Lock(self.target)  # so that no other process takes it for its own when it lies aside
        replace_directory(self.path, self.target)
        self.waits = False

    def discard(self) -> None:
        """Remove it unless it has been placed, and unlock it."""
        if self.waits:
            shutil.rmtree(self.path, ignore_errors=True)
            self.remove_parents()
        self.waits = False
        self.lock.release()

    def remove_parents(self) -> None:
        for folder in reversed(self.made):
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Path]:
    """`new_directory` with errors about `target`.

    Raises InputError if the disk is full, the place cannot be written, or another process writes there.
    """
    try:
        with new_directory(target) as work:
            yield work
    except BlockingIOError as error:
        raise busy(target) from error
    except OSError as error:
        raise unwritable(target, error) from error


def busy(target: Path) -> InputError:
    return InputError(f"{target} is being written by another process: let it end, or choose another place")


@contextlib.contextmanager
def new_directory(target: Path) -> Iterator[Path]:
    """A new directory beside `target` to write in. It becomes `target` on success; a failure leaves nothing."""
    staging = Staging(target)
    try:
        yield staging.path
        staging.place()
    finally:
        staging.discard()


class TemporaryFolder:
    """A directory for temporary files, `name`. It goes with this object; after a kill, when the next is made."""

    def __init__(self, what: str) -> None:
        prefix = f"lyricist-{what}."
        for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
            remove(left)
        while True:
            self.made = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
            with contextlib.suppress(FileNotFoundError):  # another process has swept it before it was locked
                self.lock = Lock(Path(self.made.name), wait=True)
                break
        self.name = self.made.name

    def __del__(self) -> None:
        self.made.cleanup()


def make_parents(folder: Path, made: list[Path]) -> None:
    """Create a directory and its missing parents; each new one is added to `made`, the highest first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir()
        made.append(path)
        sync(path.parent)


def replace_directory(work: Path, target: Path) -> None:
    """Sync a finished directory and let it take the place of `target` in one step; the old one is removed last.

    Where the system cannot exchange two directories, the old one is moved aside first; `recover` brings it back if
    the process is killed before the new one has its place.
    """
    sync_tree(work)
    old = work
    if not os.path.lexists(target):
        os.rename(work, target)
    elif not exchange(work, target):
        old = target.with_name(f".{target.name}{OLD}")
        os.rename(target, old)
        try:
            os.rename(work, target)
        except BaseException:
            os.rename(old, target)
            raise
    for folder in {target.parent, work.parent}:
        sync(folder)
    shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Let two files or directories swap their places in one step; false where the system cannot."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(other))


def recover(target: Path) -> bool:
    """Bring back what a process moved aside and was killed before it had put the new in its place.

    Earlier versions did so under other names. Returns whether something was brought back.
    """
    if os.path.lexists(target):
        return False
    asides = _named(target, rf"{OLD}|\.old-\w{{8}}")
    if not asides or is_held(target.with_name(f".{target.name}{NEW}")):
        return False  # nothing was moved aside, or a process is just about to put the new in its place
    for aside in asides:
        with contextlib.suppress(OSError):
            os.rename(aside if aside.name.endswith(OLD) else aside / "old", target)
            sync(target.parent)
            return True
    return False


def is_held(path: Path) -> bool:
    """Whether some process has locked a file or a directory."""
    try:
        Lock(path).release()
    except OSError as error:
        return isinstance(error, BlockingIOError)
    return False


def sweep(target: Path) -> None:
    """Bring back or remove what killed processes, also of earlier versions, left beside `target`."""
    recover(target)
    for left in _named(target, rf"(\.\w{{8}})?({NEW}|{OLD})|\.\d+\.tmp|\.(tmp|old)-\w{{8}}"):
        remove(left)


def sweep_inside(folder: Path) -> None:
    """Remove what killed processes left in a directory that this process has locked."""
    for left in folder.glob(".*"):
        if re.fullmatch(rf"\..*({NEW}|{OLD}|\.tmp)|\.saving-\w+", left.name):
            remove(left)


def _named(target: Path, end: str) -> list[Path]:
    """What lies beside `target` under its name with a dot before it and an `end` (a pattern) behind it."""
    pattern = re.compile(rf"\.{re.escape(target.name)}({end})")
    try:
        return [target.parent / name for name in os.listdir(target.parent) if pattern.fullmatch(name)]
    except (OSError, ValueError):
        return []


def remove(path: Path) -> None:
    """Remove a file or a directory that surely nobody holds, if it can be removed."""
    with contextlib.suppress(OSError):
        lock = Lock(path)
        if lock.sure and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif lock.sure:
            path.unlink()
        lock.release()


def sync_tree(folder: Path) -> None:
    """Sync a directory with all that is in it."""
    for here, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(Path(here, name))
        sync(Path(here))


def sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a directory
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        return  # a directory may be written in without being readable
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
