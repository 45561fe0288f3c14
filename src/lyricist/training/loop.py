"""The training loop that the project's model and the classic recipe share: schedule, evaluations, saving, resuming.

What is read, what the network is and what a validation loss means is the subclass's. All randomness of a step comes
from (seed, step), so that resuming is exact.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lyricist._io import Arrays, load_arrays
from lyricist.errors import InputError, RunError
from lyricist.model.checkpoint import Run, save_checkpoint
from lyricist.training import events
from lyricist.training.config import TrainConfig
from lyricist.training.distributed import Process
from lyricist.training.optimiser import Optimiser
from lyricist.training.record import History

MARK_SHARE = 0.1  # of a budget that evaluations and their checkpoints may take
AFTERWARDS = 1.5  # seconds kept back of a budget for plots and card
WRITING = 3.0  # and for the songs of a fine-tuned run that show what it copies
SMOOTHING = 0.98  # of the training loss shown

State = tuple[Tensor, ...]


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
    before: float = math.nan  # validation loss of the weights that training went on from


class TrainingLoop(ABC):
    """One training run in one process. A subclass calls `open`, loads its data, then `begin`, and sets `wrapped`."""

    model: nn.Module
    wrapped: nn.Module  # (inputs, targets, state, negatives, features) -> (loss, state)
    samples = True  # whether a sample is asked for after evaluations

    # -- what a subclass says -----------------------------------------------------------------------

    @abstractmethod
    def next_batch(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Inputs and targets (T, B) at the cursor, which moves on, and the features of the inputs."""

    @abstractmethod
    def reset_some(self) -> None:
        """Set to zero what of the state is not to be carried into the batch that was just read."""

    @abstractmethod
    def valid_loss(self) -> float:
        """Nats a token on the validation songs."""

    @abstractmethod
    def epoch_length(self) -> int:
        """What the cursor's `t` counts up to in an epoch."""

    @abstractmethod
    def seek(self, epoch: int) -> None:
        """Have the data of this epoch at hand."""

    def onnx(self) -> bytes:
        """The step model that readers would get now; asked for where `samples` is on."""
        raise NotImplementedError

    # -- beginning ----------------------------------------------------------------------------------

    def open(self, run: Run, started: float) -> None:
        self.run, self.process, self.origin = run, Process.this(), started
        self.config = TrainConfig(**run.config["train"])
        self.device = self.process.device()
        torch.manual_seed(self.config.seed)
        self.cursor = Cursor()

    def schedule(self, updates: int) -> None:
        """How many updates there will be, `updates` an epoch; 0 if the budget alone decides."""
        self.total_steps = math.ceil(self.config.epochs * updates) if self.config.epochs else 0
        if not self.total_steps and not self.config.budget:
            raise RunError(f"{self.run.path}: its config has neither epochs nor budget")

    def begin(self, optimiser: Optimiser, state: State, resume: bool) -> None:
        self.optimiser, self.state = optimiser, state
        if resume:
            self.restore()
        self.origin -= self.cursor.seconds
        self.resumed_at, self.ending = self.cursor.step, self.cursor.reason
        self.history = History(self.run, self.cursor.step) if self.process.rank == 0 else None
        self.learning_rate = 0.0
        self.mark_cost = self.reserve = 0.0  # seconds the last evaluation took, and those kept back for the end
        self.rate = 0.0  # words a second
        self.last_save = self.last_mark = time.monotonic()

    # -- the loop ---------------------------------------------------------------------------------

    def loop(self, should_stop: Callable[[], bool]) -> Iterator[events.TrainEvent]:
        if self.fine_tuned and not self.cursor.step:
            yield from self.judge_base()
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

    def judge_base(self) -> Iterator[events.TrainEvent]:
        """An evaluation and a sample before the first step, of weights that stay the best if training only harms."""
        begun = time.monotonic()
        event = self.evaluate()
        self.cursor.before, self.cursor.waited = event.valid_loss, 0
        self.cursor.marks = int(self.progress() * self.config.evaluations)
        yield event
        yield self.save(best=True)
        self.marked(begun)
        if self.samples:
            yield events.SampleDue(self.cursor.step, self.onnx)

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

    # -- evaluation and saving --------------------------------------------------------------------

    def mark(self, progress: float) -> Iterator[events.TrainEvent]:
        """A planned evaluation: validation loss, the best weights kept, a sample asked for."""
        begun = time.monotonic()
        event = self.evaluate()
        self.cursor.marks = int(progress * self.config.evaluations)
        yield event
        if event.best:
            yield self.save(best=True)
        self.marked(begun)
        if self.samples:
            yield events.SampleDue(self.cursor.step, self.onnx)

    def marked(self, begun: float) -> None:
        """Note what an evaluation and its checkpoint have taken, so that the next is earned and the last has time."""
        self.last_mark = time.monotonic()
        self.mark_cost = self.last_mark - begun
        afterwards = AFTERWARDS + (WRITING if self.fine_tuned else 0.0)
        self.reserve = min(1.5 * self.mark_cost + afterwards, 0.2 * (self.config.budget or 0))

    def evaluate(self) -> events.Evaluated:
        c = self.cursor
        (loss,) = self.process.agree([self.valid_loss() if self.process.rank == 0 else 0.0])
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
            held = bool(self.optimiser.anchor) and not self.cursor.reason
            arrays = self.optimiser.arrays(), self.resumable()
            path = save_checkpoint(self.run, self.cursor.step, *arrays, info, best, keep_first=held)
        self.last_save = time.monotonic()
        return events.Saved(self.cursor.step, path)

    # -- arrays -------------------------------------------------------------------------------------

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
        if self.config.anchor and self.fine_tuned and not self.finished:
            self.optimiser.hold(load_arrays(run.file("weights.safetensors", "first")))
        self.seek(self.cursor.epoch)
        hidden = [saved[f"hidden.{i}"] for i in range(len(self.state))]
        if hidden[0].shape == self.state[0].shape:
            self.state = tuple(torch.from_numpy(h).to(self.device) for h in hidden)

    # -- events -------------------------------------------------------------------------------------

    @property
    def fine_tuned(self) -> bool:
        """Whether the first weights are another run's: they are judged, and may stay the best."""
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
