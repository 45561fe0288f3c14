"""Symbols of music notation as numbers and back: pitches, keys, chord symbols, tempo words."""

from __future__ import annotations

import re
from dataclasses import dataclass

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}  # semitones
FIFTHS = "FCGDAEB"  # the line of fifths, F at -1; also the order of sharps in a key signature
ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
ALTERS = {"": 0, "b": -1, "bb": -2, "#": 1, "##": 2, "x": 2, "♭": -1, "♯": 1}
# Modes: sharps compared with major
MODES = {"major": 0, "minor": -3, "mixolydian": -1, "dorian": -2, "phrygian": -4, "lydian": 1, "locrian": -5}
MODE_OF = {mode[:3]: mode for mode in MODES} | {"m": "minor", "aeo": "minor", "ion": "major"}  # by three letters
CHORD_KINDS = {  # MusicXML's <kind>: the suffixes of a chord symbol, ChordPro's spelling first
    "major": ["", "maj", "M"],
    "minor": ["m", "min", "mi", "-"],
    "augmented": ["aug", "+"],
    "diminished": ["dim", "°", "o"],
    "dominant": ["7", "dom7"],
    "major-seventh": ["maj7", "M7", "Δ", "Δ7", "ma7", "j7"],
    "minor-seventh": ["m7", "min7", "mi7", "-7"],
    "diminished-seventh": ["dim7", "°7", "o7"],
    "augmented-seventh": ["aug7", "+7", "7#5"],
    "half-diminished": ["m7b5", "ø", "ø7", "min7b5", "-7b5"],
    "major-minor": ["m(maj7)", "mmaj7", "mM7", "minmaj7"],
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
KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in CHORD_KINDS.items() for suffix in suffixes}
SYMBOL = re.compile(r"[A-G](#|b)?[^\s/]{0,12}(/[A-G](#|b)?)?")
CHORD = re.compile(r"([A-G])(bb|##|[b#x♭♯]?)([^/]*)(?:/([A-G])(bb|##|[b#x♭♯]?))?")
DEGREE = re.compile(r"(add|[b#+-])(\d{1,2})")
DEGREES = re.compile(rf"\(?(?:{DEGREE.pattern})*\)?")

TEMPO_WORDS = """
prestissimo 200, presto 176, vivacissimo 172, vivace 156, allegro 126, allegretto 108, moderato 100, andantino 84,
andante 76, adagietto 70, adagio 64, larghetto 60, lento 52, grave 44, largo 46, vif 156, animé 126, modéré 100,
lent 52, schnell 144, lebhaft 132, bewegt 112, mäßig 96, mässig 96, gehend 76, ruhig 66, langsam 54, fast 144,
lively 132, brisk 132, moderately 100, slowly 58, slow 58
"""  # quarter notes per minute: the middle of the usual range of metronomes and editors
TEMPI = {word: float(tempo) for word, tempo in (entry.split() for entry in TEMPO_WORDS.split(","))}
RELATIVE = ("poco", "più", "piu", "meno", "etwas", "un")  # words that change the tempo before
LONGEST_TEMPO = 60  # letters; a longer text is a remark


@dataclass(frozen=True)
class Spelled:
    step: str
    alter: int
    octave: int


@dataclass(frozen=True)
class Harmony:
    """A chord symbol in parts; `step` is empty for a symbol without a root (N.C.) or an unknown one."""

    step: str
    alter: int
    kind: str
    text: str  # printed after the root
    bass: tuple[str, int] | None = None
    degrees: tuple[tuple[int, int, str], ...] = ()  # (value, alteration, add or alter)


def alteration(semitones: int) -> str:
    return "#" * semitones if semitones > 0 else "b" * -semitones


