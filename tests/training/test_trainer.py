from __future__ import annotations

import fcntl
import itertools
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import QUICK, SMALL

from lyricist._io import load_arrays
from lyricist.corpus import Corpus
from lyricist.errors import InputError, RunError
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run
from lyricist.training import events
from lyricist.training.config import Options
from lyricist.training.record import read_history

VARIANTS = {
    "plain": ({}, {}),
    "gru": ({"cell": "gru", "layers": 2}, {}),
    "sampled": ({"dropout_input": 0.2}, {"negatives": 20}),
    "averaged": ({"dropout_weight": 0.2, "dropout_embedding": 0.1}, {"average": 0.9}),
    "untied": ({"tied": False}, {"weight_decay": 0.01}),
    "bfloat16": ({"dropout_input": 0.2}, {"negatives": 20, "precision": "bfloat16"}),
}


def options(variant: str = "plain", **train: object) -> Options:
    model, config = VARIANTS[variant]
    return Options(preset="tiny", model={**SMALL, **model}, train={**QUICK, **config, **train})


def all_arrays(run: Path) -> dict[str, np.ndarray]:
    opened = Run.open(run)
    return {
        **load_arrays(opened.file("weights.safetensors", "resume")),
        **load_arrays(opened.file("state.safetensors", "resume")),
    }


def stop_after(steps: int):  # type: ignore[no-untyped-def]
    counter = itertools.count(1)
    return lambda: next(counter) > steps


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("stops", [(5,), (1, 7, 30)])
def test_interrupted_and_resumed_is_bit_for_bit_the_uninterrupted_run(
    corpus: Corpus, tmp_path: Path, variant: str, stops: tuple[int, ...]
) -> None:
    list(train_songs(corpus, tmp_path / "whole", options(variant)))
    last = list(train_songs(corpus, tmp_path / "cut", options(variant), should_stop=stop_after(stops[0])))[-1]
    assert isinstance(last, events.Finished)
    assert last.reason == "interrupted"
    for n in (*stops[1:], 10**9):
        list(train_songs(corpus, tmp_path / "cut", options(variant), resume=True, should_stop=stop_after(n)))
    whole, cut = all_arrays(tmp_path / "whole"), all_arrays(tmp_path / "cut")
    assert whole.keys() == cut.keys()
    assert all((whole[k] == cut[k]).all() for k in whole)
    used = [Run.open(tmp_path / n).file("weights.safetensors").read_bytes() for n in ("whole", "cut")]
    assert used[0] == used[1]
    losses = [[r["valid_loss"] for r in read_history(tmp_path / n) if "valid_loss" in r] for n in ("whole", "cut")]
    assert losses[0] == losses[1]


def test_it_learns(corpus: Corpus, run: Run) -> None:
    rows = [r["valid_loss"] for r in read_history(run.path) if "valid_loss" in r]
    assert min(rows) < 0.7 * math.log(len(run.vocabulary))


def test_a_run_holds_all_that_is_promised(run: Run) -> None:
    names = {p.name for p in run.path.iterdir()}
    assert names >= {
        "config.json", "vocab.json", "latest", "weights.safetensors", "model.onnx", "history.jsonl",
        "copyindex.safetensors", "topics.safetensors", "card.md", "plots", "tensorboard", "checkpoints",
    }  # fmt: skip
    assert {p.name for p in (run.path / "plots").iterdir()} == {"loss.png", "architecture.png"}
    assert "undeclared: do not share" in (run.path / "card.md").read_text()
    assert not [n for n in names if n.endswith((".pkl", ".pt", ".pickle"))]


def test_the_events_tell_the_story_in_order(corpus: Corpus, tmp_path: Path) -> None:
    seen = list(train_songs(corpus, tmp_path / "r", options()))
    assert isinstance(seen[0], events.Started)
    assert isinstance(seen[-1], events.Finished)
    progress = [e for e in seen if isinstance(e, events.Progress)]
    assert [e.step for e in progress] == list(range(1, len(progress) + 1))
    assert progress[0].learning_rate < progress[5].learning_rate > progress[-1].learning_rate
    assert progress[-1].learning_rate < 0.05 * max(e.learning_rate for e in progress)
    assert sum(isinstance(e, events.Evaluated) for e in seen) >= 3


def test_a_budget_ends_with_the_schedule_complete(corpus: Corpus, tmp_path: Path) -> None:
    seen = list(train_songs(corpus, tmp_path / "r", options(epochs=None, budget=2.0)))
    progress = [e for e in seen if isinstance(e, events.Progress)]
    assert progress[-1].progress > 0.9
    assert isinstance(seen[-1], events.Finished)
    assert seen[-1].reason == "done"


