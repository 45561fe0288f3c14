"""What a run leaves to look at, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest
from tests.crashdisk import mutate

from lyricist._io import load_arrays
from lyricist.model.checkpoint import Run
from lyricist.training import events, record


def test_tensorboard_is_written_without_tensorflow(tmp_path: Path) -> None:
    """It is large and slow to load, and many who have it do not want it here."""
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was loaded')")
    code = (
        "import sys\nfrom pathlib import Path\nfrom lyricist.training.record import tensorboard\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        f"board = tensorboard(Path({str(tmp_path / 'board')!r}), 0)\n"
        "board.add_scalar('loss', 1.0, 1)\nboard.close()\nassert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "board").iterdir())


def test_drawing_leaves_the_callers_backend_alone(run: Run) -> None:
    before = matplotlib.get_backend()
    matplotlib.use("svg")
    try:
        weights = load_arrays(run.file("weights.safetensors"))
        record.plot_loss(run.path)
        record.plot_architecture(run.path, run.config["model"], {n: w.shape for n, w in weights.items()})
        assert matplotlib.get_backend() == "svg"
    finally:
        matplotlib.use(before)
    assert (run.path / "plots" / "architecture.png").read_bytes().startswith(b"\x89PNG")


def test_the_layers_drawn_hold_all_parameters(run: Run) -> None:
    weights = load_arrays(run.file("weights.safetensors"))
    layers = record.architecture(run.config["model"], {n: w.shape for n, w in weights.items()})
    assert sum(count for _, _, count in layers) == sum(w.size for w in weights.values())
    assert f"{sum(w.size for w in weights.values()):,} parameters" in record.draw_layers(layers).axes[0].get_title()


@pytest.mark.parametrize("size_is_known", [True, False])
def test_what_came_after_a_checkpoint_is_cut(run: Run, tmp_path: Path, size_is_known: bool) -> None:
    """A resumed training repeats it. Runs of earlier versions do not know the size of their history."""
    here = Run(tmp_path, run.config, run.vocabulary, tmp_path)
    history = record.History(here, 0)
    for step in (1, 2, 3):
        history.evaluated(events.Evaluated(step, 0.1, 1.0, 3.0, 3.0, best=True))
    size = history.sync()
    for step in (3, 4):
        history.evaluated(events.Evaluated(step, 0.1, 1.0, 9.0, 9.0, best=False))
    (tmp_path / "history.jsonl").open("a").write('{"step": 5, "tra')
    again = record.History(here, 3, size if size_is_known else None)
    losses = [row["valid_loss"] for row in record.read_history(tmp_path)]
    assert losses == ([3.0, 3.0, 3.0] if size_is_known else [3.0, 3.0, 3.0, 9.0])
    again.evaluated(events.Evaluated(4, 0.1, 1.0, 2.0, 2.0, best=True))
    assert [row["step"] for row in record.read_history(tmp_path)][-2:] == [3, 4]
    history.close()
    again.close()


@pytest.mark.parametrize(
    ("right", "wrong", "size_is_known"), [("[:size]", "", True), (' if row["step"] <= step', "", False)]
)
def test_a_history_that_is_not_cut_is_found(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: str, wrong: str, size_is_known: bool
) -> None:
    mutate(monkeypatch, record.History.__init__, right, wrong)
    with pytest.raises(AssertionError):
        test_what_came_after_a_checkpoint_is_cut(run, tmp_path, size_is_known)
