"""The network behind the judge of lines, and its two lessons: to read verse forwards, then to tell whose it is.

T words, B stanzas side by side, L lines of each, E numbers a word, H hidden.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lyricist.batches import Streams
from lyricist.model import LyricLSTM, ModelConfig
from lyricist.onnx_graph import cell_model, eight_bit
from lyricist.tokens import END, LINE, SONG, Vocabulary

HIDDEN, INNER = 512, 64
BATCH, STEPS, NEGATIVES = 64, 64, 1500
READING_RATE, NETWORK_RATE, HEAD_RATE = 3e-3, 6e-4, 2e-3
LINES = 8  # of a text at most
WRONG = 3.0  # weight of a line out of place beside one in its place, which are more

Quatrains = list[list[list[int]]]  # one or two, each of four lines of word numbers


@dataclass(frozen=True)
class Example:
    """A text, whether people wrote it, and the first line that was put where it stands, if there is one."""

    text: Quatrains
    people: bool
    wrong: int | None = None


@dataclass(frozen=True)
class Batch:
    ids: Tensor  # (T, B)
    first: Tensor  # (B, L) places of each line's words in `ids`
    last: Tensor
    there: Tensor  # (B, L) 1 where there is a line
    people: Tensor  # (B,)
    whole: Tensor  # (B,) 1 where no line was moved
    right: Tensor  # (B, L) 1 for a line in its place
    asked: Tensor  # (B, L) weight of that question


class JudgeNetwork(nn.Module):
    """An LSTM over the starter's word vectors, which stay as they are, and two small heads."""

    def __init__(self, embedding: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], precision: str) -> None:
        super().__init__()
        size, width = embedding.shape
        config = ModelConfig(
            vocab_size=size,
            embedding=width,
            hidden=HIDDEN,
            layers=1,
            tied=True,
            dropout_input=0.15,
            dropout_output=0.1,
        )
        self.reader = LyricLSTM(config, precision)
        self.reader.embedding.data.copy_(torch.from_numpy(embedding))
        self.reader.bias.data.copy_(torch.from_numpy(bias))
        self.reader.embedding.requires_grad_(False)
        self.own, self.join = (
            nn.Sequential(nn.Dropout(0.3), nn.Linear(n * HIDDEN, INNER), nn.Tanh(), nn.Linear(INNER, 1))
            for n in (2, 3)
        )

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Of each line (B, L): nats for people having written it, and for its standing in its place."""
        x = self.reader.embed(batch.ids)
        state = self.reader.initial_state(x.shape[1])
        h, _ = self.reader.layers[0](x, tuple(state))
        h = h.transpose(0, 1)  # (B, T, H)
        summed = F.pad(h.cumsum(1), (0, 0, 1, 0))
        words = (batch.last - batch.first + 1).clamp(min=1)[..., None]
        mean = (at(summed, batch.last + 1) - at(summed, batch.first)) / words
        end, before = at(h, batch.last), at(h, (batch.first - 1).clamp(min=0))
        return self.own(torch.cat([end, mean], -1))[..., 0], self.join(torch.cat([end, mean, before], -1))[..., 0]

    def file(self) -> bytes:
        """What `lyricist.writing.linejudge` reads: the reader as a graph and the heads beside it, in 8 bits."""
        heads: dict[str, npt.NDArray[np.generic]] = {}
        for name, head in (("own", self.own), ("join", self.join)):
            for i, place in ((1, 0), (3, 2)):
                weight, bias = head[i].weight.detach().numpy(), head[i].bias.detach().numpy()
                heads[f"{name}.{place}"], heads[f"{name}.{place}.scale"] = eight_bit(weight)
                heads[f"{name}.{place}.bias"] = bias
        layer = {f"layers.0.{name}": p.detach().numpy() for name, p in self.reader.layers[0].named_parameters()}
        return cell_model(layer, heads)


def at(x: Tensor, places: Tensor) -> Tensor:
    """x (B, T, H) at places (B, L) -> (B, L, H)."""
    return x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))


# --- the first lesson


def read_verse(network: JudgeNetwork, streams: Sequence[Streams], shares: Sequence[float], clock: Clock) -> None:
    """Train as a language model on several corpora, one after the other, each until its share of the time is over."""
    reader, parameters = network.reader, [p for p in network.reader.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(parameters, lr=READING_RATE, weight_decay=0, fused=True)
    state, begun = reader.initial_state(BATCH), time.monotonic()
    for k, window in enumerate(windows(streams, shares, clock)):
        done = clock.share
        adam.param_groups[0]["lr"] = READING_RATE * rate(done)
        state = tuple(s.detach() * (torch.rand(1, BATCH, 1) > 0.05) for s in state)  # songs begin from nothing
        ids = torch.from_numpy(window)
        loss, state = reader.loss(ids[:-1], ids[1:], state, 0 if done > 0.9 else NEGATIVES)
        descend(adam, loss, parameters)
        if k % 500 == 0:
            speed = (k + 1) * BATCH * STEPS / (time.monotonic() - begun)
            print(f"reading {done:.0%}: {loss.item():.3f} nats, {speed:.0f} words/s", file=sys.stderr, flush=True)


def windows(streams: Sequence[Streams], shares: Sequence[float], clock: Clock) -> Iterator[npt.NDArray[np.int64]]:
    """(T + 1, B) of one corpus after the other, over and over until its share of the time is over."""
    for stream, until in zip(streams, np.cumsum(shares), strict=True):
        number = 0
        while clock.share < until:
            epoch, number = stream.epoch(number), number + 1
            for i in range(stream.length // STEPS):
                if clock.share >= until:
                    break
                yield epoch.window(i * STEPS, STEPS)


# --- the second


def learn_to_judge(network: JudgeNetwork, examples: Examples, clock: Clock) -> None:
    """Train the heads, and the reader gently, on examples drawn anew in every round."""
    reader = [p for p in network.reader.layers.parameters() if p.requires_grad]
    heads = [*network.own.parameters(), *network.join.parameters()]
    groups = [{"params": reader}, {"params": heads}]
    adam = torch.optim.AdamW(groups, lr=NETWORK_RATE, weight_decay=0.01, fused=True)
    for k, some in enumerate(examples.forever()):
        if clock.share >= 1:
            return
        for group, top in zip(adam.param_groups, (NETWORK_RATE, HEAD_RATE), strict=True):
            group["lr"] = top * rate(clock.share)
        loss = judging_loss(network, examples.batch(some))
        descend(adam, loss, reader + heads)
        if k % 500 == 0:
            print(f"judging {clock.share:.0%}: {loss.item():.3f}", file=sys.stderr, flush=True)


def judging_loss(network: JudgeNetwork, batch: Batch) -> Tensor:
    """Lines' nats add up to those of the text as far as it goes, which are asked after each line."""
    own, join = network(batch)
    so_far = (own * batch.there).cumsum(1)
    people = batch.people[:, None].expand_as(so_far)
    weight = batch.there * batch.whole[:, None]
    whose = F.binary_cross_entropy_with_logits(so_far, people, weight, reduction="sum") / weight.sum().clamp(min=1)
    asked = batch.asked
    follows = F.binary_cross_entropy_with_logits(join, batch.right, asked, reduction="sum") / asked.sum().clamp(min=1)
    return whose + follows


