r"""Standard MIDI files, format 1: tempo, metre and key in the first track, then one track for each part.

The words are lyric events (0x05) in the track of the sung part. The last syllable of a word ends in a blank, of a
line in a carriage return, of a stanza in a line feed (MMA RP-026); the first event begins with a carriage return, so
that readers know that a line begins. `.kar` also has the words as text events (0x01) in a track Words, after headers:
`\` begins a stanza, `/` a line; only the lyric events show which notes the words belong to. Further verses repeat the
tune. All text is UTF-8.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any

from mido import Message, MetaMessage, MidiFile, MidiTrack  # type: ignore[import-untyped]

from lyricist.melody.export.sing import Sung
from lyricist.melody.read.smf import CHANNEL_BYTES
from lyricist.melody.tune import Metre, Note, Part, Score

MAJOR = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
MINOR = ["Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m"]
TICKS = 480  # per quarter, or a multiple with which all times are exact
MOST_TICKS = 32_767  # the header has 15 bits
MANY_TICKS = 20_160  # if no number of ticks is exact: 2^6 * 3^2 * 5 * 7
SLOWEST, FASTEST = (1 << 24) - 1, 1  # microseconds per quarter
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


def midi(sung: Sung, karaoke: bool = False) -> bytes:
    """A MIDI file with lyric events; a karaoke file has text events too."""
    score = sung.performed
    ticks = resolution(score)
    file = MidiFile(type=1, ticks_per_beat=ticks, charset="utf-8")
    file.tracks.append(track(conductor(score, ticks, karaoke)))
    singer = max(score.parts, key=lambda part: part.words, default=None)
    syllables = list(sung_syllables(singer, ticks)) if singer else []
    if karaoke:
        file.tracks.append(track(words_track(score.title, syllables)))
    for part, channel in zip(score.parts, channels(score.parts), strict=True):
        words = lyric_events(syllables) if part is singer else []
        file.tracks.append(track([*part_events(part, channel, ticks), *words]))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def resolution(score: Score) -> int:
    """Ticks per quarter."""
    times = {time for part in score.parts for note in part.notes for time in (note.onset, note.duration)}
    exact = lcm(*{time.denominator for time in times})
    nice = lcm(exact, TICKS)
    return nice if nice <= MOST_TICKS else exact if exact <= MOST_TICKS else MANY_TICKS


def track(events: Sequence[Timed]) -> MidiTrack:
    """Events in order, each with the time since the one before."""
    out, now = MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        out.append(message.copy(time=tick - now))
        now = tick
    out.append(MetaMessage("end_of_track"))
    return out


def meta(tick: int, kind: str, text: str, order: int = META) -> Timed:
    message = MetaMessage(kind, **{"name" if kind == "track_name" else "text": text.replace("\0", "")})
    return tick, order, message


def conductor(score: Score, ticks: int, karaoke: bool) -> list[Timed]:
    out = [meta(0, "text", text) for text in ("@KMIDI KARAOKE FILE", "@V0100") if karaoke]
    out += [meta(0, "track_name", score.title)] if score.title else []
    out += [meta(0, "copyright", score.copyright)] if score.copyright else []
    sharps = max(-7, min(7, score.key[0]))
    key = (MINOR if score.key[1] == "minor" else MAJOR)[sharps + 7]
    out.append((0, META, MetaMessage("key_signature", key=key)))
    for at, beats, unit in time_signatures(score):
        if 1 <= beats <= 255 and unit > 0 and unit & (unit - 1) == 0:
            out.append((round(at * ticks), META, MetaMessage("time_signature", numerator=beats, denominator=unit)))
    for tempo in score.tempi:
        length = max(FASTEST, min(SLOWEST, round(60e6 / tempo.quarters)))
        out.append((round(max(tempo.onset, Fraction(0)) * ticks), META, MetaMessage("set_tempo", tempo=length)))
    return out


def time_signatures(score: Score) -> Iterator[tuple[Fraction, int, int]]:
    """(onset, beats, unit). A pickup is a short bar with a metre of its own, as the format has no pickups."""
    metres = list(score.metres)
    if score.pickup > 0:
        unit = metres[0].unit
        while unit < 64 and (score.pickup * unit / 4).denominator > 1:
            unit *= 2
        short = score.pickup * unit / 4
        if short.denominator == 1:
            yield Fraction(0), int(short), unit
            metres[0] = Metre(score.pickup, metres[0].beats, metres[0].unit)
    for metre in metres:
        yield max(metre.onset, Fraction(0)), metre.beats, metre.unit


def channels(parts: Sequence[Part]) -> list[int]:
    """A channel for each part; with more than fifteen parts, channels are shared from the first on."""
    melodic = [channel for channel in range(16) if channel != DRUMS]
    out, used = [], 0
    for part in parts:
        out.append(DRUMS if part.drums else melodic[used % len(melodic)])
        used += not part.drums
    return out


def part_events(part: Part, channel: int, ticks: int) -> list[Timed]:
    name = part.name or ("Melody" if part.words else "")
    out = [meta(0, "track_name", name)] if name else []
    for control in part.controls:
        size = CHANNEL_BYTES[control.kind]
        data = (max(0, min(127, byte)) for byte in (control.first, control.second)[:size])
        message = Message.from_bytes([control.kind << 4 | channel, *data])
        out.append((round(control.onset * ticks), PROGRAM, message))
    if part.program is not None and not part.drums:
        out.append((0, PROGRAM, Message("program_change", channel=channel, program=part.program)))
    for note in struck(part.notes):
        start = round(note.onset * ticks)
        end = max(start + 1, round(note.end * ticks))
        velocity, pitch = max(1, min(127, note.velocity)), max(0, min(127, note.pitch))
        out.append((start, ON, Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        out.append((end, OFF, Message("note_off", channel=channel, note=pitch, velocity=0)))
    return out


def struck(notes: Sequence[Note]) -> list[Note]:
    """The notes as one keyboard plays them.

    A key that is down is released before it is struck again, then held until the last of its notes ends. Otherwise a
    player would end both notes at the first end.
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
    """The syllables of verse 1, in order, without the empty ones (of a word with fewer letters than syllables)."""
    waiting: Syllable | None = None
    line = paragraph = False
    for note in part.notes:
        lyric = next((lyric for lyric in note.lyrics if lyric.verse == 1), None)
        if lyric is None:
            continue
        text = " ".join(lyric.text.split()).lstrip("/\\@%").strip()  # these are marks in karaoke files
        line, paragraph = line or lyric.line_start, paragraph or lyric.paragraph
        ends = lyric.syllabic in ("single", "end")
        if text:
            if waiting:
                yield waiting
            waiting = Syllable(round(note.onset * ticks), text, ends, line, paragraph)
            line = paragraph = False
        elif waiting and ends:
            waiting = replace(waiting, ends_word=True)
    if waiting:
        yield waiting


def lyric_events(syllables: Sequence[Syllable]) -> Iterator[Timed]:
    for i, (syllable, following) in enumerate(pairwise([*syllables, None])):
        if syllable:
            end = " " if syllable.ends_word else ""
            if following and following.line:
                end = "\n" if following.paragraph else "\r"
            begin = "\r" if i == 0 and syllable.line else ""
            yield meta(syllable.tick, "lyrics", begin + syllable.text + end, WORD)


def words_track(title: str, syllables: Sequence[Syllable]) -> list[Timed]:
    headers = ["@LENGL", *([f"@T{title}"] if title else []), "@IWritten with lyricist"]
    out = [meta(0, "track_name", "Words"), *(meta(0, "text", header) for header in headers)]
    for syllable in syllables:
        mark = "\\" if syllable.paragraph else "/" if syllable.line else ""
        out.append(meta(syllable.tick, "text", mark + syllable.text + " " * syllable.ends_word, WORD))
    return out
