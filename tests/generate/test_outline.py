"""Outlines: what they hold, that they fit the rhyme scheme, and that songs are the same for the same seed."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest
from tests.generate import exact_tools

from lyricist.generate.exact_writer import ExactWriter
from lyricist.generate.outline import Outliner
from lyricist.generate.song import compile_song
from lyricist.generate.vocab import WordTable
from lyricist.generate.writer import Model
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan import premise
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.premise import PERSONS, TENSES, Beat, Story, parse_story, read_stories
from lyricist.plan.resolve import resolve
from lyricist.prosody.features import NEXT, OUTLINE, PEOPLE, SAID, WIDTHS, width
from lyricist.prosody.lexicon import default_lexicon

WORDS = (
    *("key", "pot", "brother", "night", "light", "snow", "slow", "bread", "head", "bed", "door", "dog", "found"),
    *("hid", "warm", "old", "cold", "told", "the", "a", "and", "his", "in", "on", "was", "he", "him", "i", "you"),
)
STORY = """he past: dog, snow
form: 6,4 XAXA; 8 AA; vcv; last
1: he dog found snow / - bread warm bed / i him told slow / old dog head
C: light night

i past: key
1: hid key night / pot told / found door light / key cold
"""


class Plain(exact_tools.Bigram):
    """A step model that takes plan features and ignores them."""

    features = width(("slots", "theme", OUTLINE))

    def step(self, ids, state, features=None):  # type: ignore[no-untyped-def]
        return super().step(ids, state)


BLOCKS = tuple(STORY.strip().split("\n\n"))


def outliner(plan: Plan, stories: tuple[str, ...] = (), **asked: str) -> Outliner:
    lexicon = default_lexicon()
    table = WordTable(exact_tools.vocabulary(WORDS, "backward"), lexicon)
    song = compile_song(table, resolve(plan, lexicon), VocabLayout.by_signature(table.sig[: table.known]))
    return Outliner(song, stories, plan.about, asked.get("person", ""), asked.get("tense", ""))


PLAN = Plan(form="verse verse", lines=4, syllables="6", rhyme="ABAB")


def test_a_story_file_is_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "stories.txt").write_text(STORY, encoding="utf-8")
    first, second = map(parse_story, read_stories(tmp_path / "stories.txt"))
    assert first == Story(
        "he",
        "past",
        ("dog", "snow"),
        (
            Beat(("dog", "found", "snow"), "he", "", 6),
            Beat(("bread", "warm", "bed"), "nobody", "", 4),
            Beat(("told", "slow"), "i", "him", 6),
            Beat(("old", "dog", "head"), "", "", 4),
        ),
        (Beat(("light", "night"), "", "", 8),),
        first.sections,
    )
    assert [(s.name, s.syllables, s.rhyme, s.again) for s in first.sections] == [
        ("verse", (6, 4), "XAXA", ()), ("chorus", (8,), "AA", ()), ("verse", (6, 4), "XAXA", (0, 0, 0, 4)),
    ]  # fmt: skip
    assert (second.person, second.chorus, second.sections) == ("i", (), ())


@pytest.mark.parametrize("scheme", ["XAXA", "ABAB", "AABB"])
@pytest.mark.parametrize("seed", range(4))
def test_last_words_that_are_told_rhyme_by_the_scheme_and_differ(scheme: str, seed: int) -> None:
    plan = Plan(form="verse verse", lines=4, syllables="6", rhyme=scheme)
    made = outliner(plan, BLOCKS).draw(seed)
    assert len(made.lines) == len(made.people) == 8
    ends = [words[0] if words else "" for words in made.lines]
    told = [end for end in ends if end]
    assert len(told) == len(set(told)) > 0
    lexicon = default_lexicon()
    for verse in (ends[:4], ends[4:]):
        for i, j in combinations(range(4), 2):
            if scheme[i] == scheme[j] != "X" and verse[i] and verse[j]:
                tails = [{r.tail for r in lexicon.readings(verse[k])} for k in (i, j)]
                assert tails[0] & tails[1]


def test_the_same_seed_tells_the_same_story_and_the_next_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(premise, "CHOICE", 1)
    made = [outliner(PLAN, BLOCKS).draw(seed) for seed in range(40)]
    assert made == [outliner(PLAN, BLOCKS).draw(seed) for seed in range(40)]
    assert [a.person != b.person for a, b in pairwise(made)] == [True] * 39


@pytest.mark.parametrize("asked", [{"person": "she"}, {"tense": "present"}, {"person": "we", "tense": "past"}])
def test_person_and_tense_are_those_asked_for(asked: dict[str, str]) -> None:
    made = outliner(PLAN, BLOCKS, **asked).draw(4)
    assert all(getattr(made, name) == value for name, value in asked.items())


def test_a_story_gives_its_words_to_the_lines_in_order() -> None:
    plan = Plan(form="verse", lines=4, syllables="6,4", rhyme="XAXA")
    made = outliner(plan, BLOCKS[:1]).draw(0)
    assert (made.person, made.tense, made.theme) == ("he", "past", ("dog", "snow"))
    assert made.lines == (
        ("snow", "dog", "found"),
        ("bed", "bread", "warm"),
        ("slow", "told"),
        ("head", "old", "dog"),
    )
    assert made.people[:4] == (("he", ""), ("nobody", ""), ("i", "him"), ("", ""))


def test_rows_hold_the_words_of_the_line_and_the_next_ends() -> None:
    maker = outliner(PLAN, BLOCKS)
    outline = maker.draw(5)
    rows = maker.rows(outline)
    index = maker.song.table.index
    assert rows.shape == (8, WIDTHS[OUTLINE])
    for i, words in enumerate(outline.lines):
        assert rows[i, : len(words)].tolist() == [index.get(w, -1) + 1 for w in words]
        assert rows[i, SAID : SAID + PEOPLE].tolist() == [index.get(w, -1) + 1 for w in outline.people[i]]
        ends = [index.get(line[0], -1) + 1 if line else 0 for line in outline.lines[i + 1 : i + 1 + NEXT]]
        ahead = ends + [0] * (NEXT - len(ends))
        assert rows[i, SAID + PEOPLE :].tolist() == ahead


def test_beside_given_lines_no_story_is_told() -> None:
    text = ["the old dog was cold", ""]
    plan = Plan(sections=[{"name": "verse", "lines": 2, "text": text, "rhyme": "AA"}])
    assert not outliner(plan, BLOCKS).tells(True)
    assert outliner(plan, BLOCKS).draw(2).lines == ((), ())


def test_a_line_that_comes_back_has_its_place_in_the_story() -> None:
    block = """he past: dog
