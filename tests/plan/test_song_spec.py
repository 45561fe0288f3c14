"""Layouts: literal ones, and laws that all obey."""

from __future__ import annotations

from typing import Any

import pytest
from plans import PLANS

from lyricist.errors import InputError
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.shape import ANY, FREE, shapes
from lyricist.plan.song_spec import SongSpec, lay_out


def laid(**asked: object) -> SongSpec:
    return lay_out(Plan(**asked))


def groups(made: SongSpec) -> list[int]:
    return [line.group for line in made.lines]


def test_templates_of_names_patterns_and_counts() -> None:
    made = laid(form="verse", lines=3, syllables="8,6,7", metre="iambic, ??//xx, anapestic")
    assert [line.templates for line in made.lines] == [("x/x/x/x/",), ("??//xx",), ("/xx/xx/",)]
    assert laid(form="verse", lines=1, syllables=3).lines[0].templates == ("???",)


def test_groups_are_letters_used_twice_in_one_section() -> None:
    made = laid(form="verse chorus", lines="4,4", rhyme="ABXA,AABB")
    assert groups(made) == [0, -1, -1, 0, 1, 1, 2, 2]
    assert [(g.letter, g.section, g.kind, g.with_word) for g in made.groups] == [
        ("A", 0, "perfect", ""), ("A", 1, "perfect", ""), ("B", 1, "perfect", "")
    ]  # fmt: skip


def sections(*asked: dict[str, Any]) -> SongSpec:
    return lay_out(Plan(sections=[{"name": "verse", "syllables": "8", **each} for each in asked]))


def test_a_line_that_is_said_again_brings_its_rhyme() -> None:
    made = sections({"lines": 2, "rhyme": "AA"}, {"lines": 3, "rhyme": "ABA", "again": [0, 1, 2]})
    assert [line.same_as for line in made.lines] == [-1, -1, -1, 0, 1]
    assert groups(made) == [0, 0, 0, 0, 0] and len(made.groups) == 1
    free = sections({"lines": 2, "rhyme": "XX"}, {"lines": 2, "rhyme": "AA", "again": "0,1"})
    assert groups(free) == [0, -1, 0, 0]


