"""Plans from tunes: a line for every phrase, a syllable for every slot, stresses on strong slots.

The plan of a phrase has its number of syllables, `/` for strong slots and `x` for weak ones, and `|` where a rest
divides words. A returning chorus has the slots to which all its returns can be sung. If no song of a model fulfils
the whole plan, `relaxed` gives up what matters least, and reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lyricist.corpus import RETURNING
from lyricist.errors import InputError, PlanError
from lyricist.melody.sections import scheme_of
from lyricist.melody.tune import Phrase, Slot, Tune
from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Plan
from lyricist.prosody.features import Note

MOST_VERSES = 20
# Preferences, in nats, fitted so that written words have as many function words on strong notes, as many long words
# and as many hard vowels on long notes as people's words for the same tunes.
EMPHASIS = 2.3  # off a function word on a strong note
LONG_WORDS = 0.2  # for a word's second and third syllable
OPEN_VOWELS = 2.5  # off a vowel that does not carry, on a long or high note


def plan_to(tune: Tune, verses: int = 1, **wishes: Any) -> Plan:
    """The plan of a song for a tune; `verses`: how often the whole tune is sung. `wishes`: further fields of a plan.

    Raises InputError for wishes that clash with the tune.
    """
    if not 1 <= verses <= MOST_VERSES:
        raise InputError(f"--verses {verses} is not from 1 to {MOST_VERSES}")
    sections = [phrases_of(tune, s) for s in range(len(tune.names))]
    patterns = agreed(tune.names, [[phrase.pattern for phrase in phrases] for phrases in sections])
    made = []
    for name, phrases, slots in zip(tune.names, sections, patterns, strict=True):
        made.append(
            SectionPlan(
                name=name,
                lines=len(phrases),
                syllables=tuple(len(phrase.slots) for phrase in phrases),
                metre=tuple(slots),
                rhyme=None if "rhyme" in wishes else scheme_of(phrases),
                tune=tuple(tuple(map(note_of, phrase.slots)) for phrase in phrases),
            )
        )
    same = keeps_chorus(tune.names, patterns)
    preferences = {"emphasis": EMPHASIS, "long_words": LONG_WORDS, "open_vowels": OPEN_VOWELS}
    return Plan(**{"keep_chorus": same, **preferences, **wishes, "sections": tuple(made) * verses})


def keep_lines(plan: Plan, texts: Sequence[str]) -> Plan:
    """A tune's plan with lines to keep, one of `texts` for every line of the song ("" is written), or none."""
    if not any(texts):
        return plan
    sections, at = [], 0
    for section in plan.sections:
        lines = section.lines or 0
        sections.append(section.model_copy(update={"text": tuple(texts[at : at + lines])}))
        at += lines
    return Plan(**{name: getattr(plan, name) for name in plan.model_fields_set} | {"sections": tuple(sections)})


def note_of(slot: Slot) -> Note:
    return Note(round(float(slot.duration), 4), slot.pitch, slot.strength, round(float(slot.rest), 4))


def phrases_of(tune: Tune, section: int) -> list[Phrase]:
    return [phrase for phrase in tune.phrases if phrase.section == section]


def agreed(names: Sequence[str], patterns: Sequence[list[str]]) -> list[list[str]]:
    """Patterns of sections, those of a returning chorus the same wherever that can be."""
    out = [list(lines) for lines in patterns]
    for name in RETURNING & set(names):
        places = [i for i, other in enumerate(names) if other == name]
        if len({tuple(len(p.replace("|", "")) for p in out[i]) for i in places}) == 1:
            common = [meet([out[i][line] for i in places]) for line in range(len(out[places[0]]))]
            for i in places:
                out[i] = common
    return out


def meet(patterns: Sequence[str]) -> str:
    """A pattern that fits all of these, which have one length: slots that differ are open, and every `|` stays.

    >>> meet(["x/|x/", "x/x/"]), meet(["x/x", "//x"])
    ('x/|x/', '?/x')
    """
    split = [parts(pattern) for pattern in patterns]
    out = ""
    for column in zip(*split, strict=True):
        kinds = {slot for slot, _ in column}
        out += ("|" if any(divides for _, divides in column) else "") + (kinds.pop() if len(kinds) == 1 else "?")
    return out


def parts(pattern: str) -> list[tuple[str, bool]]:
    """Each slot, and whether `|` stands before it."""
    return [(slot, i > 0 and pattern[i - 1] == "|") for i, slot in enumerate(pattern) if slot != "|"]


def keeps_chorus(names: Sequence[str], patterns: Sequence[list[str]]) -> bool:
    """Whether each returning section has the same slots every time."""
    return all(len({tuple(p) for n, p in zip(names, patterns, strict=True) if n == name}) == 1 for name in names)


def relaxed(plan: Plan, feasible: Callable[[Plan], None]) -> tuple[Plan, tuple[str, ...]]:
    """The plan if it can be fulfilled, else with as little as possible given up, and what that was.

    `feasible` raises `PlanError` for a plan that cannot be fulfilled. The number of syllables and rests between words
    are never given up. Raises the first `PlanError` if nothing helps.
    """
    given_up: list[str] = []
    first: PlanError | None = None
    for what, tried in steps(plan):
        if what:
            given_up.append(what)
        try:
            feasible(tried)
        except PlanError as error:
            first = first or error
        else:
            return tried, (*given_up, f"because {first}") if given_up else ()
    assert first is not None
    raise first


def steps(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """Plans that ask for less and less."""
    yield "", plan
    plan = softened(plan, "/", "?")
    yield "strong notes may carry unstressed syllables", plan
    if plan.rhyme_kind == "perfect":
        plan = plan.model_copy(update={"rhyme_kind": "near"})
        yield "rhymes may be near ones", plan
    plan = softened(plan, "x", "?")
    yield "weak notes may carry stressed syllables", plan
    free = tuple(s.model_copy(update={"rhyme": "X"}) for s in plan.sections)
    yield "lines need not rhyme", plan.model_copy(update={"sections": free, "rhyme": ()})


def softened(plan: Plan, slot: str, by: str) -> Plan:
    sections = tuple(
        s.model_copy(update={"metre": tuple(pattern.replace(slot, by) for pattern in s.metre)}) for s in plan.sections
    )
    return plan.model_copy(update={"sections": sections})
