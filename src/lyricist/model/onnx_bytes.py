"""Reading and changing serialised ONNX models without the ONNX package, which only training installs.

An ONNX file is a Protocol Buffers message: `read` and `write` handle its fields, `Initializers` and `unpacked` read
the weights of a packed run's 8-bit graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays
from lyricist.errors import RunError
from lyricist.prosody.features import outline_numbers

Field = tuple[int, int, Any]  # number, wire type, value
Data = TypeVar("Data", bytes, memoryview)
Array = npt.NDArray[Any]

GRAPH, METADATA = 7, 14  # fields of ModelProto
NODE, INITIALIZER, INPUT = 1, 5, 11  # of GraphProto
DIMS, TYPE, NAME, RAW = 1, 2, 8, 9  # of TensorProto
TYPES: dict[int, Any] = {1: np.float32, 3: np.int8, 7: np.int64}  # ONNX data types of the weights


# --- messages


def read(data: Data) -> Iterator[Field]:
    """The fields of a message; values are numbers or bytes.

    >>> list(read(bytes([8, 150, 1])))
    [(1, 0, 150)]
    """
    at = 0
    while at < len(data):
        tag, at = number(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = number(data, at)
            yield tag >> 3, kind, value
            continue
        size, at = number(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        yield tag >> 3, kind, data[at : at + size]
        at += size


def write(fields: Iterable[Field]) -> bytes:
    """The message with these fields.

    >>> write([(1, 2, b"ab")]).hex(" ")
    '0a 02 61 62'
    """
    parts: list[bytes] = []
    for n, kind, value in fields:
        parts.append(digits(n << 3 | kind))
        if kind == 0:
            parts.append(digits(value))
        else:
            parts += [digits(len(value)), value] if kind == 2 else [value]
    return b"".join(parts)


def number(data: Data, at: int) -> tuple[int, int]:
    """The variable-length number at position `at` (seven bits a byte, lowest first) and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def digits(value: int) -> bytes:
    """The inverse of `number`.

    >>> digits(300), number(digits(300), 0)
    (b'\\xac\\x02', (300, 2))
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def metadata(entries: Mapping[str, str]) -> bytes:
    """Bytes that add these entries to the metadata of the serialised model they are appended to.

    Protocol Buffers join the repeated fields of concatenated messages.
    """
    pairs = (write([(1, 2, key.encode()), (2, 2, value.encode())]) for key, value in entries.items())
    return write((METADATA, 2, pair) for pair in pairs)


def changed(data: bytes, changes: Mapping[int, Callable[[bytes], list[bytes]]]) -> bytes:
    """A message in which each of these fields is replaced by any number of fields of the same kind."""
    fields = ((n, kind, changes[n](value) if n in changes else [value]) for n, kind, value in read(data))
    return write((n, kind, each) for n, kind, values in fields for each in values)


def with_numbers(model: bytes, numbers: Mapping[str, int]) -> bytes:
    """A model in which these initialisers, of one int64 each, have other values."""

    def tensor(data: bytes) -> list[bytes]:
        name = next(bytes(value).decode() for n, _, value in read(data) if n == NAME)
        if name not in numbers:
            return [data]
        raw = np.array([numbers[name]], dtype="<i8").tobytes()
        return [changed(data, {RAW: lambda old: [raw]})]

    return changed(model, {GRAPH: lambda graph: [changed(graph, {INITIALIZER: tensor})]})


# --- the weights of a packed run


class Initializers:
    """The constants of a graph written by `onnx_graph`, by name. Raises `RunError` for any other file."""

    def __init__(self, path: Path) -> None:
        data = memoryview(path.read_bytes())
        try:
            (graph,) = (value for number, _, value in read(data) if number == GRAPH)
            self.arrays = dict(tensor(value) for number, _, value in read(graph) if number == INITIALIZER)
        except (ValueError, IndexError, KeyError) as e:
            raise RunError(f"{path} is not a graph of this package: restore it or train again") from e

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def rows(self, name: str) -> npt.NDArray[np.float32]:
        """(V, E) a table stored in 8 bits with one scale per row."""
        return np.asarray(self.arrays[name] * self.arrays[f"{name}.scale"][:, None], dtype=np.float32)

    def weight(self, name: str) -> npt.NDArray[np.float32]:
        """(O, I) a weight stored as (I, O) in 8 bits with one scale per output."""
        return np.asarray(self.arrays[name].T * self.arrays[f"{name}.scale"][:, None], dtype=np.float32)


def tensor(data: memoryview) -> tuple[str, Array]:
    """Name and array of a TensorProto; the array is empty for data types that no weight has."""
    found = list(read(data))
    name = next(bytes(value).decode() for number, _, value in found if number == NAME)
    kind = TYPES.get(next(value for number, _, value in found if number == TYPE))
    raw = next((value for number, _, value in found if number == RAW), b"")
    if kind is None:
        return name, np.zeros(0)
    return name, np.frombuffer(raw, dtype=kind).reshape([value for number, _, value in found if number == DIMS])


def unpacked(path: Path, config: dict[str, Any], at: npt.NDArray[np.int64]) -> Arrays:
    """The network's parameters by name, from a packed run's 8-bit graph.

    `path` is the graph, `config` the model's, `at` (V,) the column of every word. Raises `RunError` for a file that
    is not a graph of this package.
    """
    graph = Initializers(path)
    out = {"embedding": graph.rows("embedding"), "bias": graph["bias"][at]}
    if config["tied"]:
        out["embedding"] = out["embedding"][at]
    else:
        out["output"] = graph.weight("output")[at]
    for i in range(config["layers"]):
        read = config["embedding"] + len(outline_numbers(config.get("features", 0))) * config.get("outline", 0)
        out |= layer(graph, f"layers.{i}.", config, config["hidden"] if i else read)
    if "project.weight" in graph.arrays:
        out |= {"project.weight": graph.weight("project.weight"), "project.bias": graph["project.weight.bias"]}
    if config.get("features"):
        out["plan"] = graph.weight("plan")
    if config.get("outline"):
        out["outline.weight"] = graph["outline"].T
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in out.items()}


def layer(graph: Initializers, name: str, config: dict[str, Any], inputs: int) -> Arrays:
    """A recurrent layer. The graph holds only the sum of an LSTM's two biases, which is all that matters."""
    if config["cell"] == "lstm":
        joined, bias = graph.weight(name + "w"), graph[name + "w.bias"]
        biases = {name + "bias_ih": bias, name + "bias_hh": np.zeros_like(bias)}
        return {name + "weight_ih": joined[:, :inputs], name + "weight_hh": joined[:, inputs:], **biases}
    ends = (("w", "ih"), ("u", "hh"))
    weights = {f"{name}weight_{end}": graph.weight(name + short) for short, end in ends}
    return weights | {f"{name}bias_{end}": graph[f"{name}{short}.bias"] for short, end in ends}
