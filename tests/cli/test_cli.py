"""The commands as a user types them, in one process; exit codes, streams, and what is left on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import literal_songs

from lyricist.apps.cli import run as lyricist
from lyricist.apps.schemas import schema

TINY = ("--preset", "tiny", "--hidden", "24", "--embedding", "16", "--batch", "4", "--steps", "12")


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    folder.mkdir()
    for i, text in enumerate(literal_songs()[:40]):
        (folder / f"{i:02}.txt").write_text(text)
    return folder


def call(*arguments: object) -> int:
    return lyricist([str(a) for a in arguments])


def only_line(captured: str) -> str:
    lines = captured.strip().splitlines()
    assert len(lines) == 1, captured
    assert lines[0].startswith("lyricist: ")
    return lines[0]


def test_from_songs_to_a_song(songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, run = tmp_path / "corpus", tmp_path / "run"
    assert call("prepare", songs, "-o", corpus) == 0
    assert "40 songs" in capsys.readouterr().err
    assert call("train", corpus, "-o", run, *TINY, "--epochs", "2", "--no-sample") == 0
    report = capsys.readouterr().err
    assert "You need the right to use these songs" in report
    assert "trained" in report
    assert call("write", "-m", run, "--form", "verse chorus verse chorus", "--lines", "2", "--seed", "3") == 0
    out, err = capsys.readouterr()
    blocks = out.strip().split("\n\n")
    assert len(blocks) == 4
    assert blocks[1] == blocks[3]
    assert all(len(b.splitlines()) == 2 for b in blocks)
    assert "longest copied run" in err
    assert "form: verse 2, chorus 2, verse 2, chorus 2" in err
    assert "again: lyricist" in err


def test_songs_given_to_train_are_kept_inside_the_run(
    songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert call("train", songs, "-o", run, *TINY, "--epochs", "1", "--no-sample") == 0
    assert (run / "corpus" / "songs.jsonl").exists()
    capsys.readouterr()
    assert call("evaluate", run, "--json", "--songs", "5") == 0
    result = json.loads(capsys.readouterr().out)
    jsonschema.validate(result, schema("evaluate"))
    assert result["written"]["longest_copied_run"] <= 5
    assert call("train", "-o", run, "--resume") == 0
    assert call("evaluate", run, "--split", "train", "--songs", "0") == 0
    assert call("evaluate", run, songs, "--songs", "0", "--json") == 0


def test_json_keeps_the_contract(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, "--count", "3", "--seed", "5", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, schema("write"))
    assert [s["seed"] for s in data["songs"]] == [5, 6, 7]
    assert call("write", "-m", run_dir, "--count", "3", "--seed", "5", "--jsonl") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [{k: v for k, v in r.items() if k != "format"} for r in rows] == data["songs"]


@pytest.mark.parametrize("suffix", [".txt", ".json", ".jsonl"])
def test_output_by_suffix_is_what_stdout_would_be(
    run_dir: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"song{suffix}"
    flag = {".txt": [], ".json": ["--json"], ".jsonl": ["--jsonl"]}[suffix]
    assert call("write", "-m", run_dir, "--seed", "2", *flag) == 0
    printed = capsys.readouterr().out
    assert call("write", "-m", run_dir, "--seed", "2", "-o", out) == 0
    assert out.read_text().strip() == printed.strip()
    assert call("write", "-m", run_dir, "--seed", "3", "-o", out) == 2
    assert "--force" in capsys.readouterr().err.splitlines()[-1]
    assert out.read_text().strip() == printed.strip()
    assert call("write", "-m", run_dir, "--seed", "3", "-o", out, "--force") == 0
    assert out.read_text().strip() != printed.strip()


def test_the_command_it_prints_writes_the_same_song(run_dir: Path) -> None:
    def write(*more: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", "lyricist", "write", "-m", str(run_dir), "--lines", "3", *more]
        return subprocess.run(arguments, capture_output=True, text=True, check=True)

    first = write()
    again = first.stderr.split("again: lyricist ")[1].split()
    assert "--seed" in again
    assert write("--seed", again[-1]).stdout == first.stdout


def test_count_is_one_batch_with_the_same_songs(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, "--count", "70", "--seed", "0", "--jsonl", "--particles", "2") == 0
    many = capsys.readouterr().out.splitlines()
    assert len(many) == 70
    assert call("write", "-m", run_dir, "--seed", "66", "--jsonl", "--particles", "2") == 0
    assert capsys.readouterr().out.strip() == many[66]


DRAWING = (["--temperature", "3"], ["--top-k", "2"], ["--top-p", "0.3"], ["--min-p", "0.5"], ["--repetition", "3"])


@pytest.mark.parametrize("option", DRAWING)
def test_every_drawing_option_changes_songs(
    option: list[str], run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = [
        "--temperature",
        "1",
        "--min-p",
        "0",
        "--repetition",
        "0",
        "--max-copy",
        "0",
        "--seed",
        "4",
        "--count",
        "8",
        "--form",
        "verse",
    ]
    assert call("write", "-m", run_dir, *plain) == 0
    before = capsys.readouterr().out
    assert call("write", "-m", run_dir, *plain, *option) == 0
    assert capsys.readouterr().out != before


def test_the_first_word_asked_for(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, "--seed", "4", "--start", "nobody") == 0
    assert capsys.readouterr().out.split()[0] == "Nobody"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("demo", "prepare", "train", "write", "evaluate"))
    assert call("--version") == 0


def test_a_closed_pipe_is_no_error(run_dir: Path) -> None:
    command = f"{sys.executable} -m lyricist write -m {run_dir} --count 40 --seed 1 --jsonl | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr


# -- bad input: one clear line, exit code 2, nothing written ------------------------------------------

BAD_WRITE = {
    "--form 'verse solo'": ["--form", "verse solo"],
    "--lines 0": ["--lines", "0"],
    "--lines x": ["--lines", "4,x"],
    "--count 0": ["--count", "0"],
    "--count -1": ["--count", "-1"],
    "--count two": ["--count", "two"],
    "--temperature 0": ["--temperature", "0"],
    "--temperature nan": ["--temperature", "nan"],
    "--top-p 0": ["--top-p", "0"],
    "--top-p 1.5": ["--top-p", "1.5"],
    "--min-p 1": ["--min-p", "1"],
    "--top-k -1": ["--top-k", "-1"],
    "--seed -1": ["--seed", "-1"],
    "--start of two words": ["--start", "the river"],
    "--start !!!": ["--start", "!!!"],
    "--json --jsonl": ["--json", "--jsonl"],
    "-o song.pdf": ["-o", "song.pdf"],
    "-o no/such/folder.txt": ["-o", "no/such/folder.txt"],
    "--json -o song.txt": ["--json", "-o", "song.txt"],
    "--nonsense": ["--nonsense"],
    "--best-of 0": ["--best-of", "0"],
    "--best-of and --count": ["--best-of", "9", "--count", "2"],
    "--max-copy x": ["--max-copy", "x"],
}


@pytest.mark.parametrize("name", BAD_WRITE)
def test_bad_write(name: str, run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, *BAD_WRITE[name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    message = only_line(err)
    assert BAD_WRITE[name][0].lstrip("-").replace("-", "_")[:4] in message.replace("-", "_")


def test_write_without_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write") == 2
    assert "-m RUN" in only_line(capsys.readouterr().err)


BAD_TRAIN = {
    "no songs": ([], "no songs named"),
    "missing path": (["{tmp}/nowhere"], "nowhere"),
    "bad budget": (["{songs}", "--budget", "soon"], "soon"),
    "zero budget": (["{songs}", "--budget", "0s"], "0s"),
    "bad preset": (["{songs}", "--preset", "huge"], "tiny, small, medium, large"),
    "bad cell": (["{songs}", "--cell", "rnn"], "rnn"),
    "bad tokenizer": (["{songs}", "--tokenizer", "bpe"], "word, char, whitespace"),
    "five layers": (["{songs}", "--layers", "5"], "layers"),
    "negative rate": (["{songs}", "--learning-rate", "-1"], "learning_rate"),
    "from nowhere": (["{songs}", "--from", "{tmp}/none"], "none"),
    "from and preset": (["{songs}", "--from", "{run}", "--preset", "tiny"], "--preset tiny and --from"),
    "from and cell": (["{songs}", "--from", "{run}", "--cell", "gru"], "--cell gru and --from"),
    "from and tokenizer": (["{songs}", "--from", "{run}", "--tokenizer", "char"], "--tokenizer char and --from"),
    "resume of nothing": (["{songs}", "--resume"], "not a run directory"),
    "resume and force": (["{songs}", "--resume", "--force"], "--resume and --force"),
}


@pytest.mark.parametrize("name", BAD_TRAIN)
def test_bad_train(name: str, songs: Path, run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, message = BAD_TRAIN[name]
    filled = [a.format(tmp=tmp_path, songs=songs, run=run_dir) for a in arguments]
    before = sorted(p.name for p in tmp_path.iterdir())
    assert call("train", *filled, "-o", tmp_path / "out") == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("lyricist: ")
    assert message in last
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_an_existing_run_is_kept_without_force(
    songs: Path, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run_dir / "latest").read_bytes()
    assert call("train", songs, "-o", run_dir) == 2
    assert "--force" in only_line(capsys.readouterr().err)
    assert (run_dir / "latest").read_bytes() == before


def test_resume_with_changed_songs_or_options(
    songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert call("train", songs, "-o", run, *TINY, "--epochs", "1", "--no-sample") == 0
    before = (run / "latest").read_bytes()
    (songs / "00.txt").write_text("A new song stands here now\nAnd nothing is the same at all\n" * 3)
    capsys.readouterr()
    assert call("train", songs, "-o", run, "--resume") == 2
    assert "songs have changed" in capsys.readouterr().err.strip().splitlines()[-1]
    assert call("train", "-o", run, "--resume", "--hidden", "99") == 2
    assert "hidden is 24" in capsys.readouterr().err.strip().splitlines()[-1]
    assert (run / "latest").read_bytes() == before


def test_evaluate_bad_input(run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([tmp_path / "none"], [run_dir, tmp_path / "none"], [run_dir, "--split", "dev"]):
        assert call("evaluate", *arguments) == 2
        assert only_line(capsys.readouterr().err)


def test_unforeseen_errors_are_one_line_and_1(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("lyricist.apps.cli.write_command.write_command", broken)
    assert call("write", "-m", run_dir) == 1
    assert "ZeroDivisionError" in only_line(capsys.readouterr().err)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk(songs: Path, run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=40k tmpfs {disk}") != 0:
        pytest.skip("mounting is not allowed here")
    try:
        assert call("train", songs, "-o", disk / "run", *TINY, "--epochs", "1") == 2
        assert "cannot write" in capsys.readouterr().err.strip().splitlines()[-1]
        assert call("write", "-m", run_dir, "--count", "100", "-o", disk / "songs.json") == 2
        assert not (disk / "songs.json").exists()
        assert not list(disk.iterdir())
    finally:
        os.system(f"umount {disk}")


# -- preparing ----------------------------------------------------------------------------------------


def bad_sources(tmp: Path) -> dict[str, tuple[Path, str]]:
    """name -> (source, a part of the message)"""
    (tmp / "empty").mkdir()
    (tmp / "table.csv").write_text("artist,year\nSomebody,1999\nElse,2001\n")
    (tmp / "one.txt").write_text("[Verse]\nOne song alone stands in this file\nAnd it is not enough to split\n")
    (tmp / "same.jsonl").write_text(
        "".join(
            json.dumps({"title": f"T{i}", "lyrics": "la la la na na na hey hey oh oh\nsing it now"}) + "\n"
            for i in range(9)
        )
    )
    (tmp / "line.txt").write_bytes(b"la " * 17_000_000)
    (tmp / "binary.txt").write_bytes(bytes(range(256)) * 400)
    (tmp / "zero.txt").write_bytes(b"")
    return {
        "missing path": (tmp / "nowhere", "nowhere"),
        "empty folder": (tmp / "empty", "empty"),
        "no lyrics column": (tmp / "table.csv", "lyrics"),
        "one song only": (tmp / "one.txt", "one song only"),
        "all duplicates": (tmp / "same.jsonl", "duplicate"),
        "a 50 MB line": (tmp / "line.txt", "too long a line"),
        "binary": (tmp / "binary.txt", "binary.txt"),
        "empty file": (tmp / "zero.txt", "zero.txt"),
    }


BAD_SOURCES = (
    "missing path", "empty folder", "no lyrics column", "one song only", "all duplicates", "a 50 MB line", "binary",
    "empty file",
)  # fmt: skip


@pytest.mark.parametrize("name", BAD_SOURCES)
@pytest.mark.parametrize("command", ["prepare", "train"])
def test_bad_sources(name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, message = bad_sources(tmp_path)[name]
    before = sorted(p.name for p in tmp_path.iterdir())
    assert call(command, source, "-o", tmp_path / "out") == 2
    assert message in only_line(capsys.readouterr().err)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_prepare_says_what_it_dropped_and_why(
    songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (songs / "cat.txt").write_bytes(bytes(range(256)) * 40)
    (songs / "copy.txt").write_text((songs / "03.txt").read_text())
    (songs / "short.txt").write_text("La la")
    (songs / "old.txt").write_bytes(
        "Caf\xe9 by the na\xefve sea, we sang all night\nAnd no one heard a word of it".encode("cp1252")
    )
    assert call("prepare", songs, "-o", tmp_path / "c", "--json") == 0
    out, err = capsys.readouterr()
    assert all(word in err for word in ("duplicate", "too short", "cat.txt"))
    info = json.loads(out)
    assert info["songs"] == 41
    assert "Café by the naïve sea" in (tmp_path / "c" / "songs.jsonl").read_text(encoding="utf-8")
    assert call("prepare", songs, "-o", tmp_path / "c") == 2
    assert "--force" in capsys.readouterr().err
    assert call("prepare", songs, "-o", tmp_path / "c", "--force") == 0


def test_white_space_benchmarks_keep_their_splits_and_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Penn Treebank comes: three files, <unk> in the text, a line end is <eos>."""
    folder = tmp_path / "ptb"
    folder.mkdir()
    line = " the <unk> of N 's board said it will vote \n"
    for name, lines in (("ptb.train.txt", 400), ("ptb.valid.txt", 30), ("ptb.test.txt", 20)):
        (folder / name).write_text(line * lines)
    run = tmp_path / "run"
    assert (
        call(
            "train",
            folder,
            "-o",
            run,
            "--tokenizer",
            "whitespace",
            *TINY,
            "--epochs",
            "8",
            "--dropout",
            "0",
            "--no-sample",
        )
        == 0
    )
    capsys.readouterr()
    assert call("evaluate", run, "--json", "--songs", "0") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["words"] == 20 * 11
    assert result["perplexity"] < 11
    assert call("write", "-m", run, "--form", "verse") == 2
    assert "whitespace run" in only_line(capsys.readouterr().err)
    assert call("write", "-m", run, "--seed", "1") == 0


