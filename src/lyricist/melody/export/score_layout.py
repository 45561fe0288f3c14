"""A score on paper: written note values, tuplets and beams, bars, voices and staves.

The MusicXML writer turns this layout into elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby
from math import ceil, lcm

from lyricist.errors import InputError
from lyricist.melody.tune import Metre, Note, Part, Score

MAX_BARS = 20_000
MAX_MEASURES = 100_000  # of all parts together
MAX_VOICES = 24
BREATH = Fraction(1, 4)  # quarters of silence that end a slur
MIDDLE = 60  # MIDI pitch; with two staves, lower notes are on the second one
TWO_STAVES = 0.1  # share of notes far above the middle, and far below, from which a part has two staves
NO_METRE = Metre(Fraction(0), 4, 4)

NOTE_TYPES = ("breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th")  # MusicXML's names
TYPES = {name: Fraction(8, 2**i) for i, name in enumerate(NOTE_TYPES)}  # in quarters
FLAGS = {name: flags for flags, name in enumerate(NOTE_TYPES[4:], 1)}
DOTS = (Fraction(1), Fraction(3, 2), Fraction(7, 4))
PLAIN = {length * dot: (name, dots) for name, length in TYPES.items() for dots, dot in enumerate(DOTS)}
# The odd part of a denominator -> (actual, normal): `actual` notes in the time of `normal`.
TUPLETS = {1: (1, 1), 3: (3, 2), 5: (5, 4), 7: (7, 4), 9: (9, 8), 11: (11, 8), 13: (13, 8), 15: (15, 8)}
SIMPLE = tuple(map(Fraction, (4, 2, 1))) + tuple(Fraction(1, 2**i) for i in range(1, 6))
COMPOUND = (Fraction(3), Fraction(3, 2), *(Fraction(1, 2**i) for i in range(1, 6)))
NEAR = Fraction(1, 96)  # quarters: 5 ticks of 480
FINEST = 64  # times with a denominator up to this one are written times
GRIDS = (1, 2, 3, 4, 6, 8, 12)


@dataclass(frozen=True)
class Value:
    """One written note value. `exact` is False if `kind` is only the nearest type to `length`."""

    length: Fraction  # quarters, as it sounds
    kind: str  # one of TYPES
    dots: int = 0
    actual: int = 1
    normal: int = 1
    exact: bool = True


@dataclass(frozen=True)
class Bar:
    number: int  # as printed; 0 is a pickup
    start: Fraction
    end: Fraction
    metre: Metre
    changes: bool  # the time signature is printed here


@dataclass
class Event:
    """Notes that begin and end together in one voice."""

    onset: Fraction
    end: Fraction
    notes: list[Note]
    slur_from: bool = False  # a slur begins here
    slur_to: bool = False  # a slur ends here


@dataclass(frozen=True)
class Piece:
    """One written note, chord or rest within a bar."""

    at: Fraction  # quarters from the start of the bar
    value: Value
    event: Event | None  # None: a rest
    first: bool = True  # of its event
    last: bool = True
    tuplet: str = ""  # `start`, `stop`, `both` or nothing
    beams: tuple[str, ...] = ()  # MusicXML's word for each beam, the eighths' first
    whole_bar: bool = False


@dataclass
class Measure:
    bar: Bar
    voices: dict[int, list[Piece]] = field(default_factory=dict)  # by number, from 1; 1 is always there
    staves: dict[int, int] = field(default_factory=dict)  # the staff of each voice, from 1


# Written note values


def written(at: Fraction, length: Fraction, grid: Sequence[Fraction] = SIMPLE) -> list[Value]:
    """The note values, to be tied, for a length that begins `at` quarters into its bar.

    >>> [v.kind for v in written(Fraction(1, 4), Fraction(5, 4))]
    ['eighth', 'eighth']
    >>> written(Fraction(0), Fraction(2, 3))
    [Value(length=Fraction(2, 3), kind='quarter', dots=0, actual=3, normal=2, exact=True)]
    """
    out, todo = [], [(at, length)]
    while todo:
        start, left = todo.pop()
        ratio = TUPLETS.get(odd_part(lcm(start.denominator, left.denominator)))
        plain = PLAIN.get(left * Fraction(*ratio)) if ratio else None
        # Cut at the strongest place inside; a length of an unknown tuplet would not become exact by that.
        inner = ((start // step + 1) * step for step in grid) if ratio and not plain else ()
        cut = next((point for point in inner if point < start + left), None)
        if ratio and plain:
            out.append(Value(left, *plain, *ratio))
        elif cut is not None:
            todo += [(cut, start + left - cut), (start, cut - start)]
        else:
            near = min(PLAIN, key=lambda known: (abs(known - left), PLAIN[known][1]))
            out.append(Value(left, *PLAIN[near], exact=near == left))
    return out


def odd_part(number: int) -> int:
    while number % 2 == 0:
        number //= 2
    return number


def neat(time: Fraction) -> Fraction:
    """Moves a played time to a written time if one is within NEAR.

    >>> neat(Fraction(481, 480)), neat(Fraction(1, 5)), neat(Fraction(119, 480))
    (Fraction(1, 1), Fraction(1, 5), Fraction(1, 4))
    """
    if time.denominator <= FINEST:
        return time
    places = (Fraction(round(time * steps), steps) for steps in GRIDS)
    return next((place for place in places if abs(place - time) <= NEAR), time)


def neat_span(note: Note) -> tuple[Fraction, Fraction]:
    a, b = neat(note.onset), neat(note.end)
    return (a, b) if b > a else (note.onset, note.end)


def tuplet_marks(values: Sequence[tuple[Fraction, Value]]) -> list[str]:
    """For each (place in the bar, value): `start`, `stop`, `both` or nothing. A tuplet ends on a plain place."""
    marks = [""] * len(values)
    opened = None
    for i, (at, value) in enumerate(values):
        if value.actual == 1:
            continue
        following = values[i + 1] if i + 1 < len(values) else None
        goes_on = following is not None and following[0] == at + value.length and following[1].actual == value.actual
        closes = odd_part((at + value.length).denominator) == 1 or not goes_on
        if opened is None:
            opened = i
            marks[i] = "start"
        if closes:
            marks[i] = "both" if opened == i else "stop"
            opened = None
    return marks


def beams(notes: Sequence[tuple[Fraction, Value | None, bool]], beat: Fraction) -> list[tuple[str, ...]]:
    """The beams over short notes of one beat; in a sung part, of one syllable.

    `notes` are (place in the bar, value or None for a rest, whether a syllable begins); a note with flags of its own
    has no beams.

    >>> values = [Value(Fraction(1, 4), "16th"), Value(Fraction(1, 4), "16th"), Value(Fraction(1, 2), "eighth")]
    >>> beams(list(zip([Fraction(0), Fraction(1, 4), Fraction(1, 2)], values, [False] * 3)), Fraction(1))
    [('begin', 'begin'), ('continue', 'end'), ('end',)]
    """
    groups: list[list[tuple[int, int]]] = []  # index and number of flags
    last: Fraction | None = None  # the beat of the note before, if it can be beamed
    for i, (at, value, syllable) in enumerate(notes):
        flags = FLAGS.get(value.kind, 0) if value is not None and value.exact else 0
        if flags and (syllable or last is None or at // beat != last):
            groups.append([])
        if flags:
            groups[-1].append((i, flags))
        last = Fraction(at // beat) if flags else None
    out: list[tuple[str, ...]] = [()] * len(notes)
    for group in groups:
        counts = [flags for _, flags in group]
        if len(group) > 1:
            for k, (i, flags) in enumerate(group):
                out[i] = tuple(beam_word(counts, k, level) for level in range(1, flags + 1))
    return out


def beam_word(flags: Sequence[int], at: int, level: int) -> str:
    before = at > 0 and flags[at - 1] >= level
    after = at + 1 < len(flags) and flags[at + 1] >= level
    if before and after:
        return "continue"
    if before or after:
        return "end" if before else "begin"
    return "forward hook" if at == 0 else "backward hook"


# Bars, voices and staves


def lay_bars(score: Score) -> list[Bar]:
    """All bars of a score, to the end of the last note. Raises InputError beyond MAX_BARS."""
    end = max((neat_span(note)[1] for part in score.parts for note in part.notes), default=Fraction(0))
    stretches = list(metre_stretches(score, max(end, Fraction(1, 64))))
    bars = sum(int((b - a) / metre.bar) + 1 for a, b, metre in stretches)
    if bars > MAX_BARS or bars * len(score.parts) > MAX_MEASURES:
        raise InputError(
            f"the tune has {bars} bars in {len(score.parts)} parts; a score has at most {MAX_BARS} and "
            f"{MAX_MEASURES} in all parts: choose a shorter tune or write .mid"
        )
    out: list[Bar] = []
    for a, b, metre in stretches:
        for i in range(ceil((b - a) / metre.bar)):
            before = out[-1].metre if out else None
            changes = before is None or (before.beats, before.unit) != (metre.beats, metre.unit)
            number = len(out) + (score.pickup <= 0)
            out.append(Bar(number, a + i * metre.bar, min(b, a + (i + 1) * metre.bar), metre, changes))
    return out


def metre_stretches(score: Score, end: Fraction) -> Iterator[tuple[Fraction, Fraction, Metre]]:
    """(start, end, metre): first the pickup bar, then one range for each metre; the last ends with a full bar."""
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
    """Parts that share a staff, or one part, bar by bar; the first voice of each staff fills all of its bars."""
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
    low = sum(note.pitch < MIDDLE - 5 for note in notes)
    high = sum(note.pitch > MIDDLE + 5 for note in notes)
    if part.words or part.drums or min(low, high) <= TWO_STAVES * len(notes):
        return [notes]
    return [[note for note in notes if note.pitch >= MIDDLE], [note for note in notes if note.pitch < MIDDLE]]


def silence(bar: Bar) -> list[Piece]:
    """A whole-bar rest; a pickup or a shortened bar has rests of its length."""
    length = bar.end - bar.start
    if length != bar.metre.bar:
        return fill([], bar)
    return [Piece(Fraction(0), Value(length, "whole"), None, whole_bar=True)]


def voices(notes: Iterable[Note]) -> list[list[Event]]:
    """The notes in as few voices as possible, without overlap within a voice; sung notes come first.

    With more than MAX_VOICES at once, the voice that would end first ends early.
    """
    spans = [(neat_span(note), note) for note in notes]
    spans.sort(key=lambda item: (item[0][0], not item[1].lyrics, not item[1].slurred, -item[1].pitch))
    out: list[list[Event]] = []
    for onset, together in groupby(spans, key=lambda item: item[0][0]):
        chords: dict[Fraction, list[Note]] = {}
        for (_, end), note in together:
            chords.setdefault(end, []).append(note)
        for end, group in chords.items():
            free = next((voice for voice in out if voice[-1].end <= onset), None)
            if free is None and len(out) == MAX_VOICES:
                earlier = (voice for voice in out if voice[-1].onset < onset)
                free = min(earlier, key=lambda voice: voice[-1].end, default=None)
                if free is None:  # all voices begin here
                    continue
                free[-1].end = onset
            if free is None:
                out.append(free := [])
            free.append(Event(onset, end, group))
    return out


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
    """The pieces of one voice for each bar: none in a bar without notes, else the bar is filled with rests."""
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
    """The pieces of one bar from (start, end, event), with rests between, tuplets and beams."""
    compound = bar.metre.unit >= 8 and bar.metre.beats % 3 == 0
    grid = COMPOUND if compound else SIMPLE
    # A pickup is counted from the bar line that would be before it.
    origin = bar.end - bar.metre.bar if bar.number == 0 else bar.start
    beat = Fraction(12, bar.metre.unit) if compound else Fraction(1)
    step = beat if compound else Fraction(2)  # rests are cut here: a rest does not hide a beat
    pieces: list[Piece] = []

    def put(start: Fraction, end: Fraction, event: Event | None) -> None:
        place = start
        for value in written(start - origin, end - start, grid):
            done = place + value.length
            first, last = (place == event.onset, done == event.end) if event else (True, True)
            pieces.append(Piece(place - bar.start, value, event, first, last))
            place = done

    reached = bar.start
    for start, end, event in [*spans, (bar.end, bar.end, None)]:
        while reached < start:
            stop = min(start, origin + ((reached - origin) // step + 1) * step)
            put(reached, stop, None)
            reached = stop
        if event:
            put(start, end, event)
            reached = end
    shift = bar.start - origin
    tuplets = tuplet_marks([(piece.at + shift, piece.value) for piece in pieces])
    beamed = beams([(p.at + shift, p.value if p.event else None, sung and begins_syllable(p)) for p in pieces], beat)
    return [
        replace(piece, tuplet=tuplet, beams=beam) for piece, tuplet, beam in zip(pieces, tuplets, beamed, strict=True)
    ]


def begins_syllable(piece: Piece) -> bool:
    return piece.event is not None and piece.first and not piece.event.notes[0].slurred
