"""Licences: what verse does to a word's number of syllables."""

from __future__ import annotations

import pytest

from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.licence import LICENCE, MOST, licences
from lyricist.prosody.phones import CODES, Reading
from lyricist.prosody.syllabify import syllables_of


def counts(word: str) -> set[int]:
    return {reading.syllables for reading in default_lexicon().sung(word)}


SHORTER = {
    "a glide": "loftier marion victoria alien gideon earlier hurrying influence following shadowy joshua",
    "two vowels": "flower power shower bower powerful violet inviolate cruel jewel quiet royal lion higher",
    "before R": "wandering memory glittering reverence conquering torturing silvery wanderer deliverer",
    "before L": "similar popular desolate easily",
    "before N": "opening luminous heavenly suddenly",
    "-ven and the like": "heaven heavens even seven given forgiven risen chosen frozen fallen stolen eleven seventy",
    "-sm": "baptism rhythms schism",
    "-ed": "blessed beloved",
}
LONGER = {
    "-ed": "loved pierced perplexed winged crowned died glorified rejoiced o'erwhelmed",
    "-ion": "nation salvation vision passion",
    "a glide": "million vermilion macedonian beauteous",
}
NEITHER = (
    "love bed need red fled sacred naked wicked being going dying highest idea maria melody harmonica "
    "belong delight police away believe upon river mother thee"
)


@pytest.mark.parametrize("word", [word for words in SHORTER.values() for word in words.split()])
def test_a_syllable_less(word: str) -> None:
    usual = default_lexicon().readings(word)[0].syllables
    assert counts(word) & {usual - 1, usual - 2}


@pytest.mark.parametrize("word", [word for words in LONGER.values() for word in words.split()])
def test_a_syllable_more(word: str) -> None:
    assert default_lexicon().readings(word)[0].syllables + 1 in counts(word)


@pytest.mark.parametrize("word", NEITHER.split())
def test_words_that_verse_leaves_alone(word: str) -> None:
    assert default_lexicon().sung(word) == default_lexicon().readings(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("heaven", "HH EH1 V N"),
        ("heavenly", "HH EH1 V N L IY0"),
        ("wanderer", "W AA1 N D R ER0"),
        ("popular", "P AA1 P L ER0"),
        ("nation", "N EY1 SH IY0 AH0 N"),
        ("loved", "L AH1 V IH0 D"),
        ("kissed", "K IH1 S IH0 D"),
        ("flower", "F L AW1 R"),
        ("joshua", "JH AA1 SH W AH0"),
        ("loftier", "L AO1 F T Y ER0"),
    ],
)
def test_how_they_sound(word: str, expected: str) -> None:
    assert default_lexicon().sung(word)[-1].text == expected


def test_no_stress_pattern_comes_twice_and_every_licence_can_be_printed() -> None:
    lexicon = default_lexicon()
    words = [word.decode() for word in list(lexicon.table.all())[::40]]
    for word, found in zip(words, lexicon.many(words), strict=True):
        made = licences(word, found)
        stresses = [reading.stress for reading in made]
        assert len(stresses) == len(set(stresses) - {r.stress for r in found}) <= MOST
        for reading in made:
            assert reading.source == LICENCE and reading.syllables and set(reading.phones) <= set(CODES)
            parts = syllables_of(word, reading)
            assert len(parts) == reading.syllables and "".join(parts) == word


def test_two_licences_at_once() -> None:
    found = licences("powerfully", [Reading.of("P AW1 ER0 F AH0 L IY0")])
    assert {reading.stress for reading in found} == {"100", "10"}
    assert found[-1].text == "P AW1 R F L IY0"  # the boldest last
