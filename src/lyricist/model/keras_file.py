"""The network as a Keras 3 model of standard layers, for programs without lyricist.

    ids (B, T) int32, states h_0, c_0, h_1, ... (B, H)  ->  logits (B, T, V), next_h_0, next_c_0, ... (B, H)

A tied softmax becomes a `Dense` layer with a copy of the weights. A .keras file is a zip archive; `vocabulary.json`
and `lyricist.json` are added to Keras's own members.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError, MissingExtra, RunError
from lyricist.model.checkpoint import Run
from lyricist.model.runtime import OnnxModel

Array = npt.NDArray[Any]
Layers = dict[str, list[Array]]  # name of a Keras layer -> its weights, in the order of `set_weights`

STATES = {"lstm": ("h", "c"), "gru": ("h",)}
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
TOLERANCE = 1e-4  # largest difference of a logit from the run's own model
LATER = frozenset({"quantization_config"})  # settings unknown to Keras 3.6
CHECKED = (2, 12)  # shape (B, T) of the ids of the comparison


def keras_bytes(run: Run, members: Mapping[str, str]) -> bytes:
    """The .keras file of a run, with the texts `members` added, after a comparison with the run's ONNX model.

    Raises `MissingExtra` without Keras or TensorFlow, `InputError` for a network that standard layers cannot express,
    `RunError` if the two models differ.
    """
    layers = layer_arrays(run.config["model"], run.weights())
    keras = need_keras()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        keras_model(keras, layers).save(Path(folder) / "saved.keras")
        finish(Path(folder) / "saved.keras", path, members)
        compare(keras, path, run)
        return path.read_bytes()


def need_keras() -> Any:
    """The `keras` module, on TensorFlow unless KERAS_BACKEND says otherwise. Raises `MissingExtra`, and `InputError`
    on PyTorch."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        import keras
    except ImportError as e:
        raise MissingExtra("export --to keras", "keras") from e
    if int(keras.__version__.split(".")[0]) < 3:
        raise MissingExtra(f"export --to keras (here is Keras {keras.__version__}, not 3)", "keras")
    if keras.backend.backend() == "torch":  # there Keras 3.15 cannot read recurrent layers
        raise InputError("KERAS_BACKEND is torch, with which Keras files cannot be checked: set it to tensorflow")
    return keras


def layer_arrays(config: Mapping[str, Any], weights: Mapping[str, Array]) -> Layers:
    """The weights of every Keras layer by its name, in the model's order, from a run's parameters.

    Raises `InputError` if standard layers cannot express a part of the network, `RunError` if weights are missing.
    """
    left = dict(weights)
    try:
        embedding = left.pop("embedding")
        out, width = {"embedding": [embedding]}, embedding.shape[1]
        for i in range(config["layers"]):
            parts = [left.pop(f"layers.{i}.{part}") for part in PARTS]
            plain(parts[0].shape[1] == width, f"layer {i} reads more than words")
            out[f"{config['cell']}_{i}"] = recurrent_arrays(config["cell"], *parts)
            width = parts[1].shape[1]
        if "project.weight" in left:
            out["projection"] = [left.pop("project.weight").T, left.pop("project.bias")]
        kernel = embedding if config["tied"] else left.pop("output")
        out["logits"] = [kernel.T, left.pop("bias")]
    except KeyError as e:
        raise RunError(f"the run's weights lack {e.args[0]!r}: restore it or train again") from e
    plain(not left, f"it has {', '.join(sorted(left))}")
    return {name: [np.ascontiguousarray(a, dtype=np.float32) for a in arrays] for name, arrays in out.items()}


def plain(condition: bool, why: str) -> None:
    """Raise `InputError` with the reason, unless the condition holds."""
    if not condition:
        raise InputError(f"--to keras is for plain networks of words, and {why}: use --to onnx")


