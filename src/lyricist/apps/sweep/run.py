"""`run_sweep()`: workers are started, what they tell becomes events, the best run is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from lyricist.apps.sweep.crew import Begun, Crew, Ended, Place, SweepEvent
from lyricist.apps.sweep.database import connect, full_url, need_optuna
from lyricist.apps.sweep.folder import Folder
from lyricist.apps.sweep.lock import Lock
from lyricist.apps.sweep.space import Sweep
from lyricist.apps.sweep.study import Slots
from lyricist.children import cores
from lyricist.corpus import Corpus
from lyricist.errors import InputError
from lyricist.training.start import need_torch, order_of
from lyricist.training.token_arrays import token_set

OPEN = ("waiting", "running")  # states of trials that have not ended


def run_sweep(
    corpus: Corpus,
    out: Path | str,
    sweep: Sweep,
    *,
    workers: int = 1,
    storage: str | None = None,
    study: str | None = None,
    force: bool = False,
    retry: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[SweepEvent]:
    """Train what is missing of a sweep in `out`; called again it goes on, and repeats no trial that ended.

    `storage`: a database URL that machines share, else SQLite in `out`; `study`: its name there. `retry` trains
    failed trials again. `should_stop` is asked twice a second. Raises `InputError` for a directory or study of
    something else, for a database that cannot be reached, and for a full disk.
    """
    if workers < 1:
        raise InputError(f"--workers {workers}: use 1 or more")
    place = prepare(corpus, Path(out), sweep, storage, study, force)
    try:
        yield from work(place, workers, retry, should_stop)
    except InputError as e:
        raise InputError(f"{e}. What has ended is kept in {out}: the same command goes on") from e
    finally:
        place.slots.close()
        place.lock.close()


def work(place: Place, workers: int, retry: bool, should_stop: Callable[[], bool]) -> Iterator[SweepEvent]:
    """Train what is open in a place that is ready."""
    from lyricist.apps.sweep import results

    place.slots.fill(retry)
    rows = place.slots.rows()
    waiting = sum(row.state == "waiting" for row in rows)
    done = sum(row.state not in OPEN for row in rows)
    crew = Crew(place, max(1, min(workers, waiting)), threads_for(workers))
    yield Begun(place.folder.path, len(rows), done, crew.size, crew.threads)
    if waiting:
        yield from crew.work(should_stop)
        rows = place.slots.rows()
    results.write(place, rows, plots=True)
    left = any(row.state in OPEN for row in rows)
    yield Ended("done" if not left else "interrupted" if crew.asked else "elsewhere", rows)


def prepare(corpus: Corpus, out: Path, sweep: Sweep, storage: str | None, study: str | None, force: bool) -> Place:
    """The directory and the study, ready for workers; nothing new is left behind on a failure."""
    need_torch()
    need_optuna()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError("a sweep is not for torchrun: use --workers, or --storage for several machines")
    url = full_url(storage, out)
    if storage:
        connect(url)  # before anything is made or replaced
    fresh = not out.exists()
    folder = Folder.open(out, sweep, corpus, force)
    try:
        lock = Lock(folder.path)
        lock.alone()
        slots = Slots(url, study or (out.resolve().name if storage else "sweep"), sweep, corpus.fingerprint)
        recover(folder, slots, own=not storage)
        folder.tidy()
        make_tokens(folder.corpus(), sweep)
        lock.share()
    except InputError:
        if fresh:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return Place(folder, slots, lock)


def recover(folder: Folder, slots: Slots, own: bool) -> None:
    """Trials that processes of this directory left running: those with a record have ended, the others not.

    `own`: nobody else uses this database, so that every trial that runs is one of them.
    """
    place = folder.about()["place"]
    for row in slots.running():
        if row.place != place and not own:
            continue
        record = folder.record(row.trial)
        if record is not None and record["number"] == row.number:
            slots.finish(row.number, record)
        else:
            slots.drop(row.number)
    slots.drop_silent()


def make_tokens(corpus: Corpus, sweep: Sweep) -> None:
    """The token arrays that trials will ask for, so that no two workers make the same."""
    points = sweep.space.get("order")
    for order in getattr(points, "values", None) or [None]:
        options = sweep.options({"order": order} if order else {})
        token_set(corpus, sweep.tokenizer, order_of(options, sweep.tokenizer, None))


def threads_for(workers: int) -> int:
    """The threads of each of `workers`: an equal share of OMP_NUM_THREADS or of the processors, one at least."""
    named = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, (int(named) if named.isdecimal() else cores()) // workers)
