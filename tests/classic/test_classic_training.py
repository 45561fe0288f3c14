"""The recipe's batches, its two forms of network, and resuming."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from classicsongs import ARTIST, title, tune, tune_name
from tests.conftest import QUICK_CLASSIC as QUICK
from tests.conftest import SMALL_CLASSIC as SMALL

from lyricist._io import load_arrays, tensor_bytes
from lyricist.corpus import Corpus, PrepareOptions, prepare
from lyricist.errors import InputError, RunError
from lyricist.evaluation.train import train_songs
from lyricist.generate.open_run import load
from lyricist.model.checkpoint import Run, seal
from lyricist.model.classic.stepped_net import ClassicConfig, Neighbours, SteppedNet
from lyricist.model.classic.sung_words import SungWords, hear, word_ids
from lyricist.model.tokens import Vocabulary
from lyricist.training import events
from lyricist.training.classic.classic_trainer import ClassicNet, Steps
from lyricist.training.config import Options
from lyricist.training.token_arrays import PAD

pytest.importorskip("gensim")  # has no package for Python 3.14 yet

KINDS = list(itertools.product(("lstm", "gru"), ("concat", "project")))


def songs_of(*lengths: int) -> list[SungWords]:
    """Songs whose words are numbered on, each with its number as its first feature."""
    made, next_id = [], 0
    for n in lengths:
        ids = np.arange(next_id, next_id + n)
        features = np.zeros((n, 18), dtype=np.float32)
        features[:, 0] = ids
        made.append(SungWords(ids, features))
        next_id += n
    return made


@pytest.mark.parametrize("context", [1, 2, 3, 50])
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_an_epoch_reads_every_pair_of_neighbours_once(context: int, batch: int) -> None:
    songs = songs_of(5, 2, 9, 1, 4)
    steps = Steps(songs, batch, context, seed=3)
    expected = sorted((int(a), int(b)) for s in songs for a, b in itertools.pairwise(s.ids))
    assert len(steps) == len(expected)
    for number in (0, 1):
        windows = [steps.window(place) for place in steps.epoch(number)]
        seen = [
            (int(a), int(b)) for w in windows for a, b in zip(w.ids.flat, w.targets.flat, strict=True) if b != PAD
        ]
        assert sorted(seen) == expected
        assert all((w.features[..., 0] == w.ids)[w.targets != PAD].all() for w in windows)


def test_one_word_of_context_is_the_originals_walk_over_the_batch() -> None:
    """`batch` pairs in a random order are one sequence for the recurrent net."""
    steps = Steps(songs_of(9, 9), batch=4, context=1, seed=0)
    window = steps.window(steps.epoch(0)[0])
    assert steps.columns == 1
    assert window.ids.shape == (4, 1)
    assert window.fresh
    assert (np.diff(window.ids[:, 0]) != 1).any()


def test_a_longer_context_carries_state_through_a_song_and_no_further() -> None:
    steps = Steps(songs_of(6, 4), batch=2, context=2, seed=0)
    windows = [steps.window(place) for place in steps.epoch(0)]
    assert [w.fresh for w in windows] == [True, False, False]
    order = np.argsort(windows[0].ids[0])
    read = np.concatenate([w.ids for w in windows])[:, order]
    assert read[:, 0].tolist() == [0, 1, 2, 3, 4, 0]
    assert read[:, 1].tolist() == [6, 7, 8, 0, 0, 0]


def network(cell: str, melody_input: str) -> tuple[ClassicConfig, ClassicNet]:
    torch.manual_seed(0)
    config = ClassicConfig(cell=cell, melody_input=melody_input, hidden=16, embedding=6, vocab_size=10)  # type: ignore[arg-type]
    return config, ClassicNet(config, torch.randn(10, 6)).eval()


@pytest.mark.parametrize(("cell", "melody_input"), KINDS)
def test_stepping_in_numpy_is_the_network_of_pytorch(cell: str, melody_input: str) -> None:
    config, net = network(cell, melody_input)
    weights = {name: p.detach().numpy() for name, p in net.named_parameters()}
    stepped = SteppedNet(config.model_dump(), weights, net.vectors.numpy())
    ids, features = torch.randint(10, (5, 3)), torch.rand(5, 3, 18)
    with torch.no_grad():
        expected, _ = net(ids, features, net.initial_state(3))
    state = stepped.initial_state(3)
    for t in range(5):
        found, state = stepped.step(ids[t].numpy(), features[t].numpy(), state)
        np.testing.assert_allclose(found, expected[t].numpy(), atol=1e-5)


@pytest.mark.parametrize(("cell", "melody_input"), KINDS)
def test_the_melody_moves_the_prediction(cell: str, melody_input: str) -> None:
    _, net = network(cell, melody_input)
    ids, state = torch.ones(1, 1, dtype=torch.long), net.initial_state(1)
    one, two = (net(ids, torch.full((1, 1, 18), x), state)[0] for x in (0.1, 0.9))
    assert not torch.allclose(one, two)


def test_padding_does_not_count_in_the_loss() -> None:
    _, net = network("lstm", "concat")
    ids, features, state = torch.tensor([[1], [2]]), torch.rand(2, 1, 18), net.initial_state(1)
    short, _ = net.loss(ids[:1], torch.tensor([[2]]), features[:1], state)
    padded, _ = net.loss(ids, torch.tensor([[2], [PAD]]), features, state)
    torch.testing.assert_close(short, padded)


def test_the_loss_is_the_mean_absolute_difference() -> None:
    _, net = network("gru", "concat")
    ids, features, state = torch.tensor([[1]]), torch.rand(1, 1, 18), net.initial_state(1)
    predicted, _ = net(ids, features, state)
    loss, _ = net.loss(ids, torch.tensor([[4]]), features, state)
    torch.testing.assert_close(loss, (predicted[0, 0] - net.vectors[4]).abs().mean())


def test_weights_of_another_network_are_refused() -> None:
    config, net = network("lstm", "concat")
    weights = {name: p.detach().numpy() for name, p in net.named_parameters()}
    with pytest.raises(RunError, match="do not fit"):
        SteppedNet(config.model_dump() | {"melody_input": "project"}, weights, net.vectors.numpy())


def test_neighbours_are_by_cosine_and_of_equals_the_commoner_goes_first() -> None:
    vectors = np.array([[0, 0], [1, 0], [2, 0], [0, 3], [-1, 0]], dtype=np.float32)
    words, cosines = Neighbours(vectors, np.array([1, 2, 3, 4])).nearest(np.array([5, 1], dtype=np.float32), 3)
    assert words.tolist() == [1, 2, 3]
    np.testing.assert_allclose(cosines, [5 / 26**0.5, 5 / 26**0.5, 1 / 26**0.5], rtol=1e-6)


# -- a run from beginning to end ------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "melody_input"), KINDS)
def test_every_form_trains(
    cell: str, melody_input: str, sung: Corpus, sea: tuple[Path, Path], tmp_path: Path
) -> None:
    model = {**SMALL, "cell": cell, "melody_input": melody_input}
    options = Options(recipe="classic", midi=str(sea[1]), model=model, train={**QUICK, "epochs": 6.0})
    found = list(train_songs(sung, tmp_path / "r", options))
    losses = [e.valid_loss for e in found if isinstance(e, events.Evaluated)]
    assert losses[-1] < losses[0]
    assert isinstance(found[0], events.Started)
    assert found[0].loss == "L1"
    assert not any(isinstance(e, events.SampleDue) for e in found)


@pytest.mark.parametrize("context", [1, 5])
def test_resuming_equals_never_having_stopped(
    context: int, sung: Corpus, sea: tuple[Path, Path], tmp_path: Path
) -> None:
    model = {**SMALL, "context": context, "dropout": 0.3}
    options = Options(recipe="classic", midi=sea[1], model=model, train={**QUICK, "batch": 8})
    list(train_songs(sung, tmp_path / "whole", options))
    steps = itertools.count()
    list(train_songs(sung, tmp_path / "parts", options, should_stop=lambda: next(steps) == 7))
    assert Run.open(tmp_path / "parts").state()["cursor"]["step"] == 7
    list(train_songs(sung, tmp_path / "parts", replace(options, midi=None), resume=True))
    whole, parts = (Run.open(tmp_path / name) for name in ("whole", "parts"))
    assert whole.state()["cursor"]["best"] == parts.state()["cursor"]["best"]
    for name in ("weights.safetensors", "state.safetensors"):
        one, two = (load_arrays(run.file(name, "resume")) for run in (whole, parts))
        assert one.keys() == two.keys()
        assert all(np.array_equal(one[key], two[key]) for key in one)


def test_what_a_run_holds(classic_run: Path) -> None:
    run = Run.open(classic_run)
    assert run.kind == "classic"
    assert run.config["vectors"]["source"] == "word2vec"
    assert run.config["heard"] == {"train": 12, "valid": 1, "test": 1}
    names = {path.name for path in classic_run.iterdir()}
    assert {"card.md", "history.jsonl", "plots", "songs.safetensors", "vectors.safetensors", "latest"} <= names
    assert not (run.checkpoint() / "model.onnx").exists()
    card = (classic_run / "card.md").read_text()
    assert "2 x 16 LSTM, melody input concat" in card
    assert {p.name for p in (classic_run / "plots").iterdir()} == {"loss.png", "architecture.png"}


def test_a_word_without_a_vector_keeps_its_share_and_is_passed_over() -> None:
    vocabulary = Vocabulary(["<unk>", "<song>", "<verse>", "<line>", "<end>", "sea", "boat"])
    (song,) = prepare(
        texts=["sea gull boat sea boat sea boat sea"], options=PrepareOptions(valid_share=0, test_share=0)
    ).songs("train")
    ids = word_ids(song, vocabulary)
    assert [vocabulary.tokens[i] for i in ids[:3]] == ["sea", "<unk>", "boat"]
    features = np.arange(8 * 18, dtype=np.float32).reshape(8, 18)
    known = SungWords(ids, features).known(vocabulary.unk)
    assert [vocabulary.tokens[i] for i in known.ids[:2]] == ["sea", "boat"]
    assert known.features[1].tolist() == features[2].tolist()


def test_a_tune_that_cannot_be_read_leaves_its_song_out(sung: Corpus, tmp_path: Path) -> None:
    for i in range(1, 14):
        (tmp_path / tune_name(i)).write_bytes(tune(i))
    (tmp_path / tune_name(2)).write_bytes(b"MThd\0\0\0\6\0\1\0\1\1\340MTrk")
    vocabulary = Vocabulary(["<unk>", "the", "river"])
    heard = hear(sung, tmp_path, vocabulary)
    assert sum(len(songs) for songs in heard.songs.values()) == 12
    reasons = dict(heard.left_out)
    assert reasons["The Paper Boats - Boat A Sails"] == "no tune is joined to it by name"
    assert tune_name(2) in reasons["The Paper Boats - Boat C Sails"]


def test_tunes_that_cannot_be_read_at_all(sung: Corpus, tmp_path: Path) -> None:
    (tmp_path / tune_name(2)).write_bytes(b"no tune")
    with pytest.raises(InputError, match="no song has a tune that can be read"):
        hear(sung, tmp_path, Vocabulary(["<unk>", "the"]))


def test_too_little_to_train_on_leaves_no_run(sea: tuple[Path, Path], tmp_path: Path) -> None:
    words = ["one two three four five six seven sea", "red green blue white black grey brown sea"]
    texts = [{"title": title(i), "artist": ARTIST, "lyrics": text} for i, text in enumerate(words)]
    corpus = prepare(texts=texts, options=PrepareOptions(valid_share=0, test_share=0))
    (tmp_path / "v.txt").write_text("sea 1 2\n")
    options = Options(recipe="classic", midi=sea[1], vectors=tmp_path / "v.txt")
    with pytest.raises(InputError, match="no two words with vectors"):
        list(train_songs(corpus, tmp_path / "r", options))
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"midi": None}, "name their folder with --midi"),
        ({"midi": "nowhere"}, "--midi nowhere: no such folder"),
        ({"base": "other"}, "--from other clash"),
        ({"tokenizer": "char"}, "--tokenizer char clash"),
        ({"order": "backward"}, "--order backward clash"),
        ({"model": {"melody_input": "added"}}, "melody_input = 'added'"),
        ({"model": {"context": 0}}, "context = 0"),
        ({"model": {"tied": False}}, "tied = False"),
    ],
)
def test_options_that_clash(
    change: dict[str, object], expected: str, sung: Corpus, sea: tuple[Path, Path], tmp_path: Path
) -> None:
    options = replace(Options(recipe="classic", midi=sea[1]), **change)  # type: ignore[arg-type]
    with pytest.raises(InputError) as e:
        list(train_songs(sung, tmp_path / "r", options))
    assert expected in str(e.value)
    assert not (tmp_path / "r").exists()


def test_a_damaged_file_of_vectors_in_the_run(classic_run: Path, tmp_path: Path) -> None:
    shutil.copytree(classic_run, tmp_path / "r")
    (tmp_path / "r" / "vectors.safetensors").write_bytes(tensor_bytes({"vectors": np.zeros((3, 3))}))
    seal(tmp_path / "r")
    with pytest.raises(RunError, match="damaged|does not fit the run"):
        load(tmp_path / "r")
