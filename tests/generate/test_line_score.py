"""What drafts are chosen by: sense, coherence, rhyme and what has been said; the choice itself; themes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.generate.exact_tools import WORDS, Bigram, compiled, vocabulary

from lyricist.errors import InputError
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.line_score import (
    AGAIN,
    COHERENCE,
    FADE,
    NAMED,
    NEWLY,
    NOWHERE,
    OWN,
    STOCK,
    THEME,
    TURN,
    LineScorer,
    Score,
    SongTheme,
    Theme,
    from_network,
    mean,
)
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import SongWritten
from lyricist.generate.selection import draw, log_mean
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.steering import Steering
from lyricist.model.copy_index import word_hashes
from lyricist.model.runtime import HostBlocks
from lyricist.model.stock import RUN, StockPhrases, phrase_key
from lyricist.model.topics import Topics
from lyricist.plan.plan import Drawing, Plan

WATER = ("sea", "river", "below")
FLAME = ("fire", "desire", "stone")
PLAN = Plan(form="verse chorus verse chorus", lines=4, syllables="6,5", rhyme="ABAB")
MORE = (*WORDS, "sky", "high", "by", "now", "how", "gold", "cold", "told", "again", "rain", "a", "in", "to", "silver")


def topics(order: str = "forward", words: Sequence[str] = WORDS) -> Topics:
    """Words of water point one way, words of fire another, others nowhere."""
    known = vocabulary(words, order)
    vectors = np.zeros((len(known), 2), dtype=np.float32)
    for axis, group in enumerate((WATER, FLAME)):
        vectors[known.ids(group), axis] = 1
    return Topics(known, vectors)


def scored(
    words: str, nats: float = 20.0, said: str = "", theme: Theme | None = None, so_far: Any = NOWHERE
) -> Score:
    index = topics().vocabulary.index
    finals = np.zeros(len(index), dtype=np.float32)
    finals[index["tree"]] = 0.02
    made = LineScorer(topics(), theme and SongTheme([theme], [0]), finals, len(index) + 1)
    return made.line([index[w] for w in words.split()], nats, {index[w] for w in said.split()}, so_far)


def test_likelier_lines_have_more_sense() -> None:
    assert scored("the sea", 10).sense > scored("the sea", 12).sense


def test_a_song_coheres_with_itself_and_with_its_theme() -> None:
    water = np.array([3, 0], dtype=np.float32)
    assert scored("the sea", so_far=water).coherence == pytest.approx(COHERENCE)
    assert scored("the fire", so_far=water).coherence == 0
    assert scored("the sea").coherence == scored("of my love").coherence == 0
    assert scored("the fire", so_far=water, theme=Theme.of(["desire"], topics())).coherence == pytest.approx(THEME)


def test_usual_rhymes_cost() -> None:
    assert scored("the tree").rhyme < scored("the stone").rhyme == scored("tree stone").rhyme == 0


def test_saying_it_again_costs_but_little_words_do_not() -> None:
    assert scored("my sea", said="sea my").again == -AGAIN
    assert scored("sea sea").again == -AGAIN
    assert scored("my my", said="my").again == 0


def test_a_theme_is_named_once() -> None:
    theme = Theme.of(["sea"], topics())
    assert scored("the sea", theme=theme).coherence == pytest.approx(THEME + NEWLY)
    assert scored("the sea", said="sea", theme=theme).coherence == pytest.approx(THEME)
    assert scored("my sea", said="sea", theme=theme).again == -AGAIN * NAMED < -AGAIN
    assert scored("the river", theme=theme).coherence == pytest.approx(THEME)


def test_scores_add_up() -> None:
    both = mean([Score(1, 2, -1, 0), Score(3, 0, -1, -2)])
    assert both == Score(2, 1, -1, -1)
    assert both.total == 1 and mean([]) == Score()
    assert both.to_json() == {
        "total": 1,
        "sense": 2,
        "coherence": 1,
        "rhyme": -1,
        "again": -1,
        "judged": 0,
        "stock": 0,
        "told": 0,
    }


def test_stock_phrases_cost_as_much_as_the_drawing_says() -> None:
    index, hashes = topics().vocabulary.index, word_hashes(topics().vocabulary.tokens).tolist()
    words = [index["the"], index["sea"]]
    stock = StockPhrases({phrase_key(RUN, [hashes[w] for w in words]): 2.0})
    made = LineScorer(topics(), None, None, len(index)).avoiding(stock, hashes)
    assert made.line(words, 10, (), NOWHERE).stock == -STOCK * 2
    assert made.line(words, 10, (), NOWHERE, stock=0.5).stock == -STOCK
    assert made.line(words[::-1], 10, (), NOWHERE).stock == 0
    assert made.line(words, 10, (), NOWHERE, stock=0).total == made.line(words, 10, (), NOWHERE).total + STOCK * 2


def test_a_draw_by_weights() -> None:
    weight = np.log(np.array([0.1, 0.6, 0.3]))
    assert [draw(weight, p) for p in (0.05, 0.5, 0.95)] == [0, 1, 2]
    assert log_mean(weight) == pytest.approx(np.log(1 / 3))


# --- themes


def test_a_theme_is_its_words_and_their_company() -> None:
    theme = Theme.of(["sea"], topics())
    index = topics().vocabulary.index
    assert theme.nats[0, index["sea"]] == OWN + TURN and not theme.nats[0, index["fire"]]
    assert theme.aims.tolist() == [[1, 0]]
    assert [float(nats[index["sea"]]) for nats in theme.levels()] == pytest.approx(
        [(OWN + TURN) * share for share in FADE]
    )
    words = np.array([index["sea"], index["fire"], len(index) + 5])
    assert SongTheme([theme], [0]).holds(np.zeros(3, dtype=np.int64), words).tolist() == [True, False, False]


def test_a_theme_of_unknown_words_is_refused_and_of_little_ones_steers_by_them() -> None:
    with pytest.raises(InputError, match="--about 'zeppelin'"):
        Theme.of(["zeppelin"], topics())
    theme = Theme.of(["my", "zeppelin"], topics())
    assert np.flatnonzero(theme.nats[0]).tolist() == [topics().vocabulary.index["my"]]
    assert not theme.aims.any()


def test_lines_take_turns_between_the_words_of_a_theme() -> None:
    theme = Theme.of(["sea", "fire"], topics())
    index = topics().vocabulary.index
    assert theme.nats.shape == (2, len(index))
    assert theme.nats[:, [index["sea"], index["fire"]]].tolist() == [[OWN + TURN, OWN], [OWN, OWN + TURN]]
    assert (theme.aims[0] > 0).all() and theme.aims[0, 0] > theme.aims[0, 1] and theme.aims[1, 1] > theme.aims[1, 0]
    line, held = np.array([-1, 0, 1, 2, 3]), np.array([0, 1, 0, 5, 2])
    assert SongTheme([theme], [0] * 4).level(line, held).tolist() == [0, 1, 3, 2, 5]
    assert len(theme.levels()) == 6


def test_sections_have_themes_of_their_own() -> None:
    made = SongTheme.of([["sea", "fire"], ["sea", "fire"], [], ["tree"]], topics())
    assert made is not None
    index = topics().vocabulary.index
    lines = np.arange(5)
    assert made.level(lines, np.array([0, 2, 1, 1, 0])).tolist() == [0, 5, 7, 10, 9]  # the last stands after the song
    assert len(made.levels()) == 12 and not made.levels()[6].any()
    assert made.holds(lines[:4], np.full(4, index["sea"])).tolist() == [True, True, False, False]
    scorer = LineScorer(topics(), made, None, len(index))
    sea = [index["sea"]]
    assert [scorer.line(sea, 20.0, (), NOWHERE, i).coherence > 0 for i in range(4)] == [True, True, False, False]
    assert SongTheme.of([[], []], topics()) is None


def test_without_topical_vectors_the_networks_own_stand_in() -> None:
    known = vocabulary()
    made = from_network(known, np.random.default_rng(0).normal(size=(len(known), 4)).astype(np.float32))
    assert made.has[known.index["river"]] and not made.has[known.index["the"]]


# --- in the engine


def engine(song: ExactSongAutomaton, drawing: Drawing, about: str = "", order: str = "backward") -> ExactEngine:
    known = topics(order, MORE)
    theme = SongTheme.of([[about] if about else []] * len(song.lines), known)
    merit = LineScorer(known, theme, song.columns.finals, len(song.table.words))
    blocks = HostBlocks(Bigram(song.table.known), song.columns)
    return ExactEngine(blocks, song, drawing, CopyBan(None, song.table.words, 0), Steering(theme, scorer=merit))


def written(made: ExactEngine, seeds: Sequence[int]) -> dict[int, SongWritten]:
    return {e.seed: e for e in made.write(seeds) if isinstance(e, SongWritten)}


@pytest.mark.parametrize("about", ["", "sea"])
@pytest.mark.parametrize("order", ["forward", "backward"])
def test_a_chosen_song_does_not_depend_on_its_batch(order: str, about: str) -> None:
    song = compiled(PLAN, MORE, order, with_ends=True)
    together = written(engine(song, Drawing(particles=3), about, order), range(8))
    for seed in (0, 5, 7):
        assert written(engine(song, Drawing(particles=3), about, order), [seed])[seed] == together[seed]


def test_chosen_lines_score_higher() -> None:
    song = compiled(PLAN, MORE, "backward", with_ends=True)
    plain = written(engine(song, Drawing(particles=1)), range(12)).values()
    chosen = written(engine(song, Drawing(particles=8)), range(12)).values()
    totals = [np.mean([mean(e.scores).total for e in songs]) for songs in (plain, chosen)]
    assert totals[1] > totals[0] + 0.5


def test_lines_are_scored_once_each_and_not_those_that_return() -> None:
    song = compiled(PLAN, MORE, "backward", with_ends=True)
    (made,) = written(engine(song, Drawing(particles=4)), [3]).values()
    assert len(made.scores) == 12  # the chorus comes back
    assert written(engine(song, Drawing(particles=4, merit=0)), [3])[3].scores == ()


def test_most_lines_hold_a_word_of_the_theme() -> None:
    song = compiled(PLAN, MORE, "backward", with_ends=True)
    shares = []
    for about in ("", "sea"):
        made = written(engine(song, Drawing(particles=1, repetition=0), about), range(12)).values()
        wet = set(topics("backward", MORE).vocabulary.ids(WATER))
        shares.append(np.mean([w in wet for e in made for w in e.ids]))
    assert shares[1] > 1.2 * shares[0]


def test_no_line_opens_as_the_two_before_did() -> None:
    song = compiled(Plan(form="verse", lines=8, syllables=4, rhyme="X"), MORE, "backward", with_ends=True)
    for made in written(engine(song, Drawing(particles=1)), range(30)).values():
        breaks = [k for k, w in enumerate(made.ids) if w in song.breaks]
        opening = [made.ids[k - 1] for k in breaks if k]
        assert not any(a == b == c for a, b, c in zip(opening, opening[1:], opening[2:], strict=False))


def test_a_content_word_is_seldom_said_twice_at_once() -> None:
    song = compiled(Plan(form="verse", lines=8, syllables=6, rhyme="X"), MORE, "backward", with_ends=True)
    content = {int(w) for w in np.flatnonzero(topics("backward", MORE).has)}
    counts = []
    for repetition in (0.0, 0.4):
        ids = [e.ids for e in written(engine(song, Drawing(particles=1, repetition=repetition)), range(20)).values()]
        words = [[w for w in song_ids if w not in song.breaks] for song_ids in ids]
        counts.append(sum(w in one[max(0, k - 6) : k] for one in words for k, w in enumerate(one) if w in content))
    assert counts[1] < 0.7 * counts[0]
