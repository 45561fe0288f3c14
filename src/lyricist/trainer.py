"""Training: `train()` yields events; the caller shows them, stops it, writes samples.

Truncated backpropagation with carried state over contiguous songs. The schedule runs over wall time
or epochs; all randomness of a step comes from (seed, step), so that resuming is exact.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lyricist import events
from lyricist.batches import PAD, Streams, song_blocks
from lyricist.checkpoint import Arrays, Run, load_arrays, save_checkpoint
from lyricist.errors import InputError, RunError
from lyricist.model import LyricLSTM, ModelConfig
from lyricist.optimiser import Optimiser
from lyricist.planset import PlanSet, groups_of
from lyricist.presets import TrainConfig
from lyricist.process import LossStep, Process
from lyricist.record import History
from lyricist.tokenset import TokenSet

VALID_TOKENS = 20_000  # validation tokens looked at during training, about
MARK_SHARE = 0.1  # of a budget that evaluations and their checkpoints may take
AFTERWARDS = 1.5  # seconds kept back of a budget for plots and card
RESET = 0.05  # chance of a stream's state being set to zero before a window, so that any start is familiar
SMOOTHING = 0.98  # of the training loss shown


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

    `plans`: the plan features of these tokens, for a network that has any.
    `weights` start from another run's arrays; `resume` goes on from the run's own last checkpoint.
    `should_stop` is asked after every step: on true the run is saved and training ends.
    `started` (`time.monotonic()`) is where the budget begins to count, by default now.
    Sets PyTorch's global seed at every step. Raises `RunError`, and `InputError` on a full disk.
    """
    trainer = Trainer(run, tokens, plans, weights, resume, time.monotonic() if started is None else started)
    yield trainer.started()
    if not trainer.finished:
        yield from trainer.loop(should_stop)
    yield trainer.ended()


@dataclass
class Cursor:
    """Where training is; everything here goes into state.json."""

    step: int = 0
    epoch: int = 0
    t: int = 0  # position in the epoch's streams
    seconds: float = 0.0
    marks: int = 0  # evaluations passed
    waited: int = 0  # evaluations since the best
    best: float = math.inf
    loss: float = math.nan  # smoothed training loss
    reason: str = ""  # set when training has ended


