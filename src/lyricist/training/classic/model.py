"""The network of the recipe in PyTorch, for training; `stepping` has the same without it, for writing."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lyricist.training.classic.config import PROJECTED, ClassicConfig
from lyricist.training.classic.features import WIDTH
from lyricist.training.token_arrays import PAD

State = tuple[Tensor, ...]  # LSTM: hidden, cell; GRU: hidden; each (layers, B, H)


class ClassicNet(nn.Module):
    """A word's vector and its music -> the vector of the next word. The word vectors are given and stay."""

    vectors: Tensor  # (V, D)

    def __init__(self, config: ClassicConfig, vectors: Tensor) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("vectors", vectors, persistent=False)
        projects = config.melody_input == "project"
        self.melody = nn.Linear(WIDTH, PROJECTED) if projects else None
        kind = nn.LSTM if config.cell == "lstm" else nn.GRU
        self.rnn = kind(
            config.embedding + (PROJECTED if projects else WIDTH),
            config.hidden,
            config.layers,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.output = nn.Linear(config.hidden, config.embedding)

    def initial_state(self, batch: int) -> State:
        parts = 2 if self.config.cell == "lstm" else 1
        one = next(self.parameters())
        return tuple(one.new_zeros(self.config.layers, batch, self.config.hidden) for _ in range(parts))

    def forward(self, ids: Tensor, features: Tensor, state: State) -> tuple[Tensor, State]:
        """ids (T, B), features (T, B, 18) -> vectors (T, B, D) of the words to come, and the state behind them."""
        music = features if self.melody is None else torch.relu(self.melody(features))
        x = torch.cat([self.vectors[ids], music], dim=-1)
        out, after = self.rnn(x, state if len(state) > 1 else state[0])
        return self.output(out), after if len(state) > 1 else (after,)

    def loss(self, ids: Tensor, targets: Tensor, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Mean absolute difference (L1) of what is predicted and the targets' vectors; PAD does not count."""
        predicted, state = self(ids, features, state)
        real = targets != PAD
        return nn.functional.l1_loss(predicted[real], self.vectors[targets[real]]), state
