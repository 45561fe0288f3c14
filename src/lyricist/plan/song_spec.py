"""`SongSpec`: a plan resolved line by line: what every line may be, which lines rhyme, which lines repeat another.

The generator reads a `SongSpec` and never a `Plan`. Nothing here looks up words in a lexicon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from string import ascii_uppercase
from typing import Any, Literal

from lyricist.corpus import CHORUSES
from lyricist.corpus.grammar import Person, Tense
from lyricist.errors import InputError
from lyricist.plan.fields import PlanFields
from lyricist.plan.parse import one_word
from lyricist.plan.shape import ANY, Shape, assumed, scheme_assumed, shapes, split
from lyricist.prosody.features import Note
from lyricist.prosody.scheme import REACH

# Fields of a plan that a `SongSpec` takes over as they are.
SHARED = (
    "include", "avoid", "clean", "emphasis", "long_words", "open_vowels", "about", "person", "tense", "person_hint",
    "tense_hint", "all_words", "max_copy", "title", "same_sounds", "bare", "rhyme_kind",
)  # fmt: skip
LETTERS = ascii_uppercase.replace("X", "")


@dataclass(frozen=True, slots=True)
class LineSpec:
    """What is asked of one line."""

    section: int  # index of its section in the song, from 0
    name: str  # of the section
    number: int  # of the line in its section, from 0
    templates: tuple[str, ...]  # permitted slots, as `slots_of`: one string per permitted count
    group: int  # index in `SongSpec.groups` of its rhyme group; -1: none
    text: tuple[str, ...] | None  # words of a line that is given
    initial: str  # small letter with which it begins; "": any
    first: str  # its first word; "": any
    same_as: int  # index in the song of the earlier line it repeats word for word; -1: none
    given: str = ""  # a given line as it was written, for printing
    notes: tuple[Note, ...] = ()  # of its tune, one a slot; (): none is known
    single: bool = False  # its letter stands for no other line of its section; False for X
    about: tuple[str, ...] = ()  # what its section is about; (): what the song is
    internal: bool = False  # the word at its middle rhymes with its last (`metre.middles`)


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """Lines of one section that rhyme with each other."""

    letter: str
    section: int
    kind: Literal["perfect", "near", "light", "mosaic"]
    with_word: str  # a word they rhyme with as well; "": none


@dataclass(frozen=True, slots=True)
class SongSpec:
    """All that is asked of one song, in which only the words are open."""

    lines: tuple[LineSpec, ...]
    groups: tuple[GroupSpec, ...]
    include: tuple[str, ...]  # words that must occur
    avoid: tuple[str, ...]  # words that must not
    clean: bool  # nor may words of `word_lists.is_unclean`
    emphasis: float = 0.0  # nats off a function word of one syllable on a strong slot
    long_words: float = 0.0  # nats for a word's 2nd and 3rd syllable each
    open_vowels: float = 0.0  # nats off a word whose vowel does not carry on a long or high note
    given: tuple[str, ...] = ()  # per line, the text as it was given; "": the line is written
    about: tuple[str, ...] = ()  # words of the theme
    person: Person | None = None  # whose subject pronouns alone are drawn
    tense: Tense | None = None  # no verb of the other tense is drawn
    person_hint: Person | None = None  # steers only, as `tense_hint`
    tense_hint: Tense | None = None
    all_words: bool = False  # draw also the model's words that today's songs do not use
    max_copy: int = 5  # longest run of words that may stand in the songs; 0: no limit
    title: str | None = None
    same_sounds: bool = False  # different letters may share a sound, and lines their last word
    bare: bool = False  # printed without punctuation
    rhyme_kind: str = "perfect"  # of the groups, and of rhymes within a line
    default_scheme: bool = False  # they may where the model's words leave no other way

    def rivals(self) -> list[frozenset[int]]:
        """For every line the lines of other letters in its section, at most REACH lines away, from which its sound
        must differ; none for X, and none at all with `same_sounds`."""
        lettered = [line.group >= 0 or line.single for line in self.lines]

        def rival(i: int, j: int) -> bool:
            a, b = self.lines[i], self.lines[j]
            one = a.group == b.group >= 0 or first_said(self.lines, i) == first_said(self.lines, j)
            return lettered[i] and lettered[j] and a.section == b.section and not one

        near = range(-REACH, REACH + 1)
        return [
            frozenset(i + d for d in near if 0 <= i + d < len(self.lines) and d and rival(i, i + d))
            if not self.same_sounds
            else frozenset()
            for i in range(len(self.lines))
        ]


@dataclass(frozen=True, slots=True)
class FreeSpec:
    """What is asked of a song with free lines: its sections, and which words may not be drawn."""

    form: tuple[str, ...] = ()  # names of its sections; (): the model decides
    lines: tuple[int, ...] = ()  # of each section, cycling; (): the model decides
    start: str | None = None  # its first word
    keep_chorus: bool = True  # a chorus or refrain comes back word for word
    clean: bool = True  # no word of `is_unclean`
    max_copy: int = 5  # longest run of words that may stand in the songs; 0: no limit
    bare: bool = False  # printed without punctuation

    @classmethod
    def of(cls, plan: PlanFields) -> FreeSpec:
        """The spec of a plan that is not `exact`."""
        return cls(**{f.name: getattr(plan, f.name) for f in fields(cls)})


def lay_out(plan: PlanFields) -> SongSpec:
    """The `SongSpec` of a plan whose defaults are filled in (`with_defaults`). Raises `InputError` for a line that
    cannot repeat another.

    >>> from lyricist.plan.plan import Plan
    >>> plan = Plan(form="verse chorus verse chorus", lines=2, syllables="8,6", rhyme="AA")
    >>> made = lay_out(plan)
    >>> [(line.name, line.number, line.templates[0], line.group, line.same_as) for line in made.lines[2:5]]
    [('chorus', 0, '????????', 1, -1), ('chorus', 1, '??????', 1, -1), ('verse', 0, '????????', 2, -1)]
    >>> [line.same_as for line in made.lines]
    [-1, -1, -1, -1, -1, -1, 2, 3]
    """
    made = shapes(plan)
    groups: list[GroupSpec] = []
    lines: list[LineSpec] = []
    starts: list[int] = []
    for i, shape in enumerate(made):
        starts.append(len(lines))
        if shape.returns < 0:
            lines += with_hook(plan, shape, list(new_section(plan, shape, i, groups)), len(lines))
        else:
            first = starts[shape.returns]
            lines += [
                replace(line, section=i, same_as=first + j)
                for j, line in enumerate(lines[first : first + shape.lines])
            ]
    lines = said_again(made, lines, groups)
    made_lines, kept_groups = with_groups(repeats_marked(with_beginnings(plan, lines)), groups)
    shared = {name: getattr(plan, name) for name in SHARED} | {"default_scheme": scheme_assumed(plan, made)}
    return SongSpec(made_lines, kept_groups, given=tuple(text for shape in made for text in shape.text), **shared)


def new_section(plan: PlanFields, shape: Shape, i: int, groups: list[GroupSpec]) -> Iterator[LineSpec]:
    """Lines of a section that does not return; its rhyme groups are added to `groups`."""
    lenient = plan.allow or assumed(plan)
    letters = scheme_letters(shape.rhyme, shape.lines)
    for j, group in enumerate(rhyme_groups(plan, shape, i, groups)):
        text = tuple(split(shape.text[j])) or None
        open_length = text is not None and (lenient or not (shape.syllables or shape.metre))
        templates = ANY if open_length else shape.slots(j)
        notes = shape.notes(j) if templates != ANY else ()
        single = group < 0 and letters[j] != "X"
        given = shape.text[j]
        inner = text is None and j + 1 in plan.internal
        yield LineSpec(i, shape.name, j, templates, group, text, "", "", -1, given, notes, single, shape.about, inner)


def with_hook(plan: PlanFields, shape: Shape, lines: list[LineSpec], start: int) -> list[LineSpec]:
    """The lines of a chorus, which begins at line `start` of the song, with the hook: the last line that has the
    slots and the rhyme of the first repeats it, unless the first line is part of another repeat. Raises `InputError`
    if there is no such line."""
    if not plan.hook or shape.name not in CHORUSES or shape.lines < 3:
        return lines
    if start + 1 in shape.again or any(shape.again[:1]):
        return lines
    first = lines[0]
    fitting = [
        j
        for j, line in enumerate(lines)
        if j > 1 and line.templates == first.templates and line.group == first.group and line.text is None
    ]
    if not fitting:
        raise InputError(
            f"--hook and --rhyme {shape.rhyme} clash: no later line of the {shape.name} has the length and the rhyme "
            "of its first; change the scheme or leave one out"
        )
    own = lines[fitting[-1]]
    again = replace(first, number=fitting[-1], same_as=start, text=None, notes=own.notes, internal=own.internal)
    return [again if j == fitting[-1] else line for j, line in enumerate(lines)]


def said_again(made: Sequence[Shape], lines: Sequence[LineSpec], groups: Sequence[GroupSpec]) -> list[LineSpec]:
    """The lines with the repeats that `Shape.again` asks for. Lines that rhyme with a repeat rhyme with its source
    too. Raises `InputError` for a source that is not earlier, or whose words the line cannot have."""
    out = list(lines)
    for here, line in enumerate(lines):
        shape = made[line.section]
        place: dict[str, Any] = {name: getattr(line, name) for name in ("section", "name", "number", "about")}
        if line.same_as >= 0:
            check_within(here, line, out[line.same_as])
            notes = out[line.same_as].notes if shape.returns >= 0 else line.notes
            out[here] = replace(out[line.same_as], **place, same_as=line.same_as, initial=line.initial, notes=notes)
        wanted = shape.again[line.number] if line.number < len(shape.again) else 0
        if not wanted or shape.returns >= 0:
            continue
        there = wanted - 1
        if there >= here:
            raise InputError(f"again {wanted} of line {here + 1}: a line can repeat only an earlier line")
        there = first_said(out, there)
        if line.same_as >= 0 or line.text not in (None, out[there].text):
            what = "is the hook" if line.same_as >= 0 else "is given with other words"
            raise InputError(f"again {wanted} of line {here + 1}, which {what}: leave one out")
        if line.notes and [len(line.notes)] != [len(slots) for slots in out[there].templates]:
            raise InputError(
                f"again {wanted} of line {here + 1}: its tune has {len(line.notes)} notes, and line {there + 1} "
                "is of another length"
            )
        old, new = out[here].group, out[there].group
        if old >= 0 and groups[old].with_word:
            old, new = (new, old) if new >= 0 else (old, new)
        check_within(here, line, out[there])
        out[here] = replace(out[there], **place, same_as=there, notes=line.notes)
        if old >= 0 and new < 0:
            out = [replace(x, group=old) if i == there or x.same_as == there else x for i, x in enumerate(out)]
        elif old >= 0:
            out = [replace(x, group=new) if x.group == old else x for x in out]
    return out


def check_within(here: int, line: LineSpec, source: LineSpec) -> None:
    """Raise `InputError` if a line that is to rhyme within itself repeats one that is not."""
    if line.internal and not source.internal:
        raise InputError(
            f"--internal {line.number + 1}: line {here + 1} repeats line {source.number + 1} of its section: "
            f"name {source.number + 1} too, or leave {line.number + 1} out"
        )


def first_said(lines: Sequence[LineSpec], i: int) -> int:
    """The first line with the words that line i repeats, directly or through other repeats; i itself if it repeats
    none."""
    while lines[i].same_as >= 0:
        i = lines[i].same_as
    return i


def with_groups(
    lines: Sequence[LineSpec], groups: Sequence[GroupSpec]
) -> tuple[tuple[LineSpec, ...], tuple[GroupSpec, ...]]:
    """The lines and their rhyme groups, renumbered without those that no line belongs to."""
    left = sorted({line.group for line in lines} - {-1})
    number = {g: i for i, g in enumerate(left)} | {-1: -1}
    return tuple(replace(line, group=number[line.group]) for line in lines), tuple(groups[g] for g in left)


def rhyme_groups(plan: PlanFields, shape: Shape, section: int, groups: list[GroupSpec]) -> list[int]:
    """Group of each line of a section, -1 for X and for letters that occur once."""
    letters = scheme_letters(shape.rhyme, shape.lines)
    often = Counter(letters)
    index: dict[str, int] = {}
    for letter in letters:
        word = (plan.rhyme_with or "") if letter == "A" else ""
        if letter != "X" and letter not in index and (often[letter] > 1 or word):
            index[letter] = len(groups)
            groups.append(GroupSpec(letter, section, plan.rhyme_kind, word))
    return [index.get(letter, -1) for letter in letters]


def scheme_letters(scheme: str, lines: int) -> list[str]:
    """A scheme for a number of lines: a shorter scheme is repeated in new letters.

    >>> scheme_letters("ABAB", 8), scheme_letters("AXA", 5)
    (['A', 'B', 'A', 'B', 'C', 'D', 'C', 'D'], ['A', 'X', 'A', 'B', 'X'])
    """
    taken = set(scheme)
    fresh = (letter + (str(n) if n else "") for n in range(len(LETTERS) * lines) for letter in LETTERS)
    found = list(scheme[:lines])
    while len(found) < lines:
        new: dict[str, str] = {}
        for letter in scheme[: lines - len(found)]:
            if letter != "X" and letter not in new:
                new[letter] = next(f for f in fresh if f not in taken)
            found.append(new.get(letter, "X"))
    return found


def with_beginnings(plan: PlanFields, lines: Sequence[LineSpec]) -> list[LineSpec]:
    """The lines with the acrostic's letters and the song's first word."""
    letters = (plan.acrostic or "").lower().ljust(len(lines))
    found = [replace(line, initial=letter.strip()) for line, letter in zip(lines, letters, strict=True)]
    if plan.start:
        found[0] = replace(found[0], first=one_word(plan.start, "--start"))
    return found


def repeats_marked(lines: Sequence[LineSpec]) -> tuple[LineSpec, ...]:
    """Given lines with the words and the rhyme group of an earlier given line repeat it (a refrain)."""
    seen: dict[tuple[tuple[str, ...], int], int] = {}
    found = []
    for i, line in enumerate(lines):
        if line.text is not None:
            earlier = seen.setdefault((line.text, line.group), i)
            line = replace(line, same_as=earlier) if earlier < i and line.same_as < 0 else line
        found.append(line)
    return tuple(found)
