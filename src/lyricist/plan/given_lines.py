"""The check of given lines (kept text, a refrain) against their plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lyricist.errors import InputError
from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.shape import ANY, section_of, without_refrain
from lyricist.plan.song_spec import GroupSpec, LineSpec, SongSpec, lay_out, scheme_letters
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import pattern_of
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import KeyKind, homophones, key
from lyricist.prosody.scan import SILENT, best_choice, scan_line

MOST_WAYS = 64  # sets of readings compared; words have three readings at most, nearly always one


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a given line. `line` counts the song's lines from 0."""

    line: int
    why: str
    rhyme: bool  # its rhyme, not its length or metre


def validate_given_lines(plan: Plan, lexicon: Lexicon) -> Plan:
    """The plan, with the guarantee that its given lines agree with it.

    Raises `InputError` with the first line that does not. A plan with `allow` keeps such lines; those that break
    their rhyme are freed of it, so that the lines to be written can rhyme.
    """
    if not plan.exact or not (plan.refrain or any(any(s.text) for s in plan.sections)):
        return plan
    laid = lay_out(plan)
    faults = list(find_faults(laid, lexicon))
    if not faults:
        return plan
    if plan.allow:
        return without_rhyme(plan, {fault.line for fault in faults if fault.rhyme})
    fault = faults[0]
    text = " ".join(laid.lines[fault.line].text or ())
    raise InputError(f"given line {fault.line + 1}, {text!r}, {fault.why}: change it, change the plan or add --allow")


def find_faults(laid: SongSpec, lexicon: Lexicon) -> Iterator[Fault]:
    """Given lines that break their slots, then those that break their rhyme."""
    for i, line in enumerate(laid.lines):
        if line.text is not None and line.templates != ANY and line.same_as < 0 and not fits(line, lexicon):
            yield Fault(i, length_fault(line, lexicon), rhyme=False)
    for g, group in enumerate(laid.groups):
        given = {line.text: i for i, line in reversed(list(enumerate(laid.lines))) if line.group == g and line.text}
        yield from rhyme_faults(laid, group, sorted(given.values()), lexicon)


def choices(words: Sequence[str], lexicon: Lexicon) -> list[tuple[Reading, ...]]:
    """Readings of each word in the lexicon, without the licences of verse."""
    return [lexicon.readings(word) or (SILENT,) for word in words]


def fits(line: LineSpec, lexicon: Lexicon, end: Callable[[Reading], bool] | None = None) -> bool:
    """Whether some choice of readings fills one of a line's slot patterns, with an `end` that is accepted."""
    each = choices(line.text or (), lexicon)
    if line.templates == ANY:
        return best_choice(each, None, end) is not None
    return any(best_choice(each, slots, end) is not None for slots in line.templates)


def length_fault(line: LineSpec, lexicon: Lexicon) -> str:
    """How a line breaks its slots: in their number or in their stresses."""
    wanted = sorted({len(slots) for slots in line.templates})
    each = choices(line.text or (), lexicon)
    if not any(best_choice(each, "?" * n, None) for n in wanted):
        found = scan_line(line.text or (), lexicon).syllables
        licensed = [lexicon.sung(word) or (SILENT,) for word in line.text or ()]
        sung = any(best_choice(licensed, "?" * n, None) for n in wanted)
        hint = " (it can be sung so by a licence of verse)" if sung else ""
        return f"has {found} syllables and the plan wants {numbers(wanted)}{hint}"
    close = next(slots for slots in line.templates if best_choice(each, "?" * len(slots), None))
    found_stress = scan_line(line.text or (), lexicon, syllables=len(close)).stress
    return f"has the stresses {found_stress} and the plan wants {pattern_of(close)}"


def numbers(wanted: Sequence[int]) -> str:
    """Numbers of syllables, in ascending order, as a message says them.

    >>> numbers([8]), numbers([5, 8]), numbers([6, 7, 8])
    ('8', '5 or 8', '6 to 8')
    """
    whole = len(wanted) > 2 and wanted[-1] - wanted[0] == len(wanted) - 1
    return f"{wanted[0]} to {wanted[-1]}" if whole else " or ".join(map(str, wanted))


def rhyme_faults(laid: SongSpec, group: GroupSpec, members: Sequence[int], lexicon: Lexicon) -> Iterator[Fault]:
    """Given lines that cannot rhyme with the group's word and with the given lines before them.

    Sets of readings that rhyme are extended line by line, so that each word has one reading.
    """
    words = lexicon.readings(group.with_word) if group.with_word else ()
    together: list[tuple[Reading, ...]] = [(reading,) for reading in words] or [()]
    last = group.with_word if words else "any word"
    for i in members:
        ends = end_readings(laid.lines[i], lexicon)
        longer = [(*others, r) for others in together for r in ends if rhymes(others, r, group)]
        if longer:
            together, last = longer[:MOST_WAYS], (laid.lines[i].text or ("",))[-1]
        else:
            yield Fault(i, f"does not rhyme with {last!r} as letter {group.letter} of its scheme asks", rhyme=True)


def end_readings(line: LineSpec, lexicon: Lexicon) -> list[Reading]:
    """Readings of a given line's last word with which the line fits its slots; all of them if none does."""
    found = lexicon.readings((line.text or ("",))[-1])
    return [r for r in found if fits(line, lexicon, r.__eq__)] or list(found)


def rhymes(others: Sequence[Reading], reading: Reading, group: GroupSpec) -> bool:
    """Whether a reading rhymes with all others as the group asks. Given lines may have rich rhymes (low, below)."""
    how: KeyKind = "assonance" if group.kind == "near" else group.kind
    own = key(reading, how)
    return bool(own) and all(key(other, how) == own and not homophones(other, reading) for other in others)


def without_rhyme(plan: Plan, lines: set[int]) -> Plan:
    """The plan with these lines of the song (from 0) free of rhyme."""
    if not lines:
        return plan
    full = with_defaults(plan)
    sections: list[SectionPlan] = []
    start = 0
    for shape in without_refrain(full):
        if shape.returns >= 0:
            sections.append(sections[shape.returns])
            start += shape.lines
            continue
        letters = scheme_letters(shape.rhyme, shape.lines)
        freed = ("X" if start + j in lines else letter for j, letter in enumerate(letters))
        sections.append(section_of(shape).model_copy(update={"rhyme": "".join(freed)}))
        start += shape.lines
    return full.model_copy(update={"sections": tuple(sections), "form": (), "lines": (), "rhyme": ()})
