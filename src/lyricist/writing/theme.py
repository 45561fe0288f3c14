"""Steering by a theme: words that stand near the theme's words in the model's own space are made likelier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError
from lyricist.tokens import SPECIALS, Vocabulary

Floats = npt.NDArray[np.float32]

NEAR = 1.5  # deviations above the mean cosine from which a word counts as near
GAIN = 0.9  # nats for each deviation above that
MOST = 3.0  # nats at most; what a theme's own words get
COMMON = 120  # the commonest words, a tenth of the vocabulary at most, belong to every theme


def theme_bias(about: Sequence[str], vocabulary: Vocabulary, vectors: Floats | None) -> Floats:
    """(V,) nats to add to each word. `vectors` (V, E): the model's word vectors, None if it shows none.

    Raises `InputError` if the model knows none of the theme's words.
    """
    known = [vocabulary.index[w] for w in about if w in vocabulary]
    out = np.zeros(len(vocabulary), dtype=np.float32)
    if not about:
        return out
    if not known:
        raise InputError(f"--about {', '.join(about)!r}: this model knows none of these words: choose others")
    if vectors is not None:
        out = nearness(vectors, known)
        spared = min(COMMON, len(vocabulary) // 10)
        out[:spared] = 0
    out[[i for i, t in enumerate(vocabulary.tokens) if t in SPECIALS]] = 0
    out[known] = MOST
    return out


def nearness(vectors: Floats, known: Sequence[int]) -> Floats:
    """(V,) nats by the largest of the standardised cosines to the theme's words."""
    unit = vectors - vectors.mean(axis=0)
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-9)
    cosine = unit @ unit[list(known)].T
    z = (cosine - cosine.mean(axis=0)) / np.maximum(cosine.std(axis=0), 1e-9)
    return np.asarray(np.clip(GAIN * (z.max(axis=1) - NEAR), 0, MOST), dtype=np.float32)
