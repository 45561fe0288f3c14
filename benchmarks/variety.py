"""How much the songs of one writer are like each other: what ten or three hundred songs share.

    python benchmarks/variety.py write FILE.jsonl [--songs 300] [--seed 1] [--themes] [--processes 2]
    python benchmarks/variety.py count FILE [FILE ...] [--read CORPUS ...] [--json FILE]

`write` writes the songs that `lyricist write` gives for the seeds from `--seed` on, without any other option;
`--themes` gives 30 songs each of THEMES. FILE.jsonl is kept: what is there is not written again.

`count` reads such files, and text files of songs with [Verse] and [Chorus] above their sections or blank lines
between songs, and prints for each file:

- share_a_line: songs with a line of LINE_WORDS words or more that another song has too.
- distinct_2: different pairs of neighbouring words in a line / pairs, over the different lines of each song.
- rhyme_pair, opening, mould: the commonest pair of rhyme words, first three words of a song and pattern of repeats
  in a chorus (ABAC: the third line is the first again), each with its share of songs, the pattern of those with one.
- twice: share of choruses with a line that begins with a word which it says again (*I'm going back I'm going home*).
- words: share of songs with each of WORDS.
- runs: with `--read`, share of songs with a run of RUN words, across line ends, that stands in these files.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from common import lyricist, parser, report
from lyricist import read
from lyricist.corpus import CHORUSES, RETURNING
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.check import EVERY_SONG
from lyricist.prosody.lexicon import default_lexicon

Words = tuple[str, ...]

THEMES = (
    "lighthouse, winter",
    "river, night",
    "train, station, goodbye",
    "kitchen, morning, bread",
    "garden, rain",
    "war, brother, letter",
    "money, city, work",
    "dance, fiddle, summer",
    "mother, lullaby, moon",
    "horse, road, dust",
)
WORDS = ("gate", "late", "goodbye")
LINE_WORDS = 4
RUN = 6
TOGETHER = 30  # songs of one call
NEAR = 3  # lines of a section within which two that rhyme are a pair
split = WordTokenizer().split


@dataclass(frozen=True)
class Text:
    """A song: sections with their name and their lines of words."""

    sections: tuple[tuple[str, tuple[Words, ...]], ...]

    @property
    def lines(self) -> list[Words]:
        return [line for _, lines in self.sections for line in lines]

    @property
    def chorus(self) -> tuple[Words, ...] | None:
        """Its first chorus, else its first section that returns; None if it has neither."""
        named = dict(reversed(self.sections))
        return next((named[name] for name in (*CHORUSES, *RETURNING) if name in named), None)


# --- writing


def write_songs(file: Path, songs: int, seed: int, themes: bool, processes: int) -> None:
    """Add the songs of the seeds that are not in the file."""
    done = {row["seed"] for row in rows(file)}
    asked = [n for n in range(seed, seed + songs) if n not in done]
    calls = list(calls_of(asked, seed, themes))
    with file.open("a", encoding="utf-8") as handle, ThreadPoolExecutor(processes) as pool:
        for text in pool.map(written, calls):
            handle.write(text)
            handle.flush()


def calls_of(seeds: Sequence[int], first: int, themes: bool) -> Iterator[list[str]]:
    """The command of each block of TOGETHER seeds, counted from the first; every block has a theme of its own."""
    for block, group in groupby(seeds, lambda n: (n - first) // TOGETHER):
        own = list(group)
        about = ("--about", THEMES[block % len(THEMES)]) if themes else ()
        yield lyricist("write", "--jsonl", "--seed", own[0], "--count", len(own), *about)


def written(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


# --- reading


def texts(file: Path) -> list[Text]:
    """The songs of a file of `write --jsonl`, or of a text file."""
    if file.suffix == ".jsonl":
        made = ([(s["name"], [line["text"] for line in s["lines"]]) for s in row["sections"]] for row in rows(file))
    else:
        songs = read([file], options=EVERY_SONG).songs()
        made = ([(s.name, [line.text for line in s.lines]) for s in song.sections] for song in songs)
    return [Text(tuple((name, tuple(map(cut, lines))) for name, lines in sections)) for sections in made]


def cut(line: str) -> Words:
    return tuple(split(line))


@cache
def sounds(word: str) -> frozenset[str]:
    """The rhymes of a word's readings."""
    return frozenset(r.tail for r in default_lexicon().readings(word) if r.syllables)


