"""Where a study is kept: SQLite in the sweep's directory, or a server that many machines reach."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lyricist.errors import InputError, MissingExtra

FILE = "study.db"
BEAT = 10  # seconds between two signs of life of a trial
SILENCE = 90  # seconds without one after which its machine is taken for dead
TIMEOUT = 30  # seconds to wait for a server or for another process's transaction
TRIES = 5  # to make the tables, where several machines begin at once


class StorageError(InputError):
    """The database of a study cannot be reached or used."""


def need_optuna() -> None:
    try:
        import optuna
    except ImportError as e:
        raise MissingExtra("a sweep", "sweep") from e
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)


def full_url(text: str | None, folder: Path) -> str:
    """A database URL: SQLite in `folder` by default, pg8000 for PostgreSQL unless another driver is named."""
    if not text:
        return f"sqlite:///{(folder / FILE).absolute()}"
    for short in ("postgres://", "postgresql://"):
        if text.startswith(short):
            return "postgresql+pg8000://" + text[len(short) :]
    return text if "://" in text else f"sqlite:///{Path(text).absolute()}"


def shown(url: str) -> str:
    """The URL without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url.partition("://")[0] + "://..."


@contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """What a database says when it fails, as one line."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        yield
    except ArgumentError as e:
        raise StorageError(
            f"--storage {shown(url)} is no database URL: write postgresql://USER:PASSWORD@HOST/DATABASE, or a file"
        ) from e
    except (SQLAlchemyError, StorageInternalError) as e:
        cause: BaseException = e
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = str(cause).splitlines()[0][:160] if str(cause) else type(cause).__name__
        raise StorageError(
            f"--storage {shown(url)} cannot be used ({reason}): "
            "check that the server is up and that address, user and password are right"
        ) from e


def connect(url: str) -> Any:
    """Optuna's storage at `url`, whose tables are made where they are missing. Raises `StorageError`."""
    need_optuna()
    with storage_errors(url):
        return connected(url)


def driver_arguments(url: str) -> dict[str, Any]:
    """How long the two drivers we bring wait, and PGPASSWORD, which pg8000 does not look for by itself."""
    from sqlalchemy.engine import make_url

    if not url.startswith(("sqlite:", "postgresql+pg8000:")):
        return {}
    password = os.environ.get("PGPASSWORD") if url.startswith("postgresql") and not make_url(url).password else None
    return {"timeout": TIMEOUT, **({"password": password} if password else {})}


def connected(url: str) -> Any:
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    for tried in range(1, TRIES + 1):
        try:
            made = RDBStorage(
                url,
                engine_kwargs={"connect_args": driver_arguments(url), "pool_pre_ping": True},
                heartbeat_interval=BEAT,
                grace_period=SILENCE,
            )
            break
        except ImportError as e:
            raise StorageError(f"--storage {shown(url)}: its Python driver is missing: pip install it") from e
        except (IntegrityError, OperationalError, ProgrammingError) as e:
            if tried == TRIES or "exists" not in str(e).lower():
                raise
            time.sleep(0.3 * tried)
    if url.startswith("sqlite"):
        serialise(made.engine)
    return made


def serialise(engine: Any) -> None:
    """Let every SQLite transaction take the write lock first, so that no two processes claim the same trial."""
    from sqlalchemy import event

    engine.dispose()

    @event.listens_for(engine, "connect")
    def leave_alone(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # pysqlite shall not begin by itself
        connection.execute("PRAGMA journal_mode=WAL")  # a commit need not wait for the disk:
        connection.execute("PRAGMA synchronous=NORMAL")  # what ended is on disk in trials/ already

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
