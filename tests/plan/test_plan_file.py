"""Plan files: the round trip, and files that are none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from plans import PLANS

from lyricist.errors import InputError
from lyricist.plan.parse import MAX_BYTES
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.plan_file import parse_plan, plan_text, read_plan


@pytest.mark.parametrize("name", PLANS)
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    for plan in (PLANS[name], with_defaults(PLANS[name])):
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(plan), encoding="utf-8")
        assert read_plan(path) == plan
        assert tomllib.loads(plan_text(plan))["format"] == 1


@pytest.mark.parametrize(
    "text", ['say "oh" and \\ or \\n', "it's o'er", "# no comment", "''' \"\"\"", "ü \N{SNOWMAN} 日本"]
)
def test_any_line_survives(text: str) -> None:
    plan = Plan(title=text, sections=[{"name": "verse", "text": [f"Oh {text}", ""]}])
    assert parse_plan(plan_text(plan)) == plan


def test_a_file_may_be_written_by_hand() -> None:
    by_hand = """
        form = "verse chorus"
        syllables = [8, 6]
        rhyme_kind = "near"
        rhyme-with = "day"
        about = ["river", "night"]
        keep-chorus = false
    """
    asked = Plan(form="verse chorus", syllables=(8, 6), rhyme_kind="near", rhyme_with="day", about="river, night",
                 keep_chorus=False)  # fmt: skip
    assert parse_plan(by_hand) == asked


def test_a_tune_survives() -> None:
    lines = [[[1.0, 60, 4, 0.0], [0.5, 62, 1, 0.0]], [[2.0, 60, 4, 1.0]]]
    plan = Plan(sections=[{"name": "verse", "syllables": [2, 1], "tune": lines}], emphasis=1.5, open_vowels=1.0)
    assert parse_plan(plan_text(plan)) == plan
    assert plan.sections[0].tune[1] == ((2.0, 60, 4, 1.0),)


def test_text_of_a_section_may_be_one_string() -> None:
    made = parse_plan('[[section]]\nname = "verse"\ntext = """\nThe river\n...\nThe sea\n"""\n')
    assert made.sections[0].text == ("The river", "", "The sea")


# name -> (text, parts of the message)
BAD: dict[str, tuple[str, list[str]]] = {
    "unknown key": ("sylables = 8", ["'sylables'", "did you mean syllables?"]),
    "unknown table": ("[sections]\nname = 'verse'", ["'sections'", "did you mean section?"]),
    "unknown key of a section": (
        "[[section]]\nname = 'verse'\nsylables = 8",
        ["section 1", "did you mean syllables?"],
    ),
    "notes that are none": (
        "[[section]]\nname = 'verse'\nsyllables = 1\ntune = [[[1.0, 60]]]",
        ["section 1", "quarters, MIDI pitch"],
    ),
    "a note out of range": (
        "[[section]]\nname = 'verse'\nsyllables = 1\ntune = [[[1.0, 160, 4, 0.0]]]",
        ["section 1", "0 to 4"],
    ),
    "section without a name": ("[[section]]\nlines = 4", ["section 1", "name"]),
    "section that is no table": ("section = 5", ["[[section]]"]),
    "section as one table": ("[section]\nname = 'verse'", ["[[section]]"]),
    "text for a number": ("syllables = 'eight'", ["syllables 'eight'"]),
    "number for text": ("rhyme-with = 5", ["rhyme-with 5"]),
    "text for a switch": ("clean = 'no'", ["clean 'no'", "true or false"]),
    "switch for a number": ("max-copy = true", ["max-copy True", "whole number"]),
    "a fraction": ("lines = 4.5", ["lines 4.5"]),
    "a date": ("lines = 2024-01-01", ["lines"]),
    "a table for a value": ("[rhyme]\na = 1", ["rhyme is a table"]),
    "a nested list": ("syllables = [[8]]", ["syllables [8]"]),
    "given twice": ("rhyme-kind = 'near'\nrhyme_kind = 'near'", ["rhyme-kind is given twice"]),
    "a clash": ("include = 'sea'\navoid = 'sea'", ["avoid and include", "'sea'"]),
    "of the future": ("format = 2", ["format 2 is not 1"]),
    "format true": ("format = true", ["format"]),
    "cut short": ('rhyme = "AB', ["not TOML"]),
    "no TOML": ("once upon a time", ["not TOML"]),
    "nested without end": ("a = " + "[" * 100_000, ["not TOML"]),
    "an endless number": ("lines = " + "9" * 10_000, ["plan"]),
    "dotted keys": ("rhyme.a.b.c = 1", ["rhyme is a table"]),
    "an escape": ('title = "a\\u001b[2Jb"', ["title", "cannot be printed"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_named_in_one_line(name: str, tmp_path: Path) -> None:
    text, parts = BAD[name]
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_plan(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "--" not in message
    assert all(part in message for part in parts), message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "large").write_bytes(b"# \n" * MAX_BYTES)
    for name, part in [
        ("binary", "not UTF-8"),
        ("large", "larger than 1 MB"),
        ("none", "No such file"),
        (".", "directory"),
    ]:
        with pytest.raises(InputError, match=part):
            read_plan(tmp_path / name)


def test_an_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_bytes(b"\xef\xbb\xbf")
    assert read_plan(tmp_path / "plan.toml") == Plan()
