"""Sweeps of tiny networks: what is compared, that no trial is trained twice, what is left on disk."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from tests.training.test_trainer import wait_for

from lyricist.apps.sweep import CLASSIC_GRID, Sweep
from lyricist.apps.sweep.search_space import Range, parse_space
from lyricist.apps.sweep.study_storage import directory_lock, engine_options, full_url
from lyricist.apps.sweep.sweep_folder import SweepFolder
from lyricist.apps.sweep.sweep_report import write_report
from lyricist.apps.sweep.sweep_runner import Begun, Ended, TrialBegun, TrialEnded, prepare, run_sweep
from lyricist.apps.sweep.trial_queue import RETRIES, TrialFailed, TrialQueue, TrialStopped
from lyricist.apps.sweep.trial_worker import Worker
from lyricist.corpus import Corpus, open_corpus
from lyricist.errors import InputError
from lyricist.model.checkpoint import Run
from lyricist.training.token_arrays import token_set

SETTINGS = {"epochs": 1.0, "steps": 16, "evaluations": 2}
SMALL = {"embedding": (8,), "hidden": (8, 12), "batch": (8,)}


def sweep(space: Any = None, **options: Any) -> Sweep:
    return Sweep({**SMALL, **(space or {})}, preset="tiny", settings=SETTINGS, **options)


def here(
    corpus: Corpus, out: Path, made: Sweep, stop_after: int = 10**9, marks: int = 10**9, retry: bool = False
) -> list[int]:
    """What `run_sweep` does, with the worker in this process; returns the trials begun.

    It is stopped when trial number `stop_after` of this call has begun, or after so many `marks` (validation losses).
    """
    place = prepare(corpus, out, made, None, None, False)
    place.queue.fill(retry)
    messages: list[dict[str, Any]] = []

    def say(**message: Any) -> None:
        messages.append(message)
        if message["kind"] == "ended":
            place.folder.settle(message["record"]["trial"])

    def said(kind: str) -> list[int]:
        return [message["trial"] for message in messages if message["kind"] == kind]

    try:
        Worker(place.job(1), say, lambda: len(said("begun")) >= stop_after or len(said("mark")) >= marks).work()
        write_report(place.folder, place.queue, place.queue.rows(), plots=True)
    finally:
        place.lock.close()
    return said("begun")


def rows_of(out: Path) -> list[dict[str, str]]:
    with open(out / "trials.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- the space ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cell=lstm,gru", ("lstm", "gru")),
        ("hidden=128,256", (128, 256)),
        ("dropout=0,0.3", (0.0, 0.3)),
        ("tied=true,false", (True, False)),
        ("epochs=none,5", (None, 5.0)),
        ("learning-rate=1e-3..1e-2", Range(0.001, 0.01, log=True)),
        ("dropout=0..0.5", Range(0.0, 0.5)),
        ("hidden=128..512:64", Range(128, 512, step=64)),
        ("hidden = 16..512", Range(16, 512, log=True)),
        ("vocabulary=500,1000", (500, 1000)),
        ("preset=tiny,small", ("tiny", "small")),
    ],
)
def test_a_field_and_its_values(text: str, expected: object) -> None:
    assert list(parse_space([text]).values()) == [expected]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["hiden=1,2"], "--set hiden: there is no such field; the nearest is hidden"),
        (["learnin_rate=1"], "nearest is learning_rate"),
        (["dropout_inptu=0"], "nearest is dropout_input"),
        (["vocab_size=10"], "there is no such field"),
        (["hidden"], "write a field and its values"),
        (["hidden="], "write a field and its values"),
        (["hidden=12.5"], "hidden = '12.5'"),
        (["layers=2,9"], "layers = '9': Input should be less than or equal to 4"),
        (["cell=rnn"], "cell = 'rnn'"),
        (["cell=gru..lstm"], "only numbers have ranges"),
        (["hidden=64..32"], "the range is empty"),
        (["hidden=32..64:0"], "the step '0' does not fit"),
        (["hidden=32..64:x"], "the step 'x' does not fit"),
        (["hidden=8,8"], "a value is there twice"),
        (["hidden=8", "hidden=9"], "--set hidden is given twice"),
        (["preset=huge"], "use tiny, small, medium, large"),
        (["vocabulary=few"], "use a whole number of words"),
        (["learning_rate=inf"], "finite"),
    ],
)
def test_bad_fields_are_one_clear_line(texts: list[str], expected: str) -> None:
    with pytest.raises(InputError) as error:
        parse_space(texts)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("space", "options", "expected"),
    [
        ({}, {}, "nothing to vary"),
        ({"hidden": Range(8, 16)}, {}, "--set hidden is a range, and a grid needs values"),
        ({"hidden": (8, 9)}, {"trials": 5}, "--trials 5 and a grid of 2 clash"),
        ({"hidden": (8, 9)}, {"sampler": "genetic"}, "--sampler 'genetic' is unknown"),
        ({"dropout": (0.1,), "dropout_input": (0.2,)}, {}, "--set dropout and --set dropout_input"),
        ({"budget": (1.0, 2.0)}, {"budget": 3.0}, "--set budget and --budget clash"),
    ],
)
def test_clashes_name_both_sides(space: Any, options: Any, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        Sweep(space, **options)


def test_a_grid_has_every_point_once() -> None:
    made = Sweep(parse_space(["cell=lstm,gru", "hidden=8..16:4", "dropout=0,0.3"]))
    points = [tuple(p.values()) for p in made.points()]
    assert len(points) == len(set(points)) == made.count == 12
    assert points[0] == ("lstm", 8, 0.0)
    assert points[-1] == ("gru", 16, 0.3)


def test_a_range_has_as_many_trials_as_are_asked_for() -> None:
    assert sweep({"learning_rate": Range(1e-3, 1e-1)}, sampler="random", trials=20_000).count == 20_000


def test_the_classic_grid_has_32_settings_and_the_notebooks_network() -> None:
    points = Sweep(parse_space(CLASSIC_GRID)).points()
    assert len(points) == 32
    assert {"cell": "lstm", "hidden": 512, "layers": 2, "dropout": 0.0, "batch": 20} in points


def test_a_point_becomes_options() -> None:
    made = Sweep(parse_space(["dropout=0.3", "batch=4", "vocabulary=50", "cell=gru"]), budget=3.0, seed=9)
    options = made.options(made.points()[0])
    assert options.model == {"dropout_input": 0.3, "dropout_hidden": 0.3, "dropout_output": 0.3, "cell": "gru"}
    assert options.train == {"seed": 9, "budget": 3.0, "epochs": None, "batch": 4}
    assert (options.vocabulary, options.preset) == (50, "small")


def test_a_sweep_survives_json() -> None:
    made = Sweep(parse_space(["cell=lstm,gru", "learning_rate=1e-3..1e-2", "hidden=8..16:4"]), "tpe", 7, budget=2.0)
    assert Sweep.from_json(json.loads(json.dumps(made.to_json())), 7) == made


# -- the queue, without training ------------------------------------------------------------------


def queue_of(folder: Path, made: Sweep, corpus: str = "songs") -> TrialQueue:
    return TrialQueue(f"sqlite:///{folder / 'study.db'}", "sweep", made, corpus)


def run_one(queue: TrialQueue, end: Callable[[Any, int], float]) -> tuple[bool | None, list[tuple[int, Any]]]:
    """Run the next trial by a training that takes no time: what `run_next` says, and slot and settings."""
    seen = []

    def train(trial: Any, slot: int, params: dict[str, Any]) -> float:
        seen.append((slot, params))
        return end(trial, slot)

    return queue.run_next(train, "here", "host"), seen


def run_all(queue: TrialQueue) -> list[tuple[int, Any]]:
    """Run every trial that waits: slots and settings in order."""
    seen: list[tuple[int, Any]] = []
    while (found := run_one(queue, lambda trial, slot: float(slot)))[0] is not None:
        seen += found[1]
    return seen


def stop(trial: Any, slot: int) -> float:
    raise TrialStopped


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize(
    "field",
    ["learning_rate=1e-4..1e-1", "dropout=0..0.5", "hidden=16..512", "hidden=32..96:32", "cell=lstm,gru"],
)
def test_sampled_points_stay_in_range_and_do_not_hang_on_interruptions(
    tmp_path: Path, sampler: str, field: str
) -> None:
    made = Sweep(parse_space([field]), sampler, 6)
    for again in ("a", "b"):
        (tmp_path / again).mkdir()
        queue_of(tmp_path / again, made).fill()
    drawn = [next(iter(params.values())) for _, params in run_all(queue_of(tmp_path / "a", made))]
    again_drawn = []
    for _ in range(made.count):  # as if the process ended after every trial
        _, ((_, params),) = run_one(queue_of(tmp_path / "b", made), lambda trial, slot: float(slot))
        again_drawn.append(next(iter(params.values())))
    (values,) = made.space.values()
    small = {"hidden=32..96:32": 3, "cell=lstm,gru": 2}.get(field)
    assert len(drawn) == len(set(drawn)) == small if small else len(drawn) == 6  # no point of a small space twice
    assert drawn == again_drawn
    for value in drawn:
        if isinstance(values, tuple):
            assert value in values
        else:
            assert values.low <= value <= values.high
            assert values.step is None or (value - values.low) % values.step == 0
    assert len(set(drawn)) > 1


def test_a_grid_under_a_budget_goes_in_an_order_that_favours_nothing(tmp_path: Path) -> None:
    made = Sweep(parse_space(["cell=lstm,gru", "hidden=8..32:8"]), budget=5.0)
    queue = queue_of(tmp_path, made)
    queue.fill()
    taken = run_all(queue)
    assert all(params == made.points()[slot] for slot, params in taken)
    slots = [slot for slot, _ in taken]
    assert sorted(slots) == list(range(8)) != slots


def test_every_slot_is_run_once_even_when_two_enqueue_it(tmp_path: Path) -> None:
    made = sweep({"layers": (1, 2)})
    one, two = queue_of(tmp_path, made), queue_of(tmp_path, made)
    points = made.points()
    for slot, point in enumerate(points):  # what two machines that start in the same moment do
        for queue in (one, two):
            queue.study.enqueue_trial(point, user_attrs={"slot": slot})
    seen: list[Any] = []
    while (found := run_one(one if len(seen) % 2 else two, lambda trial, slot: 5.0))[0] is not None:
        seen += found[1]
    assert [params for _, params in seen] == points
    assert [row.state for row in two.rows()] == ["complete"] * 4
    two.fill()
    assert run_all(two) == []


def test_claims_of_many_connections_never_collide(tmp_path: Path) -> None:
    """Four threads, each with its own connection to the same SQLite file; every slot is run once."""
    made = Sweep({"hidden": tuple(range(8, 28))})
    queue_of(tmp_path, made).fill()
    claimed: list[int] = []

    def machine() -> None:
        queue = queue_of(tmp_path, made)
        claimed.extend(slot for slot, _ in run_all(queue))

    in_threads(machine)
    assert sorted(claimed) == list(range(20))


def in_threads(machine: Callable[[], None]) -> None:
    threads = [threading.Thread(target=machine) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_stopped_trial_is_run_again_at_the_same_point(tmp_path: Path) -> None:
    made = Sweep(parse_space(["learning_rate=1e-4..1e-1"]), "tpe", 3)
    queue = queue_of(tmp_path, made)
    queue.fill()
    told, first = run_one(queue, stop)
    assert told and queue.rows()[0].state == "waiting"
    queue.fill()
    queue.fill()
    seen = run_all(queue)
    assert [slot for slot, _ in seen] == [1, 2, 0]
    assert seen[-1:] == first


def test_a_failure_is_kept_until_it_is_asked_to_be_tried_again(tmp_path: Path) -> None:
    made = Sweep(parse_space(["hidden=8,16"]))
    queue = queue_of(tmp_path, made)
    queue.fill()

    def fail(trial: Any, slot: int) -> float:
        queue.store(trial, {"error": "the loss is nan"})
        raise TrialFailed

    run_one(queue, fail)
    run_one(queue, lambda trial, slot: 4.5)
    queue.fill()
    assert run_all(queue) == []
    assert [(r.state, r.valid_loss, r.error) for r in queue.rows()] == [
        ("failed", None, "the loss is nan"),
        ("complete", 4.5, ""),
    ]
    queue.fill(retry=True)
    assert run_all(queue) == [(0, {"hidden": 8})]


def test_a_result_that_comes_too_late_is_refused(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, Sweep(parse_space(["hidden=8,16"])))
    queue.fill()

    def late(trial: Any, slot: int) -> float:
        queue.fail(trial.number)  # its machine was taken for dead
        return 5.0

    assert run_one(queue, late)[0] is False
    assert queue.rows()[0].state == "waiting"

    def later(trial: Any, slot: int) -> float:
        queue.fail(trial.number)
        queue.store(trial, {"result": {"steps": 1}})
        return 5.0

    assert run_one(queue, later)[0] is False


def test_an_error_of_the_training_is_raised_and_leaves_the_slot_open(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, Sweep(parse_space(["hidden=8,16"])))
    queue.fill()

    def full(trial: Any, slot: int) -> float:
        raise InputError("No space left")

    with pytest.raises(InputError, match="No space left"):
        run_one(queue, full)
    assert [row.state for row in queue.rows()] == ["waiting", "waiting"]


SILENT = """
import sys
import time
from pathlib import Path
from test_sweep import parse_space, queue_of, Sweep
queue = queue_of(Path(sys.argv[1]), Sweep(parse_space(["hidden=8..64"]), "random", 2))
queue.fill()
queue.run_next(lambda trial, slot, params: print(params, flush=True) or time.sleep(1000), "there", "host")
"""


def test_a_dead_machines_trial_is_retried_once_its_heartbeat_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", SILENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=with_tests()) as process:
        assert process.stdout is not None
        params = process.stdout.readline()
        process.kill()
    made = Sweep(parse_space(["hidden=8..64"]), "random", 2)
    assert [slot for slot, _ in run_all(queue_of(tmp_path, made))] == [1]  # it may live
    monkeypatch.setattr("lyricist.apps.sweep.study_storage.GRACE", 1)
    queue = queue_of(tmp_path, made)
    assert queue.rows()[0].state == "running"
    wait_for(lambda: run_one(queue, lambda trial, slot: 5.0)[0])
    assert [row.state for row in queue.rows()] == ["complete"] * 2
    assert str(queue.rows()[0].params) == params.strip()


def with_tests() -> dict[str, str]:
    here, tests, root = Path(__file__).parents[:3]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (here, tests, root, root / "src")))}


def test_a_trial_whose_process_dies_again_and_again_is_not_retried_forever(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, Sweep(parse_space(["hidden=8,16"])))
    queue.fill()
    retried = []

    def die(trial: Any, slot: int) -> float:
        retried.append(slot == 0 and queue.retry(trial.number))
        return 5.0

    for _ in range(RETRIES + 2):  # retries are enqueued behind the other slot
        run_one(queue, die)
    assert retried == [True, False, *[True] * (RETRIES - 1), False]


@pytest.mark.parametrize(
    ("other", "corpus", "expected"),
    [
        (Sweep(parse_space(["hidden=8,32"])), "songs", "hidden: 8,16 there, 8,32 here"),
        (Sweep(parse_space(["hidden=8,16", "layers=1,2"])), "songs", "layers: None there, 1,2 here"),
        (Sweep(parse_space(["hidden=8,16"]), budget=2.0), "songs", "budget: None there, 2.0 here"),
        (Sweep(parse_space(["hidden=8,16"])), "others", "other songs"),
    ],
)
def test_a_study_of_something_else_is_not_joined(tmp_path: Path, other: Sweep, corpus: str, expected: str) -> None:
    queue_of(tmp_path, Sweep(parse_space(["hidden=8,16"])))
    with pytest.raises(InputError, match=expected):
        queue_of(tmp_path, other, corpus)


def test_hopeless_trials_are_pruned_and_promising_ones_are_not(tmp_path: Path) -> None:
    made = Sweep(parse_space(["learning_rate=1e-4..1e-1"]), "random", 8, prune=True, settings={"evaluations": 4})
    queue = queue_of(tmp_path, made)
    queue.fill()
    verdicts = []
    for worst in (5.0, 5.1, 5.2, 5.3, 9.0, 4.0):

        def judge(trial: Any, slot: int, worst: float = worst) -> float:
            for mark in (1, 2, 3):
                trial.report(worst - mark / 10, mark)
            verdicts.append(trial.should_prune())
            return worst

        run_one(queue, judge)
    assert verdicts == [False, False, False, False, True, False]


def test_processes_may_make_the_token_arrays_of_a_corpus_at_the_same_time(corpus: Corpus, tmp_path: Path) -> None:
    shutil.copytree(corpus.path, tmp_path / "c", ignore=shutil.ignore_patterns("tokens"))
    made: list[int] = []
    in_threads(lambda: made.append(len(token_set(open_corpus(tmp_path / "c")).split("train"))))
    assert len(made) == 4 and len(set(made)) == 1


# -- whole sweeps ---------------------------------------------------------------------------------


def test_a_sweep_stopped_and_called_again_repeats_no_finished_trial(corpus: Corpus, tmp_path: Path) -> None:
    made, out = sweep({"cell": ("lstm", "gru")}), tmp_path / "s"
    assert here(corpus, out, made, stop_after=2) == [1, 2]
    assert [r["state"] for r in rows_of(out)] == ["complete", "waiting", "waiting", "waiting"]
    assert [p.name for p in out.glob("run-*")] == ["run-0002"]  # to go on with
    first = rows_of(out)[0]
    assert sorted(here(corpus, out, made)) == [2, 3, 4]
    assert here(corpus, out, made) == []
    rows = rows_of(out)
    assert rows[0] == first
    assert [(r["hidden"], r["cell"]) for r in rows] == [("8", "lstm"), ("8", "gru"), ("12", "lstm"), ("12", "gru")]
    assert [r["state"] for r in rows] == ["complete"] * 4
    check_what_is_left(out, rows)


@pytest.mark.full
def test_two_workers_stopped_and_called_again(corpus: Corpus, tmp_path: Path) -> None:
    made, out = sweep({"cell": ("lstm", "gru")}), tmp_path / "s"
    seen: list[Any] = []
    for event in run_sweep(corpus, out, made, workers=2, should_stop=lambda: bool(of(seen, TrialEnded))):
        seen.append(event)
    finished = {e.trial for e in of(seen, TrialEnded)}
    assert finished
    assert seen[-1].reason == ("interrupted" if len(finished) < 4 else "done")
    again = list(run_sweep(corpus, out, made, workers=2))
    assert again[0] == Begun(out, 4, len(finished), max(1, min(2, 4 - len(finished))), again[0].threads)
    assert sorted(e.trial for e in of(again, TrialBegun)) == sorted({1, 2, 3, 4} - finished)
    assert isinstance(again[-1], Ended) and again[-1].reason == "done"
    check_what_is_left(out, rows_of(out))


def of(events: list[Any], kind: type) -> list[Any]:
    return [e for e in events if isinstance(e, kind)]


def check_what_is_left(out: Path, rows: list[dict[str, str]]) -> None:
    """Light records of all trials, the weights of the best one only."""
    losses = {int(r["trial"]): float(r["valid_loss"]) for r in rows}
    best = min(losses, key=losses.__getitem__)
    about = json.loads((out / "sweep.json").read_text())
    assert about["format"] == 1
    assert about["best"]["trial"] == best == json.loads((out / "best" / "trial.json").read_text())["trial"]
    assert (out / "best" / "weights.safetensors").exists()
    assert len(list(out.rglob("weights.safetensors"))) == 1 + len(list((out / "best" / "checkpoints").iterdir()))
    for trial in losses:
        kept = out / "trials" / f"{trial:04d}"
        assert {p.name for p in kept.iterdir()} == {"trial.json", "config.json", "history.jsonl"}
    boards = sorted(p.name for p in (out / "tensorboard").iterdir())
    assert boards == [f"{int(r['trial']):04d} hidden={r['hidden']} cell={r['cell']}" for r in rows]
    assert all(list((out / "tensorboard" / name).glob("events.*")) for name in boards)
    assert {p.name for p in (out / "plots").iterdir()} >= {"learning_curves.png", "parallel_coordinates.png"}
    assert not [p for p in out.iterdir() if p.name.startswith((".", "run-", "worker-"))]


def test_the_best_run_writes_songs_and_knows_its_corpus(corpus: Corpus, tmp_path: Path) -> None:
    from lyricist.apps.cli.train_command import own_corpus
    from lyricist.generate.writer import load
    from lyricist.model.checkpoint import Run

    here(corpus, tmp_path / "s", sweep())
    assert load(tmp_path / "s" / "best").write(seed=1)[0].text
    assert own_corpus(Run.open(tmp_path / "s" / "best")).fingerprint == corpus.fingerprint


@pytest.mark.parametrize(
    ("space", "error"),
    [
        ({"batch": (8, 100_000)}, "too few for batch 100000"),
        ({"hidden": (8, 3_000_000)}, "less than or equal to 16384"),
    ],
)
def test_a_failing_trial_is_recorded_and_the_others_go_on(
    corpus: Corpus, tmp_path: Path, space: Any, error: str
) -> None:
    made = sweep({"hidden": (8,), **space})
    assert here(corpus, tmp_path / "s", made) == [1, 2]
    rows = rows_of(tmp_path / "s")
    assert [r["state"] for r in rows] == ["complete", "failed"]
    assert error in rows[1]["error"]
    assert rows[1]["valid_loss"] == ""
    assert here(corpus, tmp_path / "s", made) == []
    assert here(corpus, tmp_path / "s", made, retry=True) == [2]


def test_a_full_disk_ends_it_and_is_no_fault_of_the_trial(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise InputError("s/run-0001: cannot write (No space left on device)") from OSError(
            28, "No space left on device"
        )

    monkeypatch.setattr("lyricist.apps.sweep.trial_worker.train_songs", full)
    with pytest.raises(InputError, match="No space left"):
        here(corpus, tmp_path / "s", sweep())
    monkeypatch.undo()
    assert here(corpus, tmp_path / "s", sweep()) == [2, 1]


def runaway(learning_rate: float) -> Sweep:
    rates = {"learning_rate": (0.01, learning_rate), "clip": (1e30,)}
    return sweep({**rates, "hidden": (8,)})


def test_a_loss_that_is_no_number_fails_the_trial(corpus: Corpus, tmp_path: Path) -> None:
    here(corpus, tmp_path / "s", runaway(1e38))
    rows = rows_of(tmp_path / "s")
    assert [r["state"] for r in rows] == ["complete", "failed"]
    assert "use a lower learning rate" in rows[1]["error"]


def test_a_loss_that_runs_away_is_a_bad_result_and_no_failure(corpus: Corpus, tmp_path: Path) -> None:
    here(corpus, tmp_path / "s", runaway(1e20))
    rows = rows_of(tmp_path / "s")
    assert [r["state"] for r in rows] == ["complete"] * 2
    assert float(rows[1]["valid_loss"]) > 1000


def test_a_stopped_trial_goes_on_bit_for_bit(corpus: Corpus, tmp_path: Path) -> None:
    made = sweep({"hidden": (8,), "seed": (3,)})
    here(corpus, tmp_path / "whole", made)
    assert here(corpus, tmp_path / "parts", made, marks=1) == [1]
    stopped = tmp_path / "parts" / "run-0001"
    step = json.loads((stopped / "latest").read_text())["resume"]
    assert int(step) > 0
    assert here(corpus, tmp_path / "parts", made) == [1]
    names = ("whole", "parts")
    runs = [Run.open(tmp_path / name / "best") for name in names]
    assert (tmp_path / "parts" / "best" / "checkpoints" / step).is_dir()
    first, second = (run.file("weights.safetensors").read_bytes() for run in runs)
    assert first == second
    records = [json.loads((tmp_path / name / "trials" / "0001" / "trial.json").read_text()) for name in names]
    assert records[0]["valid_loss"] == records[1]["valid_loss"]
    shares, losses = ([[row[i] for row in record["result"]["curve"]] for record in records] for i in (0, 2))
    assert shares[0] == shares[1] and losses[0] == losses[1]


def test_a_damaged_run_of_a_stopped_trial_is_trained_anew(corpus: Corpus, tmp_path: Path) -> None:
    made = sweep({"hidden": (8,), "seed": (3,)})
    here(corpus, tmp_path / "s", made, marks=1)
    (tmp_path / "s" / "run-0001" / "latest").unlink()
    assert here(corpus, tmp_path / "s", made) == [1]
    assert [row["state"] for row in rows_of(tmp_path / "s")] == ["complete"]


CALL = """
import sys
from lyricist.corpus import open_corpus
from lyricist.apps.sweep.sweep_runner import run_sweep
from test_sweep import four
corpus, out, storage = sys.argv[1:]
for event in run_sweep(open_corpus(corpus), out, four(), workers=2, storage=storage or None):
    print(type(event).__name__, getattr(event, "trial", ""), flush=True)
