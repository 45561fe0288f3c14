"""How long a user waits: for `lyricist --help`, for `lyricist write`, and in a loaded run for a first line.

"cpu" figures are seconds of processor time, which do not depend on other work on the machine; the others are medians
of new processes, beside `python -c pass`. "cold" drops the system's file cache first, where that is allowed.

    python benchmarks/startup.py --run RUN
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from common import lyricist, parser, report, timed

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def drop_caches() -> bool:
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def median(command: list[str], runs: int) -> float:
    def once() -> float:
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begun

    return statistics.median(once() for _ in range(runs))


def first_line(run: Path) -> float:
    begun = time.perf_counter()
    command = lyricist("write", "-m", run, "--seed", 1)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip()
    found = time.perf_counter() - begun
    process.communicate()
    return found


def loaded(run: Path) -> dict[str, float]:
    """CPU seconds: to load a run with all that writing needs, and to the first line of other plans."""
    import lyricist as library

    begun = time.process_time()
    model = library.load(run)
    assert model.words and model.block_model and model.groups is not None
    took = {"load_cpu": round(time.process_time() - begun, 3)}
    waits = []
    for syllables, rhyme in (("8,6", "ABAB"), ("7", "AABB"), ("9,7,5", "ABAB"), ("10", "ABBA"), ("6", "AAAA")):
        begun = time.process_time()
        plan = library.Plan(form="verse chorus", lines=4, syllables=syllables, rhyme=rhyme)
        next(model.compile(plan).events(library.Drawing(), [1]))
        waits.append(time.process_time() - begun)
    return took | {"first_request_cpu": round(waits[0], 3), "request_cpu": round(statistics.median(waits[1:]), 3)}


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--run", type=Path, required=True)
    arguments = made.parse_args()
    figures: dict[str, object] = {
        "python_c_pass": round(median([sys.executable, "-c", "pass"], 7), 3),
        "help": round(median(lyricist("--help"), 7), 3),
        "write_first_line": round(statistics.median(first_line(arguments.run) for _ in range(5)), 3),
    }
    whole = [timed(lyricist("write", "-m", arguments.run, "--seed", 1), **QUIET) for _ in range(5)]
    figures["write_song"] = {k: round(statistics.median(w[k] for w in whole), 3) for k in whole[0]}
    figures |= loaded(arguments.run)
    if drop_caches():
        figures["write_first_line_cold"] = round(first_line(arguments.run), 3)
        drop_caches()
        figures["help_cold"] = round(median(lyricist("--help"), 1), 3)
    report("startup", figures)


if __name__ == "__main__":
    main()
