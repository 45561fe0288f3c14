"""A run without the words that a corpus hardly knows: smaller, the same to the words it keeps, gone on from like any."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

import trim_vocabulary

from lyricist.checkpoint import Run
from lyricist.corpus import Corpus, PrepareOptions, prepare
from lyricist.errors import InputError
from lyricist.start import Options, train_songs
from lyricist.tokens import SPECIALS
from lyricist.writer import load
from lyricist.writing.plan import Plan


@pytest.fixture(scope="module")
def few(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Songs of a few of the run's words, and of two that it does not know."""
    known = [w for w in run.vocabulary.tokens if w not in SPECIALS and w.isalpha()][:40]
    lines = [f"{a} {b} zebra {b} giraffe" for a, b in pairwise(known)]
    texts = ["\n".join(lines[i : i + 4]) for i in range(0, len(lines), 4)]
    keep = PrepareOptions(keep_duplicates=True, related=None, near_duplicate=None)
    folder = tmp_path_factory.mktemp("songs") / "corpus"
    return prepare(texts=texts, out=folder, options=keep)


def test_a_trimmed_run_knows_its_words_as_before(run: Run, few: Corpus, tmp_path: Path) -> None:
    special = sum(token in SPECIALS for token in run.vocabulary.tokens)
    made, lost = trim_vocabulary.trim(run, Path(few.path), tmp_path / "trimmed", special + 30)
    left = made.vocabulary.tokens
    assert len(left) == special + 30 and len(lost) == len(run.vocabulary) - len(left)
    assert left == [t for t in run.vocabulary.tokens if t in set(left)]  # in the same order
    assert made.vocabulary.order == run.vocabulary.order
    ids = [run.vocabulary.index[t] for t in left]
    old, new = run.weights(), made.weights()
    for name, value in old.items():
        np.testing.assert_array_equal(new[name], value[ids] if name in trim_vocabulary.BY_WORD else value)
    assert load(made.path).write(Plan(form="verse", lines=2), seed=1)[0].text


def test_a_trimmed_run_has_room_for_new_words(run: Run, few: Corpus, tmp_path: Path) -> None:
    size = len(run.vocabulary) - 10
    trim_vocabulary.trim(run, Path(few.path), tmp_path / "trimmed", size)
    options = Options(
        base=str(tmp_path / "trimmed"),
        vocabulary=size + 2,
        train={"epochs": 1.0, "batch": 2, "steps": 8, "evaluations": 1},
    )
    for _ in train_songs(few, tmp_path / "on", options):
        pass
    assert Run.open(tmp_path / "on").vocabulary.tokens[size:] == ["giraffe", "zebra"]


@pytest.mark.parametrize("words", [0, 10**6])
def test_a_size_that_cannot_be_is_refused(run: Run, few: Corpus, tmp_path: Path, words: int) -> None:
    with pytest.raises(InputError, match=f"--words {words}: .* has "):
        trim_vocabulary.trim(run, Path(few.path), tmp_path / "trimmed", words)
    assert not (tmp_path / "trimmed").exists()
