"""Train the pronunciation model, src/lyricist/prosody/g2p.safetensors, on the lexicon's table.

    python scripts/train_g2p.py [--epochs 5] [--hidden 160] [--output FILE]

Needs PyTorch (`pip install lyricist[train]`) and some 10 minutes on one core. The same options and the
same version of PyTorch on the same kind of processor give the same file.

1. Words: those of `cmudict.txt` but for letter names (bbc), words without a vowel letter, and words with more than
   two phones a letter. Hyphenated words are left out of training, for the model reads their parts.
2. Held out: families of inflected forms (-s, -'s, -ed, -ing and the like, joined to the form without them, as long as
   that is in the table) are drawn by the hash of their first member: one in twenty is for `benchmarks/g2p.py`.
3. Alignment: expectation maximisation over "each letter stands for 0 to 2 phones", from a uniform start.
4. Training by cross-entropy of each letter's chunk, given all letters and the chunk before. Singers' clipped forms
   (lovin', lov'd, heav'n) are made from the aligned words.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from lyricist.prosody.g2p import LETTERS, MODEL, Chunk, best_alignment, quantise
from lyricist.prosody.phones import bare, decode, is_vowel

TABLE = MODEL.with_name("cmudict.txt")
NAMES = """
    a EY, b B IY, c S IY, d D IY, e IY, f EH F, g JH IY, h EY CH, i AY, j JH EY, k K EY, l EH L, m EH M, n EH N, o OW,
    p P IY, q K Y UW, r AA R, s EH S, t T IY, u Y UW, v V IY, w D AH B AH L Y UW, x EH K S, y W AY, z Z IY
"""
NAME_OF = dict(row.split(maxsplit=1) for row in NAMES.split(","))
SUFFIXES = ("'s", "s'", "'", "es", "s", "ed", "ing", "d", "in'")
RARE = 10  # chunks seen less often than that are left out, and the words that need them
UNLIKELY = -3.5  # log probability per letter below which an alignment is taken for an abbreviation's
WIDTH, DROPOUT, BATCH, RATE, SEED = 128, 0.1, 256, 4e-3, 1  # units of the decoder; training
HIDDEN_CHUNKS = 0.1  # share of the chunks before that are hidden in training
CLIPPED = 0.1  # share of the places for clipped forms (heav'n, ev'ry) that are used
FIRST_GUESS = (0.3, 1.0, 0.02)  # weights of 0, 1, 2 phones in the first round of the alignment

Readings = dict[str, list[Chunk]]
Chances = dict[str, dict[str, float]]  # log probabilities by letter, then by chunk as text
Aligned = tuple[str, tuple[Chunk, ...]]


def table_words() -> Readings:
    """The table's words and readings."""
    rows = (line.split("\t") for line in TABLE.read_text(encoding="ascii").splitlines())
    return {word: [decode(code) for code in codes.split(" ")] for word, codes in rows}


def is_spelt(word: str, phones: Chunk) -> bool:
    """Whether a reading is the names of the word's letters, perhaps with a plural's or a genitive's ending.

    >>> is_spelt("bbc's", ("B", "IY2", "B", "IY2", "S", "IY1", "Z"))
    True
    """
    said = " ".join(bare(phones))
    for letters in {word.replace("'", ""), re.sub(r"'?s$", "", word)}:
        names = " ".join(NAME_OF[letter] for letter in letters if letter in NAME_OF)
        if len(letters) > 1 and said in (names, f"{names} Z", f"{names} S", f"{names} IH Z"):
            return True
    return False


def is_word(word: str, readings: Sequence[Chunk]) -> bool:
    """Whether an entry is a word and not an abbreviation."""
    letters = re.sub("[^a-z]", "", word)
    return bool(re.search("[aeiouy]", letters)) and not any(
        is_spelt(word, phones) or len(phones) > 2 * len(letters) for phones in readings
    )


