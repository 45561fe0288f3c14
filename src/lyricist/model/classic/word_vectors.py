"""Word vectors: trained on the songs with gensim, or read from word2vec's text and binary files and GloVe's text.

Files are streamed and only the rows of wanted words are kept, so files of several gigabytes can be read.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from lyricist._io import fit, load_arrays, open_plain
from lyricist.errors import InputError, MissingExtra, RunError
from lyricist.model.checkpoint import Run
from lyricist.model.classic.note_features import Floats

Row = tuple[str, Floats]

VECTORS = "vectors.safetensors"  # in a run
SIZE = 300  # numbers of a vector
# Of word2vec, as gensim has them; with more epochs the ten nearest are rare words (docs/classic.md).
WINDOW, EPOCHS = 5, 5
MOST_SIZE = 10_000
MOST_FILE, MOST_RATIO = 1 << 40, 20  # bytes of a file; how much a compressed one may grow
MOST_WORD = 2_000  # bytes of a word in a binary file


@dataclass
class WordVectors:
    """`words[i]` has the vector `matrix[i]`; `source` says where they come from."""

    words: list[str]
    matrix: Floats  # (V, D)
    source: str


def vectors_of(run: Run) -> Floats:
    """(V, D) the vectors of a run's vocabulary, zeros for special tokens. Raises `RunError` if they do not fit it."""
    path, shape = run.path / VECTORS, (len(run.vocabulary), run.config["model"]["embedding"])
    found = load_arrays(run.beside(VECTORS) or path, 4 * math.prod(shape) + (1 << 20))
    fit(path, found, {"vectors": ("f4", shape)})
    return found["vectors"]


def learn(songs: Sequence[Sequence[str]], size: int, seed: int) -> WordVectors:
    """word2vec (CBOW) vectors of every word of the songs, each a list of words. The same seed gives the same vectors.
    Raises `MissingExtra` without gensim."""
    try:
        from gensim.models import Word2Vec
    except ImportError as e:
        raise MissingExtra("learning word vectors (up to Python 3.13; --vectors FILE does without)", "classic") from e
    made = Word2Vec(
        [list(song) for song in songs], vector_size=size, window=WINDOW, min_count=1, epochs=EPOCHS, seed=seed,
        workers=1,  # with several, no two runs would be the same
    )  # fmt: skip
    return WordVectors(list(made.wv.index_to_key), np.asarray(made.wv.vectors, dtype=np.float32), "word2vec")


