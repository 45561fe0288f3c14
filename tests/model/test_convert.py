"""`export`: one file with the words inside, or a run to hand on; what is refused, and what is left on disk."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from lyricist import export
from lyricist._io import read_json
from lyricist.apps.cli import run as lyricist
from lyricist.errors import InputError, RunError
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run, create_run, save_checkpoint, seal
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.runtime import OnnxModel, open_session
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.training.config import Options

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def call(*arguments: object) -> int:
    return lyricist([str(a) for a in arguments])


def only_line(captured: str) -> str:
    lines = captured.strip().splitlines()
    assert len(lines) == 1, captured
    return lines[0]


@pytest.fixture
def copy(run_dir: Path, tmp_path: Path) -> Path:
    """A run that may be changed, alone in its folder."""
    return Path(shutil.copytree(run_dir, tmp_path / "runs" / "copy"))


# One ONNX file


def test_an_onnx_file_is_the_runs_model_with_its_words(run: Run, tmp_path: Path) -> None:
    file = export(run, "onnx", tmp_path / "song.onnx")
    metadata = open_session(file).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["vocabulary"])["tokens"] == run.vocabulary.tokens
    assert json.loads(metadata["vocabulary"])["order"] == "backward"
    assert metadata["licence"] == "undeclared: do not share"
    assert json.loads(metadata["config"]) == run.config["model"]
    ours, theirs, ids = load(run).step_model, OnnxModel(file), np.arange(5)
    assert (ours.step(ids, ours.initial_state(5))[0] == theirs.step(ids, theirs.initial_state(5))[0]).all()


def test_metadata_are_what_onnx_itself_would_write(run: Run, tmp_path: Path) -> None:
    whole = onnx.load(export(run, "onnx", tmp_path / "song.onnx"))
    onnx.checker.check_model(whole)
    plain = onnx.load(run.file("model.onnx"))
    assert [p.key for p in whole.metadata_props[-2:]] == ["vocabulary", "licence"]
    assert whole.graph == plain.graph


def test_a_model_of_characters_says_so(tmp_path: Path) -> None:
    letters = Vocabulary(["<unk>", *sorted(SPECIALS - {"<unk>"}), "a", " "], tokenizer="char")
    config = ModelConfig(vocab_size=len(letters), embedding=4, hidden=5)
    weights = {n: np.ones(p.shape, np.float32) for n, p in LyricLSTM(config).named_parameters()}
    run = create_run(tmp_path / "run", {"kind": "lstm", "model": config.model_dump()}, letters)
    save_checkpoint(run, 1, weights, {}, {}, best=True)
    metadata = open_session(export(run, "onnx", tmp_path / "a.onnx")).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["vocabulary"])["tokenizer"] == "char"
    assert metadata["licence"] == "undeclared: do not share"


def test_the_pages_example_draws_a_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = examples("ort.InferenceSession")
    assert set(re.findall(r"^import (\w+)", example, re.MULTILINE)) == {"json", "numpy", "onnxruntime"}
    monkeypatch.chdir(tmp_path)
    export(run, "onnx", "my-song.onnx")
    exec(compile(example, str(PAGE), "exec"), {})
    words = capsys.readouterr().out.split()
    assert words and set(words) <= set(run.vocabulary.tokens)


def examples(*holding: str) -> str:
    """The page's programs that hold these texts, one after the other."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return "\n".join(b for b in blocks if any(text in b for text in holding))


# A run to hand on


