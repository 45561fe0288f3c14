"""ABC notation (.abc), versions 1.6 to 2.1 and what collections add: voices, each with all verses of its words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate

from lyricist.errors import InputError
from lyricist.melody.abcmusic import AbcBar, Voice, read_line
from lyricist.melody.abcwords import unescape
from lyricist.melody.harmony import key_of, signature
from lyricist.melody.tempowords import tempo_in_words
from lyricist.melody.textbytes import decode
from lyricist.melody.tune import Score
from lyricist.melody.written import Sheet, WrittenBar, WrittenNote, WrittenVoice, perform

MAX_BYTES = 2**19
MAX_VOICES = 100
FIELD = re.compile(r"([A-Za-z+]):(?![|:\]])(.*)", re.S)
CHARSET = re.compile(rb"^(?:%%|I:\s*)abc-charset\s+([\w-]{2,20})", re.M)
CLEFS = (("+8", 12), ("-8", -12))


def read_abc(data: bytes, name: str) -> Score:
    """The first tune in `data`, as performed, every voice a part.

    The first syllable of a `w:` line is a `line_start`; lines of one verse are told by their place under the music or
    by the number they begin with. `W:` lines, which stand under no notes, are left out.

    Args:
        data: the file's bytes.
        name: of the file, for errors.

    Raises:
        InputError: no ABC tune, too large, impossible lengths, or no notes.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise InputError(f"{name}: empty; give a file of ABC")
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: {len(data)} bytes of ABC, more than {MAX_BYTES}; give one tune")
    charset = CHARSET.search(data)
    text = decode(data, charset[1].decode() if charset else "")
    tune = _Tune(name)
    for line in _lines(text):
        if not tune.line(line):
            break
    return tune.score()


def _lines(text: str) -> Iterator[str]:
    """Without comments and printed text; a field that `+:` continues is one line."""
    held = skipped = ""
    for raw in re.split(r"\r\n|\r|\n", text.lstrip("\ufeff")):
        if skipped or raw.startswith("%%begin"):  # text and PostScript for printing
            skipped = skipped or "%%end" + raw[7:].split(" ")[0].strip()
            skipped = "" if raw.strip() == skipped else skipped
            continue
        line = re.sub(r"(?<!\\)%.*$", "", raw).rstrip() if not raw.startswith("%%") else ""
        if line.startswith("+:"):
            held += " " + line[2:].strip()
        elif line:
            yield from [held] if held else []
            held = line
    yield from [held] if held else []


