"""Bad files of music on the command line: one clear line, exit 2, little memory, no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from badtunes import REFUSED, TAKEN
from lyricist.apps.cli import run as lyricist
from lyricist.model.checkpoint import Run

MEGABYTES = 500


def call(*arguments: object) -> int:
    return lyricist([str(a) for a in arguments])


def put(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(REFUSED[name][0] if name in REFUSED else TAKEN[name])
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_tune_gets_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("plan", put(tmp_path, name)) == 2
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1 and REFUSED[name][1] in err


@pytest.mark.parametrize("name", ["cut.mid", "hours.mid", "entities.musicxml", "nothing.abc"])
def test_so_do_writing_and_checking(name: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, lyrics = put(tmp_path, name), tmp_path / "words.txt"
    lyrics.write_text("one two three\n", encoding="utf-8")
    for arguments in (("write", "-m", run.path), ("check", lyrics)):
        assert call(*arguments, "--melody", path) == 2
        out, err = capsys.readouterr()
        assert not out and REFUSED[name][1] in err.splitlines()[-1] and "Traceback" not in err


@pytest.mark.parametrize("name", TAKEN)
def test_an_odd_tune_is_a_tune(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("plan", put(tmp_path, name)) == 0
    assert capsys.readouterr().out


CHILD = """
import socket, sys
def refuse(*_, **__): raise AssertionError("the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from lyricist.apps.cli import run
bad = max(run(["plan", path]) != 2 for path in sys.argv[1:])
# Of this process alone: the maximum that the system keeps for a child begins with what its parent held.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(bad, int(peak.split()[1]))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
def test_bad_tunes_take_little_memory_and_no_network(tmp_path: Path) -> None:
    paths = [str(put(tmp_path, name)) for name in REFUSED]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *paths],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    bad, kilobytes = child.stdout.split()
    assert bad == "False" and int(kilobytes) < MEGABYTES * 1024
