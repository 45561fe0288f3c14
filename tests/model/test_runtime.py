from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lyricist.errors import RunError
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.onnx_graph import step_model
from lyricist.model.runtime import OnnxModel

SHAPES = [
    {"cell": "lstm", "layers": 1, "embedding": 24, "hidden": 32, "tied": True},
    {"cell": "lstm", "layers": 3, "embedding": 32, "hidden": 32, "tied": True},
    {"cell": "lstm", "layers": 2, "embedding": 24, "hidden": 32, "tied": False},
    {"cell": "gru", "layers": 1, "embedding": 32, "hidden": 32, "tied": True},
    {"cell": "gru", "layers": 2, "embedding": 24, "hidden": 40, "tied": True},
    {"cell": "lstm", "layers": 1, "embedding": 24, "hidden": 32, "tied": True, "features": 7},
    {"cell": "gru", "layers": 2, "embedding": 24, "hidden": 32, "tied": False, "features": 7},
]


def plans(shape: dict[str, object], *size: int) -> tuple[np.ndarray, ...]:
    """Plan features for a network that takes them, as a further argument."""
    width = shape.get("features", 0)
    return (np.random.default_rng(4).normal(size=(*size, width)).astype(np.float32),) if width else ()


def both(shape: dict[str, object]) -> tuple[LyricLSTM, OnnxModel]:
    torch.manual_seed(0)
    config = ModelConfig(vocab_size=300, **shape)  # type: ignore[arg-type]
    model = LyricLSTM(config).eval()
    for name, weight in model.named_parameters():
        if name.startswith("plan"):
            weight.data.normal_(0, 0.3)
    weights = {n: p.detach().numpy() for n, p in model.named_parameters()}
    return model, OnnxModel(step_model(config.model_dump(), weights), threads=1)


@pytest.mark.parametrize("shape", SHAPES)
def test_same_logits_as_pytorch_over_a_whole_song(shape: dict[str, object]) -> None:
    model, onnx = both(shape)
    words = np.random.default_rng(1).integers(0, 300, (40, 3))
    plan = plans(shape, 40, 3)
    expected, _ = model(torch.from_numpy(words), model.initial_state(3), *map(torch.from_numpy, plan))
    state = onnx.initial_state(3)
    for t in range(40):
        logits, state = onnx.step(words[t], state, *(p[t] for p in plan))
        np.testing.assert_allclose(logits, expected[t].detach().numpy(), atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_rows_bits_do_not_depend_on_its_neighbours(shape: dict[str, object]) -> None:
    _, onnx = both(shape)
    rng = np.random.default_rng(2)
    ids = rng.integers(0, 300, 40)
    state = tuple(rng.normal(size=s.shape).astype(np.float32) for s in onnx.initial_state(40))
    plan = plans(shape, 40)
    logits, after = onnx.step(ids, state, *plan)
    for rows in ([3], [39, 0], list(rng.permutation(40)[:17])):
        part, part_after = onnx.step(ids[rows], tuple(s[:, rows] for s in state), *(p[rows] for p in plan))
        assert (part == logits[rows]).all()
        assert all((a == b[:, rows]).all() for a, b in zip(part_after, after, strict=True))


def test_no_plan_is_a_plan_of_zeros() -> None:
    _, onnx = both(SHAPES[-1])
    state = onnx.initial_state(3)
    free, _ = onnx.step(np.arange(3), state)
    assert (free == onnx.step(np.arange(3), state, np.zeros((3, 7), dtype=np.float32))[0]).all()
    assert onnx.features == 7
    assert both(SHAPES[0])[1].features == 0


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" * 100])
def test_a_file_that_is_no_model_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    with pytest.raises(RunError, match="not a readable ONNX model") as e:
        OnnxModel(file)
    assert "\n" not in str(e.value)
