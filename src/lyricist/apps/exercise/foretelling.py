"""How well words of unseen songs are foretold: by the project's model, and by guessing the commonest words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lyricist.corpus import Song
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.metrics import song_nats
from lyricist.generate.writer import Model
from lyricist.prosody.planfeatures import Floats
from lyricist.training.hits import NEAREST, Hits


@dataclass
class Score:
    """Counts over songs: `positions`, `top1` and `top10` of words without a song's first, as `metrics.Hits` has them;
    `nats` of `tokens`, which are words and line breaks."""

    positions: int = 0
    top1: int = 0
    top10: int = 0
    tokens: int = 0
    nats: float = 0.0

    @property
    def nll(self) -> float:
        return self.nats / max(1, self.tokens)


def foretold(model: Model, songs: Sequence[Song], rows: Sequence[Floats] | None = None) -> Score:
    """The score of a model over songs, each read from its beginning; `rows`: the plan features (N, F) of each."""
    ids = [np.array(model.vocabulary.encode(song), dtype=np.int64) for song in songs]
    hits = Hits.of(model.vocabulary)
    nats = float(song_nats(model.step_model, ids, rows, hits).sum())
    return Score(hits.words, hits.top1, hits.top10, sum(len(song) - 1 for song in ids), nats)


def frequent_guess(learnt: Iterable[Song], judged: Iterable[Song]) -> Score:
    """The score of always guessing the most frequent words of the songs learnt from."""
    tokenizer, counts = WordTokenizer(), Counter[str]()
    for song in learnt:
        counts.update(word for line in song.lines() for word in tokenizer.split(line.text))
    best = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:NEAREST]]
    score = Score()
    for song in judged:
        words = [word for line in song.lines() for word in tokenizer.split(line.text)][1:]
        score.positions += len(words)
        score.top1 += sum(word in best[:1] for word in words)
        score.top10 += sum(word in best for word in words)
    return score
