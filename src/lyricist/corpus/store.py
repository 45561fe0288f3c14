"""The corpus directory (`corpus.json`, `songs.jsonl`: train, valid, test, `offsets.npy`), `Corpus` and `Report`."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lyricist._io import (
    check_folder,
    load_npy,
    open_plain,
    parse_json,
    plain_hash,
    read_json,
    recover,
    staged,
    unwritable,
)  # fmt: skip
from lyricist._numbers import Ints
from lyricist.corpus.readers.base import Drops
from lyricist.corpus.song import Song
from lyricist.errors import InputError, MissingExtra, RunError

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
SONGS = "songs.jsonl"
HASHED = 1 << 29  # bytes of songs that are compared with their hash at once; of larger corpora only the sizes are
MOST_SONG, MOST_SONGS, AT_ONCE = 1 << 25, 1 << 46, 1 << 20  # bytes of a song, of all songs; offsets read at a time
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")  # in the order of the file


@dataclass(eq=False)
class Row:
    """One source: a file, or all one-song files of a kind in a folder. `read` and `kept` count songs."""

    source: str
    kind: str = ""
    read: int = 0
    kept: int = 0
    sha256: str = ""
    dropped: Drops = field(default_factory=Drops)

    def to_json(self) -> dict[str, Any]:
        dropped = {reason: {"count": n, "example": example} for reason, (n, example) in self.dropped.items()}
        return {**vars(self), "dropped": dropped}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Row:
        dropped = Drops({reason: (int(d["count"]), str(d["example"])) for reason, d in data["dropped"].items()})
        read, kept = int(data["read"]), int(data["kept"])
        return cls(str(data["source"]), str(data["kind"]), read, kept, str(data["sha256"]), dropped)


@dataclass
class Report:
    """What `prepare` read, kept and dropped, source by source, and remarks on the whole. `str()` gives a table."""

    sources: list[Row]
    notes: list[str] = field(default_factory=list)

    def total(self) -> Drops:
        """What was dropped, over all sources."""
        total = Drops()
        for row in self.sources:
            for reason, (count, example) in row.dropped.items():
                total.add(reason, example, count)
        return total

    def dropped(self) -> dict[str, int]:
        """How often each reason occurred, over all sources; the most frequent first."""
        return dict(Counter({reason: count for reason, (count, _) in self.total().items()}).most_common())

    def summary(self) -> str:
        """What was dropped in one phrase, with an example of each reason, for error messages."""
        return str(self.total())

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """A header and a row of text for each source, ready to print."""
        body = [(row.source, row.kind, f"{row.read}", f"{row.kept}", str(row.dropped)) for row in self.sources]
        return [("source", "kind", "read", "kept", "dropped"), *body]

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return "\n".join([*table, *self.notes])


class Corpus:
    """Songs on disk, split for training. Reading streams: a corpus may be larger than memory.

    `path`: the directory; `info`: what `corpus.json` says; `report`: what was read, kept and dropped.
    """

    def __init__(self, path: Path, info: dict[str, Any], keep_alive: object = None) -> None:
        self.path = path
        self.info = info
        self.report = Report([Row.from_json(row) for row in info["sources"]], list(info.get("notes", ())))
        self._offsets = load_npy(path / "offsets.npy", np.int64)  # (songs + 1,) bytes
        self._keep_alive = keep_alive  # a temporary directory that is removed with this object

    @property
    def fingerprint(self) -> str:
        """SHA-256 of `songs.jsonl`, the splits included, in hexadecimal."""
        return str(self.info["sha256"])

    @property
    def temporary(self) -> bool:
        """Whether the directory is removed with this object."""
        return self._keep_alive is not None

    def __len__(self) -> int:
        return int(self.info["songs"])

    def __repr__(self) -> str:
        return f"<Corpus {self.path.name}: {len(self)} songs, {self.info['words']} words>"

    def __getitem__(self, index: int) -> Song:
        """Song `index` in the order of `songs()`. Raises IndexError."""
        index += len(self) if index < 0 else 0
        if not 0 <= index < len(self):
            raise IndexError(f"song {index} of {len(self)}")
        start, end = (int(at) for at in self._offsets[index : index + 2])
        with open_plain(self.path / SONGS, MOST_SONGS) as handle:
            handle.seek(start)
            return self._parse(handle.read(end - start), index)[1]

    def songs(self, split: Split | None = None) -> Iterator[Song]:
        """All songs or those of one split. InputError if the file is damaged."""
        for _, song in self.split_songs(split):
            yield song

    def split_songs(self, split: Split | None = None) -> Iterator[tuple[str, Song]]:
        """Songs with the split each belongs to. Raises `InputError` for an unknown split."""
        counts = [int(self.info["splits"][name]["songs"]) for name in SPLITS]
        first, last = 0, sum(counts)
        if split is not None:
            if split not in SPLITS:
                raise InputError(f"split {split!r}: not one of {', '.join(SPLITS)}")
            at = SPLITS.index(split)
            first, last = sum(counts[:at]), sum(counts[: at + 1])
        with open_plain(self.path / SONGS, MOST_SONGS) as handle:
            handle.seek(int(self._offsets[first]))
            for index in range(first, last):
                yield self._parse(handle.read(int(self._offsets[index + 1] - self._offsets[index])), index)

    def _parse(self, line: bytes, index: int) -> tuple[str, Song]:
        where = f"{self.path}: song {index + 1} of {SONGS}"
        data = parse_json(line, where)
        try:
            if data["split"] not in SPLITS:
                raise ValueError("its split")
            return data["split"], Song.from_json(data)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, InputError):
            raise InputError(f"{where} is damaged: prepare the corpus again with --force") from None

    def to_pandas(self) -> pd.DataFrame:
        """A table with title, artist, split, source, sections, lines, words and text of each song. Raises
        `MissingExtra` without pandas."""
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtra("Corpus.to_pandas", "notebook") from None
        columns = ["title", "artist", "split", "source", "sections", "lines", "words", "text"]
        rows = [
            (s.title, s.artist, split, s.source, len(s.sections), len(list(s.lines())), s.word_count(), s.text())
            for split, s in self.split_songs()
        ]
        return pd.DataFrame.from_records(rows, columns=columns)


def is_corpus(path: str | os.PathLike[str]) -> bool:
    """Whether this directory looks like one that `prepare` wrote."""
    return all(os.path.isfile(os.path.join(path, name)) for name in ("corpus.json", SONGS))


def open_corpus(path: str | os.PathLike[str]) -> Corpus:
    """A corpus that `prepare` wrote. Raises InputError if it is missing, foreign, damaged or of a newer lyricist."""
    place = Path(path)
    if not place.exists() and not recover(place):
        raise InputError(f"{path}: no such corpus; make one with lyricist prepare SONGS -o {path}")
    if not is_corpus(place):
        raise InputError(f"{path}: not a corpus (no corpus.json with songs.jsonl); lyricist prepare makes one")
    try:
        check_folder(place)
        info = read_json(place / "corpus.json")
        version = info["format"]
    except RunError as error:
        raise damaged(path, str(error).removesuffix(": restore it or train again")) from None
    except KeyError:
        raise damaged(path, "corpus.json cannot be read") from None
    if not isinstance(version, int) or version > FORMAT:
        raise InputError(f"{path}: format {version!r} is newer than this lyricist reads ({FORMAT}); update lyricist")
    try:
        corpus = Corpus(place, info)
        offsets = corpus._offsets
        expected = int(offsets[0]), int(offsets[-1]), len(offsets) - 1
        found = 0, (place / SONGS).stat().st_size, len(corpus)
        told = sum(count(info["splits"][name]) for name in SPLITS), len(corpus.fingerprint), int(info["words"])
        check_sizes(offsets)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RunError):
        raise damaged(path, "a part is missing or cut") from None
    same = expected == found and told[:2] == (len(corpus), 64) and told[2] >= 0
    if not same or (found[1] <= HASHED and plain_hash(place / SONGS) != corpus.fingerprint):
        raise damaged(path, f"{SONGS} is not the file that was written")
    return corpus


def count(split: Mapping[str, Any]) -> int:
    """The songs of a split. `ValueError` for fewer than none."""
    if type(split["songs"]) is not int or split["songs"] < 0:
        raise ValueError("a number of songs")
    return split["songs"]


def check_sizes(offsets: Ints) -> None:
    """Raise `ValueError` unless offsets (songs + 1,) rise, by no more than a song may have."""
    for start in range(0, len(offsets) - 1, AT_ONCE):
        sizes = np.diff(offsets[start : start + AT_ONCE + 1])
        if sizes.min() <= 0 or sizes.max() > MOST_SONG:
            raise ValueError("the size of a song")


def check_target(out: str | os.PathLike[str], force: bool) -> Path:
    """The real place of `out`. Raises InputError if something is there that may not be replaced."""
    recover(target := Path(os.path.realpath(out)))
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


def write_corpus(path: Path, songs: Mapping[Split, Sequence[Song]]) -> Corpus:
    """A new corpus of songs that are split already.

    Raises InputError if the place is taken or cannot be written.
    """
    sides = [(split, song) for split in SPLITS for song in songs.get(split, ())]
    dicts = ({"split": split, **song.to_json()} for split, song in sides)
    lines = [json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in dicts]
    counts = {split: counted(songs.get(split, ())) for split in SPLITS}
    data = b"".join(lines)
    info = {"format": FORMAT, **counted([song for _, song in sides]), "splits": counts, "options": {}, "sources": []}
    with staged(check_target(path, force=False)) as work:
        (work / "songs.jsonl").write_bytes(data)
        np.save(work / "offsets.npy", np.cumsum([0, *map(len, lines)], dtype=np.int64))
        info |= {"dropped": {}, "notes": [], "sha256": hashlib.sha256(data).hexdigest()}
        (work / "corpus.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return open_corpus(path)


def counted(songs: Sequence[Song]) -> dict[str, int]:
    lines = sum(1 for song in songs for _ in song.lines())
    return {"songs": len(songs), "lines": lines, "words": sum(song.word_count() for song in songs)}


def damaged(path: str | os.PathLike[str], what: str) -> InputError:
    return InputError(f"{path}: damaged corpus: {what}; prepare it again with --force")
