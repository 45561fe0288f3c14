"""The starter: a run packed into one 8-bit file, and going on from it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lyricist
from lyricist._io import load_arrays
from lyricist.apps.cli import run as call
from lyricist.corpus import Corpus, prepare
from lyricist.errors import InputError, RunError
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.model.checkpoint import COLUMNS, Run
from lyricist.model.convert import pack
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.onnx_graph import block_model
from lyricist.model.runtime import OnnxBlocks, PackedSteps
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Drawing, Plan
from lyricist.training import events
from lyricist.training.config import Options
from lyricist.training.record import read_history

SHAPES = [
    {"cell": "lstm", "layers": 1, "embedding": 24, "hidden": 32, "tied": True, "features": 7},
    {"cell": "lstm", "layers": 3, "embedding": 32, "hidden": 32, "tied": True},
    {"cell": "lstm", "layers": 2, "embedding": 24, "hidden": 32, "tied": False},
    {"cell": "gru", "layers": 2, "embedding": 24, "hidden": 40, "tied": True},
    {"cell": "gru", "layers": 1, "embedding": 24, "hidden": 32, "tied": False, "features": 7},
]
VOCABULARY = 300
PLAN = Plan(form=("verse", "chorus"), lines=(2,), syllables=6, rhyme="AA")
TUNE = {"epochs": 2.0, "batch": 4, "steps": 8, "evaluations": 2}


@pytest.fixture(scope="session")
def packed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny run of the tests, packed."""
    return pack(run, tmp_path_factory.mktemp("packed") / "starter").path


