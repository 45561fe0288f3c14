"""How any lyrics fit a tune: lines against phrases, words against slots.

A line is read so that it fits its phrase, if any readings of its words do. Kinds of misfits:

- syllables: more or fewer than the phrase has slots;
- stress: the main stress of a polysyllable is on a weak slot (only if the number of syllables is right);
- rest: a rest is inside a word;
- vowel: a long note (twice the tune's median slot or more) on a vowel that does not carry: the unstressed short
  vowels of bit, but and book. A remark, not a violation;
- lines: more or fewer than the tune has phrases. Lyrics of several verses begin again at the first phrase.

`sung` lays a written song under the notes of its tune, `sung_text` any words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from statistics import median
from typing import Any

from lyricist.corpus.lyrics_file import Stanza
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.result import WrittenSong
from lyricist.melody.export import Sung, SungWord, sing
from lyricist.melody.tune import Phrase, Tune
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.metre import FUNCTION_WORDS, slots_of
from lyricist.prosody.phones import Reading, carries, is_vowel
from lyricist.prosody.scan import Scansion, scan_line
from lyricist.prosody.syllabify import syllables_of

LONG = 2.0  # times the median slot
REMARKS = frozenset({"vowel"})


@dataclass(frozen=True, slots=True)
class Misfit:
    """A place where words and tune disagree. `slot` counts from 1 in its phrase; 0: the whole line."""

    line: int  # of the lyrics, from 1
    kind: str
    slot: int
    word: str
    expected: str
    found: str

    to_json = asdict


@dataclass(frozen=True, slots=True)
class FittedLine:
    """A line and its phrase. `pattern` of the phrase: / strong, x weak, | a rest."""

    line: int
    phrase: int  # from 1
    verse: int  # from 1
    slots: int
    syllables: int
    pattern: str
    stress: str
    strong_function: int  # function words of one syllable on strong slots
    strong: int  # strong slots that are filled

    to_json = asdict


@dataclass(frozen=True)
class Fit:
    """The result of `fit`."""

    lines: tuple[FittedLine, ...]
    misfits: tuple[Misfit, ...]
    phrases: int

    @property
    def violations(self) -> tuple[Misfit, ...]:
        return tuple(m for m in self.misfits if m.kind not in REMARKS)

    def to_json(self) -> dict[str, Any]:
        return {
            "phrases": self.phrases,
            "lines": [line.to_json() for line in self.lines],
            "misfits": [misfit.to_json() for misfit in self.misfits],
        }


def fit(lyrics: Sequence[Stanza], tune: Tune, lexicon: Lexicon | None = None) -> Fit:
    """Compare lyrics with a tune, line by line."""
    lexicon = lexicon or default_lexicon()
    texts = [text for stanza in lyrics for text in stanza.lines]
    usual = median(float(slot.duration) for phrase in tune.phrases for slot in phrase.slots)
    lines: list[FittedLine] = []
    misfits: list[Misfit] = []
    size = len(tune.phrases)
    for i, text in enumerate(texts):
        verse, at = divmod(i, size)
        fitter = Fitter(i + 1, tune.phrases[at], WordTokenizer().split(text), lexicon, usual)
        lines.append(fitter.line(at + 1, verse + 1))
        misfits += fitter.misfits()
    if len(texts) % size:
        found = f"{len(texts)} lines"
        misfits.append(Misfit(len(texts), "lines", 0, "", f"{size} lines, or several times as many", found))
    return Fit(tuple(lines), tuple(misfits), size)


class Fitter:
    """Compares one line with its phrase; `usual`: the median duration of a slot."""

    def __init__(self, number: int, phrase: Phrase, words: Sequence[str], lexicon: Lexicon, usual: float) -> None:
        self.number, self.phrase, self.words, self.usual = number, phrase, words, usual
        slots = slots_of(phrase.pattern)
        self.scan: Scansion = scan_line(words, lexicon, slots, len(slots))

    def line(self, phrase: int, verse: int) -> FittedLine:
        slots = self.phrase.slots
        on = [(word, slots[at]) for word, _, at in self.placed() if at < len(slots) and slots[at].strong]
        strong = sum(slot.strong for slot in slots[: self.scan.syllables])
        single = sum(word in FUNCTION_WORDS for word, _ in on)
        return FittedLine(
            self.number, phrase, verse, len(slots), self.scan.syllables, self.phrase.pattern, self.scan.stress,
            single, strong,
        )  # fmt: skip

    def placed(self) -> Iterator[tuple[str, Reading, int]]:
        """Words with their readings and the slot of their first syllable, from 0."""
        at = 0
        for word, reading in zip(self.words, self.scan.readings, strict=True):
            yield word, reading, at
            at += reading.syllables

    def misfits(self) -> Iterator[Misfit]:
        slots = self.phrase.slots
        if self.scan.syllables != len(slots):
            yield self.misfit("syllables", 0, "", str(len(slots)), str(self.scan.syllables))
            return
        for word, reading, at in self.placed():
            yield from self.of_word(word, reading, at)

    def of_word(self, word: str, reading: Reading, at: int) -> Iterator[Misfit]:
        slots = self.phrase.slots[at : at + reading.syllables]
        vowels = [phone for phone in reading.phones if is_vowel(phone)]
        for i, (slot, vowel) in enumerate(zip(slots, vowels, strict=True)):
            if len(slots) > 1 and vowel.endswith("1") and not slot.strong:
                yield self.misfit("stress", at + i + 1, word, "a strong note", "a weak one")
            if i < len(slots) - 1 and slot.rest > 0:
                yield self.misfit("rest", at + i + 1, word, "the word's end before the rest", "a rest inside it")
            if float(slot.duration) >= LONG * self.usual and not carries(vowel):
                yield self.misfit("vowel", at + i + 1, word, "an open vowel on a long note", vowel)

    def misfit(self, kind: str, slot: int, word: str, expected: str, found: str) -> Misfit:
        return Misfit(self.number, kind, slot, word, expected, found)


# --- Words set to a tune, of a written song or of any text: their syllables under the notes


def sung(song: WrittenSong, tune: Tune) -> Sung:
    """Set a song to a tune, with a verse of words for every time its lines fill the tune.

    Raises InputError if they do not.
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
    """Set any words to a tune, each line read so that it fills its phrase if possible; verses as in `sung`.

    With `partial` an unfinished text is set too: phrases without a line that fits have no words. Otherwise raises
    `InputError` for what does not fit.
    """
    lexicon, size = lexicon or default_lexicon(), len(tune.phrases)
    short = -len(lines) % size if lines else size
    if short and not partial:
        raise InputError(f"there are {len(lines)} lines for {size} phrases of the tune: give one for each")
    words = [fitted(text, tune.phrases[i % size], lexicon, partial) for i, text in enumerate(lines)] + [[]] * short
    return sing(tune, [words[i : i + size] for i in range(0, len(words), size)])


