"""Run directories: safetensors and JSON files, written beside and renamed into place.

    RUN/config.json vocab.json          what the network is, how it was trained, on what
    RUN/columns.safetensors             words in the order in which they are drawn (runs of whole words)
    RUN/topics.safetensors              topical word vectors (runs of whole words)
    RUN/words.safetensors               what the lexicon says of the words; lines.safetensors: lines never to repeat
    RUN/checkpoints/0001200/            weights.safetensors, model.onnx, writer.onnx, state.safetensors, state.json
    RUN/latest                          {"resume": "0001200", "use": "0000900"}, replaced atomically
    RUN/weights.safetensors model.onnx writer.onnx  the files of the checkpoint to use, for other programs

Our own readers go through `latest`, whose checkpoint was complete on disk before it was named, so a process killed at
any moment leaves a run that loads. A new run is made beside its place (`.RUN.lyricist-new`) and takes it at the first
checkpoint of a step that was trained; until then, what it replaces stays as it is. The process that trains a run has
locked its directory.

A *packed* run, such as the package's starter, holds config.json, vocab.json, columns.safetensors and one model.onnx
in 8 bits, from which both writing and fine-tuning work; its config.json has the files' hashes under "packed".
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyricist._io import (
    NEW,
    Arrays,
    Lock,
    Staging,
    disk_errors,
    file_hash,
    link,
    load_arrays,
    new_directory,
    read_json,
    recover,
    replace_file,
    sweep,
    sweep_inside,
    sync,
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


@dataclass
class Hold:
    """What a process that trains a run holds: locks, and the directory of a new run until it takes its place."""

    staging: Staging | None = None  # of a new run
    lock: Lock | None = None  # on the run, or on the one that will be replaced

    def close(self) -> None:
        """Unlock the run. A new one that has no place yet is removed."""
        if self.staging is not None:
            self.staging.discard()
        if self.lock is not None:
            self.lock.release()


@dataclass(eq=False)
class Run:
    """A run directory opened for reading. `path` changes once, when a new run takes its place."""

    path: Path
    config: dict[str, Any]
    vocabulary: Vocabulary
    home: Path = Path()  # where the user finds it: `path`, except of a new run without a place
    hold: Hold = field(default_factory=Hold, repr=False)
    inode: int = 0  # of the directory that was opened; 0: unknown

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Open a run. Raises `RunError` if it is missing, foreign, damaged or from a later release.

        "starter" is the package's starter unless there is a directory of that name.
        """
        path = Path(path)
        if path == Path(NAME) and not path.exists():
            path = need_starter()
        if not path.is_dir() and not recover(path):
            if beside(path).is_dir():
                raise RunError(f"{path} holds no checkpoint yet: let it train until the first is saved")
            raise RunError(f"{path} is not a run directory: train one with 'lyricist train SONGS -o {path}'")
        inode = path.stat().st_ino
        config = read_json(path / "config.json")
        if "format" not in config or "model" not in config:
            raise RunError(f"{path} is not a lyricist run: its config.json has no format or model")
        if config["format"] != FORMAT:
            raise RunError(f"{path} has format {config['format']}, this release reads {FORMAT}: upgrade lyricist")
        return cls(path, config, Vocabulary.load(path / "vocab.json"), path, inode=inode)

    @classmethod
    def open_new(cls, home: Path) -> Run:
        """The run that is being made beside `home`."""
        run = cls.open(beside(home))
        run.home = home
        return run

    @property
    def is_new(self) -> bool:
        """Whether it has not yet taken its place."""
        return self.hold.staging is not None and self.hold.staging.waits

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
        folder = self.checkpoint(which)  # read once: a training may point `latest` at another one meanwhile
        if self.inode not in (0, self.path.stat().st_ino):
            raise RunError(f"{self.path} was replaced after it was opened: open it again")
        expected = self.state_in(folder).get("sha256", {}).get(name)
        path = folder / name
        if not path.exists():
            if self.checkpoint(which) != folder:  # a training has removed it meanwhile, and points at a better one
                return self.file(name, which)
            raise RunError(f"{path} is missing: restore it or train again")
        if expected != file_hash(path):
            raise RunError(f"{path} is damaged (its hash differs): restore it or train again")
        return path

    def state(self, which: str = "resume") -> dict[str, Any]:
        """The content of a checkpoint's state.json."""
        return self.state_in(self.checkpoint(which))

    def state_in(self, folder: Path) -> dict[str, Any]:
        return dict(self.config["packed"]) if self.packed else read_json(folder / "state.json")

    def weights(self, which: str = "use") -> Arrays:
        """The network's parameters by name; those of a packed run are rounded to 8 bits."""
        if self.packed:
            columns = VocabLayout.load(self.path / COLUMNS)
            return unpacked(self.file("model.onnx"), self.config["model"], columns.column_of)
        return load_arrays(self.file("weights.safetensors", which))


def beside(home: Path) -> Path:
    """Where a new run is made until it takes its place."""
    real = Path(os.path.realpath(home))
    return real.with_name(f".{real.name}{NEW}")


