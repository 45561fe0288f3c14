"""Lines laid under tunes: by the tune's words, and by counting where it has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from musicfiles import midi, sung

from lyricist.corpus import Line, Section, Song
from lyricist.corpus.alignment import best_places, lay_tune, letters, offsets, words_of
from lyricist.melody.read import read_tune
from lyricist.melody.tune import Tune
from lyricist.prosody.lexicon import default_lexicon

VERSE = [
    "Slow the riv-er turns to stone,",
    "Cold the moon-light on your door,",
    "I have sung it all a-lone,",
    "I will sing it nev-er-more.",
]
OTHER = [
    "Up the hill and down again,",
    "Golden leaves along the way,",
    "Sunday bells and Monday rain,",
    "Nothing that I meant to say.",
]
SEVEN = [60, 62, 64, 65, 67, 69, 71]


def plain(lines: list[str]) -> list[str]:
    return [line.replace("-", "") for line in lines]


def song(*stanzas: list[str]) -> Song:
    return Song("", "", tuple(Section("verse", tuple(map(Line, plain(lines)))) for lines in stanzas), "a.txt")


def tune(tmp_path: Path, lines: list[str] | None, syllables: int = 28, long: int = 7) -> Tune:
    """With words, or `syllables` notes without."""
    events: list[str | None] = [part for line in lines for part in sung(line)] if lines else [None] * syllables
    (tmp_path / "a.mid").write_bytes(midi(events, long=long))
    return read_tune(tmp_path / "a.mid")


def given(laid: Song) -> list[list[int]]:
    """The pitches under each line."""
    return [[slot.pitch for slot in line.slots] for line in laid.lines()]


PITCHES = [[60 + (7 * line + i) % 8 for i in range(7)] for line in range(4)]


@pytest.mark.parametrize(
    ("stanzas", "expected"),
    [
        ([VERSE], PITCHES),
        # Case, signs, and how words are divided do not matter.
        (
            [
                [
                    "SLOW! The river turns to stone",
                    "cold the moon-light (on your door)",
                    "I have sung it all, alone",
                    "I will sing it never more",
                ]
            ],
            PITCHES,
        ),
        # Two lines in one, and one in two.
        (
            [
                [
                    "Slow the river turns to stone, Cold the moonlight on your door,",
                    "I have sung it",
                    "All alone,",
                    "I will sing it nevermore.",
                ]
            ],
            [PITCHES[0] + PITCHES[1], PITCHES[2][:4], PITCHES[2][4:], PITCHES[3]],
        ),
        # Another word: this line has no slots by its words, but the count of its syllables fits.
        ([["Slow the river turns to snow,", *VERSE[1:]]], PITCHES),
        # One syllable too many, and nothing fits.
        ([["Slow the river turns into stone,", *VERSE[1:]]], [[], *PITCHES[1:]]),
        # Further verses are counted; a passage that comes again has its notes again.
        ([VERSE, OTHER, VERSE[2:]], [*PITCHES, *PITCHES, *PITCHES[2:]]),
    ],
)
def test_by_words(tmp_path: Path, stanzas: list[list[str]], expected: list[list[int]]) -> None:
    laid = lay_tune(song(*stanzas), tune(tmp_path, VERSE), default_lexicon())
    assert given(laid) == expected


@pytest.mark.parametrize(
    ("stanzas", "expected"),
    [
        ([VERSE], PITCHES),
        ([VERSE, OTHER], [*PITCHES, *PITCHES]),
        ([["A word or two that nobody would sing in this place", *VERSE]], [[], *PITCHES]),
        # Of five lines one is too long; the others are sung on.
        (
            [[*VERSE[:2], "And this one is far too long to be sung to it at all", *VERSE[2:]]],
            [*PITCHES[:2], [], *PITCHES[2:]],
        ),
        # Too little fits to believe any.
        (
            [["A line of other lengths than that", "Short", "And so it goes on and on for all the song", *VERSE[:1]]],
            [[]] * 4,
        ),
    ],
)
def test_by_counts(tmp_path: Path, stanzas: list[list[str]], expected: list[list[int]]) -> None:
    laid = lay_tune(song(*stanzas), tune(tmp_path, None), default_lexicon())
    assert given(laid) == expected
    assert [line.text for line in laid.lines()] == [line.text for line in song(*stanzas).lines()]


def test_syllables_go_to_their_words(tmp_path: Path) -> None:
    laid = lay_tune(song(['"Golden leaves, along the way,"', *OTHER[1:]]), tune(tmp_path, None), default_lexicon())
    first = next(laid.lines())
    assert [slot.at for slot in first.slots] == [1, 1, 8, 16, 16, 22, 26]


def test_no_word_is_laid_across_a_rest(tmp_path: Path) -> None:
    broken = tune(tmp_path, None, long=3)  # a rest behind every third note
    laid = lay_tune(song(plain(VERSE)), broken, default_lexicon())
    for line in laid.lines():
        for slot, after in zip(line.slots, line.slots[1:], strict=False):
            assert not (slot.rest and slot.at == after.at)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], {}),
        ([[(0, 5)], [], [(5, 9)]], {0: (0, 5), 2: (5, 9)}),
        ([[(0, 5), (20, 25)], [(25, 30)]], {0: (20, 25), 1: (25, 30)}),
        ([[(0, 5), (9, 14)], [(5, 9)], [(0, 5), (9, 14)]], {0: (0, 5), 1: (5, 9), 2: (9, 14)}),
    ],
)
def test_lines_follow_each_other(places: list[list[tuple[int, int]]], expected: dict[int, tuple[int, int]]) -> None:
    assert best_places(places) == expected


def test_letters_and_words() -> None:
    assert letters("O'er-Flöwing,") == "oerflowing"
    assert [(word.at, word.text) for word in words_of("\"'Tis o'er,\" he sang")] == [
        (1, "'Tis"),
        (6, "o'er"),
        (13, "he"),
        (16, "sang"),
    ]
    assert list(offsets(words_of("river run"), [4, 6, 9])) == [0, 0, 6]
