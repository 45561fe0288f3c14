"""Plan features: a row of numbers for every token of a song, computed in the same way in training and in writing.

The row at a token describes what follows it: at a break the line that begins, at a word the rest of its line, in the
order of reading. There are three groups of features; unknown values are zeros:

- `slots`: the syllables left (one-hot, 16 stands for more) and whether each of the next slots is strong or weak;
- `tune`: for each of the next slots the log length of its note, its pitch, its metrical strength, a rest behind it;
- `theme`: the direction of the summed vectors of the theme's words (in training, of words in other lines);
- `outline`: words by number, 1 + their id: the last word of the line and four other words that say something, in the
  order of the line; the pronouns of who does it and of who else is in it; and the last words of the next three lines.
  The network turns the numbers into vectors, which its first layer reads.

The first two begin with a flag, because zero is a value there. The numbers of a note are relative to the means of the
song, so that tempo, key and style do not identify it; what remains is how a note differs from the other notes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError
from lyricist.prosody.metre import KINDS, METRES, fits, template

GROUPS = ("slots", "tune")  # what is known of lines one by one
THEME = "theme"  # of the song; the order of the groups' columns is slots, tune, theme, outline
OUTLINE = "outline"  # of the line and those after it
CHOICES = {  # the groups that a training may choose; each choice has another number of columns
    "none": (),
    "slots": ("slots",),
    "tune": GROUPS,
    "theme": ("slots", THEME),
    "all": (*GROUPS, THEME),
    "outline": ("slots", THEME, OUTLINE),
}
TOPICAL = 64  # numbers of a topical word vector
LENGTH = 1.0  # of the theme's vector
AHEAD = 4  # slots looked ahead
SAID = 5  # words of a line's outline: its last word and four others
PEOPLE = 2  # then the persons that it speaks of, the subject first
NEXT = 3  # lines after it whose last words are shown
TOLD = SAID + PEOPLE + NEXT  # numbers of an outline's row
OLDER = {96: (0, 1, 2, 7, 8, 9)}  # by number of features, for networks that read an outline of fewer numbers: which
MOST_LEFT = 16  # syllables; larger numbers share one column
UNPLANNED = 255  # instead of the syllables left: nothing is known of the line
CODES = {"?": 0, "x": 1, "/": 2}  # of a template's slots
SILENT = -128  # in a note's first number: the slot has no note
NO_NOTE = (SILENT, 0, 0, 0)
STEPS = np.array([16, 16, 32, 32])  # codes of a note in units: octaves of length and pitch, strength, rest
MOST = np.array([32, 16, 32, 32])  # codes at most: two octaves of length, one of pitch
WIDTHS = {"slots": 2 + MOST_LEFT + 2 * AHEAD, "tune": 5 * AHEAD, THEME: TOPICAL, OUTLINE: TOLD}

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class Note(NamedTuple):
    """The note of a slot."""

    duration: float  # quarters
    pitch: int  # MIDI number
    strength: int  # metrical, 0 the weakest to 4
    rest: float  # quarters of silence after it


@dataclass(frozen=True, slots=True)
class LinePlan:
    """What is known of a line: `template` over x, / and ?, one slot a syllable in the order of singing ("": their
    number is unknown), and `notes`, one for each slot, or () without a tune."""

    template: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class SongSlots:
    """The slots of a song in the order of reading: `starts` (lines + 1,), `codes` (S,) of CODES, and `notes` (S, 4),
    (0, 4) in a song without a tune."""

    starts: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint8]
    notes: npt.NDArray[np.int8]


def width(groups: Sequence[str]) -> int:
    """Features in a row of these groups.

    >>> width(()), width(("slots",)), width(GROUPS), width(("slots", "theme"))
    (0, 26, 46, 90)
    """
    return sum(WIDTHS[group] for group in groups)


def outline_numbers(features: int) -> tuple[int, ...]:
    """Which numbers of an outline's row a network with so many features reads."""
    return OLDER.get(features, tuple(range(TOLD)))


