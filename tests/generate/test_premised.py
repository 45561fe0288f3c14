"""Songs whose seeds draw premises: the same alone, together and written again to the plan that was drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from tests.generate.exact_tools import Uniform, compiled

import lyricist
from lyricist.generate.batched_step import PremisedWriter
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.outline import drawn
from lyricist.generate.result import SongWritten
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.steering import Steering
from lyricist.model.checkpoint import Run
from lyricist.model.copy_index import word_hash
from lyricist.model.habits import Habits, SectionForm
from lyricist.model.runtime import HostBlocks
from lyricist.model.stock import LINE, NONE, RHYME, StockPhrases, phrase_key
from lyricist.plan import premise
from lyricist.plan.plan import Drawing, Plan

OPEN = Plan(premise=True)
TWO = Drawing(particles=2)
SMALL = premise.Stanza(2, (6, 5), ("iambic",), ("XX",))


@pytest.fixture(autouse=True)
def easy_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms that a model of ninety songs can fulfil, and one that it cannot."""
    never = premise.Stanza(8, (8,), ("iambic",), ("AAAAAAAA",))
    forms = (premise.Form("two lines", SMALL, None, ("vv", "v")), premise.Form("never", never, None, ("v",)))
    monkeypatch.setattr(premise, "FORMS", forms)


def texts(model: lyricist.Model, seeds: range) -> Iterator[str]:
    return (song.text for song in model.write(OPEN, TWO, seed=seeds[0], count=len(seeds)))


def test_a_song_is_the_same_alone_and_beside_others(run: Run) -> None:
    model = lyricist.load(run)
    together = list(texts(model, range(8)))
    assert together == [text for n in range(8) for text in texts(lyricist.load(run), range(n, n + 1))]
    assert len(set(together)) == 8


def test_a_song_is_that_of_the_plan_that_its_seed_draws(run: Run) -> None:
    model = lyricist.load(run)
    for seed, text in enumerate(texts(model, range(6))):
        plan = model.plan_of(OPEN, seed)
        assert not plan.premise and plan.sections
        assert model.write(plan, TWO, seed=seed)[0].text == text


def test_a_premise_that_the_model_cannot_fulfil_is_drawn_again(run: Run) -> None:
    model = lyricist.load(run)
    assert all(model.plan_of(OPEN, seed).sections[0].lines == 2 for seed in range(20))
    assert all(model.plan_of(OPEN, seed).sections[0].syllables == (6, 5) for seed in range(20))


