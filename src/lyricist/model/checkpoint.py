"""Run directories: safetensors and JSON files, written beside and renamed into place.

    RUN/config.json vocab.json          what the network is, how it was trained, on what
    RUN/columns.safetensors             words in the order in which they are drawn (runs of whole words)
    RUN/topics.safetensors              topical word vectors (runs of whole words)
    RUN/words.safetensors               what the lexicon says of the words
    RUN/lines.safetensors runs.npy      lines and runs of words never to repeat
    RUN/checkpoints/0001200/            weights.safetensors, model.onnx, writer.onnx, state.safetensors, state.json
    RUN/latest                          {"resume": "0001200", "use": "0000900"}, replaced atomically
    RUN/weights.safetensors model.onnx writer.onnx  the files of the checkpoint to use, for other programs

Our own readers go through `latest`, whose checkpoint was complete on disk before it was named, so a process killed at
any moment leaves a run that loads. A new run is made beside its place (`.RUN.lyricist-new`) and takes it at the first
checkpoint of a step that was trained; until then, what it replaces stays as it is. The process that trains a run has
locked its directory.

`latest` is the run's manifest as well: under "files" it has size and SHA-256 of config.json, of everything that
writing, evaluating and fine-tuning read beside the network, and of each checkpoint's state.json, which has the hashes
of the checkpoint's own files; under "check" its own hash. A run of an earlier release has none, and opens without.

A *packed* run, such as the package's starter, holds config.json, vocab.json, columns.safetensors and one model.onnx
in 8 bits, from which both writing and fine-tuning work; its config.json is its manifest ("packed" and "check").

A run may come from a stranger. `Run` is the one way in: nothing in it may be a link, names are looked up in a list or
by a pattern, files are compared with the manifest, and config, vocabulary, tensors and graphs with each other.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyricist._io import (
    MOST_BYTES,
    NEW,
    Arrays,
    Lock,
    Staging,
    check_folder,
    disk_errors,
    fit,
    link,
    load_arrays,
    new_directory,
    one_line,
    plain_hash,
    read_json,
    read_plain,
    recover,
    replace_file,
    sweep,
    sweep_inside,
    sync,
    tensor_bytes,
    write_synced,
)
from lyricist.errors import RunError
from lyricist.model import starter
from lyricist.model.onnx_bytes import GraphSizes, check_graph, unpacked
from lyricist.model.tokens import END, EOS, LINE, SONG, TAGS, Vocabulary
from lyricist.model.vocab_layout import VocabLayout
from lyricist.prosody.features import outline_numbers

FORMAT = 1
KEEP = 2  # checkpoints, beside those that `latest` names
COLUMNS = "columns.safetensors"  # the order of the vocabulary in writer.onnx
# What may lie beside the network; the manifest has those that a run has.
BESIDE = (
    "vocab.json", COLUMNS, "words.safetensors", "topics.safetensors", "copyindex.safetensors", "lines.safetensors",
    "runs.npy", "stock.safetensors", "habits.json", "stories.txt", "vectors.safetensors", "songs.safetensors",
    "judge.onnx",
)  # fmt: skip
FOR_READERS = ("weights.safetensors", "model.onnx", "writer.onnx")  # of a checkpoint
CHECKPOINT = re.compile(r"[0-9]{7,12}")
POINTERS = ("resume", "use", "first")  # in `latest`
MOST_CONFIG, MOST_STATE = 1 << 24, 1 << 20  # bytes of config.json, of state.json and `latest`
MOST_KIND = 100  # characters
COMMAND = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # would command a terminal
SIZES = {  # least and most of the numbers that make a network's shape, and what they are where a config has none
    "vocab_size": (1, 1_000_000, None), "layers": (1, 4, None), "hidden": (1, 16_384, None),
    "embedding": (1, 16_384, None), "features": (0, 4_096, 0), "outline": (0, 1_024, 0), "context": (1, 1_000, 1),
}  # fmt: skip
GRAPH_SIZES = ("layers", "hidden", "features", "vocab_size", "embedding", "outline")
PARTS = {"model": dict, "train": dict, "corpus": dict, "packed": dict, "kind": str, "licence": str}  # of a config


Manifest = dict[str, dict[str, Any]]


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
        """Open a run. Raises `RunError` if it is missing, foreign, damaged, from a later release, or has links in it.

        "starter" is the package's starter unless there is a directory of that name.
        """
        path = Path(path)
        if path == Path(starter.NAME) and not path.exists():
            path = starter.need_starter()
        if not os.path.isdir(path) and not recover(path):
            if os.path.isdir(beside(path)):
                raise RunError(f"{path} holds no checkpoint yet: let it train until the first is saved")
            raise RunError(f"{path} is not a run directory: train one with 'lyricist train SONGS -o {path}'")
        inode = path.stat().st_ino
        if path != starter.HERE:  # the package itself may be installed as links
            check_folder(path)
        config = read_config(path)
        known = manifest(path, config)
        if known is not None and "packed" not in config:
            compare(path, "config.json", known)
        vocabulary = Vocabulary.load(compare(path, "vocab.json", known) or path / "vocab.json")
        check_config(path, config, vocabulary)
        return cls(path, config, vocabulary, path, inode=inode)

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

    def beside(self, name: str) -> Path | None:
        """A file beside the network, one of BESIDE; None if the run has none. Raises `RunError` if it is not what
        the manifest says."""
        return compare(self.path, name, manifest(self.path, self.config))

    def checkpoint(self, which: str = "use") -> Path:
        """The directory that `latest` names for "use" (write from it), "resume" (continue training) or "first" (the
        start of a training with an anchor); a packed run's own directory. Raises `RunError` if there is none."""
        return self.located(which)[0]

    def located(self, which: str) -> tuple[Path, Manifest | None]:
        """The directory of a checkpoint, and the manifest that was written with its name: both from one reading, as a
        training may replace them meanwhile."""
        if self.packed:
            if which == "resume":
                raise RunError(f"{self.path} is packed, without what resuming needs: start a new run with --from")
            return self.path, manifest(self.path, self.config)
        latest = read_latest(self.path)
        if not latest:
            raise RunError(f"{self.path} holds no checkpoint yet: let it train until the first is saved")
        name = latest.get(which)
        if which == "resume" and name is None:
            raise RunError(f"{self.path} was shared without what resuming needs: start a new run with --from")
        if name is None or not (self.path / "checkpoints" / name).is_dir():
            if read_latest(self.path) != latest:
                return self.located(which)  # a training has removed it meanwhile
            raise no_checkpoint(self.path, name)
        return self.path / "checkpoints" / str(name), manifest_in(self.path, self.config, latest)

    def file(self, name: str, which: str = "use") -> Path:
        """A checkpoint's file. Raises `RunError` if it is missing or its hash is not the one in state.json."""
        folder, known = self.located(which)
        if self.inode not in (0, self.path.stat().st_ino):
            raise RunError(f"{self.path} was replaced after it was opened: open it again")
        try:
            return self.file_in(folder, known, name)
        except RunError:
            if self.checkpoint(which) == folder:
                raise
        return self.file(name, which)  # a training has removed it meanwhile, and points at a better one

    def file_in(self, folder: Path, known: Manifest | None, name: str) -> Path:
        path = folder / name
        if not os.path.lexists(path):
            raise RunError(f"{path} is missing: restore it or train again")
        if self.state_in(folder, known)["sha256"].get(name) != plain_hash(path):
            raise RunError(f"{path} is damaged (its hash differs): restore it or train again")
        return path

    def state(self, which: str = "resume") -> dict[str, Any]:
        """The content of a checkpoint's state.json; of a packed run its step and hashes."""
        return self.state_in(*self.located(which))

    def state_in(self, folder: Path, known: Manifest | None) -> dict[str, Any]:
        if self.packed:
            hashes = {name: entry.get("sha256") for name, entry in (known or {}).items()}
            return {"step": self.config["packed"].get("step"), "sha256": hashes}
        path = compare(self.path, f"checkpoints/{folder.name}/state.json", known) or folder / "state.json"
        state = read_json(path, MOST_STATE, finite=False)  # a loss need not be
        if not isinstance(state.get("sha256"), dict):
            raise RunError(f"{path} is damaged (it has no hashes): restore it or train again")
        return state

    def arrays(self, name: str, shapes: Mapping[str, tuple[int, ...]], which: str = "use") -> Arrays:
        """The tensors of a checkpoint's file. Raises `RunError` unless they are float32 of these shapes."""
        found = load_arrays(path := self.file(name, which), most_bytes(shapes))
        fit(path, found, {tensor: ("f4", shape) for tensor, shape in shapes.items()})
        return {tensor: found[tensor] for tensor in shapes}

    def weights(self, which: str = "use") -> Arrays:
        """The network's parameters by name; those of a packed run are rounded to 8 bits."""
        shapes = network_shapes(self.config["model"])
        if not self.packed:
            return self.arrays("weights.safetensors", shapes, which)
        path, columns = self.file("model.onnx"), self.columns()
        if columns is None:
            raise RunError(f"{self.path} has no {COLUMNS}, which a packed run needs: restore it")
        found = unpacked(self.graph("model.onnx"), str(path), self.config["model"], columns.column_of)
        fit(path, found, {tensor: ("f4", shape) for tensor, shape in shapes.items()})
        return found

    def columns(self) -> VocabLayout | None:
        """The order in which the words are drawn; None for a run without one."""
        path = self.beside(COLUMNS)
        return None if path is None else VocabLayout.load(path, len(self.vocabulary))

    def graph(self, name: str) -> bytes:
        """An ONNX file of the checkpoint to use. Raises `RunError` unless it has only what this package writes."""
        model = self.config["model"]
        data = read_plain(path := self.file(name), most_bytes(network_shapes(model)))
        check_graph(data, str(path), GraphSizes(model["cell"], *(model.get(name) or 0 for name in GRAPH_SIZES)))
        return data


