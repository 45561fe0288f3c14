"""Run directories: safetensors and JSON files, written beside and renamed into place.

    RUN/config.json vocab.json          what the network is, how it was trained, on what
    RUN/columns.safetensors             words in the order in which they are drawn (runs of whole words)
    RUN/topics.safetensors              topical word vectors (runs of whole words)
    RUN/words.safetensors               what the lexicon says of the words; lines.safetensors: lines never to repeat
    RUN/checkpoints/0001200/            weights.safetensors, model.onnx, writer.onnx, state.safetensors, state.json
    RUN/latest                          {"resume": "0001200", "use": "0000900"}, replaced atomically
    RUN/weights.safetensors model.onnx writer.onnx  the files of the checkpoint to use, for other programs

Our own readers go through `latest`, whose checkpoint was complete on disk before it was named, so a process killed at
any moment leaves a run that loads.

A *packed* run, such as the package's starter, holds config.json, vocab.json, columns.safetensors and one model.onnx
in 8 bits, from which both writing and fine-tuning work; its config.json has the files' hashes under "packed".
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyricist._io import (
    Arrays,
    disk_errors,
    file_hash,
    link,
    load_arrays,
    new_directory,
    read_json,
    replace_file,
    tensor_bytes,
    write_synced,
)
from lyricist.errors import RunError
from lyricist.model.onnx_bytes import unpacked
from lyricist.model.starter import NAME, need_starter
from lyricist.model.tokens import Vocabulary
from lyricist.model.vocab_layout import VocabLayout

FORMAT = 1
KEEP = 2  # checkpoints, beside those that `latest` names
COLUMNS = "columns.safetensors"  # the order of the vocabulary in writer.onnx


@dataclass(frozen=True)
class Run:
    """A run directory opened for reading."""

    path: Path
    config: dict[str, Any]
    vocabulary: Vocabulary

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Open a run. Raises `RunError` if it is missing, foreign, damaged or from a later release.

        "starter" is the package's starter unless there is a directory of that name.
        """
        path = Path(path)
        if path == Path(NAME) and not path.exists():
            path = need_starter()
        if not os.path.isdir(path):
            raise RunError(f"{path} is not a run directory: train one with 'lyricist train SONGS -o {path}'")
        config = read_json(path / "config.json")
        if "format" not in config or "model" not in config:
            raise RunError(f"{path} is not a lyricist run: its config.json has no format or model")
        if config["format"] != FORMAT:
            raise RunError(f"{path} has format {config['format']}, this release reads {FORMAT}: upgrade lyricist")
        return cls(path, config, Vocabulary.load(path / "vocab.json"))

    @property
    def kind(self) -> str:
        """ "lstm", the project's own model, or "classic"."""
        return str(self.config.get("kind", "lstm"))

    @property
    def packed(self) -> bool:
        """Whether the run keeps its network only as one 8-bit model.onnx."""
        return "packed" in self.config

    def checkpoint(self, which: str = "use") -> Path:
        """The directory that `latest` names for "use" (write from it), "resume" (continue training) or "first" (the
        start of a training with an anchor); a packed run's own directory. Raises `RunError` if there is none."""
        if self.packed:
            if which == "resume":
                raise RunError(f"{self.path} is packed, without what resuming needs: start a new run with --from")
            return self.path
        latest = self.path / "latest"
        if not latest.exists():
            raise RunError(f"{self.path} holds no checkpoint yet: let it train until the first is saved")
        name = read_json(latest).get(which)
        if which == "resume" and name is None:
            raise RunError(f"{self.path} was shared without what resuming needs: start a new run with --from")
        folder = self.path / "checkpoints" / str(name)
        if not isinstance(name, str) or not folder.is_dir():
            raise RunError(f"{latest} names checkpoint {name!r}, which is missing: restore it or train again")
        return folder

    def file(self, name: str, which: str = "use") -> Path:
        """A checkpoint's file. Raises `RunError` if it is missing or its hash is not the one in state.json."""
        folder = self.checkpoint(which)
        expected = self.state(which).get("sha256", {}).get(name)
        path = folder / name
        if not path.exists():
            raise RunError(f"{path} is missing: restore it or train again")
        if expected != file_hash(path):
            raise RunError(f"{path} is damaged (its hash differs): restore it or train again")
        return path

    def state(self, which: str = "resume") -> dict[str, Any]:
        """The content of a checkpoint's state.json."""
        folder = self.checkpoint(which)
        return dict(self.config["packed"]) if self.packed else read_json(folder / "state.json")

    def weights(self, which: str = "use") -> Arrays:
        """The network's parameters by name; those of a packed run are rounded to 8 bits."""
        if self.packed:
            columns = VocabLayout.load(self.path / COLUMNS)
            return unpacked(self.file("model.onnx"), self.config["model"], columns.column_of)
        return load_arrays(self.file("weights.safetensors", which))


