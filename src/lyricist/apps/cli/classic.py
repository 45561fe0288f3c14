"""`lyricist write` from a run of the classic recipe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from lyricist.apps.cli.planning import FIELDS, is_given, read_lexicon
from lyricist.apps.cli.writing import (
    SUFFIXES,
    Output,
    Reporter,
    check_numbers,
    deliver,
    in_order,
    named,
    output_kind,
    report_command,
)
from lyricist.errors import InputError
from lyricist.generate.classic_model import FREE, ClassicModel, refuse
from lyricist.generate.writer import fresh_seed
from lyricist.model.checkpoint import Run
from lyricist.plan.parse import option
from lyricist.plan.plan import Drawing, Plan

NOT_FOLLOWED = (
    "like",
    "plan",
    "fill",
    "track",
    "phrases",
    "verses",
    "lexicon",
)  # options beyond a plan's


def write_classic(
    path: Path,
    options: Mapping[str, Any],
    typed: Collection[str],
    count: int,
    best_of: int,
    seed: int | None,
    output: Output,
) -> None:
    """`write` from a classic run; `typed`: names of the options of drawing that were given."""
    plan = free_plan(options, typed, best_of)
    if output.out is not None and output.out.suffix not in SUFFIXES:
        raise InputError(f"-o {output.out}: what a classic run writes fits no notes: use {', '.join(SUFFIXES)}")
    kind = output_kind(output.out, output.as_json, output.as_jsonl, output.force)
    check_numbers(count, best_of, seed)
    if options.get("melody") is None:
        raise InputError(f"{path} is a classic run, which writes to a tune: name one with --melody")
    model = ClassicModel(Run.open(path)).hearing(options["melody"])
    drawing = Drawing(temperature=options["temperature"] if "temperature" in typed else 1.0)
    first = fresh_seed() if seed is None else seed
    songs = in_order(model, plan, drawing, first, count, live=kind == "text" and output.out is None)
    tell = Reporter(plan, read_lexicon(None) if output.explain else None)
    deliver(named(songs, plan.title), kind, output.out, tell)
    report_command(first)


def free_plan(options: Mapping[str, Any], typed: Collection[str], best_of: int) -> Plan:
    """The plan of a call. Raises `InputError` that names the first option a classic run cannot follow."""
    for name in (*(n for n in FIELDS if n not in FREE), *NOT_FOLLOWED):
        if is_given(name, options.get(name)):
            refuse(option(name))
    for name in typed:
        if name != "temperature":
            refuse(option(name))
    if best_of > 1:
        refuse("--best-of")
    return Plan(**{name: options[name] for name in FREE if is_given(name, options.get(name))})
