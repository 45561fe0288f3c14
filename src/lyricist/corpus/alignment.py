"""Lines of a song aligned with a tune: slots for the lines that can be sung to it.

Where the tune has words, lines are looked for among them; letters are compared, so that it does not matter how a file
divides its words. For lines that are not found (further verses, tunes without words) syllables are counted: lines are
aligned with phrases, in order, if their neighbours are as well. Both use dynamic programming.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from lyricist.corpus.song import WORD, Line, LineSlot, Song
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.scan import scan_line
from lyricist.prosody.spelling import unmarked

if TYPE_CHECKING:
    from lyricist.melody.tune import Slot, Tune

MOST_PLACES = 64  # of one line among the words of a tune
MOST_STATES = 256
GOES_ON, AHEAD, BACK = 0.5, -0.05, -0.2  # scores of a line right after the one before it, further on, further back
SURE = 3  # words; a line of so many is accepted without a neighbour

# Scores of an alignment of lines with phrases: a line that fits, a line left out, a phrase left out, the tune (or
# another section of it) restarted with a stanza, or elsewhere; lines that begin or end inside phrases.
FITS, NO_LINE, NO_PHRASE, ANEW, ASTRAY, UNEVEN = 1.0, -0.5, -0.5, -0.3, -1.5, -0.25
MISFIT, WORST = -0.1, -0.6  # for each slot too many or too few, and at most
ENOUGH = 0.65  # share of the remaining lines that must fit; else none is accepted
MOST = 400_000  # lines times phrases; more is no song

Laid = dict[int, list[tuple[int, "Slot"]]]  # line: offset of the word and slot of each syllable


def lay_tune(song: Song, tune: Tune, lexicon: Lexicon) -> Song:
    """The song with slots for the lines that fit the tune; its other lines do not change."""
    lines = list(song.lines())
    starts = [i == 0 for section in song.sections for i, _ in enumerate(section.lines)]
    slots = by_words(lines, tune)
    slots |= by_counts(lines, starts, tune, lexicon, slots)
    found = (tuple(LineSlot.of(at, slot) for at, slot in slots.get(i, ())) for i in range(len(lines)))
    laid = iter([replace(line, slots=own) if own else line for line, own in zip(lines, found, strict=True)])
    sections = (replace(section, lines=tuple(next(laid) for _ in section.lines)) for section in song.sections)
    return replace(song, sections=tuple(sections))


class Word(NamedTuple):
    at: int  # offset in its line
    text: str

    @property
    def letters(self) -> str:
        return letters(self.text)


def letters(text: str) -> str:
    """The letters and digits of a text, lower case, without accents.

    >>> letters("O'er-Flöwing,")
    'oerflowing'
    """
    return "".join(filter(str.isalnum, unmarked(text.lower())))


def words_of(text: str) -> list[Word]:
    """The words of a line of clean text, with their offsets."""
    return [Word(found.start(), found.group()) for found in WORD.finditer(text)]


class Words:
    """The words of a tune as one string of letters, and the places in it at which syllables begin."""

    def __init__(self, tune: Tune) -> None:
        from lyricist.melody.verses import stanzas_of

        self.slots: list[Slot] = []
        self.begins: dict[int, int] = {}  # place in `letters`: index of the syllable
        self.letters = ""
        for stanza in stanzas_of(tune):
            for syllable in (each for line in stanza.lines for each in line.syllables):
                spelled = letters(syllable.text)
                if spelled:
                    self.begins[len(self.letters)] = len(self.slots)
                    self.letters += spelled
                    self.slots.append(syllable.slot)
        self.begins[len(self.letters)] = len(self.slots)
        self.starts = sorted(self.begins)  # where each syllable begins in `letters`

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where these letters are sung: first and last syllable, the last excluded."""
        at = self.letters.find(text) if text else -1
        found = 0
        while at >= 0 and found < MOST_PLACES:
            if at in self.begins and at + len(text) in self.begins:
                yield self.begins[at], self.begins[at + len(text)]
                found += 1
            at = self.letters.find(text, at + 1)


