"""Single lines that a song says again, as a plan like it is to have them (`SectionPlan.again`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import product

from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import kind
from lyricist.writing.asked import MAX_LINES, repeats
from lyricist.writing.section import SectionPlan

Words = tuple[str, ...]


class Sayings:
    """Goes through a song's lines in order and knows which say an earlier one again. Lines count from 0.

    What rhymes with a line that comes back rhymes with it wherever it stands, so that rhymes of two sections become
    one: where that one would not be perfect, the line is taken for a new one.
    """

    def __init__(self) -> None:
        self.first: dict[Words, int] = {}  # where a line's words stand first
        self.words: list[Words] = []
        self.slots: list[str] = []
        self.ends: list[Reading | None] = []  # how the last words of rhyming lines are read
        self.rhymes: list[set[int]] = []  # for every line, those of its rhyme, each line that comes back once

    def section(
        self, plan: SectionPlan, lines: Sequence[Words], ends: Sequence[Reading | None], comes_back: bool
    ) -> SectionPlan:
        """The plan of the next section, with `again`; `comes_back`: all of it is there already."""
        start, letters = len(self.slots), plan.rhyme or ""
        self.words += lines
        self.slots += plan.metre
        self.ends += ends
        for letter in letters:
            alike = {start + j for j, other in enumerate(letters) if other == letter != "X"}
            self.rhymes.append(alike)
        again = [0 if comes_back else self.line(start + j, words) for j, words in enumerate(lines)]
        return plan.model_copy(update={"again": repeats(again, "again", MAX_LINES)})

    def line(self, here: int, words: Words) -> int:
        """The number, from 1, of the line that this one says again; 0 for none."""
        there = self.first.setdefault(words, here)
        if there == here or not words or not self.alike(here, there):
            return 0
        mine, theirs = self.rhymes[here] - {here}, self.rhymes[there] - {there}
        end = self.ends[here]
        if end and not self.perfect(mine, {there} | theirs, here, there):
            return 0
        self.ends[there] = self.ends[there] or end
        joined = mine | theirs | ({there} if mine or theirs else set())
        for line in joined | {here}:
            self.rhymes[line] = joined
        return there + 1

    def alike(self, a: int, b: int) -> bool:
        """Whether two lines are the same words, with the same slots and the same sound at the end."""
        one, other = self.ends[a], self.ends[b]
        same = self.words[a] == self.words[b] and self.slots[a] == self.slots[b]
        return same and not (one and other and one != other)

    def perfect(self, mine: Collection[int], theirs: Collection[int], here: int, there: int) -> bool:
        """Whether the lines of two rhymes make one, in which those that are alike will be the same; line `there` is
        read as line `here`."""
        for a, b in product(mine, theirs):
            one, other = self.ends[a], self.ends[here if b == there else b]
            if a != b and not self.alike(a, b) and not (one and other and kind(one, other) == "perfect"):
                return False
        return True
