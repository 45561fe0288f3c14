"""The script that builds the starter's corpus: literal verse in, songs out."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import io
import json
import pickle
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"

PROSE = """
of this poem there are several versions, and the editor has
chosen the one that was printed in the year of the flood; it is
given here without the notes that the first edition had.
""".strip().splitlines()
BALLAD = """
The boats came home across the bay,
The lamps were in the town,
And every child ran down to play
Before the sun went down.
My father mended nets all night,
My mother baked the bread,
And in the early morning light
They carried me to bed.
""".strip().splitlines()
COMMON = """
I had a penny and a ring,
I had a silver spoon,
I gave them all to hear you sing
Beneath the harvest moon.
""".strip().splitlines()
OLD = """
O wherefore dost thou weep and moan,
And whither dost thou fare?
I go to find my love alone,
And thou shalt not be there.
""".strip().splitlines()
COUPLETS = """
The kettle sang, the cat was fed,
The little ones were all in bed,
And no one heard the river rise
Beneath the black and windy skies.
""".strip().splitlines()


@pytest.fixture(scope="module")
def script() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield importlib.import_module("build_starter_corpus")
    finally:
        sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def parsing(script: ModuleType) -> ModuleType:
    return sys.modules["stanza_parsing"]


@pytest.fixture(scope="module")
def verse(script: ModuleType) -> ModuleType:
    return sys.modules["gutenberg_verse"]


def found(script: ModuleType, parsing: ModuleType, lines: list[str]) -> list[tuple[str, str]]:
    """(pattern, first word) of the stanzas in these lines."""
    reader = parsing.LineReader(script.default_lexicon())
    stanzas = parsing.stanzas([reader.line(line) for line in lines])
    return [(stanza.pattern, stanza.lines[0].words[0]) for stanza in stanzas if stanza is not None]


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_stanzas_are_found_wherever_they_begin(script: ModuleType, parsing: ModuleType, before: int) -> None:
    lines = [*PROSE[:before], *BALLAD, *COMMON, *COUPLETS]
    assert found(script, parsing, lines) == [
        ("ABAB", "the"),
        ("ABAB", "my"),
        ("ABAB", "i"),
        ("AABB", "the"),
    ]


def test_prose_is_no_stanza(script: ModuleType, parsing: ModuleType) -> None:
    assert found(script, parsing, PROSE * 6) == []


def songs_of(script: ModuleType, out: Path, lines: list[str], held_out: Path | None = None) -> list[str]:
    out.mkdir()
    script.build(lines, out, script.HeldOut(held_out), 0.0)  # a taste of 0 takes every song that may be taken
    rows = (out / "verse.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["lyrics"] for row in rows]


def test_songs_keep_their_capitals_and_lose_their_marks(script: ModuleType, tmp_path: Path) -> None:
    (song,) = songs_of(script, tmp_path / "out", [*PROSE, *(f"_{line}_--" for line in COMMON), *PROSE])
    assert song.splitlines() == [
        "I had a penny and a ring",
        "I had a silver spoon",
        "I gave them all to hear you sing",
        "Beneath the harvest moon",
    ]


def test_old_words_are_put_in_todays_forms(script: ModuleType, tmp_path: Path) -> None:
    lines = [line.replace("I gave", "Thou gav'st").replace("you sing", "thee sing") for line in COMMON]
    lines[2] = "And thou hast heard my true love sing,"
    (song,) = songs_of(script, tmp_path / "out", lines)
    assert song.splitlines()[2] == "And you have heard my true love sing"


def test_what_stays_archaic_is_left_out(script: ModuleType, tmp_path: Path) -> None:
    assert songs_of(script, tmp_path / "out", [*OLD, *PROSE]) == []


def test_a_stanza_comes_once(script: ModuleType, tmp_path: Path) -> None:
    assert len(songs_of(script, tmp_path / "out", [*COMMON, *PROSE * 3, *COMMON])) == 1


def test_held_out_songs_are_not_learnt(script: ModuleType, tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.mkdir()
    (held / "song.txt").write_text("I gave them all to hear you sing\nAnd then I went away\n" * 3, encoding="utf-8")
    songs = songs_of(script, tmp_path / "out", [*COMMON, *PROSE * 3, *COUPLETS], held)
    assert [song.splitlines()[0] for song in songs] == ["The kettle sang the cat was fed"]


class Bomb:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("bomb"),))


def wheel(path: Path, content: object, verse: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(verse.MEMBER, gzip.compress(pickle.dumps(content, protocol=4)))
    path.write_bytes(packed.getvalue())
    monkeypatch.setattr(verse, "SHA256", hashlib.sha256(packed.getvalue()).hexdigest())
    return path


def test_our_own_songs_are_learnt_but_for_those_held_out(script: ModuleType, tmp_path: Path) -> None:
    """Of the songs written for the starter: not the files set aside, and none that shares a line with songs measured on."""
    every = [json.loads(row) for row in script.own_songs(script.HeldOut(None))]
    titles = {song["title"] for song in every}
    folder = script.SONGS
    files = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("held-out*.txt"))]
    aside = [line for text in files for line in text.splitlines() if line]
    assert len(every) > 23_000 and len(files) == 4 and len(aside) > 6_000
    sung = {line for song in every for line in song["lyrics"].splitlines()}
    verses = [line for line in aside if len(line.split()) > 7 and not line.startswith("Title:")]
    assert sum(line in sung for line in verses) <= len(verses) // 100
    first = every[0]["lyrics"].splitlines()[1:5]
    (tmp_path / "measured.txt").write_text("\n".join(first), encoding="utf-8")
    left = [json.loads(row)["title"] for row in script.own_songs(script.HeldOut(tmp_path))]
    assert every[0]["title"] not in left and len(left) > 16_000 and set(left) < titles


def test_the_pickle_is_read_but_never_unpickled(
    verse: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["The Song of Hiawatha is based on", *COMMON]
    made = wheel(tmp_path / "some.whl", ["index", Bomb(), lines], verse, monkeypatch)
    assert list(verse.read_lines(made))[:5] == lines
    assert not (tmp_path / "bomb").exists()


def test_another_wheel_is_refused(verse: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "some.whl").write_bytes(b"something else")
    with pytest.raises(SystemExit, match=r"SHA-256 differs"):
        list(verse.read_lines(tmp_path / "some.whl"))
