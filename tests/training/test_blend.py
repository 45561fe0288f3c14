"""Weights between a base's and those that were trained, on a loss whose best weight is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lyricist.training.config import TrainConfig
from lyricist.training.loop import Cursor, Process, TrainingLoop
from lyricist.training.optimiser import Optimiser


class Bowl(TrainingLoop):
    """One weight, 0 in the base and 1 now; the validation loss is its distance from `best`."""

    def __init__(self, best: float, anchor: float = 10.0) -> None:
        self.best, self.config, self.process = best, TrainConfig(anchor=anchor, epochs=1.0), Process(0, 1)
        self.model = nn.Linear(1, 1, bias=False)
        self.optimiser = Optimiser(self.model, self.config)
        self.put(0.0)
        if anchor:
            self.optimiser.hold()
        self.cursor = Cursor(step=7, before=self.valid_loss())
        self.put(1.0)
        self.last_loss = self.valid_loss()
        self.cursor.best, self.history, self.origin = min(self.cursor.before, self.last_loss), None, 0.0

    def put(self, value: float) -> None:
        self.optimiser.put([torch.tensor([[value]])])

    def weight(self) -> float:
        return float(next(self.model.parameters()).detach()[0, 0])

    def valid_loss(self) -> float:
        return abs(self.weight() - self.best)

    def epoch_length(self) -> int:
        return 1

    def next_batch(self) -> tuple[Tensor, Tensor, Tensor | None]:
        raise NotImplementedError

    reset_some = seek = next_batch  # type: ignore[assignment]


@pytest.mark.parametrize(("best", "share"), [(0.5, 0.5), (0.8, 0.75), (0.2, 0.25), (0.1, 0.125)])
def test_the_best_weights_between_are_kept_as_a_checkpoint_of_their_own(best: float, share: float) -> None:
    loop = Bowl(best)
    event = loop.blend()
    assert event is not None and event.best and (loop.cursor.share, loop.weight()) == (share, share)
    assert loop.cursor.best == pytest.approx(abs(share - best), abs=1e-6) and loop.cursor.step == 8


@pytest.mark.parametrize("best", [-1.0, 0.0, 1.0, 3.0])
def test_weights_at_an_end_stay_where_they_are_best(best: float) -> None:
    loop = Bowl(best)
    assert loop.blend() is None
    assert (loop.weight(), loop.cursor.share, loop.cursor.step) == (1.0, 1.0, 7)


def test_without_an_anchor_there_is_nothing_to_go_back_to() -> None:
    assert Bowl(0.5, anchor=0.0).blend() is None
