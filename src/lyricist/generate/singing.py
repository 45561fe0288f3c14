"""Words and a tune put together, a written song's or anybody's: their syllables under the notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.result import WrittenSong
from lyricist.melody.export import Sung, SungWord, sing
from lyricist.melody.tune import Phrase, Tune
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.metre import slots_of
from lyricist.prosody.phones import Reading
from lyricist.prosody.scan import Scansion, scan_line
from lyricist.prosody.syllabify import syllables_of


def sung(song: WrittenSong, tune: Tune) -> Sung:
    """Lay a song on a tune, a verse of words for every time its lines fill the tune.

    Raises InputError where they do not.
    """
    lines = [line.text for section in song.sections for line in section.lines]
    if not song.scansions:
        raise InputError("a song that was written freely has no syllables to sing: write it to the tune")
    words = [sung_words(text, scan) for text, scan in zip(lines, song.scansions, strict=True)]
    size = len(tune.phrases)
    if len(words) % size:
        raise InputError(f"the song has {len(words)} lines and the tune {size} phrases: a verse needs all of them")
    return sing(tune, [words[i : i + size] for i in range(0, len(words), size)])


def sung_text(lines: Sequence[str], tune: Tune, lexicon: Lexicon | None = None, partial: bool = False) -> Sung:
    """Lay any words on a tune, each line read so that it fills its phrase if it can; verses as in `sung`.

    With `partial` an unfinished text is laid too: phrases without a line, or with one that does not fit, stay bare.
    Otherwise InputError names what does not fit.
    """
    lexicon, size = lexicon or default_lexicon(), len(tune.phrases)
    short = -len(lines) % size if lines else size
    if short and not partial:
        raise InputError(f"there are {len(lines)} lines for {size} phrases of the tune: give one for each")
    words = [fitted(text, tune.phrases[i % size], lexicon, partial) for i, text in enumerate(lines)] + [[]] * short
    return sing(tune, [words[i : i + size] for i in range(0, len(words), size)])


def fitted(text: str, phrase: Phrase, lexicon: Lexicon, partial: bool) -> list[SungWord]:
    """The words of a line for a phrase; none, if it may be left out and does not fit."""
    slots = slots_of(phrase.pattern)
    words = sung_words(text, scan_line(WordTokenizer().split(text), lexicon, slots, len(slots)))
    if not words and not partial:
        raise InputError(f"{text!r} has nothing to sing, and its phrase {len(slots)} notes: write that line first")
    fits = sum(len(word.parts) for word in words) == len(slots)
    return words if fits or not partial else []


def sung_words(text: str, scan: Scansion) -> list[SungWord]:
    """The words of a line as they are written, each divided as its reading is sung.

    Words that have no syllable of their own ('s, a dash) go with the word before.
    """
    out: list[SungWord] = []
    for written, word, reading in spelled(text, scan.readings):
        if not reading.syllables:
            if out:
                last = out[-1]
                out[-1] = SungWord(f"{last.text} {written}", (*last.parts[:-1], f"{last.parts[-1]} {written}"))
            continue
        out.append(SungWord(written, divided(written, word, reading)))
    return out


def spelled(text: str, readings: Sequence[Reading]) -> Iterator[tuple[str, str, Reading]]:
    """(as written with its punctuation, in small letters, reading) of every word of a line."""
    done, pairs = 0, WordTokenizer().split_surface(text)
    starts = []
    for _, surface in pairs:
        at = text.find(surface, done)
        starts.append(at)
        done = at + len(surface)
    ends = [*starts[1:], len(text)]
    for i, ((word, _), reading) in enumerate(zip(pairs, readings, strict=True)):
        yield text[starts[i] if i else 0 : ends[i]].strip(), word, reading


def divided(written: str, word: str, reading: Reading) -> tuple[str, ...]:
    """The written syllables of a word, as many as its reading has; signs around it stay with their neighbours.

    >>> divided("River,", "river", Reading(("R", "IH1", "V", "ER0")))
    ('Riv', 'er,')
    >>> divided("Heav\N{RIGHT SINGLE QUOTATION MARK}n", "heav'n", Reading(("HH", "EH1", "V", "AH0", "N")))
    ('Heav', '’n')
    """
    parts = syllables_of(word, reading)
    at = written.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").find(word)
    if at < 0:  # a letter that grows in small letters
        return tuple(parts)
    inner = [at + end for end in accumulate(map(len, parts[:-1]))]
    return filled([written[start:end] for start, end in pairwise([0, *inner, len(written)])])


def filled(parts: list[str]) -> tuple[str, ...]:
    """Syllables none of which is empty: one that is takes a letter of the next, or is held.

    >>> filled(["re-", "", "echo"]), filled(["e", "t", "c", ""])
    (('re-', 'e', 'cho'), ('e', 't', 'c', '…'))
    """
    for i, part in enumerate(parts):
        if not part and i + 1 < len(parts) and len(parts[i + 1]) > 1:
            parts[i], parts[i + 1] = parts[i + 1][0], parts[i + 1][1:]
    return tuple(part or "…" for part in parts)
