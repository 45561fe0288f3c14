"""The plan features of a corpus: arrays that give the songs' own rows, and what is hidden of them in training."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from tests import aligned

from lyricist._numbers import chance
from lyricist.corpus import Corpus, Line, LineSlot, Song
from lyricist.corpus.tokenizer import CharTokenizer, WordTokenizer
from lyricist.errors import InputError
from lyricist.model.tokens import Order, song_tokens
from lyricist.prosody.features import CHOICES, GROUPS, groups_of, width
from lyricist.prosody.lexicon import default_lexicon
from lyricist.training.conditioning import (
    OFF,
    PlanSplit,
    plan_set,
    planned_line,
    planned_song,
    sung_counts,
    with_wrong_tunes,
)
from lyricist.training.token_arrays import token_set

SLOTS = width(("slots",))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return aligned.corpus(tmp_path_factory.mktemp("planset") / "c")


def planned(song: Song, order: Order = "forward"):  # type: ignore[no-untyped-def]
    return planned_song(song, WordTokenizer(), order, default_lexicon())


def tokens_of(starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every token of a split, and its song."""
    return np.arange(starts[-1]), np.repeat(np.arange(len(starts) - 1), np.diff(starts))


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("groups", [("slots",), GROUPS])
@pytest.mark.parametrize("split", ["train", "test"])
def test_the_arrays_give_the_rows_of_the_songs(corpus: Corpus, order: Order, groups: tuple[str, ...], split) -> None:  # type: ignore[no-untyped-def]
    tokens = token_set(corpus, "word", order)
    made = plan_set(corpus, tokens).split(split).rows(*tokens_of(tokens.split(split).starts), groups)
    songs = [planned(song, order).rows(order, groups) for song in corpus.songs(split)]
    assert made.dtype == np.float32
    assert (made == np.concatenate(songs)).all()


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_a_song_has_a_row_for_every_token(order: Order) -> None:
    song = aligned.song(3)
    made = planned(song, order).rows(order, GROUPS)
    tokens = song_tokens(song, WordTokenizer(), order)
    assert len(made) == len(tokens)
    word, left = ("below", 2) if order == "forward" else ("river", 1)
    assert made[tokens.index(word), 1:18].argmax() == left


