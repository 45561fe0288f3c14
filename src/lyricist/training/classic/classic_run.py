"""The files of a classic run: what it is made from, and the plots and the card that describe it after training."""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from lyricist._io import disk_errors, replace_file, tensor_bytes
from lyricist.corpus import Corpus
from lyricist.errors import InputError
from lyricist.model.checkpoint import Run
from lyricist.model.classic.note_features import WIDTH
from lyricist.model.classic.stepped_net import PROJECTED, ClassicConfig, classic_shapes
from lyricist.model.classic.sung_words import DATA, Heard, hear, save_songs
from lyricist.model.classic.word_vectors import SIZE, VECTORS, WordVectors, learn, read_vectors
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.training import record
from lyricist.training.config import TrainConfig, checked
from lyricist.training.token_arrays import TokenSet

WORDS, LEAST = 20_000, 2  # most words of the vocabulary, and how often each must occur in the training songs
# Training unless options say otherwise: Adam at a constant rate, no clipping; `batch` is in pairs of words.
TRAIN: dict[str, Any] = {"batch": 128, "epochs": 20.0, "learning_rate": 1e-3, "warmup": 0.0, "clip": 1e9}
TRAIN |= {"negatives": 0, "evaluations": 20}
SONGS_AT_ONCE = 16  # the batch, in songs, with a context of several words


@dataclass
class Design:
    """A classic run before it is made."""

    config: dict[str, Any]  # of config.json, except the fields of the corpus and the licence
    vocabulary: Vocabulary
    vectors: bytes  # safetensors
    heard: Heard

    def keep(self, run: Run) -> None:
        """Write the vectors and the songs into the run."""
        with disk_errors(run.path):
            replace_file(run.path / VECTORS, [self.vectors])
            save_songs(self.heard, run.path / DATA)


def design(
    corpus: Corpus,
    tokens: TokenSet,
    midi: Path | str | None,
    vectors: Path | str | None = None,
    vocabulary: int | None = None,
    model: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
) -> Design:
    """Vectors, vocabulary, network and the songs with their music; the cheap checks come first.

    `midi`: folder of the tunes; `vectors`: a file of word vectors, learnt from the songs if None; `vocabulary`: the
    most words; `model`, `train`: fields of `ClassicConfig` and `TrainConfig`. Raises `InputError` for unknown
    options, a folder without the songs' tunes, and a file of vectors that is damaged or of another size;
    `MissingExtra` where vectors have to be learnt without gensim.
    """
    if midi is None:
        raise InputError("--recipe classic hears the tunes of the songs: name their folder with --midi")
    asked = {"vocab_size": 1, **(model or {})}
    context = checked(ClassicConfig, asked).context
    settings = checked(TrainConfig, TRAIN | ({"batch": SONGS_AT_ONCE} if context > 1 else {}) | dict(train or {}))
    known, found = words_and_vectors(tokens, vocabulary, vectors, asked.get("embedding"), settings.seed)
    heard = hear(corpus, midi, known)
    if not any(len(song.known(known.unk).ids) > 1 for song in heard.songs["train"]):
        raise InputError("the training songs with a tune hold no two words with vectors: add songs or tunes")
    matrix = np.zeros((len(known), found.matrix.shape[1]), dtype=np.float32)  # (V, D), zeros for special tokens
    matrix[[known.index[word] for word in found.words]] = found.matrix
    data = tensor_bytes({"vectors": matrix})
    asked |= {"vocab_size": len(known), "embedding": matrix.shape[1]}
    config = {
        "kind": "classic",
        "model": checked(ClassicConfig, asked).model_dump(),
        "train": settings.model_dump(),
        "vectors": {"source": found.source, "sha256": hashlib.sha256(data).hexdigest()},
        "line_words": max(1, round(corpus.info["words"] / corpus.info["lines"])),
        "heard": {split: len(songs) for split, songs in heard.songs.items()},
        "left_out": [list(pair) for pair in heard.left_out],
    }
    return Design(config, known, data, heard)


def words_and_vectors(
    tokens: TokenSet, most: int | None, file: Path | str | None, size: int | None, seed: int
) -> tuple[Vocabulary, WordVectors]:
    """The vocabulary, without the words that have no vector, and the vectors. Raises `InputError` if no word occurs
    twice."""
    vocabulary = tokens.vocabulary(most or WORDS, LEAST)
    words = [token for token in vocabulary.tokens if token not in SPECIALS]
    if not words:
        raise InputError("no word occurs twice in the training songs: add songs")
    if file is None:
        return vocabulary, learn(word_songs(tokens, vocabulary), size or SIZE, seed)
    found = read_vectors(Path(file), words, size)
    known = {*SPECIALS, *found.words}
    return Vocabulary([t for t in vocabulary.tokens if t in known], "word", vocabulary.display), found


