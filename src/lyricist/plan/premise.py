"""The premise of a song: what a seed draws where the plan leaves it open, so that other seeds give other songs.

A premise has a form with the kind of its hook, and a theme. Every part depends on the seed alone, and a part that the
plan asks for is not drawn. The plan of a seed is an ordinary plan: `lyricist plan --seed` shows it and saves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lyricist._numbers import key, uniform
from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Plan
from lyricist.plan.shape import cycle

T = TypeVar("T")
PREMISE = 0x9E37  # makes the numbers of premises others than those of words
SHAPE = ("form", "lines", "syllables", "metre", "rhyme", "rhyme_with", "acrostic", "refrain", "hook", "sections")
WORDS = ("include", "start")  # fields beside `about` that say what a song is about


class Chance:
    """Draws that depend on a seed alone."""

    def __init__(self, *counters: int) -> None:
        self.key, self.count = key(PREMISE, *counters), 0

    def below(self, size: int) -> int:
        """A whole number from 0 to `size` - 1."""
        self.count += 1
        return int(uniform(self.key, self.count) * size)

    def one(self, values: Sequence[T]) -> T:
        return values[self.below(len(values))]


@dataclass(frozen=True)
class Stanza:
    """A section to draw from: syllables and metre by line, schemes of which one is drawn."""

    lines: int
    syllables: tuple[int, ...]
    metre: tuple[str, ...]
    rhymes: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """`orders`: orders of sections, v a verse and c a chorus; `chorus`: None without one."""

    name: str
    verse: Stanza
    chorus: Stanza | None
    orders: tuple[str, ...]


IAMBIC, TROCHAIC, ANAPESTIC = ("iambic",), ("trochaic",), ("anapestic",)
COMMON = Stanza(4, (8, 6), IAMBIC, ("ABAB", "XAXA"))
LONG = Stanza(4, (8,), IAMBIC, ("ABAB", "AABB", "ABBA"))
SHORT = Stanza(4, (6, 6, 8, 6), IAMBIC, ("XAXA", "ABAB"))
SEVENS = Stanza(4, (7,), TROCHAIC, ("AABB", "ABAB"))
FIVES = Stanza(4, (10,), IAMBIC, ("ABAB", "AABB"))
WALTZ = Stanza(4, (9, 6), ANAPESTIC, ("ABAB", "XAXA"))
COUPLET = Stanza(2, (8,), IAMBIC, ("AA",))
FORMS = (
    Form("common metre", COMMON, None, ("vvv", "vvvv")),
    Form("long metre", LONG, None, ("vvv", "vvvv")),
    Form("short metre", SHORT, None, ("vvv", "vvvv")),
    Form("ballad", Stanza(4, (8, 6), IAMBIC, ("XAXA",)), None, ("vvvv", "vvvvv")),
    Form("pop song", COMMON, LONG, ("vcvc", "vvcvc", "cvcv")),
    Form("pop song in long lines", LONG, COMMON, ("vcvc", "vcvcv")),
    Form("story with refrain", LONG, COUPLET, ("vcvcvc", "vvcvvc")),
    Form("carol", SEVENS, Stanza(4, (8, 7), TROCHAIC, ("ABAB", "XAXA")), ("vcvc", "cvcv")),
    Form("lullaby", Stanza(4, (7, 5), TROCHAIC, ("XAXA", "ABAB")), None, ("vvv",)),
    Form("waltz", WALTZ, Stanza(4, (9,), ANAPESTIC, ("AABB", "ABAB")), ("vcvc", "vcvcv")),
    Form("couplets", Stanza(6, (8,), IAMBIC, ("AABBCC",)), None, ("vv", "vvv")),
    Form("pentameter", FIVES, None, ("vv", "vvv")),
    Form("short lines", Stanza(4, (6,), IAMBIC, ("ABAB", "XAXA")), SEVENS, ("vcvc", "vvcvc")),
    Form("sestets", Stanza(6, (8, 8, 6), IAMBIC, ("AABCCB",)), None, ("vv", "vvv")),
)
# Kinds of hook. In a chorus of four lines a letter that comes back is the same line; its scheme beside it. Among the
# verses of a song without a chorus "first" and "last" say which line of each verse is that of the first verse.
HOOKS = {"": "", "ABAC": "ABAB", "ABCB": "ABAB", "AABC": "AABB", "ABCA": "ABBA", "ABAB": "AAAA"}
REFRAINS = ("", "", "", "first", "last")


def with_premise(
    plan: Plan,
    seed: int,
    themes: Callable[[Chance, tuple[str, ...]], tuple[str, ...]],
    attempt: int = 0,
    forms: Callable[[Chance], tuple[SectionPlan, ...]] | None = None,
) -> Plan:
    """The plan of a seed: with the parts that a premise draws, where the plan leaves them open. `themes` draws the
    words of a theme, or more words beside those of a theme that is given. `attempt`: which draw of this seed, where
    the model could not fulfil the earlier ones. `forms` draws the sections; None: from FORMS."""
    if not plan.premise:
        return plan
    said = {name for name in Plan.model_fields if getattr(plan, name) != Plan.model_fields[name].default}
    drawn = {name: getattr(plan, name) for name in said} | {"premise": False}
    if said.isdisjoint(SHAPE):
        drawn["sections"] = (forms or draw_sections)(Chance(seed, attempt, 0))
    if "about" in said or said.isdisjoint(WORDS):
        drawn["about"] = (*plan.about, *themes(Chance(seed, attempt, 1), plan.about))
    return Plan(**drawn)


def draw_sections(chance: Chance) -> tuple[SectionPlan, ...]:
    """The sections of a form, with a hook of some kind."""
    form = chance.one(FORMS)
    order = chance.one(form.orders)
    rhyme = chance.one(form.verse.rhymes)
    if form.chorus is None:
        return verses(form.verse, rhyme, len(order), chance.one(REFRAINS))
    scheme, again = draw_hook(form.chorus, chance)
    made: list[SectionPlan] = []
    line, heard = 0, False
    for section in order:
        stanza, name = (form.verse, "verse") if section == "v" else (form.chorus, "chorus")
        repeats = tuple(line + n if n else 0 for n in again) if section == "c" and not heard else ()
        made.append(section_of(stanza, name, rhyme if section == "v" else scheme, repeats))
        heard |= section == "c"
        line += stanza.lines
    return tuple(made)


def draw_hook(chorus: Stanza, chance: Chance) -> tuple[str, tuple[int, ...]]:
    """The scheme of a chorus, and for each line the number, from 1, of the line of the chorus that it repeats; 0:
    none."""
    scheme = chance.one(chorus.rhymes)
    if chorus.lines != 4:
        return scheme, ()
    lengths = [cycle(chorus.syllables, i) for i in range(4)]
    fitting = [h for h in HOOKS if all(lengths[h.index(letter)] == lengths[i] for i, letter in enumerate(h))]
    hook = chance.one(fitting)
    first = [hook.index(letter) for letter in hook]
    return HOOKS[hook] or scheme, tuple(place + 1 if place < i else 0 for i, place in enumerate(first))


def verses(stanza: Stanza, rhyme: str, count: int, refrain: str) -> tuple[SectionPlan, ...]:
    """Verses; with a refrain each has the first or the last line of the first verse in its place."""
    place = {"": -1, "first": 0, "last": stanza.lines - 1}[refrain]
    again = tuple(place + 1 if i == place else 0 for i in range(place + 1))
    return tuple(section_of(stanza, "verse", rhyme, again if n else ()) for n in range(count))


def section_of(stanza: Stanza, name: str, rhyme: str, again: tuple[int, ...]) -> SectionPlan:
    return SectionPlan(
        name=name, lines=stanza.lines, syllables=stanza.syllables, metre=stanza.metre, rhyme=rhyme, again=again
    )
