"""The first pass of `prepare`: find files, read them, drop unusable songs, write the others to a temporary file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lyricist._io import file_hash
from lyricist.corpus.clean_text import LEAST_TO_TELL, english_test
from lyricist.corpus.dedupe import Signer, content_hash, normal_words
from lyricist.corpus.readers import NOT_LYRICS, NOT_SONGS, Source, reader_for
from lyricist.corpus.readers.base import WORDLESS, PrepareOptions
from lyricist.corpus.readers.records import Missing, song_of
from lyricist.corpus.song import Song
from lyricist.corpus.store import SPLITS, Row, is_corpus
from lyricist.errors import InputError, MissingExtra, expect

Progress = Callable[[str, int, int], None]  # (stage, done, total); bytes while reading, songs while writing

NO_SIDE = 255
SIDES = re.compile(r"(?<![a-z])(?:(train)|(valid|val|dev)|(test))(?:ing|ation)?(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read. `folder` is the named folder in which it was found, "" if the file itself was named.

    A program that stores files under other names can give them to `prepare` like this, with their original names.
    """

    path: Path
    name: str  # relative to the named folder's parent: never a personal path
    folder: str = ""
    skip: str = ""  # why it is not read


def find_files(sources: Iterable[str | os.PathLike[str] | Found]) -> Iterator[Found]:
    """The files of each source, in order; a `Found` stays as it is.

    Raises InputError for a source that is missing or cannot be listed.
    """
    for given in sources:
        if isinstance(given, Found):
            yield given
            continue
        expect(given, (str, os.PathLike), "source", "a path")
        path = Path(given)
        if is_corpus(path):
            yield Found(path / "songs.jsonl", readable(f"{path.resolve().name}/songs.jsonl"))
        elif os.path.isdir(path):
            yield from walk(path)
        elif os.path.isfile(path):
            yield Found(path, readable(path.name))
        elif os.path.exists(path):
            raise InputError(f"{given}: neither a file nor a folder")
        else:
            raise InputError(f"{given}: no such file or folder")


def walk(folder: Path) -> Iterator[Found]:
    """Files below a folder: no hidden ones, no folder twice (links may form cycles).

    Unreadable files, files without lyrics and prepared corpora have the reason in `skip`. Raises `InputError` if the
    folder cannot be listed.
    """
    top = readable(folder.resolve().name or "songs")
    seen: set[tuple[int, int]] = set()
    closed: list[OSError] = []

    def found(path: Path, skip: str) -> Found:
        return Found(path, readable(f"{top}/{path.relative_to(folder).as_posix()}"), top, skip)

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
        for path in (Path(here, name) for name in sorted(files) if not name.startswith(".")):
            unfit = path.suffix.lower() in NOT_LYRICS or NOT_SONGS.match(path.name)
            yield found(path, "unreadable" if not os.path.isfile(path) else "no lyrics" if unfit else "")
    for error in closed:
        if Path(error.filename) == folder:
            raise InputError(f"{folder}: cannot be listed ({error.strerror})")
        yield found(Path(error.filename), "unreadable")


