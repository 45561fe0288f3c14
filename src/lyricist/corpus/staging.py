"""Directories that appear whole or not at all: written beside their place, synced, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lyricist.corpus.sources import is_corpus
from lyricist.errors import InputError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def check_target(out: str | os.PathLike[str], force: bool) -> Path:
    """The real place of `out`. InputError if something is there that may not be replaced."""
    target = Path(os.path.realpath(out))
    try:
        there = os.path.lexists(target)
        empty = there and target.is_dir() and not any(target.iterdir())
    except OSError as error:
        raise unwritable(out, error) from None
    if there and not force:
        raise InputError(f"{out} exists: use --force to replace it, or choose another place")
    if there and not empty and not is_corpus(target):
        raise InputError(f"{out} is not a corpus: --force replaces corpora only, choose another place")
    return target


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """A new directory beside `target` to write in. On success it becomes `target`; on any failure nothing
    is left.

    InputError if the disk is full or the place cannot be written.
    """
    made: list[Path] = []
    work = None
    try:
        made = make_parents(target.parent)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.tmp-", dir=target.parent))
        work.chmod(0o777 & ~_umask())
        yield work
        replace(work, target)
    except BaseException as error:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise unwritable(target, error) from error
        raise


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def unwritable(place: str | os.PathLike[str], error: OSError) -> InputError:
    if error.errno in FULL:
        return InputError(f"{place}: the disk is full; free some space or choose another disk")
    where = error.filename or place
    return InputError(f"{place}: cannot be written ({where}: {error.strerror or error}); choose another place")


def make_parents(folder: Path) -> list[Path]:
    """Create a directory and those above it; returns the new ones, the highest first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    made: list[Path] = []
    try:
        for path in reversed(missing):
            path.mkdir()
            made.append(path)
    except BaseException:
        for path in reversed(made):
            path.rmdir()
        raise
    return made


def replace(work: Path, target: Path) -> None:
    """Move a finished directory into place. An old one stands aside until the new one is there."""
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
            raise  # others: a file system that knows no sync for directories
    finally:
        os.close(handle)
