"""Load on a real `lyricist studio`: twenty people writing, one typing, thousands of short requests, a cold open.

    python benchmarks/studio_load.py [--clients 20] [--seconds 60]
    python benchmarks/studio_load.py --clients 0 --cycles 10000
    python benchmarks/studio_load.py --clients 0 --open

Each client writes songs of 16 lines to its own plan, one after the other; the first line is timed from the request.
Every plan was requested once before, as the page does while a user types it. The baseline is the rate of
`Model.events` on the same plans and drawing in batches of 64 songs, measured afterwards in this process; on a busy
machine compare the lines of a CPU second. A typed line is timed alone and while the others write. `--cycles` shows
the server's memory; `--open` times Chromium with a new profile until the sheet accepts a key.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import lyricist
from common import lyricist as command
from common import parser, report
from lyricist.apps.studio.studio_settings import Settings

LINES = 16
SHAPES: tuple[dict[str, Any], ...] = (
    {"syllables": "8,6", "rhyme": "ABAB", "metre": "iambic"},
    {"syllables": "8", "rhyme": "AABB", "metre": "iambic"},
    {"syllables": "10", "rhyme": "ABAB", "metre": "iambic"},
    {"syllables": "7", "rhyme": "ABBA", "metre": "trochaic"},
    {"syllables": "8,8,6,6", "rhyme": "AABB"},
)
THEMES = (None, "river, night", "love, heart", "morning, road")
PLANS: tuple[dict[str, Any], ...] = tuple(
    {"form": "verse verse verse verse", "lines": 4, **shape} | ({"about": theme} if theme else {})
    for theme in THEMES
    for shape in SHAPES
)
DRAFT = tuple(
    line
    for place in ("river", "harbour", "mountain", "station", "garden")
    for line in (
        f"I walked along the {place} when the day was nearly done",
        "And nobody was singing any more",
        f"The lights above the {place} were going one by one",
        "As I was standing at your open door",
        "Oh carry me, oh carry me away",
        f"Beyond the quiet {place} and the town",
        "Where every word that I was going to say",
        "Is waiting for the evening to come down",
    )
)
SONGS = 64  # of a batch: as many as every core can be kept busy with
TYPED = 200  # lines, alone
PAUSE = 0.5  # seconds between two typed lines while others write
LOOKS = 10  # at the memory during the cycles


# -- the server


@dataclass
class Server:
    """`lyricist studio` in a process of its own."""

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
        """Resident memory of all of them."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids())
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)

    def cpu_seconds(self) -> float:
        """Processor time of all of them."""
        stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.pids())
        return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")


@contextmanager
def studio(*options: str) -> Iterator[Server]:
    """`lyricist studio` on a free port, with its data in a temporary folder."""
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
    """A response with an error status, or an incomplete one."""


async def answers(port: int, method: str, path: str, body: Any = None) -> AsyncIterator[bytes]:
    """The lines of a response's body. Raises Failed for a status that is not 2xx."""
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


# -- writing


@dataclass
class Tally:
    first: list[float] = field(default_factory=list)  # seconds to a song's first line
    typed: list[float] = field(default_factory=list)  # seconds to a typed line's scansion
    lines: int = 0
    songs: int = 0
    errors: Counter[str] = field(default_factory=Counter)


async def write_songs(port: int, client: int, until: float, particles: int, tally: Tally) -> None:
    """One client, which writes song after song to its plan until the time is over."""
    body = {"plan": PLANS[client % len(PLANS)], "drawing": {"particles": particles}}
    song = 0
    while time.perf_counter() < until:
        try:
            await write_song(port, body | {"seed": client * 10_000 + song}, until, tally)
        except (Failed, OSError, ValueError, IndexError) as error:
            tally.errors[str(error)[:200] or type(error).__name__] += 1
            await asyncio.sleep(0.2)
        song += 1


