"""Teaching the judge of lines: what it is shown, and that what is kept of it says what it said."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.generate.exact_tools import vocabulary

from judge_network import (
    Clock,
    Example,
    Examples,
    JudgeNetwork,
    Marked,
    agreement,
    area,
    judging_loss,
    learn_marks,
    learn_to_judge,
    read_marks,
)
from lyricist.generate.selection import JUDGE, LineJudge
from lyricist.model.onnx_graph import eight_bit

KNOWN = vocabulary()
FIRST = len(KNOWN) - 12  # the words after the special tokens


def texts(number: int, seed: int) -> list[list[list[list[int]]]]:
    """Texts of one or two quatrains of words by chance."""
    chance = random.Random(seed)

    def line() -> list[int]:
        return [chance.randrange(FIRST, len(KNOWN)) for _ in range(chance.randrange(2, 6))]

    return [[[line() for _ in range(4)] for _ in range(1 + i % 2)] for i in range(number)]


class Looks(Clock):
    """Time that is over after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks, self.so_far = looks, 0

    @property
    def share(self) -> float:
        self.so_far += 1
        return self.so_far / self.looks


@pytest.fixture
def examples() -> Examples:
    return Examples(texts(12, 1), KNOWN, random.Random(3))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of a size that learns in seconds."""
    monkeypatch.setattr("judge_network.HIDDEN", 48)


@pytest.fixture
def network() -> JudgeNetwork:
    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    made = JudgeNetwork(
        chance.normal(0, 0.3, (len(KNOWN), 8)).astype(np.float32), np.zeros(len(KNOWN), dtype=np.float32), "float32"
    )
    with torch.no_grad():
        made.head[1].weight.mul_(8)
    return made


@pytest.mark.parametrize("seed", range(20))
def test_a_disordered_text_is_right_up_to_the_line_that_is_named(seed: int) -> None:
    some = Examples(texts(12, 1), KNOWN, random.Random(seed))
    text = some.texts[seed % 12]
    made = some.disordered(text)
    before, after = ([line for quatrain in t for line in quatrain] for t in (text, made.text))
    assert made.wrong is not None and len(before) == len(after)
    assert before[: made.wrong] == after[: made.wrong] or made.wrong == len(text[0])
    assert made.wrong > 0  # the first line has nothing that it could follow from


def test_a_round_shows_texts_as_they_are_and_in_disorder(examples: Examples) -> None:
    some = next(examples.forever())
    assert len(some) == 24 and sum(e.wrong is None for e in some) == 12


def test_a_batch_says_where_the_lines_are(examples: Examples) -> None:
    text, other = [[[FIRST], [FIRST, FIRST + 1], [FIRST], [FIRST]]], examples.texts[1]
    batch = examples.batch([Example(text), Example(other), Example(other, 2)])
    assert batch.first[0, :4].tolist() == [2, 4, 7, 9] and batch.last[0, :4].tolist() == [2, 5, 7, 9]
    assert batch.asked[:, :8].tolist() == [[0, 1, 1, 1, 0, 0, 0, 0], [0, *[1] * 7], [0, 1, 3, *[0] * 5]]
    assert batch.right[2, :8].tolist() == [1, 1, 0, 1, 1, 1, 1, 1]


def test_what_is_kept_judges_as_the_network_does(network: JudgeNetwork, examples: Examples, tmp_path: Path) -> None:
    network.eval()
    whole, scale = eight_bit(network.reader.embedding.detach().numpy())
    (tmp_path / JUDGE).write_bytes(network.file())
    made = LineJudge(tmp_path / JUDGE, whole, scale, np.arange(len(KNOWN)), KNOWN)
    state, text = made.start, examples.texts[0][0]
    with torch.no_grad():
        nats = network(examples.batch([Example([text])]))
    for i, line in enumerate(text):
        value, state = made.read([line], np.array([made.within if i else made.opening]), state)
        assert value[0] == pytest.approx(float(nats[0, i]), abs=0.05)


def test_it_learns(small: None, network: JudgeNetwork, examples: Examples) -> None:
    """Every line ends in the number of its place."""
    for text in examples.texts:
        for i, line in enumerate(line for quatrain in text for line in quatrain):
            line[-1] = FIRST + i
    shown = examples.batch(next(examples.forever()))
    network.eval()
    before = judging_loss(network, shown).item()
    learn_to_judge(network.train(), examples, Looks(3000))
    assert judging_loss(network.eval(), shown).item() < 0.8 * before


def test_area() -> None:
    assert area([2, 3], [0, 1]) == 1 and area([0, 1], [2, 3]) == 0 and area([0, 3], [1, 2]) == 0.5


# What readers marked

MARKS = """\
0 the moon rose over the sea
2 a moon the sea
1 sea sea rose
0 the night is cold

0 rose
0 the sea


0 cold as the moon
3 the the the
"""


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    (tmp_path / "marked.txt").write_text(MARKS, encoding="utf-8")
    return tmp_path / "marked.txt"


def test_marked_songs_are_read_line_by_line(marks: Path) -> None:
    first, second = read_marks(marks, KNOWN)
    assert [len(quatrain) for quatrain in first.text] == [4, 2]
    assert first.fine == (True, False, False, True, True, True) and second.fine == (True, False)
    assert [KNOWN.tokens[w] for w in second.text[0][1]] == ["the", "the", "the"]


def test_every_marked_line_is_asked(marks: Path, examples: Examples) -> None:
    batch = examples.batch(read_marks(marks, KNOWN))
    assert batch.asked[:, :6].tolist() == [[1] * 6, [1, 1, 0, 0, 0, 0]]
    assert batch.right[0, :6].tolist() == [1, 0, 0, 1, 1, 1] and batch.right[1, :2].tolist() == [1, 0]


def test_what_was_marked_is_learnt(small: None, network: JudgeNetwork, examples: Examples) -> None:
    """Lines that hold a certain word were marked; afterwards they are worth less."""
    bad = FIRST + 3
    marked = [
        Marked(text, tuple(bad not in line for quatrain in text for line in quatrain)) for text in texts(160, 5)
    ]
    before = agreement(network, examples, marked)
    learn_marks(network, examples, marked, 60, random.Random(1))
    assert agreement(network, examples, marked) > max(0.9, before)