def read_vectors(path: Path, wanted: Sequence[str], size: int | None = None) -> WordVectors:
    """The vectors of the `wanted` words that a file has; a spelling with capitals is used where there is no other.

    `size`: how many numbers a vector must have; None takes the file's. Raises `InputError` for a file of another
    kind, one that is cut short, has vectors of another size, or none of the words.
    """
    exact: dict[str, Floats] = {}
    folded: dict[str, Floats] = {}
    asked = frozenset(wanted)
    try:
        with opened(path) as file:
            for word, vector in rows_of(file, path, size):
                if word in asked:
                    exact.setdefault(word, vector)
                elif word.lower() in asked:
                    folded.setdefault(word.lower(), vector)
    except (EOFError, zlib.error) as e:
        raise cut(path, "its gzip stream is damaged or has no end") from e
    except (OSError, RunError) as e:  # a RunError: `open_plain`, whose advice is for files of runs
        why = getattr(e if isinstance(e, OSError) else e.__cause__, "strerror", "it is no plain file") or e
        raise InputError(f"--vectors {path}: cannot be read ({why}): name a file of vectors") from e
    either = folded | exact
    words = [word for word in wanted if word in either]
    if not words:
        raise InputError(
            f"--vectors {path}: has none of the {len(asked):,} words of the songs: is it their language?"
        )
    found = np.stack([either[word] for word in words])
    if not np.isfinite(found).all():
        raise InputError(f"--vectors {path}: holds numbers that are not finite: get the file again")
    return WordVectors(words, found, path.name)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A plain file, which may be compressed. Raises `RunError` for a device or a folder."""
    place = path.resolve()  # a link of the user's own
    with open_plain(place, MOST_FILE) as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not zipped:
            yield file
            return
        most = max(1 << 24, MOST_RATIO * os.fstat(file.fileno()).st_size)
        with gzip.open(file) as inner:
            yield cast(BinaryIO, Bounded(cast(BinaryIO, inner), most, path))


class Bounded:
    """A compressed file of which no more than `most` bytes are read: vectors do not compress as well as a bomb."""

    def __init__(self, file: BinaryIO, most: int, path: Path) -> None:
        self.file, self.left, self.path = file, most, path

    def counted(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise cut(self.path, f"it grows to more than {MOST_RATIO} times its size")
        return data

    def readline(self, size: int) -> bytes:
        return self.counted(self.file.readline(size))

    def read(self, size: int) -> bytes:
        return self.counted(self.file.read(size))


def rows_of(file: BinaryIO, path: Path, size: int | None) -> Iterator[Row]:
    """The rows of a file of any of the three kinds. Raises `InputError` for a file of another kind, and as
    `check_size` does."""
    head = file.readline(1 << 20)
    fields = head.split()
    if len(fields) == 2 and all(field.isdigit() and len(field) < 10 for field in fields):
        rows, width = int(fields[0]), int(fields[1])
        check_size(path, width, size)
        first = file.readline(1 << 20)
        if is_text(first, width):
            yield from text_rows(file, path, first, width, rows)
        else:
            yield from binary_rows(first, file, path, width, rows)
        return
    width = len(fields) - 1
    if not is_text(head, width):
        raise InputError(
            f"--vectors {path}: no vectors of word2vec (text or binary) or GloVe (text): name such a file"
        )
    check_size(path, width, size)
    yield from text_rows(file, path, head, width, None)


def check_size(path: Path, width: int, size: int | None) -> None:
    """Raise `InputError` if the vectors' width is not from 1 to MOST_SIZE, or not `size`."""
    if not 1 <= width <= MOST_SIZE:
        raise InputError(f"--vectors {path}: says its vectors have {width} numbers: get the file again")
    if size is not None and width != size:
        raise InputError(f"--vectors {path}: its vectors have {width} numbers, not {size}: say --embedding {width}")


def is_text(line: bytes, width: int) -> bool:
    """Whether a line is a word and `width` numbers."""
    try:
        return width > 0 and len(numbers(line, width)) == width
    except ValueError:
        return False


def numbers(line: bytes, width: int) -> list[float]:
    """The last `width` fields of a line, whose word may contain spaces (GloVe). `ValueError` if there are fewer."""
    parts = line.rstrip().rsplit(b" ", width)
    if len(parts) != width + 1 or not parts[0].strip():
        raise ValueError
    return [float(part) for part in parts[1:]]


def text_rows(file: BinaryIO, path: Path, first: bytes, width: int, rows: int | None) -> Iterator[Row]:
    """Lines of a word and its numbers; `rows`: how many the first line of the file states."""
    line, count = first, 0
    while line.strip():
        try:
            vector = np.array(numbers(line, width), dtype=np.float32)
        except ValueError:
            raise cut(path, f"row {count + 1:,} does not have {width} numbers") from None
        yield line.rstrip().rsplit(b" ", width)[0].decode("utf-8", "replace"), vector
        line, count = file.readline(1 << 20), count + 1
    if rows is not None and count != rows:
        raise cut(path, f"it promises {rows:,} vectors and has {count:,}")


def binary_rows(first: bytes, file: BinaryIO, path: Path, width: int, rows: int) -> Iterator[Row]:
    """A word, a space, its numbers in little-endian single precision, row by row; `first`: bytes already read."""
    held = bytearray(first)

    def have(size: int) -> bool:
        if len(held) < size:
            held.extend(file.read(max(1 << 16, size - len(held))))
        return len(held) >= size

    for row in range(rows):
        have(MOST_WORD)
        space = held.find(b" ", 0, MOST_WORD)
        if space < 0 or not have(space + 1 + 4 * width):
            raise cut(path, f"it promises {rows:,} vectors and has {row:,}")
        word = bytes(held[:space]).lstrip(b"\n").decode("utf-8", "replace")
        yield word, np.frombuffer(bytes(held[space + 1 : space + 1 + 4 * width]), dtype="<f4").astype(np.float32)
        del held[: space + 1 + 4 * width]


def cut(path: Path, why: str) -> InputError:
    return InputError(f"--vectors {path}: is cut short or damaged ({why}): get the file again")
