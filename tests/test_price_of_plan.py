"""The prior of plans is a distribution, and is learnt from what training is told."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

from lyricist.corpus import PrepareOptions, prepare
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.model.tokens import Order
from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.planfeatures import LinePlan
from lyricist.training.conditioning import PlannedSong, planned_song
from lyricist.training.token_arrays import token_set
from price_of_plan import SLOTS, PlanPrior, interval, prior_of, templates, training_plans, with_wrong_plans

SONGS = [["x/x/", "x/x/x", "x/x/", "x/x/x"], ["/x?", "", "/x?"], ["x/x/", "/x?"]]


def learnt() -> PlanPrior:
    return prior_of(SONGS)[1]


@pytest.mark.parametrize("before", [(), ("x/x/",), ("x/x/", "x/x/x"), ("nowhere", "/x?")])
def test_prior_sums_to_one(before: tuple[str, ...]) -> None:
    prior = learnt()
    short = ["".join(t) for n in range(6) for t in itertools.product(SLOTS, repeat=n)]
    longer = 1 - sum((prior.lengths[n] + 1) / (prior.lengths.total() + 65) for n in range(6))
    weight, context = longer, before  # of what no context has seen
    while True:
        if counts := prior.seen.get(context):
            weight *= len(counts) / (counts.total() + len(counts))
        if not context:
            break
        context = context[1:]
    assert sum(prior.p(line, before) for line in short) + weight == pytest.approx(1)


def test_prior_knows_forms() -> None:
    prior = learnt()
    assert prior.p("x/x/x", ("x/x/",)) > prior.p("x/x/x", ()) > prior.p("x/x/x/x", ())
    assert prior.nats(SONGS[0]) < prior.nats(SONGS[0][::-1]) < prior.nats(["/////", "xxxxx", "?????", "/////"])
    assert math.isfinite(prior.nats(["x" * 500]))
    counts = prior_of(SONGS)[0]
    assert counts.nats(["????", "?????"]) < prior.nats(["x/x/", "x/x/x"])


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_training_plans_are_those_of_the_songs(order: Order, tmp_path: Path) -> None:
    text = "The river runs to sea\nA yellow moon\n\nRemember me my love tonight"
    options = PrepareOptions(min_words=1, valid_share=0, test_share=0, near_duplicate=None, related=None)
    corpus = prepare(texts=[text], out=tmp_path / "corpus", options=options)
    tokens = token_set(corpus, "word", order)
    found = list(training_plans(corpus, tokens))
    plans = [planned_song(song, WordTokenizer(), order, default_lexicon()) for song in corpus.songs("train")]
    assert found == [templates(plan, order == "backward") for plan in plans]
    assert [len(line) for line in found[0]] == [6, 4, 8]


def song(*lines: tuple[str, int]) -> PlannedSong:
    return PlannedSong(tuple(LinePlan(t) for t, _ in lines), tuple((1,) * n for _, n in lines))


def test_wrong_plans_are_of_other_songs_and_as_long() -> None:
    songs = [song(("x/x/", 4), ("x/x", 2)), song(("/x/x", 3), ("/x/x/x", 4), ("xxxxx", 9))]
    by_syllables, same = with_wrong_plans(songs, "syllables")
    assert [[line.template for line in s.lines] for s in by_syllables] == [
        ["/x/x", "x/x"],
        ["x/x/", "/x/x/x", "xxxxx"],
    ]
    assert same == pytest.approx(3 / 5)  # those without a fellow
    by_words, _ = with_wrong_plans(songs, "words")
    assert by_words[0].lines[0].template == "/x/x/x"
    assert by_words[1].lines[1].template == "x/x/"
    assert by_words[0].counts == songs[0].counts


def test_interval_of_equal_songs() -> None:
    assert interval(np.array([2.0, 4.0]), np.array([1.0, 2.0])) == [2, 2, 2]
