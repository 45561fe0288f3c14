"""Worker processes: requests go to them, messages and results come back, as bytes that are never unpickled.

A worker is `python -m MODULE` whose main function calls `serve`. Its parent starts it as a `Worker`, or several as a
`WorkerPool`; a request is a `concurrent.futures.Future` of its result. On the pipes a frame is a kind, the number of
a request, a length and that many bytes; what the bytes mean is for the two sides to agree (JSON mostly). A worker
ends when its parent ends, however that happens, because its standard input is closed then.
"""

from __future__ import annotations

import itertools
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, InvalidStateError
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from lyricist.errors import InputError, LyricistError, MissingExtra, PlanError, RunError

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
HEADER = struct.Struct("<BIQ")  # kind, request, bytes that follow
REQUEST, INPUT, CANCEL, MESSAGE, RESULT, ERROR = range(6)  # the first three go to a worker, the others come from it
MAX_BYTES = 1 << 28  # of one frame
ENDING_SECONDS = 1.0  # for a process to end once it has closed its pipe, before it is killed
ERRORS = (LyricistError, InputError, MissingExtra, RunError, PlanError)  # raised in the parent as in the worker


class WorkerDied(BrokenExecutor):
    """The worker process ended before it answered."""


class WorkerError(Exception):
    """A worker failed with an exception of another class than `ERRORS`, whose name is all that is told."""


def write_frame(pipe: BinaryIO, kind: int, number: int, data: bytes) -> None:
    pipe.write(HEADER.pack(kind, number, len(data)) + data)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[int, int, bytes]:
    """The next frame. `EOFError` at the end of the pipe, `ValueError` for a frame of more than `MAX_BYTES`."""
    head = pipe.read(HEADER.size)
    if len(head) < HEADER.size:
        raise EOFError
    kind, number, size = HEADER.unpack(head)
    if size > MAX_BYTES:
        raise ValueError(f"a frame of {size} bytes")
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return kind, number, data


# --- processes


def start(
    command: Sequence[str], env: Mapping[str, str] = ONE_THREAD, detached: bool = False, **options: Any
) -> subprocess.Popen[Any]:
    """Start a process that imports this very package and that Ctrl-C in the terminal does not reach.

    Its standard input and output are pipes and its errors are dropped, unless `options` of `subprocess.Popen` say
    otherwise. `env` is added to this process's environment. `detached`: the process may outlive its parent.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    options = {**pipes, **options}
    if os.name == "posix":
        options |= {"start_new_session": True} if detached else {"process_group": 0}
    else:
        options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(command, env={**os.environ, **env, "PYTHONPATH": python_path()}, **options)


def terminate(processes: Iterable[subprocess.Popen[Any]], seconds: float = 0.0) -> None:
    """Close the standard input of processes, which asks workers to end; kill those that still run after `seconds`."""
    processes, until = list(processes), time.monotonic() + seconds
    for process in processes:
        if process.stdin is not None:
            with suppress(OSError, ValueError):
                process.stdin.close()
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
        if process.poll() is None:
            process.kill()
            process.wait()


def python_path() -> str:
    """`PYTHONPATH` with the folder of this package first."""
    home = str(Path(__file__).parent.parent)
    return os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- in the parent


class Request(Future[bytes]):
    """A request to a worker. `cancel` tells the worker that nobody waits for the result."""

    def __init__(self, worker: Worker, number: int, on_message: Callable[[bytes], None] | None) -> None:
        super().__init__()
        self.worker, self.number, self.on_message = worker, number, on_message

    def send(self, data: bytes) -> None:
        """Give the worker more input for this request; empty data says that there is no more."""
        self.worker.send(INPUT, self.number, data)

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):  # it was cancelled or has ended meanwhile
            self.set_exception(error)


class Worker:
    """One worker process. `first`: a request that it answers before it counts as `ready`; `errors`: further classes
    of exceptions that it may raise in the parent, made from their message alone; `options`: see `start`."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        first: bytes | None = None,
        errors: Iterable[type[Exception]] = (),
        **options: Any,
    ) -> None:
        self.errors = {kind.__name__: kind for kind in (*ERRORS, *errors)}
        self.process = start([sys.executable, "-m", module, *arguments], **options)
        self.requests: dict[int, Request] = {}
        self.numbers = itertools.count()
        self.writing, self.dead = threading.Lock(), False
        threading.Thread(target=self._listen, name=f"listening-{module}", daemon=True).start()
        self.first = None if first is None else self.submit(first)

    @property
    def ready(self) -> bool:
        """Whether the worker takes requests now."""
        return not self.dead and (self.first is None or (self.first.done() and self.first.exception() is None))

    def submit(self, data: bytes, on_message: Callable[[bytes], None] | None = None) -> Request:
        """Ask the worker for something. `on_message` gets the messages before the result, in a thread of ours.

        The future raises the worker's own error if that is one of `ERRORS`, else `WorkerError` or `WorkerDied`.
        """
        request = Request(self, next(self.numbers), on_message)
        self.requests[request.number] = request
        request.add_done_callback(self._forget)
        if not self.send(REQUEST, request.number, data) or self.dead:
            request.fail(WorkerDied("the worker process has died"))
        return request

    def send(self, kind: int, number: int, data: bytes) -> bool:
        """Write a frame; False if the process has ended."""
        assert self.process.stdin is not None
        try:
            with self.writing:
                write_frame(self.process.stdin, kind, number, data)  # type: ignore[arg-type]
        except (OSError, ValueError):
            return False
        return True

    def kill(self) -> None:
        """End the process now; its requests raise `WorkerDied`."""
        self.process.kill()
        self.process.wait()

    def _forget(self, request: Future[bytes]) -> None:
        assert isinstance(request, Request)
        if self.requests.pop(request.number, None) is not None and request.cancelled():
            self.send(CANCEL, request.number, b"")

    def _listen(self) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                self._hear(*read_frame(self.process.stdout))  # type: ignore[arg-type]
        except Exception:  # the process has died, or writes what is no frame
            self.dead = True
        terminate([self.process], ENDING_SECONDS)
        self.process.stdout.close()
        for request in list(self.requests.values()):
            request.fail(WorkerDied("the worker process has died"))

    def _hear(self, kind: int, number: int, data: bytes) -> None:
        request = self.requests.get(number)
        if request is None:
            return
        if kind == MESSAGE:
            if request.on_message is not None:
                request.on_message(data)
        elif kind == RESULT:
            with suppress(InvalidStateError):
                request.set_result(data)
        else:
            request.fail(self._error(*map(str, json.loads(data))))

    def _error(self, name: str, message: str) -> Exception:
        known = name in self.errors
        error: Exception = Exception.__new__(self.errors.get(name, WorkerError))  # __init__ may take other arguments
        error.args = (message if known else name,)
        return error


