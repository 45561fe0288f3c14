"""Rhymes of more than the last word: mosaic rhymes, of one word against two, and rhymes between the middle of a line
and its end. Songs are judged by `check`, which shares no code with the writer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.generate.exact_tools import compiled
from tests.generate.test_engine import MORE, PLAIN, engine, songs_of

from lyricist import check
from lyricist.errors import InputError, PlanError
from lyricist.generate.explain import explain_line
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.resolve import resolve
from lyricist.prosody.lexicon import default_lexicon

PAIRED = (
    *("letter", "better", "get", "met", "bet", "her", "poet", "know", "show", "low", "it", "limit", "him", "us"),
    *("fitter", "winter", "print", "hint", "in", "cabin", "grab", "the", "a", "of", "my", "stone", "river", "and"),
)
MOSAIC = [
    {"form": "verse", "lines": 2, "syllables": "5", "rhyme": "AA"},
    {"form": "verse", "lines": 4, "syllables": "6,4-5", "rhyme": "ABAB"},
    {"form": "verse", "lines": 3, "syllables": "7", "metre": "iambic", "rhyme": "AAA"},
    {"form": "verse", "lines": 3, "syllables": "5", "rhyme": "AXA", "include": "river, stone"},
    {"form": "verse", "lines": 2, "syllables": "5", "rhyme": "AA", "rhyme_with": "poet"},
    {"form": "verse chorus chorus", "lines": 3, "syllables": "5", "rhyme": "AXA", "start": "winter"},
    {"syllables": "5", "rhyme": "AXA", "sections": [{"name": "verse", "text": ["The stone and show it", "...", "..."]}]},
    {"syllables": "5", "rhyme": "AXA", "sections": [{"name": "verse", "text": ["...", "...", "The stone and the poet"]}],
     "allow": True},
]  # fmt: skip
INTERNAL = [
    {"form": "verse", "lines": 2, "syllables": "6", "internal": "1", "rhyme": "XX"},
    {"form": "verse", "lines": 4, "syllables": "8,4", "metre": "iambic", "internal": "1,3", "rhyme": "ABAB"},
    {"form": "verse", "lines": 2, "syllables": "7", "internal": "1,2", "rhyme": "AA", "include": "river, gold"},
    {"form": "verse", "lines": 3, "syllables": "6", "internal": "2", "rhyme": "XAA", "acrostic": "sis"},
    {"form": "verse", "lines": 2, "syllables": "6", "internal": "1,2", "rhyme": "XX", "rhyme_kind": "near"},
    {
        "form": "verse chorus chorus",
        "lines": 2,
        "syllables": "6",
        "internal": "2",
        "rhyme": "XA",
        "rhyme_with": "hold",
    },
    # words that fit only after another of the line's middles, or in its second half
    {"form": "verse", "lines": 2, "syllables": "8", "internal": "1", "rhyme": "XX", "start": "administration"},
    {
        "form": "verse",
        "lines": 1,
        "syllables": "4",
        "internal": "1",
        "rhyme": "X",
        "start": "sky",
        "include": "river",
    },
]


def text_of(lines: list[list[str]], per: int) -> str:
    each = [" ".join(line) for line in lines]
    return "\n\n".join("\n".join(each[i : i + per]) for i in range(0, len(each), per))


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("fields", MOSAIC)
def test_one_word_rhymes_with_two(fields: dict[str, Any], particles: int) -> None:
    plan = Plan(**fields, rhyme_kind="mosaic", max_copy=0)
    song = compiled(plan, PAIRED, "backward", with_ends=particles > 1)
    found = songs_of(engine(song, Drawing(temperature=1, particles=particles, repetition=0)), range(12))
    assert len(found) == 12
    for lines in found.values():
        assert check(text_of(lines, len(lines) // len(plan.form or "1")), plan=plan).violations == ()


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("fields", INTERNAL)
def test_the_middle_rhymes_with_the_end(fields: dict[str, Any], particles: int) -> None:
    plan = Plan(**fields, max_copy=0)
    song = compiled(plan, (*MORE, "administration", "nation", "station"), "backward", with_ends=particles > 1)
    found = songs_of(engine(song, Drawing(temperature=1, particles=particles, repetition=0)), range(12))
    assert len(found) == 12
    for lines in found.values():
        assert check(text_of(lines, len(lines) // len(plan.form)), plan=plan).violations == ()


@pytest.mark.parametrize("fields", [MOSAIC[1] | {"rhyme_kind": "mosaic"}, INTERNAL[1]])
def test_runs_of_the_songs_are_barred_across_the_parts_of_a_line(fields: dict[str, Any]) -> None:
    words = PAIRED if fields.get("rhyme_kind") else MORE
    song = compiled(Plan(**fields), words, "backward")
    known = list(songs_of(engine(song), range(150)).values())
    barred = runs_of(known)
    assert barred & runs_of(list(songs_of(engine(song), range(150, 210)).values()))
    assert not barred & runs_of(list(songs_of(engine(song, songs=known), range(150, 210)).values()))


@pytest.mark.parametrize("particles", [1, 8])
def test_weak_words_that_copy_a_song_are_left_out_before_the_line_is_drawn(particles: int) -> None:
    text = ["...", "...", "and the river of my stone"]
    plan = Plan(sections=[{"name": "verse", "text": text, "rhyme": "AAX"}], syllables="5,5,7", rhyme_kind="mosaic")
    song, drawing = compiled(plan, PAIRED, "backward"), PLAIN.model_copy(update={"particles": particles})
    copied = [[["it", "and", "the", "river", "of", "my"]]]
    assert any(lines[1][-1] == "it" for lines in songs_of(engine(song, drawing), range(40)).values())
    found = songs_of(engine(song, drawing, songs=copied), range(40))
    assert found and not any(lines[1][-1] == "it" for lines in found.values())
    none = [[[weak, *copied[0][0][1:]]] for weak in ("her", "it", "him", "us", "in")]
    failed = list(engine(song, drawing, songs=none).write([1]))
    assert "line 2: each weak word" in failed[-1].reason


def runs_of(songs: list[list[list[str]]]) -> set[tuple[str, ...]]:
    """The runs of six words, across line ends."""
    flats = [[word for line in song for word in line] for song in songs]
    return {tuple(flat[i : i + 6]) for flat in flats for i in range(len(flat) - 5)}


REFUSED = {
    "a strong last slot": (
        {"rhyme": "AA", "metre": "iambic", "syllables": "4", "rhyme_kind": "mosaic"},
        "ends on a weak",
    ),
    "no weak word": (
        {"rhyme": "AA", "syllables": "5", "rhyme_kind": "mosaic", "avoid": "her, him, it, in, us"},
        "weak words",
    ),
    "no pair": ({"rhyme": "AA", "syllables": "5", "rhyme_kind": "mosaic", "rhyme_with": "orange"}, "cannot rhyme"),
    "no second word": (
        {
            "internal": "1",
            "syllables": "5",
            "rhyme": "XX",
            "avoid": "get, her, met, better, letter, bet, know, show, low, print, hint, fitter, him, limit",
        },
        "in its middle",
    ),
    "no room for a keyword": (
        {"internal": "1,2", "syllables": "3", "rhyme": "XX", "include": "fitter"},
        "--internal",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_song_can_fulfil_is_refused(name: str) -> None:
    fields, said = REFUSED[name]
    with pytest.raises(PlanError, match=said):
        compiled(Plan(form="verse", lines=2, **fields), PAIRED, "backward")


def test_lines_drawn_forward_are_refused() -> None:
    with pytest.raises(PlanError, match="from their end"):
        compiled(Plan(**INTERNAL[0]), MORE, "forward")


CLASHES = {
    "both": {"internal": "1", "rhyme_kind": "mosaic", "rhyme": "AA"},
    "no such line": {"internal": "5", "syllables": "8"},
    "no line": {"internal": "0"},
    "a range": {"internal": "1", "syllables": "6-8"},
    "one syllable": {"internal": "2", "syllables": "6,1"},
    "the hook": {"internal": "3", "syllables": "8", "form": "chorus", "rhyme": "ABAB", "hook": True},
}


@pytest.mark.parametrize("name", CLASHES)
def test_contradictions_are_named(name: str) -> None:
    with pytest.raises(InputError, match="--internal"):
        resolve(Plan(**{"form": "verse", "lines": 4, **CLASHES[name]}), default_lexicon())


@pytest.mark.parametrize("asked", [{"syllables": "8", "metre": "iambic"}, {"rhyme": "X"}])
def test_mosaic_rhyme_needs_lines_that_rhyme(asked: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="--rhyme-kind mosaic needs --rhyme"):
        Plan(rhyme_kind="mosaic", **asked)
    assert Plan(rhyme_kind="near", **asked)


def test_the_words_of_a_line_that_ends_on_two_are_explained() -> None:
    """The weak word is chosen before drawing, so it has no candidates."""
    plan = Plan(form="verse", lines=2, syllables="5", rhyme="AA", rhyme_kind="mosaic", rhyme_with="letter")
    song = compiled(plan, PAIRED, "backward")
    writer: Any = SimpleNamespace(
        song=song, table=song.table, engine=lambda drawing, record: engine(song, record=record)
    )
    words = ["my", "stone", "and", "get", "her"]
    found = explain_line(writer, 0, words, PLAIN)
    assert [choice.word for choice in found] == words
    assert found[-1].candidates == () and all(choice.candidates for choice in found[:-1])
