"""Pronunciation of words that no lexicon has: a small LSTM from letters to phones with stress.

Every letter of a word stands for a *chunk* of 0 to 2 phones: r-i-gh-t is R, AY1, nothing, nothing, T; x is K S. A
bidirectional LSTM reads the letters; a second LSTM reads its outputs from left to right, together with the chunk of
the letter before, and scores the chunks of the next. Beam search allows only words with exactly one primary stress.
`scripts/train_g2p.py` trains the model and writes `g2p.safetensors`: int8 weights with a scale per row, and in its
metadata the chunks and the table of `align`.

Batches have a fixed size, so the reading of a word does not depend on the other words of its batch.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist.prosody.phones import Reading, bare

MODEL = Path(__file__).with_name("g2p.safetensors")
LETTERS = "abcdefghijklmnopqrstuvwxyz'"
ROWS = 16  # words in one batch
BEAM = 6
UNSEEN = -14.0  # log probability in `align` of a chunk never seen for its letter
SMALL = 1 << 18  # multiplications in a product that OpenBLAS computes without threads, which would slow it down
NEVER = np.float32(-1e9)
ONE = np.ones(1, np.float32)

Chunk = tuple[str, ...]
Array = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def pronounce(word: str) -> tuple[Reading, ...]:
    """The reading the model guesses for a word, or () if the word has no letters.

    >>> [reading.source for reading in pronounce("lyricist")], pronounce("42")
    (['model'], ())
    """
    return pronounce_many([word])[0]


def pronounce_many(words: Sequence[str]) -> list[tuple[Reading, ...]]:
    """`pronounce` for many words, some ten times as fast per word."""
    parts = [pieces(word) for word in words]
    fresh = sorted({part for each in parts for part in each}, key=lambda part: (len(part), part))
    phones = dict(zip(fresh, default_model().phones(fresh), strict=True))
    return [(compound([phones[part] for part in each]),) if each else () for each in parts]


def pieces(word: str) -> list[str]:
    """The hyphenated parts of a word in the model's letters; a letter drawn out is cut to two.

    >>> pieces("Café-goooo"), pieces("'TWAS")
    (['cafe', 'goo'], ["'twas"])
    """
    kept = re.sub(r"[^a-z'\-]", "", fold(word))
    parts = re.sub(r"(.)\1{2,}", r"\1\1", kept).split("-")
    return [part for part in parts if re.search("[a-z]", part)]


def fold(word: str) -> str:
    """Lower case without accents, letter for letter.

    >>> fold("Noël")
    'noel'
    """
    return "".join(unicodedata.normalize("NFKD", letter)[0].lower()[0] for letter in word)


def compound(parts: Sequence[Chunk]) -> Reading:
    """A reading of the parts' phones: the first keeps its primary stress, the others' becomes secondary."""
    later = (phone.replace("1", "2") for part in parts[1:] for phone in part)
    return Reading((*parts[0], *later), "model")


class Model:
    """The weights, ready to use: matrices by name, the chunks, and the table of `align`."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.generic]], metadata: Mapping[str, str]) -> None:
        self.chunks: list[Chunk] = [tuple(text.split()) for text in json.loads(metadata["chunks"])]
        self.table: dict[str, dict[str, float]] = json.loads(metadata["align"])
        self.digest = metadata["digest"]  # SHA-256 of the lexicon's table that the model was trained on
        self.primaries = np.array([sum("1" in phone for phone in chunk) for chunk in self.chunks])
        self.weights = dict(floats(arrays))
        self.layers = sum(name.startswith("encoder.w") for name in self.weights) // 2

    def phones(self, words: Sequence[str]) -> Iterator[Chunk]:
        """The phones of words in LETTERS, which are best sorted by length."""
        for batch in batches(words):
            letters = np.zeros((ROWS, len(batch[0])), np.int64)
            letters[: len(batch)] = [[LETTERS.index(letter) for letter in word] for word in batch]
            for row in self.search(self.encode(letters))[: len(batch)]:
                yield tuple(phone for i in row for phone in self.chunks[i])

    def encode(self, letters: Ints) -> Array:
        """Letters (ROWS, T) as features (T, ROWS, 2H) of both directions."""
        x = self.weights["letters"][letters.T]
        for i in range(self.layers):
            ways = [self.run(x[::step], f"encoder.{{}}{i}.{k}")[::step] for k, step in enumerate((1, -1))]
            x = np.concatenate(ways, axis=2)
        return x

    def run(self, x: Array, name: str) -> Array:
        """One LSTM, named by a pattern for its matrices, over x (T, ROWS, I): its outputs (T, ROWS, H)."""
        recurrent = self.weights[name.format("u")]
        inputs = product(x, self.weights[name.format("w")]) + self.weights[name.format("b")]
        h = c = np.zeros((x.shape[1], len(recurrent)), np.float32)
        out = np.empty((*x.shape[:2], len(recurrent)), np.float32)
        for t in range(len(x)):
            h, c = cell(inputs[t] + product(h, recurrent), c)
            out[t] = h
        return out

    def search(self, features: Array) -> Ints:
        """The best chunks (ROWS, T) under exactly one primary stress, by beam search over features (T, ROWS, 2H)."""
        w = self.weights
        inputs = product(features, w["decoder.w"]) + w["decoder.b"]
        rows = np.arange(ROWS)[:, None]
        h = c = np.zeros((ROWS, BEAM, len(w["decoder.u"])), np.float32)
        scores = np.full((ROWS, BEAM), NEVER)
        scores[:, 0] = 0
        stressed = np.zeros((ROWS, BEAM), np.int64)
        paths = np.zeros((ROWS, BEAM, 0), np.int64)
        before = np.full((ROWS, BEAM), len(self.chunks))  # the chunk before the first letter
        for t, step in enumerate(inputs):
            h, c = cell(step[:, None] + w["decoder.chunks"][before] + product(h, w["decoder.u"]), c)
            total = stressed[..., None] + self.primaries
            fits = total == 1 if t == len(inputs) - 1 else total <= 1
            options = np.where(
                fits, scores[..., None] + log_softmax(product(h, w["output.w"]) + w["output.b"]), NEVER
            )
            flat = options.reshape(ROWS, -1)
            best = np.argsort(-flat, axis=1, kind="stable")[:, :BEAM]
            scores, (parents, before) = flat[rows, best], np.divmod(best, len(self.chunks))
            h, c, stressed = h[rows, parents], c[rows, parents], total[rows, parents, before]
            paths = np.concatenate([paths[rows, parents], before[..., None]], axis=2)
        return paths[:, 0]


