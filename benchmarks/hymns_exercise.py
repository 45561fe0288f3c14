"""The layout of the exercise, made from public-domain hymns: two headerless tables and a folder of MIDI files.

    python benchmarks/hymns_exercise.py OUT [--test 6] [--data FOLDER]
    lyricist exercise OUT/train.csv OUT/test.csv OUT/midi -o REPORT

Rows are `artist, title, lyrics`, with ` & ` between lines and, in every tenth row, a second song in further columns;
MIDI files are called `Tune_-_Title.mid`. Songs of hymns.txt are matched to tunes by the words in the MIDI files.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common import DATA, existing_folder, parser
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.melody.read import read_tune

ALIKE = 0.6  # share of the words of a file that a text must have, in order, as threes of neighbours
SECOND = 10  # every so many rows hold two songs


@dataclass(frozen=True)
class Hymn:
    artist: str  # the name of the tune
    title: str
    lines: tuple[str, ...]
    midi: Path

    @property
    def cells(self) -> list[str]:
        return [self.artist, self.title, " & ".join(line.replace("&", "and") for line in self.lines)]

    @property
    def file(self) -> str:
        return f"{self.artist}_-_{self.title}.mid".replace(" ", "_")


def threes(text: str) -> set[tuple[str, ...]]:
    words = WordTokenizer().split(text)
    return set(zip(words, words[1:], words[2:], strict=False))


def sung_text(path: Path) -> str:
    """The words under the notes of a karaoke file."""
    text = ""
    for phrase in read_tune(path).phrases:
        for slot in phrase.slots:
            for lyric in slot.lyrics[:1]:
                text += lyric.text + (" " if lyric.syllabic in ("single", "end") else "")
    return text


def named(path: Path) -> tuple[str, str]:
    """(artist, title) of `Title-Tune.mid`."""
    title, _, tune = path.stem.partition("-")
    return re.sub(r"[_-]+", " ", tune) or "Anonymous", title.replace("_", " ")


def hymns(data: Path = DATA, most: int = 0) -> list[Hymn]:
    """Hymns whose words are in hymns.txt, by the names of their MIDI files; at most `most` of them (0: all)."""
    texts = [block.split("\n") for block in (data / "songs/hymns.txt").read_text(encoding="utf-8").split("\n\n")]
    known = [threes("\n".join(lines)) for lines in texts]
    found: list[Hymn] = []
    taken: set[int] = set()
    for path in sorted((data / "melodies/hymns-midi").glob("*.mid")):
        try:
            sought = threes(sung_text(path))
        except InputError:
            continue
        best = max(range(len(texts)), key=lambda i: len(sought & known[i]))
        if best in taken or len(sought & known[best]) < ALIKE * max(1, len(sought)):
            continue
        taken.add(best)
        found.append(Hymn(*named(path), tuple(line for line in texts[best] if line.strip()), path))
        if len(found) == most:
            break
    return found


def write_table(path: Path, songs: Sequence[Hymn]) -> None:
    """Headerless rows, every tenth with two songs."""
    rows: list[list[str]] = []
    waiting = list(songs)
    while waiting:
        row = waiting.pop(0).cells
        if len(rows) % SECOND == SECOND - 1 and waiting:
            row += waiting.pop(0).cells
        rows.append(row)
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def lay_out(songs: Sequence[Hymn], out: Path, test: int) -> tuple[Path, Path, Path]:
    """Write tables and folder below `out`, with `test` evenly spaced test songs. Returns the three paths."""
    folder = out / "midi"
    folder.mkdir(parents=True, exist_ok=True)
    for song in songs:
        shutil.copyfile(song.midi, folder / song.file)
    every = len(songs) // max(1, test)
    chosen = set(range(every - 1, every * test, every))
    write_table(out / "train.csv", [song for i, song in enumerate(songs) if i not in chosen])
    write_table(out / "test.csv", [song for i, song in enumerate(songs) if i in chosen])
    return out / "train.csv", out / "test.csv", folder


def main() -> None:
    made = parser(__doc__)
    made.add_argument("out", type=Path)
    made.add_argument("--test", type=int, default=6, help="test songs (default: 6)")
    made.add_argument("--data", type=existing_folder, default=DATA, help="folder with songs/ and melodies/")
    options = made.parse_args()
    songs = hymns(options.data)
    print(f"{len(songs)} hymns:", *lay_out(songs, options.out, options.test))


if __name__ == "__main__":
    main()