def word_songs(tokens: TokenSet, vocabulary: Vocabulary) -> list[list[str]]:
    """The training songs as lists of the words that the vocabulary has."""
    split = tokens.split("train")
    ids = tokens.remap(vocabulary)[split.ids]
    is_word = np.array([token not in SPECIALS for token in vocabulary.tokens])
    pieces = [ids[a:b] for a, b in zip(split.starts[:-1], split.starts[1:], strict=True)]
    return [[vocabulary.tokens[i] for i in piece[is_word[piece]]] for piece in pieces]


# --- plots and card


def describe(run: Run) -> None:
    """Write plots and card, once training has ended."""
    plot_loss(run)
    weights = run.arrays("weights.safetensors", classic_shapes(run.config["model"]))
    record.draw_boxes(run.path, layers(run.config["model"], {name: w.shape for name, w in weights.items()}))
    write_card(run)


def plot_loss(run: Run) -> Path:
    """plots/loss.png: training and validation L1 loss over the epochs."""
    rows = record.read_history(run.path)
    figure = record.blank(7, 4)
    axes = figure.subplots()
    for name, style, label in (("train_loss", "-", "training (smoothed)"), ("valid_loss", "o-", "validation")):
        points = [(r["epoch"], r[name]) for r in rows if name in r]
        axes.plot([x for x, _ in points], [y for _, y in points], style, label=label)
    axes.set(xlabel="epoch", ylabel="L1, per number of a vector", title="How training went")
    axes.grid(alpha=0.3)
    axes.legend()
    return record.save(figure, run.path / "plots" / "loss.png")


def layers(model: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> list[tuple[str, str, int]]:
    """(layer, shape in words, parameters) from the input to the output, as `record.architecture` gives them."""

    def count(prefix: str) -> int:
        return sum(math.prod(shape) for name, shape in shapes.items() if name.startswith(prefix))

    size, hidden, cell = model["embedding"], model["hidden"], model["cell"].upper()
    rows = [("word vector, given", f"({size})", 0), ("melody of the word", f"({WIDTH})", 0)]
    width = size + WIDTH
    if count("melody"):
        width = size + PROJECTED
        rows.append(("dense layer, ReLU, for the melody", f"({WIDTH})  ->  ({PROJECTED})", count("melody")))
    rows.append(("concatenated", f"({width})", 0))
    rows.append((f"{model['layers']} x {cell}", f"({width})  ->  ({hidden})", count("rnn")))
    rows.append(("dense layer", f"({hidden})  ->  ({size})", count("output")))
    return [*rows, ("the next word", "one of the ten nearest vectors", 0)]


def write_card(run: Run) -> Path:
    """card.md: what the model is, which songs it was trained on, under which licence, and its loss."""
    config = run.config
    rows = [r for r in record.read_history(run.path) if "valid_loss" in r]
    best = min((r["valid_loss"] for r in rows), default=math.nan)
    model, corpus, heard = config["model"], config["corpus"], config["heard"]
    out = [f"- {name}: {why}" for name, why in config["left_out"]]
    text = f"""# {run.path.name}

The classic recipe, from a word vector and its melody to the next word's vector, trained with lyricist
{version("lyricist")}. It is kept as a baseline; see docs/classic.md.

**Licence:** {config["licence"]}

It learnt from songs and can reveal parts of them.

| | |
|---|---|
| network | {model["layers"]} x {model["hidden"]} {model["cell"].upper()}, melody input {model["melody_input"]} |
| context | {record.counted(model["context"], "word")} |
| word vectors | {model["embedding"]} numbers each, from {config["vectors"]["source"]} |
| vocabulary | {model["vocab_size"]:,} |
| songs with a tune | {heard["train"]} to train on, {heard["valid"]} to validate, {heard["test"]} to test |
| songs left out | {len(out)} of {corpus["songs"]}; corpus sha256 {corpus["fingerprint"][:16]}... |
| step used | {run.state("use")["step"]:,} |
| best validation loss | {best:.4f} (L1 per number of a vector) |
| seed | {config["train"]["seed"]} |
| made with | Python {platform.python_version()}, PyTorch {version("torch")} |

## Left out

{chr(10).join(out) or "None."}

## Sources

{record.source_list(corpus) or "- given by a program"}
"""
    with disk_errors(run.path):
        replace_file(run.path / "card.md", [text.encode()])
    return run.path / "card.md"
