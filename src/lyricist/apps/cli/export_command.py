"""`lyricist export`: writes the file or the copy and says on stderr what it holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lyricist.model.checkpoint import COLUMNS, Run
from lyricist.model.convert import CARD, check_target, export, licence_of, size_of
from lyricist.model.copy_index import COPY_INDEX, LINES, RUNS
from lyricist.model.topics import TOPICS
from lyricist.model.word_facts import WORDS

PARTS = {
    "weights.safetensors": "the network",
    "vocab.json": "its words",
    COLUMNS: "their order in exact writing",
    WORDS: "how they are said",
    COPY_INDEX: "the copy index",
    LINES: "the lines of its base's corpus, as hashes",
    RUNS: "runs of words of its base's corpus, as hashes",
    TOPICS: "which words keep company",
    CARD: "the model card",
}


def export_command(path: Path, to: str | None, out: Path, share: bool, force: bool) -> None:
    check_target(to, out, share, force)
    run = Run.open(path)
    if to == "keras":
        from lyricist.model.keras_file import need_keras

        with hushed():
            need_keras()
    made = export(run, to, out, share=share, force=force)
    words = f"{len(run.vocabulary):,} words"
    print(f"wrote {made} ({size_of(made) / 1e6:.1f} MB, {words})", file=sys.stderr)
    if share:
        tell_shared(made, to)
    print(f"licence: {licence_of(run)}", file=sys.stderr)


def tell_shared(made: Path, to: str | None) -> None:
    """Say on stderr what a shared run holds and what it reveals."""
    inside = [part for name, part in PARTS.items() if (made / name).exists()]
    inside += [f"{made.name}.{to}"] if to else []
    print(f"inside: {', '.join(inside)}", file=sys.stderr)
    print("left out: songs, history, plots, TensorBoard, what resuming needs", file=sys.stderr)
    if (made / COPY_INDEX).exists():
        print(
            "note: the copy index holds the training songs' words in order as hashes; "
            "anyone with a list of words can find out which they are",
            file=sys.stderr,
        )


@contextmanager
def hushed() -> Iterator[None]:
    """Send stderr nowhere: TensorFlow's libraries write to it when they are loaded."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
