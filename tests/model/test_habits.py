"""The habits of songs in a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lyricist.errors import RunError
from lyricist.model.checkpoint import Run
from lyricist.model.habits import HABITS, Habits, SectionForm
from lyricist.training.run_files import inherit

GOLDEN = Path(__file__).parents[1] / "golden" / "run-1"
VERSE = SectionForm("verse", (8, 6), "iambic", "AA")
MADE = Habits(((VERSE, SectionForm("verse", (8, 6), "", "XX", (0, 2))),), (("she", 1.0),), (("past", 1.0),), ("sea",))


def test_habits_are_read_as_they_were_saved(tmp_path: Path) -> None:
    MADE.save(tmp_path / HABITS)
    assert Habits.load(tmp_path / HABITS) == MADE


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"forms": [[{"name": "verse"}]], "persons": [], "tenses": []}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / HABITS).write_text(text)
    with pytest.raises(RunError, match="habits.json is damaged"):
        Habits.load(tmp_path / HABITS)


def test_a_base_hands_its_habits_on(tmp_path: Path) -> None:
    for name in ("base", "run"):
        shutil.copytree(GOLDEN, tmp_path / name)
    base, run = (Run.open(tmp_path / name) for name in ("base", "run"))
    inherit(run, base, HABITS)
    assert not (tmp_path / "run" / HABITS).exists()
    MADE.save(tmp_path / "base" / HABITS)
    inherit(run, base, HABITS)
    assert Habits.load(tmp_path / "run" / HABITS) == MADE
