"""Files and bytes for every room: files and directories replaced in one step, hashes, JSON, tensors, text.

A process that is killed at any moment leaves the old content or the new, never a part of it. What others may have
made (runs, corpora and what lies in them) is read through `check_folder`, which finds links and devices, and
`open_plain`, below which are all readers of such files: sizes are checked before memory is taken, every error is a
`RunError`.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import errno
import hashlib
import io
import json
import math
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError, RunError

if sys.platform != "win32":
    import fcntl

Arrays = dict[str, npt.NDArray[Any]]

PACKAGE = Path(__file__).parent
MOST_BYTES, MOST_JSON, MOST_HEADER = 1 << 31, 1 << 25, 1 << 22  # of a file, of JSON, of the header of arrays
MOST_ENTRIES, DEEPEST = 100_000, 8  # files of a run or a corpus, folders in folders
SETTLED = 2_000_000_000  # nanoseconds after which a file's time tells whether it has changed
KINDS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U64": "<u8",
    "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip

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


# --- files that others may have made


def check_folder(folder: Path) -> None:
    """Raise `RunError` if something below a folder is a link, a device or a pipe, or if there is too much in it."""
    left, depth = MOST_ENTRIES, 0
    waiting = [folder]
    while waiting and depth <= DEEPEST:
        below: list[Path] = []
        for place in waiting:
            for path, kind in _entries(place):
                left -= 1
                if left < 0:
                    raise RunError(f"{folder} has more than {MOST_ENTRIES:,} files: it is not one that lyricist made")
                if stat.S_ISDIR(kind):
                    below.append(path)
                elif not stat.S_ISREG(kind):
                    what = "a link" if stat.S_ISLNK(kind) else "no plain file"
                    raise RunError(
                        f"{one_line(path)} is {what}: put a plain file in its place, or do not use {folder}"
                    )
        waiting, depth = below, depth + 1
    if waiting:
        raise RunError(f"{folder} has folders in folders without end: it is not one that lyricist made")


def _entries(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files of a folder with their modes; those that vanish meanwhile are left out."""
    try:
        with os.scandir(folder) as found:
            for entry in found:
                with contextlib.suppress(FileNotFoundError):
                    yield Path(entry.path), entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    except OSError as e:
        raise RunError(f"{one_line(folder)} cannot be read ({e.strerror}): check its permissions") from e


def one_line(text: object, most: int = 200) -> str:
    """A text from outside for an error message: without control characters and lone surrogates, not too long."""
    said = str(text).encode("utf-8", "backslashreplace").decode()
    said = "".join(c if c.isprintable() else "?" for c in said)
    return said if len(said) <= most else f"{said[:most]}..."


def open_plain(path: Path, most: int = MOST_BYTES) -> BinaryIO:
    """A plain file to read. Raises `RunError` if it is missing, a link, a device, a folder, or above `most` bytes."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    if PACKAGE not in path.parents:  # the package itself may be installed as links
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags)
    except (OSError, ValueError) as e:
        why = "it is a link" if isinstance(e, OSError) and e.errno == errno.ELOOP else getattr(e, "strerror", e)
        raise RunError(f"{one_line(path)} is damaged or missing ({why}): restore it or train again") from e
    found = os.fstat(handle)
    plain = stat.S_ISREG(found.st_mode)
    if plain and found.st_size <= most:
        return os.fdopen(handle, "rb")
    os.close(handle)
    why = f"it has {found.st_size:,} bytes, more than {most:,}" if plain else "it is no plain file"
    raise RunError(f"{one_line(path)} is damaged ({why}): restore it or train again")


def read_plain(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a plain file; errors as `open_plain`."""
    with open_plain(path, most) as file:
        return _content(file, path, most)


def _content(file: BinaryIO, path: Path, most: int) -> bytes:
    try:
        return file.read(most)
    except OSError as e:
        raise RunError(f"{one_line(path)} cannot be read ({e.strerror}): restore it or train again") from e


_hashes: dict[tuple[int, int, int, int], str] = {}  # of files that have not changed for a while


def plain_hash(path: Path) -> str:
    """SHA-256 of a plain file in hexadecimal; errors as `open_plain`. A file is read once unless it changes."""
    with open_plain(path) as file:
        found = os.fstat(file.fileno())
        key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        if key not in _hashes:
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            if time.time_ns() - found.st_mtime_ns < SETTLED:
                return digest  # changed so recently that its time would not tell of a further change
            _hashes[key] = digest
        return _hashes[key]


def parse_json(data: bytes | str, where: object, finite: bool = True) -> Any:
    """JSON from outside. Raises `RunError` that names `where` for text that is not JSON, numbers that are not finite
    (unless they need not be), too many digits or brackets, and text that is not Unicode."""

    def number(digits: str) -> float:
        value = float(digits)
        if finite and not math.isfinite(value):
            raise ValueError(f"{digits[:20]} is not finite")
        return value

    def constant(name: str) -> float:
        return number(name.replace("Infinity", "inf"))

    try:
        text = data.decode() if isinstance(data, bytes) else data
        found = json.loads(text, parse_float=number, parse_constant=constant)
        if "\\ud" in text or "\\uD" in text:  # an escaped surrogate, perhaps one without its partner
            json.dumps(found, ensure_ascii=False).encode()
        return found
    except (ValueError, RecursionError) as e:
        raise RunError(f"{one_line(where)} is damaged (not JSON): restore it or train again") from e


