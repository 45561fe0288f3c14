"""Training the recipe: the project's training loop with another network, other batches and another loss."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lyricist.errors import RunError
from lyricist.model.checkpoint import Run
from lyricist.training import events
from lyricist.training.classic.batches import Steps, side_by_side
from lyricist.training.classic.config import SONGS_AT_ONCE, ClassicConfig
from lyricist.training.classic.model import ClassicNet, State
from lyricist.training.classic.songs import DATA, SungWords, load_songs
from lyricist.training.classic.vectors import vectors_of
from lyricist.training.loop import TrainingLoop
from lyricist.training.optimiser import Optimiser
from lyricist.training.token_arrays import PAD

VALID_WORDS = 20_000  # looked at during training, about
PAIRS_AT_ONCE = 512  # of an evaluation


def train_classic(
    run: Run, *, resume: bool = False, should_stop: Callable[[], bool] = lambda: False, started: float | None = None
) -> Iterator[events.TrainEvent]:
    """Train the network of a classic run on the songs it keeps; as `trainer.train`, but no samples are asked for.

    Losses are L1, per number of a word vector. Raises `RunError`, and `InputError` on a full disk.
    """
    trainer = ClassicTrainer(run, resume, time.monotonic() if started is None else started)
    yield trainer.started()
    if not trainer.finished:
        yield from trainer.loop(should_stop)
    yield trainer.ended()


class ConstantAdam(Optimiser):
    """Adam as the original used it, at one rate throughout."""

    def learning_rate(self, progress: float) -> float:
        return self.config.learning_rate


class ClassicLoss(nn.Module):
    """The loss in the form in which the training loop asks for it; there are no negatives to sample."""

    def __init__(self, net: ClassicNet) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, ids: Tensor, targets: Tensor, state: State, negatives: int, features: Tensor
    ) -> tuple[Tensor, State]:
        return self.net.loss(ids, targets, features, state)


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

    # -- data -------------------------------------------------------------------------------------

    def load_data(self) -> None:
        """The songs that the run keeps; their words without a vector are passed over."""
        songs, unk = load_songs(self.run.path / DATA), self.run.vocabulary.unk
        known = {split: [s.known(unk) for s in songs[split]] for split in ("train", "valid")}
        self.steps = Steps(known["train"], self.config.batch, self.classic.context, self.config.seed)
        if not len(self.steps):
            raise RunError(f"{self.run.path / DATA} holds nothing to train on: restore it or train again")
        self.valid = first_words([s for s in known["valid"] if len(s.ids) > 1], VALID_WORDS)
        self.valid_pairs = sum(len(s.ids) - 1 for s in self.valid)
        self.seek(0)
        self.schedule(self.epoch.length)

    def epoch_length(self) -> int:
        return self.epoch.length

    def seek(self, epoch: int) -> None:
        self.epoch = self.steps.epoch(epoch)

    def next_batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Words, the words to come (T, B) and the music under the first (T, B, 18)."""
        c = self.cursor
        window = self.epoch.window(c.t)
        self.fresh = window.fresh
        c.t += 1
        if c.t >= self.epoch.length:
            c.epoch, c.t = c.epoch + 1, 0
            self.seek(c.epoch)
        return self.moved(window.ids), self.moved(window.targets), self.moved(window.features)

    def moved(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def reset_some(self) -> None:
        if self.fresh:
            self.state = tuple(torch.zeros_like(part) for part in self.state)

    # -- evaluation -------------------------------------------------------------------------------

    @torch.no_grad()
    def valid_loss(self) -> float:
        """L1 over the validation songs, read as in writing: one word, or with a context the whole song."""
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
        """The validation songs as sequences from a zero state: pairs by themselves, or songs side by side."""
        if self.classic.context == 1:
            pairs = Steps(self.valid, 1, 1, 0).pairs
            for at in range(0, len(pairs[0]), PAIRS_AT_ONCE):
                ids, targets, features = (self.moved(part[None, at : at + PAIRS_AT_ONCE]) for part in pairs)
                yield ids, targets, features
            return
        for at in range(0, len(self.valid), SONGS_AT_ONCE):
            some = self.valid[at : at + SONGS_AT_ONCE]
            window = side_by_side(some, 0, max(len(s.ids) for s in some) - 1, len(some))
            yield self.moved(window.ids), self.moved(window.targets), self.moved(window.features)

    # -- events -----------------------------------------------------------------------------------

    def started(self) -> events.Started:
        return events.Started(
            self.run.path,
            str(self.device),
            sum(p.numel() for p in self.model.parameters()),
            self.classic.vocab_size,
            len(self.steps),
            self.valid_pairs,
            self.resumed_at,
            loss="L1",
        )


def first_words(songs: list[SungWords], words: int) -> list[SungWords]:
    """Songs from the first on, until they have so many words together."""
    kept = []
    for song in songs:
        if words <= 0:
            break
        kept.append(song)
        words -= len(song.ids)
    return kept
