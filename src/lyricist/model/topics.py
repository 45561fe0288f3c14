"""Topical word vectors: words that occur in the same songs, a few lines apart, have similar vectors.

Co-occurrence counts of content words within WINDOW lines -> positive pointwise mutual information with smoothed
contexts (Levy, Goldberg and Dagan 2015, "Improving distributional similarity with lessons learned from word
embeddings") -> a randomised singular value decomposition (Halko, Martinsson and Tropp 2011). A run of whole words
keeps them beside its vocabulary, in 8 bits. Words that say nothing about a theme (function words, words that occur
everywhere, rare words) have the zero vector. N tokens, V vocabulary, W content words, C contexts, D = SIZE.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import fit, load_arrays, replace_file, tensor_bytes
from lyricist.corpus.word_lists import is_archaic
from lyricist.errors import RunError
from lyricist.model.tokens import BREAKS, SPECIALS, Vocabulary
from lyricist.prosody.metre import FUNCTION_WORDS

TOPICS = "topics.safetensors"
SIZE, MOST_SIZE = 64, 512  # numbers of a vector, and how many a file may have
MOST = 1 << 26  # bytes of a file
WINDOW = 10  # lines before and after within which words co-occur
RARE = 4  # rarer words get no vector
EVENLY = 0.1  # words with less residual inverse document frequency, in bits, occur everywhere
CONTEXTS = 4_000  # commonest content words that co-occurrences are counted with
SMOOTH = 0.75  # power of the contexts' frequencies
EXPONENT = 0.5  # of the singular values
DOCUMENT = 20  # lines of a document: longer songs count as several
JUDGED = 200  # occurrences from which EVENLY applies, and one in each DOCUMENT documents
CALLS = "oh o ah la na hey yeah ho hi ha hallelujah alleluia"
PLAIN = frozenset(
    f"""{CALLS} upon into over under every any many much more most some all never ever always still only own again
    away here now just even almost too very well before after above below behind between beneath beside about against
    among along across around within without until unless because though although while also not no yes one two three
    can cannot could did does doing done go goes going gone went get gets got come comes came let make makes made take
    takes took taken give gives gave given say says said tell told know knows knew known see sees saw seen look looks
    looked think thought feel felt keep kept put seem seems seemed thing things something nothing anything everything
    someone everyone anyone no-one nobody everybody somebody other others another same such little old new good great
    long first last next way day days time times man men where when why how who what which whom whose
    isn't wasn't doesn't didn't couldn't wouldn't shouldn't hasn't haven't hadn't gonna wanna gotta ain't myself
    yourself himself herself itself themselves ourselves""".split()
)

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Starts = Sequence[int] | Ints  # where songs begin


@dataclass
class Topics:
    """`vectors` (V, D) of length 1 or 0, one for each token of `vocabulary`."""

    vocabulary: Vocabulary
    vectors: Floats

    def theme_vector(self, words: Iterable[str]) -> Floats:
        """(D,) the mean direction of words, of length 1; zeros if none of them has a vector."""
        total = self.vectors[self.known(words)].sum(axis=0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)

    def known(self, words: Iterable[str]) -> list[int]:
        """The ids of those words that have a vector."""
        index = self.vocabulary.index
        return [index[w] for w in words if w in index and self.has[index[w]]]

    @cached_property
    def has(self) -> npt.NDArray[np.bool_]:
        """(V,) which words have a vector."""
        return np.asarray(np.abs(self.vectors).max(axis=1, initial=0) > 0)

    def save(self, path: Path) -> None:
        replace_file(path, [tensor_bytes(self.arrays())])

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """`vectors` (V, D) in 8 bits and one `scale` (V,) per word."""
        scale = np.abs(self.vectors).max(axis=1, initial=0) / 127
        whole = np.round(self.vectors / np.maximum(scale, 1e-9)[:, None]).astype(np.int8)
        return {"vectors": whole, "scale": scale.astype(np.float32)}

    @classmethod
    def load(cls, path: Path, vocabulary: Vocabulary) -> Topics:
        """Saved vectors. Raises `RunError` if they are damaged or another vocabulary's."""
        arrays = load_arrays(path, MOST)
        fit(path, arrays, {"vectors": ("i1", (len(vocabulary), None)), "scale": ("f4", (len(vocabulary),))})
        if not 0 < arrays["vectors"].shape[1] <= MOST_SIZE:
            raise RunError(f"{path} is damaged (its vectors have another size): restore it or train again")
        vectors = arrays["vectors"].astype(np.float32) * arrays["scale"][:, None]
        return cls(vocabulary, unit(vectors))


