"""`lyricist sweep`: its options, its progress on the terminal, its table. `lyricist exercise`: its progress."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.apps.cli.prepare_command import RIGHTS, read_sources
from lyricist.apps.cli.train_command import interruptible, seconds
from lyricist.apps.cli.training_view import clock, perplexity
from lyricist.apps.sweep.search_space import CLASSIC_GRID, UNCOUNTED, Range, Sweep, parse_space, value_text
from lyricist.corpus import Corpus
from lyricist.errors import InputError
from lyricist.training.start import need_torch

if TYPE_CHECKING:
    from lyricist.apps.sweep.sweep_runner import SweepEvent
    from lyricist.apps.sweep.trial_queue import Row

SHOWN = 40  # rows of the table
CLASSIC_BUDGET = "30s"  # 20 s or more of it are spent on training, on a busy machine too
NEVER = 1_000_000  # patience that never ends a trial before its budget


@dataclass(frozen=True)
class Asked:
    """The options of `sweep` as they were typed; None for those that were not."""

    sets: Sequence[str]
    classic_grid: bool = False
    sampler: str | None = None
    trials: int | None = None
    budget: str | None = None
    preset: str | None = None
    tokenizer: str = "word"
    seed: int = 0
    prune: bool | None = None

    def sweep(self) -> Sweep:
        if self.classic_grid:
            self.forbid_with_classic()
        space = parse_space(CLASSIC_GRID if self.classic_grid else self.sets)
        ranges = any(isinstance(v, Range) and v.step is None for v in space.values())
        sampler = self.sampler or ("tpe" if ranges or self.trials else "grid")
        budget = self.budget or (CLASSIC_BUDGET if self.classic_grid else None)
        return Sweep(
            space,
            sampler,
            self.trials,
            self.preset or ("tiny" if self.classic_grid else "small"),
            self.tokenizer,
            seconds(budget) if budget else None,
            self.seed,
            (sampler != "grid") if self.prune is None else self.prune,
            {"patience": NEVER} if self.classic_grid else {},
        )

    def forbid_with_classic(self) -> None:
        """Raise `InputError` for options that clash with the classic grid."""
        for name, value in (("set", " ".join(self.sets)), ("sampler", self.sampler), ("trials", self.trials)):
            if value:
                raise InputError(f"--classic-grid and --{name} {value} clash: the grid is fixed; leave one out")


def sweep_command(sources: Sequence[Path], out: Path, asked: Asked, where: Mapping[str, Any], as_json: bool) -> int:
    """0 when every trial has ended or was stopped by hand; 2 when not one could be trained."""
    from lyricist.apps.sweep.sweep_runner import Ended, run_sweep

    need_torch()
    sweep = asked.sweep()
    corpus = corpus_of(sources, asked)
    print(RIGHTS, file=sys.stderr)
    if changing := UNCOUNTED & set(sweep.varied):
        print(f"note: losses per token of different {', '.join(sorted(changing))} do not compare", file=sys.stderr)
    end: Ended | None = None
    with interruptible() as stopped:
        view = View(sweep)
        for event in run_sweep(corpus, out, sweep, should_stop=lambda: bool(stopped), **where):
            view.show(event)
            if isinstance(event, Ended):
                end = event
    assert end is not None
    if as_json:
        print(json.dumps(json.loads((out / "sweep.json").read_text(encoding="utf-8")), indent=1))
    else:
        show(end.rows, sweep)
    return finish(end.rows, end.reason, out)


def corpus_of(sources: Sequence[Path], asked: Asked) -> Corpus:
    """The named songs; the sample songs for the classic grid without names. Raises `InputError` without either."""
    if sources:
        return read_sources(sources, as_is=asked.tokenizer == "whitespace")
    if not asked.classic_grid:
        raise InputError("no songs named: lyricist sweep SONGS -o DIR --set hidden=128,256")
    from lyricist.corpus.samples import sample_songs

    return sample_songs()


class View:
    """A line on stderr for every trial that ends."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.ended = sweep, 0

    def show(self, event: SweepEvent) -> None:
        from lyricist.apps.sweep.sweep_runner import Begun, TrialEnded

        if isinstance(event, Begun):
            self.ended = event.done
            before = f", {event.done} done before" if event.done else ""
            workers = f"{event.workers} at a time, {event.threads} thread{'s' * (event.threads > 1)} each"
            self.say(f"{event.total} trials{before}; {workers}")
        elif isinstance(event, TrialEnded):
            self.ended += 1
            self.say(f"{self.ended}/{self.sweep.count}  {self.outcome(event.record, event.best)}")

    def outcome(self, record: Mapping[str, Any], best: bool) -> str:
        names = self.sweep.varied or list(self.sweep.space)
        settings = " ".join(f"{name}={value_text(record['params'].get(name))}" for name in names)
        if record["state"] == "failed":
            return f"trial {record['trial']}: {settings}: failed: {record['error']}"
        took = clock(record["result"].get("seconds", 0))
        state = "pruned at" if record["state"] == "pruned" else "validation"
        return f"trial {record['trial']}: {settings}: {state} {record['valid_loss']:.4f}, {took}{', the best' * best}"

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def show(rows: Sequence[Row], sweep: Sweep) -> None:
    """The table on stdout, the best first."""
    from rich.console import Console
    from rich.table import Table

    from lyricist.apps.sweep.sweep_report import ranked

    names = sweep.varied or list(sweep.space)
    heads = [*(name.replace("_", " ") for name in names), "validation", "perplexity", "epochs done", ""]
    table = Table("trial", *heads, box=None, header_style="bold")
    listed = ranked(rows)
    for row in listed[:SHOWN]:
        loss, result = row.valid_loss, row.result or {}
        table.add_row(
            str(row.trial),
            *(value_text(row.params.get(name, "")) for name in names),
            "-" if loss is None else f"{loss:.4f}",
            "-" if loss is None else perplexity(loss),
            f"{result['epochs']:.1f}" if "epochs" in result else "-",
            "" if row.state == "complete" else row.state,
        )
    Console().print(table)
    if len(listed) > SHOWN:
        print(f"... and {len(listed) - SHOWN} more in trials.csv")


