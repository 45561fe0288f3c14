"""Descriptions of a given text: its rhyme scheme, the nearest metre of a line, the common name of a stanza.

A scheme is the simplest description of the rhymes in the text; a metre is the one that most slots agree with.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from lyricist.prosody.metre import FUNCTION_WORDS, METRES, breaks, template
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import KeyKind, key, kind, mosaic, near_kind

RhymeKind = Literal["perfect", "identical", "mosaic", "light", "family", "additive", "assonance"]
CLOSENESS: tuple[RhymeKind, ...] = ("perfect", "identical", "mosaic", "light", "family", "additive", "assonance")

REACH = 12  # lines; equal sounds farther apart are not counted as rhyme
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWYZ"
LETTERS = CAPITALS + CAPITALS.lower()  # X is for lines without a rhyme; after 50 rhymes the letters repeat


@dataclass(slots=True)
class Found:
    """A section's rhymes. For each line the number of its rhyme or -1, and which reading of its last word rhymes."""

    group: list[int]
    reading: list[int]
    groups: int = 0  # rhymes so far
    mosaic: set[int] = field(default_factory=set)  # lines that rhyme only by two words against one

    @property
    def letters(self) -> str:
        """One letter a line, in order of appearance."""
        seen = {g: i for i, g in enumerate(dict.fromkeys(g for g in self.group if g >= 0))}
        return "".join(LETTERS[seen[g] % len(LETTERS)] if g >= 0 else "X" for g in self.group)

    def join(self, line: int, reading: int, group: int) -> None:
        self.group[line], self.reading[line] = group, reading

    def new(self) -> int:
        self.groups += 1
        return self.groups - 1


def find_scheme(
    ends: Sequence[Sequence[Reading]], texts: Sequence[Hashable], phrases: Sequence[Sequence[Reading]] = ()
) -> Found:
    """The rhymes of one section, from the readings of each line's last word and the text of each line; `phrases`: the
    readings of its last two words as one, where the last is weak.

    Any reading may rhyme; the usual one is preferred. Perfect and identical rhymes are found first, then light and
    near ones (family, additive), then mosaic ones, for lines that have none; assonance counts only if with it every
    line of the section rhymes and half of them rhyme without it. Lines of the same text rhyme, even if they cannot be
    read aloud.

    >>> light, night, moon, june = map(Reading.of, ("L AY1 T", "N AY1 T", "M UW1 N", "JH UW1 N"))
    >>> find_scheme([[light], [moon], [night], [june]], "abcd").letters
    'ABAB'
    >>> find_scheme([[light], [moon], [night], []], "abcd").letters
    'AXAX'
    """
    found = Found([-1] * len(ends), [0] * len(ends))
    refrains(found, texts, [not readings for readings in ends])
    alike(found, ends, tail_of)
    sounds = [sounds_of(readings) for readings in ends]
    for line in range(len(ends)):
        if found.group[line] < 0:
            near(found, ends, sounds, line)
    for line in range(len(phrases)):
        if found.group[line] < 0:
            mosaics(found, ends, phrases, line)
    assonances(found, ends)
    return found


def refrains(found: Found, texts: Sequence[Hashable], silent: Sequence[bool]) -> None:
    """Lines whose end cannot be read aloud rhyme with their repetitions."""
    lines = defaultdict(list)
    for line, text in enumerate(texts):
        if silent[line]:
            lines[text].append(line)
    for same in lines.values():
        if len(same) > 1:
            group = found.new()
            for line in same:
                found.join(line, 0, group)


def alike(found: Found, ends: Sequence[Sequence[Reading]], sound: Callable[[Reading], str]) -> None:
    """Rhymes among lines without one whose readings share a key; keys that most lines share come first."""
    sharing: dict[str, dict[int, int]] = defaultdict(dict)  # key -> line -> its first reading with that key
    for line, readings in enumerate(ends):
        if found.group[line] < 0:
            for rank, reading in enumerate(readings):
                sharing[sound(reading)].setdefault(line, rank)
    by_size = sorted(sharing.items(), key=lambda item: (-len(item[1]), sum(item[1].values())))
    for sounds, lines in by_size:
        for close in clusters([line for line in lines if found.group[line] < 0]) if sounds else ():
            group = found.new()
            for line in close:
                found.join(line, lines[line], group)