@pytest.mark.parametrize(
    ("again", "text", "message"),
    [
        ([3], [], "again 3 of line 3: a line can repeat only an earlier line"),
        ([0, 0, 1], [], "the verse has 2 lines and again for 3"),
        ([1], ["Down the river"], "again 1 of line 3, which is given with other words"),
        (["x"], [], "a section's again 'x' is not a whole number"),
        ([-1], [], "a section's again -1 is not a whole number"),
        ([401], [], "is not a whole number from 1 to 400"),
    ],
)
def test_what_cannot_be_said_again(again: Any, text: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sections({"lines": 2}, {"lines": 2, "again": again, "text": text})


def test_a_chorus_whose_first_line_comes_back_anyway_has_no_other_hook() -> None:
    chorus = {"name": "chorus", "lines": 4, "syllables": "6", "rhyme": "ABAB"}
    verse = {"name": "verse", "lines": 2, "syllables": "8", "rhyme": "XX"}
    made = lay_out(Plan(hook=True, sections=[verse, {**chorus, "again": [1]}]))
    assert [line.same_as for line in made.lines] == [-1, -1, 0, -1, -1, -1]
    own = lay_out(Plan(hook=True, sections=[verse, {**chorus, "rhyme": "AABA", "again": [0, 0, 0, 3]}]))
    assert [line.same_as for line in own.lines] == [-1, -1, -1, -1, -1, 2]


def test_notes_must_be_those_of_the_line_said_again() -> None:
    note = [1, 67, 4, 0]
    tune = {"lines": 2, "syllables": "4", "again": [0, 1], "tune": [[note] * 4] * 2}
    with pytest.raises(InputError, match="again 1 of line 4: its tune has 4 notes, and line 1 is of another length"):
        sections({"lines": 2}, tune)


def test_lines_said_again_alone_make_a_plan() -> None:
    assert Plan(sections=[{"name": "verse", "lines": 2}, {"name": "verse", "lines": 2, "again": [1]}]).exact


def test_a_chorus_that_comes_back_may_say_so_with_noughts() -> None:
    chorus = {"name": "chorus", "lines": 2}
    assert sections(chorus, {**chorus, "again": [0, 0]}).lines[3].same_as == 1


def test_short_schemes_go_on_in_fresh_letters() -> None:
    made = laid(form="verse", lines=6, rhyme="AB")
    assert groups(made) == [-1] * 6
    made = laid(form="verse", lines=7, rhyme="ABA")
    assert groups(made) == [0, -1, 0, 1, -1, 1, -1]
    assert [g.letter for g in made.groups] == ["A", "C"]


def test_a_rhyme_word_binds_the_first_a_of_every_section_even_alone() -> None:
    made = laid(form="verse bridge", lines=4, rhyme="AXXX,AABB", rhyme_with="Day", rhyme_kind="near")
    assert groups(made) == [0, -1, -1, -1, 1, 1, 2, 2]
    assert [g.with_word for g in made.groups] == ["day", "day", ""]
    assert {g.kind for g in made.groups} == {"near"}


def test_a_chorus_that_returns_shares_lines_and_groups() -> None:
    made = laid(form="chorus verse chorus", lines=2, rhyme="AA", syllables=6)
    assert [line.same_as for line in made.lines] == [-1, -1, -1, -1, 0, 1]
    assert groups(made) == [0, 0, 1, 1, 0, 0]
    assert [line.section for line in made.lines] == [0, 0, 1, 1, 2, 2]
    free = laid(form="chorus verse chorus", lines=2, rhyme="AA", syllables=6, keep_chorus=False)
    assert [line.same_as for line in free.lines] == [-1] * 6
    assert groups(free) == [0, 0, 1, 1, 2, 2]


def test_refrains_end_choruses_or_every_section() -> None:
    made = laid(form="verse chorus verse chorus", lines=2, syllables=4, refrain="Carry me home")
    assert [i for i, line in enumerate(made.lines) if line.text] == [3, 7]
    assert made.lines[3].text == ("carry", "me", "home") and made.lines[3].given == "Carry me home"
    assert made.lines[7].same_as == 3
    made = laid(form="verse verse", lines=2, syllables=4, refrain="Carry me home")
    assert [(i, line.same_as) for i, line in enumerate(made.lines) if line.text] == [(1, -1), (3, 1)]


def test_a_refrain_that_other_lines_rhyme_with_is_no_mere_repeat() -> None:
    made = laid(form="verse verse", lines=2, rhyme="AA", refrain="Carry me home")
    assert [(line.group, line.same_as) for line in made.lines] == [(0, -1), (0, -1), (1, -1), (1, -1)]


def test_kept_lines_and_open_lines_of_a_draft() -> None:
    made = lay_out(PLANS["draft"])
    assert made.lines[0].text == ("the", "river", "ran", "below", "the", "town")
    assert [line.templates for line in made.lines[:2]] == [ANY, FREE]
    assert [line.templates for line in made.lines[4:6]] == [("x/x/x/",)] * 2
    assert [line.same_as for line in made.lines[-2:]] == [4, 5]
    assert made.include == ("light",)
    assert lay_out(PLANS["draft in metre"]).lines[0].templates == ("????????",)


def test_what_a_later_chorus_keeps_is_kept_in_the_first() -> None:
    made = lay_out(PLANS["chorus filled in later"])
    assert [(line.text, line.same_as) for line in made.lines] == [
        (("oh", "sea"), -1), (("oh", "river"), -1), (("oh", "sea"), 0), (("oh", "river"), 1)
    ]  # fmt: skip


def test_beginnings() -> None:
    made = laid(acrostic="RIV", start="Rain")
    assert [line.initial for line in made.lines[:4]] == ["r", "i", "v", ""]
    assert made.lines[0].first == "rain"
    assert not any(line.first for line in made.lines[1:])


@pytest.mark.parametrize("name", PLANS)
def test_laws(name: str) -> None:
    made = lay_out(PLANS[name])
    members: dict[int, list[int]] = {}
    for i, line in enumerate(made.lines):
        assert line.templates and all(set(slots) <= set("x/?") for slots in line.templates)
        assert len({len(slots) for slots in line.templates}) == len(line.templates)
        assert -1 <= line.same_as < i
        assert -1 <= line.group < len(made.groups)
        if line.same_as >= 0:
            source = made.lines[line.same_as]
            assert (source.group, source.text, source.same_as) == (line.group, line.text, -1)
        members.setdefault(line.group, []).append(i)
    for number, group in enumerate(made.groups):
        assert len(members[number]) > 1 or group.with_word
        assert made.lines[members[number][0]].section == group.section


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"syllables": [1], "tune": [[[1.0, 60, 4, 0.0]] * 3]}, ["1 syllables", "3 notes"]),
        ({"syllables": [2], "lines": 1, "tune": [[[1.0, 60, 4, 0.0]]]}, ["2 syllables", "1 notes"]),
    ],
)
def test_a_tune_that_does_not_suit_its_lines_is_refused(fields: dict, parts: list[str]) -> None:
    with pytest.raises(InputError) as refusal:
        lay_out(with_defaults(Plan(sections=[{"name": "verse", **fields}])))
    assert all(part in str(refusal.value) for part in parts)


@pytest.mark.parametrize(
    ("fields", "again", "scheme"),
    [
        ({"syllables": "8,6"}, 2, "X"),
        ({"rhyme": "ABAB"}, 2, "ABAB"),
        ({"rhyme": "ABBA"}, 3, "ABBA"),
        ({"about": "sea"}, 2, "ABAB"),
        ({"rhyme_with": "sea", "syllables": 8}, 3, "AABA"),
        ({}, 2, "ABAB"),
    ],
)
def test_a_hook_comes_back_in_its_chorus(fields: dict[str, Any], again: int, scheme: str) -> None:
    plan = with_defaults(Plan(hook=True, form="verse chorus verse chorus", **fields))
    assert with_defaults(plan) == plan
    lines = lay_out(plan).lines
    assert [line.same_as for line in lines[4:8]] == [4 if j == again else -1 for j in range(4)]
    assert [line.same_as for line in lines[12:]] == [4, 5, 6, 7]
    assert shapes(plan)[1].rhyme == scheme
    assert lines[4 + again].templates == lines[4].templates


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"rhyme": "AABB", "form": "chorus"}, ("--hook", "--rhyme AABB")),
        ({"acrostic": "SEA"}, ("--hook", "--acrostic")),
    ],
)
def test_a_hook_that_cannot_be_had_is_refused(fields: dict[str, Any], names: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as e:
        lay_out(with_defaults(Plan(hook=True, **fields)))
    for name in names:
        assert name in str(e.value)
