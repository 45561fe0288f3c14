"""Plans: values as people type them, what is assumed, and wishes that contradict each other."""

from __future__ import annotations

from typing import Any

import pytest
from plans import PLANS

from lyricist.errors import InputError, spelled_for
from lyricist.plan.fields import SectionPlan
from lyricist.plan.parse import numbers_of
from lyricist.plan.plan import Drawing, Plan, with_defaults
from lyricist.plan.plan_file import parse_plan, plan_text
from lyricist.plan.song_spec import lay_out


def test_lists_may_be_text_one_value_or_a_sequence() -> None:
    asked = Plan(form="Verse, pre-chorus c", lines=4, syllables="8,6", metre="Iambic", rhyme="abab, AABB")
    assert asked.form == ("verse", "prechorus", "chorus")
    assert (asked.lines, asked.syllables, asked.metre, asked.rhyme) == ((4,), (8, 6), ("iambic",), ("ABAB", "AABB"))
    assert Plan(about="River, night,river", include=["Don't"]).about == ("river", "night")
    assert Plan(acrostic="river").acrostic == "RIVER"
    assert Plan(refrain="  Carry me,  home ").refrain == "Carry me, home"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("6-10", ("6-10",)),
        ("8,6-7", (8, "6-7")),
        ([8, "6 - 7"], (8, "6-7")),
        ("7-7", (7,)),
        ("6\N{EN DASH}8", ("6-8",)),
    ],
)
def test_syllables_may_be_ranges(given: Any, found: tuple[int | str, ...]) -> None:
    asked = Plan(form="verse", lines=2, syllables=given)  # type: ignore[arg-type]
    assert asked.syllables == found and parse_plan(plan_text(asked)) == asked
    lengths = [[len(slots) for slots in line.templates] for line in lay_out(asked).lines]
    assert lengths == [list(numbers_of(found[i % len(found)])) for i in range(2)]
    metred = lay_out(Plan(form="verse", lines=1, syllables=given, metre="iambic")).lines[0]  # type: ignore[arg-type]
    assert all(slots == "x/" * (len(slots) // 2) + "x" * (len(slots) % 2) for slots in metred.templates)


@pytest.mark.parametrize(
    ("given", "message"),
    [("10-6", "begins with the larger number: write 6-10"), ("6-", "'6-' is not a whole number"),
     ("0-3", "'0' is not a whole number from 1 to 40"), ("6-41", "'41' is not a whole number"),
     ("a-b", "'a-b' is not"), ("6-7-8", "'6-7-8' is not")],
)  # fmt: skip
def test_ranges_that_are_none_are_refused(given: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Plan(syllables=given)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="x/x/ has 4 syllables and --syllables asks for 5-6"):
        Plan(form="verse", syllables="5-6", metre="x/x/")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked",
    [{}, {"form": "verse chorus"}, {"lines": 4}, {"start": "oh"}, {"max_copy": 0}, {"keep_chorus": False},
     {"clean": False}, {"title": "Rain"}, {"sections": [{"name": "verse", "lines": 3}]}],
)  # fmt: skip
def test_a_free_plan_is_not_exact(asked: dict[str, Any]) -> None:
    assert not Plan(**asked).exact


@pytest.mark.parametrize(
    "asked",
    [{"syllables": 8}, {"metre": "iambic"}, {"rhyme": "AA"}, {"rhyme_with": "love"}, {"about": "love"},
     {"include": "love"}, {"avoid": "love"}, {"acrostic": "LOVE"}, {"refrain": "My love"},
     {"sections": [{"name": "verse", "rhyme": "AA"}]}, {"sections": [{"name": "verse", "text": ["My love"]}]}],
)  # fmt: skip
def test_anything_more_makes_it_exact(asked: dict[str, Any]) -> None:
    assert Plan(**asked).exact


def test_sections_of_names_and_lengths_are_a_form() -> None:
    asked = Plan(sections=[{"name": "verse", "lines": 3}, {"name": "chorus"}])
    assert (asked.form, asked.lines, asked.sections) == (("verse", "chorus"), (3, 4), ())


DEFAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a theme alone": (
        {"about": "river"},
        {
            "form": ("verse", "chorus", "verse", "chorus"),
            "lines": (4,),
            "syllables": (8, 6),
            "rhyme": ("ABAB", "AABB"),
        },
    ),
    "syllables alone": ({"syllables": 7}, {"rhyme": ("X",), "syllables": (7,)}),
    "metre alone": ({"metre": "trochaic"}, {"rhyme": ("X",), "syllables": (8,)}),
    "rhyme alone": ({"rhyme": "ABAB"}, {"syllables": (8,), "lines": (4,)}),
    "syllables and a rhyme word": ({"syllables": 7, "rhyme_with": "day"}, {"rhyme": ("ABAB", "AABB")}),
    "a scheme of five": ({"rhyme": "AABBA"}, {"lines": (5,)}),
    "lines of a haiku": ({"syllables": "5,7,5"}, {"lines": (3,)}),
    "patterns say the syllables": ({"metre": "x/x/ /x"}, {"syllables": (), "lines": (4,)}),
    "a long acrostic": ({"acrostic": "ABCDEFGHIJKLMNOPQR"}, {"form": ("verse",) * 5}),
    "a refrain of its own length": ({"refrain": "Carry me"}, {"allow": True, "syllables": (8, 6)}),
    "a refrain in counted lines": ({"refrain": "Carry me", "syllables": 3}, {"allow": False}),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults(name: str) -> None:
    asked, expected = DEFAULTS[name]
    full = with_defaults(Plan(**asked))
    assert {field: getattr(full, field) for field in expected} == expected