def test_characters(songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert call("train", songs, "-o", run, "--tokenizer", "char", *TINY, "--epochs", "1", "--no-sample") == 0
    assert call("write", "-m", run, "--form", "verse chorus", "--lines", "2", "--seed", "1") == 0
    assert len(capsys.readouterr().out.strip().split("\n\n")) == 2
    assert call("evaluate", run, "--songs", "3") == 0


def test_gru_and_fine_tuning_by_command(songs: Path, run_dir: Path, tmp_path: Path) -> None:
    assert call("train", songs, "-o", tmp_path / "g", *TINY, "--cell", "gru", "--layers", "2", "--epochs", "1") == 0
    assert call("write", "-m", tmp_path / "g", "--seed", "1") == 0
    assert call("train", songs, "-o", tmp_path / "f", "--from", run_dir, "--epochs", "1", "--batch", "4") == 0
    assert call("write", "-m", tmp_path / "f", "--seed", "1") == 0


def test_a_model_that_sees_plans_by_command(songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    few = (*TINY, "--epochs", "1", "--no-sample")
    assert call("train", songs, "-o", run, *few, "--features", "slots") == 0
    capsys.readouterr()
    assert call("evaluate", run, "--json", "--songs", "0") == 0
    jsonschema.validate(json.loads(capsys.readouterr().out), schema("evaluate"))
    assert call("evaluate", run, "--songs", "0") == 0
    assert "told its plan" in capsys.readouterr().out
    assert call("write", "-m", run, "--syllables", "6", "--lines", "2", "--seed", "1", "--json") == 0
    assert call("train", songs, "-o", tmp_path / "no", *few, "--features", "rhyme") == 2
    assert "--features 'rhyme' is unknown" in capsys.readouterr().err.splitlines()[-1]
    assert call("train", "-o", run, "--resume", "--features", "slots") == 2
    assert "--resume and --features slots clash" in only_line(capsys.readouterr().err)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place nobody can write to: /proc")
@pytest.mark.parametrize("command", ["prepare", "train"])
def test_a_read_only_target(command: str, songs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command, songs, "-o", "/proc/nothing/here") == 2
    assert "/proc/nothing/here" in capsys.readouterr().err.strip().splitlines()[-1]


def test_few_songs_can_be_judged_and_duplicates_count(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.txt").write_text("[Verse]\nNobody sings in the garden\n")
    assert call("evaluate", run_dir, tmp_path / "one.txt", "--songs", "0", "--json") == 0
    assert json.loads(capsys.readouterr().out)["words"] == 7


def test_characters_can_be_fine_tuned(songs: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    assert call("train", songs, "-o", base, "--tokenizer", "char", *TINY, "--epochs", "1", "--no-sample") == 0
    more = ("--epochs", "1", "--batch", "4", "--dropout", "0.1", "--no-sample")
    assert call("train", songs, "-o", tmp_path / "tuned", "--from", base, *more) == 0
    config = json.loads((tmp_path / "tuned" / "config.json").read_text())
    assert config["model"]["dropout_input"] == 0.1
    assert config["model"]["hidden"] == 24


@pytest.mark.parametrize("option", [("--preset", "tiny"), ("--vocabulary", "99"), ("--licence", "MIT")])
def test_resume_keeps_what_the_run_is(
    option: tuple[str, str], run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("train", "-o", run_dir, "--resume", *option) == 2
    assert f"--resume and {option[0]} {option[1]} clash" in only_line(capsys.readouterr().err)


def test_the_best_of_many_is_one_of_them(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ("--particles", "2")
    assert call("write", "-m", run_dir, "--best-of", "20", "--seed", "100", "--jsonl", *few) == 0
    best = capsys.readouterr().out
    assert call("write", "-m", run_dir, "--count", "20", "--seed", "100", "--jsonl", *few) == 0
    assert best in capsys.readouterr().out.splitlines(keepends=True)
    assert call("write", "-m", run_dir, "--best-of", "20", "--seed", "100", *few) == 0
    out, err = capsys.readouterr()
    seed = err.split("seed ")[1].split(";")[0]
    assert call("write", "-m", run_dir, "--seed", seed, *few) == 0
    assert capsys.readouterr().out == out
