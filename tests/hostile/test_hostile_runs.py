"""Runs, corpora and files beside them that someone made to do harm: each is refused in one line, and nothing happens."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import lyricist
from lyricist._io import load_arrays, load_npy, parse_json, tensor_bytes
from lyricist.apps.cli import run as call
from lyricist.corpus import open_corpus
from lyricist.errors import InputError, LyricistError, RunError
from lyricist.model import checkpoint
from lyricist.model.checkpoint import Run, replace_beside, seal
from lyricist.model.classic.word_vectors import read_vectors
from lyricist.model.copy_index import COPY_INDEX, CopyIndex
from lyricist.model.tokens import Vocabulary
from lyricist.plan.plan import Plan

GOLDEN = Path(__file__).parents[1] / "golden"
SECRET = "a private key"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A run of an earlier release, without a manifest."""
    return Path(shutil.copytree(GOLDEN / "features-1", tmp_path / "inside" / "old"))


@pytest.fixture
def whole(run: Run, tmp_path: Path) -> Path:
    """A run with a manifest."""
    return Path(shutil.copytree(run.path, tmp_path / "inside" / "run"))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    made = tmp_path / "secret"
    made.write_text(SECRET)
    return made


def one_line(use: Callable[[], object], error: type[LyricistError] = RunError) -> str:
    with pytest.raises(error) as found:
        use()
    assert len(str(found.value).splitlines()) == 1 and str(found.value).isprintable()
    return str(found.value)


def put(run: Path, name: str, data: bytes) -> None:
    """Put a file into the checkpoint of a run, with the hash that fits."""
    (folder,) = (run / "checkpoints").iterdir()
    (folder / name).write_bytes(data)
    state = json.loads((folder / "state.json").read_text())
    state["sha256"][name] = hashlib.sha256(data).hexdigest()
    (folder / "state.json").write_text(json.dumps(state))


def change(path: Path, **values: Any) -> None:
    """Change fields of a JSON file; `model__layers` is a field of a field."""
    data = json.loads(path.read_text())
    for name, value in values.items():
        *outer, last = name.split("__")
        place = data
        for part in outer:
            place = place[part]
        place[last] = value
    path.write_text(json.dumps(data))


# --- links, devices, names