def create_run(path: Path, config: Mapping[str, Any], vocabulary: Vocabulary, force: bool = False) -> Run:
    """A new run directory without checkpoints. An existing run is replaced only with `force`.

    Raises `RunError` if something is in the way, `InputError` if the directory cannot be written.
    """
    if path.exists():
        if not force:
            raise RunError(f"{path} exists: choose another -o, add --force to replace it, or --resume to go on")
        if any(path.iterdir()) and not (path / "config.json").exists():
            raise RunError(f"{path} is not a lyricist run: --force does not replace it, choose another -o")
    with disk_errors(path), new_directory(path) as made:
        write_synced(made / "config.json", [json.dumps({"format": FORMAT, **config}, indent=2).encode()])
        write_synced(made / "vocab.json", [vocabulary.to_json().encode()])
        (made / "checkpoints").mkdir()
    return Run.open(path)


def save_checkpoint(
    run: Run, step: int, weights: Arrays, state: Arrays, info: Mapping[str, Any], best: bool, keep_first: bool = False
) -> Path:
    """Write checkpoint `step` completely, point `latest` at it, then remove all but the last KEEP.

    `weights` is what readers use, `state` what only resuming needs, `info` goes into state.json. `best`: readers use
    this one from now on. `keep_first`: keep the first checkpoint saved with it, named "first" in `latest`, until one
    is saved without. Raises `InputError` if the disk is full.
    """
    name = f"{step:07d}"
    folder = run.path / "checkpoints"
    with disk_errors(run.path):
        latest = read_latest(run)
        if name in latest.values():  # already complete on disk: never remove what `latest` names
            point_at(run, name, best, keep_first or "first" in latest)  # its state.json may still need "first"
            return folder / name
        made = Path(tempfile.mkdtemp(prefix=".saving-", dir=folder))
        made.chmod(0o755)
        try:
            files = {"weights.safetensors": tensor_bytes(weights), "state.safetensors": tensor_bytes(state)}
            files |= graphs(run, step, weights)
            hashes = {n: hashlib.sha256(data).hexdigest() for n, data in files.items()}
            files["state.json"] = json.dumps({"format": FORMAT, "step": step, **info, "sha256": hashes}).encode()
            for file_name, data in files.items():
                write_synced(made / file_name, [data])
            shutil.rmtree(folder / name, ignore_errors=True)
            os.replace(made, folder / name)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        point_at(run, name, best, keep_first)
        prune(run)
    return folder / name


def graphs(run: Run, step: int, weights: Arrays) -> dict[str, bytes]:
    """The ONNX files of a checkpoint; a run of the classic recipe has none."""
    if run.kind != "lstm":
        return {}
    from lyricist.model import onnx_graph

    metadata = onnx_graph.metadata_for(run.config["model"], step)
    files = {"model.onnx": onnx_graph.step_model(run.config["model"], weights, metadata)}
    if (run.path / COLUMNS).exists():
        columns = VocabLayout.load(run.path / COLUMNS)
        files["writer.onnx"] = onnx_graph.block_model(run.config["model"], weights, columns, metadata)
    return files


def read_latest(run: Run) -> dict[str, Any]:
    latest = run.path / "latest"
    return read_json(latest) if latest.exists() else {}


def point_at(run: Run, name: str, best: bool, keep_first: bool) -> None:
    """Replace `latest`, and the run's copies of the files of the checkpoint to use."""
    known = read_latest(run)
    use = name if best or not known else known["use"]
    first = {"first": known.get("first", name)} if keep_first else {}
    replace_file(run.path / "latest", [json.dumps({"resume": name, "use": use, **first}).encode()])
    if use == name:
        for file in ("weights.safetensors", "model.onnx", "writer.onnx"):
            if (run.path / "checkpoints" / name / file).exists():
                link(run.path / "checkpoints" / name / file, run.path / file)


def prune(run: Run) -> None:
    """Remove all checkpoints but the last KEEP and those `latest` names, and leftovers of killed saves."""
    folder = run.path / "checkpoints"
    complete = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    kept = {*read_latest(run).values(), *complete[-KEEP:]}
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
