"""Songs whose words stand under notes, for tests: literal lines of eight and six slots."""

from __future__ import annotations

from pathlib import Path

from lyricist.corpus import Corpus, Line, LineSlot, Section, Song
from lyricist.corpus.store import write_corpus

# Words with the number of slots of each; all lines go to a tune by their number of slots.
LINES = (
    (("The", 1), ("river", 2), ("runs", 1), ("below", 2), ("the", 1), ("stone", 1)),
    (("I", 1), ("called", 1), ("your", 1), ("name", 1), ("alone", 2)),
    (("And", 1), ("nobody", 3), ("sings", 1), ("the", 1), ("morning", 2)),
    (("My", 1), ("garden", 2), ("in", 1), ("the", 1), ("rain", 1)),
)


def slots(words: tuple[tuple[str, int], ...], key: int = 60) -> tuple[LineSlot, ...]:
    """Quarters up a scale in four time, the last one long and with a rest behind it."""
    starts, at = [], 0
    for word, count in words:
        starts += [at] * count
        at += len(word) + 1
    last = len(starts) - 1
    return tuple(
        LineSlot(start, 2.0 if i == last else 1.0, key + i, (1, 4, 2, 3)[i % 4], i % 2 == 1, float(i == last))
        for i, start in enumerate(starts)
    )


def line(number: int, key: int = 60, sung: bool = True) -> Line:
    words = LINES[number % len(LINES)]
    return Line(" ".join(word for word, _ in words), slots=slots(words, key) if sung else ())


def song(number: int, sung: bool = True) -> Song:
    """A song of two sections; `number` decides the order of its lines and its key."""
    lines = [line(number * (k + 1) + k // 2, 55 + number % 7, sung) for k in range(6)]
    return Song(
        f"Song {number}", "", (Section("verse", tuple(lines[:4])), Section("chorus", tuple(lines[4:]))), "made"
    )


def corpus(path: Path) -> Corpus:
    """Forty songs to train on, every third without a tune, and a few to judge by."""
    train = [song(i, sung=i % 3 > 0) for i in range(40)]
    return write_corpus(path, {"train": train, "valid": [song(41), song(42)], "test": [song(43), song(44), song(45)]})
