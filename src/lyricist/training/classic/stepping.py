"""The network of the recipe in NumPy, a word at a time, and what stands nearest to what it predicts.

The gates are in PyTorch's order (LSTM: input, forget, cell, output; GRU: reset, update, new), as weights are kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lyricist._io import Arrays
from lyricist.errors import RunError
from lyricist.training.classic.features import Floats
from lyricist.training.classic.songs import Ints

State = list[tuple[Floats, ...]]  # of each layer: hidden (B, H), and the cell of an LSTM


class SteppedNet:
    """State in, state out. RunError for weights that are not those of the config."""

    def __init__(self, model: dict[str, Any], weights: Arrays, vectors: Floats) -> None:
        self.cell, self.layers, self.hidden = model["cell"], model["layers"], model["hidden"]
        self.projects = model["melody_input"] == "project"
        self.weights, self.vectors = weights, vectors
        needed = ["output.weight", "output.bias", *(["melody.weight", "melody.bias"] if self.projects else [])]
        needed += [f"rnn.{kind}_l{i}" for i in range(self.layers) for kind in ("weight_ih", "weight_hh", "bias_hh")]
        missing = [name for name in needed if name not in weights]
        if missing:
            raise RunError(f"the weights do not fit the run's config ({missing[0]} is missing): train again")

    def initial_state(self, batch: int) -> State:
        zeros = np.zeros((batch, self.hidden), dtype=np.float32)
        return [(zeros, zeros) if self.cell == "lstm" else (zeros,) for _ in range(self.layers)]

    def step(self, ids: Ints, features: Floats, state: State) -> tuple[Floats, State]:
        """ids (B,), features (B, 18) -> (B, D) the vectors of the words to come, and the state behind them."""
        music = np.maximum(0, self.dense("melody", features)) if self.projects else features
        x = np.concatenate([self.vectors[ids], music], axis=1)
        after: State = []
        for layer, before in enumerate(state):
            after.append(self.lstm(layer, x, *before) if self.cell == "lstm" else self.gru(layer, x, *before))
            x = after[-1][0]
        return self.dense("output", x), after

    def dense(self, name: str, x: Floats) -> Floats:
        return np.asarray(x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])

    def side(self, side: str, layer: int, x: Floats) -> Floats:
        """(B, gates x H) of the input ("ih") or the hidden state ("hh") of a layer."""
        w = self.weights
        return np.asarray(x @ w[f"rnn.weight_{side}_l{layer}"].T + w[f"rnn.bias_{side}_l{layer}"])

    def lstm(self, layer: int, x: Floats, h: Floats, c: Floats) -> tuple[Floats, ...]:
        i, f, g, o = np.split(self.side("ih", layer, x) + self.side("hh", layer, h), 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    def gru(self, layer: int, x: Floats, h: Floats) -> tuple[Floats, ...]:
        ir, iz, new = np.split(self.side("ih", layer, x), 3, axis=1)
        hr, hz, old = np.split(self.side("hh", layer, h), 3, axis=1)
        z = sigmoid(iz + hz)
        return ((1 - z) * np.tanh(new + sigmoid(ir + hr) * old) + z * h,)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


class Neighbours:
    """Words by the cosine of their vectors with another, as gensim's `most_similar` has it."""

    def __init__(self, vectors: Floats, words: Ints) -> None:
        """`words`: the ids that may be found."""
        self.words, self.unit = words, unit(vectors[words])  # (N,), (N, D)

    def similarities(self, predicted: Floats) -> Floats:
        """(B, D) -> (B, N)."""
        return np.asarray(unit(predicted) @ self.unit.T)

    def nearest(self, predicted: Floats, count: int) -> tuple[Ints, Floats]:
        """(D,) -> ids and cosines of the `count` nearest, the nearest first; of equals the commoner."""
        cosines = self.similarities(predicted[None])[0]
        best = np.argsort(-cosines, kind="stable")[:count]
        return self.words[best], cosines[best]


def unit(rows: Floats) -> Floats:
    """Rows of length 1; a row of zeros stays."""
    return np.asarray(rows / np.maximum(1e-12, np.linalg.norm(rows, axis=1, keepdims=True)))
