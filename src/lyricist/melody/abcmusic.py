"""Lines of music in ABC: notes, chords, bar lines and all that stands between them, for one voice at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from lyricist.errors import InputError
from lyricist.melody.abcwords import Column, Underlay
from lyricist.melody.harmony import STEPS, symbol_of
from lyricist.melody.unfold import Marks, endings
from lyricist.melody.written import FINEST, MAX_NOTES, ZERO, WrittenBar, WrittenNote

MAX_BARS = 20_000
MAX_TUPLET = 64
LENGTH = r"(\d*)(/*)(\d*)"
NOTE = r"(\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)" + LENGTH
TOKENS: tuple[tuple[str, str], ...] = (  # kind, pattern; the first that fits
    ("field", r"\[([A-Za-z]):([^\]]{0,200})\]"),
    ("quoted", r"\"([^\"]{0,300})\""),
    ("decoration", r"!([^!\s]{1,30})!|\+([A-Za-z.]{2,20})\+"),
    ("grace", r"\{[^}]{0,200}\}"),
    ("ending", r"\[\s*\"?(\d[\d,\-. ]*)\"?"),
    ("bar", r"(\.?:*\[?\|[|\]:]*|:{2,}|\[\|?\])[ \t]*(\d[\d,\-.]*)?"),
    ("tuplet", r"\((\d{1,6})(?::(\d{0,6}))?(?::(\d{0,6}))?"),
    ("chord", r"\[([^\]|\[]{0,200})\]" + LENGTH),
    ("note", NOTE),
    ("rest", r"([zxyZX])" + LENGTH),
    ("tie", r"-"),
    ("slur", r"[()]"),
    ("broken", r"(<{1,3}|>{1,3})"),
    ("overlay", r"&"),
    ("sign", r"[HSO]"),
    ("blank", r"[\s`.~LMPTuv$*\\\]h-w]+|!"),
)
SCANNER = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in TOKENS))
PATTERNS = {kind: re.compile(pattern) for kind, pattern in TOKENS}
BREATHS = {"breath", "caesura", "shortphrase", "mediumphrase", "longphrase"}
FERMATAS = {"fermata", "invertedfermata", "ferm", "H"}
ALTER = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}


@dataclass
class AbcBar(WrittenBar):
    notes: list[WrittenNote] = field(default_factory=list)
    overlay: list[WrittenNote] = field(default_factory=list)  # notes of a second voice, behind &


@dataclass
class Voice:
    """A voice that is being read. Lengths in quarters."""

    name: str = ""
    unit: Fraction = Fraction(1, 2)  # L:
    metre: tuple[int, int] | None = (4, 4)
    key: dict[str, int] = field(default_factory=dict)
    shift: int = 0  # semitones
    bars: list[AbcBar] = field(default_factory=list)
    bar: AbcBar = field(default_factory=AbcBar)
    cursor: Fraction = ZERO
    line: list[Column] = field(default_factory=list)  # of the last line of music, for its w: lines
    continued: bool = False  # that line ends in a backslash
    words: Underlay = field(default_factory=Underlay)
    sung: int = 0  # w: lines under that line so far
    accidentals: dict[str, int] = field(default_factory=dict)
    ties: dict[int, str] = field(default_factory=dict)  # pitches that a tie leads on from: letter and octave
    last: list[WrittenNote] = field(default_factory=list)  # struck together; none after a rest
    spelled: dict[int, str] = field(default_factory=dict)  # pitches of `last`: letter and octave
    began: Fraction = ZERO  # the last note or rest
    slurs: int = 0
    opening: int = 0
    tuplet: tuple[int, Fraction] = (0, Fraction(1))  # notes left, factor
    broken: Fraction = Fraction(1)
    signs: set[str] = field(default_factory=set)
    ending: frozenset[int] = frozenset()
    overlaid: bool = False
    full: Fraction = ZERO  # how long the bar is without its overlay
    count: int = 0  # notes
    unknown: set[str] = field(default_factory=set)

    def close(self, name: str) -> None:
        """End the bar, if there is anything in it."""
        self.cursor = max(self.cursor, self.full)
        if self.cursor > 0:
            if self.cursor.denominator > FINEST:
                raise InputError(f"{name}: the lengths in bar {len(self.bars) + 1} do not add up; mend them")
            if len(self.bars) >= MAX_BARS:
                raise InputError(f"{name}: more than {MAX_BARS} bars; give one song")
            self.bar.length, self.bar.metre = self.cursor, self.metre
            self.bars.append(self.bar)
            self.bar = AbcBar(marks=Marks(ending=self.ending))
        self.cursor = self.full = self.began = ZERO
        self.overlaid = False
        self.accidentals.clear()


def read_line(voice: Voice, text: str, name: str, change: Callable[[str, str], Voice]) -> Voice:
    """Read a line of music; `change` is told of inline fields and gives the voice to go on with."""
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
        elif kind in READERS:
            parts = PATTERNS[kind].match(text, at)
            if parts is not None:
                READERS[kind](voice, parts, name)
        at = match.end()
    return voice


def length(digits: str, slashes: str, divisor: str, name: str) -> Fraction:
    """Of a note, in units.

    >>> length("3", "/", "2", "x"), length("", "//", "", "x"), length("", "", "", "x")
    (Fraction(3, 2), Fraction(1, 4), Fraction(1, 1))
    """
    if (
        max(len(digits), len(slashes), len(divisor)) > 6
        or (divisor and not int(divisor))
        or (digits and not int(digits))
    ):
        raise InputError(f"{name}: no note is as long as {(digits + slashes + divisor)[:20]!r}; mend it")
    below = int(divisor) if divisor else 2 ** len(slashes)
    return Fraction(int(digits or 1), below)


def _note(voice: Voice, match: re.Match[str], name: str) -> None:
    pitch, spelled = _pitch(voice, match[1], match[2], match[3])
    _column(voice, {pitch: spelled}, length(match[4], match[5], match[6], name), name)


def _chord(voice: Voice, match: re.Match[str], name: str) -> None:
    """Its length is that of its first note times its own."""
    notes = list(re.finditer(NOTE + "(-?)", match[1]))
    if not notes:
        return
    spelled = dict(_pitch(voice, note[1], note[2], note[3]) for note in notes)
    tied = {pitch: how for note, (pitch, how) in zip(notes, spelled.items(), strict=False) if note[7]}
    first = length(notes[0][4], notes[0][5], notes[0][6], name)
    _column(voice, spelled, first * length(match[2], match[3], match[4], name), name)
    _tie_on(voice, tied)


def _pitch(voice: Voice, accidental: str | None, letter: str, octave: str) -> tuple[int, str]:
    """MIDI number, and how it is spelled. An accidental holds for its letter, in every octave, up to the bar line."""
    step, spelled = letter.upper(), letter + octave
    if accidental:
        voice.accidentals[step] = ALTER[accidental]
    elif spelled in voice.ties.values() and step not in voice.accidentals:
        return next(pitch for pitch, how in voice.ties.items() if how == spelled), spelled
    alter = voice.accidentals.get(step, voice.key.get(step, 0))
    octaves = (5 if letter.islower() else 4) + octave.count("'") - octave.count(",")
    return max(0, min(127, 12 * (octaves + 1) + STEPS[step] + alter + voice.shift)), spelled


def _column(voice: Voice, spelled: dict[int, str], units: Fraction, name: str) -> None:
    """Add notes that sound at once, with what was said of them before."""
    duration = _scaled(voice, units)
    slurred = voice.slurs > 0 or any(pitch in voice.ties for pitch in spelled)
    made = [WrittenNote(voice.cursor, duration, pitch, slurred=slurred) for pitch in sorted(spelled)]
    for note in made:
        note.fermata, note.phrase_end = bool(voice.signs & FERMATAS), bool(voice.signs & BREATHS)
    voice.count += len(made)
    if voice.count > MAX_NOTES:
        raise InputError(f"{name}: more than {MAX_NOTES} notes; give one song")
    voice.signs.clear()
    voice.ties, voice.spelled = {}, spelled
    voice.slurs, voice.opening = voice.slurs + voice.opening, 0
    voice.last, voice.began, voice.cursor = made, voice.cursor, voice.cursor + duration
    if voice.overlaid:
        voice.bar.overlay += made
    else:
        voice.bar.notes += made
        voice.line.append((len(voice.bars), made[-1]))


def _tie(voice: Voice, _match: re.Match[str], _name: str) -> None:
    if voice.last:
        _tie_on(voice, voice.spelled)


def _tie_on(voice: Voice, spelled: dict[int, str]) -> None:
    voice.ties = voice.ties | spelled
    for note in voice.last:
        note.tied |= note.pitch in spelled


def _scaled(voice: Voice, units: Fraction) -> Fraction:
    left, factor = voice.tuplet
    duration = units * voice.unit * voice.broken * (factor if left else 1)
    voice.tuplet, voice.broken = (max(0, left - 1), factor), Fraction(1)
    return duration


def _rest(voice: Voice, match: re.Match[str], name: str) -> None:
    if match[1] == "y":
        return
    count = length(match[2], match[3], match[4], name)
    voice.ties, voice.last = {}, []
    if match[1] in "zx":
        voice.began, voice.cursor = voice.cursor, voice.cursor + _scaled(voice, count)
        return
    bar = Fraction(4 * voice.metre[0], voice.metre[1]) if voice.metre else Fraction(4)
    for k in range(min(int(count), MAX_BARS)):
        if k:
            voice.close(name)
        voice.cursor = bar


def _slur(voice: Voice, match: re.Match[str], _name: str) -> None:
    if match[0] == "(":
        voice.opening = min(voice.opening + 1, 9)
    elif voice.slurs:
        voice.slurs -= 1


def _tuplet(voice: Voice, match: re.Match[str], name: str) -> None:
    """(p:q:r, p notes in the time of q for the next r."""
    p = int(match[1])
    compound = voice.metre is not None and voice.metre[0] % 3 == 0 and voice.metre[0] > 3
    usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
    q, r = int(match[2] or usual), int(match[3] or p)
    if not (0 < p <= MAX_TUPLET and 0 < q <= MAX_TUPLET and 0 < r <= MAX_TUPLET):
        raise InputError(f"{name}: the tuplet {match[0][:30]} is none; at most {MAX_TUPLET} notes make one")
    voice.tuplet = (r, Fraction(q, p))


def _broken(voice: Voice, match: re.Match[str], _name: str) -> None:
    small = Fraction(1, 2 ** len(match[0]))
    before, after = (2 - small, small) if match[0][0] == ">" else (small, 2 - small)
    duration = (voice.cursor - voice.began) * before
    if duration > 0:
        for note in voice.last:
            note.duration = duration
        voice.cursor, voice.broken = voice.began + duration, after


def _bar(voice: Voice, match: re.Match[str], name: str) -> None:
    sign = match[1].lstrip(".")
    had_notes = max(voice.cursor, voice.full) > 0
    voice.close(name)
    colons = len(sign) - len(sign.lstrip(":"))
    both = not sign.strip(":")  # ::
    if colons and (voice.bars or had_notes):
        times = 2 if both else colons + 1
        voice.bars[-1].marks.backward = max(times, voice.bars[-1].marks.backward)
    if sign.endswith(":") or both:
        voice.bar.marks.forward = True
    if colons or sign.endswith((":", "]", "||")):
        voice.ending = voice.bar.marks.ending = frozenset()
    if match[2]:
        _begin_ending(voice, match[2])


def _begin_ending(voice: Voice, numbers: str) -> None:
    voice.ending = voice.bar.marks.ending = endings(numbers)


def _ending(voice: Voice, match: re.Match[str], name: str) -> None:
    voice.close(name)
    _begin_ending(voice, match[1])


def _overlay(voice: Voice, _match: re.Match[str], _name: str) -> None:
    voice.full, voice.cursor = max(voice.full, voice.cursor), ZERO
    voice.overlaid, voice.last, voice.ties, voice.began = True, [], {}, ZERO


def _quoted(voice: Voice, match: re.Match[str], _name: str) -> None:
    symbol = "" if match[1][:1] in "^_<>@" else symbol_of(match[1])
    if symbol:
        voice.bar.chords.append((voice.cursor, symbol))


def _decoration(voice: Voice, match: re.Match[str], _name: str) -> None:
    _sign(voice, match[1] or match[2])


def _sign(voice: Voice, sign: str) -> None:
    marks, plain = voice.bar.marks, sign.lower().replace(".", "")
    if sign in FERMATAS or sign in BREATHS:
        voice.signs.add(sign)
    elif plain in ("segno", "s"):
        marks.segno = True
    elif plain in ("coda", "o"):
        marks.coda = True
    elif plain in ("fine", "tocoda", "dacoda"):
        marks.fine, marks.to_coda = marks.fine or plain == "fine", marks.to_coda or plain != "fine"
    elif plain.startswith(("dc", "dacapo", "ds", "dalsegno")):
        marks.jump = "capo" if plain.startswith(("dc", "dacapo")) else "segno"


READERS: dict[str, Callable[[Voice, re.Match[str], str], None]] = {
    "quoted": _quoted,
    "decoration": _decoration,
    "ending": _ending,
    "bar": _bar,
    "tuplet": _tuplet,
    "chord": _chord,
    "note": _note,
    "rest": _rest,
    "tie": _tie,
    "slur": _slur,
    "broken": _broken,
    "overlay": _overlay,
    "sign": lambda voice, match, _name: _sign(voice, match[0]),
}
