"""Songs: files of any kind -> `Song`, `Section`, `Line`; cleaned, de-duplicated, split by song, kept on disk.

`prepare` makes a `Corpus` and `open_corpus` opens one; both stream. What lives here knows text and files, and
nothing of models or of plans. Where songs have tunes it asks melody and prosody, and only then. `READERS` is the
table of formats, `match_tunes` finds the tune of a song by name. All but songs themselves is imported when it is
first used: writing songs does not wait for the readers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lyricist.corpus.song import SECTION_NAMES, Line, LineSlot, Section, Song

if TYPE_CHECKING:
    from lyricist.corpus.options import PrepareOptions
    from lyricist.corpus.preparing import prepare
    from lyricist.corpus.readers import READERS, Reader, Source
    from lyricist.corpus.report import Report
    from lyricist.corpus.sources import is_corpus
    from lyricist.corpus.store import Corpus, open_corpus
    from lyricist.corpus.structure import parse_song
    from lyricist.corpus.tunes import Matching, match_tunes

_HOME = {
    "Corpus": "lyricist.corpus.store",
    "Matching": "lyricist.corpus.tunes",
    "PrepareOptions": "lyricist.corpus.options",
    "READERS": "lyricist.corpus.readers",
    "Reader": "lyricist.corpus.readers",
    "Report": "lyricist.corpus.report",
    "Source": "lyricist.corpus.readers",
    "is_corpus": "lyricist.corpus.sources",
    "match_tunes": "lyricist.corpus.tunes",
    "open_corpus": "lyricist.corpus.store",
    "parse_song": "lyricist.corpus.structure",
    "prepare": "lyricist.corpus.preparing",
}

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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lyricist.corpus' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
