"""The premise of a song: what a seed draws where the plan leaves it open, so that other seeds give other songs.

A premise has a form with the kind of its hook, and a theme. Every part depends on the seed alone, and a part that the
plan asks for is not drawn. The plan of a seed is an ordinary plan: `lyricist plan --seed` shows it and saves it.
A model that knows stories draws one of them, and its form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from lyricist._io import one_line, read_plain
from lyricist._numbers import key, uniform
from lyricist.corpus.grammar import is_subject_form, person_of
from lyricist.errors import InputError, RunError
from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Plan
from lyricist.plan.shape import cycle

T = TypeVar("T")
Nearest = Callable[[Sequence[str], Sequence[str]], Sequence[str]]  # blocks of stories, the nearest to a theme first
MOST_STORIES = 1 << 24  # bytes
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
    said = {name for name, field in Plan.model_fields.items() if getattr(plan, name) != field.default}
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


# --- stories: what happens in a song, told in key words

PERSONS = ("i", "you", "he", "she", "we", "they", "nobody")
TENSES = ("past", "present")
NOBODY = "-"  # at the head of a beat without a person
STRIDE, APART = 2_654_435_761, 7_919  # primes: between seeds, and between the stories of a seed
CHOICE = 8  # stories of a seed, of which the one is told that fits its plan best
NEAREST = 40  # stories from which one on the theme is drawn


class Beat(NamedTuple):
    """What one line says: the pronoun of who does it, as in the line (*we*, *you're*; "nobody": none; "": not said),
    that of who else is in it, and key words in the order of the line, its last word last."""

    words: tuple[str, ...]
    who: str = ""
    whom: str = ""
    syllables: int = 0  # of the line that it was made for; 0: not said


@dataclass(frozen=True)
class Story:
    """What happens in a song: a beat for every line of its verses and of its chorus, and the form that it was made
    for; () for none."""

    person: str
    tense: str
    theme: tuple[str, ...]
    verses: tuple[Beat, ...]
    chorus: tuple[Beat, ...] = ()
    sections: tuple[SectionPlan, ...] = ()


def read_stories(path: Path) -> tuple[str, ...]:
    """The blocks of a file of stories, with a blank line after each. Raises `RunError`."""
    try:
        return tuple(read_plain(path, MOST_STORIES).decode().strip().split("\n\n"))
    except UnicodeDecodeError as e:
        raise RunError(f"{path} is damaged (not text): restore it or train again") from e


@lru_cache(4096)
def parse_story(block: str) -> Story:
    """The story of a block: "you past: thief, laundry", then "form: 8,6 XAXA; 8 AA; vcvcv; last" (the verse, the
    chorus, the order of sections, and which line of a verse comes back), and rows "1:" and "C:" with beats between
    slashes.

    >>> parse_story("i past: key, pot\\nform: 6,4 XX; v;\\n1: i'd you hid key / - pot").verses[0]
    Beat(words=('hid', 'key'), who="i'd", whom='you', syllables=6)
    """
    head, *rows = block.split("\n")
    voice, _, theme = head.partition(":")
    person, tense = voice.split()
    told: dict[str, tuple[Beat, ...]] = {}
    sections: tuple[SectionPlan, ...] = ()
    for row in rows:
        name, _, text = row.partition(":")
        if name == "form":
            sections = parse_form(text)
        else:
            told[name] = tuple(parse_beat(beat.split()) for beat in text.split("/"))
    verses = tuple(beat for name in sorted(told.keys() - {"C"}) for beat in told[name])
    chorus = told.get("C", ())
    if sections:
        verses, chorus = (measured(beats, sections, n) for beats, n in ((verses, "verse"), (chorus, "chorus")))
    return Story(person, tense, tuple(w.strip() for w in theme.split(",")), verses, chorus, sections)


def measured(beats: Sequence[Beat], sections: Sequence[SectionPlan], name: str) -> tuple[Beat, ...]:
    """Beats with the syllables of the lines of these sections."""
    mine = [section for section in sections if section.name == name]
    found = [cycle(section.syllables, i) for section in mine for i in range(section.lines or 0)]
    lengths = [n if isinstance(n, int) else 0 for n in found] + [0] * len(beats)
    return tuple(beat._replace(syllables=n) for beat, n in zip(beats, lengths, strict=False))


def stories_of(
    stories: Sequence[str], seed: int, person: str = "", tense: str = "", about: Sequence[str] = (),
    nearest: Nearest | None = None,
) -> list[Story]:  # fmt: skip
    """The stories of a seed, which come one after the other for seeds that do: in the person and tense that are asked
    for, and among those nearest to the words of a theme. `stories`: blocks of a file."""
    found = stories
    if person or tense:
        wanted = [f"{p} {t}:" for p in ((person,) if person else PERSONS) for t in ((tense,) if tense else TENSES)]
        found = [block for block in stories if block.startswith(tuple(wanted))]
    if about and nearest is not None:
        found = nearest(about, found)[:NEAREST]
    few = dict.fromkeys(found[(seed * STRIDE + k * APART) % len(found)] for k in range(CHOICE if found else 0))
    try:
        return [parse_story(block) for block in few]
    except (ValueError, IndexError, KeyError, InputError) as e:
        raise RunError(f"a story of the run is damaged ({one_line(e)}): restore the run or train again") from e


def parse_beat(words: Sequence[str]) -> Beat:
    """The beat of words: perhaps a subject pronoun or `NOBODY`, then perhaps another pronoun, then the key words."""
    rest, who, whom = list(words), "", ""
    if len(rest) > 1 and (rest[0] == NOBODY or is_subject_form(rest[0])):
        first = rest.pop(0)
        who = "nobody" if first == NOBODY else first
        if len(rest) > 1 and person_of(rest[0]):
            whom = rest.pop(0)
    return Beat(tuple(rest), who, whom)


def parse_form(text: str) -> tuple[SectionPlan, ...]:
    """
    >>> [(s.name, s.syllables, s.rhyme, s.again) for s in parse_form("8,6 XA; 8 AA; vcv; last")]
    [('verse', (8, 6), 'XA', ()), ('chorus', (8,), 'AA', ()), ('verse', (8, 6), 'XA', (0, 2))]
    """
    *stanzas, order, refrain = (part.strip() for part in text.split(";"))
    made = [(s.split()[1], tuple(map(int, s.split()[0].split(",")))) for s in stanzas]
    sections: list[SectionPlan] = []
    for place, section in enumerate(order):
        rhyme, syllables = made[section == "c"]
        lines = len(rhyme)
        stanza = Stanza(lines, syllables, IAMBIC, (rhyme,))
        at = {"first": 1, "last": lines}.get(refrain, 0)
        again = (0,) * (at - 1) + (at,) if at and section == "v" and place else ()
        sections.append(section_of(stanza, "chorus" if section == "c" else "verse", rhyme, again))
    return tuple(sections)
