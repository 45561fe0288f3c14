"""Scores as files: suffixes, overwriting, engraving, and round trips over real tunes."""

from __future__ import annotations

import builtins
import re
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest
from round_trips import by_music21, faults, sung_back
from tunes import FIRST, tune

from lyricist.errors import InputError, MissingExtra
from lyricist.melody.export import SUFFIXES, sing, write_score
from lyricist.melody.export.song_text import lrc, text
from lyricist.melody.read import read_tune
from lyricist.melody.tune import Note, Part, Score, Tune

# Files


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != ".svg"])
def test_every_suffix_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"song{suffix}"
    assert write_score(path, sing(tune(), [FIRST])) == [path]
    assert path.stat().st_size > 0 and list(tmp_path.iterdir()) == [path]
    write_score(path, tune(), force=True, title="Another")


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_text("mine")
    with pytest.raises(InputError, match="already there"):
        write_score(path, tune())
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("song.doc", r"known: \.musicxml, \.xml"),
        ("song", "without suffix"),
        ("no/song.mid", "not there"),
        ("dir.mid", "folder"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "dir.mid").mkdir()
    with pytest.raises(InputError, match=says):
        write_score(tmp_path / name, tune())


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(InputError, match="disk is full"):
        write_score(tmp_path / "song.txt", tune())
    assert list(tmp_path.iterdir()) == []


def test_engraving_without_verovio_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "verovio":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=re.escape("lyricist[score]")):
        write_score(tmp_path / "song.svg", tune())
    assert list(tmp_path.iterdir()) == []


def test_engraved_pages_show_every_syllable(tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    (path,) = write_score(tmp_path / "song.svg", sing(tune(), [FIRST]))
    shown = path.read_text()
    assert shown.startswith(("<svg", "<?xml"))
    assert all(f">{part}<" in shown for part in ("Oh", "riv", "er", "flow", "on"))


def test_long_music_is_engraved_on_several_pages(tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    notes = tuple(Note(F(i), F(1), 60 + i % 12) for i in range(1500))
    part = Part("Voice", notes)
    paths = write_score(tmp_path / "song.svg", Tune(Score("", (part,)), part, ()))
    assert [path.name for path in paths][:2] == ["song.svg", "song-2.svg"]
    write_score(tmp_path / "song.svg", sing(tune(), [FIRST]), force=True)  # a shorter song leaves no old pages
    assert [path.name for path in tmp_path.glob("*.svg")] == ["song.svg"]
    with pytest.raises(InputError, match="already there"):
        write_score(tmp_path / "song.svg", tune())


# Real tunes, there and back

DATA = Path(__file__).parents[3] / "shared" / "data" / "melodies"
FEW = 4  # files of a folder in the core suite; benchmarks/score_round_trip.py takes them all
FOLDERS = {"hymns-midi": 259, "hymns-abc": 259, "lieder-musicxml": 391}


def some(folder: str) -> list[Path]:
    files = sorted((DATA / folder).iterdir()) if (DATA / folder).is_dir() else []
    return files[7 :: max(1, len(files) // FEW)][:FEW]


def real(folder: str, path: Path | None) -> Path:
    if path is None:
        pytest.skip(f"{DATA / folder} is not there: real tunes are not part of the project")
    if folder == "hymns-abc":
        pytest.importorskip("music21")
    return path


REAL = [(folder, path) for folder in FOLDERS for path in (some(folder) or [None])]
named = pytest.mark.parametrize(
    ("folder", "path"), REAL, ids=[path.stem if path else folder for folder, path in REAL]
)


@named
def test_own_words_sung_back_return_from_every_format(folder: str, path: Path | None) -> None:
    assert faults(sung_back(read_tune(real(folder, path)))) == []


@named
def test_music21_reads_the_same_notes_and_words(folder: str, path: Path | None) -> None:
    pytest.importorskip("music21")
    assert list(by_music21(sung_back(read_tune(real(folder, path))))) == []


@named
def test_every_real_tune_can_be_engraved(folder: str, path: Path | None, tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    assert write_score(tmp_path / "song.svg", sung_back(read_tune(real(folder, path))))


@named
def test_words_are_all_in_the_text_formats(folder: str, path: Path | None) -> None:
    sung = sung_back(read_tune(real(folder, path)))
    words = [word.text for line in sung.verses[0] for word in line.words]
    assert text(sung).decode().split() == " ".join(words).split()
    timed = re.sub(r"[\[<][\d:.]+[>\]]|\[\w+:.*\]", " ", lrc(sung).decode())
    assert timed.split() == re.sub(r"[\[\]<>]", "", " ".join(words)).split()
