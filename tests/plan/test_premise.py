"""Premises: what a seed draws where the plan leaves it open."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Plan
from lyricist.plan.premise import FORMS, HOOKS, Chance, with_premise
from lyricist.plan.resolve import as_a_song
from lyricist.plan.song_spec import lay_out

SEEDS = range(400)
WORDS = ("harbour", "rope", "letter", "train")
OPEN = Plan(premise=True)


def theme(chance: Chance, about: tuple[str, ...]) -> tuple[str, ...]:
    if about:
        return (f"{about[0]}side",)
    return (chance.one(WORDS),)


def drawn(seed: int, plan: Plan = OPEN, attempt: int = 0) -> Plan:
    return with_premise(plan, seed, theme, attempt)


def test_a_premise_depends_on_its_seed_alone() -> None:
    assert drawn(7) == drawn(7) != drawn(8)
    assert drawn(7, attempt=1) != drawn(7)
    assert not drawn(7).premise


def test_every_premise_can_be_laid_out() -> None:
    for seed in SEEDS:
        plan = drawn(seed)
        assert plan.exact and len(lay_out(plan).lines) == sum(section.lines or 0 for section in plan.sections)


def form(plan: Plan) -> tuple[Any, ...]:
    return tuple((s.name, s.lines, s.syllables, s.metre) for s in plan.sections)


def mould(chorus: SectionPlan) -> tuple[int, ...]:
    """For each line the line of the chorus that it repeats, from its first repeat."""
    start = min((n for n in chorus.again if n), default=0)
    return tuple(n - start + 1 if n else 0 for n in chorus.again)


def test_seeds_draw_many_forms_and_no_kind_of_hook_too_often() -> None:
    plans = [drawn(seed) for seed in SEEDS]
    forms = Counter(map(form, plans))
    assert len(forms) > len(FORMS) and max(forms.values()) < 0.1 * len(SEEDS)
    firsts = ([s for s in plan.sections if s.name == "chorus"][:1] for plan in plans)
    choruses = [chorus for first in firsts for chorus in first]
    hooks = Counter(mould(chorus) for chorus in choruses if chorus.again)
    assert len(choruses) > len(SEEDS) / 4
    assert len(hooks) > 3 and max(hooks.values()) < len(choruses) / 3
    assert len({plan.about for plan in plans}) == len(WORDS)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_scheme_of_a_hook_lets_its_lines_repeat(hook: str) -> None:
    again = tuple(hook.index(letter) + 1 if hook.index(letter) < i else 0 for i, letter in enumerate(hook))
    chorus = SectionPlan(name="chorus", lines=4, syllables=8, rhyme=HOOKS[hook] or "ABAB", again=again)
    lines = lay_out(Plan(sections=(chorus,))).lines
    assert [line.same_as + 1 for line in lines] == (list(again) or [0] * 4)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"include": "river"}, ("include", "about")),
        ({"syllables": 7, "rhyme": "AABB"}, ("syllables", "rhyme", "sections")),
        ({"form": "verse verse"}, ("form", "sections")),
        ({"max_copy": 3, "title": "Home"}, ("max_copy", "title")),
    ],
)
def test_what_is_asked_for_is_not_drawn(asked: dict[str, Any], kept: tuple[str, ...]) -> None:
    plan = Plan(premise=True, **asked)
    made = drawn(3, plan)
    assert {name: getattr(made, name) for name in kept} == {name: getattr(plan, name) for name in kept}
    assert made != plan.model_copy(update={"premise": False})


def test_a_theme_that_is_given_keeps_its_words_and_gets_company() -> None:
    assert drawn(3, Plan(premise=True, about="river")).about == ("river", "riverside")


def test_the_rest_of_a_premise_does_not_depend_on_what_is_asked_for() -> None:
    assert drawn(3, Plan(premise=True, about="river")).sections == drawn(3).sections
    assert drawn(3, Plan(premise=True, form="verse")).about == drawn(3).about


@pytest.mark.parametrize(
    ("options", "premise"),
    [
        ({}, True),
        ({"about": "river"}, True),
        ({"premise": False}, False),
        ({"premise": True, "syllables": 7}, True),
        ({"syllables": 7}, False),
        ({"hook": False}, False),
        ({"form": ("verse",)}, False),
        ({"like": "song.txt"}, False),
    ],
)
def test_seeds_draw_a_premise_where_no_form_is_asked_for(options: dict[str, Any], premise: bool) -> None:
    assert as_a_song(Plan(), options, always=True).premise == premise


def test_a_plan_without_a_premise_is_left_as_it_is() -> None:
    plan = Plan(syllables=8)
    assert drawn(1, plan) is plan
