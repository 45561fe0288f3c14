"""Keys and chord symbols: letters, accidentals and modes as numbers, and back."""

from __future__ import annotations

import re

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}  # semitones
FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}  # sharps of the major key
SHARPS = "FCGDAEB"  # in the order of signatures
MODES = {  # first three letters: sharps against major, name
    "": (0, "major"),
    "maj": (0, "major"),
    "ion": (0, "major"),
    "m": (-3, "minor"),
    "min": (-3, "minor"),
    "aeo": (-3, "minor"),
    "mix": (-1, "mixolydian"),
    "dor": (-2, "dorian"),
    "phr": (-4, "phrygian"),
    "lyd": (1, "lydian"),
    "loc": (-5, "locrian"),
}
KINDS = {  # MusicXML's <kind>, as ChordPro writes it
    "major": "",
    "minor": "m",
    "augmented": "aug",
    "diminished": "dim",
    "dominant": "7",
    "major-seventh": "maj7",
    "minor-seventh": "m7",
    "diminished-seventh": "dim7",
    "augmented-seventh": "aug7",
    "half-diminished": "m7b5",
    "major-minor": "m(maj7)",
    "major-sixth": "6",
    "minor-sixth": "m6",
    "dominant-ninth": "9",
    "major-ninth": "maj9",
    "minor-ninth": "m9",
    "dominant-11th": "11",
    "major-11th": "maj11",
    "minor-11th": "m11",
    "dominant-13th": "13",
    "major-13th": "maj13",
    "minor-13th": "m13",
    "suspended-second": "sus2",
    "suspended-fourth": "sus4",
    "power": "5",
}
SYMBOL = re.compile(r"[A-G](#|b)?[^\s/]{0,12}(/[A-G](#|b)?)?")


def alteration(semitones: int) -> str:
    return "#" * semitones if semitones > 0 else "b" * -semitones


def signature(fifths: int) -> dict[str, int]:
    """The semitones that a key signature raises or lowers letters by.

    >>> signature(2), signature(-1)
    ({'F': 1, 'C': 1}, {'B': -1})
    """
    letters = SHARPS[:fifths] if fifths > 0 else SHARPS[::-1][:-fifths] if fifths else ""
    return dict.fromkeys(letters, 1 if fifths > 0 else -1)


def key_of(text: str) -> tuple[int, str] | None:
    """Sharps and mode of a key as ABC names it; None if it names none.

    >>> key_of("G"), key_of("F#m"), key_of("Eb dorian"), key_of("HP"), key_of("none")
    ((1, 'major'), (3, 'minor'), (-5, 'dorian'), (2, 'major'), None)
    """
    if text.startswith(("HP", "Hp")):
        return 2, "major"
    match = re.match(r"([A-G])(#|b|♯|♭)?\s*([A-Za-z]*)", text)
    if not match:
        return None
    raised = {"#": 7, "♯": 7, "b": -7, "♭": -7}.get(match[2] or "", 0)
    word = match[3].lower()
    shift, mode = MODES.get(word[:3], MODES[""]) if word != "m" else MODES["m"]
    fifths = FIFTHS[match[1]] + raised + shift
    return max(-7, min(7, fifths)), mode


def symbol_of(text: str) -> str:
    """A chord symbol as ChordPro has it, or nothing if the text is none.

    >>> symbol_of("Am7"), symbol_of("D♭/F"), symbol_of("Refrain"), symbol_of("Fine")
    ('Am7', 'Db/F', '', '')
    """
    text = text.strip().replace("♯", "#").replace("♭", "b").split("(")[0].strip()
    quality = re.sub(r"^[A-G][#b]?|/[A-G][#b]?$", "", text)
    known = re.fullmatch(r"(maj|min|dim|aug|sus|add|alt|omit|no|m|M|o|ø|Δ|\+|-|°|#|b|\^|\d|,)*", quality)
    return text if SYMBOL.fullmatch(text) and known else ""
