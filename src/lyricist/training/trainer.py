"""Training of our own model: `train()` yields events; the caller shows them, stops it, writes samples.

Truncated backpropagation with carried state over contiguous songs; the loop itself is in `loop.py`. T time steps,
B streams, V vocabulary, F plan features.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lyricist._io import Arrays
from lyricist.errors import InputError, RunError
from lyricist.model.bf16 import precision_on
from lyricist.model.checkpoint import Run
from lyricist.model.network import LyricLSTM, ModelConfig, State
from lyricist.prosody.features import OLDER, THEME, groups_of
from lyricist.training import events
from lyricist.training.conditioning import PlanSet, Themes
from lyricist.training.loop import TrainingLoop
from lyricist.training.optimiser import Optimiser
from lyricist.training.token_arrays import PAD, Streams, TokenSet, song_blocks

VALID_TOKENS = 20_000  # validation tokens read during training, about
CERTAIN = 2_000  # the new songs' commonest words, for the sampled softmax of a base, whose ids follow other songs
RESET = 0.05  # probability that a stream's state is set to zero before a window


def train(
    run: Run,
    tokens: TokenSet,
    plans: PlanSet | None = None,
    *,
    weights: Arrays | None = None,
    resume: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    started: float | None = None,
) -> Iterator[events.TrainEvent]:
    """Train the network of `run` on the "train" split of `tokens`, saving into the run.

    `plans`: the plan features of these tokens, for a network that has any. `weights` are the first weights of a
    fine-tuning; `resume` continues from the run's last checkpoint. `should_stop` is called after every step: if it
    returns true, the run is saved and training ends. `started` (`time.monotonic()`) is when the budget begins, by
    default now. Sets PyTorch's global seed at every step. Raises `RunError`, and `InputError` on a full disk.
    """
    trainer = Trainer(run, tokens, plans, weights, resume, time.monotonic() if started is None else started)
    yield trainer.started()
    if not trainer.finished:
        yield from trainer.loop(should_stop)
    yield trainer.ended()


class LossStep(nn.Module):
    """The model's loss as a forward pass, which DistributedDataParallel can wrap."""

    def __init__(self, model: LyricLSTM) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, ids: Tensor, targets: Tensor, state: State, negatives: int, plan: Tensor | None
    ) -> tuple[Tensor, State]:
        return self.model.loss(ids, targets, state, negatives, plan)


