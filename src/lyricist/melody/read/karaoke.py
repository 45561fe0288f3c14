r"""Words from the lyric (0x05) and text (0x01) events of a MIDI file, as syllables.

Karaoke conventions: text events that begin with `@` are headers (@T title, @L language), `/` begins a line and `\` a
paragraph; in lyric events a carriage return ends a line and a line feed a paragraph. A word ends at a blank, or, in a
file with hyphens, where there is no hyphen. A blank, a dash or an underscore alone holds the syllable before.
One event is one slot: a word of several syllables in one event stays whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from lyricist.melody.read.performance import SYLLABIC
from lyricist.melody.read.smf import LYRIC, TEXT, MidiFile, decode_text
from lyricist.melody.tune import Lyric

HYPHENS = "-\u00ad\u2010\u2011"
HOLDS = frozenset({"", "_", "__", "-", "--", "+", "~", "=", "*", "\u2013", "\u2014"})
TAG = re.compile(r"\{[#@][^}]*\}")  # {#Title=...}, {@LATIN}
NUMBER = re.compile(r"^\s*\d{1,2}[.):]\s*")  # of a verse, before its first word
FIELD = re.compile(r"^\s*[A-Z]:")  # a line of ABC that abc2midi has copied as text
LONG = 40  # letters; a text event that is much longer than the others is a remark
CAPITALS = 0.8
FASTEST = 12  # syllables per quarter
BLANK_STYLE = 0.12  # share of syllables next to a blank; above it, blanks end words


@dataclass(frozen=True)
class Syllable:
    """What is sung from a tick on; without a lyric, the syllable before is held."""

    tick: int
    lyric: Lyric | None


@dataclass(frozen=True)
class Words:
    """The syllables of one kind of event in one track."""

    track: int
    syllables: tuple[Syllable, ...]
    crowded: bool = False  # many are at the same time or almost: abc2midi writes them so under chords

    @property
    def lyrics(self) -> list[Lyric]:
        return [syllable.lyric for syllable in self.syllables if syllable.lyric]

    @property
    def by_line(self) -> bool:
        """Whether one event holds a whole phrase: the words are not aligned to notes."""
        lyrics = self.lyrics
        return sum(lyric.text.count(" ") + 1 for lyric in lyrics) > 2.5 * len(lyrics)


@dataclass
class _Piece:
    """One event in parts."""

    tick: int
    text: str
    before: bool = False  # a blank
    after: bool = False  # a blank
    joined: bool = False  # a hyphen leads to the next
    extend: bool = False
    line: bool = False
    paragraph: bool = False
    breaks: str = ""  # "line" or "paragraph" after it


def words(file: MidiFile) -> list[Words]:
    """The lyric events and the text events of every track that may be sung, as syllables."""
    out = []
    for number, track in enumerate(file.tracks):
        for kind in (LYRIC, TEXT):
            events = [(m.tick, decode_text(m.data)) for m in track.metas if m.kind == kind]
            pieces = _pieces(_sung_events(events, kind))
            _remove_marks_of_music(pieces)
            crowded = _is_crowded(pieces, file)
            found = Words(number, tuple(_syllables(pieces, crowded)), crowded)
            if len(found.lyrics) >= (1 if kind == LYRIC else 2):
                out.append(found)
    return out


def _sung_events(events: list[tuple[int, str]], kind: int) -> list[tuple[int, str]]:
    """The events without headers, fields and remarks."""
    kept = [(tick, TAG.sub("", text)) for tick, text in events if not re.match(r"\s*[@%]", text)]
    if kind == LYRIC:
        return kept
    kept = [(tick, text) for tick, text in kept if not FIELD.match(text)]
    first = [text for tick, text in kept if tick == 0 and text.strip()]
    if len(first) > 1 or any(len(text.split()) > 1 for text in first):
        kept = [(tick, text) for tick, text in kept if tick or text.startswith(("/", "\\"))]
    usual = median([len(text) for _, text in kept if text.strip()] or [0])
    return [(tick, text) for tick, text in kept if len(text) <= max(LONG, 4 * usual)]


def _pieces(events: list[tuple[int, str]]) -> list[_Piece]:
    """Events as pieces; the marks of lines are moved to the word after them."""
    out: list[_Piece] = []
    line = paragraph = False
    for tick, text in events:
        piece = _piece(tick, text)
        line, paragraph = line or piece.line, paragraph or piece.paragraph
        if any(c.isalpha() for c in piece.text):
            piece.line, piece.paragraph = line, paragraph
            line = paragraph = False
            out.append(piece)
        elif out:
            out[-1].after = out[-1].after or piece.before or piece.after
            if not piece.text and out[-1].tick != tick:
                out.append(piece)
        line, paragraph = line or bool(piece.breaks), paragraph or piece.breaks == "paragraph"
    return out


def _piece(tick: int, text: str) -> _Piece:
    r"""The marks and the text of one event.

    >>> _piece(0, "/1. A- ").text, _piece(0, "\\Oh").paragraph, _piece(0, "love\r").breaks
    ('A', True, 'line')
    """
    rest = re.sub(r"^[\s/\\]*", "", text)
    lead, core = text[: len(text) - len(rest)], rest.rstrip()
    tail = rest[len(core) :]
    piece = _Piece(tick, core, before=" " in lead, after=" " in tail)
    piece.paragraph = "\\" in lead or "\n\n" in lead
    piece.line = piece.paragraph or any(mark in lead for mark in "/\r\n")
    if any(mark in tail for mark in "\r\n"):
        piece.breaks = "paragraph" if "\n" in tail and "\r" not in tail else "line"
    if core in HOLDS:
        piece.text = ""
        piece.joined = core == "-"
        return piece
    core = NUMBER.sub("", core) if any(c.isalpha() for c in core) else core
    if core.endswith("_"):
        core, piece.extend = core.rstrip("_"), True
    piece.joined = core.endswith(tuple(HYPHENS))
    piece.text = re.sub(r"[\s_~]+", " ", core.strip(HYPHENS)).strip()
    piece.before = piece.before and not core.startswith(tuple(HYPHENS))
    return piece


def _remove_marks_of_music(pieces: list[_Piece]) -> None:
    """Remove marks that do not begin a line of words.

    abc2midi marks the start of each line of *music*, within words too, with a blank after the mark if a word begins.
    Such marks are kept if almost all precede a capital; none of them is a paragraph.
    """
    marked = [piece for piece in pieces if piece.line and piece.text][1:]
    if not marked or 2 * sum(piece.before for piece in marked) < len(marked):
        return
    lines = sum(piece.before and piece.text.lstrip("\"'(“‘")[:1].isupper() for piece in marked)
    for piece in marked:
        piece.line = piece.line and piece.before and lines >= CAPITALS * len(marked)
        piece.before = piece.before or piece.line
        piece.paragraph = False


def _is_crowded(pieces: list[_Piece], file: MidiFile) -> bool:
    """Whether words follow each other so fast that they cannot all be sung."""
    gaps = [b.tick - a.tick for a, b in pairwise(p for p in pieces if p.text)]
    fast = sum(0 < gap < file.division / FASTEST for gap in gaps)
    return not file.smpte and fast >= 3 and 5 * fast >= gaps.count(0)


def _syllables(pieces: list[_Piece], crowded: bool) -> list[Syllable]:
    worded = [p for p in pieces if p.text]
    ends = iter(_word_ends(worded))
    verses = iter([1] * len(worded) if crowded else _verses(worded))
    out: list[Syllable] = []
    within: dict[int, bool] = {}  # verse: its last word goes on
    for piece in pieces:
        if piece.text:
            verse, goes = next(verses), not next(ends)
            syllabic = SYLLABIC[within.get(verse, False), goes]
            within[verse] = goes
            lyric = Lyric(piece.text, syllabic, verse, piece.extend, piece.line, piece.paragraph)
            out.append(Syllable(piece.tick, lyric))
            continue
        before = out[-1].lyric if out else None
        if before and before.syllabic in ("single", "end"):
            out[-1] = replace(out[-1], lyric=replace(before, extend=True))
        out.append(Syllable(piece.tick, None))
    return out


def _word_ends(pieces: list[_Piece]) -> list[bool]:
    """Whether a word ends after each piece."""
    pairs = list(pairwise(pieces))
    if sum(a.after or b.before for a, b in pairs) > BLANK_STYLE * len(pairs):
        return [not a.joined and (a.after or b.before or b.line) for a, b in pairs] + [True]
    if any(p.joined for p in pieces):
        return [not a.joined for a, _ in pairs] + [True]
    return [True] * len(pieces)


def _verses(pieces: list[_Piece]) -> list[int]:
    """The verse of each piece. Notation programs write several verses at one tick; else all are verse 1."""
    numbers = [n for _, group in groupby(pieces, key=lambda piece: piece.tick) for n, _ in enumerate(group, 1)]
    return numbers if sum(n > 1 for n in numbers) > 0.25 * len(numbers) else [1] * len(numbers)