def test_early_stopping_keeps_the_best(corpus: Corpus, tmp_path: Path) -> None:
    hot = options(epochs=50.0, evaluations=50, patience=2, learning_rate=0.05)
    seen = list(train_songs(corpus, tmp_path / "r", hot))
    end = seen[-1]
    assert isinstance(end, events.Finished)
    assert end.reason == "stopped early"
    losses = {e.step: e.valid_loss for e in seen if isinstance(e, events.Evaluated)}
    best = min(losses, key=lambda s: losses[s])
    assert Run.open(tmp_path / "r").checkpoint("use").name == f"{best:07d}"


def test_resuming_a_finished_run_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    list(train_songs(corpus, tmp_path / "r", options()))
    before = all_arrays(tmp_path / "r")
    end = list(train_songs(corpus, tmp_path / "r", options(), resume=True))[-1]
    assert isinstance(end, events.Finished)
    assert end.reason == "done"
    assert all((v == before[k]).all() for k, v in all_arrays(tmp_path / "r").items())


def test_resume_refuses_changed_options_and_changed_songs(corpus: Corpus, run: Run, tmp_path: Path) -> None:
    from lyricist.corpus import prepare

    with pytest.raises(InputError, match="hidden is 32.*64 now"):
        next(train_songs(corpus, run.path, Options(model={"hidden": 64}), resume=True))
    other = prepare(texts=[f"other {w} songs are sung in the {w} again" for w in "abcdefgh"], out=tmp_path / "c")
    with pytest.raises(InputError, match="songs have changed"):
        next(train_songs(other, run.path, Options(), resume=True))


