"""How any lyrics fit a tune: lines against phrases, words against slots.

A line is read so that it fits its phrase, if any readings of its words do. Kinds of misfits:

- syllables: more or fewer than the phrase has slots;
- stress: the main stress of a polysyllable is on a weak slot (only if the number of syllables is right);
- rest: a rest is inside a word;
- vowel: a long note (twice the tune's median slot or more) on a vowel that does not carry: the unstressed short
  vowels of bit, but and book. A remark, not a violation;
- lines: more or fewer than the tune has phrases. Lyrics of several verses begin again at the first phrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from lyricist.corpus.lyrics_file import Stanza
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.melody.tune import Phrase, Tune
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.metre import FUNCTION_WORDS, slots_of
from lyricist.prosody.phones import Reading, carries, is_vowel
from lyricist.prosody.scan import Scansion, scan_line

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