def read_json(path: Path, most: int = MOST_JSON, finite: bool = True) -> dict[str, Any]:
    """A JSON object from a run, or `RunError` naming the file."""
    data = parse_json(read_plain(path, most), path, finite)
    if not isinstance(data, dict):
        raise RunError(f"{path} is damaged (not a JSON object): restore it or train again")
    return data


def tensor_bytes(arrays: Arrays) -> bytes:
    """Arrays as the content of a safetensors file."""
    from safetensors.numpy import save

    return save({k: np.ascontiguousarray(v) for k, v in arrays.items()})


def load_arrays(path: Path, most: int = MOST_BYTES) -> Arrays:
    """The arrays of a safetensors file of at most `most` bytes, or `RunError` naming it.

    The header is checked before the arrays are read: their places must fill the file exactly.
    """
    with open_plain(path, most) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(size - 8, MOST_HEADER):
                raise ValueError("its header is cut")
            places = _places(parse_json(file.read(length), path), size - 8 - length)
            held = bytearray(size - 8 - length)
            if file.readinto(held) != len(held):  # type: ignore[attr-defined]
                raise ValueError("it is cut")
            return {name: _array(held, *place) for name, place in places.items()}
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError) as e:
            raise RunError(f"{one_line(path)} is damaged ({one_line(e)}): restore it or train again") from e


def _places(header: Any, size: int) -> dict[str, tuple[Any, tuple[int, ...], int]]:
    """Type, shape and offset of each array of a safetensors header. `ValueError` unless they fill `size` bytes."""
    found: dict[str, tuple[Any, tuple[int, ...], int]] = {}
    bounds = []
    for name, told in header.items():
        if name == "__metadata__":
            continue
        kind, shape, (start, end) = np.dtype(KINDS[told["dtype"]]), tuple(told["shape"]), told["data_offsets"]
        if not all(type(n) is int and n >= 0 for n in (*shape, start, end)) or len(shape) > 8:
            raise ValueError(f"{name} has no shape")
        if end - start != math.prod(shape) * kind.itemsize:
            raise ValueError(f"{name} has another size than it says")
        found[name] = kind, shape, start
        bounds.append((start, end))
    bounds.sort()
    if any(a[1] != b[0] for a, b in pairwise([(0, 0), *bounds, (size, size)])):
        raise ValueError("its arrays do not fill it")
    return found


def _array(held: bytearray, kind: Any, shape: tuple[int, ...], start: int) -> npt.NDArray[Any]:
    made = np.frombuffer(held, np.uint8, math.prod(shape) * kind.itemsize, start).view(kind).reshape(shape)
    if kind.kind == "b" and made.size and made.view(np.uint8).max() > 1:
        raise ValueError("an array of truth values holds others")
    return np.require(made, requirements="A")


def load_npy(path: Path, kind: Any, width: int | None = None) -> npt.NDArray[Any]:
    """A .npy file of numbers of a type, (N,) or (N, `width`), memory-mapped. Raises `RunError` for any other file."""
    with open_plain(path) as file:
        try:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError("another version")
            shape, fortran, found = np.lib.format.read_array_header_1_0(file)
            start, size = file.tell(), os.fstat(file.fileno()).st_size
            fits = found == np.dtype(kind) and not fortran and len(shape) == (1 if width is None else 2)
            if not fits or shape[1:] != (() if width is None else (width,)):
                raise ValueError("another type or shape")
            if size - start != math.prod(shape) * found.itemsize or min(shape) < 0:
                raise ValueError("another size than it says")
            if not shape[0]:
                return np.zeros(shape, dtype=found)
            return np.memmap(file, dtype=found, mode="r", offset=start, shape=shape)
        except Exception as e:  # NumPy's reader of headers raises whatever Python's parser does
            raise RunError(f"{one_line(path)} is damaged ({one_line(e)}): restore it or make it again") from e


Expected = tuple[str, tuple[int | None, ...]]  # kinds of dtypes, as in `numpy.dtype.str[1:]`; sizes, None: any


def fits(arrays: Mapping[str, npt.NDArray[Any]], expected: Mapping[str, Expected]) -> bool:
    """Whether all these arrays are there, of these types and shapes."""
    for name, (kinds, shape) in expected.items():
        found = arrays.get(name)
        if found is None or found.ndim != len(shape) or found.dtype.str[1:] not in kinds.split():
            return False
        if any(n not in (None, m) for n, m in zip(shape, found.shape, strict=True)):
            return False
    return True


def fit(path: Path, arrays: Mapping[str, npt.NDArray[Any]], expected: Mapping[str, Expected]) -> None:
    """Raise `RunError` that names `path` unless all these arrays are there, of these types and shapes, and finite."""
    for name, each in expected.items():
        found = arrays.get(name)
        if found is None:
            raise RunError(f"{path} is damaged ({one_line(name)} is missing): restore it or train again")
        if not fits(arrays, {name: each}):
            told = f"{one_line(name)} is {found.dtype} {found.shape}"
            raise RunError(f"{path} does not fit the run ({told}): restore it or train again")
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            raise RunError(f"{path} is damaged ({one_line(name)} is not finite): restore it or train again")


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
