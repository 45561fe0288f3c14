"""Data-parallel training under torchrun, with two real processes on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lyricist._io import load_arrays
from lyricist.corpus import Corpus
from lyricist.model.checkpoint import Run
from lyricist.training.record import read_history

TOLERANCE = 1e-4  # nats: fp32 sums in another order, over 60 steps
OPTIONS = [
    "--preset",
    "tiny",
    "--hidden",
    "32",
    "--embedding",
    "24",
    "--steps",
    "16",
    "--epochs",
    "4",
    "--dropout-embedding",
    "0",
    "--dropout",
    "0",
    "--negatives",
    "0",
    "--patience",
    "99",
    "--no-sample",
]


def train(launcher: list[str], corpus: Corpus, out: Path, batch: int) -> subprocess.CompletedProcess[str]:
    command = [
        *launcher,
        "-m",
        "lyricist",
        "train",
        str(corpus.path),
        "-o",
        str(out),
        "--batch",
        str(batch),
        *OPTIONS,
    ]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def losses(run: Path) -> list[float]:
    return [row["valid_loss"] for row in read_history(run) if "valid_loss" in row]


@pytest.mark.full
def test_two_processes_train_like_one_with_the_doubled_batch(corpus: Corpus, tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    two = train(launcher, corpus, tmp_path / "two", 4)
    assert two.returncode == 0, two.stderr[-2000:]
    one = train([sys.executable], corpus, tmp_path / "one", 8)
    assert one.returncode == 0, one.stderr
    a, b = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(a) == len(b) > 3
    assert max(abs(x - y) for x, y in zip(a, b, strict=True)) < TOLERANCE
    assert a[-1] < a[0] - 0.3  # it did learn something in these steps
    weights = [load_arrays(Run.open(tmp_path / n).file("weights.safetensors")) for n in ("one", "two")]
    assert all(abs(weights[0][k] - weights[1][k]).max() < 5e-3 for k in weights[0])
    steps = [json.loads((tmp_path / n / "latest").read_text())["resume"] for n in ("one", "two")]
    assert steps[0] == steps[1]


@pytest.mark.full
def test_under_torchrun_songs_must_be_prepared_first(tmp_path: Path) -> None:
    (tmp_path / "songs.txt").write_text("la la la\n" * 30)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "lyricist", "train"]
    done = subprocess.run(
        [*command, str(tmp_path / "songs.txt"), "-o", str(tmp_path / "r")], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "lyricist prepare" in done.stderr
    assert not (tmp_path / "r").exists()
