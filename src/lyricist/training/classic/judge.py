"""How well a classic run guesses the next word: is the true one among the ten, or the one, nearest to the vector
predicted, and how often would the ten commonest words have held it.

Every word but a song's first is to be guessed, from the words before it. One without a vector counts as missed, and
the next is guessed from the last word that had one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lyricist.errors import InputError
from lyricist.training.classic.features import Floats
from lyricist.training.classic.songs import Ints, SungWords
from lyricist.training.classic.writing import ClassicModel
from lyricist.training.hits import NEAREST, ranks_of

ROWS = 256  # pairs or songs side by side


def accuracy(model: ClassicModel, songs: Sequence[SungWords]) -> dict[str, Any]:
    """The figures of `evaluate` for a classic run; InputError if there is no word to guess."""
    unk, frequent = model.vocabulary.unk, model.word_ids[:NEAREST]
    words = sum(max(0, len(song.ids) - 1) for song in songs)
    if not words:
        raise InputError("no songs with tunes to evaluate on: name songs and --midi, or use a run with a test split")
    place = np.full(len(model.vocabulary), -1)  # of each word among the neighbours
    place[model.word_ids] = np.arange(len(model.word_ids))
    top10 = top1 = pairs = 0
    loss = 0.0
    for predicted, targets in predictions(model, [song.known(unk) for song in songs]):
        ranks = ranks_of(model.neighbours.similarities(predicted), place[targets])
        top10, top1 = top10 + int((ranks < NEAREST).sum()), top1 + int((ranks == 0).sum())
        loss += float(np.abs(predicted - model.net.vectors[targets]).mean(1).sum())
        pairs += len(targets)
    common = sum(int(np.isin(song.ids[1:], frequent).sum()) for song in songs)
    unknown = sum(int((song.ids[1:] == unk).sum()) for song in songs)
    return {
        "songs": len(songs),
        "words": words,
        "top10_accuracy": round(top10 / words, 5),
        "top1_accuracy": round(top1 / words, 5),
        "frequent10_accuracy": round(common / words, 5),
        "l1_loss": round(loss / max(1, pairs), 5),
        "unknown_share": round(unknown / words, 5),
    }


def predictions(model: ClassicModel, songs: Sequence[SungWords]) -> Iterator[tuple[Floats, Ints]]:
    """Vectors predicted (B, D) and the words that came (B,), in some order, over all songs."""
    songs = [song for song in songs if len(song.ids) > 1]
    if model.context == 1:
        ids, targets = (np.concatenate([s.ids[part] for s in songs] or [np.zeros(0, int)]) for part in (HEAD, TAIL))
        features = np.concatenate([s.features[HEAD] for s in songs] or [np.zeros((0, 18), np.float32)])
        for at in range(0, len(ids), ROWS):
            some = slice(at, at + ROWS)
            state = model.net.initial_state(len(ids[some]))
            yield model.net.step(ids[some], features[some], state)[0], targets[some]
        return
    for at in range(0, len(songs), ROWS):
        yield from abreast(model, sorted(songs[at : at + ROWS], key=lambda s: -len(s.ids)))


HEAD, TAIL = slice(None, -1), slice(1, None)


def abreast(model: ClassicModel, songs: Sequence[SungWords]) -> Iterator[tuple[Floats, Ints]]:
    """Songs by falling length side by side, the state carried; each leaves when it is over."""
    state = model.net.initial_state(len(songs))
    for t in range(len(songs[0].ids) - 1):
        alive = [song for song in songs if len(song.ids) - 1 > t]
        state = [tuple(part[: len(alive)] for part in layer) for layer in state]
        ids, features = np.array([s.ids[t] for s in alive]), np.stack([s.features[t] for s in alive])
        predicted, state = model.net.step(ids, features, state)
        yield predicted, np.array([s.ids[t + 1] for s in alive])
