"""What the tests of exact writing share: a small literal lexicon's words, models with known logits, plans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lyricist.generate.exact_writer import brought
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.vocab import WordTable
from lyricist.model.tokens import BREAKS, SONG, TAGS, UNK, Vocabulary
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.song_spec import lay_out
from lyricist.prosody.lexicon import default_lexicon

# A dozen words of one to three syllables; fire has readings of one and two; the, of, i and my are function words.
WORDS = ("the", "of", "my", "sea", "river", "fire", "below", "memory", "tree", "desire", "love", "stone")


def vocabulary(words: Sequence[str] = WORDS, order: str = "forward") -> Vocabulary:
    specials = [UNK, SONG, *sorted(BREAKS | set(TAGS.values()))]
    return Vocabulary([*specials, *words], order=order)  # type: ignore[arg-type]


class Uniform:
    """A step model that likes all words alike; its state counts steps."""

    def __init__(self, size: int) -> None:
        self.vocab_size = size

    def initial_state(self, batch: int) -> tuple[np.ndarray, ...]:
        return (np.zeros((1, batch, 1), dtype=np.float32),)

    def step(self, ids: np.ndarray, state: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        return np.zeros((len(ids), self.vocab_size), dtype=np.float32), (state[0] + 1,)


class Bigram(Uniform):
    """Logits by the last word, from a seed."""

    def __init__(self, size: int, seed: int = 0) -> None:
        super().__init__(size)
        self.table = np.random.default_rng(seed).normal(0, 1.5, (size, size)).astype(np.float32)

    def step(self, ids: np.ndarray, state: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        return self.table[ids], (state[0] + 1,)


def compiled(
    plan: Plan,
    words: Sequence[str] = WORDS,
    order: str = "forward",
    strict: bool = True,
    constraints: tuple = (),
    with_ends: bool = False,
) -> ExactSongAutomaton:
    """A plan compiled for a vocabulary of these words."""
    known = vocabulary(words, order)
    laid = lay_out(with_defaults(plan))
    table = WordTable(known, default_lexicon()).extended(brought(laid), constraints)
    ends = np.random.default_rng(1).uniform(0.02, 0.6, table.known).astype(np.float32) if with_ends else None
    finals = ends / ends.sum() if ends is not None else None
    return ExactSongAutomaton(table, laid, VocabLayout.by_signature(table.sig[: table.known], ends, finals), strict)
