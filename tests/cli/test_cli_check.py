"""`lyricist check` and `lyricist rhymes` as a user types them: tables, JSON, exit codes, bad input."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import literal_songs

from lyricist.apps.cli import run as lyricist
from lyricist.apps.schemas import schema
from lyricist.corpus import Corpus, prepare
from lyricist.model.checkpoint import Run

HYMN = """[Verse]
Amazing grace how sweet the sound
That saved a wretch like me
I once was lost but now am found
Was blind but now I see
"""


@pytest.fixture
def hymn(tmp_path: Path) -> Path:
    path = tmp_path / "hymn.txt"
    path.write_text(HYMN)
    return path


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return prepare(texts=[*literal_songs()[:20], HYMN], out=tmp_path_factory.mktemp("check") / "corpus")


def call(*arguments: object) -> int:
    return lyricist([str(a) for a in arguments])


def only_line(captured: str) -> str:
    lines = captured.strip().splitlines()
    assert len(lines) == 1, captured
    assert lines[0].startswith("lyricist: ")
    return lines[0]


def test_the_table_reads_well_in_a_pipe(hymn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", hymn) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "verse: ABAB, common metre"
    assert lines[1].split("  ")[:2] == ["1", "AMAZing GRACE HOW SWEET the SOUND"]
    assert " ".join(lines[2].split()) == "2 That SAVED a WRETCH like me 6 110111 iambic 100% B"
    assert "\x1b" not in out
    assert err == "4 lines\n"


def test_on_a_terminal_stressed_syllables_are_bold(
    hymn: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert call("check", hymn) == 0
    assert "A\x1b[1mmaz\x1b[0ming" in capsys.readouterr().out


def test_json_keeps_to_its_schema(hymn: Path, songs: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", hymn, "--syllables", "8,6", "--rhyme", "AABB", "--against", songs.path, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, schema("check"))
    assert data["scheme"] == "ABAB"
    assert [(v["line"], v["kind"]) for v in data["violations"]] == [(2, "rhyme"), (4, "rhyme")]
    assert [(c["line"], c["length"]) for c in data["copied"]] == [(1, 26)]


def test_strict(hymn: Path, songs: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    fitting, breaking = ("--syllables", "8,6", "--rhyme", "ABAB"), ("--syllables", "8")
    assert call("check", hymn, *fitting, "--strict") == 0
    assert call("check", hymn, *breaking) == 0
    assert call("check", hymn, *breaking, "--strict") == 4
    assert "line 2: syllables: expected 8; found 6" in capsys.readouterr().out
    assert call("check", hymn, "--against", songs.path, "--strict") == 4
    assert call("check", hymn, "--against", songs.path, "--strict", "--max-copy", "26") == 0
    assert call("check", hymn, "--against", songs.path, "--strict", "--max-copy", "0") == 0
    assert call("check", hymn, "--against", songs.path, "--strict", "--run", "99") == 4


def test_a_plan_file_and_options_over_it(hymn: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('format = 1\nform = ["verse"]\nlines = [4]\nsyllables = [8, 6]\nrhyme = "ABAB"\n')
    assert call("check", hymn, "--plan", plan, "--strict") == 0
    assert call("check", hymn, "--plan", plan, "--rhyme", "AABB", "--strict") == 4


@pytest.mark.parametrize("text", ["", "rhyme = 7\n[[", "format = 9\n", "colour = 'red'\n", "\x00\x01"])
def test_a_damaged_plan(hymn: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(text)
    assert call("check", hymn, "--plan", plan) == (2 if text else 0)
    if text:
        assert "plan.toml" in only_line(capsys.readouterr().err)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("The caf\u00e9\nMy way".encode())))
    assert call("check", "-") == 0
    assert "CAF\u00c9" in capsys.readouterr().out.upper()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert call("check", "-") == 2
    assert "standard input" in only_line(capsys.readouterr().err)


def test_other_scripts_and_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.txt"
    path.write_text(
        "\u0421\u043b\u043e\u0432\u043e love \N{SNOWMAN}\n\U0001f3b5\U0001f3b5\n\u611b\n", encoding="utf-8"
    )
    assert call("check", path) == 0
    out = capsys.readouterr().out
    assert "[\u0421\u043b\u043e\u0432\u043e] LOVE" in out and "\U0001f3b5\U0001f3b5" in out
    assert "cannot be read aloud, counted as silent: \u0441\u043b\u043e\u0432\u043e, \N{SNOWMAN}" in out


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", "no lyrics"), (bytes(range(256)) * 40, "binary"), (b"%PDF-1.7 ...", "PDF"), (None, "cannot be read")],
)
def test_texts_that_are_none(
    tmp_path: Path, data: bytes | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "text.txt"
    if data is not None:
        path.write_bytes(data)
    assert call("check", path) == 2
    assert told in only_line(capsys.readouterr().err)


def test_corpora_that_are_none(hymn: Path, songs: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    half = tmp_path / "half"
    half.mkdir()
    for file in songs.path.glob("*.*"):
        (half / file.name).write_bytes(file.read_bytes()[: 500 if file.name == "songs.jsonl" else None])
    only_info = tmp_path / "info"
    only_info.mkdir()
    (only_info / "corpus.json").write_text("{}")
    for against, told in (
        (tmp_path / "none", "no such"),
        (tmp_path / "empty", "nothing usable"),
        (half, "damaged"),
        (only_info, "not a corpus"),
    ):
        assert call("check", hymn, "--against", against) == 2
        assert told in only_line(capsys.readouterr().err)


def test_a_corpus_with_a_damaged_song(
    hymn: Path, songs: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    for file in songs.path.glob("*.*"):
        data = file.read_bytes()
        (bad / file.name).write_bytes(b"x" * 40 + data[40:] if file.name == "songs.jsonl" else data)
    (bad / "copies.safetensors").unlink(missing_ok=True)
    assert call("check", hymn, "--against", bad) == 2
    assert "damaged" in only_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rhyme", "A1"), "--rhyme"),
        (("--metre", "iambik"), "did you mean iambic"),
        (("--syllables", "0"), "--syllables"),
        (("--run", "0"), "--run"),
        (("--lexicon", "none.txt"), "none.txt"),
        (("--rhyme-kind", "rich"), "--rhyme-kind"),
    ],
)
def test_bad_options(hymn: Path, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", hymn, *arguments) == 2
    assert told in only_line(capsys.readouterr().err)


def test_a_lexicon_of_ones_own(hymn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("grace  G R AH0 EY1 S\n")
    assert call("check", hymn, "--lexicon", tmp_path / "mine.txt", "--json") == 0
    assert json.loads(capsys.readouterr().out)["lines"][0]["syllables"] == 9


# -- rhymes ---------------------------------------------------------------------------------------------


def test_rhymes(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("rhymes", "love", "--kind", "perfect", "--limit", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "love (L AH1 V)"
    assert lines[1].startswith("perfect, 1 syllable: ") and "more" in lines[1]
    assert lines[1].split(": ")[1].count(",") == 2
    assert lines[2].startswith("perfect, 2 syllables: above")


def test_rhymes_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("rhymes", "Memory", "--json", "--syllables", "3", "--limit", "0") == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["format"], data["word"], data["guessed"]) == (1, "memory", False)
    jsonschema.validate(data, schema("rhymes"))
    assert {r["syllables"] for r in data["rhymes"]} == {3}
    emory = next(r for r in data["rhymes"] if r["word"] == "emory")
    assert emory == {
        "word": "emory", "kind": "perfect", "near": None, "syllables": 3, "stress": "100",
        "reading": "EH1 M ER0 IY0", "with": "M EH1 M ER0 IY0", "guessed": False,
    }  # fmt: skip


def test_rhymes_among_the_words_of_a_model(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("rhymes", "pity", "-m", run_dir, "--json") == 0
    found = [r["word"] for r in json.loads(capsys.readouterr().out)["rhymes"]]
    assert "city" in found
    assert set(found) <= set(Run.open(run_dir).vocabulary.tokens)


def test_a_word_nobody_knows_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("rhymes", "frindle") == 0
    assert "guessed: the lexicon does not have it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("\U0001f3b5",), "cannot be read aloud"),
        (("\u611b",), "cannot be read aloud"),
        (("two words",), "2 words"),
        (("love", "--kind", "rich"), "--kind"),
        (("love", "--stress", "x"), "--stress"),
        (("love", "-m", "no-such-run"), "no-such-run"),
        (("love", "--lexicon", "no-such-file"), "no-such-file"),
    ],
)
def test_bad_calls_of_rhymes(arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("rhymes", *arguments) == 2
    assert told in only_line(capsys.readouterr().err)