def learn(ids: npt.NDArray[Any], starts: Starts, vocabulary: Vocabulary, size: int = SIZE) -> Topics:
    """Vectors from token ids (N,) of whole songs, song i from starts[i] on. A small corpus gives poor ones."""
    company = Company.of(ids, starts, vocabulary)
    vectors = np.zeros((len(vocabulary), size), dtype=np.float32)
    if len(company.words):
        made = directions(company.information(), size)
        vectors[company.words, : made.shape[1]] = made
    return Topics(vocabulary, vectors)


def inherit(base: Topics, vocabulary: Vocabulary, ids: npt.NDArray[Any] | None = None, starts: Starts = ()) -> Topics:
    """A base's vectors for a new vocabulary. Words the base lacks get the mean direction of the words they co-occur
    with in the songs `ids` (N,), or zeros."""
    vectors = np.zeros((len(vocabulary), base.vectors.shape[1]), dtype=np.float32)
    at = np.array([base.vocabulary.index.get(t, -1) for t in vocabulary.tokens])
    vectors[at >= 0] = base.vectors[at[at >= 0]]
    made = Topics(vocabulary, vectors)
    if ids is None or (at >= 0).all():
        return made
    company = Company.of(ids, starts, vocabulary)
    new = np.flatnonzero(at[company.words] < 0)
    if len(new):
        kept = company.information()[new]
        vectors[company.words[new]] = unit(kept @ vectors[company.words[: kept.shape[1]]])
    return Topics(vocabulary, vectors)


@dataclass
class Company:
    """Content words by falling count and their occurrences: `at` (M,) indexes of `words`, `line` (M,) line numbers
    with gaps between songs, so that no window spans two songs."""

    words: Ints
    at: npt.NDArray[np.int32]
    line: npt.NDArray[np.int32]

    @classmethod
    def of(cls, ids: npt.NDArray[Any], starts: Starts, vocabulary: Vocabulary) -> Company:
        """From token ids (N,) of whole songs, song i from starts[i] on."""
        line = line_numbers(ids, starts, vocabulary)
        content = content_words(ids, pieces_of(line, starts), vocabulary)
        where = np.full(len(vocabulary), -1, dtype=np.int32)
        where[content] = np.arange(len(content))
        at = where[ids]
        return cls(content, at[at >= 0], line[at >= 0])

    def counts(self) -> Floats:
        """(W, C) how often each word occurs within WINDOW lines of each of the C commonest."""
        words, contexts = len(self.words), min(CONTEXTS, len(self.words))
        out = np.zeros(words * contexts, dtype=np.float32)
        for apart in range(1, len(self.at)):
            near = self.line[apart:] - self.line[:-apart] <= WINDOW
            if not near.any():
                break
            a, b = self.at[:-apart][near], self.at[apart:][near]
            for one, other in ((a, b), (b, a)):
                counted = (one != other) & (other < contexts)
                np.add.at(out, one[counted] * np.int32(contexts) + other[counted], np.float32(1))
        return out.reshape(words, contexts)

    def information(self) -> Floats:
        """(W, C) positive pointwise mutual information in nats, discounted for small counts (Pantel and Lin 2002)."""
        joint = self.counts()
        total = joint.sum(axis=1)
        context = joint.sum(axis=0).astype(np.float64) ** SMOOTH
        context /= max(context.sum(), 1e-9)
        discount = joint / (joint + 1)
        expected = np.maximum(np.outer(total, context), 1e-9).astype(np.float32)
        joint /= expected
        np.maximum(joint, 1, out=joint)
        np.log(joint, out=joint)
        joint *= discount
        return joint


