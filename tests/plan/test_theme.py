"""What a song is about: sentences and lists."""

from __future__ import annotations

import pytest

from lyricist.errors import InputError
from lyricist.plan.plan import Plan
from lyricist.plan.plan_file import parse_plan, plan_text
from lyricist.plan.song_spec import lay_out
from lyricist.plan.theme import MAX_SENTENCE, read_sentence


@pytest.mark.parametrize(
    ("sentence", "words", "person", "tense"),
    [
        ("losing my father to cancer last year", "losing father cancer", "I", "past"),
        ("my grandmother's kitchen where she taught me to bake", "grandmother kitchen taught bake", "I", "past"),
        ("we danced all summer and then you were gone", "danced summer", "we", "past"),
        ("a girl who is leaving her village", "girl leaving village", "she", "present"),
        ("Write a song about trains, please", "trains", None, None),
        ("I miss the house where we lived", "miss house lived", "I", None),
        ("driving through the desert at dawn", "driving desert dawn", None, None),
        ("they walk tonight", "walk", "they", "present"),
    ],
)
def test_a_sentence_is_read(sentence: str, words: str, person: str | None, tense: str | None) -> None:
    said = read_sentence(sentence)
    assert (" ".join(said.words), said.person, said.tense) == (words, person, tense)
    asked = Plan(about=sentence)
    assert (asked.about, asked.person_hint, asked.tense_hint) == (said.words, person, tense)
    assert asked.person is None and asked.tense is None


def test_lists_are_what_they_were() -> None:
    for given in ("river, night", "River,night,river", ["river", "night"], ("river", "night")):
        asked = Plan(about=given)  # type: ignore[arg-type]
        assert asked.about == ("river", "night") and asked.person_hint is None and asked.tense_hint is None
    assert Plan(about="the").about == ("the",)  # type: ignore[arg-type]
    assert Plan(about="my").person_hint is None  # type: ignore[arg-type]
    assert Plan(about=["the letter", "train"]).about == ("letter", "train")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "--about is empty: give words"),
        ("  ,  ", "--about is empty: give words"),
        ("was it the one", "--about 'was it the one' says nothing that a song can be about"),
        ("?! ...", "--about '?! ...' has no words"),
        ("word " * 10_000, f"--about is a sentence of 10,000 words: say it in at most {MAX_SENTENCE}"),
        ("a " + "x" * 500, "--about has a word of more than 400 characters"),
        ("word, " * 10_000, "--about lists 10000 words: at most 1000"),
        (5, "--about 5 is not one word"),
    ],
)
def test_a_theme_that_is_none_is_refused(given: object, message: str) -> None:
    with pytest.raises(InputError) as refused:
        Plan(about=given)  # type: ignore[arg-type]
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_hints_give_way_to_what_is_asked_for_and_are_kept_in_files() -> None:
    asked = Plan(about="losing my father last year", person_hint="she")  # type: ignore[arg-type]
    assert asked.person_hint == "she"
    assert parse_plan(plan_text(asked)) == asked
    spec = lay_out(Plan(about="my dog", person="he", form="verse", lines=1))  # type: ignore[arg-type]
    assert (spec.person, spec.person_hint, spec.tense) == ("he", "I", None)


def test_a_section_has_a_theme_of_its_own() -> None:
    text = 'about = "winter"\n[[section]]\nname = "verse"\nlines = 2\n[[section]]\nname = "verse"\nlines = 2\n'
    asked = parse_plan(text + 'about = "the letter, the train"\n')
    assert parse_plan(plan_text(asked)) == asked
    assert [line.about for line in lay_out(asked).lines] == [(), (), ("letter", "train"), ("letter", "train")]
    assert Plan(sections=[{"name": "verse", "about": "river"}]).exact  # type: ignore[list-item]


def test_a_repeated_line_belongs_to_its_own_section() -> None:
    verse = {"name": "verse", "lines": 1, "syllables": 8, "about": "snow"}
    spec = lay_out(Plan(sections=[verse, {**verse, "about": "fire", "again": [1]}]))  # type: ignore[list-item]
    assert [(line.about, line.same_as) for line in spec.lines] == [(("snow",), -1), (("fire",), 0)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"person": "he", "start": "I"}, "--person he and --start 'i' clash: 'i' is of person I"),
        ({"person": "he", "include": "we"}, "--person he and --include 'we' clash"),
        ({"person": "I", "refrain": "We go home"}, "--person I and --refrain 'we go home', with 'we', clash"),
        ({"person": "I", "avoid": "I"}, "--person I and --avoid 'i' clash"),
        ({"tense": "past", "start": "is"}, "--tense past and --start 'is' clash: 'is' is present"),
        ({"tense": "past", "sections": [{"name": "verse", "text": ["And then we walk"]}]},
         "--tense past and the kept line 'and then we walk', with 'walk', clash"),
        ({"person": "it"}, "--person 'it' is not one of I, you, he, she, we, they"),
        ({"tense": "future"}, "--tense 'future' is not one of past, present"),
        ({"tense": 1}, "--tense 1 is not one of past, present"),
    ],
)  # fmt: skip
def test_person_and_tense_that_the_plan_contradicts(asked: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as refused:
        Plan(**asked)  # type: ignore[arg-type]
    assert message in str(refused.value)
    if "text" in str(asked) or "refrain" in asked:
        assert Plan(**asked, allow=True).allow  # type: ignore[arg-type]


def test_person_and_tense_as_people_type_them() -> None:
    asked = Plan(person="i", tense=" Past ")  # type: ignore[arg-type]
    assert (asked.person, asked.tense) == ("I", "past") and asked.exact
