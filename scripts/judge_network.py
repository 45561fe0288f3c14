"""The network behind the judge of lines, and its three stages of training: to model verse forwards, to tell whether a
line is in its place, and to agree with readers who marked lines written by the starter.

T words, B stanzas side by side, L lines of each, E numbers a word, H hidden.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drifting import another_person, another_tense
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.onnx_bytes import Initializers, layer
from lyricist.model.onnx_graph import cell_model, eight_bit
from lyricist.model.tokens import END, LINE, SONG, UNK, Vocabulary
from lyricist.training.token_arrays import Streams

HIDDEN, INNER = 512, 64
BATCH, STEPS, NEGATIVES = 64, 64, 1500
READING_RATE, NETWORK_RATE, HEAD_RATE = 3e-3, 6e-4, 2e-3
LINES = 40  # of a text at most
DRIFTING = 0.3  # share of the texts with a wrong line in which it is in another person or tense
SPLICED = 0.25  # share in which it goes on as another line that has a word of it, so that it parses by halves
WRONG = 3.0  # weight of a line out of place beside one in its place, which are more
MARKED_BATCH, MARKED_RATE, DECAY = 32, 3e-4, 0.05  # of the third lesson; the head learns three times as fast

Quatrains = list[list[list[int]]]  # one or two, each of four lines of word numbers


@dataclass(frozen=True)
class Example:
    """A text, and the index of the first line that is out of place, if there is one."""

    text: Quatrains
    wrong: int | None = None


@dataclass(frozen=True)
class Marked:
    """A text by the starter, and for each of its lines whether readers found it faultless."""

    text: Quatrains
    fine: tuple[bool, ...]


Shown = TypeVar("Shown", Example, Marked)


@dataclass(frozen=True)
class Batch:
    ids: Tensor  # (T, B)
    first: Tensor  # (B, L) places of each line's words in `ids`
    last: Tensor
    right: Tensor  # (B, L) 1 for a line in its place
    asked: Tensor  # (B, L) weight of that question


class JudgeNetwork(nn.Module):
    """An LSTM over the starter's word vectors, which are not trained, and a small head."""

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
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(3 * HIDDEN, INNER), nn.Tanh(), nn.Linear(INNER, 1))

    def forward(self, batch: Batch) -> Tensor:
        """(B, L) log odds, in nats, that each line is in its place."""
        x = self.reader.embed(batch.ids)
        state = self.reader.initial_state(x.shape[1])
        h, _ = self.reader.layers[0](x, tuple(state))
        h = h.transpose(0, 1)  # (B, T, H)
        summed = F.pad(h.cumsum(1), (0, 0, 1, 0))
        words = (batch.last - batch.first + 1).clamp(min=1)[..., None]
        mean = (at(summed, batch.last + 1) - at(summed, batch.first)) / words
        end, before = at(h, batch.last), at(h, (batch.first - 1).clamp(min=0))
        return self.head(torch.cat([end, mean, before], -1))[..., 0]  # type: ignore[no-any-return]

    def taken_from(self, file: Path) -> JudgeNetwork:
        """The network with the weights of a judge that was made before, from its 8 bits."""
        graph = Initializers(file.read_bytes(), str(file))
        config = {"cell": "lstm", "layers": 1, "embedding": self.reader.config.embedding, "hidden": HIDDEN}
        for name, value in layer(graph, "layers.0.", config, config["embedding"]).items():
            self.reader.get_parameter(name).data.copy_(torch.from_numpy(np.ascontiguousarray(value)))
        for i, name in ((1, "inner"), (3, "outer")):
            scale, bias = graph[f"{name}.scale"], graph[f"{name}.bias"]
            self.head[i].weight.data.copy_(torch.from_numpy(graph[name] * scale[:, None]))
            self.head[i].bias.data.copy_(torch.from_numpy(bias))
        return self

    def file(self) -> bytes:
        """What `lyricist.generate.selection` reads: the reader as a graph and the head beside it, in 8 bits."""
        head: dict[str, npt.NDArray[np.generic]] = {}
        for i, name in ((1, "inner"), (3, "outer")):
            weight, bias = self.head[i].weight.detach().numpy(), self.head[i].bias.detach().numpy()
            head[name], head[f"{name}.scale"] = eight_bit(weight)
            head[f"{name}.bias"] = bias
        layer = {f"layers.0.{name}": p.detach().numpy() for name, p in self.reader.layers[0].named_parameters()}
        return cell_model(layer, head)


def at(x: Tensor, places: Tensor) -> Tensor:
    """x (B, T, H) at places (B, L) -> (B, L, H)."""
    return x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))


# --- the first lesson


