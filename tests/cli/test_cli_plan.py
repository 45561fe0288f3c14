"""What is asked of a song, as a user types it: `lyricist plan`, and bad wishes to `plan` and `write`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from lyricist.apps.cli import app, write_command
from lyricist.apps.cli import run as lyricist
from lyricist.apps.schemas import schema
from lyricist.errors import UnfinishedSongs
from lyricist.generate.open_run import load, write
from lyricist.generate.result import SongFailed, WrittenSong
from lyricist.generate.writer import Model
from lyricist.plan.fields import asked_of
from lyricist.plan.plan import Drawing, Plan

DRAFT = "[Verse]\nThe river ran below the town\n...\nAnd all the lights were coming down\n\N{HORIZONTAL ELLIPSIS}\n"
SONG = "[Verse]\nI saw the river run\nI saw the sea\n\n[Chorus]\nCarry me home\n\n[Verse]\nI saw\nAnd so did he\n\n[Chorus]\n"
PLAN = 'syllables = 8\nrhyme = "ABAB"\nmax-copy = 3\n'
SECTIONS = '[[section]]\nname = "verse"\nlines = 2\nrhyme = "AA"\nsyllables = 6\n'


def call(*arguments: object) -> int:
    return lyricist([str(a) for a in arguments])


def only_line(captured: str) -> str:
    lines = captured.strip().splitlines()
    assert len(lines) == 1, captured
    assert lines[0].startswith("lyricist: ")
    return lines[0]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    texts = {"draft.txt": DRAFT, "song.txt": SONG, "plan.toml": PLAN, "sections.toml": SECTIONS, "empty.txt": "",
             "typo.toml": "sylables = 8", "words.lex": "lyricist  L IH1 R AH0 S IH0 S T\n", "bad.lex": "word QQ\n",
             "phrase.txt": "I am going to tell you everything about the sea\n...\n"}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 40)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:  # type: ignore[type-arg]
    assert call("plan", *arguments, "--json") == 0
    data: dict[str, object] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, schema("plan"))
    return data


@pytest.mark.parametrize("command", ["write", "plan"])
def test_every_field_of_a_plan_is_an_option(command: str) -> None:
    """A new field needs a help text and nothing else; `write` has the fields of a drawing as well."""
    assert call(command, "--help") == 0  # derives the options
    options = {p.name: p for p in typer.main.get_command(app).commands[command].params}  # type: ignore[attr-defined]
    fields = {name: asked.help for name, asked in asked_of(Plan).items() if asked.help}
    assert len(fields) >= 20 and fields.items() <= {name: p.help for name, p in options.items()}.items()
    assert options["clean"].secondary_opts == ["--no-clean"] and options["hook"].secondary_opts == ["--no-hook"]
    assert not options["allow"].secondary_opts
    assert (set(Drawing.model_fields) <= set(options)) == (command == "write")


def test_a_plan_is_shown_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("plan", "--form", "verse chorus chorus", "--lines", "2", "--syllables", "8,6", "--metre", "iambic",
                "--rhyme", "AA", "--acrostic", "R", "--refrain", "By the river I remain", "--allow", "--about", "sea") == 0  # fmt: skip
    out, err = capsys.readouterr()
    rows = [row.split() for row in out.splitlines()]
    assert rows[1] == ["verse", "1", "8", "x/x/x/x/", "A", "begins", "with", "R"]
    assert rows[2] == ["2", "6", "x/x/x/", "A"]
    assert rows[4][-5:] == ["By", "the", "river", "I", "remain"]
    assert rows[5][:2] == ["chorus", "5"] and rows[5][-3:] == ["=", "line", "3"]
    assert "about: sea" in err and "-m RUN" in err


def test_a_plan_shows_ranges_person_tense_and_themes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sections = (
        '[[section]]\nname = "verse"\nlines = 2\n[[section]]\nname = "verse"\nlines = 1\nabout = "the letter"\n'
    )
    (tmp_path / "plan.toml").write_text(f'about = "winter"\nmetre = "iambic"\n{sections}')
    assert call("plan", "--plan", tmp_path / "plan.toml", "--syllables", "6,7-9", "--tense", "past",
                "--about", "losing my dog") == 0  # fmt: skip
    out, err = capsys.readouterr()
    rows = [row.split() for row in out.splitlines()]
    assert rows[2] == ["2", "7-9", "x/x/x/x", "to", "x/x/x/x/x", "X"]
    assert rows[3][-2:] == ["about", "letter"]
    assert "about: losing, dog; person: I, as the theme says it; tense: past" in err
    data = planned(capsys, "--plan", tmp_path / "plan.toml", "--person", "i", "--syllables", "6-7")
    assert data["plan"]["person"] == "I" and data["plan"]["syllables"] == ["6-7"]
    assert [line["about"] for line in data["lines"]] == [[], [], ["letter"]]


def test_hints_of_a_file_go_with_its_theme(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.toml"
    assert call("plan", "--about", "losing my dog last year", "-o", path) == 0
    capsys.readouterr()
    assert planned(capsys, "--plan", path)["plan"]["tense-hint"] == "past"
    assert not {"person-hint", "tense-hint"} & planned(capsys, "--plan", path, "--about", "sea")["plan"].keys()


def test_named_forms_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("forms", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, schema("forms"))
    assert len(data["forms"]) >= 15 and all(form["example"] for form in data["forms"])
    assert call("forms") == 0
    assert all(f"{form['name']}: {form['description']}\n" in capsys.readouterr().out for form in data["forms"][:1])
    assert call("forms", "Common-Meter") == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["16", "6", "x/x/x/", "B"]
    assert planned(capsys, "--form", "sonnet")["plan"]["form"] == ["sonnet"]
    assert call("forms", "sonet") == 2
    assert only_line(capsys.readouterr().err).endswith("'lyricist forms' lists them; did you mean sonnet?")


def test_json_keeps_the_contract(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = planned(capsys, "--about", "river", "--rhyme-with", "love", "--rhyme-kind", "near")
    assert len(data["lines"]) == 16 and data["feasible"] is None
    assert data["plan"]["rhyme-kind"] == "near"
    assert data["lines"][12]["same_as"] == 5
    assert planned(capsys)["exact"] is False
    assert planned(capsys, "--form", "verse", "--lines", "3")["lines"] == []


def test_a_saved_plan_is_the_same_plan(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = files / "saved.toml"
    asked = ("--fill", files / "draft.txt", "--include", "night", "--no-clean", "--max-copy", "0", "--title", "Down")
    first = planned(capsys, *asked)
    assert call("plan", *asked, "-o", out) == 0
    capsys.readouterr()
    assert planned(capsys, "--plan", out) == first
    before = out.read_bytes()
    assert call("plan", "--syllables", "8", "-o", out) == 2
    assert "--force" in only_line(capsys.readouterr().err)
    assert out.read_bytes() == before
    assert call("plan", "--syllables", "8", "-o", out, "--force") == 0
    assert out.read_bytes() != before
    assert not [p for p in files.iterdir() if p.name.endswith(".tmp")]


def test_options_go_before_the_file(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = planned(capsys, "--plan", files / "plan.toml", "--syllables", "6", "--form", "verse", "--clean")
    assert [line["slots"] for line in data["lines"]] == [["??????"]] * 4
    assert [line["rhyme"] for line in data["lines"]] == list("ABAB")
    assert data["plan"]["max-copy"] == 3
    data = planned(capsys, "--plan", files / "sections.toml", "--about", "sea")
    assert [line["slots"] for line in data["lines"]] == [["??????"]] * 2


def test_like_a_song(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = planned(capsys, "--like", files / "song.txt")
    assert [line["name"] for line in data["lines"]] == ["verse", "verse", "chorus", "verse", "verse", "chorus"]
    assert data["lines"][0]["slots"] == ["?/?/x/"]
    assert data["lines"][5]["same_as"] == 3
    data = planned(capsys, "--like", files / "song.txt", "--syllables", "5", "--rhyme", "AA,X")
    assert [len(line["slots"][0]) for line in data["lines"]] == [5] * 6
    assert data["lines"][0]["rhyme"] == "A"


def test_a_draft_of_the_users_own_words(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = planned(capsys, "--fill", files / "draft.txt", "--lexicon", files / "words.lex")
    assert [line["text"] is None for line in data["lines"]] == [False, True, False, True]
    assert [line["rhyme"] for line in data["lines"]] == list("ABAB")
    assert data["lines"][1]["slots"] == ["????????"]


def test_whether_a_model_can_fulfil_it(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("plan", "-m", run_dir, "--form", "verse", "--lines", "2") == 0
    assert "can be fulfilled" in capsys.readouterr().err


def test_a_plan_that_a_model_cannot_fulfil(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lyricist.errors import PlanError
    from lyricist.generate.writer import Model

    def never(*_: object) -> None:
        raise PlanError("--rhyme-with 'orange': no word rhymes with it")

    monkeypatch.setattr(Model, "feasible", never, raising=False)
    out = tmp_path / "plan.toml"
    assert call("plan", "-m", run_dir, "--rhyme-with", "orange", "-o", out) == 3
    assert "orange" in capsys.readouterr().err.splitlines()[-1]
    assert not out.exists()
    assert call("plan", "-m", run_dir, "--rhyme-with", "orange", "--json") == 3
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, schema("plan"))
    assert data["feasible"] is False and "orange" in data["blocked"]


def test_explain_says_how_each_line_sounds(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, "--form", "verse", "--lines", "2", "--seed", "1", "--explain") == 0
    out, err = capsys.readouterr()
    rows = [row for row in err.splitlines() if row[:3].strip().isdigit()]
    assert [row.split()[0] for row in rows] == ["1", "2"]
    assert all(line in err for line in out.split("\n") if line)


# -- bad input: one clear line, exit code 2, nothing written ------------------------------------------

BAD: dict[str, tuple[list[str], list[str]]] = {
    "zero syllables": (["--syllables", "0"], ["--syllables '0'"]),
    "negative syllables": (["--syllables=-8"], ["--syllables '-8'"]),
    "huge syllables": (["--syllables", "1" * 99], ["--syllables"]),
    "syllables in words": (["--syllables", "8,six"], ["--syllables 'six'"]),
    "zero lines": (["--lines", "0", "--rhyme", "AA"], ["--lines '0'"]),
    "401 lines": (["--lines", "401"], ["--lines '401'"]),
    "scheme beyond its lines": (["--lines", "4", "--rhyme", "ABABAB"], ["--rhyme ABABAB", "has 4"]),
    "no scheme": (["--rhyme", "A-B"], ["--rhyme 'A-B'"]),
    "no kind of rhyme": (["--rhyme-kind", "slant"], ["--rhyme-kind 'slant'"]),
    "metre against syllables": (["--metre", "x/x/", "--syllables", "6"], ["--metre x/x/", "--syllables asks for 6"]),
    "unknown metre": (["--metre", "iambick"], ["--metre 'iambick'", "did you mean iambic?"]),
    "start of two words": (["--start", "oh my"], ["--start 'oh my'"]),
    "start against acrostic": (["--start", "oh", "--acrostic", "RIVER"], ["--start oh", "--acrostic"]),
    "acrostic of digits": (["--acrostic", "R2"], ["--acrostic 'R2'"]),
    "acrostic beyond the song": (["--acrostic", "RIVER", "--form", "verse", "--lines", "2"], ["--acrostic RIVER"]),
    "avoided and included": (["--avoid", "sea", "--include", "sea"], ["--avoid and --include", "'sea'"]),
    "avoided in the refrain": (["--avoid", "sea", "--refrain", "Oh sea"], ["--avoid names 'sea'", "--refrain"]),
    "refrain that does not fit": (["--syllables", "8", "--refrain", "Oh sea"], ["oh sea", "has 2 syllables", "8"]),
    "phrase to include": (["--include", "red river"], ["--include 'red river'"]),
    "plan missing": (["--plan", "{files}/none.toml"], ["none.toml", "No such file"]),
    "plan with a typo": (["--plan", "{files}/typo.toml"], ["typo.toml", "'sylables'", "did you mean syllables?"]),
    "plan that is binary": (["--plan", "{files}/binary"], ["binary", "not UTF-8"]),
    "plan of sections and form": (["--plan", "{files}/sections.toml", "--form", "verse"], ["--form", "[[section]]"]),
    "plan of sections and lines": (["--plan", "{files}/sections.toml", "--lines", "4"], ["--lines", "[[section]]"]),
    "an option without effect": (["--plan", "{files}/sections.toml", "--rhyme", "ABAB"], ["--rhyme", "nothing"]),
    "like missing": (["--like", "{files}/none.txt"], ["--like", "none.txt"]),
    "like empty": (["--like", "{files}/empty.txt"], ["--like", "empty.txt"]),
    "like binary": (["--like", "{files}/binary"], ["binary"]),
    "like and form": (["--like", "{files}/song.txt", "--form", "verse"], ["--form and --like"]),
    "like and plan": (["--like", "{files}/song.txt", "--plan", "{files}/plan.toml"], ["--like and --plan"]),
    "like and fill": (["--like", "{files}/song.txt", "--fill", "{files}/draft.txt"], ["--like and --fill"]),
    "fill missing": (["--fill", "{files}/none.txt"], ["--fill", "none.txt"]),
    "fill empty": (["--fill", "{files}/empty.txt"], ["--fill", "empty.txt"]),
    "fill binary": (["--fill", "{files}/binary"], ["binary"]),
    "fill and lines": (["--fill", "{files}/draft.txt", "--lines", "4"], ["--fill and --lines"]),
    "fill and sections": (["--fill", "{files}/draft.txt", "--plan", "{files}/sections.toml"], ["[[section]]"]),
    "draft of other lengths": (["--fill", "{files}/draft.txt", "--syllables", "6"], ["line 1", "has 8 syllables", "--allow"]),
    "draft of another metre": (["--fill", "{files}/draft.txt", "--metre", "trochaic"], ["line 1", "stresses"]),
    "draft of other rhymes": (["--fill", "{files}/draft.txt", "--rhyme", "AXAX", "--rhyme-with", "sea"], ["'sea'"]),
    "draft with an avoided word": (["--fill", "{files}/draft.txt", "--avoid", "river"], ["--avoid names 'river'"]),
    "draft against acrostic": (["--fill", "{files}/draft.txt", "--acrostic", "SO"], ["--acrostic SO", "line 1"]),
    "lexicon missing": (["--lexicon", "{files}/none.lex"], ["none.lex"]),
    "lexicon of no phones": (["--lexicon", "{files}/bad.lex"], ["bad.lex", "1"]),
}  # fmt: skip


@pytest.mark.parametrize("command", ["plan", "write"])
@pytest.mark.parametrize("name", BAD)
def test_bad_wishes(name: str, command: str, files: Path, run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, parts = BAD[name]
    before = sorted(p.name for p in files.iterdir())
    filled = [a.format(files=files) for a in arguments]
    assert call(command, "-m", run_dir, *filled, "-o", files / ("out.toml" if command == "plan" else "out.txt")) == 2
    out, err = capsys.readouterr()
    assert out == ""
    message = only_line(err)
    assert all(part in message for part in parts), message
    assert sorted(p.name for p in files.iterdir()) == before


@pytest.mark.parametrize("particles", ["0", "257", "many"])
def test_bad_particles(particles: str, run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, "--particles", particles) == 2
    assert "particles" in only_line(capsys.readouterr().err)


@pytest.mark.parametrize("out", ["plan.txt", "plan", "no/such/plan.toml"])
def test_bad_places(out: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("plan", "--syllables", "8", "-o", tmp_path / out) == 2
    assert "-o" in only_line(capsys.readouterr().err)


def test_kept_lines_may_break_the_plan_if_allowed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = planned(capsys, "--fill", files / "draft.txt", "--syllables", "6", "--rhyme", "AABB", "--allow")
    assert [line["slots"] for line in data["lines"][1::2]] == [["??????"]] * 2
    assert data["lines"][0]["text"] == "The river ran below the town"


def test_songs_are_written_to_the_plan(run_dir: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--form", "verse", "--lines", "2", "--syllables", "6", "--seed", "1")
    assert call("write", "-m", run_dir, *asked, "--json", "--explain") == 0
    out, err = capsys.readouterr()
    lines = json.loads(out)["songs"][0]["sections"][0]["lines"]
    assert [line["syllables"] for line in lines] == [6, 6]
    assert "% allowed" in err
    assert call("plan", *asked[:-2], "-o", files / "p.toml") == 0
    assert "verse" in capsys.readouterr().out
    assert call("write", "-m", run_dir, "--plan", files / "p.toml", "--seed", "1", "--json") == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize("kind", [[], ["--json"], ["--jsonl"]])
def test_a_song_that_cannot_be_written_leaves_no_output(
    kind: list[str], run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lyricist.errors import PlanError
    from lyricist.generate.writer import Model

    def events(*_: object, **__: object) -> Iterator[None]:
        raise PlanError("--rhyme-with 'orange': no word rhymes with it")
        yield

    monkeypatch.setattr(Model, "events", events)
    assert call("write", "-m", run_dir, "--rhyme-with", "orange", *kind) == 3
    out, err = capsys.readouterr()
    assert out == "" and "orange" in only_line(err)


@pytest.mark.parametrize(
    ("asked", "again"),
    [
        (("--about", "river", "--no-premise"), 7),
        (("--syllables", "8", "--include", "river"), 8),
        (("--about", "river", "--no-hook"), None),
        (("--rhyme", "AABB"), None),
        (("--hook", "--rhyme", "ABBA"), 8),
        (("--syllables", "8,7,6,5"), None),  # no line is as long as the first
    ],
)
def test_a_chorus_has_a_hook_unless_rhymes_are_asked_for(
    asked: tuple[str, ...], again: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = planned(capsys, *asked)["lines"]
    assert [n for n in (5, 6, 7, 8) if lines[n - 1]["same_as"]] == [again] * bool(again)
    assert [line["same_as"] for line in lines[12:]] == [5, 6, 7, 8]
    assert again is None or lines[again - 1]["same_as"] == 5


ASKED = ("--syllables", "6", "--lines", 2, "--form", "verse")


def sung(call_of: tuple[object, ...], capsys: pytest.CaptureFixture[str]) -> dict[int, str]:
    """The text of each song by its seed."""
    assert call("write", *call_of, "--json") == 0
    songs = json.loads(capsys.readouterr().out)["songs"]
    return {s["seed"]: "\n".join(line["text"] for part in s["sections"] for line in part["lines"]) for s in songs}


def test_the_same_seed_is_the_same_song_however_it_is_asked_for(
    run_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_command, "MANY", 2)
    asked = ("-m", run_dir, *ASKED, "--seed", 5)
    one = sung((*asked, "--count", 1), capsys)
    assert sung((*asked, "--count", 2), capsys)[5] == one[5]
    three = sung((*asked, "--count", 3), capsys)
    assert three[5] == one[5]
    (best,) = sung((*asked, "--best-of", 3), capsys).items()
    assert three[best[0]] == best[1]
    plan = Plan(syllables="6", lines=2, form="verse")
    assert load(run_dir).write(plan, seed=5)[0].text == one[5]
    songs = [event for event in write(run_dir, plan, seed=5) if isinstance(event, WrittenSong)]
    assert songs[0].text == one[5]


def test_many_songs_are_said_to_be_slow(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_command.tell_slow(Drawing(), 101)
    assert "--particles 2 is much faster" in capsys.readouterr().err
    write_command.tell_slow(Drawing(), 100)
    assert not capsys.readouterr().err


def test_the_report_names_the_drawing(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, *ASKED, "--seed", 1) == 0
    assert f"profile {Drawing().profile}" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["--json", "--jsonl", "text", "file"])
def test_songs_that_cannot_be_finished_do_not_end_the_others(
    run_dir: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished = SongFailed(6, "line 2: no words are left for it: raise --max-copy")
    tried = Model.tried

    def failing(self: Model, *how: Any) -> Iterator[Any]:
        for event in tried(self, *how):
            yield unfinished if event.seed == 6 and isinstance(event, WrittenSong) else event

    monkeypatch.setattr(Model, "tried", failing)
    out = tmp_path / "songs.json"
    form = () if kind == "text" else ("-o", out) if kind == "file" else (kind,)
    assert call("write", "-m", run_dir, *ASKED, "--seed", 5, "--count", 3, *form) == 3
    printed, err = capsys.readouterr()
    assert err.strip().splitlines()[-1] == "lyricist: seed 6: line 2: no words are left for it: raise --max-copy"
    if kind == "text":
        assert "seed 5" in err and "seed 7" in err
    elif kind == "--jsonl":
        assert [json.loads(line)["seed"] for line in printed.splitlines()] == [5, 7]
    else:
        made = json.loads(out.read_text() if kind == "file" else printed)
        jsonschema.validate(made, schema("write"))
        assert [song["seed"] for song in made["songs"]] == [5, 7]
    with pytest.raises(UnfinishedSongs, match="seed 6: line 2: .*raise --max-copy") as told:
        load(run_dir).write(Plan(syllables="6", lines=2, form="verse"), seed=5, count=3)
    assert [song.seed for song in told.value.songs] == [5, 7]


def test_no_song_is_no_output(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "tried", lambda self, *how: iter([SongFailed(5, "line 1: no words are left for it")]))
    out = tmp_path / "songs.json"
    assert call("write", "-m", run_dir, *ASKED, "--seed", 5, "-o", out) == 3
    assert call("write", "-m", run_dir, *ASKED, "--seed", 5, "--json") == 3
    assert not capsys.readouterr().out
    assert not out.exists()


@pytest.mark.parametrize(
    ("option", "meant"), [("--meter", "--metre"), ("--theme", "--about"), ("--rhime", "--rhyme")]
)
def test_other_names_lead_to_the_right_option(option: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", option, "x") == 2
    assert capsys.readouterr().err == f"lyricist: there is no option {option}; did you mean {meant}?\n"


def test_options_are_completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {
        "_LYRICIST_COMPLETE": "complete_bash",
        "COMP_WORDS": "lyricist write --syl",
        "COMP_CWORD": "2",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        call()
    assert "--syllables" in capsys.readouterr().out


def test_the_score_is_shown(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("write", "-m", run_dir, "--seed", "3", "--same-sounds", "--json", "--explain") == 0
    out, err = capsys.readouterr()
    score = json.loads(out)["songs"][0]["score"]
    assert score["total"] == pytest.approx(sum(v for k, v in score.items() if k != "total"), abs=0.01)
    assert f"score {score['total']:.2f} a line: sense" in err
    assert call("write", "-m", run_dir, "--seed", "3", "--same-sounds", "--json", "--merit", "0") == 0
    assert "score" not in json.loads(capsys.readouterr().out)["songs"][0]
