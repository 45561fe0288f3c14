from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from lyricist._io import load_arrays
from lyricist.errors import InputError, RunError
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run, create_run, save_checkpoint
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.tokens import SPECIALS, Vocabulary

VOCABULARY = Vocabulary([*sorted(SPECIALS), "rain", "sun"])
MODEL = ModelConfig(vocab_size=len(VOCABULARY), embedding=4, hidden=5)
CONFIG = {"kind": "lstm", "model": MODEL.model_dump(), "train": {}, "corpus": {}}


def weights(fill: float) -> dict[str, np.ndarray]:
    return {n: np.full(p.shape, fill, np.float32) for n, p in LyricLSTM(MODEL).named_parameters()}


def save(run: Run, step: int, best: bool, keep: int = 2) -> Path:
    return save_checkpoint(run, step, weights(step), {"x": np.ones(3)}, {"cursor": {"step": step}}, best, keep)


@pytest.fixture
def made(tmp_path: Path) -> Run:
    run = create_run(tmp_path / "run", CONFIG, VOCABULARY)
    save(run, 10, best=True)
    return run


def test_readers_get_the_best_and_resuming_the_last(made: Run) -> None:
    save(made, 20, best=False)
    assert made.checkpoint("use").name == "0000010"
    assert made.checkpoint("resume").name == "0000020"
    assert (load_arrays(made.path / "weights.safetensors")["bias"] == 10).all()
    assert made.state("resume")["cursor"] == {"step": 20}


def test_old_checkpoints_go_but_never_one_that_latest_names(made: Run) -> None:
    for step in (20, 30, 40, 50):
        save(made, step, best=False)
    assert sorted(p.name for p in (made.path / "checkpoints").iterdir()) == ["0000010", "0000040", "0000050"]


def test_saving_the_same_step_again_moves_the_pointer_only(made: Run) -> None:
    save(made, 20, best=False)
    save(made, 20, best=True)
    assert made.checkpoint("use").name == "0000020"
    assert load(made).vocabulary.tokens == VOCABULARY.tokens


def test_leftovers_of_a_killed_save_are_removed(made: Run) -> None:
    (made.path / "checkpoints" / ".saving-abc").mkdir()
    (made.path / "checkpoints" / ".saving-abc" / "weights.safetensors").write_bytes(b"half")
    save(made, 20, best=True)
    assert not list((made.path / "checkpoints").glob(".saving*"))


def test_an_existing_place_is_refused_and_kept(made: Run) -> None:
    with pytest.raises(RunError, match="exists.*--force.*--resume"):
        create_run(made.path, CONFIG, VOCABULARY)
    assert made.checkpoint("use").name == "0000010"


def test_force_replaces_a_run_but_no_other_directory(made: Run, tmp_path: Path) -> None:
    again = create_run(made.path, CONFIG, VOCABULARY, force=True)
    assert not (again.path / "latest").exists()
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(RunError, match="not a lyricist run"):
        create_run(foreign, CONFIG, VOCABULARY, force=True)
    assert (foreign / "cat.jpg").read_bytes() == b"cat"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos", "run"]


DAMAGE = {
    "config.json": b"{",
    "vocab.json": b'{"tokens": 3}',
    "latest": b"\x00\x01",
    "checkpoints/0000010/model.onnx": b"short",
    "checkpoints/0000010/state.json": b"[]",
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("how", ["garbage", "missing", "empty", "truncated"])
def test_every_damaged_or_missing_file_is_one_clear_line(made: Run, name: str, how: str) -> None:
    file = made.path / name
    content = file.read_bytes()
    file.unlink()
    if how != "missing":
        file.write_bytes({"garbage": DAMAGE[name], "empty": b"", "truncated": content[: len(content) // 2]}[how])
    with pytest.raises(RunError) as e:
        load(made.path)
    assert "\n" not in str(e.value)
    assert str(made.path) in str(e.value)


@pytest.mark.parametrize("place", ["missing", "a file", "an empty folder", "a corpus"])
def test_what_is_no_run_is_refused(tmp_path: Path, place: str) -> None:
    path = tmp_path / "x"
    if place == "a file":
        path.write_text("hello")
    elif place != "missing":
        path.mkdir()
    if place == "a corpus":
        (path / "config.json").write_text('{"songs": 3}')
    with pytest.raises(RunError) as e:
        load(path)
    assert str(path) in str(e.value)


def test_a_later_format_asks_to_upgrade(made: Run) -> None:
    file = made.path / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    with pytest.raises(RunError, match="format 99.*upgrade"):
        load(made.path)


def test_a_run_without_checkpoint_says_so(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", CONFIG, VOCABULARY)
    with pytest.raises(RunError, match="no checkpoint yet"):
        load(run)


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot write"):
        create_run(tmp_path / "file" / "run", CONFIG, VOCABULARY)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=200k tmpfs {disk}") != 0:
        pytest.skip("mounting is not allowed here")
    try:
        run = create_run(disk / "run", CONFIG, VOCABULARY)
        save(run, 10, best=True)
        (disk / "filler").write_bytes(b"x" * 150_000)
        with pytest.raises(InputError, match="cannot write.*No space left"):
            save_checkpoint(run, 20, weights(20), {"x": np.ones(30_000)}, {"cursor": {}}, True)
        assert load(run.path).vocabulary.tokens == VOCABULARY.tokens
        assert [p.name for p in (run.path / "checkpoints").iterdir()] == ["0000010"]
    finally:
        os.system(f"umount {disk}")


def test_links_or_copies_the_top_level_files(made: Run) -> None:
    for name in ("weights.safetensors", "model.onnx"):
        assert (made.path / name).read_bytes() == (made.checkpoint("use") / name).read_bytes()


def test_moved_run_still_loads(made: Run, tmp_path: Path) -> None:
    shutil.move(made.path, tmp_path / "elsewhere")
    assert load(tmp_path / "elsewhere").vocabulary.tokens == VOCABULARY.tokens