def readable(name: str) -> str:
    """A name of a file as text that any program can write; bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def size_of(path: Path) -> int:
    """Bytes of a file, 0 if that is not known."""
    with suppress(OSError):
        return path.stat().st_size
    return 0


class Intake:
    """The songs kept so far: of each its place in `file`, content hash, words, lines, report row and split."""

    def __init__(self, work: Path, options: PrepareOptions, on_progress: Progress | None = None) -> None:
        self.options = options
        self.rows: list[Row] = []
        self.offsets, self.hashes = array("Q", [0]), array("Q")
        self.words, self.lines, self.homes = array("I"), array("I"), array("I")
        self.sides = array("B")
        self.file = work / "songs.tmp"
        self.signatures = work / "signatures.tmp"
        self._songs = self.file.open("wb", buffering=1 << 20)
        self._compare = not options.as_is and (options.near_duplicate is not None or options.related is not None)
        self._signing = self.signatures.open("wb", buffering=1 << 20) if self._compare else None
        self._signer = Signer(self._signing) if self._signing else None
        self._seen: set[int] = set()
        self._english = english_test() if options.english_only and not options.as_is else None
        self._progress = on_progress
        self._bytes = [0, 0]  # read, in all

    def read(self, files: list[Found], texts: Iterable[str | dict[str, Any]] | None) -> None:
        """Read all sources. A file that cannot be read is reported. Raises InputError if it is the only one."""
        self._bytes[1] = sum(size_of(found.path) for found in files if not found.skip)
        groups: dict[str, Row] = {}
        usable = sum(not found.skip for found in files)
        for found in files:
            self._read_file(found, usable == 1, groups)
        if texts is not None:
            self._read_texts(texts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if self._signer and kind is None:
                self._signer.flush()
        finally:
            # A full disk may be the error already; if it appears only here, all files are closed first.
            with suppress(OSError) if kind else nullcontext(), ExitStack() as files:
                for file in (self._songs, self._signing):
                    if file is not None:
                        files.callback(file.close)
            self._seen, self._signer = set(), None  # large and no longer needed

    def read_back(self, songs: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The numbers of songs and their lines of JSON, from the temporary file."""
        with self.file.open("rb", buffering=1 << 20) as handle:
            for number in songs:
                handle.seek(self.offsets[number])
                yield number, handle.read(self.offsets[number + 1] - self.offsets[number])

    def songs(self, numbers: Iterable[int]) -> Iterator[tuple[int, Song]]:
        for number, line in self.read_back(numbers):
            yield number, Song.from_json(json.loads(line))

    def _read_file(self, found: Found, alone: bool, groups: dict[str, Row]) -> None:
        row = Row(found.name)
        self.rows.append(row)
        before = len(self.homes)
        if found.skip:
            row.dropped.add(found.skip, found.name)
        else:
            source = Source(found.path, found.name, self.options, alone, row.dropped, self._count)
            self._read_source(source, found, row, alone and not found.folder)
            row.read += sum(row.dropped[reason][0] for reason in ("no lyrics", WORDLESS) if reason in row.dropped)
        if found.folder and row.read <= 1:
            self._join_group(found, groups, before)

    def _read_source(self, source: Source, found: Found, row: Row, alone: bool) -> None:
        try:
            row.sha256 = file_hash(found.path)
            reader = reader_for(source)
            row.kind = getattr(reader, "__name__", "file").removeprefix("read_").replace("_", " ")
            side = file_side(found.path) if self.options.as_is else NO_SIDE
            for song in reader(source):
                self.add(song, row, side)
            if not row.read and not row.dropped:
                row.dropped.add("empty", found.name)
        except InputError as error:
            if alone or isinstance(error, MissingExtra):
                raise
            row.dropped.add("unreadable", str(error))
        except OSError as error:
            if error.filename is None or Path(error.filename) != found.path:
                raise
            if alone:
                raise InputError(f"{found.path}: cannot be read ({error.strerror})") from None
            row.dropped.add("unreadable", f"{found.name}: {error.strerror}")

    def _join_group(self, found: Found, groups: dict[str, Row], before: int) -> None:
        """Let one-song files of a folder share a row, or a report on thousands of files would have thousands."""
        row = self.rows[-1]
        name = f"{found.folder}/*{found.path.suffix.lower()}"
        group = groups.get(name)
        if group is None:
            row.source = name
            groups[name] = row
            return
        self.rows.pop()
        group.read += row.read
        group.kind = group.kind or row.kind
        group.sha256 = hashlib.sha256((group.sha256 + row.sha256).encode()).hexdigest()
        for reason, (count, example) in row.dropped.items():
            group.dropped.add(reason, example, count)
        for at in range(before, len(self.homes)):
            self.homes[at] = self.rows.index(group)

    def _read_texts(self, texts: Iterable[str | dict[str, Any]]) -> None:
        if isinstance(texts, str | bytes | dict):
            raise InputError(f"texts: one {type(texts).__name__}; give a list of songs, each a string or a dict")
        row = Row("texts", "texts")
        self.rows.append(row)
        source = Source(Path("texts"), "texts", self.options, drops=row.dropped)
        missing = Missing(source)
        for record in texts:
            for song in song_of(source, record, missing):
                self.add(song, row, NO_SIDE)
        missing.check()
        row.read += row.dropped.get("no lyrics", (0, ""))[0]

    def add(self, song: Song, row: Row, side: int) -> None:
        """Keep a song or count why it is dropped."""
        row.read += 1
        texts = [line.text for section in song.sections for line in section.lines]
        text = "\n".join(texts)
        if not self._wanted(song, text, row, side):
            return
        line = json.dumps(song.to_json(), ensure_ascii=False, separators=(",", ":"), check_circular=False)
        data = line.encode() + b"\n"
        self._songs.write(data)
        self.offsets.append(self.offsets[-1] + len(data))
        self.lines.append(len(texts))
        self.words.append(len(text.split()))
        self.homes.append(len(self.rows) - 1)
        self.sides.append(side)

    def _wanted(self, song: Song, text: str, row: Row, side: int) -> bool:
        example = (song.title or text.split("\n", 1)[0])[:60]
        if self.options.as_is:
            words = [text]
        else:
            words = normal_words(text)
            if len(words) < max(1, self.options.min_words):
                row.dropped.add("too short" if words else "no lyrics", example or song.source)
                row.read -= not words  # counted with the reader's own "no lyrics"
                return False
        content = content_hash(words)
        if content in self._seen and not self.options.keep_duplicates and side == NO_SIDE:
            row.dropped.add("duplicate", example)
            return False
        if self._english and len(words) >= LEAST_TO_TELL and not self._english(text):
            row.dropped.add("not English", example)
            return False
        self._seen.add(content)
        self.hashes.append(content)
        if self._signer:
            self._signer.add(words)
        return True

    def _count(self, size: int) -> None:
        self._bytes[0] += size
        if self._progress:
            self._progress("reading", min(self._bytes), self._bytes[1])


def file_side(path: Path) -> int:
    """The split named in a benchmark file's name; NO_SIDE without one.

    >>> [file_side(Path(name)) for name in ("ptb.train.txt", "wiki.valid.tokens", "contest.txt")]
    [0, 1, 255]
    """
    found = SIDES.search(path.stem)
    return next((at for at in range(len(SPLITS)) if found and found[at + 1]), NO_SIDE)