def clusters(lines: Sequence[int]) -> Iterator[list[int]]:
    """Rising line numbers divided where a gap is too wide for rhyme; single lines are left out.

    >>> list(clusters([0, 2, 30, 50, 51]))
    [[0, 2], [50, 51]]
    """
    starts = [i for i, line in enumerate(lines) if i == 0 or line - lines[i - 1] > REACH]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        if end - start > 1:
            yield list(lines[start:end])


def sounds_of(readings: Sequence[Reading]) -> frozenset[tuple[str, str]]:
    """What a line's end shares with another in a light or near rhyme: a light tail, or the vowels of the tail."""
    kinds: tuple[KeyKind, ...] = ("light", "assonance")
    return frozenset((how, key_of(reading, how)) for reading in readings for how in kinds)


def near(found: Found, ends: Sequence[Sequence[Reading]], sounds: Sequence[frozenset[Any]], line: int) -> None:
    """Join a line to its closest light or near rhyme, by kind, then by distance, among the lines that share one of
    its `sounds`."""
    best: tuple[int, int, int, int, int] | None = None
    for other in range(max(0, line - REACH), min(len(ends), line + REACH + 1)):
        if other == line or sounds[line].isdisjoint(sounds[other]):
            continue
        theirs = [found.reading[other]] if found.group[other] >= 0 else range(len(ends[other]))
        for a, b in itertools.product(range(len(ends[line])), theirs):
            how = kind_of(ends[line][a], ends[other][b])
            if how and how != "assonance":
                way = (CLOSENESS.index(how), abs(other - line), other, a, b)
                best = min(best or way, way)
    if best is None:
        return
    _, _, other, a, b = best
    if found.group[other] < 0:
        found.join(other, b, found.new())
    found.join(line, a, found.group[other])


def mosaics(found: Found, ends: Sequence[Sequence[Reading]], phrases: Sequence[Sequence[Reading]], line: int) -> None:
    """Join a line to the nearest line with which it has a mosaic rhyme."""
    near_by = [o for o in range(max(0, line - REACH), min(len(ends), line + REACH + 1)) if o != line]
    for other in sorted(near_by, key=lambda o: abs(o - line)):
        for one, two in ((line, other), (other, line)):
            pairs = itertools.product(enumerate(ends[one]), phrases[two])
            reading = next((a for (a, word), phrase in pairs if mosaic(word, phrase)), None)
            if reading is None or (found.group[one] >= 0 and found.reading[one] != reading):
                continue
            if found.group[other] < 0:
                found.join(other, reading if one == other else 0, found.new())
            found.join(line, reading if one == line else 0, found.group[other])
            found.mosaic |= {line, other}
            return


def assonances(found: Found, ends: Sequence[Sequence[Reading]]) -> None:
    """Rhymes by vowels alone, if with them every line of the section has one."""
    left = [line for line, group in enumerate(found.group) if group < 0]
    if not left or 2 * len(left) > len(ends) or not all(ends[line] for line in left):
        return
    trial = Found(list(found.group), list(found.reading), found.groups, found.mosaic)
    alike(trial, ends, lambda reading: key_of(reading, "assonance"))
    if min(trial.group) >= 0:
        found.group, found.reading, found.groups = trial.group, trial.reading, trial.groups


def rhyme_kinds(found: Found, ends: Sequence[Sequence[Reading]]) -> list[RhymeKind | None]:
    """How closely each line rhymes with the closest other line of its letter."""
    return [closest(found, ends, line) for line in range(len(ends))]


def closest(found: Found, ends: Sequence[Sequence[Reading]], line: int) -> RhymeKind | None:
    if found.group[line] < 0 or not ends[line]:
        return None
    own, near_by = ends[line][found.reading[line]], range(max(0, line - REACH), min(len(ends), line + REACH + 1))
    others = [o for o in near_by if found.group[o] == found.group[line] and o != line and ends[o]]
    kinds = (kind_of(own, ends[o][found.reading[o]]) for o in others)
    by_word = min((k for k in kinds if k), key=CLOSENESS.index, default=None)
    return by_word or ("mosaic" if line in found.mosaic else None)


@lru_cache(1 << 16)
def kind_of(a: Reading, b: Reading) -> RhymeKind | None:
    how = kind(a, b)
    return near_kind(a, b) if how == "near" else how if how != "mosaic" else None


