"""Words of a line as they are looked for in a tune, and lines found among a tune's words.

Letters are compared, not words, so that it does not matter how a file divides its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lyricist.corpus.song import WORD, Line
from lyricist.prosody.spelling import unmarked

if TYPE_CHECKING:
    from lyricist.melody.tune import Slot, Tune

MOST_PLACES = 64  # at which one line is looked for among the words of a tune
MOST_STATES = 256
GOES_ON, AHEAD, BACK = 0.5, -0.05, -0.2  # a line behind the one before it, further on, and earlier in the tune
SURE = 3  # words, from which a line may stand apart from its neighbours

Laid = dict[int, list[tuple[int, "Slot"]]]  # line: offset of the word and slot of each syllable


class Word(NamedTuple):
    at: int  # offset in its line
    text: str

    @property
    def letters(self) -> str:
        return letters(self.text)


def letters(text: str) -> str:
    """
    >>> letters("O'er-Flöwing,")
    'oerflowing'
    """
    return "".join(filter(str.isalnum, unmarked(text.lower())))


def words_of(text: str) -> list[Word]:
    """The words of a line of clean text, and where they begin."""
    return [Word(found.start(), found.group()) for found in WORD.finditer(text)]


class Words:
    """The words of a tune as one string of letters; syllables are found by where they begin in it."""

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

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where these letters are sung: first and last syllable, the last excluded."""
        at = self.letters.find(text) if text else -1
        found = 0
        while at >= 0 and found < MOST_PLACES:
            if at in self.begins and at + len(text) in self.begins:
                yield self.begins[at], self.begins[at + len(text)]
                found += 1
            at = self.letters.find(text, at + 1)

    @cached_property
    def starts(self) -> list[int]:
        """Where each syllable begins in `letters`."""
        return sorted(self.begins)


def by_words(lines: Sequence[Line], tune: Tune) -> Laid:
    """The lines that stand among the tune's words."""
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
    """For each syllable the offset of the word that its first letter is in."""
    ends, at = [], starts[0]
    for word in words:
        at += len(word.letters)
        ends.append(at)
    index = 0
    for start in starts:
        while ends[index] <= start:
            index += 1
        yield words[index].at


@dataclass(frozen=True)
class Way:
    """The best way so far to place lines, up to one that ends at some syllable."""

    worth: float
    line: int = -1
    place: tuple[int, int] = (0, 0)
    before: Way | None = None


def best_places(places: Sequence[Sequence[tuple[int, int]]]) -> dict[int, tuple[int, int]]:
    """Of the places of each line one, so that lines follow each other as far as they can: by dynamic programming."""
    ways: dict[int, Way] = {-1: Way(0.0)}
    for i, found in enumerate(places):
        new = {}
        for first, end in found:
            worth, before = best_before(ways, first)
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


def best_before(ways: dict[int, Way], first: int) -> tuple[float, Way]:
    """What the best way to a line that begins at a syllable is worth, and that way."""
    return max(((way.worth + step(at, first), way) for at, way in ways.items()), key=lambda pair: pair[0])


def step(at: int, first: int) -> float:
    return 0.0 if at < 0 else GOES_ON if first == at else AHEAD if first > at else BACK