@pytest.mark.parametrize(
    "name",
    ["card.md", "vocab.json", "checkpoints", "plots/loss.png", "history.jsonl", "copyindex.safetensors", "notes/x/y"],
)
def test_a_link_anywhere_is_refused(old: Path, secret: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = old / name
    shutil.rmtree(place, ignore_errors=True)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(secret.parent if name == "checkpoints" else secret)
    assert "is a link" in one_line(lambda: Run.open(old))
    for command in (["train", "--resume", "-o", str(old)], ["write", "-m", str(old)], ["evaluate", str(old)]):
        assert call(command) == 2
    assert call(["export", str(old), "--share", "-o", str(old.parent / "out")]) == 2
    assert call(["train", str(GOLDEN / "corpus-1"), "--from", str(old), "-o", str(old.parent / "out")]) == 2
    assert SECRET not in capsys.readouterr().out
    assert secret.read_text() == SECRET
    assert {p.name for p in secret.parent.iterdir()} == {"inside", "secret"}
    assert {p.name for p in old.parent.iterdir()} == {"old"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", ["vocab.json", "config.json", "latest", "columns.safetensors"])
def test_a_pipe_is_refused_and_not_waited_for(old: Path, name: str) -> None:
    (old / name).unlink()
    os.mkfifo(old / name)
    assert "no plain file" in one_line(lambda: Run.open(old))


def test_a_corpus_with_a_link_is_refused(tmp_path: Path, secret: Path) -> None:
    made = Path(shutil.copytree(GOLDEN / "corpus-1", tmp_path / "c"))
    (made / "songs.jsonl").unlink()
    (made / "songs.jsonl").symlink_to(secret)
    assert "is a link" in one_line(lambda: open_corpus(made), InputError)


@pytest.mark.parametrize("name", ["../../../../bashrc", "/tmp/lyricist-evil", "state.safetensors", "songs.txt"])
def test_names_from_a_run_are_no_paths_to_copy_to(old: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder,) = (old / "checkpoints").iterdir()
    (old / "card.md").write_text("# card\n")
    (folder / "songs.txt").write_text("evil")
    change(folder / "state.json", **{f"sha256__{name}": hashlib.sha256(b"evil").hexdigest()})
    before = sorted(old.parents[1].rglob("*"))
    assert call(["export", str(old), "--share", "-o", str(old.parent / "out")]) == 0
    made = {str(p.relative_to(old.parent / "out")) for p in (old.parent / "out").rglob("*") if p.is_file()}
    assert sorted(p for p in old.parents[1].rglob("*") if "out" not in p.parts) == before
    assert not any(part.endswith(("bashrc", "evil", "songs.txt", "state.safetensors")) for part in made)


@pytest.mark.parametrize("name", ["..", "../..", "/etc", "0000156/..", ".", "", "x" * 9000, 3, None, [], {"a": 1}])
def test_latest_names_a_checkpoint_and_nothing_else(old: Path, name: Any) -> None:
    change(old / "latest", use=name)
    one_line(lambda: lyricist.load(old))


def test_a_run_names_no_other_songs_than_its_own(old: Path) -> None:
    other = Path(shutil.copytree(GOLDEN / "corpus-1", old.parent / "other"))
    change(old / "config.json", corpus__path="../other")
    assert call(["evaluate", str(old)]) == 2
    assert sorted(p.name for p in other.iterdir()) == ["corpus.json", "offsets.npy", "songs.jsonl"]


# --- ONNX


def node(op: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs, [output], **attributes)


def looping(model: onnx.ModelProto) -> None:
    body = helper.make_graph(
        [node("Identity", ["c_in"], "c_out")],
        "body",
        [helper.make_tensor_value_info(n, t, []) for n, t in (("i", TensorProto.INT64), ("c_in", TensorProto.BOOL))],
        [helper.make_tensor_value_info("c_out", TensorProto.BOOL, [])],
    )
    count, on = numpy_helper.from_array(np.array(2**62), "n"), numpy_helper.from_array(np.array(True), "on")
    model.graph.initializer.extend([count, on])
    model.graph.node.append(helper.make_node("Loop", ["n", "on"], [], body=body))


def filling(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([2**31]), "huge"))
    model.graph.node.append(node("ConstantOfShape", ["huge"], "filled"))


def outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../../../secret"), ("offset", "0"), ("length", "13")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def doubling(model: onnx.ModelProto) -> None:
    name = "logits"
    for i in range(60):
        model.graph.node.append(node("Concat", [name, name], f"wide{i}", axis=1))
        name = f"wide{i}"


def crossed(model: onnx.ModelProto) -> None:
    column = numpy_helper.from_array(np.ones((4000, 1), np.float32), "column")
    row = numpy_helper.from_array(np.ones((1, 4000), np.float32), "row")
    model.graph.initializer.extend([column, row])
    model.graph.node.append(node("MatMul", ["column", "row"], "square"))


def folded(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array([-1, 1]), "flat"))
    model.graph.node.append(node("Reshape", ["logits", "flat"], "long"))
    model.graph.node.append(node("Transpose", ["long"], "wide"))
    model.graph.node.append(node("MatMul", ["long", "wide"], "square"))


def foreign(model: onnx.ModelProto) -> None:
    model.graph.node.append(node("Anything", ["logits"], "x", domain="evil.library"))


def with_function(model: onnx.ModelProto) -> None:
    made = helper.make_function(
        "evil", "F", ["a"], ["b"], [node("Identity", ["a"], "b")], [helper.make_opsetid("", 17)]
    )
    model.functions.append(made)


def wide_input(model: onnx.ModelProto) -> None:
    given = next(i for i in model.graph.input if i.name == "features")
    given.type.tensor_type.shape.dim[1].dim_value = 2**31


def other_state(model: onnx.ModelProto) -> None:
    given = next(i for i in model.graph.input if i.name == "h")
    given.type.tensor_type.shape.dim[2].dim_value = 2**28


def few_rows(model: onnx.ModelProto) -> None:
    table = next(t for t in model.graph.initializer if t.name == "embedding")
    table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table)[:5], "embedding"))


