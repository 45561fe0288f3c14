"""Do songs written by a run copy its songs? An independent search with plain sets of word tuples.

Looks for runs of six words (what --max-copy 5 forbids) across line ends, ignoring case and punctuation, and for whole
lines of five words or more, and prints the longest run found. The runs of the written songs are held in memory and
the training songs are streamed, so those may be large.

    lyricist write -m RUN --count 10000 --seed 1 --jsonl > songs.jsonl
    python benchmarks/copy_search.py songs.jsonl RUN/corpus/songs.jsonl
    python benchmarks/copy_search.py RUN CORPUS --held-out

In place of a file of songs a run may be given: it then writes `--songs` songs of two verses and two choruses. CORPUS
is a corpus directory, its songs.jsonl (of which the training songs count), or a text file with blank lines between
songs. As a yardstick, `--held-out` searches the test songs of the first corpus in the same way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from common import parser, report
from oracle.judge import WHOLE_LINE, songs_of
from oracle.sound import tokens

Song = list[list[str]]  # lines of words
Run = tuple[str, ...]


def corpus_songs(paths: Sequence[Path], split: str = "train") -> Callable[[], Iterator[Song]]:
    """A function that reads the songs of a split anew on each call."""

    def read() -> Iterator[Song]:
        for path in paths:
            file = path / "songs.jsonl" if path.is_dir() else path
            songs = songs_of(file, split) if file.suffix == ".jsonl" else text_songs(file)
            yield from ([tokens(line) for line in song] for song in songs)

    return read


def text_songs(path: Path) -> Iterator[list[str]]:
    song: list[str] = []
    with path.open(encoding="utf-8") as handle:
        for line in handle:
            if line.strip():
                song.append(line)
            else:
                yield song
                song = []
    yield song


def written_songs(path: Path, count: int) -> Iterator[Song]:
    """The songs of a file that `lyricist write --jsonl` printed, or new songs of a run directory."""
    if path.is_dir():
        import lyricist
        from lyricist.plan.plan import QUICK

        plan = lyricist.Plan(form="verse chorus verse chorus")
        records = (song.to_json() for song in lyricist.load(path).write(plan, QUICK, count=count, as_it_is=True))
    else:
        records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    for record in records:
        yield [tokens(line["text"]) for section in record["sections"] for line in section["lines"]]


def runs(song: Song, n: int) -> Iterator[Run]:
    flat = [word for line in song for word in line]
    return (tuple(flat[i : i + n]) for i in range(len(flat) - n + 1))


def common_runs(written: list[Song], corpus: Iterable[Song], n: int) -> set[Run]:
    """Runs of n words that are in both."""
    ours = {run for song in written for run in runs(song, n)}
    return {run for song in corpus for run in runs(song, n) if run in ours}


def search(songs: Iterable[Song], corpus: Callable[[], Iterable[Song]], run: int = 6) -> dict[str, Any]:
    """Counts of what is copied; `runs` and `whole_lines` count places in the written songs."""
    written = list(songs)
    forbidden = common_runs(written, corpus(), run)
    lines = {tuple(line) for song in corpus() for line in song if len(line) >= WHOLE_LINE}
    longest = common_runs(written, corpus(), 1)
    length = 1 if longest else 0
    while further := common_runs(written, corpus(), length + 1) if length else set():
        longest, length = further, length + 1
    copied_runs = [sum(r in forbidden for r in runs(song, run)) for song in written]
    copied_lines = [sum(tuple(line) in lines for line in song) for song in written]
    return {
        "songs": len(written),
        "lines": sum(map(len, written)),
        "words": sum(len(line) for song in written for line in song),
        "runs": sum(copied_runs),
        "whole_lines": sum(copied_lines),
        "songs_with_a_run": sum(map(bool, copied_runs)),
        "songs_with_a_line": sum(map(bool, copied_lines)),
        "longest": length,
        "longest_run": " ".join(min(longest, default=())),
        "examples": sorted(" ".join(r) for r in forbidden)[:10],
    }


def main() -> None:
    made = parser(__doc__)
    made.add_argument("written", type=Path, metavar="SONGS|RUN", help="what lyricist write --jsonl printed, or a run")
    made.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS")
    made.add_argument("--run", type=int, default=6, help="words of a run that counts as copied (default: 6)")
    made.add_argument("--songs", type=int, default=1000, help="songs to write, or held out")
    made.add_argument("--held-out", action="store_true", help="search the first corpus's test songs too")
    options = made.parse_args()
    corpus = corpus_songs(options.corpora)
    found = search(written_songs(options.written, options.songs), corpus, options.run)
    figures = {**found}
    if options.held_out:
        theirs = islice(corpus_songs(options.corpora[:1], "test")(), options.songs)
        figures["held_out"] = search(theirs, corpus, options.run)
    report("copy_search", figures)
    sys.exit(1 if found["runs"] or found["whole_lines"] else 0)


if __name__ == "__main__":
    main()
