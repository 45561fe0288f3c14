"""Whether a line follows: a small LSTM that reads a song forwards and judges every line where it stands.

It was taught to tell lines of verse in their place from lines that were moved there or exchanged for others
(`scripts/build_line_judge.py`). Of a line it says, in nats, how much likelier it stands in its place than not, given
the song so far; by that the starter's drafts are weighed, whose lines are drawn from their ends.

It reads the starter's word vectors, so it judges the starter and what is fine-tuned from it. All its products are of
whole numbers, which add up to the same in any order: a line's value does not depend on what else is in the batch.
N lines, E numbers a word, H hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays
from lyricist.errors import RunError
from lyricist.model.checkpoint import COLUMNS, Run
from lyricist.model.onnx_bytes import Initializers
from lyricist.model.runtime import open_session
from lyricist.model.starter import NAME, starter_path
from lyricist.model.tokens import LINE, SONG, UNK, Vocabulary
from lyricist.model.vocab_layout import VocabLayout

VERSE = "<verse>"  # opens every section, to the judge
JUDGE = "judge.onnx"  # in the starter's directory
MOST = 5.0  # nats that a line's value may be away from 0, so that no single line decides a song

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
ReaderState = tuple[Floats, ...]  # h, c, each (N, H)


class Product:
    """Times a weight (O, I) kept in 8 bits, one scale an output."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self.whole = np.ascontiguousarray(arrays[name].T.astype(np.float32))  # (I, O)
        self.scale, self.bias = arrays[f"{name}.scale"], arrays[f"{name}.bias"]

    def __call__(self, x: Floats) -> Floats:
        """x (N, I), rounded to 8 bits, one scale a row -> (N, O). Whole numbers below 2^24 add up exactly."""
        row = np.maximum(np.abs(x).max(axis=1, keepdims=True), 1e-9) / np.float32(127)
        return np.asarray(np.rint(x / row) @ self.whole * row * self.scale + self.bias)


class LineJudge:
    """`vectors` (R, E) 8-bit word vectors with scales (R,); `place` (V,) the row of each of the `words`."""

    def __init__(
        self, file: Path, vectors: npt.NDArray[np.int8], scales: Floats, place: Ints, words: Vocabulary
    ) -> None:
        """Raises `RunError` for a file that is not a judge's."""
        self.opening, self.within = words.index[VERSE], words.index[LINE]
        self.vectors, self.scales, self.place, self.words = vectors, scales, place, len(place)
        self.session, arrays = open_session(file, 1), Initializers(file).arrays
        try:
            self.inner, self.outer = Product(arrays, "inner"), Product(arrays, "outer")
            zero = np.zeros((1, len(arrays["inner"][0]) // 3), dtype=np.float32)
        except (KeyError, IndexError) as e:
            raise RunError(f"{file} is not a judge of lines: install lyricist again") from e
        self.start = self.step(np.array([words.index[SONG]]), (zero, zero))  # before a song's first break

    def step(self, words: Ints, state: ReaderState) -> ReaderState:
        """Read a word (N,) of each line."""
        at = self.place[words]
        x = self.vectors[at] * self.scales[at][:, None]
        return tuple(self.session.run(["next_h", "next_c"], {"x": x, "h": state[0], "c": state[1]}))

    def read(self, lines: Sequence[Sequence[int]], breaks: Ints, state: ReaderState) -> tuple[Floats, ReaderState]:
        """The values (N,) in nats of lines, each after the break (N,) that parts it from what the state has read, and
        the state after them."""
        h, c = (part.copy() for part in self.step(breaks, state))
        before, lengths = h.copy(), np.array([len(line) for line in lines])
        total = np.zeros_like(h)
        for t in range(int(lengths.max())):
            on = np.flatnonzero(lengths > t)
            h[on], c[on] = self.step(np.array([lines[k][t] for k in on.tolist()]), (h[on], c[on]))
            total[on] += h[on]
        mean = total / lengths[:, None].astype(np.float32)
        worth = self.outer(np.tanh(self.inner(np.concatenate([h, mean, before], axis=1))))[:, 0]
        return np.clip(worth, -MOST, MOST), (h, c)


def judge_of(run: Run, words: Vocabulary) -> LineJudge | None:
    """The judge of what a run writes: of the starter and of runs that went on from it, if the package brings one.

    Words that the starter does not know are unknown to it.
    """
    home = starter_path()
    if home is None or not (home / JUDGE).exists():
        return None
    if run.path.resolve() != home.resolve() and run.config.get("base") != NAME:
        return None
    starter = Run.open(home)
    graph = Initializers(starter.file("model.onnx"))
    at, index = VocabLayout.load(home / COLUMNS).column_of, starter.vocabulary.index
    place = np.array([at[index.get(token, index[UNK])] for token in words.tokens])
    return LineJudge(home / JUDGE, graph["embedding"], graph["embedding.scale"], place, words)
