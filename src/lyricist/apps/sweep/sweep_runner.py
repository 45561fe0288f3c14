"""`run_sweep()`: start workers, turn their messages into events, keep the best run."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyricist.apps.sweep.search_space import Sweep
from lyricist.apps.sweep.study_storage import StorageError, connect, directory_lock, full_url
from lyricist.apps.sweep.sweep_folder import ABOUT, SweepFolder
from lyricist.apps.sweep.sweep_report import write_report
from lyricist.apps.sweep.trial_queue import Row, TrialQueue
from lyricist.corpus import Corpus
from lyricist.errors import InputError
from lyricist.training.start import need_torch, order_of
from lyricist.training.token_arrays import token_set
from lyricist.workers import Request, Worker, cores, terminate

# isort: split
from filelock import ReadWriteLock, Timeout  # after `study_storage`, which says what to install if it is missing

WORKER = "lyricist.apps.sweep.trial_worker"
WRITE_SECONDS = 5.0  # between two writings of the results while trials end
STOP_SECONDS = 60.0  # for workers to save and end when they are asked to
Message = dict[str, Any]


@dataclass(frozen=True)
class Begun:
    """`done` of `total` trials have ended before."""

    folder: Path
    total: int
    done: int
    workers: int
    threads: int  # of each worker


@dataclass(frozen=True)
class TrialBegun:
    trial: int
    params: dict[str, Any]


@dataclass(frozen=True)
class TrialMark:
    """A validation loss of a trial under way; `progress` 0 to 1."""

    trial: int
    progress: float
    valid_loss: float


@dataclass(frozen=True)
class TrialEnded:
    """`record` as trial.json has it; `best`: its run is in best/ now."""

    trial: int
    record: dict[str, Any]
    best: bool


@dataclass(frozen=True)
class Ended:
    """`reason`: "done", "interrupted", or "elsewhere" where other machines still train the last trials."""

    reason: str
    rows: list[Row]


AT_WORK = "another sweep is at work in this directory: let it end, or stop it first"
SweepEvent = Begun | TrialBegun | TrialMark | TrialEnded | Ended


@dataclass
class Place:
    """A sweep's directory and study, locked for this process and its workers."""

    folder: SweepFolder
    queue: TrialQueue
    lock: ReadWriteLock

    def job(self, threads: int) -> Message:
        """What a worker needs to know."""
        sweep = self.queue.sweep
        about = {"folder": str(self.folder.path), "url": self.queue.url, "study": self.queue.name}
        return {**about, "sweep": sweep.to_json(), "trials": sweep.trials, "threads": threads}


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
        yield from train_open(place, workers, retry, should_stop)
    except InputError as e:
        raise InputError(f"{e}. What has ended is kept in {out}: the same command goes on") from e
    finally:
        place.lock.close()
        back = place.folder.give_back()
    if back:
        raise InputError(f"no trial has finished, so {out} is as it was: repeat the command with --force")


def prepare(corpus: Corpus, out: Path, sweep: Sweep, storage: str | None, study: str | None, force: bool) -> Place:
    """The directory and the study, ready for workers; nothing new is left behind on a failure. Raises `InputError`
    while another sweep is at work there, and under torchrun."""
    need_torch()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError("a sweep is not for torchrun: use --workers, or --storage for several machines")
    url = full_url(storage, out)
    if storage:
        connect(url)  # before anything is created or replaced
    if (there := SweepFolder(out)).aside.is_dir():  # a sweep with --force was killed
        need_idle(out)
        there.give_back()
    if force and (out / ABOUT).exists():
        need_idle(out)
    fresh = not out.exists()
    folder = SweepFolder.open(out, sweep, corpus, force)
    try:
        lock = directory_lock(folder.path)
        with lock.write_lock():
            name = study or (out.resolve().name if storage else "sweep")
            trials = TrialQueue(url, name, sweep, corpus.fingerprint)
            trials.recover(folder.record, folder.about()["place"], own=not storage)
            folder.tidy({row.trial for row in trials.rows() if row.open and row.params})
            make_tokens(folder.corpus(), sweep)
        lock.acquire_read()
    except Timeout:
        raise InputError(AT_WORK) from None
    except InputError:
        folder.give_back()
        if fresh:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return Place(folder, trials, lock)


def need_idle(folder: Path) -> None:
    """`InputError` while a sweep is at work in a directory."""
    lock = directory_lock(folder)
    try:
        with lock.write_lock():
            pass
    except Timeout:
        raise InputError(AT_WORK) from None
    finally:
        lock.close()


def make_tokens(corpus: Corpus, sweep: Sweep) -> None:
    """Make the token arrays of all trials, so that no two workers make the same."""
    orders = sweep.space.get("order")
    for order in orders if isinstance(orders, tuple) else [None]:
        options = sweep.options({"order": order} if order else {})
        token_set(corpus, sweep.tokenizer, order_of(options, sweep.tokenizer, None))


