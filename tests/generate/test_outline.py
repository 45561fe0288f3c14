"""Outlines: what they hold, that they fit the rhyme scheme, and that songs are the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.generate import exact_tools

from lyricist.generate.exact_writer import ExactWriter
from lyricist.generate.outline import PERSONS, TENSES, Outliner, Planner, Story, parse_story, read_stories
from lyricist.generate.song import compile_song
from lyricist.generate.vocab import WordTable
from lyricist.generate.writer import Model
from lyricist.model.tokens import BREAKS, SONG, TAGS, Vocabulary
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.resolve import resolve
from lyricist.prosody.features import NEXT, OUTLINE, SAID, WIDTHS, width
from lyricist.prosody.lexicon import default_lexicon

WORDS = (
    *("key", "pot", "brother", "night", "light", "snow", "slow", "bread", "head", "bed", "door", "dog", "found"),
    *("hid", "warm", "old", "cold", "told", "the", "a", "and", "his", "in", "on", "was", "he", "him", "i", "you"),
)
STORY = """he past: dog, snow
1: dog found snow / bread warm bed / brother told slow / old dog head
C: light night

i past: key
1: hid key night / pot told / found door light / key cold
"""


class Plain(exact_tools.Bigram):
    """A step model that takes plan features and ignores them."""

    features = width(("slots", "theme", OUTLINE))

    def step(self, ids, state, features=None):  # type: ignore[no-untyped-def]
        return super().step(ids, state)


def planner(stories: tuple[Story, ...] = ()) -> Planner:
    tokens = ["<unk>", SONG, *sorted(BREAKS), *PERSONS, *TENSES, *(w for w in WORDS if w not in PERSONS)]
    made = Planner(exact_tools.Bigram(len(tokens)), Vocabulary(tokens))
    made.stories = stories
    return made


def outliner(plan: Plan, stories: tuple[Story, ...] = (), **asked: str) -> Outliner:
    lexicon = default_lexicon()
    vocabulary = exact_tools.vocabulary(WORDS, "backward")
    table = WordTable(vocabulary, lexicon)
    song = compile_song(table, resolve(plan, lexicon), VocabLayout.by_signature(table.sig[: table.known]))
    content = np.array([w in WORDS[:18] for w in vocabulary.tokens])
    return Outliner(
        lambda: planner(stories), song, content, plan.about, asked.get("person", ""), asked.get("tense", "")
    )


PLAN = Plan(form="verse verse", lines=4, syllables="6", rhyme="ABAB")


def test_a_story_file_is_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "stories.txt").write_text(STORY, encoding="utf-8")
    first, second = read_stories(tmp_path / "stories.txt")
    assert first == Story(
        "he",
        "past",
        ("dog", "snow"),
        (("dog", "found", "snow"), ("bread", "warm", "bed"), ("brother", "told", "slow"), ("old", "dog", "head")),
        (("light", "night"),),
    )
    assert (second.person, second.chorus) == ("i", ())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("stories", [(), tuple(map(parse_story, STORY.strip().split("\n\n")))])
def test_last_words_rhyme_by_the_scheme_and_differ(seed: int, stories: tuple[Story, ...]) -> None:
    made = outliner(PLAN, stories).draw(seed)
    assert len(made.lines) == 8
    assert made.person in PERSONS and made.tense in TENSES
    ends = [words[0] for words in made.lines if words]
    assert len(ends) == len(set(ends)) == 8
    lexicon = default_lexicon()
    for i, j in ((0, 2), (1, 3), (4, 6), (5, 7)):
        tails = [{r.tail for r in lexicon.readings(made.lines[k][0])} for k in (i, j)]
        assert tails[0] & tails[1]


def test_the_same_seed_gives_the_same_outline_and_other_seeds_others() -> None:
    made = [outliner(PLAN).draw(seed) for seed in (1, 1, 2, 3)]
    assert made[0] == made[1]
    assert len(set(made)) == 3


@pytest.mark.parametrize("asked", [{"person": "she"}, {"tense": "present"}, {"person": "we", "tense": "past"}])
def test_person_and_tense_are_those_asked_for(asked: dict[str, str]) -> None:
    made = outliner(PLAN, **asked).draw(4)
    assert all(getattr(made, name) == value for name, value in asked.items())


def test_a_story_gives_its_words_to_the_lines_in_order() -> None:
    story = parse_story(STORY.strip().split("\n\n")[0])
    made = outliner(PLAN, (story,)).draw(0)
    assert (made.person, made.tense, made.theme) == ("he", "past", ("dog", "snow"))
    for beat, words in zip(story.verses, made.lines, strict=False):
        assert set(words) & set(beat)


def test_rows_hold_the_words_of_the_line_and_the_next_ends() -> None:
    maker = outliner(PLAN)
    outline = maker.draw(5)
    rows = maker.rows(outline)
    index = maker.song.table.index
    assert rows.shape == (8, WIDTHS[OUTLINE])
    for i, words in enumerate(outline.lines):
        assert rows[i, : len(words)].tolist() == [index[w] + 1 for w in words]
        ahead = [index[outline.lines[i + k][0]] + 1 if i + k < 8 else 0 for k in range(1, NEXT + 1)]
        assert rows[i, SAID:].tolist() == ahead


def test_given_lines_keep_their_own_words() -> None:
    text = ["the old dog was cold", ""]
    plan = Plan(sections=[{"name": "verse", "lines": 2, "text": text, "rhyme": "AA"}])
    made = outliner(plan).draw(2)
    assert made.lines[0][0] == "cold"
    assert "dog" in made.lines[0]


def test_a_song_carries_its_outline(monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = exact_tools.vocabulary(WORDS, "backward")
    model = Model(Plain(len(vocabulary)), vocabulary)
    monkeypatch.setattr(Model, "plans", True)
    monkeypatch.setattr(Model, "opened_planner", planner())
    monkeypatch.setattr(Model, "nearest_stories", lambda self, about, stories: list(stories), raising=False)
    writer = ExactWriter(model, resolve(PLAN, default_lexicon()))
    songs = list(writer.events(Drawing(particles=2, story=True), [7, 8]))
    outlines = {song.seed: song.outline for song in songs if hasattr(song, "outline")}
    assert outlines[7] == writer.outliner.draw(7)  # type: ignore[union-attr]
    assert outlines[8] != outlines[7]
    assert TAGS["intro"] in writer.run.planner().vocabulary


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
