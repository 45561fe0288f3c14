"""Topical vectors: from literal songs of two themes, kept in 8 bits, handed on to a fine-tuned run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lyricist.corpus import Line, Section, Song
from lyricist.errors import RunError
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.topics import SIZE, WINDOW, Company, Topics, inherit, is_plain, learn

SEA = ("the anchor and the harbour", "sailors in the harbour", "the anchor of the sailors", "gulls above the harbour")
FARM = ("the barley and the meadow", "reapers in the meadow", "the barley of the reapers", "larks above the meadow")
WORDS = ("the", "and", "in", "of", "above", "anchor", "harbour", "sailors", "gulls", "barley", "meadow", "reapers", "larks")  # fmt: skip


def song(lines: tuple[str, ...]) -> Song:
    return Song("", "", (Section("verse", tuple(map(Line, lines))),), "")


def songs(each: int = 8) -> list[Song]:
    return [song(lines) for _ in range(each) for lines in (SEA, FARM)]


def vocabulary(*more: str) -> Vocabulary:
    return Vocabulary([*sorted(SPECIALS), *WORDS, *more])


def encoded(made: list[Song], known: Vocabulary) -> tuple[np.ndarray, list[int]]:
    ids: list[int] = []
    starts = []
    for one in made:
        starts.append(len(ids))
        ids += known.encode(one)
    return np.array(ids, dtype=np.uint16), [*starts, len(ids)]


@pytest.fixture(scope="module")
def topics() -> Topics:
    return learn(*encoded(songs(), vocabulary()), vocabulary(), size=2)


def likeness(topics: Topics, a: str, b: str) -> float:
    return float(topics.theme_vector([a]) @ topics.theme_vector([b]))


@pytest.mark.parametrize(("a", "b"), [("anchor", "harbour"), ("anchor", "sailors"), ("barley", "reapers")])
def test_words_of_one_theme_point_the_same_way(topics: Topics, a: str, b: str) -> None:
    assert likeness(topics, a, b) > 0.5


@pytest.mark.parametrize(("a", "b"), [("anchor", "barley"), ("gulls", "larks"), ("harbour", "meadow")])
def test_words_of_two_themes_do_not(topics: Topics, a: str, b: str) -> None:
    assert abs(likeness(topics, a, b)) < 0.2


def test_vectors_have_length_one_or_say_nothing(topics: Topics) -> None:
    length = np.linalg.norm(topics.vectors, axis=1)
    assert np.allclose(length[topics.has], 1, atol=1e-5) and not length[~topics.has].any()
    assert {w for w in WORDS if not topics.has[topics.vocabulary.index[w]]} == {"the", "and", "in", "of", "above"}
    assert learn(*encoded(songs(1), vocabulary()), vocabulary()).vectors.shape == (len(vocabulary()), SIZE)


def test_a_theme_of_nothing_known_has_no_direction(topics: Topics) -> None:
    assert not topics.theme_vector(["the", "zeppelin"]).any()
    both = topics.theme_vector(["anchor", "barley", "the"])
    assert np.linalg.norm(both) == pytest.approx(1, abs=1e-5)


def test_company_is_kept_within_a_song_and_a_window() -> None:
    far = song(("the anchor", *["in the"] * WINDOW, "harbour"))
    near = song(("the anchor", *["in the"] * (WINDOW - 1), "harbour"))
    known = vocabulary()
    assert not Company.of(*encoded([far] * 6, known), known).counts().any()
    assert Company.of(*encoded([near] * 6, known), known).counts().sum() == 12
    apart = [song(("the anchor",)), song(("harbour",))] * 6
    assert not Company.of(*encoded(apart, known), known).counts().any()


def test_they_come_back_from_eight_bits(topics: Topics, tmp_path: Path) -> None:
    topics.save(tmp_path / "topics.safetensors")
    again = Topics.load(tmp_path / "topics.safetensors", topics.vocabulary)
    assert np.abs(again.vectors - topics.vectors).max() < 0.01
    assert (again.has == topics.has).all()
    with pytest.raises(RunError, match="damaged|does not fit"):
        Topics.load(tmp_path / "topics.safetensors", vocabulary("more"))
    (tmp_path / "topics.safetensors").write_bytes(b"no")
    with pytest.raises(RunError, match="damaged|does not fit"):
        Topics.load(tmp_path / "topics.safetensors", topics.vocabulary)


def test_a_new_word_points_where_its_company_does(topics: Topics) -> None:
    known = vocabulary("lighthouse", "nowhere")
    new = [song((*SEA, "the lighthouse")), song(FARM)] * 6
    made = inherit(topics, known, *encoded(new, known))
    assert likeness(made, "lighthouse", "harbour") > 0.7 > 0.2 > abs(likeness(made, "lighthouse", "meadow"))
    assert likeness(made, "anchor", "sailors") == pytest.approx(likeness(topics, "anchor", "sailors"), abs=1e-5)
    assert not made.theme_vector(["nowhere"]).any()
    assert not inherit(topics, known).theme_vector(["lighthouse"]).any()


def test_songs_without_content_give_vectors_that_say_nothing() -> None:
    known = vocabulary()
    assert not learn(*encoded([song(("the and of", "in the"))], known), known).vectors.any()


@pytest.mark.parametrize("word", ["the", "o'er", "lov'd", "42", "oh", "<line>", "never", "way"])
def test_plain_words(word: str) -> None:
    assert is_plain(word)


@pytest.mark.parametrize("word", ["harbour", "winter", "love", "whisky"])
def test_words_with_a_theme(word: str) -> None:
    assert not is_plain(word)
