"""Speed of exact writing: delivered lines a second, beside the bare step of the same graph and the matrix peak.

    lyricist train SONGS -o RUN --preset small --layers 2 --hidden 512 --embedding 512 --vocabulary 10000
    python benchmarks/writing_speed.py RUN

Songs are 16 lines of common measure (8,6, ABAB), with the run's copy index. "Bare step" is the run's 8-bit graph
alone, in one session of one thread for every core at the same batch, fed random words. Ratios are of figures of the
same run.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import lyricist
from common import matmul_peak, parser
from lyricist.generate.exact_engine import ROWS
from lyricist.generate.exact_writer import ExactWriter
from lyricist.model.runtime import OnnxBlocks
from lyricist.plan.plan import Drawing, Plan

PLAN = Plan(form="verse verse verse verse", lines=4, syllables="8,6", rhyme="ABAB")
LINES = 16
SECONDS = 12.0  # of each measurement


def lines_per_second(writer: ExactWriter, drawing: Drawing, songs: int) -> float:
    """Lines delivered in finished songs, after a run to fill the caches."""
    list(writer.events(drawing, range(64)))
    start = time.perf_counter()
    done = sum(hasattr(e, "sections") for e in writer.events(drawing, range(1000, 1000 + songs)))
    return done * LINES / (time.perf_counter() - start)


def bare_rows(model: OnnxBlocks, cores: int) -> float:
    """Rows a second of the graph alone: `cores` sessions side by side, ROWS rows each."""
    counts = [0] * cores
    stop = threading.Event()

    def work(i: int, one: OnnxBlocks) -> None:
        rng, state = np.random.default_rng(i), one.initial_state(ROWS)
        steer = np.zeros(one.columns.width, dtype=np.float32)
        while not stop.is_set():
            _, state = one.blocks(rng.integers(0, len(one.columns.sig), ROWS), state, steer, 1.0)
            counts[i] += ROWS

    threads = [threading.Thread(target=work, args=x) for x in enumerate(model.copies(cores))]
    start = time.perf_counter()
    for t in threads:
        t.start()
    time.sleep(SECONDS / 2)
    stop.set()
    for t in threads:
        t.join()
    return sum(counts) / (time.perf_counter() - start)


def best_of(times: int, run: Callable[[], float]) -> float:
    return max(run() for _ in range(times))


def flops_per_row(run: Path) -> int:
    """Multiply-adds x 2 of one step."""
    c = json.loads((run / "config.json").read_text())["model"]
    gates = 4 if c["cell"] == "lstm" else 3
    inputs = [c["embedding"]] + [c["hidden"]] * (c["layers"] - 1)
    inside = sum(gates * c["hidden"] * (i + c["hidden"]) for i in inputs)
    wide = c["embedding"] if c["tied"] else c["hidden"]
    project = c["hidden"] * c["embedding"] if c["tied"] and c["hidden"] != c["embedding"] else 0
    return 2 * (inside + project + wide * c["vocab_size"])


def rows_per_line(writer: ExactWriter) -> float:
    """Steps of the model that a line takes: its words and its end."""
    made = [e for e in writer.events(Drawing(particles=1), range(20)) if hasattr(e, "sections")]
    words = sum(len(line.text.split()) for song in made for s in song.sections for line in s.lines)
    return words / (LINES * len(made)) + 1


def main() -> None:
    made = parser(__doc__)
    made.add_argument("run", type=Path)
    made.add_argument("--songs", type=int, default=1000)
    made.add_argument("--cores", type=int, default=2)
    options = made.parse_args()
    began = time.perf_counter()
    model = lyricist.load(options.run)
    loaded = time.perf_counter()
    writer = model.compile(PLAN)
    compiled = time.perf_counter()
    list(writer.events(Drawing(), [1]))
    print(f"alone: load {loaded - began:.2f} s, compile {compiled - loaded:.2f} s, 16 lines", end=" ")
    print(f"{time.perf_counter() - compiled:.2f} s (first), ", end="")
    start = time.perf_counter()
    list(writer.events(Drawing(), [2]))
    print(f"{time.perf_counter() - start:.2f} s (again), {Drawing().particles} particles")
    assert isinstance(writer.blocks, OnnxBlocks), "the run's graph was made under another lexicon: train it again"
    bare, peak = best_of(2, lambda: bare_rows(writer.blocks, options.cores)), matmul_peak(256, 512, 10_000)
    each, work = rows_per_line(writer), flops_per_row(options.run)
    print(f"bare step: {bare:,.0f} rows/s; {each:.2f} rows a line; float32 matrix peak {peak:,.0f} GFLOP/s,")
    print(f"  of which the bare step's products take {bare * work / peak / 1e9:.0%} (they are of 8 bits)")
    for particles in sorted({1, Drawing().particles, 4}):
        found = lines_per_second(writer, Drawing(particles=particles), max(64, options.songs // particles))
        share = found * each * particles / bare
        print(f"{particles} particle(s): {found:,.0f} lines/s, {share:.0%} of the bare step")


if __name__ == "__main__":
    main()
