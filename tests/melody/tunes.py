"""Literal tunes with words for the tests of scores."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

from lyricist.melody.export import SungWord
from lyricist.melody.tune import Chord, Metre, Note, Part, Phrase, Score, Slot, Tempo, Tune


def slot(*notes: Note, rest: F = F(0)) -> Slot:
    length = notes[-1].end - notes[0].onset
    return Slot(notes[0].onset, length, notes[0].pitch, 0, False, notes, rest, notes[0].lyrics)


def tune(**changes: Any) -> Tune:
    """A pickup of one quarter in 3/4; five syllables in two phrases, the fourth on two notes; a bass below."""
    notes = [
        Note(F(0), F(1), 67),
        Note(F(1), F(2), 72),
        Note(F(3), F(1), 71),
        Note(F(4), F(1), 69),
        Note(F(5), F(1), 71, slurred=True),
        Note(F(6), F(1), 72),
    ]
    bass = tuple(Note(F(i), F(3), 48) for i in (1, 4))
    parts = (Part("Voice", tuple(notes), 1, 52), Part("Bass", bass, 2, 32))
    chords = (Chord(F(1), "C"), Chord(F(5), "D7/F#"), Chord(F(6), "Am"))
    score = Score(
        "Two Lines", parts, (Metre(F(0), 3, 4),), (Tempo(F(0), 60.0),), chords, F(1), composer="Nobody", **changes
    )
    phrases = (
        Phrase((slot(notes[0]), slot(notes[1]), slot(notes[2]))),
        Phrase((slot(notes[3], notes[4]), slot(notes[5])), 1),
    )
    return Tune(score, parts[0], phrases, ("verse", "chorus"))


def word(*parts: str) -> SungWord:
    return SungWord("".join(parts), parts)


FIRST = [[word("Oh"), word("riv", "er")], [word("flow"), word("on")]]
SECOND = [[word("Oh"), word("sum", "mer")], [word("won't"), word("stay")]]
