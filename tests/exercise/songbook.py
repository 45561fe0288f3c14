"""A literal exercise for tests: twelve songs of four lines, and for each a tune of four phrases of eight quarters."""

from __future__ import annotations

import csv
from pathlib import Path

import mido

NOUNS = ["river", "morning", "winter", "harbour", "garden", "station", "kitchen", "window", "mountain", "city"]
VERSE = (
    "I walked along the {a} and I called your name",
    "The {a} was open and the {b} was cold",
    "You said you'd meet me where the {b} begins",
    "And nobody sings in the {a} any more",
)
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def song(i: int) -> list[str]:
    """The cells of a song: artist, title, lyrics."""
    a, b = NOUNS[i % 10], NOUNS[(i * 3 + 1 + i // 10) % 10]
    way = 1 if i < 10 else -1
    lines = [VERSE[(i + way * k) % 4].format(a=a, b=b) for k in range(4)]
    return ["The Clouds", f"Song Of {a} {b} {'ivxlcdmnop'[i % 10]}".title(), " & ".join(lines)]


def file_of(cells: list[str]) -> str:
    return f"{cells[0]}_-_{cells[1]}.mid".replace(" ", "_")


def tune(path: Path, key: int) -> None:
    """Four phrases of eight quarters, each with a rest behind it."""
    file = mido.MidiFile(ticks_per_beat=120)
    track = mido.MidiTrack()
    file.tracks.append(track)
    wait = 0
    for phrase in range(4):
        for i in range(8):
            pitch = SCALE[(i * (phrase + 1) + key) % 8]
            track.append(mido.Message("note_on", note=pitch, velocity=80, time=wait))
            track.append(mido.Message("note_off", note=pitch, velocity=0, time=110))
            wait = 10
        wait = 250
    file.save(path)


def write_rows(path: Path, rows: list[list[str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)


def make(place: Path) -> Path:
    """train.csv (a row holds two songs), test.csv, midi/: ten songs to learn from, two to be judged by."""
    songs = [song(i) for i in range(12)]
    (place / "midi").mkdir()
    for i, cells in enumerate(songs):
        tune(place / "midi" / file_of(cells), i)
    write_rows(place / "train.csv", [*songs[:8], songs[8] + songs[9]])
    write_rows(place / "test.csv", songs[10:])
    return place
