"""The figures of variety, and the table of stock phrases that is made of counts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

import build_stock
import variety
from lyricist.evaluation import overuse
from lyricist.model.copy_index import word_hash
from lyricist.model.stock import LINE, NONE, OPENING, RHYME, RUN, WORD, StockPhrases, phrase_key

SONGS = (
    ("I wait beside the gate", "And you are always late", "I wait beside the gate", "I'm going out I'm going up"),
    ("I wait beside the gate", "You call me from the door", "A boat is on the lake", "We had a house before"),
    ("A stranger rang the bell", "He said that he was late", "And no one heard him tell", "The story of the gate"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three choruses, as `write --jsonl` prints them."""
    rows = [
        {"seed": n, "sections": [{"name": "chorus", "lines": [{"text": t} for t in x]}]} for n, x in enumerate(SONGS)
    ]
    (tmp_path / "songs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path / "songs.jsonl"


def test_the_figures_of_three_songs(file: Path) -> None:
    songs = variety.texts(file)
    read = {("rang", "the", "bell", "he", "said", "that")}
    found = variety.count(songs, read)
    assert (found["songs"], found["words"], found["share_a_line"], found["with_a_chorus"]) == (3, 65, 2, 3)
    assert found["rhyme_pair"]["commonest"]["gate late"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["opening"] == {"share": 0.6667, "commonest": {"i wait beside": 0.6667, "a stranger rang": 0.3333}}
    assert found["mould"]["commonest"] == {"ABCD": 0.6667, "ABAC": 0.3333}
    assert found["twice"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["words_in"] == {"gate": 1.0, "late": 0.667, "goodbye": 0.0}
    assert found["runs"] == pytest.approx(1 / 3, abs=1e-3)


def test_pairs_of_words_count_once_for_the_lines_that_a_song_repeats(file: Path) -> None:
    lines = set(variety.texts(file)[0].lines)
    own = [variety.texts(file)[0]]
    assert variety.distinct_2(own) == 12 / sum(len(line) - 1 for line in lines)


def test_every_theme_is_that_of_a_block_of_seeds() -> None:
    calls = list(variety.calls_of(range(5, 70), 5, themes=True))
    assert [call[call.index("--count") + 1] for call in calls] == ["30", "30", "5"]
    assert [call[-1] for call in calls] == list(variety.THEMES[:3])
    assert "--about" not in variety.calls_of(range(3), 0, themes=False).__next__()


# --- the table


def songs_of(file: Path) -> list[overuse.Lines]:
    return list(build_stock.written_songs(file.parent, 3, file, 1.0))


def key_of(kind: int, text: str) -> int:
    return phrase_key(kind, [word_hash(word) for word in text.split()])


def test_phrases_get_nats_by_how_much_too_common_they_are(file: Path) -> None:
    sounds = overuse.Sounds()
    ours = overuse.count(songs_of(file), sounds)
    made = build_stock.table(ours, (Counter(), 1), NONE)
    assert ours[0][WORD, ("gate",)] == 3 and ours[0][RHYME, overuse.pair("late", "gate")] == 2
    assert made[key_of(WORD, "gate")] == pytest.approx(build_stock.MOST[WORD])
    assert made[key_of(OPENING, "i wait beside")] > 4 and made[key_of(LINE, "i wait beside the gate")] > 8 - 1e-9
    assert key_of(RUN, "going out") not in made and key_of(WORD, "the") not in made
    assert phrase_key(RHYME, sorted(map(word_hash, ("gate", "late")))) in made


def test_what_people_say_as_often_costs_nothing_and_nats_add_up(file: Path) -> None:
    ours = overuse.count(songs_of(file), overuse.Sounds())
    assert key_of(WORD, "gate") not in build_stock.table(ours, ours, NONE)
    phrase = (RUN, ("beside", "the"))
    assert build_stock.nats_of(phrase, 0.008, 0.0, 0.5) == pytest.approx(
        0.5 + build_stock.nats_of(phrase, 0.008, 0, 0)
    )
    assert build_stock.nats_of(phrase, 0.001, 0.0, 0.5) == 0
    before = StockPhrases({key_of(WORD, "goodbye"): 1.0})
    assert build_stock.table(ours, ours, before)[key_of(WORD, "goodbye")] == 1.0  # unseen: as it was


def test_themes_are_nouns_of_neither_few_nor_most_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_stock, "FEW", 2)
    monkeypatch.setattr(build_stock, "MANY", 0.5)
    lines = [
        "a harbour is cold",
        "my harbour",
        "we cherish the wide sea",
        "a wide river",
        "the sea",
        "sea of sea",
    ]
    songs = [[[tuple(line.split())]] for line in [*lines, "a boat", "the boat"]]
    assert build_stock.theme_words(songs, (Counter(), 1)) == ["harbour", "boat"]