def stems(word: str) -> Iterator[str]:
    """Words that a word may be an inflected form of.

    >>> list(stems("hopped"))
    ['hop', 'hopp', 'hoppe', 'hoppe']
    """
    for suffix in SUFFIXES:
        stem = word.removesuffix(suffix)
        if stem == word or len(stem) < 2:
            continue
        if suffix in ("ed", "ing", "es", "in'"):
            if len(stem) > 2 and stem[-1] == stem[-2]:
                yield stem[:-1]
            yield from (stem, f"{stem}e")
            if stem.endswith("i"):
                yield f"{stem[:-1]}y"
        else:
            yield stem


def families(words: Iterable[str]) -> dict[str, str]:
    """The first word, in alphabetical order, of the family of each word."""
    parent = {word: word for word in words}

    def head(word: str) -> str:
        while parent[word] != word:
            parent[word] = word = parent[parent[word]]
        return word

    for word in parent:
        for stem in stems(word):
            if stem in parent:
                low, high = sorted((head(word), head(stem)))
                parent[high] = low
    return {word: head(word) for word in parent}


def held_out(words: Readings) -> set[str]:
    """The words for testing: one family in twenty."""
    chosen = {word: int(hashlib.sha256(head.encode()).hexdigest()[:8], 16) for word, head in families(words).items()}
    return {word for word, number in chosen.items() if number % 20 == 0}


def edges(word: str, phones: Chunk) -> Iterator[tuple[int, int, int, tuple[str, Chunk]]]:
    """Ways for letter i to stand for the k phones from the j-th on: (i, j, k, (letter, phones))."""
    for i, letter in enumerate(word):
        left = 2 * (len(word) - i - 1)
        for j in range(max(0, len(phones) - left - 2), min(len(phones), 2 * i) + 1):
            for k in range(max(0, len(phones) - j - left), min(2, len(phones) - j) + 1):
                yield i, j, k, (letter, phones[j : j + k])


def expected(pairs: Iterable[tuple[str, Chunk]], chance: dict[tuple[str, Chunk], float]) -> Chances:
    """One round of expectation maximisation: log probabilities of chunks by letter. An empty `chance` begins."""
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for word, phones in pairs:
        ways = [(i, j, k, e, chance.get(e, 0.0) if chance else FIRST_GUESS[k]) for i, j, k, e in edges(word, phones)]
        forward: dict[tuple[int, int], float] = defaultdict(float, {(0, 0): 1.0})
        backward: dict[tuple[int, int], float] = defaultdict(float, {(len(word), len(phones)): 1.0})
        for i, j, k, _, p in ways:
            forward[i + 1, j + k] += forward[i, j] * p
        for i, j, k, _, p in reversed(ways):
            backward[i, j] += backward[i + 1, j + k] * p
        total = forward[len(word), len(phones)]
        for i, j, k, (letter, chunk), p in ways:
            share = forward[i, j] * p * backward[i + 1, j + k] / total if total else 0.0
            if share > 1e-6:
                counts[letter][" ".join(chunk)] += share
    sums = {letter: sum(row.values()) for letter, row in counts.items()}
    return {a: {c: math.log(n / sums[a]) for c, n in row.items() if n > 1e-5 * sums[a]} for a, row in counts.items()}


def learn_alignment(words: Readings, sample: int = 15_000, rounds: int = 6) -> Chances:
    """The table of `lyricist.prosody.g2p.align`, from the first readings of a sample of words."""
    chosen = random.sample(sorted(words), min(sample, len(words)))
    pairs = [(word, tuple(bare(words[word][0]))) for word in chosen]
    table: Chances = {}
    for _ in range(rounds):
        chance = {(a, tuple(c.split())): math.exp(v) for a, row in table.items() for c, v in row.items()}
        table = expected(pairs, chance)
    return {letter: {chunk: round(v, 3) for chunk, v in sorted(row.items())} for letter, row in sorted(table.items())}


