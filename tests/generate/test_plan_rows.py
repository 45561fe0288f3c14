"""The law of plan features: a written song, replayed as training reads it, has the rows that it was written with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import aligned
from tests.generate import exact_tools

from lyricist.corpus import Line, LineSlot, Section, Song
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.result import WrittenSong
from lyricist.generate.steering import STRENGTH, line_plan
from lyricist.generate.writer import Model
from lyricist.model.tokens import Order, Vocabulary
from lyricist.model.topics import Topics
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.plan_file import parse_plan, plan_text
from lyricist.prosody.features import GROUPS, TOPICAL, Note, width
from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.metre import KINDS
from lyricist.training.conditioning import PlannedSong, Themes, planned_song

WORDS = (*exact_tools.WORDS, "a", "night", "light", "away", "today", "and", "runs", "sings", "river's", "melody")
NOTES = tuple(Note(1.0 + (i == 7), 60 + i, (1, 4, 2, 3)[i % 4], float(i in (3, 7))) for i in range(8))
STRONG = "x/x/|x/x/"


class Told(exact_tools.Bigram):
    """A bigram model that keeps what it is told at every step."""

    features = width(GROUPS)

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []

    def step(self, ids, state, features=None):  # type: ignore[no-untyped-def]
        assert features is not None
        self.seen.append((ids.copy(), features.copy()))
        return super().step(ids, state)


def written(plan: Plan, order: Order, seed: int = 3) -> tuple[WrittenSong, Told, Model]:
    """One song of one particle, so that every step has one row."""
    vocabulary = exact_tools.vocabulary(WORDS, order)
    told = Told(len(vocabulary))
    model = Model(told, vocabulary)
    (song,) = model.write(plan, Drawing(particles=1), seed=seed)
    return song, told, model


def rows_of(told: Told) -> tuple[list[int], np.ndarray]:
    return [int(ids[0]) for ids, _ in told.seen], np.concatenate([rows for _, rows in told.seen])


def as_read(song: WrittenSong, order: Order) -> PlannedSong:
    """The song as training reads it, by its words alone."""
    return planned_song(Song("", "", song.sections, ""), WordTokenizer(), order, default_lexicon())


PLANS = {
    "counts": Plan(form="verse", lines=3, syllables=(8, 5)),
    "metre": Plan(form="verse verse", lines=2, syllables=(8, 7), metre="iambic, trochaic"),
    "rhyme": Plan(form="verse", lines=4, syllables=(8, 6), metre="iambic", rhyme="ABAB"),
    "a chorus that returns": Plan(form="verse chorus verse chorus", lines=2, syllables=6, rhyme="AA"),
    "given lines": Plan.model_validate(
        {"sections": [{"name": "verse", "syllables": [8], "text": ["", "The river below the old tree", ""]}]}
    ),
    "a refrain": Plan(form="verse verse", lines=3, syllables=6, refrain="The memory of love"),
    "words that end before |": Plan(form="verse", lines=2, metre="x/x/|x/x/"),
    "a first word": Plan(form="verse", lines=2, syllables=(8, 8), start="river"),
    "a keyword": Plan(form="verse", lines=3, syllables=8, include="desire"),
    "lines of any length": Plan.model_validate(
        {
            "sections": [
                {"name": "verse", "text": ["The river below", ""]},
                {"name": "verse", "lines": 1, "syllables": 5},
            ]
        }
    ),
}


def check_law(plan: Plan, order: Order) -> None:
    song, told, model = written(plan, order)
    ids, rows = rows_of(told)
    spec = model.planned(plan).spec
    replayed = replace(as_read(song, order), lines=tuple(line_plan(line) for line in spec.lines))
    encoded = model.vocabulary.encode(Song("", "", song.sections, ""))
    known = [model.vocabulary.unk if i >= len(model.vocabulary) else i for i in encoded]
    assert ids == known[:-1]  # nothing was begun anew
    assert (rows == replayed.rows(order, GROUPS)[:-1]).all()
    assert rows[:, 0].any()


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("name", PLANS)
def test_the_rows_of_writing_are_the_rows_of_training(name: str, order: Order) -> None:
    check_law(PLANS[name], order)


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("groups", [("slots", "theme"), (*GROUPS, "theme")])
def test_the_theme_of_writing_is_that_of_training(
    order: Order, groups: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that hold a word of the theme aside, which training would not show them."""
    about = ("river", "desire")
    vocabulary = exact_tools.vocabulary(WORDS, order)
    told = Told(len(vocabulary))
    told.features = width(groups)
    model = Model(told, vocabulary)
    vectors = np.zeros((len(vocabulary), TOPICAL), dtype=np.float32)
    numbers = [vocabulary.index[word] for word in about]
    vectors[numbers, [0, 1]] = 1
    model.topics = Topics(vocabulary, vectors)
    (song,) = model.write(Plan(form="verse verse", lines=9, syllables=8, about=about), Drawing(particles=1), seed=3)
    _, rows = rows_of(told)
    ids = np.array(vocabulary.encode(Song("", "", song.sections, "")))
    themes = Themes.of(ids, np.array([0, len(ids)]), np.arange(len(vocabulary)), vocabulary, vectors)
    monkeypatch.setattr(Themes, "taken", lambda *_: np.array([[*numbers, -1, -1, -1, -1]]))
    read = themes.read(np.zeros(1, dtype=np.int64))
    without = ~np.isin(read.line, read.line[np.isin(ids, numbers)])[:-1]
    trained = themes.rows(np.arange(len(ids)))[:-1]
    assert np.allclose(rows[without, -TOPICAL:], STRENGTH * trained[without], atol=1e-6)
    assert rows[1:, -TOPICAL:].any(axis=1).all()
    assert without.sum() > 20


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_lines_that_are_searched_for_have_them_too(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every line had come to a dead end at once."""
    begin, searching = ExactEngine.begin_line, [False]

    def searched(engine: ExactEngine, n: int) -> None:
        begin(engine, n)
        if not searching[0] and int(engine.rows.line[n]) in engine.song.beginnings:
            searching[0] = True
            engine.search_line(n)
            searching[0] = False

    monkeypatch.setattr(ExactEngine, "begin_line", searched)
    check_law(PLANS["metre"], order)


def tune_plan(name: str = "verse") -> Plan:
    section = {"name": name, "lines": 2, "syllables": [8], "metre": [STRONG], "tune": [NOTES, NOTES]}
    return Plan.model_validate({"sections": [section, {**section, "name": "verse"}]})


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_a_song_for_a_tune_has_the_rows_of_one_that_is_sung_to_it(order: Order) -> None:
    song, told, _ = written(tune_plan(), order)
    _, rows = rows_of(told)
    sections = tuple(Section(s.name, tuple(under_notes(line) for line in s.lines)) for s in song.sections)
    replayed = planned_song(Song("", "", sections, ""), WordTokenizer(), order, default_lexicon())
    assert (rows == replayed.rows(order, GROUPS)[:-1]).all()
    assert rows[:, width(("slots",)) :].any()


def under_notes(line: Line) -> Line:
    """A line with NOTES under its syllables, as a file of music would have it."""
    at, starts = 0, []
    for word in line.text.split():
        starts += [at] * default_lexicon().readings(word.lower())[0].syllables
        at += len(word) + 1
    slots = STRONG.replace("|", "")
    return Line(
        line.text,
        slots=tuple(
            LineSlot(a, n.duration, n.pitch, n.strength, s == "/", n.rest)
            for a, n, s in zip(starts, NOTES, slots, strict=True)
        ),
    )


def test_several_songs_and_particles_are_told_what_one_is() -> None:
    """What a song is told does not depend on the songs beside it."""
    plan = PLANS["rhyme"]
    vocabulary = exact_tools.vocabulary(WORDS, "backward")
    alone = [Model(Told(len(vocabulary)), vocabulary).write(plan, seed=s)[0].text for s in range(6)]
    together = Model(Told(len(vocabulary)), vocabulary).write(plan, seed=0, count=6)
    assert [song.text for song in together] == alone


def test_a_model_that_knows_no_plan_is_told_nothing() -> None:
    vocabulary = exact_tools.vocabulary(WORDS)
    model = Model(exact_tools.Bigram(len(vocabulary)), vocabulary)  # its step takes no features
    assert model.planned(PLANS["metre"]).conditioning is None
    assert model.write(PLANS["metre"], seed=1)[0].text


def test_the_tune_stands_in_the_plan_file() -> None:
    plan = tune_plan("chorus")
    assert plan.sections[0].tune == (NOTES, NOTES)
    again = parse_plan(plan_text(plan))
    assert again == plan


@pytest.mark.parametrize(
    "tune",
    [
        pytest.param([NOTES[:7]], id="too few"),
        pytest.param([[[1, 60, 4]]], id="three numbers"),
        pytest.param([[[1, 60, 9, 0]] * 8], id="too strong"),
        pytest.param([[[0, 60, 4, 0]] * 8], id="no length"),
        pytest.param([[["a", 60, 4, 0]] * 8], id="no number"),
        pytest.param(7, id="no list"),
    ],
)
def test_a_tune_that_does_not_fit_is_refused(tune: object) -> None:
    section = {"name": "verse", "lines": 1, "syllables": [8], "tune": tune}
    with pytest.raises(InputError, match="note") as e:
        written(Plan.model_validate({"sections": [section]}), "forward")
    assert "\n" not in str(e.value)


def test_the_plan_of_a_tune_carries_it() -> None:
    melodies = Path(__file__).parents[3] / "shared" / "data" / "melodies" / "hymns-abc"
    if not melodies.is_dir():
        pytest.skip("the tunes are not there")
    from lyricist.melody.read import read_tune
    from lyricist.plan.from_tune import plan_to
    from lyricist.plan.plan import with_defaults
    from lyricist.plan.song_spec import lay_out

    tune = read_tune(melodies / "Amazing_Grace-New_Britain.abc")
    lines = lay_out(with_defaults(plan_to(tune, 2))).lines
    assert [len(line.notes) for line in lines] == [len(phrase.slots) for phrase in tune.phrases] * 2
    assert all(len(line.notes) == len(line.templates[0].translate(KINDS)) for line in lines)


def test_words_of_a_song_sung_to_a_tune_of_the_corpus_are_counted_by_its_slots() -> None:
    vocabulary = Vocabulary(["<unk>", "<song>", "<verse>", "<chorus>", "<line>", "<end>"])
    song = aligned.song(1)
    made = planned_song(song, WordTokenizer(), vocabulary.order, default_lexicon())
    assert [sum(counts) for counts in made.counts] == [len(line.slots) for line in song.lines()]
