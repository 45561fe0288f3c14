"""The training loop of our own model and of the classic recipe: schedule, evaluations, saving, resuming, processes.

A subclass defines the data, the network and the validation loss. All randomness of a step comes from (seed, step), so
that resuming is exact. T time steps, B streams.
"""

from __future__ import annotations

import math
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from lyricist._io import Arrays, load_arrays
from lyricist.errors import InputError, RunError
from lyricist.model.checkpoint import Run, save_checkpoint, take_place
from lyricist.training import events
from lyricist.training.config import TrainConfig
from lyricist.training.optimiser import Optimiser
from lyricist.training.record import History

MARK_SHARE = 0.1  # share of a budget that evaluations and their checkpoints may take
AFTERWARDS = 1.5  # seconds of a budget reserved for plots and card
WRITING = 45.0  # and for the songs of a fine-tuned run that measure what it overuses and copies
BLENDS = 3.0  # evaluations after a fine-tuning, of weights between the base's and its own
SMOOTHING = 0.98  # of the training loss shown

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class Process:
    """Process `rank` of the `size` that torchrun started, or the only one. The first writes files and decides."""

    rank: int
    size: int

    @classmethod
    def this(cls) -> Process:
        """From torchrun's environment; joins the process group, which `process_group` ends, on the first call."""
        process = cls(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))
        if process.size > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if process.device().type == "cuda" else "gloo")
        return process

    @property
    def first(self) -> bool:
        return self.rank == 0

    def device(self) -> torch.device:
        """CUDA, else Apple's GPU, else the CPU."""
        if torch.cuda.is_available():
            return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")

    def wait(self) -> None:
        """Wait until all processes have called this."""
        if self.size > 1:
            dist.barrier()

    def agree(self, values: list[float]) -> list[float]:
        """The first process's values, in every process."""
        if self.size == 1:
            return values
        device = self.device() if dist.get_backend() == "nccl" else "cpu"
        shared = torch.tensor(values, dtype=torch.float64, device=device)
        dist.broadcast(shared, 0)
        return [float(v) for v in shared]


@contextmanager
def process_group() -> Iterator[None]:
    """Leaves the group of processes at the end: with all the others, but at once after an error. A process that ends
    while it is in the group may abort, as others still send to it."""
    try:
        yield
        if dist.is_initialized():
            dist.barrier()
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


@dataclass
class Cursor:
    """The position of a training; all of it goes into state.json."""

    step: int = 0
    epoch: int = 0
    t: int = 0  # position in the epoch's streams
    seconds: float = 0.0
    marks: int = 0  # evaluations done
    waited: int = 0  # evaluations since the best one
    best: float = math.inf
    loss: float = math.nan  # smoothed training loss
    reason: str = ""  # set when training has ended
    before: float = math.nan  # validation loss of the base's weights
    share: float = 1.0  # of the way from the base's weights to those that were trained, see `TrainingLoop.blend`

    @classmethod
    def of(cls, saved: Any, path: Path) -> Cursor:
        """A position from state.json. Raises `RunError` that names the run for what no training has written."""
        whole = {field.name for field in fields(cls) if field.type == "int"}
        try:
            made = cls(**saved)
            numbers = [value for name, value in vars(made).items() if name != "reason"]
            sizes = [getattr(made, name) for name in whole]
            good = all(type(n) is int and n >= 0 for n in sizes) and all(type(n) in (int, float) for n in numbers)
            if not good or not isinstance(made.reason, str) or made.epoch > 1_000_000:
                raise ValueError("its numbers")
        except (TypeError, ValueError) as e:
            raise RunError(f"{path} cannot go on: its state.json is damaged; start a new run with --from") from e
        return made