def aligned_words(words: Readings, table: Chances) -> list[Aligned]:
    """The words whose first reading has one primary stress and lies well along the letters, with that alignment."""
    rows = []
    for word, readings in words.items():
        phones = readings[0]
        chunks = tuple(best_alignment(word, phones, table))
        scores = (table.get(a, {}).get(" ".join(bare(c)), -14.0) for a, c in zip(word, chunks, strict=True))
        if sum(scores) > UNLIKELY * len(word) and sum("1" in phone for phone in phones) == 1:
            rows.append((word, chunks))
    common = Counter(chunk for _, chunks in rows for chunk in chunks)
    return [row for row in rows if all(common[chunk] >= RARE for chunk in row[1])]


def clipped(rows: Iterable[Aligned]) -> Iterator[Aligned]:
    """Clipped forms that singers use: some of lovin' and lov'd, and a share CLIPPED of heav'n and ev'ry."""
    for word, chunks in rows:
        if word.endswith("ing") and [p for c in chunks[-3:] for p in c] == ["IH0", "NG"] and random.random() < 0.2:
            yield f"{word[:-1]}'", (*chunks[:-3], ("IH0",), ("N",), ())
        if word.endswith("ed") and chunks[-2] == () and random.random() < 0.2:
            yield f"{word[:-2]}'d", chunks
        for i in range(2, len(word) - 1):
            weak = chunks[i] in (("AH0",), ("IH0",)) and word[i + 1] in "lnrv"
            weak_r = chunks[i] == () and chunks[i + 1] == ("ER0",) and beside_vowel(chunks, i)
            if word[i] in "eo" and (weak or weak_r) and random.random() < CLIPPED:
                after = ("R",) if weak_r else chunks[i + 1]
                yield f"{word[:i]}'{word[i + 1 :]}", (*chunks[:i], (), after, *chunks[i + 2 :])


def beside_vowel(chunks: Sequence[Chunk], i: int) -> bool:
    """Whether a vowel stands directly before letter i, or after the letter behind it: pow'r, ev'ry."""
    return any(map(is_vowel, (*chunks[i - 1][-1:], *(chunks[i + 2][:1] if i + 2 < len(chunks) else ()))))


def build(hidden: int, chunks: int) -> Any:
    """The network; see `lyricist.prosody.g2p` for its parts."""
    import torch
    from torch import Tensor, nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letters = nn.Embedding(len(LETTERS), 48)
            self.encoder = nn.LSTM(48, hidden, 2, bidirectional=True, dropout=DROPOUT)
            self.before = nn.Embedding(chunks + 1, 32)
            self.decoder = nn.LSTM(2 * hidden + 32, WIDTH)
            self.output = nn.Linear(WIDTH, chunks)
            self.dropout = nn.Dropout(DROPOUT)

        def forward(self, letters: Tensor, before: Tensor) -> Tensor:
            """Letters and the chunks before them, both (T, B), to scores (T, B, C)."""
            x = self.dropout(self.encoder(self.dropout(self.letters(letters)))[0])
            x = self.decoder(torch.cat([x, self.before(before)], dim=2))[0]
            scores: Tensor = self.output(self.dropout(x))
            return scores

    return Net()


def by_length(rows: Sequence[Aligned], size: int) -> list[list[Aligned]]:
    """Batches of words of one length, in random order."""
    groups: dict[int, list[Aligned]] = defaultdict(list)
    for row in random.sample(rows, len(rows)):
        groups[len(row[0])].append(row)
    batches = [group[i : i + size] for group in groups.values() for i in range(0, len(group), size)]
    random.shuffle(batches)
    return batches