def product(x: Array, w: Array) -> Array:
    """x (..., M, K) times w (K, N), by blocks of columns."""
    width = max(1, SMALL // (x.shape[-2] * x.shape[-1]))
    return np.concatenate([x @ w[:, i : i + width] for i in range(0, w.shape[1], width)], axis=-1)


def cell(gates: Array, c: Array) -> tuple[Array, Array]:
    """One step of an LSTM: gates (..., 4H) in the order input, forget, cell, output, and the cell state (..., H)."""
    i, f, g, o = np.split(gates, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def sigmoid(x: Array) -> Array:
    """(...,) -> (...,), element by element."""
    y: Array = np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5)
    return y


def log_softmax(x: Array) -> Array:
    """Log probabilities of scores, over the last axis."""
    x = x - x.max(axis=-1, keepdims=True)
    y: Array = x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
    return y


def batches(words: Iterable[str]) -> Iterator[list[str]]:
    """Runs of at most ROWS words of equal length."""
    for _, run in groupby(words, key=len):
        while batch := list(islice(run, ROWS)):
            yield batch


def quantise(weights: Mapping[str, Array]) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    """Matrices (R, C) as int8 with a float32 scale per row (R, 1) as `name:scale`; vectors as they are."""
    for name, value in weights.items():
        if value.ndim == 1:
            yield name, value.astype(np.float32)
        else:
            scale = np.abs(value).max(axis=1, keepdims=True) / 127 + np.float32(1e-12)
            yield name, np.rint(value / scale).astype(np.int8)
            yield f"{name}:scale", scale.astype(np.float32)


def floats(arrays: Mapping[str, npt.NDArray[np.generic]]) -> Iterator[tuple[str, Array]]:
    """The inverse of `quantise`: matrices (R, C) and vectors (C,) in float32."""
    for name, value in arrays.items():
        if not name.endswith(":scale"):
            scale = arrays.get(f"{name}:scale", ONE)
            yield name, value.astype(np.float32) * scale.astype(np.float32)


@lru_cache(maxsize=1)
def default_model() -> Model:
    """The package's model, loaded at the first call (some 10 ms)."""
    from safetensors import safe_open

    with safe_open(MODEL, framework="numpy") as file:
        return Model({name: file.get_tensor(name) for name in file.keys()}, file.metadata())  # noqa: SIM118


def align(word: str, phones: Sequence[str]) -> list[Chunk]:
    """The phones that each letter of a word stands for, by the likeliest alignment.

    >>> align("right", ["R", "AY1", "T"])
    [('R',), ('AY1',), (), (), ('T',)]
    """
    return best_alignment(fold(word), tuple(phones), default_model().table)


def best_alignment(word: str, phones: Chunk, table: Mapping[str, Mapping[str, float]]) -> list[Chunk]:
    """`align` with a table of log probabilities, letter -> chunk without digits -> value; any letters, any phones."""
    plain = bare(phones)
    longest = max(2, -(-len(phones) // max(len(word), 1)))  # phones of one letter
    best = {0: 0.0}  # phones used -> score
    back: list[dict[int, int]] = []
    for i, letter in enumerate(word):
        known = table.get(letter, {})
        scores: dict[int, float] = defaultdict(lambda: -np.inf)
        steps: dict[int, int] = {}
        for j, score in best.items():
            rest = longest * (len(word) - i - 1)
            for k in range(max(0, len(phones) - j - rest), min(longest, len(phones) - j) + 1):
                value = score + known.get(" ".join(plain[j : j + k]), UNSEEN)
                if value > scores[j + k]:
                    scores[j + k], steps[j + k] = value, k
        best = scores
        back.append(steps)
    chunks, j = [], len(phones)
    for steps in reversed(back):
        chunks.append(phones[j - steps[j] : j])
        j -= steps[j]
    return chunks[::-1]