def groups_of(width_: int) -> tuple[str, ...]:
    """The groups of a model that takes so many features. `InputError` for another release's."""
    if width_ in OLDER:
        return CHOICES[OUTLINE]
    for groups in CHOICES.values():
        if width(groups) == width_:
            return groups
    raise InputError(f"the run takes {width_} plan features, which this release does not make: upgrade lyricist")


def song_slots(lines: Sequence[LinePlan], backward: bool) -> SongSlots:
    """The lines of a song as codes; `backward`: each line is read from its end."""
    way = -1 if backward else 1
    starts = np.cumsum([0, *(len(line.template) for line in lines)], dtype=np.int64)
    codes = [CODES[slot] for line in lines for slot in line.template.translate(KINDS)[::way]]
    return SongSlots(starts, np.array(codes, dtype=np.uint8), note_codes(lines, way))


def note_codes(lines: Sequence[LinePlan], way: int) -> npt.NDArray[np.int8]:
    """(S, 4) log2 of the length, pitch, strength and rest of every note, less the song's means, in units of STEPS."""
    rows: list[Sequence[float]] = []
    for line in lines:
        notes = [
            (math.log2(max(duration, 1e-3)), pitch / 12, strength / 4, float(rest > 0))
            for duration, pitch, strength, rest in line.notes
        ]
        rows += (notes or [(math.nan,) * 4] * len(line.template))[::way]
    numbers = np.array(rows, dtype=np.float64).reshape(-1, 4)
    silent = np.isnan(numbers[:, 0])
    if silent.all():
        return np.zeros((0, 4), dtype=np.int8)
    codes = np.rint((numbers - numbers[~silent].mean(axis=0)) * STEPS).clip(-MOST, MOST)
    codes[silent] = NO_NOTE
    return np.asarray(codes, dtype=np.int8)


def places(lines: Sequence[LinePlan], counts: Sequence[Sequence[int]]) -> tuple[Array, Array]:
    """For every token of a song, `left` (N,) uint8 syllables left in its line or UNPLANNED, and `at` (N,) uint32 the
    song's next slot. `counts`: syllables of the words of every line, in the order of reading.

    The first token opens the song and the last ends it; there is a break before the words of every line.
    """
    left, at, start = [UNPLANNED], [0], 0
    for line, words in zip(lines, counts, strict=True):
        size, used = len(line.template), 0
        for count in (0, *words):
            used = min(size, used + count)
            left.append(min(size - used, UNPLANNED - 1) if size else UNPLANNED)
            at.append(start + used)
        start += size
    left.append(UNPLANNED)
    at.append(start)
    return np.array(left, dtype=np.uint8), np.array(at, dtype=np.uint32)


def ahead(left: Array, at: Array, table: Array, nothing: Any) -> Array:
    """(..., AHEAD, ...) the next entries of a table in the line, `nothing` after its end. `left` and `at` (...,)."""
    k = np.arange(AHEAD)
    inside = k < np.where(left == UNPLANNED, 0, left)[..., None]
    shape = (*inside.shape, *table.shape[1:])
    if not len(table):
        return np.broadcast_to(np.asarray(nothing, dtype=table.dtype), shape)
    found = table[np.where(inside, at[..., None].astype(np.int64) + k, 0)]
    return np.where(inside.reshape(*inside.shape, *(1,) * (table.ndim - 1)), found, np.asarray(nothing, table.dtype))


def slot_features(left: Array, codes: Array) -> Floats:
    """(..., 26) of `left` (...,) syllables and `codes` (..., AHEAD) of the next slots."""
    out = np.zeros((*left.shape, WIDTHS["slots"]), dtype=np.float32)
    known = left != UNPLANNED
    out[..., 0] = known
    one_hot = np.minimum(left, MOST_LEFT)[..., None] == np.arange(MOST_LEFT + 1)
    out[..., 1 : 2 + MOST_LEFT] = one_hot & known[..., None]
    out[..., 2 + MOST_LEFT : 2 + MOST_LEFT + AHEAD] = codes == CODES["x"]
    out[..., 2 + MOST_LEFT + AHEAD :] = codes == CODES["/"]
    return out


