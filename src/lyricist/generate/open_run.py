"""The public `load` and `write`: any run, of the project's own model or of the classic recipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lyricist.errors import InputError, expect, expect_path
from lyricist.generate import writer
from lyricist.generate.constraint import Constraint
from lyricist.generate.result import LineWritten, WrittenSong
from lyricist.generate.writer import Model, of_kind, seeds_of
from lyricist.model.checkpoint import Run
from lyricist.model.starter import need_starter
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.lexicon import Lexicon

MOST_THREADS = 4096


def load(run: Path | str | Run | None = None, threads: int | None = None, lexicon: Lexicon | None = None) -> Model:
    """Open a run to write from, without one the package's starter; a run of the classic recipe as a `ClassicModel`.
    Needs no deep-learning framework. Raises `RunError`, and `InputError` for a number of threads that is none."""
    expect(run, (Run, str, os.PathLike, type(None)), "run", "a folder")
    if isinstance(run, str | os.PathLike):
        expect_path(run, "run")
    if threads is not None and (not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS):
        raise InputError(f"threads {threads!r} is not a whole number from 1 to {MOST_THREADS}")
    run = run if isinstance(run, Run) else Run.open(need_starter() if run is None else run)
    if run.kind == "classic":
        from lyricist.generate.classic_model import ClassicModel  # here, as it takes a while and is rarely needed

        return ClassicModel(run)
    return writer.load(run, threads, lexicon)


def write(
    model: Model | Path | str | None = None,
    plan: Plan | None = None,
    drawing: Drawing | None = None,
    *,
    seed: int | None = None,
    count: int = 1,
    constraints: Sequence[Constraint[Any]] = (),
    keep: Callable[[Sequence[str]], bool] | None = None,
    explain: bool = False,
) -> Iterator[LineWritten | WrittenSong]:
    """Write `count` songs from a model or a run (None: the starter); lines as they are made, songs when finished.

    Songs have the seeds seed, seed + 1, ...; several are decoded side by side and finish in any order. See
    `Model.events` for `constraints`, `keep` and `explain`, and `Model.write` for what a plan leaves open.
    """
    source = model if isinstance(model, Model) else load(model)
    seeds = seeds_of(seed, count)
    plan = plan if constraints else source.song_plan(of_kind(plan, Plan))
    return source.events(plan, drawing, seeds, constraints=constraints, keep=keep, explain=explain)
