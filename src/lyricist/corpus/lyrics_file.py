"""A text to be checked -> stanzas of lines. Labels are read as in `structure.py`, but no line is dropped as debris.

Blank lines, labels, header lines at the top ("Title: ..."), lines of chords and remarks in square brackets are left
out. "(x2)" after a line and a label that repeats a chorus are written out, as they are sung.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lyricist._io import decode_text
from lyricist.corpus import READERS, Line, Section, Song, Source
from lyricist.corpus.clean_text import MAX_LINE, clean_text
from lyricist.corpus.label_tables import HEADER, Label, inline_chords, is_plain, label_of, read_chords, split_times
from lyricist.corpus.readers.plain import read_text
from lyricist.corpus.structure import Part, arrange, guess_names
from lyricist.errors import InputError

MAX_BYTES, MAX_LINES = 20_000_000, 600_000  # of a text; a check takes some 30 bytes for each of its bytes
RULE = re.compile(r"[!-/:-@\[-`{-~]+")  # a line of nothing but punctuation
MAX_PARTS = 60  # of a song; in a longer text stanzas are not compared, and only a label makes a chorus


@dataclass(frozen=True, slots=True)
class Stanza:
    """A section of a text; `labelled`: its name is from the text."""

    name: str
    lines: tuple[str, ...]
    labelled: bool = False

    @classmethod
    def of(cls, section: Section) -> Stanza:
        return cls(section.name, tuple(line.text for line in section.lines), bool(section.label))


def read_lyrics(source: str | os.PathLike[str] | Song) -> list[Stanza]:
    """The stanzas of a text, of a file (a path object) or of a song. Raises InputError if it cannot be read.

    >>> [(s.name, s.lines, s.labelled) for s in read_lyrics("[Chorus]\\nOh, river (x2)\\n\\nRun")]
    [('chorus', ('Oh, river', 'Oh, river'), True), ('verse', ('Run',), False)]
    """
    if isinstance(source, Song):
        return [Stanza.of(section) for section in source.sections]
    return stanzas(source) if isinstance(source, str) else read_file(Path(source))


def read_file(path: Path) -> list[Stanza]:
    """Plain text; LRC, ChordPro, tables and JSON by their suffix, with all their songs one after the other. Raises
    `InputError` for a file that cannot be read."""
    reader = READERS.get(path.suffix.lower(), read_text)
    if reader is not read_text and path.is_file():
        return [Stanza.of(section) for song in reader(Source(path, path.name)) for section in song.sections]
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{path}: cannot be read ({why}): name a text file, or - for stdin") from None
    return read_bytes(data, str(path))


def read_bytes(data: bytes, name: str) -> list[Stanza]:
    """The stanzas of text in any usual encoding. Raises InputError naming `name` if it is binary or empty."""
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB: check a part of it")
    text = decode_text(data, name)
    if text.count("\n") > MAX_LINES:
        raise InputError(f"{name}: more than {MAX_LINES:,} lines: check a part of it")
    found = stanzas(text)
    if not found:
        raise InputError(f"{name}: no lyrics in it: nothing to check")
    return found


def stanzas(lyrics: str) -> list[Stanza]:
    parts = list(parts_of(lyrics))
    if len(parts) > MAX_PARTS:
        return [Stanza.of(section) for part in parts for section in arrange([part])]
    if any(part.label for part in parts):
        return [Stanza.of(section) for section in arrange(parts)]
    lines = [tuple(line.text for line in part.lines) for part in parts]
    return [Stanza(name, each) for name, each in zip(guess_names(lines), lines, strict=True)]


def parts_of(lyrics: str) -> Iterator[Part]:
    """Stanzas with their labels. Lines are added as often as they are sung; "(x2)" alone repeats the stanza."""
    part, begun = Part(), False
    for _, label, line in sung_lines(clean_text(lyrics).split("\n")):
        if label or not line:
            if part.lines or (label and part.label):
                yield part
                part = Part()
            part = Part(label, [Line(line)] if line else []) if label else part
        elif begun or not HEADER.fullmatch(line):
            bare, times = split_times(line)
            if bare:
                part.lines += [inline_chords(bare) if "[" in bare else Line(bare)] * times
            else:
                part.times = times
        begun = begun or bool(part.lines or part.label)
    if part.lines or part.label:
        yield part


def sung_lines(lines: Sequence[str]) -> Iterator[tuple[int, Label | None, str]]:
    """(number from 1, label or None, text) of each line that is a label, sung or blank; the text of a label is what
    is sung after it. A label belongs to the stanza below it, with or without a blank line between."""
    for number, raw in enumerate(lines, 1):
        line = " ".join(raw.split())
        label = label_of(line)
        if label or not line or not left_out(raw, line):
            yield number, label, label.tail if label else line


def left_out(raw: str, line: str) -> bool:
    """Whether a line is a remark in brackets, a rule, or nothing but chords (a lone letter A is sung)."""
    if line[0] == "[" and line[-1] == "]" and line.count("[") == 1:
        return True
    if RULE.fullmatch(line):
        return True
    examined = not is_plain(line) and len(line) <= MAX_LINE
    return examined and re.search(r"[\s\d#/]", line) is not None and bool(read_chords(raw))