def line_numbers(ids: npt.NDArray[Any], starts: Starts, vocabulary: Vocabulary) -> npt.NDArray[np.int32]:
    """(N,) the line number of every token, with a gap of WINDOW + 1 before each song."""
    breaks = np.zeros(len(vocabulary), dtype=bool)
    breaks[[vocabulary.index[t] for t in BREAKS if t in vocabulary]] = True
    steps = breaks[ids].astype(np.int32)
    first = np.asarray(starts, dtype=np.int64)
    steps[first[(first > 0) & (first < len(steps))]] += WINDOW + 1
    return np.cumsum(steps, dtype=np.int32)


def pieces_of(line: npt.NDArray[np.int32], starts: Starts) -> Ints:
    """(N,) the document of every token, from 0: a song, or DOCUMENT lines of a longer one."""
    first = np.zeros(len(line), dtype=bool)
    at = np.asarray(starts, dtype=np.int64)
    first[at[at < len(line)]] = True
    number = np.maximum(np.cumsum(first) - 1, 0)
    begun = line[np.flatnonzero(first)][number] if first.any() else 0
    pieces = number * (int(line.max(initial=0)) + 1) + (line - begun) // DOCUMENT
    return np.unique(pieces, return_inverse=True)[1]


def content_words(ids: npt.NDArray[Any], pieces: Ints, vocabulary: Vocabulary) -> Ints:
    """(W,) ids of the words among `ids` (N,) that can tell a theme, by falling count: not rare, no function words,
    and concentrated in fewer documents, of `pieces` (N,), than chance would give (residual inverse document
    frequency: Church and Gale 1995)."""
    size = len(vocabulary)
    counts = np.bincount(ids, minlength=size)
    found = np.bincount(np.unique(pieces * size + ids) % size, minlength=size)
    documents = int(pieces.max(initial=0)) + 1
    chance = 1 - np.exp(-counts / max(1, documents))
    with np.errstate(divide="ignore", invalid="ignore"):
        gathered = np.log2(chance * documents / found)
    plain = np.array([is_plain(t) for t in vocabulary.tokens])
    everywhere = (gathered < EVENLY) & (counts > max(JUDGED, documents / DOCUMENT))
    good = np.flatnonzero((counts >= RARE) & ~plain & ~everywhere)
    return good[np.argsort(-counts[good], kind="stable")]


@lru_cache(1 << 16)
def is_plain(word: str) -> bool:
    """Whether a word cannot tell a theme.

    >>> is_plain("the"), is_plain("o'er"), is_plain("harbour"), is_plain("42")
    (True, True, False, True)
    """
    wordless = word in SPECIALS or not any(c.isalpha() for c in word) or len(word) < 3
    return wordless or word in FUNCTION_WORDS or word in PLAIN or is_archaic(word)


def directions(matrix: Floats, size: int, seed: int = 0) -> Floats:
    """(W, D) unit rows: the leading left singular vectors of a (W, C) matrix, weighted by their values."""
    wide = min(size + 16, *matrix.shape)
    basis = np.random.default_rng(seed).standard_normal((matrix.shape[1], wide)).astype(np.float32)
    for _ in range(4):
        basis = np.linalg.qr(matrix.T @ np.linalg.qr(matrix @ basis)[0])[0]
    left, values, _ = np.linalg.svd(matrix @ basis, full_matrices=False)
    return unit(left[:, :size] * values[:size] ** EXPONENT)


def unit(vectors: npt.NDArray[Any]) -> Floats:
    """(W, D) rows scaled to length 1; zero rows stay zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), 0), dtype=np.float32)
