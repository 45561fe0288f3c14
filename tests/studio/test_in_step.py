"""Engines of different plans in step write what each writes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import lyricist
from lyricist.errors import RunError
from lyricist.generate.batched_step import ConditionedBlocks, in_step, per_row
from lyricist.generate.result import SongWritten, WrittenSong
from lyricist.model.onnx_bytes import digits, number
from lyricist.plan.plan import Drawing, Plan

SHORT = {"form": "verse", "lines": 4}
NOTES = [[1, 60 + i, 4 - 2 * (i % 2), 0] for i in range(8)]
ASKED: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({**SHORT, "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"}, {}),
    ({**SHORT, "syllables": "7", "rhyme": "AABB"}, {}),
    ({**SHORT, "syllables": "8", "about": "river, night"}, {}),
    ({**SHORT, "syllables": "6", "about": "river, night", "rhyme": "AABB"}, {}),
    ({**SHORT, "syllables": "8", "include": "zanzibar", "avoid": "love"}, {}),
    ({**SHORT, "syllables": "9", "rhyme": "AXAX"}, {"temperature": 0.6, "top_k": 40}),
    ({**SHORT, "syllables": "8", "rhyme": "ABAB"}, {"particles": 1, "repetition": 0}),
    ({"sections": [{"name": "verse", "lines": 4, "syllables": 8, "tune": [NOTES]}], "open_vowels": 2.5}, {}),
)


@pytest.fixture(scope="module")
def model() -> lyricist.Model:
    return lyricist.load(threads=1)


def written_in_step(model: lyricist.Model, asked: Sequence[tuple[Plan, Drawing]]) -> list[WrittenSong]:
    writers = [model.compile(plan) for plan, _ in asked]
    engines = [writer.engine(drawing) for writer, (_, drawing) in zip(writers, asked, strict=True)]
    for engine in engines:
        engine.open(2)
        engine.begin(1, 7)
    blocks, found = ConditionedBlocks(model.block_model), {}
    while len(found) < len(asked):
        for i, place, event in in_step(engines, blocks):
            assert place == 1
            if isinstance(event, SongWritten):
                found[i] = writers[i].finish(event)
    return [found[i] for i in range(len(asked))]


def test_songs_are_those_that_are_written_alone(model: lyricist.Model) -> None:
    asked = [(Plan(**plan), Drawing(**{"particles": 3, **drawing})) for plan, drawing in ASKED]
    for (plan, drawing), song in zip(asked, written_in_step(model, asked), strict=True):
        assert song == model.write(plan, drawing, seed=7)[0]


def test_another_graph_is_refused() -> None:
    with pytest.raises(RunError, match="takes no steer"):
        per_row(b"")


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**40])
def test_numbers_come_back(value: int) -> None:
    assert number(digits(value), 0) == (value, len(digits(value)))
