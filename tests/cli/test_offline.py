"""Every command with an empty home and without a network: no file outside the project's own, no connection tried."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import literal_songs

from lyricist.apps.cli import CACHES

RUN = Path(__file__).parents[1] / "golden" / "run-1"
SOURCES = Path(__file__).parents[2] / "src"
GUARD = """
import os, sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        named = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        if isinstance(named, (str, bytes)) and event != "socket.getaddrinfo":
            return  # a socket of this machine
        if named in (None, "127.0.0.1", "localhost") or (isinstance(named, tuple) and named[0] == "127.0.0.1"):
            return
        with open(os.environ["TRIED"], "a") as file:
            file.write(f"{event} {named}\\n")
        raise OSError("no network")
sys.addaudithook(refuse)
"""


def works(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True).returncode == 0


NO_ROUTES = ("unshare", "-rn") if works("unshare", "-rn", "true") else ()
TRACED = ("strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto", "-o")
TRACES = works(*TRACED[:-1], "true")


class Offline:
    """A home, a folder for temporary files and one to work in, all empty; `start` runs the command line there."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary, self.place = (folder / name for name in ("home", "tmp", "place"))
        self.tried, self.trace, guard = folder / "tried", folder / "trace", folder / "guard"
        for each in (self.home, self.temporary, self.place, guard):
            each.mkdir()
        (guard / "sitecustomize.py").write_text(GUARD)
        kept = {"PATH", "LANG", "OMP_NUM_THREADS"}
        self.environment = {name: value for name, value in os.environ.items() if name in kept} | {
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "TRIED": str(self.tried),
            "PYTHONPATH": os.pathsep.join(map(str, (guard, SOURCES))),
        }

    def start(self, *arguments: object, trace: bool = False) -> subprocess.Popen[str]:
        how = (*NO_ROUTES, *((*TRACED, str(self.trace)) if trace and TRACES else ()))
        command = [*how, sys.executable, "-m", "lyricist", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=self.place, env=self.environment, text=True, **pipes)  # type: ignore[call-overload,no-any-return]

    def run(self, *arguments: object, trace: bool = False) -> None:
        process = self.start(*arguments, trace=trace)
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        self.look()

    def look(self, *own: Path) -> None:
        """Compare what is there with what may be."""
        mine = (self.home / ".cache/lyricist", *own)
        files = [path for path in self.home.rglob("*") if not path.is_dir()]
        assert [path for path in files if not any(path.is_relative_to(folder) for folder in mine)] == []
        assert list(self.temporary.iterdir()) == []
        assert not self.tried.exists(), self.tried.read_text()
        if self.trace.exists():
            calls = self.trace.read_text().splitlines()
            assert [line for line in calls if "AF_INET" in line and "127.0.0.1" not in line] == []


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    return Offline(tmp_path)


@pytest.fixture
def songs(offline: Offline) -> Path:
    folder = offline.place / "songs"
    folder.mkdir()
    for i, text in enumerate(literal_songs()[:40]):
        (folder / f"{i:02}.txt").write_text(text)
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("write", "-m", RUN, "--seed", 1, "--syllables", "6", "--lines", 2, "--form", "verse", "--particles", 2),
        ("plan", "-m", RUN, "--syllables", "6", "--lines", 2, "--form", "verse"),
        ("rhymes", "river"),
        ("forms",),
        ("check", SOURCES / "lyricist" / "corpus" / "songbook" / "01-the-late-forty-two.txt"),
        ("export", RUN, "--to", "onnx", "-o", "model.onnx"),
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_a_command_leaves_nothing_and_calls_nobody(offline: Offline, arguments: tuple[object, ...]) -> None:
    offline.run(*arguments)


def test_songs_are_prepared_and_compared_offline(offline: Offline, songs: Path) -> None:
    offline.run("prepare", songs, "-o", "corpus")
    offline.run("check", songs / "00.txt", "--against", "corpus")


def test_a_program_that_imports_the_package_is_silent(offline: Offline) -> None:
    code = f"import lyricist; print(lyricist.load({str(RUN)!r}).write(seed=1)[0].text)"
    subprocess.run(
        [*NO_ROUTES, sys.executable, "-c", code],
        cwd=offline.place,
        env=offline.environment,
        check=True,
        capture_output=True,
    )
    offline.look()
    assert not (offline.home / ".cache").exists()


def test_the_environment_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    from lyricist.apps.cli import keep_caches

    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    for name in CACHES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", "/keras")
    keep_caches()
    assert os.environ["KERAS_HOME"] == "/keras"
    assert os.environ["MPLCONFIGDIR"] == os.path.join("/caches", "lyricist", "matplotlib")


@pytest.mark.full
def test_training_and_what_follows_it_offline(offline: Offline, songs: Path) -> None:
    small = ("--preset", "tiny", "--hidden", 24, "--embedding", 16, "--batch", 4, "--steps", 12, "--epochs", 1)
    offline.run("train", songs, "-o", "run", *small, trace=True)
    offline.run("evaluate", "run", "--songs", 2, trace=True)
    offline.run("write", "-m", "run", "--count", 2, "--seed", 1, trace=True)
    offline.run("export", "run", "--share", "-o", "copy", trace=True)


@pytest.mark.full
def test_a_sweep_offline(offline: Offline, songs: Path) -> None:
    pytest.importorskip("optuna")
    offline.run(
        "sweep", songs, "-o", "sweep", "--set", "hidden=16,24", "--budget", "2s", "--preset", "tiny", trace=True
    )


@pytest.mark.full
def test_the_exercise_offline(offline: Offline, songbook_made: Path) -> None:
    tables = [songbook_made / name for name in ("train.csv", "test.csv", "midi")]
    offline.run(
        "exercise",
        *tables,
        "-o",
        "report",
        "--quick",
        "--budget",
        "1s",
        "--variant",
        "classic-lstm-concat",
        trace=True,
    )


@pytest.fixture
def songbook_made(tmp_path: Path) -> Path:
    sys.path.insert(0, str(Path(__file__).parents[1] / "exercise"))
    from songbook import make

    (tmp_path / "tables").mkdir()
    return make(tmp_path / "tables")


@pytest.mark.full
def test_keras_offline(offline: Offline) -> None:
    pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    offline.run("export", RUN, "--to", "keras", "-o", "model.keras", trace=True)


@pytest.mark.full
def test_the_studio_offline(offline: Offline) -> None:
    pytest.importorskip("fastapi")
    process = offline.start("studio", "--no-browser", "--port", 0)  # not traced: strace keeps the signal
    assert process.stdout is not None
    assert process.stdout.readline().startswith("studio: http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    offline.look(offline.home / ".local/share/lyricist")