@pytest.fixture(scope="module")
def shared(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(run, None, tmp_path_factory.mktemp("shared") / "handed", share=True)


def test_a_shared_run_writes_the_same_song(run: Run, shared: Path) -> None:
    assert load(shared).write(seed=3)[0].text == load(run).write(seed=3)[0].text


def test_a_shared_run_holds_what_writing_needs_and_nothing_else(shared: Path) -> None:
    names = {p.relative_to(shared).as_posix() for p in shared.rglob("*") if p.is_file()}
    step = shared.joinpath("checkpoints").iterdir().__next__().name
    model = {"weights.safetensors", "model.onnx", "writer.onnx"}
    described = {
        "config.json",
        "vocab.json",
        "columns.safetensors",
        "words.safetensors",
        "copyindex.safetensors",
        "topics.safetensors",
        "card.md",
        "latest",
    }
    assert names == model | described | {f"checkpoints/{step}/{n}" for n in (*model, "state.json")}


def test_a_shared_run_does_not_say_where_the_songs_were(run: Run, shared: Path) -> None:
    assert run.config["corpus"]["path"] not in (shared / "config.json").read_text()
    assert set(read_json(next(shared.glob("checkpoints/*/state.json")))) == {"format", "step", "sha256"}


def test_a_shared_run_can_be_fine_tuned_but_not_resumed(shared: Path, corpus, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RunError, match="shared without what resuming needs: start a new run with --from"):
        list(train_songs(corpus, shared, resume=True))
    options = Options(base=str(shared), train={"epochs": 0.2, "batch": 8, "steps": 16, "evaluations": 1})
    list(train_songs(corpus, tmp_path / "tuned", options))
    assert Run.open(tmp_path / "tuned").config["base"] == "handed"


def test_sharing_and_a_file_together(run: Run, tmp_path: Path) -> None:
    made = export(run, "onnx", tmp_path / "both", share=True)
    assert "vocabulary" in open_session(made / "both.onnx").get_modelmeta().custom_metadata_map
    assert load(made).write(seed=1)[0].text


def test_what_is_inside_is_said(run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", run_dir, "--share", "-o", tmp_path / "s") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "the copy index, which words keep company, the model card" in err
    assert "anyone with a list of words can find out which they are" in err
    assert err.splitlines()[-1] == "licence: undeclared: do not share"


# Refused


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(run: Path) -> None:
        for path in run.rglob(name):
            path.write_bytes(change(path.read_bytes()))

    return damage


def set_kind(run: Path, kind: str) -> None:
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "kind": kind}))
    seal(run)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "onnx", "-o", "a.keras"), "--to onnx writes a .onnx file, not '.keras'"),
        (("--to", "keras", "-o", "a.h5"), "--to keras writes a .keras file, not '.h5'"),
        (("--to", "onnx", "-o", "model"), "not 'one without suffix'"),
        (("--to", "torch", "-o", "a.pt"), "--to 'torch' is unknown: use one of onnx, keras"),
        (("-o", "a.onnx"), "add --to onnx or --to keras, or --share"),
        (("--share", "-o", "a.onnx"), "--share writes a directory"),
        (("--to", "onnx", "-o", "none/a.onnx"), "there is no folder none"),
        (("--to", "onnx", "-o", "taken.onnx"), "taken.onnx exists: choose another name or add --force"),
        (("--share", "-o", "taken"), "taken exists: choose another name or add --force"),
        (("--share", "-o", "taken", "--force"), "not a lyricist run: --force does not replace it"),
        (("--share", "-o", "copy", "--force"), "is the run itself or holds it"),
    ],
)
def test_calls_that_cannot_be_meant(
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(copy.parent)
    Path("taken").mkdir()
    Path("taken.onnx").write_bytes(b"mine")
    before = sorted(copy.parent.rglob("*"))
    assert call("export", "copy", *arguments) == 2
    assert said in only_line(capsys.readouterr().err)
    assert sorted(copy.parent.rglob("*")) == before
    assert Path("taken.onnx").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("damage", "to", "said"),
    [
        (changed("model.onnx", lambda b: b[:-9]), ("--to", "onnx", "-o", "a.onnx"), "is damaged (its hash differs)"),
        (changed("weights.safetensors", lambda b: b[:90]), ("--share", "-o", "s"), "is damaged (its hash differs)"),
        (changed("copyindex.safetensors", lambda b: b[:90]), ("--share", "-o", "s"), "is damaged (its hash differs)"),
        (changed("config.json", lambda b: b[:-9]), ("--share", "-o", "s"), "is damaged (not JSON)"),
        (changed("state.json", lambda b: b"{}"), ("--to", "onnx", "-o", "a.onnx"), "is damaged"),
        (changed("state.json", lambda b: b"{}"), ("--share", "-o", "s"), "is damaged"),
        (lambda run: (run / "latest").unlink(), ("--to", "onnx", "-o", "a.onnx"), "holds no checkpoint yet"),
        (lambda run: (run / "card.md").unlink(), ("--share", "-o", "s"), "has no card.md yet"),
        (lambda run: set_kind(run, "char"), ("--to", "onnx", "-o", "a.onnx"), "is a char run"),
        (lambda run: set_kind(run, "classic"), ("--share", "-o", "s"), "is a classic run"),
    ],
)
def test_runs_that_cannot_be_given_out(
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
    to: tuple[str, ...],
    said: str,
) -> None:
    damage(copy)
    monkeypatch.chdir(copy.parent)
    assert call("export", "copy", *to) == 2
    assert said in only_line(capsys.readouterr().err)
    assert [p.name for p in copy.parent.iterdir()] == ["copy"]


def test_force_replaces_a_file_and_a_copy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"old")
    assert export(run, "onnx", tmp_path / "a.onnx", force=True).stat().st_size > 1000
    export(run, None, tmp_path / "s", share=True)
    (tmp_path / "s" / "latest").unlink()
    export(run, None, tmp_path / "s", share=True, force=True)
    assert load(tmp_path / "s").write(seed=1)[0].text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.onnx", "s"]


def test_a_full_disk_is_one_line_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lyricist.model.convert.link", full)
    with pytest.raises(InputError, match="No space left on device"):
        export(run, None, tmp_path / "s", share=True)
    assert list(tmp_path.iterdir()) == []