def read_config(path: Path) -> dict[str, Any]:
    """A run's config.json. Raises `RunError`."""
    config = read_json(path / "config.json", MOST_CONFIG)
    if "format" not in config or "model" not in config:
        raise RunError(f"{path} is not a lyricist run: its config.json has no format or model")
    if config["format"] != FORMAT:
        told = one_line(config["format"], 20)
        raise RunError(f"{path} has format {told}, this release reads {FORMAT}: upgrade lyricist")
    wrong = [part for part, kind in PARTS.items() if part in config and not isinstance(config[part], kind)]
    wrong += [part for part, value in config.items() if isinstance(value, str) and COMMAND.search(value)]
    wrong += ["kind"] if len(str(config.get("kind", ""))) > MOST_KIND else []
    if wrong:
        raise unfit(path, one_line(wrong[0]))
    return config


def check_config(path: Path, config: Mapping[str, Any], vocabulary: Vocabulary) -> None:
    """Raise `RunError` unless a config describes a network of possible size for this vocabulary."""
    model = config["model"]
    for name, (least, most, default) in SIZES.items():
        value = model.get(name, default)
        if type(value) is not int or not least <= value <= most:
            raise unfit(path, f"{name} = {one_line(repr(value), 40)}, not from {least} to {most:,}")
    if model["vocab_size"] != len(vocabulary):
        raise unfit(path, f"vocab_size = {model['vocab_size']}, and vocab.json has {len(vocabulary)} tokens")
    needed = {SONG, LINE, END, *TAGS.values()} if vocabulary.tokenizer.structured else {EOS}
    if not needed <= vocabulary.index.keys():
        raise unfit(path, f"vocab.json lacks {min(needed - vocabulary.index.keys())}")
    if model.get("cell") not in ("lstm", "gru") or not isinstance(model.get("tied", True), bool):
        raise unfit(path, "cell is not lstm or gru, or tied is not true or false")
    if model.get("outline") and not 0 < len(outline_numbers(model.get("features", 0))) <= model.get("features", 0):
        raise unfit(path, "an outline without its features")