def test_themes_are_words_of_the_run_and_differ(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyricist.generate.batched_step.RANKS", (0, 5000))
    monkeypatch.setattr("lyricist.generate.batched_step.COMPANY", 3)
    monkeypatch.setattr("lyricist.generate.batched_step.NEIGHBOURS", 4)
    writer = PremisedWriter(lyricist.load(run), OPEN)
    themes = {writer.plan(seed).about for seed in range(20)}
    assert len(themes) > 3 and all(len(set(about)) == 2 for about in themes)
    asked = PremisedWriter(lyricist.load(run), Plan(premise=True, about="river"))
    given = {asked.plan(seed).about for seed in range(20)}
    assert len(given) > 1 and all(about[0] == "river" and len(set(about)) == 3 for about in given)


# --- forms and voices of the songs that a run was fine-tuned on

OWN = SectionForm("verse", (4, 5), "", "XX")
TURN = (OWN, SectionForm("verse", (4, 5), "", "XX", (1,)))


def with_habits(run: Run, habits: Habits) -> lyricist.Model:
    model = lyricist.load(run)
    model.__dict__["habits"] = habits
    return model


def test_songs_take_the_form_of_the_songs_of_the_run(run: Run) -> None:
    model = with_habits(run, Habits((TURN,)))
    for seed, text in enumerate(texts(model, range(4))):
        sections = model.plan_of(OPEN, seed).sections
        assert [(s.lines, s.syllables) for s in sections] == [(2, (4, 5))] * 2
        first, second = text.split("\n\n")
        assert first.split("\n")[0].strip(",.") == second.split("\n")[0].strip(",.") and len(text.split("\n")) == 5


def test_a_form_that_clashes_is_not_taken(run: Run) -> None:
    wrong = (SectionForm("verse", (4,), "", "X", (7,)),)
    model = with_habits(run, Habits((wrong,)))
    assert model.plan_of(OPEN, 0).sections[0].syllables == (6, 5)


def test_what_is_asked_for_goes_before_the_habits(run: Run) -> None:
    model = with_habits(run, Habits((TURN,)))
    assert not model.plan_of(Plan(premise=True, syllables=(7,)), 0).sections


def test_voices_are_drawn_as_often_as_the_songs_have_them() -> None:
    shares = (("she", 0.75), ("i", 0.25))
    found = [drawn(shares, seed, 0) for seed in range(400)]
    assert 0.65 < found.count("she") / 400 < 0.85  # fails for fewer than one set of seeds in a million
    assert set(found) == {"she", "i"} and drawn((), 1, 0) == ""


# --- phrases that are held back

SEEDS = range(120)
RHYMING = ("the", "of", "my", "a", "in", "love", "sea", "tree", "bee", "free", "knee", "three", "silver", "river")


def couplets(stock: StockPhrases) -> list[list[tuple[str, ...]]]:
    """Couplets of these seeds, line by line, by a model that likes all words alike."""
    song = compiled(Plan(form="verse", lines=2, syllables=5, rhyme="AA"), RHYMING, order="backward")
    model = HostBlocks(Uniform(len(song.table.words)), song.columns)
    ban = CopyBan(None, song.table.words, 0)
    made = ExactEngine(model, song, Drawing(particles=1), ban, Steering(stock=stock)).write(SEEDS)
    songs = sorted((event for event in made if isinstance(event, SongWritten)), key=lambda event: event.seed)
    return [list(lines_of(song, event.ids)) for event in songs]


def lines_of(song: ExactSongAutomaton, ids: Sequence[int]) -> Iterator[tuple[str, ...]]:
    line: list[str] = []
    for word in ids:
        if word in song.breaks:
            yield tuple(line[::-1])
            line = []
        else:
            line.append(song.table.words[word])


def hashes(words: Sequence[str]) -> list[int]:
    return [word_hash(word) for word in words]


def ends(song: list[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(line[-1] for line in song if line)


def test_a_rationed_rhyme_is_left_to_few_seeds() -> None:
    pair = frozenset({"sea", "tree"})
    free = couplets(NONE)
    barred = couplets(StockPhrases({phrase_key(RHYME, sorted(hashes(sorted(pair)))): 3.0}))
    often = [sum(ends(song) == pair for song in songs) for songs in (free, barred)]
    assert often[0] > 4 * often[1]


def test_a_rationed_line_is_another_one() -> None:
    free = couplets(NONE)
    lines = {line for song in free for line in song if line}
    barred = couplets(StockPhrases({phrase_key(LINE, hashes(line)): 15.0 for line in lines}))
    assert len(barred) == len(SEEDS)
    shared = sum(line in lines for song in barred for line in song)
    assert shared < sum(line in lines for song in free for line in song) / 4


STORY = """he past: bread, hill
form: 6,5 XX; vv;
1: he bread hill / - tree / he bread / - hill tree"""


def test_a_premise_takes_its_form_from_a_story_unless_none_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lyricist.Model, "stories", (STORY,))
    model = lyricist.load(run)
    writer = model.planned(OPEN)
    assert isinstance(writer, PremisedWriter)
    told = [writer.drawn(seed)[0] for seed in range(6)]
    assert {(s.syllables, s.rhyme) for plan in told for s in plan.sections} == {((6, 5), "XX")}
    assert {len(plan.sections) for plan in told} == {2} and not any(plan.about for plan in told)
    assert {len(writer.drawn(seed, tell=False)[0].sections) for seed in range(12)} == {1, 2}
