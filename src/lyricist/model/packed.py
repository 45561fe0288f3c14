"""A packed run: one 8-bit graph that ONNX Runtime writes from and that fine-tuning reads its weights out of.

The graph is `onnx_graph.block_model` with `packed`. Its initialisers are read here without the ONNX package
(`onnx_bytes`).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from lyricist._io import disk_errors, file_hash, new_directory, replace_file, write_synced
from lyricist.errors import InputError
from lyricist.model.checkpoint import COLUMNS, FORMAT, Run
from lyricist.model.vocab_layout import VocabLayout

MODEL = "model.onnx"
CARD = "card.md"


EXTRAS = ("lines.safetensors", "topics.safetensors", "words.safetensors")  # taken along where a run has them


def pack(run: Run, out: Path) -> Run:
    """Write a run's network to a new directory `out` as a packed run. The same run gives the same bytes.

    Raises `InputError` for a run that cannot be packed and for an `out` that exists.
    """
    if run.packed or run.kind != "lstm" or not (run.path / COLUMNS).exists():
        raise InputError(f"{run.path} cannot be packed: name a run of whole words of the lstm recipe")
    if out.exists():
        raise InputError(f"{out} exists: choose another place")
    with disk_errors(out), new_directory(out) as made:
        fill(run, made)
    return Run.open(out)


def fill(run: Run, made: Path) -> None:
    """The files of a packed run."""
    from lyricist.model.onnx_graph import block_model, metadata_for

    config, step = run.config["model"], int(run.state("use")["step"])
    columns = VocabLayout.load(run.path / COLUMNS)
    graph = block_model(config, run.weights(), columns, metadata_for(config, step), packed=True)
    write_synced(made / MODEL, [graph])
    for name in ("vocab.json", COLUMNS, CARD, *EXTRAS):
        if (run.path / name).exists():
            shutil.copyfile(run.path / name, made / name)
    hashes = {path.name: file_hash(path) for path in sorted(made.iterdir()) if path.name != CARD}
    corpus = {**run.config.get("corpus", {}), "path": ""}  # not where the songs lie on this machine
    facts = {**run.config, "corpus": corpus, "packed": {"step": step, "sha256": hashes}}
    write_synced(made / "config.json", [json.dumps({"format": FORMAT, **facts}, indent=1).encode()])


def stamp(run: Run) -> None:
    """Note the hashes of a packed run's files anew, after some have changed."""
    packed = run.config["packed"]
    hashes = {name: file_hash(run.path / name) for name in packed["sha256"]}
    facts = {**run.config, "packed": {**packed, "sha256": hashes}}
    replace_file(run.path / "config.json", [json.dumps(facts, indent=1).encode()])
