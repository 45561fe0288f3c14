"""What a run says again and again, counted on songs that it wrote by default (`scripts/build_stock.py`).

`stock.safetensors` in a run directory has a number of nats for each phrase that stands in too many of these songs:
words, runs of two and three words, whole lines, the first three words of a song, pairs of rhyme words. Words and runs
cost their nats. Lines, openings and rhymes are rationed: a song may have one with the probability exp(-nats), which
is decided by its seed and the phrase alone. `themes` are words that a song may be about where none is asked for.

Phrases are kept as hashes of 32 bits (`keys`, rising), nats in sixteenths (`sixteenths`), both (N,).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays, fit, load_arrays, replace_file, tensor_bytes
from lyricist._numbers import U32, key, run_hash, uniform
from lyricist.errors import RunError
from lyricist.model.word_facts import blob, unblob

STOCK = "stock.safetensors"  # in a run directory
WORD, RUN, LINE, OPENING, RHYME = range(1, 6)  # kinds of phrases
OPENING_WORDS = 3
SIXTEENTHS = 16.0
MOST = 15.9  # nats
MOST_BYTES = 1 << 24  # of a file


@dataclass(frozen=True)
class StockPhrases:
    """`nats`: by the key of a phrase (`phrase_key`). `counted`: the hash of the network that they were counted of."""

    nats: Mapping[int, float]
    themes: Sequence[str] = field(default=())
    counted: bytes = b""
    by_words: dict[int, tuple[U32, npt.NDArray[np.float64]]] = field(default_factory=dict, compare=False, repr=False)

    def cost(self, kind: int, words: Sequence[int]) -> float:
        """Nats of a phrase of words given by their hashes; 0 if it is not in stock."""
        return self.nats.get(phrase_key(kind, words), 0.0)

    def word_costs(self, hashes: U32) -> npt.NDArray[np.float64]:
        """(V,) the nats of words by their hashes (V,); computed once for an array, which is kept."""
        if not self.any:
            return np.zeros(len(hashes))
        if id(hashes) not in self.by_words:
            found = [self.cost(WORD, (h,)) for h in hashes.tolist()]
            self.by_words[id(hashes)] = (hashes, np.array(found))
        return self.by_words[id(hashes)][1]

    def line_cost(self, words: Sequence[int]) -> float:
        """Nats of all runs of two and three words of a line of word hashes."""
        return sum(self.nats.get(k, 0.0) for k in run_keys(words))

    def refuses(self, seed: int, kind: int, words: Sequence[int]) -> bool:
        """Whether the song of a seed may not have a phrase of word hashes."""
        found = phrase_key(kind, words)
        nats = self.nats.get(found, 0.0)
        return nats > 0 and uniform(key(seed, found), 0) > np.exp(-nats)

    @cached_property
    def any(self) -> bool:
        return bool(self.nats)

    def save(self, path: Path) -> None:
        replace_file(path, [self.content()])

    def content(self) -> bytes:
        """The content of a file of these phrases."""
        keys = np.array(sorted(self.nats), dtype=np.uint32)
        nats = [min(MOST, self.nats[k]) * SIXTEENTHS for k in keys.tolist()]
        arrays: Arrays = {"keys": keys, "sixteenths": np.round(nats).astype(np.uint8), "themes": blob(self.themes)}
        arrays |= {"counted": np.frombuffer(self.counted, dtype=np.uint8)} if self.counted else {}
        return tensor_bytes(arrays)

    @classmethod
    def load(cls, path: Path) -> StockPhrases:
        """Saved phrases. Raises `RunError` if they are damaged."""
        arrays = load_arrays(path, MOST_BYTES)
        fit(path, arrays, {"keys": ("u4", (None,)), "sixteenths": ("u1", (len(arrays.get("keys", ())),))})
        fit(path, arrays, {"themes": ("u1", (None,))})
        nats = (arrays["sixteenths"] / SIXTEENTHS).tolist()
        try:
            themes = tuple(word for word in unblob(arrays["themes"]) if word)
        except UnicodeDecodeError as e:
            raise RunError(f"{path} is damaged (its themes are no text): restore it or train again") from e
        counted = arrays.get("counted", np.zeros(0, dtype=np.uint8)).tobytes()
        return cls(dict(zip(arrays["keys"].tolist(), nats, strict=True)), themes, counted)


NONE = StockPhrases({})


def phrase_key(kind: int, words: Iterable[int]) -> int:
    """32 bits of a phrase of word hashes."""
    return run_hash([kind, *words]) >> 32


def run_keys(words: Sequence[int]) -> set[int]:
    """The keys of a line's runs of two and three words."""
    return {phrase_key(RUN, words[i : i + n]) for n in (2, 3) for i in range(len(words) - n + 1)}


def rhyme_key(a: int, b: int) -> int:
    """The key of a pair of rhyme words, in whichever order."""
    return phrase_key(RHYME, sorted((a, b)))
