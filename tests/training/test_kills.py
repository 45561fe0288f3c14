"""Commands that write, killed at every rename: the old or the new is there, whole, and the next start tidies up."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import KILLS, literal_songs
from tests.training.test_trainer import all_arrays

import lyricist
from lyricist.corpus import Corpus, open_corpus
from lyricist.model.checkpoint import Run
from lyricist.training.record import read_history

pytestmark = pytest.mark.full
TINY = ["--preset", "tiny", "--hidden", "8", "--embedding", "8", "--batch", "8", "--steps", "16", "--no-sample"]


class Commands:
    """Command lines in children of one process, see tests/kill_server.py."""

    def __init__(self, empty: Path) -> None:
        server = Path(__file__).parents[1] / "kill_server.py"
        command, env = [sys.executable, str(server), str(empty)], {**os.environ, "OMP_NUM_THREADS": "1"}
        self.errors = open(empty / "errors.txt", "w+")  # noqa: SIM115 (closed with the process)
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors}
        self.process = subprocess.Popen(command, text=True, env=env, **pipes)

    def call(self, *arguments: object, kill_at: int = 0) -> tuple[int, int]:
        """The exit code, -9 if it was killed, and the calls made."""
        assert self.process.stdin is not None and self.process.stdout is not None
        asked = {"arguments": [str(a) for a in arguments], "kill_at": kill_at}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        assert found["code"] in (0, -9), Path(self.errors.name).read_text()[-200:]
        return found["code"], found["calls"]

    def killed_everywhere(self, *arguments: object, every: int = 1) -> Iterator[int]:
        """The numbers of the calls before which a command was killed, until it has made all of them."""
        kill_at = 1
        while self.call(*arguments, kill_at=kill_at)[0] == -9:
            yield kill_at
            kill_at += every


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    made = Commands(tmp_path_factory.mktemp("commands"))
    yield made
    assert made.process.stdin is not None
    made.process.stdin.close()
    made.process.wait()
    made.errors.close()


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*") if path.name.startswith(".")]


def content(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return {str(p.relative_to(path)): p.read_bytes() for p in files if "tensorboard" not in p.parts}


def test_prepare_killed_at_every_rename(commands: Commands, tmp_path: Path) -> None:
    for name, songs in (("old", literal_songs()[:40]), ("new", literal_songs()[30:])):
        (tmp_path / f"{name}.txt").write_text("\n\n\n".join(songs))
    out = tmp_path / "here" / "c"
    commands.call("prepare", tmp_path / "old.txt", "-o", out)
    old, kills = open_corpus(out).fingerprint, 0
    for _ in commands.killed_everywhere("prepare", tmp_path / "new.txt", "-o", out, "--force"):
        kills += 1
        assert len(list(open_corpus(out).songs())) == len(open_corpus(out))
    assert kills and open_corpus(out).fingerprint != old and not leftovers(out.parent)


@pytest.mark.parametrize("how", ["onnx", "share", "write"])
def test_export_and_write_killed_at_every_rename(commands: Commands, run: Run, tmp_path: Path, how: str) -> None:
    out = tmp_path / {"onnx": "x.onnx", "share": "shared", "write": "song.txt"}[how]
    command = ["write", "-m", run.path, "--seed", "1"] if how == "write" else ["export", run.path]
    command += {"onnx": ["--to", "onnx"], "share": ["--share"], "write": []}[how] + ["-o", out]
    commands.call(*command)
    whole, kills = content(out), 0
    for _ in commands.killed_everywhere(*command, "--force"):
        kills += 1
        assert content(out) == whole
    assert kills and content(out) == whole and not leftovers(tmp_path)


@pytest.mark.parametrize("recipe", ["lstm", "classic"])
def test_train_killed_at_many_renames(
    commands: Commands, corpus: Corpus, tmp_path: Path, request: pytest.FixtureRequest, recipe: str
) -> None:
    """A run is replaced: every kill leaves the old one or one that can be used and goes on."""
    out = tmp_path / "r"
    command: list[object] = ["train", corpus.path, *TINY, "--epochs", "0.2", "-o", out]
    if recipe == "classic":
        songs, tunes = request.getfixturevalue("sung").path, request.getfixturevalue("sea")[1]
        sizes = ["--hidden", 8, "--embedding", 8, "--batch", 64, "--epochs", 0.2]
        command = ["train", songs, "--recipe", "classic", "--midi", tunes, *sizes, "-o", out]
    _, calls = commands.call(*command, "--seed", 1)
    shutil.copytree(out, old := tmp_path / "old")
    kills = 0
    for _ in commands.killed_everywhere(*command, "--seed", 2, "--force", every=max(1, calls // KILLS)):
        kills += 1
        found = Run.open(out)
        lyricist.load(found)
        found.file("state.safetensors", "resume")
        if found.config["train"]["seed"] == 2:  # the new one: make the old one again
            assert commands.call("train", "-o", out, "--resume")[0] == 0
            assert not leftovers(tmp_path)
            shutil.rmtree(out)
            shutil.copytree(old, out)
    assert kills and Run.open(out).config["train"]["seed"] == 2 and not leftovers(tmp_path)


def test_a_training_killed_again_and_again_gives_the_bits_of_a_whole_one(
    commands: Commands, corpus: Corpus, tmp_path: Path
) -> None:
    """Kills at random renames of a training that saves after every step, until it has come to its end or has been killed KILLS times."""
    asked = [*TINY, "--epochs", "2", "--patience", "99", "--save-every", "0.000001"]
    commands.call("train", corpus.path, "-o", tmp_path / "whole", *asked)
    rng, kills, out = random.Random(7), 0, tmp_path / "cut"
    while True:
        more = ["--resume"] if (out / "latest").exists() else asked
        kill_at = rng.randrange(1, 45) if kills < KILLS else 0
        code, _ = commands.call("train", corpus.path, "-o", out, *more, kill_at=kill_at)
        if code == 0:
            break
        kills += 1
    assert kills >= min(KILLS, 20)
    whole, cut = all_arrays(tmp_path / "whole"), all_arrays(out)
    assert whole.keys() == cut.keys() and all((whole[k] == cut[k]).all() for k in whole)
    rows = [
        [(r["step"], r["valid_loss"]) for r in read_history(tmp_path / n) if "valid_loss" in r]
        for n in ("whole", "cut")
    ]
    assert rows[0] == rows[1]
    assert not leftovers(tmp_path)