class WorkerPool:
    """`size` workers of one kind; see `Worker` for `first` and `errors`. One that dies is replaced."""

    def __init__(self, module: str, size: int, *arguments: str, **options: Any) -> None:
        self.size, self.make = size, partial(Worker, module, *arguments, **options)
        self.workers: list[Worker] = []
        self.lock, self.closed = threading.Lock(), False

    def open(self) -> None:
        """Start the workers that are missing. `OSError` where no process can be started."""
        with self.lock:
            if not self.closed:
                self.workers = [worker for worker in self.workers if not worker.dead]
                while len(self.workers) < self.size:
                    self.workers.append(self.make())

    def submit(self, data: bytes, on_message: Callable[[bytes], None] | None = None) -> Request | None:
        """Ask the ready worker with the fewest requests; None if no worker is ready yet."""
        if any(worker.dead for worker in self.workers):
            self.open()
        ready = [worker for worker in self.workers if worker.ready]
        return min(ready, key=lambda worker: len(worker.requests)).submit(data, on_message) if ready else None

    def shutdown(self) -> None:
        """Kill all workers; the pool starts no others."""
        with self.lock:
            self.closed = True
            for worker in self.workers:
                worker.kill()


# --- in the worker


class Job:
    """A request as its worker sees it."""

    def __init__(self, write: Callable[[int, int, bytes], None], number: int, data: bytes) -> None:
        self.write, self.number, self.data = write, number, data
        self.more: SimpleQueue[bytes] = SimpleQueue()
        self.cancelled = False  # nobody waits for the result
        self.on_cancel: Callable[[], None] = lambda: None

    def inputs(self) -> Iterator[bytes]:
        """What the parent sends to the request, until it says that there is no more."""
        return iter(self.more.get, b"")

    def send(self, data: bytes) -> None:
        """A message for the parent's `on_message`."""
        self.write(MESSAGE, self.number, data)

    def done(self, data: bytes) -> None:
        self.write(RESULT, self.number, data)

    def fail(self, error: BaseException) -> None:
        message = error.in_shell if isinstance(error, LyricistError) else str(error)
        self.write(ERROR, self.number, json.dumps([type(error).__name__, message]).encode())


class Inbox:
    """What a worker's parent asks: the jobs that wait, and all those that are not answered yet."""

    def __init__(self, pipe: BinaryIO) -> None:
        self.pipe, self.writing = pipe, threading.Lock()
        self.waiting: SimpleQueue[Job | None] = SimpleQueue()  # None: there will be no more
        self.jobs: dict[int, Job] = {}

    def write(self, kind: int, number: int, data: bytes) -> None:
        if kind != MESSAGE:
            self.jobs.pop(number, None)
        with self.writing:
            write_frame(self.pipe, kind, number, data)

    def listen(self, finish: bool) -> None:
        """Take in what the parent sends, and end this process when the parent ends; see `serve` for `finish`."""
        try:
            while True:
                kind, number, data = read_frame(sys.stdin.buffer)
                if kind == REQUEST:
                    self.jobs[number] = Job(self.write, number, data)
                    self.waiting.put(self.jobs[number])
                elif (job := self.jobs.get(number)) is None:
                    continue  # it has just been answered
                elif kind == INPUT:
                    job.more.put(data)
                else:
                    self.jobs.pop(number, None)
                    job.cancelled = True
                    job.on_cancel()
        finally:
            if not finish:
                os._exit(0)  # without waiting for what is under way: it is for nobody
            for job in list(self.jobs.values()):
                job.more.put(b"")
            self.waiting.put(None)


def serve(handle: Callable[[Job], bytes | None], finish: bool = False) -> None:
    """Handle the parent's requests one after the other, until the parent ends or kills this process.

    `handle` returns the result or raises an error; where it returns None, it calls `done` or `fail` later. What
    libraries print on standard output goes to standard error. `finish`: when the parent ends, the requests under way
    get no more input and are finished.
    """
    inbox = Inbox(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    threading.Thread(target=inbox.listen, args=(finish,), name="listening", daemon=True).start()
    while (job := inbox.waiting.get()) is not None:
        try:
            result = handle(job)
        except Exception as error:
            job.fail(error)
        else:
            if result is not None:
                job.done(result)


def limit_resources(megabytes: int, nice: int = 0) -> None:
    """Give this process at most so much memory, no core dumps and less priority, where the system has such limits."""
    if hasattr(os, "nice"):
        os.nice(nice)
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu(seconds: float) -> None:
    """Have the system end this process after so many further seconds of processor time, where it can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, hard))
