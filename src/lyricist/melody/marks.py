"""A MIDI file's marks: tempo, metre, key, title; what is impossible is left out, with a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import PurePath

from lyricist.melody import smf
from lyricist.melody.karaoke import decode, headers
from lyricist.melody.smf import MidiFile
from lyricist.melody.tune import Metre, Tempo

PLAIN_TEMPO = 500_000  # microseconds a quarter, where a file says nothing: 120 a minute
SHARPS = 7  # a key signature has 7 sharps or flats at most
LONGEST_BAR = 64  # beats
SHORTEST_BEAT = 6  # a 64th, as a power of two
PLAIN = frozenset(
    {"untitled", "tempo", "tempo track", "conductor", "conductor track", "master", "master track", "midi"}
)

At = Callable[[int], Fraction]  # ticks to quarters


def tempo_marks(file: MidiFile) -> list[tuple[int, int]]:
    """Tick and microseconds a quarter, in order of time."""
    marks = ((tick, int.from_bytes(data[:3])) for tick, data in _marks(file, smf.TEMPO) if len(data) >= 3)
    return [(tick, tempo) for tick, tempo in marks if tempo]


def tempi(file: MidiFile, at: At, first: int) -> tuple[Tempo, ...]:
    """The tempi; 120 a minute where there is none. Under SMPTE times the first tempo holds throughout."""
    if file.smpte:
        return (Tempo(Fraction(0), round(60e6 / first, 3)),)
    found = {at(tick): round(60e6 / tempo, 3) for tick, tempo in tempo_marks(file)}
    found.setdefault(Fraction(0), 60e6 / PLAIN_TEMPO)
    return tuple(Tempo(onset, found[onset]) for onset in sorted(found))


def metres(file: MidiFile, at: At, first: Fraction) -> tuple[Metre, ...]:
    """The metres, 4/4 where none holds at the onset of the first note; marks that change nothing are left out."""
    found: dict[Fraction, Metre] = {}
    for tick, data in _marks(file, smf.METRE):
        if _possible(data):
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


def _possible(data: bytes) -> bool:
    return len(data) >= 2 and 1 <= data[0] <= LONGEST_BAR and data[1] <= SHORTEST_BEAT


def key(file: MidiFile) -> tuple[int, str]:
    """Sharps and mode of the first key signature that there can be."""
    for _, data in _marks(file, smf.KEY):
        sharps = int.from_bytes(data[:1], signed=True)
        if len(data) >= 2 and abs(sharps) <= SHARPS:
            return sharps, "minor" if data[1] == 1 else "major"
    return 0, "major"


def odd_marks(file: MidiFile) -> list[str]:
    """Warnings about marks that cannot be."""
    out = []
    if any(len(d) < 2 or abs(int.from_bytes(d[:1], signed=True)) > SHARPS for _, d in _marks(file, smf.KEY)):
        out.append("a key signature of more than 7 sharps or flats is left out")
    if not all(_possible(data) for _, data in _marks(file, smf.METRE)):
        out.append("a time signature that cannot be is left out")
    if len(tempo_marks(file)) < sum(1 for _ in _marks(file, smf.TEMPO)):
        out.append("a tempo of 0 is left out")
    if file.smpte and len(tempo_marks(file)) > 1:
        out.append("times are in seconds (SMPTE): the first tempo is taken for the beats throughout")
    if file.format == 2:
        out.append("format 2: the sequences are laid side by side")
    return out


def texts(file: MidiFile, kind: int) -> Iterator[str]:
    """The texts of one kind that are not empty, by track and time."""
    for track in file.tracks:
        yield from track_texts(track, kind)


def track_texts(track: smf.Track, kind: int) -> Iterator[str]:
    for meta in track.metas:
        text = " ".join(decode(meta.data).split()) if meta.kind == kind else ""
        if text:
            yield text


def title_and_composer(file: MidiFile, name: str) -> tuple[str, str]:
    """From the karaoke header, the name of a first track that plays nothing, or the file's name."""
    head = headers(file)
    titles = head.get("T", [])
    composer = next((line[6:].strip() for line in head.get("I", []) if line.lower().startswith("music:")), "")
    composer = composer or (titles[1] if len(titles) > 1 else "")
    first = file.tracks[0] if file.tracks else smf.Track()
    quiet = file.format == 0 or not any(voice.kind == 0x9 for voice in first.voices)
    named = [text for text in track_texts(first, smf.TRACK_NAME) if text.lower() not in PLAIN] if quiet else []
    stem = PurePath(name).stem.replace("_", " ").strip()
    return (titles[:1] + named[:1] + [stem])[0], composer


def _marks(file: MidiFile, kind: int) -> list[tuple[int, bytes]]:
    found = [(meta.tick, meta.data) for track in file.tracks for meta in track.metas if meta.kind == kind]
    return sorted(found, key=lambda mark: mark[0])
