"""MIDI and karaoke files as scores: parts by track and channel, notes in quarters, words under them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction

from lyricist.errors import InputError
from lyricist.melody.read.karaoke import words
from lyricist.melody.read.lyric_alignment import Line, underlay
from lyricist.melody.read.smf import COPYRIGHT, DEFAULT_TEMPO, INSTRUMENT, TRACK_NAME, At, MidiFile, Voice, read_smf
from lyricist.melody.tune import WRITTEN, Clock, Control, Note, Part, Score, Tempo

MAX_HOURS = 3
MAX_QUARTERS = 50_000  # three hours at 280 quarters per minute
HANGING = 4  # quarters; the longest duration of a note without an end
DRUMS = 9  # the channel, counted from 0
DIVISIONS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # of a quarter, the likeliest first
FINEST = 48  # largest denominator of a written position
MISS = 240  # a position within 1/240 of a quarter of a written one is corrected: exporters miss by a few ticks
ROLL = Fraction(1, 12)  # of a quarter, from the first to the last note of a rolled chord
# General MIDI, level 1 (MIDI Manufacturers Association): eight programs in each family.
FAMILIES = """
Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano, Electric Piano 1, Electric Piano 2, Harpsichord, Clavinet
Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone, Tubular Bells, Dulcimer
Drawbar Organ, Percussive Organ, Rock Organ, Church Organ, Reed Organ, Accordion, Harmonica, Tango Accordion
Nylon Guitar, Steel Guitar, Jazz Guitar, Clean Guitar, Muted Guitar, Overdriven Guitar, Distortion Guitar, Guitar Harmonics
Acoustic Bass, Fingered Bass, Picked Bass, Fretless Bass, Slap Bass 1, Slap Bass 2, Synth Bass 1, Synth Bass 2
Violin, Viola, Cello, Contrabass, Tremolo Strings, Pizzicato Strings, Orchestral Harp, Timpani
String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2, Choir Aahs, Voice Oohs, Synth Voice, Orchestra Hit
Trumpet, Trombone, Tuba, Muted Trumpet, French Horn, Brass Section, Synth Brass 1, Synth Brass 2
Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax, Oboe, English Horn, Bassoon, Clarinet
Piccolo, Flute, Recorder, Pan Flute, Blown Bottle, Shakuhachi, Whistle, Ocarina
Square Lead, Sawtooth Lead, Calliope Lead, Chiff Lead, Charang Lead, Voice Lead, Fifths Lead, Bass and Lead
New Age Pad, Warm Pad, Polysynth Pad, Choir Pad, Bowed Pad, Metallic Pad, Halo Pad, Sweep Pad
Rain, Soundtrack, Crystal, Atmosphere, Brightness, Goblins, Echoes, Sci-fi
Sitar, Banjo, Shamisen, Koto, Kalimba, Bagpipe, Fiddle, Shanai
Tinkle Bell, Agogo, Steel Drums, Woodblock, Taiko Drum, Melodic Tom, Synth Drum, Reverse Cymbal
Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring, Helicopter, Applause, Gunshot
"""  # noqa: E501
PROGRAMS = tuple(name.strip() for line in FAMILIES.strip().splitlines() for name in line.split(","))


@dataclass
class _Sounding:
    """A pitch that is on; notes of one pitch may overlap."""

    onset: int
    velocity: int
    depth: int = 1  # ends still to come
    end: int | None = None  # the last end so far


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

    def add(self, event: Voice) -> None:
        if event.kind == 0x9:
            self._begin(event.tick, event.value, event.velocity)
        elif event.kind == 0x8:
            self._stop(event.tick, event.value)
        elif self.program is None:
            self.program = event.value
        else:
            self.controls.append(event)

    def _begin(self, tick: int, pitch: int, velocity: int) -> None:
        old, depth = self.on.get(pitch), 1
        if old is not None and old.onset == tick:
            old.depth, old.velocity = old.depth + 1, max(old.velocity, velocity)
            return
        if old is not None:
            depth = 1 if old.end else old.depth + 1
            self._close(pitch, old, old.end or tick)
        self.on[pitch] = _Sounding(tick, velocity, depth)

    def _stop(self, tick: int, pitch: int) -> None:
        note = self.on.get(pitch)
        if note is None:
            return
        note.depth -= 1
        if tick > note.onset or not note.depth:
            note.end = tick
        if not note.depth:
            self._close(pitch, note, tick)

    def finish(self, last: int, longest: int) -> None:
        """End the notes that still sound: at their last end, or with the track."""
        for pitch, note in list(self.on.items()):
            self.hanging += note.end is None
            self._close(pitch, note, note.end or min(last, note.onset + longest))

    def _close(self, pitch: int, note: _Sounding, end: int) -> None:
        self.notes.append((note.onset, max(end, note.onset + 1), pitch, note.velocity))
        del self.on[pitch]


class _Snapper(dict[int, Fraction]):
    """Ticks to quarters: exact where they are musical, corrected where they miss a written position by few ticks.

    >>> at = _Snapper(Fraction(480))
    >>> at[481], at[160], at[96], at[53]
    (Fraction(1, 1), Fraction(1, 3), Fraction(1, 5), Fraction(53, 480))
    """

    def __init__(self, per_quarter: Fraction) -> None:
        self.per_quarter = per_quarter

    def __missing__(self, tick: int) -> Fraction:
        above, below = tick * self.per_quarter.denominator, self.per_quarter.numerator
        found = Fraction(above, below)
        if found.denominator > FINEST:
            for division in DIVISIONS:  # in whole numbers, for speed
                near = (2 * above * division + below) // (2 * below)
                if abs(near * below - above * division) * MISS <= below * division:
                    found = Fraction(near, division)
                    break
        self[tick] = found
        return found


def read_midi(data: bytes, name: str) -> Score:
    """The score of a MIDI file.

    `name`: the file's name, for messages, and as the title of a file without one.
    Raises InputError: not a MIDI file, too large or too long, no notes, or only drums.
    """
    file = read_smf(data, name)
    tempo = next((tempo for _, tempo in file.tempo_marks()), DEFAULT_TEMPO)
    per_quarter = file.per_quarter(tempo)
    strands = _strands(file, max(1, int(HANGING * per_quarter)))
    if not strands:
        raise InputError(f"{name}: there are no notes in this MIDI file; give one with a tune")
    if all(strand.channel == DRUMS for strand in strands):
        raise InputError(f"{name}: there are only drums (channel 10) in this MIDI file; give one with a tune")
    at = _Snapper(per_quarter).__getitem__
    tempi = file.tempi(at, tempo)
    _check_length(at(max(note[1] for strand in strands for note in strand.notes)), tempi, name)
    hanging = sum(strand.hanging for strand in strands)
    endless = [f"{hanging} notes without an end; each lasts {HANGING} quarters at most"] if hanging else []
    parts, unfit = _parts(file, strands, at)
    title, composer = file.title_and_composer(name)
    return Score(
        title=title,
        parts=parts,
        metres=file.metres(at, min(part.notes[0].onset for part in parts)),
        tempi=tempi,
        key=file.key(),
        copyright=next((text for track in file.tracks for text in track.texts(COPYRIGHT)), ""),
        composer=composer,
        warnings=(*file.warnings, *file.odd_marks(), *endless, *unfit),
    )


def _check_length(end: Fraction, tempi: tuple[Tempo, ...], name: str) -> None:
    hours = Clock(tempi).at(end) / 3600
    if hours > MAX_HOURS:
        raise InputError(f"{name}: claims {hours:,.1f} hours of music; a tune may have {MAX_HOURS}")
    if end > MAX_QUARTERS:
        raise InputError(f"{name}: claims {int(end):,} beats of music; a tune may have {MAX_QUARTERS:,}")


def _strands(file: MidiFile, longest: int) -> list[_Strand]:
    """All strands with notes, by track and channel; a note without an end lasts `longest` ticks at most."""
    strands: dict[tuple[int, int], _Strand] = {}
    programs: dict[int, list[tuple[int, int]]] = {}  # by channel: tick, program
    controls: dict[tuple[int, int], list[Voice]] = {}
    for number, track in enumerate(file.tracks):
        for event in track.voices:
            strands.setdefault((number, event.channel), _Strand(number, event.channel)).add(event)
            if event.kind == 0xC:
                programs.setdefault(event.channel, []).append((event.tick, event.value))
        for control in track.controls:
            controls.setdefault((number, control.channel), []).append(control)
        for channel in range(16):
            if (number, channel) in strands:
                strands[number, channel].finish(track.end, longest)
    sounding = [strand for strand in strands.values() if strand.notes]
    for strand in sounding:
        strand.notes.sort()
        changes = sorted(programs.get(strand.channel, []))
        if strand.program is None and changes:  # set by another track: the last before the first note, else the first
            i = bisect_right(changes, (strand.notes[0][0], 128))
            strand.program = changes[max(0, i - 1)][1]
    for (number, channel), found in controls.items():  # to their own track, else to the first one on their channel
        here = [strand for strand in sounding if strand.channel == channel]
        for strand in [strand for strand in here if strand.track == number] or here[:1]:
            strand.controls += found
    for strand in sounding:
        strand.controls.sort(key=lambda control: control.tick)
    return sorted(sounding, key=lambda strand: (strand.track, strand.channel))


def _parts(file: MidiFile, strands: list[_Strand], at: At) -> tuple[tuple[Part, ...], list[str]]:
    """The parts with their words, and warnings."""
    lines = [Line(strand.track, _notes(strand, at)) for strand in strands]
    tuned = [line for line, strand in zip(lines, strands, strict=True) if strand.channel != DRUMS]
    worded, unfit = underlay(tuned, words(file), at)
    sung = dict(zip(map(id, tuned), worded, strict=True))
    out, channels = [], Counter(strand.track for strand in strands)
    for number, (strand, line) in enumerate(zip(strands, lines, strict=True), 1):
        drums = strand.channel == DRUMS
        notes = sung.get(id(line), tuple(line.notes))
        controls = tuple(Control(at(c.tick), c.kind, c.value, c.velocity) for c in strand.controls)
        name = _name(file, strand, channels[strand.track] == 1)
        out.append(Part(name, notes, number, None if drums else strand.program, drums, controls=controls))
    return tuple(out), unfit


def _name(file: MidiFile, strand: _Strand, alone: bool) -> str:
    """The name of the track; if the track has several channels, the name of the instrument and the channel."""
    track = file.tracks[strand.track]
    own = next((text for kind in (TRACK_NAME, INSTRUMENT) for text in track.texts(kind)), "")
    own = own if file.format != 0 else ""
    alone = alone and file.format != 0
    if own and alone:
        return own
    played = "" if strand.program is None else PROGRAMS[strand.program]
    named = ("Drums" if strand.channel == DRUMS else played) or own
    if alone:
        return named or f"Track {strand.track + 1}"
    return f"{named} (channel {strand.channel + 1})" if named else f"Channel {strand.channel + 1}"


def _notes(strand: _Strand, at: At) -> tuple[Note, ...]:
    """The notes with times in quarters, and with rolled chords struck at once.

    A note that is off the grid and shortly after a note on the grid begins with it if all notes of the chord still
    sound, and if it lasts longer than a roll: fast runs do not change.
    """
    spans = ((at(onset), at(end), pitch, velocity) for onset, end, pitch, velocity in strand.notes)
    notes = [Note(a, b - a if b > a else Fraction(1, 64), pitch, velocity) for a, b, pitch, velocity in spans]
    out: list[Note] = []
    base, held = Fraction(-1), Fraction(-1)  # start of the chord, and the first end of its notes
    for note in sorted(notes, key=lambda note: (note.onset, note.pitch)):
        if note.onset.denominator <= WRITTEN:
            held = min(held, note.end) if note.onset == base else note.end
            base = note.onset
        elif note.onset - base <= ROLL < note.duration and note.onset < held:
            held = min(held, note.end)
            note = replace(note, onset=base, duration=note.end - base)
        out.append(note)
    return tuple(sorted(out, key=lambda note: (note.onset, note.pitch)))