def create_run(
    path: Path, config: Mapping[str, Any], vocabulary: Vocabulary, force: bool = False, hold: Hold | None = None
) -> Run:
    """A new run directory, made and locked beside `path`; its first checkpoint lets it take its place.

    A run that is there is replaced only with `force`. `run.hold.close()` unlocks it, and removes it if it has no
    checkpoint yet. Raises `RunError` if something is in the way or is being trained, `InputError` if the place cannot
    be written.
    """
    hold = hold or Hold()
    try:
        with disk_errors(path):
            recover(Path(os.path.realpath(path)))
            check_place(path, force)
            refuse_busy(path, hold)
            check_place(path, force)  # which may have been taken before it was locked
            made = beside(path)
            write_synced(made / "config.json", [json.dumps({"format": FORMAT, **config}, indent=2).encode()])
            write_synced(made / "vocab.json", [vocabulary.to_json().encode()])
            (made / "checkpoints").mkdir()
        run = Run.open_new(path)
    except BaseException:
        hold.close()
        raise
    run.hold = hold
    return run


def refuse_busy(path: Path, hold: Hold) -> None:
    """Lock the place of a new run, and the run that is there. Raises `RunError` if a process trains either."""
    try:
        if (real := Path(os.path.realpath(path))).is_dir():
            hold.lock = Lock(real)
        hold.staging = Staging(real)
    except BlockingIOError:
        raise trained(path) from None


def trained(path: Path) -> RunError:
    return RunError(f"{path} is being trained by another process: let it end, stop it, or choose another -o")


def check_place(path: Path, force: bool) -> None:
    """Raise `RunError` if something is there that may not be replaced."""
    if path.exists():
        if not force:
            raise RunError(f"{path} exists: choose another -o, add --force to replace it, or --resume to go on")
        if not path.is_dir() or (any(path.iterdir()) and not (path / "config.json").exists()):
            raise RunError(f"{path} is not a lyricist run: --force does not replace it, choose another -o")


def claim(run: Run, hold: Hold) -> None:
    """Lock a run in order to go on with it, and tidy what a killed process left.

    Raises `RunError` if another process trains it.
    """
    real, run.hold = Path(os.path.realpath(run.path)), hold
    try:
        hold.lock = Lock(real)
    except BlockingIOError:
        raise trained(run.path) from None
    with disk_errors(run.path):
        sweep(real)
        for folder in (run.path, run.path / "checkpoints"):
            sweep_inside(folder)
        link_used(run)


def take_place(run: Run) -> None:
    """Let a new run take its place in one step; what was there is removed. Raises `InputError` on a full disk."""
    if run.hold.staging is not None and run.is_new:
        with disk_errors(run.home):
            run.hold.staging.place(run.hold.lock)
        run.path, run.hold.lock = run.home, run.hold.staging.lock


def save_checkpoint(
    run: Run, step: int, weights: Arrays, state: Arrays, info: Mapping[str, Any], best: bool, keep_first: bool = False
) -> Path:
    """Write checkpoint `step` completely, point `latest` at it, then remove all but the last KEEP.

    `weights` is what readers use, `state` what only resuming needs, `info` goes into state.json. `best`: readers use
    this one from now on. `keep_first`: keep the first checkpoint saved with it, named "first" in `latest`, until one
    is saved without. A new run takes its place, unless `step` is 0. Raises `InputError` if the disk is full.
    """
    name = f"{step:07d}"
    with disk_errors(run.home):
        latest = read_latest(run)
        if name in latest.values():  # already complete on disk: never remove what `latest` names
            keep_first = keep_first or "first" in latest  # its state.json may still need it
        else:
            write_checkpoint(run, name, weights, state, {"format": FORMAT, "step": step, **info})
        point_at(run, name, best, keep_first)
        prune(run)
    if step:
        take_place(run)
    return run.path / "checkpoints" / name


def write_checkpoint(run: Run, name: str, weights: Arrays, state: Arrays, facts: Mapping[str, Any]) -> None:
    """Write the directory of a checkpoint; it and its name are on disk when this returns."""
    folder = run.path / "checkpoints"
    files = {"weights.safetensors": tensor_bytes(weights), "state.safetensors": tensor_bytes(state)}
    files |= graphs(run, int(name), weights)
    hashes = {n: hashlib.sha256(data).hexdigest() for n, data in files.items()}
    files["state.json"] = json.dumps({**facts, "sha256": hashes}).encode()
    with new_directory(folder / name) as made:
        for file_name, data in files.items():
            write_synced(made / file_name, [data])


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
        link_used(run)


def link_used(run: Run) -> None:
    """Make the run's copies of the files of the checkpoint to use."""
    folder = run.path / "checkpoints" / str(read_latest(run).get("use"))
    for file in ("weights.safetensors", "model.onnx", "writer.onnx"):
        if (folder / file).exists():
            link(folder / file, run.path / file)
    sync(run.path)


def prune(run: Run) -> None:
    """Remove all checkpoints but the last KEEP and those `latest` names, and leftovers of killed saves."""
    folder = run.path / "checkpoints"
    complete = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    kept = {*read_latest(run).values(), *complete[-KEEP:]}
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