def spell(pitch: int, sharps: int) -> Spelled:
    """The name of a MIDI pitch in a key with this number of sharps (negative: flats).

    >>> spell(61, 2), spell(61, -3)
    (Spelled(step='C', alter=1, octave=4), Spelled(step='D', alter=-1, octave=4))
    """
    lowest = sharps - 3  # of twelve neighbours on the line of fifths: in C, from E flat to G sharp
    place = lowest + (pitch * 7 - lowest) % 12
    alter, step = divmod(place + 1, 7)
    return Spelled(FIFTHS[step], alter, (pitch - alter) // 12 - 1)


def in_key(step: str, sharps: int) -> int:
    """The alteration that a key signature gives a step.

    >>> in_key("F", 2), in_key("B", -1), in_key("B", 2)
    (1, -1, 0)
    """
    return (sharps - FIFTHS.index(step) + 6) // 7


def key_of(text: str) -> tuple[int, str] | None:
    """Sharps and mode of a key in ABC notation; None for a text that names no key.

    >>> key_of("G"), key_of("F#m"), key_of("Eb dorian"), key_of("HP"), key_of("none")
    ((1, 'major'), (3, 'minor'), (-5, 'dorian'), (2, 'major'), None)
    """
    if text.startswith(("HP", "Hp")):
        return 2, "major"
    match = re.match(r"([A-G])(#|b|♯|♭)?\s*([A-Za-z]*)", text)
    if not match:
        return None
    word = match[3].lower()
    mode = MODE_OF["m"] if word == "m" else MODE_OF.get(word[:3], "major")
    sharps = FIFTHS.index(match[1]) - 1 + 7 * ALTERS[match[2] or ""] + MODES[mode]
    return max(-7, min(7, sharps)), mode


def symbol_of(text: str) -> str:
    """A chord symbol in ChordPro's spelling; empty if the text is not a chord symbol.

    >>> symbol_of("Am7"), symbol_of("D♭/F"), symbol_of("Refrain"), symbol_of("Fine")
    ('Am7', 'Db/F', '', '')
    """
    text = text.strip().replace("♯", "#").replace("♭", "b").split("(")[0].strip()
    quality = re.sub(r"^[A-G][#b]?|/[A-G][#b]?$", "", text)
    known = re.fullmatch(r"(maj|min|dim|aug|sus|add|alt|omit|no|m|M|o|ø|Δ|\+|-|°|#|b|\^|\d|,)*", quality)
    return text if SYMBOL.fullmatch(text) and known else ""


def harmony(symbol: str) -> Harmony:
    """A chord symbol as MusicXML describes it.

    >>> harmony("D7/F#")
    Harmony(step='D', alter=0, kind='dominant', text='7', bass=('F', 1), degrees=())
    >>> harmony("A7b9").degrees, harmony("Cadd9").degrees
    (((9, -1, 'add'),), ((9, 0, 'add'),))
    """
    found = CHORD.fullmatch(symbol.strip())
    if not found:
        return Harmony("", 0, "none", symbol.strip())
    step, sign, suffix, bass, bass_sign = found.groups()
    suffix = suffix.strip()
    below = (bass, ALTERS[bass_sign]) if bass else None
    known = next((suffix[:i] for i in range(len(suffix), -1, -1) if suffix[:i] in KIND_OF_SUFFIX), "")
    rest = suffix[len(known) :]
    if not DEGREES.fullmatch(rest):
        return Harmony(step, ALTERS[sign], "other", suffix, below)
    alters = {"b": -1, "#": 1, "+": 1, "-": -1}
    degrees = tuple(
        (int(value), alters.get(how, 0), "alter" if int(value) == 5 else "add") for how, value in DEGREE.findall(rest)
    )
    return Harmony(step, ALTERS[sign], KIND_OF_SUFFIX[known], suffix, below, degrees)


def tempo_in_words(text: str) -> float | None:
    """Quarter notes per minute of the first tempo word; None without one, or if the text is relative ("più lento").

    >>> tempo_in_words("Allegro ma non troppo"), tempo_in_words("Sehr langsam"), tempo_in_words("più lento")
    (126.0, 54.0, None)
    """
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", text[: LONGEST_TEMPO + 1])]
    if len(text) > LONGEST_TEMPO or not words or words[0] in RELATIVE:
        return None
    return next((TEMPI[word] for word in words if word in TEMPI), None)
