"""A corpus as memory-mapped token arrays, made once and kept inside the corpus directory, and batches over them.

`CORPUS/tokens/NAME/` holds `tokens.json` (every token by falling training frequency, with counts and written forms)
and per split `SPLIT.npy` (uint16 ids) and `SPLIT.songs.npy` (int64 song starts). Text is tokenised once, in a
stream; memory is bounded by the number of distinct tokens.

An epoch is all songs in a seeded order, concatenated and cut into B equal streams. Position t of the epoch is columns
t .. t + T of every stream, so that a cursor (epoch, t) is all that resuming needs.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from lyricist._io import Staging, TemporaryFolder, load_npy, read_json
from lyricist.corpus import Corpus
from lyricist.corpus.store import Split
from lyricist.corpus.tokenizer import Tokenizer, tokenizer_named
from lyricist.errors import InputError, RunError
from lyricist.model.tokens import EOS, SPECIALS, UNK, Order, Vocabulary, checked_words, display_forms, song_tokens

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
MAX_TYPES = 65_535  # distinct tokens kept in the arrays, so that ids fit uint16; rarer ones become <unk>
MAX_DISTINCT = 2_000_000  # distinct tokens counted at all: bounds memory on hostile or huge text
DISPLAY_SONGS = 20_000  # songs read to learn how words are written inside a line
CHUNK = 1 << 20
PAD = -100  # after the end of the shorter songs of a block; PyTorch's cross-entropy ignores it
BLOCK_SONGS = 16  # songs side by side in a block
BLOCK_STEPS = 2_000  # longer songs (texts without song breaks) are cut into pieces of this length

Ids = npt.NDArray[np.integer[Any]]
Array = npt.NDArray[np.int64]


@dataclass
class SplitTokens:
    """One split: `ids` (N,) and `starts` (songs + 1,), song i being ids[starts[i]:starts[i + 1]]."""

    ids: Ids
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass
class TokenSet:
    """The token arrays of one corpus under one tokeniser; `tokens` by falling count."""

    path: Path
    tokenizer: str
    tokens: list[str]
    counts: list[int]
    display: dict[str, str]
    order: Order = "forward"
    keep_alive: object = field(default=None, repr=False)  # a temporary directory, where the corpus is read-only

    def split(self, name: str) -> SplitTokens:
        """One split, memory-mapped. Raises `RunError` if it is damaged."""
        ids, path = load_npy(self.path / f"{name}.npy", np.uint16), self.path / f"{name}.songs.npy"
        starts = np.array(load_npy(path, np.int64))
        if not len(starts) or starts[0] != 0 or starts[-1] != len(ids) or (np.diff(starts) < 0).any():
            raise RunError(f"{path} is damaged: delete the folder and try again")
        for at in range(0, len(ids), CHUNK):
            if ids[at : at + CHUNK].max() >= len(self.tokens):
                raise RunError(f"{path} is damaged: delete the folder and try again")
        return SplitTokens(ids, starts)

    def vocabulary(self, size: int, min_count: int = 1) -> Vocabulary:
        """The `size` commonest tokens of the training songs that occur at least `min_count` times.

        Special tokens are always included; the rank of `<unk>` is that of all the words it replaces.
        """
        chosen = [(c, t) for t, c in zip(self.tokens, self.counts, strict=True) if t in SPECIALS and t != UNK]
        words = [(c, t) for t, c in zip(self.tokens, self.counts, strict=True) if t not in SPECIALS]
        words = [(c, t) for c, t in words if c >= min_count][: max(0, size - len(chosen) - 1)]
        unknown = sum(self.counts) - sum(c for c, _ in chosen) - sum(c for c, _ in words)
        ranked = sorted([*chosen, *words, (unknown, UNK)], key=lambda item: (-item[0], item[1]))
        return Vocabulary([t for _, t in ranked], self.tokenizer, self.display_for(t for _, t in words), self.order)

    def display_for(self, tokens: Iterator[str]) -> dict[str, str]:
        return {t: self.display[t] for t in tokens if t in self.display}

    def remap(self, vocabulary: Vocabulary) -> npt.NDArray[np.int32]:
        """(tokens,) the vocabulary's id of each token of this set."""
        return np.array(vocabulary.ids(self.tokens), dtype=np.int32)