class Examples:
    """Texts by people and by the starter, and the people's with lines out of place, as batches."""

    def __init__(
        self, people: list[Quatrains], starter: list[Quatrains], vocabulary: Vocabulary, chance: random.Random
    ) -> None:
        self.people, self.starter, self.chance = people, starter, chance
        index = vocabulary.index
        self.song, self.verse, self.line, self.end = (index[t] for t in (SONG, "<verse>", LINE, END))
        self.by_length: dict[int, list[list[int]]] = {}
        for line in (line for text in people for quatrain in text for line in quatrain):
            self.by_length.setdefault(len(line), []).append(line)

    def forever(self) -> Iterator[list[Example]]:
        """Batches of texts of like length."""
        while True:
            some = [Example(text, True) for text in self.people]
            drawn = self.chance.sample(self.starter, min(len(self.starter), len(some)))
            some += [Example(text, False) for text in drawn] + [self.disordered(text) for text in self.people]
            self.chance.shuffle(some)
            some.sort(key=lambda e: len(e.text))
            cuts = [some[i : i + BATCH] for i in range(0, len(some), BATCH)]
            self.chance.shuffle(cuts)
            yield from cuts

    def disordered(self, text: Quatrains) -> Example:
        """With two lines changed about, the quatrains changed about, or a line exchanged for one of another song."""
        lines, chance = [line for quatrain in text for line in quatrain], self.chance
        kind, n = chance.random(), len(lines)
        if kind < 0.35:
            a = chance.randrange(1, n - 1)
            b = chance.randrange(a + 1, min(n, a + 4))
            lines[a], lines[b] = lines[b], lines[a]
            wrong = a
        elif kind < 0.5 and n > 4:
            lines, wrong = lines[4:] + lines[:4], 4
        else:
            wrong = chance.randrange(1, n)
            lines[wrong] = chance.choice(self.by_length[len(lines[wrong])])
        return Example([lines[i : i + 4] for i in range(0, n, 4)], True, wrong)

    def spelt(self, text: Quatrains) -> tuple[list[int], list[int], list[int]]:
        """Tokens, and the places of the lines' first and last words."""
        ids, first, last = [self.song], [], []
        for quatrain in text:
            for i, line in enumerate(quatrain):
                ids.append(self.line if i else self.verse)
                first.append(len(ids))
                ids += line
                last.append(len(ids) - 1)
        return [*ids, self.end], first, last

    def batch(self, some: Sequence[Example]) -> Batch:
        made = [self.spelt(example.text) for example in some]
        ids = np.full((max(len(m[0]) for m in made), len(some)), self.end)
        first, last = (np.zeros((len(some), LINES), dtype=np.int64) for _ in range(2))
        there, asked = (np.zeros((len(some), LINES), dtype=np.float32) for _ in range(2))
        right = np.ones((len(some), LINES), dtype=np.float32)
        for k, (example, (words, begins, ends)) in enumerate(zip(some, made, strict=True)):
            n, wrong = len(begins), example.wrong
            ids[: len(words), k], first[k, :n], last[k, :n], there[k, :n] = words, begins, ends, 1
            asked[k, 1 : n if wrong is None else wrong + 1] = example.people
            if wrong is not None:
                right[k, wrong], asked[k, wrong] = 0, WRONG
        people = np.array([e.people for e in some], dtype=np.float32)
        whole = np.array([e.wrong is None for e in some], dtype=np.float32)
        return Batch(*map(torch.from_numpy, (ids, first, last, there, people, whole, right, asked)))