@dataclass
class _Tune:
    """One tune as its lines come."""

    name: str
    titles: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    key: tuple[int, str] = (0, "major")
    pattern: Voice = field(default_factory=Voice)  # what the header says of all voices
    given_unit: bool = False
    voices: dict[str, Voice] = field(default_factory=dict)
    voice: Voice | None = None
    fresh: set[str] = field(default_factory=set)  # voices with notes in the line of music being read
    body: bool = False
    warnings: dict[str, None] = field(default_factory=dict)

    def line(self, text: str) -> bool:
        """Take a line; False behind the end of the tune."""
        match = FIELD.match(text)
        if match is None:
            if self.body:
                self.music(text)
            return True
        letter, value = match[1], match[2].strip()
        value = value if letter == "w" else value[:500]
        if letter == "X" and self.body:
            self.warnings["only the first tune of the file is read"] = None
            return False
        if not self.body:
            self.header(letter, value)
        elif letter == "w":
            self.sing(value)
        else:
            self.voice = self.change(letter, value)
        return True

    def header(self, letter: str, value: str) -> None:
        if letter in "TC":
            (self.titles if letter == "T" else self.people).append(" ".join(unescape(value).split())[:500])
        elif letter == "V":
            self.declare(value)
        elif letter == "P":
            self.warnings["the order of parts in P: is not played"] = None
        else:
            self.set(self.pattern, letter, value)
            if letter == "K":
                self.key = key_of(value) or (0, "major")
                self.begin()

    def begin(self) -> None:
        """The header is complete: it holds for all voices declared in it."""
        self.body = True
        for voice in self.voices.values():
            self.inherit(voice)

    def inherit(self, voice: Voice) -> None:
        old = self.pattern
        voice.unit, voice.metre, voice.key, voice.shift = old.unit, old.metre, old.key, voice.shift + old.shift
        voice.bar.tempi = list(old.bar.tempi)

    def declare(self, value: str) -> Voice:
        """The voice of a V: field; a new one where its id is new."""
        identity = (value.split() or ["1"])[0]
        voice = self.voices.get(identity)
        if voice is None:
            if len(self.voices) >= MAX_VOICES:
                raise InputError(f"{self.name}: more than {MAX_VOICES} voices; give one song")
            voice = self.voices[identity] = Voice(name=identity)
            if self.body:
                self.inherit(voice)
        self.describe(voice, value.removeprefix(identity))
        return voice

    def describe(self, voice: Voice, text: str) -> None:
        """name=, clef=, octave=, transpose= of a V: or a K: field."""
        label = re.search(r"\b(?:name|nm)=(?:\"([^\"]*)\"|(\S+))", text)
        if label:
            voice.name = " ".join((label[1] or label[2] or "").replace("\\n", " ").split())[:200] or voice.name
        shift = sum(12 * int(number) for number in re.findall(r"\boctave=([+-]?\d)\b", text))
        shift += sum(int(number) for number in re.findall(r"\btranspose=([+-]?\d{1,2})\b", text))
        clef = re.search(r"(?:clef=|\b)\"?(?:treble|alto|tenor|bass)\d?([+-]8)", text)
        shift += dict(CLEFS)[clef[1]] if clef else 0
        if shift:
            voice.shift = max(-60, min(60, shift))

    def set(self, voice: Voice, letter: str, value: str) -> None:
        """A field that changes how a voice is read."""
        if letter == "K":
            self.describe(voice, value)
            voice.key = key_signature(value, voice.key)
        elif letter == "M":
            voice.metre = metre_of(value)
            if voice is self.pattern and not self.given_unit:
                voice.unit = default_unit(voice.metre)
        elif letter == "L":
            unit = re.match(r"(\d{1,3})/(\d{1,3})$|1$", value)
            if unit and unit[1] and (not int(unit[1]) or not int(unit[2])):
                raise InputError(f"{self.name}: L:{value[:20]} is no length; write L:1/8")
            if unit:
                voice.unit = Fraction(4 * int(unit[1] or 1), int(unit[2] or 1))
                self.given_unit = True
        elif letter == "Q":
            tempo = tempo_of(value, voice.unit)
            if tempo is not None:
                voice.bar.tempi.append((voice.cursor, tempo))

    def change(self, letter: str, value: str) -> Voice:
        """A field in the body. Returns the voice that goes on."""
        if letter == "V":
            self.voice = self.declare(value)
            self.begin_line(self.voice)
            return self.voice
        voice = self.current()
        if letter in "KMLQ":
            self.set(voice, letter, value)
        elif letter == "T" and not self.titles:
            self.titles.append(" ".join(unescape(value).split())[:500])
        return voice

    def current(self) -> Voice:
        if self.voice is None:
            self.voice = next(iter(self.voices.values()), None) or self.declare("1")
        return self.voice

    def begin_line(self, voice: Voice) -> None:
        if voice.name not in self.fresh:
            self.fresh.add(voice.name)
            if not voice.continued:
                voice.line = []
            voice.continued, voice.sung = False, 0

    def music(self, text: str) -> None:
        self.fresh = set()
        voice = self.current()
        if not text.lstrip().startswith("[V:"):
            self.begin_line(voice)
        self.voice = read_line(voice, text, self.name, self.change)
        self.voice.continued = text.endswith("\\")

    def sing(self, text: str) -> None:
        voice = self.current()
        voice.sung += 1
        if voice.sung <= 50:
            voice.words.align(text, voice.sung, voice.line)

    def score(self) -> Score:
        """Raises InputError where there was no tune."""
        if not self.body:
            raise InputError(f"{self.name}: no K: field, so no ABC tune; give a file of ABC")
        for voice in self.voices.values():
            voice.close(self.name)
            if voice.words.lost:
                self.warnings[f"voice {voice.name}: {voice.words.lost} syllables more than notes are left out"] = None
            if voice.unknown:
                self.warnings[f"not understood: {''.join(sorted(voice.unknown))[:40]}"] = None
        rights = [line for line in self.people if re.search(r"copyright|©|\(c\)|public domain", line, re.I)]
        music = [line for line in self.people if line not in rights]
        head = Score(
            title=self.titles[0] if self.titles else "",
            parts=(),
            key=self.key,
            copyright=re.sub(r"^copyright:?\s*", "", rights[0], flags=re.I) if rights else "",
            composer=next((line for line in music if re.search(r"\bmusic\b", line, re.I)), music[0] if music else ""),
            kind="abc",
            warnings=tuple(self.warnings)[:20],
        )
        return perform(_sheet([voice for voice in self.voices.values() if voice.bars]), head, self.name)


