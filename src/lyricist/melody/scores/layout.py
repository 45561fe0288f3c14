"""A score laid out on paper: bars, voices, written values. The MusicXML writer turns it into elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby

from lyricist.errors import InputError
from lyricist.melody.scores.beams import beams
from lyricist.melody.scores.values import COMPOUND, SIMPLE, Value, bar_lines, neat_span, tuplet_marks, written
from lyricist.melody.tune import Metre, Note, Part, Score

MAX_BARS = 20_000
MAX_MEASURES = 100_000  # of all parts together
MOST_VOICES = 24
BREATH = Fraction(1, 4)  # quarters of silence that end a slur
MIDDLE = 60  # MIDI pitch: what is below goes to the lower staff of two
EACH = 0.1  # share of notes far above the middle, and far below, that asks for two staves
NO_METRE = Metre(Fraction(0), 4, 4)


@dataclass(frozen=True)
class Bar:
    number: int  # as printed; 0 is a pickup
    start: Fraction
    end: Fraction
    metre: Metre
    changes: bool  # the metre is stated here


@dataclass
class Event:
    """Notes that begin and end together in one voice."""

    onset: Fraction
    end: Fraction
    notes: list[Note]
    slur_from: bool = False  # a slur begins here
    slur_to: bool = False


@dataclass(frozen=True)
class Piece:
    """One written note, chord or rest within a bar."""

    at: Fraction  # quarters from the beginning of the bar
    value: Value
    event: Event | None  # None: a rest
    first: bool = True  # of its event
    last: bool = True
    tuplet: str = ""
    beams: tuple[str, ...] = ()
    whole_bar: bool = False


@dataclass
class Measure:
    bar: Bar
    voices: dict[int, list[Piece]] = field(default_factory=dict)  # by number, from 1; 1 is always there
    staves: dict[int, int] = field(default_factory=dict)  # the staff of each voice, from 1


def lay_bars(score: Score) -> list[Bar]:
    """All bars of a score, to the end of the last note. Raises InputError beyond MAX_BARS."""
    spans = (neat_span(note.onset, note.end) for part in score.parts for note in part.notes)
    end = max((stop for _, stop in spans), default=Fraction(0))
    stretches = list(metre_stretches(score, max(end, Fraction(1, 64))))
    bars = sum(int((b - a) / metre.bar) + 1 for a, b, metre in stretches)
    if bars > MAX_BARS or bars * len(score.parts) > MAX_MEASURES:
        raise InputError(
            f"the tune has {bars} bars in {len(score.parts)} parts; a score has at most {MAX_BARS} and "
            f"{MAX_MEASURES} in all parts: choose a shorter tune or write .mid"
        )
    out: list[Bar] = []
    number = 0 if score.pickup > 0 else 1
    for a, b, metre in stretches:
        for start, stop in bar_lines(a, b, metre.bar):
            before = out[-1].metre if out else None
            changes = before is None or (before.beats, before.unit) != (metre.beats, metre.unit)
            out.append(Bar(number, start, stop, metre, changes))
            number += 1
    return out


def metre_stretches(score: Score, end: Fraction) -> Iterator[tuple[Fraction, Fraction, Metre]]:
    """(from, to, metre): the pickup bar, then what each metre covers; the last one to its bar line."""
    metres = [metre if metre.bar > 0 else NO_METRE for metre in score.metres] or [NO_METRE]
    if score.pickup > 0:
        yield Fraction(0), score.pickup, metres[0]
    starts = [score.pickup, *(max(metre.onset, score.pickup) for metre in metres[1:])]
    for i, (start, metre) in enumerate(zip(starts, metres, strict=True)):
        stop = start + -((start - end) // metre.bar) * metre.bar
        if i + 1 < len(metres):
            stop = min(starts[i + 1], stop)
        if stop > start:
            yield start, stop, metre


def lay_part(parts: Sequence[Part], bars: Sequence[Bar]) -> list[Measure]:
    """Parts that share a staff, or one that has two, bar by bar; a voice of every staff fills all of its bars."""
    measures = [Measure(bar) for bar in bars]
    sung = any(part.words for part in parts)
    staves: list[list[Sequence[Note]]] = [[notes] for notes in staves_of(parts[0])]
    if len(parts) > 1:
        staves = [[part.notes for part in parts]]
    number = 1
    for staff, voiced in enumerate(staves, 1):
        lines = [events for notes in voiced for events in voices(notes)] or [[]]
        for k, events in enumerate(lines):
            mark_slurs(events, sung)
            for measure, pieces in zip(measures, in_bars(events, bars, sung), strict=True):
                if pieces or k == 0:
                    measure.voices[number] = pieces or silence(measure.bar)
                    measure.staves[number] = staff
            number += 1
    return measures


def staves_of(part: Part) -> list[Sequence[Note]]:
    """One staff, or two for an instrument that plays both high and low: above middle C and below."""
    notes = part.notes
    low, high = (sum(pitch(note) for note in notes) for pitch in (is_low, is_high))
    if part.words or part.drums or min(low, high) <= EACH * len(notes):
        return [notes]
    return [[note for note in notes if note.pitch >= MIDDLE], [note for note in notes if note.pitch < MIDDLE]]


def is_low(note: Note) -> bool:
    return note.pitch < MIDDLE - 5


def is_high(note: Note) -> bool:
    return note.pitch > MIDDLE + 5


def silence(bar: Bar) -> list[Piece]:
    """A bar's rest; a pickup or a cut bar gets rests of its length."""
    length = bar.end - bar.start
    if length != bar.metre.bar:
        return fill([], bar)
    return [Piece(Fraction(0), Value(length, "whole"), None, whole_bar=True)]


