"""The exercise on a literal songbook of tunes made here: read, trained, written, reported; and what is wrong with it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from songbook import file_of, make, song, tune, write_rows

from lyricist.apps.cli import run as lyricist
from lyricist.apps.exercise import Settings, exercise, read_material
from lyricist.apps.schemas import schema
from lyricist.errors import InputError

EVIL = "<script>alert(1)</script> & Co"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return make(tmp_path)


def call(place: Path, *more: object) -> int:
    files = [place / name for name in ("train.csv", "test.csv", "midi")]
    return lyricist(
        [str(a) for a in ("exercise", *files, "-o", place / "report", "--quick", "--budget", "1s", *more)]
    )


class Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_tables_are_read_as_the_exercise_has_them(place: Path) -> None:
    material = read_material(place / "train.csv", place / "test.csv", place / "midi", place / "songs")
    assert len(material.train) == 10  # nine rows
    assert [s.song.title for s in material.test] == [song(10)[1], song(11)[1]]
    assert all([len(p.slots) for p in s.tune.phrases] == [8, 8, 8, 8] for s in material.test)
    assert material.facts["train"]["songs"] == material.facts["train"]["with_tune"] == 10
    assert not material.missed


def test_every_variant_writes_for_every_melody_and_word(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gensim")
    evil = song(11)
    evil[1] = EVIL
    (place / "midi" / file_of(song(11))).rename(place / "midi" / "The_Clouds_-_script_alert_1_script_and_Co.mid")
    write_rows(place / "test.csv", [song(10), evil])
    words = ["--first", "The", "--first", "i", "--first", "you"]
    assert call(place, *words, "--variant", "classic-gru-project", "--variant", "lyricist-tune") == 0
    report = place / "report"
    found = json.loads((report / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, schema("exercise"))
    assert sorted(path.name for path in report.iterdir()) == [
        "figures",
        "lyrics",
        "report.html",
        "report.md",
        "results.json",
    ]
    check_lyrics(found)
    assert len(list((report / "lyrics").iterdir())) == 12 - sum(v["failed"] for v in found["variants"])
    check_page((report / "report.html").read_text(encoding="utf-8"), report)
    text = (report / "report.md").read_text(encoding="utf-8")
    assert "<script" not in text.replace("\\<script", "")
    assert set(re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)) == {
        f"figures/{p.name}" for p in (report / "figures").iterdir()
    }
    assert "report.html" in capsys.readouterr().err


def check_lyrics(found: dict[str, Any]) -> None:
    main = [lyric for lyric in found["lyrics"] if not lyric["again"]]
    asked = {(v, m, w) for v in ("classic-gru-project", "lyricist-tune") for m in (0, 1) for w in ("the", "i", "you")}
    assert {(lyric["variant"], lyric["melody"], lyric["first"]) for lyric in main} == asked and len(main) == 12
    for lyric in found["lyrics"]:
        if not lyric["failed"]:
            assert lyric["sections"][0]["lines"][0].lower().split()[0].rstrip(",") == lyric["first"]
            if lyric["variant"] == "lyricist-tune":
                assert lyric["figures"]["fit"]["syllables"] == 1.0
                assert len(lyric["sections"][0]["lines"]) == 4
            else:
                assert [len(s["lines"]) for s in lyric["sections"]] == [4, 4, 4, 4]
    assert found["first_words"] == ["the", "i", "you"]
    positions = {v["foretelling"]["positions"] for v in found["variants"]} | {found["frequent_guess"]["positions"]}
    assert len(positions) == 1  # all are judged on the same words


def check_page(text: str, report: Path) -> None:
    """Self-contained, nothing in it runs, and titles are text."""
    page = Tags()
    page.feed(text)
    assert "script" not in {tag for tag, _ in page.tags} and EVIL in page.text
    named = [a[k] for _, a in page.tags for k in ("src", "href") if k in a]
    assert len(named) == 4 and all(name and (report / name).is_file() for name in named)


def test_the_same_seed_draws_the_same_words_and_a_report_is_only_replaced_when_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(place, "--variant", "lyricist", "--melodies", 1, "--keep-runs") == 0
    first = json.loads((place / "report/results.json").read_text(encoding="utf-8"))
    assert len(first["first_words"]) == 3 and len(first["melodies"]) == 1
    assert lyricist(["evaluate", str(place / "report/runs/lyricist"), "--songs", "0", "--split", "valid"]) == 0
    assert call(place, "--variant", "lyricist") == 2
    assert "--force" in capsys.readouterr().err.splitlines()[-1]
    assert call(place, "--variant", "lyricist-forward", "--force") == 0
    again = json.loads((place / "report/results.json").read_text(encoding="utf-8"))
    assert again["first_words"] == first["first_words"] and len(again["melodies"]) == 2


def test_what_is_no_report_is_never_replaced(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "report").mkdir()
    (place / "report" / "thesis.txt").write_text("years of work")
    assert call(place, "--variant", "lyricist", "--force") == 2
    assert "no report of an exercise" in capsys.readouterr().err
    assert (place / "report" / "thesis.txt").read_text() == "years of work"


# --- bad input


def test_songs_and_tunes_that_have_nothing_in_common(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i, path in enumerate(sorted((place / "midi").iterdir())):
        path.rename(path.with_name(f"Nobody_-_Nothing_{'abcdefghijkl'[i]}.mid"))
    assert call(place, "--variant", "lyricist") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "no tune has the name of a song" in said and "The Clouds - Song Of River" in said and "Nobody_-_" in said
    assert not (place / "report").exists() and not list(place.glob(".report*"))


def test_songs_without_a_tune_and_a_broken_one_are_listed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    midi = place / "midi"
    (midi / file_of(song(0))).unlink()
    (midi / file_of(song(3))).write_bytes(b"MThd\x00\x00")
    tune(midi / "Stranger_-_Tune_Nobody_Sings.mid", 0)
    assert call(place, "--variant", "lyricist-forward", "--melodies", 1) == 0
    found = json.loads((place / "report/results.json").read_text(encoding="utf-8"))
    missed = found["missed"]
    assert missed["training songs without a tune"] == [f"The Clouds - {song(i)[1]}" for i in (0, 3)]
    assert file_of(song(3)) in missed["tunes that cannot be read"][0]
    assert missed["tunes without a song"] == ["Stranger_-_Tune_Nobody_Sings.mid"]
    assert found["data"]["train"]["with_tune"] == 8
    assert "training songs without a tune: 2" in capsys.readouterr().err
    assert "What did not come together" in (place / "report/report.md").read_text(encoding="utf-8")


def test_no_test_song_has_a_tune(place: Path) -> None:
    for i in (10, 11):
        (place / "midi" / file_of(song(i))).write_bytes(b"no music")
    with pytest.raises(InputError, match=r"test\.csv: none of its songs has a tune that can be read"):
        read_material(place / "train.csv", place / "test.csv", place / "midi", place / "songs")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("rivr", "nowhere in the training songs, so it has no vector; near it are river"),
        ("two words", "not one word"),
        ("?", "not one word"),
        ("The", "--first The is given twice"),
    ],
)
def test_a_first_word_without_a_vector(place: Path, word: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(place, "--variant", "lyricist", "--first", "the", "--first", word) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not (place / "report").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"first": tuple("abcdefghijk")}, "at most 10"),
        ({"budget": 0.0}, "--budget"),
        ({"preset": "huge"}, "--preset 'huge' is unknown: use one of tiny"),
        ({"melodies": -1}, "--melodies"),
    ],
)
def test_settings_that_are_none(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Settings(**settings)


def test_files_that_are_not_there(place: Path) -> None:
    own = Settings(variants=("lyricist",))
    with pytest.raises(InputError, match="no such file"):
        exercise(place / "none.csv", place / "test.csv", place / "midi", place / "report", own)
    with pytest.raises(InputError, match="no such folder"):
        exercise(place / "train.csv", place / "test.csv", place / "none", place / "report", own)
    with pytest.raises(InputError, match=r"--variant 'best' is unknown: use one of classic-lstm-concat"):
        exercise(
            place / "train.csv", place / "test.csv", place / "midi", place / "report", Settings(variants=("best",))
        )
    assert not (place / "report").exists()


def test_a_test_song_that_was_learnt_is_told(place: Path) -> None:
    write_rows(place / "test.csv", [song(2), song(11)])
    material = read_material(place / "train.csv", place / "test.csv", place / "midi", place / "songs")
    assert material.missed["test songs that stand in the training songs"] == [f"The Clouds - {song(2)[1]}"]
