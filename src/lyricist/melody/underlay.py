"""Syllables with a time onto the notes that sound then: which part they belong to, and which note each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby

from lyricist.melody.karaoke import Syllable, Words
from lyricist.melody.tune import Lyric, Note

NEAR = 0.25  # quarters between a syllable and its note, at most
SAME = 1 / 64  # quarters; nearer than this is the same time
BREATH = Fraction(1, 8)  # quarters of silence that end a melisma
LEAST = 0.5  # share of the syllables that must find a note, for text events to count as words
MOST = 32  # tracks with words that are looked at, the fullest first
TRIED = 3  # lines that words are laid under, the likeliest
SAMPLE = 200  # syllables, to find those
MANY = 8  # syllables; fewer may be remarks
SURE = 0.8  # share of the syllables from which a track's words are laid under its own notes without asking further
OWN = 1.25  # how much a track's own notes are preferred for its words

Group = tuple[Fraction, tuple[Lyric, ...]]  # without lyrics: a mark that holds the syllable before


@dataclass
class Line:
    """The notes of a part, by onset."""

    track: int
    notes: Sequence[Note]
    onsets: list[Fraction] = field(init=False)
    tops: list[int] = field(init=False)  # index of the highest note at each onset
    times: list[float] = field(init=False)  # the onsets again, for quick search

    def __post_init__(self) -> None:
        self.onsets, self.tops = [], []
        for i, note in enumerate(self.notes):
            if not self.onsets or note.onset > self.onsets[-1]:
                self.onsets.append(note.onset)
                self.tops.append(i)
            elif note.pitch >= self.notes[self.tops[-1]].pitch:
                self.tops[-1] = i
        self.times = [float(onset) for onset in self.onsets]


@dataclass(frozen=True)
class Fit:
    """How one track's words stand to one part's notes."""

    words: Words
    line: Line
    places: dict[int, int]  # index of the onset -> index of the group
    groups: Sequence[Group]
    score: float
    recall: float  # share of the syllables that have a note


def underlay(
    lines: Sequence[Line], words: Sequence[Words], at: Callable[[int], Fraction]
) -> tuple[list[tuple[Note, ...]], list[str]]:
    """The notes of each line with the words that fit it best, and warnings; `at` turns ticks to quarters."""
    chosen: dict[int, Fit] = {}
    for fit in _fits(lines, words, at):
        old = chosen.get(id(fit.line))
        if old is None or _worth(fit) > _worth(old):
            chosen[id(fit.line)] = fit
    most = max((len(fit.places) for fit in chosen.values()), default=0)
    own = max((len(fit.places) for fit in chosen.values() if fit.line.track == fit.words.track), default=0)
    for key, fit in list(chosen.items()):
        stray = fit.line.track != fit.words.track
        if stray and (own >= 0.8 * len(fit.places) or len(fit.places) < most):
            del chosen[key]
    notes = [_laid(chosen[id(line)]) if id(line) in chosen else tuple(line.notes) for line in lines]
    if any(fit.words.by_line for fit in chosen.values()):
        return notes, ["the words stand by the line, not by the note; their lines are marked and the words left out"]
    return notes, [] if chosen else _unfit(words)


def _laid(fit: Fit) -> tuple[Note, ...]:
    return _divided(fit) if fit.words.by_line else _sung(fit)


def _unfit(words: Sequence[Words]) -> list[str]:
    lost = max((found.count for found in words), default=0)
    return [f"{lost} syllables in the file fit no notes and are left out"] if lost >= MANY else []


def _fits(lines: Sequence[Line], words: Sequence[Words], at: Callable[[int], Fraction]) -> list[Fit]:
    """The best part for each track's words, where there is one."""
    out = []
    for found in sorted(words, key=lambda found: -found.count)[:MOST]:
        groups = _groups(found.syllables, at)
        one_by_one: list[Group] = [(at(s.tick), (s.lyric,) if s.lyric else ()) for s in found.syllables]
        times = [float(time) for time, lyrics in groups if lyrics]
        likely = sorted((line for line in lines if line.onsets), key=lambda line: -_likely(line, found, times))[
            :TRIED
        ]
        fits = [_fit(line, found, one_by_one if _in_turn(line, found) else groups) for line in likely]
        own = [fit for fit in fits if fit.line.track == found.track and fit.recall >= SURE]
        best = max(own or fits, key=lambda fit: fit.score, default=None)
        if best is not None and best.recall >= LEAST:
            out.append(best)
    return out


