"""A decoder-only transformer as a baseline: pre-norm, causal, tied embeddings, rotary positions.

It has the project's softmax, schedule and optimiser. It is trained on windows of `context` tokens of consecutive
songs and sees nothing before a window. A text is scored in windows of the same length, of which only the last
tokens are predicted, so that every token has at least `context - stride` tokens before it where the text has so
many.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lyricist.model import bf16 as lowprecision
from lyricist.model.network import low_softmax_loss, sampled_softmax_loss
from lyricist.training.config import TrainConfig
from lyricist.training.optimiser import Optimiser
from lyricist.training.token_arrays import Streams

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

WINDOWS = 32  # scored side by side


@dataclass(frozen=True)
class Shape:
    """V, E, numbers of layers and heads, T, and one dropout rate for embeddings and both branches of a block."""

    vocab: int
    width: int
    layers: int
    heads: int
    context: int
    dropout: float = 0.0

    @classmethod
    def like(cls, parameters: int, vocab: int, width: int, heads: int, context: int, dropout: float) -> Shape:
        """As many layers as come nearest to a number of parameters in all, one at least."""
        block = 12 * width**2 + 13 * width
        layers = max(1, round((parameters - vocab * (width + 1)) / block))
        return cls(vocab, width, layers, heads, context, dropout)


class Linear(nn.Linear):
    """With bfloat16 products in training if `low`, like the project's own layers."""

    low = False

    def forward(self, x: Tensor) -> Tensor:
        return lowprecision.linear(x, self.weight, self.bias) if self.low and self.training else super().forward(x)


