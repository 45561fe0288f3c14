"""The themes of training: words of the song, never of the line that sees them, the same wherever training goes on."""

from __future__ import annotations

import numpy as np
import pytest

from lyricist.apps.cli.write_command import tell_read, tell_unknown
from lyricist.model.tokens import END, LINE, SONG, SPECIALS, Vocabulary
from lyricist.model.topics import SIZE
from lyricist.plan.plan import Plan
from lyricist.prosody.features import LENGTH, TOLD, TOPICAL, theme_features
from lyricist.training.conditioning import MOST, OFF, PIECE, THEME_OFF, PlanSplit, Themes

WORDS = ["<unk>", "<song>", "<verse>", "<chorus>", "<line>", "<end>", "the", "river", "harbour", "lantern", "snow"]
CONTENT = range(7, 11)  # each points a way of its own
SONGS = (
    "<song> <verse> the river <line> the harbour snow <chorus> river lantern <line> the the <end>",
    "<song> <verse> the snow <line> snow the <end>",
    "<song> <verse> the the <line> the <end>",
)


def vectors() -> np.ndarray:
    out = np.zeros((len(WORDS), TOPICAL), dtype=np.float32)
    out[CONTENT, CONTENT] = 1
    return out


def themes(songs: tuple[str, ...] = SONGS) -> Themes:
    ids = [WORDS.index(w) for song in songs for w in song.split()]
    starts = np.cumsum([0, *(len(song.split()) for song in songs)])
    return Themes.of(np.array(ids, dtype=np.uint16), starts, np.arange(len(WORDS)), Vocabulary(WORDS), vectors())


def shown(rows: np.ndarray) -> list[set[str]]:
    """The words that each row points to."""
    return [{WORDS[i] for i in np.flatnonzero(row)} for row in rows]


def lines_of(made: Themes) -> list[set[str]]:
    """The words of every token's line, none outside of lines."""
    out: list[set[str]] = []
    for token in (WORDS[i] for i in made.ids):
        opens = token.startswith("<") and token != "<unk>"
        out.append({token} if opens else out[-1])
        out[-1].add(token)
    return out


def test_a_vector_has_as_many_numbers_as_the_features_of_a_theme() -> None:
    assert SIZE == TOPICAL


@pytest.mark.parametrize("epoch", range(12))
def test_a_line_sees_words_of_its_song_that_it_does_not_hold(epoch: int) -> None:
    made = themes()
    rows = made.rows(np.arange(len(made.ids)), 3, epoch)
    songs = np.repeat(np.arange(3), np.diff(made.bounds))
    own = [{WORDS[i] for i in made.ids[songs == s]} for s in range(3)]
    for seen, line, song, row in zip(shown(rows), lines_of(made), songs, rows, strict=True):
        assert seen <= own[song] & set(WORDS[7:])
        assert not seen & line
        assert not seen or np.linalg.norm(row) == pytest.approx(LENGTH)
        if line & {"<song>", "<end>"}:
            assert not seen
    for song in range(3):  # all lines of a song see the same words but their own
        theme = set().union(*(s for s, k in zip(shown(rows), songs, strict=True) if k == song))
        for seen, line, k in zip(shown(rows), lines_of(made), songs, strict=True):
            if k == song and not line & {"<song>", "<end>"}:
                assert seen == theme - line


def test_a_row_depends_on_seed_epoch_and_song_alone() -> None:
    made = themes()
    at = np.arange(len(made.ids))
    whole = made.rows(at, 1, 2)
    some = np.random.default_rng(0).permutation(at)[:12].reshape(3, 4)
    assert (made.rows(some, 1, 2) == whole[some]).all()
    assert any((made.rows(at, 1, epoch) != whole).any() for epoch in range(3, 40))
    assert any((made.rows(at, seed, 2) != whole).any() for seed in range(2, 40))


def test_words_are_taken_one_to_six_and_all_of_them_at_times() -> None:
    """Of a song of four content words; each of 400 draws misses one of the sizes with a probability below 1e-30."""
    made = themes(SONGS[:1] * 400)
    taken = made.taken(made.read(np.arange(400)), 0, 0)
    sizes = (taken >= 0).sum(axis=1)
    assert taken.shape == (400, MOST)
    assert set(sizes) == {1, 2, 3, 4}
    assert all(len(set(row[row >= 0])) == n for row, n in zip(taken, sizes, strict=True))
    assert set(taken[taken >= 0]) == set(CONTENT)


def test_another_songs_theme_leaves_out_the_words_of_the_line_too() -> None:
    made = themes()
    rows = made.rows(np.arange(len(made.ids)), apart=2)  # the second song sees the first's
    second = slice(made.bounds[1], made.bounds[2])
    seen = shown(rows)[second]
    assert set().union(*seen) <= {"river", "harbour", "lantern"}
    assert set().union(*seen)


