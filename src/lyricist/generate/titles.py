"""A title from the song itself: a phrase that comes back, is the song's own and ends on a word of weight."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from lyricist.corpus import Section
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.generate.result import LITTLE, first_words
from lyricist.model.tokens import capital
from lyricist.model.topics import is_plain
from lyricist.prosody.metre import FUNCTION_TABLE, FUNCTION_WORDS

LONGEST = 5  # words
CHORUSES = frozenset({"chorus", "refrain", "hook"})
LENGTHS = {1: -0.5, 2: 0.3, 3: 0.8, 4: 0.8, 5: 0.6}  # points by the number of words
RETURNS = 1.0  # point for each doubling of the times a phrase is sung
CHORUS = 2.0  # points for standing in one
OPENS, ENDS = 0.8, 0.5  # points for beginning with a line (a conjunction aside) and for ending with one
WHOLE, FRAGMENT = 0.5, -0.8  # points for a whole line, and for a part of one that holds a clause's little words
WEIGHT, ENOUGH = 0.35, 7.5  # points for each e-fold of rarity of its rarest word, up to so many
PRONOUN, PREPOSITION = -0.6, -0.6  # points for "he became" and for "of a vest"
PRONOUNS = frozenset(FUNCTION_TABLE["pronouns"].split()) - {"my", "your", "his", "her", "its", "our", "their", "thy"}
PREPOSITIONS = frozenset(FUNCTION_TABLE["prepositions"].split()) | {"upon", "into", "within", "above", "between"}
VERBS = frozenset(f"{FUNCTION_TABLE['auxiliaries']} {FUNCTION_TABLE['contractions']}".split())
CLAUSE = VERBS | PRONOUNS
LITTLE_WORDS = FUNCTION_WORDS | LITTLE
# Little words that open no title, and those behind which a title may open with a word of weight.
JOINING = frozenset(f"{FUNCTION_TABLE['conjunctions']} who whom which that not to there".split()) | VERBS
LEADING = frozenset(f"{FUNCTION_TABLE['prepositions']} {FUNCTION_TABLE['conjunctions']} so".split())


def title_of(sections: Sequence[Section], rarity: Callable[[str], float]) -> str:
    """The best phrase of a song; `rarity`: how rare a word in small letters is, in nats.

    Phrases have 1 to 5 words, end on a content word where a line or the next little word ends them and do not begin
    with a conjunction or a verb of the grammar. A song without one is called by its first words.

    >>> from lyricist.corpus import Line
    >>> lines = Line("And in the lonely harbour"), Line("I saw the harbour light")
    >>> title_of([Section("verse", lines)], lambda word: 5)
    'In the lonely harbour'
    """
    heard: Counter[tuple[str, ...]] = Counter()
    best: dict[tuple[str, ...], float] = {}  # points for where they stand
    shown: dict[tuple[str, ...], tuple[str, ...]] = {}
    for section in sections:
        for line in section.lines:
            pairs = WordTokenizer().split_surface(line.text)
            words = [word for word, _ in pairs]
            for start, end in phrases(words):
                phrase = tuple(words[start:end])
                standing = CHORUS * (section.name in CHORUSES) + place(words, start, end)
                heard[phrase] += 1
                if standing > best.get(phrase, -math.inf):
                    best[phrase], shown[phrase] = standing, tuple(written for _, written in pairs[start:end])
    if not heard:
        return first_words(sections)
    rare = {w: min(rarity(w), ENOUGH) for phrase in best for w in phrase if not is_plain(w)}

    def points(phrase: tuple[str, ...]) -> tuple[float, tuple[str, ...]]:
        return worth(phrase, heard[phrase], rare) + best[phrase], phrase

    return capital(" ".join(shown[max(best, key=points)]))


def phrases(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(start, end) of what may be a title in a line."""
    ends = [
        e for e in range(1, len(words) + 1) if (e == len(words) or is_little(words[e])) and not is_plain(words[e - 1])
    ]
    for start in range(len(words)):
        if may_begin(words, start):
            yield from ((start, end) for end in ends if start < end <= start + LONGEST)


def may_begin(words: Sequence[str], start: int) -> bool:
    """With a little word that opens a phrase; with a word of weight at a line's beginning or behind a preposition."""
    if is_little(words[start]):
        return words[start] not in JOINING
    return start == 0 or words[start - 1] in LEADING


def is_little(word: str) -> bool:
    return word in LITTLE_WORDS


def place(words: Sequence[str], start: int, end: int) -> float:
    """Points for where in its line a phrase stands."""
    opens = start == 0 or (start == 1 and words[0] in JOINING)
    ends = end == len(words)
    clause = not opens and not CLAUSE.isdisjoint(words[start:end])
    return OPENS * opens + ENDS * ends + WHOLE * (opens and ends) + FRAGMENT * clause


def worth(phrase: Sequence[str], times: int, rare: Mapping[str, float]) -> float:
    """Points for what a phrase is: its length, how often it is heard, how much its own its rarest word is. `rare`:
    the rarity of words of weight."""
    rarest = max(rare[w] for w in phrase if w in rare)
    stub = PRONOUN if phrase[0] in PRONOUNS else PREPOSITION if phrase[0] in PREPOSITIONS else 0
    return stub + LENGTHS[len(phrase)] + RETURNS * math.log2(times) + WEIGHT * rarest
