"""What `train` shows at the end of a fine-tuning."""

from __future__ import annotations

import pytest

from lyricist.apps.cli.training_view import TrainingView
from lyricist.training.events import Finished


def test_advice_stands_after_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingView(quiet=False) as view:
        view.show(Finished(9, 1.0, 1.0, 4.0, "done", 4.0, advice="Your songs taught the network nothing."))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:] == [
        "held-out songs: perplexity 54.6 before, 54.6 after",
        "Your songs taught the network nothing.",
    ]


def test_a_training_that_taught_something_needs_none(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingView(quiet=False) as view:
        view.show(Finished(9, 1.0, 1.0, 3.0, "done", 4.0))
    assert len(capsys.readouterr().err.splitlines()) == 2
