"""Where one line of words ends and the next begins."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path

import pytest
from lines import part, score

from lyricist.errors import InputError
from lyricist.melody.phrases import MOST, counts_of, lines_have_capitals, phrases_of
from lyricist.melody.slots import slots_of
from lyricist.melody.tune import Part

DATA = Path(__file__).parents[2] / "../shared/data/melodies"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/melodies is not there")


def lengths(voice: Part, given: list[int] | None = None, **options: object) -> list[int]:
    whole = score(voice, **{k: v for k, v in options.items() if k != "words"})  # type: ignore[arg-type]
    slots = slots_of(voice, whole, words=bool(options.get("words", True)))
    return [len(p) for p in phrases_of(slots, whole, given, words=bool(options.get("words", True)))]


LONG_MEASURE = "67:1 67:1 65:1 64:1 62:1 60:1 62:1 64:1"
COMMON = "60:1 64:1 62:1 60:1 65:1 64:1 62:1 67:1 64:1 65:1 62:1 64:1 62:1 60:3 "


def test_rests_end_phrases() -> None:
    assert lengths(part("60:1/2 62:1/2 64:1/2 65:1/2 67:1/2 65:1/2 64:1 r:4 " * 3)) == [7, 7, 7]


def test_long_notes_end_phrases() -> None:
    assert lengths(part("60:1 62:1 64:1 65:1 64:1 62:1 60:2 " * 4)) == [7, 7, 7, 7]


def test_a_fermata_ends_a_phrase() -> None:
    voice = part("67:1 67:1 65:1 64:1 62:1 60:1 62:1 64:1! 60:1 62:1 64:1 65:1 67:1 69:1 71:1 72:1")
    assert lengths(voice) == [8, 8]


def test_the_upbeat_belongs_to_the_line_it_begins() -> None:
    assert lengths(part(COMMON * 2), pickup=1) == [8, 6, 8, 6]


def test_even_notes_are_divided_by_bars() -> None:
    assert lengths(part((LONG_MEASURE + " ") * 4)) == [8, 8, 8, 8]


def test_words_end_lines_where_their_signs_and_capitals_do() -> None:
    words = [
        "/The",
        "day",
        "was",
        "long",
        "and",
        "I",
        "was",
        "here",
        "But",
        "night",
        "has",
        "come",
        "to",
        "sing",
        "my",
        "dear;",
    ]
    voice = part("60:1 62:1 64:1 65:1 " * 4, words=" ".join(words).replace("/", ""))
    assert lengths(voice) == [8, 8]


def test_no_line_ends_inside_a_word() -> None:
    words = "O my be- -lov- -ed and un- -for- -got- -ten ones who are gone to sleep"
    voice = part("60:1/2 62:1/2 64:1/2 r:1 65:1 " + "60:1/2 " * 12, words=words)
    slots = slots_of(voice, score(voice))
    for phrase in phrases_of(slots, score(voice)):
        assert phrase[0].lyrics[0].syllabic in ("single", "begin")


def test_line_marks_of_the_file_are_kept_where_they_are_borne_out() -> None:
    words = "/we were run- -ning in the rain, /you and I and all the rest, /sing- -ing songs of time to come,"
    voice = part("60:1/2 62:1/2 64:1/2 65:1/2 64:1/2 62:1/2 60:1 " * 3, words=words)
    assert lengths(voice) == [7, 7, 7]
    even = "60:1/2 " * 21  # only the marks and the commas divide it
    assert lengths(part(even, words=words)) == [7, 7, 7]


def test_line_marks_of_a_page_are_not_believed() -> None:
    words = "/a- -bide with me fast /falls the e- -ven- -tide the /dark- -ness deep- -ens"
    notes = "60:1 " * 14
    assert lengths(part(notes, words=words)) == lengths(part(notes, words=words.replace("/", "")))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("The day is come And night is gone", True),
        ("the day is come and night is gone", False),
        ("THE DAY IS COME AND NIGHT IS GONE", False),
        ("I know that I am here O Lord", False),
    ],
)
def test_capitals_tell_lines_where_some_words_have_them(words: str, told: bool) -> None:
    notes = part("60:1 " * len(words.split()), words=words).notes
    assert lines_have_capitals([note.lyrics[0] for note in notes]) is told


@pytest.mark.parametrize("count", [1, 2, 3, 8, 24, 25, 50, 200])
@pytest.mark.parametrize("step", [F(1, 4), F(1), F(3)])
def test_phrases_hold_every_slot_once_and_are_never_too_long(count: int, step: F) -> None:
    voice = part(f"60:{step} " * count)
    slots = slots_of(voice, score(voice))
    phrases = phrases_of(slots, score(voice))
    assert [slot for phrase in phrases for slot in phrase] == list(slots)
    assert all(1 <= len(phrase) <= MOST for phrase in phrases)


def test_one_note_is_one_phrase_and_none_is_none() -> None:
    assert lengths(part("60:1")) == [1]
    assert phrases_of((), score()) == []


def test_two_slots_are_joined_to_others() -> None:
    assert lengths(part("60:1 62:1 r:1/4 64:3/4 65:1 67:1 65:1 64:1 62:1 60:1")) == [9]


def test_a_very_long_phrase_is_divided_where_most_speaks_for_it() -> None:
    assert lengths(part("60:1/4 " * 19 + "60:1 " + "60:1/4 " * 20))[:2] != [40]


@pytest.mark.parametrize(
    ("given", "expected"), [([8, 6], [8, 6, 6]), ([20], [20]), ([30], [20]), ([1], [1] * 20), ([7, 7, 6], [7, 7, 6])]
)
def test_given_lengths_are_taken_and_begin_again(given: list[int], expected: list[int]) -> None:
    assert lengths(part("60:1 " * 20), given) == expected


@pytest.mark.parametrize(
    ("text", "counts"), [("8,6,8,6", [8, 6, 8, 6]), (" 10 ", [10]), ([4, 3], [4, 3]), (None, None)]
)
def test_counts_are_read(text: object, counts: list[int] | None) -> None:
    assert counts_of(text) == counts  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "8,,6", "0", "-4", "eight", [], [0], "8;6"])
def test_strange_counts_are_refused(text: object) -> None:
    with pytest.raises(InputError, match="8,6,8,6"):
        counts_of(text)  # type: ignore[arg-type]


def test_a_long_tune_is_quickly_divided() -> None:
    voice = part(COMMON * 100)
    assert lengths(voice, pickup=1) == [8, 6] * 100


@needs_data
@pytest.mark.parametrize(
    ("hymn", "metre"),
    [
        ("Abide_With_Me-Eventide", [10] * 4),
        ("Almighty_God_Your_Word_Is_Cast-St_Anne", [8, 6, 8, 6]),
        ("O_For_A_Thousand_Tongues-Azmon", [8, 6, 8, 6]),
    ],
)
def test_hymns_are_divided_as_their_metre_says(hymn: str, metre: list[int]) -> None:
    from lyricist.melody.read import read_tune

    assert [len(phrase.slots) for phrase in read_tune(DATA / "hymns-midi" / f"{hymn}.mid").phrases] == metre
