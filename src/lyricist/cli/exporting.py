"""`lyricist export`: the file or the copy, and on stderr what is inside."""

from __future__ import annotations

import sys
from pathlib import Path

from lyricist.checkpoint import COLUMNS, Run
from lyricist.exporting import CARD, export, licence_of, size_of
from lyricist.writer import COPY_INDEX

PARTS = {
    "weights.safetensors": "the network",
    "vocab.json": "its words",
    COLUMNS: "their order in exact writing",
    COPY_INDEX: "the copy index",
    CARD: "the model card",
}


def export_command(path: Path, to: str | None, out: Path, share: bool, force: bool) -> None:
    made = export(path, to, out, share=share, force=force)
    run = Run.open(path)
    words = f"{len(run.vocabulary):,} words"
    print(f"wrote {made} ({size_of(made) / 1e6:.1f} MB, {words})", file=sys.stderr)
    if share:
        tell_shared(made, to)
    print(f"licence: {licence_of(run)}", file=sys.stderr)


def tell_shared(made: Path, to: str | None) -> None:
    """What a shared run holds, and what that gives away."""
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
