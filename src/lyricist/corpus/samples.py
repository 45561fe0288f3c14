"""The bundled sample songs: originals written for lyricist, dedicated to the public domain (CC0 1.0)."""

from __future__ import annotations

from pathlib import Path

from lyricist.corpus import Corpus, PrepareOptions, prepare

FOLDER = Path(__file__).parent / "songbook"


def sample_songs() -> Corpus:
    """The sample songs as a corpus in a temporary directory."""
    return prepare([FOLDER], options=PrepareOptions())