# --- figures


def sharing(songs: Sequence[Text]) -> int:
    """Songs with a line that another song has."""
    own = [{line for line in song.lines if len(line) >= LINE_WORDS} for song in songs]
    often = Counter(line for lines in own for line in lines)
    return sum(any(often[line] > 1 for line in lines) for lines in own)


def distinct_2(songs: Sequence[Text]) -> float:
    pairs = Counter(pair for song in songs for line in set(song.lines) for pair in pairwise(line))
    return len(pairs) / max(1, pairs.total())


def rhyme_pairs(song: Text) -> set[Words]:
    """Pairs of different words at line ends that rhyme, at most NEAR lines apart."""
    found = set()
    for _, lines in song.sections:
        ends = [line[-1] for line in lines if line]
        for i, a in enumerate(ends):
            found |= {tuple(sorted((a, b))) for b in ends[i + 1 : i + 1 + NEAR] if a != b and sounds(a) & sounds(b)}
    return found


def openings(song: Text) -> set[Words]:
    return {song.lines[0][:3]}


def mould(chorus: Sequence[Words]) -> str:
    """Which lines are the same.

    >>> mould([("a", "b"), ("c",), ("a", "b"), ("d",)])
    'ABAC'
    """
    letters: dict[Words, str] = {}
    return "".join(letters.setdefault(line, chr(65 + len(letters))) for line in chorus)


def said_twice(chorus: Iterable[Words]) -> bool:
    """Whether a line says its first word again."""
    return any(line[0] in line[1:] for line in chorus if line)


def runs(song: Text) -> set[Words]:
    flat = [word for line in song.lines for word in line]
    return {tuple(flat[i : i + RUN]) for i in range(len(flat) - RUN + 1)}


def commonest(songs: Sequence[Text], kinds: Callable[[Text], Iterable[Any]]) -> dict[str, Any]:
    """What most songs have of a kind, and the share of the songs that have it; the next four beside it."""
    often = Counter(kind for song in songs for kind in kinds(song)).most_common(5)
    shares = {str(k) if isinstance(k, str) else " ".join(k): round(n / len(songs), 4) for k, n in often}
    return {"share": max(shares.values(), default=0.0), "commonest": shares}


def count(songs: Sequence[Text], known: set[Words] | None) -> dict[str, Any]:
    """The figures of a file of songs; `known`: runs that count as read before."""
    choruses = [(song, song.chorus) for song in songs if song.chorus]
    found = {
        "songs": len(songs),
        "words": sum(len(line) for song in songs for line in song.lines),
        "share_a_line": sharing(songs),
        "distinct_2": round(distinct_2(songs), 3),
        "rhyme_pair": commonest(songs, rhyme_pairs),
        "opening": commonest(songs, openings),
        "with_a_chorus": len(choruses),
        "mould": commonest([song for song, _ in choruses], lambda song: [mould(song.chorus or ())]),
        "twice": round(sum(said_twice(c) for _, c in choruses if c) / max(1, len(choruses)), 3),
        "words_in": {w: round(sum(any(w in x for x in song.lines) for song in songs) / len(songs), 3) for w in WORDS},
    }
    if known is not None:
        found["runs"] = round(sum(not runs(song).isdisjoint(known) for song in songs) / len(songs), 3)
    return found


def main() -> None:
    made = parser(__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("file", type=Path)
    write.add_argument("--songs", type=int, default=300)
    write.add_argument("--seed", type=int, default=1)
    write.add_argument("--themes", action="store_true")
    write.add_argument("--processes", type=int, default=1)
    counted = commands.add_parser("count")
    counted.add_argument("files", type=Path, nargs="+")
    counted.add_argument("--read", type=Path, nargs="*", help="files of the songs that the run learnt from")
    counted.add_argument("--most", type=int, default=300, help="songs of each file, the first")
    counted.add_argument("--json", type=Path)
    options = made.parse_args()
    if options.command == "write":
        write_songs(options.file, options.songs, options.seed, options.themes, options.processes)
        return
    known = {run for file in options.read for song in texts(file) for run in runs(song)} if options.read else None
    found = {file.name: count(texts(file)[: options.most], known) for file in options.files}
    report("variety", found, options.json)


if __name__ == "__main__":
    main()