def by_words(lines: Sequence[Line], tune: Tune) -> Laid:
    """The lines that are found among the tune's words."""
    sung = Words(tune)
    if not sung.slots:
        return {}
    spelled = [words_of(line.text) for line in lines]
    places = [list(sung.places("".join(word.letters for word in words))) for words in spelled]
    chosen = best_places(places)
    out: Laid = {}
    for i, (first, end) in chosen.items():
        beside = chosen.get(i - 1, (0, -1))[1] == first or chosen.get(i + 1, (-1, 0))[0] == end
        if beside or len(spelled[i]) >= SURE:
            out[i] = list(zip(offsets(spelled[i], sung.starts[first:end]), sung.slots[first:end], strict=True))
    return out


def offsets(words: Sequence[Word], starts: Sequence[int]) -> Iterator[int]:
    """For each syllable the offset of the word that contains its first letter."""
    ends, at = [], starts[0]
    for word in words:
        at += len(word.letters)
        ends.append(at)
    index = 0
    for start in starts:
        while ends[index] <= start:
            index += 1
        yield words[index].at


class Way(NamedTuple):
    """The best way so far to place lines, up to one that ends at a given syllable."""

    worth: float
    line: int = -1
    place: tuple[int, int] = (0, 0)
    before: Way | None = None


def best_places(places: Sequence[Sequence[tuple[int, int]]]) -> dict[int, tuple[int, int]]:
    """One of the places of each line, so that as many lines as possible follow each other: dynamic programming."""
    ways: dict[int, Way] = {-1: Way(0.0)}
    for i, found in enumerate(places):
        new = {}
        for first, end in found:
            worth, before = max(((way.worth + step(at, first), way) for at, way in ways.items()), key=itemgetter(0))
            new[end] = Way(worth + 1, i, (first, end), before)
        ways |= {end: way for end, way in new.items() if end not in ways or ways[end].worth < way.worth}
        if len(ways) > MOST_STATES:
            ways = dict(sorted(ways.items(), key=lambda item: -item[1].worth)[:MOST_STATES])
    last: Way | None = max(ways.values(), key=lambda way: way.worth)
    out = {}
    while last is not None and last.line >= 0:
        out[last.line] = last.place
        last = last.before
    return out


def step(at: int, first: int) -> float:
    """The score of a line that begins at syllable `first` after a line that ended at `at`."""
    return 0.0 if at < 0 else GOES_ON if first == at else AHEAD if first > at else BACK


@dataclass(frozen=True)
class Move:
    """A step of the alignment: so many lines sung to so many phrases, or skipped (`fits` false)."""

    lines: int
    phrases: int
    worth: float
    fits: bool = True


MOVES = (
    Move(1, 1, FITS),
    Move(1, 2, FITS + UNEVEN),
    Move(2, 1, 2 * FITS + UNEVEN),
    Move(2, 2, 2 * FITS + 2 * UNEVEN),
    Move(1, 1, 0.0, False),
    Move(1, 0, NO_LINE, False),
    Move(0, 1, NO_PHRASE, False),
)


class Counts:
    """Which lines can be sung to which phrases, by the number of syllables."""

    def __init__(self, lines: Sequence[Line], tune: Tune, lexicon: Lexicon, known: Laid) -> None:
        self.words = [words_of(line.text) for line in lines]
        self.phrases = [phrase.slots for phrase in tune.phrases]
        self.lexicon = lexicon
        self.options = [options(words, lexicon) for words in self.words]
        self.begun: dict[int, Fraction] = {i: slots[0][1].onset for i, slots in known.items()}

    def worth(self, line: int, phrase: int, move: Move) -> float:
        """The score of a move from a line and a phrase."""
        if move.fits:
            return move.worth if self.fit(line, phrase, move) else float("-inf")
        if not move.lines or not move.phrases:
            return move.worth
        beside = (abs(count - len(self.phrases[phrase])) for count in self.options[line])
        return max(WORST, MISFIT * min(beside, default=1))

    def fit(self, line: int, phrase: int, move: Move) -> bool:
        """Whether `move.lines` lines from `line` can have the syllables of `move.phrases` phrases from `phrase`."""
        begun = self.begun.get(line)
        if begun is not None:  # the line keeps the place that it has
            return begun == self.phrases[phrase][0].onset
        if move.lines == 2 and line + 1 in self.begun:
            return False
        slots = sum(len(each) for each in self.phrases[phrase : phrase + move.phrases])
        found = self.options[line]
        if move.lines == 2:
            found = frozenset(a + b for a in found for b in self.options[line + 1])
        return slots in found

    def laid(self, line: int, phrase: int, move: Move) -> Laid:
        """The slots of the syllables; empty if a rest would cut a word."""
        words = [(i, word) for i in range(line, line + move.lines) for word in self.words[i]]
        slots = [slot for each in self.phrases[phrase : phrase + move.phrases] for slot in each]
        scanned = scan_line([word.text for _, word in words], self.lexicon, syllables=len(slots))
        if scanned.syllables != len(slots):
            return {}
        out: Laid = {}
        at = 0
        for (i, word), reading in zip(words, scanned.readings, strict=True):
            taken = slots[at : at + reading.syllables]
            if any(slot.rest for slot in taken[:-1]):
                return {}
            out.setdefault(i, []).extend((word.at, slot) for slot in taken)
            at += reading.syllables
        return out


