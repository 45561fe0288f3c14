"""What speaks for the end of a line behind a slot: in the notes, and in the words that a file has.

Evidence is in nats, as in logistic regression, and adds up. The weights were fitted to hymns whose verse lines are
known from their metrical names, and rounded; `benchmarks/phrases.py` measures what they do.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from math import log2
from statistics import median

from lyricist.melody.tune import Lyric, Slot

REPEATED = 6  # slots that must come back for a repetition to begin there
PRIOR = -3.0  # for a boundary at any place
REST = 3.0
LONG = 1.6  # for each doubling of the time to the next slot beside the usual one
LONGER = 1.0  # it is longer than those around it
MARKED = 3.0  # a breath, a fermata
REPEAT = 1.5  # a repetition begins

PUNCTUATION = {",": 1.5, "-": 1.5, "–": 1.5, "—": 1.5, ";": 3.5, ":": 3.0, ".": 3.5, "!": 3.0, "?": 3.5}
UNPUNCTUATED = -1.5
CAPITAL, SMALL = 2.5, -3.0  # where lines begin with capitals
IN_WORD = -30.0
LINE_MARK, NO_LINE_MARK = 6.0, -3.0  # where the file's lines are lines of verse
DOUBTED_MARK = 0.5
BELIEVED = 0.8  # share of the line marks that punctuation, a rest or a capital must bear out
QUOTES = "\"'’”)]*"
# What is written with a capital inside lines as well.
CAPITALISED = frozenset({"i", "i'm", "i'll", "i've", "i'd", "o", "oh", "god", "god's", "lord", "lord's", "jesus"})
CAPITALISED |= {"thy", "thee", "thou", "thine", "he", "him", "his"}


def of_notes(slots: Sequence[Slot]) -> list[float]:
    """For a line's end behind each slot but the last."""
    steps = [float(after.onset - slot.onset) for slot, after in itertools.pairwise(slots)]
    usual = median(steps) if steps else 1.0
    repeats = repetitions(slots)
    found = []
    for i, step in enumerate(steps):
        around = steps[max(0, i - 1) : i] + steps[i + 1 : i + 2]
        value = PRIOR + LONG * max(-1.0, min(2.0, log2(max(step, 1e-3) / usual)))
        value += LONGER * (step > max(around, default=0.0))
        value += REST * (slots[i].rest > 0) + REPEAT * (i + 1 in repeats)
        value += MARKED * any(note.fermata or note.phrase_end for note in slots[i].notes)
        found.append(value)
    return found


def repetitions(slots: Sequence[Slot]) -> set[int]:
    """The slots at which passages begin that stand elsewhere as well, at any pitch, behind something else."""
    moves = moves_of(slots)
    places: dict[tuple[tuple[int, Fraction], ...], list[int]] = {}
    for i in range(len(moves) - REPEATED + 2):
        places.setdefault(tuple(moves[i : i + REPEATED - 1]), []).append(i)
    found: set[int] = set()
    for same in places.values():
        if len({moves[i - 1] if i else None for i in same}) > 1:
            found.update(same)
    return found


def moves_of(slots: Sequence[Slot]) -> list[tuple[int, Fraction]]:
    """The interval and the time from each slot to the next."""
    pairs = itertools.pairwise(slots)
    return [(after.pitch - slot.pitch, after.onset - slot.onset) for slot, after in pairs]


def of_words(slots: Sequence[Slot]) -> list[float]:
    """For a line's end behind each slot but the last."""
    lyrics = [slot.lyrics[0] if slot.lyrics else None for slot in slots]
    capitals, marks = lines_have_capitals(lyrics), marks_hold(slots)
    found = []
    for here, after in itertools.pairwise(lyrics):
        if here is None or after is None:
            found.append(0.0)
        elif after.syllabic in ("middle", "end"):
            found.append(IN_WORD)
        else:
            value = PUNCTUATION.get(last_sign(here), UNPUNCTUATED)
            value += (CAPITAL if is_capital(after) else SMALL) if capitals else 0.0
            found.append(value + mark_value(after, marks))
    return found


def mark_value(after: Lyric, marks: bool | None) -> float:
    """What a mark of the file before a word says, or that there is none; `marks`: see `marks_hold`."""
    if not marks:
        return DOUBTED_MARK if after.line_start else 0.0
    return LINE_MARK if after.line_start else NO_LINE_MARK


def last_sign(lyric: Lyric) -> str:
    """
    >>> last_sign(Lyric('said,"')), last_sign(Lyric("said"))
    (',', 'd')
    """
    return lyric.text.rstrip(QUOTES)[-1:]


def is_capital(lyric: Lyric) -> bool:
    """Whether a word begins with a capital that it has not always."""
    text = lyric.text.strip(QUOTES + "“‘([,;:.!?")
    return text[:1].isupper() and text.lower().replace("’", "'") not in CAPITALISED


def lines_have_capitals(lyrics: Sequence[Lyric | None]) -> bool:
    """Whether capitals tell anything: some words have them, most have not."""
    first = [lyric for lyric in lyrics if lyric is not None and lyric.syllabic in ("single", "begin")]
    capitals = sum(is_capital(lyric) for lyric in first)
    return 2 <= capitals <= len(first) / 2


def marks_hold(slots: Sequence[Slot]) -> bool | None:
    """Whether the file's line marks are lines of words and not of a page; None if there are fewer than two.

    Programs that turn scores into karaoke files mark the lines of the page, which end anywhere.
    """
    backed = []
    for slot, after in itertools.pairwise(slots):
        if slot.lyrics and after.lyrics and after.lyrics[0].line_start:
            sign = last_sign(slot.lyrics[0])
            backed.append(sign in PUNCTUATION or slot.rest > 0 or is_capital(after.lyrics[0]))
    return sum(backed) >= BELIEVED * len(backed) if len(backed) > 1 else None