class Trainer(TrainingLoop):
    """A training of our own model in one process. Raises `RunError` if the network and `plans` do not fit each
    other."""

    model: LyricLSTM

    def __init__(
        self, run: Run, tokens: TokenSet, plans: PlanSet | None, weights: Arrays | None, resume: bool, started: float
    ) -> None:
        self.open(run, started)
        self.model_config = ModelConfig(**run.config["model"])
        precision = precision_on(self.device, self.config.precision)
        self.model = LyricLSTM(self.model_config, precision).to(self.device)
        self.load_data(tokens)
        self.groups = groups_of(self.model_config.features)
        if self.model_config.features in OLDER:
            raise RunError(f"{run.home} reads outlines of an earlier version: begin a new run with --from {run.home}")
        if bool(self.groups) != (plans is not None):
            raise RunError(f"{run.home}: plan features are for networks that have them, and only for these")
        self.plans = plans.split("train") if plans is not None else None
        if plans is not None and self.plans is not None and THEME in self.groups:
            if plans.vectors is None:
                raise RunError(f"{run.home} sees themes: its topical vectors are missing")
            split, remap = self.streams.split, self.streams.remap
            self.plans.themes = Themes.of(split.ids, split.starts, remap, run.vocabulary, plans.vectors)
        optimiser = Optimiser(self.model, self.config)
        if weights is not None:
            optimiser.load_weights(weights)
        self.begin(optimiser, self.model.initial_state(self.config.batch), resume)
        self.wrapped = self.wrap()
        if self.fine_tuned and self.config.anchor and not resume:
            optimiser.hold()  # all processes have the first one's weights by now

    def wrap(self) -> nn.Module:
        step = LossStep(self.model)
        return nn.parallel.DistributedDataParallel(step) if self.process.size > 1 else step

    # -- data -------------------------------------------------------------------------------------

    def load_data(self, tokens: TokenSet) -> None:
        """Set streams, validation blocks and schedule. Raises `InputError` if there are too few tokens."""
        remap = tokens.remap(self.run.vocabulary)
        split = tokens.split("train")
        if len(split) < 2 * self.config.batch * self.process.size:
            raise InputError(
                f"the training songs hold {len(split)} tokens, too few for batch {self.config.batch}: add songs"
            )
        if self.fine_tuned:
            self.model.certain = self.commonest(remap[split.ids])
        batch = self.config.batch * self.process.size
        self.streams = Streams(split, remap, batch, self.config.seed)
        self.epoch = self.streams.epoch(0)
        self.valid = [torch.from_numpy(b) for b in song_blocks(tokens.split("valid"), remap, VALID_TOKENS)]
        self.valid_tokens = sum(int((b != PAD).sum()) for b in self.valid)
        self.schedule(self.epoch.windows(self.config.steps))

    def commonest(self, ids: npt.NDArray[np.int32]) -> Tensor:
        """(V,) true at the commonest words of the training songs, from their `ids` (N,)."""
        counts = torch.from_numpy(np.bincount(ids, minlength=self.model_config.vocab_size)).to(self.device)
        found = torch.zeros(len(counts), dtype=torch.bool, device=self.device)
        found[counts.argsort(descending=True, stable=True)[:CERTAIN]] = True
        return found & (counts > 0)

    def epoch_length(self) -> int:
        return self.streams.length

    def seek(self, epoch: int) -> None:
        self.epoch = self.streams.epoch(epoch)

    def next_batch(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Words (T, B), next words (T, B), and plan features (T, B, F) if the network sees plans."""
        c, steps = self.cursor, self.config.steps
        ids = self.epoch.window(c.t, steps)
        window = torch.from_numpy(np.ascontiguousarray(ids[:, self.mine])).to(self.device)
        plan: Tensor | None = None
        if self.plans is not None:
            places, songs = (part[:-1, self.mine] for part in self.epoch.places(c.t, steps))
            rows = self.plans.rows(places, songs, self.groups, hide=(self.config.seed, self.epoch.number))
            plan = torch.from_numpy(rows).to(self.device)
        c.t += len(window) - 1
        if c.t >= self.streams.length - 1:
            c.epoch, c.t = c.epoch + 1, 0
            self.epoch = self.streams.epoch(c.epoch)
        return window[:-1], window[1:], plan

    def reset_some(self) -> None:
        """Reset random streams: songs are written from a zero state, so training must contain many.

        Drawn for the streams of all processes, so that the number of processes does not matter.
        """
        rng = np.random.default_rng([self.config.seed, self.cursor.step])
        drawn = rng.random(self.streams.batch)[self.mine] >= RESET
        keep = torch.from_numpy(drawn).to(self.device, torch.float32)
        self.state = tuple(s * keep[None, :, None] for s in self.state)

    @property
    def mine(self) -> slice:
        """This process's streams."""
        return slice(self.process.rank * self.config.batch, (self.process.rank + 1) * self.config.batch)

    @torch.no_grad()
    def valid_loss(self) -> float:
        """Nats per token on validation songs, with the weights that readers get and without a plan."""
        if not self.valid:
            return self.cursor.loss
        self.model.eval()
        with self.optimiser.averaged():
            parts = [self.block_loss(block.to(self.device)) for block in self.valid]
        return sum(nats for nats, _ in parts) / sum(tokens for _, tokens in parts)

    def block_loss(self, block: Tensor) -> tuple[float, int]:
        """(nats, tokens) of songs side by side (T, B), each from a zero state. Songs leave the batch at their PAD, so
        that one long song does not make the others expensive."""
        tokens = int((block[1:] != PAD).sum())
        state, total = self.model.initial_state(block.shape[1]), 0.0
        for t in range(0, len(block) - 1, 64):
            goes_on = block[t + 1] != PAD
            block, state = block[:, goes_on], tuple(s[:, goes_on] for s in state)
            ids, targets = block[t : t + 64].clamp_min(0), block[t + 1 : t + 65]
            x, state = self.model.features(ids[: len(targets)], state)
            there = targets != PAD
            logits = nn.functional.linear(x[there], self.model.output_weight, self.model.bias)
            total += nn.functional.cross_entropy(logits, targets[there], reduction="sum").item()
        return total, tokens

    def onnx(self) -> bytes:
        from lyricist.model.onnx_graph import metadata_for, step_model

        config = self.model_config.model_dump()
        return step_model(config, self.optimiser.arrays(), metadata_for(config, self.cursor.step))

    def started(self) -> events.Started:
        return events.Started(
            self.run.home,
            str(self.device),
            self.model.parameter_count(),
            self.model_config.vocab_size,
            len(self.streams.split),
            self.valid_tokens,
            self.resumed_at,
            evaluations=self.config.evaluations,
        )
