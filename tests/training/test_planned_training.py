"""Training with plan features, from end to end: resumed bit for bit, judged with and without the plan."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests import aligned
from tests.conftest import QUICK, SMALL

from lyricist._io import load_arrays
from lyricist.corpus import Corpus, Line, Section, Song
from lyricist.corpus.store import write_corpus
from lyricist.errors import InputError, RunError
from lyricist.evaluation.metrics import evaluate
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import Plan
from lyricist.prosody.features import GROUPS, width
from lyricist.training.config import Options

STILL = {"dropout_input": 0.0, "dropout_output": 0.0}


@pytest.fixture(scope="module")
def sung(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return aligned.corpus(tmp_path_factory.mktemp("sung") / "c")


def options(features: str | None = "tune", **changes: object) -> Options:
    return Options(preset="tiny", features=features, model={**SMALL, **STILL}, train={**QUICK, **changes})


@pytest.fixture(scope="module")
def tuned(sung: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("tuned") / "r"
    list(train_songs(sung, out, options(epochs=8.0, learning_rate=0.02)))
    return Run.open(out)


def arrays(path: Path):  # type: ignore[no-untyped-def]
    run = Run.open(path)
    return load_arrays(run.file("weights.safetensors", "resume")) | load_arrays(
        run.file("state.safetensors", "resume")
    )


@pytest.mark.parametrize("features", ["slots", "tune", "theme", "all", "outline"])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(sung: Corpus, tmp_path: Path, features: str) -> None:
    list(train_songs(sung, tmp_path / "whole", options(features)))
    for steps in (4, 9, 10**9):
        counter = itertools.count(1)
        stop = lambda n=steps, c=counter: next(c) > n  # noqa: E731
        resume = (tmp_path / "cut").exists()
        list(train_songs(sung, tmp_path / "cut", options(features), resume=resume, should_stop=stop))
    whole, cut = arrays(tmp_path / "whole"), arrays(tmp_path / "cut")
    assert whole.keys() == cut.keys()
    assert all((whole[name] == cut[name]).all() for name in whole)
    assert abs(whole["plan"]).sum() > 0


def test_config_and_card_say_what_the_model_sees(tuned: Run) -> None:
    assert tuned.config["model"]["features"] == width(GROUPS)
    assert "sees tune of a plan" in (tuned.path / "card.md").read_text()


def test_evaluation_without_the_plan_and_with_more_and_more_of_it(tuned: Run, sung: Corpus) -> None:
    result = evaluate(load(tuned), sung.songs("test"))
    told = result["conditional"]
    assert told["songs"] == 3
    assert told["words"] == result["words"]
    assert told["nll_per_word_off"] == pytest.approx(result["nll_per_word"], abs=1e-4)
    assert told["nll_per_word_slots"] < told["nll_per_word_off"]  # lines of 8, 6, 8 and 6 syllables: half is known
    assert {"nll_per_word_counts", "nll_per_word_tune", "nll_per_word_wrong_tune"} <= told.keys()


def test_songs_without_tunes_are_judged_by_slots_alone(tuned: Run) -> None:
    result = evaluate(load(tuned), [aligned.song(43, sung=False)])
    assert result["conditional"].keys() == {
        "songs", "words", "nll_per_word_off", "nll_per_word_counts", "nll_per_word_slots",
    }  # fmt: skip


def test_a_run_without_features_says_nothing_of_them(sung: Corpus, tmp_path: Path) -> None:
    list(train_songs(sung, tmp_path / "r", options(None)))
    run = Run.open(tmp_path / "r")
    assert "features" not in run.config["model"]
    assert "conditional" not in evaluate(load(run), sung.songs("test"))
    assert not (Path(sung.path) / "tokens" / "word" / "plan").exists()


def test_a_base_that_knew_no_plan_learns_to_see_one(sung: Corpus, run: Run, tmp_path: Path) -> None:
    made = Options(
        base=str(run.path), features="slots", train={"epochs": 1.0, "batch": 4, "steps": 8, "evaluations": 1}
    )
    list(train_songs(sung, tmp_path / "r", made))
    made = Options(base=str(tmp_path / "r"), train={"epochs": 1.0, "batch": 4, "steps": 8, "evaluations": 1})
    list(train_songs(sung, tmp_path / "again", made))
    assert Run.open(tmp_path / "again").config["model"]["features"] == width(("slots",))
    assert load(tmp_path / "again").write(Plan(syllables=(8, 6), lines=(2,), form=("verse",)), seed=1)[0].text


def fine_tuned(base: Run, sung: Corpus, out: Path, **options: object) -> Run:
    train = {"epochs": 1.0, "batch": 4, "steps": 8, "evaluations": 1}
    list(train_songs(sung, out, Options(base=str(base.path), train=train, **options)))  # type: ignore[arg-type]
    return Run.open(out)


def test_a_run_with_slots_learns_to_see_themes(sung: Corpus, tmp_path: Path) -> None:
    list(train_songs(sung, tmp_path / "slots", options("slots")))
    base = Run.open(tmp_path / "slots")
    made = fine_tuned(base, sung, tmp_path / "theme", features="theme")
    assert made.config["model"]["features"] == 90
    assert load_arrays(made.file("weights.safetensors"))["plan"][:, 26:].any()
    told = evaluate(load(made), sung.songs("test"))["conditional"]
    assert {"nll_per_word_slots", "nll_per_word_theme", "nll_per_word_wrong_theme"} <= told.keys()
    plan = {"syllables": (8, 6), "lines": (2,), "form": ("verse",)}
    assert load(made).write(Plan(**plan, about=("river",)), seed=1)[0].text
    assert load(made).write(Plan(**plan), seed=1)[0].text
    again = fine_tuned(made, sung, tmp_path / "again")
    assert again.config["model"]["features"] == 90
    assert (again.path / "topics.safetensors").exists()


def test_a_theme_and_a_tune_keep_their_columns(tuned: Run, sung: Corpus, tmp_path: Path) -> None:
    """A rate of nearly nothing leaves the base's weights, in their groups' places."""
    before = load_arrays(tuned.file("weights.safetensors"))["plan"]
    train = {"epochs": 1.0, "batch": 4, "steps": 8, "evaluations": 1, "learning_rate": 1e-9}
    made = Options(base=str(tuned.path), features="all", train=train)
    list(train_songs(sung, tmp_path / "all", made))
    after = load_arrays(Run.open(tmp_path / "all").file("weights.safetensors"))["plan"]
    assert after.shape[1] == width(("slots", "tune", "theme"))
    assert abs(after[:, :46] - before).max() < 1e-6
    assert abs(after[:, 46:]).max() < 1e-6


def test_a_base_keeps_its_words_where_there_is_no_room_for_more(tuned: Run, tmp_path: Path) -> None:
    songs = [Song(f"Song {i}", "", (Section("verse", (Line("A dragon sings"),) * 8),), "made") for i in range(12)]
    other = write_corpus(tmp_path / "c", {"train": songs, "valid": songs[:1], "test": songs[:1]})
    size = len(tuned.vocabulary)
    kept = fine_tuned(tuned, other, tmp_path / "kept", vocabulary=size)
    grown = fine_tuned(tuned, other, tmp_path / "grown", vocabulary=size + 1)
    assert kept.vocabulary.tokens == tuned.vocabulary.tokens
    assert len(grown.vocabulary) == size + 1


def test_a_run_that_has_lost_its_vectors_says_so(sung: Corpus, tmp_path: Path) -> None:
    list(train_songs(sung, tmp_path / "r", options("theme")))
    (tmp_path / "r" / "topics.safetensors").unlink()
    plan = Plan(syllables=(8, 6), lines=(2,), form=("verse",), about=("river",))
    with pytest.raises(RunError, match=r"topics\.safetensors is missing"):
        load(tmp_path / "r").write(plan, seed=1)


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (Options(features="melody"), "--features 'melody' is unknown: use one of none, slots, tune, theme, all"),
        (Options(features="slots", tokenizer="char"), "--features slots is for whole words"),
    ],
)
def test_features_that_cannot_be_had(sung: Corpus, tmp_path: Path, made: Options, error: str) -> None:
    with pytest.raises(InputError, match=error):
        next(train_songs(sung, tmp_path / "r", made))
    assert not (tmp_path / "r").exists()


def test_a_base_does_not_forget_what_it_sees(tuned: Run, sung: Corpus, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="less than the run to fine-tune takes"):
        next(train_songs(sung, tmp_path / "r", Options(base=str(tuned.path), features="none")))