"""


def four() -> Sweep:
    return sweep({"cell": ("lstm", "gru")})


def kill_half_way(corpus: Corpus, out: Path, storage: str | None, workers_too: bool) -> None:
    """Kill a sweep of four trials when two have ended, and call it again: nothing is lost, and nothing repeated."""
    command = [sys.executable, "-c", CALL, str(corpus.path), str(out), storage or ""]
    began: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=with_tests()) as process:
        assert process.stdout is not None
        for line in process.stdout:
            began.append(line.strip())
            if sum(said.startswith("TrialEnded") for said in began) == 2:
                workers = children_of(process.pid) if workers_too else []
                process.kill()
                for worker in workers:
                    os.kill(worker, signal.SIGKILL)
                break
    records = {p.name: (p / "trial.json").read_bytes() for p in (out / "trials").glob("0*")}
    assert len(records) >= 2
    seen = list(run_sweep(corpus, out, four(), storage=storage))  # it waits for the workers that were left to end
    assert isinstance(seen[-1], Ended) and seen[-1].reason == "done"
    assert [row.state for row in seen[-1].rows] == ["complete"] * 4
    assert {f"{event.trial:04d}" for event in of(seen, TrialBegun)}.isdisjoint(records)
    for name, record in records.items():
        assert (out / "trials" / name / "trial.json").read_bytes() == record
    study = optuna.load_study(study_name=out.name if storage else "sweep", storage=full_url(storage, out))
    complete = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    assert sorted(trial.user_attrs["slot"] for trial in complete) == [0, 1, 2, 3]
    check_what_is_left(out, rows_of(out))


@pytest.mark.full
@pytest.mark.parametrize("workers_too", [False, True])
def test_killed_half_way_no_trial_is_lost_or_repeated(corpus: Corpus, tmp_path: Path, workers_too: bool) -> None:
    kill_half_way(corpus, tmp_path / "s", None, workers_too)


ONE_BY_ONE = (
    CALL.replace("four()", "sweep()").replace("import four", "import sweep").replace("workers=2", "workers=1")
)


def test_killed_at_once_it_goes_on_with_the_trial_it_was_at(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "s"
    command = [sys.executable, "-c", ONE_BY_ONE, str(corpus.path), str(out), ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=with_tests()) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split() == ["TrialBegun", "2"]:
                process.kill()
                break
    before = {p.name for p in (out / "trials").iterdir()}
    assert before == {"0001"}
    begun = here(corpus, out, sweep())  # it waits for the worker that was left behind to notice
    assert begun in ([2], [])  # the worker may have ended trial 2 before it noticed
    assert [r["state"] for r in rows_of(out)] == ["complete"] * 2
    assert not list(out.glob("run-*"))


@pytest.mark.parametrize("times", [1, pytest.param(RETRIES + 1, marks=pytest.mark.full)])
def test_a_trial_whose_process_dies_is_tried_again_and_at_last_recorded(
    corpus: Corpus, tmp_path: Path, times: int
) -> None:
    made, out = sweep(), tmp_path / "s"
    begun = []
    for event in run_sweep(corpus, out, made):
        if isinstance(event, TrialBegun):
            begun.append(event.trial)
            if event.trial == 1 and begun.count(1) <= times:
                for worker in children_of(os.getpid()):
                    os.kill(worker, signal.SIGKILL)
    assert Counter(begun) == {1: min(times + 1, RETRIES + 1), 2: 1}
    rows = rows_of(out)
    assert [row["state"] for row in rows] == ["complete" if times <= RETRIES else "failed", "complete"]
    assert ("out of memory?" in rows[0]["error"]) == (times > RETRIES)


def children_of(pid: int) -> list[int]:
    """The workers that a process has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("no list of child processes here")
    found = [int(child) for child in children.read_text().split()]
    return [child for child in found if b"sweep.trial_worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_record_on_disk_counts_though_the_database_never_heard_of_it(
    corpus: Corpus, tmp_path: Path, state: str
) -> None:
    """What is left when the database is lost between the end of a trial and the telling of it."""
    made, out = sweep(), tmp_path / "s"
    folder = SweepFolder.open(out, made, corpus, False)
    queue = queue_of(out, made, corpus.fingerprint)
    queue.fill()
    trial = queue.study.ask()
    params = queue.begin(trial, folder.about()["place"], "host")
    if state == "failed":
        queue.fail(trial.number)
    record = {"trial": 1, "number": trial.number, "state": "complete", "valid_loss": 1.25, "params": params}
    folder.keep({**record, "format": 1, "result": {"steps": 7}, "error": ""}, "0001")
    assert here(corpus, out, made) == [2]
    first = rows_of(out)[0]
    assert (first["valid_loss"], first["steps"], first["host"]) == ("1.25", "7", "host")


