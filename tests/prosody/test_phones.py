"""Readings: syllables, stress, tail and onset by the definitions."""

from __future__ import annotations

import pytest

from lyricist.prosody.phones import CODES, CONSONANTS, FAMILIES, PHONES, VOWELS, Reading, decode, encode


@pytest.mark.parametrize(
    ("text", "syllables", "stress", "onset", "tail"),
    [
        ("L AH1 V", 1, "1", "L", "AH V"),
        ("B IH0 L IY1 V", 2, "01", "L", "IY V"),
        ("B AH1 T ER0 F L AY2", 3, "102", "B", "AH T ER F L AY"),  # the last vowel with a 1 or a 2
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


@pytest.mark.parametrize(
    ("text", "light"),
    [
        ("B AH1 T ER0 F L AY2", "F L|AY"),  # the secondary stress
        ("IH0 T ER1 N AH0 T IY0", "T|IY"),  # the last of two without stress
        ("R IH1 V ER0", "R|IH V ER"),  # one without stress belongs to the tail
        ("EH1 L AH0 V EY2 T ER0", "V|EY T ER"),
        ("S K AY1", "S K|AY"),
        ("DH AH0", "DH|AH"),
        ("SH", "SH|"),
        ("", "|"),
    ],
)
def test_the_light_tail(text: str, light: str) -> None:
    reading = Reading.of(text)
    assert f"{reading.light_onset}|{reading.light_tail}" == light


@pytest.mark.parametrize(
    ("words", "onset"),
    [
        (("S IH1 L V ER0", "K W IH1 K S IH1 L V ER0"), "S"),  # silver, quicksilver
        (("HH AE1 P IY0", "AH0 N HH AE1 P IY0"), "HH"),  # happy, unhappy
        (("L IY1 V", "B IH0 L IY1 V"), "L"),  # leave, believe
        (("S T R EY1", "AH0 S T R EY1"), "S T R"),  # stray, astray
        (("P L EY1", "D IH0 S P L EY1"), "P L"),  # play, display: a prefix
        (("T EY1 K", "M IH0 S T EY1 K"), "T"),  # take, mistake: a prefix
        (("EH1 JH", "AH0 L EH1 JH"), None),  # edge, allege
        (("R EY1 N", "T R EY1 N"), None),  # rain, train
        (("IH1 NG", "S IH1 NG IH1 NG"), ""),  # NG never begins a syllable
    ],
)
def test_the_maximal_onset(words: tuple[str, str], onset: str | None) -> None:
    one, other = (Reading.of(text).onset for text in words)
    assert one == other == onset if onset is not None else one != other


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
