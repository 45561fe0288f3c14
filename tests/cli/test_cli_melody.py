"""Tunes on the command line: planned, written to, checked against, and written out as scores."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import mido
import pytest

from badtunes import midi
from lyricist.apps.cli import run as lyricist
from lyricist.apps.schemas import schema
from lyricist.model.checkpoint import Run

ABC = """X:1
T:The Little Hill
M:4/4
L:1/4
Q:1/4=120
K:C
z3 G | c2 d2 | e2 c z | z3 G | e2 d2 | c2 c z |]
w: The hill is high a-bove the sea and blue
"""
NOTES = [67, 72, 74, 76, 72, 67, 76, 74, 72, 72]


def call(*arguments: object) -> int:
    return lyricist([str(a) for a in arguments])


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    path = tmp_path / "hill.abc"
    path.write_text(ABC, encoding="utf-8")
    return path


def test_a_tune_is_planned_and_saved(tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("plan", tune, "--phrases", "5", "--json", "-o", tmp_path / "plan.toml") == 0
    shown = json.loads(capsys.readouterr().out)
    jsonschema.validate(shown, schema("plan"))
    assert [len(phrase["slots"]) for phrase in shown["tune"]["phrases"]] == [5, 5]
    assert [slot["pitch"] for phrase in shown["tune"]["phrases"] for slot in phrase["slots"]] == NOTES
    assert [line["slots"] for line in shown["lines"]] == [[phrase["pattern"]] for phrase in shown["tune"]["phrases"]]
    assert call("plan", "--plan", tmp_path / "plan.toml", "--melody", tune, "--phrases", "5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["lines"] == shown["lines"]


def test_words_are_written_under_the_notes(
    run: Run, tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    song = (
        "write",
        "-m",
        run.path,
        "--melody",
        tune,
        "--phrases",
        "5",
        "--rhyme",
        "X",
        "--max-copy",
        "0",
        "--seed",
        1,
    )
    assert call(*song) == 0
    lines = capsys.readouterr().out.split("\n")[:2]
    assert call(*song, "-o", tmp_path / "hill.musicxml") == 0
    root = ElementTree.fromstring((tmp_path / "hill.musicxml").read_bytes())
    sung = [note.findtext("lyric/text") for note in root.iter("note") if note.find("lyric") is not None]
    assert "".join(text or "" for text in sung).lower() == "".join(lines).replace(" ", "").lower()
    assert len(sung) == len(NOTES)
    assert call(*song, "-o", tmp_path / "hill.mid") == 0
    file = mido.MidiFile(tmp_path / "hill.mid")
    assert [m.note for m in mido.merge_tracks(file.tracks) if m.type == "note_on" and m.velocity] == NOTES
    (tmp_path / "words.txt").write_text("\n".join(lines), encoding="utf-8")
    capsys.readouterr()
    assert call("check", tmp_path / "words.txt", "--melody", tune, "--phrases", "5", "--json", "--strict") == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("check"))
    assert [line["syllables"] for line in found["fit"]["lines"]] == [5, 5]


def test_two_verses_fill_the_tune_twice(run: Run, tune: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run.path, "--melody", tune, "--phrases", "5", "--rhyme", "X", "--max-copy", "0",
                "--verses", "2", "--json") == 0  # fmt: skip
    song = json.loads(capsys.readouterr().out)["songs"][0]
    assert [line["syllables"] for section in song["sections"] for line in section["lines"]] == [5] * 4


def test_words_that_do_not_fit_a_tune_are_named(
    tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.txt").write_text("The hill is very\nOver the water now\nAnd more\n", encoding="utf-8")
    check = ("check", tmp_path / "words.txt", "--melody", tune, "--phrases", "5", "--json")
    assert call(*check) == 0
    misfits = json.loads(capsys.readouterr().out)["fit"]["misfits"]
    assert {(m["line"], m["kind"]) for m in misfits} >= {(2, "syllables"), (3, "syllables"), (3, "lines")}
    assert call(*check, "--strict") == 4


@pytest.mark.parametrize("text", ["The hill\nis green and over\nthe water", "The hill is green and over\nthe water"])
def test_lines_that_are_not_the_phrases_are_aligned(
    text: str, tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.txt").write_text(text, encoding="utf-8")
    assert call("check", tmp_path / "words.txt", "--melody", tune, "--phrases", "5", "--json") == 0
    fitted = json.loads(capsys.readouterr().out)["fit"]
    assert [line["slots"] - line["syllables"] for line in fitted["lines"]] == [0] * len(text.splitlines())
    assert fitted["lines"][0]["phrase"] == 1 and fitted["lines"][-1]["phrase"] in (1, 2)
    assert not {m["kind"] for m in fitted["misfits"]} & {"syllables", "lines"}


@pytest.mark.parametrize(
    ("draft", "verses"), [("The hill is all green\n...\n", 1), ("...\n...\nA road to the sea\n...\n", 2)]
)
def test_lines_of_a_draft_are_kept(
    draft: str, verses: int, run: Run, tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("write", "-m", run.path, "--melody", tune, "--phrases", "5", "--rhyme", "X", "--max-copy", "0")
    (tmp_path / "draft.txt").write_text(draft, encoding="utf-8")
    assert call(*asked, "--fill", tmp_path / "draft.txt", "--json") == 0
    song = json.loads(capsys.readouterr().out)["songs"][0]
    lines = [line["text"] for section in song["sections"] for line in section["lines"]]
    assert len(lines) == 2 * verses
    kept = draft.split("\n")
    assert all(line == asked_for for line, asked_for in zip(lines, kept, strict=False) if asked_for != "...")


def test_a_kept_line_that_cannot_be_sung_is_named(
    run: Run, tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "draft.txt"
    asked = ("write", "-m", run.path, "--melody", tune, "--phrases", "5", "--fill", draft)
    for text, parts in (("The hill\n...", ["line 1", "5"]), ("...\n...\n...", ["3 lines", "2 phrases"])):
        draft.write_text(text, encoding="utf-8")
        assert call(*asked) == 2
        told = capsys.readouterr().err.strip().splitlines()[-1]
        assert all(part in told for part in parts)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "TUNE", "--melody", "TUNE"], "name one tune"),
        (["plan", "--track", "2"], "--track 2"),
        (["plan", "TUNE", "--syllables", "8"], "--syllables"),
        (["plan", "TUNE", "--like", "TUNE"], "--like"),
        (["plan", "TUNE", "--verses", "99"], "--verses 99"),
        (["plan", "TUNE", "--verses", "2", "--plan", "a.toml"], "--verses 2"),
        (["plan", "TUNE", "--track", "9"], "9"),
        (["plan", "TUNE", "--phrases", "nine"], "nine"),
        (["plan", "no-such.mid"], "no-such.mid"),
        (["plan", "EMPTY"], "empty"),
        (["write", "-m", "RUN", "-o", "song.musicxml"], "--melody"),
        (["write", "-m", "RUN", "--melody", "TUNE", "-o", "song.musicxml", "--count", "2"], "--count 2"),
        (["write", "-m", "RUN", "--melody", "TUNE", "-o", "song.musicxml", "--json"], "--json"),
    ],
)
def test_bad_wishes_get_one_line(
    arguments: list[str], says: str, run: Run, tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.mid").write_bytes(b"")
    names = {"TUNE": tune, "RUN": run.path, "EMPTY": tmp_path / "empty.mid"}
    assert call(*(names.get(a, a) for a in arguments)) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1 and says in told[0]


def alike(folder: Path) -> Path:
    """A MIDI file of four parts that are alike."""
    scale, path = (60, 62, 64, 65), folder / "alike.mid"
    rounds = [(*scale[i:], *scale[:i]) * 12 for i in range(4)]
    ons = [[b"\0\x90" + bytes([p]) + b"\x40\x83\x60\x80" + bytes([p]) + b"\0" for p in notes] for notes in rounds]
    path.write_bytes(midi(*map(b"".join, ons)))
    return path


def test_a_tune_without_a_clear_voice_asks_for_the_track(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = alike(tmp_path)
    assert call("plan", path) == 2
    err = capsys.readouterr().err
    assert (
        "no part is clearly the sung one" in err and "25%" in err and "--track" in err and len(err.splitlines()) == 1
    )
    assert call("plan", path, "--track", 2) == 0


def test_a_score_of_a_midi_file_is_a_lead_sheet(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = ("write", "-m", run.path, "--melody", alike(tmp_path), "--track", 2, "--phrases", "4", "--rhyme", "X")
    song = (*song, "--max-copy", "0", "--seed", 1)
    for name, more, parts in (("sheet", (), 1), ("full", ("--full",), 4)):
        assert call(*song, *more, "-o", tmp_path / f"{name}.musicxml") == 0
        root = ElementTree.fromstring((tmp_path / f"{name}.musicxml").read_bytes())
        assert len(root.findall("part")) == parts and len(root.findall(".//lyric")) == 48
    capsys.readouterr()
    assert call(*song, "--full") == 2 and "--full" in capsys.readouterr().err


def test_words_are_put_into_the_score_that_was_given(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "<note><pitch><step>{}</step><octave>4</octave></pitch><duration>1</duration><!-- mine --></note>"
    bars = "".join(f'<measure number="{i}">{"".join(map(note.format, "CDEF"))}</measure>' for i in range(1, 5))
    credit = "<credit><credit-words>Words to come</credit-words></credit>"
    listed = '<part-list><score-part id="P1"><part-name>Me</part-name></score-part></part-list>'
    given = f'<score-partwise>{credit}{listed}<part id="P1">{bars}</part></score-partwise>\n'
    (tmp_path / "mine.musicxml").write_text(given, encoding="utf-8")
    song = ("write", "-m", run.path, "--melody", tmp_path / "mine.musicxml", "--phrases", "4", "--rhyme", "X")
    assert call(*song, "--max-copy", "0", "--seed", 1, "-o", tmp_path / "ours.xml") == 0
    made = (tmp_path / "ours.xml").read_text("utf-8")
    assert made.count("<lyric ") == 16 and re.sub("<lyric .*?</lyric>", "", made) == given
    capsys.readouterr()
    assert call(*song, "--full", "-o", tmp_path / "full.xml") == 2 and "MIDI" in capsys.readouterr().err
    (tmp_path / "mine.musicxml").write_text(f"<?xml version='1.0' encoding='foo-8'?>{given}", encoding="utf-8")
    assert call(*song, "-o", tmp_path / "no.xml") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1  # before the model is read
