"""The whole network: `ModelConfig` and `LyricLSTM`, (ids, state, plan features) -> (logits, state).

Everything is time-major. T time steps, B streams, V vocabulary, E embedding, H hidden, L layers, F plan features.
The state is an argument and a result, never an attribute, so concurrent callers are safe.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer
from torch import Tensor, nn

from lyricist.model import bf16 as lowprecision
from lyricist.prosody.features import outline_numbers

State = tuple[Tensor, ...]  # LSTM: (h, c); GRU: (h,); each (L, B, H)


class ModelConfig(BaseModel):
    """Shape and regularisation of a network. Frozen: a run's weights belong to exactly one config."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vocab_size: int = Field(gt=0)
    cell: Literal["lstm", "gru"] = "lstm"
    layers: int = Field(default=1, ge=1, le=4)
    embedding: int = Field(default=256, gt=0, le=16_384)  # E, and the width of the output layer when tied
    hidden: int = Field(default=512, gt=0, le=16_384)  # H
    tied: bool = True  # output weights are the embedding (Press & Wolf 2017; Inan et al. 2017)
    dropout_embedding: float = Field(default=0.0, ge=0, lt=1)  # whole words (Gal & Ghahramani 2016)
    dropout_input: float = Field(default=0.0, ge=0, lt=1)  # embedded input, locked over time
    dropout_hidden: float = Field(default=0.0, ge=0, lt=1)  # between layers, locked over time
    dropout_output: float = Field(default=0.0, ge=0, lt=1)  # before the output layer, locked over time
    dropout_weight: float = Field(default=0.0, ge=0, lt=1)  # recurrent weights (Merity et al. 2018)
    features: int = Field(default=0, ge=0)  # F, of `prosody.features`; 0: the network knows no plan
    outline: int = Field(default=0, ge=0)  # numbers of the vector of each word of an outline, the last features

    @model_serializer(mode="wrap")
    def _dump(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without `features` and `outline` if there are none, as in runs of earlier releases."""
        return {name: value for name, value in usual(self).items() if name not in ("features", "outline") or value}

    @property
    def named(self) -> int:
        """How many of the features are words by number."""
        return len(outline_numbers(self.features)) if self.outline else 0

    @property
    def inputs(self) -> int:
        """Numbers that the first layer reads."""
        return self.embedding + self.named * self.outline

    @property
    def gates(self) -> int:
        """Row blocks of a layer's weights: 4 for an LSTM (i, f, g, o), 3 for a GRU (r, z, n)."""
        return 4 if self.cell == "lstm" else 3


class LockedDropout(nn.Module):
    """Dropout with one mask for all time steps (Gal & Ghahramani 2016)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:  # (T, B, *) -> (T, B, *)
        if not self.training or self.p == 0:
            return x
        mask = x.new_empty(1, *x.shape[1:]).bernoulli_(1 - self.p).div_(1 - self.p)
        return x * mask


class Recurrent(nn.Module):
    """One LSTM or GRU layer over a sequence, with optional dropout on its recurrent weights.

    `low`: train with bfloat16 products; ignored by a GRU and with dropout on weights.
    """

    def __init__(
        self, cell: str, inputs: int, hidden: int, gates: int, dropout_weight: float, low: bool = False
    ) -> None:
        super().__init__()
        self.cell, self.dropout_weight = cell, dropout_weight
        self.low = low and cell == "lstm" and dropout_weight == 0
        bound = 1 / math.sqrt(hidden)  # PyTorch's own default initialisation
        self.weight_ih = nn.Parameter(torch.empty(gates * hidden, inputs).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(gates * hidden, hidden).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.zeros(gates * hidden))
        self.bias_hh = nn.Parameter(torch.zeros(gates * hidden))
        if cell == "lstm":  # forget gates start open (Jozefowicz et al. 2015)
            nn.init.ones_(self.bias_ih.data[hidden : 2 * hidden])

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """(T, B, I), state of one layer (each (1, B, H)) -> (T, B, H), state."""
        if self.low and self.training:
            return lowprecision.lstm(x, state, self.weight_ih, self.weight_hh, self.bias_ih + self.bias_hh)
        weight_hh = F.dropout(self.weight_hh, self.dropout_weight, self.training)
        weights = [self.weight_ih, weight_hh, self.bias_ih, self.bias_hh]
        if self.cell == "lstm":
            y, h, c = torch.lstm(x, state, weights, True, 1, 0.0, self.training, False, False)
            return y, (h, c)
        y, h = torch.gru(x, state[0], weights, True, 1, 0.0, self.training, False, False)
        return y, (h,)


class LyricLSTM(nn.Module):
    """Embedding -> L recurrent layers -> (projection when tied and H != E) -> softmax over V words.

    `precision` "bfloat16" applies to the matrix products in training; everything else is in float32.
    """

    def __init__(self, config: ModelConfig, precision: str = "float32") -> None:
        super().__init__()
        self.config, self.low = config, precision == "bfloat16"
        self.certain: Tensor | None = None  # (V,) words in every sample of the softmax
        c = config
        self.embedding = nn.Parameter(torch.empty(c.vocab_size, c.embedding).uniform_(-0.1, 0.1))
        self.layers = nn.ModuleList(
            Recurrent(c.cell, c.hidden if i else c.inputs, c.hidden, c.gates, c.dropout_weight, self.low)
            for i in range(c.layers)
        )
        self.project = nn.Linear(c.hidden, c.embedding) if c.tied and c.hidden != c.embedding else None
        if not c.tied:
            self.output = nn.Parameter(torch.empty(c.vocab_size, c.hidden).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.zeros(c.vocab_size))
        if c.features:  # from zero: at first the network ignores the plan
            self.plan = nn.Parameter(torch.zeros(self.output_weight.shape[1], c.features - c.named))
        if c.outline:
            self.outline = nn.Linear(c.embedding, c.outline, bias=False)
        self.drop_input = LockedDropout(c.dropout_input)
        self.drop_hidden = LockedDropout(c.dropout_hidden)
        self.drop_output = LockedDropout(c.dropout_output)

    @property
    def output_weight(self) -> Tensor:
        """The softmax's rows, (V, E) when tied, else (V, H)."""
        return self.embedding if self.config.tied else self.output

    def initial_state(self, batch: int) -> State:
        """Zeros, on the model's device."""
        shape = (self.config.layers, batch, self.config.hidden)
        return tuple(self.bias.new_zeros(shape) for _ in range(2 if self.config.cell == "lstm" else 1))

    def embed(self, ids: Tensor) -> Tensor:
        """(T, B) -> (T, B, E); in training whole words of the vocabulary are dropped."""
        p = self.config.dropout_embedding
        x = F.embedding(ids, self.embedding)
        if self.training and p > 0:
            keep = x.new_empty(self.config.vocab_size, 1).bernoulli_(1 - p).div_(1 - p)
            x = x * F.embedding(ids, keep)
        return self.drop_input(x)  # type: ignore[no-any-return]

    def features(self, ids: Tensor, state: State, plan: Tensor | None = None) -> tuple[Tensor, State]:
        """The input of the softmax: (T, B) -> (T, B, E or H), and the new state. `plan` (T, B, F); None: all zeros.

        The plan bypasses the recurrent layers, which would memorise the songs by it; only an outline's words do not.
        """
        x = self.embed(ids)
        if self.config.outline:
            x = torch.cat([x, self.outlined(ids, plan)], dim=2)
        new = []
        for i, layer in enumerate(self.layers):
            x = self.drop_hidden(x) if i else x
            x, layer_state = layer(x, tuple(s[i : i + 1] for s in state))
            new.append(layer_state)
        x = self.drop_output(self.narrow(x))
        if plan is not None:
            x = x + F.linear(plan[..., : self.plan.shape[1]], self.plan)
        return x, tuple(torch.cat(parts) for parts in zip(*new, strict=True))

    def outlined(self, ids: Tensor, plan: Tensor | None) -> Tensor:
        """The vectors of the outline's words beside `ids` (T, B), (T, B, N x outline); zeros where there is none."""
        named = self.config.named
        if plan is None:
            return self.bias.new_zeros(*ids.shape, named * self.config.outline)
        words = plan[..., -named:].long()
        table = self.outline(self.embedding)  # (V, outline)
        vectors = F.embedding((words - 1).clamp_min(0), table) * (words > 0)[..., None]
        return vectors.flatten(2)

    def narrow(self, x: Tensor) -> Tensor:
        """The projection, if there is one: (T, B, H) -> (T, B, E)."""
        if self.project is None:
            return x
        if self.low and self.training:
            return lowprecision.linear(x, self.project.weight, self.project.bias)
        return self.project(x)  # type: ignore[no-any-return]

    def forward(self, ids: Tensor, state: State, plan: Tensor | None = None) -> tuple[Tensor, State]:
        """(T, B) -> logits (T, B, V), and the new state."""
        x, state = self.features(ids, state, plan)
        return F.linear(x, self.output_weight, self.bias), state

    def loss(
        self, ids: Tensor, targets: Tensor, state: State, negatives: int = 0, plan: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Mean cross-entropy in nats per token over (T, B), by full or (negatives > 0) sampled softmax."""
        x, state = self.features(ids, state, plan)
        x, targets = x.flatten(0, 1), targets.flatten()
        low = self.low and self.training
        if negatives and negatives < self.config.vocab_size:
            parts = x, self.output_weight, self.bias, targets, negatives
            return sampled_softmax_loss(*parts, low, self.certain), state
        if low:
            return low_softmax_loss(x, self.output_weight, self.bias, targets), state
        return F.cross_entropy(F.linear(x, self.output_weight, self.bias), targets), state

    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


def low_softmax_loss(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with bfloat16 products: `x` (N, E), `weight` (V, E), `bias` (V), `targets` (N)."""
    true = (x * F.embedding(targets, weight)).sum(1) + bias[targets]
    return (lowprecision.log_sum_exp(x, weight, bias, torch.full_like(targets, -1)) - true).mean()


def sampled_softmax_loss(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    negatives: int,
    low: bool = False,
    certain: Tensor | None = None,
) -> Tensor:
    """Cross-entropy against the true words and a shared log-uniform sample of the others.

    `x` (N, E), `weight` (V, E), `bias` (V), `targets` (N). Ids must be sorted by falling frequency, except those of
    the `certain` (V,) words, which are in every sample. Logits are corrected by the log of each word's expected count
    in the sample, and true words that were also sampled are masked (Jean et al. 2015, "On using very large target
    vocabulary"). `low`: bfloat16 products.
    """
    vocab = weight.shape[0]
    draws = torch.rand(negatives, device=x.device)
    sample = (draws * math.log(vocab + 1)).exp().long().sub_(1).clamp_(0, vocab - 1)
    sample = torch.unique(sample if certain is None else torch.cat([sample, certain.nonzero().flatten()]))

    def log_chance(ids: Tensor) -> Tensor:
        chance = log_expected(ids, vocab, negatives)
        return chance if certain is None else chance.masked_fill(certain[ids], 0.0)

    true = (x * F.embedding(targets, weight)).sum(1) + bias[targets] - log_chance(targets)
    rows, offsets = F.embedding(sample, weight), bias[sample] - log_chance(sample)
    if low:
        place = torch.searchsorted(sample, targets).clamp_max_(len(sample) - 1)  # of the true word in the sample
        others = lowprecision.log_sum_exp(x, rows, offsets, place.where(sample[place] == targets, -1))
    else:
        noise = F.linear(x, rows, offsets)  # (N, S)
        others = noise.masked_fill(sample == targets.unsqueeze(1), -torch.inf).logsumexp(1)
    return (torch.logaddexp(true, others) - true).mean()


def log_expected(ids: Tensor, vocab: int, draws: int) -> Tensor:
    """(N,) log probability that each of `ids` (N,) is among `draws` log-uniform draws with replacement."""
    p = torch.log1p(1 / (ids.float() + 1)) / math.log(vocab + 1)
    return torch.log(-torch.expm1(draws * torch.log1p(-p)))
