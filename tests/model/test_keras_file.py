"""Keras files: the arrays of every layer by Keras's own equations; with TensorFlow, the file itself."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from test_convert import call, examples, only_line

from lyricist import export
from lyricist._io import Arrays
from lyricist.errors import InputError, RunError
from lyricist.model.checkpoint import Run, create_run, save_checkpoint
from lyricist.model.keras_file import layer_arrays, need_keras
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.tokens import SPECIALS, Vocabulary
from test_public_surface import without

SHAPES: list[dict[str, Any]] = [
    {"cell": "lstm", "layers": 1, "embedding": 6, "hidden": 8, "tied": True},
    {"cell": "lstm", "layers": 2, "embedding": 8, "hidden": 8, "tied": True},
    {"cell": "lstm", "layers": 3, "embedding": 6, "hidden": 8, "tied": False},
    {"cell": "gru", "layers": 1, "embedding": 8, "hidden": 8, "tied": True},
    {"cell": "gru", "layers": 2, "embedding": 6, "hidden": 8, "tied": True},
    {"cell": "gru", "layers": 2, "embedding": 6, "hidden": 8, "tied": False},
]
VOCABULARY = Vocabulary([*sorted(SPECIALS), "rain", "sun"])
IDS = np.random.default_rng(1).integers(0, len(VOCABULARY), (3, 20))  # (B, T)
needs_keras = pytest.mark.skipif(
    find_spec("keras") is None or find_spec("tensorflow") is None,
    reason="Keras and TensorFlow are not installed: pip install -e '.[keras]'",
)


def network(shape: dict[str, Any]) -> LyricLSTM:
    """Large weights, so that a gate in the wrong place shows."""
    torch.manual_seed(0)
    model = LyricLSTM(ModelConfig(vocab_size=len(VOCABULARY), **shape)).eval()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.7)
    return model


def weights_of(model: LyricLSTM) -> Arrays:
    return {n: p.detach().numpy() for n, p in model.named_parameters()}


def logits_of(model: LyricLSTM) -> npt.NDArray[np.float32]:
    """(B, T, V) for IDS."""
    logits, _ = model(torch.from_numpy(IDS.T), model.initial_state(len(IDS)))
    return np.asarray(logits.detach().numpy().transpose(1, 0, 2))


def sigmoid(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(1 / (1 + np.exp(-x)))


def keras_lstm(x: npt.NDArray[Any], kernel: Any, recurrent: Any, bias: Any) -> npt.NDArray[Any]:
    """(B, T, I) -> (B, T, H) as `keras.layers.LSTM` documents it: gates i, f, candidate, o."""
    h = c = np.zeros((len(x), recurrent.shape[0]))
    out = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.stack(out, axis=1)


def keras_gru(x: npt.NDArray[Any], kernel: Any, recurrent: Any, bias: Any) -> npt.NDArray[Any]:
    """(B, T, I) -> (B, T, H) as `keras.layers.GRU` with `reset_after`: gates z, r, candidate; z keeps the old state."""
    h = np.zeros((len(x), recurrent.shape[0]))
    out = []
    for t in range(x.shape[1]):
        xz, xr, xn = np.split(x[:, t] @ kernel + bias[0], 3, axis=1)
        hz, hr, hn = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        h = z * h + (1 - z) * np.tanh(xn + r * hn)
        out.append(h)
    return np.stack(out, axis=1)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_arrays_give_the_networks_logits_by_keras_equations(shape: dict[str, Any]) -> None:
    model = network(shape)
    layers = layer_arrays(shape, weights_of(model))
    x = layers.pop("embedding")[0][IDS]
    for name, arrays in layers.items():
        cell = {"lstm": keras_lstm, "gru": keras_gru}.get(name.partition("_")[0])
        x = cell(x, *arrays) if cell else x @ arrays[0] + arrays[1]
    np.testing.assert_allclose(x, logits_of(model), atol=1e-4)


def test_layers_are_named_and_in_order() -> None:
    layers = layer_arrays(SHAPES[4], weights_of(network(SHAPES[4])))
    assert {name: [a.shape for a in arrays] for name, arrays in layers.items()} == {
        "embedding": [(len(VOCABULARY), 6)],
        "gru_0": [(6, 24), (8, 24), (2, 24)],
        "gru_1": [(8, 24), (8, 24), (2, 24)],
        "projection": [(8, 6), (6,)],
        "logits": [(6, len(VOCABULARY)), (len(VOCABULARY),)],
    }


def test_a_network_with_more_than_words_is_refused() -> None:
    weights = weights_of(network(SHAPES[0]))
    with pytest.raises(InputError, match="it has melody.weight: use --to onnx"):
        layer_arrays(SHAPES[0], weights | {"melody.weight": np.ones(3)})
    wider = np.ones((32, 9), np.float32)
    with pytest.raises(InputError, match="layer 0 reads more than words"):
        layer_arrays(SHAPES[0], weights | {"layers.0.weight_ih": wider})
    del weights["layers.0.bias_hh"]
    with pytest.raises(RunError, match=r"lack 'layers.0.bias_hh'"):
        layer_arrays(SHAPES[0], weights)


def test_without_keras_the_extra_is_named(run_dir: Path, tmp_path: Path) -> None:
    done = without(
        ("keras", "tensorflow"), ["export", str(run_dir), "--to", "keras", "-o", str(tmp_path / "a.keras")]
    )
    assert done.returncode == 2
    assert only_line(done.stderr).endswith("pip install 'lyricist[keras]'")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "backend", "said"),
    [
        ("2.15.0", "tensorflow", "here is Keras 2.15.0, not 3.*lyricist\\[keras\\]"),
        ("3.15.1", "torch", "set it to tensorflow"),
    ],
)
def test_a_keras_that_does_not_do(monkeypatch: pytest.MonkeyPatch, version: str, backend: str, said: str) -> None:
    here = SimpleNamespace(__version__=version, backend=SimpleNamespace(backend=lambda: backend))
    monkeypatch.setitem(sys.modules, "keras", here)
    for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.setenv(name, "")
    with pytest.raises(InputError, match=said):
        need_keras()


# With TensorFlow

READ = """
import json, sys
sys.modules["lyricist"] = None
import keras, numpy as np
assert keras.backend.backend() == "tensorflow"
ids = np.load("ids.npy").astype("int32")
for file in sys.argv[1:]:
    model = keras.models.load_model(file)
    state = {k: np.zeros((len(ids), v.shape[-1]), "float32") for k, v in model.input.items() if k != "ids"}
    whole = model.predict_on_batch({"ids": ids, **state})["logits"]
    pieces = []
    for part in np.split(ids, [1, 2, 9], axis=1):
        out = model.predict_on_batch({"ids": part, **state})
        state = {k: out["next_" + k] for k in state}
        pieces.append(out["logits"])
    np.save(file + ".npy", np.stack([whole, np.concatenate(pieces, axis=1)]))
    print(*sorted({type(l).__module__.split(".")[0] + "." + type(l).__name__ for l in model.layers}))
