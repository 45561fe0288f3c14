"""Songs out of files of music: the words under the notes, and for every syllable what it is sung to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lyricist.corpus.readers.base import WORDLESS, Source
from lyricist.corpus.song import Line, LineSlot, Section, Song
from lyricist.corpus.structure import guess_names
from lyricist.corpus.text import clean_text

if TYPE_CHECKING:
    from lyricist.melody.tune import Slot, Tune
    from lyricist.melody.verses import Stanza, WordedLine

WORD = re.compile(r"'?[^\W_]")  # where a word begins, behind quotation marks and brackets


def read_melody(source: Source) -> Iterator[Song]:
    """One song, all its verses; dropped if the music has no words. Raises InputError for what cannot be read."""
    from lyricist.melody.read import read_tune

    tune = read_tune(source.path)
    if source.on_bytes:
        source.on_bytes(source.path.stat().st_size)
    sections = sections_of(tune)
    if not sections:
        source.drop(WORDLESS, source.name)
        return
    title, artist, meta = heading(source, tune)
    yield Song(title, artist, sections, source.name, meta)


def heading(source: Source, tune: Tune) -> tuple[str, str, dict[str, str]]:
    """Title, artist, and who else the music names."""
    named, artist = source.named()
    title = clean_text(tune.score.title).strip()
    if not title or letters(title) == letters(source.path.stem):
        title = named
    composer = clean_text(tune.score.composer).strip()
    return title, artist, {"composer": composer} if composer else {}


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def sections_of(tune: Tune) -> tuple[Section, ...]:
    """The stanzas under a tune as sections; the refrain and what comes back word for word is the chorus."""
    from lyricist.melody.verses import stanzas_of

    stanzas = [(stanza, lines) for stanza in stanzas_of(tune) if (lines := lines_of(stanza))]
    names = guess_names([[line.text for line in lines] for _, lines in stanzas])
    return tuple(
        Section("chorus" if stanza.refrain else name, lines)
        for name, (stanza, lines) in zip(names, stanzas, strict=True)
    )


def lines_of(stanza: Stanza) -> tuple[Line, ...]:
    return tuple(line for worded in stanza.lines if (line := line_of(worded)).text)


def line_of(worded: WordedLine) -> Line:
    """A line of clean text with its slots."""
    words = [" ".join(clean_text(word).split()) for word in worded.words]
    line, starts = joined(words)
    return replace(line, slots=tuple(slot_at(starts[word], slot) for word, _, slot in worded.syllables))


def joined(words: Sequence[str]) -> tuple[Line, list[int]]:
    """The words as a line, and where each begins; the place of one that cleaning has emptied is that of the next."""
    text, starts = "", []
    for word in words:
        text += " " if text and word else ""
        found = WORD.search(word)
        starts.append(len(text) + (found.start() if found else 0))
        text += word
    return Line(text), starts


def slot_at(at: int, slot: Slot) -> LineSlot:
    return LineSlot(at, float(slot.duration), slot.pitch, slot.strength, slot.strong, float(slot.rest))
