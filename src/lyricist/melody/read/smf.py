"""Standard MIDI files as plain events, and the marks in them: tempo, metre, key, title.

This reader is tolerant: it repairs cut or odd files, with a warning. Libraries refuse files that every player plays:
an unknown key signature, a data byte above 127, a file that ends in the middle of a track. Formats 0, 1 and 2 (all
tracks at the same time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePath
from typing import NamedTuple

from lyricist._io import decode_first
from lyricist.errors import InputError
from lyricist.melody.tune import Metre, Tempo

MAX_BYTES = 16 * 2**20
MAX_EVENTS = 1_000_000  # of all kinds; a long orchestral score has about 200,000, and 40,000 notes
MAX_NOTES = 50_000
MAX_CONTROLS = 100_000  # more are left out
MAX_TEXTS = 20_000  # meta events
MAX_TRACKS = 256
MAX_TEXT = 4096  # bytes of a meta event; more are left out

TEXT, COPYRIGHT, TRACK_NAME, INSTRUMENT, LYRIC = 1, 2, 3, 4, 5  # meta events, by their number
END, TEMPO, METRE, KEY = 0x2F, 0x51, 0x58, 0x59
KEPT = frozenset({TEXT, COPYRIGHT, TRACK_NAME, INSTRUMENT, LYRIC, TEMPO, METRE, KEY})
CHANNEL_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}  # data bytes by the high half of the status
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # data bytes of messages that do not belong in files; they are skipped
FRAME_RATES = {29: Fraction(30000, 1001)}  # SMPTE drop frame; every other number is the rate itself

DEFAULT_TEMPO = 500_000  # microseconds per quarter: 120 per minute
MAX_SHARPS = 7  # sharps or flats of a key signature
MAX_BEATS = 64  # of a bar
MAX_UNIT = 6  # a 64th, as a power of two
UNNAMED = {"untitled", "tempo", "tempo track", "conductor", "conductor track", "master", "master track", "midi"}
At = Callable[[int], Fraction]  # ticks to quarters


class Voice(NamedTuple):
    """A channel event: a note switched on or off, a change of program, or a control (`tune.Control`)."""

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

    voices: list[Voice] = field(default_factory=list)  # notes and programs
    controls: list[Voice] = field(default_factory=list)
    metas: list[Meta] = field(default_factory=list)
    end: int = 0  # tick of the last event

    def texts(self, kind: int) -> Iterator[str]:
        """The texts of one kind that are not empty, in order of time."""
        for meta in self.metas:
            text = " ".join(decode_text(meta.data).split()) if meta.kind == kind else ""
            if text:
                yield text


@dataclass
class MidiFile:
    """The events of a file, and its marks with times in quarters."""

    format: int
    division: int  # the 16 bits of the header, unsigned
    tracks: list[Track] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def smpte(self) -> bool:
        """Whether times are in frames, not in quarters."""
        return self.division >= 0x8000

    def per_quarter(self, tempo: int) -> Fraction:
        """Ticks in a quarter note; with SMPTE frames at `tempo` microseconds per quarter."""
        if not self.smpte:
            return Fraction(self.division)
        frames, ticks = 256 - (self.division >> 8), self.division & 0xFF
        return FRAME_RATES.get(frames, Fraction(frames)) * ticks * Fraction(tempo, 10**6)

    def marks(self, kind: int) -> list[tuple[int, bytes]]:
        """(tick, data) of all meta events of one kind, in order of time."""
        found = [(meta.tick, meta.data) for track in self.tracks for meta in track.metas if meta.kind == kind]
        return sorted(found, key=lambda mark: mark[0])

    def tempo_marks(self) -> list[tuple[int, int]]:
        """(tick, microseconds per quarter), in order of time."""
        marks = ((tick, int.from_bytes(data[:3])) for tick, data in self.marks(TEMPO) if len(data) >= 3)
        return [(tick, tempo) for tick, tempo in marks if tempo]

    def tempi(self, at: At, first: int) -> tuple[Tempo, ...]:
        """The tempi; 120 per minute without any. With SMPTE times, the first tempo holds for the whole file."""
        if self.smpte:
            return (Tempo(Fraction(0), round(60e6 / first, 3)),)
        found = {at(tick): round(60e6 / tempo, 3) for tick, tempo in self.tempo_marks()}
        found.setdefault(Fraction(0), 60e6 / DEFAULT_TEMPO)
        return tuple(Tempo(onset, found[onset]) for onset in sorted(found))

    def metres(self, at: At, first: Fraction) -> tuple[Metre, ...]:
        """The metres, 4/4 if none holds at the first note (onset `first`); marks without effect are left out."""
        found: dict[Fraction, Metre] = {}
        for tick, data in self.marks(METRE):
            if _is_metre(data):
                found[at(tick)] = Metre(at(tick), data[0], 2 ** data[1])
        if not found or min(found) > first:
            found[Fraction(0)] = Metre(Fraction(0), 4, 4)
        out: list[Metre] = []
        for onset in sorted(found):
            metre = found[onset]
            same = bool(out) and (out[-1].beats, out[-1].unit) == (metre.beats, metre.unit)
            if not (same and (onset - out[-1].onset) % metre.bar == 0):
                out.append(metre)
        return tuple(out)

    def key(self) -> tuple[int, str]:
        """Sharps and mode of the first possible key signature."""
        found = (data for _, data in self.marks(KEY) if _is_key(data))
        data = next(found, b"\0\0")
        return int.from_bytes(data[:1], signed=True), "minor" if data[1] == 1 else "major"

    def odd_marks(self) -> list[str]:
        """Warnings about impossible marks."""
        tempi, keys, metres = len(self.tempo_marks()), self.marks(KEY), self.marks(METRE)
        odd = {
            "a key signature of more than 7 sharps or flats is left out": not all(_is_key(data) for _, data in keys),
            "an impossible time signature is left out": not all(_is_metre(data) for _, data in metres),
            "a tempo of 0 is left out": tempi < len(self.marks(TEMPO)),
            "times are in seconds (SMPTE): the first tempo is used for all beats": self.smpte and tempi > 1,
            "format 2: all sequences are read as played at the same time": self.format == 2,
        }
        return [warning for warning, found in odd.items() if found]

    def title_and_composer(self, name: str) -> tuple[str, str]:
        """From the karaoke headers, the name of a first track without notes, or the file's name."""
        metas = (meta for track in self.tracks for meta in track.metas if meta.kind in (TEXT, LYRIC))
        lines = [decode_text(meta.data).strip() for meta in metas]
        titles = [line[2:].strip() for line in lines if line.startswith("@T") and len(line) > 2]
        notes = [line[2:].strip() for line in lines if line.startswith("@I")]
        composer = next((note[6:].strip() for note in notes if note.lower().startswith("music:")), "")
        first = self.tracks[0] if self.tracks else Track()
        quiet = self.format == 0 or not any(voice.kind == 0x9 for voice in first.voices)
        named = [text for text in first.texts(TRACK_NAME) if text.lower() not in UNNAMED] if quiet else []
        title = next(iter([*titles, *named]), PurePath(name).stem.replace("_", " ").strip())
        return title, composer or (titles[1] if len(titles) > 1 else "")