def _likely(line: Line, words: Words, times: list[float]) -> float:
    """About what `_fit` would score, from a sample of the syllables."""
    if _in_turn(line, words):
        return 2.0
    sample = times[:: 1 + len(times) // SAMPLE]
    hits = sum(abs(line.times[_nearest(line.times, time)] - time) <= NEAR for time in sample)
    recall = hits / len(sample) if sample else 0.0
    span = bisect_left(line.times, times[-1] + NEAR) - bisect_left(line.times, times[0] - NEAR) if times else 0
    return _score(line, words, recall, min(1.0, recall * len(times) / max(1, span)))


def _score(line: Line, words: Words, recall: float, filled: float) -> float:
    """How well words fit: the share of them that has notes, of the notes that has words, and of single notes."""
    single = len(line.onsets) / len(line.notes)
    return recall**2 * (0.4 + 0.6 * filled) * (0.4 + 0.6 * single) * (OWN if line.track == words.track else 1.0)


def _worth(fit: Fit) -> float:
    """Of two sets of words for a part, the one with more syllables on notes; then the one with line marks."""
    sung = sum(bool(fit.groups[g][1]) for g in fit.places.values())
    return sung * (1.1 if fit.words.lines > 1 else 1.0)


def _groups(syllables: Sequence[Syllable], at: Callable[[int], Fraction]) -> list[Group]:
    ordered = sorted(syllables, key=lambda s: s.tick)
    grouped = [(at(tick), list(group)) for tick, group in groupby(ordered, key=lambda s: s.tick)]
    return [(onset, _verses([s.lyric for s in group if s.lyric])) for onset, group in grouped]


def _verses(lyrics: list[Lyric]) -> tuple[Lyric, ...]:
    """One lyric a verse; several texts of one verse at the same time are run together."""
    out: dict[int, Lyric] = {}
    for lyric in lyrics:
        old = out.get(lyric.verse)
        gap = " " if old and old.syllabic in ("single", "end") else ""
        out[lyric.verse] = replace(old, text=old.text + gap + lyric.text) if old else lyric
    return tuple(out[verse] for verse in sorted(out))


def _in_turn(line: Line, words: Words) -> bool:
    """Whether the times are to be passed over: words crowd under chords, but there are as many as onsets."""
    return words.crowded and line.track == words.track and len(line.onsets) == len(words.syllables)


def _fit(line: Line, words: Words, groups: list[Group]) -> Fit:
    places = {i: i for i in range(len(groups))} if _in_turn(line, words) else _place(line.times, groups)
    sung = [i for i, g in places.items() if groups[g][1]]
    total = sum(bool(lyrics) for _, lyrics in groups)
    recall = len(sung) / total if total else 0.0
    span = max(places, default=0) - min(places, default=0) + 1
    return Fit(words, line, places, groups, _score(line, words, recall, len(places) / span), recall)


def _place(onsets: list[float], groups: list[Group]) -> dict[int, int]:
    """Each group's onset: those at the same time first, then the nearest free one, in order."""
    places: dict[int, int] = {}
    late: list[int] = []
    times = [float(time) for time, _ in groups]
    for g, time in enumerate(times):
        i = _nearest(onsets, time)
        if abs(onsets[i] - time) <= SAME and i not in places:
            places[i] = g
        else:
            late.append(g)
    for g in late:
        middle = _nearest(onsets, times[g])
        free = [i for i in range(max(0, middle - 1), min(len(onsets), middle + 2)) if i not in places]
        best = min(free, key=lambda i: abs(onsets[i] - times[g]), default=None)
        near = best is not None and abs(onsets[best] - times[g]) <= NEAR
        if groups[g][1] and best is not None and near and _in_order(places, best, g):
            places[best] = g
    return places


def _in_order(places: dict[int, int], i: int, g: int) -> bool:
    return places.get(i - 1, -1) < g < places.get(i + 1, g + 1)


def _nearest(onsets: list[float], time: float) -> int:
    i = bisect_left(onsets, time)
    if i == len(onsets) or (i and time - onsets[i - 1] <= onsets[i] - time):
        return i - 1
    return i


def _sung(fit: Fit) -> tuple[Note, ...]:
    """The part's notes with their syllables, and slurs where a syllable is held over several."""
    notes = list(fit.line.notes)
    sounding, end = False, Fraction(0)
    for i, index in enumerate(fit.line.tops):
        note, group = notes[index], fit.places.get(i)
        lyrics = fit.groups[group][1] if group is not None else ()
        legato = note.onset - end <= BREATH
        if lyrics:
            notes[index] = replace(note, lyrics=lyrics)
        elif sounding and (legato or group is not None):
            notes[index] = replace(note, slurred=True)
        else:
            sounding = False
        sounding = sounding or bool(lyrics)
        end = max(end, note.end)
    return tuple(notes)


def _divided(fit: Fit) -> tuple[Note, ...]:
    """The part's notes with the ends of lines marked, where whole lines of words stand under one note."""
    notes = list(fit.line.notes)
    for i, group in fit.places.items():
        if i and fit.groups[group][1]:
            before = fit.line.tops[i - 1]
            notes[before] = replace(notes[before], phrase_end=True)
    return tuple(notes)
