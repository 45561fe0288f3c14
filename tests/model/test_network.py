from __future__ import annotations

import math

import pytest
import torch
from pydantic import ValidationError

from lyricist.model.network import LyricLSTM, ModelConfig, log_expected, sampled_softmax_loss

V = 50


def config(**changes: object) -> ModelConfig:
    return ModelConfig(**{"vocab_size": V, "embedding": 12, "hidden": 16, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize(("tied", "embedding"), [(True, 12), (True, 16), (False, 12)])
def test_shapes_and_state_carried_in_pieces(cell: str, layers: int, tied: bool, embedding: int) -> None:
    torch.manual_seed(0)
    model = LyricLSTM(config(cell=cell, layers=layers, tied=tied, embedding=embedding)).eval()
    ids = torch.randint(0, V, (9, 3))
    whole, end = model(ids, model.initial_state(3))
    assert whole.shape == (9, 3, V)
    assert [tuple(s.shape) for s in end] == [(layers, 3, 16)] * (2 if cell == "lstm" else 1)
    state, parts = model.initial_state(3), []
    for piece in ids.split(4):
        logits, state = model(piece, state)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_same_numbers_as_pytorchs_own_layer(cell: str) -> None:
    torch.manual_seed(1)
    model = LyricLSTM(config(cell=cell, layers=2, tied=False)).eval()
    own = getattr(torch.nn, cell.upper())(12, 16, 2)
    for i, layer in enumerate(model.layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(own, f"{name}_l{i}").data.copy_(getattr(layer, name))
    ids = torch.randint(0, V, (7, 2))
    expected, _ = own(model.embedding[ids])
    features, _ = model.features(ids, model.initial_state(2))
    torch.testing.assert_close(features, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("tied", [True, False])
def test_a_plan_of_zeros_is_no_plan_and_any_other_counts_once_learnt(tied: bool) -> None:
    torch.manual_seed(5)
    model = LyricLSTM(config(features=3, tied=tied)).eval()
    ids, plan = torch.randint(0, V, (6, 2)), torch.ones(6, 2, 3)
    free, _ = model(ids, model.initial_state(2))
    assert torch.equal(model(ids, model.initial_state(2), plan)[0], free)  # nothing is learnt yet
    model.plan.data.normal_()
    assert torch.equal(model(ids, model.initial_state(2), plan * 0)[0], free)
    assert not torch.allclose(model(ids, model.initial_state(2), plan)[0], free)
    model.loss(ids, ids, model.initial_state(2), 0, plan)[0].backward()
    assert model.plan.grad is not None
    assert model.plan.grad.abs().sum() > 0


def test_a_config_without_features_is_written_as_it_always_was() -> None:
    assert "features" not in config().model_dump()
    assert config(features=4).model_dump()["features"] == 4
    assert ModelConfig(**config().model_dump()) == config()


def test_loss_is_cross_entropy_of_the_logits() -> None:
    torch.manual_seed(2)
    model = LyricLSTM(config()).eval()
    ids, targets = torch.randint(0, V, (5, 2)), torch.randint(0, V, (5, 2))
    loss, _ = model.loss(ids, targets, model.initial_state(2))
    logits, _ = model(ids, model.initial_state(2))
    assert loss.item() == pytest.approx(
        -logits.log_softmax(-1).gather(-1, targets[..., None]).mean().item(), rel=1e-5
    )


@pytest.mark.parametrize("name", ["dropout_embedding", "dropout_input", "dropout_output", "dropout_weight"])
def test_each_dropout_acts_in_training_only(name: str) -> None:
    torch.manual_seed(3)
    model = LyricLSTM(config(**{name: 0.5}))
    ids = torch.randint(0, V, (6, 2))
    model.eval()
    quiet = [model(ids, model.initial_state(2))[0] for _ in range(2)]
    assert torch.equal(*quiet)
    model.train()
    assert not torch.allclose(model(ids, model.initial_state(2))[0], quiet[0])


def test_locked_dropout_keeps_one_mask_over_time() -> None:
    torch.manual_seed(4)
    model = LyricLSTM(config(dropout_input=0.5)).train()
    dropped = model.embed(torch.full((8, 3), 7)) == 0
    assert dropped.any()
    assert (dropped == dropped[0]).all()


def test_sampled_softmax_with_all_words_drawn_is_the_full_softmax() -> None:
    """With so many draws every word is in the sample, and its expected count is 1."""
    torch.manual_seed(5)
    x, w, b = torch.randn(40, 8), torch.randn(V, 8), torch.randn(V)
    targets = torch.randint(0, V, (40,))
    full = torch.nn.functional.cross_entropy(x @ w.T + b, targets)
    assert sampled_softmax_loss(x, w, b, targets, 200_000).item() == pytest.approx(full.item(), rel=1e-4)


@pytest.mark.parametrize("low", [False, True])
def test_with_all_words_certain_a_sample_is_the_full_softmax(low: bool) -> None:
    torch.manual_seed(2)
    x, w, b, targets = torch.randn(6, 4), torch.randn(50, 4), torch.randn(50), torch.arange(40, 46)
    full = torch.nn.functional.cross_entropy(x @ w.t() + b, targets)
    certain = torch.ones(50, dtype=torch.bool)
    found = sampled_softmax_loss(x, w, b, targets, 3, low, certain)
    assert found.item() == pytest.approx(full.item(), rel=0.02 if low else 1e-5)


def test_sampled_softmax_gradient_points_with_the_full_one() -> None:
    """Mean over 200 samples; cosine above 0.95 (it was above 0.99 for twenty other seeds)."""
    torch.manual_seed(6)
    w = torch.randn(V, 8, requires_grad=True)
    x, b, targets = torch.randn(64, 8), torch.zeros(V), torch.randint(0, V, (64,))
    torch.nn.functional.cross_entropy(x @ w.T + b, targets).backward()
    full, w.grad = w.grad, None
    for _ in range(200):
        sampled_softmax_loss(x, w, b, targets, 30).backward()
    assert torch.cosine_similarity(full.flatten(), w.grad.flatten(), dim=0) > 0.95


def test_expected_counts_agree_with_counting() -> None:
    """20,000 samples: the standard error of a share is at most 0.0036, five of them are allowed."""
    torch.manual_seed(7)
    hits = torch.zeros(V)
    draws = (torch.rand(20_000, 10, dtype=torch.float64) * math.log(V + 1)).exp().long() - 1
    for row in draws.clamp(0, V - 1):
        hits[row.unique()] += 1
    expected = log_expected(torch.arange(V), V, 10).exp()
    assert (hits / 20_000 - expected).abs().max() < 5 * 0.0036


@pytest.mark.parametrize(
    "wrong",
    [{"layers": 5}, {"layers": 0}, {"cell": "rnn"}, {"hidden": 0}, {"dropout_input": 1.0}, {"colour": 1}],
)
def test_impossible_configs_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        config(**wrong)


def test_parameter_count_of_a_known_shape() -> None:
    """V*E + 4H(E + H + 2) + H*E + E + V by hand."""
    assert LyricLSTM(config()).parameter_count() == 50 * 12 + 64 * (12 + 16 + 2) + 16 * 12 + 12 + 50
