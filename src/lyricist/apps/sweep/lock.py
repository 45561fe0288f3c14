"""One sweep at a time in a directory: a lock that ends with the processes that hold it, however they end.

SQLite's file locks are the portable ones at hand: whoever begins is alone, then shares with its workers.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lyricist.errors import InputError

FILE = "lock"
PATIENCE = 10.0  # seconds for workers of a sweep that was killed to notice it and end


class Lock:
    """Held until `close` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / FILE, timeout=PATIENCE, isolation_level=None)

    def alone(self) -> None:
        """Wait for all others to let go. `InputError` if they do not."""
        try:
            self.connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise InputError("another sweep is at work in this directory: let it end, or stop it first") from None

    def share(self) -> None:
        """From now on others may share it, but none be alone."""
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")
        self.connection.execute("BEGIN")
        self.connection.execute("SELECT count(*) FROM sqlite_master").fetchall()

    def close(self) -> None:
        self.connection.close()