key_of = lru_cache(1 << 16)(key)


@lru_cache(1 << 16)
def tail_of(reading: Reading) -> str:
    return reading.tail


# For each letter of `shape`: its agreement with a weak slot and with a strong one, each with a second number that
# decides between metres that agree equally well.
AGREEMENT = {
    "f": ((1, 2), (1, 1)),
    "m": ((0, 0), (1, 2)),
    "P": ((0, 0), (1, 2)),
    "S": ((1, 1), (1, 1)),
    "w": ((1, 2), (1, 1)),
    "u": ((1, 2), (0, 0)),
}


@lru_cache(1 << 16)
def shape(word: str, stress: str) -> str:
    """A letter for each syllable of a word, which tells the slots on which it may stand.

    f: a function word, m: another word of one syllable; in longer words P and S: main and secondary stress, u and
    w: none, beside a stressed syllable or away from one.

    >>> shape("the", "0"), shape("love", "1"), shape("memory", "100")
    ('f', 'm', 'Puw')
    """
    if len(stress) == 1:
        return "f" if word in FUNCTION_WORDS else "m"
    letters = {"1": "P", "2": "S"}
    return "".join(letters.get(digit) or ("u" if breaks(stress, i, "/") else "w") for i, digit in enumerate(stress))


@lru_cache(1 << 16)
def nearest_metre(shapes: str) -> tuple[str, float]:
    """The metre that most slots of a line agree with, and their share; ("", 0.0) below two syllables.

    A slot agrees if its syllable obeys the rule of metre and is no lexical monosyllable on a weak slot. Of several
    metres with the same share, the one whose strong and weak slots fit the stresses best is named.

    >>> nearest_metre("fmfmfmfm")
    ('iambic', 1.0)
    >>> nearest_metre("PuPuPum")
    ('trochaic', 1.0)
    """
    if len(shapes) < 2:
        return "", 0.0
    scores = []
    for order, name in enumerate(METRES):
        each = [AGREEMENT[s][slot == "/"] for s, slot in zip(shapes, template(name, len(shapes)), strict=True)]
        scores.append((sum(a for a, _ in each), sum(b for _, b in each), -order, name))
    agree, _, _, name = max(scores)
    return name, round(agree / len(shapes), 3)


@dataclass(frozen=True, slots=True)
class Stanza:
    """A stanza form with a name: its lines' syllables (least, most), the schemes it takes and its metres."""

    name: str
    syllables: tuple[tuple[int, int], ...]
    schemes: tuple[str, ...]
    metres: tuple[str, ...]


# Watts's and Wesley's hymn metres by syllables, iambic; ballad stanza where only the short lines rhyme.
STANZAS = (
    Stanza("common metre", ((8, 8), (6, 6)) * 2, ("ABAB", "AABB", "AAAA"), ("iambic",)),
    Stanza("ballad stanza", ((8, 8), (6, 6)) * 2, ("XAXA",), ("iambic",)),
    Stanza("long metre", ((8, 8),) * 4, ("ABAB", "AABB", "XAXA", "ABBA", "AAAA"), ("iambic",)),
    Stanza("short metre", ((6, 6), (6, 6), (8, 8), (6, 6)), ("ABAB", "XAXA", "AABB"), ("iambic",)),
    Stanza("limerick", ((7, 11), (7, 11), (5, 7), (5, 7), (7, 11)), ("AABBA",), ("anapestic", "iambic", "dactylic")),
)


def stanza_name(syllables: Sequence[int], scheme: str, metres: Sequence[str]) -> str:
    """The name of a stanza with these syllables, scheme and nearest metres of its lines, or "".

    For three quarters of the lines the nearest metre must be one of the form's, because poets invert a foot.

    >>> stanza_name([8, 6, 8, 6], "XAXA", ["iambic"] * 4)
    'ballad stanza'
    """
    for form in STANZAS:
        fits = len(form.syllables) == len(syllables) and scheme in form.schemes
        if fits and all(low <= n <= high for n, (low, high) in zip(syllables, form.syllables, strict=True)):
            kept = sum(name in form.metres for name in metres)
            if 4 * kept >= 3 * len(metres):
                return form.name
    return ""