async def write_song(port: int, body: dict[str, Any], until: float, tally: Tally) -> None:
    asked, name, got = time.perf_counter(), b"", 0
    async for line in answers(port, "POST", "/api/write", body):
        now = time.perf_counter()
        if line.startswith(b"event: "):
            name = line[7:].strip()
            if name == b"line":
                if not got:
                    tally.first.append(now - asked)
                got += 1
                tally.lines += now < until
            tally.songs += name == b"song"
        elif line.startswith(b"data: ") and name == b"error":
            raise Failed(line.decode())
        if got and now >= until:  # who waits for a first line then still gets it, and is counted
            return
    if got != LINES:
        raise Failed(f"{got} lines of {LINES}")


async def type_lines(port: int, until: float, tally: Tally) -> None:
    """A client that types while the others write."""
    for n in range(10_000):
        if time.perf_counter() > until:
            return
        tally.typed.append(await check_seconds(port, typed_draft(n)))
        await asyncio.sleep(PAUSE)


async def crowd(port: int, clients: int, seconds: float, particles: int) -> Tally:
    for plan in PLANS[:clients]:
        await whole(port, "POST", "/api/plan", {"plan": plan})
    tally, until = Tally(), time.perf_counter() + seconds
    writers = [write_songs(port, client, until, particles, tally) for client in range(clients)]
    await asyncio.gather(*writers, type_lines(port, until, tally))
    return tally


def batch_rate(particles: int, seconds: float) -> tuple[float, float]:
    """Lines a second, and a CPU second, of `Model.events`: plan after plan, compiled before, each as one batch."""
    model, drawing = lyricist.load(), lyricist.Drawing(particles=particles)
    lines, spent, worked = 0, 0.0, 0.0
    for plan in (lyricist.Plan(**plan) for plan in PLANS * 100):
        next(iter(model.events(plan, drawing, [0])))
        start, before = time.perf_counter(), time.process_time()
        lines += sum(not hasattr(e, "sections") for e in model.events(plan, drawing, range(1, 1 + SONGS)))
        spent += time.perf_counter() - start
        worked += time.process_time() - before
        if spent > seconds:
            break
    return lines / spent, lines / worked


# -- typing


def typed_draft(n: int) -> dict[str, Any]:
    """The draft with a new text in its n-th line."""
    lines = [{"text": line} for line in DRAFT]
    lines[n % len(DRAFT)] = {"text": f"{DRAFT[n % len(DRAFT)]} number {n}"}
    return {"draft": {"sections": [{"name": "verse", "lines": lines[i : i + 8]} for i in range(0, len(lines), 8)]}}


async def check_seconds(port: int, body: dict[str, Any]) -> float:
    start = time.perf_counter()
    await whole(port, "POST", "/api/check", body)
    return time.perf_counter() - start


async def typing_alone(port: int) -> dict[str, Any]:
    lines = [{"text": f"{DRAFT[n % len(DRAFT)]} number {n}"} for n in range(TYPED)]
    return {
        "one_line": spread([await check_seconds(port, line) for line in lines]),
        "draft_of_40_lines": spread([await check_seconds(port, typed_draft(n)) for n in range(TYPED)]),
    }


# -- memory

MIXED: tuple[tuple[str, str, Any, str], ...] = (  # method, path, body, status
    ("GET", "/api/health", None, "2"),
    ("POST", "/api/check", {"text": "The river ran below the town {n}"}, "2"),
    ("GET", "/api/rhymes?word=river&limit=5", None, "2"),
    ("POST", "/api/plan", {"plan": {"form": "verse", "lines": 4, "syllables": "8,6", "rhyme": "ABAB"}}, "2"),
    ("GET", "/api/presets", None, "2"),
    ("GET", "/", None, "2"),
    ("GET", "/api/models", None, "2"),
    ("POST", "/api/write", {"plan": {"form": "verse", "lines": 2, "syllables": "6"}, "seed": 0}, "2"),
    ("POST", "/api/check", {"text": 1}, "422"),
    ("GET", "/api/tunes/{n:016x}", None, "404"),
    ("POST", "/api/plan/like", {"text": "Oh the river {n}\nis deep\n\nOh the sea\nasleep"}, "2"),
)


