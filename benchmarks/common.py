"""Shared by the benchmarks: where the songs are, the machine's peak, a child process's time and memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SONGS = Path(os.environ.get("LYRICIST_SONGS", ROOT.parent / "shared" / "data" / "songs"))


def songs_or_exit() -> Path:
    """The folder of public-domain songs, or a clear exit."""
    if not SONGS.is_dir():
        sys.exit(f"{SONGS} is not there: set LYRICIST_SONGS to a folder of song files")
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
    """Wall seconds and peak memory (MB, largest single process) of a command, which must succeed."""
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


def report(name: str, figures: dict[str, Any]) -> None:
    """One JSON object on stdout, to be copied into dev/LOG.md."""
    print(json.dumps({"benchmark": name, **figures}, indent=1))
