"""The data of tunes: a score as it is in a file, and the sung line taken from it.

Times are exact fractions of quarter notes from the start of the performed score (repeats written out).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

WRITTEN = 12  # largest denominator of most written onsets, in quarters
HYPHENS = ("single", "begin", "middle", "end")  # position of a syllable in its word: MusicXML's <syllabic>


@dataclass(frozen=True)
class Lyric:
    """A syllable under a note."""

    text: str  # without hyphens
    syllabic: str = "single"  # one of HYPHENS
    verse: int = 1
    extend: bool = False  # the word's last syllable is held over following notes
    line_start: bool = False  # the file marks the start of a line here
    paragraph: bool = False  # and of a stanza


@dataclass(frozen=True)
class Note:
    """One sounding note; tied notes are one note."""

    onset: Fraction  # quarters
    duration: Fraction  # quarters, above 0
    pitch: int  # MIDI number, middle C is 60
    velocity: int = 80
    lyrics: tuple[Lyric, ...] = ()  # at most one for each verse, in the order of verses
    slurred: bool = False  # a slur or an extender leads here: sung on the syllable before
    fermata: bool = False
    phrase_end: bool = False  # the file marks a breath, a caesura or the end of a phrase after it
    source: int = field(default=-1, compare=False)  # which <note> of its MusicXML document this is, from 0

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


@dataclass(frozen=True)
class Control:
    """A MIDI event other than a note: a controller, a bend, pressure, a later change of program."""

    onset: Fraction
    kind: int  # 0xA to 0xE, the high half of the status
    first: int  # data byte
    second: int = 0  # data byte of the kinds that have two


@dataclass(frozen=True)
class Part:
    """A voice or an instrument: the notes in order of onset, then pitch."""

    name: str
    notes: tuple[Note, ...]
    number: int = 1  # from 1, as in `--track`
    program: int | None = None  # General MIDI program, 0 to 127
    drums: bool = False
    voice: int | None = None  # of several voices on one staff
    controls: tuple[Control, ...] = ()  # in order of onset; only MIDI has them

    @property
    def words(self) -> int:
        """The number of notes with a syllable."""
        return sum(bool(note.lyrics) for note in self.notes)


@dataclass(frozen=True)
class Metre:
    """A time signature; bars are counted from `onset`."""

    onset: Fraction
    beats: int
    unit: int  # 4 is a quarter note

    @property
    def bar(self) -> Fraction:
        """Length of a bar in quarters."""
        return Fraction(4 * self.beats, self.unit)


@dataclass(frozen=True)
class Tempo:
    onset: Fraction
    quarters: float  # per minute


@dataclass(frozen=True)
class Chord:
    """A chord symbol, as ChordPro writes it: Am7, D/F#."""

    onset: Fraction
    symbol: str


@dataclass(frozen=True)
class Score:
    """The content of a file of music."""

    title: str
    parts: tuple[Part, ...]
    metres: tuple[Metre, ...] = (Metre(Fraction(0), 4, 4),)  # never empty, the first from 0 or before the first note
    tempi: tuple[Tempo, ...] = (Tempo(Fraction(0), 120.0),)  # never empty
    chords: tuple[Chord, ...] = ()
    pickup: Fraction = Fraction(0)  # quarters before the first full bar; metres[0] is counted from there
    key: tuple[int, str] = (0, "major")  # sharps (below 0: flats) and mode
    repeats: tuple[Fraction, ...] = ()  # onsets of bar lines with repeat signs: bounds of sections
    copyright: str = ""
    composer: str = ""
    kind: str = "midi"  # midi, musicxml or abc
    warnings: tuple[str, ...] = ()  # oddities of the file that were repaired


class Clock:
    """Converts quarters to seconds, with changes of tempo."""

    def __init__(self, tempi: Iterable[Tempo]) -> None:
        self.tempi = sorted(tempi, key=lambda tempo: tempo.onset)
        self.starts, self.seconds = [tempo.onset for tempo in self.tempi], [0.0]
        for a, b in pairwise(self.tempi):
            self.seconds.append(self.seconds[-1] + float(b.onset - a.onset) * 60 / a.quarters)

    def at(self, onset: Fraction) -> float:
        """Seconds from the first tempo mark to `onset`."""
        i = max(0, bisect_right(self.starts, onset) - 1)
        return self.seconds[i] + float(onset - self.starts[i]) * 60 / self.tempi[i].quarters


@dataclass(frozen=True)
class Slot:
    """The place of one syllable: a note, or several notes (a melisma)."""

    onset: Fraction
    duration: Fraction  # to the end of the last note of the syllable
    pitch: int  # of the first note
    strength: int  # metrical: 0 the weakest; 4 the first beat of a bar
    strong: bool  # needs a stressed syllable, compared with its neighbours
    notes: tuple[Note, ...]
    rest: Fraction = Fraction(0)  # silence after it
    lyrics: tuple[Lyric, ...] = ()  # the words of the file


@dataclass(frozen=True)
class Phrase:
    """The slots of one line."""

    slots: tuple[Slot, ...]
    section: int = 0  # sections are counted from 0
    like: int | None = None  # the first phrase that sounds like this one, if that is another one

    @property
    def pattern(self) -> str:
        """`/` strong, `x` weak, and `|` where a rest divides words. A rest after the last slot is not written."""
        out = ""
        for i, slot in enumerate(self.slots):
            out += "/" if slot.strong else "x"
            if slot.rest > 0 and i < len(self.slots) - 1:
                out += "|"
        return out


@dataclass(frozen=True)
class Tune:
    """The sung line of a score, in phrases."""

    score: Score
    part: Part  # reduced to one voice
    phrases: tuple[Phrase, ...]
    names: tuple[str, ...] = ("verse",)  # of the sections
    why: str = ""  # which part is sung, and why
    notes: tuple[str, ...] = ()  # what else a user should know
    sure: float = 1.0  # that this part is sung, from 0 to 1; 1 if it has words, or was asked for
