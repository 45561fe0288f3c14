"""The table of stock phrases: its file, its costs, and which seeds may have a rationed phrase."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from lyricist._io import replace_file, tensor_bytes
from lyricist.errors import RunError
from lyricist.model.copy_index import word_hash
from lyricist.model.stock import LINE, NONE, RUN, WORD, StockPhrases, phrase_key, run_keys


def hashes(text: str) -> list[int]:
    return [word_hash(word) for word in text.split()]


def of(kind: int, **nats: float) -> StockPhrases:
    return StockPhrases({phrase_key(kind, hashes(text.replace("_", " "))): value for text, value in nats.items()})


def test_a_table_is_read_as_it_was_saved(tmp_path: Path) -> None:
    made = StockPhrases({**of(WORD, gate=1.25).nats, **of(LINE, we_walked_home=2.0).nats}, ("harbour", "rope"))
    made.save(tmp_path / "stock.safetensors")
    assert StockPhrases.load(tmp_path / "stock.safetensors") == made
    NONE.save(tmp_path / "none.safetensors")
    assert not StockPhrases.load(tmp_path / "none.safetensors").any


@pytest.mark.parametrize("arrays", [{}, {"keys": np.zeros(2, dtype=np.uint32), "sixteenths": np.zeros(1)}])
def test_a_damaged_table_is_refused(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    arrays = {"other": np.zeros(1), **arrays, "themes": np.zeros(0, dtype=np.uint8)}
    replace_file(tmp_path / "stock.safetensors", [tensor_bytes(arrays)])
    with pytest.raises(RunError, match=r"stock\.safetensors (is damaged|does not fit)"):
        StockPhrases.load(tmp_path / "stock.safetensors")


def test_a_line_costs_what_its_runs_cost_once() -> None:
    stock = of(RUN, going_back=1.0, going_back_home=0.5, back_home=0.0)
    assert stock.line_cost(hashes("i'm going back home")) == 1.5
    assert stock.line_cost(hashes("going back and going back")) == 1.0
    assert stock.line_cost(hashes("gate")) == 0 == NONE.line_cost(hashes("going back"))


def test_kinds_are_told_apart() -> None:
    stock = of(WORD, gate=1.0)
    assert stock.cost(WORD, hashes("gate")) == 1 and stock.cost(LINE, hashes("gate")) == 0
    assert len(run_keys(hashes("a b c"))) == 3


@pytest.mark.parametrize("nats", [0.7, 1.5, 3.0])
def test_a_rationed_phrase_is_left_to_its_share_of_seeds(nats: float) -> None:
    stock, line = of(LINE, we_walked_home=nats), hashes("we walked home")
    allowed = [seed for seed in range(4000) if not stock.refuses(seed, LINE, line)]
    assert len(allowed) / 4000 == pytest.approx(math.exp(-nats), abs=0.02)
    assert allowed == [seed for seed in range(4000) if not stock.refuses(seed, LINE, line)]
    assert not stock.refuses(1, LINE, hashes("we walked away"))
