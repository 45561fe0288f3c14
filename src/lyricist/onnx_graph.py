"""The step model as an ONNX graph: one word for every row of a batch, state in, state out.

Inputs `ids` (B,) int64, `h` (L, B, H) float32 and, for an LSTM, `c` (L, B, H).
Outputs `logits` (B, V), `next_h`, and `next_c`. Built node by node from named arrays, so that no
tracing is involved and the graph stays the same over PyTorch releases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, npt.NDArray[np.float32]]

OPSET, IR_VERSION = 17, 8  # read by every ONNX Runtime since 1.13


class Graph:
    """Nodes and initialisers collected while a graph is written; names are made here."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, op: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> list[str]:
        names = [f"{op.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names

    def one(self, op: str, *inputs: str, **attributes: Any) -> str:
        return self.add(op, inputs, **attributes)[0]


def step_model(config: Mapping[str, Any], weights: Weights, metadata: Mapping[str, str] | None = None) -> bytes:
    """The serialised graph of a `ModelConfig` (as a mapping) and its weights by parameter name."""
    g = Graph()
    lstm, layers, hidden = config["cell"] == "lstm", config["layers"], config["hidden"]
    embedding = g.constant("embedding", weights["embedding"])
    x = g.one("Gather", embedding, "ids", axis=0)
    states = ["h", "c"] if lstm else ["h"]
    parts = {s: g.add("Split", [s], layers, axis=0) if layers > 1 else [s] for s in states}
    axis = g.constant("axis0", np.array([0], dtype=np.int64))
    new: dict[str, list[str]] = {s: [] for s in states}
    for i in range(layers):
        flat = [g.one("Squeeze", parts[s][i], axis) for s in states]
        made = (lstm_cell if lstm else gru_cell)(g, i, x, flat, weights)
        for s, value in zip(states, made, strict=True):
            new[s].append(g.one("Unsqueeze", value, axis))
        x = made[0]
    if "project.weight" in weights:
        x = linear(g, x, g.constant("project.weight", weights["project.weight"]), "project.bias", weights)
    output = embedding if config["tied"] else g.constant("output", weights["output"])
    g.nodes.append(helper.make_node("Gemm", [x, output, g.constant("bias", weights["bias"])], ["logits"], transB=1))
    for s in states:
        g.nodes.append(helper.make_node("Concat", new[s], [f"next_{s}"], axis=0))
    return assemble(g, states, layers, hidden, config["vocab_size"], metadata or {})


def linear(g: Graph, x: str, weight: str, bias: str, weights: Weights) -> str:
    """x (B, I) times weight (O, I) transposed, plus bias (O)."""
    return g.one("Gemm", x, weight, g.constant(bias, weights[bias]), transB=1)


def lstm_cell(g: Graph, i: int, x: str, state: list[str], weights: Weights) -> list[str]:
    """PyTorch's LSTM cell, gates in the order i, f, g, o. Both products are one."""
    name = f"layers.{i}."
    joined = np.concatenate([weights[name + "weight_ih"], weights[name + "weight_hh"]], axis=1)
    bias = weights[name + "bias_ih"] + weights[name + "bias_hh"]
    both = g.one("Concat", x, state[0], axis=1)
    gates = g.one("Gemm", both, g.constant(name + "w", joined), g.constant(name + "b", bias), transB=1)
    gi, gf, gg, go = g.add("Split", [gates], 4, axis=1)
    kept = g.one("Mul", g.one("Sigmoid", gf), state[1])
    c = g.one("Add", kept, g.one("Mul", g.one("Sigmoid", gi), g.one("Tanh", gg)))
    return [g.one("Mul", g.one("Sigmoid", go), g.one("Tanh", c)), c]


def gru_cell(g: Graph, i: int, x: str, state: list[str], weights: Weights) -> list[str]:
    """PyTorch's GRU cell, gates in the order r, z, n; the reset gate acts after the product."""
    name = f"layers.{i}."
    h = state[0]
    from_x = linear(g, x, g.constant(name + "w", weights[name + "weight_ih"]), name + "bias_ih", weights)
    from_h = linear(g, h, g.constant(name + "u", weights[name + "weight_hh"]), name + "bias_hh", weights)
    xr, xz, xn = g.add("Split", [from_x], 3, axis=1)
    hr, hz, hn = g.add("Split", [from_h], 3, axis=1)
    r = g.one("Sigmoid", g.one("Add", xr, hr))
    z = g.one("Sigmoid", g.one("Add", xz, hz))
    n = g.one("Tanh", g.one("Add", xn, g.one("Mul", r, hn)))
    return [g.one("Add", n, g.one("Mul", z, g.one("Sub", h, n)))]


def assemble(g: Graph, states: list[str], layers: int, hidden: int, vocab: int, metadata: Mapping[str, str]) -> bytes:
    """Inputs, outputs and metadata around the nodes."""
    shape: list[str | int | None] = [layers, "batch", hidden]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch"])]
    inputs += [helper.make_tensor_value_info(s, TensorProto.FLOAT, shape) for s in states]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", vocab])]
    outputs += [helper.make_tensor_value_info(f"next_{s}", TensorProto.FLOAT, shape) for s in states]
    graph = helper.make_graph(g.nodes, "lyricist_step", inputs, outputs, g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="lyricist")
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {"format": "1", **metadata})
    return bytes(model.SerializeToString())


def metadata_for(config: Mapping[str, Any], step: int) -> dict[str, str]:
    """What every exported model says of itself."""
    return {"config": json.dumps(dict(config)), "step": str(step)}