def tune_features(notes: Array) -> Floats:
    """(..., 20) of `notes` (..., AHEAD, 4): whether there is a note, and its four numbers."""
    there = notes[..., 0] != SILENT
    out = np.zeros((*notes.shape[:-1], 5), dtype=np.float32)
    out[..., 0] = there
    out[..., 1:] = np.where(there[..., None], notes / STEPS.astype(np.float32), 0)
    return out.reshape(*notes.shape[:-2], WIDTHS["tune"])


def theme_features(total: Floats) -> Floats:
    """(..., 64) the direction of the summed vectors (..., 64) of a theme's words; zeros without words."""
    length = np.linalg.norm(total, axis=-1, keepdims=True)
    return np.asarray(total * (LENGTH / np.maximum(length, 1e-9)), dtype=np.float32)


def features(
    left: Array,
    at: Array,
    slots: SongSlots,
    groups: Sequence[str],
    theme: Floats | None = None,
    outline: Floats | None = None,
) -> Floats:
    """(N, F) the rows of a song's tokens, from `places`; `theme` (N, 64) and `outline` (N, 6), None: unknown."""
    parts = []
    if "slots" in groups:
        parts.append(slot_features(left, ahead(left, at, slots.codes, CODES["?"])))
    if "tune" in groups:
        parts.append(tune_features(ahead(left, at, slots.notes, NO_NOTE)))
    if THEME in groups:
        parts.append(np.zeros((*left.shape, TOPICAL), dtype=np.float32) if theme is None else theme)
    if OUTLINE in groups:
        parts.append(np.zeros((*left.shape, WIDTHS[OUTLINE]), dtype=np.float32) if outline is None else outline)
    return np.concatenate(parts, axis=-1) if parts else np.zeros((*left.shape, 0), dtype=np.float32)


def line_rows(
    lines: Sequence[LinePlan], backward: bool, groups: Sequence[str], theme: Floats | None = None
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """All rows (R, F) that a song of these lines can need, and `first` (lines + 1,): row `first[i] + p` is for line i
    after `p` syllables; the last row is zeros, for tokens outside of lines. `theme`: (64,) that of all lines, or
    (lines, 64) one for each."""
    left, at = places(lines, [(1,) * len(line.template) for line in lines])
    themes = np.zeros((len(left), TOPICAL), dtype=np.float32)
    if theme is not None:
        themes[1:-1] = np.repeat(theme, [len(x.template) + 1 for x in lines], axis=0) if theme.ndim == 2 else theme
    rows = features(left, at, song_slots(lines, backward), groups, themes)
    first = np.cumsum([0, *(len(line.template) + 1 for line in lines)], dtype=np.int64)
    return rows[1:], first


@lru_cache(20_000)
def fitted(words: tuple[tuple[str, bool], ...]) -> str:
    """The template of the metre that fits a line best; ? where equally good metres differ, or if none fits.

    `words`: the stress digits of each word, and whether it may be on any slot (a function word). Of the metres whose
    rule no word breaks, the best has the fewest function words on strong slots and other monosyllables on weak ones.

    >>> fitted((("0", True), ("10", False), ("1", False), ("0", True), ("1", False)))  # the river runs to sea
    'x/x/x/'
    >>> fitted((("1", False), ("1", False))), fitted((("10", False), ("10", False), ("01", False)))
    ('??', '??????')
    """
    size = sum(len(stress) for stress, _ in words)
    found: dict[int, list[str]] = {}
    for name in METRES if size else ():
        slots = template(name, size)
        cost = misplaced(words, slots)
        if cost is not None:
            found.setdefault(cost, []).append(slots)
    best = found[min(found)] if found else ["?" * size]
    return "".join(column[0] if len(set(column)) == 1 else "?" for column in zip(*best, strict=True))


def misplaced(words: Sequence[tuple[str, bool]], slots: str) -> int | None:
    """How many monosyllables are on the wrong kind of slot; None if a word breaks the rule of metre."""
    cost = at = 0
    for stress, free in words:
        own = slots[at : at + len(stress)]
        at += len(stress)
        if not fits(stress, own, free=True):
            return None
        if len(stress) == 1:
            cost += own == ("/" if free else "x")
    return cost
