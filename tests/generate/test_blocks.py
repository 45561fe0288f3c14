"""The graph that writes to plans: 8-bit products near the exact ones, rows that do not depend on their batch."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.generate import exact_tools

import lyricist
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.generate.loaded_run import RunFiles
from lyricist.generate.sampler import Drawer, Inside, Request
from lyricist.generate.vocab import WordTable
from lyricist.generate.writer import Model
from lyricist.model import onnx_graph
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.runtime import NEVER, HostBlocks, OnnxBlocks, OnnxModel
from lyricist.model.tokens import Vocabulary
from lyricist.model.vocab_layout import TILE, VocabLayout
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.features import width
from lyricist.prosody.lexicon import default_lexicon

RNG = np.random.default_rng(0)
FEATURES = width(("slots",))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """The bundled songs' words, enough of them to fill tiles."""
    words = Counter(
        w
        for song in lyricist.sample_songs().songs()
        for line in song.lines()
        for w in WordTokenizer().split(line.text)
    )
    return exact_tools.vocabulary([w for w, _ in words.most_common(1200)], "backward")


@pytest.fixture(scope="module", params=["lstm", "gru", "untied", "planned"])
def model(request: pytest.FixtureRequest, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Both graphs of a network with random weights."""
    untied = request.param == "untied"
    shape = {"cell": "gru" if request.param == "gru" else "lstm", "layers": 2, "hidden": 48, "embedding": 32}
    features = FEATURES if request.param == "planned" else 0
    config = ModelConfig(vocab_size=len(vocabulary), tied=not untied, features=features, **shape)  # type: ignore[arg-type]
    torch.manual_seed(0)
    weights = {n: p.detach().numpy() for n, p in LyricLSTM(config).named_parameters()}
    weights["embedding"] = weights["embedding"] * 12  # sharp enough to be like a trained model
    for name in {"plan"} & weights.keys():
        weights[name] = RNG.normal(0, 0.1, weights[name].shape).astype(np.float32)
    columns = VocabLayout.by_signature(WordTable(vocabulary, default_lexicon()).sig)
    file = tmp_path_factory.mktemp("blocks") / "writer.onnx"
    file.write_bytes(onnx_graph.block_model(config.model_dump(), weights, columns))
    plain = OnnxModel(onnx_graph.step_model(config.model_dump(), weights))
    return Model(plain, vocabulary, files=RunFiles(graph=file, columns=columns))


@pytest.fixture(scope="module")
def blocks(model: Model) -> OnnxBlocks:
    assert model.block_model is not None
    assert model.block_model.columns.tiles > 5
    return model.block_model


def steer(columns: VocabLayout) -> np.ndarray:
    return np.where(columns.word_at < 0, NEVER, 0).astype(np.float32)


def plan_for(blocks: OnnxBlocks, ids: np.ndarray) -> np.ndarray | None:
    """Plan features like those of songs, where the model takes any."""
    shape = (*ids.shape, FEATURES)
    drawn = np.random.default_rng(5).integers(0, 2, shape) * np.random.default_rng(6).normal(size=shape)
    return drawn.astype(np.float32) if blocks.features else None


def walk(
    blocks: OnnxBlocks | HostBlocks, ids: np.ndarray, temperature: float = 1.0, plan: np.ndarray | None = None
) -> list[np.ndarray]:
    """Probabilities by column at every step of (T, B) ids."""
    state, out = blocks.initial_state(ids.shape[1]), []
    for t, row in enumerate(ids):
        told = (plan[t],) if plan is not None else ()
        made, state = blocks.blocks(row, state, steer(blocks.columns), temperature, *told)
        assert made.sums.shape == (ids.shape[1], blocks.columns.blocks)
        out.append(made.e / made.total[:, None])
    return out


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_eight_bits_change_probabilities_little(model: Model, blocks: OnnxBlocks, temperature: float) -> None:
    ids = RNG.integers(0, len(model.vocabulary), (6, 5))
    plan = plan_for(blocks, ids)
    exact = walk(HostBlocks(model.step_model, blocks.columns), ids, temperature, plan)
    for a, b in zip(walk(blocks, ids, temperature, plan), exact, strict=True):
        assert np.abs(a - b).sum(axis=1).max() < 0.08
        assert np.allclose(a.sum(axis=1), 1, atol=1e-5)


def test_a_row_is_the_same_bits_in_any_batch(blocks: OnnxBlocks) -> None:
    ids = RNG.integers(0, 50, (4, 70))
    plan = plan_for(blocks, ids)
    together = walk(blocks, ids, plan=plan)
    for part in ([3], [69], [0, 5, 40], list(range(33))):
        mine = None if plan is None else plan[:, part]
        for a, b in zip(walk(blocks, ids[:, part], plan=mine), together, strict=True):
            assert (a == b[part]).all()


@pytest.mark.parametrize("shift", [-200.0, 60.0, 95.0])
def test_rows_that_overflow_or_vanish_are_made_again(model: Model, blocks: OnnxBlocks, shift: float) -> None:
    """Nats that are the same for all words change nothing."""
    ids, bias = np.arange(4), steer(blocks.columns)
    state = blocks.initial_state(4)
    usual, _ = blocks.blocks(ids, state, bias, 0.3)
    moved, _ = blocks.blocks(ids, state, bias + np.float32(shift), 0.3)
    assert np.isfinite(moved.e).all() and np.isfinite(moved.free).all()
    np.testing.assert_allclose(moved.e / moved.total[:, None], usual.e / usual.total[:, None], rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(moved.sums / moved.total[:, None], usual.sums / usual.total[:, None], rtol=1e-3)
    one, _ = blocks.blocks(ids[2:3], tuple(s[:, 2:3] for s in state), bias + np.float32(shift), 0.3)
    assert (one.e[0] == moved.e[2]).all()


def test_sums_are_those_of_the_units(blocks: OnnxBlocks) -> None:
    columns = blocks.columns
    made, _ = blocks.blocks(np.arange(4), blocks.initial_state(4), steer(columns), 1.0)
    for u in (0, columns.tiles - 1, columns.tiles, columns.blocks - 1):
        at = slice(u * TILE, (u + 1) * TILE) if u < columns.tiles else [u - columns.tiles + columns.lone]
        assert np.allclose(made.e[:, at].sum(axis=1), made.sums[:, u], rtol=1e-5)


def test_a_rows_peak_is_the_largest_value_of_its_units(blocks: OnnxBlocks) -> None:
    columns, rng = blocks.columns, np.random.default_rng(2)
    rows, _ = blocks.blocks(np.arange(6), blocks.initial_state(6), steer(columns), 0.5)
    masks = (rng.random((6, columns.blocks)) < np.array([[1], [0.5], [0.1], [0.02], [0.002], [0]])).astype(np.float32)
    drawer = Drawer(columns, Drawing(), len(columns.column_of), 0)
    numbers, flags = np.zeros(6, dtype=np.int64), np.zeros(6, dtype=bool)
    recent = np.full((6, 1), -1, dtype=np.int32)
    ask = Request(np.arange(6), masks, {}, flags, np.zeros(6), numbers.astype(np.uint64), numbers, recent, {})
    by_column = np.concatenate(
        [np.repeat(masks[:, : columns.tiles], TILE, axis=1), masks[:, columns.tiles :]], axis=1
    )
    assert (drawer.peaks(rows, ask.at, Inside(rows, ask)) == (rows.e * by_column).max(axis=1)).all()


def test_every_word_has_one_column_and_tiles_hold_one_signature(blocks: OnnxBlocks, model: Model) -> None:
    columns = blocks.columns
    words = columns.word_at[columns.word_at >= 0]
    assert sorted(words.tolist()) == list(range(len(model.vocabulary)))
    tiles = columns.word_at[: columns.lone].reshape(-1, TILE)
    assert all(len(set(columns.sig[tile[tile >= 0]].tolist())) == 1 for tile in tiles)


def test_another_lexicon_falls_back_to_the_exact_model(model: Model, blocks: OnnxBlocks, tmp_path: Path) -> None:
    """A word whose syllables change no longer belongs to its tile."""
    word = model.vocabulary.tokens[int(blocks.columns.word_at[0])]
    (tmp_path / "mine.txt").write_text(f"{word}  AE1 B AH0 B AH0 B AH0 B AA0\n", encoding="utf-8")
    lexicon = model.lexicon.extended(tmp_path / "mine.txt")
    other = Model(model.step_model, model.vocabulary, lexicon, model.beside)
    plan = Plan(form="verse", lines=2, syllables="7", include=(word,))
    (song,) = other.write(plan, seed=1)
    sig, id_of = WordTable(model.vocabulary, lexicon).sig, model.vocabulary.index
    assert isinstance(other.blocks(sig, [id_of[word]])[0], HostBlocks)
    made, barred = other.blocks(sig)
    assert isinstance(made, OnnxBlocks) and barred == {id_of[word]}
    lines = [x for s in song.to_json()["sections"] for x in s["lines"]]
    assert any(r == "AE1 B AH0 B AH0 B AH0 B AA0" for x in lines for r in x["reading"])


def test_a_graph_of_another_version_gives_way_to_the_plain_one(model: Model, tmp_path: Path) -> None:
    plain = tmp_path / "writer.onnx"
    weights = {"vocab_size": 4, "embedding": 2, "hidden": 2, "layers": 1, "cell": "lstm", "tied": True}
    net = LyricLSTM(ModelConfig(**weights))  # type: ignore[arg-type]
    plain.write_bytes(onnx_graph.step_model(weights, {k: v.detach().numpy() for k, v in net.state_dict().items()}))
    assert (
        Model(
            model.step_model, model.vocabulary, files=RunFiles(graph=plain, columns=model.beside.columns)
        ).block_model
        is None
    )
