"""Notes to slots: where syllables begin, which notes are sung on the syllable before, and which rests divide words.

MIDI has no slurs, but the other voices of a chorale show them, as all voices sing the same syllables at once. A note
under which the others do not move is sung on the syllable before; a note at which another voice repeats its pitch
begins a syllable. The weights are those of a logistic regression on hymns without their words, rounded;
`benchmarks/phrases.py` measures them. If the others are an accompaniment, every note begins a syllable.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from statistics import median

from lyricist.melody.metric import Bars, strong_slots
from lyricist.melody.tune import Note, Part, Score, Slot

SHORTEST_REST = Fraction(1, 4)  # quarters: a sixteenth; a shorter gap is articulation
SHORT_SLUR, LONG_SLUR = 3, 5  # notes: a short slur is a melisma, a long one only if its notes are short
SHORT_NOTES = Fraction(3, 4)  # of the usual length

STILL = 1 / 3  # share of the sounding notes that begin with the tune's; up to it, the others do not move
HALF = 0.7  # up to it, some of them do not move
TOGETHER = 0.5  # least share of the tune's notes with which the others move in a chorale
ALONE = 0.3  # largest share of the others' notes that begin without a note of the tune
SINGLE = 0.7  # least share of single notes in the other parts: voices, not hands
LATEST = 64  # quarters; how far the tune may be behind the others
CHANGE = 2.0  # notes; how much better the fit must be for the tune to be behind
KNOWN = 12  # steps of one rhythm that show for certain whether its pitches are repeated

# In nats; PRIOR for every note.
PRIOR, OTHERS_STILL, ALL_STILL, SOME_STILL, STRUCK_AGAIN = -1.0, 3.6, -0.8, 2.7, -1.8
NEVER_AGAIN, FREQUENT, LONG, AFTER_LONGER, OFF_BEAT = 2.1, -1.6, -1.8, -2.2, 0.9
SAME_PITCH, SAME_NEXT, STRONGER, WEAKER = -1.5, -0.7, -1.7, -0.6

Rhythm = tuple[Fraction, Fraction]  # the time from a note to the next, and the next one's length


def slots_of(part: Part, score: Score, *, words: bool = True, bars: Bars | None = None) -> tuple[Slot, ...]:
    """The slots of a sung line: `part` has one voice, `score` the bars.

    In a part with words, a note with a syllable begins a slot; notes without one belong to the syllable before, or,
    after a rest, to no slot. In other parts, or if `words` is false, every note begins a slot unless a slur leads to
    it; in a file without slurs, the other voices decide.
    """
    bars = bars or Bars(score)
    groups = by_words(part.notes) if words and part.words else by_slurs(part, score, bars)
    return with_strengths(groups, bars)


def by_words(notes: Sequence[Note]) -> list[list[Note]]:
    """The notes of each syllable."""
    verse = min(lyric.verse for note in notes for lyric in note.lyrics)
    groups: list[list[Note]] = []
    silent = True  # no syllable sounds: a prelude in the singer's part
    for before, note in zip((None, *notes), notes, strict=False):
        # A syllable of the first verse, or of another one if no slur leads here.
        if any(lyric.verse == verse for lyric in note.lyrics) or (note.lyrics and not note.slurred):
            groups.append([note])
            silent = False
        elif before is not None and note.onset - before.end >= SHORTEST_REST and not note.slurred:
            silent = True
        elif not silent:
            groups[-1].append(note)
    return groups


def by_slurs(part: Part, score: Score, bars: Bars) -> list[list[Note]]:
    """The notes that slurs join."""
    joined = [note.slurred for note in part.notes]
    if not any(joined) and score.kind == "midi":
        joined = continued(part, score, bars)
    begins = [i for i, on in enumerate(joined) if i == 0 or not on]
    slurs = [list(part.notes[start:end]) for start, end in pairwise([*begins, len(joined)])]
    usual = median([note.duration for note in part.notes]) if part.notes else Fraction(1)
    groups = ([slur] if is_melisma(slur, usual) else [[note] for note in slur] for slur in slurs)
    return [group for each in groups for group in each]


def is_melisma(slur: Sequence[Note], usual: Fraction) -> bool:
    """Whether a slur is sung on one syllable.

    Slurs that only show a phrase have repeated notes, or many notes of usual length (`usual`, in quarters).
    """
    if len(slur) <= SHORT_SLUR:
        return True
    if any(a.pitch == b.pitch or b.onset - a.end >= SHORTEST_REST for a, b in pairwise(slur)):
        return False
    return len(slur) <= LONG_SLUR or slur[-1].end - slur[0].onset < SHORT_NOTES * usual * len(slur)


def with_strengths(groups: Sequence[Sequence[Note]], bars: Bars) -> tuple[Slot, ...]:
    """The slot of each group of notes, with its strength, its stress and the rest after it."""
    strengths = [bars.strength(group[0].onset) for group in groups]
    gaps = [after[0].onset - group[-1].end for group, after in pairwise(groups)]
    rests = [gap if gap >= SHORTEST_REST else Fraction(0) for gap in gaps] + [Fraction(0)][: len(groups)]
    ends = [after[0].onset for after in groups[1:]] + [group[-1].end for group in groups[-1:]]
    lengths = [end - rest - group[0].onset for group, end, rest in zip(groups, ends, rests, strict=True)]
    strong = strong_slots(strengths, lengths, [rest > 0 for rest in rests])
    return tuple(
        Slot(g[0].onset, g[-1].end - g[0].onset, g[0].pitch, strength, stress, tuple(g), rest, g[0].lyrics)
        for g, strength, stress, rest in zip(groups, strengths, strong, rests, strict=True)
    )


# Melismas of MIDI files


@dataclass(frozen=True)
class Company:
    """What the other parts do at each note of the tune."""

    moved: list[float]  # share of their sounding notes that begin with the note; 1 if none sounds
    again: list[bool]  # one of them repeats its last pitches
    fresh: dict[Rhythm, float]  # 0 to 1: how certain it is that a rhythm never repeats a pitch, in all parts
    voices: bool  # they are voices that sing with the tune


def continued(part: Part, score: Score, bars: Bars) -> list[bool]:
    """For each note of a part with one voice, whether it is sung on the syllable before it.

    All are False if the others do not sing with the part.
    """
    others = [p.notes for p in score.parts if p.number != part.number and not p.drums and p.notes]
    company = company_of(part.notes, others) if others and part.notes else None
    if company is None or not company.voices:
        return [False] * len(part.notes)
    return [False] + [value > 0 for value in melisma_evidence(part.notes, bars, company)]


def melisma_evidence(notes: Sequence[Note], bars: Bars, company: Company) -> list[float]:
    """For each note but the first, in nats."""
    usual = float(median(note.duration for note in notes))
    rhythms = [(b.onset - a.onset, b.duration) for a, b in pairwise(notes)]
    count = Counter(rhythms)
    strengths = [bars.strength(note.onset) for note in notes]
    found = []
    for i, ((before, note), rhythm) in enumerate(zip(pairwise(notes), rhythms, strict=True), 1):
        step, length = map(float, rhythm)
        value = PRIOR + LONG * (length > 1.1 * usual)
        value = value + AFTER_LONGER * (step > 1.4 * length) + FREQUENT * count[rhythm] / len(notes)
        moved = company.moved[i]
        moving = STRUCK_AGAIN * company.again[i] + ALL_STILL * (moved == 0)
        moving += OTHERS_STILL if moved <= STILL else SOME_STILL if moved <= HALF else 0.0
        value += moving + NEVER_AGAIN * company.fresh.get(rhythm, 0.0)
        metre, place = bars.place(note.onset)
        value += OFF_BEAT * (place * metre.unit % 4 != 0) + STRONGER * (strengths[i] > strengths[i - 1])
        value += SAME_PITCH * (note.pitch == before.pitch)
        if i + 1 < len(notes):
            value += SAME_NEXT * (notes[i + 1].pitch == note.pitch) + WEAKER * (strengths[i + 1] > strengths[i])
        found.append(value)
    return found


def company_of(notes: Sequence[Note], others: Sequence[Sequence[Note]]) -> Company:
    onsets = sorted(note.onset for other in others for note in other)
    ends = sorted(note.end for other in others for note in other)
    times = [note.onset - late for note, late in zip(notes, lateness(notes, others), strict=True)]
    moved = [share(time, onsets, ends) for time in times]
    struck = [strikes(other) for other in others]
    repeated = {b.onset for other in struck for a, b in pairwise(other) if b.pitches <= a.pitches}
    mine = set(times)
    within = onsets[bisect_left(onsets, times[0]) : bisect_left(onsets, times[-1] + notes[-1].duration)]
    alone = sum(onset not in mine for onset in within)
    together = sum(each > STILL for each in moved) >= TOGETHER * len(moved)
    single = sum(map(len, struck)) >= SINGLE * len(onsets)
    voices = together and single and alone <= ALONE * len(within)
    return Company(moved, [time in repeated for time in times], fresh([strikes(notes), *struck]), voices)


def share(time: Fraction, onsets: Sequence[Fraction], ends: Sequence[Fraction]) -> float:
    """The share of the sounding notes that begin at a time; `onsets` and `ends` are those of all notes, sorted."""
    begun, before = bisect_right(onsets, time), bisect_left(onsets, time)
    sounding = begun - bisect_right(ends, time)
    return (begun - before) / sounding if sounding > 0 else 1.0


@dataclass(frozen=True)
class Strike:
    """The notes of one part that begin together."""

    onset: Fraction
    length: Fraction  # of the longest note
    pitches: frozenset[int]


def strikes(notes: Sequence[Note]) -> list[Strike]:
    """The notes of a part, which are in order of onset, by onset."""
    groups = [(onset, list(group)) for onset, group in groupby(notes, key=lambda note: note.onset)]
    return [Strike(at, max(n.duration for n in group), frozenset(n.pitch for n in group)) for at, group in groups]


def fresh(parts: Sequence[Sequence[Strike]]) -> dict[Rhythm, float]:
    """How certain it is of each rhythm that it repeats no pitch; syllables would sometimes repeat it."""
    count: Counter[Rhythm] = Counter()
    repeated: set[Rhythm] = set()
    for a, b in (pair for part in parts for pair in pairwise(part)):
        rhythm = (b.onset - a.onset, b.length)
        count[rhythm] += 1
        if a.pitches & b.pitches:
            repeated.add(rhythm)
    return {rhythm: min(1.0, n / KNOWN) for rhythm, n in count.items() if rhythm not in repeated}


def lateness(notes: Sequence[Note], others: Sequence[Sequence[Note]]) -> list[Fraction]:
    """How far the tune is behind the others at each note, in quarters.

    Programs that extend a fermata in one voice only (abc2midi) leave this voice late for the rest of the piece. Of
    all ways to become late, by halves of a quarter, this is the one in which most notes begin with others.
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
    """The state of each step: starts at 0, never decreases, and most steps are met; a change costs CHANGE."""
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
