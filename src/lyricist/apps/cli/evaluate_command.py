"""`lyricist evaluate`: the figures of a run of either recipe, as tables or as JSON."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.apps.cli.prepare_command import read_to_judge
from lyricist.apps.cli.train_command import own_corpus
from lyricist.corpus import Song, is_corpus
from lyricist.errors import InputError
from lyricist.evaluation.metrics import evaluate
from lyricist.generate.open_run import load
from lyricist.generate.result import WrittenSong
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import QUICK
from lyricist.training.token_arrays import SPLITS

if TYPE_CHECKING:
    from lyricist.generate.classic_model import ClassicModel
    from lyricist.model.classic.sung_words import SungWords

FIGURES = (
    "songs", "words", "nll_per_word", "perplexity", "bits_per_character", "unknown_share",
    "top10_accuracy", "top1_accuracy", "frequent10_accuracy", "l1_loss",
)  # fmt: skip
HUMAN_SONGS = 1000  # training songs whose figures are shown beside those of the written ones


def evaluate_command(
    path: Path, source: Path | None, split: str, songs: int, seed: int, as_json: bool, midi: Path | None = None
) -> None:
    """Print the figures of a run. Raises `InputError` for an unknown split, and for tunes of a run that hears
    none."""
    if split not in SPLITS:
        raise InputError(f"--split {split!r} is unknown: use train, valid or test")
    run = Run.open(path)
    if run.kind == "classic":
        from lyricist.generate.classic_model import ClassicModel

        result = evaluate_classic(ClassicModel(run), source, midi, split, songs, seed)
    else:
        if midi is not None:
            raise InputError(f"--midi {midi}: {path} is not a classic run; leave it out")
        result = evaluate_own(run, source, split, songs, seed)
    print(json.dumps(result, indent=1)) if as_json else show(result)


def evaluate_own(run: Run, source: Path | None, split: str, songs: int, seed: int) -> dict[str, Any]:
    """The figures of a run of the project's own model."""
    model = load(run)
    as_is = run.vocabulary.tokenizer.name == "whitespace"
    corpus = own_corpus(run) if source is None else read_to_judge(source, as_is)
    whole = source is not None and not is_corpus(source)
    judged = corpus.songs(None if whole else SPLITS[SPLITS.index(split)])
    made = [s for s in model.events(None, QUICK, range(seed, seed + songs)) if isinstance(s, WrittenSong)]
    written = list(map(as_song, sorted(made, key=lambda song: song.seed)))
    human = list(itertools.islice(corpus.songs("train"), HUMAN_SONGS))
    return evaluate(model, judged, written, human)


def evaluate_classic(
    model: ClassicModel, source: Path | None, midi: Path | None, split: str, songs: int, seed: int
) -> dict[str, Any]:
    """The figures of a classic run, on its own split or on other songs with their tunes. Raises `InputError` if one
    of `source` and `midi` is given without the other, and without songs."""
    run = model.run
    if source is None and midi is not None:
        raise InputError(f"--midi {midi}: the run keeps the tunes of its own songs; name songs, or leave it out")
    if source is not None and midi is None:
        raise InputError(
            f"{run.path} is a classic run, which hears the tunes of songs: name their folder with --midi"
        )
    judged = model.songs[split] if source is None or midi is None else sung_songs(model, source, midi, split)
    if not judged:
        raise InputError(f"{run.path}: no song of its {split} split has a tune: name songs and --midi")
    try:
        human = list(itertools.islice(own_corpus(run).songs("train"), HUMAN_SONGS))
    except InputError:  # the training songs are gone
        human = []
    return evaluate(model, judged, written_for(model, judged, songs, seed), human)


def sung_songs(model: ClassicModel, source: Path, midi: Path, split: str) -> list[SungWords]:
    """Songs of a source that have a tune in a folder; of a corpus those of one split."""
    from lyricist.model.classic.sung_words import hear

    heard = hear(read_to_judge(source), midi, model.vocabulary).songs
    return heard[split] if is_corpus(source) else [song for songs in heard.values() for song in songs]


def written_for(model: ClassicModel, judged: list[SungWords], count: int, seed: int) -> list[Song]:
    """Songs written to the music of the evaluated songs, one after the other."""
    songs = [song for song in judged if len(song.ids)]
    tunes = [songs[i % len(songs)].music for i in range(count if songs else 0)]
    return [as_song(model.hearing(music).write(seed=seed + i)[0]) for i, music in enumerate(tunes)]


def as_song(written: WrittenSong) -> Song:
    return Song(written.title, "", written.sections, "")


def show(result: dict[str, Any]) -> None:
    """Print the figures as two tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    head = Table(box=None, show_header=False)
    for key in FIGURES:
        if key in result:
            head.add_row(key.replace("_", " "), f"{result[key]:,}")
    for key, value in result.get("conditional", {}).items():
        head.add_row(f"told its plan: {key.replace('_', ' ')}", f"{value:,}")
    if "line_length_distance" in result:
        head.add_row("line length distance", str(result["line_length_distance"]))
    console.print(head)
    if "written" in result:
        table = Table("", "written", "training songs", box=None, header_style="bold")
        for key, value in result["written"].items():
            if not isinstance(value, dict):
                table.add_row(key.replace("_", " "), f"{value:,}", f"{result['human'].get(key, '-')}")
        console.print(table)
