"""How well a model of words foretells the words of songs: where the true word stands among all it might say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lyricist.corpus import Song
from lyricist.metrics import nats_of, stepped
from lyricist.prosody.planfeatures import Floats
from lyricist.runtime import Ids, StepModel
from lyricist.tokens import SPECIALS, Vocabulary, WordTokenizer

NEAR = 10  # the true word among so many is a hit
ROWS = 64  # songs side by side

Mask = npt.NDArray[np.bool_]


@dataclass
class Score:
    """Counts over songs. `tokens` and `nats` have words and line breaks, `positions` words without a song's first."""

    tokens: int = 0
    nats: float = 0.0
    positions: int = 0
    top1: int = 0
    top10: int = 0

    @property
    def nll(self) -> float:
        return self.nats / max(1, self.tokens)


def encoded(songs: Sequence[Song], vocabulary: Vocabulary) -> list[Ids]:
    return [np.array(vocabulary.encode(song), dtype=np.int64) for song in songs]


def counted_words(song: Song, vocabulary: Vocabulary) -> Mask:
    """(N,) which tokens of an encoded song are words other than the song's first."""
    ids = vocabulary.encode(song)
    marks = [vocabulary.tokens[i] in SPECIALS and i != vocabulary.unk for i in ids]
    words = ~np.array(marks)
    first_line = next((len(vocabulary.tokenizer.split(line.text)) for line in song.lines()), 0)
    at = np.flatnonzero(words)
    if first_line:
        words[at[0] if vocabulary.order == "forward" else at[first_line - 1]] = False
    return words


def foretold(
    model: StepModel, vocabulary: Vocabulary, songs: Sequence[Song], rows: Sequence[Floats] | None = None
) -> Score:
    """The score over songs, each read from its beginning; `rows`: the plan features (N, F) of each song's tokens.

    A word outside the vocabulary is a miss; breaks stand among the candidates as they do in writing.
    """
    ids, masks, score = encoded(songs, vocabulary), [counted_words(s, vocabulary) for s in songs], Score()
    order = sorted(range(len(songs)), key=lambda i: len(ids[i]), reverse=True)
    for k in range(0, len(order), ROWS):
        block = order[k : k + ROWS]
        shown = [rows[i] for i in block] if rows else None
        for t, (logits, targets) in enumerate(stepped(model, [ids[i] for i in block], shown)):
            here = np.array([masks[i][t + 1] for i in block[: len(targets)]])
            add(score, logits, targets, here, vocabulary.unk)
    return score


def add(score: Score, logits: Floats, targets: Ids, counted: Mask, unk: int) -> None:
    """Count one place of several songs."""
    rank = (logits > logits[np.arange(len(targets)), targets][:, None]).sum(1)
    known = counted & (targets != unk)
    score.tokens += len(targets)
    score.nats += float(nats_of(logits, targets).sum())
    score.positions += int(counted.sum())
    score.top1 += int((known & (rank < 1)).sum())
    score.top10 += int((known & (rank < NEAR)).sum())


def frequent_guess(learnt: Iterable[Song], judged: Iterable[Song]) -> Score:
    """The score of always guessing the most frequent words of the songs learnt from."""
    tokenizer, counts = WordTokenizer(), Counter[str]()
    for song in learnt:
        counts.update(word for line in song.lines() for word in tokenizer.split(line.text))
    best = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:NEAR]]
    score = Score()
    for song in judged:
        words = [word for line in song.lines() for word in tokenizer.split(line.text)][1:]
        score.positions += len(words)
        score.top1 += sum(word in best[:1] for word in words)
        score.top10 += sum(word in best for word in words)
    return score
