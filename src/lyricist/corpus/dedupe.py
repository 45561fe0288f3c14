"""Which songs are the same, nearly the same, or related: MinHash signatures of word trigrams.

A signature is 128 minima truncated to 16 bits (256 bytes a song, in a file on disk); the standard error of
the Jaccard index it estimates is sqrt(J (1 - J) / 128), 0.035 at 0.8. Candidates come from 42 bands of
three minima (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4): two songs of index J meet in
one with chance 1 - (1 - J^3)^42, which is 0.996 at 0.5 and 0.05 at 0.1. One band is sorted at a time, so
the memory in use is a few arrays of one number a song, and the time grows as n log n.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from lyricist.errors import MissingExtra

PERMUTATIONS = 128
ROWS = 3  # minima to a band
BANDS = PERMUTATIONS // ROWS
NEIGHBOURS = 4  # following songs of its bucket with which each song is compared, besides the first
BATCH = 2_000_000  # words to a call of the hash library
MAX_WORDS_KNOWN = 300_000  # words whose hash is remembered: some 60 MB
SEED = 20_240_501

WORD = re.compile(r"[^\W_]+")
ASCII_WORDS = {n: chr(n) if chr(n).isalnum() else " " for n in range(128)} | {ord("'"): None}
Hashes = npt.NDArray[np.uint64]
Signatures = npt.NDArray[np.uint16]
Pairs = npt.NDArray[np.int64]


def normal_words(text: str) -> list[str]:
    """Words without capitals, punctuation and apostrophes, in which editions of a song differ.

    >>> normal_words("Oh, DON'T -- go!"), normal_words("Où va-t-il?")
    (['oh', 'dont', 'go'], ['où', 'va', 't', 'il'])
    """
    if text.isascii():
        return text.lower().translate(ASCII_WORDS).split()
    return WORD.findall(text.lower().replace("'", ""))


def content_hash(words: Sequence[str]) -> int:
    """64 bits of the words, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest(), "big")


class WordHashes(dict[str, int]):
    """64 bits for each word, the same on every machine, unlike Python's own hash."""

    def __missing__(self, word: str) -> int:
        self[word] = made = content_hash([word])
        return made


class Signer:
    """Writes the signatures of songs to an open file, in order. Raises MissingExtra without the hash library."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            import rensa
        except ImportError:
            raise MissingExtra("finding near-duplicates (options near_duplicate, related)", "train") from None
        self._file = file
        self._rensa: ModuleType = rensa
        self._known = WordHashes()
        self._words: list[int] = []
        self._ends: list[int] = []

    def add(self, words: Sequence[str]) -> None:
        if len(self._known) > MAX_WORDS_KNOWN:
            self._known.clear()
        ids = list(map(self._known.__getitem__, words))
        if len(ids) < 3:  # shorter texts have one trigram, too
            ids = [*ids, 0, 0, 0][:3]
        self._words += ids
        self._ends.append(len(self._words))
        if len(self._words) >= BATCH:
            self.flush()

    def flush(self) -> None:
        if not self._ends:
            return
        words = np.array(self._words, dtype=np.uint64)
        ends = np.array(self._ends, dtype=np.int64)
        self._words, self._ends = [], []
        shingles, offsets = trigrams(words, ends)
        digest = self._rensa.RMinHash.digest_matrix_from_flat_token_hashes(shingles, offsets, PERMUTATIONS, SEED)
        rows = np.array(digest.to_rows(), dtype=np.uint32).astype(np.uint16)
        self._file.write(rows.tobytes())  # not tofile: its error on a full disk has no errno


def trigrams(words: Hashes, ends: Pairs) -> tuple[Hashes, Hashes]:
    """Hashes of the word trigrams within each song, (T,), and where each song's begin, (songs + 1,)."""
    odd = [np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)]
    mixed = (words[:-2] * odd[0]) ^ (words[1:-1] * odd[1] + (words[:-2] >> np.uint64(31))) ^ (words[2:] * odd[2])
    mixed = (mixed ^ (mixed >> np.uint64(29))) * odd[0]
    inside = np.ones(len(words), dtype=bool)
    for back in (1, 2):  # the last two words of a song begin no trigram
        inside[ends - back] = False
    offsets = np.zeros(len(ends) + 1, dtype=np.uint64)
    offsets[1:] = ends - 2 * np.arange(1, len(ends) + 1)
    return np.ascontiguousarray(mixed[inside[:-2]]), offsets


