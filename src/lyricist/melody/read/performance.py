"""A written score, bar by bar, and its performance: repeats played out, ties joined, bars counted.

The readers of MusicXML and ABC make `WrittenBar`s and `WrittenVoice`s; `perform` turns them into a `Score`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate, groupby

from lyricist.errors import InputError
from lyricist.melody.tune import Chord, Lyric, Metre, Note, Part, Score, Tempo

MAX_NOTES = 100_000  # performed, of all parts
MAX_QUARTERS = 50_000  # almost seven hours at 120 per minute
MAX_BARS = 20_000  # performed; the longest opera has about 10,000
FINEST = 10**9  # largest denominator of a time in quarters; larger ones are not music, and slow to compute with
ZERO = Fraction(0)
SYLLABIC = {  # (continues the word of the note before, the word continues on the next)
    (False, False): "single",
    (False, True): "begin",
    (True, True): "middle",
    (True, False): "end",
}


@dataclass
class Marks:
    """The repeat signs and jumps of one bar."""

    forward: bool = False  # |: before it
    backward: int = 0  # :| after it: how often the passage is played; 0 means no repeat
    ending: frozenset[int] = frozenset()  # played in these passes only (a volta)
    segno: bool = False
    coda: bool = False
    to_coda: bool = False  # after it
    fine: bool = False
    jump: str = ""  # "capo" or "segno", after it

    def join(self, other: Marks) -> None:
        """Add the marks of another part at the same bar."""
        self.backward = max(self.backward, other.backward)
        self.ending |= other.ending
        self.jump = self.jump or other.jump
        for mark in ("forward", "segno", "coda", "to_coda", "fine"):
            setattr(self, mark, getattr(self, mark) or getattr(other, mark))


@dataclass(slots=True)
class WrittenNote:
    onset: Fraction  # quarters from the start of its bar
    duration: Fraction
    pitch: int
    velocity: int = 80
    lyrics: list[Lyric] = field(default_factory=list)
    slurred: bool = False  # a slur or an extender leads to this note
    fermata: bool = False
    phrase_end: bool = False
    tied: bool = False  # to the next note of its pitch
    held: bool = False  # the file says that a tie ends here; used to choose among equal notes
    line: int = 0  # if several voices are one `WrittenVoice`: the voice of this note
    source: int = -1  # as `Note.source`

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


@dataclass
class WrittenBar:
    length: Fraction = ZERO
    metre: tuple[int, int] | None = (4, 4)  # None: no time signature, the bar counts as long as it is
    tempi: list[tuple[Fraction, float]] = field(default_factory=list)  # quarters from the bar's start; per minute
    chords: list[tuple[Fraction, str]] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)


@dataclass
class WrittenVoice:
    name: str
    bars: Mapping[int, list[WrittenNote]]  # by the index of the bar; empty bars may be missing
    program: int | None = None
    drums: bool = False
    voice: int | None = None


def perform(bars: list[WrittenBar], voices: list[WrittenVoice], head: Score, name: str) -> Score:
    """`head` (title, key, warnings...) with the parts, metres, tempi and chords as performed.

    Raises InputError: no notes, too many notes, or a score that is too long.
    """
    starts = list(accumulate((bar.length for bar in bars), initial=ZERO))
    for voice in voices:
        for bar in voice.bars.values():
            bar.sort(key=lambda note: (note.onset, note.pitch, not note.held))
        if any(note.lyrics for bar in voice.bars.values() for note in bar):
            _mark_melismas(voice, starts)
    order = unfold([bar.marks for bar in bars], name)
    onsets = list(accumulate((bars[i].length for i in order), initial=ZERO))
    _check_sizes(voices, order, onsets, name)
    played = list(zip(order, onsets, strict=False))  # index and onset of each performed bar
    parts = [part for part in (_play(voice, played) for voice in voices) if part.notes]
    return replace(
        head,
        parts=tuple(replace(part, number=k) for k, part in enumerate(parts, 1)),
        metres=_metres(bars, played),
        tempi=_tempi(bars, played),
        chords=tuple(Chord(start + offset, symbol) for i, start in played for offset, symbol in bars[i].chords),
        pickup=_pickup(bars),
        repeats=_repeats(bars, order, onsets),
    )


def _check_sizes(voices: list[WrittenVoice], order: list[int], onsets: list[Fraction], name: str) -> None:
    count = sum(len(voice.bars.get(i, ())) for voice in voices for i in order)
    if not count:
        raise InputError(f"{name}: no notes in it; give a score with a melody")
    if count > MAX_NOTES:
        raise InputError(f"{name}: {count} notes when its repeats are played, more than {MAX_NOTES}; shorten it")
    longest = max((n.duration for v in voices for bar in v.bars.values() for n in bar), default=ZERO)
    if max(longest, onsets[-1]) > MAX_QUARTERS:
        raise InputError(f"{name}: longer than {MAX_QUARTERS} quarter notes; shorten it")
    if max(onset.denominator for onset in onsets) > FINEST:
        raise InputError(f"{name}: its note lengths do not add up to bars; correct them in a notation program")


def _mark_melismas(voice: WrittenVoice, starts: list[Fraction]) -> None:
    """Move the words of a chord to its top note, and mark the notes without words that hold a syllable."""
    main, end = 0, ZERO
    holding = False  # a syllable sounds until `end`
    for onset, chord in _chords_of(voice, starts):
        verses = {lyric.verse: lyric for note in chord for lyric in reversed(note.lyrics)}
        lyrics = [verses[verse] for verse in sorted(verses)]
        slurred = any(note.slurred for note in chord)
        if lyrics:
            slurred = slurred and holding and all(lyric.verse != main for lyric in lyrics)
            main, holding = main if slurred else lyrics[0].verse, True
        else:
            slurred = holding = holding and (slurred or onset == end)
        for note in chord:
            note.slurred, note.lyrics = slurred, []
        chord[-1].lyrics = lyrics
        end = onset + max(note.duration for note in chord)


def _chords_of(voice: WrittenVoice, starts: list[Fraction]) -> Iterator[tuple[Fraction, list[WrittenNote]]]:
    """The onset in the written score and the notes that start there, lowest first."""
    for i, bar in sorted(voice.bars.items()):
        for onset, chord in groupby(bar, key=lambda note: note.onset):
            yield starts[i] + onset, list(chord)


def _play(voice: WrittenVoice, played: Sequence[tuple[int, Fraction]]) -> Part:
    """The notes of a voice in performed order; tied notes are joined unless the second one has a syllable."""
    notes: list[Note] = []
    tied: dict[tuple[int, Fraction], list[tuple[int, int]]] = {}  # pitch, end: (line, index in `notes`)
    for i, start in played:
        for note in voice.bars.get(i, ()):
            onset, end = start + note.onset, start + note.end
            waiting = tied.get((note.pitch, onset))
            if waiting and not note.lyrics:
                own = next((each for each in waiting if each[0] == note.line), waiting[-1])
                waiting.remove(own)
                at, before = own[1], notes[own[1]]
                notes[at] = replace(
                    before,
                    duration=before.duration + note.duration,
                    fermata=before.fermata or note.fermata,
                    phrase_end=before.phrase_end or note.phrase_end,
                )
            else:
                at, signs = len(notes), (note.slurred, note.fermata, note.phrase_end, note.source)
                notes.append(Note(onset, note.duration, note.pitch, note.velocity, tuple(note.lyrics), *signs))
            if note.tied:
                tied.setdefault((note.pitch, end), []).append((note.line, at))
    notes.sort(key=lambda note: (note.onset, note.pitch))
    return Part(voice.name, tuple(notes), program=voice.program, drums=voice.drums, voice=voice.voice)


def _metre_of(bar: WrittenBar) -> tuple[int, int]:
    """The metre of a bar; without a time signature, one bar of its length."""
    if bar.metre is not None:
        return bar.metre
    for unit in (4, 8, 16, 32):
        beats = bar.length * unit / 4
        if beats >= 1 and beats.denominator == 1:
            return int(beats), unit
    return 4, 4


def _pickup(bars: Sequence[WrittenBar]) -> Fraction:
    if len(bars) < 2 or bars[0].metre is None:
        return ZERO
    beats, unit = bars[0].metre
    return bars[0].length if bars[0].length < Fraction(4 * beats, unit) else ZERO


def _metres(bars: list[WrittenBar], played: Sequence[tuple[int, Fraction]]) -> tuple[Metre, ...]:
    """Changes of metre; also the same metre again where a full bar is out of step after a bar of odd length."""
    out: list[Metre] = []
    counted_from = _pickup(bars)
    for i, onset in played:
        metre = Metre(onset, *_metre_of(bars[i]))
        if out:
            same = (metre.beats, metre.unit) == (out[-1].beats, out[-1].unit)
            full = bars[i].length >= metre.bar
            if same and not (full and (onset - counted_from) % metre.bar):
                continue
            counted_from = onset
        out.append(metre)
    return tuple(out)


def _tempi(bars: list[WrittenBar], played: Sequence[tuple[int, Fraction]]) -> tuple[Tempo, ...]:
    in_force: list[float] = []  # at the start of each written bar
    last = 120.0
    for bar in bars:
        in_force.append(last)
        last = bar.tempi[-1][1] if bar.tempi else last
    out = [Tempo(ZERO, 120.0)]
    for i, start in played:
        for offset, quarters in [(ZERO, in_force[i]), *bars[i].tempi]:
            if out[-1].onset == start + offset:
                out.pop()
            if not out or out[-1].quarters != quarters:
                out.append(Tempo(start + offset, quarters))
    return tuple(out)


def _repeats(bars: list[WrittenBar], order: list[int], onsets: list[Fraction]) -> tuple[Fraction, ...]:
    """Onsets where a repeat or a jump begins or ends."""
    found = set()
    for k, i in enumerate(order):
        marks = bars[i].marks
        if marks.forward or (k and i != order[k - 1] + 1):
            found.add(onsets[k])
        if marks.backward or marks.jump or marks.fine:
            found.add(onsets[k + 1])
    return tuple(sorted(found - {ZERO, onsets[-1]}))


def unfold(bars: Sequence[Marks], name: str) -> list[int]:
    """Indices of `bars` in performed order.

    After a jump, no repeat is taken again, and the last of several endings is played. A passage without |: is
    repeated from the start, or from the end of the passage that was repeated before.

    >>> unfold([Marks(), Marks(backward=2, ending=frozenset({1})), Marks(ending=frozenset({2}))], "x")
    [0, 1, 0, 2]

    Raises InputError: more than MAX_BARS bars.
    """
    order: list[int] = []
    for i in _Player(bars).play():
        order.append(i)
        if len(order) > MAX_BARS:
            raise InputError(f"{name}: its repeats make more than {MAX_BARS} bars; write fewer repeats")
    return order


def endings(text: str) -> frozenset[int]:
    """The passes of a volta.

    >>> sorted(endings("1, 2")), sorted(endings("1-3")), sorted(endings("2."))
    ([1, 2], [1, 2, 3], [2])
    """
    out: set[int] = set()
    for first, last in re.findall(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", text)[:50]:
        out |= set(range(int(first), int(last or first) + 1))
    return frozenset(out - {0})


class _Player:
    """Plays bars with their repeats and jumps."""

    def __init__(self, bars: Sequence[Marks]) -> None:
        self.bars = _completed_endings(bars)
        self.groups = _groups_of_endings(self.bars)
        self.start = 0  # of the passage that the next :| repeats
        self.count = 1  # the current pass of this passage
        self.jumped = False

    def play(self) -> Iterator[int]:
        i = 0
        while i < len(self.bars):
            bar = self.bars[i]
            left_endings = i > 0 and bool(self.bars[i - 1].ending) and not bar.ending
            if i > self.start and (bar.forward or left_endings):  # a new passage
                self.start, self.count = i, 1
            if bar.ending and not self._is_due(i):
                i += 1
                continue
            yield i
            if self.jumped and bar.fine:
                return
            i = self._next(i)

    def _is_due(self, i: int) -> bool:
        """Whether the ending over bar `i` is played in this pass."""
        ending, group = self.bars[i].ending, self.groups[i]
        if min(group) > 1:  # the first ending has no bracket: treated like other music
            return True
        if self.jumped or self.count > max(group):
            return max(group) in ending and ending != group  # a single bracket is skipped in the last pass
        return self.count in ending

    def _next(self, i: int) -> int:
        bar = self.bars[i]
        if bar.backward and not self.jumped:
            if self.count < self._passes(i):
                self.count += 1
                return self.start
            if not bar.ending:
                self.start, self.count = i + 1, 1
        if bar.to_coda and self.jumped:
            return next((k for k in range(i + 1, len(self.bars)) if self.bars[k].coda), i + 1)
        if bar.jump and not self.jumped:
            self.jumped = True
            return 0 if bar.jump == "capo" else next((k for k in range(i + 1) if self.bars[k].segno), 0)
        return i + 1

    def _passes(self, i: int) -> int:
        """How often the passage that ends at bar `i` is played."""
        times, group = self.bars[i].backward, self.groups[i]
        alone = group == self.bars[i].ending  # a single bracket: the music after it is the other ending
        return max(times, max(group) + alone) if group else times


def _completed_endings(bars: Sequence[Marks]) -> list[Marks]:
    """Extend an ending whose bracket is too short to its :| if another ending begins after it."""
    out = list(bars)
    for k in range(1, len(bars)):
        if not (bars[k].ending and bars[k - 1].backward and not bars[k - 1].ending):
            continue
        i = k - 1
        while i and not (bars[i].ending or bars[i].forward or (i < k - 1 and bars[i].backward)):
            i -= 1
        if bars[i].ending and bars[i].ending != bars[k].ending and not bars[i].backward:
            out[i + 1 : k] = [replace(bar, ending=bars[i].ending) for bar in bars[i + 1 : k]]
    return out


def _groups_of_endings(bars: Sequence[Marks]) -> list[frozenset[int]]:
    """For each bar, the numbers of all endings in the run of bars with endings around it."""
    out: list[frozenset[int]] = [frozenset()] * len(bars)
    i = 0
    while i < len(bars):
        end = i
        while end < len(bars) and bars[end].ending and (end == i or not bars[end].forward):
            end += 1
        out[i:end] = [frozenset().union(*(bar.ending for bar in bars[i:end]))] * (end - i)
        i = max(end, i + 1)
    return out
