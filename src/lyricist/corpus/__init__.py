"""Songs: files of any kind -> `Song`, `Section`, `Line`; cleaned, de-duplicated, split, stored on disk.

`prepare` makes a `Corpus`, `open_corpus` opens one; both stream. `READERS` is the table of formats, `match_tunes`
finds the tune of a song by name. What lives here knows text, files, tunes and prosody; nothing about models or plans
may live here. All names but those of songs are imported at first use: writing songs does not need the readers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lyricist.corpus.song import CHORUSES, RETURNING, SECTION_NAMES, Line, LineSlot, Section, Song

if TYPE_CHECKING:
    from lyricist.corpus.pipeline import prepare
    from lyricist.corpus.readers import READERS
    from lyricist.corpus.readers.base import PrepareOptions, Reader, Source
    from lyricist.corpus.store import Corpus, Report, is_corpus, open_corpus
    from lyricist.corpus.structure import parse_song
    from lyricist.corpus.tune_match import Matching, match_tunes

_LAZY = {
    "pipeline": "prepare",
    "readers": "READERS",
    "readers.base": "PrepareOptions Reader Source",
    "store": "Corpus Report is_corpus open_corpus",
    "structure": "parse_song",
    "tune_match": "Matching match_tunes",
}
_HOME = {name: f"lyricist.corpus.{module}" for module, names in _LAZY.items() for name in names.split()}

__all__ = [
    "CHORUSES", "READERS", "RETURNING", "SECTION_NAMES", "Corpus", "Line", "LineSlot", "Matching",
    "PrepareOptions", "Reader", "Report", "Section", "Song", "Source", "is_corpus", "match_tunes",
    "open_corpus", "parse_song", "prepare",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lyricist.corpus' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