def recurrent_arrays(cell: str, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> list[Array]:
    """Kernel (I, G*H), recurrent kernel (H, G*H) and bias of a Keras layer from PyTorch's four arrays.

    An LSTM's gates have the same order in both (i, f, candidate, o), and Keras has one bias (4*H,). A GRU's are r, z,
    candidate in PyTorch and z, r, candidate in Keras, whose bias (2, 3*H) keeps both (`reset_after=True`).
    """
    if cell == "lstm":
        return [weight_ih.T, weight_hh.T, bias_ih + bias_hh]
    ih, hh, b_ih, b_hh = (reset_second(a) for a in (weight_ih, weight_hh, bias_ih, bias_hh))
    return [ih.T, hh.T, np.stack([b_ih, b_hh])]


def reset_second(rows: Array) -> Array:
    """Rows (3*H, ...) of r, z, n in the order z, r, n."""
    r, z, n = np.split(rows, 3)
    return np.concatenate([z, r, n])


def keras_model(keras: Any, layers: Layers) -> Any:
    """The functional model of these layers, with their weights; layers start from zeros, which any Keras 3 can
    make."""
    zeros = {"kernel_initializer": "zeros"}
    ids = keras.Input((None,), dtype="int32", name="ids")
    vocabulary, width = layers["embedding"][0].shape
    x = keras.layers.Embedding(vocabulary, width, "zeros", name="embedding")(ids)
    inputs: dict[str, Any] = {"ids": ids}
    outputs: dict[str, Any] = {}
    for name, arrays in layers.items():
        cell, _, i = name.partition("_")
        if cell in STATES:
            hidden = arrays[1].shape[0]
            state = {f"{s}_{i}": keras.Input((hidden,), name=f"{s}_{i}") for s in STATES[cell]}
            kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
            layer = kind(
                hidden, return_sequences=True, return_state=True, name=name, recurrent_initializer="zeros", **zeros
            )
            x, *new = layer(x, initial_state=list(state.values()))
            inputs |= state
            outputs |= {f"next_{s}": value for s, value in zip(state, new, strict=True)}
        elif name != "embedding":
            x = keras.layers.Dense(arrays[0].shape[1], name=name, **zeros)(x)
    model = keras.Model(inputs, {"logits": x, **outputs}, name="lyricist")
    for name, arrays in layers.items():
        model.get_layer(name).set_weights(arrays)
    return model


def finish(saved: Path, path: Path, members: Mapping[str, str]) -> None:
    """Copy the archive that Keras saved, add `members` and remove settings unknown to earlier Keras releases."""
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, json.dumps(without_unset(json.loads(data))) if name == "config.json" else data)
        for name, text in members.items():
            new.writestr(name, text)


def without_unset(value: Any) -> Any:
    """A configuration without those LATER settings that are None, which is their default.

    >>> without_unset({"units": 3, "bias": None, "cell": [{"quantization_config": None}]})
    {'units': 3, 'bias': None, 'cell': [{}]}
    """
    if isinstance(value, dict):
        return {k: without_unset(v) for k, v in value.items() if v is not None or k not in LATER}
    return [without_unset(v) for v in value] if isinstance(value, list) else value


def compare(keras: Any, path: Path, run: Run) -> None:
    """Load a .keras file and compare its logits with the run's ONNX model. Raises `RunError` if they differ."""
    step_model = OnnxModel(run.graph("model.onnx"), threads=1)
    ids = np.random.default_rng(0).integers(0, step_model.vocab_size, CHECKED)
    state, expected = step_model.initial_state(len(ids)), []
    for word in ids.T:
        logits, state = step_model.step(word, state)
        expected.append(logits)
    with keras.device("cpu:0"):  # a GPU may multiply with fewer bits
        model = keras.models.load_model(path, compile=False)
        zeros = {k: np.zeros((len(ids), *v.shape[1:]), np.float32) for k, v in model.input.items() if k != "ids"}
        found = model({"ids": ids.astype(np.int32), **zeros})["logits"]
    far = float(np.abs(keras.ops.convert_to_numpy(found) - np.stack(expected, axis=1)).max())
    if not far <= TOLERANCE:
        raise RunError(f"{run.path}: the Keras model's logits are off by {far:.1e}: report this, or use --to onnx")
