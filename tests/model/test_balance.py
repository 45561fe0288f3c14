"""Words that a run says too often: found by writing, kept with its columns, inherited and held back."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import build_balance
from lyricist.corpus import Corpus
from lyricist.generate.writer import load
from lyricist.model.checkpoint import COLUMNS, Run, seal
from lyricist.model.tokens import Vocabulary
from lyricist.model.vocab_layout import VocabLayout
from lyricist.training.run_files import overused_by, spared


def test_a_ratio_is_bounded_and_little_words_are_left_alone() -> None:
    words = ["and", "our", "harbour", "meadow"]
    said, wanted = Counter(dict.fromkeys(words[::2], 1000)), Counter(dict.fromkeys(words[1::2], 1000))
    nats = build_balance.bounded(build_balance.over(said, wanted, words), words)
    assert nats.tolist() == [0, 0, build_balance.MOST, build_balance.LEAST]
    assert not build_balance.over(said, said, words).any()


@pytest.fixture(scope="module")
def balanced(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tests' run with a word held back and one brought on."""
    made = tmp_path_factory.mktemp("balanced") / "run"
    shutil.copytree(run.path, made)
    columns = VocabLayout.load(made / COLUMNS)
    columns.overused = np.zeros(len(run.vocabulary), dtype=np.float32)
    columns.overused[[20, 21]] = 1.5, -0.5
    columns.save(made / COLUMNS)
    seal(made)
    return Run.open(made)


def test_columns_keep_what_is_overused(run: Run, balanced: Run) -> None:
    found = VocabLayout.load(balanced.path / COLUMNS)
    assert found.overused is not None and found.overused[[19, 20, 21]].tolist() == [0, 1.5, -0.5]
    numbered = found.numbered(found.sig)
    assert numbered.overused is found.overused and numbered.finals is found.finals
    assert VocabLayout.load(run.path / COLUMNS).overused is None


def test_a_run_that_goes_on_inherits_it_by_word(run: Run, balanced: Run) -> None:
    words = run.vocabulary.tokens
    other = Vocabulary(["<unk>", words[21], "giraffe", words[20]])
    nats = overused_by(balanced, other)
    assert nats is not None and nats.tolist() == [0, -0.5, 0, 1.5]
    assert overused_by(run, other) is None
    often = np.array([False, True, True, True])
    kept = spared(nats, often)
    assert kept is not None and kept.tolist() == [0, -0.5, 0, 0]
    assert spared(None, often) is None


def test_a_run_that_was_balanced_says_words_more_as_songs_do(
    run: Run, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "run"
    shutil.copytree(run.path, made)
    monkeypatch.setattr(build_balance, "FORMS", (("5", "XXXX", None), ("7", "XXXX", None)))
    monkeypatch.setattr(build_balance, "COMMON", slice(10, 60))
    monkeypatch.setattr(sys, "argv", ["build_balance.py", str(made), str(corpus.path), "--songs", "80"])
    build_balance.main()
    nats = VocabLayout.load(made / COLUMNS).overused
    assert nats is not None and nats.any()

    def spread() -> float:
        words = run.vocabulary.tokens
        said = build_balance.written(load(made), 80)
        ratio = build_balance.over(said, build_balance.meant(corpus), words)
        return float((build_balance.shares(said, words) * ratio**2).sum())

    balanced = spread()
    columns = VocabLayout.load(made / COLUMNS)
    columns.overused = None
    columns.save(made / COLUMNS)
    seal(made)
    assert balanced < spread()