def options(words: Sequence[Word], lexicon: Lexicon) -> frozenset[int]:
    """How many syllables a line can have; empty if a word cannot be read aloud."""
    found = frozenset({0})
    for word in words:
        counts = {reading.syllables for reading in lexicon.sung(word.text)}
        found = frozenset(a + b for a in found for b in counts)
    return found - {0}


def by_counts(lines: Sequence[Line], starts: Sequence[bool], tune: Tune, lexicon: Lexicon, known: Laid) -> Laid:
    """The lines outside `known` that fit phrases and have a neighbour that fits; none if most do not."""
    if len(lines) * len(tune.phrases) > MOST:
        return {}
    counts = Counts(lines, tune, lexicon, known)
    sections = [phrase.section for phrase in tune.phrases]
    moves = best_moves(counts, starts, [i for i, it in enumerate(sections) if i == 0 or it != sections[i - 1]])
    out: Laid = {}
    for before, (line, phrase, move), after in zip([None, *moves], moves, [*moves[1:], None], strict=False):
        if follows(before, (line, phrase, move)) or follows((line, phrase, move), after):
            out |= counts.laid(line, phrase, move)
    out = {i: slots for i, slots in out.items() if i not in known}
    return out if len(out) >= ENOUGH * (len(lines) - len(known)) else {}


Chosen = tuple[int, int, Move]  # first line, first phrase, and the move from there


def follows(a: Chosen | None, b: Chosen | None) -> bool:
    """Whether `b` is sung right after `a`."""
    return a is not None and b is not None and (a[0] + a[2].lines, a[1] + a[2].phrases) == b[:2]


def best_moves(counts: Counts, starts: Sequence[bool], sections: Sequence[int]) -> list[Chosen]:
    """The moves that fit on the best path through lines and phrases, by dynamic programming.

    A state is the number of lines and phrases done; `starts[i]`: line i begins a stanza; `sections`: the phrases that
    begin a section of the tune, which can follow any phrase.
    """
    lines, phrases = len(counts.words), len(counts.phrases)
    worth = [[float("-inf")] * (phrases + 1) for _ in range(lines + 1)]
    came: dict[tuple[int, int], tuple[int, int, Move | None]] = {}
    worth[0][0] = 0.0
    for i in range(lines + 1):
        best = max(range(phrases + 1), key=worth[i].__getitem__)
        jump = worth[i][best] + (ANEW if i < lines and starts[i] else ASTRAY)
        for j in sections:
            if i and jump > worth[i][j]:
                worth[i][j], came[i, j] = jump, (i, best, None)
        for j in range(phrases + 1):
            for move in MOVES:
                to, at = i + move.lines, j + move.phrases
                if to <= lines and at <= phrases and worth[i][j] + move.worth > worth[to][at]:
                    there = worth[i][j] + counts.worth(i, j, move)
                    if there > worth[to][at]:
                        worth[to][at], came[to, at] = there, (i, j, move)
    return way_back(came, (lines, max(range(phrases + 1), key=worth[lines].__getitem__)))


def way_back(came: dict[tuple[int, int], tuple[int, int, Move | None]], state: tuple[int, int]) -> list[Chosen]:
    """The fitting moves of the path that ends at a state, in order."""
    out: list[Chosen] = []
    while state in came:
        i, j, move = came[state]
        if move is not None and move.fits:
            out.append((i, j, move))
        state = (i, j)
    return out[::-1]
