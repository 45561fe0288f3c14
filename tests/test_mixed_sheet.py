"""Mixed sheets: what a reader sees, what the key keeps, and how marks become figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

import mixed_sheet
from lyricist.corpus import Line, Section, Song
from mixed_sheet import Entry, Figure, agreement, figures, mean_of, plain_text, read_marks, themes

VERSE = "The {a} Stood, by the Sea!\nI'd have -- gone home.\nWe sang of {b};\nand all was well"
CHORUS = "O sing to me,\nsing, {b}, sing\nto the {a}\nand to everything."


def song_text(number: int) -> str:
    a, b = f"ship{'abcdefghij'[number]}", f"gull{'abcdefghij'[number]}"
    verse, chorus = VERSE.format(a=a, b=b), CHORUS.format(a=a, b=b)
    return f"Title: Song {number}\n[Verse 1]\n{verse}\n\n[Chorus]\n{chorus}\n\n[Verse 2]\n{verse}\n\n[Chorus]\n"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with songs of ours, held-out songs and, as the old ones, hymns and parlour songs."""
    (tmp_path / "ours.txt").write_text("\n".join(song_text(n) for n in range(4)), encoding="utf-8")
    (tmp_path / "held.txt").write_text("\n".join(song_text(n) for n in range(4, 8)), encoding="utf-8")
    old = tmp_path / "old"
    old.mkdir()
    for name in ("hymns", "parlour"):
        lines = [f"Rejoice, {name} line {n}," for n in range(10)]
        (old / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(mixed_sheet, "SONGS", old)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["mixed_sheet.py", *map(str, words)])
    mixed_sheet.main()


def make(places: Path, monkeypatch: pytest.MonkeyPatch, *more: object) -> Path:
    out = places / "sheet"
    held = ("--held-out", places / "held.txt", "--today", 2, "--old", 2)
    call(monkeypatch, "make", out, "--songs", f"ours={places / 'ours.txt'}", "--of", 3, *held, *more)
    return out


