"""Titles: a phrase of the song's own that comes back and ends on a word of weight."""

from __future__ import annotations

import pytest

from lyricist.corpus import Line, Section
from lyricist.generate.result import LONGEST, phrases, title_of

RARE = {
    "harbour": 7.0,
    "limits": 7.2,
    "ocean": 6.5,
    "grey": 6.0,
    "prefix_id": 6.6,
    "life": 4.5,
    "heart": 4.0,
    "bleak": 8.0,
}


def rarity(word: str) -> float:
    return RARE.get(word, 5.0)


def song(*sections: tuple[str, tuple[str, ...]]) -> list[Section]:
    return [Section(name, tuple(map(Line, lines))) for name, lines in sections]


VERSE = ("verse", ("He cast his eyes upon the head", "And left the morning bread"))
CASES = {
    "The limits of the ocean": song(VERSE, ("chorus", ("The limits of the ocean", "And so we go"))),
    "The story of my life": song(VERSE, ("chorus", ("I know the story of my life",)), VERSE, ("chorus", ("I know the story of my life",))),
    "Harbour light": song(VERSE, ("chorus", ("Harbour light", "And it was cold"))),
    "Lucy": song(("verse", ("And Lucy",))),
    "And so it is": song(("verse", ("And so it is", "And it was not"))),  # no word of weight: its first words
}  # fmt: skip


@pytest.mark.parametrize("title", CASES)
def test_a_title_is_the_strongest_phrase(title: str) -> None:
    assert title_of(CASES[title], rarity) == title


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("the moon is bleak", {"the moon", "the moon is bleak"}),
        ("and am not tender", set()),
        ("of the golden river", {"of the golden river", "the golden river"}),
        ("singing in the rain", {"singing", "singing in the rain", "in the rain", "the rain"}),
    ],
)
def test_phrases_end_on_a_word_of_weight(line: str, found: set[str]) -> None:
    words = line.split()
    assert {" ".join(words[a:b]) for a, b in phrases(words)} == found


def test_phrases_are_short() -> None:
    assert max(b - a for a, b in phrases(["golden"] * 5 + ["the"])) == LONGEST


def test_a_phrase_that_comes_back_is_preferred() -> None:
    twice = song(("verse", ("The silver sea", "The open door", "The open door")))
    assert title_of(twice, rarity) == "The open door"
