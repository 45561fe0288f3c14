"""Words that a model knows and does not draw: left out of the softmax, and back when a plan asks for one."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.model.test_starter import PLAN, SHAPES, VOCABULARY, network, packed, zoo  # noqa: F401

import lyricist
from lyricist.corpus import Corpus, PrepareOptions, prepare
from lyricist.errors import InputError, PlanError
from lyricist.generate.batched_step import ConditionedBlocks
from lyricist.generate.writer import Model, load
from lyricist.model.checkpoint import COLUMNS, Run
from lyricist.model.onnx_bytes import Initializers, with_numbers
from lyricist.model.onnx_graph import block_model
from lyricist.model.runtime import HostBlocks, OnnxBlocks, PackedSteps
from lyricist.model.vocab_layout import TILE, VocabLayout
from lyricist.plan.plan import Plan
from lyricist.training.run_files import drawn_with
from lyricist.training.token_arrays import token_set

SCRIPT = Path(__file__).parents[2] / "scripts" / "choose_words.py"


def some_drawn(columns: VocabLayout) -> VocabLayout:
    """The same vocabulary with every third word undrawn."""
    drawn = np.arange(len(columns.sig)) % 3 > 0
    return VocabLayout.by_signature(columns.sig, columns.ends, columns.finals, drawn)


@pytest.mark.parametrize("least", [1, 40])
def test_undrawn_words_come_last_and_belong_to_no_unit(least: int) -> None:
    columns = some_drawn(VocabLayout.by_signature((np.arange(500) // least % 7).astype(np.int32)))
    assert sorted(columns.undrawn.tolist()) == list(range(0, 500, 3))
    assert sorted(columns.words[columns.words >= 0].tolist()) == [w for w in range(500) if w % 3]
    assert columns.width == columns.tiles * TILE + columns.blocks - columns.tiles
    assert columns.block_of.max() < columns.blocks and len(columns.unit_sig) == columns.blocks
    assert (columns.word_at[columns.column_of] == np.arange(500)).all()
    whole = columns.whole()
    assert whole.width == len(whole.word_at) and not len(whole.undrawn)
    assert (whole.column_of == columns.column_of).all() and (whole.block_of < whole.blocks).all()


def test_columns_remember_what_is_drawn(tmp_path: Path) -> None:
    columns = some_drawn(network(SHAPES[0])[2])
    columns.save(tmp_path / COLUMNS)
    found = VocabLayout.load(tmp_path / COLUMNS)
    assert found.drawn == columns.drawn and found.numbered(found.sig).undrawn.tolist() == columns.undrawn.tolist()
    columns.whole().save(tmp_path / COLUMNS)
    assert VocabLayout.load(tmp_path / COLUMNS).drawn is None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pack", [False, True])
def test_a_graph_leaves_undrawn_words_out_and_holds_them(shape: dict[str, object], pack: bool) -> None:
    """What is left has the same bits; the whole graph is that of a vocabulary of which all is drawn."""
    config, weights, columns = network(shape)
    columns = some_drawn(columns)
    few = OnnxBlocks(block_model(config, weights, columns, packed=pack), columns, 1)
    whole = few.whole()
    ids, words = np.arange(9) * 31, columns.words
    told = np.random.default_rng(0).random((9, few.features)).astype(np.float32) if few.features else None
    a, after = few.blocks(ids, few.initial_state(9), np.zeros(columns.width, np.float32), 0.8, told)
    steer = np.zeros(whole.columns.width, np.float32)
    b, others = whole.blocks(ids, whole.initial_state(9), steer, 0.8, told)
    assert a.e.shape == (9, columns.width) and b.e.shape == (9, len(columns.word_at))
    assert a.sums.shape == (9, columns.blocks) and b.sums.shape == (9, whole.columns.blocks)
    assert (a.e == b.e[:, : columns.width]).all() and (a.sums == b.sums[:, : columns.blocks]).all()
    assert (b.free > a.free).all() and (a.e[:, words < 0] > 0).sum() == (
        b.e[:, : columns.width][:, words < 0] > 0
    ).sum()
    assert all((x == y).all() for x, y in zip(after, others, strict=True))
    all_drawn = OnnxBlocks(block_model(config, weights, columns.whole(), packed=pack), columns.whole(), 1)
    c, _ = all_drawn.blocks(ids, all_drawn.initial_state(9), steer, 0.8, told)
    assert (b.e == c.e).all() and (b.sums == c.sums).all() and (b.free == c.free).all()
    assert all_drawn.whole() is all_drawn


@pytest.mark.parametrize("shape", SHAPES)
def test_steps_of_a_packed_graph_know_every_word(shape: dict[str, object]) -> None:
    config, weights, columns = network(shape)
    few = some_drawn(columns)
    ids, made = np.arange(5) * 7, []
    for one in (columns, few):
        steps = PackedSteps(OnnxBlocks(block_model(config, weights, one, packed=True), one, 1))
        assert steps.vocab_size == VOCABULARY
        made.append(steps.step(ids, steps.initial_state(5))[0])
    assert (made[0] == made[1]).all()


def test_a_number_in_a_graph_can_be_another(tmp_path: Path) -> None:
    config, weights, columns = network(SHAPES[0])
    model = block_model(config, weights, columns)
    (tmp_path / "one.onnx").write_bytes(with_numbers(model, {"drawn": 64, "width": 50}))
    found, before = (
        Initializers((tmp_path / "one.onnx").read_bytes(), "one.onnx"),
        block_model(config, weights, columns),
    )
    assert found["drawn"].tolist() == [64] and found["width"].tolist() == [50]
    assert with_numbers(model, {}) == before


def test_rows_steered_by_themselves_leave_the_same_out() -> None:
    config, weights, columns = network(SHAPES[0])
    columns = some_drawn(columns)
    blocks = OnnxBlocks(block_model(config, weights, columns, packed=True), columns, 1)
    rng = np.random.default_rng(1)
    biases = [rng.normal(size=columns.width).astype(np.float32) for _ in range(2)]
    ids, told = np.array([3, 8, 12]), np.zeros((3, blocks.features), np.float32)
    together, _ = ConditionedBlocks(blocks).blocks_of(
        ids, blocks.initial_state(3), biases, [1, 2], np.array([0.7, 0.9, 0.9]), told
    )
    alone, _ = blocks.blocks(ids[1:], blocks.initial_state(2), biases[1], 0.9, told[1:])
    assert (together.e[1:] == alone.e).all() and (together.sums[1:] == alone.sums).all()


# --- a run


@pytest.fixture(scope="module")
def chosen(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """The tests' packed run, of whose words only those of a few songs are drawn, by the script."""
    place = tmp_path_factory.mktemp("chosen")
    run = Run.open(packed)
    songs = list(lyricist.sample_songs().songs())[:4]
    texts = ["\n".join(line.text for line in song.lines()) for song in songs]
    keep = PrepareOptions(keep_duplicates=True, related=None, near_duplicate=None)
    prepare(texts=texts, out=place / "corpus", options=keep)
    shutil.copytree(packed, place / "run")
    command = [sys.executable, str(SCRIPT), str(place / "run"), str(place / "corpus")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"of {len(run.vocabulary):,} words are drawn" in done.stdout
    return place / "run"


@pytest.fixture(scope="module")
def model(chosen: Path) -> Model:
    return load(chosen)


def undrawn(model: Model) -> set[str]:
    assert model.beside.columns is not None
    return {model.vocabulary.tokens[w] for w in model.beside.columns.undrawn.tolist()}


def said(model: Model, plan: Plan, count: int = 6) -> set[str]:
    made = model.write(plan, seed=3, count=count)
    return {w for song in made for s in song.sections for x in s.lines for w in x.text.lower().split()}


def test_the_script_keeps_the_weights(packed: Path, chosen: Path, model: Model) -> None:  # noqa: F811
    before, after = Run.open(packed).weights(), Run.open(chosen).weights()
    assert before.keys() == after.keys()
    for name, weight in before.items():
        np.testing.assert_allclose(weight, after[name], atol=1e-6)
    assert len(undrawn(model)) > 20


def test_songs_have_drawn_words_alone(model: Model, packed: Path) -> None:  # noqa: F811
    assert undrawn(model).isdisjoint(said(model, PLAN))
    assert not undrawn(model).isdisjoint(said(load(packed), PLAN))
    assert not undrawn(model).isdisjoint(said(model, PLAN.model_copy(update={"all_words": True})))


@pytest.mark.parametrize("how", ["include", "about", "start", "rhyme_with"])
def test_a_plan_may_ask_for_a_word_that_is_not_drawn(model: Model, how: str) -> None:
    plans = []
    for word in sorted(undrawn(model)):
        asked = {how: (word,) if how in ("include", "about") else word}
        rhyme = {"rhyme": "AX", "rhyme_kind": "light"} if how == "rhyme_with" else {}
        plan = Plan(form="verse", lines=2, syllables=8, bare=True, **rhyme, **asked)
        with contextlib.suppress(PlanError, InputError):
            model.feasible(plan)
            plans.append((word, plan))
    assert len(plans) > 1
    for word, plan in plans[:3]:
        made = said(model, plan)
        assert how not in ("include", "start") or word in made


def test_words_that_are_not_drawn_come_in_where_a_plan_needs_them(model: Model) -> None:
    """No drawn word begins so."""
    drawn = set(model.vocabulary.tokens) - undrawn(model)
    begin = next(
        c
        for c in "abcdefghijklmnopqrstuvwxyz"
        if not any(w.startswith(c) for w in drawn)
        and any(w.startswith(c) and w.isalpha() and model.lexicon.readings(w) for w in undrawn(model))
    )
    made = model.write(Plan(form="verse", lines=1, syllables=6, acrostic=begin), seed=1)
    assert made[0].sections[0].lines[0].text.lower().startswith(begin)


def test_going_on_draws_what_the_base_draws_and_the_songs_say(chosen: Path, model: Model, zoo: Corpus) -> None:  # noqa: F811
    base = Run.open(chosen)
    tokens = token_set(zoo, "word", base.vocabulary.order)
    found = drawn_with(base, base.vocabulary, tokens)
    assert found is not None
    drawn = {t for t, on in zip(base.vocabulary.tokens, found.tolist(), strict=True) if on}
    songs = {w for song in zoo.songs("train") for line in song.lines() for w in line.text.lower().split()}
    known = songs & set(base.vocabulary.tokens)
    assert not undrawn(model).isdisjoint(known)
    assert drawn == (set(base.vocabulary.tokens) - undrawn(model)) | known
    assert drawn_with(None, base.vocabulary, tokens) is None


def test_a_word_that_is_not_drawn_says_why(model: Model) -> None:
    blocks, _ = model.blocks(model.words.sig)
    assert isinstance(blocks, OnnxBlocks) and not isinstance(blocks, HostBlocks)
    assert blocks.columns.drawn is not None
    assert model.blocks(model.words.sig, whole=True)[0].columns.drawn is None
    word = model.vocabulary.index[min(undrawn(model))]
    assert model.blocks(model.words.sig, [word])[0].columns.drawn is None
