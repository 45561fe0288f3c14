"""The sections that a plan asks for, with its defaults filled in.

Defaults of each section:

- form: verse chorus verse chorus; only verses where an acrostic is longer than verse, chorus and verse;
- lines: as many as the longest of the section's lists (scheme, syllables, metre) if that is 3 or more, else 4;
- syllables and rhyme both left out: 8,6 and ABAB (common measure), a chorus AABB;
- syllables or metre given, rhyme left out: no rhyme (with a rhyme word: as above);
- syllables left out: 8;
- a section with lines to keep and neither: lines of any length, no rhyme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, count, takewhile
from typing import Any, TypeVar

from lyricist.corpus import CHORUSES, RETURNING
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.plan.fields import PlanFields, SectionPlan, Tune
from lyricist.plan.parse import numbers_of
from lyricist.prosody.features import Note
from lyricist.prosody.metre import METRES, slots_of, template

T = TypeVar("T")
split = WordTokenizer().split

FORM = ("verse", "chorus", "verse", "chorus")
LINES = 4
EIGHT, COMMON = (8,), (8, 6)  # syllables
OVER = {0: "", 1: "X", 2: "CC", 3: "CXC"}  # scheme of the lines after the last group of four
FREE = tuple("?" * n for n in range(4, 13))  # slots of a line of any length
ANY = tuple("?" * n for n in range(1, 61))  # of a given line that may break the plan


@dataclass(frozen=True, slots=True)
class Shape:
    """One section in which only the words are open."""

    name: str
    lines: int
    syllables: tuple[
        int | str, ...
    ]  # per line, cycling, ranges as "6-10"; () if the metre's patterns give them, or any
    metre: tuple[str, ...]  # per line, cycling
    rhyme: str  # scheme, of at most `lines` letters unless the plan is wrong
    text: tuple[str, ...]  # one per line, "" to be written
    again: tuple[int, ...] = ()  # per line, the number in the song, from 1, of the line it repeats; 0: none
    returns: int = -1  # index of the section it repeats word for word; -1: none
    tune: Tune = ()  # per line, cycling
    about: tuple[str, ...] = ()  # what it is about; (): what the song is

    def slots(self, line: int) -> tuple[str, ...]:
        """Slot patterns permitted for a line, counted from 0. Raises `InputError` if metre and syllables disagree."""
        wanted = cycle(self.syllables, line)
        metre = cycle(self.metre, line)
        sizes = numbers_of(wanted or EIGHT[0])
        if metre is None:
            return tuple("?" * n for n in sizes) if wanted else FREE
        if metre in METRES:
            return tuple(template(metre, n) for n in sizes)
        slots = slots_of(metre)
        if wanted and len(slots) not in sizes:
            raise InputError(
                f"--metre {metre} has {len(slots)} syllables and --syllables asks for {wanted} "
                f"in line {line + 1} of the {self.name}: make them agree or leave one out"
            )
        return (slots,)

    def notes(self, line: int) -> tuple[Note, ...]:
        """The notes of a line, one for each of its slots. Raises `InputError` if there are more or fewer."""
        notes, slots = cycle(self.tune, line) or (), self.slots(line)
        if notes and (len(slots) != 1 or len(slots[0]) != len(notes)):
            raise InputError(
                f"the tune has {len(notes)} notes for line {line + 1} of the {self.name}, which asks for "
                f"{len(slots[0]) if len(slots) == 1 else 'any number of'} syllables: make them agree or take tune out"
            )
        return notes


def cycle(values: Sequence[T], i: int) -> T | None:
    """
    >>> cycle((8, 6), 2), cycle((), 2)
    (8, None)
    """
    return values[i % len(values)] if values else None


def shapes(plan: PlanFields) -> tuple[Shape, ...]:
    """The sections of a plan. Raises `InputError` if the plan asks for a returning section in two ways."""
    return with_refrain(plan, without_refrain(plan))


def without_refrain(plan: PlanFields) -> list[Shape]:
    made: list[Shape] = []
    first: dict[str, int] = {}
    for i, asked in enumerate(asked_sections(plan)):
        earlier = first.get(asked.name, -1) if plan.keep_chorus and asked.name in RETURNING else -1
        if earlier < 0:
            first[asked.name] = i
            made.append(shape_of(plan, asked, i))
        else:
            made[earlier] = merged(made[earlier], asked, plan, i)
            made.append(replace(made[earlier], returns=earlier))
    again = [made[s.returns] if s.returns >= 0 else s for s in made]  # kept lines may have come in later
    return [replace(a, returns=s.returns) for a, s in zip(again, made, strict=True)]


def asked_sections(plan: PlanFields) -> tuple[SectionPlan, ...]:
    """A plan's sections, those of its form if it lists none."""
    if plan.sections:
        return plan.sections
    return tuple(SectionPlan.model_construct(name=name) for name in plan.form or default_form(plan))


