"""Lines sung to phrases that have as many slots as the lines can have syllables, found by dynamic programming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from lyricist.corpus.song import Line
from lyricist.corpus.wording import Laid, Word, words_of
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.scan import scan_line

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune

# The worth of a way to sing lines to phrases: a line that fits, one left out, a phrase left out, the tune begun anew
# (or another section of it) with a stanza, and elsewhere; lines that begin or end inside phrases.
FITS, NO_LINE, NO_PHRASE, ANEW, ASTRAY, UNEVEN = 1.0, -0.5, -0.5, -0.3, -1.5, -0.25
MISFIT, WORST = -0.1, -0.6  # a line to a phrase that has more slots or fewer, for each of them, and at most
ENOUGH = 0.65  # share of the lines to be counted that must fit, or none is believed
MOST = 400_000  # lines times phrases; more is no song


@dataclass(frozen=True)
class Move:
    """From one state to the next: so many lines sung to so many phrases, or passed over (`fits` false)."""

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
        """Of a move from a line and a phrase that are there."""
        if move.fits:
            return move.worth if self.fit(line, phrase, move) else float("-inf")
        if not move.lines or not move.phrases:
            return move.worth
        beside = (abs(count - len(self.phrases[phrase])) for count in self.options[line])
        return max(WORST, MISFIT * min(beside, default=1))

    def fit(self, line: int, phrase: int, move: Move) -> bool:
        """Whether `move.lines` lines from `line` can have the syllables of `move.phrases` phrases from `phrase`."""
        begun = self.begun.get(line)
        if begun is not None:  # it has its place already, and keeps it
            return begun == self.phrases[phrase][0].onset
        if move.lines == 2 and line + 1 in self.begun:
            return False
        slots = sum(len(each) for each in self.phrases[phrase : phrase + move.phrases])
        found = self.options[line]
        if move.lines == 2:
            found = frozenset(a + b for a in found for b in self.options[line + 1])
        return slots in found

    def laid(self, line: int, phrase: int, move: Move) -> Laid:
        """The slots of the syllables; empty where a rest would cut a word."""
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
    """How many syllables a line can have; none where a word cannot be read aloud."""
    found = frozenset({0})
    for word in words:
        counts = {reading.syllables for reading in lexicon.sung(word.text)}
        found = frozenset(a + b for a in found for b in counts)
    return found - {0}


def by_counts(lines: Sequence[Line], starts: Sequence[bool], tune: Tune, lexicon: Lexicon, known: Laid) -> Laid:
    """The lines that are not in `known` and fit phrases beside others that fit; none if most do not."""
    if len(lines) * len(tune.phrases) > MOST:
        return {}
    counts = Counts(lines, tune, lexicon, known)
    moves = best_moves(counts, starts, [i for i, _ in enumerate(tune.phrases) if begins(tune, i)])
    out: Laid = {}
    for before, (line, phrase, move), after in zip([None, *moves], moves, [*moves[1:], None], strict=False):
        if follows(before, (line, phrase, move)) or follows((line, phrase, move), after):
            out |= counts.laid(line, phrase, move)
    out = {i: slots for i, slots in out.items() if i not in known}
    return out if len(out) >= ENOUGH * (len(lines) - len(known)) else {}


Chosen = tuple[int, int, Move]  # first line, first phrase, and what is done with them


def begins(tune: Tune, phrase: int) -> bool:
    return phrase == 0 or tune.phrases[phrase].section != tune.phrases[phrase - 1].section


def follows(a: Chosen | None, b: Chosen | None) -> bool:
    """Whether `b` is sung right behind `a`."""
    return a is not None and b is not None and (a[0] + a[2].lines, a[1] + a[2].phrases) == b[:2]


def best_moves(counts: Counts, starts: Sequence[bool], sections: Sequence[int]) -> list[Chosen]:
    """What fits, in the best way through lines and phrases, by dynamic programming.

    A state is the lines and phrases gone so far; `starts[i]`: line i begins a stanza; `sections`: the phrases that
    begin a section of the tune, where one can go on from anywhere.
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
            spread(counts, worth, came, i, j)
    return way_back(came, (lines, max(range(phrases + 1), key=worth[lines].__getitem__)))


def spread(
    counts: Counts,
    worth: list[list[float]],
    came: dict[tuple[int, int], tuple[int, int, Move | None]],
    i: int,
    j: int,
) -> None:
    """Try the moves from a state."""
    for move in MOVES:
        to, at = i + move.lines, j + move.phrases
        if to >= len(worth) or at >= len(worth[0]) or worth[i][j] + move.worth <= worth[to][at]:
            continue
        there = worth[i][j] + counts.worth(i, j, move)
        if there > worth[to][at]:
            worth[to][at], came[to, at] = there, (i, j, move)


def way_back(came: dict[tuple[int, int], tuple[int, int, Move | None]], state: tuple[int, int]) -> list[Chosen]:
    out: list[Chosen] = []
    while state in came:
        i, j, move = came[state]
        if move is not None and move.fits:
            out.append((i, j, move))
        state = (i, j)
    return out[::-1]
