"""The network of the recipe: its configuration, its forward pass in NumPy, and the words nearest to a vector.

Training has the same network in PyTorch (`classic_trainer.ClassicNet`). Gates are in PyTorch's order (LSTM: input,
forget, cell, output; GRU: reset, update, new), as the weights are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lyricist._io import Arrays
from lyricist.errors import RunError
from lyricist.model.classic.note_features import WIDTH, Floats, Ints
from lyricist.model.runtime import State

PROJECTED = 64  # units of the dense layer before the recurrent net, with --melody-input project


class ClassicConfig(BaseModel):
    """The network. A word is `embedding` numbers, the music under it 18."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell: Literal["lstm", "gru"] = "lstm"
    layers: int = Field(default=2, ge=1, le=4)
    hidden: int = Field(default=512, ge=1)
    embedding: int = Field(default=300, ge=1)  # width of the word vectors
    dropout: float = Field(default=0.2, ge=0, lt=1)  # between the layers
    melody_input: Literal["concat", "project"] = "concat"
    context: int = Field(default=1, ge=1, le=1000)  # words that the network is trained to read before the next one
    vocab_size: int = Field(ge=1)


def classic_shapes(model: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The parameters of the network of a config, by name, with their shapes."""
    size, hidden, projects = model["embedding"], model["hidden"], model.get("melody_input") == "project"
    gates, inputs = hidden * (4 if model["cell"] == "lstm" else 3), size + (PROJECTED if projects else WIDTH)
    shapes: dict[str, tuple[int, ...]] = {"output.weight": (size, hidden), "output.bias": (size,)}
    shapes |= {"melody.weight": (PROJECTED, WIDTH), "melody.bias": (PROJECTED,)} if projects else {}
    for i in range(model["layers"]):
        shapes |= {f"rnn.weight_ih_l{i}": (gates, hidden if i else inputs), f"rnn.weight_hh_l{i}": (gates, hidden)}
        shapes |= {f"rnn.bias_{side}_l{i}": (gates,) for side in ("ih", "hh")}
    return shapes


class SteppedNet:
    """The network, one word at a time: state in, state out. Raises `RunError` for weights that do not fit."""

    def __init__(self, model: dict[str, Any], weights: Arrays, vectors: Floats) -> None:
        """`model`: the fields of `ClassicConfig`; `vectors` (V, D)."""
        self.cell, self.layers, self.hidden = model["cell"], model["layers"], model["hidden"]
        self.projects = model.get("melody_input") == "project"
        self.weights, self.vectors = weights, vectors
        shapes = classic_shapes(model)
        wrong = [name for name, shape in shapes.items() if name not in weights or weights[name].shape != shape]
        if wrong:
            raise RunError(f"the weights do not fit the run's config ({wrong[0]}): restore it or train again")

    def initial_state(self, batch: int) -> State:
        """Zeros: hidden (L, B, H), and the cell (L, B, H) of an LSTM."""
        zeros = np.zeros((self.layers, batch, self.hidden), dtype=np.float32)
        return (zeros, zeros) if self.cell == "lstm" else (zeros,)

    def step(self, ids: Ints, features: Floats, state: State) -> tuple[Floats, State]:
        """ids (B,), features (B, 18) -> (B, D) the vectors predicted for the next words, and the new state."""
        music = np.maximum(0, self.dense("melody", features)) if self.projects else features
        x = np.concatenate([self.vectors[ids], music], axis=1)
        layer_step = self.lstm if self.cell == "lstm" else self.gru
        after = []
        for layer in range(self.layers):
            after.append(layer_step(layer, x, *(part[layer] for part in state)))
            x = after[-1][0]
        return self.dense("output", x), tuple(np.stack(parts) for parts in zip(*after, strict=True))

    def dense(self, name: str, x: Floats) -> Floats:
        """x (B, I) -> (B, O) by the dense layer of this name."""
        return np.asarray(x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])

    def side(self, side: str, layer: int, x: Floats) -> Floats:
        """x (B, I) -> (B, gates x H) of the input ("ih") or the hidden state ("hh") of a layer."""
        w = self.weights
        return np.asarray(x @ w[f"rnn.weight_{side}_l{layer}"].T + w[f"rnn.bias_{side}_l{layer}"])

    def lstm(self, layer: int, x: Floats, h: Floats, c: Floats) -> tuple[Floats, ...]:
        """x (B, I), h (B, H), c (B, H) -> the new h and c."""
        i, f, g, o = np.split(self.side("ih", layer, x) + self.side("hh", layer, h), 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    def gru(self, layer: int, x: Floats, h: Floats) -> tuple[Floats, ...]:
        """x (B, I), h (B, H) -> the new h."""
        ir, iz, new = np.split(self.side("ih", layer, x), 3, axis=1)
        hr, hz, old = np.split(self.side("hh", layer, h), 3, axis=1)
        z = sigmoid(iz + hz)
        return ((1 - z) * np.tanh(new + sigmoid(ir + hr) * old) + z * h,)


def sigmoid(x: Floats) -> Floats:
    """(B, H) -> (B, H), element by element."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


class Neighbours:
    """Words by the cosine of their vectors with another, as gensim's `most_similar` computes it."""

    def __init__(self, vectors: Floats, words: Ints) -> None:
        """`vectors` (V, D); `words` (N,): the ids that may be found."""
        self.words, self.unit = words, unit(vectors[words])  # (N,), (N, D)

    def similarities(self, predicted: Floats) -> Floats:
        """(B, D) -> (B, N)."""
        return np.asarray(unit(predicted) @ self.unit.T)

    def nearest(self, predicted: Floats, count: int) -> tuple[Ints, Floats]:
        """(D,) -> ids and cosines of the `count` nearest, the nearest first; of equals the more frequent."""
        cosines = self.similarities(predicted[None])[0]
        count = min(count, len(cosines))
        found = np.flatnonzero(cosines >= np.partition(cosines, -count)[-count])
        best = found[np.argsort(-cosines[found], kind="stable")][:count]
        return self.words[best], cosines[best]


def unit(rows: Floats) -> Floats:
    """Rows (N, D) scaled to length 1; a row of zeros is left as it is."""
    return np.asarray(rows / np.maximum(1e-12, np.linalg.norm(rows, axis=1, keepdims=True)))