def voices(notes: Iterable[Note]) -> list[list[Event]]:
    """Notes to as few voices as hold them without overlap; sung notes come first.

    With more than MOST_VOICES at once, which is no music, the one that would end first ends early.
    """
    spans = [(neat_span(note.onset, note.end), note) for note in notes]
    spans.sort(key=lambda item: (item[0][0], not item[1].lyrics, not item[1].slurred, -item[1].pitch))
    out: list[list[Event]] = []
    for onset, together in groupby(spans, key=lambda item: item[0][0]):
        chords: dict[Fraction, list[Note]] = {}
        for (_, end), note in together:
            chords.setdefault(end, []).append(note)
        for end, group in chords.items():
            free = next((voice for voice in out if voice[-1].end <= onset), None)
            if free is None and len(out) == MOST_VOICES:
                free = min((voice for voice in out if voice[-1].onset < onset), key=ends, default=None)
                if free is None:  # all of them begin here
                    continue
                free[-1].end = onset
            if free is None:
                out.append(free := [])
            free.append(Event(onset, end, group))
    return out


def ends(voice: Sequence[Event]) -> Fraction:
    return voice[-1].end


def mark_slurs(events: Sequence[Event], sung: bool) -> None:
    """A slur over every run of notes that are slurred to each other; in a voice with words also over a breath."""
    joined = [False] * (len(events) + 1)
    for i in range(1, len(events)):
        near = sung or events[i].onset - events[i - 1].end < BREATH
        joined[i] = near and any(note.slurred for note in events[i].notes)
    for i, event in enumerate(events):
        event.slur_from = joined[i + 1] and not joined[i]
        event.slur_to = joined[i] and not joined[i + 1]


def in_bars(events: Sequence[Event], bars: Sequence[Bar], sung: bool) -> Iterator[list[Piece]]:
    """The pieces of one voice for each bar: none where it is silent, otherwise the bar is filled with rests."""
    at = 0
    for bar in bars:
        spans: list[tuple[Fraction, Fraction, Event]] = []
        while at < len(events) and events[at].onset < bar.end:
            event = events[at]
            spans.append((max(event.onset, bar.start), min(event.end, bar.end), event))
            if event.end > bar.end:
                break
            at += 1
        spans = [span for span in spans if span[1] > span[0]]
        yield fill(spans, bar, sung) if spans else []


def fill(spans: Sequence[tuple[Fraction, Fraction, Event]], bar: Bar, sung: bool = False) -> list[Piece]:
    compound = bar.metre.unit >= 8 and bar.metre.beats % 3 == 0
    grid = COMPOUND if compound else SIMPLE
    # A pickup is counted from the bar line before it, which is not there.
    origin = bar.end - bar.metre.bar if bar.number == 0 else bar.start
    beat = Fraction(12, bar.metre.unit) if compound else Fraction(1)
    pieces: list[Piece] = []

    def put(start: Fraction, end: Fraction, event: Event | None) -> None:
        place = start
        for value in written(start - origin, end - start, grid):
            done = place + value.length
            first, last = (place == event.onset, done == event.end) if event else (True, True)
            pieces.append(Piece(place - bar.start, value, event, first, last))
            place = done

    def rest(start: Fraction, end: Fraction) -> None:
        # Cut at beats, or half notes: a rest does not hide a beat, and a whole one would stand for the bar.
        step = beat if compound else Fraction(2)
        while start < end:
            stop = min(end, origin + ((start - origin) // step + 1) * step)
            put(start, stop, None)
            start = stop

    reached = bar.start
    for start, end, event in spans:
        rest(reached, start)
        put(start, end, event)
        reached = end
    rest(reached, bar.end)
    return marked(pieces, bar.start - origin, beat, sung)


def marked(pieces: Sequence[Piece], shift: Fraction, beat: Fraction, sung: bool) -> list[Piece]:
    """With brackets of tuplets and beams; `shift` is from the bar's count to its beginning."""
    tuplets = tuplet_marks([(piece.at + shift, piece.value) for piece in pieces])
    notes = [
        (piece.at + shift, piece.value if piece.event else None, sung and begins_syllable(piece)) for piece in pieces
    ]
    return [
        replace(piece, tuplet=tuplet, beams=beam)
        for piece, tuplet, beam in zip(pieces, tuplets, beams(notes, beat), strict=True)
    ]


def begins_syllable(piece: Piece) -> bool:
    return piece.event is not None and piece.first and not piece.event.notes[0].slurred
