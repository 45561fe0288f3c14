"""Names of pitches and of chords, as a score spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass

FIFTHS = "FCGDAEB"  # the line of fifths, F at -1
ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
ALTERS = {"": 0, "b": -1, "bb": -2, "#": 1, "##": 2, "x": 2, "♭": -1, "♯": 1}

# What follows the root of a chord -> MusicXML's kind.
_KINDS = {
    "major": ["", "maj", "M"],
    "minor": ["m", "min", "mi", "-"],
    "augmented": ["+", "aug"],
    "diminished": ["dim", "°", "o"],
    "dominant": ["7", "dom7"],
    "major-seventh": ["maj7", "M7", "Δ", "Δ7", "ma7", "j7"],
    "minor-seventh": ["m7", "min7", "mi7", "-7"],
    "diminished-seventh": ["dim7", "°7", "o7"],
    "augmented-seventh": ["+7", "aug7", "7#5"],
    "half-diminished": ["m7b5", "ø", "ø7", "min7b5", "-7b5"],
    "major-minor": ["mmaj7", "mM7", "m(maj7)", "minmaj7"],
    "major-sixth": ["6", "maj6", "M6"],
    "minor-sixth": ["m6", "min6", "-6"],
    "dominant-ninth": ["9"],
    "major-ninth": ["maj9", "M9", "ma9"],
    "minor-ninth": ["m9", "min9", "-9"],
    "dominant-11th": ["11"],
    "major-11th": ["maj11", "M11"],
    "minor-11th": ["m11", "min11", "-11"],
    "dominant-13th": ["13"],
    "major-13th": ["maj13", "M13"],
    "minor-13th": ["m13", "min13", "-13"],
    "suspended-second": ["sus2"],
    "suspended-fourth": ["sus4", "sus", "4"],
    "power": ["5"],
}
KINDS = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes}
CHORD = re.compile(r"([A-G])(bb|##|[b#x♭♯]?)([^/]*)(?:/([A-G])(bb|##|[b#x♭♯]?))?")
DEGREE = re.compile(r"(add|[b#+-])(\d{1,2})")
DEGREES = re.compile(rf"\(?(?:{DEGREE.pattern})*\)?")


@dataclass(frozen=True)
class Spelled:
    step: str
    alter: int
    octave: int


@dataclass(frozen=True)
class Harmony:
    """A chord symbol taken apart; `step` is empty where there is no root (N.C., or what nobody can read)."""

    step: str
    alter: int
    kind: str
    text: str  # what is printed behind the root
    bass: tuple[str, int] | None = None
    degrees: tuple[tuple[int, int, str], ...] = ()  # (value, alteration, add or alter)


def spell(pitch: int, sharps: int) -> Spelled:
    """The name of a MIDI pitch in a key of so many sharps (below 0: flats).

    >>> spell(61, 2), spell(61, -3)
    (Spelled(step='C', alter=1, octave=4), Spelled(step='D', alter=-1, octave=4))
    """
    lowest = sharps - 3  # of twelve neighbours on the line of fifths: in C, from E flat to G sharp
    place = lowest + (pitch * 7 - lowest) % 12
    alter, step = divmod(place + 1, 7)
    return Spelled(FIFTHS[step], alter, (pitch - alter) // 12 - 1)


def in_key(step: str, sharps: int) -> int:
    """The alteration a key signature gives a step."""
    return (sharps - FIFTHS.index(step) + 6) // 7


def harmony(symbol: str) -> Harmony:
    """
    >>> harmony("D7/F#")
    Harmony(step='D', alter=0, kind='dominant', text='7', bass=('F', 1), degrees=())
    """
    found = CHORD.fullmatch(symbol.strip())
    if not found:
        return Harmony("", 0, "none", symbol.strip())
    step, sign, suffix, bass, bass_sign = found.groups()
    suffix = suffix.strip()
    below = (bass, ALTERS[bass_sign]) if bass else None
    known = next((suffix[:i] for i in range(len(suffix), -1, -1) if suffix[:i] in KINDS), "")
    rest = suffix[len(known) :]
    if DEGREES.fullmatch(rest):
        degrees = tuple(degree(how, int(value)) for how, value in DEGREE.findall(rest))
        return Harmony(step, ALTERS[sign], KINDS[known], suffix, below, degrees)
    return Harmony(step, ALTERS[sign], "other", suffix, below)


def degree(how: str, value: int) -> tuple[int, int, str]:
    """
    >>> harmony("A7b9").degrees, harmony("Cadd9").degrees
    (((9, -1, 'add'),), ((9, 0, 'add'),))
    """
    return value, {"b": -1, "#": 1, "+": 1, "-": -1}.get(how, 0), "alter" if value == 5 else "add"
