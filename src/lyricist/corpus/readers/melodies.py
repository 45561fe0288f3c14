"""Songs out of files of music: the words under the notes, and for every syllable what it is sung to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lyricist.corpus.language import LEAST_TO_TELL, english_test
from lyricist.corpus.readers.base import WORDLESS, Source
from lyricist.corpus.song import WORD, Line, LineSlot, Section, Song
from lyricist.corpus.structure import guess_names
from lyricist.corpus.text import clean_text
from lyricist.errors import InputError

if TYPE_CHECKING:
    from lyricist.melody.tune import Score, Slot, Tune
    from lyricist.melody.verses import Stanza, WordedLine


def read_melody(source: Source) -> Iterator[Song]:
    """One song, all its verses (of a tune book in ABC each tune); dropped if the music has no words.

    Raises InputError for what cannot be read; in a tune book that tune is dropped.
    """
    from lyricist.melody.read import ABC, bytes_of, kind_of, reader

    try:
        data = bytes_of(source.path, source.name)
        kind = kind_of(source.path.name, data)
    except InputError as error:  # reports name no places on this machine
        raise InputError(str(error).replace(str(source.path), source.name)) from None
    if source.on_bytes:
        source.on_bytes(len(data))
    tunes = tunes_of_book(data) if kind == ABC else [data]
    for piece in tunes:
        try:
            score = reader(kind)(piece, source.name.rsplit("/", 1)[-1])
            further = stanzas_below(piece) if kind == ABC else []
            yield from song_of(source, tune_of(score), further, alone=len(tunes) == 1)
        except InputError as error:
            if len(tunes) == 1:
                raise
            source.drop("unreadable", str(error))


def tune_of(score: Score) -> Tune:
    from lyricist.melody.read import tune_of

    return tune_of(score)


def tunes_of_book(data: bytes) -> list[bytes]:
    """The tunes of a file of ABC, each behind what stands above the first.

    >>> tunes_of_book(b"%abc\\nX:1\\nK:C\\nC\\nX:2\\nK:D\\nD")
    [b'%abc\\nX:1\\nK:C\\nC\\n', b'%abc\\nX:2\\nK:D\\nD']
    """
    head, *tunes = re.split(rb"^(?=X:)", data, flags=re.M)
    return [head + tune for tune in tunes] or [data]


def stanzas_below(data: bytes) -> list[list[str]]:
    """The stanzas that ABC prints below a tune."""
    from lyricist.melody.read.abc_music import further_words
    from lyricist.melody.read.untrusted import decode

    stanzas = further_words(decode(data).replace("\r\n", "\n").replace("\r", "\n"))
    return [lines for stanza in stanzas if (lines := [text for each in stanza if (text := clean_text(each).strip())])]


def song_of(source: Source, tune: Tune, further: Sequence[Sequence[str]], alone: bool) -> Iterator[Song]:
    title, artist, meta = heading(source, tune, alone)
    sung = sections_of(tune, source)
    sections = (*sung, *sections_below(tune, sung, further))
    if sections:
        yield Song(title, artist, sections, source.name, meta)
    else:
        source.drop(WORDLESS, source.name if alone else title)


def sections_below(tune: Tune, sung: Sequence[Section], further: Sequence[Sequence[str]]) -> tuple[Section, ...]:
    """Verses without notes of their own; they have slots where the tune's phrases fit. Those that are sung already
    are left out."""
    there = letters("".join(line.text for section in sung for line in section.lines))
    new = tuple(
        Section("verse", tuple(map(Line, stanza))) for stanza in further if letters("".join(stanza)) not in there
    )
    if not new:
        return ()
    from lyricist.corpus.underlay import lay_tune
    from lyricist.prosody.lexicon import default_lexicon

    return lay_tune(Song("", "", new, ""), tune, default_lexicon()).sections


def heading(source: Source, tune: Tune, alone: bool) -> tuple[str, str, dict[str, str]]:
    """Title, artist, and who else the music names. `alone`: the file's name is the tune's."""
    named, artist = source.named()
    title = clean_text(tune.score.title).strip()
    if alone and (not title or letters(title) == letters(source.path.stem)):
        title = named
    composer = clean_text(tune.score.composer).strip()
    return title, artist if alone else "", {"composer": composer} if composer else {}


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def sections_of(tune: Tune, source: Source) -> tuple[Section, ...]:
    """The stanzas under a tune as sections; the refrain and what comes back word for word is the chorus."""
    from lyricist.melody.verses import stanzas_of

    stanzas = [(stanza, lines) for stanza in stanzas_of(tune) if (lines := lines_of(stanza))]
    if source.options.english_only:
        foreign = foreign_verses([(stanza.verse, lines) for stanza, lines in stanzas])
        for verse in sorted(foreign):
            source.drop("a verse not English", f"{tune.score.title}, verse {verse}")
        stanzas = [(stanza, lines) for stanza, lines in stanzas if stanza.verse not in foreign]
    names = guess_names([[line.text for line in lines] for _, lines in stanzas])
    return tuple(
        Section("chorus" if stanza.refrain else name, lines)
        for name, (stanza, lines) in zip(names, stanzas, strict=True)
    )


def foreign_verses(stanzas: Sequence[tuple[int, tuple[Line, ...]]]) -> set[int]:
    """The verses that are not English, if another is: scores print a translation as a further verse."""
    texts: dict[int, str] = {}
    for verse, lines in stanzas:
        texts[verse] = " ".join([texts.get(verse, ""), *(line.text for line in lines)])
    told = {verse: english_test()(text) for verse, text in texts.items() if len(text.split()) >= LEAST_TO_TELL}
    return {verse for verse, english in told.items() if not english} if any(told.values()) else set()


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
