"""How any lyrics fit a tune: lines against phrases, words against slots.

A line is read so that it fits its phrase, if any readings of its words do. Kinds of misfits:

- syllables: more or fewer than the phrase has slots;
- stress: the main stress of a polysyllable is on a weak slot (only if the number of syllables is right);
- rest: a rest is inside a word;
- vowel: a long note (twice the tune's median slot or more) on a vowel that does not carry: the unstressed short
  vowels of bit, but and book. A remark, not a violation;
- lines: more or fewer than the tune has phrases. Lyrics of several verses begin again at the first phrase.

Where line n is not phrase n, lines are aligned with the slots of the whole tune (`aligned`).

`sung` lays a written song under the notes of its tune, `sung_text` any words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from math import inf
from operator import sub
from statistics import median
from typing import Any

from lyricist.corpus.lyrics_file import Stanza
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.result import WrittenSong
from lyricist.melody.export import Sung, SungWord, sing
from lyricist.melody.tune import Phrase, Slot, Tune
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.metre import FUNCTION_WORDS, slots_of
from lyricist.prosody.phones import Reading, carries, is_vowel
from lyricist.prosody.scan import Scansion, scan_line
from lyricist.prosody.syllabify import syllables_of

LONG = 2.0  # times the median slot
MOST_VERSES = 20
SPARE = 0.2  # share of the slots by which all lines together may be longer or shorter, to be aligned
BEAM = 200  # ends of a line that are followed
SLACK = 3  # syllables that a line may have more or less than slots, to be laid on them
ELSEWHERE, PASSED = 0.5, 0.25  # syllables: what it costs to end a line within a phrase, to sing over a rest
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
    """Compare lyrics with a tune, each line with the slots that it is sung to."""
    lexicon = lexicon or default_lexicon()
    texts = [WordTokenizer().split(text) for stanza in lyrics for text in stanza.lines]
    usual = median(float(slot.duration) for phrase in tune.phrases for slot in phrase.slots)
    lines: list[FittedLine] = []
    misfits: list[Misfit] = []
    size = len(tune.phrases)
    places = aligned(texts, tune, lexicon) or [
        (i % size, i // size, tune.phrases[i % size]) for i in range(len(texts))
    ]
    for i, (words, (at, verse, phrase)) in enumerate(zip(texts, places, strict=True)):
        fitter = Fitter(i + 1, phrase, words, lexicon, usual)
        lines.append(fitter.line(at + 1, verse + 1))
        misfits += fitter.misfits()
    if len(texts) % size and all(place[2] is tune.phrases[place[0]] for place in places):
        found = f"{len(texts)} lines"
        misfits.append(Misfit(len(texts), "lines", 0, "", f"{size} lines, or several times as many", found))
    return Fit(tuple(lines), tuple(misfits), size)


Place = tuple[int, int, Phrase]  # the phrase where a line begins and the verse, from 0; the slots it is sung to


def aligned(texts: Sequence[Sequence[str]], tune: Tune, lexicon: Lexicon) -> list[Place]:
    """The places of lines that are not those of the phrases; empty if line n can be sung to phrase n.

    All lines together fill the tune once or several times. By dynamic programming over lines and slots: a syllable
    too many or too few costs 1, an end where no phrase ends `ELSEWHERE`, a rest passed over within a line `PASSED`.
    """
    sizes = [len(phrase.slots) for phrase in tune.phrases]
    counts = [scan_line(words, lexicon).syllables for words in texts]
    times = round(sum(counts) / sum(sizes))
    wanted = sizes * times
    same = len(counts) == len(wanted) and sum(map(abs, map(sub, counts, wanted))) <= len(counts) // 2
    if same or not 1 <= times <= MOST_VERSES or abs(sum(counts) - sum(wanted)) > SPARE * sum(wanted):
        return []
    slots = [slot for phrase in tune.phrases for slot in phrase.slots]
    ends = set(accumulate(sizes))
    found = []
    for start, end in pairwise([0, *cuts(counts, slots, times, ends)]):
        own = tuple(slots[at % len(slots)] for at in range(start, end))
        at = bisect_right(sorted(ends), start % len(slots))
        found.append((at, start // len(slots), Phrase(own)))
    return found


def cuts(counts: Sequence[int], slots: Sequence[Slot], times: int, ends: Set[int]) -> list[int]:
    """Where lines end, in slots of the tune sung `times` times: the cheapest; the last line ends with the tune."""
    size, total = len(slots), len(slots) * times
    passed = [0.0, *accumulate(PASSED * (slots[at % size].rest > 0) for at in range(total))]
    best: dict[int, float] = {0: 0.0}
    back: list[dict[int, int]] = []
    for number, count in enumerate(counts, 1):
        row: dict[int, float] = {}
        begun: dict[int, int] = {}
        for start, cost in best.items():
            for length in range(max(1, count - SLACK), count + SLACK + 1):
                end = start + length
                if end > total or (number == len(counts)) != (end == total):
                    continue
                value = cost + abs(length - count) + passed[end - 1] - passed[start]
                value += 0.0 if (end - 1) % size + 1 in ends else ELSEWHERE
                if value < row.get(end, inf):
                    row[end], begun[end] = value, start
        best = dict(sorted(row.items(), key=lambda item: item[1])[:BEAM])
        back.append(begun)
    out = [total] if total in best else []
    for begun in reversed(back[1:] if out else []):
        out.append(begun[out[-1]])
    return out[::-1]


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