form: 6,4 XX; vvv; last
1: he dog snow / he bread bed / he brother slow / he bread bed / he old head / he bread bed"""
    made = outliner(Plan(sections=parse_story(block).sections), (block,)).draw(0)
    assert [words[0] for words in made.lines] == ["snow", "bed", "slow", "bed", "head", "bed"]


def test_a_song_carries_its_outline(monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = exact_tools.vocabulary(WORDS, "backward")
    model = Model(Plain(len(vocabulary)), vocabulary)
    monkeypatch.setattr(Model, "outlines", True)
    monkeypatch.setattr(Model, "stories", BLOCKS)
    writer = ExactWriter(model, resolve(PLAN, default_lexicon()))
    songs = list(writer.events(Drawing(particles=2, story=True), [7, 8]))
    outlines = {song.seed: song.outline for song in songs if hasattr(song, "outline")}
    assert outlines[7] == writer.outliner.draw(7)  # type: ignore[union-attr]
    assert outlines[8] == writer.outliner.draw(8)  # type: ignore[union-attr]


def test_without_a_story_only_person_and_tense_are_drawn() -> None:
    made = outliner(PLAN).draw(3, tell=False)
    assert made.person in PERSONS and made.tense in TENSES
    assert made.lines == ((),) * 8


def test_a_section_that_is_about_something_has_its_words_without_a_story() -> None:
    sections = [
        {"name": "verse", "lines": 2, "syllables": "6", "rhyme": "AA"},
        {"name": "verse", "lines": 2, "syllables": "6", "rhyme": "AA", "about": "pot, dog"},
    ]
    made = outliner(Plan(sections=sections)).draw(3, tell=False)
    assert made.lines[:2] == ((), ())
    assert "pot" in made.lines[2] and "dog" in made.lines[3]


def test_given_lines_decide_person_and_tense() -> None:
    text = ["he told his dog", "", "he found him in the snow", ""]
    plan = Plan(sections=[{"name": "verse", "lines": 4, "text": text, "rhyme": "XXXX"}])
    for seed in range(4):
        made = outliner(plan).draw(seed, tell=False)
        assert (made.person, made.tense) == ("he", "past")
    assert outliner(plan, person="i").draw(0, tell=False).person == "i"
