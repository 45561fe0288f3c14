"""A packed run: one 8-bit graph that ONNX Runtime writes from and that fine-tuning reads its weights out of.

The graph is `onnx_graph.unit_model` with `packed`. Its initialisers are read here without the ONNX package
(`onnx_bytes`).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays, disk_errors, file_hash, new_directory, replace_file, write_synced
from lyricist.errors import InputError, RunError
from lyricist.model.checkpoint import COLUMNS, FORMAT, Run
from lyricist.model.onnx_bytes import DIMS, GRAPH, INITIALIZER, NAME, RAW, TYPE, read
from lyricist.model.vocab_layout import Columns

MODEL = "model.onnx"
CARD = "card.md"
TYPES: dict[int, Any] = {1: np.float32, 3: np.int8, 7: np.int64}  # the ONNX data types that weights have


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
    from lyricist.model.onnx_graph import metadata_for, unit_model

    config, step = run.config["model"], int(run.state("use")["step"])
    columns = Columns.load(run.path / COLUMNS)
    graph = unit_model(config, run.weights(), columns, metadata_for(config, step), packed=True)
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


# --- back to weights


def unpacked(run: Run) -> Arrays:
    """The parameters by name that a packed run's graph was made from, rounded as they are in it."""
    config = run.config["model"]
    graph = Initializers(run.file(MODEL))
    at = Columns.load(run.path / COLUMNS).column_of
    out = {"embedding": graph.rows("embedding"), "bias": graph["bias"][at]}
    if config["tied"]:
        out["embedding"] = out["embedding"][at]
    else:
        out["output"] = graph.weight("output")[at]
    for i in range(config["layers"]):
        out |= layer(graph, f"layers.{i}.", config, config["embedding"] if i == 0 else config["hidden"])
    if "project.weight" in graph.arrays:
        out |= {"project.weight": graph.weight("project.weight"), "project.bias": graph["project.weight.bias"]}
    if config.get("features"):
        out["plan"] = graph.weight("plan")
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in out.items()}


def layer(graph: Initializers, name: str, config: dict[str, Any], inputs: int) -> Arrays:
    """A recurrent layer. An LSTM's two biases are kept as their sum, which is all that matters of them."""
    if config["cell"] == "lstm":
        joined, bias = graph.weight(name + "w"), graph[name + "w.bias"]
        biases = {name + "bias_ih": bias, name + "bias_hh": np.zeros_like(bias)}
        return {name + "weight_ih": joined[:, :inputs], name + "weight_hh": joined[:, inputs:], **biases}
    ends = (("w", "ih"), ("u", "hh"))
    weights = {f"{name}weight_{end}": graph.weight(name + short) for short, end in ends}
    return weights | {f"{name}bias_{end}": graph[f"{name}{short}.bias"] for short, end in ends}


class Initializers:
    """The constants of a graph of this package by name."""

    def __init__(self, path: Path) -> None:
        data = memoryview(path.read_bytes())
        try:
            (graph,) = (value for number, _, value in read(data) if number == GRAPH)
            self.arrays = dict(tensor(value) for number, _, value in read(graph) if number == INITIALIZER)
        except (ValueError, IndexError, KeyError) as e:
            raise RunError(f"{path} is not a graph of this package: restore it or train again") from e

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.arrays[name]

    def rows(self, name: str) -> npt.NDArray[np.float32]:
        """(V, E) a table in 8 bits, one scale a row."""
        return np.asarray(self.arrays[name] * self.arrays[f"{name}.scale"][:, None], dtype=np.float32)

    def weight(self, name: str) -> npt.NDArray[np.float32]:
        """(O, I) a weight kept as (I, O) in 8 bits, one scale an output."""
        return np.asarray(self.arrays[name].T * self.arrays[f"{name}.scale"][:, None], dtype=np.float32)


def tensor(data: memoryview) -> tuple[str, npt.NDArray[Any]]:
    """Name and array of a TensorProto; those of other types, which no weight has, are left empty."""
    found = list(read(data))
    name = next(bytes(value).decode() for number, _, value in found if number == NAME)
    kind = TYPES.get(next(value for number, _, value in found if number == TYPE))
    raw = next((value for number, _, value in found if number == RAW), b"")
    if kind is None:
        return name, np.zeros(0)
    return name, np.frombuffer(raw, dtype=kind).reshape([value for number, _, value in found if number == DIMS])
