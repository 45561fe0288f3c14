"""Training the recipe: the project's training loop with another network, other batches and another loss.

With a context of one word, a batch is `batch` pairs of neighbouring words in random order, which the recurrent net
reads as one sequence, because the original did so. With a longer context, a batch is `batch` songs side by side,
several words of each at a time; the state is carried from window to window and is zero where a song begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lyricist.errors import RunError
from lyricist.model.checkpoint import Run
from lyricist.model.classic.note_features import WIDTH, Floats, Ints
from lyricist.model.classic.stepped_net import PROJECTED, ClassicConfig
from lyricist.model.classic.sung_words import DATA, SungWords, load_songs
from lyricist.model.classic.word_vectors import vectors_of
from lyricist.training import events
from lyricist.training.classic.classic_run import SONGS_AT_ONCE
from lyricist.training.loop import TrainingLoop
from lyricist.training.optimiser import Optimiser
from lyricist.training.token_arrays import PAD

MIXED = 8  # groups of songs that are sorted by length together
VALID_WORDS = 20_000  # about as many are evaluated during training
PAIRS_AT_ONCE = 512  # in evaluation

State = tuple[Tensor, ...]  # LSTM: hidden, cell; GRU: hidden; each (layers, B, H)
Place = tuple[Ints, int]  # of an update: its pairs of words, or with a longer context its songs and their first word


def train_classic(
    run: Run, *, resume: bool = False, should_stop: Callable[[], bool] = lambda: False, started: float | None = None
) -> Iterator[events.TrainEvent]:
    """Train the network of a classic run on the songs it holds; as `trainer.train`, but without samples.

    Losses are L1, per number of a word vector. Raises `RunError`, and `InputError` on a full disk.
    """
    trainer = ClassicTrainer(run, resume, time.monotonic() if started is None else started)
    yield trainer.started()
    if not trainer.finished:
        yield from trainer.loop(should_stop)
    yield trainer.ended()


# --- the network


class ClassicNet(nn.Module):
    """A word's vector and its music -> the vector of the next word. The word vectors are not trained."""

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
        """ids (T, B), features (T, B, 18) -> vectors (T, B, D) predicted for the next words, and the new state."""
        music = features if self.melody is None else torch.relu(self.melody(features))
        x = torch.cat([self.vectors[ids], music], dim=-1)
        out, after = self.rnn(x, state if len(state) > 1 else state[0])
        return self.output(out), after if len(state) > 1 else (after,)

    def loss(self, ids: Tensor, targets: Tensor, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Mean absolute difference (L1) of predictions and the vectors of `targets` (T, B); PAD does not count. ids
        (T, B), features (T, B, 18)."""
        predicted, state = self(ids, features, state)
        real = targets != PAD
        return nn.functional.l1_loss(predicted[real], self.vectors[targets[real]]), state


class ClassicLoss(nn.Module):
    """The loss with the arguments that the training loop passes; no negatives are sampled."""

    def __init__(self, net: ClassicNet) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, ids: Tensor, targets: Tensor, state: State, negatives: int, features: Tensor
    ) -> tuple[Tensor, State]:
        return self.net.loss(ids, targets, features, state)


class ConstantAdam(Optimiser):
    """Adam at a constant rate, as in the original."""

    def learning_rate(self, progress: float) -> float:
        return self.config.learning_rate


# --- batches


@dataclass(frozen=True)
class Window:
    """Words (T, B), next words (T, B; PAD: none) and the music under the former (T, B, 18); `fresh`: zero state."""

    ids: Ints
    targets: Ints
    features: Floats
    fresh: bool


@dataclass
class Steps:
    """The updates of every epoch, a pure function of (epoch, step), over songs whose words all have vectors."""

    songs: Sequence[SungWords]
    batch: int
    context: int
    seed: int
    pairs: tuple[Ints, Ints, Floats] = field(init=False, repr=False)  # word, next word, music of the first

    def __post_init__(self) -> None:
        self.songs = [s for s in self.songs if len(s.ids) > 1]
        none = SungWords(np.zeros(0, np.int64), np.zeros((0, WIDTH), np.float32))
        ids, targets, features = zip(
            *((s.ids[:-1], s.ids[1:], s.features[:-1]) for s in self.songs or [none]), strict=True
        )
        self.pairs = np.concatenate(ids), np.concatenate(targets), np.concatenate(features)

    def __len__(self) -> int:
        """The number of pairs of words."""
        return len(self.pairs[0])

    @property
    def columns(self) -> int:
        """How many sequences the recurrent net reads side by side."""
        return 1 if self.context == 1 else self.batch

    def epoch(self, number: int) -> list[Place]:
        """The places of all updates of an epoch."""
        rng = np.random.default_rng([self.seed, number])
        if self.context == 1:
            order = rng.permutation(len(self))
            return [(order[at : at + self.batch], 0) for at in range(0, len(order), self.batch)]
        longest = [(group, max(len(self.songs[i].ids) for i in group) - 1) for group in self.groups(rng)]
        return [(group, t) for group, pairs in longest for t in range(0, pairs, self.context)]

    def window(self, place: Place) -> Window:
        """The input of the update at a place."""
        some, at = place
        if self.context > 1:
            return side_by_side([self.songs[i] for i in some], at, self.context, self.batch)
        ids, targets, features = self.pairs
        some = some[:, None]
        return Window(ids[some], targets[some], features[some], fresh=True)

    def groups(self, rng: np.random.Generator) -> list[Ints]:
        """Groups (B,) of songs of similar length side by side, so that there is little PAD; MIXED groups are sorted
        at a time."""
        order = rng.permutation(len(self.songs))
        lengths = np.array([len(song.ids) for song in self.songs])
        for at in range(0, len(order), MIXED * self.batch):
            some = order[at : at + MIXED * self.batch]
            order[at : at + len(some)] = some[np.argsort(lengths[some], kind="stable")]
        groups = [order[i : i + self.batch] for i in range(0, len(order), self.batch)]
        return [groups[i] for i in rng.permutation(len(groups))]


def side_by_side(songs: Sequence[SungWords], at: int, words: int, columns: int) -> Window:
    """`words` pairs of each song from its word `at` on; PAD after a song's end and in columns without a song."""
    ids = np.zeros((words, columns), dtype=np.int64)
    targets = np.full((words, columns), PAD, dtype=np.int64)
    features = np.zeros((words, columns, WIDTH), dtype=np.float32)
    for column, song in enumerate(songs):
        n = min(words, max(0, len(song.ids) - 1 - at))
        ids[:n, column] = song.ids[at : at + n]
        targets[:n, column] = song.ids[at + 1 : at + 1 + n]
        features[:n, column] = song.features[at : at + n]
    return Window(ids, targets, features, fresh=at == 0)


# --- the loop


class ClassicTrainer(TrainingLoop):
    """One training of the recipe, in one process."""

    model: ClassicNet
    samples = False

    def __init__(self, run: Run, resume: bool, started: float) -> None:
        self.open(run, started)
        self.classic = ClassicConfig(**run.config["model"])
        self.model = ClassicNet(self.classic, torch.from_numpy(vectors_of(run))).to(self.device)
        self.load_data()
        self.fresh = True
        state = self.model.initial_state(self.steps.columns)
        self.begin(ConstantAdam(self.model, self.config), state, resume)
        self.wrapped = ClassicLoss(self.model)

    def load_data(self) -> None:
        """The songs that the run holds, without the words that have no vector. Raises `RunError` if there is nothing
        to train on."""
        songs, unk = (
            load_songs(self.run.beside(DATA) or self.run.path / DATA, len(self.run.vocabulary)),
            self.run.vocabulary.unk,
        )
        known = {split: [s.known(unk) for s in songs[split]] for split in ("train", "valid")}
        self.steps = Steps(known["train"], self.config.batch, self.classic.context, self.config.seed)
        if not len(self.steps):
            raise RunError(f"{self.run.path / DATA} holds nothing to train on: restore it or train again")
        valid = [s for s in known["valid"] if len(s.ids) > 1]
        starts = np.cumsum([0, *(len(s.ids) for s in valid)])[:-1]
        self.valid = [s for s, start in zip(valid, starts, strict=True) if start < VALID_WORDS]
        self.valid_pairs = sum(len(s.ids) - 1 for s in self.valid)
        self.seek(0)
        self.schedule(len(self.epoch))

    def epoch_length(self) -> int:
        return len(self.epoch)

    def seek(self, epoch: int) -> None:
        self.epoch = self.steps.epoch(epoch)

    def next_batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Words (T, B), next words (T, B) and the music under the former (T, B, 18)."""
        c = self.cursor
        window = self.steps.window(self.epoch[c.t])
        self.fresh = window.fresh
        c.t += 1
        if c.t >= len(self.epoch):
            c.epoch, c.t = c.epoch + 1, 0
            self.seek(c.epoch)
        return self.moved(window.ids, window.targets, window.features)

    def moved(self, *arrays: npt.NDArray[Any]) -> tuple[Tensor, Tensor, Tensor]:
        ids, targets, features = (torch.from_numpy(np.ascontiguousarray(a)).to(self.device) for a in arrays)
        return ids, targets, features

    def reset_some(self) -> None:
        if self.fresh:
            self.state = tuple(torch.zeros_like(part) for part in self.state)

    @torch.no_grad()
    def valid_loss(self) -> float:
        """L1 over the validation songs, read as in writing: one word, or with a longer context the whole song."""
        if not self.valid:
            return self.cursor.loss
        self.model.eval()
        total, count = 0.0, 0
        with self.optimiser.averaged():
            for ids, targets, features in self.judged():
                loss, _ = self.model.loss(ids, targets, features, self.model.initial_state(ids.shape[1]))
                pairs = int((targets != PAD).sum())
                total, count = total + loss.item() * pairs, count + pairs
        return total / count

    def judged(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The validation songs as sequences from a zero state, single pairs or songs side by side: words (T, B), next
        words (T, B) and the music (T, B, 18)."""
        if self.classic.context == 1:
            pairs = Steps(self.valid, 1, 1, 0).pairs
            for at in range(0, len(pairs[0]), PAIRS_AT_ONCE):
                yield self.moved(*(part[None, at : at + PAIRS_AT_ONCE] for part in pairs))
            return
        for at in range(0, len(self.valid), SONGS_AT_ONCE):
            some = self.valid[at : at + SONGS_AT_ONCE]
            window = side_by_side(some, 0, max(len(s.ids) for s in some) - 1, len(some))
            yield self.moved(window.ids, window.targets, window.features)

    def started(self) -> events.Started:
        parameters = sum(p.numel() for p in self.model.parameters())
        sizes = parameters, self.classic.vocab_size, len(self.steps), self.valid_pairs
        left_out = [(name, why) for name, why in self.run.config["left_out"]]
        place, device = self.run.home, str(self.device)
        return events.Started(place, device, *sizes, self.resumed_at, loss="L1", left_out=left_out)
