"""MIDI, KAR, ABC, MusicXML: the words under the notes, and for every syllable the notes it is sung to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lyricist.corpus.clean_text import LEAST_TO_TELL, clean_text, english_test
from lyricist.corpus.readers.base import WORDLESS, Source
from lyricist.corpus.song import WORD, Line, LineSlot, Section, Song
from lyricist.corpus.structure import guess_names, letters
from lyricist.errors import InputError

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune
    from lyricist.melody.verses import WordedLine


def read_melody(source: Source) -> Iterator[Song]:
    """One song with all its verses, of a tune book in ABC one for each tune; dropped if the music has no words.

    Raises InputError for what cannot be read; in a tune book the tune is dropped instead.
    """
    from lyricist.melody.read import ABC, bytes_of, kind_of, reader, tune_of

    try:
        data = bytes_of(source.path, source.name)
        kind = kind_of(source.path.name, data)
    except InputError as error:  # reports name no folders of this machine
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


def tunes_of_book(data: bytes) -> list[bytes]:
    """The tunes of a file of ABC, each after the lines above the first tune.

    >>> tunes_of_book(b"%abc\\nX:1\\nK:C\\nC\\nX:2\\nK:D\\nD")
    [b'%abc\\nX:1\\nK:C\\nC\\n', b'%abc\\nX:2\\nK:D\\nD']
    """
    head, *tunes = re.split(rb"^(?=X:)", data, flags=re.M)
    return [head + tune for tune in tunes] or [data]


def stanzas_below(data: bytes) -> list[list[str]]:
    """The stanzas that ABC prints below a tune."""
    from lyricist._io import decode_declared
    from lyricist.melody.read.abc_music import further_words

    stanzas = further_words(decode_declared(data).replace("\r\n", "\n").replace("\r", "\n"))
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
    """Verses without notes of their own, with slots where the tune's phrases fit; those sung already are left out."""
    there = letters("".join(line.text for section in sung for line in section.lines))
    left = [stanza for stanza in further if letters("".join(stanza)) not in there]
    new = tuple(Section("verse", tuple(map(Line, stanza))) for stanza in left)
    if not new:
        return ()
    from lyricist.corpus.alignment import lay_tune
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


def sections_of(tune: Tune, source: Source) -> tuple[Section, ...]:
    """The stanzas under a tune as sections; a refrain and a stanza that returns word for word are the chorus."""
    from lyricist.melody.verses import stanzas_of

    worded = [(stanza, [line_of(each) for each in stanza.lines]) for stanza in stanzas_of(tune)]
    stanzas = [(stanza, lines) for stanza, found in worded if (lines := tuple(line for line in found if line.text))]
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


def line_of(worded: WordedLine) -> Line:
    """A line of clean text with its slots."""
    words = [" ".join(clean_text(word).split()) for word in worded.words]
    line, starts = joined(words)
    return replace(line, slots=tuple(LineSlot.of(starts[word], slot) for word, _, slot in worded.syllables))


def joined(words: Sequence[str]) -> tuple[Line, list[int]]:
    """The words as a line, and where each begins; a word that cleaning has emptied has the place of the next."""
    text, starts = "", []
    for word in words:
        text += " " if text and word else ""
        found = WORD.search(word)
        starts.append(len(text) + (found.start() if found else 0))
        text += word
    return Line(text), starts
