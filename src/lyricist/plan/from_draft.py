"""Plans for a draft in an editor: for all its open lines, or for one of its lines.

A draft is a list of sections, each a name and its lines; a line is (text, whether it is kept). Kept lines are never
changed, even if they break the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lyricist.corpus import SECTION_NAMES, Line, Section
from lyricist.errors import InputError
from lyricist.plan.fields import SectionPlan
from lyricist.plan.from_song import perfect_scheme, possible, returns_whole
from lyricist.plan.parse import ALIASES, MAX_SYLLABLES
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.shape import EIGHT, Shape, section_of, shapes, split
from lyricist.plan.song_spec import LETTERS, LineSpec, SongSpec, lay_out, scheme_letters
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import pattern_of

Kept = tuple[str, bool]  # a line's text, and whether it is kept
Drafted = Sequence[tuple[str, Sequence[Kept]]]

SHAPED = ("form", "lines", "sections", "syllables", "metre", "rhyme", "refrain", "hook", "acrostic", "start")
BEFORE = 2  # lines before the section that are given as context


def section_name(name: str) -> str:
    """
    >>> section_name("Chorus"), section_name("Interlude of the swans")
    ('chorus', 'verse')
    """
    plain = ALIASES.get(name.strip().lower(), name.strip().lower())
    return plain if plain in SECTION_NAMES else "verse"


def plan_draft(draft: Drafted, plan: Plan, lexicon: Lexicon, like_present: bool = False) -> Plan:
    """The plan for the lines of a draft that are not kept, shaped by `plan`. With `like_present`, and without
    syllables and metre in the plan, every line keeps its length. Raises `InputError` if there is nothing to write.
    """
    named = [(section_name(name), list(lines)) for name, lines in draft if lines]
    if not any(not (kept and split(text)) for _, lines in named for text, kept in lines):
        raise InputError("every line of the draft is locked: unlock those to be written")
    texts = [[text if kept and split(text) else "" for text, kept in lines] for _, lines in named]
    if like_present and not (plan.syllables or plan.metre or plan.sections):
        made = [as_it_is(name, lines, plan, lexicon) for name, lines in named]
    else:
        made = [section_of(shape) for shape in shapes_for([(n, len(lines)) for n, lines in named], plan)]
    sections = uncontradicted([with_texts(section, lines) for section, lines in zip(made, texts, strict=True)])
    others = {name: getattr(plan, name) for name in plan.model_fields_set if name not in SHAPED}
    keep = plan.keep_chorus and returns_alike(sections)
    return Plan(**{**others, "keep_chorus": keep, "allow": True, "sections": sections})


def with_texts(section: SectionPlan, texts: Sequence[str]) -> SectionPlan:
    """A section with lines to keep; the plan's own given lines (a refrain) fill the lines that the draft leaves
    open."""
    given = section.text or ("",) * len(texts)
    return section.model_copy(update={"text": tuple(text or own for text, own in zip(texts, given, strict=True))})


def uncontradicted(sections: Sequence[SectionPlan]) -> tuple[SectionPlan, ...]:
    """Sections without repeats that their kept lines contradict."""
    texts = [split(text) for section in sections for text in section.text]
    made = []
    for section in sections:
        pairs = zip(section.again, map(split, section.text), strict=False)
        again = (n if not text or n > len(texts) or text == texts[n - 1] else 0 for n, text in pairs)
        made.append(section.model_copy(update={"again": tuple(again)}) if section.again else section)
    return tuple(made)


def returns_alike(sections: Sequence[SectionPlan]) -> bool:
    """Whether returning choruses may return word for word."""
    return returns_whole([Section(s.name, tuple(Line(text) for text in s.text)) for s in sections])


def shapes_for(sections: Sequence[tuple[str, int]], plan: Plan) -> list[Shape]:
    """A plan's shapes for sections of these names and lengths: by position if the plan has as many, else by name."""
    if plan.sections:
        own = shapes(with_defaults(plan))
        by_place = [shape.lines for shape in own] == [lines for _, lines in sections]
        named = {shape.name: shape for shape in reversed(own)}
        found = [own[i] if by_place else named.get(name, own[0]) for i, (name, _) in enumerate(sections)]
        placed = found if by_place else [replace(shape, again=()) for shape in found]
        return [fitted(shape, *section) for shape, section in zip(placed, sections, strict=True)]
    asked = {name: getattr(plan, name) for name in plan.model_fields_set - {"form", "lines", "acrostic", "hook"}}
    if "rhyme" in asked:
        lengths = [lines for _, lines in sections]
        cycled = [plan.rhyme[i % len(plan.rhyme)] if plan.rhyme else "X" for i in range(len(lengths))]
        asked["rhyme"] = tuple(scheme[:lines] for scheme, lines in zip(cycled, lengths, strict=True))
    names, counts = zip(*sections, strict=True)
    return list(shapes(with_defaults(Plan(**{**asked, "form": names, "lines": counts, "keep_chorus": False}))))


def fitted(shape: Shape, name: str, lines: int) -> Shape:
    """A shape for a section of another length: its lists are repeated."""
    scheme = "".join(letter[0] for letter in scheme_letters(shape.rhyme, lines)) if shape.rhyme else shape.rhyme
    same = shape.lines == lines
    text = shape.text if same else ("",) * lines
    return replace(shape, name=name, lines=lines, rhyme=shape.rhyme if same else scheme, text=text, returns=-1)