class Trainer:
    """One training run in one process: model, optimiser, data, cursor."""

    def __init__(
        self, run: Run, tokens: TokenSet, plans: PlanSet | None, weights: Arrays | None, resume: bool, started: float
    ) -> None:
        self.run, self.process, self.origin = run, Process.this(), started
        self.config = TrainConfig(**run.config["train"])
        self.model_config = ModelConfig(**run.config["model"])
        self.device = self.process.device()
        torch.manual_seed(self.config.seed)
        self.model = LyricLSTM(self.model_config).to(self.device)
        self.load_data(tokens)
        self.groups = groups_of(self.model_config.features)
        if bool(self.groups) != (plans is not None):
            raise RunError(f"{run.path}: plan features are for networks that have them, and only for these")
        self.plans = plans.split("train") if plans is not None else None
        self.cursor = Cursor()
        self.optimiser = Optimiser(self.model, self.config)
        if weights is not None:
            self.optimiser.load_weights(weights)
        self.state = self.model.initial_state(self.config.batch)
        if resume:
            self.restore()
        self.origin -= self.cursor.seconds
        self.resumed_at, self.ending = self.cursor.step, self.cursor.reason
        self.history = History(run, self.cursor.step) if self.process.rank == 0 else None
        self.wrapped = self.wrap()
        self.learning_rate = 0.0
        self.mark_cost = self.reserve = 0.0  # seconds the last evaluation took, and those kept back for the end
        self.rate = 0.0  # words a second
        self.last_save = self.last_mark = time.monotonic()

    def wrap(self) -> nn.Module:
        step = LossStep(self.model)
        return nn.parallel.DistributedDataParallel(step) if self.process.size > 1 else step

    # -- data -------------------------------------------------------------------------------------

    def load_data(self, tokens: TokenSet) -> None:
        remap = tokens.remap(self.run.vocabulary)
        split = tokens.split("train")
        if len(split) < 2 * self.config.batch * self.process.size:
            raise InputError(
                f"the training songs hold {len(split)} tokens, too few for batch {self.config.batch}: add songs"
            )
        batch = self.config.batch * self.process.size
        self.streams = Streams(split, remap, batch, self.config.seed)
        self.epoch = self.streams.epoch(0)
        self.valid = [torch.from_numpy(b) for b in song_blocks(tokens.split("valid"), remap, VALID_TOKENS)]
        self.valid_tokens = sum(int((b != PAD).sum()) for b in self.valid)
        self.windows = self.epoch.windows(self.config.steps)
        self.total_steps = math.ceil(self.config.epochs * self.windows) if self.config.epochs else 0
        if not self.total_steps and not self.config.budget:
            raise RunError(f"{self.run.path}: its config has neither epochs nor budget")

    def next_batch(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Inputs and targets (T, B) of this process at the cursor, which moves on, and the inputs' plan features."""
        c, steps = self.cursor, self.config.steps
        ids = self.epoch.window(c.t, steps)
        window = torch.from_numpy(np.ascontiguousarray(ids[:, self.mine])).to(self.device)
        plan: Tensor | None = None
        if self.plans is not None:
            rows = self.epoch.features(c.t, steps, self.plans, self.groups, self.mine)
            plan = torch.from_numpy(rows).to(self.device)
        c.t += len(window) - 1
        if c.t >= self.streams.length - 1:
            c.epoch, c.t = c.epoch + 1, 0
            self.epoch = self.streams.epoch(c.epoch)
        return window[:-1], window[1:], plan

    # -- the loop ---------------------------------------------------------------------------------

    def loop(self, should_stop: Callable[[], bool]) -> Iterator[events.TrainEvent]:
        while True:
            progress, stop = self.process.agree([self.progress(), float(should_stop())])
            if stop:
                yield from self.end("interrupted", evaluate=False)
                return
            if progress >= 1:
                yield from self.end("done", evaluate=True)
                return
            self.step(progress)
            yield self.report(progress)
            if self.mark_due(progress):
                yield from self.mark(progress)
                if self.cursor.waited >= self.config.patience:
                    yield from self.end("stopped early", evaluate=False)
                    return
            elif time.monotonic() - self.last_save > self.config.save_every and self.process.size == 1:
                yield self.save(best=False)

    def mark_due(self, progress: float) -> bool:
        """Whether an evaluation is due; under a budget also whether the last one's cost is earned back."""
        due = progress >= (self.cursor.marks + 1) / self.config.evaluations
        earned = time.monotonic() - self.last_mark > self.mark_cost / MARK_SHARE
        (agreed,) = self.process.agree([float(due and (earned or not self.config.budget))])
        return bool(agreed)

    def progress(self) -> float:
        """0 to 1: the share of the schedule that is over, keeping back time for the last evaluation and save."""
        share = self.cursor.step / self.total_steps if self.total_steps else 0.0
        if self.config.budget:
            usable = max(1e-3, self.config.budget - self.reserve)
            share = max(share, self.elapsed() / usable)
        return share

    def elapsed(self) -> float:
        return time.monotonic() - self.origin

    def step(self, progress: float) -> None:
        """One update."""
        c, config = self.cursor, self.config
        begun = time.monotonic()
        torch.manual_seed((config.seed * 1_000_003 + c.step) * 1_009 + self.process.rank)
        self.model.train()
        ids, targets, plan = self.next_batch()
        self.reset_some()
        negatives = config.negatives if progress < 1 - config.full_share else 0
        loss, state = self.wrapped(ids, targets, self.state, negatives, plan)
        self.state = tuple(s.detach() for s in state)
        self.learning_rate = self.optimiser.update(loss, progress)
        c.step += 1
        value = loss.item()
        if not math.isfinite(value):
            raise InputError(f"the loss is {value} at step {c.step}: use a lower learning rate or clip")
        c.loss = value if math.isnan(c.loss) else SMOOTHING * c.loss + (1 - SMOOTHING) * value
        speed = ids.numel() * self.process.size / (time.monotonic() - begun)
        self.rate = speed if not self.rate else 0.95 * self.rate + 0.05 * speed

    def reset_some(self) -> None:
        """Songs are written from a zero state; without this the network has met one at its first step only.

        Drawn for the streams of all processes alike, so that their number does not matter.
        """
        rng = np.random.default_rng([self.config.seed, self.cursor.step])
        drawn = rng.random(self.streams.batch)[self.mine] >= RESET
        keep = torch.from_numpy(drawn).to(self.device, torch.float32)
        self.state = tuple(s * keep[None, :, None] for s in self.state)

    @property
    def mine(self) -> slice:
        """This process's streams among those of all."""
        return slice(self.process.rank * self.config.batch, (self.process.rank + 1) * self.config.batch)

    # -- evaluation and saving --------------------------------------------------------------------

    def mark(self, progress: float) -> Iterator[events.TrainEvent]:
        """A planned evaluation: validation loss, the best weights kept, a sample asked for."""
        begun = time.monotonic()
        event = self.evaluate()
        self.cursor.marks = int(progress * self.config.evaluations)
        yield event
        if event.best:
            yield self.save(best=True)
        self.last_mark = time.monotonic()
        self.mark_cost = self.last_mark - begun
        self.reserve = min(1.5 * self.mark_cost + AFTERWARDS, 0.2 * (self.config.budget or 0))
        yield events.SampleDue(self.cursor.step, self.onnx)

    def evaluate(self) -> events.Evaluated:
        c = self.cursor
        (loss,) = self.process.agree([self.valid_loss() if self.process.rank == 0 else 0.0])
        best = loss < c.best
        c.best, c.waited = (loss, 0) if best else (c.best, c.waited + 1)
        event = events.Evaluated(c.step, self.epoch_now(), self.elapsed(), c.loss, loss, best)
        if self.history:
            self.history.evaluated(event)
        return event

    @torch.no_grad()
    def valid_loss(self) -> float:
        """Nats per token on validation songs, with the weights readers get, and without a plan."""
        if not self.valid:
            return self.cursor.loss
        self.model.eval()
        with self.optimiser.averaged():
            parts = [self.block_loss(block.to(self.device)) for block in self.valid]
        return sum(nats for nats, _ in parts) / sum(tokens for _, tokens in parts)

    def block_loss(self, block: Tensor) -> tuple[float, int]:
        """(nats, tokens) of songs side by side (T, B), each from a zero state; PAD ends the shorter ones."""
        state, total = self.model.initial_state(block.shape[1]), 0.0
        for t in range(0, len(block) - 1, 64):
            ids, targets = block[t : t + 64].clamp_min(0), block[t + 1 : t + 65]
            logits, state = self.model(ids[: len(targets)], state)
            flat = logits.flatten(0, 1), targets.flatten()
            total += nn.functional.cross_entropy(*flat, ignore_index=PAD, reduction="sum").item()
        return total, int((block[1:] != PAD).sum())

    def end(self, reason: str, evaluate: bool) -> Iterator[events.TrainEvent]:
        best = False
        if evaluate:
            event = self.evaluate()
            best = event.best
            yield event
        self.cursor.reason = "" if reason == "interrupted" else reason
        self.ending = reason
        yield self.save(best)
        if self.history:
            self.history.close()

    def save(self, best: bool) -> events.Saved:
        self.cursor.seconds = self.elapsed()
        path = self.run.path
        if self.process.rank == 0:
            info = {"cursor": vars(self.cursor)}
            path = save_checkpoint(self.run, self.cursor.step, self.optimiser.arrays(), self.resumable(), info, best)
        self.last_save = time.monotonic()
        return events.Saved(self.cursor.step, path)

    # -- arrays -----------------------------------------------------------------------------------

    def resumable(self) -> Arrays:
        """What only resuming needs: the hidden state and the optimiser's."""
        hidden = {f"hidden.{i}": s.cpu().numpy() for i, s in enumerate(self.state)}
        return {**hidden, **self.optimiser.state()}

    def restore(self) -> None:
        """Go on from the run's last checkpoint."""
        run = self.run
        saved = load_arrays(run.file("state.safetensors", "resume"))
        self.optimiser.restore(load_arrays(run.file("weights.safetensors", "resume")), saved)
        self.cursor = Cursor(**run.state("resume")["cursor"])
        self.epoch = self.streams.epoch(self.cursor.epoch)
        hidden = [saved[f"hidden.{i}"] for i in range(len(self.state))]
        if hidden[0].shape == self.state[0].shape:
            self.state = tuple(torch.from_numpy(h).to(self.device) for h in hidden)

    def onnx(self) -> bytes:
        from lyricist.onnx_graph import metadata_for, step_model

        config = self.model_config.model_dump()
        return step_model(config, self.optimiser.arrays(), metadata_for(config, self.cursor.step))

    # -- events -----------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether the run had already ended when it was resumed."""
        return bool(self.cursor.reason)

    def started(self) -> events.Started:
        return events.Started(
            self.run.path,
            str(self.device),
            self.model.parameter_count(),
            self.model_config.vocab_size,
            len(self.streams.split),
            self.valid_tokens,
            self.resumed_at,
        )

    def report(self, progress: float) -> events.Progress:
        elapsed = self.elapsed()
        c = self.cursor
        left = elapsed * (1 - progress) / progress if progress > 0 else math.inf
        event = events.Progress(
            c.step, self.epoch_now(), progress, c.loss, self.learning_rate, self.rate, elapsed, left
        )
        if self.history:
            self.history.progress(event)
        return event

    def epoch_now(self) -> float:
        return self.cursor.epoch + self.cursor.t / self.streams.length

    def ended(self) -> events.Finished:
        c = self.cursor
        return events.Finished(c.step, self.epoch_now(), self.elapsed(), c.best, self.ending)
