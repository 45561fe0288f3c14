from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from lyricist.corpus import Line, Section, Song
from lyricist.errors import InputError
from lyricist.evaluation.metrics import (
    distinct,
    evaluate,
    length_distance,
    likelihood,
    line_lengths,
    repeated_lines,
    self_bleu,
    shape,
)
from lyricist.generate.writer import Model
from lyricist.model.copy_index import CopyIndex
from lyricist.model.tokens import SPECIALS, Vocabulary

VOCABULARY = Vocabulary([*sorted(SPECIALS), *(f"w{i}" for i in range(37))])


class Uniform:
    """Every word equally likely: perplexity is the size of the vocabulary, whatever the text."""

    vocab_size = len(VOCABULARY)

    def initial_state(self, batch: int):  # type: ignore[no-untyped-def]
        return (np.zeros((1, batch, 1), dtype=np.float32),)

    def step(self, ids, state):  # type: ignore[no-untyped-def]
        return np.zeros((len(ids), self.vocab_size), dtype=np.float32), state


class Counter(Uniform):
    """Sure of the token after the last (ids mod V), so each right guess costs nothing."""

    def step(self, ids, state):  # type: ignore[no-untyped-def]
        logits = np.full((len(ids), self.vocab_size), -50.0, dtype=np.float32)
        logits[np.arange(len(ids)), (ids + 1) % self.vocab_size] = 50.0
        return logits, state


def song(*lines: str) -> Song:
    return Song("", "", (Section("verse", tuple(Line(x) for x in lines)),), "")


def songs() -> Iterator[Song]:
    rng = np.random.default_rng(0)
    for _ in range(70):
        lines = [" ".join(f"w{i}" for i in rng.integers(0, 37, 4)) for _ in range(int(rng.integers(1, 6)))]
        yield song(*lines)


@pytest.mark.parametrize("tokenizer", ["word", "whitespace"])
def test_a_uniform_model_has_the_perplexity_of_its_vocabulary(tokenizer: str) -> None:
    vocabulary = Vocabulary(VOCABULARY.tokens, tokenizer)
    result = likelihood(Model(Uniform(), vocabulary), songs())
    assert result["perplexity"] == pytest.approx(len(VOCABULARY), rel=1e-4)
    lines = sum(len(s.sections[0].lines) for s in songs())
    section_tags = 70 if tokenizer == "word" else 0
    assert result["words"] == 5 * lines + section_tags
    characters = sum(len(line.text) + 1 for s in songs() for line in s.lines())
    assert result["bits_per_character"] == pytest.approx(
        result["words"] * math.log2(len(VOCABULARY)) / characters, rel=1e-3
    )


def test_every_token_is_scored_after_its_own_context() -> None:
    """Ids counting upwards are free for `Counter`, whatever songs stand beside each other; others cost 100."""
    up = [" ".join(f"w{i}" for i in range(k, k + 6)) for k in range(1, 21)]
    first = VOCABULARY.index
    assert [first[f"w{i}"] + 1 == first[f"w{i + 1}"] for i in range(36)] == [True] * 36
    result = likelihood(Model(Counter(), VOCABULARY), [song(line) for line in up])
    wrong = 3  # <verse> after <song>, the first word after <verse>, <end> after the last word
    assert result["nll_per_word"] == pytest.approx(100 * wrong / 8, rel=1e-3)


def test_unknown_words_are_counted() -> None:
    assert likelihood(Model(Uniform(), VOCABULARY), [song("w1 zebra w2")])["unknown_share"] == pytest.approx(1 / 5)


def test_the_ten_likeliest_words_are_asked_wherever_a_word_follows_a_word() -> None:
    """`Counter` knows what comes within a line; the first word of the song is not asked, nor are breaks."""
    result = likelihood(Model(Counter(), VOCABULARY), [song("w3 w4 w5", "w20 w21 zebra")])
    assert result["top1_accuracy"] == pytest.approx(3 / 5)  # w4, w5, w21; w20 after a break and zebra are missed
    assert result["top10_accuracy"] >= result["top1_accuracy"]
    assert result["frequent10_accuracy"] == pytest.approx(2 / 5)  # w0 to w9 stand first in the vocabulary
    same = likelihood(Model(Uniform(), VOCABULARY), [song("w3 w4 w5 zebra")])
    assert same["top10_accuracy"] == pytest.approx(2 / 3, abs=1e-5)  # of equals the first ten; zebra is missed
    assert same["top1_accuracy"] == 0


def test_characters_have_no_accuracy_of_words() -> None:
    characters = Vocabulary(["<unk>", *"abc "], "char")
    assert "top10_accuracy" not in likelihood(Model(Uniform(), characters), [song("a b")])


def test_no_songs_is_said_clearly() -> None:
    with pytest.raises(InputError, match="no songs to evaluate on"):
        likelihood(Model(Uniform(), VOCABULARY), [])


TEXT = [[["a", "b", "a", "b"], ["c", "d"]], [["a", "b", "a", "b"], ["e"]]]


def test_distinct() -> None:
    assert distinct(TEXT, 1) == 5 / 11
    assert distinct(TEXT, 2) == 3 / 7  # ab ba ab, cd, ab ba ab


def test_repeated_lines_count_within_a_song_only() -> None:
    assert repeated_lines(TEXT) == 0
    assert repeated_lines([[["a"], ["a"], ["b"], ["a"]]]) == 0.5


def test_line_lengths_and_their_distance() -> None:
    assert line_lengths(TEXT) == {4: 2, 2: 1, 1: 1}
    a, b = shape(TEXT, None), shape([[["x"]]], None)
    assert length_distance(a, a) == 0
    assert length_distance(a, b) == pytest.approx(0.75)


def test_self_bleu_is_1_for_copies_and_low_for_strangers() -> None:
    words = ["the", "river", "runs", "below", "the", "town", "and", "nobody", "knows", "its", "name"]
    assert self_bleu([[words], [words]]) == pytest.approx(1)
    assert self_bleu([[words], [[w + "x" for w in words]]]) == 0
    assert self_bleu([[words]]) == 0


def test_self_bleu_by_hand() -> None:
    """a b c d against a b x d: 3/4 unigrams, (1+1)/(3+1) bigrams, (0+1)/(2+1), (0+1)/(1+1)."""
    expected = (3 / 4 * 2 / 4 * 1 / 3 * 1 / 2) ** 0.25
    assert self_bleu([[list("abcd")], [list("abxd")]]) == pytest.approx(expected)


def test_longest_copied_run_is_over_line_ends() -> None:
    index = CopyIndex.from_songs([[["a", "b"], ["c", "d"]]])
    assert shape([[["x", "b"], ["c", "d", "y"]]], index)["longest_copied_run"] == 3


def test_evaluate_sets_written_beside_human() -> None:
    written, human = [song("w1 w2 w3")], [song("w1 w2"), song("w3 w4 w5")]
    result = evaluate(Model(Uniform(), VOCABULARY), human, written, human)
    assert result["line_length_distance"] == 0.5
    assert result["format"] == 1
