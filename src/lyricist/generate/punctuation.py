"""Punctuation and capitals of written songs: a small network over finished lines, learnt from songs in print.

Words are drawn without marks and in small letters. When a line and the next one are finished, the network reads every
word with those around it and says which mark follows it and whether it has a capital; the words stay as they are. A
sentence begins with a capital, and so does a section, which always ends with a full stop, a question mark or an
exclamation mark.

A word is read with BEFORE tokens before it and AFTER behind it, never beyond the line after its own, so that lines
can be shown as they are made and a section reads the same wherever it stands; and with the first HEAD words of its
line and of the line before, which tell a question. `scripts/train_punctuation.py` trains the network and writes
`punctuation.safetensors`. N words, W tokens of a window, E numbers for each token, H hidden units, M marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays, load_arrays
from lyricist.model.tokens import SPECIALS, Vocabulary, capital
from lyricist.model.word_facts import unblob

FILE = Path(__file__).with_name("punctuation.safetensors")
MARKS = ("", ",", ".", "?", "!", ";", ":")
FULL = (2, 3, 4)  # the marks that end a sentence
BEFORE, AFTER, HEAD = 14, 7, 3  # tokens of a window
SPAN = BEFORE + 1 + AFTER
WINDOW = SPAN + 2 * HEAD
# What stands for the place outside the window, the ends of a line and a section, and unknown words by their endings.
NOTHING, LINE, END, UNKNOWN = range(4)
ENDINGS = ("ing", "in'", "ed", "'s", "ly", "s", "")
SPECIAL = UNKNOWN + len(ENDINGS)  # the id of the first known word

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Lines = Sequence[Sequence[str]]
FAMILIAR, SAMPLE = (
    0.8,
    200,
)  # share of a vocabulary's commonest words that the network must know; so many are looked up
KEPT = 20_000  # lines whose marks are kept


class Marked(NamedTuple):
    """The index of the mark after each word of a line, the likeliest mark of FULL at its end, and for each word
    whether it has a capital inside a sentence (None: the network does not know the word)."""

    marks: tuple[int, ...]
    full: int
    capitals: tuple[bool | None, ...]


class Punctuation:
    """The network and the words that it knows."""

    def __init__(self, arrays: Arrays) -> None:
        """`arrays`: an embedding (V, E) and matrices in 8 bits with a scale for each row, biases, and the words."""
        self.index = {word: SPECIAL + i for i, word in enumerate(unblob(arrays["words"]))}
        self.embedding = whole(arrays, "embedding")
        first, self.second, self.last = (whole(arrays, name).T.copy() for name in ("first", "second", "last"))
        self.first = first.reshape(WINDOW, -1, first.shape[1])  # (W, E, H)
        self.biases = [arrays[f"{name}.bias"] for name in ("first", "second", "last")]
        self.marked = lru_cache(KEPT)(self.find_marked)

    def suits(self, vocabulary: Vocabulary) -> bool:
        """Whether a vocabulary is of English words."""
        if vocabulary.tokenizer.name != "word":
            return False
        words = [token for token in vocabulary.tokens[: SAMPLE + len(SPECIALS)] if token not in SPECIALS]
        return sum(word in self.index for word in words) >= FAMILIAR * max(1, len(words))

    def ids(self, line: Sequence[str]) -> list[int]:
        """The ids of a line's words; an unknown word has that of its ending."""
        return [self.index.get(word) or unknown(word) for word in line]

    def scores(self, windows: Ints) -> Floats:
        """Windows (N, W) -> (N, M + 1): the score of each mark after the word, and that of its capital."""
        x = np.matmul(self.embedding[windows.T], self.first).sum(axis=0)  # small products: without threads
        x = np.maximum(x + self.biases[0], 0) @ self.second
        return np.asarray(np.maximum(x + self.biases[1], 0) @ self.last + self.biases[2])

    def find_marked(self, before: tuple[int, ...], line: tuple[int, ...], after: tuple[int, ...]) -> Marked:
        """What the network reads of a line's ids, from those around it as `around` gives them."""
        scores = self.scores(windows_of(before, line, after))
        full = FULL[int(scores[-1, list(FULL)].argmax())]
        large = [
            bool(score > 0) if word >= SPECIAL else None for word, score in zip(line, scores[:, -1], strict=True)
        ]
        return Marked(tuple(scores[:, :-1].argmax(axis=1).tolist()), full, tuple(large))


def whole(arrays: Arrays, name: str) -> Floats:
    """A matrix of 8-bit rows times their scales."""
    return np.asarray(arrays[name].astype(np.float32) * arrays[f"{name}.scale"][:, None])


