"""The mean of two runs: a run like any, between the two; runs without one are refused in a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import average_runs
from lyricist.corpus import PrepareOptions, prepare
from lyricist.errors import InputError
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run
from lyricist.model.convert import pack
from lyricist.plan.plan import Plan
from lyricist.training.config import Options


@pytest.fixture(scope="module")
def later(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that goes on from the tests' own, with other songs and words."""
    folder = tmp_path_factory.mktemp("later")
    texts = [f"the zebra sang to the {w}\nand a giraffe was cold in the {w}" for w in ("sea", "sky", "rain", "snow")]
    keep = PrepareOptions(keep_duplicates=True, related=None, near_duplicate=None)
    corpus = prepare(texts=texts * 3, out=folder / "corpus", options=keep)
    options = Options(base=str(run.path), train={"epochs": 2.0, "batch": 2, "steps": 8, "evaluations": 2})
    for _ in train_songs(corpus, folder / "run", options):
        pass
    return Run.open(folder / "run")


@pytest.mark.parametrize("as_packed", [False, True])
def test_the_mean_lies_between(run: Run, later: Run, tmp_path: Path, as_packed: bool) -> None:
    earlier = pack(run, tmp_path / "packed") if as_packed else run
    made = average_runs.average(later, earlier, tmp_path / "mean", 0.25)
    new, old, mean = later.weights(), earlier.weights(), made.weights()
    known = len(run.vocabulary)
    assert len(made.vocabulary) == len(later.vocabulary) > known
    for name, values in mean.items():
        expected = 0.25 * new[name][: len(old[name])] + 0.75 * old[name]
        np.testing.assert_allclose(values[: len(old[name])], expected, atol=1e-6)
    assert (mean["embedding"][known:] == new["embedding"][known:]).all()
    assert load(made.path).write(Plan(form="verse", lines=2, syllables=6), seed=1)[0].text


def test_the_mean_with_itself_is_itself(run: Run, tmp_path: Path) -> None:
    made = average_runs.average(run, run, tmp_path / "mean", 0.5)
    assert made.file("weights.safetensors").read_bytes() == run.file("weights.safetensors").read_bytes()


def test_strangers_have_no_mean(run: Run, later: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the vocabulary of .* is not how that of"):
        average_runs.average(run, later, tmp_path / "mean", 0.5)
    with pytest.raises(InputError, match="--share 2 is not from 0 to 1"):
        average_runs.average(later, run, tmp_path / "mean", 2)
    with pytest.raises(InputError, match="w of the earlier run is not of the same network"):
        average_runs.mean({"w": np.ones((3, 2))}, {"w": np.ones((3, 4))}, 0.5)
    assert not (tmp_path / "mean").exists()