@pytest.mark.parametrize("name", PLANS)
def test_defaults_change_nothing_twice_and_nothing_in_the_layout(name: str) -> None:
    full = with_defaults(PLANS[name])
    assert with_defaults(full) == full
    assert lay_out(full) == lay_out(PLANS[name])
    assert Plan(**{field: getattr(full, field) for field in Plan.model_fields}) == full


# name -> (what is asked, parts of the one-line message)
BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no syllables": ({"syllables": 0}, ["--syllables 0", "1 to 40"]),
    "negative syllables": ({"syllables": "-8"}, ["--syllables '-8'"]),
    "41 syllables": ({"syllables": 41}, ["--syllables 41", "40"]),
    "endless syllables": ({"syllables": "9" * 5000}, ["--syllables", "40"]),
    "syllables in words": ({"syllables": "eight"}, ["--syllables 'eight'"]),
    "half a syllable": ({"syllables": 7.5}, ["--syllables 7.5"]),
    "syllables true": ({"syllables": True}, ["--syllables True"]),
    "other digits": ({"syllables": "٨"}, ["--syllables"]),
    "empty syllables": ({"syllables": " , "}, ["--syllables is empty"]),
    "401 lines": ({"lines": 401}, ["--lines 401"]),
    "401 lines in all": ({"form": ["verse"] * 3, "lines": 200}, ["600 lines", "400"]),
    "401 exact lines in all": ({"form": ["verse"] * 101, "rhyme": "ABAB"}, ["404 lines", "400"]),
    "unknown section": ({"form": "verse chorsu"}, ["--form", "'chorsu'", "did you mean chorus?"]),
    "unknown metre": ({"metre": "iambik"}, ["--metre 'iambik'", "did you mean iambic?"]),
    "long pattern": ({"metre": "x/" * 21}, ["--metre", "42 syllables"]),
    "scheme of digits": ({"rhyme": "A1B2"}, ["--rhyme 'A1B2'", "letters"]),
    "scheme of accents": ({"rhyme": "ÄBÄB"}, ["--rhyme"]),
    "scheme too long": ({"rhyme": "ABABAB", "lines": 4}, ["--rhyme ABABAB", "6 lines", "has 4"]),
    "scheme too long for one section": (
        {"form": "verse chorus", "lines": "4,2", "rhyme": "ABAB"},
        ["section 2, chorus", "has 2"],
    ),
    "metre against syllables": ({"metre": "x/x/", "syllables": 8}, ["--metre x/x/", "--syllables asks for 8"]),
    "no kind of rhyme": ({"rhyme_kind": "slant"}, ["--rhyme-kind 'slant'", "perfect"]),
    "rhyme word without A": ({"rhyme_with": "love", "rhyme": "XBXB"}, ["--rhyme-with love", "no A"]),
    "two rhyme words": ({"rhyme_with": "my love"}, ["--rhyme-with 'my love'", "not one word"]),
    "start of two words": ({"start": "oh my"}, ["--start 'oh my'", "not one word"]),
    "empty start": ({"start": ""}, ["--start ''"]),
    "phrase to include": ({"include": "red river, night"}, ["--include 'red river'", "commas"]),
    "empty include": ({"include": ","}, ["--include is empty"]),
    "include numbers": ({"include": [5]}, ["--include 5"]),
    "avoid and include": ({"avoid": "night", "include": "Night"}, ["--avoid and --include", "'night'"]),
    "avoid and start": ({"avoid": "oh", "start": "Oh"}, ["--start Oh", "--avoid"]),
    "avoid and refrain": ({"avoid": "me", "refrain": "Carry me"}, ["--avoid names 'me'", "--refrain", "carry me"]),
    "avoid and text": (
        {"avoid": "me", "sections": [{"name": "verse", "text": ["Carry me"]}]},
        ["--avoid names 'me'", "kept line", "carry me"],
    ),
    "an unclean word": ({"include": "shit"}, ["--include 'shit'", "--no-clean"]),
    "an unclean start": ({"start": "shit"}, ["--start 'shit'", "--no-clean"]),
    "acrostic of digits": ({"acrostic": "R2D2"}, ["--acrostic 'R2D2'"]),
    "acrostic with a space": ({"acrostic": "MY LOVE"}, ["--acrostic 'MY LOVE'"]),
    "acrostic of accents": ({"acrostic": "ÉTÉ"}, ["--acrostic"]),
    "acrostic too long": ({"acrostic": "RIVER", "form": "verse", "lines": 4}, ["--acrostic RIVER", "5 letters", "4 lines"]),
    "acrostic against start": ({"acrostic": "RIVER", "start": "oh"}, ["--start oh", "R", "--acrostic"]),
    "acrostic against refrain": (
        {"acrostic": "AB", "refrain": "Carry me", "form": "chorus", "lines": 2},
        ["--acrostic AB", "line 2", "carry me"],
    ),
    "acrostic against a chorus that returns": (
        {"acrostic": "ABCD", "form": "chorus verse chorus", "lines": 1, "syllables": 8} | {"acrostic": "ABC"},
        ["--acrostic ABC", "line 3", "line 1", "--no-keep-chorus"],
    ),
    "start against text": (
        {"start": "oh", "sections": [{"name": "verse", "text": ["Carry me"]}]},
        ["--start oh", "carry me"],
    ),
    "refrain of two lines": ({"refrain": "Carry me\nhome"}, ["--refrain", "more than one line"]),
    "refrain of dots": ({"refrain": "..."}, ["--refrain '...'", "no words"]),
    "refrain of signs": ({"refrain": "!!!"}, ["--refrain", "no words"]),
    "refrain with escapes": ({"refrain": "Carry \x1b[31mme"}, ["--refrain", "cannot be printed"]),
    "title of two lines": ({"title": "A\nB"}, ["--title"]),
    "refrain against text": (
        {"refrain": "Carry me", "sections": [{"name": "chorus", "text": ["Bury me"]}]},
        ["--refrain", "Bury me"],
    ),
    "form and sections": ({"form": "verse", "sections": [{"name": "verse"}]}, ["--form", "sections"]),
    "choruses of two schemes": (
        {"form": "verse chorus verse chorus", "rhyme": "ABAB AABB ABAB XAXA"},
        ["--rhyme", "AABB", "later XAXA", "--no-keep-chorus"],
    ),
    "choruses of two lengths": (
        {"form": "chorus verse chorus", "lines": "4,4,6", "rhyme": "AA"},
        ["--lines", "4 and later 6"],
    ),
    "choruses of two texts": (
        {"sections": [{"name": "chorus", "text": ["Carry me"]}, {"name": "chorus", "text": ["Bury me"]}]},
        ["Carry me", "Bury me", "--no-keep-chorus"],
    ),
    "text longer than its section": (
        {"sections": [{"name": "verse", "lines": 1, "text": ["Carry me", "home"]}]},
        ["1 lines", "text for 2"],
    ),
    "text that is no list": ({"sections": [{"name": "verse", "text": 5}]}, ["text 5"]),
    "two schemes in a section": ({"sections": [{"name": "verse", "rhyme": "AA BB"}]}, ["'AA BB'", "not one value"]),
    "unknown field": ({"sylables": 8}, ["'sylables'", "did you mean syllables?"]),
    "unknown field of a section": ({"sections": [{"name": "verse", "line": 8}]}, ["'line'", "did you mean lines?"]),
    "copying less than nothing": ({"max_copy": -1}, ["--max-copy -1"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_plans_are_named_in_one_line(name: str) -> None:
    asked, parts = BAD[name]
    with pytest.raises(InputError) as caught:
        Plan(**asked)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message and len(message) < 400


def test_chorus_that_may_change_has_no_clashes() -> None:
    asked, _ = BAD["choruses of two schemes"]
    assert Plan(**asked, keep_chorus=False).exact


def test_words_nobody_knows_are_accepted() -> None:
    assert Plan(about="zyxw", start="zyxw", rhyme_with="zyxw").exact


def test_particles() -> None:
    assert Drawing().particles == 32
    with pytest.raises(InputError, match="particles 257: Input should be less"):
        Drawing(particles=257)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 1e-300),
        ("temperature", float("nan")),
        ("archaic", float("inf")),
        ("repetition", 1e300),
        ("top", 1),
    ],
)
def test_drawings_that_are_none(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name) as told:
        Drawing(**{name: value})  # type: ignore[arg-type]
    assert "\n" not in str(told.value)


def test_messages_name_parameters_in_python_and_options_in_the_shell() -> None:
    with pytest.raises(InputError) as told:
        Plan(rhyme_with="two words")
    assert str(told.value).startswith("--rhyme-with 'two words'")
    with spelled_for(shell=False):
        assert str(told.value).startswith("rhyme_with 'two words'")
        assert str(InputError("--title '--about' is odd")) == "title '--about' is odd"


@pytest.mark.parametrize(("given", "meant"), [("meter", "metre"), ("theme", "about"), ("scheme", "rhyme")])
def test_other_names_lead_to_the_right_field(given: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"did you mean {meant}"):
        Plan(**{given: "x"})


def test_patterns_of_digits() -> None:
    assert Plan(metre="0101, 01|0?").metre == ("x/x/", "x/|x?")


def test_section_plans_are_readable_text() -> None:
    asked = Plan(sections=(SectionPlan(name="verse", text=("Carry me", "...")),))
    assert asked.sections[0].text == ("Carry me", "")
    assert '"..."' in plan_text(asked)