def read_verse(network: JudgeNetwork, streams: Sequence[Streams], shares: Sequence[float], clock: Clock) -> None:
    """Train as a language model on several corpora, each until its share of the time is over."""
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
    """(T + 1, B) windows of one corpus after the other, each repeated until its share of the time is over."""
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
    """Train the head, and the reader at a lower rate, on examples drawn anew in every round."""
    reader, head = list(network.reader.layers.parameters()), list(network.head.parameters())
    adam = torch.optim.AdamW([{"params": reader}, {"params": head}], lr=NETWORK_RATE, weight_decay=0.01, fused=True)
    for k, some in enumerate(examples.forever()):
        if clock.share >= 1:
            return
        for group, top in zip(adam.param_groups, (NETWORK_RATE, HEAD_RATE), strict=True):
            group["lr"] = top * rate(clock.share)
        loss = judging_loss(network, examples.batch(some))
        descend(adam, loss, reader + head)
        if k % 500 == 0:
            print(f"judging {clock.share:.0%}: {loss.item():.3f}", file=sys.stderr, flush=True)


def judging_loss(network: JudgeNetwork, batch: Batch) -> Tensor:
    """Cross-entropy of whether each line is in its place."""
    nats, asked = network(batch), batch.asked
    loss = F.binary_cross_entropy_with_logits(nats, batch.right, asked, reduction="sum")
    return loss / asked.sum().clamp(min=1)


class Examples:
    """Batches of texts as they were written and with lines out of place."""

    def __init__(self, texts: list[Quatrains], vocabulary: Vocabulary, chance: random.Random) -> None:
        self.texts, self.chance, self.vocabulary = texts, chance, vocabulary
        index = vocabulary.index
        self.song, self.verse, self.line, self.end = (index[t] for t in (SONG, "<verse>", LINE, END))
        self.by_length: dict[int, list[list[int]]] = {}
        self.with_word: dict[int, list[tuple[list[int], int]]] = {}  # lines and where in them the word is
        for line in {tuple(line): line for text in texts for quatrain in text for line in quatrain}.values():
            self.by_length.setdefault(len(line), []).append(line)
            for i, word in enumerate(line):
                self.with_word.setdefault(word, []).append((line, i))

    def forever(self) -> Iterator[list[Example]]:
        """Batches of texts of similar length."""
        while True:
            some = [Example(text) for text in self.texts] + [self.disordered(text) for text in self.texts]
            self.chance.shuffle(some)
            some.sort(key=lambda e: len(e.text))
            cuts = [some[i : i + BATCH] for i in range(0, len(some), BATCH)]
            self.chance.shuffle(cuts)
            yield from cuts

    def disordered(self, text: Quatrains) -> Example:
        """The text with two lines swapped, its quatrains swapped, a line in another person or tense, a line made of
        two halves, or a line of another song."""
        lines, chance = [line for quatrain in text for line in quatrain], self.chance
        kind, n = chance.random(), len(lines)
        changed = self.drifted(lines) if kind > 1 - DRIFTING else None
        if 1 - DRIFTING - SPLICED < kind <= 1 - DRIFTING:
            changed = self.spliced(lines)
        if changed is not None:
            wrong, lines[wrong] = changed
        elif kind < 0.25:
            a = chance.randrange(1, n - 1)
            b = chance.randrange(a + 1, min(n, a + 4))
            lines[a], lines[b] = lines[b], lines[a]
            wrong = a
        elif kind < 0.33 and n > 4:
            lines, wrong = lines[4:] + lines[:4], 4
        else:
            wrong = chance.randrange(1, n)
            lines[wrong] = chance.choice(self.by_length[len(lines[wrong])])
        return Example([lines[i : i + 4] for i in range(0, n, 4)], wrong)

    def drifted(self, lines: list[list[int]]) -> tuple[int, list[int]] | None:
        """The index of a line after the second, and that line in another person or tense; None if none can change."""
        chance, tokens, index = self.chance, self.vocabulary.tokens, self.vocabulary.index
        for wrong in chance.sample(range(2, len(lines)), len(lines) - 2):
            words = [tokens[w] for w in lines[wrong]]
            made = another_person(words, chance) if chance.random() < 0.5 else another_tense(words)
            if made is not None and all(word in index for word in made):
                return wrong, [index[word] for word in made]
        return None

    def spliced(self, lines: list[list[int]]) -> tuple[int, list[int]] | None:
        """The index of a line after the first, and that line joined to another of about its length at a word that
        both have: any three words of it may be in a song, but the whole makes no sense."""
        for _ in range(4):
            wrong = self.chance.randrange(1, len(lines))
            own = lines[wrong]
            if len(own) < 4:
                continue
            at = self.chance.randrange(1, len(own) - 1)
            other, there = self.chance.choice(self.with_word[own[at]])
            if not 0 < there < len(other) - 1:
                continue
            made = own[:at] + other[there:] if self.chance.random() < 0.5 else other[:there] + own[at:]
            if abs(len(made) - len(own)) <= 1 and made not in (own, other):
                return wrong, made
        return None

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

    def batch(self, some: Sequence[Example | Marked]) -> Batch:
        made = [self.spelt(example.text) for example in some]
        ids = np.full((max(len(m[0]) for m in made), len(some)), self.end)
        first, last = (np.zeros((len(some), LINES), dtype=np.int64) for _ in range(2))
        asked, right = np.zeros((len(some), LINES), dtype=np.float32), np.ones((len(some), LINES), dtype=np.float32)
        for k, (example, (words, begins, ends)) in enumerate(zip(some, made, strict=True)):
            n = len(begins)
            ids[: len(words), k], first[k, :n], last[k, :n] = words, begins, ends
            if isinstance(example, Marked):
                right[k, :n], asked[k, :n] = example.fine, 1
                continue
            wrong = example.wrong
            asked[k, 1 : n if wrong is None else wrong] = 1  # the first line has nothing to follow from
            if wrong is not None:
                right[k, wrong], asked[k, wrong] = 0, WRONG
        return Batch(*map(torch.from_numpy, (ids, first, last, right, asked)))


