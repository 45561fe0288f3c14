"""The 18 numbers that describe the music while a word is sung.

Word i of n has the share [i/n, (i + 1)/n) of the music, from its first instant to the end of its last note, in
seconds (so changes of tempo count). A note belongs to every share in which it sounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lyricist.melody.tune import Score

Floats = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CHROMA = 12
# Each feature and its scale: what it is divided by, to be of the size of a word vector's numbers.
FEATURES: tuple[tuple[str, float], ...] = (
    ("mean velocity", 127.0),  # of the notes that sound, drums included
    ("mean pitch", 127.0),  # MIDI number, without drums
    ("sounding instruments", 16.0),  # parts with a note in the share
    ("all instruments", 16.0),  # parts of the file that have notes
    ("mean beat period", 1.0),  # seconds per quarter note
    ("drums", 1.0),  # 1 if a drum sounds
    *((f"chroma {name}", 1.0) for name in ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")),
)  # chroma: parts of 1; see `chroma`
WIDTH = len(FEATURES)
SCALE = np.array([scale for _, scale in FEATURES])
INSTANT = 1e-9  # seconds below which a note does not reach into a share


@dataclass(frozen=True)
class Notes:
    """All notes of a score: times in seconds, each (N,)."""

    start: Times
    end: Times
    pitch: Ints
    velocity: Times
    part: Ints
    drum: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """Pairs of a note and a share in which it sounds: indices of both, and for how many seconds."""

    note: Ints
    share: Ints
    seconds: Times


def melody_features(score: Score, words: int) -> Floats:
    """(words, 18) `FEATURES` of each word's share of the music, divided by their scales; silence is 0.

    >>> from fractions import Fraction
    >>> from lyricist.melody.tune import Note, Part
    >>> score = Score("", (Part("", (Note(Fraction(0), Fraction(2), 69, 127),)),))
    >>> (melody_features(score, 2)[1] * SCALE).round().astype(int).tolist()
    [127, 69, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    """
    seconds = clock(score)
    notes = notes_of(score, seconds)
    length = float(notes.end.max())
    cells = cells_of(notes, length / words, words)
    tuned = ~notes.drum[cells.note]
    pitched = Cells(cells.note[tuned], cells.share[tuned], cells.seconds[tuned])
    out = np.zeros((words, WIDTH))
    out[:, 0] = mean(notes.velocity, cells, words)
    out[:, 1] = mean(notes.pitch.astype(np.float64), pitched, words)
    sounding = np.unique(cells.share * len(score.parts) + notes.part[cells.note])  # pairs of a share and a part
    out[:, 2] = np.bincount(sounding // len(score.parts), minlength=words)
    out[:, 3] = sum(bool(part.notes) for part in score.parts)
    edges = np.linspace(0, length, words + 1)
    out[:, 4] = np.diff(edges) / np.diff(np.interp(edges, seconds[1], seconds[0]))
    out[:, 5] = np.bincount(cells.share[~tuned], minlength=words) > 0
    out[:, 6:] = chroma(notes, pitched, words)
    return np.asarray(out / SCALE, dtype=np.float32)


def clock(score: Score) -> tuple[Times, Times]:
    """Where tempi change, in quarters and in seconds, with one more place far beyond any end."""
    tempi = sorted(score.tempi, key=lambda t: t.onset)
    quarters = np.array([float(t.onset) for t in tempi])
    quarters = np.append(quarters, quarters[-1] + 1e6)
    pace = np.array([60 / t.quarters for t in tempi])
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(quarters) * pace)])
    return quarters, seconds


def notes_of(score: Score, seconds: tuple[Times, Times]) -> Notes:
    rows = [
        (float(n.onset), float(n.end), n.pitch, n.velocity, i, part.drums)
        for i, part in enumerate(score.parts)
        for n in part.notes
    ]
    table = np.array(rows, dtype=np.float64)
    start, end = (np.interp(table[:, k], *seconds) for k in (0, 1))
    pitch, part = table[:, 2].astype(np.int64), table[:, 4].astype(np.int64)
    return Notes(start, end, pitch, table[:, 3], part, table[:, 5] > 0)


def cells_of(notes: Notes, width: float, words: int) -> Cells:
    """Which notes sound in which of `words` shares of `width` seconds each."""
    first = np.clip((notes.start / width).astype(np.int64), 0, words - 1)
    last = np.clip(np.ceil(notes.end / width).astype(np.int64) - 1, first, words - 1)
    counts = last - first + 1
    note = np.repeat(np.arange(len(first)), counts)
    share = first[note] + np.arange(len(note)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin = np.maximum(notes.start[note], share * width)
    seconds = np.minimum(notes.end[note], (share + 1) * width) - begin
    kept = seconds > INSTANT
    return Cells(note[kept], share[kept], seconds[kept])


def mean(values: Times, cells: Cells, words: int) -> Times:
    """(words,) mean over the notes of each share."""
    total = np.bincount(cells.share, weights=values[cells.note], minlength=words)
    return np.asarray(total / np.maximum(1, np.bincount(cells.share, minlength=words)))


def chroma(notes: Notes, pitched: Cells, words: int) -> Times:
    """(words, 12) how the seconds that sound, each times its velocity, fall on the pitch classes from C on."""
    place = pitched.share * CHROMA + notes.pitch[pitched.note] % CHROMA
    weight = pitched.seconds * notes.velocity[pitched.note]
    sums = np.bincount(place, weights=weight, minlength=words * CHROMA).reshape(words, CHROMA)
    return np.asarray(sums / np.maximum(INSTANT, sums.sum(1, keepdims=True)))
