"""Notes to slots: where syllables begin, what is sung on the syllable before, and where a rest divides words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

from lyricist.melody.melisma import continued
from lyricist.melody.metric import Bars, strong_slots
from lyricist.melody.tune import Note, Part, Score, Slot

SHORTEST_REST = Fraction(1, 4)  # quarters: a sixteenth; a shorter gap is how a note is played
SHORT_SLUR, LONG_SLUR = 3, 5  # notes: a short slur is a melisma, a long one only if its notes are short
SHORT_NOTES = Fraction(3, 4)  # of the usual length


def slots_of(part: Part, score: Score, *, words: bool = True, bars: Bars | None = None) -> tuple[Slot, ...]:
    """The slots of a sung line: `part` has one voice, and `score` tells its bars.

    With words in the part, a note with a syllable opens a slot and notes without one are sung on the syllable before;
    behind a rest they are not sung at all. Otherwise, or with `words` false, every note opens a slot that no slur
    leads to; where a file has no slurs, see `melisma.py`.
    """
    bars = bars or Bars(score)
    groups = by_words(part.notes) if words and part.words else by_slurs(part, score, bars)
    return with_strengths(groups, bars)


def by_words(notes: Sequence[Note]) -> list[list[Note]]:
    """The notes of each syllable."""
    verse = min(lyric.verse for note in notes for lyric in note.lyrics)
    groups: list[list[Note]] = []
    silent = True  # whether what sounds belongs to no syllable: a prelude in the singer's part
    for before, note in zip((None, *notes), notes, strict=False):
        if opens(note, verse):
            groups.append([note])
            silent = False
        elif before is not None and note.onset - before.end >= SHORTEST_REST and not note.slurred:
            silent = True
        elif not silent:
            groups[-1].append(note)
    return groups


def opens(note: Note, verse: int) -> bool:
    """Whether a syllable begins: one of the verse, or of another where the first verse has none and no slur leads."""
    return any(lyric.verse == verse for lyric in note.lyrics) or (bool(note.lyrics) and not note.slurred)


def by_slurs(part: Part, score: Score, bars: Bars) -> list[list[Note]]:
    """The notes that slurs join."""
    joined = [note.slurred for note in part.notes]
    if not any(joined) and score.kind == "midi":
        joined = continued(part, score, bars)
    slurs: list[list[Note]] = []
    for note, on in zip(part.notes, joined, strict=True):
        if on and slurs:
            slurs[-1].append(note)
        else:
            slurs.append([note])
    usual = median([note.duration for note in part.notes]) if part.notes else Fraction(1)
    return [group for slur in slurs for group in ([slur] if is_melisma(slur, usual) else [[note] for note in slur])]


def is_melisma(slur: Sequence[Note], usual: Fraction) -> bool:
    """Whether a slur is sung on one syllable; slurs that only show a phrase have repeated notes, or many that are as
    long as others (`usual`, in quarters)."""
    if len(slur) <= SHORT_SLUR:
        return True
    if any(a.pitch == b.pitch or b.onset - a.end >= SHORTEST_REST for a, b in pairwise(slur)):
        return False
    return len(slur) <= LONG_SLUR or slur[-1].end - slur[0].onset < SHORT_NOTES * usual * len(slur)


def with_strengths(groups: Sequence[Sequence[Note]], bars: Bars) -> tuple[Slot, ...]:
    strengths = [bars.strength(group[0].onset) for group in groups]
    rests = rests_between(groups)
    strong = strong_slots(strengths, lengths_of(groups, rests), [rest > 0 for rest in rests])
    return tuple(
        Slot(
            onset=group[0].onset,
            duration=group[-1].end - group[0].onset,
            pitch=group[0].pitch,
            strength=strength,
            strong=stress,
            notes=tuple(group),
            rest=rest,
            lyrics=group[0].lyrics,
        )
        for group, strength, stress, rest in zip(groups, strengths, strong, rests, strict=True)
    )


def rests_between(groups: Sequence[Sequence[Note]]) -> list[Fraction]:
    """The silence behind each slot, 0 where it is only how notes are played; behind the last 0."""
    gaps = [after[0].onset - group[-1].end for group, after in pairwise(groups)]
    return [gap if gap >= SHORTEST_REST else Fraction(0) for gap in gaps] + [Fraction(0)][: len(groups)]


def lengths_of(groups: Sequence[Sequence[Note]], rests: Sequence[Fraction]) -> list[Fraction]:
    """How long each slot is held, up to the next one if there is no rest between."""
    ends = [after[0].onset for after in groups[1:]] + [group[-1].end for group in groups[-1:]]
    return [end - rest - group[0].onset for group, end, rest in zip(groups, ends, rests, strict=True)]
