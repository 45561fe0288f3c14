"""A corpus larger than memory: prepare 1 GB of lyrics within 1 GB of memory, in linear time, and train on it.

The text is made by repeating the public-domain songs with a fifth of the words changed for others of the
same songs, so that no copy counts as a near-duplicate. Sizes double, to show that time is linear.

    python benchmarks/large_corpus.py --megabytes 1000
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from pathlib import Path

from common import lyricist, report, songs_or_exit, timed

CHANGED = 0.3


def make_text(source: Path, target: Path, megabytes: float) -> None:
    rng = random.Random(0)
    songs = [
        s for f in sorted(source.glob("*.txt")) for s in f.read_text(encoding="utf-8").split("\n\n") if s.strip()
    ]
    words = [w for s in songs for w in s.split()]
    size = 0
    with open(target, "w", encoding="utf-8") as out:
        while size < megabytes * 1e6:
            for song in songs:
                lines = [
                    " ".join(rng.choice(words) if rng.random() < CHANGED else w for w in line.split())
                    for line in song.splitlines()
                ]
                text = "\n".join(line for line in lines if line) + "\n\n"
                out.write(text)
                size += len(text.encode())
                if size >= megabytes * 1e6:
                    break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1000)
    parser.add_argument("--train", default="60s")
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="lyricist-large-"))
    rows = []
    try:
        for megabytes in (arguments.megabytes / 10, arguments.megabytes):
            text, corpus = place / "songs.txt", place / "corpus"
            make_text(songs_or_exit(), text, megabytes)
            shutil.rmtree(corpus, ignore_errors=True)
            prepared = timed(lyricist("prepare", text, "-o", corpus, "--songs-by", "blank"))
            rows.append({"megabytes": megabytes, **{k: round(v, 1) for k, v in prepared.items()}})
            print(rows[-1], flush=True)
        trained = timed(lyricist("train", corpus, "-o", place / "run", "--budget", arguments.train, "--no-sample"))
        report(
            "large_corpus",
            {
                "prepare": rows,
                "seconds_per_megabyte_ratio": round(
                    rows[1]["seconds"] / rows[1]["megabytes"] / (rows[0]["seconds"] / rows[0]["megabytes"]), 2
                ),
                "train": {k: round(v, 1) for k, v in trained.items()},
            },
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