# --- both


class Clock:
    """How much of a lesson is over."""

    def __init__(self, minutes: float) -> None:
        self.begun, self.seconds = time.monotonic(), 60 * minutes

    @property
    def share(self) -> float:
        return (time.monotonic() - self.begun) / self.seconds


def rate(done: float) -> float:
    """Warm-up, then linear to zero."""
    return min(1.0, done / 0.02 + 0.01) * max(0.0, 1 - done)


def descend(adam: torch.optim.Optimizer, loss: Tensor, parameters: list[nn.Parameter]) -> None:
    adam.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(parameters, 1.0)
    adam.step()


def separation(network: JudgeNetwork, examples: Examples) -> dict[str, float]:
    """Areas under the curve on texts it has not seen: of a line's and a quatrain's author, and of a line's place."""
    network.eval()
    plain = [Example(t, True) for t in examples.people] + [Example(t, False) for t in examples.starter]
    moved = [examples.disordered(text) for text in examples.people]
    lines: dict[bool, list[float]] = {True: [], False: []}
    quatrains: dict[bool, list[float]] = {True: [], False: []}
    places: dict[bool, list[float]] = {True: [], False: []}
    with torch.no_grad():
        for some in (plain, moved):
            for i in range(0, len(some), BATCH):
                part = some[i : i + BATCH]
                own, join = (x.numpy() for x in network(examples.batch(part)))
                for k, example in enumerate(part):
                    n = 4 * len(example.text)
                    if example.wrong is not None:
                        places[False].append(join[k, example.wrong])
                        continue
                    lines[example.people] += own[k, :n].tolist()
                    quatrains[example.people].append(own[k, :4].sum())
                    if example.people:
                        places[True] += join[k, 1:n].tolist()
    network.train()
    return {
        name: area(p[True], p[False]) for name, p in (("line", lines), ("quatrain", quatrains), ("place", places))
    }


def area(high: Sequence[float], low: Sequence[float]) -> float:
    """How often one of `high` is above one of `low`."""
    rank = np.concatenate([high, low]).argsort().argsort()[: len(high)]
    return float((rank.sum() - len(high) * (len(high) - 1) / 2) / len(high) / len(low))
