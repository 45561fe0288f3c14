"""Held-out songs that a corpus does not hold: its own test split, hymns and carols, without what it has seen.

A song is put aside if RUN words in a row of it, whatever its line ends, case and punctuation, stand in a training
song.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common import SONGS
from lyricist.corpus import Song, parse_song
from lyricist.corpus.store import Corpus
from lyricist.corpus.tokenizer import tokenizer_named
from lyricist.model.tokens import BREAKS, SONG, UNK, song_tokens
from lyricist.training.token_arrays import SplitTokens, TokenSet

RUN = 8
FILES = ("hymns", "carols")
PRIME = np.uint64(0x9E3779B97F4A7C15)

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class HeldOut:
    """Songs of one source that share no run of words with the training songs; `seen`: how many did."""

    name: str
    songs: list[Song]
    seen: int


def held_out(corpus: Corpus, tokens: TokenSet, words: int = 60_000, seed: int = 0) -> list[HeldOut]:
    """The corpus's test split and the song files that are there, each up to about so many words, drawn by chance."""
    sources = {"test split": list(corpus.songs("test"))}
    sources |= {name: songs_of(name) for name in FILES if (SONGS / f"{name}.txt").exists()}
    known = np.unique(runs_of(tokens.split("train"), tokens))
    return [sifted(name, songs, tokens, known, words, seed) for name, songs in sources.items()]


def songs_of(name: str) -> list[Song]:
    """The songs of a file of the folder of songs, a blank line between two."""
    text = (SONGS / f"{name}.txt").read_text(encoding="utf-8")
    found = (parse_song(part, source=name) for part in text.split("\n\n"))
    return [song for song in found if song.sections]


def sifted(name: str, songs: Sequence[Song], tokens: TokenSet, known: Hashes, words: int, seed: int) -> HeldOut:
    index = {token: i for i, token in enumerate(tokens.tokens)}
    split = tokenizer_named(tokens.tokenizer)
    clean = []
    for song in songs:
        ids = np.array([index.get(t, index[UNK]) for t in song_tokens(song, split, tokens.order)])
        if not among(runs_of(SplitTokens(ids, np.array([0, len(ids)])), tokens), known):
            clean.append(song)
    random.Random(seed).shuffle(clean)
    return HeldOut(name, list(up_to(clean, words)), len(songs) - len(clean))


def among(some: Hashes, known: Hashes) -> bool:
    """Whether any of them is one of the sorted `known`."""
    at = np.searchsorted(known, some)
    return bool((known[at.clip(max=max(0, len(known) - 1))] == some).any()) if len(known) else False


def up_to(songs: Sequence[Song], words: int) -> Iterator[Song]:
    for song in songs:
        if words <= 0:
            return
        words -= song.word_count()
        yield song


def runs_of(split: SplitTokens, tokens: TokenSet) -> Hashes:
    """Hashes of all runs of RUN words of songs in the order of singing, breaks left out."""
    breaks = np.isin(np.arange(len(tokens.tokens)), [i for i, t in enumerate(tokens.tokens) if t in BREAKS | {SONG}])
    ids = np.asarray(split.ids, dtype=np.int64)
    is_break = breaks[ids]
    words = (sung(ids, is_break) if tokens.order == "backward" else ids)[~is_break]
    songs = np.repeat(np.arange(len(split.starts) - 1), np.diff(split.starts))[~is_break]
    if len(words) < RUN:
        return np.zeros(0, dtype=np.uint64)
    count = len(words) - RUN + 1
    mixed: Hashes = np.zeros(count, dtype=np.uint64)
    for k in range(RUN):
        mixed = (mixed ^ words[k : k + count].astype(np.uint64)) * PRIME
        mixed ^= mixed >> np.uint64(29)
    whole: Hashes = mixed[songs[:count] == songs[RUN - 1 :]]
    return whole


def sung(ids: Ints, is_break: npt.NDArray[np.bool_]) -> Ints:
    """The words between every two breaks turned round.

    >>> sung(np.array([9, 1, 2, 3, 9, 4, 5]), np.array([1, 0, 0, 0, 1, 0, 0], dtype=bool)).tolist()
    [9, 3, 2, 1, 9, 5, 4]
    """
    at = np.arange(len(ids))
    before = np.maximum.accumulate(np.where(is_break, at, -1))
    behind = np.minimum.accumulate(np.where(is_break, at, len(ids))[::-1])[::-1]
    return np.where(is_break, ids, ids[(before + behind - at).clip(0, len(ids) - 1)])
