"""A song's lines and a tune brought together: slots for the lines that can be sung to it.

Where the tune has words, lines are found among them (`wording.py`). For lines that are not there (further verses,
tunes without words) syllables are counted: lines go with phrases, in order, if their neighbours do as well
(`phrasing.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lyricist.corpus.phrasing import by_counts
from lyricist.corpus.readers.melodies import slot_at
from lyricist.corpus.song import Line, Song
from lyricist.corpus.wording import by_words
from lyricist.prosody.lexicon import Lexicon

if TYPE_CHECKING:
    from lyricist.melody.tune import Slot, Tune


def lay_tune(song: Song, tune: Tune, lexicon: Lexicon) -> Song:
    """The song with slots for the lines that fit the tune; its other lines as they are."""
    lines = list(song.lines())
    starts = [i == 0 for section in song.sections for i, _ in enumerate(section.lines)]
    slots = by_words(lines, tune)
    slots |= by_counts(lines, starts, tune, lexicon, slots)
    laid = iter([line_with(line, slots.get(i)) for i, line in enumerate(lines)])
    sections = (replace(section, lines=tuple(next(laid) for _ in section.lines)) for section in song.sections)
    return replace(song, sections=tuple(sections))


def line_with(line: Line, slots: list[tuple[int, Slot]] | None) -> Line:
    return replace(line, slots=tuple(slot_at(at, slot) for at, slot in slots)) if slots else line
