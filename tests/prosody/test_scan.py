"""Scansion: the usual readings unless the line needs others."""

from __future__ import annotations

from itertools import product
from typing import ClassVar

import pytest

from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.metre import fits
from lyricist.prosody.phones import Reading
from lyricist.prosody.scan import Scansion, scan_line


class Words:
    """A lexicon of few words."""

    ENTRIES: ClassVar[dict[str, tuple[str, ...]]] = {
        "fire": ("F AY1 R", "F AY1 ER0"),
        "record": ("R EH1 K ER0 D", "R IH0 K AO1 R D"),
        "every": ("EH1 V R IY0", "EH1 V ER0 IY0"),
        "the": ("DH AH0",),
        "burns": ("B ER1 N Z",),
        "wind": ("W IH1 N D", "W AY1 N D"),
        "heaven": ("HH EH1 V AH0 N",),
        "seven": ("S EH1 V AH0 N",),
    }
    LICENCES: ClassVar[dict[str, str]] = {"heaven": "HH EH1 V N", "seven": "S EH1 V N"}

    def readings(self, word: str) -> tuple[Reading, ...]:
        return tuple(map(Reading.of, self.ENTRIES.get(word, ())))

    def sung(self, word: str) -> tuple[Reading, ...]:
        licence = self.LICENCES.get(word)
        return (*self.readings(word), *((Reading.of(licence, "licence"),) if licence else ()))


def texts(scansion: Scansion) -> list[str]:
    return [reading.text for reading in scansion.readings]


def test_usual_readings_by_default() -> None:
    found = scan_line(["the", "fire", "burns"], Words())
    assert texts(found) == ["DH AH0", "F AY1 R", "B ER1 N Z"]
    assert (found.syllables, found.stress, found.rhyme) == (3, "011", "ER N Z")


def test_a_count_asks_for_another_reading() -> None:
    assert texts(scan_line(["fire", "burns"], Words(), syllables=3)) == ["F AY1 ER0", "B ER1 N Z"]


def test_a_template_asks_for_another_reading() -> None:
    assert texts(scan_line(["record"], Words(), template="x/")) == ["R IH0 K AO1 R D"]
    assert texts(scan_line(["record"], Words(), template="/x")) == ["R EH1 K ER0 D"]


def test_the_fewest_unusual_readings_are_taken_and_the_latest_word_bends() -> None:
    assert texts(scan_line(["fire", "every"], Words(), syllables=4)) == ["F AY1 R", "EH1 V ER0 IY0"]


def test_what_cannot_be_satisfied_gives_way_metre_before_count() -> None:
    assert scan_line(["the", "fire"], Words(), syllables=9).syllables == 2
    assert scan_line(["record", "fire"], Words(), template="xx/").syllables == 3
    assert scan_line(["fire"], Words(), template="x/", syllables=1).syllables == 1


def test_an_end_chooses_the_last_reading() -> None:
    def kind(reading: Reading) -> bool:
        return reading.tail == "AY N D"

    assert scan_line(["the", "wind"], Words(), end=kind).rhyme == "AY N D"
    assert scan_line(["the", "wind"], Words(), syllables=2, end=kind).rhyme == "AY N D"
    assert scan_line(["the", "wind"], Words(), syllables=5, end=kind).rhyme == "AY N D"
    assert scan_line(["the", "fire"], Words(), end=kind).rhyme == "AY R"


def test_a_licence_is_taken_only_where_no_reading_will_do() -> None:
    words = ["seven", "heaven", "fire"]
    assert texts(scan_line(words, Words()))[:2] == ["S EH1 V AH0 N", "HH EH1 V AH0 N"]
    assert texts(scan_line(words, Words(), syllables=6)) == ["S EH1 V AH0 N", "HH EH1 V AH0 N", "F AY1 ER0"]
    assert texts(scan_line(words, Words(), syllables=4)) == ["S EH1 V AH0 N", "HH EH1 V N", "F AY1 R"]
    assert texts(scan_line(words, Words(), syllables=3)) == ["S EH1 V N", "HH EH1 V N", "F AY1 R"]
    assert scan_line(words, Words(), syllables=2).syllables == 5


def test_of_two_ways_the_one_with_fewer_licences_is_taken() -> None:
    found = scan_line(["every", "heaven", "seven", "fire"], Words(), syllables=7)
    assert [reading.source for reading in found.readings].count("licence") == 0
    found = scan_line(["every", "heaven", "seven"], Words(), syllables=5)
    assert [reading.source for reading in found.readings].count("licence") == 1


def test_words_that_cannot_be_read_are_silent() -> None:
    found = scan_line(["the", "☃"], Words(), syllables=1)
    assert (texts(found), found.syllables, found.rhyme) == (["DH AH0", ""], 1, "")


def test_an_empty_line() -> None:
    assert scan_line([], Words()) == Scansion((), 0, "", "")
    assert scan_line([], Words(), template="x/") == Scansion((), 0, "", "")


@pytest.mark.parametrize("template", ["/x/x", "x/x/", "/xx/", "x/x", "/?x/", "x/x/x"])
def test_it_satisfies_a_template_whenever_some_choice_does(template: str) -> None:
    lexicon = Words()
    for words in product(Words.ENTRIES, repeat=3):
        choices = [lexicon.sung(word) for word in words]
        possible = any(obeys([r.stress for r in choice], template) for choice in product(*choices))
        found = scan_line(words, lexicon, template=template)
        assert obeys([r.stress for r in found.readings], template) == possible


def obeys(stresses: list[str], template: str) -> bool:
    """The law, word by word, as it is written down."""
    if len("".join(stresses)) != len(template):
        return False
    place = 0
    for stress in stresses:
        if not fits(stress, template[place : place + len(stress)], free=True):
            return False
        place += len(stress)
    return True


def test_a_long_line_is_read_at_once() -> None:
    assert scan_line(["every", "fire"] * 500, default_lexicon(), syllables=2100).syllables == 2100
