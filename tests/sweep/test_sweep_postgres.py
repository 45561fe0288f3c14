"""Several machines on one study in a real PostgreSQL: no trial is trained twice, an outage loses nothing."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_sweep import in_threads, kill_half_way, of, run_all, sweep

import postgres
from lyricist.apps.sweep.search_space import Sweep
from lyricist.apps.sweep.sweep_runner import Ended, TrialBegun, TrialEnded, run_sweep
from lyricist.apps.sweep.trial_queue import TrialQueue
from lyricist.corpus import Corpus
from lyricist.errors import InputError

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(postgres.programs() is None, reason="no PostgreSQL server is installed (initdb, pg_ctl)"),
]


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    with tempfile.TemporaryDirectory(prefix="lyricist-pg-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        (Path(folder) / "pg").mkdir()
        with postgres.server(Path(folder) / "pg") as made:
            yield made


def test_claims_of_many_processes_never_collide(server: postgres.Server) -> None:
    """Four threads with connections of their own run 40 slots that were enqueued up to four times over."""
    made = Sweep({"hidden": tuple(range(8, 48))})
    run: list[tuple[int, Any]] = []

    def machine() -> None:
        queue = TrialQueue(server.url.replace("postgresql", "postgresql+pg8000"), "many", made, "songs")
        queue.fill()
        run.extend(run_all(queue))

    in_threads(machine)
    assert sorted((slot, params["hidden"]) for slot, params in run) == [(slot, 8 + slot) for slot in range(40)]


@pytest.mark.parametrize("workers_too", [False, True])
def test_killed_half_way_no_trial_is_lost_or_repeated(
    corpus: Corpus, tmp_path: Path, server: postgres.Server, workers_too: bool
) -> None:
    kill_half_way(corpus, tmp_path / "s", server.url, workers_too)


def machine(corpus: Corpus, out: Path, url: str) -> subprocess.Popen[str]:
    """`lyricist sweep` of four settings in a process of its own."""
    settings = ("hidden=8,12", "cell=lstm,gru", "embedding=8", "batch=8", "steps=16", "epochs=1", "evaluations=2")
    sets = [word for text in settings for word in ("--set", text)]
    command = [sys.executable, "-m", "lyricist", "sweep", str(corpus.path), "-o", str(out), "--preset", "tiny", *sets]
    shared = ["--storage", url, "--study", "shared"]
    return subprocess.Popen([*command, *shared], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_machines_share_one_study(corpus: Corpus, tmp_path: Path, server: postgres.Server) -> None:
    machines = [machine(corpus, tmp_path / name, server.url) for name in ("a", "b")]
    reports = [process.communicate()[1] for process in machines]
    assert [process.returncode for process in machines] == [0, 0], reports
    trained = [{p.name for p in (tmp_path / name / "trials").glob("0*")} for name in ("a", "b")]
    assert trained[0] | trained[1] == {"0001", "0002", "0003", "0004"}
    assert not trained[0] & trained[1]
    last = machine(corpus, tmp_path / "a", server.url)  # all have ended: it shows the whole table
    _, report = last.communicate()
    assert last.returncode == 0, report
    assert "4 trials, 4 done before" in report
    with open(tmp_path / "a" / "trials.csv", encoding="utf-8", newline="") as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["complete"] * 4
    about = json.loads((tmp_path / "a" / "sweep.json").read_text())
    assert about["storage"].startswith("postgresql+pg8000://singer@127.0.0.1")
    best = [name for name in ("a", "b") if (tmp_path / name / "best" / "trial.json").exists()]
    losses = [json.loads((tmp_path / name / "best" / "trial.json").read_text())["valid_loss"] for name in best]
    assert min(losses) == about["best"]["valid_loss"]


def test_an_outage_ends_it_with_one_line_and_keeps_what_was_trained(
    corpus: Corpus, tmp_path: Path, server: postgres.Server
) -> None:
    made, out = sweep({"cell": ("lstm", "gru")}), tmp_path / "s"
    seen: list[Any] = []

    def until_the_outage() -> None:
        for event in run_sweep(corpus, out, made, storage=server.url):
            seen.append(event)
            if isinstance(event, TrialBegun) and event.trial == 2:
                server.stop()

    with pytest.raises(InputError) as error:
        until_the_outage()
    assert "cannot be used" in str(error.value)
    assert f"What has ended is kept in {out}" in str(error.value)
    kept = {int(p.name) for p in (out / "trials").glob("0*")}
    assert kept >= {e.trial for e in of(seen, TrialEnded)} >= {1}
    server.start()
    again = list(run_sweep(corpus, out, made, storage=server.url))
    assert isinstance(again[-1], Ended) and again[-1].reason == "done"
    assert not {e.trial for e in of(again, TrialBegun)} & kept
    assert [row.state for row in again[-1].rows] == ["complete"] * 4
