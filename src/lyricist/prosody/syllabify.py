"""Written syllables, as they are printed under notes: but-ter-fly, lit-tle, sing-ing, ev-ery-thing.

Letters are aligned with the phones of a reading, so there is one part for every syllable that is sung, whatever the
spelling. Between two vowels the word is divided where dictionaries of American English do: `divisions.txt` has a
weight for runs of letters around a place, and for the vowels beside it (pres-ent, but pre-sent), which
`scripts/learn_divisions.py` has learnt from such a dictionary. The place with the greatest sum is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from lyricist.prosody.g2p import Chunk, align, fold
from lyricist.prosody.phones import Reading, is_vowel

WEIGHTS = Path(__file__).with_name("divisions.txt")
SIDE, WINDOW = 5, 8  # letters of a feature: on one side of the place, and on both


def syllables_of(word: str, reading: Reading) -> list[str]:
    """The parts of a word under a reading: as many as it has syllables, and joined they are the word.

    A word with fewer letters than syllables leaves parts empty.

    >>> syllables_of("butterfly", Reading.of("B AH1 T ER0 F L AY2"))
    ['but', 'ter', 'fly']
    >>> syllables_of("every", Reading.of("EH1 V R IY0"))
    ['ev', 'ery']
    """
    if reading.syllables < 2 or not word:
        return [word] * reading.syllables
    breaks = divide(word, reading)
    return [word[i:j] for i, j in zip((0, *breaks), (*breaks, len(word)), strict=True)]


def divide(word: str, reading: Reading) -> list[int]:
    """Letter indices at which the second and later syllables begin."""
    text, breaks, gaps = fold(word).replace("’", "'"), [0], gaps_of(word, reading)
    for left, gap in zip(range(len(gaps), 0, -1), gaps, strict=True):
        least, most = (breaks[-1] + 1, len(text) - left) if len(text) > len(gaps) else (breaks[-1], len(text))
        here = max(gap.here, breaks[-1])  # the vowel may be found with the one before: re-en-ter
        breaks.append(min(max(least, split(text, replace(gap, here=here))), most))
    return breaks[1:]


@dataclass(frozen=True, slots=True)
class Gap:
    """The letters between two vowels: `here` and `there` carry `vowel` and `after` (phones with digits)."""

    here: int
    there: int
    vowel: str
    after: str

    @property
    def places(self) -> range:
        """The indices at which the second syllable may begin."""
        return range(self.here + 1, max(self.there, self.here + 1) + 1)


def gaps_of(word: str, reading: Reading) -> list[Gap]:
    """The gap before every syllable but the first."""
    text, chunks = fold(word), align(word, reading.phones)
    vowels = [(carrier(text, chunks, i), phone) for i, c in enumerate(chunks) for phone in c if is_vowel(phone)]
    return [Gap(here, there, vowel, after) for (here, vowel), (there, after) in pairwise(vowels)]


def carrier(text: str, chunks: list[Chunk], at: int) -> int:
    """The letter that carries the vowel aligned at an index, perhaps the one before r or y: mem-o-ry, be-yond."""
    if at and text[at] == "r" and chunks[at][-1].startswith("ER"):
        return at - 1
    return at - (at > 0 and text[at] == "y" and text[at - 1] in "aeiou" and not chunks[at - 1])


def split(text: str, gap: Gap) -> int:
    """The index at which the second syllable begins; signs decide first: church-'s, what-e'er, does-n't."""
    here, there = gap.here, gap.there
    hyphen = text.rfind("-", here, there)
    if hyphen >= 0:
        return hyphen + 1
    if there > here + 1 and text[there - 1] == "'":
        return there - 1 - (text[there - 2] == "e")
    if text.find("n't", there) in (there, there + 1):
        return text.find("n't", there)
    if text[there] == "'" or len(gap.places) == 1:
        return max(there, here + 1)
    weights = learnt()
    text = f"{text[:-1]}g" if text.endswith("in'") and gap.after[:2] != "AY" else text  # sing-in' as sing-ing
    return max(gap.places, key=lambda at: sum(weights.get(name, 0) for name in features(text, gap, at)))


def features(text: str, gap: Gap, at: int) -> list[str]:
    """What is known of a place: letters before and after it, `.` at the ends of the word; the vowels beside it."""
    word, at = f".{text}.", at + 1
    found = [
        f"{word[at - i : at]}-{word[at : at + j]}"
        for i in range(min(SIDE, at) + 1)
        for j in range(min(SIDE, len(word) - at) + 1)
        if 0 < i + j <= WINDOW
    ]
    between = f"{word[gap.here + 2 : at]}-{word[at : gap.there + 1]}"
    sizes, stress = f"{at - gap.here - 1}{gap.there + 1 - at}", gap.after[-1]
    vowels = (gap.vowel + between, gap.vowel + between + stress, gap.vowel + sizes, gap.vowel + sizes + stress)
    return [*found, *vowels, stress + between]


@lru_cache(maxsize=1)
def learnt() -> dict[str, int]:
    """The weight of every feature: a line of the file has a weight and its features."""
    rows = (line.split() for line in WEIGHTS.read_text("ascii").splitlines())
    return {name: int(weight) for weight, *names in rows for name in names}
