"""The rivals are what they should be, and all are scored on the same songs in the same way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from against_models import main, margin, perplexity
from held_out import held_out
from lyricist.corpus import PrepareOptions, prepare
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.training.config import TrainConfig
from lyricist.training.token_arrays import SplitTokens, Streams
from transformer import Shape, Transformer, train_transformer, transformer_nats, windows

SHAPE = Shape(vocab=11, width=8, layers=2, heads=2, context=6)
TEXTS = [np.arange(n) * 7 % 11 for n in (2, 6, 7, 8, 25)]


def small() -> Transformer:
    torch.manual_seed(0)
    model = Transformer(SHAPE)
    for p in model.parameters():
        torch.nn.init.normal_(p, 0, 0.4)
    return model.eval()


@pytest.mark.parametrize(("context", "stride"), [(6, 1), (6, 2), (6, 6), (100, 32)])
def test_windows_predict_every_token_once(context: int, stride: int) -> None:
    lengths = [len(t) for t in TEXTS]
    found = windows(lengths, context, stride)
    for text, length in enumerate(lengths):
        mine = [w for w in found if w.text == text]
        assert [t for w in mine for t in range(w.scored, w.end)] == list(range(1, length))
        for w in mine:
            assert w.end - 1 - w.start <= context
            assert w.start == 0 or w.scored - w.start > context - stride


def test_transformer_sees_its_window_and_nothing_to_come() -> None:
    model = small()
    logits = model.features(torch.tensor([[1, 2, 3, 4, 5, 6]]))
    changed = model.features(torch.tensor([[1, 2, 3, 4, 9, 9]]))
    assert torch.allclose(logits[:, :4], changed[:, :4], atol=1e-6)
    assert not torch.allclose(logits[:, 4:], changed[:, 4:], atol=1e-3)


@torch.no_grad()
def test_transformer_scores_are_those_of_its_softmax() -> None:
    model = small()
    expected = []
    for text in TEXTS:
        total = 0.0
        for w in windows([len(text)], 6, 2):
            x = model.features(torch.from_numpy(text[w.start : w.end - 1])[None])
            p = torch.softmax(x[0] @ model.embedding.T + model.bias, 1)
            total -= sum(float(p[t - 1 - w.start, text[t]].log()) for t in range(w.scored, w.end))
        expected.append(total)
    assert transformer_nats(model, TEXTS, stride=2) == pytest.approx(expected, abs=1e-4)


def test_a_transformer_as_large_as_ours() -> None:
    ours = LyricLSTM(ModelConfig(vocab_size=20_000, layers=1, embedding=320, hidden=768)).parameter_count()
    shape = Shape.like(ours, 20_000, width=320, heads=5, context=128, dropout=0)
    assert shape.layers == 3
    assert Transformer(shape).parameter_count() == pytest.approx(ours, rel=0.02)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_transformer_learns(precision: str) -> None:
    torch.manual_seed(0)
    model = Transformer(Shape(vocab=6, width=16, layers=1, heads=2, context=8), precision)
    songs = SplitTokens(np.tile(np.arange(6), 100), np.arange(0, 601, 6))
    config = TrainConfig(budget=1.0, batch=8, learning_rate=0.02, negatives=0)
    ticks = iter(np.arange(0, 2, 1 / 40))  # a clock of its own: 40 updates
    facts = train_transformer(
        model, Streams(songs, np.arange(6, dtype=np.int32), 8), config, lambda: float(next(ticks))
    )
    assert facts["steps"] == 39
    assert transformer_nats(model, [np.tile(np.arange(6), 2)])[0] / 11 < 0.5  # 1.8 by guessing


ROWS = "We row the boat along the stream\nand sing beneath the morning star"
OTHER = "The lamp is out the door is wide\nno letter came to anyone"


def test_songs_with_a_run_of_training_songs_are_excluded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("held_out.SONGS", tmp_path)
    copied = "Oh, we row the boat\nalong the stream AND\nsing to me"  # eight words, other lines
    nearly = "We row the boat along the stream\nno more no more"  # seven
    (tmp_path / "hymns.txt").write_text(f"{copied}\n\n{nearly}\n\n{OTHER}\n")
    options = PrepareOptions(min_words=1, valid_share=0, test_share=0, near_duplicate=None, related=None)
    corpus = prepare(texts=[ROWS], out=tmp_path / "corpus", options=options)
    test, hymns = held_out(corpus)
    assert (test.songs, test.seen) == ([], 0)
    assert hymns.seen == 1
    assert sorted(song.text().splitlines()[0] for song in hymns.songs) == [
        "The lamp is out the door is wide",
        "We row the boat along the stream",
    ]


def test_figures_of_songs() -> None:
    words = np.array([1.0, 3.0])
    assert perplexity(np.log([8.0, 8.0**3]), words) == [8, 8, 8]
    assert margin(np.log([4.0, 4.0**3]), np.log([8.0, 8.0**3]), words) == [0.5, 0.5, 0.5]
    value, low, high = margin(np.array([1.0, 1.0]), np.array([1.0, 2.0]), words)
    assert low == 0 < value < high


TINY = {
    "ours": {"model": {"embedding": 8, "hidden": 12}, "train": {"batch": 4, "steps": 8}},
    "lstm": {"model": {"embedding": 8, "hidden": 12}, "train": {"batch": 4, "steps": 8}},
    "transformer": {"model": {"width": 8, "heads": 2, "context": 16}, "train": {"batch": 4}},
}


@pytest.mark.full
def test_a_whole_contest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("held_out.SONGS", tmp_path)
    rng = np.random.default_rng(0)
    words = ["night", "light", "river", "moon", "love", "song", "sea", "star", "away", "day"]
    songs = ["\n".join(" ".join(rng.choice(words, 6)) for _ in range(8)) for _ in range(300)]
    options = PrepareOptions(valid_share=0.1, test_share=0.1, near_duplicate=None, related=None)
    corpus = prepare(texts=songs, out=tmp_path / "corpus", options=options)
    (tmp_path / "settings.json").write_text(json.dumps(TINY))
    command = [corpus.path, "--budget", 4, "--settings", tmp_path / "settings.json", "--keep", tmp_path / "kept"]
    monkeypatch.setattr("sys.argv", ["", *map(str, command), "--json", str(tmp_path / "told.json")])
    main()
    told = json.loads((tmp_path / "told.json").read_text())
    found = told["held_out"]["test split"]
    assert set(found["perplexity"]) == {"kneser-ney", "lstm", "transformer", "ours"}
    assert all(5 < p < 100 for p, _, _ in found["perplexity"].values())  # ten words by chance, and line ends
    assert set(found["margin"]) == {"kneser-ney", "lstm", "transformer"}
    kept = (tmp_path / "kept" / "ours.json").read_bytes()
    main()  # nothing is made again
    assert json.loads((tmp_path / "told.json").read_text()) == told
    assert (tmp_path / "kept" / "ours.json").read_bytes() == kept