def _is_metre(data: bytes) -> bool:
    return len(data) >= 2 and 1 <= data[0] <= MAX_BEATS and data[1] <= MAX_UNIT


def _is_key(data: bytes) -> bool:
    return len(data) >= 2 and abs(int.from_bytes(data[:1], signed=True)) <= MAX_SHARPS


def decode_text(data: bytes) -> str:
    """The text of a meta event: UTF-8 if it is valid, else Windows-1252, else Latin-1.

    >>> decode_text("blessèd".encode()), decode_text("blessèd".encode("cp1252"))
    ('blessèd', 'blessèd')
    """
    return decode_first(data.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b""))


def read_smf(data: bytes, name: str) -> MidiFile:
    """The events of a MIDI file; `name` is the file's name, for messages.

    Raises InputError: no MIDI file, too large, or 0 ticks in a quarter.
    """
    if not data:
        raise InputError(f"{name}: the file is empty")
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: {len(data):,} bytes; a MIDI file may have {MAX_BYTES:,}")
    start = data.find(b"MThd", 0, 2048)  # after a RIFF or MacBinary header in some files
    if start < 0:
        raise InputError(f"{name}: not a MIDI file (it does not begin with MThd)")
    if len(data) < start + 14:
        raise InputError(f"{name}: the MIDI file ends within its header")
    size = int.from_bytes(data[start + 4 : start + 8])
    form, count, division = (int.from_bytes(data[start + i : start + i + 2]) for i in (8, 10, 12))
    if division == 0 or (division >= 0x8000 and division & 0xFF == 0):
        raise InputError(f"{name}: its header says 0 ticks to a quarter note; export the tune again")
    body = start + 8 + (size if 6 <= size < 256 else 6)
    return _Reader(name, data, MidiFile(form if form <= 2 else 1, division)).file(body, count)


