r"""Words from a MIDI file's lyric (0x05) and text (0x01) events, joined to syllables.

Karaoke conventions: text events begin with `@` in the header (@T title, @L language), `/` begins a line and `\` a
paragraph; in lyric events a carriage return ends a line and a line feed a paragraph. A blank at either side, or no
hyphen where a file uses hyphens, ends a word. A blank, a dash or an underscore alone holds the syllable before.
One event is one slot: a whole word of several syllables under one note stays whole, as the file says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from lyricist.melody.smf import LYRIC, TEXT, MidiFile
from lyricist.melody.tune import Lyric

HYPHENS = "-\u00ad\u2010\u2011"
HOLDS = frozenset({"", "_", "__", "-", "--", "+", "~", "=", "*", "\u2013", "\u2014"})
TAG = re.compile(r"\{[#@][^}]*\}")  # {#Title=...}, {@LATIN}
NUMBER = re.compile(r"^\s*\d{1,2}[.):]\s*")  # of a verse, before its first word
FIELD = re.compile(r"^\s*[A-Z]:")  # a line of ABC that abc2midi has copied as text
LONG = 40  # letters; a text event much longer than its neighbours is a remark
CAPITALS = 0.8
FASTEST = 12  # syllables a quarter
BLANK_STYLE = 0.12  # share of syllables with a blank beside them, above which blanks end words


@dataclass(frozen=True)
class Syllable:
    """What is sung from a tick on; without a lyric the syllable before is held."""

    tick: int
    lyric: Lyric | None


@dataclass(frozen=True)
class Words:
    """The syllables of one kind of event in one track."""

    track: int
    kind: int
    syllables: tuple[Syllable, ...]
    crowded: bool = False  # many stand at one time or nearly, as abc2midi does it under chords

    @property
    def count(self) -> int:
        return sum(s.lyric is not None for s in self.syllables)

    @property
    def by_line(self) -> bool:
        """Whole phrases stand in one event: the words are not aligned to notes."""
        texts = [s.lyric.text for s in self.syllables if s.lyric]
        return sum(text.count(" ") + 1 for text in texts) > 2.5 * len(texts)

    @property
    def lines(self) -> int:
        return sum(bool(s.lyric and s.lyric.line_start) for s in self.syllables)


@dataclass
class _Piece:
    """One event, taken apart."""

    tick: int
    text: str
    before: bool = False  # a blank
    after: bool = False  # a blank
    joined: bool = False  # a hyphen leads to the next
    extend: bool = False
    line: bool = False
    paragraph: bool = False
    breaks: str = ""  # "line" or "paragraph" behind it


def decode(data: bytes) -> str:
    """UTF-8 where it is that, else cp1252, else Latin-1.

    >>> decode("blessèd".encode()), decode("blessèd".encode("cp1252"))
    ('blessèd', 'blessèd')
    """
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def headers(file: MidiFile) -> dict[str, list[str]]:
    """The `@` lines by their letter: {"T": [title, author], "L": ["ENGL"]}."""
    found: dict[str, list[str]] = {}
    for track in file.tracks:
        for meta in track.metas:
            text = decode(meta.data).strip() if meta.kind in (TEXT, LYRIC) else ""
            if len(text) > 2 and text[0] == "@" and text[1].isupper():
                found.setdefault(text[1], []).append(text[2:].strip())
    return found


def words(file: MidiFile) -> list[Words]:
    """Every track's lyric events and text events that may be sung, as syllables."""
    out = []
    for number, track in enumerate(file.tracks):
        for kind in (LYRIC, TEXT):
            events = [(m.tick, decode(m.data)) for m in track.metas if m.kind == kind]
            pieces = _pieces(_sung(events, kind))
            _mend_marks(pieces)
            crowded = _crowded(pieces, file.division)
            found = Words(number, kind, tuple(_syllables(pieces, crowded)), crowded)
            if found.count >= (1 if kind == LYRIC else 2):
                out.append(found)
    return out