def fitted(text: str, phrase: Phrase, lexicon: Lexicon, partial: bool) -> list[SungWord]:
    """The words of a line for a phrase; with `partial` none if it does not fit. Raises `InputError` for a line
    without words, unless `partial`."""
    slots = slots_of(phrase.pattern)
    words = sung_words(text, scan_line(WordTokenizer().split(text), lexicon, slots, len(slots)))
    if not words and not partial:
        raise InputError(f"{text!r} has nothing to sing, and its phrase {len(slots)} notes: write that line first")
    fits = sum(len(word.parts) for word in words) == len(slots)
    return words if fits or not partial else []


def sung_words(text: str, scan: Scansion) -> list[SungWord]:
    """The words of a line as they are written, each divided into the syllables of its reading.

    Words without a syllable ('s, a dash) join the word before.
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
    >>> divided("Heav’n", "heav'n", Reading(("HH", "EH1", "V", "AH0", "N")))
    ('Heav', '’n')
    """
    parts = syllables_of(word, reading)
    at = written.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").find(word)
    if at < 0:  # a letter that grows in small letters
        return tuple(parts)
    inner = [at + end for end in accumulate(map(len, parts[:-1]))]
    return filled([written[start:end] for start, end in pairwise([0, *inner, len(written)])])


def filled(parts: list[str]) -> tuple[str, ...]:
    """Syllables without empty ones: an empty one takes a letter of the next, or is held.

    >>> filled(["re-", "", "echo"]), filled(["e", "t", "c", ""])
    (('re-', 'e', 'cho'), ('e', 't', 'c', '…'))
    """
    for i, part in enumerate(parts):
        if not part and i + 1 < len(parts) and len(parts[i + 1]) > 1:
            parts[i], parts[i + 1] = parts[i + 1][0], parts[i + 1][1:]
    return tuple(part or "…" for part in parts)
