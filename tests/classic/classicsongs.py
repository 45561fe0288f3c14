"""A small exercise in the layout of the original: a headerless CSV and a folder of MIDI files, for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import mido
from tests.conftest import literal_songs

QUARTER = 480
ARTIST = "The Paper Boats"
SONGS = 14

Event = tuple[float, float, int, int]  # onset and length in quarters, pitch, velocity


def midi(*tracks: tuple[int, Sequence[Event]], tempi: Sequence[tuple[float, float]] = ()) -> bytes:
    """Tracks as (channel from 0, events); tempi as (quarter, quarters a minute)."""
    file = mido.MidiFile(type=1, ticks_per_beat=QUARTER)
    head = [(at, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))) for at, bpm in tempi]
    file.tracks.append(track_of(head))
    for channel, events in tracks:
        messages = []
        for onset, length, pitch, velocity in events:
            say = {"note": pitch, "channel": channel}
            messages.append((onset, mido.Message("note_on", velocity=velocity, **say)))
            messages.append((onset + length, mido.Message("note_off", velocity=0, **say)))
        file.tracks.append(track_of(messages))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def track_of(messages: list[tuple[float, mido.Message]]) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for at, message in sorted(messages, key=lambda pair: (pair[0], pair[1].type != "note_off")):
        tick = round(at * QUARTER)
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def tune(number: int, notes: int = 48) -> bytes:
    """A scale up and down, begun on another degree for every song, with a drum on every fourth quarter."""
    line = [(i, 1.0, 60 + (number + i) % 12, 70 + (number * 7 + i) % 40) for i in range(notes)]
    return midi((0, line), (9, [(i, 0.5, 36, 90) for i in range(0, notes, 4)]))


def title(number: int) -> str:
    return f"Boat {chr(ord('A') + number)} Sails"


def tune_name(number: int) -> str:
    """
    >>> tune_name(1)
    'The_Paper_Boats_-_Boat_B_Sails.mid'
    """
    return f"{ARTIST} - {title(number)}.mid".replace(" ", "_")


def exercise(folder: Path, songs: int = SONGS, without: Sequence[int] = ()) -> tuple[Path, Path]:
    """The CSV and the folder of tunes, none for the songs `without`."""
    rows = []
    for i, text in enumerate(literal_songs()[:songs]):
        lines = [line for line in text.splitlines() if line and not line.startswith("[")]
        rows.append([ARTIST, title(i), " & ".join(lines)])
    with open(folder / "songs.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    (folder / "midi").mkdir()
    for i in range(songs):
        if i not in without:
            (folder / "midi" / tune_name(i)).write_bytes(tune(i))
    return folder / "songs.csv", folder / "midi"