def token_set(corpus: Corpus, tokenizer: str = "word", order: Order = "forward") -> TokenSet:
    """The corpus's token arrays: those it holds, or made now (in a temporary place if it is read-only).

    Raises `InputError` if they are damaged or cannot be written.
    """
    home = Path(corpus.path) / "tokens" / (tokenizer if order == "forward" else f"{tokenizer}-{order}")

    def is_current() -> bool:
        kept = open_set(home)
        return kept is not None and kept[1] == corpus.fingerprint

    place: object = None
    if not is_current():
        make = tokenizer_named(tokenizer)
        home, place = make_arrays(home, "token", lambda folder: build(corpus, make, order, folder), is_current)
    found = open_set(home)
    if found is None:
        raise InputError(f"{home} is damaged: delete it and try again")
    found[0].keep_alive = place
    return found[0]


def make_arrays(
    home: Path, what: str, build: Callable[[Path], None], is_current: Callable[[], bool]
) -> tuple[Path, object]:
    """Have `build` fill a new directory that becomes `home` in one step; waits for a process that makes the same.

    Returns the directory and None, or, where the file system is read-only, a temporary directory and the object that
    removes it. Raises `InputError` if the disk is full.
    """
    try:
        staging = Staging(home, wait=True)
    except OSError:
        place = TemporaryFolder(f"{what}s")
        build(Path(place.name))
        return Path(place.name), place
    try:
        if not is_current():
            build(staging.path)
            staging.place()
    except OSError as e:
        raise InputError(f"{home}: cannot write the {what} arrays ({e.strerror}): free some disk space") from e
    finally:
        staging.discard()
    return home, None


def open_set(home: Path) -> tuple[TokenSet, str] | None:
    """The set and the fingerprint of its corpus; None if it cannot be read."""
    try:
        data = read_json(home / "tokens.json")
        checked_words(data["tokens"], data["display"])
        tokens, counts = data["tokens"], data["counts"]
        if len(counts) != len(tokens) or not all(type(n) is int and n >= 0 for n in counts) or UNK not in tokens:
            raise ValueError("its counts")
        made = TokenSet(home, str(data["tokenizer"]), tokens, counts, data["display"], data["order"])
        for split in SPLITS:
            made.split(split)
        return made, str(data["corpus"])
    except (RunError, ValueError, KeyError, TypeError):
        return None


def build(corpus: Corpus, tokenizer: Tokenizer, order: Order, home: Path) -> None:
    """Tokenise once with ids in order of appearance, count, then renumber by frequency."""
    index: dict[str, int] = {UNK: 0}
    for special in sorted(SPECIALS - {UNK, EOS}) if tokenizer.structured else [EOS]:
        index[special] = len(index)
    for split in SPLITS:
        write_raw(corpus, split, tokenizer, order, index, home)
    counts = count_raw(home / "train.raw", len(index))
    keep, ranks = rank(index, counts)
    for split in SPLITS:
        renumber(home / f"{split}.raw", home / f"{split}.npy", ranks)
    sample = itertools.islice(corpus.songs("train"), DISPLAY_SONGS)
    data = {
        "format": 1,
        "tokenizer": tokenizer.name,
        "order": order,
        "corpus": corpus.fingerprint,
        "tokens": [t for t, _ in keep],
        "counts": [c for _, c in keep],
        "display": display_forms((line.text for song in sample for line in song.lines()), tokenizer),
    }
    (home / "tokens.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def write_raw(
    corpus: Corpus, split: Split, tokenizer: Tokenizer, order: Order, index: dict[str, int], home: Path
) -> None:
    """Append every song of a split to SPLIT.raw as int32, adding unseen tokens to `index`."""
    starts, total = [0], 0
    with open(home / f"{split}.raw", "wb") as out:
        for song in corpus.songs(split):
            tokens = song_tokens(song, tokenizer, order)
            if len(index) < MAX_DISTINCT:
                ids = [index.setdefault(t, len(index)) for t in tokens]
            else:
                ids = [index.get(t, 0) for t in tokens]
            np.array(ids, dtype=np.int32).tofile(out)
            total += len(ids)
            starts.append(total)
    np.save(home / f"{split}.songs.npy", np.array(starts, dtype=np.int64))


def raw_chunks(file: BinaryIO) -> Iterator[npt.NDArray[np.int32]]:
    """The first ids of a raw file, in chunks (N,) of at most CHUNK."""
    while len(chunk := np.fromfile(file, dtype=np.int32, count=CHUNK)):
        yield chunk


def count_raw(path: Path, size: int) -> npt.NDArray[np.int64]:
    """(N,) how often each of N = `size` first ids occurs in a raw file."""
    counts = np.zeros(size, dtype=np.int64)
    with open(path, "rb") as file:
        for chunk in raw_chunks(file):
            counts += np.bincount(chunk, minlength=size)
    return counts