def test_more_trials_of_a_sampled_sweep_may_be_asked_for_later(corpus: Corpus, tmp_path: Path) -> None:
    space = {"learning_rate": Range(1e-3, 1e-1, log=True)}
    assert here(corpus, tmp_path / "s", sweep(space, sampler="random", trials=1)) == [1]
    assert here(corpus, tmp_path / "s", sweep(space, sampler="random", trials=2)) == [2]
    assert len(rows_of(tmp_path / "s")) == 2
    assert all(1e-3 <= float(r["learning_rate"]) <= 1e-1 for r in rows_of(tmp_path / "s"))


def test_directories_of_something_else_are_left_alone(corpus: Corpus, run_dir: Path, tmp_path: Path) -> None:
    before = sorted(p.name for p in run_dir.iterdir())
    for force in (False, True):
        with pytest.raises(InputError, match="is no sweep"):
            list(run_sweep(corpus, run_dir, sweep(), force=force))
    assert sorted(p.name for p in run_dir.iterdir()) == before
    SweepFolder.open(tmp_path / "s", sweep(), corpus, False)
    with pytest.raises(InputError, match="hidden: 8,12 there, 8,16 here"):
        list(run_sweep(corpus, tmp_path / "s", sweep({"hidden": (8, 16)})))


def test_a_sweep_is_replaced_when_a_trial_of_the_new_one_has_finished(corpus: Corpus, tmp_path: Path) -> None:
    out, new = tmp_path / "s", sweep({"hidden": (8,), "layers": (1, 2)})
    here(corpus, out, sweep({"hidden": (8,)}))
    before = {p.relative_to(out): p.read_bytes() for p in sorted(out.rglob("*.json"))}
    events = run_sweep(corpus, out, new, force=True, should_stop=lambda: True)
    with pytest.raises(InputError, match="no trial has finished, so .* is as it was"):
        list(events)
    assert {p.relative_to(out): p.read_bytes() for p in sorted(out.rglob("*.json"))} == before
    folder = SweepFolder.open(out, new, corpus, True)  # and is killed
    assert not folder.has_finished() and folder.aside.is_dir()
    with pytest.raises(InputError, match="holds a sweep that compares something else"):
        list(run_sweep(corpus, out, new))
    assert {p.relative_to(out): p.read_bytes() for p in sorted(out.rglob("*.json"))} == before
    list(run_sweep(corpus, out, new, force=True))
    assert SweepFolder(out).about()["sweep"]["space"]["layers"] == [1, 2] and len(rows_of(out)) == new.count
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s"]