def unknown(word: str) -> int:
    """The id of an unknown word, by its ending.

    >>> [ENDINGS[unknown(word) - UNKNOWN] for word in ("wandering", "moths", "umbra")]
    ['ing', 's', '']
    """
    return UNKNOWN + next(i for i, ending in enumerate(ENDINGS) if word.endswith(ending))


def around(ids: Sequence[Sequence[int]], i: int, last: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tokens before and after line i of a section, from the ids of its words. Lines after the next are not read;
    `last`: the section ends with the last of these lines.

    >>> around([[7, 8], [9], [10]], 1, last=True)
    ((7, 8, 1), (1, 10, 2))
    """
    before = [token for line in ids[max(0, i - BEFORE) : i] for token in (*line, LINE)]
    end = END if last and i + 2 >= len(ids) else LINE
    after = (LINE, *ids[i + 1], end) if i + 1 < len(ids) else (end,)
    return tuple(before[-BEFORE:]), after[:AFTER]


def windows_of(before: Sequence[int], line: Sequence[int], after: Sequence[int]) -> Ints:
    """(N, W) the window of every word of a line: the tokens around it, the first words of its line, and those of the
    line before."""
    text = np.full(BEFORE + len(line) + AFTER, NOTHING)
    tokens = (*before, *line, *after)
    start = BEFORE - len(before)
    text[start : start + len(tokens)] = tokens
    heads = np.array([*head(line), *head(line_before(before))])
    spans = np.lib.stride_tricks.sliding_window_view(text, SPAN)
    return np.concatenate([spans, np.broadcast_to(heads, (len(line), 2 * HEAD))], axis=1)


def head(line: Sequence[int]) -> list[int]:
    return [*line[:HEAD], *[NOTHING] * (HEAD - len(line))]


def line_before(before: Sequence[int]) -> Sequence[int]:
    """The ids of the line before, from the tokens before a line.

    >>> line_before([7, LINE, 8, 9, LINE])
    [8, 9]
    """
    own = list(before[:-1])
    return own[len(own) - own[::-1].index(LINE) :] if LINE in own else own


@cache
def default_punctuation() -> Punctuation:
    """The network of the package."""
    return Punctuation(load_arrays(FILE))


class Printer:
    """How the lines of a song are printed. `punctuation` None: without marks, every line begins with a capital."""

    def __init__(self, vocabulary: Vocabulary, punctuation: Punctuation | None) -> None:
        self.vocabulary, self.punctuation = vocabulary, punctuation

    @property
    def looks_ahead(self) -> bool:
        """Whether a line cannot be printed before the next line of its section is there."""
        return self.punctuation is not None

    def section(self, lines: Lines, given: Sequence[str] = ()) -> list[str]:
        """The text of the lines of a whole section; `given` as in `line`."""
        return [self.line(lines, i, True, given) for i in range(len(lines))]

    def line(self, lines: Lines, i: int, last: bool, given: Sequence[str] = ()) -> str:
        """The text of line i of a section, of which the lines up to the next are there (up to this one if it is the
        last). `last`: the section ends with these. `given`: lines whose text is fixed, "" for the others."""
        if i < len(given) and given[i]:
            return given[i]
        if self.punctuation is None:
            return self.vocabulary.write_line(lines[i])
        marked = self.marked(self.punctuation, lines, i, last)
        marks = marked.marks
        if last and i + 1 == len(lines):
            marks = (*marks[:-1], marked.full)
        out, begins = [], i == 0 or self.ends_sentence(self.punctuation, lines, i - 1, last, given)
        for word, mark, large in zip(lines[i], marks, marked.capitals, strict=True):
            out.append(self.written(word, begins, large) + MARKS[mark])
            begins = mark in FULL
        return " ".join(out)

    def marked(self, punctuation: Punctuation, lines: Lines, i: int, last: bool) -> Marked:
        ids = [punctuation.ids(line) for line in lines]
        before, after = around(ids, i, last)
        return punctuation.marked(before, tuple(ids[i]), after)

    def ends_sentence(self, punctuation: Punctuation, lines: Lines, i: int, last: bool, given: Sequence[str]) -> bool:
        """Whether line i, not the last of its section, ends a sentence: by its own mark if it was given with one."""
        own = given[i].rstrip("\"'\N{RIGHT DOUBLE QUOTATION MARK})")[-1:] if i < len(given) else ""
        if own and not own.isalnum():
            return own in ".?!"
        return self.marked(punctuation, lines, i, last).marks[-1] in FULL

    def written(self, word: str, begins: bool, large: bool | None) -> str:
        """A word with the capital of a sentence that it `begins`, of a name, or none. `large`: as in `Marked`."""
        shown = self.vocabulary.display.get(word, word)
        if begins or large or word.split("'")[0] == "i":
            return capital(shown)
        return word if large is False else shown
