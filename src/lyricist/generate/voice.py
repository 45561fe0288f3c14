"""Person and tense drawn as often as the songs have them that a run was fine-tuned on (`model.habits`)."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate

from lyricist._numbers import key, uniform
from lyricist.generate.outline import SALT, Outliner
from lyricist.generate.result import Outline
from lyricist.model.habits import NONE, Habits, Shares


class OwnVoice(Outliner):
    """An `Outliner` that draws the voice of a song from the shares of `habits`."""

    habits: Habits = NONE

    def voice(self, seed: int) -> Outline:
        """As `Outliner.voice`, from the same random numbers."""
        usual = super().voice(seed)
        person = self.person or drawn(self.habits.persons, seed, 0) or usual.person
        tense = self.tense or drawn(self.habits.tenses, seed, 1) or usual.tense
        return Outline(person, tense, usual.theme, usual.lines)


def drawn(shares: Shares, seed: int, number: int) -> str:
    """A name with the probability of its share; "" if there are none."""
    if not shares:
        return ""
    ends = list(accumulate(share for _, share in shares))
    return shares[bisect(ends[:-1], uniform(key(seed, SALT), number))][0]
