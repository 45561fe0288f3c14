"""A base extended for new songs: new words with first vectors and biases, and plan features it did not know.

A new word takes the place of words that the network expected there. Its vector is the mean of their vectors over all
its occurrences, weighted by their probabilities; its bias makes it as likely on the whole as it is frequent. Imports
PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from lyricist._io import Arrays
from lyricist.errors import InputError
from lyricist.model.checkpoint import Run
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.prosody.features import OUTLINE, WIDTHS, groups_of, outline_numbers
from lyricist.training.token_arrays import PAD, SplitTokens, TokenSet, song_blocks

OUTLINE_WIDTH = 64  # numbers of the vector of each word of an outline
LEAST = 2  # occurrences from which a new word is added
LOOKED_AT = 20_000  # tokens read, about, from the first songs on
WINDOW = 64  # steps read at once
PLACES = 2_000  # evenly spaced tokens, about, at which the biases are fitted

Ints = npt.NDArray[np.int32]


def extend(base: Run, tokens: TokenSet, most: int | None = None) -> tuple[Vocabulary, dict[str, Any], Arrays]:
    """The base's vocabulary with the new songs' words appended, up to `most` words in all, its model config and its
    extended weights. Words are written as in the new songs, or else as in the base.

    Raises `InputError` if the tokeniser is not the base's.
    """
    old = base.vocabulary
    if old.tokenizer.name != tokens.tokenizer:
        raise InputError(
            f"--tokenizer {tokens.tokenizer} does not fit --from {base.path}, which reads {old.tokenizer.name}s"
        )
    new = [t for t, c in zip(tokens.tokens, tokens.counts, strict=True) if c >= LEAST and t not in old]
    new = [t for t in new if t not in SPECIALS][: None if most is None else max(0, most - len(old))]
    all_tokens = [*old.tokens, *new]
    display = {**old.display, **tokens.display_for(iter(all_tokens))}
    vocabulary = Vocabulary(all_tokens, old.tokenizer.name, display, old.order)
    model: Mapping[str, Any] = base.config["model"]
    weights = base.weights()
    if new:
        remap = tokens.remap(vocabulary)
        weights = grown(ModelConfig(**model), weights, old, vocabulary, tokens.split("train"), remap)
    return vocabulary, {**model, "vocab_size": len(vocabulary)}, weights


def see_plan(model: dict[str, Any], weights: Arrays, features: int) -> None:
    """Give a base's config and weights this many plan features; the weights of new ones are zero. In place."""
    if features:
        size = weights.get("output", weights["embedding"]).shape[1]
        known = weights.get("plan", np.zeros((size, 0), dtype=np.float32))
        before = model.get("features", 0)
        old, new = (plan_columns(tuple(g for g in groups_of(n) if g != OUTLINE)) for n in (before, features))
        weights["plan"] = np.zeros((size, sum(WIDTHS[group] for group in new)), dtype=np.float32)
        for group, columns in old.items():
            weights["plan"][:, new[group]] = known[:, columns]
    if OUTLINE in groups_of(features):
        see_outline(model, weights)
    model["features"] = features


def see_outline(model: dict[str, Any], weights: Arrays) -> None:
    """Give a base the weights that read outlines: its first layer ignores what it did not read before. In place."""
    size, width = weights["embedding"].shape[1], OUTLINE_WIDTH
    known = outline_numbers(model["features"]) if model.get("outline") else ()
    if not known:
        rng = np.random.default_rng(0)
        first = rng.standard_normal((width, size)).astype(np.float32)
        weights["outline.weight"] = first / np.float32(np.sqrt(size))
    model["outline"] = width
    read = weights["layers.0.weight_ih"]
    new = np.zeros((len(read), WIDTHS[OUTLINE], width), dtype=np.float32)
    new[:, list(known)] = read[:, size:].reshape(len(read), len(known), width)
    weights["layers.0.weight_ih"] = np.concatenate([read[:, :size], new.reshape(len(read), -1)], axis=1)


def plan_columns(groups: tuple[str, ...]) -> dict[str, slice]:
    """The columns of each group of plan features."""
    ends = list(accumulate(WIDTHS[group] for group in groups))
    return {group: slice(end - WIDTHS[group], end) for group, end in zip(groups, ends, strict=True)}


def grown(
    config: ModelConfig, weights: Arrays, old: Vocabulary, new: Vocabulary, split: SplitTokens, remap: Ints
) -> Arrays:
    """The `weights` of the words of `old`, with rows appended for the further words of `new`: the vectors (V, E) and
    the bias (V,).

    `split`: the songs that contain them; `remap` (tokens,) maps its ids to those of `new`.
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
    """Songs side by side, each (T, B): ids in the old vocabulary, and ids in the new one."""
    for block in song_blocks(split, remap, LOOKED_AT):
        ids = torch.from_numpy(block)
        yield torch.where(ids >= len(old), old.unk, ids.clamp_min(0)), ids


class Found:
    """What a network predicts where words occur that it does not know, and at PLACES tokens."""

    def __init__(self, model: LyricLSTM, total: int, stride: int) -> None:
        self.model, self.known, self.stride = model, model.config.vocab_size, stride
        self.sums = {id(t): torch.zeros(total, t.shape[1]) for t in (model.embedding, model.output_weight)}
        self.counts = torch.zeros(total)
        self.tokens = 0
        self.some: list[tuple[Tensor, Tensor]] = []  # inputs of the softmax (N, E), and its log sums (N,)

    @torch.no_grad()
    def over(self, songs: Iterator[tuple[Tensor, Tensor]]) -> Found:
        """Read songs from `blocks`, each from a zero state; returns itself."""
        for ids, targets in songs:
            state = self.model.initial_state(ids.shape[1])
            for t in range(0, len(ids) - 1, WINDOW):
                ahead = targets[t + 1 : t + WINDOW + 1]
                x, state = self.model.features(ids[t : t + len(ahead)], state)
                self.look(x.flatten(0, 1), ahead.flatten())
        return self

    def look(self, x: Tensor, targets: Tensor) -> None:
        """Count `x` (N, E), the softmax's input before `targets` (N,)."""
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
        """(new words, E) the expected row of `table` (V, E) where each word occurs; the mean of these for other
        words."""
        seen = self.counts > 0
        out = self.sums[id(table)] / self.counts.clamp_min(1)[:, None]
        out[~seen] = out[seen].mean(0) if seen.any() else table.detach().mean(0)
        return out

    def biases(self, vectors: Tensor, otherwise: float) -> Tensor:
        """(new words,) biases with which words with output vectors (new words, E) are as likely as frequent."""
        x, total = (torch.cat(parts) for parts in zip(*self.some, strict=True)) if self.some else (vectors[:0],) * 2
        if not len(x):
            return torch.full((len(vectors),), otherwise)
        # relative to all the old words together
        now = (F.linear(x, vectors) - total[:, None]).logsumexp(0) - np.log(len(x))
        out: Tensor = (self.counts.clamp_min(1) / (self.tokens - self.counts.sum()).clamp_min(1)).log() - now
        return out
