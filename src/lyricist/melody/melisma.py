"""Which notes of a MIDI file go on with the syllable before: MIDI has no slurs, but other voices show them.

In a chorale all voices sing the same syllables at once. So a note under which the others are still is sung on the
syllable before, and one at which another voice strikes its pitch again begins one. The weights are those of a
logistic regression on hymns whose words were taken away, rounded; `benchmarks/phrases.py` measures what they do.
Where the others are no voices, but an accompaniment, nothing is said: all notes are taken for syllables.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median

from lyricist.melody.metric import Bars
from lyricist.melody.tune import Note, Part, Score

STILL = 1 / 3  # share of the sounding notes that begin with the tune's, at most, where the others are still
HALF = 0.7  # at most, where some are
TOGETHER = 0.5  # share of the tune's notes with which others move in a chorale, at least
ALONE = 0.3  # share of the others' notes that begin beside the tune's, at most
SINGLE = 0.7  # share of single notes among what the others strike, at least: voices, not hands
LATEST = 64  # quarters that the tune may fall behind the others
CHANGE = 2.0  # notes that must fit better for the tune to fall behind
KNOWN = 12  # steps of one rhythm, from which it is known whether pitches are repeated in it

# In nats; PRIOR for any note.
PRIOR, OTHERS_STILL, ALL_STILL, SOME_STILL, STRUCK_AGAIN = -1.0, 3.6, -0.8, 2.7, -1.8
NEVER_AGAIN, FREQUENT, LONG, BEHIND_LONGER, OFF_BEAT = 2.1, -1.6, -1.8, -2.2, 0.9
SAME_PITCH, SAME_AFTER, STRONGER, WEAKER = -1.5, -0.7, -1.7, -0.6

Rhythm = tuple[Fraction, Fraction]  # the time from a note to the next, and the next one's length


@dataclass(frozen=True)
class Company:
    """What the other parts do at each note of the tune."""

    moved: list[float]  # share of their sounding notes that begin with it; 1 where none sounds
    again: list[bool]  # one of them strikes again what it struck last
    fresh: dict[Rhythm, float]  # 0 to 1: how often a rhythm comes in all parts if it never repeats a pitch
    voices: bool  # they are voices that sing with the tune


def continued(part: Part, score: Score, bars: Bars) -> list[bool]:
    """For each note of a part with one voice, whether it goes on with the syllable before it; none where others do
    not sing with the part."""
    others = [p.notes for p in score.parts if p.number != part.number and not p.drums and p.notes]
    company = company_of(part.notes, others) if others and part.notes else None
    if company is None or not company.voices:
        return [False] * len(part.notes)
    return [False] + [value > 0 for value in evidence(part.notes, bars, company)]


def evidence(notes: Sequence[Note], bars: Bars, company: Company) -> list[float]:
    """For each note but the first, in nats."""
    usual = float(median(note.duration for note in notes))
    rhythms = [rhythm_of(a, b) for a, b in pairwise(notes)]
    count = Counter(rhythms)
    strengths = [bars.strength(note.onset) for note in notes]
    found = []
    for i, ((before, note), rhythm) in enumerate(zip(pairwise(notes), rhythms, strict=True), 1):
        value = of_rhythm(rhythm, usual) + FREQUENT * count[rhythm] / len(notes)
        value += of_company(company, i) + NEVER_AGAIN * company.fresh.get(rhythm, 0.0)
        metre, place = bars.place(note.onset)
        value += OFF_BEAT * (place * metre.unit % 4 != 0) + STRONGER * (strengths[i] > strengths[i - 1])
        value += SAME_PITCH * (note.pitch == before.pitch)
        if i + 1 < len(notes):
            value += SAME_AFTER * (notes[i + 1].pitch == note.pitch) + WEAKER * (strengths[i + 1] > strengths[i])
        found.append(value)
    return found


def of_rhythm(rhythm: Rhythm, usual: float) -> float:
    """`usual` is the length of a note, in quarters."""
    step, length = map(float, rhythm)
    value = PRIOR + LONG * (length > 1.1 * usual)
    return value + BEHIND_LONGER * (step > 1.4 * length)


def of_company(company: Company, i: int) -> float:
    moved = company.moved[i]
    value = STRUCK_AGAIN * company.again[i] + ALL_STILL * (moved == 0)
    return value + (OTHERS_STILL if moved <= STILL else SOME_STILL if moved <= HALF else 0.0)


def rhythm_of(before: Note, note: Note) -> Rhythm:
    return note.onset - before.onset, note.duration


def company_of(notes: Sequence[Note], others: Sequence[Sequence[Note]]) -> Company:
    onsets = sorted(note.onset for other in others for note in other)
    ends = sorted(note.end for other in others for note in other)
    times = [note.onset - behind for note, behind in zip(notes, lateness(notes, others), strict=True)]
    moved = [share(time, onsets, ends) for time in times]
    struck = [strikes(other) for other in others]
    repeated = {time for other in struck for time in again(other)}
    mine = set(times)
    within = onsets[bisect_left(onsets, times[0]) : bisect_left(onsets, times[-1] + notes[-1].duration)]
    beside = sum(onset not in mine for onset in within)
    together = sum(each > STILL for each in moved) >= TOGETHER * len(moved)
    single = sum(map(len, struck)) >= SINGLE * len(onsets)
    voices = together and single and beside <= ALONE * len(within)
    return Company(moved, [time in repeated for time in times], fresh([strikes(notes), *struck]), voices)


def share(time: Fraction, onsets: Sequence[Fraction], ends: Sequence[Fraction]) -> float:
    """The share of the sounding notes that begin at a time; `onsets` and `ends` of all, in order."""
    begun, before = bisect_right(onsets, time), bisect_left(onsets, time)
    sounding = begun - bisect_right(ends, time)
    return (begun - before) / sounding if sounding > 0 else 1.0


@dataclass(frozen=True)
class Strike:
    """What one part strikes at once."""

    onset: Fraction
    length: Fraction  # of the longest note
    pitches: frozenset[int]


def strikes(notes: Sequence[Note]) -> list[Strike]:
    out: list[Strike] = []
    for note in notes:
        if out and out[-1].onset == note.onset:
            last = out[-1]
            out[-1] = Strike(last.onset, max(last.length, note.duration), last.pitches | {note.pitch})
        else:
            out.append(Strike(note.onset, note.duration, frozenset({note.pitch})))
    return out


def again(struck: Sequence[Strike]) -> list[Fraction]:
    """The times at which a part strikes only what it has just struck."""
    return [b.onset for a, b in pairwise(struck) if b.pitches <= a.pitches]


def fresh(parts: Sequence[Sequence[Strike]]) -> dict[Rhythm, float]:
    """How well it is known of a rhythm that no pitch is repeated in it, which syllables would do at times."""
    count: Counter[Rhythm] = Counter()
    repeated: set[Rhythm] = set()
    for a, b in (pair for part in parts for pair in pairwise(part)):
        rhythm = (b.onset - a.onset, b.length)
        count[rhythm] += 1
        if a.pitches & b.pitches:
            repeated.add(rhythm)
    return {rhythm: min(1.0, n / KNOWN) for rhythm, n in count.items() if rhythm not in repeated}


def lateness(notes: Sequence[Note], others: Sequence[Sequence[Note]]) -> list[Fraction]:
    """How far the tune has fallen behind the others at each note, in quarters.

    Programs that draw out a fermata in one voice only (abc2midi) leave that voice behind for the rest of the piece.
    Of all ways to fall behind, by halves of a quarter, the one is taken on which most notes meet others.
    """
    ends = Counter(max(note.end for note in other) for other in others)
    late = notes[-1].end - ends.most_common(1)[0][0]
    if not 0 < late <= LATEST:
        return [Fraction(0)] * len(notes)
    states = [Fraction(k, 2) for k in range(int(2 * late) + 1)]
    onsets = Counter(note.onset for other in others for note in other)
    met = [[2 * onsets[note.onset - state] >= len(others) for state in states] for note in notes]
    return [states[k] for k in best_path(met)]


def best_path(met: Sequence[Sequence[bool]]) -> list[int]:
    """The state of each step, from 0 never down, with most steps met; a change costs CHANGE."""
    values = [0.0] + [float("-inf")] * (len(met[0]) - 1)
    origins: list[list[int]] = []
    for row in met:
        top, origin, found = 0, [], []
        for k, value in enumerate(values):
            top = k if value > values[top] else top
            origin.append(k if value >= values[top] - CHANGE else top)
            found.append(max(value, values[top] - CHANGE) + row[k])
        values = found
        origins.append(origin)
    path = [max(range(len(values)), key=values.__getitem__)]
    for origin in origins[:0:-1]:
        path.append(origin[path[-1]])
    return path[::-1]