def fit(net: Any, rows: Sequence[Aligned], names: Sequence[Chunk], epochs: float) -> None:
    """Train with AdamW, a short warm-up and a cosine to almost nothing."""
    import torch

    index = {chunk: i for i, chunk in enumerate(names)}
    steps = int(epochs * len(by_length(rows, BATCH)))
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.01, betas=(0.9, 0.99))
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda n: min(1, (n + 1) / 300) * (0.49 * (1 + math.cos(math.pi * n / steps)) + 0.02)
    )
    begun, step, total = time.monotonic(), 0, 0.0
    while step < steps:
        for batch in by_length(rows, BATCH)[: steps - step]:
            letters = torch.tensor([[LETTERS.index(a) for a in word] for word, _ in batch]).T
            chunks = torch.tensor([[index[chunk] for chunk in chunks] for _, chunks in batch]).T
            before = torch.cat([torch.full_like(chunks[:1], len(names)), chunks[:-1]])
            before = torch.where(torch.rand(before.shape) < HIDDEN_CHUNKS, len(names), before)
            scores = net(letters, before)
            loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), chunks.flatten())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            rate.step()
            step, total = step + 1, total + float(loss.detach())
            if step % 200 == 0:
                print(f"step {step} of {steps}, loss {total / 200:.4f}, {time.monotonic() - begun:.0f} s", flush=True)
                total = 0.0


def exported(net: Any) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """The weights by the names of `lyricist.prosody.g2p.Model`: matrices to multiply from the right."""
    w = {name: value.detach().numpy() for name, value in net.state_dict().items()}
    out = {"letters": w["letters.weight"], "output.w": w["output.weight"].T, "output.b": w["output.bias"]}
    for layer in range(2):
        for way, end in enumerate(("", "_reverse")):
            tag = f"_l{layer}{end}"
            out[f"encoder.w{layer}.{way}"] = w[f"encoder.weight_ih{tag}"].T
            out[f"encoder.u{layer}.{way}"] = w[f"encoder.weight_hh{tag}"].T
            out[f"encoder.b{layer}.{way}"] = w[f"encoder.bias_ih{tag}"] + w[f"encoder.bias_hh{tag}"]
    features = w["decoder.weight_ih_l0"].shape[1] - w["before.weight"].shape[1]
    out["decoder.w"] = w["decoder.weight_ih_l0"][:, :features].T
    out["decoder.chunks"] = w["before.weight"] @ w["decoder.weight_ih_l0"][:, features:].T
    out["decoder.u"] = w["decoder.weight_hh_l0"].T
    out["decoder.b"] = w["decoder.bias_ih_l0"] + w["decoder.bias_hh_l0"]
    return {name: np.ascontiguousarray(value) for name, value in out.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the pronunciation model on the lexicon's table.")
    parser.add_argument("--epochs", type=float, default=5)
    parser.add_argument("--hidden", type=int, default=160, help="units of each direction of the encoder")
    parser.add_argument("--output", type=Path, default=MODEL)
    options = parser.parse_args()

    import torch

    random.seed(SEED)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    words = {word: readings for word, readings in table_words().items() if is_word(word, readings)}
    test = held_out(words)
    known = {word: readings for word, readings in words.items() if word not in test and "-" not in word}
    table = learn_alignment(known)
    rows = aligned_words(known, table)
    names = sorted({chunk for _, chunks in rows for chunk in chunks})
    # Most genitives teach nothing: the model sees one in ten.
    rows = [row for row in rows if not (row[0].endswith("'s") and row[0][:-2] in words and random.random() > 0.1)]
    rows += [row for row in clipped(rows) if set(row[1]) <= set(names)]
    print(f"{len(rows)} forms for training, {len(test)} words held out, {len(names)} chunks", flush=True)
    net = build(options.hidden, len(names))
    fit(net, rows, names, options.epochs)
    metadata = {
        "chunks": json.dumps([" ".join(chunk) for chunk in names]),
        "align": json.dumps(table),
        "digest": hashlib.sha256(TABLE.read_bytes()).hexdigest(),
    }
    save_file(dict(quantise(exported(net))), options.output, metadata)
    print(f"{options.output}: {options.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
