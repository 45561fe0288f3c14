"""Which phrases sound alike, where sections begin, what they are called, what rhymes."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from lines import part, score

from lyricist.melody.sections import likeness, scheme_of, sections_of
from lyricist.melody.slots import slots_of
from lyricist.melody.tune import Phrase, Slot

A = "60:1 62:1 64:1 65:1 67:1 65:1 64:2"
B = "67:1 65:1 64:1 62:1 64:1 62:1 60:2"
C = "72:1/2 72:1/2 71:1 69:1 67:1 69:1 71:1/2 69:1/2 67:2"
D = "60:2 67:2 65:1 64:1 62:2"
E = "55:1 60:1 60:1/2 62:1/2 64:1 60:1 55:2"
TUNES = {"A": A, "B": B, "C": C, "D": D, "E": E, ".": "r:8"}


def lines(form: str, words: dict[int, str] | None = None) -> list[tuple[Slot, ...]]:
    """A line a letter; a dot is a long rest behind the line before. `words` by line."""
    text = " ".join(TUNES[letter] for letter in form)
    counts = [len(slots_of(part(TUNES[letter]), score())) for letter in form if letter != "."]
    sung = None
    if words is not None:
        sung = " ".join(words.get(i, " ".join(f"w{i}x{k}" for k in range(n))) for i, n in enumerate(counts))
    slots = slots_of(part(text, words=sung), score())
    found, at = [], 0
    for count in counts:
        found.append(slots[at : at + count])
        at += count
    return found


def line(text: str) -> tuple[Slot, ...]:
    return slots_of(part(text), score())


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (A, True),
        ("65:1 67:1 69:1 70:1 72:1 70:1 69:2", True),  # a fourth higher
        ("60:1 62:1 64:1 65:1 67:1 65:1 60:2", True),  # another end
        ("r:1 " + A, True),
        ("59:1 60:1 62:1 64:1 65:1 67:1 65:1 64:2", True),  # an upbeat more
        (B, False),
        (C, False),
        ("60:2 62:1 64:2 65:1 67:2 65:1 64:2", False),  # the same steps in another rhythm
        ("60:1", False),
    ],
)
def test_phrases_that_sound_alike(other: str, alike: bool) -> None:
    assert likeness([line(A), line(other)]) == [None, 0 if alike else None]
    assert likeness([line(other), line(A)]) == [None, 0 if alike else None]


@pytest.mark.parametrize("form", ["A", "AB", "AABA", "ABAB", "ABCDE", "AAAA", ""])
def test_likeness_names_the_first(form: str) -> None:
    expected = [None if form.index(letter) == i else form.index(letter) for i, letter in enumerate(form)]
    assert likeness(lines(form)) == expected


def shape(form: str, words: dict[int, str] | None = None, breaks: tuple[F, ...] = ()) -> tuple[str, str]:
    """Sections as digits a phrase, and the initials of their names."""
    phrases, names = sections_of(lines(form, words), breaks)
    return "".join(str(phrase.section) for phrase in phrases), "".join(name[0] for name in names)


@pytest.mark.parametrize(
    ("form", "sections", "names"),
    [
        ("A", "0", "v"),
        ("AABA", "0000", "v"),
        ("ABABCDCD", "00000000", "v"),
        ("ABAB.CDCD.ABAB.CDCD", "0000111122223333", "vcvc"),
        ("ABAB.ABAB.ABAB", "000011112222", "vvv"),
        ("ABABCDCDABABCDCD", "0000000011111111", "vv"),
        ("ABAB.CDCD.ABAB.CDCD.EEEE.CDCD", "000011112222333344445555", "vcvcbc"),
        ("AB.C.AB", "00011", "vv"),  # a single phrase is no section
    ],
)
def test_sections(form: str, sections: str, names: str) -> None:
    assert shape(form) == (sections, names)


def test_a_section_with_its_words_again_is_the_chorus() -> None:
    words = dict.fromkeys((0, 1, 4, 5), "oh la la la la la la")
    assert shape("AA.CC.AA.DD", words) == ("00112233", "cbcb")


def test_the_score_says_where_it_divides() -> None:
    assert shape("ABCD", breaks=(F(16),)) == ("0011", "vv")
    assert shape("ABCD", breaks=(F(12),)) == ("0000", "v")  # inside a phrase


def test_long_tunes_without_form_are_divided_evenly() -> None:
    phrases = [line(f"{60 + i}:1 {61 + 2 * i}:{1 + i % 3} 60:1/2 {70 - i}:2") for i in range(12)]
    found, names = sections_of(phrases)
    assert [phrase.section for phrase in found] == [0] * 4 + [1] * 4 + [2] * 4 and len(names) == 3


@pytest.mark.parametrize(
    "form", ["A", "AB", "ABC", "AABB", "ABCDEABCDEABCDE", "ABABABABABABABAB", "AAAAAAAAAAAA", "A.B.C.D"]
)
def test_laws_of_sections(form: str) -> None:
    given = lines(form)
    phrases, names = sections_of(given)
    assert [phrase.slots for phrase in phrases] == given
    sections = [phrase.section for phrase in phrases]
    assert sections == sorted(sections) and set(sections) == set(range(len(names)))
    assert all(name in ("verse", "chorus", "bridge") for name in names)
    assert all(phrase.like is None or phrase.like < i for i, phrase in enumerate(phrases))


def scheme(form: str) -> str:
    return scheme_of(sections_of(lines(form))[0])


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("A", "X"),
        ("AB", "AA"),
        ("ABAB", "ABAB"),
        ("AABB", "AABB"),
        ("ABCB", "XAXA"),
        ("ABBA", "ABBA"),
        ("AABCCB", "AABCCB"),
    ],
)
def test_phrases_that_answer_each_other_rhyme(form: str, expected: str) -> None:
    assert scheme(form) == expected


@pytest.mark.parametrize("count", [*range(1, 13), 120])
def test_a_scheme_has_a_letter_for_each_phrase(count: int) -> None:
    phrases = [Phrase(line(TUNES["ABCDE"[i % 5]])) for i in range(count)]
    found = scheme_of(phrases)
    assert len(found) == count and found.isalpha() and found.isupper()
