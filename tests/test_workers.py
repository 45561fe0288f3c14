"""Worker processes: what they answer, and that none stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from lyricist.errors import MissingExtra, PlanError
from lyricist.workers import Request, Worker, WorkerDied, WorkerError, WorkerPool, start, terminate

WAIT = 60.0  # seconds until a test gives up
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and /proc are Linux's")


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


@pytest.fixture(autouse=True)
def findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool("echo_worker", 1, first=b"hello")
    made.open()
    yield made
    made.shutdown()
    assert not any(alive(worker.process.pid) for worker in made.workers)


@pytest.fixture
def worker(pool: WorkerPool) -> Worker:
    (made,) = pool.workers
    assert made.first is not None and made.first.result(WAIT) == b"hello" and made.ready
    return made


def test_messages_and_input_belong_to_a_request(worker: Worker) -> None:
    heard: list[bytes] = []
    request = worker.submit(b"upper", heard.append)
    for word in (b"oh", b"the", b"river" * 100_000, b""):
        request.send(word)
    assert request.result(WAIT) == b"upper" and heard == [b"OH", b"THE", b"RIVER" * 100_000]
    assert not worker.requests


def test_what_is_printed_is_no_answer(worker: Worker) -> None:
    assert worker.submit(b"pid").result(WAIT) == str(worker.process.pid).encode()


def test_errors_of_the_package_are_raised_as_they_are(worker: Worker) -> None:
    with pytest.raises(PlanError, match=r"^no song$"):
        worker.submit(b"plan").result(WAIT)
    with pytest.raises(MissingExtra, match=r"pip install 'lyricist\[score\]'"):
        worker.submit(b"extra").result(WAIT)


def test_of_another_error_only_its_kind_is_told(worker: Worker) -> None:
    with pytest.raises(WorkerError, match=r"^ZeroDivisionError$"):
        worker.submit(b"odd").result(WAIT)
    assert worker.submit(b"hello").result(WAIT) == b"hello"


def test_a_request_can_be_cancelled(worker: Worker) -> None:
    request = worker.submit(b"later")
    assert request.cancel() and not worker.requests
    with pytest.raises(CancelledError):
        request.result(WAIT)
    assert worker.submit(b"hello").result(WAIT) == b"hello"


@pytest.mark.parametrize("word", [b"die", pytest.param(b"garbage", marks=LINUX), pytest.param(b"spin", marks=LINUX)])
def test_a_worker_that_dies_is_replaced(pool: WorkerPool, worker: Worker, word: bytes) -> None:
    with pytest.raises(WorkerDied):
        worker.submit(word).result(WAIT)
    wait_until(lambda: worker.process.poll() is not None)
    with pytest.raises(WorkerDied):
        worker.submit(b"hello").result(WAIT)

    def again() -> bool:
        request = pool.submit(b"hello")
        return isinstance(request, Request) and request.result(WAIT) == b"hello"

    wait_until(again)
    assert pool.workers != [worker]


def test_a_worker_that_is_killed_ends_its_requests(worker: Worker) -> None:
    requests = [worker.submit(word) for word in (b"sleep", b"hello")]
    worker.kill()
    for request in requests:
        with pytest.raises(WorkerDied):
            request.result(WAIT)


@LINUX
def test_a_worker_keeps_to_its_memory(worker: Worker) -> None:
    with pytest.raises(WorkerError, match="MemoryError"):
        worker.submit(b"fill").result(WAIT)


PARENT = """
import time
from lyricist.workers import Worker
worker = Worker("echo_worker")
worker.submit(b"sleep")
print(worker.process.pid, flush=True)
time.sleep(600)
"""


@LINUX
def test_no_worker_outlives_its_parent() -> None:
    """Not even one that is at work."""
    parent = start([sys.executable, "-c", PARENT])
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    terminate([parent])
    wait_until(lambda: not alive(pid))


def test_processes_are_asked_to_end_and_then_killed() -> None:
    asked = start([sys.executable, "-c", "import sys; sys.stdin.read()"])
    deaf = start([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
    terminate([asked], WAIT)
    terminate([deaf])
    assert asked.returncode == 0 and deaf.returncode != 0
