"""Shared by the benchmarks: paths of the data, options, the machine's peak, a child process's time and memory."""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
SONGS = Path(os.environ.get("LYRICIST_SONGS", DATA / "songs"))
MELODIES = DATA / "melodies"
sys.path.append(str(ROOT / "tests"))  # for oracle/, the independent judge, and melody/round_trips.py


def parser(about: str | None, *, tunes: bool = False, table: bool = False) -> argparse.ArgumentParser:
    """A parser that prints a benchmark's docstring as its help.

    `tunes` adds the options `--data` and `--every`, `table` adds `--json` for `save`.
    """
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    if tunes:
        made.add_argument("--data", type=existing_folder, default=MELODIES, help="folder with folders of tunes")
        made.add_argument("--every", type=int, default=1, help="use every n-th file (default: all)")
    if table:
        made.add_argument("--json", type=Path, help="also write the figures to this file")
    return made


def existing_folder(text: str | Path) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return Path(text)


def tune_files(folder: Path, every: int = 1) -> list[Path]:
    """Every n-th file of a folder of tunes, sorted by name; a missing folder ends the program."""
    if not folder.is_dir():
        sys.exit(f"{folder} does not exist: name the folder of tunes with --data")
    return sorted(folder.iterdir())[::every]


def songs_or_exit() -> Path:
    """The folder of public-domain songs; a missing folder ends the program."""
    if not SONGS.is_dir():
        sys.exit(f"{SONGS} does not exist: set LYRICIST_SONGS to a folder of song files")
    return SONGS


def matmul_peak(rows: int, inner: int, columns: int, seconds: float = 2.0) -> float:
    """fp32 matrix-multiply rate in GFLOP/s, measured with PyTorch on all its threads."""
    import torch

    a, b = torch.randn(rows, inner), torch.randn(inner, columns)
    torch.mm(a, b)
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        torch.mm(a, b)
        count += 1
    return 2 * rows * inner * columns * count / (time.perf_counter() - begun) / 1e9


def timed(command: list[str], **options: Any) -> dict[str, float]:
    """Wall seconds, CPU seconds and peak memory (MB, largest single process) of a command, which must succeed."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed with status {status}")
    return {"seconds": time.perf_counter() - begun, "peak_mb": usage.ru_maxrss / 1024, "cpu": usage.ru_utime}


def lyricist(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "lyricist", *map(str, arguments)]


def own_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(name: str, figures: dict[str, Any], file: Path | None = None) -> None:
    """Print one JSON object, to be copied into dev/LOG.md; also write the figures to a file if one is named."""
    print(json.dumps({"benchmark": name, **figures}, indent=1))
    save(figures, file)


def save(figures: Any, file: Path | None) -> None:
    if file:
        file.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def entropy(counts: Counter[str]) -> float:
    """Nats.

    >>> round(entropy(Counter("abab")), 4)
    0.6931
    """
    total = counts.total()
    return -sum(n / total * math.log(n / total) for n in counts.values())


def bootstrap(values: Iterable[float], words: Iterable[float]) -> tuple[float, float, float]:
    """sum(values) / sum(words) and its 95% interval over songs, from 2,000 bootstrap samples.

    >>> bootstrap([2.0, 2.0], [1.0, 1.0])
    (2.0, 2.0, 2.0)
    """
    import numpy as np

    over, under = np.asarray(values, dtype=np.float64), np.asarray(words, dtype=np.float64)
    drawn = np.random.default_rng(0).integers(0, len(over), (2000, len(over)))
    low, high = np.quantile(over[drawn].sum(1) / under[drawn].sum(1), (0.025, 0.975))
    return float(over.sum() / under.sum()), float(low), float(high)
