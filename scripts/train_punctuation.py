"""Train the network that punctuates written songs (`lyricist.generate.punctuation`), and measure it.

    python scripts/train_punctuation.py train [--epochs 6] [-o FILE]
    python scripts/train_punctuation.py test [FILE]

It learns from `songs/part-*.txt` and is measured on `songs/held-out*.txt`. A word is labelled with the first mark
behind it (quotation marks do not count) and with its capital. Where a song begins every line with a capital, it is
taken away from lines that begin no sentence, unless the word has one elsewhere. Sections are read by themselves,
repeats once. `test` prints the share of words whose mark and capital are both right, and precision, recall and F1 of
every mark.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays, load_arrays, replace_file, tensor_bytes
from lyricist.corpus import READERS, Song, Source
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.generate.punctuation import (
    FILE,
    FULL,
    MARKS,
    SPECIAL,
    WINDOW,
    Punctuation,
    around,
    unknown,
    windows_of,
)
from lyricist.model.tokens import ALWAYS_CAPITAL
from lyricist.model.word_facts import blob

SONGS = Path(__file__).parents[1] / "songs"
SIZE, HIDDEN, INNER = 32, 192, 96
SELDOM, MOST = 4, 12_000  # a known word stands in the songs so often at least; known words at most
BATCH, RATE, DROPOUT = 2048, 2e-3, 0.15
RARE = {"?": 3.0, "!": 3.0, ";": 2.0, ":": 1.5}  # how much a word with such a mark counts in the loss
FORGET = 0.03  # share of words read as unknown ones of their ending, so that these are learnt

Ints = npt.NDArray[np.int64]


class Word(NamedTuple):
    """A word in small letters, the index of the mark behind it, and whether it is written with a capital."""

    word: str
    mark: int
    capital: bool


Section = list[list[Word]]  # by line


# --- labels


def read(files: Iterable[Path]) -> list[Section]:
    """The sections of all songs, those that are repeated in a song once."""
    songs = [song for file in files for song in READERS[".txt"](Source(file, file.name))]
    names = usual_capitals(songs)
    return [section for song in songs for section in sections_of(song, names)]


def usual_capitals(songs: Iterable[Song]) -> set[str]:
    """Words that mostly have a capital inside a sentence."""
    seen, large = Counter[str](), Counter[str]()
    for song in songs:
        for line in song.lines():
            for before, word in zip(labelled(line.text), labelled(line.text)[1:], strict=False):
                if before.mark not in FULL:
                    seen[word.word] += 1
                    large[word.word] += word.capital
    return {word for word, n in large.items() if 2 * n > seen[word]}


def labelled(line: str) -> list[Word]:
    """
    >>> [(w, MARKS[m], c) for w, m, c in labelled('He said, "Come in!"')]
    [('he', '', True), ('said', ',', False), ('come', '', True), ('in', '!', False)]
    """
    text, out, at = line.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"), [], 0
    pairs = WordTokenizer().split_surface(text)
    starts = []
    for _, surface in pairs:
        starts.append(text.index(surface, at))
        at = starts[-1] + len(surface)
    for (word, surface), start, end in zip(pairs, starts, [*starts[1:], len(text)], strict=True):
        gap = text[start + len(surface) : end]
        mark = next((MARKS.index(c) for c in gap if c in "".join(MARKS)), 0)
        out.append(Word(word, mark, surface.lstrip("'")[:1].isupper()))
    return out


def sections_of(song: Song, names: set[str]) -> Iterator[Section]:
    """The sections of a song with the capitals of sentences."""
    found = {tuple(line.text for line in section.lines): section for section in song.sections}
    each = all(line.text.lstrip("\"'")[:1].isupper() for line in song.lines())
    full = True
    for lines in found:
        section = []
        for text in lines:
            words = labelled(text)
            if each and words and not full and not text.startswith('"'):
                words[0] = words[0]._replace(capital=words[0].word in names)
            if words:
                section.append(words)
                full = words[-1].mark in FULL
        if section:
            yield section


# --- arrays


class Data(NamedTuple):
    """Windows (N, W), marks (N,), capitals (N,), and which words (N,) begin no sentence."""

    windows: Ints
    marks: Ints
    capitals: npt.NDArray[np.bool_]
    inside: npt.NDArray[np.bool_]


def data_of(sections: Sequence[Section], index: dict[str, int]) -> Data:
    all_windows, marks, capitals, inside = [], [], [], []
    for section in sections:
        ids = [[index.get(w.word) or unknown(w.word) for w in line] for line in section]
        for i, line in enumerate(ids):
            before, after = around(ids, i, last=True)
            all_windows.append(windows_of(before, line, after).astype(np.int16))
        words = [w for line in section for w in line]
        marks += [w.mark for w in words]
        capitals += [w.capital for w in words]
        inside += [False, *(w.mark not in FULL for w in words[:-1])]
    return Data(np.concatenate(all_windows), np.array(marks), np.array(capitals), np.array(inside))


# --- training


def train(options: argparse.Namespace) -> None:
    import torch
    from torch import nn

    torch.manual_seed(1)
    torch.set_num_threads(1)
    sections = read(sorted(SONGS.glob("part-*.txt")))
    counts = Counter(w.word for section in sections for line in section for w in line)
    words = [word for word, n in counts.most_common(MOST) if n >= SELDOM]
    index = {word: SPECIAL + i for i, word in enumerate(words)}
    data = data_of(sections, index)
    weights = torch.tensor([RARE.get(mark, 1.0) for mark in MARKS])
    endings = torch.tensor([*range(SPECIAL), *map(unknown, words)])
    held_out = read(sorted(SONGS.glob("held-out*.txt")))
    print(f"{len(sections)} sections, {len(data.marks)} words, {len(words)} known", flush=True)
    embedding = nn.Embedding(SPECIAL + len(words), SIZE)
    nn.init.normal_(embedding.weight, std=0.3)
    layers = [nn.Linear(WINDOW * SIZE, HIDDEN), nn.Linear(HIDDEN, INNER), nn.Linear(INNER, len(MARKS) + 1)]
    drop = nn.Dropout(DROPOUT)
    parts = nn.ModuleList([embedding, *layers])
    optimiser = torch.optim.AdamW(parts.parameters(), lr=RATE, weight_decay=1e-4)
    steps = options.epochs * (len(data.marks) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(options.epochs):
        order = np.random.default_rng(epoch).permutation(len(data.marks))
        total, begun = 0.0, time.perf_counter()
        parts.train()
        for at in range(0, len(order) - BATCH + 1, BATCH):
            mine = order[at : at + BATCH]
            x = torch.from_numpy(data.windows[mine].astype(np.int64))
            x = torch.where(torch.rand(x.shape) < FORGET, endings[x], x)
            x = drop(embedding(x)).flatten(1)
            for layer in layers[:-1]:
                x = drop(torch.relu(layer(x)))
            out = layers[-1](x)
            loss = nn.functional.cross_entropy(out[:, :-1], torch.from_numpy(data.marks[mine]), weights)
            inside = torch.from_numpy(data.inside[mine])
            large = torch.from_numpy(data.capitals[mine]).float()[inside]
            loss = loss + nn.functional.binary_cross_entropy_with_logits(out[inside, -1], large)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        print(
            f"epoch {epoch + 1}: loss {total * BATCH / len(order):.4f}, {time.perf_counter() - begun:.0f} s",
            flush=True,
        )
        arrays = packed(words, embedding.weight, layers)
        report(Punctuation(arrays), held_out)
        replace_file(options.output, [tensor_bytes(arrays)])


def packed(words: Sequence[str], embedding: object, layers: Sequence[object]) -> Arrays:
    """The weights in 8 bits, with a scale for each row."""
    arrays: Arrays = {"words": blob(words).copy()}
    named = {"embedding": embedding} | dict(zip(("first", "second", "last"), (x.weight for x in layers), strict=True))  # type: ignore[attr-defined]
    for name, weight in named.items():
        matrix = weight.detach().numpy()  # type: ignore[attr-defined]
        scale = np.maximum(np.abs(matrix).max(axis=1), 1e-9) / 127
        arrays[name] = np.rint(matrix / scale[:, None]).astype(np.int8)
        arrays[f"{name}.scale"] = scale.astype(np.float32)
    for name, layer in zip(("first", "second", "last"), layers, strict=True):
        arrays[f"{name}.bias"] = layer.bias.detach().numpy().copy()  # type: ignore[attr-defined]
    return arrays


# --- measuring


def report(made: Punctuation, sections: Sequence[Section]) -> None:
    data = data_of(sections, made.index)
    scores = np.concatenate([made.scores(part.astype(np.int64)) for part in np.array_split(data.windows, 64)])
    marks = scores[:, :-1].argmax(axis=1)
    begins = np.concatenate([[True], np.isin(marks[:-1], FULL)])
    at = 0
    for section in sections:
        begins[at] = True
        at += sum(map(len, section))
        marks[at - 1] = FULL[int(scores[at - 1, list(FULL)].argmax())]
    words = [w.word for section in sections for line in section for w in line]
    large = begins | (scores[:, -1] > 0) | np.array([word in ALWAYS_CAPITAL for word in words])
    right, cap = marks == data.marks, large == data.capitals
    bare = (data.marks == 0) & (data.capitals == np.array([w in ALWAYS_CAPITAL for w in words]))
    print(f"  mark and capital {(right & cap).mean():.4f}, mark {right.mean():.4f}, capital {cap.mean():.4f}")
    print(f"  without marks and capitals {bare.mean():.4f}")
    both, mine, theirs = 0, 0, 0
    for m in range(1, len(MARKS)):
        hit, found, wanted = (int(x.sum()) for x in ((marks == m) & right, marks == m, data.marks == m))
        both, mine, theirs = both + hit, mine + found, theirs + wanted
        print(
            f"  {MARKS[m]}  precision {hit / max(1, found):.3f}, recall {hit / max(1, wanted):.3f}, "
            f"F1 {2 * hit / max(1, found + wanted):.3f} of {wanted}"
        )
    print(f"  all marks: F1 {2 * both / (mine + theirs):.3f}", flush=True)


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = made.add_subparsers(required=True, dest="command")
    one, two = commands.add_parser("train"), commands.add_parser("test")
    one.add_argument("--epochs", type=int, default=6)
    one.add_argument("-o", "--output", type=Path, default=FILE)
    two.add_argument("file", type=Path, nargs="?", default=FILE)
    options = made.parse_args()
    if options.command == "train":
        train(options)
    else:
        report(Punctuation(load_arrays(options.file)), read(sorted(SONGS.glob("held-out*.txt"))))


if __name__ == "__main__":
    main()
