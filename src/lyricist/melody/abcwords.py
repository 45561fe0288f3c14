"""ABC's `w:` lines: syllables, holds and skips, and how they fall under the notes of a line of music."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lyricist.melody.tune import Lyric
from lyricist.melody.written import SYLLABIC, WrittenNote

LABEL = re.compile(r"^\(?(\d{1,2})(?:\s?\(?alt\.?\)?)?[.,:)]{1,2}[\s~]*|^(\d{1,2})~+", re.I)
ACCENTS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "c": "\u0327", "v": "\u030c"}
LIGATURES = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å"}
Column = tuple[int, WrittenNote]  # index of the bar, and a note or the top of a chord


def unescape(text: str) -> str:
    r"""ABC's and HTML's ways to write letters with marks.

    >>> unescape(r"Dvo\vr\'ak, stain\`ed, &ouml;, \u00fc, Gru\ss")
    'Dvořák, stainèd, ö, ü, Gruß'
    """
    text = re.sub(r"&[A-Za-z]{2,8};", lambda m: html.unescape(m[0]), text)
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda m: _letter(m[1]), text)
    text = re.sub(r"\\([`'^~\"])([A-Za-z])|\\([cv])([A-Za-z])", _marked, text)
    return re.sub(r"\\(ss|ae|AE|oe|OE|aa|AA)", lambda m: LIGATURES[m[1]], text)


def _letter(digits: str) -> str:
    letter = chr(int(digits, 16))
    return letter if letter.isprintable() else ""


def _marked(match: re.Match[str]) -> str:
    mark, letter = match[1] or match[3], match[2] or match[4]
    return unicodedata.normalize("NFC", letter + ACCENTS[mark])


def syllables(text: str) -> Iterator[tuple[str, str]]:
    r"""Kind and text of what stands in a `w:` line.

    Kinds: `word` (a syllable that ends its word), `part` (one that does not), `-` and `_` (the syllable before is
    held for one note more), `*` (a note without), `|` (on to the next bar).

    >>> list(syllables(r"A-men, so_ be~it -* self\-made|"))[:5]
    [('part', 'A'), ('word', 'men,'), ('word', 'so'), ('_', ''), ('word', 'be it')]
    >>> list(syllables(r"be~it -* self\-made|"))[1:]
    [('-', ''), ('*', ''), ('word', 'self-made'), ('|', '')]
    """
    for match in re.finditer(r"((?:\\.|[^\s_*|\\-]|\\$)+)(-?)|([-_*|])", text):
        if match[3]:
            yield match[3], ""
            continue
        syllable = re.sub(r"\\(.)", r"\1", match[1]).replace("~", " ").strip(" -")
        if syllable:
            yield ("part" if match[2] else "word"), syllable


def further_words(text: str) -> list[list[str]]:
    """The `W:` lines of a tune, words that stand under no notes: stanzas of lines, parted by empty ones or numbers.

    >>> further_words("w:Oh\\nW:2. By the sea\\nW:I sang\\nW:\\nW:By the shore")
    [['By the sea', 'I sang'], ['By the shore']]
    """
    stanzas: list[list[str]] = [[]]
    for match in re.finditer(r"^W:(.*)$", text, re.M):
        line = unescape(re.sub(r"(?<!\\)%.*$", "", match[1])).replace("~", " ").strip()
        line = re.sub(r"\\(.)", r"\1", line)
        label = LABEL.match(line)
        if label or not line:
            stanzas.append([])
        line = line[label.end() :] if label else line
        stanzas[-1] += [" ".join(line.split())] if line else []
    return [stanza for stanza in stanzas if stanza]


@dataclass
class Underlay:
    """Of one voice: which line of words is which verse, and whether their words go on."""

    verses: dict[int, int] = field(default_factory=dict)  # place of a w: line under its music, from 1: verse
    open: set[int] = field(default_factory=set)  # verses whose last word goes on
    begun: set[int] = field(default_factory=set)
    lost: int = 0  # syllables without a note

    def align(self, text: str, place: int, columns: Sequence[Column]) -> None:
        """Put a `w:` line, the `place`-th under its music, under the notes in `columns`."""
        text = unescape(text).strip()
        label = LABEL.match(text)
        verse = self._verse(int(label[1] or label[2]) if label else 0, place)
        blank = bool(label and re.search(r"~\s+$", label[0]))  # `1.~ In`: the number has a note to itself
        line = _Line(self, verse, place == 1, columns, at=int(blank))
        line.fill(text[label.end() :] if label else text, bool(label))

    def _verse(self, label: int, place: int) -> int:
        above = {verse for other, verse in self.verses.items() if other < place}
        if label and label not in above:
            self.verses[place] = label
        verse = self.verses.get(place, place)
        while verse in above:
            verse += 1
        self.verses[place] = verse
        return verse


@dataclass
class _Line:
    state: Underlay
    verse: int
    first: bool  # of the lines under this music
    columns: Sequence[Column]
    at: int = 0  # the next column
    last: int = -1  # the column of the last syllable

    def fill(self, text: str, labelled: bool) -> None:
        stanza = labelled or self.verse not in self.state.begun
        bar = self.columns[0][0] if self.columns else 0
        for kind, syllable in syllables(text):
            if kind == "|":
                bar += 1
                while self.at < len(self.columns) and self.columns[self.at][0] < bar:
                    self.at += 1
            elif kind in ("word", "part"):
                self.put(syllable, kind == "part", stanza)
            else:
                self.hold(kind)

    def put(self, syllable: str, goes: bool, stanza: bool) -> None:
        if self.at >= len(self.columns):
            self.state.lost += 1
            return
        comes = self.verse in self.state.open
        start = self.last < 0
        note = self.columns[self.at][1]
        lyric = Lyric(syllable, SYLLABIC[comes, goes], self.verse, False, start, start and stanza)
        note.lyrics = sorted([*(x for x in note.lyrics if x.verse != self.verse), lyric], key=lambda x: x.verse)
        (self.state.open.add if goes else self.state.open.discard)(self.verse)
        self.state.begun.add(self.verse)
        self.last, self.at = self.at, self.at + 1

    def hold(self, kind: str) -> None:
        if self.at < len(self.columns) and self.last >= 0:
            if kind == "_":
                before = self.columns[self.last][1]
                before.lyrics = [replace(x, extend=True) if x.verse == self.verse else x for x in before.lyrics]
            if self.first:
                self.columns[self.at][1].slurred = True
        self.at += 1