def rank(index: dict[str, int], counts: npt.NDArray[np.int64]) -> tuple[list[tuple[str, int]], npt.NDArray[np.int32]]:
    """(token, count) by falling count, and the rank (N,) of every first id, from their counts (N,); ids without a
    rank get that of `<unk>`."""
    tokens = list(index)
    by_count = np.argsort(-counts, kind="stable")
    special = [index[t] for t in SPECIALS if t in index]
    common = [int(i) for i in by_count[: MAX_TYPES - len(special)] if counts[i] > 0 and tokens[i] not in SPECIALS]
    kept = sorted([*special, *common], key=lambda i: (-counts[i], i))
    lost = int(counts.sum() - counts[kept].sum())
    order = np.full(len(tokens), kept.index(0), dtype=np.int32)
    order[kept] = np.arange(len(kept))
    return [(tokens[i], int(counts[i]) + (lost if i == 0 else 0)) for i in kept], order


def renumber(raw: Path, out: Path, order: npt.NDArray[np.int32]) -> None:
    """Convert SPLIT.raw to SPLIT.npy in uint16, chunk by chunk, and remove it; `order` (N,) gives the id of every
    first id."""
    total = raw.stat().st_size // 4
    with open(raw, "rb") as file, open(out, "wb") as target:
        header = {"descr": "<u2", "fortran_order": False, "shape": (total,)}
        np.lib.format.write_array_header_1_0(target, header)
        for chunk in raw_chunks(file):
            order[chunk].astype("<u2").tofile(target)
    raw.unlink()


# --- batches


@dataclass(frozen=True)
class Streams:
    """B parallel streams over a split; `remap` (tokens,) maps the split's ids to the vocabulary's."""

    split: SplitTokens
    remap: npt.NDArray[np.int32]
    batch: int
    seed: int | None = None  # None: songs in the order of the corpus

    @property
    def length(self) -> int:
        """Tokens in each stream of one epoch."""
        return max(1, len(self.split) // self.batch)

    def epoch(self, number: int) -> Epoch:
        """The songs in the order of this epoch."""
        songs = len(self.split.starts) - 1
        order = np.arange(songs)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, number]).permutation(songs)
        lengths = np.diff(self.split.starts)[order]
        return Epoch(self, number, order, self.split.starts[:-1][order], np.concatenate([[0], np.cumsum(lengths)]))


@dataclass(frozen=True)
class Epoch:
    """One order of the songs: the k-th is song `songs[k]`, which begins at `starts[k]`; `ends`: cumulated lengths."""

    streams: Streams
    number: int
    songs: Array
    starts: Array
    ends: Array

    def places(self, t: int, steps: int) -> tuple[Array, Array]:
        """(T + 1, B) positions in the split of the tokens from t on, and their songs. T ends with the epoch."""
        steps = min(steps, self.streams.length - 1 - t)
        base = np.arange(self.streams.batch) * self.streams.length
        position = base[None, :] + np.arange(t, t + steps + 1)[:, None]
        k = np.searchsorted(self.ends, position, side="right") - 1
        return self.starts[k] + position - self.ends[k], self.songs[k]

    def window(self, t: int, steps: int) -> Array:
        """(T + 1, B) token ids: inputs are rows 0 .. T - 1, targets rows 1 .. T."""
        return self.streams.remap[self.streams.split.ids[self.places(t, steps)[0]]].astype(np.int64)

    def windows(self, steps: int) -> int:
        """Number of windows of `steps` in the epoch."""
        return max(1, -(-(self.streams.length - 1) // steps))


def song_blocks(split: SplitTokens, remap: npt.NDArray[np.int32], tokens: int) -> list[Array]:
    """Whole songs side by side, (T, B) blocks padded with PAD, from about the first `tokens` tokens of a split.

    Songs of similar length share a block, so that there is little padding.
    """
    pieces: list[Array] = []
    left = tokens
    for start, end in zip(split.starts[:-1], split.starts[1:], strict=True):
        for at in range(start, end, BLOCK_STEPS):
            if left > 0 and min(end, at + BLOCK_STEPS) - at > 1:
                pieces.append(remap[split.ids[at : min(end, at + BLOCK_STEPS)]].astype(np.int64))
                left -= len(pieces[-1])
    pieces.sort(key=len)
    blocks = []
    for i in range(0, len(pieces), BLOCK_SONGS):
        group = pieces[i : i + BLOCK_SONGS]
        block = np.full((len(group[-1]), len(group)), PAD, dtype=np.int64)
        for column, piece in enumerate(group):
            block[: len(piece), column] = piece
        blocks.append(block)
    return blocks
