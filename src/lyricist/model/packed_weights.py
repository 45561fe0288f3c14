"""The weights of a packed run: read out of its 8-bit graph without the ONNX package (`onnx_bytes`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays
from lyricist.errors import RunError
from lyricist.model.onnx_bytes import DIMS, GRAPH, INITIALIZER, NAME, RAW, TYPE, read

TYPES: dict[int, Any] = {1: np.float32, 3: np.int8, 7: np.int64}  # the ONNX data types that weights have


def unpacked(path: Path, config: dict[str, Any], at: npt.NDArray[np.int64]) -> Arrays:
    """The parameters by name that a packed run's graph was made from, rounded as they are in it.

    `path` is the graph, `config` the model's, `at` (V,) the column of every word. Raises `RunError` for a file that
    is no graph of this package.
    """
    graph = Initializers(path)
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