def test_resume_needs_a_run(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run directory"):
        next(train_songs(corpus, tmp_path / "none", Options(), resume=True))


def test_fine_tuning_extends_the_vocabulary_and_starts_where_the_base_ended(run: Run, tmp_path: Path) -> None:
    from lyricist.corpus import prepare

    texts = [f"the zebra sang to the {w} and the giraffe was cold in the {w}" for w in ("sea", "sky", "rain", "snow")]
    new = prepare(texts=texts * 3, out=tmp_path / "c", options=_keep())
    tune = Options(base=str(run.path), train={"epochs": 2.0, "batch": 2, "steps": 8, "evaluations": 2})
    list(train_songs(new, tmp_path / "tuned", tune))
    tuned = Run.open(tmp_path / "tuned")
    assert tuned.vocabulary.tokens[: len(run.vocabulary)] == run.vocabulary.tokens
    assert {"zebra", "giraffe"} <= set(tuned.vocabulary.tokens[len(run.vocabulary) :])
    assert tuned.config["base"] == "tiny"
    assert load(tuned).write(seed=1)[0].text


def fine_tuned(run: Run, corpus: Corpus, out: Path, **train: object) -> tuple[events.Finished, Run]:
    """The last event of a short fine-tuning, and its run."""
    asked = {"epochs": 1.0, "batch": 4, "steps": 16, "evaluations": 2, "anchor": 10.0, **train}
    end = list(train_songs(corpus, out, Options(base=str(run.path), train=asked)))[-1]
    assert isinstance(end, events.Finished)
    return end, Run.open(out)


def test_without_an_anchor_weights_are_not_mixed(run: Run, corpus: Corpus, tmp_path: Path) -> None:
    end, made = fine_tuned(run, corpus, tmp_path / "tuned", anchor=0.0)
    assert made.state("use")["cursor"]["share"] == 1.0
    assert end.valid_loss <= end.before


def test_a_fine_tuning_that_taught_nothing_says_so(run: Run, corpus: Corpus, tmp_path: Path) -> None:
    end, made = fine_tuned(run, corpus, tmp_path / "tuned", learning_rate=1e-9)
    assert "taught the network nothing" in end.advice and end.advice in (made.path / "card.md").read_text()


def _keep():  # type: ignore[no-untyped-def]
    from lyricist.corpus import PrepareOptions

    return PrepareOptions(keep_duplicates=True, related=None, near_duplicate=None)


def test_too_few_songs_for_the_batch(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few for batch 100000"):
        next(train_songs(corpus, tmp_path / "r", options(batch=100_000)))


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "lyricist", *map(str, arguments)]


TRAIN = ("--preset", "tiny", "--hidden", 32, "--embedding", 24, "--batch", 8, "--steps", 16, "--no-sample")


def test_kill_at_any_moment_leaves_a_run_that_loads_and_resumes(corpus: Corpus, tmp_path: Path) -> None:
    """Six real kills at random moments of a process that saves as often as it can."""
    out, rng = tmp_path / "r", random.Random(11)
    arguments = command(
        "train", corpus.path, "-o", out, *TRAIN, "--epochs", 400, "--save-every", 0.001, "--patience", 999
    )
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    for i in range(6):
        process = subprocess.Popen([*arguments, *(["--resume"] if i else [])], stderr=subprocess.PIPE, env=env)
        try:  # a random moment after the first save
            wait_for(lambda p=process: (out / "latest").exists() or p.poll() is not None)
            assert process.poll() is None, process.stderr and process.stderr.read()
            process.wait(timeout=rng.uniform(0.3, 1.5) + (2.5 if i else 0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        assert load(out).write(seed=i)[0].text


def wait_for(happened) -> None:  # type: ignore[no-untyped-def]
    """Ask the operating system until it has happened, a minute at most."""
    import time

    until = time.monotonic() + 60
    while not happened() and time.monotonic() < until:
        os.sched_yield()


@pytest.mark.parametrize("kind", ["Ctrl-C", "kill", "closed terminal"])
def test_a_signal_saves_and_exits_with_0(corpus: Corpus, tmp_path: Path, kind: str) -> None:
    out, (terminal, ours) = tmp_path / "r", os.openpty()
    arguments = command("train", corpus.path, "-o", out, *TRAIN, "--epochs", 4000, "--save-every", 0.001)
    process = subprocess.Popen(
        arguments,
        stderr=ours if kind == "closed terminal" else subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(ours, termios.TIOCSCTTY, 0) and None,
    )
    os.close(ours)
    wait_for(lambda: (out / "latest").exists() or process.poll() is not None)
    if kind != "closed terminal":
        process.send_signal({"Ctrl-C": signal.SIGINT, "kill": signal.SIGTERM}[kind])
        _, report = process.communicate(timeout=60)
        assert "stopped and saved" in report
    os.close(terminal)  # for its session, that is SIGHUP
    assert process.wait(timeout=60) == 0
    assert Run.open(out).state()["cursor"]["reason"] == ""
    assert Run.open(out).state()["cursor"]["step"] > 0


# --- a new run in place of another


def broken_step(kind: type[Exception] | float):  # type: ignore[no-untyped-def]
    """What the loss becomes: not a number, or an error."""

    def forward(self, *arguments):  # type: ignore[no-untyped-def]
        if isinstance(kind, type):
            raise kind()
        loss, state = self.model.loss(*arguments)
        return loss * kind, state

    return forward


FAILURES = {
    "an unknown preset": (Options(preset="gigantic"), None, InputError),
    "an option out of range": (Options(preset="tiny", train={"batch": -1}), None, InputError),
    "too few songs": (options(batch=100_000), None, InputError),
    "a loss that is no number": (options(), math.nan, InputError),
    "no memory": (options(), MemoryError, MemoryError),
    "a broken disk": (options(), OSError, OSError),
    "Ctrl-C at once": (options(), None, InputError),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("base", ["scratch", "a run"])
def test_a_training_that_fails_leaves_the_run_that_it_was_to_replace(
    corpus: Corpus, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str, base: str
) -> None:
    asked, broken, error = FAILURES[failure]
    if base != "scratch":
        asked = Options(base=str(run.path), preset=asked.preset, train=asked.train)
    shutil.copytree(run.path, tmp_path / "r")
    before = {p: p.read_bytes() for p in (tmp_path / "r").rglob("*") if p.is_file()}
    if broken is not None:
        monkeypatch.setattr("lyricist.training.trainer.LossStep.forward", broken_step(broken))
    with pytest.raises(error):
        list(train_songs(corpus, tmp_path / "r", asked, force=True, should_stop=lambda: "Ctrl-C" in failure))
    assert {p: p.read_bytes() for p in (tmp_path / "r").rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_one_process_trains_a_run(corpus: Corpus, tmp_path: Path) -> None:
    first = train_songs(corpus, tmp_path / "r", options(save_every=0.0001))
    next(first)
    with pytest.raises(RunError, match="trained by another process"):
        next(train_songs(corpus, tmp_path / "r", options()))
    assert any(isinstance(event, events.Saved) for event in first)
    for more in ({"resume": True}, {"force": True}):
        with pytest.raises(RunError, match="trained by another process"):
            next(train_songs(corpus, tmp_path / "r", options(), **more))
    assert load(tmp_path / "r").write(seed=1)[0].text
    first.close()
    assert list(train_songs(corpus, tmp_path / "r", options(), resume=True))


def test_the_record_of_a_new_run_goes_with_it(corpus: Corpus, tmp_path: Path) -> None:
    list(train_songs(corpus, tmp_path / "r", options()))
    assert len(list((tmp_path / "r" / "tensorboard").iterdir())) == 1
    assert [r for r in read_history(tmp_path / "r") if "valid_loss" in r]
    assert not list((tmp_path / "r").rglob(".*"))
