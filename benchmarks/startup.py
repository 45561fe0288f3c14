"""How long a user waits: `lyricist --help`, `lyricist write` to its first line, and the demo, in new processes.

Times are medians of fresh processes beside `python -c pass` of the same run; "cold" drops the system's
file cache first, where that is allowed.

    python benchmarks/startup.py --run RUN
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import lyricist, report, timed


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--demo", action="store_true", help="also time the demo")
    arguments = parser.parse_args()
    figures: dict[str, object] = {
        "python_c_pass": round(median([sys.executable, "-c", "pass"], 7), 3),
        "help": round(median(lyricist("--help"), 7), 3),
        "write_first_line": round(statistics.median(first_line(arguments.run) for _ in range(5)), 3),
    }
    if drop_caches():
        figures["write_first_line_cold"] = round(first_line(arguments.run), 3)
        drop_caches()
        figures["help_cold"] = round(median(lyricist("--help"), 1), 3)
    if arguments.demo:
        with tempfile.TemporaryDirectory() as place:
            for name in ("demo_first", "demo_second"):
                figures[name] = {k: round(v, 1) for k, v in timed(lyricist("demo", "-o", Path(place) / "d")).items()}
    report("startup", figures)


if __name__ == "__main__":
    main()
