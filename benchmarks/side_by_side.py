"""Two trees of the project in turn, measure by measure: is this one as fast as that one?

    python benchmarks/side_by_side.py OTHER_TREE [--only NAME ...] [--rounds N]

OTHER_TREE is another checkout. Every figure comes from a fresh process with one tree's `src` on PYTHONPATH, this tree
and the other in turn (A B A B). Printed are both medians and, pair by pair, how many times as fast this tree is:
least, median and most. Only the command line and the public API are used, so the trees may differ inside; the studio
is measured by each tree's own `benchmarks/studio_load.py`. On a busy machine the pairs say more than the medians.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent.parent

LINES = """
import time, lyricist
model, drawing = lyricist.load(), lyricist.Drawing(particles=2)
plan = lyricist.Plan(form="verse verse verse verse", lines=4, syllables="8,6", rhyme="ABAB")
list(model.events(plan, drawing, range(64)))
start = time.perf_counter()
songs = sum(hasattr(e, "sections") for e in model.events(plan, drawing, range(1000, 2000)))
print(16 * songs / (time.perf_counter() - start))
"""

CHECK = """
import time, lyricist
text = "\\n\\n".join(song.text() for song in lyricist.sample_songs())
lyricist.check("The river ran below the town")
start = time.perf_counter()
found = lyricist.check(text, lyricist.Plan(avoid="zebra"))
print(len(found.lines) / (time.perf_counter() - start))
"""

TRAIN = """
import lyricist
options = lyricist.Options(preset="small", base="scratch", train={"epochs": 4.0, "evaluations": 1, "seed": 1})
steps = []
for event in lyricist.train(lyricist.sample_songs(), "run", options):
    if hasattr(event, "train_tokens"):
        words = event.train_tokens
    elif hasattr(event, "words_per_second"):
        steps.append(event)
    if len(steps) == 65:
        break
first, last = steps[4], steps[-1]
print(words * (last.epoch - first.epoch) / (last.seconds - first.seconds))
"""


class Failed(Exception):
    """A process that did not end well: what it said last."""


def process(tree: Path, *arguments: object) -> str:
    """What Python prints with a tree's package, in an empty folder. Raises `Failed`."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{tree}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    return done.stdout


def seconds(*arguments: object) -> Callable[[Path], float]:
    """Wall time of a whole process."""

    def measured(tree: Path) -> float:
        start = time.perf_counter()
        process(tree, *arguments)
        return time.perf_counter() - start

    return measured


def printed(code: str) -> Callable[[Path], float]:
    """The number that a program prints."""
    return lambda tree: float(process(tree, "-c", code).split()[-1])


def studio(tree: Path) -> float:
    """Lines a second for twenty people."""
    load = tree / "benchmarks" / "studio_load.py"
    if not load.exists():
        raise Failed(f"{load} is not there")
    found = process(tree, load, "--clients", 20, "--seconds", 20)
    return float(json.loads(found)["lines_per_second"])


@dataclass(frozen=True)
class Measure:
    name: str
    unit: str  # "s": less is better; else more is
    take: Callable[[Path], float]

    def times(self, here: float, there: float) -> float:
        """How many times as fast this tree is."""
        return there / here if self.unit == "s" else here / there


MEASURES = (
    Measure("write", "s", seconds("-m", "lyricist", "write", "--about", "river, night", "--seed", 1)),
    Measure("import", "s", seconds("-c", "import lyricist")),
    Measure("help", "s", seconds("-m", "lyricist", "--help")),
    Measure("lines", "lines/s", printed(LINES)),
    Measure("check", "lines/s", printed(CHECK)),
    Measure("train", "words/s", printed(TRAIN)),
    Measure("studio", "lines/s", studio),
)


def compare(measure: Measure, other: Path, rounds: int) -> str:
    """A row: medians of both trees, then the pairs."""
    for tree in (HERE, other) if measure.unit == "s" else ():
        measure.take(tree)  # compiles the modules of a new tree and warms the file cache
    pairs = [(measure.take(HERE), measure.take(other)) for _ in range(rounds)]
    here, there = (median(side) for side in zip(*pairs, strict=True))
    times = sorted(measure.times(*pair) for pair in pairs)
    return (
        f"{measure.name:<8}{measure.unit:<9}{here:>10,.3f}{there:>12,.3f}"
        f"{times[0]:>12.3f}{median(times):>9.3f}{times[-1]:>9.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="another checkout of the project")
    parser.add_argument("--only", action="append", choices=[m.name for m in MEASURES], help="may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of each measure (5)")
    options = parser.parse_args()
    other = options.other.resolve()
    if not (other / "src" / "lyricist").is_dir():
        sys.exit(f"{other} is no checkout of lyricist: it has no src/lyricist")
    print(f"this {HERE}, other {other}; {options.rounds} pairs; load average {os.getloadavg()[0]:.1f}")
    print(f"{'measure':<8}{'unit':<9}{'this':>10}{'other':>12}{'times: min':>12}{'median':>9}{'max':>9}")
    with tempfile.TemporaryDirectory() as compiled:
        os.environ["PYTHONPYCACHEPREFIX"] = compiled  # both trees stay as they are
        for measure in MEASURES:
            if not options.only or measure.name in options.only:
                try:
                    print(compare(measure, other, max(1, options.rounds)), flush=True)
                except Failed as error:
                    print(f"{measure.name:<8}{error}", flush=True)


if __name__ == "__main__":
    main()
