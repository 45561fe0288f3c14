"""What speaks for the end of a line behind a slot: in the notes, and in the words that a file has.

Evidence is in nats, as in logistic regression, and adds up. The weights were fitted to hymns whose verse lines are
known from their metrical names, then rounded and in part set by hand; `benchmarks/phrases.py` measures what they do,
on these same hymns and on art songs.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import log2
from statistics import median

from lyricist.melody.metric import Bars
from lyricist.melody.tune import Lyric, Slot

REPEATED = 6  # slots that must come back for a repetition to begin there
PRIOR = -2.3  # for a boundary at any place
LONG = 2.2  # for each doubling of the time to the next slot beside the usual one
REST = 3.2
MARKED = 3.0  # a breath, a fermata
REPEAT = 0.9  # a repetition begins
LIKE_FIRST = 0.5  # the next slot is where in its bar the first slot of all is
LEAP = 0.8
WIDE = 5  # semitones, from which a step is a leap

PUNCTUATION = {",": 1.7, "-": 1.7, "–": 1.7, "—": 1.7, ";": 2.9, ":": 2.9, ".": 2.9, "!": 2.9, "?": 2.9}
UNPUNCTUATED = -1.5
CAPITAL, SMALL = 3.2, -1.8  # where lines begin with capitals
IN_WORD = -30.0
LINE_MARK, NO_LINE_MARK = 6.0, -2.0  # where the file's lines are lines of words; a line may hold two of verse
LINE = 12  # slots of a marked line that holds one of verse, at most
BELIEVED = 0.8  # share of the line marks that punctuation, a rest or a capital must bear out
QUOTES = "\"'’”)]*"
# What is written with a capital inside lines as well.
CAPITALISED = frozenset({"i", "i'm", "i'll", "i've", "i'd", "o", "oh", "god", "god's", "lord", "lord's", "jesus"})
CAPITALISED |= {"thy", "thee", "thou", "thine", "he", "him", "his"}


def of_notes(slots: Sequence[Slot], bars: Bars) -> list[float]:
    """For a line's end behind each slot but the last."""
    steps = [float(after.onset - slot.onset) for slot, after in pairwise(slots)]
    usual = median(steps) if steps else 1.0
    repeats, places = repetitions(slots), [bars.place(slot.onset)[1] for slot in slots]
    found = []
    for i, (step, (slot, after)) in enumerate(zip(steps, pairwise(slots), strict=True)):
        value = PRIOR + LONG * max(-1.0, min(2.0, log2(max(step, 1e-3) / usual)))
        value += REST * (slot.rest > 0) + REPEAT * (i + 1 in repeats)
        value += LIKE_FIRST * (places[i + 1] == places[0]) + LEAP * (abs(after.pitch - slot.pitch) >= WIDE)
        value += MARKED * any(note.fermata or note.phrase_end for note in slot.notes)
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
    pairs = pairwise(slots)
    return [(after.pitch - slot.pitch, after.onset - slot.onset) for slot, after in pairs]


def of_words(slots: Sequence[Slot]) -> list[float]:
    """For a line's end behind each slot but the last."""
    lyrics = [slot.lyrics[0] if slot.lyrics else None for slot in slots]
    capitals, marks = lines_have_capitals(lyrics), of_marks(slots)
    found = []
    for here, after in pairwise(lyrics):
        if here is None or after is None:
            found.append(0.0)
        elif after.syllabic in ("middle", "end"):
            found.append(IN_WORD)
        else:
            value = PUNCTUATION.get(last_sign(here), UNPUNCTUATED)
            value += (CAPITAL if is_capital(after) else SMALL) if capitals else 0.0
            found.append(value + marks[0 if after.line_start else 1])
    return found


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


def of_marks(slots: Sequence[Slot]) -> tuple[float, float]:
    """What a line mark of the file is worth behind a slot, and what it says if there is none.

    Karaoke files made from scores mark the lines of the page, which end anywhere. Marks are believed if punctuation,
    a rest or a capital bears most of them out.
    """
    backed, lengths, last = [], [], 0
    for i, (slot, after) in enumerate(pairwise(slots), 1):
        if slot.lyrics and after.lyrics and after.lyrics[0].line_start:
            backed.append(last_sign(slot.lyrics[0]) in PUNCTUATION or slot.rest > 0 or is_capital(after.lyrics[0]))
            lengths.append(i - last)
            last = i
    if len(backed) < 2 or sum(backed) < BELIEVED * len(backed):
        return 0.0, 0.0
    return LINE_MARK, NO_LINE_MARK if median(lengths) <= LINE else 0.0
