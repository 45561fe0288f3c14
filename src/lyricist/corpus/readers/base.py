"""What readers share: `PrepareOptions`, `Source` (one file to read), and the usual names of columns and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from lyricist._io import text_chunks
from lyricist.corpus.clean_text import MAX_LINE, split_lines
from lyricist.corpus.song import Line, Song
from lyricist.corpus.structure import build_song, parse_song
from lyricist.errors import InputError, first_wrong

WORDLESS = "no words under its notes"

_NAMES = {  # role -> column names and JSON keys; the first that is there wins
    "lyrics": """lyrics lyric song_lyrics lyrics_text full_lyrics clean_lyrics plain_lyrics plainlyrics
        song_text songtext text lyric_text letra paroles testo content body words seq verse_text""",
    "title": """title song song_title songtitle track track_name trackname song_name songname name track_title
        titel titre título titulo""",
    "artist": """artist artist_name artistname singer band performer artists singer_name interpret author by
        primary_artist artist_names artista artiste track_artist""",
}
NAMES = {role: tuple(words.split()) for role, words in _NAMES.items()}
META = ("album", "year", "genre", "language", "tag", "release_date")  # short facts kept in Song.meta
LINE_BREAKS = (  # how several lines are written in one line of text: (pattern, least number of matches)
    (re.compile(r"<br\s*/?>", re.IGNORECASE), 1),
    (re.compile(r"\\r\\n|\\n"), 1),
    (re.compile(r" & "), 1),
    (re.compile(r" // ?| / "), 2),
    (re.compile(r" \| "), 2),
)
EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none", "[instrumental]", "instrumental"})


class PrepareOptions(BaseModel):
    """Options of `prepare`. A share is a part of all songs; a similarity is the Jaccard index of word trigrams.
    Raises `InputError` for a wrong value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    songs_by: Literal["auto", "blank", "file"] = "auto"  # how a text file is cut into songs; see readers/plain.py
    english_only: bool = False  # drop songs of 20 words or more that are not in English
    near_duplicate: float | None = Field(default=0.8, ge=0, le=1)  # so similar: the shorter is dropped; None: off
    related: float | None = Field(default=0.5, ge=0, le=1)  # so similar: both are in one split; None: off
    keep_duplicates: bool = False  # drop no duplicates; they still share a split
    valid_share: float = Field(default=0.05, ge=0, lt=0.5)
    test_share: float = Field(default=0.05, ge=0, lt=0.5)
    as_is: bool = False  # benchmark texts: lines unchanged, splits by file name
    seed: int = 0  # of the split
    min_words: int = Field(default=8, ge=0)  # a shorter song is dropped
    lyrics_column: str | None = None  # of CSV and JSON; None: by the usual names
    title_column: str | None = None
    artist_column: str | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, build: ModelWrapValidatorHandler[PrepareOptions]) -> PrepareOptions:
        try:
            return build(data)
        except ValidationError as e:
            raise InputError(first_wrong(e)) from None


class Drops(dict[str, tuple[int, str]]):
    """What was left out: reason -> (how often, the first example).

    >>> drops = Drops()
    >>> drops.add("too short", "Haiku"), drops.add("duplicate", ""), drops.add("too short", "Tanka")
    (None, None, None)
    >>> str(drops)
    '2 too short ("Haiku"), 1 duplicate'
    """

    def add(self, reason: str, example: str, times: int = 1) -> None:
        before, first = self.get(reason, (0, example))
        self[reason] = (before + times, first)

    def __str__(self) -> str:
        each = ((f"{n} {reason}", example) for reason, (n, example) in self.items())
        return ", ".join(f'{what} ("{example}")' if example else what for what, example in each)


@dataclass
class Source:
    """One file to read. `name` is what reports and songs call it: never an absolute path."""

    path: Path
    name: str
    options: PrepareOptions = field(default_factory=lambda: PrepareOptions())
    alone: bool = True  # the only file that was named; a file of a folder is more likely one song
    drops: Drops = field(default_factory=Drops)
    on_bytes: Callable[[int], None] | None = None  # called with the number of bytes read, for the progress bar

    def drop(self, reason: str, example: str) -> None:
        """Count something that is left out, for the report."""
        self.drops.add(reason, example)

    def chunks(self) -> Iterator[str]:
        return text_chunks(self.path, self.name, self.on_bytes)

    def lines(self, cap: int = MAX_LINE) -> Iterator[str]:
        """Lines of at most `cap` characters; longer ones are counted as dropped."""
        return split_lines(self.chunks(), cap, lambda start: self.drop("too long a line", f"{self.name}: {start}"))

    def song(self, text: str, title: str = "", artist: str = "", file_title: str = "") -> Song:
        return parse_song(text, title=title, artist=artist, source=self.name, file_title=file_title, drop=self.drop)

    def built(self, lines: Sequence[Line], title: str, artist: str, meta: dict[str, str]) -> Song:
        """A song of lines that may carry chords and times; `title` and `artist` are what the file's name says."""
        return build_song(lines, artist=artist, source=self.name, file_title=title, meta=meta, drop=self.drop)

    def cell_song(self, lyrics: str, title: str, artist: str, meta: dict[str, str]) -> Iterator[Song]:
        """The song of one table row or JSON record; dropped if the lyrics are empty."""
        title, artist = tidy(title), tidy(artist)
        if lyrics.strip().lower() in EMPTY:
            self.drop("no lyrics", title or artist or self.name)
            return
        song = self.song(cell_text(lyrics), title, artist)
        yield Song(song.title, song.artist, song.sections, song.source, {**meta, **song.meta}) if meta else song

    def named(self) -> tuple[str, str]:
        """(title, artist) as the file's name says."""
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


def normal(name: str) -> str:
    """A column name or JSON key in the form in which it is compared.

    >>> normal("\\ufeffSong Lyrics ")
    'song_lyrics'
    """
    return re.sub(r"[\s\-.]+", "_", name.strip("\ufeff \t\"'")).lower()


def find_columns(names: Iterable[str], options: PrepareOptions) -> dict[str, str]:
    """The names of the columns for lyrics, title and artist: {"lyrics": its name...}.

    >>> find_columns(["id", "Track Name", "Lyric"], PrepareOptions())
    {'lyrics': 'Lyric', 'title': 'Track Name'}
    """
    there = {normal(name): name for name in reversed(list(names))}
    asked = {"lyrics": options.lyrics_column, "title": options.title_column, "artist": options.artist_column}
    found = {}
    for role, usual in NAMES.items():
        wanted = asked[role]
        name = next((name for name in ([normal(wanted)] if wanted else usual) if name in there), None)
        if name is not None:
            found[role] = there[name]
    return found


def cell_text(cell: str) -> str:
    """A song in one cell as lines: they may be divided by newlines, ` & `, ` / `, `<br>`, or `\\n` in letters.

    >>> cell_text("Hello & hello & goodbye")
    'Hello\\nhello\\ngoodbye'
    """
    if "\n" in cell.strip():
        return cell
    for pattern, least in LINE_BREAKS:
        if len(pattern.findall(cell)) >= least:
            return pattern.sub("\n", cell)
    return cell


def tidy(cell: str) -> str:
    return re.sub(r"\s+", " ", cell).strip()
