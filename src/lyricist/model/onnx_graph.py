"""The step model as an ONNX graph: one word for every row of a batch, state in, state out.

Inputs `ids` (B,) int64, `h` (L, B, H) float32 and, for an LSTM, `c` (L, B, H); `features` (B, F) if the network sees
a plan. Outputs `logits` (B, V), `next_h` and `next_c`. The graph is built node by node from named arrays, without
tracing, so that it stays the same over PyTorch releases. E embedding, I inputs, O outputs of a product.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from lyricist.model.runtime import FEATURES, open_session
from lyricist.model.vocab_layout import TILE, VocabLayout
from lyricist.prosody.features import outline_numbers

Array = npt.NDArray[Any]
Weights = Mapping[str, npt.NDArray[np.float32]]
Shapes = Mapping[str, Sequence[int | str]]

OPSET, IR_VERSION = 17, 8  # read by every ONNX Runtime since 1.13
WEIGHT_RANGE = 63  # of 8-bit weights: with more, processors without VNNI overflow in 16 bits (u8 x s8 pairs)
TINY = 1e-9
ONE = np.array([1], dtype=np.int64)
KINDS = {"ids": TensorProto.INT64}  # types of inputs other than float32
STREAMS, STEPS = 32, 40  # size of the random texts that `reach` runs
CONTRIB = "com.microsoft"  # ONNX Runtime's own operators, used by 8-bit graphs only


class Graph:
    """Collects the nodes and initialisers of a graph and names them."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        """Add an array of any shape under a name, which is returned."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, op: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> list[str]:
        names = [f"{op.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names

    def one(self, op: str, *inputs: str, **attributes: Any) -> str:
        return self.add(op, inputs, **attributes)[0]

    def known(self, name: str, value: Array) -> str:
        """A constant that is added only once."""
        if all(i.name != name for i in self.initializers):
            self.constant(name, value)
        return name

    def linear(self, x: str, name: str, weight: Array, bias: Array) -> str:
        """x (B, I) times weight (O, I) transposed, plus bias (O)."""
        return self.one("Gemm", x, self.constant(name, weight), self.constant(f"{name}.bias", bias), transB=1)

    def product(self, x: str, name: str, weight: Array) -> str:
        """x (B, I) times weight (O, I) transposed -> (B, O)."""
        return self.one("MatMul", x, self.constant(name, weight.T))


class EightBit(Graph):
    """A graph with products of 8-bit integers: weights have one scale per output, activations one per row."""

    def linear(self, x: str, name: str, weight: Array, bias: Array) -> str:
        return self.one("Add", self.product(x, name, weight), self.constant(f"{name}.bias", bias))

    def product(self, x: str, name: str, weight: Array) -> str:
        whole, scale = eight_bit(weight)
        return self.times(x, self.constant(name, whole.T), self.constant(f"{name}.scale", scale))

    def times(self, x: str, whole: str, scale: str) -> str:
        """x (B, I) times the integers `whole` (I, O) with scales (O,) -> (B, O)."""
        largest = self.one("ReduceMax", self.one("Abs", x), axes=[1], keepdims=1)
        row = self.one("Div", self.one("Max", largest, self.scalar("tiny", TINY)), self.scalar("127", 127.0))
        rounded = self.one("Round", self.one("Div", x, row))
        shifted = self.one("Cast", self.one("Add", rounded, self.scalar("128", 128.0)), to=TensorProto.UINT8)
        middle = self.known("middle", np.array(128, dtype=np.uint8))
        scales = [whole, self.scalar("1", 1.0), scale, middle]
        product = self.one("MatMulIntegerToFloat", shifted, *scales, domain=CONTRIB)  # of integers: exact
        return self.one("Mul", product, row)

    def times_plus(self, x: str, whole: str, scale: str, bias: str, reach: float, out: str) -> None:
        """`times` plus `bias` (O,) in one pass; the result is named `out`. x has one scale for all rows, and its
        values are clipped to `reach`."""
        step = self.scalar("reach", reach / 127)
        rounded = self.one("Add", self.one("Round", self.one("Div", x, step)), self.scalar("128", 128.0))
        within = self.one("Clip", rounded, self.scalar("1", 1.0), self.scalar("255", 255.0))
        shifted = self.one("Cast", within, to=TensorProto.UINT8)
        middle = self.known("middle", np.array(128, dtype=np.uint8))
        inputs = [shifted, whole, step, scale, middle, "", bias]
        self.nodes.append(helper.make_node("MatMulIntegerToFloat", inputs, [out], domain=CONTRIB))

    def embedded(self, table: Array, ids: str = "ids") -> str:
        """Rows of an embedding (V, E) for `ids`."""
        whole, scale = eight_bit(table)
        self.constant("embedding", whole)
        self.constant("embedding.scale", scale)
        return self.again(ids)

    def again(self, ids: str) -> str:
        """Further rows of the embedding, for `ids` of any shape."""
        rows = self.one("Cast", self.one("Gather", "embedding", ids), to=TensorProto.FLOAT)
        scales = self.one("Gather", "embedding.scale", ids)
        return self.one("Mul", rows, self.one("Unsqueeze", scales, self.known("last", np.array([-1]))))

    def scalar(self, name: str, value: float) -> str:
        return self.known(f"scalar.{name}", np.array(value, dtype=np.float32))


def eight_bit(weight: Array) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Integers (O, I) and scales (O,) whose product approximates `weight` (O, I)."""
    scale = np.maximum(np.abs(weight).max(axis=1), TINY) / WEIGHT_RANGE
    return np.round(weight / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def step_model(config: Mapping[str, Any], weights: Weights, metadata: Mapping[str, str] | None = None) -> bytes:
    """The serialised graph of a `ModelConfig` (as a mapping) and its weights by parameter name."""
    g = Graph()
    embedding = g.constant("embedding", weights["embedding"])
    words = outline_words(g, config)
    named = g.one("Gather", embedding, words, axis=0) if words else ""
    x, states = recurrent(g, config, weights, g.one("Gather", embedding, "ids", axis=0), named)
    output = embedding if config["tied"] else g.constant("output", weights["output"])
    g.nodes.append(helper.make_node("Gemm", [x, output, g.constant("bias", weights["bias"])], ["logits"], transB=1))
    return assemble(g, config, states, {"logits": config["vocab_size"]}, {}, metadata or {})


def block_model(
    config: Mapping[str, Any],
    weights: Weights,
    columns: VocabLayout,
    metadata: Mapping[str, str] | None = None,
    *,
    packed: bool = False,
) -> bytes:
    """The graph that exact writing runs: 8-bit products, the softmax in the order of `columns`, summed by blocks.

    More inputs: `steer` (C,) nats added to each column, NEVER for padding; `scale` () 1 / temperature. Outputs:
    `logits` (B, C) with `steer` added, `e` (B, C) their exponentials at the temperature, `sums` (B, U) over each
    block, `free` (B, 1) over all columns at temperature 1. C is the number of columns that are drawn, rounded up to
    whole tiles; the initialisers `drawn` and `width` hold it with and without the padding and may be changed to draw
    more words. Logits are not shifted: the caller recomputes rows that overflow or vanish. Activations have one scale
    per row, those before the softmax one scale for all, so that a row does not depend on its neighbours.

    `packed`: the graph is the only copy of the network; a tied network's word vectors are stored once, in the order
    of `columns`.
    """
    g = EightBit()
    rows, biases = in_columns(weights["embedding" if config["tied"] else "output"], weights["bias"], columns)
    words = outline_words(g, config)
    if packed and config["tied"]:
        at = g.constant("column_of", columns.column_of)
        embedded = g.embedded(rows, g.one("Gather", at, "ids"))
        named = g.again(g.one("Gather", at, words)) if words else ""
        table, scales = "embedding", "embedding.scale"
    else:
        embedded = g.embedded(weights["embedding"])
        named = g.again(words) if words else ""
        whole, scale = eight_bit(rows)
        table, scales = g.constant("output", whole), g.constant("output.scale", scale)
    x, states = recurrent(g, config, weights, embedded, named)
    zero, axis = g.known("zero", np.array([0])), g.known("axis0", np.array([0]))
    drawn = g.known("drawn", np.array([columns.filled(columns.width)]))
    bias = g.constant("bias", biases)
    table, scales, bias = (g.one("Slice", name, zero, drawn, axis) for name in (table, scales, bias))
    steered = g.one("Add", bias, "steer")
    g.times_plus(x, g.one("Transpose", table), scales, steered, reach(config, weights), "logits")
    axis = g.known("axis1", ONE)
    g.nodes.append(helper.make_node("ReduceSum", [g.one("Exp", "logits"), axis], ["free"], keepdims=1))
    g.nodes.append(helper.make_node("Exp", [g.one("Mul", "logits", "scale")], ["e"]))
    summed(g, columns)
    outputs: dict[str, int | str] = {"e": "columns", "sums": "units", "free": 1, "logits": "columns"}
    return assemble(g, config, states, outputs, {"steer": ["columns"], "scale": []}, metadata or {})


def in_columns(output: Array, bias: Array, columns: VocabLayout) -> tuple[Array, Array]:
    """Rows of the softmax (V, E) and biases (V,) in the order of all columns, up to whole tiles; zeros at padding."""
    spare = columns.filled(len(columns.word_at)) - len(columns.word_at)
    at, there = np.maximum(columns.word_at, 0), columns.word_at >= 0
    at, there = np.pad(at, (0, spare)), np.pad(there, (0, spare))
    rows = np.where(there[:, None], output[at], 0).astype(np.float32)
    return rows, np.where(there, bias[at], 0).astype(np.float32)


def reach(config: Mapping[str, Any], weights: Weights) -> float:
    """The range of the values that the softmax sees: twice the largest over STEPS words of STREAMS random texts,
    drawn by the softmax's bias, with random plan features or none."""
    if "project.weight" not in weights and not config.get("features"):
        return 1.0  # a cell's output is smaller
    g = Graph()
    table, words = g.constant("embedding", weights["embedding"]), outline_words(g, config)
    named = g.one("Gather", table, words) if words else ""
    x, states = recurrent(g, config, weights, g.one("Gather", table, "ids"), named)
    g.nodes.append(helper.make_node("Identity", [x], ["x"]))
    width = weights["embedding" if config["tied"] else "output"].shape[1]
    session = open_session(assemble(g, config, states, {"x": width}, {}, {}), 1)
    rng = np.random.default_rng(0)
    shares = np.exp(weights["bias"].astype(np.float64) - weights["bias"].max())
    shape = (config["layers"], STREAMS, config["hidden"])
    feed = {s: np.zeros(shape, dtype=np.float32) for s in states}
    hidden = rng.random((STREAMS, config.get("features", 0))) >= np.linspace(0, 0.2, STREAMS)[:, None]
    plans = (~hidden).astype(np.float32)
    if config.get("outline"):
        said = plans[:, -len(outline_numbers(config["features"])) :]
        said *= rng.choice(len(shares), said.shape, p=shares / shares.sum()) + 1
    largest = TINY
    for _ in range(STEPS):
        ids = rng.choice(len(shares), STREAMS, p=shares / shares.sum())
        told = {FEATURES: plans} if config.get("features") else {}
        made, *new = session.run(["x", *(f"next_{s}" for s in states)], {"ids": ids, **feed, **told})
        feed = dict(zip(states, new, strict=True))
        largest = max(largest, float(np.abs(made).max()))
    return 2 * largest


def cell_model(weights: Weights, heads: Mapping[str, Array]) -> bytes:
    """One LSTM layer alone, in 8 bits: inputs `x` (B, E), `h` and `c` (B, H), outputs `next_h` and `next_c`.
    `weights`: of layer 0; `heads`: stored in the file, not used by any node."""
    g = EightBit()
    for name, array in heads.items():
        g.constant(name, array)
    made = lstm_cell(g, 0, "x", ["h", "c"], weights)
    for name, value in zip(("next_h", "next_c"), made, strict=True):
        g.nodes.append(helper.make_node("Identity", [value], [name]))
    hidden, inputs = weights["layers.0.weight_hh"].shape[1], weights["layers.0.weight_ih"].shape[1]
    state = ["batch", hidden]
    shapes = {"x": ["batch", inputs], "h": state, "c": state}
    return serialised(g, "lyricist_cell", shapes, {"next_h": state, "next_c": state}, {})


def summed(g: Graph, columns: VocabLayout) -> None:
    """Output `sums` (B, U): `e` summed over tiles, then its single columns."""
    axis = g.known("axis1", ONE)
    if not columns.tiles:  # a vocabulary too small for a single tile
        g.nodes.append(helper.make_node("Identity", ["e"], ["sums"]))
        return
    at = {"tiled": columns.tiles, "edge": columns.lone, "width": columns.width}
    zero = g.known("zero", np.array([0]))
    tiled, edge, end = (g.constant(n, np.array([v], dtype=np.int64)) for n, v in at.items())
    alone = g.one("Slice", "e", edge, end, axis)
    tiles = g.one("Reshape", "e", g.constant("tiles", np.array([0, -1, TILE], dtype=np.int64)))  # of all columns
    sums = g.one("ReduceSum", tiles, g.constant("axis2", np.array([2], dtype=np.int64)), keepdims=0)
    parts = [g.one("Slice", sums, zero, tiled, axis), alone]
    g.nodes.append(helper.make_node("Concat", parts, ["sums"], axis=1))


def outline_words(g: Graph, config: Mapping[str, Any]) -> str:
    """The ids of the outline's words (B, N), from the last plan features; "" for a network that reads no outline."""
    if not config.get("outline"):
        return ""
    first = np.array([config["features"] - len(outline_numbers(config["features"]))])
    end = g.constant("features.end", np.array([config["features"]]))
    words = g.one("Slice", "features", g.constant("outline.first", first), end, g.known("axis1", ONE))
    whole = g.one("Cast", words, to=TensorProto.INT64)
    known = g.one("Greater", whole, g.constant("none", np.array(0)))
    g.nodes.append(helper.make_node("Cast", [known], ["outlined"], to=TensorProto.FLOAT))
    return g.one("Max", g.one("Sub", whole, g.known("one", np.array(1))), "none")


def outlined(g: Graph, config: Mapping[str, Any], weights: Weights, named: str) -> str:
    """The vectors of the outline's words (B, N x outline), zeros where there is none; `named`: (B, N, E)."""
    vectors = g.one("MatMul", named, g.constant("outline", weights["outline.weight"].T))
    shown = g.one("Mul", vectors, g.one("Unsqueeze", "outlined", g.known("last", np.array([-1]))))
    size = len(outline_numbers(config["features"])) * config["outline"]
    return g.one("Reshape", shown, g.constant("outline.size", np.array([-1, size], dtype=np.int64)))


def recurrent(
    g: Graph, config: Mapping[str, Any], weights: Weights, x: str, named: str = ""
) -> tuple[str, list[str]]:
    """The recurrent layers, the projection and the plan over embedded words x (B, E), with the embedded words of the
    outline, `named` (B, N, E). Returns what the softmax sees and the names of the states."""
    layers = config["layers"]
    if named:
        x = g.one("Concat", x, outlined(g, config, weights, named), axis=1)
    states = ["h", "c"] if config["cell"] == "lstm" else ["h"]
    parts = {s: g.add("Split", [s], layers, axis=0) if layers > 1 else [s] for s in states}
    axis = g.known("axis0", np.array([0]))
    new: dict[str, list[str]] = {s: [] for s in states}
    for i in range(layers):
        flat = [g.one("Squeeze", parts[s][i], axis) for s in states]
        made = (lstm_cell if len(states) == 2 else gru_cell)(g, i, x, flat, weights)
        for s, value in zip(states, made, strict=True):
            new[s].append(g.one("Unsqueeze", value, axis))
        x = made[0]
    if "project.weight" in weights:
        x = g.linear(x, "project.weight", weights["project.weight"], weights["project.bias"])
    if config.get("features"):
        x = g.one("Add", x, g.product(plan_columns(g, config), "plan", weights["plan"]))
    for s in states:
        g.nodes.append(helper.make_node("Concat", new[s], [f"next_{s}"], axis=0))
    return x, states


def plan_columns(g: Graph, config: Mapping[str, Any]) -> str:
    """The plan features that are not an outline's words."""
    if not config.get("outline"):
        return "features"
    return g.one("Slice", "features", g.known("axis0", np.array([0])), "outline.first", g.known("axis1", ONE))


def lstm_cell(g: Graph, i: int, x: str, state: list[str], weights: Weights) -> list[str]:
    """PyTorch's LSTM cell, gates in the order i, f, g, o; its two products are computed as one."""
    name = f"layers.{i}."
    joined = np.concatenate([weights[name + "weight_ih"], weights[name + "weight_hh"]], axis=1)
    bias = weights[name + "bias_ih"] + weights[name + "bias_hh"]
    gates = g.linear(g.one("Concat", x, state[0], axis=1), name + "w", joined, bias)
    gi, gf, gg, go = g.add("Split", [gates], 4, axis=1)
    kept = g.one("Mul", g.one("Sigmoid", gf), state[1])
    c = g.one("Add", kept, g.one("Mul", g.one("Sigmoid", gi), g.one("Tanh", gg)))
    return [g.one("Mul", g.one("Sigmoid", go), g.one("Tanh", c)), c]


def gru_cell(g: Graph, i: int, x: str, state: list[str], weights: Weights) -> list[str]:
    """PyTorch's GRU cell, gates in the order r, z, n; the reset gate acts after the product."""
    name = f"layers.{i}."
    h = state[0]
    from_x = g.linear(x, name + "w", weights[name + "weight_ih"], weights[name + "bias_ih"])
    from_h = g.linear(h, name + "u", weights[name + "weight_hh"], weights[name + "bias_hh"])
    xr, xz, xn = g.add("Split", [from_x], 3, axis=1)
    hr, hz, hn = g.add("Split", [from_h], 3, axis=1)
    r = g.one("Sigmoid", g.one("Add", xr, hr))
    z = g.one("Sigmoid", g.one("Add", xz, hz))
    n = g.one("Tanh", g.one("Add", xn, g.one("Mul", r, hn)))
    return [g.one("Add", n, g.one("Mul", z, g.one("Sub", h, n)))]


def assemble(
    g: Graph,
    config: Mapping[str, Any],
    states: list[str],
    widths: Mapping[str, int | str],
    further: Shapes,
    metadata: Mapping[str, str],
) -> bytes:
    """Add inputs, outputs and metadata. `widths` of the outputs (B, width); `further`: more inputs."""
    shape = [config["layers"], "batch", config["hidden"]]
    plan = {FEATURES: ["batch", config[FEATURES]]} if config.get(FEATURES) else {}
    inputs = {"ids": ["batch"], **dict.fromkeys(states, shape), **further, **plan}
    outputs = {name: ["batch", width] for name, width in widths.items()}
    outputs |= {f"next_{s}": shape for s in states}
    return serialised(g, "lyricist_step", inputs, outputs, metadata)


def serialised(g: Graph, name: str, inputs: Shapes, outputs: Shapes, metadata: Mapping[str, str]) -> bytes:
    """The model of a graph with inputs and outputs of these shapes, all float32 except `ids`."""
    ins, outs = (
        [helper.make_tensor_value_info(n, KINDS.get(n, TensorProto.FLOAT), shape) for n, shape in shapes.items()]
        for shapes in (inputs, outputs)
    )
    domains = [("", OPSET), *([(CONTRIB, 1)] if any(n.domain for n in g.nodes) else [])]
    imports = [helper.make_opsetid(*each) for each in domains]
    graph = helper.make_graph(g.nodes, name, ins, outs, g.initializers)
    model = helper.make_model(graph, opset_imports=imports, producer_name="lyricist")
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {"format": "1", **metadata})
    return bytes(model.SerializeToString())


def metadata_for(config: Mapping[str, Any], step: int) -> dict[str, str]:
    """The metadata of every exported model."""
    return {"config": json.dumps(dict(config)), "step": str(step)}
