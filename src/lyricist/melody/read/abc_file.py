"""ABC notation (.abc), versions 1.6 to 2.1 with common extensions: voices, each with all verses of its words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate

from lyricist._io import decode_declared
from lyricist.errors import InputError
from lyricist.melody.notation import FIFTHS, in_key, key_of, tempo_in_words
from lyricist.melody.read.abc_music import ALTER, AbcBar, Voice, read_line, unescape
from lyricist.melody.read.performance import WrittenBar, WrittenNote, WrittenVoice, perform
from lyricist.melody.tune import Score

MAX_BYTES = 2**19
MAX_VOICES = 100
FIELD = re.compile(r"([A-Za-z+]):(?![|:\]])(.*)", re.S)
CHARSET = re.compile(rb"^(?:%%|I:\s*)abc-charset\s+([\w-]{2,20})", re.M)


def read_abc(data: bytes, name: str) -> Score:
    """The first tune in `data`, as performed; every voice is a part.

    The first syllable of a `w:` line is a `line_start`. The verse of a `w:` line is its place under the music, or the
    number at its start. `W:` lines, which have no notes, are left out.

    `name`: the file's name, for errors.
    Raises InputError: no ABC tune, too large, impossible lengths, or no notes.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise InputError(f"{name}: empty; give a file of ABC")
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: {len(data)} bytes of ABC, more than {MAX_BYTES}; give one tune")
    charset = CHARSET.search(data)
    tune = _Tune(name)
    for line in _lines(decode_declared(data, charset[1].decode() if charset else "")):
        if not tune.read(line):
            break
    return tune.score()


def _lines(text: str) -> Iterator[str]:
    """Lines without comments and printed text; a field with `+:` continuations is one line."""
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
    """One tune while its lines are read."""

    name: str
    titles: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    key: tuple[int, str] = (0, "major")
    pattern: Voice = field(init=False)  # what the header says of all voices
    given_unit: bool = False
    voices: dict[str, Voice] = field(default_factory=dict)
    voice: Voice | None = None
    fresh: set[str] = field(default_factory=set)  # voices with notes in the current line of music
    body: bool = False
    warnings: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pattern = Voice(self.name)

    def read(self, text: str) -> bool:
        """Read a line; False after the end of the tune."""
        match = FIELD.match(text)
        if match is None:
            if self.body:
                self._music(text)
            return True
        letter, value = match[1], match[2].strip()
        if letter == "X" and self.body:
            self.warnings["only the first tune of the file is read"] = None
            return False
        if not self.body:
            self._header(letter, value[:500])
        elif letter == "w":
            voice = self._current()
            voice.word_lines += 1
            if voice.word_lines <= 50:
                voice.words.align(value, voice.word_lines, voice.line)
        else:
            self.voice = self._change(letter, value[:500])
        return True

    def _header(self, letter: str, value: str) -> None:
        if letter in "TC":
            (self.titles if letter == "T" else self.people).append(" ".join(unescape(value).split())[:500])
        elif letter == "V":
            self._declare(value)
        elif letter == "P":
            self.warnings["the order of parts in P: is not played"] = None
        else:
            self._set(self.pattern, letter, value)
        if letter == "K":  # the last field of the header; it holds for all voices declared so far
            self.key, self.body = key_of(value) or (0, "major"), True
            for voice in self.voices.values():
                self._inherit(voice)

    def _inherit(self, voice: Voice) -> None:
        old = self.pattern
        voice.unit, voice.metre, voice.key, voice.shift = old.unit, old.metre, old.key, voice.shift + old.shift
        voice.bar.tempi = list(old.bar.tempi)

    def _declare(self, value: str) -> Voice:
        """The voice of a V: field, made at its first use."""
        identity = (value.split() or ["1"])[0]
        voice = self.voices.get(identity)
        if voice is None:
            if len(self.voices) >= MAX_VOICES:
                raise InputError(f"{self.name}: more than {MAX_VOICES} voices; give one song")
            voice = self.voices[identity] = Voice(self.name, identity)
            if self.body:
                self._inherit(voice)
        self._describe(voice, value.removeprefix(identity))
        return voice

    def _describe(self, voice: Voice, text: str) -> None:
        """name=, clef=, octave=, transpose= of a V: or K: field."""
        label = re.search(r"\b(?:name|nm)=(?:\"([^\"]*)\"|(\S+))", text)
        if label:
            voice.name = " ".join((label[1] or label[2] or "").replace("\\n", " ").split())[:200] or voice.name
        shift = sum(12 * int(number) for number in re.findall(r"\boctave=([+-]?\d)\b", text))
        shift += sum(int(number) for number in re.findall(r"\btranspose=([+-]?\d{1,2})\b", text))
        clef = re.search(r"(?:clef=|\b)\"?(?:treble|alto|tenor|bass)\d?([+-])8", text)
        shift += int(clef[1] + "12") if clef else 0
        if shift:
            voice.shift = max(-60, min(60, shift))

    def _set(self, voice: Voice, letter: str, value: str) -> None:
        """A field that changes how a voice is read."""
        if letter == "K":
            self._describe(voice, value)
            voice.key = key_signature(value, voice.key)
        elif letter == "M":
            voice.metre = metre_of(value)
            if voice is self.pattern and not self.given_unit:  # without L:, short metres are written in sixteenths
                short = voice.metre is not None and Fraction(*voice.metre) < Fraction(3, 4)
                voice.unit = Fraction(1, 4) if short else Fraction(1, 2)
        elif letter == "L":
            unit = re.match(r"(\d{1,3})/(\d{1,3})$|1$", value)
            if unit and unit[1] and (not int(unit[1]) or not int(unit[2])):
                raise InputError(f"{self.name}: L:{value[:20]} is not a length; write L:1/8")
            if unit:
                voice.unit = Fraction(4 * int(unit[1] or 1), int(unit[2] or 1))
                self.given_unit = True
        elif letter == "Q":
            tempo = tempo_of(value, voice.unit)
            if tempo is not None:
                voice.bar.tempi.append((voice.cursor, tempo))

    def _change(self, letter: str, value: str) -> Voice:
        """Read a field in the body. Returns the voice to continue with."""
        if letter == "V":
            self.voice = self._declare(value)
            self._begin_line(self.voice)
            return self.voice
        voice = self._current()
        if letter in "KMLQ":
            self._set(voice, letter, value)
        elif letter == "T" and not self.titles:
            self.titles.append(" ".join(unescape(value).split())[:500])
        return voice

    def _current(self) -> Voice:
        if self.voice is None:
            self.voice = next(iter(self.voices.values()), None) or self._declare("1")
        return self.voice

    def _begin_line(self, voice: Voice) -> None:
        if voice.name not in self.fresh:
            self.fresh.add(voice.name)
            if not voice.continued:
                voice.line = []
            voice.continued, voice.word_lines = False, 0

    def _music(self, text: str) -> None:
        self.fresh = set()
        voice = self._current()
        if not text.lstrip().startswith("[V:"):
            self._begin_line(voice)
        self.voice = read_line(voice, text, self._change)
        self.voice.continued = text.endswith("\\")

    def score(self) -> Score:
        """Raises InputError if there was no tune."""
        if not self.body:
            raise InputError(f"{self.name}: no K: field, so no ABC tune; give a file of ABC")
        for voice in self.voices.values():
            voice.close()
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
        return perform(*_aligned([voice for voice in self.voices.values() if voice.bars]), head, self.name)


