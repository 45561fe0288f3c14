"""Songs, plans, scores, refusals and helps are what they were: the recordings under tests/golden/songs.

A change that is meant to leave songs alone must leave every one of them alone. After a deliberate change of songs or texts
record again, all groups or only those named, and read the diff:

    python tests/test_same_songs.py --record [GROUP ...]

Sums of floats depend on the processor and on the versions of NumPy and ONNX Runtime, so a recording holds for those it was
made with; with others this is skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
SONGS = HERE / "golden" / "songs"
GROUPS = ("texts", "tunes", "measured", "worded", "small", "own", "drawn", "sectioned", "refusals", "help")
LONG = ("own", "texts", "measured")  # take minutes, the first the most
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16")
PACKAGES = ("numpy", "onnxruntime", "typer", "rich")


def environment() -> dict[str, str]:
    """What recordings depend on, beside the code."""
    cpus = Path("/proc/cpuinfo")
    known = (
        next((row for row in cpus.read_text().splitlines() if row.startswith("flags")), "") if cpus.exists() else ""
    )
    flags = " ".join(flag for flag in FLAGS if flag in known.split())
    return {"processor": f"{platform.machine()} {flags}", **{name: version(name) for name in PACKAGES}}


def settings() -> tuple[dict[str, str], str]:
    """The environment of processes that write, and where their folders are."""
    import lyricist

    return {**os.environ, "PYTHONPATH": str(Path(lyricist.__file__).parents[1])}, tempfile.gettempdir()


def make(
    group: str,
    threads: int = 1,
    given: tuple[dict[str, str], str] | None = None,
    begun: Callable[[Any], None] = lambda process: None,
) -> dict[str, Any]:
    """The cases of a group, written by a new process, which `begun` is told, in an empty folder."""
    environ, place = given or settings()
    environ = {**environ, "OMP_NUM_THREADS": str(threads)}
    with tempfile.TemporaryDirectory(dir=place) as folder:
        command = [sys.executable, str(HERE / "test_same_songs.py"), "--print", group]
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        begun(process)
        out, errors = process.communicate()
    assert process.returncode == 0, errors[-3000:]
    return json.loads(out)  # type: ignore[no-any-return]


def threads_of(group: str) -> int:
    """Songs do not depend on it, so both are tried."""
    return 1 + GROUPS.index(group) % 2


class Today:
    """Groups as they are written now, the longest first, one after the other in each call of `work`."""

    def __init__(self, groups: Collection[str]) -> None:
        self.left = deque(sorted(groups, key=lambda group: (*LONG, group).index(group)))
        self.made = {group: Future[dict[str, Any]]() for group in groups}
        self.processes: list[Any] = []
        self.settings = settings()  # as tests may change them

    def begin(self) -> None:
        threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        with contextlib.suppress(IndexError):  # none is left
            while group := self.left.popleft():
                try:
                    self.made[group].set_result(make(group, threads_of(group), self.settings, self.processes.append))
                except BaseException as error:
                    self.made[group].set_exception(error)

    def stop(self) -> None:
        self.left.clear()
        for process in self.processes:
            process.kill()


@pytest.fixture(scope="module")
def today(songs_of_today: Today) -> dict[str, Future[dict[str, Any]]]:
    """Every group that the chosen tests want: begun beside the tests before these, and now two at a time."""
    songs_of_today.begin()
    return songs_of_today.made


def can_compare() -> bool:
    return bool(json.loads((SONGS / "environment.json").read_text()) == environment())


@pytest.fixture(scope="module")
def same_environment() -> None:
    known, here = json.loads((SONGS / "environment.json").read_text()), environment()
    if known != here:
        parts = [f"{name} {known[name]!r}, here {here[name]!r}" for name in known if known[name] != here[name]]
        pytest.skip(f"recorded with {'; '.join(parts)}: songs may differ in the last bits of their sums")


def worded(case: Any) -> Any:
    """What is said to people in a case: messages of errors and reports on stderr."""
    return [case.get("message"), case.get("err")] if isinstance(case, dict) else None


def made_of(case: Any) -> Any:
    """All else: songs, scores, tables, exit codes."""
    return {k: v for k, v in case.items() if k not in ("message", "err")} if isinstance(case, dict) else case


def differing(part: Callable[[Any], Any], group: str, made: dict[str, Any]) -> str:
    """The cases of a group that are not as they were recorded, in one line."""
    recorded = load(group)
    names = [n for n in dict.fromkeys((*recorded, *made)) if part(recorded.get(n)) != part(made.get(n))]
    return f"{len(names)} of {len(recorded)} differ: {names[:20]}" if names else ""


@pytest.mark.full
@pytest.mark.usefixtures("same_environment")
@pytest.mark.parametrize("group", GROUPS)
def test_songs_are_what_they_were(group: str, today: dict[str, Future[dict[str, Any]]]) -> None:
    assert differing(made_of, group, today[group].result()) == ""


@pytest.mark.full
@pytest.mark.usefixtures("same_environment")
@pytest.mark.parametrize("group", GROUPS)
def test_messages_and_reports_are_what_they_were(group: str, today: dict[str, Future[dict[str, Any]]]) -> None:
    """May be changed on purpose: record again then."""
    assert differing(worded, group, today[group].result()) == ""


def test_the_recordings_hold_what_they_should() -> None:
    """Two hundred plans and more, most of them written and some refused."""
    plans = [
        case
        for group in ("measured", "worded", "sectioned", "drawn", "small", "own")
        for case in load(group).values()
    ]
    written = sum("sections" in case or isinstance(case, list) for case in plans)
    assert written >= 400 > 20 >= len(plans) - written
    assert {case.get("code") for case in load("refusals").values()} >= {2, 3}
    assert set(GROUPS) == {path.stem for path in SONGS.glob("*.json")} - {"environment"}


def load(group: str) -> dict[str, Any]:
    return json.loads((SONGS / f"{group}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def save(group: str, made: dict[str, Any]) -> None:
    """A case a line, so that a diff shows which are others."""
    rows = [f"{json.dumps(name)}: {json.dumps(case, ensure_ascii=False)}" for name, case in made.items()]
    (SONGS / f"{group}.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


def main() -> None:
    action, *groups = sys.argv[1:] or [""]
    if action == "--print":
        sys.path[:0] = [str(HERE), str(HERE.parent)]
        from songcases import made

        json.dump(made(groups[0]), sys.stdout)
    elif action == "--record":
        SONGS.mkdir(exist_ok=True)
        with ThreadPoolExecutor(2) as pool:
            for group, found in zip(groups or GROUPS, pool.map(make, groups or GROUPS), strict=True):
                save(group, found)
        (SONGS / "environment.json").write_text(json.dumps(environment(), indent=1) + "\n")
    else:
        print(__doc__)


if __name__ == "__main__":
    main()