def twice(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(model.graph.initializer[0])


EVIL = [
    looping,
    filling,
    outside,
    doubling,
    crossed,
    folded,
    foreign,
    with_function,
    wide_input,
    other_state,
    few_rows,
    twice,
]


@pytest.mark.parametrize("name", ["model.onnx", "writer.onnx"])
@pytest.mark.parametrize("harm", EVIL)
def test_a_graph_has_only_what_this_package_writes(
    old: Path, secret: Path, name: str, harm: Callable[[onnx.ModelProto], None]
) -> None:
    (folder,) = (old / "checkpoints").iterdir()
    model = onnx.load(folder / name)
    harm(model)
    put(old, name, model.SerializeToString())
    assert name in one_line(lambda: Run.open(old).graph(name))
    if name == "writer.onnx":
        one_line(lambda: lyricist.load(old))


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_weights_that_are_no_numbers_end_in_one_line(old: Path, value: float) -> None:
    (folder,) = (old / "checkpoints").iterdir()
    weights = load_arrays(folder / "weights.safetensors")
    weights["bias"][:] = value
    put(old, "weights.safetensors", tensor_bytes(weights))
    for name in ("model.onnx", "writer.onnx"):
        model = onnx.load(folder / name)
        bias = next(t for t in model.graph.initializer if t.name == "bias")
        bias.CopyFrom(numpy_helper.from_array(np.full_like(numpy_helper.to_array(bias), value), "bias"))
        put(old, name, model.SerializeToString())
    if not np.isfinite(value):
        one_line(lambda: Run.open(old).weights())
        one_line(lambda: lyricist.load(old).write(Plan(form="verse", lines=2), seed=1))


# --- sizes, and parts that do not fit each other


CONFIGS = {
    "model__layers": [2147483647, 0, -1, 1.5, "2", None, True],
    "model__hidden": [2**40, 17, "x"],
    "model__embedding": [10**9, 0, []],
    "model__vocab_size": [10**12, 559, 0],
    "model__features": [10**9, -1, 3],
    "model__outline": [10**6, 5],
    "model__cell": ["rnn", None],
    "model": [[], None, 3],
    "kind": [3, {}, "x" * 3000, "a\x1b[2J"],
    "format": ["1", "x\ny" * 900, 2, None],
    "packed": [[], "x"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in CONFIGS.items() for value in values])
def test_a_config_that_no_network_has(old: Path, name: str, value: Any) -> None:
    change(old / "config.json", **{name: value})

    def use() -> None:
        run = Run.open(old)
        run.weights()
        lyricist.load(run)

    one_line(use, InputError)


@pytest.mark.parametrize(
    ("name", "value"), [("layers", 2147483647), ("hidden", 2**31), ("context", 0), ("embedding", 9)]
)
def test_a_classic_config_that_no_network_has(tmp_path: Path, name: str, value: int) -> None:
    made = Path(shutil.copytree(GOLDEN / "classic-1", tmp_path / "c"))
    change(made / "config.json", **{f"model__{name}": value})
    one_line(lambda: lyricist.load(made))


@pytest.mark.parametrize(
    "name", ["vocab.json", "config.json", "latest", "copyindex.safetensors", "columns.safetensors"]
)
def test_a_huge_file_is_refused_before_it_is_read(old: Path, name: str) -> None:
    os.truncate(old / name, 1 << 36)  # takes no room on the disk
    one_line(lambda: lyricist.load(old).copy_index)


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors"])
def test_a_huge_checkpoint_is_refused_before_it_is_read(old: Path, name: str) -> None:
    (folder,) = (old / "checkpoints").iterdir()
    os.truncate(folder / name, 1 << 36)
    one_line(lambda: Run.open(old).file(name))


HEADERS = [
    b"{",
    b"[]",
    b'{"a": 3}',
    b'{"a": {"dtype": "F32", "shape": [1099511627776], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
    b'{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "b": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "BOOL", "shape": [4], "data_offsets": [0, 4]}}',
]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_that_does_not_fit_the_file(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\x05\x05\x05\x05")
    one_line(lambda: load_arrays(path))


def test_a_header_says_no_more_than_the_file_has(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    for length in (2**63, 2**32, 9, 0):
        path.write_bytes(length.to_bytes(8, "little") + b"{}")
        one_line(lambda: load_arrays(path))


@pytest.mark.parametrize("shape", ["(2**40,)", "(-1,)", "(9,)", "__import__('os').getcwd()", "(" * 9000])
def test_an_npy_header_is_no_program(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "a.npy"
    header = f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16))
    one_line(lambda: load_npy(path, np.int64))


def test_a_copy_index_whose_parts_do_not_fit(tmp_path: Path) -> None:
    path, hashes = tmp_path / COPY_INDEX, np.ones(5, dtype=np.uint32)
    for arrays in (
        {"hashes": hashes},
        {"hashes": hashes, "line_start": np.ones(4, dtype=bool)},
        {"hashes": hashes.astype(np.float64), "line_start": np.ones(5, dtype=bool)},
        {"hashes": hashes.reshape(5, 1), "line_start": np.ones(5, dtype=bool)},
    ):
        path.write_bytes(tensor_bytes(arrays))
        one_line(lambda: CopyIndex.load(path, Vocabulary(["<unk>"])))


# --- text


@pytest.mark.parametrize(
    "text", ["1e999", "NaN", "-Infinity", "9" * 5000, "[" * 100_000, '"\\ud800"', '{"\\uDfff": 1}', ""]
)
def test_json_from_outside_is_finite_and_unicode(text: str) -> None:
    assert "is damaged (not JSON)" in one_line(lambda: parse_json(text, "a.json"))


def test_json_may_have_pairs_of_surrogates() -> None:
    assert parse_json('"\\ud83d\\ude00 1.5e3"', "a.json") == "\U0001f600 1.5e3"


@pytest.mark.parametrize("token", ["\x1b]0;evil\x07", "a\nb", "a\rb", "\x9b2J", "x" * 20_000, "\u2028"])
def test_no_word_commands_the_terminal(token: str) -> None:
    data = {"tokens": ["<unk>", token], "tokenizer": "word", "display": {}}
    one_line(lambda: Vocabulary.from_json(json.dumps(data)))
    shown = {"tokens": ["<unk>", "a"], "tokenizer": "word", "display": {"a": token}}
    one_line(lambda: Vocabulary.from_json(json.dumps(shown)))


@pytest.mark.parametrize(
    "data",
    [b"9" * 5000 + b" 3\n", b"1 " + b"9" * 4400 + b"\n", b"\x1f\x8b\x08" + b"\0" * 60],
)
def test_word_vectors_that_are_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "v").write_bytes(data)
    one_line(lambda: read_vectors(tmp_path / "v", ["river"]), InputError)


def test_word_vectors_that_grow_without_end(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    row = b"river" + b" 0.5" * 200 + b"\n"
    data = b"".join(packer.compress(row * 1000) for _ in range(100)) + packer.flush()
    (tmp_path / "v.gz").write_bytes(data)
    assert "grows to more than" in one_line(lambda: read_vectors(tmp_path / "v.gz", ["sea"]), InputError)


# --- bits that rot


@pytest.mark.parametrize("name", ["vocab.json", "config.json", "latest", *checkpoint.BESIDE])
def test_one_bit_in_a_file_is_noticed(whole: Path, name: str) -> None:
    path = whole / name
    if not path.exists():
        return
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 12)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        one_line(lambda: lyricist.load(whole))


def test_a_file_too_many_or_too_few_is_noticed(whole: Path) -> None:
    (whole / "habits.json").write_text("{}")
    assert "is not one of the run's files" in one_line(lambda: lyricist.load(whole))
    (whole / "habits.json").unlink()
    (whole / COPY_INDEX).unlink()
    assert "is missing" in one_line(lambda: lyricist.load(whole))


def test_a_state_of_another_checkpoint_is_noticed(whole: Path) -> None:
    (folder,) = (whole / "checkpoints").glob(Run.open(whole).checkpoint("use").name)
    change(folder / "state.json", step=3)
    assert "its hash differs" in one_line(lambda: lyricist.load(whole))


def test_a_kill_while_a_file_beside_is_replaced_leaves_a_run(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tensor_bytes(
        {"keys": np.zeros(0, np.uint32), "sixteenths": np.zeros(0, np.uint8), "themes": np.zeros(0, np.uint8)}
    )
    for fails in ("seal", "second"):
        done: list[Path] = []

        def stop(path: Path, *args: Any, done: list[Path] = done, fails: str = fails) -> None:
            if fails == "seal" or done:
                raise KeyboardInterrupt
            done.append(path)
            path.write_bytes(b"".join(args[0]))

        with monkeypatch.context() as patched:
            patched.setattr(checkpoint, "seal" if fails == "seal" else "replace_file", stop)
            with pytest.raises(KeyboardInterrupt):
                replace_beside(whole, "stock.safetensors", data)
        lyricist.load(whole)
    replace_beside(whole, "stock.safetensors", data)
    assert (whole / "stock.safetensors").read_bytes() == data
    lyricist.load(whole)


def test_a_run_without_a_manifest_gets_one(old: Path) -> None:
    assert checkpoint.manifest(old, checkpoint.read_config(old)) is None
    seal(old)
    known = checkpoint.manifest(old, checkpoint.read_config(old))
    assert known is not None and {"config.json", "vocab.json", "columns.safetensors"} <= known.keys()
    lyricist.load(old)
