"""Named forms: every one is a plan, its example obeys it, and what contradicts it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from lyricist.corpus import SECTION_NAMES
from lyricist.corpus.song import Line, Section, Song
from lyricist.errors import InputError
from lyricist.evaluation.check import check
from lyricist.plan.forms import Form, forms
from lyricist.plan.from_song import fill
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.plan_file import parse_plan, plan_text
from lyricist.plan.song_spec import lay_out
from lyricist.prosody.lexicon import default_lexicon

NAMES = list(forms())
ASKED = {"sonnet", "common metre", "villanelle", "ballad", "limerick", "blues", "long metre", "short metre", "pop",
         "story", "waltz", "couplets", "carol", "lullaby", "terza rima", "triolet"}  # fmt: skip


def test_the_list_holds_what_songs_are_written_in() -> None:
    assert set(NAMES) >= ASKED and len(NAMES) >= 15
    assert not {word for name in NAMES for word in name.split()} & set(SECTION_NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_form_is_a_whole_plan(name: str) -> None:
    asked = Plan(form=name)  # type: ignore[arg-type]
    assert asked.exact and asked.form == (name,)
    full = with_defaults(asked)
    assert full == with_defaults(full) == parse_plan(plan_text(full)) and parse_plan(plan_text(asked)) == asked
    spec = lay_out(full)
    assert len(spec.lines) == sum(forms()[name].lengths)
    assert Plan(form=name.upper().replace(" ", "_"), lines=forms()[name].lengths) == asked  # type: ignore[arg-type]


def first_lines(form: Form, count: int) -> list[dict[str, Any]]:
    """The tables of a form's first lines."""
    found, left = [], count
    for table in form.sections:
        size = min(left, table["lines"])
        if size:
            cut = {key: table[key][:size] for key in ("rhyme", "again") if key in table}
            found.append({**table, "lines": size, **cut})
        left -= size
    return found


@pytest.mark.parametrize("name", NAMES)
def test_examples_obey_their_form(name: str) -> None:
    form = forms()[name]
    lines = [line for line in form.example.splitlines() if line]
    assert 2 <= len(lines) <= 8 and form.description.endswith(".")
    tables, texts, at = first_lines(form, len(lines)), [], 0
    for table in tables:
        texts.append("\n".join(lines[at : at + table["lines"]]))
        at += table["lines"]
    found = check("\n\n".join(texts), Plan(sections=tables))  # type: ignore[arg-type]
    assert not found.violations


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"form": "sonnet", "lines": 12}, "--form sonnet has 14 lines and --lines asks for 12"),
        ({"form": "carol", "lines": "4"}, "--form carol has 4,2,4,2,4,2 lines and --lines asks for 4"),
        ({"form": "sonnet", "rhyme": "ABAB"}, "--form sonnet and --rhyme clash"),
        ({"form": "sonnet", "syllables": 8}, "--form sonnet and --syllables clash"),
        ({"form": "sonnet", "metre": "iambic"}, "--form sonnet and --metre clash"),
        ({"form": "sonet"}, "did you mean sonnet?"),
        ({"form": "verse sonnet"}, "names a whole form beside sections"),
        (
            {"form": "sonnet", "sections": [{"name": "verse"}] * 2},
            "the plan lists 2 sections and --form sonnet has 1",
        ),
        ({"form": "sonnet", "sections": [{"name": "verse", "lines": 12}]}, "--form sonnet and lines 12 clash"),
        ({"form": "sonnet", "sections": [{"name": "chorus"}]}, "--form sonnet and name 'chorus' clash"),
        ({"form": "haiku", "sections": [{"name": "verse", "text": ["..."] * 4}]}, "has 3 lines, and text 4"),
        ({"form": "villanelle", "acrostic": "ABCDEFG"}, "but it repeats line 1"),
    ],
)
def test_what_contradicts_a_form_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        Plan(**asked)
    assert message in str(refused.value)


def test_sections_may_say_what_they_are_about_and_hold_lines() -> None:
    sections = [{"name": "verse", "about": "the letter"}, {"name": "verse", "text": ["", "The window looks at me"]}]
    asked = Plan(form="common metre", sections=[*sections, {"name": "verse"}, {"name": "verse"}])  # type: ignore[arg-type]
    lines = lay_out(asked).lines
    assert [line.about for line in lines[3:5]] == [("letter",), ()]
    assert lines[5].text == ("the", "window", "looks", "at", "me") and lines[5].templates == ("x/x/x/",)


def test_a_draft_fills_a_form_line_by_line() -> None:
    def draft(count: int) -> Song:
        texts = ["The water took the garden", *[""] * (count - 1)]
        return Song("", "", (Section("verse", tuple(map(Line, texts))),), "draft.txt")

    made = fill(draft(3), {"form": "haiku", "allow": True}, default_lexicon())
    assert made.form == ("haiku",) and made.sections[0].text[0] == "The water took the garden"
    with pytest.raises(InputError, match="--form haiku has 3 lines and the draft 4"):
        fill(draft(4), {"form": "haiku"}, default_lexicon())


def test_a_text_is_divided_as_its_form_is() -> None:
    pantoum = "\n".join(line for line in forms()["triolet"].example.splitlines())
    assert not check(pantoum.replace("pane;\n", "pane;\n\n"), Plan(form="triolet")).violations  # type: ignore[arg-type]
    short = "\n".join(pantoum.splitlines()[:6])
    found = check(short, Plan(form="triolet")).violations  # type: ignore[arg-type]
    assert [(v.kind, v.expected, v.found) for v in found] == [("lines", "8 lines in section 1", "6")]