def train_open(place: Place, workers: int, retry: bool, should_stop: Callable[[], bool]) -> Iterator[SweepEvent]:
    """Train the open trials of a place that is ready."""
    place.queue.fill(retry)
    rows = place.queue.rows()
    waiting = sum(row.state == "waiting" for row in rows)
    count = max(1, min(workers, waiting))
    named = os.environ.get("OMP_NUM_THREADS", "")
    threads = max(1, (int(named) if named.isdecimal() else cores()) // workers)  # an equal share for each
    started = Workers(place, threads, should_stop)
    yield Begun(place.folder.path, len(rows), sum(not row.open for row in rows), count, started.threads)
    if waiting:
        yield from started.work(count)
        rows = place.queue.rows()
    write_report(place.folder, place.queue, rows, plots=True)
    left = any(row.open for row in rows)
    yield Ended("done" if not left else "interrupted" if started.stopping else "elsewhere", rows)


class Workers:
    """The worker processes of this machine, whose messages become events."""

    def __init__(self, place: Place, threads: int, should_stop: Callable[[], bool]) -> None:
        self.folder, self.queue, self.threads, self.should_stop = place.folder, place.queue, threads, should_stop
        self.job = place.job(threads)
        self.requests: dict[int, Request] = {}
        self.inbox: queue.Queue[tuple[int, Message]] = queue.Queue()
        self.training: dict[int, Message] = {}  # worker -> the message that began its trial
        self.stopping, self.fatal, self.written = False, "", 0.0

    def work(self, count: int) -> Iterator[SweepEvent]:
        """Until every worker has ended. Raises `InputError` with what stopped them, if something did."""
        seconds = STOP_SECONDS
        try:
            for index in range(count):
                self.start(index)
            while self.requests:
                if not self.stopping and (self.fatal or self.should_stop()):
                    self.stopping = True
                    for request in self.requests.values():
                        request.send(b"")
                with contextlib.suppress(queue.Empty):
                    yield from self.hear(*self.inbox.get(timeout=0.5))
        except KeyboardInterrupt:  # the second Ctrl-C: do not wait
            seconds = 0.0
            raise
        finally:
            terminate([request.worker.process for request in self.requests.values()], seconds)
        if self.fatal:
            raise InputError(self.fatal)

    def start(self, index: int) -> None:
        """Start a worker, its errors in a file. The job goes through a pipe, for it may hold a password."""
        with open(self.log(index), "wb") as errors:
            worker = Worker(WORKER, errors=[StorageError], env={"OMP_NUM_THREADS": str(self.threads)}, stderr=errors)
        request = worker.submit(json.dumps(self.job).encode(), lambda data: self.inbox.put((index, json.loads(data))))
        self.requests[index] = request
        request.add_done_callback(lambda ended: self.inbox.put((index, {"kind": "exit", "error": ended.exception()})))

    def log(self, index: int) -> Path:
        return self.folder.path / f"worker-{index + 1}.log"

    def hear(self, index: int, message: Message) -> Iterator[SweepEvent]:
        kind = message["kind"]
        if kind == "begun":
            self.training[index] = message
            yield TrialBegun(message["trial"], message["params"])
        elif kind == "mark":
            yield TrialMark(message["trial"], message["progress"], message["valid_loss"])
        elif kind == "ended":
            del self.training[index]
            yield self.ended(message["record"])
        else:
            yield from self.exited(index, message["error"])

    def exited(self, index: int, error: BaseException | None) -> Iterator[SweepEvent]:
        """A worker has nothing more to train, cannot go on, or has died."""
        process = self.requests.pop(index).worker.process
        terminate([process], STOP_SECONDS)
        if isinstance(error, InputError):
            self.fatal = self.fatal or str(error)
        elif error is not None and not self.fatal and not self.stopping:
            yield from self.died(index, process.returncode, str(error))
            return
        self.log(index).unlink(missing_ok=True)

    def ended(self, record: dict[str, Any]) -> TrialEnded:
        best = self.folder.settle(record["trial"])
        if record["state"] != "failed":
            self.folder.drop_aside()
        if time.monotonic() - self.written > WRITE_SECONDS:
            with contextlib.suppress(StorageError):  # the workers wait for the end of short outages
                write_report(self.folder, self.queue, self.queue.rows(), plots=False)
            self.written = time.monotonic()
        return TrialEnded(record["trial"], record, best)

    def died(self, index: int, code: int, error: str) -> Iterator[SweepEvent]:
        """A worker's process died: its trial is tried again, or has failed, and another worker is started."""
        begun, log = self.training.pop(index, None), self.log(index).read_text(encoding="utf-8", errors="replace")
        reason = log.strip().splitlines()[-1][:200] if log.strip() else f"exit code {code}" if code else error
        error = "its process was killed: out of memory?" if code == -9 else f"its process died ({reason})"
        if begun is None:
            self.fatal = f"a worker could not work: {error}"
            return
        record = self.folder.record(begun["trial"])
        if record is None or record["number"] != begun["number"]:
            if self.queue.retry(begun["number"]):
                self.start(index)
                return
            about = {key: begun[key] for key in ("trial", "number", "params")}
            record = {"format": 1, **about, "state": "failed", "valid_loss": None, "result": {}, "error": error}
            self.folder.keep(record, f"{begun['trial']:04d}")
        self.queue.adopt(record)
        yield self.ended(record)
        self.start(index)
