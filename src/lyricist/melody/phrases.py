"""Slots to phrases: where one line of words ends and the next begins.

Among all divisions of a tune, the best one has most evidence for its boundaries, and phrases with the length of a
line, in syllables and in bars. Evidence, from the notes and from the words of the file, is in nats, as in logistic
regression, and adds up. The weights were fitted to hymns whose verse lines are known from their metrical names, then
rounded and partly set by hand; `benchmarks/phrases.py` measures them on these hymns and on art songs.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, cycle, pairwise, takewhile
from math import log2
from statistics import median

from lyricist.errors import InputError
from lyricist.melody.metric import Bars
from lyricist.melody.tune import Lyric, Score, Slot

MOST = 24  # slots in a phrase
# The length of a phrase, in nats. Hymns alone would give stricter weights: their lines of five or eleven syllables
# are rarer than in songs.
TOO_SHORT = {1: 7.0, 2: 4.5, 3: 2.5, 4: 2.0, 5: 1.5}
MANY, MORE = 9, 12  # slots
TOO_LONG = 0.6  # for each slot beyond MANY, and again for each beyond MORE
WHOLE_BARS = {1: -1.0, 2: 1.1, 4: 1.5}  # by the number of bars
HALF_BARS = -0.6  # if the phrase ends in the middle of a bar
ROUNDING = 1e-6  # bars

# Evidence from the notes
REPEATED = 6  # slots that must come back for a repetition to begin there
PRIOR = -2.3  # for a boundary at any place
LONG = 2.2  # for each doubling of the time to the next slot, compared with the usual time
REST = 3.2
MARKED = 3.0  # a breath, a fermata
REPEAT = 0.9  # a repetition begins
LIKE_FIRST = 0.5  # the next slot has the same place in its bar as the first slot of the tune
LEAP = 0.8
WIDE = 5  # semitones of a leap, at least

# Evidence from the words
PUNCTUATION = {",": 1.7, "-": 1.7, "–": 1.7, "—": 1.7, ";": 2.9, ":": 2.9, ".": 2.9, "!": 2.9, "?": 2.9}
UNPUNCTUATED = -1.5
CAPITAL, SMALL = 3.2, -1.8  # if lines begin with capitals
IN_WORD = -30.0
LINE_MARK, NO_LINE_MARK = 6.0, -2.0  # if the marks of the file are lines of words; such a line may hold two of verse
LINE = 12  # slots; longest marked line that is one line of verse
BELIEVED = 0.8  # share of the line marks that punctuation, a rest or a capital must confirm
QUOTES = "\"'’”)]*"
# Words with a capital inside lines as well.
CAPITALISED = frozenset({"i", "i'm", "i'll", "i've", "i'd", "o", "oh", "god", "god's", "lord", "lord's", "jesus"})
CAPITALISED |= {"thy", "thee", "thou", "thine", "he", "him", "his"}


def counts_of(given: str | Sequence[int] | None) -> list[int] | None:
    """The lengths of phrases in slots, from "8,6,8,6" or numbers; None for None. Raises InputError.

    >>> counts_of("8, 6"), counts_of(None)
    ([8, 6], None)
    """
    if given is None:
        return None
    try:
        counts = [int(each) for each in (given.split(",") if isinstance(given, str) else given)]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise InputError(f"phrases {given!r}: give the syllables of each phrase, from 1 on, as in 8,6,8,6")
    return counts


def phrases_of(
    slots: Sequence[Slot],
    score: Score,
    given: Sequence[int] | None = None,
    *,
    words: bool = True,
    bars: Bars | None = None,
) -> list[tuple[Slot, ...]]:
    """The slots of each phrase: at most 24, mostly 2 to 16.

    `given` are lengths, used in a cycle; the last phrase may be shorter. If `words` is false, only the notes count.
    """
    if not slots:
        return []
    if given:
        ends = [*takewhile(lambda end: end < len(slots), accumulate(cycle(given))), len(slots)]
    else:
        ends = best_ends(slots, bars or Bars(score), words)
    return [tuple(slots[start:end]) for start, end in pairwise([0, *ends])]


def best_ends(slots: Sequence[Slot], bars: Bars, words: bool) -> list[int]:
    """Where phrases end, by dynamic programming: for each end the best start of its phrase."""
    found = evidence_of_notes(slots, bars)
    if words and any(slot.lyrics for slot in slots):
        found = [a + b for a, b in zip(found, evidence_of_words(slots), strict=True)]
    found.append(0.0)
    bar = [float(bars.place(slot.onset)[0].bar) for slot in slots]
    onsets = [float(slot.onset) for slot in slots] + [float(slots[-1].onset + slots[-1].duration)]
    best, begun = [0.0], [0]
    for end in range(1, len(slots) + 1):
        starts = range(max(0, end - MOST), end)
        value, start = max((best[s] + fitness(end - s, (onsets[end] - onsets[s]) / bar[s]), s) for s in starts)
        best.append(value + found[end - 1])
        begun.append(start)
    ends = [len(slots)]
    while begun[ends[-1]] > 0:
        ends.append(begun[ends[-1]])
    return ends[::-1]


def fitness(slots: int, bars: float) -> float:
    """How well this number of slots in this number of bars makes a line."""
    value = -TOO_SHORT.get(slots, 0.0) - TOO_LONG * (max(0, slots - MANY) + max(0, slots - MORE))
    halves = round(2 * bars)
    if abs(2 * bars - halves) > ROUNDING:
        return value
    return value + (HALF_BARS if halves % 2 else WHOLE_BARS.get(halves // 2, 0.0))


def evidence_of_notes(slots: Sequence[Slot], bars: Bars) -> list[float]:
    """For the end of a line after each slot but the last."""
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
    """The slots where a passage begins that is also elsewhere, at any pitch, after something else."""
    moves = [(after.pitch - slot.pitch, after.onset - slot.onset) for slot, after in pairwise(slots)]
    places: dict[tuple[tuple[int, Fraction], ...], list[int]] = {}
    for i in range(len(moves) - REPEATED + 2):
        places.setdefault(tuple(moves[i : i + REPEATED - 1]), []).append(i)
    found: set[int] = set()
    for same in places.values():
        if len({moves[i - 1] if i else None for i in same}) > 1:
            found.update(same)
    return found


def evidence_of_words(slots: Sequence[Slot]) -> list[float]:
    """For the end of a line after each slot but the last."""
    lyrics = [slot.lyrics[0] if slot.lyrics else None for slot in slots]
    capitals, marks = lines_have_capitals(lyrics), worth_of_marks(slots)
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
    """Whether a word begins with a capital that it does not always have."""
    text = lyric.text.strip(QUOTES + "“‘([,;:.!?")
    return text[:1].isupper() and text.lower().replace("’", "'") not in CAPITALISED


def lines_have_capitals(lyrics: Sequence[Lyric | None]) -> bool:
    """Whether capitals show lines: some words have them, most have not."""
    first = [lyric for lyric in lyrics if lyric is not None and lyric.syllabic in ("single", "begin")]
    capitals = sum(is_capital(lyric) for lyric in first)
    return 2 <= capitals <= len(first) / 2


def worth_of_marks(slots: Sequence[Slot]) -> tuple[float, float]:
    """The evidence of a line mark of the file after a slot, and of a missing mark.

    Karaoke files made from scores mark the lines of the page, which end anywhere. Marks are believed if punctuation,
    a rest or a capital confirms most of them.
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
