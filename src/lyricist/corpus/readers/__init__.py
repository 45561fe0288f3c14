"""Readers: one file per format, `Source` -> songs, streaming. `READERS` is the table of formats.

What lives here knows how files of one format are built. What lyrics look like, whatever the format, stands in
`structure.py` and `label_tables.py`.
"""

from __future__ import annotations

import re

from lyricist.corpus.readers.base import NAMES, Reader, Source, normal
from lyricist.corpus.readers.chordpro import DIRECTIVE, read_chordpro
from lyricist.corpus.readers.lrc import STAMP, TAG, read_lrc
from lyricist.corpus.readers.melodies import read_melody
from lyricist.corpus.readers.plain import read_as_is, read_text
from lyricist.corpus.readers.records import read_json, read_jsonl
from lyricist.corpus.readers.tables import read_csv

READERS: dict[str, Reader] = {  # suffix, in small letters -> reader
    ".txt": read_text, ".text": read_text, ".lyrics": read_text, ".lyric": read_text,
    ".csv": read_csv, ".tsv": read_csv, ".tab": read_csv,
    ".json": read_json, ".jsonl": read_jsonl, ".ndjson": read_jsonl,
    ".lrc": read_lrc,
    ".cho": read_chordpro, ".chopro": read_chordpro, ".chordpro": read_chordpro, ".crd": read_chordpro,
    ".pro": read_chordpro,
    ".mid": read_melody, ".midi": read_melody, ".kar": read_melody, ".rmi": read_melody, ".abc": read_melody,
    ".musicxml": read_melody, ".xml": read_melody, ".mxl": read_melody,
}  # fmt: skip
__all__ = ["NOT_LYRICS", "NOT_SONGS", "READERS", "Reader", "Source", "reader_for"]

_NOT_LYRICS = """.py .pyc .ipynb .js .ts .css .html .htm .yml .yaml .toml .ini .cfg .sh .bat .log .sql
.bib .tex .lock .c .h .cpp .java .rs .go .r"""
NOT_LYRICS = frozenset(_NOT_LYRICS.split())  # text files that are found in folders of songs and are none
NOT_SONGS = re.compile(r"(?:readme|licen[cs]e|notice|changelog|copying|authors|contributing)\b", re.IGNORECASE)


def reader_for(source: Source) -> Reader:
    """The reader by the file's suffix, else by its content. Raises InputError if it is binary."""
    if source.options.as_is:
        return read_as_is
    return READERS.get(source.path.suffix.lower()) or sniff(source)


def sniff(source: Source) -> Reader:
    """The reader for a file of an unknown suffix, by its first lines."""
    head = next(Source(source.path, source.name).chunks(), "")[:20_000].lstrip()
    lines = [line for line in head.split("\n")[:40] if line.strip()]
    if not lines:
        return read_text
    if lines[0][0] == "{" and lines[0].rstrip()[-1:] == "}" and '":' in lines[0]:
        return read_jsonl
    if re.match(r'\{\s*"|\[\s*[{"\[]', head):
        return read_json
    untagged = [line for line in lines if STAMP.match(line) or not TAG.fullmatch(line)]
    if sum(STAMP.match(line) is not None for line in untagged) > len(untagged) / 2:
        return read_lrc
    if any(DIRECTIVE.fullmatch(line) for line in lines):
        return read_chordpro
    names = {normal(cell) for cell in re.split(r"[,;\t|]", lines[0])}
    if names & set(NAMES["lyrics"]) and names & {*NAMES["title"], *NAMES["artist"]}:
        return read_csv
    return read_text
