"""Syllables with times to notes: which part the words of a MIDI track belong to, and which note each syllable has."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from lyricist.melody.read.karaoke import Syllable, Words
from lyricist.melody.read.smf import At
from lyricist.melody.tune import Lyric, Note

NEAR = 0.25  # quarters; largest distance of a syllable from its note
SAME = 1 / 64  # quarters; smaller distances are the same time
BREATH = Fraction(1, 8)  # quarters of silence that end a melisma
LEAST = 0.5  # share of the syllables that must have a note, for text events to count as words
MOST = 32  # tracks with words that are used, those with most syllables first
TRIED = 3  # parts that are tried for the words of a track, the likeliest first
SAMPLE = 200  # syllables, to find these parts
MANY = 8  # syllables; fewer may be remarks
SURE = 0.8  # share of the syllables with a note in their own track; from here on, other tracks are not considered
OWN = 1.25  # preference for the notes of the words' own track

Group = tuple[Fraction, tuple[Lyric, ...]]  # without lyrics: a mark that holds the syllable before


class Line:
    """The notes of a part, by onset."""

    def __init__(self, track: int, notes: Sequence[Note]) -> None:
        self.track, self.notes = track, notes
        tops = {note.onset: i for i, note in enumerate(notes)}  # by onset, then pitch: the last is the highest
        self.onsets, self.tops = list(tops), list(tops.values())  # onsets, and the index of the highest note at each
        self.times = [float(onset) for onset in self.onsets]  # for quick search


@dataclass(frozen=True)
class Fit:
    """The words of one track on the notes of one part."""

    words: Words
    line: Line
    places: dict[int, int]  # index of the onset -> index of the group
    groups: Sequence[Group]
    score: float
    recall: float  # share of the syllables that have a note

    @property
    def worth(self) -> float:
        """Prefers words with more syllables on notes, then words with line marks."""
        sung = sum(bool(self.groups[g][1]) for g in self.places.values())
        lines = sum(lyric.line_start for lyric in self.words.lyrics)
        return sung * (1.1 if lines > 1 else 1.0)


def underlay(lines: Sequence[Line], words: Sequence[Words], at: At) -> tuple[list[tuple[Note, ...]], list[str]]:
    """The notes of each line with the words that fit it best, and warnings; `at` converts ticks to quarters."""
    chosen: dict[int, Fit] = {}
    for fit in _fits(lines, words, at):
        old = chosen.get(id(fit.line))
        if old is None or fit.worth > old.worth:
            chosen[id(fit.line)] = fit
    most = max((len(fit.places) for fit in chosen.values()), default=0)
    own = max((len(fit.places) for fit in chosen.values() if fit.line.track == fit.words.track), default=0)
    for key, fit in list(chosen.items()):
        stray = fit.line.track != fit.words.track
        if stray and (own >= 0.8 * len(fit.places) or len(fit.places) < most):
            del chosen[key]
    notes = [_with_words(chosen[id(line)]) if id(line) in chosen else tuple(line.notes) for line in lines]
    if any(fit.words.by_line for fit in chosen.values()):
        return notes, ["the words have one time per line, not per note; only the ends of lines are used"]
    lost = max((len(found.lyrics) for found in words), default=0)
    if chosen or lost < MANY:
        return notes, []
    return notes, [f"{lost} syllables in the file fit no notes and are left out"]


def _fits(lines: Sequence[Line], words: Sequence[Words], at: At) -> list[Fit]:
    """The best part for the words of each track, if one fits."""
    out = []
    for found in sorted(words, key=lambda found: -len(found.lyrics))[:MOST]:
        groups = _groups(found.syllables, at)
        one_by_one: list[Group] = [(at(s.tick), (s.lyric,) if s.lyric else ()) for s in found.syllables]
        times = [float(time) for time, lyrics in groups if lyrics]
        likely = sorted((line for line in lines if line.onsets), key=lambda line: -_estimate(line, found, times))
        fits = [_fit(line, found, one_by_one if _in_turn(line, found) else groups) for line in likely[:TRIED]]
        own = [fit for fit in fits if fit.line.track == found.track and fit.recall >= SURE]
        best = max(own or fits, key=lambda fit: fit.score, default=None)
        if best is not None and best.recall >= LEAST:
            out.append(best)
    return out


def _estimate(line: Line, words: Words, times: list[float]) -> float:
    """An estimate of the score of `_fit`, from a sample of the syllables."""
    if _in_turn(line, words):
        return 2.0
    sample = times[:: 1 + len(times) // SAMPLE]
    hits = sum(abs(line.times[_nearest(line.times, time)] - time) <= NEAR for time in sample)
    recall = hits / len(sample) if sample else 0.0
    span = bisect_left(line.times, times[-1] + NEAR) - bisect_left(line.times, times[0] - NEAR) if times else 0
    return _score(line, words, recall, min(1.0, recall * len(times) / max(1, span)))


def _score(line: Line, words: Words, recall: float, filled: float) -> float:
    """From the share of words with notes, the share of notes with words, and the share of single notes."""
    single = len(line.onsets) / len(line.notes)
    return recall**2 * (0.4 + 0.6 * filled) * (0.4 + 0.6 * single) * (OWN if line.track == words.track else 1.0)


def _groups(syllables: Sequence[Syllable], at: At) -> list[Group]:
    """Syllables at the same time: one lyric for each verse, with several texts of a verse joined."""
    out: list[Group] = []
    for tick, group in groupby(sorted(syllables, key=lambda s: s.tick), key=lambda s: s.tick):
        verses: dict[int, Lyric] = {}
        for lyric in (syllable.lyric for syllable in group if syllable.lyric):
            old = verses.get(lyric.verse)
            gap = " " if old and old.syllabic in ("single", "end") else ""
            verses[lyric.verse] = replace(old, text=old.text + gap + lyric.text) if old else lyric
        out.append((at(tick), tuple(verses[verse] for verse in sorted(verses))))
    return out


def _in_turn(line: Line, words: Words) -> bool:
    """Whether to ignore the times: the words are crowded under chords, but there are as many as onsets."""
    return words.crowded and line.track == words.track and len(line.onsets) == len(words.syllables)


def _fit(line: Line, words: Words, groups: list[Group]) -> Fit:
    places = {i: i for i in range(len(groups))} if _in_turn(line, words) else _places(line.times, groups)
    sung = sum(bool(groups[g][1]) for g in places.values())
    total = sum(bool(lyrics) for _, lyrics in groups)
    recall = sung / total if total else 0.0
    span = max(places, default=0) - min(places, default=0) + 1
    return Fit(words, line, places, groups, _score(line, words, recall, len(places) / span), recall)


def _places(onsets: list[float], groups: list[Group]) -> dict[int, int]:
    """The onset of each group: first groups at the same time as an onset, then the nearest free onset, in order."""
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
        if best is None or not groups[g][1] or abs(onsets[best] - times[g]) > NEAR:
            continue
        if places.get(best - 1, -1) < g < places.get(best + 1, g + 1):
            places[best] = g
    return places


def _nearest(onsets: list[float], time: float) -> int:
    i = bisect_left(onsets, time)
    if i == len(onsets) or (i and time - onsets[i - 1] <= onsets[i] - time):
        return i - 1
    return i


def _with_words(fit: Fit) -> tuple[Note, ...]:
    """The part's notes with their syllables, and slurs where a syllable is held over several notes.

    If whole lines of words have one time, only the ends of lines are marked.
    """
    notes, tops, by_line = list(fit.line.notes), fit.line.tops, fit.words.by_line
    sounding, end = False, Fraction(0)
    for i, index in enumerate(tops):
        note, group = notes[index], fit.places.get(i)
        lyrics = fit.groups[group][1] if group is not None else ()
        if by_line:
            if i and lyrics:
                notes[tops[i - 1]] = replace(notes[tops[i - 1]], phrase_end=True)
            continue
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
