"""Do songs written by a run copy its songs? An independent search: plain sets of word tuples.

Looks for runs of --run words (default 6, what --max-copy 5 forbids) across line ends, case and punctuation ignored,
and for whole lines of five words or more, and tells the longest run found. The written songs' runs are held in
memory and the training songs stream past them, so those may be large.

    lyricist write -m RUN --count 10000 --seed 1 --jsonl > songs.jsonl
    python benchmarks/copy_search.py songs.jsonl RUN/corpus/songs.jsonl
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from common import report
from judge import WHOLE_LINE, songs_of
from judge_sound import tokens

Song = list[list[str]]  # lines of words
Run = tuple[str, ...]


def corpus_songs(paths: Sequence[Path]) -> Callable[[], Iterator[Song]]:
    """A function that reads the training songs anew: of a corpus's songs.jsonl, or text with blank lines between."""

    def read() -> Iterator[Song]:
        for path in paths:
            songs = songs_of(path) if path.suffix == ".jsonl" else text_songs(path)
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


def written_songs(path: Path) -> Iterator[Song]:
    with path.open(encoding="utf-8") as handle:
        for record in map(json.loads, handle):
            yield [tokens(line["text"]) for section in record["sections"] for line in section["lines"]]


def runs(song: Song, n: int) -> Iterator[Run]:
    flat = [word for line in song for word in line]
    return (tuple(flat[i : i + n]) for i in range(len(flat) - n + 1))


def common_runs(written: list[Song], corpus: Iterable[Song], n: int) -> set[Run]:
    """Runs of n words that stand on both sides."""
    ours = {run for song in written for run in runs(song, n)}
    return {run for song in corpus for run in runs(song, n) if run in ours}


def search(songs: Path, corpus: Callable[[], Iterable[Song]], run: int = 6) -> dict[str, Any]:
    """Counts of what is copied; `runs` and `whole_lines` count places in the written songs."""
    written = list(written_songs(songs))
    forbidden = common_runs(written, corpus(), run)
    lines = {tuple(line) for song in corpus() for line in song if len(line) >= WHOLE_LINE}
    longest = common_runs(written, corpus(), 1)
    length = 1 if longest else 0
    while further := common_runs(written, corpus(), length + 1) if length else set():
        longest, length = further, length + 1
    return {
        "songs": len(written),
        "lines": sum(map(len, written)),
        "words": sum(len(line) for song in written for line in song),
        "runs": sum(r in forbidden for song in written for r in runs(song, run)),
        "whole_lines": sum(tuple(line) in lines for song in written for line in song),
        "longest": length,
        "longest_run": " ".join(min(longest, default=())),
        "examples": sorted(" ".join(r) for r in forbidden)[:10],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path, help="what lyricist write --jsonl printed")
    parser.add_argument("corpus", type=Path, nargs="+", help="songs.jsonl of corpora (training split), or text files")
    parser.add_argument("--run", type=int, default=6)
    options = parser.parse_args()
    found = search(options.songs, corpus_songs(options.corpus), options.run)
    report("copy_search", found)
    sys.exit(1 if found["runs"] or found["whole_lines"] else 0)


if __name__ == "__main__":
    main()
