"""ARPAbet: the phones, their families, and `Reading`, one pronunciation of a word.

A phone is a consonant ("L") or a vowel with its stress digit ("AH1"): 1 primary, 2 secondary, 0 none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

VOWEL_ROW = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
CONSONANT_ROW = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
VOWELS = tuple(VOWEL_ROW.split())
CONSONANTS = tuple(CONSONANT_ROW.split())

# Consonants that pass for each other in near rhyme, one family a row: voiceless stops, voiced stops,
# voiceless fricatives, voiced fricatives, nasals; the liquids and glides stand alone.
FAMILY_ROWS = ("P T K", "B D G", "F TH S SH CH HH", "V DH Z ZH JH", "M N NG", "L", "R", "W", "Y")
# Phone -> the first of its family, which names the family.
FAMILIES = {phone: row.split()[0] for row in FAMILY_ROWS for phone in row.split()}

HARD_TO_HOLD = frozenset({"IH0", "AH0", "UH0", "ER0"})

# Every phone as it stands in a reading, and its one-character code in the table of the lexicon.
PHONES = (*(vowel + digit for vowel in VOWELS for digit in "012"), *CONSONANTS)
CODES = {phone: chr(ord("!") + i) for i, phone in enumerate(PHONES)}
PHONE_OF = {code: phone for phone, code in CODES.items()}


def is_vowel(phone: str) -> bool:
    """Whether a phone of a reading is a vowel, which is whether it carries a digit."""
    return phone[-1] in "012"


def carries(vowel: str) -> bool:
    """Whether a vowel, with its digit, can be held: not the short ones of bit, but and book if unstressed.

    >>> carries("OW1"), carries("IH0"), carries("AH1")
    (True, False, True)
    """
    return vowel not in HARD_TO_HOLD


def bare(phones: Iterable[str]) -> list[str]:
    """Phones without their stress digits.

    >>> bare(["L", "AH1", "V"])
    ['L', 'AH', 'V']
    """
    return [phone.rstrip("012") for phone in phones]


@dataclass(frozen=True, slots=True)
class Reading:
    """One pronunciation of a word.

    `source` says where it comes from: "lexicon" (the table), "rule" (derived from its spelling), "user" (a
    user's own lexicon), "model" (guessed) or "licence" (what verse makes of another reading).

    >>> memory = Reading.of("M EH1 M ER0 IY0")
    >>> memory.syllables, memory.stress, memory.tail, memory.onset
    (3, '100', 'EH M ER IY', 'M')
    """

    phones: tuple[str, ...]
    source: str = "lexicon"

    @classmethod
    def of(cls, text: str, source: str = "lexicon") -> Reading:
        """A reading from its text, phones with spaces between them."""
        return cls(tuple(text.split()), source)

    @property
    def text(self) -> str:
        """The phones with spaces between them: "L AH1 V"."""
        return " ".join(self.phones)

    @property
    def syllables(self) -> int:
        return sum(map(is_vowel, self.phones))

    @property
    def stress(self) -> str:
        """The vowels' digits in order: "10" for loving."""
        return "".join(phone[-1] for phone in self.phones if is_vowel(phone))

    @property
    def tail(self) -> str:
        """What rhymes: from the last vowel with stress (without one, the last vowel) to the end, no digits."""
        return " ".join(bare(self.phones[rhyme_vowel(self.phones) :]))

    @property
    def onset(self) -> str:
        """The consonants directly before the tail, back to the vowel before it or the word's beginning."""
        end = rhyme_vowel(self.phones)
        start = end
        while start and not is_vowel(self.phones[start - 1]):
            start -= 1
        return " ".join(self.phones[start:end])


def rhyme_vowel(phones: Sequence[str]) -> int:
    """Index of the vowel at which the rhyme begins; the length if there is no vowel.

    >>> rhyme_vowel(["B", "IH0", "L", "IY1", "V"])
    3
    """
    fallback = len(phones)
    for i in range(len(phones) - 1, -1, -1):
        if phones[i][-1] in "12":
            return i
        if phones[i][-1] == "0" and fallback == len(phones):
            fallback = i
    return fallback


def encode(phones: Iterable[str]) -> str:
    """Phones as one character each, for the table.

    >>> decode(encode(["L", "AH1", "V"]))
    ('L', 'AH1', 'V')
    """
    return "".join(CODES[phone] for phone in phones)


def decode(code: str) -> tuple[str, ...]:
    """The inverse of `encode`."""
    return tuple(map(PHONE_OF.__getitem__, code))
