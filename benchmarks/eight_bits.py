"""What 8-bit products cost: perplexity of a run's writer.onnx beside its float32 model.onnx, on the same songs.

    python benchmarks/eight_bits.py RUN [--corpus CORPUS]

The songs are the validation and test songs of the corpus it was trained on (RUN/corpus, if none is named), read song
by song in the run's order of words.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import lyricist
from common import report
from lyricist.corpus import open_corpus
from lyricist.model.runtime import NEVER, BlockModel, HostBlocks

BATCH = 64


def batches(songs: Sequence[list[int]]) -> Iterator[Sequence[list[int]]]:
    """Songs of like length together."""
    by_length = sorted(songs, key=len)
    return (by_length[i : i + BATCH] for i in range(0, len(by_length), BATCH))


def nats(model: BlockModel, songs: Sequence[list[int]]) -> tuple[float, int]:
    """Total surprise, in nats, and the tokens it is of; each song begins from the empty state."""
    columns, total, count = model.columns, 0.0, 0
    steer = np.where(columns.words < 0, NEVER, np.float32(0)).astype(np.float32)
    for batch in batches(songs):
        state, longest = model.initial_state(len(batch)), max(map(len, batch))
        ids = np.array([song + [0] * (longest - len(song)) for song in batch], dtype=np.int64)
        for t in range(longest - 1):
            rows, state = model.blocks(ids[:, t], state, steer, 1.0)
            on = np.array([t + 1 < len(song) for song in batch])
            p = rows.e[np.arange(len(batch)), columns.column_of[ids[:, t + 1]]] / rows.total
            total -= float(np.log(np.maximum(p, 1e-38))[on].sum())
            count += int(on.sum())
    return total, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    model, corpus = lyricist.load(options.run), open_corpus(options.corpus or options.run / "corpus")
    songs = [model.vocabulary.encode(s) for s in itertools.chain(corpus.songs("valid"), corpus.songs("test"))]
    assert model.block_model is not None, "the run has no writer.onnx of this version: train it again"
    eight = model.whole_blocks
    found: dict[str, float] = {}
    models: dict[str, BlockModel] = {"float32": HostBlocks(model.step_model, eight.columns), "eight_bits": eight}
    for name, blocks in models.items():
        total, count = nats(blocks, songs)
        found[name] = math.exp(total / count)
    found["change"] = found["eight_bits"] / found["float32"] - 1
    report("eight_bits", {"songs": len(songs), **found})


if __name__ == "__main__":
    main()
