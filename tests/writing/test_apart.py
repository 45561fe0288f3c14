"""Songs written by several processes: the same songs, and no process that outlives whoever asked for them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import lyricist
from lyricist.errors import RunError
from lyricist.generate import writer as planned
from lyricist.generate.exact_writer import ExactWriter
from lyricist.generate.result import WrittenSong
from lyricist.generate.worker_pool import Apart, Task
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import Drawing, Plan

PLAN = Plan(form="verse", lines=2, syllables="6", rhyme="AA")
DRAWING = Drawing(particles=1)
SONGS = 40


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started for a few songs already."""
    monkeypatch.setattr(planned, "APART", 20)


def written(writer: ExactWriter, songs: int = SONGS) -> dict[int, str]:
    return {e.seed: e.text for e in writer.events(DRAWING, range(songs)) if isinstance(e, WrittenSong)}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.mark.usefixtures("early")
def test_processes_write_what_one_writes(run: Run) -> None:
    writer = lyricist.load(run).compile(PLAN)
    writer.cores = 1
    alone = written(writer)
    writer.cores = 2
    began: list[Apart] = []
    apart = writer.apart
    writer.apart = lambda *asked: began.append(apart(*asked)) or began[-1]  # type: ignore[method-assign,func-returns-value]
    assert written(writer) == alone and len(alone) == SONGS
    assert len(began) == 1 and len(began[0].children) == 2
    assert not any(alive(child.process.pid) for child in began[0].children)


def test_lines_and_how_words_were_chosen_come_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "APART", 8)
    model = lyricist.load(run)
    writer = model.compile(PLAN)
    made = list(writer.events(DRAWING, range(8), explain=True))
    songs = sorted((e for e in made if isinstance(e, WrittenSong)), key=lambda song: song.seed)
    lines = [(e.seed, e.text) for e in made if not isinstance(e, WrittenSong)]
    assert sorted(lines) == sorted((s.seed, line.text) for s in songs for part in s.sections for line in part.lines)
    (same,) = model.write(PLAN, DRAWING, seed=songs[0].seed, explain=True)
    assert songs[0].choices == same.choices and songs[0].choices


def test_those_who_stop_listening_leave_no_process(run: Run) -> None:
    writer = lyricist.load(run).compile(PLAN)
    writer.cores = 2
    apart = writer.apart(DRAWING, explain=False)
    assert apart is not None
    made = apart.write(iter(range(10_000)), lambda: False)
    next(made)
    made.close()
    assert not any(alive(child.process.pid) for child in apart.children)


def test_a_process_that_dies_ends_the_writing_in_one_line(run: Run) -> None:
    writer = lyricist.load(run).compile(PLAN)
    writer.cores = 2
    apart = writer.apart(DRAWING, explain=False)
    assert apart is not None
    made = apart.write(iter(range(100_000)), lambda: False)
    next(made)
    apart.children[0].process.kill()
    with pytest.raises(RunError, match="has died"):
        list(made)
    assert not any(alive(child.process.pid) for child in apart.children)


def test_a_run_that_was_replaced_is_not_read_by_others(run: Run) -> None:
    """What a model was loaded from must be what the processes load."""
    model = lyricist.load(run)
    assert model.origin == run.path
    stale = Task(run.path, model.files[1:], PLAN, DRAWING, explain=False)
    assert not Apart(stale, 1).ready()
    right = Apart(replace(stale, files=model.files), 1)
    assert right.ready()
    right.close()
    gone = replace(stale, run=Path(run.path.parent / "nowhere"))
    assert not Apart(gone, 1).ready()


@pytest.mark.usefixtures("early")
def test_songs_are_written_all_the_same_where_no_process_can_be(run: Run) -> None:
    model = lyricist.load(run)
    model.origin = run.path.parent / "nowhere"
    writer = model.compile(PLAN)
    writer.cores = 2
    assert len(written(writer)) == SONGS


@pytest.mark.usefixtures("early")
def test_conditions_that_cannot_be_sent_are_kept_here(run: Run) -> None:
    """A condition on whole lines is any function."""
    writer = lyricist.load(run).compile(PLAN)
    writer.cores = 2
    seen: list[int] = []

    def keep(words: list[str]) -> bool:
        seen.append(len(words))
        return True

    made = [e for e in writer.events(DRAWING, range(SONGS), keep=keep) if isinstance(e, WrittenSong)]
    assert len(made) == SONGS and seen
