"""`lyricist sweep` as a user types it: exit codes, streams, what is said and what is left."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from tests.training.test_trainer import wait_for

from lyricist.apps.cli import run as lyricist
from lyricist.apps.schemas import schema
from lyricist.corpus import Corpus
from test_public_surface import without

TINY = ("--preset", "tiny", "--set", "hidden=8", "--set", "embedding=8", "--set", "batch=8", "--set", "steps=16")
TWO = (*TINY, "--set", "epochs=1", "--set", "evaluations=2", "--set", "cell=lstm,gru")


def call(*arguments: object) -> int:
    return lyricist(["sweep", *(str(a) for a in arguments)])


def last_line(captured: str) -> str:
    line = captured.strip().splitlines()[-1]
    assert line.startswith("lyricist: ")
    return line


def test_a_grid_from_the_command_line(corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s"
    assert call(corpus.path, "-o", out, *TWO) == 0
    table, report = capsys.readouterr()
    assert "2 trials; 1 at a time" in report
    assert "1/2  trial 1: cell=lstm: validation" in report
    assert f"lyricist write -m {out / 'best'}" in report
    assert len(table.strip().splitlines()) == 3
    with open(out / "trials.csv", encoding="utf-8", newline="") as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["complete"] * 2
    assert call(corpus.path, "-o", out, *TWO, "--json") == 0
    printed, report = capsys.readouterr()
    assert "2 trials, 2 done before" in report
    told = json.loads(printed)
    jsonschema.validate(told, schema("sweep"))
    assert told["states"]["complete"] == told["count"] == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--set", "hiden=8,16"), "the nearest is hidden"),
        ((), "nothing to vary"),
        (("--classic-grid", "--set", "hidden=8"), "--classic-grid and --set hidden=8 clash"),
        (("--classic-grid", "--trials", "3"), "--classic-grid and --trials 3 clash"),
        (("--set", "hidden=8,16", "--trials", "3", "--sampler", "grid"), "--trials 3 and a grid of 2 clash"),
        (("--set", "hidden=8,16", "--budget", "soon"), "--budget 'soon' is not a time"),
        (("--set", "hidden=8,16", "--preset", "huge"), "--preset 'huge' is unknown"),
        (("--set", "hidden=8,16", "--tokenizer", "syllable"), "syllable"),
        (("--set", "hidden=8,16", "--storage", "postgresql://me:secret@127.0.0.1:1/x"), "Connection refused"),
        (("--set", "hidden=8,16", "--storage", "oracle://me@host/x"), "driver"),
    ],
)
def test_a_wrong_call_is_one_line_and_makes_nothing(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    assert call(corpus.path, "-o", tmp_path / "s", *arguments) == 2
    out, err = capsys.readouterr()
    assert expected in last_line(err)
    assert "secret" not in err
    assert out == ""
    assert not (tmp_path / "s").exists()


def test_without_songs_only_the_classic_grid_knows_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("-o", "nowhere", "--set", "hidden=8,16") == 2
    assert "no songs named" in last_line(capsys.readouterr().err)
    assert not Path("nowhere").exists()


def test_when_every_trial_fails_it_says_why(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(corpus.path, "-o", tmp_path / "s", "--preset", "tiny", "--set", "batch=90000") == 2
    assert "every trial failed, the first with: the training songs hold" in last_line(capsys.readouterr().err)
    assert (tmp_path / "s" / "trials.csv").exists()


def test_ctrl_c_ends_it_cleanly_and_the_same_command_goes_on(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "s"
    long = (*TINY, "--set", "epochs=100000", "--set", "cell=lstm,gru", "--set", "patience=1000")
    command = [sys.executable, "-m", "lyricist", "sweep", str(corpus.path), "-o", str(out), *long]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "2 trials" in line:
                break
        wait_for(lambda: list(out.glob("*run-0001*/history.jsonl")) or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        report = process.stderr.read()
    assert process.returncode == 0, report
    assert "stopped with 2 of 2 trials to do: the same command goes on" in report
    assert (out / "run-0001" / "latest").exists() and not list(out.glob("worker-*"))
    assert json.loads((out / "sweep.json").read_text())["states"]["waiting"] == 2


def test_without_optuna_it_names_the_pip_install(corpus: Corpus, tmp_path: Path) -> None:
    done = without(("optuna",), ["sweep", str(corpus.path), "-o", str(tmp_path / "s"), "--set", "hidden=8,16"])
    assert done.returncode == 2
    assert "pip install 'lyricist[sweep]'" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "s").exists()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from lyricist.apps.cli import run\n"
        "run(['sweep', '--help'])\n"
        "print([m for m in ('optuna', 'sqlalchemy', 'torch', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
