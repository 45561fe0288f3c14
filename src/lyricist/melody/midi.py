"""A MIDI or karaoke file as a score: parts by track and channel, notes in quarters, words under them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from lyricist.errors import InputError
from lyricist.melody import marks, smf
from lyricist.melody.grid import gather, snapper
from lyricist.melody.instruments import program_name
from lyricist.melody.karaoke import words
from lyricist.melody.smf import MidiFile, Voice, read_smf
from lyricist.melody.tune import Clock, Control, Note, Part, Score, Tempo
from lyricist.melody.underlay import Line, underlay

MAX_HOURS = 3
MAX_QUARTERS = 50_000  # three hours at 280 quarters a minute
HANGING = 4  # quarters that a note without an end is held at most
DRUMS = 9  # the channel, counted from 0


@dataclass
class _Sounding:
    """A pitch that is on; notes of one pitch may overlap."""

    onset: int
    velocity: int
    depth: int = 1  # how many ends are still to come
    end: int | None = None  # the last end that has come


@dataclass
class _Strand:
    """What one track plays on one channel, in ticks."""

    track: int
    channel: int
    program: int | None = None
    notes: list[tuple[int, int, int, int]] = field(default_factory=list)  # onset, end, pitch, velocity
    on: dict[int, _Sounding] = field(default_factory=dict)
    hanging: int = 0
    controls: list[Voice] = field(default_factory=list)  # and changes of program after the first

    def begin(self, tick: int, pitch: int, velocity: int) -> None:
        old, depth = self.on.get(pitch), 1
        if old is not None and old.onset == tick:
            old.depth, old.velocity = old.depth + 1, max(old.velocity, velocity)
            return
        if old is not None:
            depth = 1 if old.end else old.depth + 1
            self._close(pitch, old, old.end or tick)
        self.on[pitch] = _Sounding(tick, velocity, depth)

    def stop(self, tick: int, pitch: int) -> None:
        note = self.on.get(pitch)
        if note is None:
            return
        note.depth -= 1
        if tick > note.onset or not note.depth:
            note.end = tick
        if not note.depth:
            self._close(pitch, note, tick)

    def finish(self, last: int, longest: int) -> None:
        """End what still sounds: at its last end, or with the track."""
        for pitch, note in list(self.on.items()):
            self.hanging += note.end is None
            self._close(pitch, note, note.end or min(last, note.onset + longest))

    def _close(self, pitch: int, note: _Sounding, end: int) -> None:
        self.notes.append((note.onset, max(end, note.onset + 1), pitch, note.velocity))
        del self.on[pitch]


def read_midi(data: bytes, name: str) -> Score:
    """The score of a MIDI file's bytes; `name` is the file's, for messages and as a title where it has none.

    InputError in one line: not a MIDI file, too large or too long, no notes, only drums.
    """
    file = read_smf(data, name)
    tempo = next((tempo for _, tempo in marks.tempo_marks(file)), marks.PLAIN_TEMPO)
    per = file.per_quarter(tempo)
    strands, hanging = _strands(file, max(1, int(HANGING * per)))
    _check(strands, name)
    at = snapper(per)
    tempi = marks.tempi(file, at, tempo)
    _check_length(at(max(note[1] for strand in strands for note in strand.notes)), tempi, name)
    parts, unfit = _parts(file, strands, at)
    title, composer = marks.title_and_composer(file, name)
    return Score(
        title=title,
        parts=parts,
        metres=marks.metres(file, at, min(part.notes[0].onset for part in parts)),
        tempi=tempi,
        key=marks.key(file),
        copyright=next(marks.texts(file, smf.COPYRIGHT), ""),
        composer=composer,
        warnings=(*file.warnings, *marks.odd_marks(file), *hanging, *unfit),
    )


def _check(strands: list[_Strand], name: str) -> None:
    if not strands:
        raise InputError(f"{name}: there are no notes in this MIDI file; give one with a tune")
    if all(strand.channel == DRUMS for strand in strands):
        raise InputError(f"{name}: there are only drums (channel 10) in this MIDI file; give one with a tune")


def _check_length(end: Fraction, tempi: tuple[Tempo, ...], name: str) -> None:
    hours = Clock(tempi).at(end) / 3600
    if hours > MAX_HOURS:
        raise InputError(f"{name}: claims {hours:,.1f} hours of music; a tune may have {MAX_HOURS}")
    if end > MAX_QUARTERS:
        raise InputError(f"{name}: claims {int(end):,} beats of music; a tune may have {MAX_QUARTERS:,}")


def _parts(file: MidiFile, strands: list[_Strand], at: marks.At) -> tuple[tuple[Part, ...], list[str]]:
    lines = [Line(strand.track, _notes(strand, at)) for strand in strands]
    tuned = [line for line, strand in zip(lines, strands, strict=True) if strand.channel != DRUMS]
    worded, unfit = underlay(tuned, words(file), at)
    sung = dict(zip(map(id, tuned), worded, strict=True))
    out, channels = [], Counter(strand.track for strand in strands)
    for number, (strand, line) in enumerate(zip(strands, lines, strict=True), 1):
        alone = channels[strand.track] == 1
        drums = strand.channel == DRUMS
        notes = sung.get(id(line), tuple(line.notes))
        controls = tuple(Control(at(c.tick), c.kind, c.value, c.velocity) for c in strand.controls)
        program = None if drums else strand.program
        out.append(Part(_name(file, strand, alone), notes, number, program, drums, controls=controls))
    return tuple(out), unfit


def _name(file: MidiFile, strand: _Strand, alone: bool) -> str:
    """The track's name; of several channels in a track, the instrument's and the channel."""
    track = file.tracks[strand.track]
    own = next((text for kind in (smf.TRACK_NAME, smf.INSTRUMENT) for text in marks.track_texts(track, kind)), "")
    if own and alone and file.format != 0:
        return own
    drums = strand.channel == DRUMS
    played = "Drums" if drums else program_name(strand.program) if strand.program is not None else ""
    named = played or (own if file.format != 0 else "")
    if alone and file.format != 0:
        return named or f"Track {strand.track + 1}"
    return f"{named} (channel {strand.channel + 1})" if named else f"Channel {strand.channel + 1}"


def _notes(strand: _Strand, at: marks.At) -> tuple[Note, ...]:
    out = []
    for onset, end, pitch, velocity in strand.notes:
        begin, length = at(onset), at(end) - at(onset)
        out.append(Note(begin, length if length > 0 else Fraction(1, 64), pitch, velocity))
    return gather(out)


def _strands(file: MidiFile, longest: int) -> tuple[list[_Strand], list[str]]:
    """What sounds, by track and channel, and a warning where notes had no end (held `longest` ticks at most)."""
    strands: dict[tuple[int, int], _Strand] = {}
    programs: dict[int, list[tuple[int, int]]] = {}  # by channel: tick, program
    controls: dict[tuple[int, int], list[Voice]] = {}
    for number, track in enumerate(file.tracks):
        for voice in track.voices:
            strand = strands.setdefault((number, voice.channel), _Strand(number, voice.channel))
            if voice.kind == 0x9:
                strand.begin(voice.tick, voice.value, voice.velocity)
            elif voice.kind == 0x8:
                strand.stop(voice.tick, voice.value)
            else:
                programs.setdefault(voice.channel, []).append((voice.tick, voice.value))
                if strand.program is None:
                    strand.program = voice.value
                else:
                    strand.controls.append(voice)
        for control in track.controls:
            controls.setdefault((number, control.channel), []).append(control)
        for channel in range(16):
            if (number, channel) in strands:
                strands[number, channel].finish(track.end, longest)
    for changes in programs.values():
        changes.sort()
    sounding = [strand for strand in strands.values() if strand.notes]
    for strand in sounding:
        strand.notes.sort()
        if strand.program is None:
            strand.program = _program(programs.get(strand.channel, []), strand.notes[0][0])
    _share_out(controls, sounding)
    hanging = sum(strand.hanging for strand in sounding)
    warnings = [f"{hanging} notes without an end; each is held {HANGING} quarters at most"] if hanging else []
    return sorted(sounding, key=lambda strand: (strand.track, strand.channel)), warnings


def _share_out(controls: dict[tuple[int, int], list[Voice]], strands: list[_Strand]) -> None:
    """Controls go to what sounds on their channel: in their own track, else in the first that has it."""
    for (track, channel), found in controls.items():
        here = [strand for strand in strands if strand.channel == channel]
        for strand in [strand for strand in here if strand.track == track] or here[:1]:
            strand.controls += found
    for strand in strands:
        strand.controls.sort(key=lambda control: control.tick)


def _program(changes: list[tuple[int, int]], first: int) -> int | None:
    """What another track has set for a channel: the last change before the first note, else the first."""
    i = bisect_right(changes, (first, 128))
    return changes[max(0, i - 1)][1] if changes else None
