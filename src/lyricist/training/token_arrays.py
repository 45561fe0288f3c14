"""A corpus as memory-mapped token arrays, made once and kept inside the corpus directory.

`CORPUS/tokens/NAME/` holds `tokens.json` (every token by falling training frequency, with counts and
written forms) and per split `SPLIT.npy` (uint16 ids) and `SPLIT.songs.npy` (int64 song starts).
Text is tokenised once, in a stream; memory is bounded by the number of distinct tokens.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from lyricist.corpus import Corpus
from lyricist.corpus.store import Split
from lyricist.corpus.tokenizer import Tokenizer, tokenizer_named
from lyricist.errors import InputError
from lyricist.model.tokens import EOS, SPECIALS, UNK, Order, Vocabulary, display_forms, song_tokens
from lyricist.model.tokens import iter_lines as lines_of

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
MAX_TYPES = 65_535  # distinct tokens kept in the arrays, so that ids fit uint16; rarer ones become <unk>
MAX_DISTINCT = 2_000_000  # distinct tokens counted at all: bounds memory on hostile or huge text
DISPLAY_SONGS = 20_000  # songs looked at for how words are written inside a line
CHUNK = 1 << 20

Ids = npt.NDArray[np.integer[Any]]


@dataclass
class SplitTokens:
    """One split: `ids` (N,) and `starts` (songs + 1,), song i being ids[starts[i]:starts[i + 1]]."""

    ids: Ids
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass
class TokenSet:
    """The token arrays of one corpus under one tokeniser. `tokens` is in order of falling count."""

    path: Path
    tokenizer: str
    tokens: list[str]
    counts: list[int]
    display: dict[str, str]
    order: Order = "forward"
    keep_alive: object = field(default=None, repr=False)  # a temporary directory, where the corpus is read-only

    def split(self, name: str) -> SplitTokens:
        ids = np.load(self.path / f"{name}.npy", mmap_mode="r")
        return SplitTokens(ids, np.load(self.path / f"{name}.songs.npy"))

    def vocabulary(self, size: int, min_count: int = 1) -> Vocabulary:
        """The `size` commonest tokens of the training songs that occur `min_count` times or more.

        Special tokens are always in, and `<unk>` stands where the words it replaces would.
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
        """Array from this set's ids to the vocabulary's."""
        return np.array(vocabulary.ids(self.tokens), dtype=np.int32)


def token_set(corpus: Corpus, tokenizer: str = "word", order: Order = "forward") -> TokenSet:
    """The corpus's token arrays: those it holds, or made now (in a temporary place if it is read-only)."""
    home = Path(corpus.path) / "tokens" / (tokenizer if order == "forward" else f"{tokenizer}-{order}")
    if not (home / "tokens.json").exists():
        try:
            home.parent.mkdir(exist_ok=True)
        except OSError:
            return temporary_set(corpus, tokenizer, order)
        build_beside(corpus, tokenizer, order, home)
    found = open_set(home)
    if found is None or found[1] != corpus.fingerprint:
        shutil.rmtree(home, ignore_errors=True)
        build_beside(corpus, tokenizer, order, home)
        found = open_set(home)
    if found is None:
        raise InputError(f"{home} is damaged: delete it and try again")
    return found[0]


def temporary_set(corpus: Corpus, tokenizer: str, order: Order) -> TokenSet:
    place = tempfile.TemporaryDirectory(prefix="lyricist-tokens-")
    home = Path(place.name) / tokenizer
    build(corpus, tokenizer_named(tokenizer), order, home)
    found = open_set(home)
    assert found is not None
    found[0].keep_alive = place
    return found[0]


def build_beside(corpus: Corpus, tokenizer: str, order: Order, home: Path) -> None:
    """Build under a temporary name in the same folder, then rename: never half a set."""
    made = Path(tempfile.mkdtemp(prefix=f".{tokenizer}-", dir=home.parent))
    try:
        build(corpus, tokenizer_named(tokenizer), order, made / "set")
        os.replace(made / "set", home)
    except OSError as e:
        if not (home / "tokens.json").exists():  # else another process has built the same set meanwhile
            raise InputError(f"{home}: cannot write the token arrays ({e.strerror}): free some disk space") from e
    finally:
        shutil.rmtree(made, ignore_errors=True)


def open_set(home: Path) -> tuple[TokenSet, str] | None:
    """The set and the fingerprint of the corpus it was made from; None if it cannot be read."""
    try:
        data = json.loads((home / "tokens.json").read_text(encoding="utf-8"))
        made = TokenSet(home, data["tokenizer"], data["tokens"], data["counts"], data["display"], data["order"])
        return made, data["corpus"]
    except (OSError, ValueError, KeyError):
        return None


def build(corpus: Corpus, tokenizer: Tokenizer, order: Order, home: Path) -> None:
    """Tokenise once with ids in order of appearance, count, then renumber by frequency."""
    home.mkdir(parents=True)
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
        "display": display_forms(lines_of(sample), tokenizer),
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
    while len(chunk := np.fromfile(file, dtype=np.int32, count=CHUNK)):
        yield chunk


def count_raw(path: Path, size: int) -> npt.NDArray[np.int64]:
    counts = np.zeros(size, dtype=np.int64)
    with open(path, "rb") as file:
        for chunk in raw_chunks(file):
            counts += np.bincount(chunk, minlength=size)
    return counts


def rank(index: dict[str, int], counts: npt.NDArray[np.int64]) -> tuple[list[tuple[str, int]], npt.NDArray[np.int32]]:
    """(token, count) by falling count, and an array from first ids to ranks; the rest goes to `<unk>`."""
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
    """SPLIT.raw -> SPLIT.npy in uint16, chunk by chunk; the raw file is removed."""
    total = raw.stat().st_size // 4
    with open(raw, "rb") as file, open(out, "wb") as target:
        header = {"descr": "<u2", "fortran_order": False, "shape": (total,)}
        np.lib.format.write_array_header_1_0(target, header)
        for chunk in raw_chunks(file):
            order[chunk].astype("<u2").tofile(target)
    raw.unlink()
