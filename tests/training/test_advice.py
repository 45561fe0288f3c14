"""What is said of a fine-tuning that taught little."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lyricist.corpus import Corpus
from lyricist.model.checkpoint import Run
from lyricist.training.advice import advice, taught
from lyricist.training.events import Finished

END = Finished(100, 6.0, 10.0, 4.0, "done", before=4.0)


@pytest.fixture
def fine_tuned(run: Run) -> Run:
    return run


def test_a_training_that_taught_something_needs_no_advice(fine_tuned: Run, corpus: Corpus) -> None:
    assert advice(replace(END, valid_loss=3.5), fine_tuned, corpus) == ""
    assert advice(replace(END, reason="interrupted"), fine_tuned, corpus) == ""
    assert advice(replace(END, before=math.nan), fine_tuned, corpus) == ""


def test_a_training_that_taught_nothing_says_so_and_why(fine_tuned: Run, corpus: Corpus) -> None:
    told = advice(END, fine_tuned, corpus)
    assert told.startswith("Your songs taught the network nothing: it predicts held-out songs no better than before")
    assert "much like what it knew already" in told


def test_little_time_is_named(fine_tuned: Run, corpus: Corpus) -> None:
    told = advice(replace(END, epoch=0.4), fine_tuned, corpus)
    assert "What would help: a longer budget (it read the songs 0.4 times)." in told


def test_few_songs_are_named(fine_tuned: Run, corpus: Corpus) -> None:
    corpus.info["splits"]["train"]["songs"], before = 8, corpus.info["splits"]["train"]["songs"]
    try:
        assert "more songs (8 is few; 40 or more teach reliably)" in advice(END, fine_tuned, corpus)
    finally:
        corpus.info["splits"]["train"]["songs"] = before


def test_a_small_gain_is_told_as_one() -> None:
    assert "only 1.2% better" in taught(0.012)