def test_a_long_text_is_cut_between_lines() -> None:
    long = "<song> <verse> " + "the river snow <line> " * 700 + "harbour <end>"
    made = themes((long, SONGS[0]))
    assert len(made.bounds) == 2 + 1 + len(long.split()) // PIECE
    assert all(WORDS[made.ids[b]] in ("<song>", "<line>") for b in made.bounds[:-1])
    assert made.rows(np.arange(len(made.ids))).shape == (len(made.ids), TOPICAL)


def test_a_song_is_shown_without_its_theme_as_often_as_said() -> None:
    """Shares of 4,000 draws: off by 0.04 with a probability below 1e-6."""
    made = themes(("<song> <verse> river <line> snow <line> the <end>",) * 4000)
    one = np.zeros(len(made.ids), dtype=np.uint8)
    plans = PlanSplit(one, one.astype(np.uint32), one, np.zeros((0, 4)), np.zeros((4001, 2), dtype=np.int64), made)
    at = made.bounds[:-1] + 5  # the word of the third line, which holds no content word
    rows = plans.rows(at, np.arange(4000), ("theme",), (5, 0))
    assert rows.any(axis=1).mean() == pytest.approx((1 - OFF["all"]) * (1 - THEME_OFF), abs=0.04)
    assert (plans.rows(at, np.arange(4000), ("theme",)).any(axis=1)).all()


def test_no_words_point_nowhere() -> None:
    assert not theme_features(np.zeros((2, TOPICAL), dtype=np.float32)).any()


def test_words_of_a_theme_that_a_model_has_never_met_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    tell_unknown(("river", "lighthaus", "snow"), Vocabulary(WORDS))
    assert "does not know lighthaus: only the other words steer" in capsys.readouterr().err
    tell_unknown(("river",), Vocabulary(WORDS))
    tell_unknown(("lighthaus",), Vocabulary(WORDS))  # writing refuses this
    assert not capsys.readouterr().err


def test_what_a_sentence_is_read_as_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "we crossed the river last year"
    tell_read(Plan(about=sentence), sentence, Vocabulary(WORDS))  # type: ignore[arg-type]
    assert capsys.readouterr().err == "--about is read as: crossed, river; hints: we, past\n"
    tell_read(Plan(about="river, snow"), "river, snow", Vocabulary(WORDS))  # type: ignore[arg-type]
    tell_read(Plan(about="blue lighthaus"), "blue lighthaus", Vocabulary(WORDS))  # type: ignore[arg-type]
    assert not capsys.readouterr().err  # a list needs no reading, and writing refuses unknown words


def test_an_outline_is_the_last_word_and_the_rarest_others_and_the_next_ends() -> None:
    made = themes()
    rows = made.outlines(np.arange(len(made.ids)))
    words = [[WORDS[int(i) - 1] if i else "" for i in row] for row in rows]
    nothing = [""] * TOLD
    assert words[0] == nothing  # the token that opens the song
    assert words[1] == ["river", "", "", "", "", "", "", "snow", "lantern", "the"]
    assert words[3] == words[1]  # the same for all tokens of a line
    assert words[5] == ["snow", "harbour", "", "", "", "", "", "lantern", "the", ""]
    assert words[len(SONGS[0].split())] == nothing


def test_an_outline_names_who_does_it_and_who_else_is_in_it() -> None:
    words = ["nobody", "she", "he's", "they", "my", "him", "their", "saw", "hats", "blue", "not", "road"]
    tokens = [*SPECIALS, *words]
    index = {w: i for i, w in enumerate(tokens)}
    lines = ["she saw their blue hats", "road", "my road", "he's not my road", "they saw him"]
    ids = [index[SONG]]
    for n, line in enumerate(lines):
        ids += [index[LINE] if n else index["<verse>"], *(index[w] for w in line.split()[::-1])]
    made = Themes.of(
        np.array([*ids, index[END]]), np.array([0, len(ids) + 1]), np.arange(len(tokens)),
        Vocabulary(tokens, order="backward"), np.zeros((len(tokens), TOPICAL), dtype=np.float32),
    )  # fmt: skip
    said = made.said(made.read(np.array([0])))[1:-1]
    assert [[tokens[i - 1] if i else "" for i in row] for row in said] == [
        ["hats", "saw", "blue", "", "", "she", "their"],
        ["road", "", "", "", "", "nobody", ""],
        ["road", "", "", "", "", "nobody", "my"],
        ["road", "not", "", "", "", "he's", "my"],
        ["him", "saw", "", "", "", "they", "him"],
    ]


@pytest.mark.parametrize("epoch", range(4))
def test_what_is_hidden_of_an_outline_is_hidden_for_the_whole_line(epoch: int) -> None:
    made = themes()
    whole, some = made.outlines(np.arange(len(made.ids))), made.outlines(np.arange(len(made.ids)), 1, epoch)
    assert ((some == whole) | (some == 0)).all()
    assert (some[1] == some[3]).all()
    again = made.outlines(np.arange(5, 9), 1, epoch)
    assert (again == some[5:9]).all()
