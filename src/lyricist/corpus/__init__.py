"""Songs: files of any kind -> `Song`, `Section`, `Line`; cleaned, de-duplicated, split by song, kept on disk.

`prepare` makes a `Corpus` and `open_corpus` opens one; both stream. What lives here knows text and files, and
nothing of words' sounds, of models or of plans; it imports no other room. `READERS` is the table of formats.
"""

from lyricist.corpus.options import PrepareOptions
from lyricist.corpus.prepare import prepare
from lyricist.corpus.readers import READERS, Reader, Source
from lyricist.corpus.report import Report
from lyricist.corpus.song import SECTION_NAMES, Line, LineSlot, Section, Song
from lyricist.corpus.sources import is_corpus
from lyricist.corpus.store import Corpus, open_corpus
from lyricist.corpus.structure import parse_song

__all__ = [
    "READERS",
    "SECTION_NAMES",
    "Corpus",
    "Line",
    "LineSlot",
    "PrepareOptions",
    "Reader",
    "Report",
    "Section",
    "Song",
    "Source",
    "is_corpus",
    "open_corpus",
    "parse_song",
    "prepare",
]