def test_an_unreachable_database_is_one_line_and_leaves_everything(corpus: Corpus, tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/songs"
    with pytest.raises(InputError) as error:
        list(run_sweep(corpus, tmp_path / "new", sweep(), storage=url))
    assert "postgresql+pg8000://me:***@127.0.0.1:1/songs cannot be used" in str(error.value)
    assert "secret" not in str(error.value)
    assert not (tmp_path / "new").exists()
    SweepFolder.open(tmp_path / "old", sweep(), corpus, False)
    before = (tmp_path / "old" / "sweep.json").read_bytes()
    with pytest.raises(InputError):
        list(run_sweep(corpus, tmp_path / "old", sweep(), storage=url, force=True))
    assert (tmp_path / "old" / "sweep.json").read_bytes() == before


def test_a_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    url = full_url("postgresql://me@host/songs", Path())
    assert engine_options(url)["connect_args"]["password"] == "secret"
    for other in ("postgresql://me:own@host/songs", None):
        assert "password" not in engine_options(full_url(other, Path()))["connect_args"]


def test_two_sweeps_do_not_share_a_directory(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyricist.apps.sweep.study_storage.PATIENCE", 0.1)
    SweepFolder.open(tmp_path / "s", sweep(), corpus, False)
    held = directory_lock(tmp_path / "s")
    held.acquire_read()
    with pytest.raises(InputError, match="another sweep is at work"):
        list(run_sweep(corpus, tmp_path / "s", sweep()))
    held.close()
    assert math.isfinite(json.loads((tmp_path / "s" / "sweep.json").read_text())["corpus"]["words"])
