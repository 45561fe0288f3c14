"""Reading and changing serialised ONNX models without the ONNX package, which only training installs.

An ONNX file is a Protocol Buffers message: `read` and `write` handle its fields, `check_graph` says whether ONNX
Runtime may run it, `Initializers` and `unpacked` read the weights of a packed run's 8-bit graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
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
NODE, INITIALIZER, INPUT, OUTPUT = 1, 5, 11, 12  # of GraphProto
DIMS, TYPE, NAME, RAW = 1, 2, 8, 9  # of TensorProto
TYPES: dict[int, Any] = {1: np.float32, 3: np.int8, 7: np.int64}  # ONNX data types of the weights


# --- messages


def read(data: Data) -> Iterator[Field]:
    """The fields of a message; values are numbers or bytes. `ValueError`, `IndexError` or `KeyError` for no message.

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
        if size > len(data) - at:
            raise ValueError("a field is cut")
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
            return value & (1 << 64) - 1, at
        if shift > 63:
            raise ValueError("a number is too long")


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


# --- whether a graph has only what this package writes

BATCH, COLUMNS = -1, -2  # sizes that are known when a graph runs; BATCH stands in a shape at most once
Shape = tuple[int, ...]
MODEL_FIELDS = {1: 0, 2: 2, GRAPH: 2, 8: 2, METADATA: 2}  # what each message may have: field, wire type
GRAPH_FIELDS = {NODE: 2, 2: 2, INITIALIZER: 2, INPUT: 2, OUTPUT: 2}
NODE_FIELDS = {1: 2, 2: 2, 4: 2, 5: 2, 7: 2}
ATTRIBUTE_FIELDS = {1: 2, 3: 0, 8: 0, 20: 0}
TENSOR_FIELDS = {DIMS: 0, TYPE: 0, NAME: 2, RAW: 2}
BYTES = {1: 4, 2: 1, 3: 1, 7: 8, 11: 8}  # of a number of each ONNX data type
MOST_NODES, FEW = 400, 16  # FEW: the most numbers of a constant that says a shape
MANY = 16  # times the widest row, or all constants, that all nodes may make together
ALIKE = frozenset(["Abs", "Cast", "Clip", "Exp", "Identity", "Round", "Sigmoid", "Tanh"])
PAIRED = frozenset(["Add", "Div", "Greater", "Max", "Mul", "Sub"])
CONTRIB = "com.microsoft"


@dataclass(frozen=True)
class GraphSizes:
    """The shape of the network that a graph should compute, as in a run's config."""

    cell: str
    layers: int
    hidden: int
    features: int
    words: int
    embedding: int
    outline: int

    @property
    def inputs(self) -> dict[str, Shape]:
        """The inputs that a graph of such a network may have."""
        state = (self.layers, BATCH, self.hidden)
        shapes: dict[str, Shape] = {"ids": (BATCH,), "h": state, "steer": (COLUMNS,), "scale": ()}
        shapes |= {"c": state} if self.cell == "lstm" else {}
        return shapes | ({"features": (BATCH, self.features)} if self.features else {})

    @property
    def widest(self) -> int:
        """The most numbers a row of any value may have: twice those of the softmax with padding, all gates and the
        vectors of all words of an outline."""
        outline = self.features * (self.embedding + self.outline) if self.outline else 0
        return 2 * max(2 * self.words + 2_048, 4 * self.hidden, self.embedding + self.hidden + outline)


def check_graph(model: bytes, where: str, sizes: GraphSizes) -> None:
    """Raise `RunError` unless a model has only operators, shapes and sizes that this package writes.

    Nothing in it refers to another file, loops, or makes a value larger than the network's sizes allow, so that it
    can neither read elsewhere nor take more memory and time than the network itself.
    """
    try:
        CheckedGraph(memoryview(model), sizes)
    except (ValueError, IndexError, KeyError, TypeError, StopIteration, OverflowError) as e:
        raise RunError(f"{where} is not a graph that this package writes ({e}): restore it or train again") from e


def fields_of(data: memoryview, allowed: Mapping[int, int], *once: int) -> dict[int, list[Any]]:
    """The values of a message by field. `ValueError` for one that is not allowed, or there twice though `once`."""
    found: dict[int, list[Any]] = {}
    for number, kind, value in read(data):
        if allowed.get(number) != kind:
            raise ValueError(f"field {number}")
        found.setdefault(number, []).append(value)
    if any(len(found.get(number, ())) > 1 for number in once):
        raise ValueError("a field twice")
    return found


