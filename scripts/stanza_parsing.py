"""Stanzas of verse, detected by their rhymes in a sequence of lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gutenberg_verse import clean
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.rhyme import key

# Which lines of a stanza rhyme. The earlier goes before where several fit alike.
PATTERNS = {
    "ABABCC": ((0, 2), (1, 3), (4, 5)),
    "AABCCB": ((0, 1), (2, 5), (3, 4)),
    "AABBA": ((0, 1), (1, 4), (2, 3)),
    "ABAB": ((0, 2), (1, 3)),
    "AABB": ((0, 1), (2, 3)),
    "ABBA": ((0, 3), (1, 2)),
    "XAXA": ((1, 3),),
}
SIZES = {name: len(name) for name in PATTERNS}
SCORES = {name: 2.0 * len(pairs) for name, pairs in PATTERNS.items()}  # rhymed lines
OUTSIDE = 0.4  # what a line outside of stanzas costs
GOING_ON = 1.0  # what a stanza of the pattern of the last one is worth
REACH = 3  # lines to the farthest rhyme
MOST_STANZAS = 12  # of a song; longer poems fall into several
# No rhymes for the eye.
ENDINGS = ("ing", "ess", "ted", "ded", "ion", "ers", "est", "ies", "ent", "ance", "ence", "'s")
LOOSE, LOOSE_SPREAD = 6, 2.0  # lines without a rhyme pattern taken together; deviation of their syllables
GAP = 8  # lines outside of stanzas that a song may go on after
SAME_LENGTH = 1.5  # syllables that lines in the same place of two stanzas may differ by, on average
EVEN = 2  # syllables that rhyming lines may differ by

tokens = WordTokenizer()


class VerseLine(NamedTuple):
    text: str
    words: tuple[str, ...]
    syllables: int
    rhymes: frozenset[str]  # keys of perfect rhyme, of every reading of the last word


@dataclass
class Stanza:
    pattern: str
    lines: list[VerseLine]

    @property
    def profile(self) -> list[int]:
        return [line.syllables for line in self.lines]


# --- lines


class LineReader:
    """Cleaned lines with their syllables and rhymes."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.found: dict[str, tuple[int, frozenset[str]]] = {}

    def heard(self, word: str) -> tuple[int, frozenset[str]]:
        """Syllables of a word, 0 if it is not in the lexicon, and its rhymes."""
        if word not in self.found:
            (readings,) = self.lexicon.many([word], guessing=False)
            size = len(readings[0].stress) if readings else 0
            sounds = {key(reading, "perfect") for reading in readings}
            self.found[word] = size, frozenset(sounds | eye_rhyme(word) if sounds else ())
        return self.found[word]

    def line(self, raw: str) -> VerseLine | None:
        """None for what is not a line of verse, or ends with a word without a reading."""
        text = clean(raw)
        words = tuple(map(sys.intern, tokens.split(text)))
        if not words:
            return None
        heard = [self.heard(word) for word in words]
        size = sum(syllables or 1 + len(word) // 4 for word, (syllables, _) in zip(words, heard, strict=True))
        return VerseLine(text, words, size, heard[-1][1]) if heard[-1][1] else None


def eye_rhyme(word: str) -> set[str]:
    """The ending of a word for eye rhymes, which old verse accepts (love, prove; wind, mind)."""
    return set() if len(word) < 4 or word.endswith(ENDINGS) else {"~" + word[-3:]}


def rhyming(a: VerseLine, b: VerseLine) -> bool:
    return a.words[-1] != b.words[-1] and not a.rhymes.isdisjoint(b.rhymes) and abs(a.syllables - b.syllables) <= EVEN


# --- stanzas and songs


def stanzas(lines: Sequence[VerseLine | None]) -> Iterator[Stanza | None]:
    """The likeliest stanzas in order; None where more than `GAP` other lines are between two.

    Other lines that look like verse come as stanzas of `LOOSE` lines without a pattern.
    """
    best, at, between = parse(lines), 0, list[VerseLine]()
    gap = 0
    while at < len(lines):
        name, line = best[at], lines[at]
        between = [] if name or line is None else [*between, line]
        if len(between) == LOOSE:
            if looks_like_verse(between):
                yield Stanza("", between)
            between = []
        if name:
            yield Stanza(name, [line for line in lines[at : at + SIZES[name]] if line is not None])
        gap = 0 if name else gap + 1
        if gap == GAP:
            yield None
        at += SIZES.get(name, 1)


def looks_like_verse(lines: Sequence[VerseLine]) -> bool:
    """Whether lines begin with capitals, unlike prose, and are about equally long."""
    capitals = sum(line.text.lstrip("\"'(")[:1].isupper() for line in lines)
    return capitals >= len(lines) - 1 and float(np.std([line.syllables for line in lines])) <= LOOSE_SPREAD


def parse(lines: Sequence[VerseLine | None]) -> list[str]:
    """The pattern of the stanza that begins at each line if one does in the best parse, else "".

    The best parse has most rhymed lines, fewest lines outside of stanzas and fewest changes of pattern (Viterbi 1967,
    from the last line on).
    """
    size = len(lines)
    near = [rhymes_ahead(lines, i) for i in range(size)]
    value = [0.0] * (size + REACH + 4)  # of the lines from here on, whatever came before
    begun: list[dict[str, float]] = [{} for _ in value]  # the same if a stanza of this pattern begins here
    best, same = [""] * size, [set[str]() for _ in lines]  # where a pattern had better go on
    for i in range(size - 1, -1, -1):
        value[i] = value[i + 1] - OUTSIDE
        for name in PATTERNS:
            if fits(name, near, lines, i):
                after = i + SIZES[name]
                going_on = begun[after].get(name, -1e9) + GOING_ON
                if going_on >= value[after]:
                    same[i].add(name)
                begun[i][name] = SCORES[name] + max(going_on, value[after])
                if begun[i][name] > value[i]:
                    value[i], best[i] = begun[i][name], name
    return followed(best, same)


def followed(best: list[str], same: Sequence[set[str]]) -> list[str]:
    """The best parse, in which stanzas take the pattern of the one before where that is better."""
    out, at, forced = [""] * len(best), 0, ""
    while at < len(best):
        name = out[at] = forced or best[at]
        forced = name if name and name in same[at] else ""
        at += SIZES.get(name, 1)
    return out


def rhymes_ahead(lines: Sequence[VerseLine | None], i: int) -> int:
    """Bit d: line i rhymes with line i + d."""
    own, bits = lines[i], 0
    if own is not None:
        for d in range(1, min(REACH, len(lines) - 1 - i) + 1):
            other = lines[i + d]
            bits |= (other is not None and rhyming(own, other)) << d
    return bits


def fits(name: str, near: Sequence[int], lines: Sequence[VerseLine | None], at: int) -> bool:
    if at + SIZES[name] > len(lines) or any(line is None for line in lines[at : at + SIZES[name]]):
        return False
    if name == "XAXA" and not even(lines[at], lines[at + 2]):
        return False
    return all(near[at + a] >> (b - a) & 1 for a, b in PATTERNS[name])


def even(a: VerseLine | None, b: VerseLine | None) -> bool:
    return a is not None and b is not None and abs(a.syllables - b.syllables) <= EVEN


def songs(parts: Iterable[Stanza | None]) -> Iterator[list[Stanza]]:
    """Runs of stanzas of as many lines that are about equally long."""
    run: list[Stanza] = []
    for stanza in parts:
        if run and (stanza is None or len(run) == MOST_STANZAS or not alike(run[-1], stanza)):
            yield run
            run = []
        if stanza is not None:
            run.append(stanza)
    if run:
        yield run


def alike(a: Stanza, b: Stanza) -> bool:
    if len(a.lines) != len(b.lines) or bool(a.pattern) != bool(b.pattern):
        return False
    return sum(abs(x - y) for x, y in zip(a.profile, b.profile, strict=True)) <= SAME_LENGTH * len(a.lines)
