"""Bad files of music on the command line: one clear line, exit 2, little memory, no network."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lyricist.checkpoint import Run
from lyricist.cli import run as lyricist

MEGABYTES = 500
LONG = b"\xff\xff\xff\x7f"  # the longest time between two events, 268,435,455 ticks
NOTE, END = b"\0\x90\x3c\x40\x60\x80\x3c\x00", b"\0\xff\x2f\0"
PART = '<part-list><score-part id="P1"><part-name>V</part-name></score-part></part-list>'


def track(body: bytes) -> bytes:
    return b"MTrk" + len(body + END).to_bytes(4) + body + END


def midi(*bodies: bytes, division: int = 480) -> bytes:
    head = b"\0\1" + len(bodies).to_bytes(2) + division.to_bytes(2)
    return b"MThd\0\0\0\6" + head + b"".join(map(track, bodies))


def xml(inside: str, before: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{before}<score-partwise>{PART}<part id="P1">{inside}</part></score-partwise>'.encode()
    )


def bomb(megabytes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("score.xml", b" " * megabytes * 2**20)
    return out.getvalue()


SUNG = "<measure><attributes><divisions>1</divisions></attributes>{}</measure>"
C = "<note><pitch><step>C</step><octave>5</octave></pitch><duration>1</duration></note>"
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty.mid": (b"", "is empty"),
    "cut.mid": (midi(NOTE)[:12], "ends within its header"),
    "division.mid": (midi(NOTE, division=0), "0 ticks to a quarter"),
    "tracks.mid": (midi(*[NOTE] * 300), "more than 256 tracks"),
    "events.mid": (midi(b"\0\x90\x3c\x40" * 50_001), "more than 50,000 notes"),
    "ticks.mid": (midi(b"\0\x90\x3c\x40" + (LONG + b"\xb0\7\1") * 15 + LONG + b"\x80\x3c\0"), "hours"),
    "hours.mid": (midi((LONG + NOTE[1:]) * 100), "hours"),
    "silent.mid": (midi(b"\0\xff\1\2hi"), "no notes"),
    "drums.mid": (midi(NOTE.replace(b"\x90", b"\x99").replace(b"\x80", b"\x89")), "only drums"),
    "cut.musicxml": (xml(SUNG.format(C))[:-40], "cut.musicxml"),
    "entities.musicxml": (xml(SUNG.format(C), '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]>'), "entities"),
    "outside.musicxml": (xml(SUNG.format(C), '<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/">]>'), "entities"),
    "division.musicxml": (xml(SUNG.replace("1<", "0<").format(C)), "must be a number above 0"),
    "silent.musicxml": (xml(SUNG.format("")), "no notes"),
    "bomb.mxl": (bomb(64), "bomb.mxl"),
    "cut.mxl": (bomb(1)[:-30], "cut.mxl"),
    "nothing.abc": (b"X:1\nT:None\nK:C\n", "no notes"),
}
TAKEN = {  # odd, but tunes
    "chords.mid": midi(b"\0\x90\x3c\x40\0\x90\x40\x40\x60\x80\x3c\0\0\x80\x40\0" * 8),
    "notempo.mid": midi(NOTE * 8),
    "one.mid": midi(NOTE),
}


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
from lyricist.cli import run
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
