"""From a corpus, its tunes and options to everything a classic run begins with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lyricist._io import disk_errors, replace_file, tensor_bytes
from lyricist.corpus import Corpus
from lyricist.errors import InputError
from lyricist.model.checkpoint import Run
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.training.classic.config import SONGS_AT_ONCE, TRAIN, ClassicConfig
from lyricist.training.classic.songs import DATA, Heard, hear, save_songs
from lyricist.training.classic.vectors import SIZE, VECTORS, Floats, WordVectors, learn, read_vectors
from lyricist.training.config import TrainConfig, checked
from lyricist.training.token_arrays import TokenSet

WORDS, LEAST = 20_000, 2  # most words of the vocabulary, and how often one must occur in the training songs


@dataclass(frozen=True)
class Recipe:
    """What a person may say about a classic training."""

    midi: Path | None = None  # folder of the tunes
    vectors: Path | None = None  # a file of word vectors; None: learnt from the songs
    vocabulary: int | None = None
    model: Mapping[str, Any] = field(default_factory=dict)  # fields of ClassicConfig
    train: Mapping[str, Any] = field(default_factory=dict)  # fields of TrainConfig


@dataclass
class Design:
    """A classic run before it is made."""

    model: ClassicConfig
    train: TrainConfig
    vocabulary: Vocabulary
    vectors: bytes  # safetensors
    source: str  # of the vectors
    heard: Heard
    line_words: int

    def config(self) -> dict[str, Any]:
        """What config.json says beyond the corpus and the licence."""
        return {
            "kind": "classic",
            "model": self.model.model_dump(),
            "train": self.train.model_dump(),
            "vectors": {"source": self.source, "sha256": hashlib.sha256(self.vectors).hexdigest()},
            "line_words": self.line_words,
            "heard": {split: len(songs) for split, songs in self.heard.songs.items()},
            "left_out": [list(pair) for pair in self.heard.left_out],
        }

    def keep(self, run: Run) -> None:
        """Put the vectors and the songs into the run."""
        with disk_errors(run.path):
            replace_file(run.path / VECTORS, [self.vectors])
            save_songs(self.heard, run.path / DATA)


def design(corpus: Corpus, tokens: TokenSet, recipe: Recipe) -> Design:
    """Vectors, vocabulary, network and the songs with their music; the cheap checks come first.

    Raises InputError for options that are none, a folder without the songs' tunes, and a file of vectors that is
    damaged or of another size; MissingExtra where vectors are to be learnt without gensim.
    """
    if recipe.midi is None:
        raise InputError("--recipe classic hears the tunes of the songs: name their folder with --midi")
    asked = {"vocab_size": 1, **recipe.model}
    context = checked(ClassicConfig, asked).context
    settings = TRAIN | ({"batch": SONGS_AT_ONCE} if context > 1 else {}) | dict(recipe.train)
    train = checked(TrainConfig, settings)
    vocabulary, found = words_and_vectors(tokens, recipe, train.seed)
    heard = hear(corpus, recipe.midi, vocabulary)
    if not any(len(song.known(vocabulary.unk).ids) > 1 for song in heard.songs["train"]):
        raise InputError("the training songs with a tune hold no two words with vectors: add songs or tunes")
    matrix = rows_for(vocabulary, found)
    model = checked(ClassicConfig, {**asked, "vocab_size": len(vocabulary), "embedding": matrix.shape[1]})
    line_words = max(1, round(corpus.info["words"] / corpus.info["lines"]))
    return Design(model, train, vocabulary, tensor_bytes({"vectors": matrix}), found.source, heard, line_words)


def words_and_vectors(tokens: TokenSet, recipe: Recipe, seed: int) -> tuple[Vocabulary, WordVectors]:
    """The vocabulary, words without a vector taken out, and the vectors."""
    vocabulary = tokens.vocabulary(recipe.vocabulary or WORDS, LEAST)
    words = [token for token in vocabulary.tokens if token not in SPECIALS]
    if not words:
        raise InputError("no word occurs twice in the training songs: add songs")
    size = recipe.model.get("embedding")
    if recipe.vectors is None:
        return vocabulary, learn(word_songs(tokens, vocabulary), size or SIZE, seed)
    found = read_vectors(recipe.vectors, words, size)
    known = {*SPECIALS, *found.words}
    return Vocabulary([t for t in vocabulary.tokens if t in known], "word", vocabulary.display), found


def word_songs(tokens: TokenSet, vocabulary: Vocabulary) -> list[list[str]]:
    """The training songs as the words of the vocabulary that they hold."""
    split = tokens.split("train")
    ids = tokens.remap(vocabulary)[split.ids]
    is_word = np.array([token not in SPECIALS for token in vocabulary.tokens])
    pieces = [ids[a:b] for a, b in zip(split.starts[:-1], split.starts[1:], strict=True)]
    return [[vocabulary.tokens[i] for i in piece[is_word[piece]]] for piece in pieces]


def rows_for(vocabulary: Vocabulary, found: WordVectors) -> Floats:
    """(V, D) the vectors in the order of the vocabulary, zeros for what is no word."""
    matrix = np.zeros((len(vocabulary), found.matrix.shape[1]), dtype=np.float32)
    matrix[[vocabulary.index[word] for word in found.words]] = found.matrix
    return matrix
