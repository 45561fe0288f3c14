"""Which short notes are beamed together: those of a beat; in a sung part those of a syllable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from lyricist.melody.scores.values import Value

FLAGS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5}
Beamed = tuple[Fraction, Value | None, bool]  # place in the bar, value (None: a rest), begins a syllable


def beams(notes: Sequence[Beamed], beat: Fraction) -> list[tuple[str, ...]]:
    """For each note MusicXML's word for every beam, the eighths' first; nothing for a note with flags of its own.

    >>> values = [Value(Fraction(1, 4), "16th"), Value(Fraction(1, 4), "16th"), Value(Fraction(1, 2), "eighth")]
    >>> beams(list(zip([Fraction(0), Fraction(1, 4), Fraction(1, 2)], values, [False] * 3)), Fraction(1))
    [('begin', 'begin'), ('continue', 'end'), ('end',)]
    """
    out: list[tuple[str, ...]] = [()] * len(notes)
    for group in groups(notes, beat):
        flags = [FLAGS[value.kind] for i in group if (value := notes[i][1])]
        for at, i in enumerate(group):
            out[i] = tuple(word(flags, at, level) for level in range(1, flags[at] + 1))
    return out


def groups(notes: Sequence[Beamed], beat: Fraction) -> Iterator[list[int]]:
    """Indices of two or more neighbours of one beat."""
    group: list[int] = []
    last: int | None = None
    for i, (at, value, syllable) in enumerate(notes):
        short = value is not None and value.exact and value.kind in FLAGS
        if not short or syllable or at // beat != last:
            if len(group) > 1:
                yield group
            group = []
        if short:
            group.append(i)
        last = at // beat
    if len(group) > 1:
        yield group


def word(flags: Sequence[int], at: int, level: int) -> str:
    before = at > 0 and flags[at - 1] >= level
    behind = at + 1 < len(flags) and flags[at + 1] >= level
    if before and behind:
        return "continue"
    if before or behind:
        return "end" if before else "begin"
    return "forward hook" if at == 0 else "backward hook"