"""


def python(code: str, *arguments: object, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_of(model: LyricLSTM, path: Path) -> Run:
    run = create_run(path, {"kind": "lstm", "model": model.config.model_dump(), "licence": "CC0 1.0"}, VOCABULARY)
    save_checkpoint(run, 1, weights_of(model), {"x": np.ones(1)}, {}, best=True)
    return run


@needs_keras
@pytest.mark.full
def test_keras_reads_the_files_without_lyricist_and_gives_the_same_logits(tmp_path: Path) -> None:
    """Texts read whole and in pieces, by a process that has TensorFlow and no lyricist."""
    models = [network(shape) for shape in SHAPES]
    np.save(tmp_path / "ids.npy", IDS)
    files = [export(run_of(m, tmp_path / f"run{i}"), "keras", tmp_path / f"{i}.keras") for i, m in enumerate(models)]
    told = python(READ, *files, folder=tmp_path).splitlines()
    for model, file, kinds in zip(models, files, told, strict=True):
        for found in np.load(f"{file}.npy"):
            np.testing.assert_allclose(found, logits_of(model), atol=1e-4)
        expected = {"Dense", "Embedding", "InputLayer", model.config.cell.upper()}
        assert set(kinds.split()) == {f"keras.{name}" for name in expected}


@needs_keras
@pytest.mark.full
def test_the_pages_keras_examples_run(run: Run, tmp_path: Path) -> None:
    export(run, "keras", tmp_path / "my-song.keras")
    code = "import sys; sys.modules['lyricist'] = None\n" + examples("load_model", "plain.compile")
    code += "\nprint(plain.evaluate(np.ones((2, 5)), np.ones((2, 5)), verbose=0) > 0)"
    line, evaluated = python(code, folder=tmp_path).strip().splitlines()
    assert set(line.split()) <= set(run.vocabulary.tokens)
    assert evaluated == "True"


@needs_keras
@pytest.mark.full
def test_the_pages_network_learns_in_keras(tmp_path: Path) -> None:
    program = examples("network.fit").replace("epochs=2", "epochs=1")
    said = python(program, folder=tmp_path).strip().splitlines()[-1]
    assert 0 < float(said.split()[2]) < np.log(1000)  # better than guessing among the words, which are more


@needs_keras
@pytest.mark.full
def test_the_command_says_what_it_wrote_and_nothing_else(run_dir: Path, tmp_path: Path) -> None:
    code = "import sys; from lyricist.apps.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "export", run_dir, "--to", "keras", "-o", tmp_path / "a.keras"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()] == ["wrote", "licence:"]
    assert call("export", run_dir, "--to", "keras", "-o", tmp_path / "a.keras") == 2


@needs_keras
@pytest.mark.full
def test_a_file_that_differs_is_not_put_in_place(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(config: Any, weights: Arrays) -> Any:
        made = layer_arrays(config, weights)
        made["logits"][1][0] += 0.01
        return made

    monkeypatch.setattr("lyricist.model.keras_file.layer_arrays", wrong)
    with pytest.raises(RunError, match=r"off by 1.0e-02"):
        export(run, "keras", tmp_path / "a.keras")
    assert list(tmp_path.iterdir()) == []
