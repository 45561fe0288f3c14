"""JSON and JSONL, read object by object: lists of songs, `{"songs": [...]}`, LyricsGenius exports, our own files.

A record is an object with a lyrics key (`base.NAMES`), a string (the lyrics), or a song in lyricist's JSON (with
`sections`). Lyrics may be a list of lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lyricist.corpus.readers.base import META, Source, find_columns, tidy
from lyricist.corpus.song import Section, Song, slots_fit
from lyricist.errors import InputError

MAX_RECORD = 32_000_000  # characters of one object
MAX_DEPTH = 20  # of lists and objects inside a field of text
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
SONG_LISTS = ("songs", "tracks", "lyrics_list", "data", "items", "results")
_SPACE = " \t\n\r\ufeff"


def read_jsonl(source: Source) -> Iterator[Song]:
    """The songs of a file with one JSON value a line. Raises `InputError` for a line that is not JSON."""
    missing = Missing(source)
    for number, line in enumerate(source.lines(MAX_RECORD), 1):
        line = line.strip(_SPACE)
        if not line:
            continue
        try:
            record = well_formed(json.loads(line), line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{source.name}: line {number} is not JSON ({_short(error)})") from None
        yield from song_of(source, record, missing)
    missing.check()


def read_json(source: Source) -> Iterator[Song]:
    """The songs of a JSON file. Raises `InputError` if it does not begin with a list or an object."""
    missing, feed = Missing(source), Feed(source)
    if feed.peek() == "[":
        for record in feed.array():
            yield from song_of(source, record, missing)
    elif feed.peek() == "{":
        yield from object_songs(source, feed, missing)
    elif feed.peek():
        raise InputError(f"{source.name}: not JSON with songs: it begins with {feed.peek()!r}, not [ or {{")
    if feed.peek() in ("{", "["):  # several values one after the other, as in JSONL
        while feed.peek():
            yield from song_of(source, feed.value(), missing)
    missing.check()


def object_songs(source: Source, feed: Feed, missing: Missing) -> Iterator[Song]:
    """The songs of a top-level object: in a list under one of `SONG_LISTS`, or the object itself."""
    record: dict[str, Any] = {}
    listed = False
    for key in feed.members():
        if key in SONG_LISTS and feed.peek() == "[":
            listed = True
            for item in feed.array():
                yield from song_of(source, item, missing)
        else:
            record[key] = feed.value()
    if not listed:
        yield from song_of(source, record, missing)


class Missing:
    """Counts records without lyrics: an error if no record has any, else drops for the report."""

    def __init__(self, source: Source) -> None:
        self.source, self.good, self.bad = source, 0, 0
        self.keys: list[str] = []

    def add(self, record: Any) -> None:
        self.bad += 1
        self.keys = self.keys or (list(record)[:12] if isinstance(record, dict) else [type(record).__name__])
        self.source.drop("no lyrics", self.source.name)

    def check(self) -> None:
        """Raise `InputError` if no record has a key of lyrics."""
        if self.bad and not self.good:
            wanted = self.source.options.lyrics_column
            problem = f"{self.source.name}: no key {wanted!r}" if wanted else f"{self.source.name}: no lyrics key"
            raise InputError(f"{problem} among {', '.join(self.keys)}; name it with --lyrics-column")


def song_of(source: Source, record: Any, missing: Missing) -> Iterator[Song]:
    """The song of one JSON value; none if it has no lyrics. Raises InputError for a damaged song of our own."""
    if isinstance(record, str):
        record = {"lyrics": record}
    if not isinstance(record, dict):
        missing.add(record)
        return
    if isinstance(record.get("song"), dict):  # the answer of an API call around the song
        record = record["song"]
    if isinstance(record.get("sections"), list):
        missing.good += 1
        song = Song.from_json(record)
        yield replace(song, sections=tuple(map(checked, song.sections)), source=song.source or source.name)
        return
    found = find_columns(record, source.options)
    if "lyrics" not in found:
        missing.add(record)
        return
    missing.good += 1
    lyrics = text_of(record[found["lyrics"]])
    title, artist = (text_of(record.get(found.get(role, ""))) for role in ("title", "artist"))
    meta = {k: tidy(text_of(record[k])) for k in META if isinstance(record.get(k), str | int | dict)}
    yield from source.cell_song(lyrics, title, artist, {key: value for key, value in meta.items() if value})


def checked(section: Section) -> Section:
    """The section without slots that do not fit their line, as after an edit of its text."""
    if all(slots_fit(line.text, line.slots) for line in section.lines if line.slots):
        return section
    lines = (line if slots_fit(line.text, line.slots) else replace(line, slots=()) for line in section.lines)
    return replace(section, lines=tuple(lines))


def well_formed(value: Any, text: str) -> Any:
    """What a JSON text holds, with `?` for halves of characters, which no file can have."""
    if not SURROGATE.search(text):
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def text_of(value: Any, depth: int = 0) -> str:
    """The text of a field: a string, a list of lines, or an object with a name; "" where it is nested too deep."""
    if isinstance(value, str):
        return value
    if depth > MAX_DEPTH:
        return ""
    if isinstance(value, list):
        return "\n".join(text_of(item, depth + 1) for item in value)
    if isinstance(value, dict):
        named = next((value[k] for k in ("name", "title", "text", "full_title") if k in value), "")
        return text_of(named, depth + 1)
    return "" if value is None else str(value)


def _short(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)


class Feed:
    """JSON values out of a stream of text, one at a time; memory holds a chunk and the current value."""

    def __init__(self, source: Source) -> None:
        self._name, self._chunks = source.name, source.chunks()
        self._text, self._at, self._ended = "", 0, False
        self._decoder = json.JSONDecoder()

    def _more(self) -> bool:
        """Append at least as much text as is waiting, so that a big value is parsed few times."""
        waiting = len(self._text) - self._at
        pieces = [self._text[self._at :]]
        got = 0
        while not self._ended and got <= waiting:
            piece = next(self._chunks, None)
            self._ended = piece is None
            pieces.append(piece or "")
            got += len(pieces[-1])
        self._text, self._at = "".join(pieces), 0
        return got > 0

    def peek(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def take(self, wanted: str) -> str:
        """The next character, which must be one of those wanted; raises `InputError` for another."""
        found = self.peek()
        if not found or found not in wanted:
            raise InputError(f"{self._name}: not valid JSON: {found or 'the end'!r} where {wanted!r} should be")
        self._at += 1
        return found

    def value(self) -> Any:
        """The next JSON value. Raises `InputError` if it is not valid."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or len(self._text) - self._at > MAX_RECORD or not self._more():
                    raise InputError(f"{self._name}: not valid JSON: {_short(error)}") from None
                continue
            if end == len(self._text) and not self._ended and self._more():
                continue  # a number may go on in the next chunk
            value = well_formed(value, self._text[self._at : end])
            self._at = end
            return value

    def items(self, brackets: str) -> Iterator[None]:
        """Stops before each item of an array or object; the caller takes it before it asks for the next."""
        self.take(brackets[0])
        if self.peek() == brackets[1]:
            self.take(brackets[1])
            return
        while True:
            yield
            if self.take("," + brackets[1]) == brackets[1]:
                return

    def array(self) -> Iterator[Any]:
        for _ in self.items("[]"):
            yield self.value()

    def members(self) -> Iterator[str]:
        """The keys of an object; the caller takes each value before it asks for the next key. Raises `InputError` for
        a key that is no string."""
        for _ in self.items("{}"):
            key = self.value()
            if not isinstance(key, str):
                raise InputError(f"{self._name}: not valid JSON: a key that is no string")
            self.take(":")
            yield key