class Block(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x))."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        e = shape.width
        self.heads, self.p = shape.heads, shape.dropout
        self.norm_1, self.norm_2 = nn.LayerNorm(e), nn.LayerNorm(e)
        self.qkv, self.out = Linear(e, 3 * e), Linear(e, e)
        self.up, self.down = Linear(e, 4 * e), Linear(4 * e, e)

    def forward(self, x: Tensor, turn: Tensor) -> Tensor:  # (B, T, E), (2, T, E / heads) -> (B, T, E)
        b, t, e = x.shape
        parts = self.qkv(self.norm_1(x)).view(b, t, 3, self.heads, e // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = rotated(parts[0], turn), rotated(parts[1], turn), parts[2]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, t, e)
        x = x + F.dropout(self.out(y), self.p, self.training)
        y = self.down(F.gelu(self.up(self.norm_2(x))))
        return x + F.dropout(y, self.p, self.training)


def rotated(x: Tensor, turn: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021): `turn` (2, T, D) cosines and sines; x (B, heads, T, D)."""
    one, two = x.chunk(2, dim=-1)
    return x * turn[0] + torch.cat([-two, one], dim=-1) * turn[1]


class Transformer(nn.Module):
    """Embedding -> blocks -> norm -> softmax by the embedding's rows."""

    def __init__(self, shape: Shape, precision: str = "float32") -> None:
        super().__init__()
        self.shape, self.low = shape, precision == "bfloat16"
        self.embedding = nn.Parameter(torch.empty(shape.vocab, shape.width).normal_(0, 0.02))
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.bias = nn.Parameter(torch.zeros(shape.vocab))
        self.turn: Tensor
        self.register_buffer("turn", turns(shape.context, shape.width // shape.heads), persistent=False)
        for name, p in self.named_parameters():  # as GPT-2: small, and smaller where branches are added up
            if name.endswith(("qkv.weight", "up.weight", "out.weight", "down.weight")):
                branch = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, 0, 0.02 / (math.sqrt(2 * shape.layers) if branch else 1))
            elif name.endswith(("qkv.bias", "up.bias", "out.bias", "down.bias")):
                nn.init.zeros_(p)
        for module in self.modules():
            if isinstance(module, Linear):
                module.low = self.low

    def features(self, ids: Tensor) -> Tensor:
        """(B, T) -> (B, T, E)."""
        x = F.dropout(F.embedding(ids, self.embedding), self.shape.dropout, self.training)
        turn = self.turn[:, : ids.shape[1]]
        for block in self.blocks:
            x = block(x, turn)
        out: Tensor = self.norm(x)
        return out

    def loss(self, ids: Tensor, targets: Tensor, negatives: int = 0) -> Tensor:
        """Mean nats of targets (B, T), by full or sampled softmax."""
        x, wanted = self.features(ids).flatten(0, 1), targets.flatten()
        if negatives and negatives < self.shape.vocab:
            return sampled_softmax_loss(x, self.embedding, self.bias, wanted, negatives, self.low)
        if self.low:
            return low_softmax_loss(x, self.embedding, self.bias, wanted)
        return F.cross_entropy(F.linear(x, self.embedding, self.bias), wanted)

    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


def turns(context: int, width: int) -> Tensor:
    """(2, T, D) cosines and sines of every position."""
    rates = 10_000 ** (-torch.arange(0, width, 2) / width)
    angles = torch.outer(torch.arange(context), rates).repeat(1, 2)
    return torch.stack([angles.cos(), angles.sin()])


def train_transformer(
    model: Transformer, streams: Streams, config: TrainConfig, clock: Callable[[], float] | None = None
) -> dict[str, float]:
    """Train for `config.budget` seconds of `clock` by the project's schedule; nothing is evaluated or saved."""
    clock = clock or time.monotonic
    begun, optimiser = clock(), Optimiser(model, config)
    assert config.budget
    number, t, step, epoch = 0, 0, 0, streams.epoch(0)
    model.train()
    while (progress := (clock() - begun) / config.budget) < 1:
        torch.manual_seed(config.seed * 1_000_003 + step)
        window = torch.from_numpy(epoch.window(t, model.shape.context).T.copy())
        loss = model.loss(window[:, :-1], window[:, 1:], negatives_at(config, progress))
        optimiser.update(loss, progress)
        t, step = t + window.shape[1] - 1, step + 1
        if t >= streams.length - 1:
            number, t = number + 1, 0
            epoch = streams.epoch(number)
    optimiser.put(optimiser.average)
    return {"seconds": clock() - begun, "epochs": number + t / streams.length, "steps": step}


def negatives_at(config: TrainConfig, progress: float) -> int:
    return config.negatives if progress < 1 - config.full_share else 0


# --- scoring


@dataclass(frozen=True)
class Window:
    """Tokens start .. end of a text; those from `scored` on are predicted here."""

    text: int
    start: int
    scored: int
    end: int


def windows(lengths: Sequence[int], context: int, stride: int) -> list[Window]:
    """Windows of `context` inputs at most that predict every token but the first of every text once.

    >>> [(w.start, w.scored, w.end) for w in windows([4, 9], context=4, stride=2)]
    [(0, 1, 4), (0, 1, 5), (2, 5, 7), (4, 7, 9)]
    """
    out = []
    for text, length in enumerate(lengths):
        done = 1
        while done < length:
            end = min(length, context + 1 if done == 1 else done + stride)
            out.append(Window(text, max(0, end - 1 - context), done, end))
            done = end
    return out


@torch.no_grad()
def transformer_nats(model: Transformer, texts: Sequence[Ints], stride: int = 32) -> Reals:
    """(texts,) nats of each; its first token is given."""
    model.eval()
    out = np.zeros(len(texts))
    plan = sorted(windows([len(t) for t in texts], model.shape.context, stride), key=lambda w: w.end - w.start)
    for i in range(0, len(plan), WINDOWS):
        block = plan[i : i + WINDOWS]
        size = max(w.end - w.start for w in block)
        rows: Any = np.zeros((len(block), size), dtype=np.int64)
        for row, w in zip(rows, block, strict=True):
            row[: w.end - w.start] = texts[w.text][w.start : w.end]
        ids = torch.from_numpy(rows)
        x = model.features(ids[:, :-1])
        for k, w in enumerate(block):  # logits of what is scored here only
            part = slice(w.scored - 1 - w.start, w.end - 1 - w.start)
            logits = F.linear(x[k, part], model.embedding, model.bias)
            out[w.text] += float(F.cross_entropy(logits, ids[k, 1:][part], reduction="sum"))
    return out
