"""The command that compares many trainings. Heavy modules are imported inside, as in `commands`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lyricist.apps.cli import app
from lyricist.apps.cli.commands import Force, Json, Out


@app.command()
def sweep(
    out: Out,
    sources: Annotated[list[Path] | None, typer.Argument(help="A corpus, or files or folders of songs.")] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="What to vary: hidden=128,256 or learning_rate=1e-3..1e-2 or hidden=128..512:64. May be repeated.",
            show_default=False,
        ),
    ] = None,
    classic_grid: Annotated[
        bool,
        typer.Option("--classic-grid", help="The notebook's 32 settings, on the sample songs if none are named."),
    ] = False,
    sampler: Annotated[
        str | None, typer.Option(help="grid, random or tpe. [default: grid; tpe for ranges]", show_default=False)
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="How many are sampled. [default: 20]", show_default=False)
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Wall time of each trial: 20s, 5m.", show_default=False)] = None,
    preset: Annotated[
        str | None, typer.Option(help="What is not varied: tiny, small, medium or large.", show_default=False)
    ] = None,
    tokenizer: Annotated[str, typer.Option(help="word, char or whitespace.")] = "word",
    seed: Annotated[int, typer.Option(min=0, help="Of every trial, and of what is sampled.")] = 0,
    prune: Annotated[
        bool | None,
        typer.Option(
            "--prune/--no-prune", help="End hopeless trials early. [default: not in a grid]", show_default=False
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Trials at a time; they share the processors.")] = 1,
    storage: Annotated[
        str | None,
        typer.Option(help="A database that machines share: postgresql://USER:PASSWORD@HOST/DB.", show_default=False),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Its name in a shared database. [default: that of -o]", show_default=False)
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Train failed trials again.")] = False,
    force: Force = False,
    json: Json = False,
) -> int:
    """Train many settings and compare them. Ctrl-C ends it; the same command goes on."""
    from lyricist.apps.cli import sweeping

    asked = sweeping.Asked(sets or [], classic_grid, sampler, trials, budget, preset, tokenizer, seed, prune)
    where = {"workers": workers, "storage": storage, "study": study, "force": force, "retry": retry_failed}
    return sweeping.sweep_command(sources or [], out, asked, where, json)
