"""Readings: syllables, stress, tail and onset by the definitions."""

from __future__ import annotations

import pytest

from lyricist.prosody.phones import CODES, CONSONANTS, FAMILIES, PHONES, VOWELS, Reading, decode, encode


@pytest.mark.parametrize(
    ("text", "syllables", "stress", "onset", "tail"),
    [
        ("L AH1 V", 1, "1", "L", "AH V"),
        ("B IH0 L IY1 V", 2, "01", "L", "IY V"),
        ("B AH1 T ER0 F L AY2", 3, "102", "F L", "AY"),  # the last vowel with a 1 or a 2
        ("M EH1 M ER0 IY0", 3, "100", "M", "EH M ER IY"),
        ("AY1", 1, "1", "", "AY"),
        ("R IY0 AE1 K T", 2, "01", "", "AE K T"),  # no consonant between the vowels
        ("DH AH0", 1, "0", "DH", "AH"),  # no stress at all: the last vowel
        ("AH0 B AH0 T", 2, "00", "B", "AH T"),
        ("S T R EH1 NG TH S", 1, "1", "S T R", "EH NG TH S"),
        ("", 0, "", "", ""),
    ],
)
def test_what_a_reading_says(text: str, syllables: int, stress: str, onset: str, tail: str) -> None:
    reading = Reading.of(text)
    assert (reading.syllables, reading.stress) == (syllables, stress)
    assert (reading.onset, reading.tail, reading.text) == (onset, tail, text)


def test_there_are_39_phones_and_69_codes() -> None:
    assert (len(VOWELS), len(CONSONANTS), len(PHONES)) == (15, 24, 69)
    assert len(set(CODES.values())) == 69
    assert all(code.isprintable() and code.isascii() and not code.isspace() for code in CODES.values())


def test_every_consonant_has_a_family_and_no_vowel_has_one() -> None:
    assert set(FAMILIES) == set(CONSONANTS)
    assert FAMILIES["T"] == FAMILIES["K"] == "P"
    assert len(set(FAMILIES.values())) == 9


def test_codes_round_trip() -> None:
    assert decode(encode(PHONES)) == PHONES


def test_a_reading_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Reading.of("L AH1 V").source = "user"  # type: ignore[misc]