async def one_cycle(port: int, n: int) -> None:
    method, path, body, expected = MIXED[n % len(MIXED)]
    path = path.format(n=n)
    if body and "seed" in body:
        body = body | {"seed": n}
    elif body and "{n}" in str(body):
        body = {"text": body["text"].format(n=n)}
    try:
        await whole(port, method, path, body)
    except Failed as error:
        if not str(error).startswith(expected):
            raise


async def memory(server: Server, cycles: int) -> dict[str, Any]:
    """Memory in MB before, during and after so many short requests, after a warm-up."""
    seen: list[float] = []
    step = max(1, cycles // LOOKS)
    start = time.perf_counter()
    for n in range(step + cycles):
        if n >= step and (n - step) % step == 0:
            seen.append(server.memory_mb())
        await one_cycle(server.port, n)
    seen.append(server.memory_mb())
    rate = (step + cycles) / (time.perf_counter() - start)
    return {"cycles": cycles, "requests_per_second": round(rate), "memory_mb": seen, "grown_mb": seen[-1] - seen[0]}


# -- a cold open


def open_seconds(url: str, times: int = 5) -> list[float]:
    """Seconds from requesting the page until its sheet accepts a key, each in a new Chromium."""
    from playwright.sync_api import expect, sync_playwright

    found = []
    with sync_playwright() as play:
        for _ in range(times):
            browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(url, wait_until="commit")
            page.locator("#lyrics").press("O")
            expect(page.locator("#lyrics")).to_have_value("O")
            found.append(time.perf_counter() - start)
            browser.close()
    return found


CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def spread(seconds: list[float]) -> dict[str, float]:
    """Milliseconds at the 50th and the 95th percentile."""
    cuts = quantiles(seconds, n=20) if len(seconds) > 1 else [0.0] * 19
    return {"count": len(seconds), "p50_ms": round(cuts[9] * 1e3, 1), "p95_ms": round(cuts[18] * 1e3, 1)}


def writing(server: Server, options: argparse.Namespace) -> Callable[[], dict[str, Any]]:
    before = server.cpu_seconds()
    tally = asyncio.run(crowd(server.port, options.clients, options.seconds, options.particles))
    delivered, worked = tally.lines / options.seconds, server.cpu_seconds() - before

    def figures() -> dict[str, Any]:
        batch, batch_cpu = batch_rate(options.particles, options.seconds / 2)
        return {
            "clients": options.clients,
            "seconds": options.seconds,
            "particles": options.particles,
            "errors": dict(tally.errors),
            "songs": tally.songs,
            "first_line": spread(tally.first),
            "typed_line_meanwhile": spread(tally.typed),
            "lines_per_second": round(delivered, 1),
            "batch_lines_per_second": round(batch, 1),
            "ratio": round(delivered / batch, 3),
            "studio_cores": round(worked / options.seconds, 2),
            "lines_per_cpu_second": round(tally.lines / worked, 1),
            "batch_lines_per_cpu_second": round(batch_cpu, 1),
        }

    return figures


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--clients", type=int, default=20)
    made.add_argument("--seconds", type=float, default=60.0)
    made.add_argument("--particles", type=int, default=Settings().particles)
    made.add_argument("--cycles", type=int, default=0)
    made.add_argument("--open", action="store_true")
    options = made.parse_args()
    cores = len(os.sched_getaffinity(0))
    figures: dict[str, Any] = {"cores": cores, "load_average": os.getloadavg()[0]}
    with studio() as server:
        later = None
        if options.clients:
            figures["typing"] = asyncio.run(typing_alone(server.port))
            later = writing(server, options)
        if options.cycles:
            figures["memory"] = asyncio.run(memory(server, options.cycles))
        if options.open:
            figures["open"] = spread(open_seconds(server.url))
    if later:
        figures |= later()
    report("studio_load", figures)


if __name__ == "__main__":
    main()
