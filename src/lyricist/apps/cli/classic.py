"""The classic recipe on the command line: its training options, its songs and its figures."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.errors import InputError
from lyricist.model.checkpoint import Run

if TYPE_CHECKING:
    from lyricist.apps.cli.train_command import Request
    from lyricist.apps.cli.training_view import TrainingView
    from lyricist.apps.cli.write_command import Output
    from lyricist.corpus import Corpus, Song
    from lyricist.plan.plan import Plan
    from lyricist.training.classic.songs import SungWords
    from lyricist.training.classic.writing import ClassicModel
    from lyricist.training.config import Options

# Options of the project's own model, by the names of the request's fields.
OTHERS = {
    "preset": "--preset",
    "tokenizer": "--tokenizer",
    "order": "--order",
    "features": "--features",
    "tied": "--untied",
    "dropout_embedding": "--dropout-embedding",
    "dropout_weight": "--dropout-weight",
    "steps": "--steps",
    "negatives": "--negatives",
    "anchor": "--anchor",
    "precision": "--precision",
}
SHOWN = 10  # songs left out that are named on the terminal
NOT_FOLLOWED = ("like", "plan", "fill", "track", "phrases", "verses", "lexicon")  # options of write beyond a plan's


def classic_options(request: Request) -> Options:
    """What a call of `train --recipe classic` asks for. InputError for an option of the project's own model."""
    from lyricist.apps.cli.train_command import given
    from lyricist.training.config import Options

    model, config = given(request.model), given(request.config)
    kinds = {"order": request.order, "features": request.features}
    asked = given({**request.kind, **kinds}) | model | config
    if request.base not in (None, "scratch"):
        raise InputError(f"--recipe classic and --from {request.base} clash: it begins from scratch; leave one out")
    for name, shown in OTHERS.items():
        if name in asked:
            value = "" if name == "tied" else f" {asked[name]}"
            raise InputError(f"--recipe classic and {shown}{value} clash: the recipe says it; leave one out")
    fields: dict[str, Any] = {n: model[n] for n in ("cell", "layers", "hidden", "embedding") if n in model}
    if "dropout_hidden" in model:
        fields["dropout"] = model["dropout_hidden"]
    said: dict[str, Any] = {"vocabulary": request.vocabulary, "licence": request.licence, "vectors": request.vectors}
    said |= {"model": fields | given(request.classic), "train": config, "midi": request.midi}
    return Options(recipe="classic", **given(said))


def as_it_was(request: Request) -> Request:
    """A call of `train --resume`, its options read as those of the run's recipe."""
    return replace(request, recipe="classic") if Run.open(request.out).kind == "classic" else request


def tell_left_out(out: Path, corpus: Corpus, view: TrainingView) -> None:
    """The songs that a classic training leaves out, shortened, unless reading them has just listed them."""
    run = Run.open(out)
    if run.kind == "classic":
        listed = corpus.temporary and "tunes" in corpus.info
        for row in itertools.islice(left_out_rows(run.config["left_out"]), 1 if listed else None):
            view.say(row)


def left_out_rows(left_out: list[list[str]]) -> Iterator[str]:
    """
    >>> list(left_out_rows([["Rain", "it has no words"]]))
    ['songs left out, all of them in card.md: 1', '  Rain: it has no words']
    """
    if left_out:
        yield f"songs left out, all of them in card.md: {len(left_out)}"
        yield from (f"  {name[:80]}: {why[:150]}" for name, why in left_out[:SHOWN])
        if len(left_out) > SHOWN:
            yield f"  and {len(left_out) - SHOWN} more"


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


# -- lyricist evaluate ----------------------------------------------------------------------------------


def evaluate_classic(
    run: Run, source: Path | None, midi: Path | None, split: str, songs: int, seed: int
) -> dict[str, Any]:
    """The figures of a classic run, on its own split or on other songs with their tunes."""
    from lyricist.evaluation.metrics import evaluate

    if source is None and midi is not None:
        raise InputError(f"--midi {midi}: the run keeps the tunes of its own songs; name songs, or leave it out")
    if source is not None and midi is None:
        raise InputError(
            f"{run.path} is a classic run, which hears the tunes of songs: name their folder with --midi"
        )
    model = opened(run)
    judged = model.songs[split] if source is None or midi is None else sung_songs(model, source, midi, split)
    if not judged:
        raise InputError(f"{run.path}: no song of its {split} split has a tune: name songs and --midi")
    return evaluate(model, judged, written_for(model, judged, songs, seed), human_songs(run))


def sung_songs(model: ClassicModel, source: Path, midi: Path, split: str) -> list[SungWords]:
    """Songs of a source that have a tune in a folder; of a corpus those of one split."""
    from lyricist.apps.cli.preparing import read_to_judge
    from lyricist.corpus import is_corpus
    from lyricist.training.classic.songs import hear

    heard = hear(read_to_judge(source), midi, model.vocabulary).songs
    return heard[split] if is_corpus(source) else [song for songs in heard.values() for song in songs]


def written_for(model: ClassicModel, judged: list[SungWords], count: int, seed: int) -> list[Song]:
    """Songs written to the music of the songs judged, one after the other."""
    from lyricist.apps.cli.evaluate_command import as_song

    songs = [song for song in judged if len(song.ids)]
    made = []
    for i in range(count if songs else 0):
        hearing = model.hearing(songs[i % len(songs)].music)
        made.append(as_song(hearing.write(seed=seed + i)[0]))
    return made


def human_songs(run: Run) -> list[Song]:
    """Training songs to stand beside the written ones; none if they are gone."""
    from lyricist.apps.cli.evaluate_command import HUMAN_SONGS
    from lyricist.apps.cli.train_command import own_corpus

    try:
        return list(itertools.islice(own_corpus(run).songs("train"), HUMAN_SONGS))
    except InputError:
        return []
