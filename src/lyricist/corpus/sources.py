"""What the user names -> the files to read: folders walked in sorted order, each real file once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lyricist.corpus.readers import NOT_LYRICS, NOT_SONGS
from lyricist.errors import InputError


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read. `folder` is the named folder it was found in, "" if the file itself was named.

    A program that keeps files under names of its own can give them to `prepare` so, with the names they came with.
    """

    path: Path
    name: str  # relative to the named folder's parent: never a personal path
    folder: str = ""
    skip: str = ""  # why it is not read


def is_corpus(path: str | os.PathLike[str]) -> bool:
    """Whether this directory looks like one that `prepare` wrote."""
    return Path(path, "corpus.json").is_file() and Path(path, "songs.jsonl").is_file()


def find_files(sources: Iterable[str | os.PathLike[str] | Found]) -> Iterator[Found]:
    """The files of each source; what is a `Found` already stays as it is. InputError for one that is not there or
    cannot be listed."""
    for given in sources:
        if isinstance(given, Found):
            yield given
            continue
        path = Path(given)
        if is_corpus(path):
            yield Found(path / "songs.jsonl", f"{path.resolve().name}/songs.jsonl")
        elif path.is_dir():
            yield from walk(path)
        elif path.is_file():
            yield Found(path, path.name)
        elif path.exists():
            raise InputError(f"{given}: neither a file nor a folder")
        else:
            raise InputError(f"{given}: no such file or folder")


def walk(folder: Path) -> Iterator[Found]:
    """Files below a folder: no hidden ones, no folder twice (links may go in circles).

    What cannot be read, holds no lyrics or is a prepared corpus comes with the reason in `skip`.
    """
    top = folder.resolve().name or "songs"
    seen: set[tuple[int, int]] = set()
    closed: list[OSError] = []

    def found(path: Path, skip: str) -> Found:
        return Found(path, f"{top}/{path.relative_to(folder).as_posix()}", top, skip)

    for here, folders, files in os.walk(folder, followlinks=True, onerror=closed.append):
        inode = os.stat(here)
        if (inode.st_dev, inode.st_ino) in seen:
            folders.clear()
            continue
        seen.add((inode.st_dev, inode.st_ino))
        visible = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in visible if not is_corpus(Path(here, name))]
        for name in visible:
            if name not in folders:
                yield found(Path(here, name), "a prepared corpus")
        for name in sorted(files):
            if not name.startswith("."):
                yield found(Path(here, name), unfit(Path(here, name)))
    for error in closed:
        if Path(error.filename) == folder:
            raise InputError(f"{folder}: cannot be listed ({error.strerror})")
        yield found(Path(error.filename), "unreadable")


def unfit(path: Path) -> str:
    """Why a file of a folder is not read, or ""."""
    if not path.is_file():
        return "unreadable"  # a broken link, a pipe, a device
    if path.suffix.lower() in NOT_LYRICS or NOT_SONGS.match(path.name):
        return "no lyrics"
    return ""