def finish(rows: Sequence[Row], reason: str, out: Path) -> int:
    """Say where the results are and what to do next. Raises `InputError` if every trial failed."""
    from lyricist.apps.sweep.sweep_report import best

    left = sum(row.open for row in rows)
    if reason == "interrupted":
        print(f"stopped with {left} of {len(rows)} trials to do: the same command goes on", file=sys.stderr)
        return 0
    if reason == "elsewhere":
        print(f"{left} of {len(rows)} trials are still at work elsewhere", file=sys.stderr)
    top = best(rows)
    if top is None and rows and all(row.state == "failed" for row in rows):
        raise InputError(f"every trial failed, the first with: {rows[0].error}")
    if top is not None:
        here = f"lyricist write -m {out / 'best'}" if kept_here(out, top.trial) else f"its weights are on {top.host}"
        print(f"the best is trial {top.trial}: {here}", file=sys.stderr)
    print(f"all curves: tensorboard --logdir {out / 'tensorboard'}; pictures: {out / 'plots'}", file=sys.stderr)
    return 0


def kept_here(out: Path, trial: int) -> bool:
    path = out / "best" / "trial.json"
    return path.exists() and bool(json.loads(path.read_text(encoding="utf-8"))["trial"] == trial)


# -- lyricist exercise ----------------------------------------------------------------------------------


def exercise_command(
    files: tuple[Path, Path, Path], out: Path, options: dict[str, Any], budget: str | None, quick: bool, force: bool
) -> None:
    """Do the exercise, with progress on stderr and at the end the place of the report."""
    from lyricist.apps.exercise import Settings, exercise
    from lyricist.apps.exercise.exercise_data import QUICK_BUDGET

    limit = seconds(budget) if budget else QUICK_BUDGET if quick else Settings.budget
    settings = Settings(budget=limit, quick=quick, **options)
    command = shlex.join(["lyricist", *sys.argv[1:]])
    tell(RIGHTS)
    exercise(*files, out, settings, force=force, command=command, tell=tell)
    tell(f"wrote {out / 'report.html'}, report.md, results.json, figures and lyrics beside it")


def tell(said: str) -> None:
    print(said, file=sys.stderr, flush=True)