def _aligned(voices: list[Voice]) -> tuple[list[WrittenBar], list[WrittenVoice]]:
    """The bars of the voice with most words, and all voices divided into these bars."""
    if not voices:
        return [], []
    lead = max(voices, key=lambda voice: sum(len(n.lyrics) for bar in voice.bars for n in bar.notes)).bars
    out = []
    for voice in voices:
        bars = voice.bars
        if len(bars) != len(lead):
            bars = _divided(bars, lead)
        elif bars is not lead:
            for bar, other in zip(lead, bars, strict=True):
                bar.marks.join(other.marks)
                bar.chords = bar.chords or other.chords
                bar.tempi = bar.tempi or other.tempi
        out.append(WrittenVoice(voice.name, {i: bar.notes for i, bar in enumerate(bars)}))
        if any(bar.overlay for bar in bars):
            out.append(WrittenVoice(voice.name, {i: bar.overlay for i, bar in enumerate(bars)}, voice=2))
    return list[WrittenBar](lead), out


def _divided(bars: list[AbcBar], lead: list[AbcBar]) -> list[AbcBar]:
    """The notes of a voice with other bar lines, put by their time into the bars of `lead`."""
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
    """The letters that a K: field raises or lowers; `before` if the field only names a clef.

    >>> key_signature("Bb", {}), key_signature("D phr ^f", {}), key_signature("clef=bass", {"F": 1})
    ({'E': -1, 'B': -1}, {'F': 1, 'E': -1, 'B': -1}, {'F': 1})
    """
    found = key_of(value)
    if found is None and not re.match(r"none|\s*$|exp\b", value, re.I):
        return before
    sharps = 0 if found is None or re.search(r"\bexp\b", value) else found[0]
    signs = re.findall(r"(?<=\s)([_^]{1,2}|=)([a-gA-G])(?=\s|$)", value)
    out = {step: in_key(step, sharps) for step in FIFTHS} | {letter.upper(): ALTER[sign] for sign, letter in signs}
    return {step: alter for step, alter in out.items() if alter}


def metre_of(value: str) -> tuple[int, int] | None:
    """The metre of an M: field; None is free.

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


def tempo_of(value: str, unit: Fraction) -> float | None:
    """Quarter notes per minute of a Q: field.

    >>> tempo_of('"Slow" 3/8=60', Fraction(1, 2)), tempo_of("120", Fraction(1, 2)), tempo_of('"Allegro"', Fraction(1))
    (90.0, 60.0, 126.0)
    """
    number = re.sub(r"\"[^\"]*\"", "", value).strip()
    match = re.match(r"((?:\d{1,2}/\d{1,2}\s*)*|C\d?)\s*=?\s*(\d{1,4}(?:\.\d{1,4})?)\s*$", number)
    if not match:
        return tempo_in_words(value)
    beats = re.findall(r"(\d+)/(\d+)", match[1])
    if any(not int(below) for _, below in beats):
        return None
    beat = sum((Fraction(4 * int(above), int(below)) for above, below in beats), Fraction(0)) or unit
    tempo = float(beat) * float(match[2])
    return tempo if 5 <= tempo <= 1000 else None
