"""Whether a process is still at work in a folder: it holds a lock there, which ends with it however it ends.

A number of a process may be given again to another one; a lock may not.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import IO

from lyricist.errors import InputError

FILE = "lock"
PATIENCE = 5.0  # seconds for a process that was killed to be gone

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def hold(folder: Path, patience: float = PATIENCE) -> IO[bytes]:
    """Lock a folder until the file that is returned is closed. InputError if another process holds it."""
    file = open(folder / FILE, "ab")  # noqa: SIM115 (it stays open)
    until = time.monotonic() + patience
    while True:
        try:
            _lock(file)
            file.truncate(0)
            file.write(str(os.getpid()).encode())
            file.flush()
            return file
        except OSError:
            if time.monotonic() > until:
                file.close()
                raise InputError("another process trains this run: let it end, or stop it first") from None
            time.sleep(0.05)


def holder(folder: Path) -> int | None:
    """The number of the process that holds a folder; None where none does, or it cannot be told."""
    if at_work(folder):
        with contextlib.suppress(OSError, ValueError):
            return int((folder / FILE).read_bytes())
    return None


def at_work(folder: Path) -> bool:
    """Whether some process holds the folder."""
    if not (folder / FILE).exists():
        return False
    with contextlib.suppress(FileNotFoundError), open(folder / FILE, "ab") as file:
        try:
            _lock(file)
        except OSError:
            return True
    return False
