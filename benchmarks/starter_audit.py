"""What a run's songs copy from a corpus: whole lines and runs of six words, in 1,000 songs.

    python benchmarks/starter_audit.py RUN CORPUS
    python benchmarks/starter_audit.py RUN CORPUS --without-filter   # as if the run knew no lines

CORPUS is a directory that `lyricist prepare` made: the songs that RUN was trained on. Songs of two verses and two
choruses are written with the run's own guard against copies, and compared word by word with the corpus's index
(`Copies`), which shares nothing with that guard but how words are told apart. Whole lines count from five words on.
With --held-out, as a yardstick, the corpus's own test songs are compared with its training songs.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import lyricist
from common import report
from lyricist.corpus import Corpus, Song, open_corpus
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.copies import Copies
from lyricist.generate.result import WrittenSong
from lyricist.model.copy_index import LINE_WORDS
from lyricist.plan.plan import Drawing, Plan

RUN_WORDS = 6
SHOWN = 10  # copied lines printed

Lines = Sequence[Sequence[str]]
split = WordTokenizer().split


def words_of(song: Song | WrittenSong) -> list[list[str]]:
    return [split(line.text) for section in song.sections for line in section.lines]


def whole_lines(index: Copies) -> set[bytes]:
    """The corpus's lines of LINE_WORDS words or more, by the numbers of their words."""
    stops = np.append(index.lines[1:].astype(np.int64), len(index.ids))
    found = set()
    for a, b in zip(index.lines.tolist(), stops.tolist(), strict=True):
        line = index.ids[a:b]
        line = line[line < len(index.words)]  # without the end of the song
        if len(line) >= LINE_WORDS:
            found.add(line.tobytes())
    return found


def audit(songs: Iterable[Lines], index: Copies, known: set[bytes]) -> dict[str, Any]:
    """Shares of songs and lines with copies; lines that come back in a song count once."""
    counts = dict.fromkeys(("songs", "lines", "lines_copied", "songs_with_a_line", "songs_with_a_run"), 0)
    longest, examples = 0, []
    for lines in songs:
        own = [line for line in dict.fromkeys(map(tuple, lines)) if len(line) >= LINE_WORDS]
        copied = [x for x in own if index.numbers(x).astype(index.ids.dtype).tobytes() in known]
        runs, most = index.runs([w for line in lines for w in line], RUN_WORDS)
        counts["songs"] += 1
        counts["lines"] += len(own)
        counts["lines_copied"] += len(copied)
        counts["songs_with_a_line"] += bool(copied)
        counts["songs_with_a_run"] += bool(runs)
        longest, examples = max(longest, most), [*examples, *(" ".join(x) for x in copied)]
    share = counts["lines_copied"] / max(1, counts["lines"])
    return {**counts, "share_of_lines": round(share, 5), "longest_run": longest, "examples": examples[:SHOWN]}


def held_out(corpus: Corpus, count: int) -> dict[str, Any]:
    """The corpus's own test songs against its training songs."""
    index = Copies.of(corpus.songs("train"))
    return audit(map(words_of, itertools.islice(corpus.songs("test"), count)), index, whole_lines(index))


def main() -> None:
    parser = argparse.ArgumentParser(description="What a run's songs copy from a corpus.")
    parser.add_argument("run", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--songs", type=int, default=1000)
    parser.add_argument("--without-filter", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    model, corpus = lyricist.load(options.run), open_corpus(options.corpus)
    if options.without_filter:
        model.beside = replace(model.beside, lines=None)
    begun = time.process_time()
    events = model.events(Plan(form="verse chorus verse chorus"), Drawing(), range(options.songs))
    songs = [words_of(e) for e in events if isinstance(e, WrittenSong)]
    took = time.process_time() - begun
    index = Copies.of(corpus.songs())
    figures: dict[str, Any] = {"written": audit(songs, index, whole_lines(index))}
    if options.held_out:
        figures["held_out"] = held_out(corpus, options.songs)
    report("starter_audit", {**figures, "guarded": model.line_filter is not None, "cpu_seconds": round(took, 1)})


if __name__ == "__main__":
    main()
