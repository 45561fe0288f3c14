"""What every reader gets: `Source`, one file with the options and a place to say what was left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lyricist._io import text_chunks
from lyricist.corpus.clean_text import MAX_LINE, split_lines
from lyricist.corpus.options import PrepareOptions
from lyricist.corpus.song import Song
from lyricist.corpus.structure import parse_song

WORDLESS = "no words under its notes"
Drops = dict[str, tuple[int, str]]  # reason -> (how often, the first example)


def count_drop(drops: Drops, reason: str, example: str) -> None:
    times, first = drops.get(reason, (0, example))
    drops[reason] = (times + 1, first)


@dataclass
class Source:
    """One file to read. `name` is how reports and songs call it: never an absolute path."""

    path: Path
    name: str
    options: PrepareOptions = field(default_factory=lambda: PrepareOptions())
    alone: bool = True  # the only file asked for; in a folder, a file is rather one song than many
    drops: Drops = field(default_factory=dict)
    on_bytes: Callable[[int], None] | None = None  # told how many bytes were read, for the progress bar

    def drop(self, reason: str, example: str) -> None:
        count_drop(self.drops, reason, example)

    def chunks(self) -> Iterator[str]:
        return text_chunks(self.path, self.name, self.on_bytes)

    def lines(self, cap: int = MAX_LINE) -> Iterator[str]:
        """Lines of at most `cap` characters; longer ones are counted as dropped."""
        return split_lines(self.chunks(), cap, lambda start: self.drop("too long a line", f"{self.name}: {start}"))

    def song(self, text: str, title: str = "", artist: str = "", file_title: str = "") -> Song:
        return parse_song(text, title=title, artist=artist, source=self.name, file_title=file_title, drop=self.drop)

    def named(self) -> tuple[str, str]:
        return name_parts(PurePosixPath(self.name).stem)


Reader = Callable[[Source], Iterator[Song]]


def name_parts(stem: str) -> tuple[str, str]:
    """(title, artist) out of a file name.

    >>> name_parts("05-the-dog-they-called-duke"), name_parts("Nick_Cave_-_Into_My_Arms")
    (('the dog they called duke', ''), ('Into My Arms', 'Nick Cave'))
    """
    stem = re.sub(r"^\d{1,3}[\s._-]+(?=\D)", "", stem).replace("_", " ")
    if " - " in stem:
        artist, title = stem.split(" - ", 1)
        return title.strip(), artist.strip()
    return (stem if " " in stem else stem.replace("-", " ")).strip(), ""
