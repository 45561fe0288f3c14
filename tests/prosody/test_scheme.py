"""Schemes, nearest metres and stanza names, from literal readings."""

from __future__ import annotations

import pytest

from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import phrase_readings
from lyricist.prosody.scheme import (
    LETTERS,
    clusters,
    find_scheme,
    nearest_metre,
    rhyme_kinds,
    shape,
    stanza_name,
)

SOUNDS = {
    "light": ("L AY1 T",), "night": ("N AY1 T",), "like": ("L AY1 K",), "ride": ("R AY1 D",), "line": ("L AY1 N",),
    "moon": ("M UW1 N",), "june": ("JH UW1 N",), "free": ("F R IY1",), "freeze": ("F R IY1 Z",), "see": ("S IY1",),
    "me": ("M IY1",), "sea": ("S IY1",), "love": ("L AH1 V",), "move": ("M UW1 V",), "cup": ("K AH1 P",),
    "wind": ("W IH1 N D", "W AY1 N D"), "find": ("F AY1 N D",), "pinned": ("P IH1 N D",), "orange": ("AO1 R AH0 N JH",),
    "tears": ("T IH1 R Z", "T EH1 R Z"), "years": ("Y IH1 R Z",), "bears": ("B EH1 R Z",), "???": (),
}  # fmt: skip


def test_light_and_mosaic_rhymes() -> None:
    free, eternity = Reading.of("F R IY1"), Reading.of("IH0 T ER1 N AH0 T IY0")
    letter, her = Reading.of("L EH1 T ER0"), Reading.of("HH ER1")
    phrases = [[], [], phrase_readings([Reading.of("F ER0 G EH1 T")], "her"), []]
    found = find_scheme([[letter], [free], [her], [eternity]], "abcd", phrases)
    assert found.letters == "ABAB"
    assert rhyme_kinds(found, [[letter], [free], [her], [eternity]]) == ["mosaic", "light", "mosaic", "light"]
    assert find_scheme([[letter], [free], [her], [eternity]], "abcd").letters == "XAXA"


def ends(words: str) -> list[list[Reading]]:
    return [[Reading.of(text) for text in SOUNDS[word]] for word in words.split()]


def letters(words: str) -> str:
    return find_scheme(ends(words), words.split()).letters


@pytest.mark.parametrize(
    ("words", "scheme"),
    [
        ("light moon night june", "ABAB"),
        ("light night moon june", "AABB"),
        ("light moon orange june", "XAXA"),
        ("light moon june night", "ABBA"),
        ("love moon orange cup", "XXXX"),
        ("see moon sea june", "ABAB"),  # homophones rhyme, if identically
        ("see moon see june", "ABAB"),
        ("light moon like june", "ABAB"),  # family
        ("free moon freeze june", "ABAB"),  # additive
        ("light ride moon june", "AABB"),  # assonance completes the pattern
        ("light moon ride cup", "XXXX"),  # and does not make one
        ("light love ride orange", "XXXX"),
        ("light night like moon june", "AAABB"),
        ("", ""),
        ("love", "X"),
    ],
)
def test_scheme(words: str, scheme: str) -> None:
    assert letters(words) == scheme


def test_perfect_rhymes_win_over_nearer_near_ones() -> None:
    assert letters("light like moon night june") == "AABAB"
    assert letters("line light line night") == "ABAB"


@pytest.mark.parametrize(("words", "reading"), [("wind find", 1), ("wind pinned", 0), ("find wind pinned", 0)])
def test_any_reading_may_make_the_rhyme(words: str, reading: int) -> None:
    at = words.split().index("wind")
    assert find_scheme(ends(words), words.split()).reading[at] == reading


def test_two_words_with_several_readings_choose_the_ones_that_meet() -> None:
    found = find_scheme(ends("tears bears"), "ab")
    assert (found.letters, found.reading) == ("AA", [1, 0])
    assert find_scheme(ends("tears years"), "ab").reading == [0, 0]


def test_lines_that_cannot_be_read_rhyme_only_with_themselves() -> None:
    assert find_scheme(ends("??? light ??? night"), ["a", "b", "a", "c"]).letters == "ABAB"
    assert find_scheme(ends("??? light ??? night"), ["a", "b", "c", "d"]).letters == "XAXA"


def test_kinds_are_those_of_the_closest_line() -> None:
    words = "light night like see sea free freeze orange"
    found = find_scheme(ends(words), words.split())
    assert rhyme_kinds(found, ends(words)) == [
        "perfect", "perfect", "family", "perfect", "perfect", "perfect", "additive", None,
    ]  # fmt: skip
    both = find_scheme(ends("see sea"), "ab")
    assert rhyme_kinds(both, ends("see sea")) == ["identical", "identical"]


def test_sounds_far_apart_do_not_rhyme() -> None:
    words = "light " + "orange " * 20 + "night"
    assert letters(words).replace("A", "")[0] == "X"
    assert list(clusters([0, 12, 24, 37])) == [[0, 12, 24]]


def test_a_long_section_does_not_run_out_of_letters() -> None:
    many = [[Reading.of(f"L {v}1 {a} {b}")] for v in ("AY", "UW", "IY", "OW") for a in "PLVMR" for b in "SBZ"]
    found = find_scheme([r for reading in many for r in (reading, reading)], range(120))
    assert set(found.letters) <= set(LETTERS) and "X" not in found.letters


@pytest.mark.parametrize(
    ("words", "metre", "share"),
    [
        ([("the", "0"), ("river", "10"), ("ran", "1"), ("below", "01"), ("the", "0"), ("town", "1")], "iambic", 1.0),
        ([("twinkle", "10"), ("twinkle", "10"), ("little", "10"), ("star", "1")], "trochaic", 1.0),
        (
            [("and", "1"), ("the", "0"), ("sheen", "1"), ("of", "1"), ("their", "1"), ("spears", "1")],
            "anapestic",
            1.0,
        ),
        ([("picture", "10"), ("yourself", "01"), ("in", "0"), ("a", "0"), ("boat", "1")], "dactylic", 0.857),
        ([("memory", "100"), ("memory", "100")], "dactylic", 1.0),
        ([("love", "1")], "", 0.0),
    ],
)
def test_nearest_metre(words: list[tuple[str, str]], metre: str, share: float) -> None:
    assert nearest_metre("".join(shape(*word) for word in words)) == (metre, pytest.approx(share, abs=0.15))


@pytest.mark.parametrize(
    ("syllables", "scheme", "metre", "name"),
    [
        ([8, 6, 8, 6], "ABAB", "iambic", "common metre"),
        ([8, 6, 8, 6], "XAXA", "iambic", "ballad stanza"),
        ([8, 8, 8, 8], "AABB", "iambic", "long metre"),
        ([6, 6, 8, 6], "ABAB", "iambic", "short metre"),
        ([9, 8, 6, 6, 9], "AABBA", "anapestic", "limerick"),
        ([8, 6, 8, 6], "ABAB", "trochaic", ""),
        ([8, 6, 8, 6], "XXXX", "iambic", ""),
        ([8, 7, 8, 6], "ABAB", "iambic", ""),
        ([], "", "", ""),
    ],
)
def test_stanza_names(syllables: list[int], scheme: str, metre: str, name: str) -> None:
    assert stanza_name(syllables, scheme, [metre] * len(syllables)) == name
