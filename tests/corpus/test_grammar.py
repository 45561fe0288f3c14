"""Person and tense of English words: what drifts, and what does not."""

from __future__ import annotations

import pytest

from lyricist.corpus.grammar import (
    AUXILIARIES,
    OTHER_FORMS,
    PERSONS,
    SUBJECTS,
    TENSES,
    Person,
    Tense,
    foreign_subjects,
    other_tense,
    person_drifts,
    shows,
    tense_drifts,
    tense_verbs,
    tense_words,
)


def drifting(line: str, tense: Tense) -> list[str]:
    words = line.split()
    return [words[drift.at] for drift in tense_drifts(words, tense)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("the rain is cold and we still walk", ["is", "walk"]),
        ("i'm here and she never comes", ["i'm", "comes"]),
        ("he said that it was over", []),
        ("where did we go to walk", []),  # infinitives
        ("let you go and watch it fall", []),
        ("we could stay and they would know", []),
        ("my love and all my dreams", []),  # nouns
        ("who knows what we want", ["knows", "want"]),
        ("you have to leave", ["have"]),
        ("i would have stayed", []),
    ],
)
def test_the_present_in_a_song_in_the_past(line: str, found: list[str]) -> None:
    assert drifting(line, "past") == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("the rain was cold and we walked", ["was", "walked"]),
        ("she went home and i blossomed", ["went", "blossomed"]),
        ("i am tired and lost and left alone", []),  # participles
        ("they have lost what i have found", []),
        ("i need the red bed we share", []),
        ("it could be that i would go", []),
        ("he just never told them", ["told"]),
    ],
)
def test_the_past_in_a_song_in_the_present(line: str, found: list[str]) -> None:
    assert drifting(line, "present") == found


@pytest.mark.parametrize("person", PERSONS)
def test_a_person_keeps_its_own_forms(person: Person) -> None:
    own = {*SUBJECTS[person], *OTHER_FORMS[person]}
    assert not own & foreign_subjects(person)
    others = {form for p in PERSONS if p != person for form in SUBJECTS[p]}
    assert others - foreign_subjects(person) <= {"you"}
    assert not {form for forms in OTHER_FORMS.values() for form in forms} & foreign_subjects(person)
    assert not list(person_drifts([*sorted(own), "home"], person))


def test_a_you_may_be_addressed_by_a_speaker_alone() -> None:
    allowed = [p for p in PERSONS if "you" not in foreign_subjects(p)]
    assert allowed == ["I", "you", "we"]
    assert [d.what for d in person_drifts(["you", "and", "i"], "he")] == ["you", "I"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("you said goodbye", [0]),
        ("i know you never could", [2]),
        ("i love you and i let you go", []),
        ("the thought of you made me cry", []),
        ("between the rain and you is home", []),
        ("then you're the one", [1]),
    ],
)
def test_an_addressed_you_is_no_subject(line: str, found: list[int]) -> None:
    for person in ("I", "we"):
        words = line.replace("i ", f"{person.lower()} ").split()
        assert [d.at for d in person_drifts(words, person) if words[d.at].startswith("you")] == found  # type: ignore[arg-type]


@pytest.mark.parametrize("tense", TENSES)
def test_no_word_shows_both_tenses(tense: Tense) -> None:
    other = other_tense(tense)
    assert not tense_words(tense) & tense_words(other)
    assert not tense_words(tense) & tense_verbs(other)
    assert AUXILIARIES[tense] <= tense_words(tense)
    assert all(shows(word, tense) for word in tense_words(tense) | tense_verbs(tense))