def read_signatures(path: Path, songs: int) -> Signatures:
    """(songs, 128), mapped from disk."""
    return np.memmap(path, dtype=np.uint16, mode="r", shape=(songs, PERMUTATIONS))


def similar_pairs(
    signatures: Signatures, least: float, on_progress: Callable[[int], None] | None = None
) -> tuple[Pairs, npt.NDArray[np.float32]]:
    """(P, 2) pairs of songs, the earlier first, with a Jaccard index estimated at `least` or more; (P,) the index.

    signatures (songs, 128). on_progress is called with the work done so far, in songs.
    """
    songs = len(signatures)
    codes = np.zeros(0, dtype=np.int64)  # a pair as one number: pairs met in many bands are kept once
    for band in range(BANDS):
        found = [codes]
        for pairs in band_pairs(band_keys(signatures, band)):
            close = pairs[similarity(signatures, pairs) >= least]
            found.append(close[:, 0] * songs + close[:, 1])
        codes = np.unique(np.concatenate(found))
        if on_progress is not None:
            on_progress(songs * (band + 1) // BANDS)
    pairs = np.stack([codes // songs, codes % songs], axis=1) if len(codes) else np.zeros((0, 2), dtype=np.int64)
    return pairs, similarity(signatures, pairs)


def band_keys(signatures: Signatures, band: int) -> Hashes:
    """(songs,) the three 16-bit minima of a band as one number, without a second hash."""
    keys = np.zeros(len(signatures), dtype=np.uint64)
    for start in range(0, len(signatures), 100_000):
        columns = np.asarray(signatures[start : start + 100_000, band * ROWS : (band + 1) * ROWS], dtype=np.uint64)
        keys[start : start + 100_000] = (
            columns[:, 0] << np.uint64(32) | columns[:, 1] << np.uint64(16) | columns[:, 2]
        )
    return keys


def band_pairs(keys: Hashes) -> Iterator[Pairs]:
    """(P, 2) pairs of songs with equal keys: each with the next few of its bucket and with the bucket's first."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    for gap in range(1, NEIGHBOURS + 1):
        same = np.flatnonzero(ranked[gap:] == ranked[:-gap])
        if not len(same):
            return
        yield np.stack([order[same], order[same + gap]], axis=1)
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    first = np.repeat(starts, np.diff([*starts, len(ranked)]))
    far = np.flatnonzero(np.arange(len(ranked)) - first > NEIGHBOURS)
    yield np.stack([order[first[far]], order[far]], axis=1)


def similarity(signatures: Signatures, pairs: Pairs) -> npt.NDArray[np.float32]:
    """(P,) the estimated Jaccard index of each pair: the share of equal minima."""
    result = np.zeros(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), 50_000):
        some = pairs[start : start + 50_000]
        equal = np.asarray(signatures[some[:, 0]]) == np.asarray(signatures[some[:, 1]])
        result[start : start + 50_000] = equal.mean(axis=1)
    return result


def near_duplicates(
    signatures: Signatures, pairs: Pairs, index: npt.NDArray[np.float32], least: float, words: npt.NDArray[np.uint32]
) -> dict[int, int]:
    """{song to drop: the song it repeats}. Of two alike the longer stays, of equally long ones the first.

    signatures (songs, 128), pairs (P, 2) with their `index` (P,), and how many `words` (songs,) each has.
    """
    pairs = pairs[index >= least]
    later = (words[pairs[:, 1]] > words[pairs[:, 0]])[:, None]
    keeps, loses = np.where(later, pairs[:, ::-1], pairs).T
    # Sorted by the loser's rank: a keeper outranks its losers, so its own fate is known before it is needed.
    order = np.lexsort((loses, -words[loses].astype(np.int64)))
    dropped: dict[int, int] = {}
    for keep, lose in zip(keeps[order].tolist(), loses[order].tolist(), strict=True):
        if lose in dropped:
            continue
        keeper = dropped.get(keep, keep)
        if keeper == keep or similarity(signatures, np.array([[keeper, lose]]))[0] >= least:
            dropped[lose] = keeper
    return dropped


def clusters(songs: int, pairs: Pairs) -> npt.NDArray[np.int64]:
    """(songs,) for each song the smallest index in its connected component of the graph of pairs (P, 2), by
    union-find."""
    parent: dict[int, int] = {}  # of linked songs only: most have no link

    def root(song: int) -> int:
        while (above := parent.setdefault(song, song)) != song:
            parent[song] = parent[above]
            song = above
        return song

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    result = np.arange(songs, dtype=np.int64)
    for song in list(parent):
        result[song] = root(song)
    return result
