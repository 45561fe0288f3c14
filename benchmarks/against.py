"""What `check --against` costs: a corpus of a million words, a megabyte of text, and copies planted in it.

The corpus is the public-domain songs, and again with a third of the words changed for others of the same songs until
it is large enough. The text is made in the same way with half of the words changed, and every so often it holds
twelve words of a song as they stand. All of these must be found, with their song. Beside the index stands, in the
same run, what one would write first: a set of all 6-tuples of words, which finds neither places nor longer runs.

    python benchmarks/against.py --words 1000000 --megabytes 1
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from common import lyricist, own_peak_mb, report, songs_or_exit, timed
from lyricist.corpus import Corpus, prepare
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.check import EVERY_SONG, check
from lyricist.evaluation.copies import FILE, Copies, copies_of

T = TypeVar("T")

CHANGED, TEXT_CHANGED = 0.33, 0.5
PLANTED, EVERY = 12, 10  # words of a planted copy; stanzas from one to the next
RUN = 6

split = WordTokenizer().split


def clocked(function: Callable[[], T]) -> tuple[float, T]:
    begun = time.perf_counter()
    made = function()
    return time.perf_counter() - begun, made


def changed(song: str, share: float, words: list[str], rng: random.Random) -> str:
    lines = ([rng.choice(words) if rng.random() < share else w for w in line.split()] for line in song.splitlines())
    return "\n".join(" ".join(line) for line in lines if line)


def make_corpus(songs: list[str], size: int, place: Path, rng: random.Random) -> Corpus:
    words = [w for s in songs for w in s.split()]
    texts, count = list(songs), len(words)
    while count < 1.02 * size:  # what reads as labels or headers is left out
        texts.append(changed(rng.choice(songs), CHANGED, words, rng))
        count += len(texts[-1].split())
    return prepare(texts=texts, out=place, options=EVERY_SONG)


def make_text(corpus: Corpus, songs: list[str], megabytes: float, rng: random.Random) -> tuple[str, list[list[str]]]:
    """The text, and the runs of words planted in it."""
    words = [w for s in songs for w in s.split()]
    blocks: list[str] = []
    planted: list[list[str]] = []
    size = 0
    while size < megabytes * 1e6:
        block = changed(rng.choice(songs), TEXT_CHANGED, words, rng)
        if len(blocks) % EVERY == 0:
            song = [w for line in corpus[rng.randrange(len(corpus))].lines() for w in split(line.text)]
            if len(song) > PLANTED:
                start = rng.randrange(len(song) - PLANTED)
                run = song[start : start + PLANTED]
                planted.append(run)
                block += "\nqqq " + " ".join(run[:5]) + "\n" + " ".join(run[5:]).upper() + ", qqq"
        blocks.append(block)
        size += len(block) + 2
    return "\n\n".join(blocks), planted


def by_tuples(corpus: Corpus, text: str) -> tuple[float, float, int]:
    """Seconds to make the set of 6-tuples and to look a text up in it, and how many it finds."""

    def collect() -> set[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        for song in corpus.songs():
            words = [w for line in song.lines() for w in split(line.text)]
            found.update(zip(*(words[i:] for i in range(RUN)), strict=False))
        return found

    def look_up() -> int:
        words = [w for line in text.splitlines() for w in split(line)]
        return sum(gram in known for gram in zip(*(words[i:] for i in range(RUN)), strict=False))

    building, known = clocked(collect)
    looking, hits = clocked(look_up)
    return building, looking, hits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--megabytes", type=float, default=1)
    arguments = parser.parse_args()
    rng = random.Random(0)
    files = sorted(songs_or_exit().glob("*.txt"))
    songs = [s for f in files for s in f.read_text(encoding="utf-8").split("\n\n") if len(s.split()) > 8]
    place = Path(tempfile.mkdtemp(prefix="lyricist-against-"))
    try:
        corpus = make_corpus(songs, arguments.words, place / "corpus", rng)
        text, planted = make_text(corpus, songs, arguments.megabytes, rng)
        (place / "text.txt").write_text(text, encoding="utf-8")
        figures = measured(corpus, text, planted, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    report("against", figures)


def measured(corpus: Corpus, text: str, planted: list[list[str]], place: Path) -> dict[str, Any]:
    indexing, _ = clocked(lambda: Copies.of(corpus.songs()))
    copies_of(corpus)
    loading, index = clocked(lambda: copies_of(corpus))
    words = [w for line in text.splitlines() for w in split(line)]
    searching, (runs, longest) = clocked(lambda: index.runs(words, RUN))
    found = {tuple(words[r.start : r.start + r.length]) for r in runs}
    missed = [run for run in planted if tuple(run) not in found]
    building, looking, hits = by_tuples(corpus, text)
    alone, _ = clocked(lambda: check(text))
    with_corpus, checked = clocked(lambda: check(text, against=corpus))
    command = lyricist("check", place / "text.txt", "--against", corpus.path)
    with (place / "out.txt").open("w") as out:
        whole = timed(command, stdout=out)
    return {
        "corpus_words": int(corpus.info["words"]),
        "text_words": len(words),
        "text_lines": len(checked.lines),
        "planted": len(planted),
        "planted_missed": len(missed),
        "runs": len(runs),
        "longest": longest,
        "index_seconds": round(indexing, 2),
        "index_megabytes": round((corpus.path / FILE).stat().st_size / 1e6, 1),
        "load_seconds": round(loading, 3),
        "search_seconds": round(searching, 2),
        "tuples_build_seconds": round(building, 2),
        "tuples_search_seconds": round(looking, 2),
        "tuples_found": hits,
        "index_against_tuples": round(indexing / building, 2),
        "search_against_tuples": round(searching / looking, 2),
        "check_seconds": round(alone, 2),
        "check_against_seconds": round(with_corpus, 2),
        "command_seconds": round(whole["seconds"], 2),
        "command_peak_mb": round(whole["peak_mb"]),
        "own_peak_mb": round(own_peak_mb()),
    }


if __name__ == "__main__":
    main()
