"""MIDI files written out by hand, for tests."""

from __future__ import annotations

from collections.abc import Iterable

TICKS = 480  # a quarter


def varlen(value: int) -> bytes:
    """
    >>> varlen(0x40).hex(), varlen(0x2000).hex(), varlen(0x0FFFFFFF).hex()
    ('40', 'c000', 'ffffff7f')
    """
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def meta(kind: int, data: bytes | str) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return bytes([0xFF, kind]) + varlen(len(raw)) + raw


def on(pitch: int, channel: int = 0, velocity: int = 90) -> bytes:
    return bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x80 | channel, pitch, 0])


def chunk(events: Iterable[tuple[int, bytes]], end: bool = True) -> bytes:
    """A track from events at absolute ticks; those at one tick stay in order."""
    body, now = b"", 0
    for tick, event in sorted(events, key=lambda event: event[0]):
        body += varlen(tick - now) + event
        now = tick
    body += b"\0" + meta(0x2F, b"") if end else b""
    return b"MTrk" + len(body).to_bytes(4) + body


def smf(*tracks: bytes, form: int = 1, division: int = TICKS) -> bytes:
    """A file of chunks."""
    return (
        b"MThd"
        + b"".join(n.to_bytes(k) for n, k in ((6, 4), (form, 2), (len(tracks), 2), (division, 2)))
        + b"".join(tracks)
    )


def tune(pitches: Iterable[int], channel: int = 0, start: int = 0, step: int = TICKS) -> list[tuple[int, bytes]]:
    """Notes one after the other, `step` ticks each."""
    out = []
    for i, pitch in enumerate(pitches):
        out += [(start + i * step, on(pitch, channel)), (start + (i + 1) * step, off(pitch, channel))]
    return sorted(out, key=lambda event: (event[0], event[1][0] >= 0x90))


def texts(words: Iterable[str], kind: int = 5, start: int = 0, step: int = TICKS) -> list[tuple[int, bytes]]:
    """A text event under each note of `tune`; None leaves one out."""
    return [(start + i * step, meta(kind, word)) for i, word in enumerate(words) if word is not None]
