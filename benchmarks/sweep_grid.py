"""The notebook's whole grid: 32 settings on the sample songs, stopped half-way and resumed, nothing repeated.

Ratio to the time that the trials' budgets alone take on so many workers; every setting's validation loss.

    python benchmarks/sweep_grid.py --workers 2
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import lyricist, report

ENDED = re.compile(r"\d+/\d+  trial (\d+): ")


def run(command: list[str], stop_after: int | None, how: signal.Signals) -> tuple[list[int], float]:
    """The trials that ended, and wall seconds; stopped by a signal when `stop_after` have."""
    begun, ended = time.monotonic(), []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            if found := ENDED.match(line):
                ended.append(int(found[1]))
                if len(ended) == stop_after:
                    process.send_signal(how)
    return ended, time.monotonic() - begun


def results(out: Path) -> list[dict[str, Any]]:
    """Trial, settings, loss and seconds between first and last step, the best first."""
    about = json.loads((out / "sweep.json").read_text())
    rows = [
        {**row["params"], "validation": row["valid_loss"], **{k: row["result"].get(k) for k in ("trained", "epochs")}}
        for row in about["trials"]
    ]
    return sorted(rows, key=lambda row: row["validation"] or 1e9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--budget", default="30s")
    parser.add_argument("--kill", action="store_true", help="stop it by SIGKILL instead of Ctrl-C")
    parser.add_argument("--out", type=Path, help="keep the sweep here")
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp())
    out = arguments.out or place / "grid"
    command = lyricist(
        "sweep", "--classic-grid", "-o", out, "--workers", arguments.workers, "--budget", arguments.budget
    )
    load = os.getloadavg()[0]
    first, seconds_a = run(command, 16, signal.SIGKILL if arguments.kill else signal.SIGINT)
    second, seconds_b = run(command, None, signal.SIGINT)
    rows = results(out)
    with open(out / "trials.csv", encoding="utf-8", newline="") as file:
        states = [row["state"] for row in csv.DictReader(file)]
    ideal = len(states) / arguments.workers * float(arguments.budget.rstrip("s"))
    report(
        "sweep_grid",
        {
            "workers": arguments.workers,
            "seconds_a_trial": arguments.budget,
            "seconds": [round(seconds_a, 1), round(seconds_b, 1)],
            "total": round(seconds_a + seconds_b, 1),
            "ratio_to_budgets": round((seconds_a + seconds_b) / ideal, 3),
            "load_before_and_after": [round(load, 2), round(os.getloadavg()[0], 2)],
            "ended_before_the_stop": len(first),
            "ended_after_it": len(second),
            "repeated": sorted(set(first) & set(second)),
            "complete": states.count("complete"),
            "least_seconds_trained": min(row["trained"] for row in rows if row["trained"] is not None),
            "importance": json.loads((out / "sweep.json").read_text())["importance"],
            "settings": rows,
        },
    )
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
