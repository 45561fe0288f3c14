"""The classic recipe on the command line: its training options, its songs and its figures."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.checkpoint import Run
from lyricist.errors import InputError

if TYPE_CHECKING:
    from lyricist.classic.songs import SungWords
    from lyricist.classic.writing import FREE, ClassicModel, refuse
    from lyricist.cli.planning import FIELDS, is_given, read_lexicon
    from lyricist.cli.writing import (
        Reporter,
        check_numbers,
        deliver,
        in_order,
        named,
        output_kind,
        read_lexicon,
        report_command,
    )  # fmt: skip
    from lyricist.writer import fresh_seed, load
    from lyricist.writing.asked import option
    from lyricist.writing.plan import Drawing, Plan

    for name in (*(n for n in FIELDS if n not in FREE), *NOT_FOLLOWED):
        if is_given(name, options.get(name)):
            refuse(option(name))
    for name in typed:
        if name != "temperature":
            refuse(option(name))
    kind = output_kind(output.out, output.as_json, output.as_jsonl, output.force)
    check_numbers(count, best_of, seed)
    if best_of > 1:
        refuse("--best-of")
    plan = Plan(**{name: options[name] for name in FREE if is_given(name, options.get(name))})
    if options.get("melody") is None:
        raise InputError(f"{path} is a classic run, which writes to a tune: name one with --melody")
    model = load(path)
    assert isinstance(model, ClassicModel)
    model = model.hearing(options["melody"])
    drawing = Drawing(temperature=options["temperature"] if "temperature" in typed else 1.0)
    first = fresh_seed() if seed is None else seed
    songs = in_order(model, plan, drawing, first, count, live=kind == "text" and output.out is None)
    if not output.explain:
        songs = (replace(song, choices=()) for song in songs)
    tell = Reporter(plan, read_lexicon(None) if output.explain else None)
    deliver(named(songs, plan.title), kind, output.out, tell)
    report_command(first)


# -- lyricist evaluate ----------------------------------------------------------------------------------


def evaluate_classic(
    run: Run, source: Path | None, midi: Path | None, split: str, songs: int, seed: int
) -> dict[str, Any]:
    """The figures of a classic run, on its own split or on other songs with their tunes."""
    from lyricist.classic.writing import ClassicModel
    from lyricist.metrics import evaluate
    from lyricist.writer import load

    if source is None and midi is not None:
        raise InputError(f"--midi {midi}: the run keeps the tunes of its own songs; name songs, or leave it out")
    if source is not None and midi is None:
        raise InputError(
            f"{run.path} is a classic run, which hears the tunes of songs: name their folder with --midi"
        )
    model = load(run)
    assert isinstance(model, ClassicModel)
    judged = model.songs[split] if source is None or midi is None else sung_songs(model, source, midi, split)
    if not judged:
        raise InputError(f"{run.path}: no song of its {split} split has a tune: name songs and --midi")
    return evaluate(model, judged, written_for(model, judged, songs, seed), human_songs(run))


def sung_songs(model: ClassicModel, source: Path, midi: Path, split: str) -> list[SungWords]:
    """Songs of a source that have a tune in a folder; of a corpus those of one split."""
    from lyricist.classic.songs import hear
    from lyricist.cli.preparing import read_to_judge
    from lyricist.corpus import is_corpus

    heard = hear(read_to_judge(source), midi, model.vocabulary).songs
    return heard[split] if is_corpus(source) else [song for songs in heard.values() for song in songs]


def written_for(model: ClassicModel, judged: list[SungWords], count: int, seed: int) -> list[Song]:
    """Songs written to the music of the songs judged, one after the other."""
    from lyricist.cli.evaluating import as_song

    songs = [song for song in judged if len(song.ids)]
    made = []
    for i in range(count if songs else 0):
        hearing = model.hearing(songs[i % len(songs)].music)
        made.append(as_song(hearing.write(seed=seed + i)[0]))
    return made


def human_songs(run: Run) -> list[Song]:
    """Training songs to stand beside the written ones; none if they are gone."""
    from lyricist.cli.evaluating import HUMAN_SONGS
    from lyricist.cli.training import own_corpus

    try:
        return list(itertools.islice(own_corpus(run).songs("train"), HUMAN_SONGS))
    except InputError:
        return []