class TrainingLoop(ABC):
    """One training run in one process. A subclass calls `open`, loads its data, then `begin`, and sets `wrapped`."""

    model: nn.Module
    wrapped: nn.Module  # (inputs, targets, state, negatives, features) -> (loss, state)
    samples = True  # whether `SampleDue` follows evaluations

    # -- what a subclass defines --------------------------------------------------------------------

    @abstractmethod
    def next_batch(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Inputs and targets, each (T, B), and plan features (T, B, F) or None; advances the cursor."""

    @abstractmethod
    def reset_some(self) -> None:
        """Set to zero the states that must not be carried into the batch that was just read."""

    @abstractmethod
    def valid_loss(self) -> float:
        """The loss on the validation songs."""

    @abstractmethod
    def epoch_length(self) -> int:
        """The cursor's `t` at the end of an epoch."""

    @abstractmethod
    def seek(self, epoch: int) -> None:
        """Load the data of this epoch."""

    def onnx(self) -> bytes:
        """The current step model, for `SampleDue`."""
        raise NotImplementedError

    # -- beginning ----------------------------------------------------------------------------------

    def open(self, run: Run, started: float) -> None:
        """Set process, device, config and cursor."""
        self.run, self.process, self.origin = run, Process.this(), started
        self.config = TrainConfig(**run.config["train"])
        self.device = self.process.device()
        torch.manual_seed(self.config.seed)
        self.cursor = Cursor()

    def schedule(self, updates: int) -> None:
        """Set the number of updates from `updates` per epoch; 0 if only the budget decides. Raises `RunError`."""
        self.total_steps = math.ceil(self.config.epochs * updates) if self.config.epochs else 0
        if not self.total_steps and not self.config.budget:
            raise RunError(f"{self.run.home}: its config has neither epochs nor budget")

    def begin(self, optimiser: Optimiser, state: State, resume: bool) -> None:
        """Start, or restore the last checkpoint, and open the record."""
        self.optimiser, self.state = optimiser, state
        size = self.restore() if resume else None
        self.origin -= self.cursor.seconds
        self.resumed_at, self.ending = self.cursor.step, self.cursor.reason
        self.history = History(self.run, self.cursor.step, size) if self.process.rank == 0 else None
        self.learning_rate = 0.0
        self.mark_cost = self.reserve = 0.0  # seconds of the last evaluation, and those reserved for the end
        self.rate = 0.0  # words a second
        self.last_loss = math.inf  # of the last evaluation
        self.last_save = self.last_mark = time.monotonic()

    # -- the loop ---------------------------------------------------------------------------------

    def loop(self, should_stop: Callable[[], bool]) -> Iterator[events.TrainEvent]:
        """Train until the schedule ends, validation stops improving or `should_stop()` is true."""
        if self.fine_tuned and not self.cursor.step:
            yield from self.judge_base()
        while True:
            progress, stop = self.process.agree([self.progress(), float(should_stop())])
            if stop:
                if not self.cursor.step and self.run.is_new and self.run.hold.lock is not None:
                    raise InputError(f"stopped before the first step: {self.run.home} is as it was")
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

    def judge_base(self) -> Iterator[events.TrainEvent]:
        """Evaluates the base and asks for a sample before the first step.

        The base stays the best if training only makes it worse.
        """
        begun = time.monotonic()
        event = self.evaluate()
        self.cursor.before, self.cursor.waited = event.valid_loss, 0
        self.cursor.marks = int(self.progress() * self.config.evaluations)
        yield event
        yield self.save(best=True)
        self.marked(begun)
        if self.samples:
            yield events.SampleDue(self.cursor.step, self.onnx, self.run.vocabulary)

    def mark_due(self, progress: float) -> bool:
        """Whether an evaluation is due and, under a budget, evaluations have not taken more than MARK_SHARE of it."""
        due = progress >= (self.cursor.marks + 1) / self.config.evaluations
        earned = time.monotonic() - self.last_mark > self.mark_cost / MARK_SHARE
        (agreed,) = self.process.agree([float(due and (earned or not self.config.budget))])
        return bool(agreed)

    def progress(self) -> float:
        """The share of the schedule that is over, 0 to 1; time for the last evaluation and save is reserved."""
        share = self.cursor.step / self.total_steps if self.total_steps else 0.0
        if self.config.budget:
            usable = max(1e-3, self.config.budget - self.reserve)
            share = max(share, self.elapsed() / usable)
        return share

    def elapsed(self) -> float:
        return time.monotonic() - self.origin

    def step(self, progress: float) -> None:
        """One update. Raises `InputError` if the loss is not finite."""
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

    # -- evaluation and saving --------------------------------------------------------------------

    def mark(self, progress: float) -> Iterator[events.TrainEvent]:
        """A scheduled evaluation: validation loss, checkpoint if it is the best, sample."""
        begun = time.monotonic()
        event = self.evaluate()
        self.cursor.marks = int(progress * self.config.evaluations)
        yield event
        if event.best:
            yield self.save(best=True)
        self.marked(begun)
        if self.samples:
            yield events.SampleDue(self.cursor.step, self.onnx, self.run.vocabulary)

    def marked(self, begun: float) -> None:
        """Note how long an evaluation and its checkpoint took, and reserve time for the last one."""
        self.last_mark = time.monotonic()
        self.mark_cost = self.last_mark - begun
        afterwards = AFTERWARDS + (WRITING if self.fine_tuned else 0.0)
        marks = 1.5 + (BLENDS if self.optimiser.anchor else 0.0)
        self.reserve = min(marks * self.mark_cost + afterwards, 0.2 * (self.config.budget or 0))

    def evaluate(self) -> events.Evaluated:
        c = self.cursor
        (loss,) = self.process.agree([self.valid_loss() if self.process.rank == 0 else 0.0])
        self.last_loss = loss
        best = loss < c.best
        c.best, c.waited = (loss, 0) if best else (c.best, c.waited + 1)
        event = events.Evaluated(c.step, self.epoch_now(), self.elapsed(), c.loss, loss, best)
        if self.history:
            self.history.evaluated(event)
        return event

    def end(self, reason: str, evaluate: bool) -> Iterator[events.TrainEvent]:
        best = False
        if evaluate:
            event = self.evaluate()
            best = event.best
            yield event
        if reason != "interrupted" and (blended := self.blend()) is not None:
            best = True
            yield blended
        self.cursor.reason = "" if reason == "interrupted" else reason
        self.ending = reason
        yield self.save(best)
        take_place(self.run)
        if self.history:
            self.history.close()

    def blend(self) -> events.Evaluated | None:
        """Move the weights part of the way back to the base's, if the validation songs like that better than the best
        weights so far; None if they do not, and without an anchor.

        Training on a few songs teaches a network their voice and costs it some of its English; between the two sets
        of weights lie better ones than either (Wortsman et al. 2022, *Robust fine-tuning of zero-shot models*). Half
        way is tried, then the quarter beside the better end, then an eighth where the base has been the best.
        """
        optimiser, c = self.optimiser, self.cursor
        if not optimiser.anchor or self.config.average or not c.step:
            return None
        own, losses = [p.clone() for p in optimiser.raw()], {0.0: c.before, 1.0: self.last_loss}

        def loss_at(share: float) -> float:
            optimiser.put([torch.lerp(base, w, share) for base, w in zip(optimiser.anchor, own, strict=True)])
            (loss,) = self.process.agree([self.valid_loss() if self.process.rank == 0 else 0.0])
            losses[share] = loss
            return loss

        loss_at(0.5)
        nearer = losses[1.0] > losses[0.0]
        if loss_at(0.25 if nearer else 0.75) > losses[0.0] and nearer:
            loss_at(0.125)
        share = min((s for s in losses if 0 < s < 1), key=lambda s: losses[s])
        if losses[share] >= c.best:
            optimiser.put(own)
            return None
        optimiser.put([torch.lerp(base, w, share) for base, w in zip(optimiser.anchor, own, strict=True)])
        c.best, c.share, c.step = losses[share], share, c.step + 1  # a checkpoint of its own
        event = events.Evaluated(c.step, self.epoch_now(), self.elapsed(), c.loss, c.best, True)
        if self.history:
            self.history.evaluated(event)
        return event

    def save(self, best: bool) -> events.Saved:
        self.cursor.seconds = self.elapsed()
        path = self.run.path
        if self.history:
            info = {"cursor": vars(self.cursor), "history": self.history.sync()}
            held = bool(self.optimiser.anchor) and not self.cursor.reason
            arrays = self.optimiser.arrays(), self.resumable()
            path = save_checkpoint(self.run, self.cursor.step, *arrays, info, best, keep_first=held)
        self.last_save = time.monotonic()
        return events.Saved(self.cursor.step, path)

    # -- arrays -------------------------------------------------------------------------------------

    def resumable(self) -> Arrays:
        """What only resuming needs: the hidden states and the optimiser's state."""
        hidden = {f"hidden.{i}": s.cpu().numpy() for i, s in enumerate(self.state)}
        return {**hidden, **self.optimiser.state()}

    def restore(self) -> int | None:
        """Load the run's last checkpoint; returns the bytes of the history when it was saved, None if unknown."""
        run = self.run
        saved = load_arrays(run.file("state.safetensors", "resume"))
        self.optimiser.restore(load_arrays(run.file("weights.safetensors", "resume")), saved)
        state = run.state("resume")
        self.cursor = Cursor.of(state.get("cursor"), run.path)
        if self.config.anchor and self.fine_tuned and not self.finished:
            self.optimiser.hold(load_arrays(run.file("weights.safetensors", "first")))
        self.seek(self.cursor.epoch)
        hidden = [saved.get(f"hidden.{i}", np.zeros(0)) for i in range(len(self.state))]
        if all(h.shape == s.shape and h.dtype == np.float32 for h, s in zip(hidden, self.state, strict=True)):
            self.state = tuple(torch.from_numpy(h).to(self.device) for h in hidden)
        history = state.get("history")
        return history if type(history) is int and history >= 0 else None

    # -- events -------------------------------------------------------------------------------------

    @property
    def fine_tuned(self) -> bool:
        """Whether the first weights are another run's."""
        return self.run.config.get("base") is not None

    @property
    def finished(self) -> bool:
        """Whether the run had already ended when it was resumed."""
        return bool(self.cursor.reason)

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
        return self.cursor.epoch + self.cursor.t / self.epoch_length()

    def ended(self) -> events.Finished:
        c = self.cursor
        return events.Finished(c.step, self.epoch_now(), self.elapsed(), c.best, self.ending, c.before)
