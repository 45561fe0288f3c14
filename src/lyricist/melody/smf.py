"""Standard MIDI files into plain events, tolerantly: what is cut or odd is mended and told, not refused.

Own code because the libraries refuse files that any player plays: an unknown key signature, a data byte above 127,
a file that ends in the middle of a track. Formats 0, 1 and 2 (whose tracks are laid side by side).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from lyricist.errors import InputError

MAX_BYTES = 16 * 2**20
MAX_EVENTS = 1_000_000  # of all kinds; a long orchestral score has some 200,000, and 40,000 notes
MAX_NOTES = 50_000
MAX_CONTROLS = 100_000  # that are kept
MAX_TEXTS = 20_000  # meta events that are kept
MAX_TRACKS = 256
MAX_TEXT = 4096  # bytes of one meta event that are kept

TEXT, COPYRIGHT, TRACK_NAME, INSTRUMENT, LYRIC = 1, 2, 3, 4, 5  # meta events, by their number
END, TEMPO, METRE, KEY = 0x2F, 0x51, 0x58, 0x59
KEPT = frozenset({TEXT, COPYRIGHT, TRACK_NAME, INSTRUMENT, LYRIC, TEMPO, METRE, KEY})
CHANNEL_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}  # data bytes by the high half of the status
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # these do not belong in files; they are stepped over
FRAME_RATES = {29: Fraction(30000, 1001)}  # SMPTE drop frame; every other rate is what it says


class Voice(NamedTuple):
    """A note switched on or off, a change of program, or a control (`tune.Control`)."""

    tick: int
    kind: int  # 0x8 off, 0x9 on, 0xA to 0xE: 0xC is a program
    channel: int  # 0 to 15; 9 is drums
    value: int  # pitch, program or the first data byte
    velocity: int = 0


class Meta(NamedTuple):
    tick: int
    kind: int
    data: bytes


@dataclass
class Track:
    """One MTrk chunk: events in order of time; system messages are left out."""

    voices: list[Voice] = field(default_factory=list)
    controls: list[Voice] = field(default_factory=list)  # what is neither note nor program
    metas: list[Meta] = field(default_factory=list)
    end: int = 0  # tick of the last event


@dataclass
class MidiFile:
    format: int
    division: int  # the 16 bits of the header, unsigned
    tracks: list[Track]
    warnings: list[str] = field(default_factory=list)

    def per_quarter(self, tempo: int) -> Fraction:
        """Ticks in a quarter note; with SMPTE frames at `tempo` microseconds a quarter."""
        if self.division < 0x8000:
            return Fraction(self.division)
        frames, ticks = 256 - (self.division >> 8), self.division & 0xFF
        return FRAME_RATES.get(frames, Fraction(frames)) * ticks * Fraction(tempo, 10**6)

    @property
    def smpte(self) -> bool:
        return self.division >= 0x8000


class _Broken(Exception):
    """The rest of this track cannot be read."""


class _Reader:
    """A track's bytes, with the counts that all tracks of a file share."""

    def __init__(self, name: str) -> None:
        self.name, self.events, self.notes, self.texts, self.clipped = name, 0, 0, 0, 0
        self.controls = 0

    def track(self, data: bytes, at: int, end: int) -> tuple[Track, int, str]:
        """The track in data[at:end], where its end mark is (0: there is none) and what is wrong ("": nothing)."""
        track = Track()
        try:
            return track, self._events(data[:end], at, track), ""
        except _Broken as error:
            return track, 0, str(error)
        except IndexError:
            return track, 0, "ends in the middle of an event"

    def _events(self, data: bytes, at: int, track: Track) -> int:
        tick, status = 0, 0
        while at < len(data):
            delta, at = _varlen(data, at)
            tick += delta
            self._count()
            if data[at] >= 0x80:
                status, at = data[at], at + 1
            if status == 0xFF:
                kind, (size, at) = data[at], _varlen(data, at + 1)
                track.end = tick
                if kind == END:
                    return at
                self._meta(track, Meta(tick, kind, data[at : at + min(size, MAX_TEXT)]))
                at, status = at + size, 0
            elif status in (0xF0, 0xF7):
                size, at = _varlen(data, at)
                at, status = at + size, 0
            elif status >= 0xF0:
                at, status = at + SYSTEM_BYTES.get(status, 0), 0
            elif status:
                at = self._channel(data, at, tick, status, track)
            else:
                raise _Broken("has data where an event should begin")
        return 0

    def _channel(self, data: bytes, at: int, tick: int, status: int, track: Track) -> int:
        kind, channel = status >> 4, status & 0xF
        size = CHANNEL_BYTES[kind]
        first, second = data[at], data[at + size - 1]
        if first > 127 or second > 127:
            self.clipped += 1
            first, second = min(first, 127), min(second, 127)
        if kind == 0x9 and not second:
            kind = 0x8
        if kind in (0x8, 0x9, 0xC):
            self.notes += kind == 0x9
            if self.notes > MAX_NOTES:
                raise InputError(f"{self.name}: more than {MAX_NOTES:,} notes; give a file of one song")
            track.voices.append(Voice(tick, kind, channel, first, second if size == 2 else 0))
        else:
            self.controls += 1
            if self.controls <= MAX_CONTROLS:
                track.controls.append(Voice(tick, kind, channel, first, second if size == 2 else 0))
        track.end = tick
        return at + size

    def _meta(self, track: Track, meta: Meta) -> None:
        if meta.kind not in KEPT:
            return
        self.texts += 1
        if self.texts > MAX_TEXTS:
            raise InputError(f"{self.name}: more than {MAX_TEXTS:,} texts and marks; give a file of one song")
        track.metas.append(meta)

    def _count(self) -> None:
        self.events += 1
        if self.events > MAX_EVENTS:
            raise InputError(f"{self.name}: more than {MAX_EVENTS:,} MIDI events; give a file of one song")


