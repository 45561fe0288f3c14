"""The metrical law, the templates, and the function words."""

from __future__ import annotations

from itertools import product

import pytest

from lyricist.errors import InputError
from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.metre import FUNCTION_WORDS, METRES, fits, template


@pytest.mark.parametrize(
    ("stress", "slots", "expected"),
    [
        ("10", "/x", True),  # loving
        ("10", "x/", False),  # its main stress would be weak
        ("10", "//", False),  # -ing cannot be strong
        ("10", "?x", True),
        ("10", "x?", False),
        ("10", "??", True),
        ("01", "x/", True),
        ("01", "//", False),
        ("100", "/x/", True),  # memory: its end may be strong
        ("100", "/xx", True),
        ("100", "//x", False),
        ("100", "x/x", False),
        ("102", "/x/", True),  # butterfly: the 2 fits anything
        ("102", "/xx", True),
        ("20", "x/", False),  # a 0 beside a 2
        ("20", "xx", True),
        ("010", "x/x", True),
        ("010", "xx/", False),
        ("00", "x/", True),  # no stressed neighbour
        ("0", "x", True),
        ("1", "x", True),
        ("1", "/", True),
        ("0", "/", True),
        ("10", "/", False),  # unequal lengths
        ("", "", True),
    ],
)
def test_the_law(stress: str, slots: str, expected: bool) -> None:
    assert fits(stress, slots, free=True) is expected


def test_the_writer_keeps_lexical_monosyllables_off_weak_slots() -> None:
    assert [fits("1", slot, free=False) for slot in "x/?"] == [False, True, True]
    assert fits("10", "/x", free=False) and not fits("10", "x/", free=False)


def test_a_free_slot_permits_what_any_slot_does() -> None:
    for stress in map("".join, product("012", repeat=3)):
        for slots in map("".join, product("x/", repeat=3)):
            for i in range(3):
                if fits(stress, slots, free=True):
                    assert fits(stress, f"{slots[:i]}?{slots[i + 1 :]}", free=True)


@pytest.mark.parametrize(
    ("name", "syllables", "expected"),
    [
        ("iambic", 8, "x/x/x/x/"),
        ("iambic", 7, "x/x/x/x"),
        ("trochaic", 7, "/x/x/x/"),
        ("dactylic", 8, "/xx/xx/x"),
        ("anapestic", 8, "x/xx/xx/"),
        ("anapestic", 9, "xx/xx/xx/"),
        ("anapestic", 1, "/"),
        ("x/?", 7, "x/?x/?x"),
        ("x/x/x/x/", 6, "x/x/x/"),
    ],
)
def test_templates(name: str, syllables: int, expected: str) -> None:
    assert template(name, syllables) == expected


def test_every_metre_has_the_length_asked_for() -> None:
    assert all(len(template(name, n)) == n for name in METRES for n in range(1, 20))


@pytest.mark.parametrize(("name", "syllables"), [("spondaic", 8), ("", 8), ("x-x", 3), ("iambic", 0), ("iambic", -2)])
def test_unknown_metres_and_empty_lines_are_refused(name: str, syllables: int) -> None:
    with pytest.raises(InputError):
        template(name, syllables)


def test_function_words_are_monosyllables() -> None:
    lexicon = default_lexicon()
    counts = {word: {reading.syllables for reading in lexicon.readings(word)} for word in FUNCTION_WORDS}
    assert {word: found for word, found in counts.items() if 1 not in found} == {}


@pytest.mark.parametrize(
    "word", ["the", "a", "and", "of", "to", "i'm", "you'll", "we're", "could", "don't", "'tis", "thou"]
)
def test_grammatical_words_are_function_words(word: str) -> None:
    assert word in FUNCTION_WORDS


@pytest.mark.parametrize("word", ["love", "night", "now", "oh", "yes", "here", "go", "never", "into", "heart", "one"])
def test_lexical_words_and_polysyllables_are_not(word: str) -> None:
    assert word not in FUNCTION_WORDS