def default_form(plan: PlanFields) -> tuple[str, ...]:
    """Verse and chorus twice; only verses for an acrostic that is longer than verse, chorus and verse."""
    sizes = [cycle(plan.lines, i) or default_lines(plan, i) for i in range(3)]
    length = len(plan.acrostic or "")
    if length <= sum(sizes) or not plan.keep_chorus:
        return FORM
    each = (cycle(plan.lines, i) or default_lines(plan, i) for i in count())
    return ("verse",) * (1 + sum(1 for _ in takewhile(lambda total: total < length, accumulate(each))))


def default_lines(plan: PlanFields, i: int, asked: SectionPlan | None = None) -> int:
    rhyme = (asked and asked.rhyme) or cycle(plan.rhyme, i) or ""
    lists = ((asked and asked.syllables) or plan.syllables, (asked and asked.metre) or plan.metre, rhyme)
    longest = max(map(len, lists))
    return longest if longest > 2 else LINES


def shape_of(plan: PlanFields, asked: SectionPlan, i: int) -> Shape:
    """A section that does not return: its own values, else the plan's, else the defaults. Raises `InputError` if
    `again` or `text` has more entries than it has lines."""
    lines = asked.lines or len(asked.text or asked.tune) or cycle(plan.lines, i) or default_lines(plan, i, asked)
    syllables, metre = asked.syllables or plan.syllables, asked.metre or plan.metre
    rhyme, kept = asked.rhyme or cycle(plan.rhyme, i) or "", any(asked.text)
    counted = bool(syllables or metre)
    if not counted and not kept:
        syllables = EIGHT if rhyme else COMMON
    if metre and not syllables and METRES.keys() >= set(metre):
        syllables = EIGHT
    if not rhyme:
        free = (counted or kept) and not plan.rhyme_with
        rhyme = "X" if free else default_scheme(asked.name, lines)
    assumes = not (asked.rhyme or cycle(plan.rhyme, i)) and rhyme != "X"
    if len(asked.again) > lines:
        raise InputError(f"the {asked.name} has {lines} lines and again for {len(asked.again)}: make them agree")
    made = Shape(asked.name, lines, syllables, metre, rhyme, padded(asked, lines), asked.again)
    made = replace(made, tune=asked.tune, about=asked.about)
    return replace(made, rhyme=hook_scheme(made)) if plan.hook and assumes and made.name in CHORUSES else made


def padded(asked: SectionPlan, lines: int) -> tuple[str, ...]:
    """Kept lines, one entry for each line of the section. Raises `InputError` if there are more than lines."""
    if len(asked.text) > lines:
        raise InputError(f"the {asked.name} has {lines} lines and text for {len(asked.text)}: make them agree")
    return asked.text + ("",) * (lines - len(asked.text))


def default_scheme(name: str, lines: int) -> str:
    """
    >>> [default_scheme("verse", n) for n in (2, 3, 4, 6)], default_scheme("chorus", 4)
    (['AA', 'AXA', 'ABAB', 'ABABCC'], 'AABB')
    """
    base, over = "AABB" if name in CHORUSES else "ABAB", lines % 4
    if lines < 4:
        return {1: "A", 2: "AA", 3: "AXA"}[lines]
    return base + OVER[over] if lines < 8 else base


def hook_scheme(shape: Shape) -> str:
    """The scheme of a chorus whose first line is repeated in the last line of the same length.

    >>> [hook_scheme(Shape("chorus", 4, syllables, (), "AABB", ("",) * 4)) for syllables in ((8,), (8, 6))]
    ['AABA', 'ABAB']
    """
    alike = [j for j in range(2, shape.lines) if shape.slots(j) == shape.slots(0)]
    if not alike:
        return shape.rhyme
    if shape.lines == 4 and alike[-1] == 2:
        return "ABAB"
    letters = scheme_of(shape.rhyme, shape.lines)
    letters[alike[-1]] = letters[0]
    return "".join(letters)


def scheme_of(scheme: str, lines: int) -> list[str]:
    """A scheme's letters for so many lines, the rest free."""
    return list(scheme[:lines].ljust(lines, "X"))