def _varlen(data: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends."""
    value = 0
    for i in range(at, at + 4):
        byte = data[i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, i + 1
    raise _Broken("has a length of more than four bytes")


def read_smf(data: bytes, name: str) -> MidiFile:
    """The events of a MIDI file; `name` is for messages. InputError where it is none, too large or has no ticks."""
    if not data:
        raise InputError(f"{name}: the file is empty")
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: {len(data):,} bytes; a MIDI file may have {MAX_BYTES:,}")
    start = data.find(b"MThd", 0, 2048)  # behind a RIFF or MacBinary header in some files
    if start < 0:
        raise InputError(f"{name}: not a MIDI file (it does not begin with MThd)")
    if len(data) < start + 14:
        raise InputError(f"{name}: the MIDI file ends within its header")
    size = int.from_bytes(data[start + 4 : start + 8])
    form, count, division = (int.from_bytes(data[start + i : start + i + 2]) for i in (8, 10, 12))
    if division == 0 or (division >= 0x8000 and division & 0xFF == 0):
        raise InputError(f"{name}: its header says 0 ticks to a quarter note; export the tune again")
    if form > 2:
        form = 1
    file = MidiFile(form, division, [])
    _tracks(file, data, start + 8 + (size if 6 <= size < 256 else 6), count, name)
    return file


def _tracks(file: MidiFile, data: bytes, at: int, count: int, name: str) -> None:
    reader = _Reader(name)
    while (at := data.find(b"MTrk", at)) >= 0:
        if len(file.tracks) == MAX_TRACKS:
            raise InputError(f"{name}: more than {MAX_TRACKS} tracks; give a file of one song")
        begin, length = at + 8, int.from_bytes(data[at + 4 : at + 8])
        track, mark, wrong = reader.track(data, begin, min(len(data), begin + length))
        if not mark and begin + length > len(data):
            wrong = wrong or "is cut off"
        file.tracks.append(track)
        if wrong:
            file.warnings.append(f"track {len(file.tracks)} {wrong}; what comes before is kept")
        at = begin + length
        if data[at : at + 4] != b"MTrk" and at != len(data):
            at = mark or begin  # the length is wrong, or another kind of chunk follows
    if len(file.tracks) < count:
        file.warnings.append(f"the header promises {count} tracks; there are {len(file.tracks)}")
    if reader.controls > MAX_CONTROLS:
        file.warnings.append(
            f"{reader.controls - MAX_CONTROLS:,} controllers and bends beyond {MAX_CONTROLS:,} left out"
        )
    if reader.clipped:
        file.warnings.append(f"{reader.clipped} values above 127 are read as 127")
