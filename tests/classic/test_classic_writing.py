"""Writing from a classic run and judging it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from classicsongs import tune
from tests.conftest import QUICK_CLASSIC, SMALL_CLASSIC

from lyricist import evaluate, write
from lyricist.corpus import Corpus
from lyricist.errors import InputError
from lyricist.evaluation.train import train_songs
from lyricist.generate.classic_model import ClassicModel, ClassicSteps, NeighbourDraw, accuracy, predictions
from lyricist.generate.engine import Song
from lyricist.generate.exact_writer import decode
from lyricist.generate.free import FreeSongAutomaton
from lyricist.generate.free import State as SongState
from lyricist.generate.open_run import load
from lyricist.generate.result import LineWritten, WrittenSong
from lyricist.melody.read.midi_file import read_midi
from lyricist.model.classic.stepped_net import Neighbours
from lyricist.model.classic.sung_words import SungWords
from lyricist.plan.plan import Drawing, Plan
from lyricist.training.config import Options

pytest.importorskip("gensim")  # has no package for Python 3.14 yet


@pytest.fixture(scope="module")
def model(classic_run: Path) -> ClassicModel:
    found = load(classic_run)
    assert isinstance(found, ClassicModel)
    return found


@pytest.fixture(scope="module")
def hearing(model: ClassicModel) -> ClassicModel:
    return model.hearing(read_midi(tune(3), "t.mid"))


@pytest.fixture(scope="module")
def carried(sung: Corpus, sea: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> ClassicModel:
    """A model that was trained on five words at a time."""
    out = tmp_path_factory.mktemp("carried") / "run"
    options = Options(recipe="classic", midi=sea[1], model={**SMALL_CLASSIC, "context": 5}, train=QUICK_CLASSIC)
    list(train_songs(sung, out, options))
    found = load(out)
    assert isinstance(found, ClassicModel)
    return found


def test_a_song_is_verse_chorus_verse_chorus_and_the_chorus_comes_back(hearing: ClassicModel) -> None:
    (song,) = hearing.write(seed=4)
    assert song.form == "verse 4, chorus 4, verse 4, chorus 4"
    verse, chorus, second, again = song.sections
    assert chorus == again
    assert verse != second
    assert {len(line.text.split()) for s in song.sections for line in s.lines} == {hearing.line_words}
    assert song.copied is not None


def test_the_public_write_takes_a_model_that_hears_a_tune(hearing: ClassicModel) -> None:
    *_, song = write(hearing, Plan(title="Boats"), seed=4)
    assert isinstance(song, WrittenSong)
    assert song.title == "Boats"
    assert song.sections == hearing.write(seed=4)[0].sections


def test_the_same_seed_writes_the_same(hearing: ClassicModel) -> None:
    (one,), (two,), (other,) = (hearing.write(seed=seed) for seed in (9, 9, 10))
    assert one == two
    assert one.text != other.text


def test_lines_come_out_as_they_are_made(hearing: ClassicModel) -> None:
    *lines, song = hearing.events(Plan(form="verse chorus", lines=2), seeds=[1])
    assert all(isinstance(line, LineWritten) for line in lines)
    assert [line.opens for line in lines] == ["verse", "", "chorus", ""]  # type: ignore[union-attr]
    assert [line.text for line in lines] == [x.text for s in song.sections for x in s.lines]  # type: ignore[union-attr]


def test_each_word_is_drawn_by_the_softmax_of_the_ten_nearest(hearing: ClassicModel) -> None:
    """Gone through again with the same dice: the network sees a word and its music, from a zero state."""
    (song,) = hearing.write(Plan(form="verse", lines=3, start="river"), seed=11)
    drawn = [word.lower() for s in song.sections for line in s.lines for word in line.text.split()]
    assert drawn[0] == "river"
    dice, net, vocabulary = np.random.default_rng(11), hearing.net, hearing.vocabulary
    assert hearing.music is not None
    music = hearing.music(len(drawn))
    for i, (word, choice) in enumerate(zip(drawn[1:], song.choices, strict=True)):
        before = np.array([vocabulary.index[drawn[i]]])
        predicted, _ = net.step(before, music[i][None], net.initial_state(1))
        unit = predicted[0] / np.linalg.norm(predicted[0])
        vectors = {t: net.vectors[vocabulary.index[t]] for t in vocabulary.tokens if not t.startswith("<")}
        cosines = {t: float(v @ unit / np.linalg.norm(v)) for t, v in vectors.items()}
        ten = sorted(cosines, key=lambda t: -cosines[t])[:10]
        p = np.exp([cosines[t] for t in ten])
        p /= p.sum()
        assert {c.word for c in choice.candidates} == set(ten)
        np.testing.assert_allclose([c.drawn_p for c in choice.candidates], p, rtol=1e-4)
        assert choice.candidates[int(dice.choice(10, p=[c.drawn_p for c in choice.candidates]))].word == word


def test_draws_follow_the_softmax(hearing: ClassicModel) -> None:
    """2,000 draws of ten words: with a fixed seed this holds or does not; for a random one a share that is off by
    0.05 has a chance below 1e-7 (binomial, p near 0.1)."""
    steps = ClassicSteps(hearing, hearing.neighbours, np.zeros((1, 18), np.float32))
    (logits,), _ = steps.step(np.array([hearing.vocabulary.index["river"]]), steps.initial_state(1))
    logits[np.array([token.startswith("<") for token in hearing.vocabulary.tokens])] = -np.inf
    p = np.exp(logits / 0.05) / np.exp(logits / 0.05).sum()
    draw, song = NeighbourDraw(hearing.vocabulary, np.random.default_rng(0)), Song(0, SongState())
    counts = Counter(draw(song, logits, p) for _ in range(2000))
    assert np.count_nonzero(p) == 10 and set(counts) <= set(np.flatnonzero(p).tolist())
    assert all(abs(counts[int(w)] / 2000 - p[w]) < 0.05 for w in np.flatnonzero(p))


def test_a_low_temperature_takes_the_nearest(hearing: ClassicModel) -> None:
    (song,) = hearing.write(Plan(start="river"), Drawing(temperature=1e-9), seed=1)
    assert all(c.word == c.candidates[0].word for c in song.choices)


@pytest.mark.parametrize("name", ["carried", "hearing"])
def test_state_is_carried_in_writing_as_it_was_in_training(name: str, request: pytest.FixtureRequest) -> None:
    model: ClassicModel = request.getfixturevalue(name)
    steps = ClassicSteps(model, model.neighbours)
    river, the = (np.array([model.vocabulary.index[w]]) for w in ("river", "the"))
    _, state = steps.step(river, steps.initial_state(1))
    after, _ = steps.step(the, state)
    alone, _ = steps.step(the, steps.initial_state(1))
    assert np.array_equal(after, alone) == (name == "hearing")


def test_a_run_steps_like_any_model(model: ClassicModel) -> None:
    """Rows do not depend on each other, a break changes nothing, and given features go before silence."""
    steps, tokens = model.step_model, model.vocabulary.index
    ids = np.array([tokens["river"], tokens["<line>"], tokens["the"]])
    together, after = steps.step(ids, steps.initial_state(3))
    assert together.shape == (3, steps.vocab_size) == (3, len(model.vocabulary))
    for i in range(3):
        alone, own = steps.step(ids[i : i + 1], steps.initial_state(1))
        assert np.array_equal(alone[0], together[i])
        assert all(np.array_equal(a[:, 0], b[:, i]) for a, b in zip(own, after, strict=True))
    assert all(np.array_equal(a[:, 1], b[:, 1]) for a, b in zip(after, steps.initial_state(3), strict=True))
    loud, _ = steps.step(ids, steps.initial_state(3), np.ones((3, 18), np.float32))
    assert not np.array_equal(loud[0], together[0])


def test_the_common_decoder_ends_a_song_of_a_classic_run(model: ClassicModel) -> None:
    plan = Plan(form="verse chorus", lines=2)
    *_, song = decode(model.step_model, FreeSongAutomaton(model.vocabulary, plan), seeds=[3])
    assert [len(s.lines) for s in model.vocabulary.decode(song.ids).sections] == [2, 2]  # type: ignore[union-attr]


def test_fewer_words_than_ten_are_all_near() -> None:
    vectors = np.eye(4, dtype=np.float32)
    words, _ = Neighbours(vectors, np.array([1, 2, 3])).nearest(vectors[2], 10)
    assert words.tolist() == [2, 1, 3]


def test_a_section_returns_as_far_as_it_was_written(hearing: ClassicModel) -> None:
    plan = Plan(form="chorus verse chorus chorus", lines="2,1,3,1")
    first, _, longer, shorter = hearing.write(plan, seed=5)[0].sections
    assert longer.lines[:2] == first.lines and len(longer.lines) == 3
    assert shorter.lines == first.lines[:1]


def test_a_song_without_a_first_word_begins_as_a_training_song_does(hearing: ClassicModel) -> None:
    firsts = {hearing.vocabulary.tokens[song.ids[0]] for song in hearing.songs["train"]}
    begun = {song.text.split()[0].lower() for song in hearing.write(Plan(lines=1), seed=0, count=12)}
    assert begun <= firsts


@pytest.mark.parametrize(
    ("word", "near"), [("rivr", "did you mean river?"), ("qqqq", "choose a word of the training")]
)
def test_a_first_word_without_a_vector(word: str, near: str, hearing: ClassicModel) -> None:
    with pytest.raises(InputError) as e:
        hearing.write(Plan(start=word))
    assert f"--start '{word}' has no vector" in str(e.value)
    assert near in str(e.value)


@pytest.mark.parametrize(
    ("plan", "name"),
    [
        ({"rhyme": "ABAB"}, "--rhyme"),
        ({"syllables": 8}, "--syllables"),
        ({"about": "sea"}, "--about"),
        ({"max_copy": 3}, "--max-copy"),
    ],
)
def test_other_wishes_are_refused(plan: dict[str, object], name: str, hearing: ClassicModel) -> None:
    with pytest.raises(InputError, match=f"^{name}: a classic run follows only"):
        hearing.write(Plan(**plan))


def test_without_a_tune_nothing_is_written(model: ClassicModel) -> None:
    with pytest.raises(InputError, match="name one with --melody"):
        model.write()


def test_another_tune_is_another_song(model: ClassicModel, tmp_path: Path) -> None:
    for i in (0, 8):
        (tmp_path / f"{i}.mid").write_bytes(tune(i))
    one, other = (model.write(seed=2, melody=tmp_path / f"{i}.mid")[0] for i in (0, 8))
    assert [c.candidates for c in one.choices] != [c.candidates for c in other.choices]


def test_the_project_s_own_calls_say_what_a_classic_run_is_not(model: ClassicModel) -> None:
    with pytest.raises(InputError, match="no conditions"):
        model.write(Plan(), keep=lambda words: True)


# -- judging --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["carried", "model"])
def test_figures_by_going_through_a_song_word_for_word(name: str, request: pytest.FixtureRequest) -> None:
    model: ClassicModel = request.getfixturevalue(name)
    songs = model.songs["train"][:3]
    top10 = top1 = 0
    for song in songs:
        state = model.net.initial_state(1)
        for t in range(len(song.ids) - 1):
            before = state if model.context > 1 else model.net.initial_state(1)
            predicted, state = model.net.step(song.ids[t : t + 1], song.features[t : t + 1], before)
            ten, _ = model.neighbours.nearest(predicted[0], 10)
            top10 += song.ids[t + 1] in ten
            top1 += song.ids[t + 1] == ten[0]
    words = sum(len(song.ids) - 1 for song in songs)
    found = accuracy(model, songs)
    assert found["words"] == words
    assert found["top10_accuracy"] == pytest.approx(top10 / words, abs=1e-5)
    assert found["top1_accuracy"] == pytest.approx(top1 / words, abs=1e-5)


def test_the_guess_of_the_ten_commonest(model: ClassicModel) -> None:
    counts = Counter(i for song in model.songs["train"] for i in song.ids.tolist())
    assert {model.vocabulary.tokens[i] for i in model.word_ids[:3]} <= {
        model.vocabulary.tokens[i] for i, _ in counts.most_common(10)
    }
    song = SungWords(model.word_ids[[0, 0, 9, 10]], np.zeros((4, 18), np.float32))
    assert accuracy(model, [song])["frequent10_accuracy"] == pytest.approx(2 / 3, abs=1e-5)


def test_a_word_without_a_vector_counts_as_missed(model: ClassicModel) -> None:
    unk, word = model.vocabulary.unk, int(model.word_ids[0])
    song = SungWords(np.array([word, unk, unk, word]), np.zeros((4, 18), np.float32))
    found = accuracy(model, [song])
    assert found["words"] == 3
    assert found["unknown_share"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["top10_accuracy"] <= 1 / 3 + 1e-5
    pairs = [len(targets) for _, targets in predictions(model, [song.known(unk)])]
    assert sum(pairs) == 1


def test_no_songs_to_judge(model: ClassicModel) -> None:
    with pytest.raises(InputError, match="no songs with tunes"):
        evaluate(model, [])


def test_songs_without_their_music_cannot_be_judged(model: ClassicModel, sung: Corpus) -> None:
    with pytest.raises(InputError, match="with their music"):
        evaluate(model, sung.songs("test"))
