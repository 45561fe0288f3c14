"""Written syllables, as they are printed under notes: but-ter-fly, lit-tle, sing-ing, ev-ery.

Letters are aligned with the phones of a reading, so there is one part for every syllable that is sung, whatever the
spelling. The letters between two vowels are then divided as hymnals and dictionaries do: before a single
consonant (glo-ry, fa-ther), but behind v after a short vowel (nev-er) and before an ending (mak-ing); between
two (mas-ter, lit-tle), unless they can begin a syllable (a-pril, chil-dren); after a silent e (love-ly).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from lyricist.prosody.g2p import Chunk, align, fold
from lyricist.prosody.phones import Reading, is_vowel

# Consonant letters that may begin a syllable together; s with a stop only after another consonant or a prefix.
BEGINNINGS = "bl br cl cr dr fl fr gl gr pl pr tr dw tw thr chr phr shr"
S_BEGINNINGS = "sp st sc sk sl sm sn sw sph sch str spr spl scr squ"
ONSETS, S_ONSETS = frozenset(BEGINNINGS.split()), frozenset(S_BEGINNINGS.split())
# Two letters or three for one sound, which are never divided; those of CLOSING end a syllable: buck-et, watch-ing.
ONE_SOUND = "ch ck dg gh ph rh sh th wh gn kn wr ng tch qu gu"
DIGRAPHS, CLOSING = frozenset(ONE_SOUND.split()), frozenset({"ck", "tch", "dg", "ng", "x"})
SHORT_VOWELS = ("AE", "EH", "IH", "AH", "UH", "AA")
SHORT = frozenset(vowel + digit for vowel in SHORT_VOWELS for digit in "12")
DOUBLE_KEPT = frozenset({"ff", "ll", "ss", "zz"})  # pass-ing, call-ing; but run-ning

# Endings close the syllable before them; -est and -ish only a stressed one (not in man-i-fest).
ENDINGS = re.compile(r"(?:ings?|in'|ed|eth|(?<=ss)es|(?<=x)es|(?<=[cs]h)es)(?:ly|ness)?$")
STRESSED_ENDINGS = re.compile(r"(?:(?<!harv|temp)est|ish)(?:ly|ness)?$")
COMPARED = re.compile(r"(?:(?:ea|ee|oa|ai|oo|ou)[^aeiouvzs]h?|.[aeiou]r)er[s']*$")  # near-er, teach-er
# Suffixes begin a syllable, prefixes end one.
SUFFIXES = re.compile(
    r"(?:(?<![pfb])ly|(?<=eep)ly|(?<=arp)ly|less|ness|ful|ment|ward|some|ship|hood|dom|self|selves)$"
)
PREFIXES = re.compile(
    r"(?:with|up|un(?!i)|mis|dis|trans|there|where|here|some|ev(?=er)|for(?=ev)|wher(?=ev)"
    r"|(?:what|when|how|who)(?=e))(?=[aeiou])|sub(?=l)|out(?=[^aeiou])|(?:long|strong|young)(?=e)"
)
OPEN_PREFIX = re.compile(r"(?:de|re|be|pre|pro|a|e)$")


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
    text, chunks = fold(word), align(word, reading.phones)
    vowels = [(i, phone) for i, chunk in enumerate(chunks) for phone in chunk if is_vowel(phone)]
    breaks = [0]
    for (here, vowel), (there, after) in pairwise(vowels):
        gap = Gap(text, chunks, breaks[-1], here, there, vowel, after)
        breaks.append(max(breaks[-1], gap.split()))
    return breaks[1:]


@dataclass(frozen=True, slots=True)
class Gap:
    """The letters between two vowels.

    `begin` is where the syllable of the first vowel begins, `here` and `there` are the letters that carry the
    vowels `vowel` and `after` (phones with digits).
    """

    text: str
    chunks: list[Chunk]
    begin: int
    here: int
    there: int
    vowel: str
    after: str

    def split(self) -> int:
        """The index at which the second syllable begins."""
        if self.there <= self.here:
            return self.here + 1
        hyphen = self.text.rfind("-", self.here, self.there)
        if hyphen >= 0:
            return hyphen + 1
        prefix = PREFIXES.match(self.text)
        if prefix and self.begin == 0 and self.here < prefix.end() <= self.there:
            return prefix.end()
        if self.text[self.there] == "'":
            return self.there  # church-'s
        if self.text[self.there - 1] == "'" and self.there - 1 > self.here:
            return self.there - 1 - (self.text[self.there - 2] == "e")  # what-e'er
        if self.text.find("n't", self.there) in (self.there, self.there + 1):
            return self.text.find("n't", self.there)  # does-n't
        units = self.units()
        if not units:
            return self.hiatus()
        return self.single(*units[0]) if len(units) == 1 else self.several(units)

    def units(self) -> list[tuple[int, int]]:
        """Spans of letters, each of one consonant sound, with the silent consonant letters that go with it."""
        spans: list[tuple[int, int]] = []
        if self.vowel[:2] == "ER" and self.text[self.here] == "r" and self.here > self.begin:
            spans.append((self.here - (self.text[self.here - 1] == "r"), self.here + 1))  # a-round, vic-to-ry
        waiting = -1  # the first of the silent consonant letters before a sound
        for i in range(self.here + 1, self.there):
            letter, glide = self.text[i], self.chunks[i] in (("Y",), ("W",)) and self.text[i] in "aeiou"
            pair = self.text[i : i + 2]
            if glide or (letter in "aeiou'" and not self.chunks[i]):
                waiting = -1
            elif self.chunks[i]:
                spans.append((i if waiting < 0 else waiting, i + 1))
                waiting = -1
            elif spans and spans[-1][1] == i and not (i + 1 < self.there and self.chunks[i + 1] and one_sound(pair)):
                spans[-1] = (spans[-1][0], i + 1)
            elif spans or (letter not in "wyh" and pair != "gh"):
                waiting = i if waiting < 0 else waiting
        if len(spans) > 1 and spans[0][0] <= self.here:
            if self.text[spans[1][0]] == "r":  # r carries the vowel and the next r the consonant: hur-ry
                return [(self.here, spans[1][1]), *spans[2:]]
            return spans[1:]
        return spans

    def hiatus(self) -> int:
        """Between vowels with no consonant sound: before the vowel letters of the second (roy-al, high-est)."""
        start = self.there
        while start - 1 > self.here and self.text[start - 1] in "aeiou":
            start -= 1
        if self.text[start - 1] == "y" and self.text[start - 2] in "aeo" and self.vowel[-1] == "0" != self.after[-1]:
            return start - 1  # be-yond
        if start == self.here + 1 and self.text[start] == "r" and self.text[self.here - 1] in "aeiou":
            return max(self.here, self.begin + 1)  # o-ur
        return start

    def single(self, start: int, end: int) -> int:
        """At one consonant sound."""
        letters, phone = self.text[start:end], next(c[-1] for c in self.chunks[start:end] if c)
        if letters[-1] in "aeiou":
            return start  # pre-cious, if the i carries the consonant
        if len(letters) > 1 and (not one_sound(letters) or (letters, phone) == ("ph", "P")):
            return end if letters in DOUBLE_KEPT and self.ending(end) else end - 1
        if letters in CLOSING or self.ending(end) or COMPARED.match(self.text, start - 2):
            return end
        if start == self.here:
            return start if self.vowel[-1] == "0" else end  # r of a vowel: vic-to-ry, cour-age
        if self.text[start - 3 : end] == "ight" or (letters == "v" and self.vowel in SHORT):
            return end
        return end if letters in "lnr" and self.there > end and self.chunks[end] == ("Y",) else start  # glor-ious

    def ending(self, at: int) -> bool:
        """Whether the letters from an index on are an ending, before which a syllable is closed."""
        stressed = self.vowel[-1] in "12" and STRESSED_ENDINGS.match(self.text, at)
        return bool(stressed or ENDINGS.match(self.text, at))

    def several(self, units: list[tuple[int, int]]) -> int:
        """At several consonant sounds."""
        before, last = units[-2:]
        for (_, end), (start, _) in pairwise(units):
            silent = self.text[end:start]
            if "'" in silent and start < last[0]:
                continue  # heav'n-ly
            if any(c in "aeiou'" for c in silent):
                return self.elided(units) if start == last[0] and self.text[start] == "r" else start
        if SUFFIXES.match(self.text, last[0]):
            return last[0]
        if len(self.chunks[self.there]) > 1 and self.text[self.there] in "lmn":  # ta-ble, can-dle
            return last[0]
        cluster = self.text[before[0] : last[1]]
        if len(cluster) == 3 and cluster[0] == cluster[1] and cluster[1:] in ONSETS:
            return before[0] + 1  # sup-ply
        joined = cluster in ONSETS or self.text[last[0] - 1 : last[1]] in ("dl", "tl", "gl", "kl", "zl")
        if self.ending(last[1]) and not (joined and self.text[last[0]] in "lr"):
            return last[1]  # stand-ing
        prefix = self.begin == 0 and OPEN_PREFIX.match(self.text[: units[0][0]]) and self.after[-1] in "12"
        if len(units) > 2 and self.text[units[-3][0] : last[1]] in S_ONSETS:
            return units[-3][0] if len(units) > 3 or prefix else before[0]
        if cluster in ONSETS and not (len(units) == 2 and self.vowel in SHORT):
            return before[0]
        if cluster in S_ONSETS and (prefix or len(units) > 2):
            return before[0]
        return last[0]

    def elided(self, units: list[tuple[int, int]]) -> int:
        """The division where a silent vowel or an apostrophe is before r: ev-ery, vic-t'ry, suf-f'ring."""
        start, end = units[-2]
        if end - start > 1 and not one_sound(self.text[start:end]):
            return end - 1
        return end if len(units) == 2 else start


def one_sound(letters: str) -> bool:
    return letters in DIGRAPHS or letters in CLOSING
