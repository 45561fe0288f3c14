"""Form: which phrases sound alike, where sections begin, their names, and which of their phrases rhyme.

Two phrases sound alike if most of their notes agree: the same rhythm and the same steps, at any pitch. Sections are
found by their repetition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise

from lyricist.melody.tune import Phrase, Slot

LIKE = 0.75  # least share of common slots of phrases that sound alike
DIFFERENT = 150  # different phrases that are compared with others; songs have fewer
PASSAGE = 32  # phrases in a repeated passage, at most
LEAST = 3  # slots; shorter phrases must be equal
STANZA = 8  # phrases; a longer section is divided by its repetitions
QUATRAIN = 4  # phrases in a section if nothing else divides
LONG_REST = Fraction(4)  # quarters: an interlude ends a section
SAME = 0.7  # least share of common phrases, in order, of sections of one kind
# Schemes by number of lines, the most usual first.
SCHEMES = {
    1: ("X",),
    2: ("AA",),
    3: ("AAA", "XAA"),
    4: ("ABAB", "AABB", "XAXA", "AAXA", "ABBA"),
    5: ("ABABB", "AABBA", "ABAAB", "AABBX"),
    6: ("ABABCC", "AABCCB", "AABBCC", "XAXAXA"),
    7: ("ABABCCX", "ABABCCB", "AABCCBX", "AABBCCX"),
    8: ("ABABCDCD", "AABBCCDD", "XAXAXBXB", "AAABCCCB"),
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWYZ"  # after 25 rhymes they are used again
CADENCE = 3  # compared slots at the end of a phrase
LATER = 0.25  # how much better a scheme must be than the one before it in the list

Line = Sequence[Slot]
Laid = dict[int, int]
PLACES = 960  # per quarter: whole numbers are quicker to compare than fractions


def sections_of(lines: Sequence[Line], breaks: Sequence[Fraction] = ()) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
    """The phrases with their section and the first phrase like them, and the names of the sections.

    `breaks` are the onsets at which the score has repeat signs. Names are verse, chorus and bridge.
    """
    like = likeness(lines)
    classes = [i if first is None else first for i, first in enumerate(like)]
    starts = section_starts(lines, classes, breaks)
    sections = [sum(start <= i for start in starts) - 1 for i in range(len(lines))]
    phrases = [Phrase(tuple(line), s, first) for line, s, first in zip(lines, sections, like, strict=True)]
    return tuple(phrases), names_of(phrases, classes)


def likeness(lines: Sequence[Line]) -> list[int | None]:
    """For each phrase the index of the first phrase before it that sounds alike, or None."""
    found: list[int | None] = []
    firsts: list[int] = []
    laid = [(laid_out(line, 0), laid_out(line, -1)) for line in lines]
    for i, line in enumerate(laid):
        found.append(next((j for j in firsts if alike(laid[j], line)), None))
        if found[-1] is None and len(firsts) < DIFFERENT:
            firsts.append(i)
    return found


def alike(a: tuple[Laid, Laid], b: tuple[Laid, Laid]) -> bool:
    """Whether most slots of two phrases have the same distances in time and pitch.

    Each phrase is laid out from its first slot and from its last; one may have an additional upbeat.
    """
    least, most = len(a[0]), len(b[0])
    if not -1 <= least - most <= 1:  # most pairs of a long piece end here
        return False
    least, most = min(least, most), max(least, most)
    if least != most and least < LEAST:
        return False
    need = (LIKE if least >= LEAST else 1.0) * most
    return any(len(x.keys() & y.keys()) >= need and in_common(x, y) >= need for x, y in zip(a, b, strict=True))


def laid_out(line: Line, anchor: int) -> Laid:
    """The distance of each slot from slot `anchor`, in PLACES per quarter, and its pitch."""
    start = line[anchor].onset
    return {round((slot.onset - start) * PLACES): slot.pitch for slot in line}


def in_common(a: Laid, b: Laid) -> int:
    """The number of slots that two phrases have in common, at the best transposition."""
    shifts = [b[place] - a[place] for place in a.keys() & b.keys()]
    return max(map(shifts.count, set(shifts)), default=0)


def section_starts(lines: Sequence[Line], classes: Sequence[int], breaks: Sequence[Fraction]) -> list[int]:
    """The first phrase of each section."""
    starts = {0}
    for i, (line, after) in enumerate(pairwise(lines)):
        divided = any(line[-1].onset < moment <= after[0].onset for moment in breaks)
        if divided or line[-1].rest >= LONG_REST:
            starts.add(i + 1)
    starts = joined(starts, len(lines))
    for start, end in spans(joined(starts, len(lines)), len(lines)):
        if end - start > STANZA:
            starts |= divided_by_repeats(classes, start, end)
    starts = joined(starts, len(lines))
    for start, end in spans(starts, len(lines)):
        if end - start > STANZA:
            starts |= set(range(start, end, QUATRAIN))
    return sorted(joined(starts, len(lines)))


def joined(starts: set[int], phrases: int) -> set[int]:
    """Starts without those of single phrases, which belong to the section before."""
    kept = {0}
    for start, end in spans(starts, phrases):
        if start - max(kept) > 1 and end - start > 1:
            kept.add(start)
    return kept


def spans(starts: set[int], phrases: int) -> Iterator[tuple[int, int]]:
    """(first phrase, end) of each section."""
    ordered = sorted(starts)
    return zip(ordered, [*ordered[1:], phrases], strict=True)


def divided_by_repeats(classes: Sequence[int], start: int, end: int) -> set[int]:
    """The starts and ends of the longest repeated passages inside a long section."""
    found: set[int] = set()
    free = set(range(start, end))
    for length in range(min(PASSAGE, (end - start) // 2), 1, -1):
        places: dict[tuple[int, ...], list[int]] = {}
        for i in range(start, end - length + 1):
            here = range(i, i + length)
            same = places.setdefault(tuple(classes[i : i + length]), [])
            if free.issuperset(here) and (not same or i >= same[-1] + length):
                same.append(i)
        for same in places.values():
            same = [i for i in same if free.issuperset(range(i, i + length))]
            if len(same) > 1:
                for i in same:
                    free -= set(range(i, i + length))
                    found |= {i, i + length}
    return {i for i in found if start < i < end}


def names_of(phrases: Sequence[Phrase], classes: Sequence[int]) -> tuple[str, ...]:
    """A repeated section is a chorus if its words are repeated too, or if it is not the first section. A later
    section that occurs once, among repeated ones, is a bridge. All others are verses."""
    count = phrases[-1].section + 1 if phrases else 0
    members = [[i for i, phrase in enumerate(phrases) if phrase.section == s] for s in range(count)]
    kinds = kinds_of([[classes[i] for i in each] for each in members])
    texts = [" ".join(text_of(phrases[i].slots) for i in each).strip() for each in members]
    often = Counter(kinds)
    chorus = chorus_of(kinds, texts)
    names = []
    for s, kind in enumerate(kinds):
        late = s > 0 and len(often) > 1 and often[kind] == 1 and often.most_common(1)[0][1] > 1
        names.append("chorus" if kind == chorus else "bridge" if late else "verse")
    return tuple(names)


def chorus_of(kinds: Sequence[int], texts: Sequence[str]) -> int | None:
    """The kind of section that is the chorus: repeated with its words, or repeated and not the first section."""
    often = Counter(kinds)
    back = [kind for kind in often if often[kind] > 1]
    if len(often) == 1:
        return None
    sung = {kind: {text for k, text in zip(kinds, texts, strict=True) if k == kind} for kind in back}
    same = [kind for kind in back if len(sung[kind]) == 1 and "" not in sung[kind]]
    rest = [kind for kind in back if kind != kinds[0]]
    return max(same or rest, key=lambda kind: (often[kind], kind), default=None)


def kinds_of(sections: Sequence[Sequence[int]]) -> list[int]:
    """For each section the first one of its kind, by the sound of its phrases."""
    kinds: list[int] = []
    for s, section in enumerate(sections):
        for f in dict.fromkeys([*kinds, s]):  # at last the section itself
            common = sum(x == y for x, y in zip(sections[f], section, strict=False))
            if common >= SAME * max(len(sections[f]), len(section)):
                kinds.append(f)
                break
    return kinds


def text_of(slots: Line) -> str:
    """The words under a phrase, for comparison: lower case, letters and digits only."""
    texts = (slot.lyrics[0].text for slot in slots if slot.lyrics)
    return " ".join("".join(filter(str.isalnum, text.lower())) for text in texts)


def scheme_of(phrases: Sequence[Phrase]) -> str:
    """The rhyme scheme of one section's phrases, a letter for each; X is free.

    Among the usual schemes, the rhyming phrases of the best one are most alike: in sound, in cadence, in length and
    in the stress of their last slot.
    """
    out, used = "", 0
    lines = list(phrases)
    while lines:
        size = len(lines) if len(lines) <= max(SCHEMES) else QUATRAIN
        schemes = SCHEMES[size]
        fits = [mean_answer(scheme, lines) - LATER * k for k, scheme in enumerate(schemes)]
        _, scheme = max(zip(fits, schemes, strict=True))
        fresh = {letter: LETTERS[(used + i) % len(LETTERS)] for i, letter in enumerate(sorted(set(scheme) - {"X"}))}
        out += "".join(fresh.get(letter, "X") for letter in scheme)
        used += len(fresh)
        lines = lines[size:]
    return out


def mean_answer(scheme: str, phrases: Sequence[Phrase]) -> float:
    """The mean likeness of the phrases that rhyme in a scheme."""
    pairs = [(i, j) for i, j in combinations(range(len(scheme)), 2) if scheme[i] == scheme[j] != "X"]
    return sum(answer(phrases[i], phrases[j]) for i, j in pairs) / max(1, len(pairs))


def answer(a: Phrase, b: Phrase) -> float:
    """The likeness of two phrases, 0 to 5."""
    size = min(CADENCE, len(a.slots), len(b.slots))
    ends = a.slots[-size:], b.slots[-size:]
    value = 2.0 * in_common(laid_out(a.slots, -1), laid_out(b.slots, -1)) / max(len(a.slots), len(b.slots))
    value += in_common(*(laid_out(end, -1) for end in ends)) / size
    value += len(a.slots) == len(b.slots)
    return value + (a.slots[-1].strong == b.slots[-1].strong)
