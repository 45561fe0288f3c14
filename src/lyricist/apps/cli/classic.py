"""The classic recipe on the command line: its training options, its songs and its figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.errors import InputError
from lyricist.model.checkpoint import Run

if TYPE_CHECKING:
    from lyricist.apps.cli.write_command import Output
    from lyricist.plan.plan import Plan
    from lyricist.training.classic.writing import ClassicModel

NOT_FOLLOWED = ("like", "plan", "fill", "track", "phrases", "verses", "lexicon")  # options of write beyond a plan's


def is_classic(path: Path | None) -> bool:
    return path is not None and Run.open(path).kind == "classic"


# -- lyricist write -------------------------------------------------------------------------------------


def write_classic(
    path: Path,
    options: Mapping[str, Any],
    typed: Collection[str],
    count: int,
    best_of: int,
    seed: int | None,
    output: Output,
) -> None:
    """`write` from a classic run; `typed`: the options of drawing that were."""
    from lyricist.apps.cli.plan_request import read_lexicon
    from lyricist.apps.cli.write_command import (
        SUFFIXES,
        Reporter,
        check_numbers,
        deliver,
        in_order,
        named,
        output_kind,
        report_command,
    )
    from lyricist.generate.writer import fresh_seed
    from lyricist.plan.plan import Drawing

    plan = free_plan(options, typed, best_of)
    if output.out is not None and output.out.suffix not in SUFFIXES:
        raise InputError(f"-o {output.out}: what a classic run writes fits no notes: use {', '.join(SUFFIXES)}")
    kind = output_kind(output.out, output.as_json, output.as_jsonl, output.force)
    check_numbers(count, best_of, seed)
    if options.get("melody") is None:
        raise InputError(f"{path} is a classic run, which writes to a tune: name one with --melody")
    model = opened(Run.open(path)).hearing(options["melody"])
    drawing = Drawing(temperature=options["temperature"] if "temperature" in typed else 1.0)
    first = fresh_seed() if seed is None else seed
    songs = in_order(model, plan, drawing, first, count, live=kind == "text" and output.out is None)
    tell = Reporter(plan, read_lexicon(None) if output.explain else None)
    deliver(named(songs, plan.title), kind, output.out, tell)
    report_command(first)


def free_plan(options: Mapping[str, Any], typed: Collection[str], best_of: int) -> Plan:
    """The plan of a call; InputError that names the first option a classic run cannot follow."""
    from lyricist.apps.cli.plan_request import FIELDS, is_given
    from lyricist.plan.parse import option
    from lyricist.plan.plan import Plan
    from lyricist.training.classic.writing import FREE, refuse

    for name in (*(n for n in FIELDS if n not in FREE), *NOT_FOLLOWED):
        if is_given(name, options.get(name)):
            refuse(option(name))
    for name in typed:
        if name != "temperature":
            refuse(option(name))
    if best_of > 1:
        refuse("--best-of")
    return Plan(**{name: options[name] for name in FREE if is_given(name, options.get(name))})


def opened(run: Run) -> ClassicModel:
    from lyricist.training.classic.writing import ClassicModel

    return ClassicModel(run)
