"""The database of a study: SQLite in the sweep's directory, or a server that many machines reach; and file locks.

Importing this module raises `MissingExtra` where Optuna is not installed.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from lyricist.errors import InputError, MissingExtra

try:
    import optuna
    from filelock import FileLock, ReadWriteLock
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
    from sqlalchemy import exc
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool
except ImportError as e:
    raise MissingExtra("a sweep", "sweep") from e

FILE = "study.db"
HEARTBEAT = 10  # seconds between two heartbeats of a running trial
GRACE = 90  # seconds without a heartbeat after which a trial's machine counts as dead
TIMEOUT = 30  # seconds to wait for a server or for another process's transaction
TRIES = 5  # to create the tables, where several machines start at once
LOCK = "lock"  # a file of the directory
PATIENCE = 10.0  # seconds to wait for it: the workers of a killed sweep need some of them to end


class StorageError(InputError):
    """The database of a study cannot be reached or used."""


class Storage(RDBStorage):
    """Optuna's storage, whose thread of heartbeats survives an outage of the database."""

    def record_heartbeat(self, trial_id: int) -> None:
        try:
            super().record_heartbeat(trial_id)
        except Exception as e:  # the next heartbeat may succeed
            print(f"no heartbeat: {e}", file=sys.stderr)


def full_url(text: str | None, folder: Path) -> str:
    """A database URL: SQLite in `folder` by default, pg8000 for PostgreSQL unless another driver is named."""
    if not text:
        return f"sqlite:///{(folder / FILE).absolute()}"
    for short in ("postgres://", "postgresql://"):
        if text.startswith(short):
            return "postgresql+pg8000://" + text[len(short) :]
    return text if "://" in text else f"sqlite:///{Path(text).absolute()}"


def without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except exc.ArgumentError:
        return url.partition("://")[0] + "://..."


@contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """Turn errors of the database into a `StorageError` of one line."""
    name = without_password(url)
    try:
        yield
    except exc.ArgumentError as e:
        raise StorageError(
            f"--storage {name} is no database URL: write postgresql://USER:PASSWORD@HOST/DATABASE, or a file"
        ) from e
    except (exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as e:
        cause: BaseException = e
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = str(cause).splitlines()[0][:160] if str(cause) else type(cause).__name__
        raise StorageError(
            f"--storage {name} cannot be used ({reason}): "
            "check that the server is up and that address, user and password are right"
        ) from e
    except ImportError as e:
        raise StorageError(f"--storage {name}: its Python driver is missing: pip install it") from e


def engine_options(url: str) -> dict[str, Any]:
    """Options of SQLAlchemy's engine: timeouts, and PGPASSWORD, which pg8000 does not read by itself."""
    if url.startswith("sqlite:"):
        return {"connect_args": {"timeout": TIMEOUT}, "poolclass": NullPool}
    arguments: dict[str, Any] = {}
    if url.startswith("postgresql+pg8000:"):
        arguments["timeout"] = TIMEOUT
        if (password := os.environ.get("PGPASSWORD")) and not make_url(url).password:
            arguments["password"] = password
    return {"connect_args": arguments, "pool_pre_ping": True}


def connect(url: str) -> Storage:
    """Optuna's storage at `url`; its tables are created if they are missing. Raises `StorageError`."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    callback = RetryHeartbeatStaleTrialCallback()
    with storage_errors(url):
        for tried in range(1, TRIES + 1):
            try:
                return Storage(
                    url,
                    engine_options(url),
                    heartbeat_interval=HEARTBEAT,
                    grace_period=GRACE,
                    heartbeat_stale_trial_callback=callback,
                )
            except (exc.IntegrityError, exc.OperationalError, exc.ProgrammingError) as e:
                if tried == TRIES or "exists" not in str(e).lower():
                    raise
                time.sleep(0.3 * tried)  # another process has just created the tables
    raise AssertionError


def directory_lock(folder: Path) -> ReadWriteLock:
    """The lock of a sweep's directory, to write while it is prepared and to read while trials are trained in it.

    It is released when the process that holds it ends, however it ends.
    """
    return ReadWriteLock(folder / LOCK, PATIENCE, is_singleton=False)


def claim_lock(url: str) -> FileLock | nullcontext[None]:
    """The lock to hold while a trial is claimed; none where the database is a server.

    A server locks the trial's row. SQLite cannot, so that two processes could claim the same trial.
    """
    made = make_url(url)
    return FileLock(f"{made.database}.lock") if made.drivername.startswith("sqlite") else nullcontext()