def merged(shape: Shape, asked: SectionPlan, plan: PlanFields, i: int) -> Shape:
    """The first of a returning section's shapes, completed by a later one. Raises `InputError` if they disagree."""
    by_form = not plan.sections
    given = {
        "lines": asked.lines or len(asked.text) or (by_form and cycle(plan.lines, i)) or None,
        "syllables": asked.syllables or None,
        "metre": asked.metre or None,
        "again": asked.again or None,
        "about": asked.about or None,
        "rhyme": asked.rhyme or (by_form and cycle(plan.rhyme, i)) or None,
    }
    for field, value in given.items():
        before = getattr(shape, field)
        if value is not None and value != before:
            raise InputError(
                f"--{field} gives the {shape.name} {plain(before)} and later {plain(value)}, but it comes back "
                f"word for word: ask for the same both times, or add --no-keep-chorus"
            )
    later = padded(asked, shape.lines)
    return replace(shape, text=tuple(same_line(a, b, shape.name) for a, b in zip(shape.text, later, strict=True)))


def plain(value: object) -> str:
    """
    >>> plain((8, 6)), plain("ABAB"), plain(4)
    ('8,6', 'ABAB', '4')
    """
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def same_line(a: str, b: str, name: str) -> str:
    """Two given texts of one line, one of which may be open. Raises `InputError` if they disagree."""
    if a and b and split(a) != split(b):
        raise InputError(
            f"text gives the {name} {a!r} and later {b!r}, but it comes back word for word: "
            f"make them agree, or add --no-keep-chorus"
        )
    return a or b


def with_refrain(plan: PlanFields, made: list[Shape]) -> tuple[Shape, ...]:
    """The refrain as last line of every chorus and refrain; of every section, if there is no chorus or refrain."""
    if plan.refrain is None:
        return tuple(made)
    homes = RETURNING if any(s.name in RETURNING for s in made) else {s.name for s in made}
    return tuple(ending(s, plan.refrain) if s.name in homes else s for s in made)


def ending(shape: Shape, refrain: str) -> Shape:
    """The section with the refrain as its last line. Raises `InputError` if another line is kept there."""
    last = shape.text[-1]
    if last and split(last) != split(refrain):
        raise InputError(f"--refrain {refrain!r} and the kept line {last!r} both end the {shape.name}: leave one out")
    return replace(shape, text=(*shape.text[:-1], last or refrain))


def completed(plan: PlanFields) -> dict[str, Any]:
    """What `with_defaults` fills in: the lists of a plan with a form, the sections of other plans.

    A refrain need not have the default line lengths.
    """
    made = without_refrain(plan)
    allow = plan.allow or (plan.refrain is not None and assumed(plan))
    default_scheme = scheme_assumed(plan, made)
    if plan.sections:
        return {"sections": tuple(map(section_of, made)), "allow": allow, "default_scheme": default_scheme}
    return {
        "default_scheme": default_scheme,
        "form": tuple(s.name for s in made),
        "lines": shortest_cycle([s.lines for s in made]),
        "syllables": made[0].syllables,
        "rhyme": shortest_cycle([s.rhyme for s in made]),
        "allow": allow,
    }


def scheme_assumed(plan: PlanFields, made: Sequence[Shape]) -> bool:
    """Whether the rhymes of a plan are defaults. `made`: its shapes."""
    asked = plan.rhyme or plan.rhyme_with or any(s.rhyme for s in plan.sections)
    return plan.default_scheme or (not asked and any(set(s.rhyme) - {"X"} for s in made))


def assumed(plan: PlanFields) -> bool:
    """Whether line lengths are defaults, so that given lines need not have them."""
    return not (plan.syllables or plan.metre or any(s.syllables or s.metre for s in plan.sections))


def section_of(shape: Shape) -> SectionPlan:
    """A shape as a section of a plan."""
    own = {name: getattr(shape, name) for name in SectionPlan.model_fields}
    return SectionPlan(**own | {"text": shape.text if any(shape.text) else ()})


def shortest_cycle(values: Sequence[T]) -> tuple[T, ...]:
    """
    >>> shortest_cycle([4, 2, 4, 2]), shortest_cycle([4, 2, 2])
    ((4, 2), (4, 2, 2))
    """
    lengths = (n for n in range(1, len(values)) if all(v == values[i % n] for i, v in enumerate(values)))
    return tuple(values[: next(lengths, len(values))])
