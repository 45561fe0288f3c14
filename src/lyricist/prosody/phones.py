"""ARPAbet: the phones, their families, `Reading` (one pronunciation of a word), and how phones are joined.

A phone is a consonant ("L") or a vowel with its stress digit ("AH1"): 1 primary, 2 secondary, 0 none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Phones = tuple[str, ...]

VOWEL_ROW = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
CONSONANT_ROW = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
VOWELS = tuple(VOWEL_ROW.split())
CONSONANTS = tuple(CONSONANT_ROW.split())

# Consonants that pass for each other in near rhyme, one family a row: voiceless stops, voiced stops,
# voiceless fricatives, voiced fricatives, nasals; the liquids and glides stand alone.
FAMILY_ROWS = ("P T K", "B D G", "F TH S SH CH HH", "V DH Z ZH JH", "M N NG", "L", "R", "W", "Y")
# Phone -> the first of its family, which names the family.
FAMILIES = {phone: row.split()[0] for row in FAMILY_ROWS for phone in row.split()}

SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
VOICELESS = frozenset({"P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"})
HARD_TO_HOLD = frozenset({"IH0", "AH0", "UH0", "ER0"})

# Consonants that may begin a syllable together; every single one but NG may.
CLUSTER_ROWS = (
    "P L,P R,P Y,B L,B R,B Y,T R,T W,D R,D W,K L,K R,K W,K Y,G L,G R,G W,G Y,M Y,N Y,F L,F R,F Y,V Y,TH R,TH W,SH R,"
    "S P,S T,S K,S M,S N,S L,S W,S F,SH L,SH M,SH N,SH W,HH W,HH Y,S P L,S P R,S P Y,S T R,S K R,S K W,S K Y"
)
CLUSTERS = frozenset(tuple(row.split()) for row in CLUSTER_ROWS.split(","))
# Prefixes after which a syllable begins, whatever consonants follow: dis-play, mis-take, out-run, trans-late.
PREFIXES = (("D", "IH", "S"), ("M", "IH", "S"), ("AW", "T"), ("T", "R", "AE", "N", "S"), ("T", "R", "AE", "N", "Z"))

# Every phone of a reading, and its one-character code in the table of the lexicon.
PHONES = (*(vowel + digit for vowel in VOWELS for digit in "012"), *CONSONANTS)
CODES = {phone: chr(ord("!") + i) for i, phone in enumerate(PHONES)}
PHONE_OF = {code: phone for phone, code in CODES.items()}


def is_vowel(phone: str) -> bool:
    """Whether a phone of a reading is a vowel, which is whether it carries a digit."""
    return phone[-1] in "012"


def carries(vowel: str) -> bool:
    """Whether a vowel, with its digit, can be held: all but the unstressed short ones of bit, but and book.

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
        """The part that rhymes, without digits: from the main stress to the end; without one from the last secondary
        stress, without any from the last vowel."""
        return " ".join(bare(self.phones[rhyme_vowel(self.phones) :]))

    @property
    def onset(self) -> str:
        """The consonants that begin the syllable of the tail."""
        return onset_before(self.phones, rhyme_vowel(self.phones))

    @property
    def light_tail(self) -> str:
        """The part that rhymes lightly, without digits: from the last stress, main or secondary, to the end; of two
        or more syllables without stress after it the last.

        >>> butterfly, eternity = Reading.of("B AH1 T ER0 F L AY2"), Reading.of("IH0 T ER1 N AH0 T IY0")
        >>> butterfly.tail, butterfly.light_tail, eternity.light_tail
        ('AH T ER F L AY', 'AY', 'IY')
        """
        return " ".join(bare(self.phones[light_vowel(self.phones) :]))

    @property
    def light_onset(self) -> str:
        """The consonants that begin the syllable of the light tail."""
        return onset_before(self.phones, light_vowel(self.phones))


def rhyme_vowel(phones: Sequence[str]) -> int:
    """Index of the vowel at which the rhyme begins: the last of those with the strongest stress; the length if there
    is no vowel.

    >>> rhyme_vowel(["B", "IH0", "L", "IY1", "V"]), rhyme_vowel(["S", "AH1", "N", "L", "AY2", "T"])
    (3, 1)
    """
    found, rank = len(phones), -1
    for i in range(len(phones) - 1, -1, -1):
        strength = "021".find(phones[i][-1])
        if strength > rank:
            found, rank = i, strength
    return found


