"""LRC: lyrics with times. `[mm:ss.xx]` before a line (several: it is sung at each), `<mm:ss.xx>` before a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lyricist.corpus.clean_text import clean_text
from lyricist.corpus.label_tables import following
from lyricist.corpus.readers.base import Source
from lyricist.corpus.song import Line, Song

STAMP = re.compile(r"\s*\[(\d{1,4}):(\d{1,2}(?:[.:]\d{1,3})?)\]")
WORD_STAMP = re.compile(r"<(\d{1,4}):(\d{1,2}(?:[.:]\d{1,3})?)>")
TAG = re.compile(r"\s*\[([a-zA-Z#]+)\s*:(.*)\]\s*")
TAGS = {"ti": "title", "ar": "artist", "al": "album", "au": "author", "length": "length", "key": "key"}
MAX_LINES = 20_000  # timed lines of a song; no song has more


def read_lrc(source: Source) -> Iterator[Song]:
    tags: dict[str, str] = {}
    lines: list[Line] = []
    for raw in source.lines():
        tag = TAG.fullmatch(raw)
        if tag and not STAMP.match(raw):
            tags[tag[1].lower()] = clean_text(tag[2]).strip()
        elif len(lines) < MAX_LINES:
            lines += timed_lines(clean_text(raw))
    try:  # [offset:+ms]; with a positive one the lyrics come sooner (the LRC convention)
        sooner = int(tags.get("offset", "").replace(" ", "")) / 1000
    except ValueError:
        sooner = 0.0
    lines = in_order(lines, sooner)
    title, artist = source.named()
    meta = {name: tags[tag] for tag, name in TAGS.items() if tags.get(tag)}
    yield source.built(lines, title, artist, meta)


def seconds(minutes: str, rest: str) -> float:
    """
    >>> seconds("01", "02.50"), seconds("0", "07:25")
    (62.5, 7.25)
    """
    return round(int(minutes) * 60 + float(rest.replace(":", ".")), 3)


def timed_lines(raw: str) -> list[Line]:
    """
    >>> timed_lines("[00:12.00][01:15.00]Hello <00:12.50>world")[1]
    Line(text='Hello world', chords=(), time=75.0, word_times=((6, 12.5),), slots=())
    """
    times = []
    at = 0
    while stamp := STAMP.match(raw, at):
        times.append(seconds(stamp[1], stamp[2]))
        at = stamp.end()
    text, words, done = "", [], at
    for found in WORD_STAMP.finditer(raw, at):
        text += following(text, raw[done : found.start()])
        done = found.end()
        words.append((len(text), seconds(found[1], found[2])))
    text = (text + following(text, raw[done:])).rstrip()
    word_times = tuple((place, when) for place, when in words if place < len(text))  # the last one may end the line
    return [Line(text, (), when, word_times) for when in times] or [Line(text)]


def in_order(lines: list[Line], sooner: float) -> list[Line]:
    """Timed lines sorted by time (untimed ones stay below the line they follow), each moved by the offset.

    Word times belong to one singing: a line that is sung again keeps them only at the time that they fit.
    """
    keyed = []
    last = 0.0
    for at, line in enumerate(lines):
        last = last if line.time is None else line.time
        keyed.append((last, at, line))
    return [moved(line, sooner) for _, _, line in sorted(keyed, key=lambda item: item[:2])]


def moved(line: Line, sooner: float) -> Line:
    if line.time is None:
        return line
    fits = line.word_times and line.word_times[0][1] >= line.time - 0.01
    words = tuple((at, round(max(0.0, when - sooner), 3)) for at, when in line.word_times) if fits else ()
    return replace(line, time=round(max(0.0, line.time - sooner), 3), word_times=words)
