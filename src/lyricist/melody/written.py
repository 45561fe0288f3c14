"""A score as written, bar by bar, and the way from there to the `Score` that is heard.

The readers of MusicXML and ABC fill a `Sheet`; `perform` plays its repeats out, joins ties and counts the bars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate

from lyricist.errors import InputError
from lyricist.melody.tune import Chord, Lyric, Metre, Note, Part, Score, Tempo
from lyricist.melody.unfold import Marks, unfold

MAX_NOTES = 100_000  # performed, of all parts
MAX_QUARTERS = 50_000  # nearly seven hours at 120
FINEST = 10**9  # of a quarter: what is finer is no music, and slow to reckon with
ZERO = Fraction(0)
SYLLABIC = {  # (goes on from the note before, goes on to the next)
    (False, False): "single",
    (False, True): "begin",
    (True, True): "middle",
    (True, False): "end",
}


@dataclass(slots=True)
class WrittenNote:
    onset: Fraction  # quarters from the beginning of its bar
    duration: Fraction
    pitch: int
    velocity: int = 80
    lyrics: list[Lyric] = field(default_factory=list)
    slurred: bool = False  # a slur or an extender leads here
    fermata: bool = False
    phrase_end: bool = False
    tied: bool = False  # to the next note of its pitch
    held: bool = False  # the file says that a tie ends here: of notes that are alike this one goes on
    line: int = 0  # of several voices that are one `WrittenVoice`, the one it is written in

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


@dataclass
class WrittenBar:
    length: Fraction = ZERO
    metre: tuple[int, int] | None = (4, 4)  # in force; None is free: the bar counts as long as it is
    tempi: list[tuple[Fraction, float]] = field(default_factory=list)  # quarters from the bar's start; a minute
    chords: list[tuple[Fraction, str]] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)


@dataclass
class WrittenVoice:
    name: str
    bars: Mapping[int, list[WrittenNote]]  # by the index of the bar; those without notes may be missing
    program: int | None = None
    drums: bool = False
    voice: int | None = None

    @property
    def has_words(self) -> bool:
        return any(note.lyrics for bar in self.bars.values() for note in bar)


@dataclass
class Sheet:
    bars: list[WrittenBar]
    voices: list[WrittenVoice]


def perform(sheet: Sheet, head: Score, name: str) -> Score:
    """`head` (title, key and the like) with the parts, metres, tempi and chords of `sheet` as performed.

    Raises:
        InputError: no notes, too many of them, or a score that is too long.
    """
    starts = list(accumulate((bar.length for bar in sheet.bars), initial=ZERO))
    for voice in sheet.voices:
        _follow_words(voice, starts)
    order = unfold([bar.marks for bar in sheet.bars], name)
    onsets = list(accumulate((sheet.bars[i].length for i in order), initial=ZERO))
    _refuse_sizes(sheet, order, onsets, name)
    played = [_play(voice, order, onsets) for voice in sheet.voices]
    parts = [part for part in played if part.notes]
    return replace(
        head,
        parts=tuple(replace(part, number=k) for k, part in enumerate(parts, 1)),
        metres=_metres(sheet.bars, order, onsets),
        tempi=_tempi(sheet.bars, order, onsets),
        chords=_chords(sheet.bars, order, onsets),
        pickup=_pickup(sheet.bars),
        repeats=_repeats(sheet.bars, order, onsets),
    )


def _refuse_sizes(sheet: Sheet, order: list[int], onsets: list[Fraction], name: str) -> None:
    count = sum(len(voice.bars.get(i, ())) for voice in sheet.voices for i in order)
    if not count:
        raise InputError(f"{name}: no notes in it; give a score with a melody")
    if count > MAX_NOTES:
        raise InputError(f"{name}: {count} notes when its repeats are played, more than {MAX_NOTES}; cut it")
    longest = max((n.duration for v in sheet.voices for bar in v.bars.values() for n in bar), default=ZERO)
    if max(longest, onsets[-1]) > MAX_QUARTERS:
        raise InputError(f"{name}: longer than {MAX_QUARTERS} quarter notes; cut it")
    if max(onset.denominator for onset in onsets) > FINEST:
        raise InputError(f"{name}: its note lengths do not add up to bars; mend them in a notation program")


def _together(voice: WrittenVoice, starts: list[Fraction]) -> Iterator[tuple[Fraction, list[WrittenNote]]]:
    """Onset from the beginning, and the notes that sound at once, in written order."""
    for i, bar in sorted(voice.bars.items()):
        start = starts[i]
        bar.sort(key=lambda note: (note.onset, note.pitch, not note.held))
        chord: list[WrittenNote] = []
        for note in bar:
            if chord and note.onset > chord[0].onset:
                yield start + chord[0].onset, chord
                chord = []
            chord.append(note)
        if chord:
            yield start + chord[0].onset, chord


def _follow_words(voice: WrittenVoice, starts: list[Fraction]) -> None:
    """Give the top note of a chord its words, and say of notes without whether they hold the last syllable."""
    has_words, main, end = voice.has_words, 0, ZERO
    holding = False  # a syllable has been sounding up to `end`
    for onset, chord in _together(voice, starts):
        lyrics = _merged(chord)
        slurred = any(note.slurred for note in chord)
        if not has_words:
            continue
        if lyrics:
            slurred = slurred and holding and all(lyric.verse != main for lyric in lyrics)
            main, holding = main if slurred else lyrics[0].verse, True
        else:
            slurred = holding = holding and (slurred or onset == end)
        for note in chord:
            note.slurred, note.lyrics = slurred, []
        chord[-1].lyrics = lyrics
        end = onset + max(note.duration for note in chord)


def _merged(chord: Sequence[WrittenNote]) -> list[Lyric]:
    verses: dict[int, Lyric] = {}
    for note in reversed(chord):
        for lyric in note.lyrics:
            verses.setdefault(lyric.verse, lyric)
    return [verses[verse] for verse in sorted(verses)]


def _play(voice: WrittenVoice, order: list[int], onsets: list[Fraction]) -> Part:
    """The notes of a voice in the performed order, ties joined unless the second note has a syllable."""
    notes: list[Note] = []
    tied: dict[tuple[int, Fraction], list[tuple[int, int]]] = {}  # pitch, end: (line, index in `notes`)
    for i, start in zip(order, onsets, strict=False):
        for written in voice.bars.get(i, ()):
            note = _sounding(written, start)
            waiting = tied.get((note.pitch, note.onset))
            if waiting and not note.lyrics:
                own = next((each for each in waiting if each[0] == written.line), waiting[-1])
                waiting.remove(own)
                at = own[1]
                notes[at] = _joined(notes[at], note)
            else:
                at = len(notes)
                notes.append(note)
            if written.tied:
                tied.setdefault((note.pitch, note.end), []).append((written.line, at))
    notes.sort(key=lambda note: (note.onset, note.pitch))
    return Part(voice.name, tuple(notes), program=voice.program, drums=voice.drums, voice=voice.voice)


def _sounding(note: WrittenNote, start: Fraction) -> Note:
    return Note(
        start + note.onset,
        note.duration,
        note.pitch,
        note.velocity,
        tuple(note.lyrics),
        note.slurred,
        note.fermata,
        note.phrase_end,
    )


def _joined(note: Note, after: Note) -> Note:
    return replace(
        note,
        duration=note.duration + after.duration,
        fermata=note.fermata or after.fermata,
        phrase_end=note.phrase_end or after.phrase_end,
    )


def _counted(bar: WrittenBar) -> tuple[int, int]:
    """The metre a bar is counted in; without a time signature, as long as it is."""
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


def _metres(bars: list[WrittenBar], order: list[int], onsets: list[Fraction]) -> tuple[Metre, ...]:
    """Changes of metre, and the metre again where a full bar begins beside the count: an odd bar went before."""
    out: list[Metre] = []
    counted_from = _pickup(bars)
    for i, onset in zip(order, onsets, strict=False):
        metre = Metre(onset, *_counted(bars[i]))
        if out:
            same = (metre.beats, metre.unit) == (out[-1].beats, out[-1].unit)
            full = bars[i].length >= metre.bar
            if same and not (full and (onset - counted_from) % metre.bar):
                continue
            counted_from = onset
        out.append(metre)
    return tuple(out)


def _tempi(bars: list[WrittenBar], order: list[int], onsets: list[Fraction]) -> tuple[Tempo, ...]:
    in_force: list[float] = []  # at the beginning of each written bar
    last = 120.0
    for bar in bars:
        in_force.append(last)
        last = bar.tempi[-1][1] if bar.tempi else last
    out = [Tempo(ZERO, 120.0)]
    for i, start in zip(order, onsets, strict=False):
        for offset, quarters in [(ZERO, in_force[i]), *bars[i].tempi]:
            if out[-1].onset == start + offset:
                out.pop()
            if not out or out[-1].quarters != quarters:
                out.append(Tempo(start + offset, quarters))
    return tuple(out)


def _chords(bars: list[WrittenBar], order: list[int], onsets: list[Fraction]) -> tuple[Chord, ...]:
    played = zip(order, onsets, strict=False)
    return tuple(Chord(start + offset, symbol) for i, start in played for offset, symbol in bars[i].chords)


def _repeats(bars: list[WrittenBar], order: list[int], onsets: list[Fraction]) -> tuple[Fraction, ...]:
    found = set()
    for k, i in enumerate(order):
        marks = bars[i].marks
        if marks.forward or (k and i != order[k - 1] + 1):
            found.add(onsets[k])
        if marks.backward or marks.jump or marks.fine:
            found.add(onsets[k + 1])
    return tuple(sorted(found - {ZERO, onsets[-1]}))