def _sheet(voices: list[Voice]) -> Sheet:
    """All voices on the bars of the one that sings most."""
    if not voices:
        return Sheet([], [])
    lead = max(voices, key=lambda voice: sum(len(n.lyrics) for bar in voice.bars for n in bar.notes))
    bars: list[WrittenBar] = list(lead.bars)
    for voice in voices:
        if voice is not lead and len(voice.bars) == len(bars):
            for bar, other in zip(bars, voice.bars, strict=True):
                bar.marks.join(other.marks)
                bar.chords = bar.chords or other.chords
                bar.tempi = bar.tempi or other.tempi
    out = []
    for voice in voices:
        aligned = voice.bars if len(voice.bars) == len(bars) else _rebarred(voice.bars, lead.bars)
        out.append(WrittenVoice(voice.name, {i: bar.notes for i, bar in enumerate(aligned)}))
        if any(bar.overlay for bar in aligned):
            out.append(WrittenVoice(voice.name, {i: bar.overlay for i, bar in enumerate(aligned)}, voice=2))
    return Sheet(bars, out)


def _rebarred(bars: list[AbcBar], lead: list[AbcBar]) -> list[AbcBar]:
    """A voice whose bar lines are not the leading voice's, on those by time."""
    out = [AbcBar() for _ in lead]
    lines = list(accumulate((bar.length for bar in lead), initial=Fraction(0)))
    start = Fraction(0)

    def place(note: WrittenNote) -> int:
        at = start + note.onset
        k = min(max(0, bisect_right(lines, at) - 1), len(lead) - 1)
        note.onset = at - lines[k]
        return k

    for bar in bars:
        for note in bar.notes:
            out[place(note)].notes.append(note)
        for note in bar.overlay:
            out[place(note)].overlay.append(note)
        start += bar.length
    return out


def key_signature(value: str, before: dict[str, int]) -> dict[str, int]:
    """Letters that a K: field raises or lowers; what it had before where it only names a clef.

    >>> key_signature("Bb", {}), key_signature("D phr ^f", {}), key_signature("clef=bass", {"F": 1})
    ({'B': -1, 'E': -1}, {'B': -1, 'E': -1, 'F': 1}, {'F': 1})
    """
    found = key_of(value)
    if found is None and not re.match(r"none|\s*$|exp\b", value, re.I):
        return before
    out = {} if found is None or re.search(r"\bexp\b", value) else signature(found[0])
    signs = re.findall(r"(?<=\s)([_^]{1,2}|=)([a-gA-G])(?=\s|$)", value)
    return out | {letter.upper(): {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}[sign] for sign, letter in signs}


def metre_of(value: str) -> tuple[int, int] | None:
    """Of an M: field; None is free.

    >>> metre_of("C|"), metre_of("(2+3)/8"), metre_of("none")
    ((2, 2), (5, 8), None)
    """
    if value.startswith("C"):
        return (2, 2) if value.startswith("C|") else (4, 4)
    match = re.match(r"\(?(\d{1,2}(?:\s*\+\s*\d{1,2})*)\)?\s*/\s*(\d{1,2})", value)
    if not match:
        return None
    beats, unit = sum(int(term) for term in match[1].split("+")), int(match[2])
    return (beats, unit) if 0 < beats <= 64 and unit in (1, 2, 4, 8, 16, 32, 64) else None


def default_unit(metre: tuple[int, int] | None) -> Fraction:
    """What L: is where it is not given, in quarters: a sixteenth in metres under three quarters."""
    return Fraction(1, 4) if metre is not None and Fraction(*metre) < Fraction(3, 4) else Fraction(1, 2)


def tempo_of(value: str, unit: Fraction) -> float | None:
    """Quarters a minute of a Q: field.

    >>> tempo_of('"Slow" 3/8=60', Fraction(1, 2)), tempo_of("120", Fraction(1, 2)), tempo_of('"Allegro"', Fraction(1))
    (90.0, 60.0, 126.0)
    """
    words = value
    value = re.sub(r"\"[^\"]*\"", "", value).strip()
    match = re.match(r"((?:\d{1,2}/\d{1,2}\s*)*|C\d?)\s*=?\s*(\d{1,4}(?:\.\d{1,4})?)\s*$", value)
    if not match:
        return tempo_in_words(words)
    beats = re.findall(r"(\d+)/(\d+)", match[1])
    if any(not int(below) for _, below in beats):
        return None
    beat = sum((Fraction(4 * int(above), int(below)) for above, below in beats), Fraction(0)) or unit
    tempo = float(beat) * float(match[2])
    return tempo if 5 <= tempo <= 1000 else None