def as_it_is(name: str, lines: Sequence[Kept], plan: Plan, lexicon: Lexicon) -> SectionPlan:
    """A section that keeps the lengths of its lines, and their rhymes unless the plan has a scheme."""
    words = [split(text) for text, _ in lines]
    counts = [length_of(each, lexicon) for each in words]
    usual = next((n for n in counts if n), EIGHT[0])
    scheme = plan.rhyme[0][: len(lines)] if plan.rhyme else perfect_scheme(words, lexicon)[0]
    return SectionPlan(name=name, lines=len(lines), syllables=tuple(n or usual for n in counts), rhyme=scheme)


def length_of(words: Sequence[str], lexicon: Lexicon) -> int:
    """Syllables of a line in its usual reading; 0 for no line."""
    usual = sum(lexicon.readings(word)[0].syllables if lexicon.readings(word) else 0 for word in words)
    return usual if 1 <= usual <= MAX_SYLLABLES else min(possible(words, lexicon), default=0)


# --- one line by itself


@dataclass(frozen=True)
class OneLine:
    """A plan in which only one line of a draft is open, and the index of that line in its song."""

    plan: Plan
    line: int
    spec: LineSpec
    ends: tuple[str, ...] = ()  # last words of the other lines of its rhyme

    def freely(self) -> Plan:
        """The same plan without metre, tune and rhyme: only the numbers of syllables remain."""
        *before, mine = self.plan.sections
        counts = tuple(len(slots.replace("|", "")) for slots in mine.metre)
        bare = mine.model_copy(update={"metre": (), "syllables": counts, "rhyme": "X" * len(counts), "tune": ()})
        return self.plan.model_copy(update={"sections": (*before, bare), "rhyme_with": None})

    def bringing(self, text: str) -> Plan:
        """The same plan with a text in a last section, so that its words can be scored even if the model does not
        know them. Lines may end alike, as that section repeats the line."""
        more = SectionPlan(name="outro", text=(text,))
        return self.plan.model_copy(update={"sections": (*self.plan.sections, more), "same_sounds": True})


def plan_line(draft: Drafted, section: int, line: int, plan: Plan, lexicon: Lexicon) -> OneLine:
    """The plan for a line of a draft (section and line from 0) between its neighbours: its own section, and the last
    BEFORE lines before that. Raises `InputError` if there is no such line."""
    if not (0 <= section < len(draft) and 0 <= line < len(draft[section][1])):
        raise InputError(f"the draft has no line {line} in section {section}: both count from 0")
    held = [
        (name, [(text, (s, i) != (section, line)) for i, (text, _) in enumerate(lines)])
        for s, (name, lines) in enumerate(draft)
    ]
    laid = lay_out(with_defaults(plan_draft(held, plan, lexicon, like_present=True)))
    at = sum(len(lines) for _, lines in draft[:section]) + line
    here = [i for i, spec in enumerate(laid.lines) if spec.section == laid.lines[at].section]
    texts = [text for _, lines in draft if lines for text, _ in lines]
    before = [texts[i] for i in range(here[0]) if split(texts[i])][-BEFORE:]
    shown = [i for i in here if i == at or split(texts[i])]
    mine = one_section(laid, shown, at, texts, lexicon)
    left_out = (*SHAPED, "include", "title")
    others = {name: getattr(plan, name) for name in plan.model_fields_set if name not in left_out}
    sections = (*([SectionPlan(name="verse", text=tuple(before))] if before else []), mine)
    made = Plan(**{**others, "keep_chorus": False, "allow": True, "sections": sections})
    return OneLine(made, len(before) + shown.index(at), laid.lines[at], rhyming_ends(laid, shown, at, texts))


def rhyming_ends(laid: SongSpec, shown: Sequence[int], at: int, texts: Sequence[str]) -> tuple[str, ...]:
    """The words with which a line should rhyme."""
    group = laid.lines[at].group
    if group < 0:
        return ()
    ends = [split(texts[i])[-1] for i in shown if i != at and laid.lines[i].group == group]
    named = laid.groups[group].with_word
    return tuple(dict.fromkeys([*ends, *([named] if named else [])]))


def one_section(laid: SongSpec, shown: Sequence[int], at: int, texts: Sequence[str], lexicon: Lexicon) -> SectionPlan:
    """The lines of a section, all given except one, each with its own slots and its letter."""
    slots = [slots_of(laid.lines[i], split(texts[i]), lexicon) for i in shown]
    notes = [laid.lines[i].notes for i in shown]
    tune = tuple(notes) if all(len(n) == len(s) for n, s in zip(notes, slots, strict=True)) else ()
    return SectionPlan(
        name=laid.lines[at].name,
        lines=len(shown),
        metre=tuple(pattern_of(each) for each in slots),
        rhyme="".join(letters_of(laid, shown)),
        text=tuple("" if i == at else texts[i] for i in shown),
        tune=tune,
        about=laid.lines[at].about,
    )


def slots_of(spec: LineSpec, words: Sequence[str], lexicon: Lexicon) -> str:
    """The slots of a line, or those of its present words if it may have any length."""
    if len(spec.templates) == 1:
        return spec.templates[0]
    return "?" * (length_of(words, lexicon) or EIGHT[0])


def letters_of(laid: SongSpec, shown: Sequence[int]) -> Iterator[str]:
    """One letter for each line; A is the group with a word to rhyme with, if there is one."""
    groups = [laid.lines[i].group for i in shown]
    worded = {g for g in groups if g >= 0 and laid.groups[g].with_word}
    fresh = iter(LETTERS if worded else LETTERS[1:])
    letter: dict[int, Any] = {}
    for g in sorted(set(groups) - {-1}, key=lambda g: (g not in worded, g)):
        letter[g] = next(fresh, "X")
    yield from (letter.get(g, "X") for g in groups)
