"""bfloat16 products against float32 ones: the same gradients but for rounding, and a training that learns as well."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lyricist.errors import InputError
from lyricist.model import bf16 as lowprecision
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.training.config import TrainConfig
from lyricist.training.optimiser import Optimiser
from lyricist.training.trainer import LossStep

V = 40
ROUNDING = 0.02  # of a gradient's norm; a factor of a product is rounded by up to 2 ** -8

SHAPES = {
    "one layer": {},
    "two layers": {"layers": 2},
    "no projection": {"embedding": 24},
    "untied": {"tied": False},
    "a plan": {"features": 3},
}


def pair(**changes: object) -> tuple[LyricLSTM, LyricLSTM]:
    """The same network in float32 and in bfloat16."""
    config = ModelConfig(**{"vocab_size": V, "embedding": 16, "hidden": 24, **changes})  # type: ignore[arg-type]
    torch.manual_seed(3)
    models = LyricLSTM(config), LyricLSTM(config, "bfloat16")
    for p in models[0].parameters():
        p.data.normal_(std=0.4)
    models[1].load_state_dict(models[0].state_dict())
    return models


def gradients(model: LyricLSTM, negatives: int) -> dict[str, Tensor]:
    torch.manual_seed(4)
    ids, targets = torch.randint(0, V, (7, 5)), torch.randint(0, V, (7, 5))
    state = tuple(torch.randn_like(s, requires_grad=True) for s in model.initial_state(5))
    plan = torch.randn(7, 5, model.config.features) if model.config.features else None
    loss, (h, c) = model.loss(ids, targets, state, negatives, plan)
    (loss + (h * torch.linspace(-1, 1, h.numel()).view_as(h)).mean() + c.square().mean()).backward()
    found = {name: p.grad for name, p in model.named_parameters()} | {"h": state[0].grad, "c": state[1].grad}
    return {name: g for name, g in found.items() if g is not None} | {"loss": loss.detach()}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("negatives", [0, 12])
def test_gradients_are_float32s_but_for_rounding(shape: str, negatives: int) -> None:
    high, low = (gradients(model, negatives) for model in pair(**SHAPES[shape]))
    assert high.keys() == low.keys()
    assert {n: float((high[n] - low[n]).norm() / high[n].norm()) for n in high} == {
        n: pytest.approx(0, abs=ROUNDING) for n in high
    }
    assert any((high[n] != low[n]).any() for n in high)


@pytest.mark.parametrize(("rows", "excluded"), [(1, [-1]), (3, [0, -1, 5]), (300, [2] * 150 + [-1] * 150)])
def test_log_sum_exp_over_all_columns_but_the_excluded(rows: int, excluded: list[int]) -> None:
    torch.manual_seed(1)
    x, weight, bias = torch.randn(rows, 8), torch.randn(6, 8), torch.randn(6)
    without = torch.tensor(excluded)
    logits = (x.bfloat16().float() @ weight.bfloat16().float().t() + bias).double()
    for n, column in enumerate(excluded):
        if column >= 0:
            logits[n, column] = -torch.inf
    found = lowprecision.log_sum_exp(x, weight, bias, without)
    torch.testing.assert_close(found, logits.logsumexp(1).float(), atol=0.03, rtol=0)


@pytest.mark.parametrize("changes", [{"cell": "gru"}, {"dropout_weight": 0.2}])
def test_a_gru_and_dropped_recurrent_weights_keep_pytorchs_layers(changes: dict[str, object]) -> None:
    high, low = pair(**changes)
    ids = torch.randint(0, V, (4, 3))
    outputs = []
    for model in (high, low):
        torch.manual_seed(0)
        outputs.append(model.layers[0](model.embed(ids), model.initial_state(3))[0])
    assert torch.equal(*outputs)


def test_evaluation_is_in_float32() -> None:
    high, low = (model.eval() for model in pair())
    ids = torch.randint(0, V, (6, 2))
    assert torch.equal(high(ids, high.initial_state(2))[0], low(ids, low.initial_state(2))[0])
    assert torch.equal(high.loss(ids, ids, high.initial_state(2))[0], low.loss(ids, ids, low.initial_state(2))[0])


TEXT = """row row row your boat gently down the stream merrily merrily merrily merrily life is but a dream
twinkle twinkle little star how i wonder what you are up above the world so high like a diamond in the sky
baa baa black sheep have you any wool yes sir yes sir three bags full one for the master one for the dame"""


def learnt(precision: str, negatives: int) -> float:
    """Nats a word on the text that it was trained on, through the module that DistributedDataParallel wraps."""
    text = TEXT.split()
    words = sorted(set(text), key=lambda w: (-text.count(w), w))
    ids = torch.tensor([words.index(w) for w in text])
    torch.manual_seed(0)
    model = LyricLSTM(ModelConfig(vocab_size=len(words), embedding=16, hidden=24), precision)
    step = LossStep(model)
    optimiser = Optimiser(model, TrainConfig(learning_rate=0.02))
    windows = torch.stack([ids[i : i + 13] for i in range(0, 48, 4)], 1)  # (13, 12)
    for i in range(200):
        loss, _ = step(windows[:-1], windows[1:], model.initial_state(12), negatives, None)
        optimiser.update(loss, i / 200)
    return model.eval().loss(windows[:-1], windows[1:], model.initial_state(12))[0].item()


@pytest.mark.parametrize("negatives", [0, 20])
def test_it_learns_as_well_as_float32(negatives: int) -> None:
    high, low = learnt("float32", negatives), learnt("bfloat16", negatives)
    assert high < 0.6
    assert low == pytest.approx(high, abs=0.05)


def test_precision_is_the_devices() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert lowprecision.precision_on(cpu, "float32") == "float32"
    assert lowprecision.precision_on(cpu, "bfloat16") == "bfloat16"
    assert lowprecision.precision_on(gpu, "auto") == "float32"
    assert lowprecision.precision_on(cpu, "auto") in ("float32", "bfloat16")
    with pytest.raises(InputError, match="for training on a CPU, and this is cuda"):
        lowprecision.precision_on(gpu, "bfloat16")
