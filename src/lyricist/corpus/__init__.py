"""Songs: files of any kind -> `Song`, `Section`, `Line`; cleaned, de-duplicated, split by song, kept on disk.

`prepare` makes a `Corpus` and `open_corpus` opens one; both stream. What lives here knows text and files, and
nothing of models or of plans. Where songs have tunes it asks melody and prosody, and only then. `READERS` is the
table of formats, `match_tunes` finds the tune of a song by name.
"""

from lyricist.corpus.options import PrepareOptions
from lyricist.corpus.prepare import prepare
from lyricist.corpus.readers import READERS, Reader, Source
from lyricist.corpus.report import Report
from lyricist.corpus.song import SECTION_NAMES, Line, LineSlot, Section, Song
from lyricist.corpus.sources import is_corpus
from lyricist.corpus.store import Corpus, open_corpus
from lyricist.corpus.structure import parse_song
from lyricist.corpus.tunes import Matching, match_tunes

__all__ = [
    "READERS",
    "SECTION_NAMES",
    "Corpus",
    "Line",
    "LineSlot",
    "Matching",
    "PrepareOptions",
    "Reader",
    "Report",
    "Section",
    "Song",
    "Source",
    "is_corpus",
    "match_tunes",
    "open_corpus",
    "parse_song",
    "prepare",
]
