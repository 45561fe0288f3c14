"""Feasible or refused: before a word is drawn, whether a song can fulfil its plan, and what blocks it if none can.

Lines are looked at one by one, rhyme groups by matching, keywords by a search for lines that can hold them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lyricist.errors import PlanError
from lyricist.writing.groups import LineKind

if TYPE_CHECKING:
    from lyricist.writing.exact import PlanAutomaton

Assignment = Mapping[int, tuple[int, ...]]  # line -> keywords it must hold
VARIETY = 12  # placements of the keywords that songs of a plan choose from
TRIES = 2_000  # keyword placements looked at before the search gives up


def check(song: PlanAutomaton) -> None:
    """Raise `PlanError` with what blocks the plan."""
    for i in song.written:
        check_line(song, i)
    for g in range(len(song.members)):
        problem = group_error(song, g, {})
        if problem:
            raise PlanError(problem)
    if song.keywords and not song.written:
        raise PlanError(f"--include {song.table.words[song.keywords[0]]!r}: no line is left to be written")
    if song.keywords:
        check_keywords(song)


def check_line(song: PlanAutomaton, i: int) -> None:
    kind = song.kind(i, {})
    if line_possible(song, kind):
        return
    line = song.lines[i]
    what = f"line {i + 1} ({len(line.templates[0])} syllables, {line.templates[0]!r})"
    if line.first:
        raise PlanError(f"{what} cannot begin with {line.first!r}: its syllables and stresses do not fit there")
    if line.initial:
        raise PlanError(f"{what} cannot begin with the letter {line.initial!r}: no such word fits there")
    raise PlanError(f"{what}: no words of this model fit its syllables and stresses")


def line_possible(song: PlanAutomaton, kind: LineKind) -> bool:
    a = kind.automaton
    if song.backward:
        return a.possible(kind.initial)
    if kind.initial is None:
        return a.possible(None)
    good = a.viable(a.landing(None))
    for word, letter in kind.beginnings():
        bits, owed, q = a.after(a.slots.start, a.all_keywords, 0, word, letter)
        if bits & good[owed][q] or kind.alone(word, letter):
            return True
    return False


def check_keywords(song: PlanAutomaton) -> None:
    least = sum(min(song.table.signature(w).syllables, default=1) for w in song.keywords)
    slots = sum(max(map(len, song.lines[i].templates)) for i in song.written)
    if least > slots:
        names = ", ".join(song.table.words[w] for w in song.keywords)
        raise PlanError(f"--include {names}: {least} syllables, and the lines to be written have {slots}")
    for w in song.keywords:
        if not any(line_possible(song, song.kind(i, {i: (w,)})) for i in song.written):
            raise PlanError(f"--include {song.table.words[w]!r} fits into none of the lines to be written")
    assignment(song, 0)


def assignment(song: PlanAutomaton, seed: int) -> Assignment:
    """A line for every keyword, by chance from `seed`, such that all lines and groups stay possible."""
    if not song.keywords:
        return {}
    number = seed % VARIETY
    if number not in song.assignments:
        song.assignments[number] = find_assignment(song, number)
    return song.assignments[number]


def find_assignment(song: PlanAutomaton, seed: int) -> Assignment:
    chance = random.Random(seed)
    budget = [TRIES]
    found = place(song, list(song.keywords), {}, chance, budget)
    if found is None:
        names = ", ".join(song.table.words[w] for w in song.keywords)
        limit = "search limit reached: " if budget[0] <= 0 else ""
        raise PlanError(f"{limit}--include {names}: no way was found to place them all in lines to be written")
    return found


def place(
    song: PlanAutomaton, left: list[int], so_far: Assignment, chance: random.Random, budget: list[int]
) -> Assignment | None:
    if not left:
        return so_far
    word, rest = left[0], left[1:]
    order = sorted(song.written, key=lambda i: (len(so_far.get(i, ())), chance.random()))
    for i in order:
        budget[0] -= 1
        if budget[0] <= 0:
            return None
        new = {**so_far, i: (*so_far.get(i, ()), word)}
        if fits(song, i, new):
            found = place(song, rest, new, chance, budget)
            if found is not None:
                return found
    return None


def fits(song: PlanAutomaton, i: int, assignment: Assignment) -> bool:
    g = song.lines[i].group
    return line_possible(song, song.kind(i, assignment)) and (g < 0 or not group_error(song, g, assignment))


def group_error(song: PlanAutomaton, g: int, assignment: Assignment) -> str:
    """Why the lines of a group cannot rhyme, or ""."""
    if not song.members[g]:
        return ""
    spec = song.layout.groups[g]
    level, kinds = song.rhymes.level(spec.kind), [song.kind(i, assignment) for i in song.members[g]]
    if song.rhymes.possible(level, kinds, song.initial_groups[g]):
        return ""
    lines = ", ".join(str(i + 1) for i in song.members[g])
    if song.initial_groups[g].chosen:
        whom = f"with {spec.with_word!r}" if spec.with_word else "with the given lines"
        return f"lines {lines} (letter {spec.letter}) cannot rhyme {whom}: this model has no such words that fit"
    return f"lines {lines} (letter {spec.letter}): no {len(kinds)} words of this model that fit there rhyme"
