"""CSV and TSV: any usual delimiter, with or without a header, rows of several songs, stray quotes.

With a header, columns are found by name. Without one, the first column of long texts holds the lyrics, the
two before it title and artist (`artist, title, lyrics`); more columns of the same order hold further songs.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from statistics import mean

from lyricist.corpus.readers.base import META, NAMES, Source, find_columns, normal, tidy
from lyricist.corpus.song import Song
from lyricist.errors import InputError

DELIMITERS = ",;\t|"
MAX_ROW = 2_000_000  # characters; a quote that is never closed must not swallow the file
LEAST_LYRICS = 40  # characters, on average, of a lyrics column without a name
SHORT = 60  # characters; the cells of a header are shorter, a song is not
LOOK = 200  # rows looked at
ALL_NAMES = frozenset(name for names in NAMES.values() for name in names)


def read_csv(source: Source) -> Iterator[Song]:
    csv.field_size_limit(max(csv.field_size_limit(), 8 * MAX_ROW))
    lines = source.lines(MAX_ROW)
    head = list(islice(lines, LOOK))
    delimiter = sniff(head, source.path.suffix.lower())
    rows = records(chain(head, lines), delimiter)
    first = list(islice(rows, LOOK))
    if not first:
        return
    header, found = read_header(source, first[0])
    if header:
        yield from by_header(source, header, found, chain(first[1:], rows))
    else:
        yield from by_position(source, first, rows)


def sniff(head: list[str], suffix: str) -> str:
    """The delimiter that cuts most rows into the same number of columns, more than one.

    >>> sniff(["artist;title;lyrics", "A;B;one, two", "C;D;three"], ".csv")
    ';'
    """
    if suffix in (".tsv", ".tab"):
        return "\t"

    def score(delimiter: str) -> tuple[bool, float, int]:
        rows = list(islice(records(iter(head), delimiter), 50))
        widths = [len(row) for row in rows] or [0]
        common = max(set(widths), key=widths.count)
        named = widths[0] > 1 and any(normal(cell) in ALL_NAMES for cell in rows[0])
        return named, (common > 1) * widths.count(common) / len(widths), common

    return max(DELIMITERS, key=score)


def records(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """CSV rows. A quote that is open after `MAX_ROW` characters is a stray one: its line is read without quotes."""
    waiting: deque[str] = deque()  # lines given back by a row that did not close
    source = iter(lines)
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return
        group, size, odd = [line], len(line), line.count('"') % 2
        while odd and size < MAX_ROW:
            more = waiting.popleft() if waiting else next(source, None)
            if more is None:
                break
            group.append(more)
            size += len(more) + 1
            odd ^= more.count('"') % 2
        if odd:
            waiting.extendleft(reversed(group[1:]))
            yield from csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
        elif len(group) > 1 or line.strip():
            yield from csv.reader([part + "\n" for part in group], delimiter=delimiter)


def read_header(source: Source, row: list[str]) -> tuple[list[str], dict[str, str]]:
    """The column names if the first row is a header, else []. InputError if it names no lyrics column."""
    names = [tidy(cell) for cell in row]
    found = find_columns(names, source.options)
    wanted = source.options.lyrics_column
    usual = {normal(name) for name in names} & ALL_NAMES
    short = all(len(name) < SHORT for name in names)
    if short and "lyrics" in found:
        return names, found
    if wanted or (short and len(usual) > 1):
        there = ", ".join(name[:30] for name in names if name) or "none"
        problem = f"no column {wanted!r}" if wanted else "no lyrics column"
        raise InputError(f"{source.name}: {problem} among {there[:200]}; name it with --lyrics-column")
    return [], {}


def by_header(source: Source, header: list[str], found: dict[str, str], rows: Iterator[list[str]]) -> Iterator[Song]:
    place = {role: header.index(name) for role, name in found.items()}
    kept = {normal(n): at for at, n in enumerate(header) if normal(n) in META}
    width = len(header)
    while width and not header[width - 1]:
        width -= 1
    for row in rows:
        cell = {role: row[at] if at < len(row) else "" for role, at in place.items()}
        meta = {name: row[at].strip() for name, at in kept.items() if at < len(row) and row[at].strip()}
        yield from source.cell_song(cell["lyrics"], cell.get("title", ""), cell.get("artist", ""), meta)
        for artist, title, lyrics in further(row[width:], 3):
            yield from source.cell_song(lyrics, title, artist, {})


def by_position(source: Source, first: list[list[str]], rows: Iterator[list[str]]) -> Iterator[Song]:
    """The songs of a table whose header names no lyrics column. Raises `InputError` if no column holds lyrics."""
    at = lyrics_place(first)
    if at is None:
        raise InputError(
            f"{source.name}: no lyrics column: no header names one, and no column holds texts of "
            f"{LEAST_LYRICS} characters or more; add a header line artist,title,lyrics"
        )
    for row in chain(first, rows):
        for artist, title, lyrics in further(row, at + 1):
            yield from source.cell_song(lyrics, title, artist, {})


def lyrics_place(rows: list[list[str]]) -> int | None:
    """The first column whose texts are long, and at least half as long as the longest column's.

    Where none is, unquoted commas may cut the lyrics: then everything from the third column on is lyrics.
    """
    width = max(map(len, rows))
    lengths = [mean(len(row[at]) if at < len(row) else 0 for row in rows) for at in range(width)]
    longest = max(lengths, default=0)
    if longest < LEAST_LYRICS:
        place = max(0, min(2, *(len(row) - 1 for row in rows)))
        rest = ["".join(row[place:]) for row in rows]
        letters = mean(sum(map(str.isalpha, text)) for text in rest)
        return place if letters >= LEAST_LYRICS / 2 and any(" & " in text for text in rest) else None
    return next(at for at, length in enumerate(lengths) if length >= longest / 2)


def further(cells: list[str], width: int) -> Iterator[tuple[str, str, str]]:
    """(artist, title, lyrics) of each group of `width` cells; unquoted commas are put back into the lyrics.

    >>> list(further(["A", "T", "one & two", "B", "U", "three & four", "", ""], 3))
    [('A', 'T', 'one & two'), ('B', 'U', 'three & four')]
    >>> list(further(["A", "T", "one", " and two"], 3))
    [('A', 'T', 'one, and two')]
    """
    cells = list(cells)
    while cells and not cells[-1].strip():
        cells.pop()
    while cells:
        group, cells = cells[:width], cells[width:]
        while cells and cells[0].startswith(" "):
            group[-1] += "," + cells.pop(0)
        if len(group) < width:
            return
        yield (group[-3] if width > 2 else "", group[-2] if width > 1 else "", group[-1])