def hidden_rows(plans: PlanSplit, epoch: int, seed: int = 5, songs: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Rows at the first break of a song as if it were many."""
    starts = np.repeat(plans.starts[1:2], songs + 1, axis=0)
    starts[:, 1] = np.arange(songs + 1) % 2 * 8
    many = PlanSplit(plans.left, plans.at, plans.codes, np.tile(plans.notes, (3, 1)), starts)
    at = np.ones(songs, dtype=np.int64)
    return many.rows(at, np.arange(songs), GROUPS, (seed, epoch)), many.rows(at, np.arange(songs), GROUPS)


def test_groups_are_hidden_as_often_as_said(corpus: Corpus) -> None:
    """Shares of 4,000 draws: off by 0.04 with a probability below 1e-6 each."""
    plans = plan_set(corpus, token_set(corpus)).split("train")
    rows, _ = hidden_rows(plans, 0)
    slots = 1 - (1 - OFF["all"]) * (1 - OFF["slots"])
    tune = 1 - (1 - OFF["all"]) * (1 - OFF["tune"])
    assert np.mean(rows[:, 0] == 0) == pytest.approx(slots, abs=0.04)
    tuned = rows[::2, SLOTS] > 0
    assert 1 - tuned.mean() == pytest.approx(tune, abs=0.06)
    assert np.mean(~rows.any(axis=1)[::2]) == pytest.approx(
        OFF["all"] + (1 - OFF["all"]) * OFF["slots"] * OFF["tune"], abs=0.05
    )
    shown = rows[:, 0] == 1
    no_metre = OFF["metre"] + (1 - OFF["metre"]) * OFF["slot"] ** 4
    assert np.mean(~rows[shown, 18:26].any(axis=1)) == pytest.approx(no_metre, abs=0.05)


def test_what_is_hidden_depends_on_seed_epoch_and_song_alone(corpus: Corpus) -> None:
    tokens = token_set(corpus)
    plans, (at, songs) = plan_set(corpus, tokens).split("train"), tokens_of(tokens.split("train").starts)
    whole = plans.rows(at, songs, GROUPS, (1, 2))
    some = np.random.default_rng(0).permutation(len(at))[:50].reshape(5, 10)
    assert (plans.rows(at[some], songs[some], GROUPS, (1, 2)) == whole[some]).all()
    assert (plans.rows(at, songs, GROUPS, (1, 3)) != whole).any()
    assert (plans.rows(at, songs, GROUPS, (2, 2)) != whole).any()
    assert (whole != plans.rows(at, songs, GROUPS)).any()


def test_chance_is_even_and_knows_its_parts_apart() -> None:
    """Mean and spread of 10,000 uniform numbers, within 6 standard errors."""
    drawn = chance(3, 1, 0, np.arange(10_000))
    assert drawn.mean() == pytest.approx(0.5, abs=6 * math.sqrt(1 / 12 / 10_000))
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.abs(np.corrcoef([drawn, chance(1, 3, 0, np.arange(10_000))])[0, 1]) < 0.06


CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("The river runs", (0, 4, 4, 10), [1, 2, 1]),
        (f"Don{CURLY}t go, my love", (0, 6, 10, 13), [1, 1, 1, 1]),
        ('"Hark!" they sing', (0, 8, 13), [1, 1, 1]),  # from the quotation mark on
        ("Oh -- heav'nly day", (0, 6, 6, 14), [1, 2, 1]),
        ("One two", (0, 4, 4, 99), [1, 3]),  # a place behind the line belongs to its last word
    ],
)
def test_slots_go_to_the_words_they_are_under(text: str, at: tuple[int, ...], expected: list[int]) -> None:
    line = Line(text, slots=tuple(LineSlot(a, 1.0, 60, 2, True, 0.0) for a in at))
    assert sung_counts(line, [surface for _, surface in WordTokenizer().split_surface(text)]) == expected


def test_a_line_without_a_tune_is_read_by_the_lexicon() -> None:
    plan, counts = planned_line(Line("The river ran below"), WordTokenizer(), default_lexicon())
    assert (plan.template, plan.notes, counts) == ("x/x/x/", (), [1, 2, 1, 2])


def test_the_tune_says_the_template_where_there_is_one() -> None:
    plan, counts = planned_line(aligned.line(0), WordTokenizer(), default_lexicon())
    assert (plan.template, counts) == ("x/x/x/x/", [1, 2, 1, 2, 1, 1])
    assert len(plan.notes) == 8


def test_wrong_tunes_are_other_songs_lines_of_as_many_notes() -> None:
    songs = [planned(aligned.song(i, sung=i < 5)) for i in range(6)]
    wrong = with_wrong_tunes(songs)
    for before, after in zip(songs, wrong, strict=True):
        assert after.counts == before.counts
        for a, b in zip(before.lines, after.lines, strict=True):
            assert a.template == b.template
            assert len(a.notes) == len(b.notes)
            assert not a.notes or a.notes[0].pitch != b.notes[0].pitch  # every song has a key of its own


def test_arrays_are_made_again_for_other_readings_and_where_damaged(corpus: Corpus, tmp_path: Path) -> None:
    tokens = token_set(corpus)
    path = plan_set(corpus, tokens).path
    before = (path / "train.left").stat().st_mtime_ns
    assert (plan_set(corpus, tokens).path / "train.left").stat().st_mtime_ns == before
    own = tmp_path / "own.txt"
    own.write_text("river R IH1 V\n")
    plan_set(corpus, tokens, default_lexicon().extended(own))
    assert json.loads((path / "plan.json").read_text())["lexicon"] != default_lexicon().digest
    (path / "plan.json").write_text("{")
    plan_set(corpus, tokens)
    assert json.loads((path / "plan.json").read_text())["lexicon"] == default_lexicon().digest


def test_a_model_of_characters_has_no_plan() -> None:
    with pytest.raises(InputError, match="models of whole words"):
        planned_song(aligned.song(0), CharTokenizer(), "forward", default_lexicon())


def test_the_groups_of_a_run_are_told_by_its_width() -> None:
    assert [groups_of(n) for n in (0, 26, 46, 90, 110, 100)] == list(CHOICES.values())
    assert (CHOICES["slots"], CHOICES["tune"]) == (("slots",), GROUPS)
    with pytest.raises(InputError, match="upgrade lyricist"):
        groups_of(7)
