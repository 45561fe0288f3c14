"""Which words of the songs of a fine-tuning are drawn, and which are not held back."""

from __future__ import annotations

from pathlib import Path

from lyricist.corpus import Corpus
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.model.habits import HABITS, Habits
from lyricist.model.tokens import Vocabulary
from lyricist.training.config import Options
from lyricist.training.run_files import NUMERAL, used_often
from lyricist.training.token_arrays import TokenSet

VOCABULARY = Vocabulary(["<unk>", "thou", "goodbye", "sea", "o'er"], "word", {}, "backward")


def test_words_are_used_often_by_their_share_of_all_words() -> None:
    counted = TokenSet(Path(), "word", ["sea", "goodbye", "thou", "o'er"], [9_990, 4, 5, 1], {})
    assert used_often(counted, VOCABULARY).tolist() == [False, True, False, True, False]


def test_few_words_are_used_often_from_two_uses() -> None:
    counted = TokenSet(Path(), "word", ["sea", "thou", "o'er"], [20, 2, 1], {})
    assert used_often(counted, VOCABULARY).tolist() == [False, True, False, True, False]


def test_numbers_of_stanzas_are_no_words() -> None:
    assert all(map(NUMERAL.fullmatch, ("ii", "iii", "iv", "vi", "viii", "ix", "xii", "xxiv")))
    assert not any(map(NUMERAL.fullmatch, ("i", "x", "ill", "mix", "vivid", "ivy", "")))


def test_a_fine_tuned_run_knows_the_forms_of_its_songs(run: Run, corpus: Corpus, tmp_path: Path) -> None:
    tune = Options(base=str(run.path), train={"epochs": 0.2, "batch": 4, "steps": 16, "evaluations": 1})
    list(train_songs(corpus, tmp_path / "tuned", tune))
    known = Habits.load(tmp_path / "tuned" / HABITS)
    assert len(known.forms) > 40 and {section.name for form in known.forms for section in form} == {"verse", "chorus"}
    assert not (run.path / HABITS).exists()  # made from scratch
