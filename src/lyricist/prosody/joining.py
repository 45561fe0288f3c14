"""Small tools that the spelling rules share: joining phones, and the endings that change with what they follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lyricist.prosody.phones import Reading, is_vowel

Readings = tuple[Reading, ...]
Known = Callable[[str], Readings]
Phones = tuple[str, ...]

SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
VOICELESS = frozenset({"P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"})


def listed(found: Readings) -> bool:
    """Whether readings stand in a list, and were not derived by a rule."""
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
    """The readings of parts that share one main stress: it is on the first part, or on the last.

    The stresses of the other parts become secondary. English compounds shift: "new-born" is strong and weak in "the
    new-born king", weak and strong in "the king is new-born", and a line may need either.
    """
    leaders = dict.fromkeys((0, len(parts) - 1))
    made = (
        joined(*(p if i == leader else restressed(p, "1", "2") for i, p in enumerate(parts))) for leader in leaders
    )
    return tuple(dict.fromkeys(made))