def light_vowel(phones: Sequence[str]) -> int:
    """Index of the vowel at which the light rhyme begins (`Reading.light_tail`); the length if there is no vowel."""
    last = [i for i in range(len(phones) - 1, -1, -1) if is_vowel(phones[i])]
    stressed = next((n for n, i in enumerate(last) if phones[i][-1] in "12"), len(last))
    return last[stressed if stressed < 2 and stressed < len(last) else 0] if last else len(phones)


def onset_before(phones: Sequence[str], vowel: int) -> str:
    """The consonants that begin a vowel's syllable: all at the word's beginning, after a prefix all that follow it,
    elsewhere as many as may begin a word together (maximal onset).

    >>> onset_before("S T AA1 R L AY2 T".split(), 5), onset_before("AH0 S T R EY1".split(), 4)
    ('L', 'S T R')
    >>> onset_before("M IH0 S T EY1 K".split(), 4), onset_before("S T R IY1 T".split(), 3)
    ('T', 'S T R')
    """
    start = vowel
    while start and not is_vowel(phones[start - 1]):
        start -= 1
    if start:
        border = next((len(p) for p in PREFIXES if start < len(p) <= vowel and tuple(bare(phones[: len(p)])) == p), 0)
        start = max(start, border)
        while vowel - start > 1 and tuple(phones[start:vowel]) not in CLUSTERS:
            start += 1
        if phones[start] == "NG":
            start += 1
    return " ".join(phones[start:vowel])


def encode(phones: Iterable[str]) -> str:
    """Phones as one character each, for the table.

    >>> decode(encode(["L", "AH1", "V"]))
    ('L', 'AH1', 'V')
    """
    return "".join(CODES[phone] for phone in phones)


def decode(code: str) -> tuple[str, ...]:
    """The inverse of `encode`."""
    return tuple(map(PHONE_OF.__getitem__, code))


Readings = tuple[Reading, ...]
Known = Callable[[str], Readings]  # how the spelling rules look up a stem


def listed(found: Readings) -> bool:
    """Whether readings come from a list and not from a rule."""
    return bool(found) and found[0].source != "rule"


def joined(*parts: Phones) -> Reading:
    """One reading from the phones of several parts."""
    return Reading(tuple(phone for part in parts for phone in part), "rule")


def as_rule(found: Iterable[Reading]) -> Readings:
    """Readings marked as derived, without repeats."""
    return tuple(dict.fromkeys(Reading(reading.phones, "rule") for reading in found))


def followed(stems: Readings, ending: Callable[[Phones], Phones]) -> Readings:
    """Every reading of a stem with an ending that depends on its phones."""
    return tuple(joined(stem.phones, ending(stem.phones)) for stem in stems)


def plural(phones: Phones) -> Phones:
    """-s: IH Z after a sibilant, S after other voiceless consonants, else Z.

    >>> plural(("R", "OW1", "Z")), plural(("L", "IH1", "P")), plural(("S", "IY1"))
    (('IH0', 'Z'), ('S',), ('Z',))
    """
    if phones[-1] in SIBILANTS:
        return ("IH0", "Z")
    return ("S",) if phones[-1] in VOICELESS else ("Z",)


def past(phones: Phones) -> Phones:
    """-ed: IH D after T and D, T after other voiceless consonants, else D.

    >>> past(("W", "EY1", "T")), past(("K", "IH1", "S")), past(("R", "OW1", "V"))
    (('IH0', 'D'), ('T',), ('D',))
    """
    if phones[-1] in {"T", "D"}:
        return ("IH0", "D")
    return ("T",) if phones[-1] in VOICELESS else ("D",)


def syllabic(*coda: str) -> Callable[[Phones], Phones]:
    """A contracted ending ('ll, 've, n't): bare after a vowel, with AH before it after a consonant."""
    return lambda phones: coda if is_vowel(phones[-1]) else ("AH0", *coda)


def restressed(phones: Phones, digits: str, to: str) -> Phones:
    """Phones with some stress digits changed."""
    return tuple(phone[:-1] + to if phone[-1] in digits else phone for phone in phones)


def compound(parts: Sequence[Phones]) -> Readings:
    """The readings of a compound: the main stress is on the first part or on the last, the others become secondary.

    English compounds shift their stress: "new-born" is strong, weak in "the new-born king", weak, strong in "the king
    is new-born", and a line may need either.
    """
    leaders = dict.fromkeys((0, len(parts) - 1))
    made = (
        joined(*(p if i == leader else restressed(p, "1", "2") for i, p in enumerate(parts))) for leader in leaders
    )
    return tuple(dict.fromkeys(made))