def unfit(path: Path, why: str) -> RunError:
    return RunError(f"{path / 'config.json'} is damaged ({why}): restore it or train again")


def network_shapes(model: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The parameters of the network of a config, by name, with their shapes."""
    size, embedding, hidden = model["vocab_size"], model["embedding"], model["hidden"]
    tied, features, outline = model.get("tied", True), model.get("features") or 0, model.get("outline") or 0
    gates = hidden * (4 if model.get("cell", "lstm") == "lstm" else 3)
    named = len(outline_numbers(features)) if outline else 0
    shapes: dict[str, tuple[int, ...]] = {"embedding": (size, embedding), "bias": (size,)}
    for i in range(model["layers"]):
        inputs = hidden if i else embedding + named * outline
        shapes |= {f"layers.{i}.weight_ih": (gates, inputs), f"layers.{i}.weight_hh": (gates, hidden)}
        shapes |= {f"layers.{i}.bias_ih": (gates,), f"layers.{i}.bias_hh": (gates,)}
    if not tied:
        shapes["output"] = (size, hidden)
    elif hidden != embedding:
        shapes |= {"project.weight": (embedding, hidden), "project.bias": (embedding,)}
    shapes |= {"plan": (embedding if tied else hidden, features - named)} if features else {}
    return shapes | ({"outline.weight": (outline, embedding)} if outline else {})


def most_bytes(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How large a file of tensors of these shapes can be."""
    return min(MOST_BYTES, sum(5 * math.prod(shape) for shape in shapes.values()) + (1 << 22))


# --- the manifest


def manifest(path: Path, config: Mapping[str, Any]) -> Manifest | None:
    """Size ("bytes") and hash ("sha256") of a run's files by name; None for a run of an earlier release, or without a
    checkpoint. Raises `RunError` if it is damaged."""
    return manifest_in(path, config, {} if "packed" in config else read_latest(path))


def manifest_in(path: Path, config: Mapping[str, Any], latest: Mapping[str, Any]) -> Manifest | None:
    """The `manifest` of a run whose `latest` has been read."""
    packed = config.get("packed")
    checked_seal(path / "config.json", config) if packed is not None else checked_seal(path / "latest", latest)
    files = (latest if packed is None else packed).get("files")
    if files is None and packed is not None and isinstance(packed.get("sha256"), dict):
        files = {name: {"sha256": digest} for name, digest in packed["sha256"].items()}
    if files is None:
        return None
    if not isinstance(files, dict) or not all(isinstance(entry, dict) for entry in files.values()):
        raise RunError(f"{path} has a damaged manifest: restore the run or train again")
    return files


def entries(folder: Path, names: Iterable[str]) -> Manifest:
    """The manifest's entries for those of these files that there are."""
    found = ((name, folder / name) for name in names if (folder / name).exists())
    return {name: {"bytes": path.stat().st_size, "sha256": plain_hash(path)} for name, path in found}


def compare(folder: Path, name: str, known: Manifest | None) -> Path | None:
    """A file of a run, which is what its manifest says; None if the run has none. Raises `RunError`."""
    path, told = folder / name, (known or {}).get(name)
    if not os.path.lexists(path):
        if told is None or "sha256" not in told:
            return None
        raise RunError(f"{path} is missing: restore it or train again")
    if known is None or (told is None and not any("bytes" in entry for entry in known.values())):
        return path  # of an earlier release
    if told is None:
        raise RunError(f"{path} is not one of the run's files: remove it, or restore the run")
    if plain_hash(path) not in (told.get("sha256"), told.get("next")):
        raise RunError(f"{path} is damaged (its hash differs): restore it or train again")
    return path


def sealed(data: Mapping[str, Any], indent: int | None = None) -> bytes:
    """A JSON object as bytes, with the hash of its content under "check"."""
    return json.dumps({**data, "check": check_of(data)}, indent=indent).encode()


def check_of(data: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON object without its "check"."""
    rest = {name: value for name, value in data.items() if name != "check"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def checked_seal(path: Path, data: Mapping[str, Any]) -> None:
    """Raise `RunError` if a sealed object is not what was written. Those of earlier releases are not sealed."""
    expected = "files" in data or "files" in (data.get("packed") or {}) or "check" in data
    if expected and data.get("check") != check_of(data):
        raise RunError(f"{path} is damaged (its hash differs): restore it or train again")


def write_manifest(folder: Path, config: Mapping[str, Any], pointers: Mapping[str, str]) -> None:
    """Write the manifest of a run's files as they are now, with `pointers` to its checkpoints, in one step."""
    if "packed" in config:
        files = {"step": config["packed"].get("step"), "files": entries(folder, ("model.onnx", *BESIDE))}
        replace_file(folder / "config.json", [sealed({**config, "packed": files}, indent=1)])
        return
    states = [f"checkpoints/{name}/state.json" for name in sorted(set(pointers.values()))]
    files = entries(folder, ("config.json", *BESIDE, *states))
    replace_file(folder / "latest", [sealed({**pointers, "files": files})])


def seal(path: Path) -> None:
    """Write a run's manifest again, after some of its files have changed."""
    write_manifest(path, read_config(path), pointers_of(read_latest(path)))


def replace_beside(path: Path, name: str, data: bytes) -> None:
    """Replace a file beside the network of a finished run. The manifest first knows both contents, then the new one,
    so that a process killed at any moment leaves a run that opens."""
    latest = read_latest(path)
    if "files" in latest:
        files = latest["files"]
        both = {**files.get(name, {}), "next": hashlib.sha256(data).hexdigest()}
        replace_file(path / "latest", [sealed({**latest, "files": {**files, name: both}})])
    replace_file(path / name, [data])
    seal(path)


def read_latest(path: Path) -> dict[str, Any]:
    """The content of a run's `latest`; {} without one. Raises `RunError` for names that no checkpoint has."""
    if not os.path.lexists(path / "latest"):
        return {}
    latest = read_json(path / "latest", MOST_STATE)
    for which in POINTERS:
        name = latest.get(which)
        if name is not None and not (isinstance(name, str) and CHECKPOINT.fullmatch(name)):
            raise no_checkpoint(path, name)
    return latest


def no_checkpoint(path: Path, name: object) -> RunError:
    told = one_line(repr(name), 40)
    return RunError(f"{path / 'latest'} names checkpoint {told}, which is missing: restore it or train again")


def pointers_of(latest: Mapping[str, Any]) -> dict[str, str]:
    """The checkpoints that `latest` names."""
    return {which: latest[which] for which in POINTERS if latest.get(which) is not None}


# --- writing


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
        latest = pointers_of(read_latest(run.path))
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
        columns = VocabLayout.load(run.path / COLUMNS, len(run.vocabulary))
        files["writer.onnx"] = onnx_graph.block_model(run.config["model"], weights, columns, metadata)
    return files


def point_at(run: Run, name: str, best: bool, keep_first: bool) -> None:
    """Replace `latest`, and the run's copies of the files of the checkpoint to use."""
    known = pointers_of(read_latest(run.path))
    use = name if best or not known else known["use"]
    first = {"first": known.get("first", name)} if keep_first else {}
    write_manifest(run.path, run.config, {"resume": name, "use": use, **first})
    if use == name:
        link_used(run)


def link_used(run: Run) -> None:
    """Make the run's copies of the files of the checkpoint to use."""
    folder = run.path / "checkpoints" / str(read_latest(run.path).get("use"))
    for file in FOR_READERS:
        if (folder / file).exists():
            link(folder / file, run.path / file)
    sync(run.path)


def prune(run: Run) -> None:
    """Remove all checkpoints but the last KEEP and those `latest` names, and leftovers of killed saves."""
    folder = run.path / "checkpoints"
    complete = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    kept = {*pointers_of(read_latest(run.path)).values(), *complete[-KEEP:]}
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
