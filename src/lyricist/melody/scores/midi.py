r"""Standard MIDI files, format 1: tempo, metre and key in the first track, then one track a part.

The words are lyric events (0x05) in the sung part's track: a word's last syllable ends in a blank, a line's in a
carriage return and a stanza's in a line feed (MMA RP-026); the very first begins with a carriage return, so that
readers know it for the beginning of a line. `.kar` has them besides as text events (0x01) in a track named Words,
between headers: `\` begins a stanza, `/` a line; only the lyric events say whose notes they belong to. Verses after
the first play the tune again. All text is UTF-8.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

from mido import Message, MetaMessage, MidiFile, MidiTrack  # type: ignore[import-untyped]

from lyricist.melody.scores.sing import Sung
from lyricist.melody.smf import CHANNEL_BYTES
from lyricist.melody.tune import Control, Lyric, Metre, Note, Part, Score

MAJOR = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
MINOR = ["Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m"]
TICKS = 480  # a quarter, or a multiple that holds all times exactly
MOST_TICKS = 32_767  # the header has 15 bits
MANY_TICKS = 20_160  # where no number of ticks is exact: 2^6 * 3^2 * 5 * 7
SLOWEST, FASTEST = (1 << 24) - 1, 1  # microseconds a quarter
DRUMS = 9
OFF, META, PROGRAM, WORD, ON = range(5)  # the order of events at one tick

Timed = tuple[int, int, Any]  # tick, order at the tick, mido's message


@dataclass(frozen=True)
class Syllable:
    tick: int
    text: str
    ends_word: bool
    line: bool  # begins a line
    paragraph: bool  # begins a stanza


def midi(sung: Sung) -> bytes:
    """A MIDI file with lyric events."""
    return save(sung.performed, karaoke=False)


def kar(sung: Sung) -> bytes:
    """A karaoke file with text events."""
    return save(sung.performed, karaoke=True)


def save(score: Score, karaoke: bool) -> bytes:
    ticks = resolution(score)
    file = MidiFile(type=1, ticks_per_beat=ticks, charset="utf-8")
    file.tracks.append(track(conductor(score, ticks, karaoke)))
    sung = max(score.parts, key=lambda part: part.words, default=None)
    syllables = list(sung_syllables(sung, ticks)) if sung else []
    if karaoke:
        file.tracks.append(track(words_track(score.title, syllables)))
    for part, channel in zip(score.parts, channels(score.parts), strict=True):
        events = part_events(part, channel, ticks)
        if part is sung:
            events += lyric_events(syllables)
        file.tracks.append(track(events))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def resolution(score: Score) -> int:
    times = {note.onset.denominator for part in score.parts for note in part.notes}
    times |= {note.duration.denominator for part in score.parts for note in part.notes}
    exact = lcm(*times)
    nice = lcm(exact, TICKS)
    return nice if nice <= MOST_TICKS else exact if exact <= MOST_TICKS else MANY_TICKS


def track(events: Sequence[Timed]) -> MidiTrack:
    """Events in order, with the time since the one before."""
    out, now = MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        out.append(message.copy(time=tick - now))
        now = tick
    out.append(MetaMessage("end_of_track"))
    return out


def meta(kind: str, text: str) -> MetaMessage:
    return MetaMessage(kind, **{"name" if kind == "track_name" else "text": text.replace("\0", "")})


def conductor(score: Score, ticks: int, karaoke: bool) -> list[Timed]:
    out: list[Timed] = []
    if karaoke:
        out += [(0, META, meta("text", "@KMIDI KARAOKE FILE")), (0, META, meta("text", "@V0100"))]
    if score.title:
        out.append((0, META, meta("track_name", score.title)))
    if score.copyright:
        out.append((0, META, meta("copyright", score.copyright)))
    sharps = max(-7, min(7, score.key[0]))
    key = (MINOR if score.key[1] == "minor" else MAJOR)[sharps + 7]
    out.append((0, META, MetaMessage("key_signature", key=key)))
    for at, beats, unit in signatures(score):
        out.append((round(at * ticks), META, MetaMessage("time_signature", numerator=beats, denominator=unit)))
    for tempo in score.tempi:
        start = max(tempo.onset, Fraction(0))
        length = max(FASTEST, min(SLOWEST, round(60e6 / tempo.quarters)))
        out.append((round(start * ticks), META, MetaMessage("set_tempo", tempo=length)))
    return out


def signatures(score: Score) -> Iterator[tuple[Fraction, int, int]]:
    """(onset, beats, unit). A pickup is a short bar with a metre of its own: the format has no other way."""
    metres = list(score.metres)
    if score.pickup > 0:
        unit = metres[0].unit
        while unit < 64 and (score.pickup * unit / 4).denominator > 1:
            unit *= 2
        short = score.pickup * unit / 4
        if short.denominator == 1:
            yield from valid(Fraction(0), Metre(Fraction(0), int(short), unit))
            yield from valid(score.pickup, metres.pop(0))
    for metre in metres:
        yield from valid(max(metre.onset, Fraction(0)), metre)


def valid(at: Fraction, metre: Metre) -> Iterator[tuple[Fraction, int, int]]:
    if 1 <= metre.beats <= 255 and metre.unit > 0 and metre.unit & (metre.unit - 1) == 0:
        yield at, metre.beats, metre.unit


def channels(parts: Sequence[Part]) -> list[int]:
    """A channel for each part; with more than fifteen they are shared from the first on."""
    melodic = [channel for channel in range(16) if channel != DRUMS]
    out, used = [], 0
    for part in parts:
        out.append(DRUMS if part.drums else melodic[used % len(melodic)])
        used += not part.drums
    return out


def part_events(part: Part, channel: int, ticks: int) -> list[Timed]:
    out: list[Timed] = []
    name = part.name or ("Melody" if part.words else "")
    if name:
        out.append((0, META, meta("track_name", name)))
    out += [(round(control.onset * ticks), PROGRAM, control_message(control, channel)) for control in part.controls]
    if part.program is not None and not part.drums:
        out.append((0, PROGRAM, Message("program_change", channel=channel, program=part.program)))
    for note in struck(part.notes):
        start = round(note.onset * ticks)
        end = max(start + 1, round(note.end * ticks))
        velocity, pitch = max(1, min(127, note.velocity)), max(0, min(127, note.pitch))
        out.append((start, ON, Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        out.append((end, OFF, Message("note_off", channel=channel, note=pitch, velocity=0)))
    return out


def control_message(control: Control, channel: int) -> Message:
    size = CHANNEL_BYTES[control.kind]
    data = (max(0, min(127, byte)) for byte in (control.first, control.second)[:size])
    return Message.from_bytes([control.kind << 4 | channel, *data])


def struck(notes: Sequence[Note]) -> list[Note]:
    """The notes as one keyboard plays them: a key that is down is let go before it is struck again, then held as long
    as any note of it lasts. Without that a player would end both notes at the first end.
    """
    out: list[Note] = []
    last: dict[int, int] = {}  # pitch: index in `out`
    for note in sorted(notes, key=lambda note: (note.onset, note.pitch, -note.duration)):
        at = last.get(note.pitch)
        before = out[at] if at is not None else None
        if before is not None and at is not None and before.end > note.onset:
            if before.onset == note.onset:
                continue
            out[at] = replace(before, duration=note.onset - before.onset)
            note = replace(note, duration=max(before.end, note.end) - note.onset)
        last[note.pitch] = len(out)
        out.append(note)
    return out


def sung_syllables(part: Part, ticks: int) -> Iterator[Syllable]:
    """The syllables of verse 1, in order. An empty one (a word of fewer letters than syllables) is passed over."""
    waiting: Syllable | None = None
    line = paragraph = False
    for note in part.notes:
        lyric = next((lyric for lyric in note.lyrics if lyric.verse == 1), None)
        if lyric is None:
            continue
        text = plain(lyric)
        line, paragraph = line or lyric.line_start, paragraph or lyric.paragraph
        ends = lyric.syllabic in ("single", "end")
        if text:
            if waiting:
                yield waiting
            waiting = Syllable(round(note.onset * ticks), text, ends, line, paragraph)
            line = paragraph = False
        elif waiting and ends:
            waiting = Syllable(waiting.tick, waiting.text, True, waiting.line, waiting.paragraph)
    if waiting:
        yield waiting


def plain(lyric: Lyric) -> str:
    """The text without what karaoke files take for a mark."""
    return " ".join(lyric.text.split()).lstrip("/\\@%").strip()


def lyric_events(syllables: Sequence[Syllable]) -> list[Timed]:
    out: list[Timed] = []
    for i, syllable in enumerate(syllables):
        following = syllables[i + 1] if i + 1 < len(syllables) else None
        end = " " if syllable.ends_word else ""
        if following and following.line:
            end = "\n" if following.paragraph else "\r"
        begin = "\r" if i == 0 and syllable.line else ""
        out.append((syllable.tick, WORD, meta("lyrics", begin + syllable.text + end)))
    return out


def words_track(title: str, syllables: Sequence[Syllable]) -> list[Timed]:
    out: list[Timed] = [(0, META, meta("track_name", "Words")), (0, META, meta("text", "@LENGL"))]
    if title:
        out.append((0, META, meta("text", f"@T{title}")))
    out.append((0, META, meta("text", "@IWritten with lyricist")))
    for syllable in syllables:
        mark = "\\" if syllable.paragraph else "/" if syllable.line else ""
        text = mark + syllable.text + (" " if syllable.ends_word else "")
        out.append((syllable.tick, WORD, meta("text", text)))
    return out
