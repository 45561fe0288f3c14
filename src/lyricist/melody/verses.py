"""The words of a tune, line by line, each syllable with its slot, in the order in which verses are sung.

A repeated passage is in the performed score twice, each time with all its verses: the first time has the first verse,
the second time the second. A score without repeats is sung once for every verse; passages with one verse only are the
refrain.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from lyricist.melody.metric import Bars
from lyricist.melody.slots import SHORTEST_REST, with_strengths
from lyricist.melody.tune import Lyric, Note, Phrase, Slot, Tune

FULL = 0.5  # least share of the syllables of a phrase's fullest verse, for another verse to count in this phrase
MAIN = 0.3  # least share of the phrases that a verse has, to be sung with the refrain
CLOSING = ",;:.!?—–"  # a word ends after these, even with a hyphen


class Syllable(NamedTuple):
    """One syllable of a line: the index of its word, its letters, and its slot."""

    word: int
    text: str
    slot: Slot


@dataclass(frozen=True)
class WordedLine:
    """The words of a phrase and their syllables. A syllable that two words share ("many‿a") belongs to the first."""

    words: tuple[str, ...]
    syllables: tuple[Syllable, ...]


@dataclass(frozen=True)
class Stanza:
    """Lines that belong together. `refrain`: all verses of the file share them; `verse`: its number in the file."""

    lines: tuple[WordedLine, ...]
    refrain: bool = False
    verse: int = 1


Key = tuple[tuple[Lyric, ...], ...]  # all syllables of a phrase: equal for repetitions


@dataclass(frozen=True)
class Turn:
    """A phrase (by its index) sung to one verse."""

    phrase: int
    verse: int
    refrain: bool = False


def stanzas_of(tune: Tune) -> tuple[Stanza, ...]:
    """All the words under the sung part; empty without words."""
    starts = [phrase.slots[0].onset for phrase in tune.phrases]
    notes: list[list[Note]] = [[] for _ in starts]
    for note in tune.part.notes:
        notes[max(0, bisect_right(starts, note.onset) - 1)].append(note)
    found: list[Stanza] = []
    for turns in performance(tune.phrases):
        lines: dict[int, WordedLine] = {}
        for _, run in groupby(enumerate(turns), key=lambda item: item[1].phrase - item[0]):  # neighbouring phrases
            lines |= lines_of(tune, [turn for _, turn in run], notes)
        found += divided(tune, [(turn, lines[turn.phrase]) for turn in turns if turn.phrase in lines])
    return tuple(found)


def performance(phrases: Sequence[Phrase]) -> list[list[Turn]]:
    """Which verse is sung to which phrase, in order; every list is one pass through the tune."""
    stacks = [verses_of(phrase) for phrase in phrases]
    keys = [tuple(note.lyrics for slot in phrase.slots for note in slot.notes) for phrase in phrases]
    often = Counter(key for key, stack in zip(keys, stacks, strict=True) if len(stack) > 1)
    if not often:
        return [[Turn(p, stack[0]) for p, stack in enumerate(stacks) if stack]]
    repeated = [key for key in often if often[key] > 1]
    if 2 * len(repeated) >= len(often):
        return by_repeats(stacks, keys, often)
    return by_verses(phrases, stacks)


def verses_of(phrase: Phrase) -> tuple[int, ...]:
    """The verses that have words in a phrase."""
    counts = Counter(lyric.verse for slot in phrase.slots for note in slot.notes for lyric in note.lyrics)
    return tuple(sorted(verse for verse, count in counts.items() if count >= FULL * max(counts.values())))


def by_repeats(stacks: Sequence[tuple[int, ...]], keys: Sequence[Key], often: Counter[Key]) -> list[list[Turn]]:
    """Each repetition of a passage has its next verse; verses left over are sung at the end.

    A phrase that is not repeated, as an ending, has the verse of the phrase before it.
    """
    seen: Counter[Key] = Counter()
    turns, times = [], 0
    for p, (stack, key) in enumerate(zip(stacks, keys, strict=True)):
        if not stack:
            continue
        if len(stack) > 1 and often[key] > 1:
            times = seen[key]
            seen[key] += 1
        turns.append(Turn(p, stack[min(times, len(stack) - 1)]))
    out, deepest = [turns], max(map(len, stacks))
    for extra in range(min(seen.values()), deepest):
        first = {key: p for p, key in reversed(list(enumerate(keys)))}
        left = [
            Turn(p, stack[extra])
            for p, (stack, key) in enumerate(zip(stacks, keys, strict=True))
            if len(stack) > extra >= often[key] > 1 and first[key] == p
        ]
        out += [left] if left else []
    return out


def by_verses(phrases: Sequence[Phrase], stacks: Sequence[tuple[int, ...]]) -> list[list[Turn]]:
    """The tune once for every verse; phrases with the first verse only are the refrain, except an amen at the end."""
    counts = Counter(verse for stack in stacks for verse in stack)
    main = [verse for verse in sorted(counts) if counts[verse] >= MAIN * len(phrases)] or sorted(counts)[:1]
    amens = closing_amens(phrases)
    out = []
    for verse in sorted(counts):
        turns = []
        for p, stack in enumerate(stacks):
            shared = len(main) > 1 and stack == (main[0],)
            if shared and verse in main and (p not in amens or verse == main[-1]):
                turns.append(Turn(p, stack[0], refrain=True))
            elif verse in stack and not shared:
                turns.append(Turn(p, verse))
        out.append(turns)
    return out


def closing_amens(phrases: Sequence[Phrase]) -> set[int]:
    """The last phrases, if their only word is amen."""
    found: set[int] = set()
    for p in reversed(range(len(phrases))):
        text = "".join(lyric.text.lower() for slot in phrases[p].slots for lyric in slot.lyrics)
        if "".join(filter(str.isalpha, text)).replace("amen", ""):
            break
        found.add(p)
    return found


def lines_of(tune: Tune, run: Sequence[Turn], notes: Sequence[Sequence[Note]]) -> dict[int, WordedLine]:
    """The line of each phrase with words. A word that continues in the next phrase stays in the first one."""
    groups: list[list[Note]] = []
    lyrics: list[tuple[int, Lyric]] = []  # phrase, and the syllable of each group
    for turn in run:
        for note in notes[turn.phrase]:
            lyric = next((each for each in note.lyrics if each.verse == turn.verse and sounds(each.text)), None)
            if lyric is not None:
                groups.append([note])
                lyrics.append((turn.phrase, lyric))
            elif groups and (note.slurred or note.onset - groups[-1][-1].end < SHORTEST_REST):
                groups[-1].append(note)
    words: dict[int, list[str]] = {}
    syllables: dict[int, list[Syllable]] = {}
    slots = with_strengths(groups, Bars(tune.score))
    for (line, index), (_, lyric), slot in zip(spelled(lyrics, words), lyrics, slots, strict=True):
        syllables.setdefault(line, []).append(Syllable(index, lyric.text, slot))
    return {line: WordedLine(tuple(words[line]), tuple(found)) for line, found in syllables.items()}


def sounds(text: str) -> bool:
    return any(map(str.isalnum, text))


def spelled(lyrics: Sequence[tuple[int, Lyric]], words: dict[int, list[str]]) -> Iterator[tuple[int, int]]:
    """Join syllables to words, which are added to `words` of their line. Yields line and word index of each syllable.

    >>> words = {}
    >>> [*spelled([(0, Lyric("Riv", "begin")), (0, Lyric("er", "end")), (1, Lyric("on"))], words)], words
    ([(0, 0), (0, 0), (1, 0)], {0: ['River'], 1: ['on']})
    """
    within, line = False, 0
    for phrase, lyric in lyrics:
        first, *others = pieces(lyric.text)
        if within and lyric.syllabic in ("middle", "end") and not words[line][-1].endswith(tuple(CLOSING)):
            words[line][-1] += first
        else:
            line = phrase
            words.setdefault(line, []).append(first)
        index = len(words[line]) - 1
        words[line] += others
        within = lyric.syllabic in ("begin", "middle")
        yield line, index


def pieces(text: str) -> list[str]:
    """The words of a syllable that has several; a separate sign belongs to the word before it.

    >>> pieces("many a"), pieces("mort !"), pieces("for –")
    (['many', 'a'], ['mort!'], ['for'])
    """
    out: list[str] = []
    for piece in text.split():
        if sounds(piece) or not out:
            out.append(piece if sounds(piece) else "")
        elif piece.strip("-–—_"):
            out[-1] += piece
    return out if out[0] or not out[1:] else out[1:]


def divided(tune: Tune, turns: Sequence[tuple[Turn, WordedLine]]) -> Iterator[Stanza]:
    """Stanzas as the file marks them, else by the tune's sections; another verse also begins a stanza."""
    marked = any(begins_paragraph(line) for _, line in turns[1:])
    lines: list[WordedLine] = []
    for (before, _), (turn, line) in pairwise([turns[0], *turns] if turns else []):
        sections = [tune.phrases[each.phrase].section for each in (before, turn)]
        new = begins_paragraph(line) if marked else sections[0] != sections[1]
        other = (turn.verse, turn.refrain) != (before.verse, before.refrain)
        if lines and (new or other or turn.phrase < before.phrase):
            yield Stanza(tuple(lines), before.refrain, before.verse)
            lines = []
        lines.append(line)
    if lines:
        yield Stanza(tuple(lines), turns[-1][0].refrain, turns[-1][0].verse)


def begins_paragraph(line: WordedLine) -> bool:
    return any(lyric.paragraph for lyric in line.syllables[0].slot.lyrics)
