"""What `train` shows: one live line on a terminal, elsewhere a line every few seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from types import TracebackType

from lyricist.evaluation.train import RUN
from lyricist.training import events

PLAIN_SECONDS = 10.0  # between two lines where there is no terminal


class TrainingView:
    """Shows training events on stderr; nothing if `quiet`, as in the other processes of a torchrun."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.live = Live(console=self.console, refresh_per_second=4, transient=True)
        self.valid, self.last = math.nan, -math.inf
        self.kind = "nats"  # of the losses

    def __enter__(self) -> TrainingView:
        self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.stop()

    def show(self, event: events.TrainEvent) -> None:
        match event:
            case events.Started():
                self.started(event)
            case events.Progress():
                self.progress(event)
            case events.Evaluated():
                self.valid = event.valid_loss
            case events.Measuring():
                self.say("writing songs to count what it says too often ...")
            case events.Finished():
                self.finished(event)

    def say(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)

    def started(self, e: events.Started) -> None:
        self.kind = e.loss
        go_on = f", going on at step {e.resumed_at:,}" if e.resumed_at else ""
        self.say(
            f"{e.parameters / 1e6:.2f} M parameters, {e.vocabulary:,} words, {e.train_tokens:,} training "
            f"and {e.valid_tokens:,} validation tokens, on {e.device}{go_on}"
        )

    def progress(self, e: events.Progress) -> None:
        losses = f"L1 loss {e.loss:.4f}  validation {self.worth(self.valid)}"
        if self.kind == "nats":
            losses = f"loss {e.loss:.2f}  perplexity {perplexity(e.loss)}  validation {self.worth(self.valid)}"
        line = (
            f"step {e.step:,}  epoch {e.epoch:.1f}  {losses}  "
            f"{e.words_per_second:,.0f} words/s  {clock(e.seconds_left)} left"
        )
        if self.console.is_terminal:
            self.live.update(line)
        elif time.monotonic() - self.last > PLAIN_SECONDS:
            self.last = time.monotonic()
            self.say(line)

    def worth(self, loss: float) -> str:
        """A validation loss as it is shown."""
        if self.kind == "nats":
            return perplexity(loss)
        return f"{loss:.4f}" if math.isfinite(loss) else "-"

    def finished(self, e: events.Finished) -> None:
        words = {"done": "trained", "stopped early": "trained (stopped when validation no longer improved)"}
        self.say(
            f"{words.get(e.reason, 'stopped and saved')}: {e.step:,} steps, {e.epoch:.1f} epochs, "
            f"{clock(e.seconds)}, validation {'perplexity' if self.kind == 'nats' else 'L1 loss'} "
            f"{self.worth(e.valid_loss)}" + ("; go on with --resume" if e.reason == "interrupted" else "")
        )
        for line in went_on(e):
            self.say(line)
        if e.advice:
            self.say(e.advice)


def went_on(e: events.Finished) -> Iterator[str]:
    """What fine-tuning improved, and how many words of the songs are copied."""
    if math.isfinite(e.before):
        yield f"held-out songs: perplexity {perplexity(e.before)} before, {perplexity(e.valid_loss)} after"
    if math.isfinite(e.copied_written):
        told = f"{e.copied_written:.1%} of the words it writes stand in runs of {RUN} words or more of your songs"
        yield f"{told} (held-out songs: {e.copied_held_out:.1%})"


def perplexity(loss: float) -> str:
    return f"{math.exp(min(loss, 30)):.1f}" if math.isfinite(loss) else "-"


def clock(seconds: float) -> str:
    """
    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