# --- the third


def read_marks(path: Path, vocabulary: Vocabulary) -> list[Marked]:
    """The texts of a file of marked songs: a line each, behind its mark (0: nothing amiss), a blank line between
    quatrains and two between songs. Words that the vocabulary lacks are unknown."""
    index, split = vocabulary.index, vocabulary.tokenizer.split
    out = []
    for song in path.read_text(encoding="utf-8").strip().split("\n\n\n"):
        quatrains = [[line.split(" ", 1) for line in each.split("\n")] for each in song.split("\n\n")]
        text = [[[index.get(w, index[UNK]) for w in split(line)] for _, line in each] for each in quatrains]
        out.append(Marked(text, tuple(mark in ("0", "-") for each in quatrains for mark, _ in each)))
    return out


def learn_marks(
    network: JudgeNetwork, examples: Examples, marked: Sequence[Marked], epochs: float, chance: random.Random
) -> None:
    """Train the network at a low rate on the marks of readers."""
    reader, head = list(network.reader.layers.parameters()), list(network.head.parameters())
    adam = torch.optim.AdamW([{"params": reader}, {"params": head}], lr=MARKED_RATE, weight_decay=DECAY, fused=True)
    order, steps = list(marked), int(epochs * len(marked) / MARKED_BATCH)
    for k in range(steps):
        at = k * MARKED_BATCH % len(order)
        if at < MARKED_BATCH:
            chance.shuffle(order)
        for group, top in zip(adam.param_groups, (MARKED_RATE, 3 * MARKED_RATE), strict=True):
            group["lr"] = top * rate(k / steps)
        loss = judging_loss(network, examples.batch(order[at : at + MARKED_BATCH]))
        descend(adam, loss, reader + head)
        if k % 100 == 0:
            print(f"marks {k / steps:.0%}: {loss.item():.3f}", file=sys.stderr, flush=True)


def agreement(network: JudgeNetwork, examples: Examples, marked: Sequence[Marked]) -> float:
    """How often a line without a mark is worth more than one with a mark."""
    fine, amiss = list[float](), list[float]()
    for text, nats in valued(network, examples, marked):
        for is_fine, value in zip(text.fine, nats, strict=False):
            (fine if is_fine else amiss).append(value)
    return area(fine, amiss)


# --- all


class Clock:
    """How much of a stage's time is over."""

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


def separation(network: JudgeNetwork, examples: Examples) -> float:
    """How often a line in its place is worth more than one that is not, in texts it has not seen."""
    right, wrong = list[float](), list[float]()
    some = [Example(text) for text in examples.texts] + [examples.disordered(text) for text in examples.texts]
    for example, nats in valued(network, examples, some):
        if example.wrong is None:
            right += nats[1 : 4 * len(example.text)]
        else:
            wrong.append(nats[example.wrong])
    return area(right, wrong)


def valued(network: JudgeNetwork, examples: Examples, some: Sequence[Shown]) -> Iterator[tuple[Shown, list[float]]]:
    """Each text and the nats of its lines, by the network without dropout."""
    network.eval()
    with torch.no_grad():
        for i in range(0, len(some), BATCH):
            part = some[i : i + BATCH]
            yield from zip(part, network(examples.batch(part)).tolist(), strict=True)
    network.train()


def area(high: Sequence[float], low: Sequence[float]) -> float:
    """How often one of `high` is above one of `low`."""
    rank = np.concatenate([high, low]).argsort().argsort()[: len(high)]
    return float((rank.sum() - len(high) * (len(high) - 1) / 2) / len(high) / len(low))
