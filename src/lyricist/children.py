"""Processes of our own: started so that they find this very package, and hear nothing but us."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """A child that hears us on its stdin, writes to us on its stdout, and finds this very package."""
    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": python_path()}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env,
        process_group=0 if os.name == "posix" else None,  # Ctrl-C is for the parent to hear
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )  # fmt: skip


def python_path() -> str:
    home = str(Path(__file__).parent.parent)
    return os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
