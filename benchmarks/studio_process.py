"""Shared by the benchmarks: a studio in a process of its own, and a client that takes little of their cores."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import lyricist as command


@dataclass
class Server:
    """A studio in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def pids(self) -> list[int]:
        """The studio and its children."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [child for child in map(int, task.read_text().split()) if child not in found]
        return found

    def memory_mb(self) -> float:
        """Resident, of all of them."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids())
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)

    def cpu_seconds(self) -> float:
        """That they have had of the cores."""
        stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.pids())
        return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")


@contextmanager
def studio(*options: str) -> Iterator[Server]:
    """`lyricist studio` on a free port, its data in a folder that goes with it."""
    with tempfile.TemporaryDirectory() as data:
        call = command("studio", "--no-browser", "--port", 0, "--data", data, *options)
        process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if "http://" not in said:
                sys.exit("the studio does not start")
            yield Server(process, int(said.split("http://")[1].split("/")[0].rpartition(":")[2]))
        finally:
            process.terminate()
            process.wait(30)


class Failed(Exception):
    """An answer that is none: its status and what it says."""


async def answers(port: int, method: str, path: str, body: Any = None) -> AsyncIterator[bytes]:
    """The lines of an answer's body; Failed for a status that is no 2xx."""
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    try:
        writer.write(head.encode() + data)
        status = (await reader.readline()).split()[1].decode()
        while await reader.readline() not in (b"\r\n", b""):
            pass
        if not status.startswith("2"):
            raise Failed(f"{status} {(await reader.read(300)).decode(errors='replace')}")
        while line := await reader.readline():
            yield line
    finally:
        writer.close()


async def whole(port: int, method: str, path: str, body: Any = None) -> None:
    async for _ in answers(port, method, path, body):
        pass
