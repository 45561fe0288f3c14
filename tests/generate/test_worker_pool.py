"""Songs written by several processes: the same songs, and no process that outlives whoever asked for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import lyricist
from lyricist.errors import RunError
from lyricist.generate import writer as planned
from lyricist.generate.result import WrittenSong
from lyricist.generate.worker_pool import Task, WriterPool, plan_from_json, plan_json
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import Drawing, Plan
from lyricist.workers import python_path

PLAN = Plan(form="verse", lines=2, syllables="6", rhyme="AA")
DRAWING = Drawing(particles=1)
SONGS = 40


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started for a few songs already."""
    monkeypatch.setattr(planned, "IN_PROCESSES", 20)


def written(model: lyricist.Model, cores: int = 2) -> dict[int, str]:
    model.planned(PLAN).cores = cores
    made = model.events(PLAN, DRAWING, range(SONGS))
    return {event.seed: event.text for event in made if isinstance(event, WrittenSong)}


def pool_of(run: Run, songs: int) -> tuple[Iterator[int], WriterPool]:
    """Seeds, and two processes to write them with."""
    model = lyricist.load(run)
    writer = model.planned(PLAN)
    writer.cores = 2
    seeds, pool = model.worker_pool(writer, PLAN, DRAWING, range(songs), explain=False)
    assert pool is not None
    return seeds, pool


def pids(pool: WriterPool) -> list[int]:
    return [worker.process.pid for worker in pool.pool.workers]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.mark.usefixtures("early")
def test_processes_write_what_one_writes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[WriterPool] = []
    monkeypatch.setattr(planned, "WriterPool", lambda *asked: began.append(WriterPool(*asked)) or began[-1])
    model = lyricist.load(run)
    alone = written(model, cores=1)
    assert not began
    assert written(model) == alone and len(alone) == SONGS
    assert len(began) == 1 and len(pids(began[0])) == 2
    assert not any(map(alive, pids(began[0])))


def test_lines_and_how_words_were_chosen_come_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "IN_PROCESSES", 8)
    model = lyricist.load(run)
    model.planned(PLAN).cores = 2
    made = list(model.events(PLAN, DRAWING, range(8), explain=True))
    songs = sorted((e for e in made if isinstance(e, WrittenSong)), key=lambda song: song.seed)
    lines = [(e.seed, e.text) for e in made if not isinstance(e, WrittenSong)]
    assert sorted(lines) == sorted((s.seed, line.text) for s in songs for part in s.sections for line in part.lines)
    (same,) = model.write(PLAN, DRAWING, seed=songs[0].seed, explain=True)
    assert songs[0].choices == same.choices and songs[0].choices


def test_those_who_stop_listening_leave_no_process(run: Run) -> None:
    seeds, pool = pool_of(run, 10_000)
    made = pool.write(seeds, lambda: False)
    next(made)
    made.close()
    assert not any(map(alive, pids(pool)))


def test_a_process_that_dies_ends_the_writing_in_one_line(run: Run) -> None:
    seeds, pool = pool_of(run, 100_000)
    made = pool.write(seeds, lambda: False)
    next(made)
    pool.pool.workers[0].process.kill()
    with pytest.raises(RunError, match="has died"):
        list(made)
    assert not any(map(alive, pids(pool)))


def test_a_run_that_was_replaced_is_not_read_by_others(run: Run) -> None:
    """What a model was loaded from must be what the processes load."""
    model = lyricist.load(run)
    assert model.origin == run.path
    stale = Task(run.path, model.files[1:], PLAN, DRAWING, explain=False)
    assert not WriterPool(stale, 1).ready()
    right = WriterPool(replace(stale, files=model.files), 1)
    assert right.ready()
    right.pool.shutdown()
    gone = replace(stale, run=Path(run.path.parent / "nowhere"))
    assert not WriterPool(gone, 1).ready()


@pytest.mark.usefixtures("early")
def test_songs_are_written_all_the_same_where_no_process_can_be(run: Run) -> None:
    model = lyricist.load(run)
    model.origin = run.path.parent / "nowhere"
    assert len(written(model)) == SONGS


@pytest.mark.usefixtures("early")
def test_conditions_that_cannot_be_sent_are_kept_here(run: Run) -> None:
    """A condition on whole lines is any function."""
    model = lyricist.load(run)
    model.planned(PLAN).cores = 2
    seen: list[int] = []

    def keep(words: list[str]) -> bool:
        seen.append(len(words))
        return True

    made = [e for e in model.events(PLAN, DRAWING, range(SONGS), keep=keep) if isinstance(e, WrittenSong)]
    assert len(made) == SONGS and seen


PLANS = (
    Plan(),
    PLAN,
    Plan(form="verse chorus", lines=2, about="river, night", include="sea", avoid="love", start="oh", clean=False),
    Plan(acrostic="AB", lines=4, syllables=8).model_copy(update={"hook": True, "title": "A river"}),
    Plan(sections=[{"name": "verse", "lines": 2, "rhyme": "AA", "text": ["", "Oh"], "again": [0, 1],
                    "tune": [[[1, 60, 4, 0], [0.5, 62, 0, 0.25]]]}]),  # type: ignore[list-item]
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_is_the_same_on_the_other_side(plan: Plan) -> None:
    """Also one that is not checked again, and what of it was said."""
    again = plan_from_json(json.loads(json.dumps(plan_json(plan))))
    assert again == plan and again.model_fields_set == plan.model_fields_set and hash(again) == hash(plan)
    assert [s.model_fields_set for s in again.sections] == [s.model_fields_set for s in plan.sections]


WRITE = """
import os, sys
import lyricist
from lyricist.generate import writer as planned
planned.IN_PROCESSES = 8
model = lyricist.load(sys.argv[1])
plan = lyricist.Plan(form="verse", lines=2, syllables="6", rhyme="AA")
model.planned(plan).cores = 2
print(len(model.write(plan, lyricist.Drawing(particles=1), seed=0, count=8)))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is a folder that nobody can write to")
@pytest.mark.parametrize("home", [None, "/nowhere", "/proc"])
def test_songs_are_written_without_a_home_or_in_one_that_is_read_only(run: Run, home: str | None) -> None:
    """By this process and by others, which inherit its environment."""
    env = {name: value for name, value in os.environ.items() if name != "HOME" and not name.startswith("XDG_")}
    env |= {"PYTHONPATH": python_path()} | ({} if home is None else {"HOME": home})
    call = [sys.executable, "-c", WRITE, str(run.path)]
    done = subprocess.run(call, env=env, cwd="/proc", capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "8\n"), done.stderr
