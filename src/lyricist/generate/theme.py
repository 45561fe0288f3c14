"""Steering by a theme: words that keep company with the theme's words are made likelier, line by line.

A line that has said nothing of the theme yet is steered fully, one that has hardly any more: most lines then hold a
word of the theme and few hold many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError
from lyricist.model.tokens import Vocabulary
from lyricist.model.topics import Topics, is_plain, unit

Floats = npt.NDArray[np.float32]

RELATED = 0.04  # share of the content words, the nearest, that belong to a theme
NEAREST = 0.004  # share that is steered by all of MOST
MOST = 3.0  # nats
COMMON = 120  # words, a tenth of the vocabulary at most, that are too common where there are no topical vectors
LIKELY, USUAL = 1500, 0.4  # nats less for every e-fold that a word is commoner than that of this rank
OWN = 2.5  # nats for the theme's own words, which are not to flood the song
TURN = 3.0  # nats more for the one whose turn it is
OTHERS = 0.4  # share of the steering towards the words whose turn it is not
FADE = (1.0, 0.9, 0.6)  # share of the steering in a line that holds no word of the theme yet, one, more


@dataclass(frozen=True, eq=False)
class Theme:
    """Lines take turns between the K words of a theme that have a vector, lest the one with the closest company take
    all; K is 1 where none has. `nats` (K, V): what a line is steered by that holds nothing of the theme yet;
    `related` (V,) words of the theme, `own` (V,) those that were named; `aims` (K, D) where lines point, of length 1
    or 0."""

    nats: Floats
    related: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]
    aims: Floats

    @classmethod
    def of(cls, about: Sequence[str], topics: Topics) -> Theme:
        """Raises `InputError` if the model knows none of the words."""
        vocabulary = topics.vocabulary
        named = [vocabulary.index[w] for w in about if w in vocabulary]
        if not named:
            raise InputError(f"--about {', '.join(about)!r}: this model knows none of these words: choose others")
        own = np.zeros(len(vocabulary), dtype=bool)
        own[named] = True
        whole = topics.theme_vector(about)
        aims = unit(topics.vectors[topics.known(about)] + whole) if whole.any() else whole[None]
        near = np.stack([nearness(topics, aim) for aim in aims])
        nats = np.maximum(near, OTHERS * near.max(axis=0))
        nats[:, own] = OWN
        known = topics.known(about)
        nats[np.arange(len(known)), known] += TURN
        return cls(nats, nats.max(axis=0) > 0, own, aims)

    def holds(self, words: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(B,) which words are the theme's; a word that the plan brought is not."""
        return np.where(words < len(self.related), self.related[np.minimum(words, len(self.related) - 1)], False)

    def levels(self) -> list[Floats]:
        """(V,) nats for each of the K turns: in lines with no word of the theme, with one, with more."""
        return [nats * np.float32(share) for nats in self.nats for share in FADE]

    def level(self, line: npt.NDArray[np.int64], held: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """(B,) which of `levels` is for rows at these lines, whose lines hold so many words of the theme."""
        return np.maximum(line, 0) % len(self.nats) * len(FADE) + np.minimum(held, len(FADE) - 1)


def nearness(topics: Topics, aim: Floats) -> Floats:
    """(V,) nats by the cosines to an aim (D,); 0 outside of RELATED."""
    out = np.zeros(len(topics.vocabulary), dtype=np.float32)
    content = np.flatnonzero(topics.has)
    if not aim.any():
        return out
    cosine = topics.vectors[content] @ aim
    far, near = np.quantile(cosine, [1 - RELATED, 1 - NEAREST])
    out[content] = MOST * np.clip((cosine - far) / max(float(near - far), 1e-6), 0, 1)
    usual = np.maximum(0, np.log((LIKELY + 2.7) / (np.arange(len(out)) + 2.7)))  # by Zipf's law
    return np.where(out > 0, np.maximum(out - USUAL * usual, 0.1), 0).astype(np.float32)


def from_network(vocabulary: Vocabulary, vectors: Floats) -> Topics:
    """Stand-ins from a network's own word vectors, for runs that keep no topical ones."""
    made = unit(vectors - vectors.mean(axis=0))
    made[[is_plain(t) for t in vocabulary.tokens]] = 0
    made[: min(COMMON, len(vocabulary) // 10)] = 0
    return Topics(vocabulary, made)