class _Broken(Exception):
    """The rest of this track cannot be read."""


class _Reader:
    """Reads tracks, and counts what all tracks of a file have together."""

    def __init__(self, name: str, data: bytes, file: MidiFile) -> None:
        self.name, self.data, self.midi = name, data, file
        self.events = self.notes = self.texts = self.clipped = self.controls = 0

    def file(self, at: int, count: int) -> MidiFile:
        """All tracks from byte `at`; the header promises `count`. Raises `InputError` beyond MAX_TRACKS."""
        data, file = self.data, self.midi
        while (at := data.find(b"MTrk", at)) >= 0:
            if len(file.tracks) == MAX_TRACKS:
                raise InputError(f"{self.name}: more than {MAX_TRACKS} tracks; give a file of one song")
            begin, length = at + 8, int.from_bytes(data[at + 4 : at + 8])
            track, mark, wrong = Track(), 0, ""
            try:
                mark = self._track(data[: min(len(data), begin + length)], begin, track)
            except _Broken as error:
                wrong = str(error)
            except IndexError:
                wrong = "ends in the middle of an event"
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
        if self.controls > MAX_CONTROLS:
            more = self.controls - MAX_CONTROLS
            file.warnings.append(f"{more:,} controllers and bends beyond {MAX_CONTROLS:,} left out")
        if self.clipped:
            file.warnings.append(f"{self.clipped} values above 127 are read as 127")
        return file

    def _track(self, data: bytes, at: int, track: Track) -> int:
        """Read the events from byte `at`. Returns the position after the end mark; 0 without one."""
        tick, status = 0, 0
        while at < len(data):
            delta, at = _variable_length(data, at)
            tick += delta
            self.events += 1
            if self.events > MAX_EVENTS:
                raise InputError(f"{self.name}: more than {MAX_EVENTS:,} MIDI events; give a file of one song")
            if data[at] >= 0x80:
                status, at = data[at], at + 1
            if status == 0xFF:
                kind, (size, at) = data[at], _variable_length(data, at + 1)
                track.end = tick
                if kind == END:
                    return at
                if kind in KEPT:
                    self._meta(track, Meta(tick, kind, data[at : at + min(size, MAX_TEXT)]))
                at, status = at + size, 0
            elif status in (0xF0, 0xF7):
                size, at = _variable_length(data, at)
                at, status = at + size, 0
            elif status >= 0xF0:
                at, status = at + SYSTEM_BYTES.get(status, 0), 0
            elif status:
                at = self._channel_event(data, at, tick, status, track)
            else:
                raise _Broken("has data where an event should begin")
        return 0

    def _channel_event(self, data: bytes, at: int, tick: int, status: int, track: Track) -> int:
        kind, channel = status >> 4, status & 0xF
        size = CHANNEL_BYTES[kind]
        first, second = data[at], data[at + size - 1]
        if first > 127 or second > 127:
            self.clipped += 1
            first, second = min(first, 127), min(second, 127)
        if kind == 0x9 and not second:
            kind = 0x8
        event = Voice(tick, kind, channel, first, second if size == 2 else 0)
        if kind in (0x8, 0x9, 0xC):
            self.notes += kind == 0x9
            if self.notes > MAX_NOTES:
                raise InputError(f"{self.name}: more than {MAX_NOTES:,} notes; give a file of one song")
            track.voices.append(event)
        else:
            self.controls += 1
            if self.controls <= MAX_CONTROLS:
                track.controls.append(event)
        track.end = tick
        return at + size

    def _meta(self, track: Track, meta: Meta) -> None:
        self.texts += 1
        if self.texts > MAX_TEXTS:
            raise InputError(f"{self.name}: more than {MAX_TEXTS:,} texts and marks; give a file of one song")
        track.metas.append(meta)


def _variable_length(data: bytes, at: int) -> tuple[int, int]:
    """A number with 7 bits in each byte, and the position after it."""
    value = 0
    for i in range(at, at + 4):
        byte = data[i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, i + 1
    raise _Broken("has a length of more than four bytes")
