"""Rhyme kinds and keys, on literal readings."""

from __future__ import annotations

import random
from itertools import product

import pytest

from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import homophones, key, kind, near_kind

LOVE, DOVE, LOVES = "L AH1 V", "D AH1 V", "L AH1 V Z"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (LOVE, DOVE, "perfect"),
        (LOVE, LOVE, "identical"),
        ("S IY1", "S IY1", "identical"),  # sea, see
        ("L IY1 V", "B IH0 L IY1 V", "identical"),  # leave, believe: rich rhyme
        ("AY1", "M AY1", "perfect"),
        ("B AH1 T ER0 F L AY2", "S K AY1", "light"),  # on the secondary stress
        ("IH0 T ER1 N AH0 T IY0", "F R IY1", "light"),
        ("IH0 T ER1 N AH0 T IY0", "CH EH1 R AH0 T IY0", "light"),  # eternity, charity: their last syllable is weak
        ("R IH1 V ER0", "HH ER1", None),  # river, her: one syllable without stress belongs to the tail
        ("S EH1 L F IY2", "DH IY0", "light"),  # selfie, the
        ("S IH1 L V ER0", "K W IH1 K S IH1 L V ER0", "identical"),  # silver, quicksilver
        ("L AY1 T", "S T AA1 R L AY2 T", "identical"),  # light, starlight
        ("N AY1 T", "S T AA1 R L AY2 T", "light"),
        ("HH AE1 P IY0", "AH0 N HH AE1 P IY0", "identical"),
        ("L AH1 V IH0 NG", "D AH1 V IH0 NG", "perfect"),
        (LOVE, LOVES, "near"),
        ("N AY1 T", "L AY1 K", "near"),
        ("N AY1 T", "R AY1 D", "near"),  # no family, but assonance
        (LOVE, "M UW1 V", None),  # to the eye only
        ("", LOVE, None),
        ("", "", None),
    ],
)
def test_kinds(a: str, b: str, expected: str | None) -> None:
    assert kind(Reading.of(a), Reading.of(b)) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("N AY1 T", "L AY1 K", "family"),
        ("T AY1 M", "L AY1 N", "family"),
        ("F R IY1", "F R IY1 Z", "additive"),
        ("D AW1 N", "F AW1 N D", "additive"),
        (LOVE, LOVES, "additive"),
        ("N AY1 T", "R AY1 D", "assonance"),
        ("N AY1 T", "T AY1 M", "assonance"),
        ("R IH1 V ER0", "IH1 N ER0", "assonance"),
        ("F R IY1", "F R IY1 M", "assonance"),  # M is not one of S, Z, T, D
        (LOVE, DOVE, None),  # perfect, so not near
        (LOVE, "M UW1 V", None),
    ],
)
def test_kinds_of_near_rhyme(a: str, b: str, expected: str | None) -> None:
    assert near_kind(Reading.of(a), Reading.of(b)) == expected


def test_keys() -> None:
    reading = Reading.of("M AE1 T ER0 Z")
    assert key(reading, "perfect") == "AE T ER Z"
    assert key(reading, "family") == "AE P ER V"
    assert key(reading, "assonance") == "AE ER"
    assert key(Reading(()), "assonance") == ""


def test_homophones_ignore_stress() -> None:
    assert homophones(Reading.of("IH1 N S AY2 D"), Reading.of("IH2 N S AY1 D"))
    assert not homophones(Reading.of("L IY1 V"), Reading.of("B IH0 L IY1 V"))


@pytest.fixture(scope="module")
def some_readings() -> list[Reading]:
    """150 readings of the table, and those of words that rhyme with each other."""
    lexicon = default_lexicon()
    words = sorted(word.decode() for word in lexicon.table.all())
    drawn = random.Random(1).sample(words, 120)
    drawn += [
        "love",
        "dove",
        "loves",
        "glove",
        "move",
        "night",
        "right",
        "ride",
        "like",
        "free",
        "freeze",
        "found",
        "town",
    ]
    return [lexicon.readings(word)[0] for word in drawn]


def test_kinds_are_symmetric_and_agree_with_the_keys(some_readings: list[Reading]) -> None:
    for a, b in product(some_readings, repeat=2):
        found = kind(a, b)
        assert found == kind(b, a)
        assert near_kind(a, b) == near_kind(b, a)
        assert (key(a, "perfect") == key(b, "perfect")) == (
            found == "perfect" or (found == "identical" and a.tail == b.tail)
        )
        light = key(a, "light") == key(b, "light")
        assert (found is not None) == (light or key(a, "assonance") == key(b, "assonance"))
        assert light or found != "light"
        assert (near_kind(a, b) is not None) == (found == "near")
        if key(a, "perfect") == key(b, "perfect"):
            assert key(a, "family") == key(b, "family")
        if homophones(a, b):
            assert found in {"identical", "near", None} or a.stress != b.stress
