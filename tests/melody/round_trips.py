"""Round trips of scores: a tune with its own words, written as MusicXML, MIDI and karaoke, and read again.

The notes must be the same in the same place, and every syllable present: in our own readers, in mido and in music21.
`benchmarks/score_round_trip.py` takes all tunes, the tests a few.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from lyricist.melody.export import Sung, SungWord, own_words, sing
from lyricist.melody.export.midi_writer import midi, struck
from lyricist.melody.export.musicxml_writer import musicxml
from lyricist.melody.read.midi_file import read_midi
from lyricist.melody.read.musicxml_file import read_musicxml
from lyricist.melody.tune import Lyric, Part, Score, Tune

Notes = Counter[tuple[Fraction, Fraction, int]]  # (onset, duration, pitch)
Words = list[tuple[Fraction, str, str]]  # (onset, text, syllabic)


def sung_back(tune: Tune) -> Sung:
    """The tune with its first verse, given back as a caller would; `la` where the file has no syllable."""
    own = own_words(tune)
    laid = own.lyrics[0] if own.lyrics else tuple(tuple(None for _ in phrase.slots) for phrase in tune.phrases)
    return sing(tune, [[list(words_of(line)) for line in laid]])


def words_of(line: tuple[Lyric | None, ...]) -> Iterator[SungWord]:
    parts: list[str] = []
    for i, lyric in enumerate(line):
        parts.append(lyric.text if lyric else "la")
        following = line[i + 1] if i + 1 < len(line) else None
        goes_on = lyric is not None and lyric.syllabic in ("begin", "middle") and following is not None
        if not (goes_on and following and following.syllabic in ("middle", "end")):
            yield SungWord("".join(parts), tuple(parts))
            parts = []


def notes_of(score: Score) -> Notes:
    return Counter((n.onset, n.duration, n.pitch) for part in score.parts if not part.drums for n in part.notes)


def words_in(part: Part) -> Words:
    return [(note.onset, " ".join(word.text.split()), word.syllabic) for note in part.notes for word in note.lyrics]


def all_words(score: Score) -> Words:
    return sorted(word for part in score.parts for word in words_in(part))


def marks_in(score: Score) -> list[tuple[Fraction, bool, bool]]:
    """Where lines and stanzas begin, but for the first syllable: MusicXML and MIDI only mark their ends."""
    return sorted(
        (note.onset, lyric.line_start, lyric.paragraph)
        for part in score.parts
        for note in part.notes
        for lyric in note.lyrics
    )[1:]


def strikes(score: Score) -> Notes:
    """The notes as MIDI can hold them: of one key of a part only one is down at a time."""
    notes = (note for part in score.parts if not part.drums for note in struck(part.notes))
    return Counter((note.onset, note.duration, note.pitch) for note in notes)


def onsets_of(notes: Notes) -> list[tuple[Fraction, int]]:
    return [(onset, pitch) for onset, _, pitch in notes]


def difference(given: Iterable[Any], back: Iterable[Any], what: str) -> Iterator[str]:
    a, b = Counter(given), Counter(back)
    if a != b:
        lost, new = a - b, b - a
        yield f"{what}: {lost.total()} lost {list(lost)[:2]}, {new.total()} new {list(new)[:2]}"


def by_musicxml(sung: Sung) -> Iterator[str]:
    data = musicxml(sung.score)
    back = read_musicxml(data, "back.musicxml")
    yield from difference(notes_of(sung.score), notes_of(back), "musicxml notes")
    yield from difference(all_words(sung.score), all_words(back), "musicxml words")
    yield from difference(marks_in(sung.score), marks_in(back), "musicxml lines")
    yield from difference(chords_of(sung.score), chords_of(back), "musicxml chords")
    yield from difference(tempi_of(sung.score), tempi_of(back), "musicxml tempi")


def chords_of(score: Score) -> list[tuple[Fraction, str]]:
    return [(chord.onset, chord.symbol) for chord in score.chords]


def tempi_of(score: Score) -> list[tuple[Fraction, float]]:
    """Where the tempo changes."""
    out: list[tuple[Fraction, float]] = []
    for tempo in score.tempi:
        if not out or out[-1][1] != round(tempo.quarters, 2):
            out.append((tempo.onset, round(tempo.quarters, 2)))
    return out


def by_midi(sung: Sung) -> Iterator[str]:
    for name, make in (("mid", midi), ("kar", partial(midi, karaoke=True))):
        score, back = sung.performed, read_midi(make(sung), f"back.{name}")
        yield from difference(strikes(score), notes_of(back), f"{name} notes")
        yield from difference(set(onsets_of(notes_of(score))), set(onsets_of(notes_of(back))), f"{name} onsets")
        yield from difference(all_words(score), all_words(back), f"{name} words")
        yield from difference(marks_in(score), marks_in(back), f"{name} lines")


def by_mido(sung: Sung) -> Iterator[str]:
    from mido import MidiFile

    file = MidiFile(file=io.BytesIO(midi(sung)), charset="utf-8")
    score, back, words = sung.performed, Counter[tuple[Fraction, Fraction, int]](), []
    for track in file.tracks:
        now, on = 0, dict[tuple[int, int], list[int]]()
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                on.setdefault((message.channel, message.note), []).append(now)
            elif message.type in ("note_off", "note_on") and message.channel != 9:
                start = on[message.channel, message.note].pop(0)
                length = Fraction(now - start, file.ticks_per_beat)
                back[Fraction(start, file.ticks_per_beat), length, message.note] += 1
            elif message.type == "lyrics":
                words.append((Fraction(now, file.ticks_per_beat), message.text.strip()))
    yield from difference(strikes(score), back, "mido notes")
    yield from difference([word[:2] for word in all_words(score)], words, "mido words")


def by_music21(sung: Sung) -> Iterator[str]:
    from music21 import converter

    stream = converter.parseData(musicxml(sung.score), format="musicxml")
    back: list[tuple[Fraction, Fraction, int]] = []
    words: list[tuple[Fraction, str]] = []
    for part in stream.parts:
        held: dict[int, tuple[Fraction, Fraction]] = {}
        for note in sorted(part.flatten().notes, key=lambda note: note.offset):
            if "ChordSymbol" in note.classes or "Unpitched" in note.classes or "NoChord" in note.classes:
                continue
            onset, length = Fraction(note.offset), Fraction(note.quarterLength)
            words += [(onset, lyric.text or "") for lyric in note.lyrics]
            for single in note.notes if note.isChord else [note]:
                begun, so_far = onset, Fraction(0)
                if single.tie and single.tie.type != "start" and single.pitch.midi in held:
                    begun, so_far = held.pop(single.pitch.midi)
                if single.tie and single.tie.type != "stop":
                    held[single.pitch.midi] = (begun, so_far + length)
                else:
                    back.append((begun, so_far + length, single.pitch.midi))
    yield from difference(rounded(notes_of(sung.score).elements()), rounded(back), "music21 notes")
    given = [(near(onset), text) for onset, text, _ in all_words(sung.score)]
    yield from difference(given, [(near(onset), text) for onset, text in words], "music21 words")


def near(time: Fraction) -> int:
    """Thousandths of a quarter, as music21 keeps some times as floats."""
    return round(time * 1000)


def rounded(notes: Any) -> Counter[Any]:
    return Counter((near(onset), near(length), pitch) for onset, length, pitch in notes)


TRIPS: dict[str, Callable[[Sung], Iterator[str]]] = {"musicxml": by_musicxml, "midi": by_midi, "mido": by_mido}


def faults(sung: Sung, music21: bool = False) -> list[str]:
    trips = {**TRIPS, "music21": by_music21} if music21 else TRIPS
    return [fault for trip in trips.values() for fault in trip(sung)]
