"""A worker for the tests of `lyricist.workers`: does what its request says."""

from __future__ import annotations

import os
import sys
import time

from lyricist.errors import MissingExtra, PlanError
from lyricist.workers import Job, limit_cpu, limit_resources, serve


def handle(job: Job) -> bytes | None:
    word = job.data.decode()
    if word == "upper":
        for data in job.inputs():
            job.send(data.upper())
    elif word == "later":
        job.on_cancel = lambda: sys.stderr.flush()
        return None
    elif word == "plan":
        raise PlanError("no song")
    elif word == "extra":
        raise MissingExtra("a score", "score")
    elif word == "odd":
        raise ZeroDivisionError("the river ran")
    elif word == "die":
        os._exit(3)
    elif word == "sleep":
        time.sleep(600)
    elif word == "spin":
        limit_cpu(0.5)
        while True:
            pass
    elif word == "fill":
        return b"%d" % len(bytearray(1 << 30))
    elif word == "garbage":
        os.write(job_pipe(), b"\xff" * 100)
        time.sleep(600)
    elif word == "pid":
        print("this is no answer")
        return b"%d" % os.getpid()
    return word.encode()


def job_pipe() -> int:
    """The pipe to the parent, which `serve` has copied from standard output."""
    return max(int(name) for name in os.listdir("/proc/self/fd") if "pipe" in link(name))


def link(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        return ""


if __name__ == "__main__":
    limit_resources(400)
    serve(handle)
