"""The classic recipe as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from classicsongs import exercise, tune, tune_name

from lyricist.apps.cli import run as lyricist
from lyricist.apps.schemas import schema
from lyricist.model.checkpoint import Run

pytest.importorskip("gensim")  # has no package for Python 3.14 yet

TINY = ("--embedding", "16", "--hidden", "16", "--batch", "32")


def call(*arguments: object) -> int:
    return lyricist([str(a) for a in arguments])


def error(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_from_a_csv_and_a_folder_to_a_song(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    songs, tunes = exercise(tmp_path, without=(1,))
    (tunes / tune_name(2)).write_bytes(b"MThd, but no more")
    run = tmp_path / "run"
    asked = (*TINY, "--epochs", "2", "--cell", "gru", "--melody-input", "project", "--dropout", "0.1")
    assert call("train", songs, "--recipe", "classic", "--midi", tunes, "-o", run, *asked) == 0
    told = capsys.readouterr().err
    assert "The Paper Boats - Boat B Sails" in told
    assert tune_name(2) in told
    assert "songs left out, all of them in card.md: 2" in told
    assert "validation L1 loss" in told
    assert "perplexity" not in told
    config = Run.open(run).config
    assert config["model"]["melody_input"] == "project"
    assert config["model"]["dropout"] == 0.1
    (without, why), (broken, said) = sorted(config["left_out"])
    assert (without, why) == ("The Paper Boats - Boat B Sails", "no tune is joined to it by name")
    assert broken == "The Paper Boats - Boat C Sails"
    assert tune_name(2) in said

    assert call("write", "-m", run, "--melody", tunes / tune_name(4), "--start", "Walked", "--seed", "3") == 0
    out, err = capsys.readouterr()
    assert out.startswith("Walked ")
    assert out.strip().split("\n\n")[1] == out.strip().split("\n\n")[3]
    assert "form: verse 4, chorus 4, verse 4, chorus 4; longest copied run:" in err
    assert "again: lyricist" in err


def test_json_keeps_the_contract(
    classic_run: Path, sea: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    tune_file = sea[1] / tune_name(0)
    assert call("write", "-m", classic_run, "--melody", tune_file, "--count", "2", "--seed", "1", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, schema("write"))
    assert [song["seed"] for song in data["songs"]] == [1, 2]
    assert data["songs"][0]["sections"][0]["lines"][0]["reading"] is None


def test_explain_shows_the_ten(classic_run: Path, sea: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    tune_file = sea[1] / tune_name(0)
    assert call("write", "-m", classic_run, "--melody", tune_file, "--lines", "1", "--seed", "1", "--explain") == 0
    rows = [row for row in capsys.readouterr().err.splitlines() if "100% allowed" in row]
    assert rows
    assert all(row.count(" -> ") == 10 for row in rows)


def test_evaluating_on_its_own_songs_and_on_others(
    classic_run: Path, sea: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("evaluate", classic_run, "--songs", "2", "--json") == 0
    own = json.loads(capsys.readouterr().out)
    jsonschema.validate(own, schema("evaluate"))
    assert own["kind"] == "classic"
    assert own["written"]["songs"] == 2
    assert call("evaluate", classic_run, sea[0], "--midi", sea[1], "--songs", "0", "--json") == 0
    others = json.loads(capsys.readouterr().out)
    jsonschema.validate(others, schema("evaluate"))
    assert others["songs"] == 14
    assert call("evaluate", classic_run, "--songs", "0") == 0
    assert "top10 accuracy" in capsys.readouterr().out


def test_the_project_s_own_model_stands_in_the_same_table(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", run_dir, "--songs", "0", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("evaluate"))
    assert 0 <= found["top1_accuracy"] <= found["top10_accuracy"] <= 1
    assert found["top10_accuracy"] > found["frequent10_accuracy"]


def test_a_prepared_corpus_and_resuming(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    songs, tunes = exercise(tmp_path)
    corpus, run = tmp_path / "corpus", tmp_path / "run"
    assert call("prepare", songs, "-o", corpus, "--midi", tunes, "--keep-duplicates") == 0
    training = ("train", corpus, "--recipe", "classic", "--midi", tunes, *TINY)
    assert call(*training, "-o", run, "--epochs", "1", "--context", "4", "--batch", "4") == 0
    before = Run.open(run).state()["cursor"]["step"]
    assert call("train", "-o", run, "--resume") == 0
    assert Run.open(run).state()["cursor"]["step"] == before
    capsys.readouterr()
    assert call("train", "-o", run, "--resume", "--hidden", "17") == 2
    assert "hidden is 16" in error(capsys)
    assert call("train", "-o", run, "--resume", "--context", "3") == 2
    assert "--resume and --context 3 clash" in error(capsys)


def test_vectors_from_a_file(sea: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    words = [
        "i",
        "the",
        "and",
        "you",
        "to",
        "by",
        "me",
        "was",
        "river",
        "morning",
        "winter",
        "open",
        "cold",
        "walked",
        "along",
    ]
    rows = "".join(f"{word} " + " ".join(f"{x:.4f}" for x in rng.normal(size=8)) + "\n" for word in words)
    (tmp_path / "glove.txt").write_text(rows)
    (tmp_path / "cut.txt").write_text(rows[:-30])
    training = ("train", sea[0], "--recipe", "classic", "--midi", sea[1], "--hidden", "16", "--epochs", "1")
    assert call(*training, "--vectors", tmp_path / "glove.txt", "-o", tmp_path / "run") == 0
    run = Run.open(tmp_path / "run")
    assert run.config["model"]["embedding"] == 8
    assert run.config["vectors"]["source"] == "glove.txt"
    assert "river" in run.vocabulary
    assert "harbour" not in run.vocabulary
    for options, expected in (
        (("--vectors", tmp_path / "cut.txt"), "is cut short or damaged"),
        (("--vectors", tmp_path / "glove.txt", "--embedding", "300"), "have 8 numbers, not 300"),
    ):
        assert call(*training, *options, "-o", tmp_path / "other") == 2
        assert expected in error(capsys)
        assert not (tmp_path / "other").exists()


def test_a_csv_and_a_folder_that_do_not_match(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    songs, tunes = exercise(tmp_path, without=range(14))
    (tunes / "Somebody_-_Something_Else.mid").write_bytes(tune(0))
    assert call("train", songs, "--recipe", "classic", "--midi", tunes, "-o", tmp_path / "run", *TINY) == 2
    line = error(capsys)
    assert "'The Paper Boats - Boat A Sails'" in line
    assert "'Somebody_-_Something_Else.mid'" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--recipe", "modern"), "--recipe 'modern' is unknown"),
        (("--recipe", "classic"), "name their folder with --midi"),
        (("--melody-input", "concat"), "--melody-input concat is for the classic recipe"),
        (("--context", "4"), "--context 4 is for the classic recipe"),
        (("--recipe", "classic", "--preset", "tiny"), "--recipe classic and --preset tiny clash"),
        (("--recipe", "classic", "--untied"), "--recipe classic and --untied clash"),
        (("--recipe", "classic", "--steps", "9"), "--recipe classic and --steps 9 clash"),
        (("--from", "CLASSIC"), "is a classic run, which cannot be fine-tuned"),
        (("--recipe", "classic", "--from", "x"), "--recipe classic and --from x clash"),
    ],
)
def test_training_options_that_clash(
    options: tuple[str, ...],
    expected: str,
    sea: tuple[Path, Path],
    classic_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [classic_run if option == "CLASSIC" else option for option in options]
    assert call("train", sea[0], "-o", tmp_path / "run", *given) == 2
    assert expected in error(capsys)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "name one with --melody"),
        (("--rhyme", "ABAB"), "--rhyme: a classic run follows only"),
        (("--no-keep-chorus", "--top-k", "5"), "--top-k: a classic run follows only"),
        (("--best-of", "4"), "--best-of: a classic run follows only"),
        (("--phrases", "8,6"), "--phrases: a classic run follows only"),
        (("--start", "rivr", "--melody", "TUNE"), "did you mean river?"),
        (("--melody", "nothing.mid"), "nothing.mid is not there"),
        (("--melody", "TUNE", "-o", "song.mid"), "use .txt, .json, .jsonl"),
    ],
)
def test_writing_options_that_a_classic_run_refuses(
    options: tuple[str, ...],
    expected: str,
    classic_run: Path,
    sea: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [sea[1] / tune_name(0) if option == "TUNE" else option for option in options]
    assert call("write", "-m", classic_run, *given) == 2
    assert expected in error(capsys)


@pytest.mark.parametrize(
    ("options", "expected"),
    [(("SONGS",), "name their folder with --midi"), (("--midi", "TUNES"), "the run keeps the tunes")],
)
def test_evaluating_needs_the_tunes_of_other_songs(
    options: tuple[str, ...],
    expected: str,
    classic_run: Path,
    sea: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [{"SONGS": sea[0], "TUNES": sea[1]}.get(option, option) for option in options]
    assert call("evaluate", classic_run, *given) == 2
    assert expected in error(capsys)


def test_writing_and_judging_need_no_deep_learning_framework(classic_run: Path, sea: tuple[Path, Path]) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'gensim', 'onnx', 'matplotlib', 'tensorboard'): sys.modules[name] = None\n"
        "from lyricist.apps.cli import run\n"
        f"sys.exit(run(['write', '-m', {str(classic_run)!r}, '--melody', {str(sea[1] / tune_name(0))!r}])"
        f" or run(['evaluate', {str(classic_run)!r}, '--songs', '1']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "top10 accuracy" in done.stdout
