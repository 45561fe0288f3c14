"""The exercise made of public-domain hymns in the exercise's own layout; skipped where the data is absent."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import pytest

from hymns_exercise import DATA, hymns, lay_out
from lyricist.apps.cli import run as lyricist
from lyricist.apps.exercise import read_material
from lyricist.apps.schemas import schema

pytestmark = pytest.mark.skipif(
    not (DATA / "melodies/hymns-midi").is_dir(), reason="needs the hymns in ../shared/data"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two hymns to learn from, two to be judged by."""
    out = tmp_path_factory.mktemp("hymns")
    lay_out(hymns(most=24), out, test=2)
    return out


def test_the_layout_is_that_of_the_exercise(place: Path) -> None:
    with open(place / "train.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] != "artist" and {len(row) for row in rows} == {3, 6}
    assert all(" & " in row[2] for row in rows)
    assert all("_-_" in path.name and " " not in path.name for path in (place / "midi").iterdir())


def test_all_hymns_find_their_tunes(place: Path) -> None:
    material = read_material(place / "train.csv", place / "test.csv", place / "midi", place / "songs")
    assert (len(material.train), len(material.test)) == (22, 2) and not material.missed
    assert material.facts["train"]["lines_with_notes"] > 0


def test_the_whole_exercise_of_hymns(place: Path) -> None:
    """One classic variant and the project's model; the latter has a syllable for every note of an unseen tune."""
    pytest.importorskip("gensim")
    files = [str(place / name) for name in ("train.csv", "test.csv", "midi")]
    options = ["--quick", "--budget", "1s", "--melodies", "1", "--seed", "1"]
    variants = ["--variant", "classic-lstm-concat", "--variant", "lyricist"]
    assert lyricist(["exercise", *files, "-o", str(place / "report"), *options, *variants]) == 0
    found = json.loads((place / "report/results.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, schema("exercise"))
    classic, own = found["variants"]
    assert own["failed"] == classic["failed"] == 0
    assert own["written"]["fit"]["syllables"] == 1.0 > classic["written"]["fit"]["syllables"]
    assert own["written"]["longest_copied_run"] <= 6
    assert found["data"]["train"]["songs"] == 22
