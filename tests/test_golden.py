"""What earlier releases wrote must still be read, and give the same numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from lyricist.corpus import open_corpus
from lyricist.evaluation.metrics import evaluate
from lyricist.evaluation.train import train_songs
from lyricist.generate.classic_model import ClassicModel
from lyricist.generate.open_run import load
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import Drawing, Plan
from lyricist.training.config import Options

GOLDEN = Path(__file__).parent / "golden"
WRITTEN = {
    "run-1": "The kitchen\nThe called was\n\nSing\nMe mountain sing from the called alone cold your to the ever you'd"
}
PRINTED = {
    "run-1": "The kitchen,\nthe called was.\n\n"
    "Sing\nme mountain sing from the called alone cold your to the ever you'd."
}
CLASSIC = "River light meet called see by you walked\n\nYou meet and walked meet by walked by"
PERPLEXITY = {"run-1": 9.053}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_run_of_an_earlier_format_still_writes(name: str) -> None:
    drawing = Drawing(temperature=0.8, min_p=0.03)
    plan = Plan(form=("verse", "chorus"), lines=(2,))
    model = load(GOLDEN / name)
    assert model.write(plan.model_copy(update={"bare": True}), drawing, seed=1)[0].text == WRITTEN[name]
    assert model.write(plan, drawing, seed=1)[0].text == PRINTED[name]


@pytest.mark.parametrize("name", PERPLEXITY)
def test_a_run_of_an_earlier_format_still_evaluates(name: str) -> None:
    corpus = open_corpus(GOLDEN / f"corpus-{name.removeprefix('run-')}")
    result = evaluate(load(GOLDEN / name), corpus.songs("test"))
    assert result["perplexity"] == pytest.approx(PERPLEXITY[name], rel=1e-3)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_run_of_an_earlier_format_still_fine_tunes(name: str, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / f"corpus-{name.removeprefix('run-')}", tmp_path / "c")
    options = Options(base=str(GOLDEN / name), train={"epochs": 1.0, "batch": 4, "steps": 16, "evaluations": 1})
    list(train_songs(open_corpus(tmp_path / "c"), tmp_path / "r", options))
    assert Run.open(tmp_path / "r").config["base"] == name


def test_a_classic_run_of_an_earlier_format_still_writes_and_is_judged() -> None:
    model = load(GOLDEN / "classic-1")
    assert isinstance(model, ClassicModel)
    music = np.tile(np.linspace(0, 1, 18, dtype=np.float32), (100, 1))
    hearing = model.hearing(lambda words: music[:words])
    song = hearing.write(Plan(form=("verse", "chorus"), lines=(1,), start="river"), seed=1)[0]
    assert song.text == CLASSIC
    assert evaluate(model, model.songs["train"])["top10_accuracy"] == pytest.approx(0.17815, abs=0.002)
