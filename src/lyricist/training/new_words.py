"""Where the words of new songs begin in a network that has not met them: their vectors and their biases.

A new word stands where the network expected others. The mean of the vectors of those, weighted by how much each was
expected, over all places of the word is where it begins; its bias makes it on the whole as likely as it is frequent.
Imports PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from lyricist._io import Arrays
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.tokens import Vocabulary
from lyricist.training.token_arrays import PAD, SplitTokens, song_blocks

LOOKED_AT = 20_000  # tokens at most, from the first songs on
WINDOW = 64  # steps read at once
PLACES = 2_000  # evenly spread places at which words are compared with how often they ought to be expected, about

Ints = npt.NDArray[np.int32]


def grown(
    config: ModelConfig, weights: Arrays, old: Vocabulary, new: Vocabulary, split: SplitTokens, remap: Ints
) -> Arrays:
    """The weights (of `old`'s words) with rows for the words that `new` has behind them.

    `split` are the songs they were found in, `remap` turns its ids into `new`'s.
    """
    model = network(config, weights)
    total = len(new) - len(old)
    stride = max(1, min(len(split), LOOKED_AT) // PLACES)
    found = Found(model, total, stride).over(blocks(split, remap, old))
    out = dict(weights)
    for name, table in {"embedding": model.embedding, "output": model.output_weight}.items():
        if name in out:
            out[name] = np.concatenate([out[name], found.vectors(table).numpy()]).astype(np.float32)
    bias = found.biases(found.vectors(model.output_weight), weights["bias"][old.unk])
    out["bias"] = np.append(out["bias"], bias.numpy()).astype(np.float32)
    return out


def network(config: ModelConfig, weights: Arrays) -> LyricLSTM:
    model = LyricLSTM(config).eval()
    for name, values in weights.items():
        model.get_parameter(name).data.copy_(torch.tensor(values))
    return model


def blocks(split: SplitTokens, remap: Ints, old: Vocabulary) -> Iterator[tuple[Tensor, Tensor]]:
    """Songs side by side, (T, B): ids that the old network knows, and those of all words."""
    for block in song_blocks(split, remap, LOOKED_AT):
        ids = torch.from_numpy(block)
        yield torch.where(ids >= len(old), old.unk, ids.clamp_min(0)), ids


class Found:
    """What a network expected at the places of words it does not know, and at some other places."""

    def __init__(self, model: LyricLSTM, total: int, stride: int) -> None:
        self.model, self.known, self.stride = model, model.config.vocab_size, stride
        self.sums = {id(t): torch.zeros(total, t.shape[1]) for t in (model.embedding, model.output_weight)}
        self.counts = torch.zeros(total)
        self.tokens = 0
        self.some: list[tuple[Tensor, Tensor]] = []  # what the softmax saw (N, E), and its log sums (N,)

    @torch.no_grad()
    def over(self, songs: Iterator[tuple[Tensor, Tensor]]) -> Found:
        """The same after songs as `blocks` gives them, each read from a zero state."""
        for ids, targets in songs:
            state = self.model.initial_state(ids.shape[1])
            for t in range(0, len(ids) - 1, WINDOW):
                ahead = targets[t + 1 : t + WINDOW + 1]
                x, state = self.model.features(ids[t : t + len(ahead)], state)
                self.look(x.flatten(0, 1), ahead.flatten())
        return self

    def look(self, x: Tensor, targets: Tensor) -> None:
        """x (N, E) is what the softmax saw before targets (N,)."""
        x, targets = x[targets != PAD], targets[targets != PAD]
        new, some = targets >= self.known, (torch.arange(len(targets)) + self.tokens) % self.stride == 0
        self.tokens += len(targets)
        x, targets, new, some = (part[new | some] for part in (x, targets - self.known, new, some))
        logits = F.linear(x, self.model.output_weight, self.model.bias)
        total = logits.logsumexp(1)
        self.some.append((x[some], total[some]))
        p = (logits[new] - total[new, None]).exp()
        for table in {id(t): t for t in (self.model.embedding, self.model.output_weight)}.values():
            self.sums[id(table)].index_add_(0, targets[new], p @ table)
        self.counts.index_add_(0, targets[new], torch.ones(len(p)))

    def vectors(self, table: Tensor) -> Tensor:
        """(new words, E) mean of the table's rows as they were expected; of words not seen the mean of the others."""
        seen = self.counts > 0
        out = self.sums[id(table)] / self.counts.clamp_min(1)[:, None]
        out[~seen] = out[seen].mean(0) if seen.any() else table.detach().mean(0)
        return out

    def biases(self, vectors: Tensor, otherwise: float) -> Tensor:
        """(new words,) with which words of these output vectors are on the whole expected as often as they stand."""
        x, total = (torch.cat(parts) for parts in zip(*self.some, strict=True)) if self.some else (vectors[:0],) * 2
        if not len(x):
            return torch.full((len(vectors),), otherwise)
        now = (F.linear(x, vectors) - total[:, None]).logsumexp(0) - np.log(
            len(x)
        )  # beside all the old words together
        out: Tensor = (self.counts.clamp_min(1) / (self.tokens - self.counts.sum()).clamp_min(1)).log() - now
        return out