def _sung(events: list[tuple[int, str]], kind: int) -> list[tuple[int, str]]:
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
    """Events as pieces, the marks of lines moved to the word they precede."""
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
    r"""One event's marks and text.

    >>> _piece(0, "/1. A- ").text, _piece(0, "\\Oh").paragraph, _piece(0, "love\r").breaks
    ('A', True, 'line')
    """
    head = re.match(r"[\s/\\]*", text)
    lead = head.group() if head else ""
    core = text[len(lead) :]
    tail = core[len(core.rstrip()) :]
    core = core.rstrip()
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
    piece.text = re.sub(r"[\s_~]+", " ", core.strip(HYPHENS)).strip() if core.strip(HYPHENS) else ""
    if core.startswith(tuple(HYPHENS)):
        piece.before = False
    return piece


def _mend_marks(pieces: list[_Piece]) -> None:
    """Take back what is no mark of a line of words.

    abc2midi puts marks where lines of *music* begin, within words too, and a blank behind them where a word begins.
    Such marks are kept if nearly all stand before a capital; none of them is a paragraph.
    """
    marked = [piece for piece in pieces if piece.line and piece.text][1:]
    if not marked or 2 * sum(piece.before for piece in marked) < len(marked):
        return
    lines = sum(piece.before and piece.text.lstrip("\"'(“‘")[:1].isupper() for piece in marked)
    for piece in marked:
        piece.line = piece.line and piece.before and lines >= CAPITALS * len(marked)
        piece.before = piece.before or piece.line
        piece.paragraph = False


def _crowded(pieces: list[_Piece], division: int) -> bool:
    """Whether words follow each other so fast that they cannot all be sung."""
    gaps = [b.tick - a.tick for a, b in pairwise(p for p in pieces if p.text)]
    fast = sum(0 < gap < division / FASTEST for gap in gaps)
    return division < 0x8000 and fast >= 3 and 5 * fast >= gaps.count(0)


def _syllables(pieces: list[_Piece], crowded: bool) -> list[Syllable]:
    worded = [p for p in pieces if p.text]
    ends = _word_ends(worded)
    verses = [1] * len(worded) if crowded else _verses(worded)
    out: list[Syllable] = []
    begun: dict[int, bool] = {}
    at = 0
    for piece in pieces:
        if not piece.text:
            out.append(Syllable(piece.tick, None))
            continue
        verse, end = verses[at], ends[at]
        inside = begun.get(verse, False)
        syllabic = ("end" if end else "middle") if inside else ("single" if end else "begin")
        begun[verse] = not end
        lyric = Lyric(piece.text, syllabic, verse, piece.extend, piece.line, piece.paragraph)
        out.append(Syllable(piece.tick, lyric))
        at += 1
    return _held(out)


def _word_ends(pieces: list[_Piece]) -> list[bool]:
    """Whether a word ends behind each piece."""
    if not pieces:
        return []
    pairs = list(pairwise(pieces))
    blanks = sum(a.after or b.before for a, b in pairs)
    hyphens = any(p.joined for p in pieces)
    if blanks > BLANK_STYLE * len(pairs):
        return [not a.joined and (a.after or b.before or b.line) for a, b in pairs] + [True]
    if hyphens:
        return [not a.joined for a, _ in pairs] + [True]
    return [True] * len(pieces)


def _verses(pieces: list[_Piece]) -> list[int]:
    """The verse of each piece: files of notation programs put several at one tick; else all are verse 1."""
    numbers, last, count = [], -1, 0
    for piece in pieces:
        count = count + 1 if piece.tick == last else 1
        last = piece.tick
        numbers.append(count)
    return numbers if sum(n > 1 for n in numbers) > 0.25 * len(numbers) else [1] * len(numbers)


def _held(syllables: list[Syllable]) -> list[Syllable]:
    """The last syllable before a hold is marked as extended, where its word ends there."""
    out = list(syllables)
    for i, syllable in enumerate(out[1:], 1):
        before = out[i - 1].lyric
        if syllable.lyric is None and before and before.syllabic in ("single", "end"):
            out[i - 1] = replace(out[i - 1], lyric=replace(before, extend=True))
    return out