@pytest.fixture
def starter(packed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same as the package's starter."""
    monkeypatch.setattr("lyricist.model.starter.HERE", packed)
    return packed


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A few songs with words that the tiny run does not know."""
    texts = [f"the zebra sang to the {w} and a Giraffe was cold in the {w}" for w in ("sea", "sky", "rain", "snow")]
    return prepare(texts=[f"{t}\n{t}" for t in texts * 3], out=tmp_path_factory.mktemp("zoo") / "c", options=keep())


def keep():  # type: ignore[no-untyped-def]
    from lyricist.corpus import PrepareOptions

    return PrepareOptions(keep_duplicates=True, related=None, near_duplicate=None)


def network(shape: dict[str, object]) -> tuple[dict[str, object], dict[str, np.ndarray], VocabLayout]:
    """A model's config, random weights and columns with some words in tiles and some alone."""
    config = ModelConfig(vocab_size=VOCABULARY, **shape)  # type: ignore[arg-type]
    rng = np.random.default_rng(3)
    model = LyricLSTM(config)
    weights = {n: rng.normal(0, 0.3, p.shape).astype(np.float32) for n, p in model.named_parameters()}
    return config.model_dump(), weights, VocabLayout.by_signature(rng.integers(0, 5, VOCABULARY).astype(np.int32))


# Packing


@pytest.mark.parametrize("shape", SHAPES)
def test_a_packed_graph_computes_the_same_bits(shape: dict[str, object]) -> None:
    config, weights, columns = network(shape)
    plain, packed = (OnnxBlocks(block_model(config, weights, columns, packed=p), columns, 1) for p in (False, True))
    ids, states = np.arange(9) * 31, [plain.initial_state(9)] * 2
    for _ in range(3):
        (a, states[0]), (b, states[1]) = (
            m.blocks(ids, s, np.zeros(columns.width, np.float32), 0.8)
            for m, s in zip((plain, packed), states, strict=True)
        )
        assert (a.e == b.e).all() and (a.sums == b.sums).all() and (a.free == b.free).all()
        assert all((x == y).all() for x, y in zip(*states, strict=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_packed_steps_are_the_softmax_in_the_order_of_the_vocabulary(shape: dict[str, object]) -> None:
    config, weights, columns = network(shape)
    blocks = OnnxBlocks(block_model(config, weights, columns, packed=True), columns, 1)
    steps, ids = PackedSteps(blocks), np.arange(5) * 7
    logits, _ = steps.step(ids, steps.initial_state(5))
    rows, _ = blocks.blocks(ids, blocks.initial_state(5), np.zeros(columns.width, np.float32), 1.0)
    assert logits.shape == (5, VOCABULARY)
    expected = rows.e[:, columns.column_of]
    np.testing.assert_allclose(np.exp(logits), expected, rtol=1e-5, atol=1e-9)
    one, _ = steps.step(ids[3:4], tuple(s[:, 3:4] for s in steps.initial_state(5)))
    assert (one[0] == logits[3]).all()


def test_packed_weights_are_those_of_the_run_within_half_a_step(run: Run, packed: Path) -> None:
    exact, found = run.weights(), Run.open(packed).weights()
    assert exact.keys() == found.keys()
    whole = exact["layers.0.bias_ih"] + exact["layers.0.bias_hh"]
    np.testing.assert_allclose(found["layers.0.bias_ih"] + found["layers.0.bias_hh"], whole, atol=1e-6)
    joined = max(np.abs(exact[f"layers.0.weight_{end}"]).max() for end in ("ih", "hh"))  # kept with one scale
    for name, weight in exact.items():
        if "layers.0.bias" not in name:
            assert found[name].shape == weight.shape
            largest = joined if "layers.0" in name else np.abs(weight).max()
            assert np.abs(found[name] - weight).max() <= largest / 63 / 2 + 1e-6


def test_packing_a_packed_weight_again_changes_nothing(packed: Path) -> None:
    run = Run.open(packed)
    columns = VocabLayout.load(packed / COLUMNS)
    again = block_model(run.config["model"], run.weights(), columns, packed=True)
    first, second = (OnnxBlocks(m, columns, 1) for m in (packed / "model.onnx", again))
    ids, state = np.arange(8), first.initial_state(8)
    for a, b in zip(first.blocks(ids, state, steer := np.zeros(columns.width, np.float32), 1.0)[1],
                    second.blocks(ids, state, steer, 1.0)[1], strict=True):  # fmt: skip
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_same_run_packs_to_the_same_bytes(run: Run, packed: Path, tmp_path: Path) -> None:
    again = pack(run, tmp_path / "again").path
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {p.name: p.read_bytes() for p in packed.iterdir()}
    assert str(tmp_path) not in (again / "config.json").read_text()


def test_a_packed_run_writes_what_its_run_writes(run: Run, packed: Path) -> None:
    whole, small = load(run), load(packed)
    for plan in (Plan(), PLAN):
        ours, theirs = (m.write(plan, seed=4, count=3) for m in (whole, small))
        if whole.copy_index is None:
            assert [s.text for s in ours] == [s.text for s in theirs]
        assert len({s.text for s in theirs}) == 3
    assert small.vectors is not None and small.vectors.shape == (len(run.vocabulary), 24)


def test_a_packed_run_evaluates_nearly_as_its_run(run: Run, packed: Path, corpus: Corpus) -> None:
    exact, small = (lyricist.evaluate(load(r), corpus.songs("test")) for r in (run, packed))
    assert small["words"] == exact["words"]
    assert small["perplexity"] == pytest.approx(exact["perplexity"], rel=0.05)


@pytest.mark.parametrize("harm", ["cut", "changed", "missing"])
def test_a_damaged_packed_run_is_one_clear_line(run: Run, tmp_path: Path, harm: str) -> None:
    made = pack(run, tmp_path / "p")
    file = made.path / "model.onnx"
    data = file.read_bytes()
    file.unlink() if harm == "missing" else file.write_bytes(
        data[:-9] if harm == "cut" else data[:99] + b"x" + data[100:]
    )
    for use in (lambda: load(made), made.weights):
        with pytest.raises(RunError, match="missing|damaged") as e:
            use()
        assert "\n" not in str(e.value)


def test_what_cannot_be_packed(packed: Path, run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be packed"):
        pack(Run.open(packed), tmp_path / "again")
    with pytest.raises(InputError, match="exists"):
        pack(run, packed)
    with pytest.raises(RunError, match="packed, without what resuming needs"):
        Run.open(packed).checkpoint("resume")
    with pytest.raises(InputError, match="is packed: copy the directory"):
        lyricist.export(packed, "onnx", tmp_path / "x.onnx")


# The starter as the default


def test_writing_without_a_run_writes_from_the_starter(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["write", "--seed", "3"]) == 0
    first = capsys.readouterr().out
    assert call(["write", "-m", str(starter), "--seed", "3"]) == 0
    assert call(["write", "-m", "starter", "--seed", "3"]) == 0
    assert capsys.readouterr().out == first * 2
    assert lyricist.load().write(Plan(premise=True), Drawing(), seed=3)[0].text == first.strip()


def test_a_package_without_a_starter_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["write"], ["write", "-m", "starter"], ["evaluate", "starter"]):
        assert call(arguments) == 2
        err = capsys.readouterr().err.strip()
        assert "no starter" in err and "-m RUN" in err and "\n" not in err


def test_the_starter_is_judged_on_named_songs_only(starter: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert call(["evaluate", "starter", "--songs", "0"]) == 2
    assert "name some" in capsys.readouterr().err
    (tmp_path / "one.txt").write_text("[Verse]\nNobody sings in the garden\n")
    assert call(["evaluate", "starter", str(tmp_path / "one.txt"), "--songs", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["words"] == 7


def test_writing_from_a_packed_run_needs_no_onnx(packed: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'onnx'): sys.modules[name] = None\n"
        "from lyricist.apps.cli import run\n"
        f"sys.exit(run(['write', '-m', {str(packed)!r}, '--about', 'river', '--seed', '1', '--syllables', '6']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Going on from it


def test_training_goes_on_from_the_starter(starter: Path, zoo: Corpus, run: Run, tmp_path: Path) -> None:
    seen = list(train_songs(zoo, tmp_path / "r", Options(train=TUNE)))
    tuned, end = Run.open(tmp_path / "r"), seen[-1]
    assert isinstance(end, events.Finished)
    assert tuned.config["base"] == "starter"
    assert tuned.config["base_sha256"] == Run.open(starter).state("use")["sha256"]["model.onnx"]
    assert not tuned.packed
    assert tuned.vocabulary.tokens[: len(run.vocabulary)] == run.vocabulary.tokens
    assert {"zebra", "giraffe"} <= set(tuned.vocabulary.tokens[len(run.vocabulary) :])
    assert tuned.vocabulary.display["giraffe"] == "Giraffe"
    assert tuned.vocabulary.order == run.vocabulary.order
    before = [row for row in read_history(tuned.path) if row["step"] == 0 and "valid_loss" in row]
    assert before[0]["valid_loss"] == pytest.approx(end.before, abs=1e-4)
    assert end.valid_loss <= end.before
    assert 0 <= end.copied_written <= 1
    card = (tuned.path / "card.md").read_text()
    assert "started from | starter, sha256" in card and "held-out perplexity before" in card
    assert load(tuned).write(PLAN, seed=1)[0].text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(preset="tiny"), "--preset tiny"),
        (Options(tokenizer="char"), "--tokenizer char"),
        (Options(order="forward"), "--order forward"),
        (Options(vocabulary=50), "--vocabulary 50"),
        (Options(features="none"), "--features none"),
        (Options(model={"cell": "gru"}), "--cell gru"),
        (Options(model={"tied": False}), "--untied"),
    ],
)
def test_a_shape_means_scratch(starter: Path, options: Options, reason: str) -> None:
    from lyricist.training.start import base_of, origin

    assert base_of(options) is None
    assert origin(options) == f"from scratch, as {reason} says"


@pytest.mark.parametrize("options", [Options(), Options(model={"dropout_input": 0.1}), Options(features="slots")])
def test_without_a_shape_it_is_the_starter(starter: Path, options: Options) -> None:
    from lyricist.training.start import base_of

    base = base_of(options)
    assert base is not None and base.path == starter


def test_from_scratch_and_from_a_run_by_command(
    starter: Path, zoo: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--epochs", "1", "--batch", "4", "--steps", "8", "--no-sample")
    for name, more, said in (
        ("a", (), "going on from the starter"),
        ("b", ("--from", "starter"), "going on from starter"),
        ("c", ("--from", "scratch", "--hidden", "16", "--embedding", "12"), ""),
        ("d", ("--preset", "tiny", "--hidden", "16", "--embedding", "12"), "from scratch, as --preset tiny says"),
    ):
        assert call(["train", str(zoo.path), "-o", str(tmp_path / name), *few, *more]) == 0
        err = capsys.readouterr().err
        assert said in err
        assert ("before" in err and "of your songs" in err) == (name in "ab")
    assert call(["train", "-o", str(tmp_path / "a"), "--resume"]) == 0
    bases = [Run.open(tmp_path / name).config["base"] for name in "abcd"]
    assert bases == ["starter", "starter", None, None]


def test_a_tuning_that_only_harms_leaves_the_base_as_it_was(starter: Path, zoo: Corpus, tmp_path: Path) -> None:
    harm = {**TUNE, "learning_rate": 3.0, "epochs": 4.0, "evaluations": 4, "patience": 2}
    end = list(train_songs(zoo, tmp_path / "r", Options(train=harm)))[-1]
    assert isinstance(end, events.Finished)
    assert end.valid_loss == end.before
    assert Run.open(tmp_path / "r").checkpoint("use").name == "0000000"


@pytest.mark.parametrize("anchor", [0.0, 10.0])
def test_interrupted_and_resumed_is_the_uninterrupted_run(
    starter: Path, zoo: Corpus, tmp_path: Path, anchor: float
) -> None:
    options = Options(train={**TUNE, "anchor": anchor})
    list(train_songs(zoo, tmp_path / "whole", options))
    for stop in (3, 2):
        steps = iter(range(stop))
        again = {"resume": (tmp_path / "cut").exists()}
        list(train_songs(zoo, tmp_path / "cut", options, should_stop=lambda s=steps: next(s, None) is None, **again))
    end = list(train_songs(zoo, tmp_path / "cut", Options(), resume=True))[-1]
    assert isinstance(end, events.Finished)
    assert math.isfinite(end.before)
    runs = [Run.open(tmp_path / name) for name in ("whole", "cut")]
    for file in ("weights.safetensors", "state.safetensors"):
        a, b = (load_arrays(r.file(file, "resume")) for r in runs)
        assert a.keys() == b.keys() and all((a[k] == b[k]).all() for k in a)


def test_an_anchor_holds_on_to_the_base(starter: Path, zoo: Corpus, tmp_path: Path) -> None:
    from lyricist.training.new_words import extend
    from lyricist.training.token_arrays import token_set

    base = Run.open(starter)
    _, _, first = extend(base, token_set(zoo, "word", base.vocabulary.order))
    ways = []
    for anchor in (0.0, 30.0, 1e9):
        out = tmp_path / str(anchor)
        list(train_songs(zoo, out, Options(train={**TUNE, "anchor": anchor})))
        last = load_arrays(Run.open(out).file("weights.safetensors", "resume"))
        ways.append(math.sqrt(sum(float(((last[n] - first[n]) ** 2).sum()) for n in first)))
        assert "first" not in json.loads((out / "latest").read_text())
    assert ways[0] > ways[1] > ways[2]
    assert ways[2] < 1e-4


def test_new_words_begin_where_they_are_expected(starter: Path, zoo: Corpus) -> None:
    """Their bias makes them about as likely as they are frequent; their vectors are the mean of those expected."""
    from lyricist.training.new_words import blocks, extend, network
    from lyricist.training.token_arrays import PAD, token_set

    base = Run.open(starter)
    tokens = token_set(zoo, "word", base.vocabulary.order)
    vocabulary, config, weights = extend(base, tokens)
    old, split, remap = len(base.vocabulary), tokens.split("train"), tokens.remap(vocabulary)
    model = network(ModelConfig(**config), weights)
    shares, total = np.zeros(len(vocabulary)), 0
    for ids, targets in blocks(split, remap, base.vocabulary):
        logits, _ = model(ids, model.initial_state(ids.shape[1]))
        there = targets[1:] != PAD
        shares += (logits[:-1].softmax(-1)[there]).sum(0).detach().numpy()
        total += int(there.sum())
    counts = np.bincount(remap[split.ids], minlength=len(vocabulary))
    for word in range(old, len(vocabulary)):
        assert 0.5 < shares[word] / counts[word] < 2
    spread = np.abs(weights["embedding"][:old]).max()
    assert np.abs(weights["embedding"][old:]).max() < spread


def test_the_script_puts_the_files_where_the_package_looks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "starter").mkdir()
    (tmp_path / "starter" / "__init__.py").write_text("kept")
    (tmp_path / "starter" / "old.bin").write_text("gone")
    script = Path(__file__).parents[2] / "scripts" / "build_starter.py"
    command = [sys.executable, str(script), str(run.path), "--out", str(tmp_path / "starter")]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "MB  together" in done.stdout
    names = {p.name for p in (tmp_path / "starter").iterdir()}
    assert names == {
        "__init__.py",
        "card.md",
        "columns.safetensors",
        "config.json",
        "model.onnx",
        "topics.safetensors",
        "vocab.json",
        "words.safetensors",
    }
    assert load(tmp_path / "starter").write(seed=1)[0].text
