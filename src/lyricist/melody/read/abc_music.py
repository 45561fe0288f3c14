"""ABC's lines of music, one voice at a time: notes, chords, bar lines, and the words under them (`w:` lines)."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from lyricist.errors import InputError
from lyricist.melody.notation import STEPS, symbol_of
from lyricist.melody.read.performance import (
    FINEST,
    MAX_BARS,
    MAX_NOTES,
    SYLLABIC,
    ZERO,
    Marks,
    WrittenBar,
    WrittenNote,
    endings,
)
from lyricist.melody.tune import Lyric

MAX_TUPLET = 64
LENGTH = r"(\d*)(/*)(\d*)"
NOTE = r"(\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)" + LENGTH
TOKENS: tuple[tuple[str, str], ...] = (  # kind, pattern; the first one that matches
    ("field", r"\[([A-Za-z]):([^\]]{0,200})\]"),
    ("quoted", r"\"([^\"]{0,300})\""),
    ("decoration", r"!([^!\s]{1,30})!|\+([A-Za-z.]{2,20})\+|([HSO])"),
    ("grace", r"\{[^}]{0,200}\}"),
    ("ending", r"\[\s*\"?(\d[\d,\-. ]*)\"?"),
    ("bar_line", r"(\.?:*\[?\|[|\]:]*|:{2,}|\[\|?\])[ \t]*(\d[\d,\-.]*)?"),
    ("tuplet", r"\((\d{1,6})(?::(\d{0,6}))?(?::(\d{0,6}))?"),
    ("chord", r"\[([^\]|\[]{0,200})\]" + LENGTH),
    ("note", NOTE),
    ("rest", r"([zxyZX])" + LENGTH),
    ("tie", r"-"),
    ("slur", r"[()]"),
    ("broken", r"(<{1,3}|>{1,3})"),
    ("overlay", r"&"),
    ("blank", r"[\s`.~LMPTuv$*\\\]h-w]+|!"),
)
SCANNER = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in TOKENS))
PATTERNS = {kind: re.compile(pattern) for kind, pattern in TOKENS}
BREATHS = {"breath", "caesura", "shortphrase", "mediumphrase", "longphrase"}
FERMATAS = {"fermata", "invertedfermata", "ferm", "H"}
ALTER = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
USUAL_TUPLETS = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # p notes in the time of q

LABEL = re.compile(r"^\(?(\d{1,2})(?:\s?\(?alt\.?\)?)?[.,:)]{1,2}[\s~]*|^(\d{1,2})~+", re.I)  # number of a verse
ACCENTS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "c": "\u0327", "v": "\u030c"}
LIGATURES = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å"}
Column = tuple[int, WrittenNote]  # index of the bar, and a note or the top note of a chord


# Words


def unescape(text: str) -> str:
    r"""Replace the escapes of ABC and HTML by the letters that they stand for.

    >>> unescape(r"Dvo\vr\'ak, stain\`ed, &ouml;, \u00fc, Gru\ss")
    'Dvořák, stainèd, ö, ü, Gruß'
    """

    def letter(match: re.Match[str]) -> str:
        found = chr(int(match[1], 16))
        return found if found.isprintable() else ""

    def accented(match: re.Match[str]) -> str:
        return unicodedata.normalize("NFC", (match[2] or match[4]) + ACCENTS[match[1] or match[3]])

    text = re.sub(r"&[A-Za-z]{2,8};", lambda m: html.unescape(m[0]), text)
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", letter, text)
    text = re.sub(r"\\([`'^~\"])([A-Za-z])|\\([cv])([A-Za-z])", accented, text)
    return re.sub(r"\\(ss|ae|AE|oe|OE|aa|AA)", lambda m: LIGATURES[m[1]], text)


def syllables(text: str) -> Iterator[tuple[str, str]]:
    r"""Kind and text of the parts of a `w:` line.

    Kinds: `word` (a syllable that ends its word), `part` (another syllable), `-` and `_` (hold the syllable before
    for one more note), `*` (a note without a syllable), `|` (go to the next bar).

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
    """The `W:` lines of a tune as stanzas of lines. An empty line or a number begins a stanza.

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
    """Puts the `w:` lines of one voice under its notes."""

    verses: dict[int, int] = field(default_factory=dict)  # place of a w: line under its music, from 1: verse
    open: set[int] = field(default_factory=set)  # verses whose last word continues
    begun: set[int] = field(default_factory=set)
    lost: int = 0  # syllables without a note

    def align(self, text: str, place: int, columns: Sequence[Column]) -> None:
        """Put a `w:` line, line number `place` under its music, under the notes in `columns`."""
        text = unescape(text).strip()
        label = LABEL.match(text)
        verse = self._verse(int(label[1] or label[2]) if label else 0, place)
        stanza = bool(label) or verse not in self.begun
        bar = columns[0][0] if columns else 0
        at = int(bool(label and re.search(r"~\s+$", label[0])))  # `1.~ In`: the number has a note to itself
        last: WrittenNote | None = None  # of the last syllable
        for kind, syllable in syllables(text[label.end() :] if label else text):
            if kind == "|":
                bar += 1
                while at < len(columns) and columns[at][0] < bar:
                    at += 1
                continue
            note = columns[at][1] if at < len(columns) else None
            if syllable and note is None:
                self.lost += 1
                continue
            if syllable and note is not None:
                self._put(note, verse, syllable, kind == "part", last is None, last is None and stanza)
                last = note
            elif note is not None and last is not None:
                if kind == "_":
                    last.lyrics = [replace(x, extend=True) if x.verse == verse else x for x in last.lyrics]
                note.slurred |= place == 1
            at += 1

    def _verse(self, label: int, place: int) -> int:
        above = {verse for other, verse in self.verses.items() if other < place}
        if label and label not in above:
            self.verses[place] = label
        verse = self.verses.get(place, place)
        while verse in above:
            verse += 1
        self.verses[place] = verse
        return verse

    def _put(self, note: WrittenNote, verse: int, text: str, continues: bool, line: bool, stanza: bool) -> None:
        lyric = Lyric(text, SYLLABIC[verse in self.open, continues], verse, False, line, stanza)
        note.lyrics = sorted([*(x for x in note.lyrics if x.verse != verse), lyric], key=lambda x: x.verse)
        (self.open.add if continues else self.open.discard)(verse)
        self.begun.add(verse)


# Music


@dataclass
class AbcBar(WrittenBar):
    notes: list[WrittenNote] = field(default_factory=list)
    overlay: list[WrittenNote] = field(default_factory=list)  # notes of a second voice, after &


@dataclass
class Voice:
    """The state of one voice while it is read. Lengths in quarters."""

    file: str  # name of the file, for errors
    name: str = ""
    unit: Fraction = Fraction(1, 2)  # L:
    metre: tuple[int, int] | None = (4, 4)
    key: dict[str, int] = field(default_factory=dict)
    shift: int = 0  # semitones
    bars: list[AbcBar] = field(default_factory=list)
    bar: AbcBar = field(default_factory=AbcBar)
    cursor: Fraction = ZERO
    line: list[Column] = field(default_factory=list)  # of the last line of music, for its w: lines
    continued: bool = False  # this line ends in a backslash
    words: Underlay = field(default_factory=Underlay)
    word_lines: int = 0  # w: lines under the last line of music so far
    accidentals: dict[str, int] = field(default_factory=dict)
    ties: dict[int, str] = field(default_factory=dict)  # pitches with a tie to the next note: letter and octave
    last: list[WrittenNote] = field(default_factory=list)  # the last note or chord; empty after a rest
    spelled: dict[int, str] = field(default_factory=dict)  # pitches of `last`: letter and octave
    began: Fraction = ZERO  # start of the last note or rest
    slurs: int = 0
    opening: int = 0  # slurs that begin at the next note
    tuplet: tuple[int, Fraction] = (0, Fraction(1))  # notes left, factor
    factor: Fraction = Fraction(1)  # of the next note, after > or <
    signs: set[str] = field(default_factory=set)  # decorations of the next note
    open_ending: frozenset[int] = frozenset()
    overlaid: bool = False
    full: Fraction = ZERO  # length of the bar without its overlay
    count: int = 0  # notes
    unknown: set[str] = field(default_factory=set)

    def close(self) -> None:
        """End the bar, if anything is in it. Raises `InputError` for lengths that do not add up, and beyond
        MAX_BARS."""
        self.cursor = max(self.cursor, self.full)
        if self.cursor > 0:
            if self.cursor.denominator > FINEST:
                raise InputError(f"{self.file}: the lengths in bar {len(self.bars) + 1} do not add up; correct them")
            if len(self.bars) >= MAX_BARS:
                raise InputError(f"{self.file}: more than {MAX_BARS} bars; give one song")
            self.bar.length, self.bar.metre = self.cursor, self.metre
            self.bars.append(self.bar)
            self.bar = AbcBar(marks=Marks(ending=self.open_ending))
        self.cursor = self.full = self.began = ZERO
        self.overlaid = False
        self.accidentals.clear()

    # Tokens: one method for each kind

    def read_note(self, match: re.Match[str]) -> None:
        pitch, spelled = self._pitch(match[1], match[2], match[3])
        self._strike({pitch: spelled}, length(match[4], match[5], match[6], self.file))

    def read_chord(self, match: re.Match[str]) -> None:
        """The length of a chord is the length of its first note times its own length."""
        notes = list(re.finditer(NOTE + "(-?)", match[1]))
        if not notes:
            return
        spelled = dict(self._pitch(note[1], note[2], note[3]) for note in notes)
        tied = {pitch: how for note, (pitch, how) in zip(notes, spelled.items(), strict=False) if note[7]}
        first = length(notes[0][4], notes[0][5], notes[0][6], self.file)
        self._strike(spelled, first * length(match[2], match[3], match[4], self.file))
        self._tie(tied)

    def read_rest(self, match: re.Match[str]) -> None:
        if match[1] == "y":
            return
        units = length(match[2], match[3], match[4], self.file)
        self.ties, self.last = {}, []
        if match[1] in "zx":
            self.began, self.cursor = self.cursor, self.cursor + self._duration(units)
            return
        bar = Fraction(4 * self.metre[0], self.metre[1]) if self.metre else Fraction(4)
        for k in range(min(int(units), MAX_BARS)):
            if k:
                self.close()
            self.cursor = bar

    def read_tie(self, _match: re.Match[str]) -> None:
        if self.last:
            self._tie(self.spelled)

    def read_slur(self, match: re.Match[str]) -> None:
        if match[0] == "(":
            self.opening = min(self.opening + 1, 9)
        elif self.slurs:
            self.slurs -= 1

    def read_tuplet(self, match: re.Match[str]) -> None:
        """(p:q:r means p notes in the time of q for the next r notes. Raises `InputError` for a number that is 0 or
        beyond MAX_TUPLET."""
        p = int(match[1])
        compound = self.metre is not None and self.metre[0] % 3 == 0 and self.metre[0] > 3
        q, r = int(match[2] or USUAL_TUPLETS.get(p, 3 if compound else 2)), int(match[3] or p)
        if not (0 < p <= MAX_TUPLET and 0 < q <= MAX_TUPLET and 0 < r <= MAX_TUPLET):
            raise InputError(f"{self.file}: {match[0][:30]} is not a tuplet; a tuplet has 1 to {MAX_TUPLET} notes")
        self.tuplet = (r, Fraction(q, p))

    def read_broken(self, match: re.Match[str]) -> None:
        small = Fraction(1, 2 ** len(match[0]))
        before, after = (2 - small, small) if match[0][0] == ">" else (small, 2 - small)
        duration = (self.cursor - self.began) * before
        if duration > 0:
            for note in self.last:
                note.duration = duration
            self.cursor, self.factor = self.began + duration, after

    def read_bar_line(self, match: re.Match[str]) -> None:
        sign = match[1].lstrip(".")
        had_notes = max(self.cursor, self.full) > 0
        self.close()
        colons = len(sign) - len(sign.lstrip(":"))
        both = not sign.strip(":")  # ::
        if colons and (self.bars or had_notes):
            marks = self.bars[-1].marks
            marks.backward = max(2 if both else colons + 1, marks.backward)
        if sign.endswith(":") or both:
            self.bar.marks.forward = True
        if colons or sign.endswith((":", "]", "||")):
            self.open_ending = self.bar.marks.ending = frozenset()
        if match[2]:
            self.open_ending = self.bar.marks.ending = endings(match[2])

    def read_ending(self, match: re.Match[str]) -> None:
        self.close()
        self.open_ending = self.bar.marks.ending = endings(match[1])

    def read_overlay(self, _match: re.Match[str]) -> None:
        self.full, self.cursor = max(self.full, self.cursor), ZERO
        self.overlaid, self.last, self.ties, self.began = True, [], {}, ZERO

    def read_quoted(self, match: re.Match[str]) -> None:
        symbol = "" if match[1][:1] in "^_<>@" else symbol_of(match[1])
        if symbol:
            self.bar.chords.append((self.cursor, symbol))

    def read_decoration(self, match: re.Match[str]) -> None:
        self._sign(match[1] or match[2] or match[3])

    # What the tokens have in common

    def _pitch(self, accidental: str | None, letter: str, octave: str) -> tuple[int, str]:
        """MIDI number and spelling. An accidental holds for its letter, in every octave, until the bar line."""
        step, spelled = letter.upper(), letter + octave
        if accidental:
            self.accidentals[step] = ALTER[accidental]
        elif spelled in self.ties.values() and step not in self.accidentals:
            return next(pitch for pitch, how in self.ties.items() if how == spelled), spelled
        alter = self.accidentals.get(step, self.key.get(step, 0))
        octaves = (5 if letter.islower() else 4) + octave.count("'") - octave.count(",")
        return max(0, min(127, 12 * (octaves + 1) + STEPS[step] + alter + self.shift)), spelled

    def _duration(self, units: Fraction) -> Fraction:
        left, factor = self.tuplet
        duration = units * self.unit * self.factor * (factor if left else 1)
        self.tuplet, self.factor = (max(0, left - 1), factor), Fraction(1)
        return duration

    def _strike(self, spelled: dict[int, str], units: Fraction) -> None:
        """Add notes that start together, with the signs before them."""
        duration = self._duration(units)
        slurred = self.slurs > 0 or any(pitch in self.ties for pitch in spelled)
        fermata, breath = bool(self.signs & FERMATAS), bool(self.signs & BREATHS)
        made = [
            WrittenNote(self.cursor, duration, pitch, slurred=slurred, fermata=fermata, phrase_end=breath)
            for pitch in sorted(spelled)
        ]
        self.count += len(made)
        if self.count > MAX_NOTES:
            raise InputError(f"{self.file}: more than {MAX_NOTES} notes; give one song")
        self.signs.clear()
        self.ties, self.spelled = {}, spelled
        self.slurs, self.opening = self.slurs + self.opening, 0
        self.last, self.began, self.cursor = made, self.cursor, self.cursor + duration
        if self.overlaid:
            self.bar.overlay += made
        else:
            self.bar.notes += made
            self.line.append((len(self.bars), made[-1]))

    def _tie(self, spelled: dict[int, str]) -> None:
        self.ties = self.ties | spelled
        for note in self.last:
            note.tied |= note.pitch in spelled

    def _sign(self, sign: str) -> None:
        marks, plain = self.bar.marks, sign.lower().replace(".", "")
        if sign in FERMATAS or sign in BREATHS:
            self.signs.add(sign)
        elif plain in ("segno", "s"):
            marks.segno = True
        elif plain in ("coda", "o"):
            marks.coda = True
        elif plain == "fine":
            marks.fine = True
        elif plain in ("tocoda", "dacoda"):
            marks.to_coda = True
        elif plain.startswith(("dc", "dacapo", "ds", "dalsegno")):
            marks.jump = "capo" if plain.startswith(("dc", "dacapo")) else "segno"


def read_line(voice: Voice, text: str, change: Callable[[str, str], Voice]) -> Voice:
    """Read a line of music. `change` handles inline fields and returns the voice to continue with.

    Raises InputError: impossible lengths, or too many notes or bars.
    """
    at = 0
    while at < len(text):
        match = SCANNER.match(text, at)
        if match is None or match.lastgroup is None:
            voice.unknown.add(text[at])
            at += 1
            continue
        kind = match.lastgroup
        if kind == "field":
            voice = change(match[0][1], match[0][3:-1])
        elif kind not in ("grace", "blank"):
            token = PATTERNS[kind].match(text, at)
            if token is not None:
                getattr(voice, f"read_{kind}")(token)
        at = match.end()
    return voice


def length(digits: str, slashes: str, divisor: str, file: str) -> Fraction:
    """Length of a note in units. Raises `InputError` for a 0 or too many digits.

    >>> length("3", "/", "2", "x"), length("", "//", "", "x"), length("", "", "", "x")
    (Fraction(3, 2), Fraction(1, 4), Fraction(1, 1))
    """
    zero = (divisor and not int(divisor)) or (digits and not int(digits))
    if zero or max(len(digits), len(slashes), len(divisor)) > 6:
        raise InputError(f"{file}: {(digits + slashes + divisor)[:20]!r} is not a length of a note; correct it")
    return Fraction(int(digits or 1), int(divisor) if divisor else 2 ** len(slashes))