def test_a_sheet_hides_whose_texts_they_are(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = make(places, monkeypatch)
    page = (out / "sheet.txt").read_text(encoding="utf-8")
    texts = page.split("-" * 40)[1:]
    assert len(texts) == 7 and texts[0].startswith("\nTEXT 1\n\n")
    body = "".join(text.partition("\n\n")[2] for text in texts)
    assert body == body.lower() and not set("!,;.-") & set(body)
    assert "i'd have gone home\n" in page and "hymns" not in page.replace("hymns line", "")
    key = json.loads((out / "key.json").read_text(encoding="utf-8"))
    sources = [entry["source"] for entry in key["texts"]]
    assert sorted(sources) == ["old"] * 2 + ["ours"] * 3 + ["today"] * 2
    assert sources != sorted(sources)
    rows = (out / "answers.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "text,grammar,sense,song,fresh,keep,broken" and rows[7] == "7,,,,,,"


def test_a_sheet_is_the_same_for_the_same_seed(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = (make(places, monkeypatch) / "sheet.txt").read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="there already"):
        make(places, monkeypatch)
    (places / "sheet").rename(places / "before")
    assert (make(places, monkeypatch) / "sheet.txt").read_text(encoding="utf-8") == first


def test_old_songs_are_left_out_where_there_are_none(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mixed_sheet, "SONGS", places / "nowhere")
    out = make(places, monkeypatch)
    assert '"old"' not in (out / "key.json").read_text(encoding="utf-8")
    assert "LYRICIST_SONGS" in capsys.readouterr().err


def test_a_run_writes_with_and_without_themes(places: Path, run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixed_sheet, "themes", lambda *_: ["river, city, morning"])
    wanted = ("--model", f"tiny={run_dir}", "--plain", 1, "--themed", 1, "--write", "--particles 2")
    out = make(places, monkeypatch, *wanted)
    texts = json.loads((out / "key.json").read_text(encoding="utf-8"))["texts"]
    tiny = [(e["source"], e["origin"], e["about"]) for e in texts if e["source"].startswith("tiny")]
    assert sorted(tiny) == [("tiny", "seed 1000", ""), ("tiny+theme", "seed 1001", "river, city, morning")]


def song(*sizes: int) -> Song:
    lines = (tuple(Line(f"Line {i} of {n}, twice") for n in range(size)) for i, size in enumerate(sizes))
    return Song("Title", "", tuple(Section("verse", each) for each in lines), "a.txt")


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [((4, 4, 4, 4), [4, 4, 4, 4]), ((8, 8, 8), [8, 8]), ((4, 2), None), ((30,), [4] * 5), ((9,), [4, 4])],
)
def test_texts_are_cut_after_whole_stanzas(sizes: tuple[int, ...], kept: list[int] | None) -> None:
    text = plain_text(song(*sizes))
    assert (text and [len(stanza.splitlines()) for stanza in text.split("\n\n")]) == kept


def test_themes_are_neither_names_nor_everyday_words() -> None:
    words = ("harbour", "Agnes", "going", "people", "lantern", "anchor")
    rare = Song("", "", (Section("verse", (Line("they saw " + " ".join(words) + " and lanterns"),)),), "a.txt")
    common = Song("", "", (Section("verse", (Line("they saw people and"),)),), "b.txt")
    made = themes([rare] * 3 + [common] * 200, 5, Random(1))
    assert [set(theme.split(", ")) for theme in made] == [{"harbour", "lantern", "anchor"}] * 3


TEXTS = [Entry("ours", "1", "a\nb\nc\nd"), Entry("ours", "2", "a\nb\n\nc\nd"), Entry("today", "3", "a\nb\nc\nd")]


def answers(folder: Path, *rows: str) -> Path:
    file = folder / f"{len(list(folder.iterdir()))}.csv"
    file.write_text("\n".join(["text,grammar,sense,song,fresh,keep,broken", *rows]), encoding="utf-8")
    return file


def test_figures_are_means_of_texts_and_shares_of_lines(tmp_path: Path) -> None:
    one = read_marks(answers(tmp_path, "1,4,2,3,1,1,2", "2,4,4,3,1,1,0", "3,5,5,5,5,5,0"), TEXTS)
    two = read_marks(answers(tmp_path, "1,2,2,3,1,1,2", "2,,,,,,", "3,3,5,5,5,5,1"), TEXTS)
    found = figures(TEXTS, [one, two])
    assert list(found) == ["ours", "today"]
    assert found["ours"]["grammar"] == Figure(3.5, 0.5) and found["ours"]["sense"] == Figure(3.0, 1.0)
    assert found["ours"]["broken"] == mean_of(np.array([2.0, 0.0]), np.array([4.0, 4.0])) == Figure(0.25, 0.25)
    assert found["today"]["broken"].mean == 0.125
    assert found["ours"]["sense"].minus(Figure(5.0, 0.0)) == Figure(-2.0, 1.0)


def test_agreement_is_over_common_texts(tmp_path: Path) -> None:
    one = read_marks(answers(tmp_path, "1,1,2,3,1,1,2", "2,3,4,3,1,1,0", "3,5,5,5,5,5,0"), TEXTS)
    two = read_marks(answers(tmp_path, "1,2,3,3,1,1,2", "2,4,3,3,1,1,0"), TEXTS)
    found = agreement([one, two])
    assert found["grammar"] == (pytest.approx(1), 1) and found["broken"] == (pytest.approx(1), 0)
    assert agreement([one]) == {}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("1,6,2,3,1,1,2", "text 1: grammar '6' is not a whole number from 1 to 5"),
        ("1,4,,3,1,1,2", "text 1: sense '' is not"),
        ("2,4,4,3,1,1,5", "text 2: broken '5' is not a whole number from 0 to 4"),
        ("9,4,4,3,1,1,0", "there is no text 9: the sheet has 3"),
    ],
)
def test_wrong_marks_are_told(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(SystemExit, match=told):
        read_marks(answers(tmp_path, row), TEXTS)


def test_score_prints_distances_to_the_anchors(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = make(places, monkeypatch)
    sources = [entry["source"] for entry in json.loads((out / "key.json").read_text(encoding="utf-8"))["texts"]]
    worth = {"ours": "2,2,2,2,2,4", "today": "4,4,4,4,4,0", "old": "3,3,3,3,3,1"}
    rows = [f"{n},{worth[source]}" for n, source in enumerate(sources, 1)]
    folder = places / "answers"
    folder.mkdir()
    files = [answers(folder, *rows), answers(folder, *rows)]
    call(monkeypatch, "score", out, *files, "--json", places / "figures.json")
    told = capsys.readouterr().out
    assert "ours (3)" in told and "25 ± 0 %" in told
    assert told.split("distance to today")[1].split()[:4] == ["ours", "-2.00", "±", "0.00"]
    assert told.split("distance to old")[1].split()[:4] == ["ours", "-1.00", "±", "0.00"]
    assert json.loads((places / "figures.json").read_text(encoding="utf-8"))["figures"]["today"]["keep"] == [4, 0]
    key = out / "key.json"
    key.write_text(key.read_text(encoding="utf-8").replace('"sheet": "', '"sheet": "0'), encoding="utf-8")
    with pytest.raises(SystemExit, match="is not the key of"):
        call(monkeypatch, "score", out, *files)
