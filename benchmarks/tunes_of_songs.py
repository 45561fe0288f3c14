"""Songs and their tunes: how many lines of music files get slots, and how right slots are that were found, not read.

    python benchmarks/tunes_of_songs.py [--data FOLDER]

The folder has hymns-abc, hymns-midi (the same tunes, first verses only) and lieder-musicxml. Two parts:

- reading: songs, lines, the share of lines with slots, words and slots, and what is dropped;
- joining: the words of all verses of each hymn in ABC, without their notes, joined to its MIDI file, to the same file
  without its words, and to another hymn's without words (hymns of one metre fit each other's tunes). A line is right
  if every syllable has the pitch that the ABC file has under it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from common import parser, tune_files
from lyricist.corpus import Line, Section, Song, Source
from lyricist.corpus.alignment import lay_tune
from lyricist.corpus.readers import reader_for
from lyricist.errors import InputError
from lyricist.melody.export.sing import silent
from lyricist.melody.read import read_score, tune_of
from lyricist.melody.tune import Tune
from lyricist.prosody.lexicon import default_lexicon

NEAR = 0.75  # share of a line's pitches


def songs_of(folder: Path, dropped: dict[str, int] | None = None) -> Iterator[tuple[Path, Song]]:
    for path in tune_files(folder):
        source = Source(path, path.name)
        try:
            for song in reader_for(source)(source):
                yield path, song
        except InputError:
            source.drop("unreadable", path.name)
        for reason, (count, _) in source.drops.items() if dropped is not None else ():
            dropped[reason] = dropped.get(reason, 0) + count


def reading(folder: Path) -> None:
    start, dropped = time.monotonic(), dict[str, int]()
    songs = [song for _, song in songs_of(folder, dropped)]
    lines = [line for song in songs for line in song.lines()]
    sung = sum(bool(line.slots) for line in lines)
    slots, words = sum(len(line.slots) for line in lines), sum(len(line.text.split()) for line in lines)
    print(
        f"{folder.name}: {len(songs)} songs, {len(lines)} lines, {sung / max(1, len(lines)):.2%} with slots, "
        f"{words} words, {slots} slots, dropped {dropped or 'none'}, {time.monotonic() - start:.1f} s"
    )


def bare(song: Song) -> Song:
    """The words alone."""
    sections = (Section(s.name, tuple(Line(line.text) for line in s.lines)) for s in song.sections)
    return replace(song, sections=tuple(sections))


def tune_at(path: Path, words: bool) -> Tune:
    score = read_score(path)
    return tune_of(score if words else replace(score, parts=tuple(map(silent, score.parts))))


def joining(pairs: list[tuple[Song, Path]], what: str, words: bool) -> None:
    start, lexicon = time.monotonic(), default_lexicon()
    lines = given = right = near = fitted = 0
    for song, path in pairs:
        laid = lay_tune(bare(song), tune_at(path, words), lexicon)
        fitted += any(line.slots for line in laid.lines())
        for true, found in zip(song.lines(), laid.lines(), strict=True):
            if not true.slots:
                continue  # a verse below the music: nobody says what it is sung to
            lines += 1
            given += bool(found.slots)
            pairs_of = [(a.at, a.pitch) for a in true.slots], [(b.at, b.pitch) for b in found.slots]
            right += pairs_of[0] == pairs_of[1]
            same = sum(a == b for a, b in zip(*pairs_of, strict=False))
            near += bool(found.slots) and same >= NEAR * max(map(len, pairs_of))
    right_share, near_share = right / max(1, given), near / max(1, given)
    print(
        f"{what}: {fitted} of {len(pairs)} songs and {given / lines:.1%} of {lines} lines get slots; of those lines "
        f"{right_share:.1%} are right in all syllables, {near_share:.1%} in 3 of 4, {time.monotonic() - start:.1f} s"
    )


def main() -> None:
    melodies = parser(__doc__, tunes=True).parse_args().data
    for name in ("hymns-abc", "hymns-midi", "lieder-musicxml"):
        reading(melodies / name)
    hymns = [(song, melodies / "hymns-midi" / f"{path.stem}.mid") for path, song in songs_of(melodies / "hymns-abc")]
    hymns = [(song, path) for song, path in hymns if path.is_file()]
    paths = [path for _, path in hymns]
    others = [(song, other) for (song, _), other in zip(hymns, [*paths[7:], *paths[:7]], strict=True)]
    joining(hymns, "its MIDI file with words", words=True)
    joining(hymns, "the same without words", words=False)
    joining(others, "another hymn's without words", words=False)


if __name__ == "__main__":
    main()