def text(value: memoryview) -> str:
    return bytes(value).decode()


class CheckedGraph:
    """Follows the shapes of all values through a graph; raises `ValueError` for what is not allowed."""

    def __init__(self, model: memoryview, sizes: GraphSizes) -> None:
        self.sizes, self.shapes, self.few = sizes, dict[str, Shape](), dict[str, list[int]]()
        fields = fields_of(model, MODEL_FIELDS, 1, 2, GRAPH)
        graph = fields_of(fields[GRAPH][0], GRAPH_FIELDS, 2)
        for value in graph.get(INITIALIZER, ()):
            self.constant(value)
        constants = [math.prod(shape) for shape in self.shapes.values()]
        self.largest = max([2_048, *constants])
        self.left = {True: MANY * sizes.widest, False: MANY * sum(constants) + 2_048}  # numbers that nodes may make
        for value in graph.get(INPUT, ()):
            name, told = declared(value)
            self.define(name, matching(told, sizes.inputs[name]))
        if len(graph.get(NODE, ())) > MOST_NODES:
            raise ValueError("too many nodes")
        for value in graph.get(NODE, ()):
            self.node(fields_of(value, NODE_FIELDS, 4, 7))
        self.outputs(dict(declared(value) for value in graph.get(OUTPUT, ())))

    def define(self, name: str, shape: Shape) -> None:
        if name in self.shapes:
            raise ValueError(f"{name[:40]} twice")
        if shape.count(BATCH) > 1 or min(shape, default=0) < COLUMNS:
            raise ValueError(f"the shape of {name[:40]}")
        self.shapes[name] = shape

    def constant(self, data: memoryview) -> None:
        """A tensor, whose numbers must be in the file."""
        fields = fields_of(data, TENSOR_FIELDS, TYPE, NAME, RAW)
        kind, dims, raw = fields[TYPE][0], tuple(fields.get(DIMS, ())), fields.get(RAW, [memoryview(b"")])[0]
        if len(raw) != math.prod(dims) * BYTES[kind] or len(dims) > 4:
            raise ValueError("a constant of another size")
        name = text(fields[NAME][0])
        self.define(name, dims)
        if kind == 7:
            numbers = np.frombuffer(raw, dtype="<i8")
            if len(numbers) <= FEW:
                self.few[name] = numbers.tolist()
            if name == "column_of" and (len(numbers) != self.sizes.words or numbers.min(initial=0) < 0):
                raise ValueError("its columns")

    def outputs(self, told: Mapping[str, Shape]) -> None:
        """The state must come out as it went in, the logits be one for each word or column."""
        states = [f"next_{name}" for name in ("h", "c") if name in self.shapes]
        if any(self.shapes[name] != self.shapes["h"] for name in states) or not {"logits", *states} <= told.keys():
            raise ValueError("another state")
        for name, shape in told.items():
            matching(shape, self.shapes[name])
        logits = self.shapes["logits"]
        whole = "steer" in self.shapes or (
            list(told) == ["logits", *states] and told["logits"][1] == self.sizes.words
        )
        if len(logits) != 2 or logits[0] != BATCH or not whole:
            raise ValueError("the shape of the logits")

    def node(self, fields: Mapping[int, list[Any]]) -> None:
        """Find the shape of what a node computes."""
        op, domain = text(fields[4][0]), text(fields.get(7, [memoryview(b"")])[0])
        if domain != (CONTRIB if op == "MatMulIntegerToFloat" else ""):
            raise ValueError(f"domain {domain[:40]}")
        inputs, outputs = ([text(value) for value in fields.get(n, ())] for n in (1, 2))
        told = dict(self.attribute(value) for value in fields.get(5, ()))
        shapes = [self.shapes[name] for name in inputs if name]
        made = self.made(op, inputs, shapes, told, len(outputs))
        for name in outputs:
            size, row = math.prod(abs(n) for n in made), BATCH in made
            self.left[row] -= size
            if size > (self.sizes.widest if row else self.largest) or self.left[row] < 0:
                raise ValueError(f"{op} makes too much")
            self.define(name, made)

    def attribute(self, data: memoryview) -> tuple[str, list[int]]:
        """Its name and whole numbers."""
        fields = fields_of(data, ATTRIBUTE_FIELDS, 1, 3, 20)
        values = fields.get(3, []) + fields.get(8, [])
        return text(fields[1][0]), [n - (1 << 64) if n >> 63 else n for n in values]

    def made(
        self, op: str, inputs: list[str], shapes: list[Shape], told: Mapping[str, list[int]], outputs: int
    ) -> Shape:
        """The shape of every output of a node."""
        first = shapes[0]
        if outputs > 1 and op != "Split":
            raise ValueError(f"{op} has {outputs} outputs")
        if op in ALIKE:
            return first
        if op in PAIRED:
            return broadcast(*shapes)
        match op:
            case "Gather" if not told.get("axis", [0])[0]:
                if first[0] < self.sizes.words:
                    raise ValueError("a table with too few rows")
                return (*shapes[1], *first[1:])
            case "Concat":
                return joined(shapes, told["axis"][0])
            case "Split":
                at = told["axis"][0] % len(first)
                if first[at] < 0 or first[at] % outputs:
                    raise ValueError("a split")
                return (*first[:at], first[at] // outputs, *first[at + 1 :])
            case "Squeeze":
                return tuple(n for i, n in enumerate(first) if i not in self.ones(inputs[1], first))
            case "Unsqueeze":
                at = self.few[inputs[1]][0] % (len(first) + 1)
                return (*first[:at], 1, *first[at:])
            case "Gemm" if told == {"transB": [1]}:
                return product(first, shapes[1][::-1])
            case "MatMul" | "MatMulIntegerToFloat":
                return product(first, shapes[1])
            case "Transpose" if not told and len(first) == 2:
                return first[::-1]
            case "ReduceMax" | "ReduceSum":
                axes = told.get("axes") or self.few[inputs[1]]
                keep = told.get("keepdims", [1])[0]
                cut = {axis % len(first) for axis in axes}
                return tuple(1 if i in cut else n for i, n in enumerate(first) if keep or i not in cut)
            case "Slice" if len(inputs) == 4:
                return self.sliced(first, *(self.few[name][0] for name in inputs[1:]))
            case "Reshape":
                return reshaped(first, self.few[inputs[1]])
        raise ValueError(f"operator {op[:40]}")

    def ones(self, axes: str, shape: Shape) -> set[int]:
        found = {axis % len(shape) for axis in self.few[axes]}
        if any(shape[axis] != 1 for axis in found):
            raise ValueError("a squeeze")
        return found

    def sliced(self, shape: Shape, start: int, end: int, axis: int) -> Shape:
        size = shape[axis]
        if size < 0 or not start >= 0:
            raise ValueError("a slice")
        return (*shape[:axis], max(0, min(end, size) - start), *shape[axis + 1 :])


def declared(data: memoryview) -> tuple[str, Shape]:
    """Name and shape of an input or output as it says; BATCH for sizes that have names."""
    fields = fields_of(data, {1: 2, 2: 2}, 1, 2)
    kind = fields_of(fields[2][0], {1: 2}, 1)
    tensor = fields_of(kind[1][0], {1: 0, 2: 2}, 1, 2)
    sizes = fields_of(tensor[2][0], {1: 2}).get(1, []) if 2 in tensor else []
    dims = [fields_of(size, {1: 0, 2: 2}, 1, 2) for size in sizes]
    if any(len(dim) != 1 for dim in dims):
        raise ValueError("a size twice")
    return text(fields[1][0]), tuple(dim[1][0] if 1 in dim else BATCH for dim in dims)


def matching(told: Shape, expected: Shape) -> Shape:
    """The `expected` shape. `ValueError` unless it is what an input or output says."""
    if len(told) != len(expected) or any(a not in (b, BATCH) for a, b in zip(told, expected, strict=True)):
        raise ValueError("the shape of an input or output")
    return expected


def broadcast(*shapes: Shape) -> Shape:
    """The shape of values combined number by number."""
    out = []
    for sizes in zip_longest(*(shape[::-1] for shape in shapes), fillvalue=1):
        known = {n for n in sizes if n != 1}
        if len(known) > 1:
            known.discard(COLUMNS)
        if len(known) > 1:
            raise ValueError("shapes that do not fit")
        out.append(known.pop() if known else 1)
    return tuple(out[::-1])


def product(a: Shape, b: Shape) -> Shape:
    """The shape of a product of (..., I) with (I, O)."""
    if len(b) != 2 or min(b) < 0 or not a or a[-1] != b[0]:
        raise ValueError("a product that does not fit")
    return (*a[:-1], b[1])


def joined(shapes: Sequence[Shape], axis: int) -> Shape:
    at = axis % len(shapes[0])
    rests = {(*shape[:at], *shape[at + 1 :]) for shape in shapes}
    if len(rests) > 1 or any(shape[at] < 0 for shape in shapes):
        raise ValueError("parts that do not fit")
    return (*shapes[0][:at], sum(shape[at] for shape in shapes), *shapes[0][at + 1 :])


def reshaped(shape: Shape, wanted: Sequence[int]) -> Shape:
    """The shape with sizes as `wanted`: 0 is the size that was there, -1 (once) what is left."""
    taken = [shape[i] if n == 0 else n for i, n in enumerate(wanted)]
    rest = [i for i, n in enumerate(wanted) if n == -1]
    known = math.prod(abs(n) for i, n in enumerate(taken) if i not in rest)
    whole = math.prod(abs(n) for n in shape)
    kept = any(n == BATCH for i, n in enumerate(taken) if i not in rest)
    if len(rest) > 1 or not known or whole % known or COLUMNS in shape or min(wanted) < -1:
        raise ValueError("a reshape")
    for i in rest:
        if BATCH in shape and not kept and whole != known:
            raise ValueError("a reshape")
        taken[i] = BATCH if BATCH in shape and not kept else whole // known
    if not rest and whole != known:
        raise ValueError("a reshape")
    return tuple(taken)


# --- the weights of a packed run


class Initializers:
    """The constants of a graph written by `onnx_graph`, by name. Raises `RunError` that names `where` for any other
    file, and for a constant that it lacks."""

    def __init__(self, model: bytes, where: str) -> None:
        self.where = where
        try:
            (graph,) = (value for number, _, value in read(memoryview(model)) if number == GRAPH)
            self.arrays = dict(tensor(value) for number, _, value in read(graph) if number == INITIALIZER)
        except (ValueError, IndexError, KeyError, StopIteration, TypeError, RuntimeError) as e:
            raise RunError(f"{where} is not a graph of this package: restore it or train again") from e

    def __getitem__(self, name: str) -> Array:
        if name not in self.arrays:
            raise RunError(f"{self.where} does not fit the run ({name} is missing): restore it or train again")
        return self.arrays[name]

    def rows(self, name: str) -> npt.NDArray[np.float32]:
        """(V, E) a table stored in 8 bits with one scale per row."""
        return np.asarray(self[name] * self[f"{name}.scale"][:, None], dtype=np.float32)

    def weight(self, name: str) -> npt.NDArray[np.float32]:
        """(O, I) a weight stored as (I, O) in 8 bits with one scale per output."""
        return np.asarray(self[name].T * self[f"{name}.scale"][:, None], dtype=np.float32)


def tensor(data: memoryview) -> tuple[str, Array]:
    """Name and array of a TensorProto; the array is empty for data types that no weight has."""
    found = list(read(data))
    name = next(bytes(value).decode() for number, _, value in found if number == NAME)
    kind = TYPES.get(next(value for number, _, value in found if number == TYPE))
    raw = next((value for number, _, value in found if number == RAW), b"")
    if kind is None:
        return name, np.zeros(0)
    return name, np.frombuffer(raw, dtype=kind).reshape([value for number, _, value in found if number == DIMS])


def unpacked(model: bytes, where: str, config: dict[str, Any], at: npt.NDArray[np.int64]) -> Arrays:
    """The network's parameters by name, from a packed run's 8-bit graph.

    `config` is the model's, `at` (V,) the column of every word. Raises `RunError` that names `where` for a file that
    is not a graph of this package, or of another network.
    """
    try:
        return parameters(Initializers(model, where), config, at)
    except (ValueError, IndexError) as e:
        raise RunError(f"{where} does not fit the run: restore it or train again") from e


def parameters(graph: Initializers, config: dict[str, Any], at: npt.NDArray[np.int64]) -> Arrays:
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
