"""True against shuffled line order: does a scorer prefer the order in which our lines stand, as it does people's?

    python benchmarks/line_order.py SONGS... --verse VERSE.txt [--first N] [--without CORPUS] [--scorer FILE.pt]

SONGS are files: PAIRS.jsonl of human_shape.py (ours and theirs, of one form), or text, songs apart by a blank line.

The scorer is no language model and shares nothing with the writer: embeddings of each line's first three and last
three words and of all its words, and for every two lines, how far apart they stand and which comes first, one hidden
layer and a number. An order's score is the sum over its six pairs. It learns on nine tenths of VERSE to tell the true
order of four lines in a row from the 23 others, and from the 3 that leave metre and rhyme as they are (cross entropy:
Cao et al. 2007, ListNet), and is tried on the last tenth. Punctuation and case are unseen, archaic words are one word.

Four lines in a row are judged, each against every other order of them (`any order`), and against those with first and
third line, second and fourth changed about (`same form`): form tells an order where sense does not. Beside the share
of orders that the true one beats (chance 50%) stands how often it beats all (chance 1 in 24, 1 in 4). `±` is the
standard error from song to song.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from human_shape import read_pairs
from shape import is_archaic
from verse import Words, corpus_lines, cut_lines, verse_lines

Ints = npt.NDArray[np.int64]
Order = tuple[int, ...]

LINES, EDGE, LONGEST = 4, 3, 12  # of a stanza; words at either end of a line; words of a line at most
WORDS, EMBEDDING, HIDDEN = 12_000, 48, 96
BATCH, RATE = 256, 2e-3
ORDERS: tuple[Order, ...] = tuple(permutations(range(LINES)))  # the true one first
SAME_FORM = tuple(ORDERS.index(o) for o in ((0, 1, 2, 3), (2, 1, 0, 3), (0, 3, 2, 1), (2, 3, 0, 1)))
PAD, UNKNOWN, OLD = "<pad>", "<unk>", "<old>"


# --- the scorer


class Scorer(nn.Module):
    """Scores of all orders of four lines: ids (B, 4, 2 x EDGE + LONGEST) -> (B, 24)."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.words = {word: i for i, word in enumerate(words)}
        self.embedding = nn.Embedding(len(words), EMBEDDING, padding_idx=0)
        wide = (2 * EDGE + 1) * EMBEDDING
        self.before, self.behind = nn.Linear(wide, HIDDEN), nn.Linear(wide, HIDDEN, bias=False)
        self.apart = nn.Embedding(LINES - 1, HIDDEN)
        self.out = nn.Linear(HIDDEN, 1, bias=False)
        self.drop = nn.Dropout(0.2)
        self.register_buffer("uses", uses())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        vectors = self.embedding(ids)  # (B, 4, W, E)
        inside = (ids[..., 2 * EDGE :] > 0).sum(-1, keepdim=True).clamp(min=1)
        whole = vectors[..., 2 * EDGE :, :].sum(-2) / inside.sqrt()
        lines = self.drop(torch.cat([vectors[..., : 2 * EDGE, :].flatten(-2), whole], -1))
        both = self.before(lines)[:, :, None] + self.behind(lines)[:, None]  # (B, 4, 4, H)
        pairs = self.out(torch.relu(both[..., None, :] + self.apart.weight)).flatten(1)  # (B, 4 x 4 x 3)
        return pairs @ self.uses

    def ids(self, stanzas: Sequence[Sequence[Words]]) -> Ints:
        """(B, 4, 2 x EDGE + LONGEST) first words, last words, all words of each line."""
        return np.array([[self.line(line) for line in stanza] for stanza in stanzas], dtype=np.int64)

    def line(self, words: Words) -> list[int]:
        known = [self.words.get(OLD if is_archaic(w) else w, 1) for w in words[:LONGEST]]
        padded = known + [0] * (LONGEST - len(known))
        return [*padded[:EDGE], *([0] * EDGE + known)[-EDGE:], *padded]


def uses() -> torch.Tensor:
    """(4 x 4 x 3, 24) which pairs of lines, so far apart, an order has."""
    out = torch.zeros(LINES, LINES, LINES - 1, len(ORDERS))
    for n, order in enumerate(ORDERS):
        for i, j in combinations(range(LINES), 2):
            out[order[i], order[j], j - i - 1, n] = 1
    return out.flatten(0, 2)


def stanzas(lines: Sequence[Words]) -> list[list[Words]]:
    """Four lines in a row, none twice the same: shuffling would not show."""
    groups = (list(lines[at : at + LINES]) for at in range(0, len(lines) - LINES + 1, LINES))
    return [group for group in groups if len(set(group)) == LINES]


def learn(lines: Sequence[Words], epochs: int = 2, seed: int = 0) -> Scorer:
    """AdamW, the rate falling to zero."""
    torch.manual_seed(seed)
    counts = Counter(word for line in lines for word in line if not is_archaic(word))
    scorer = Scorer([PAD, UNKNOWN, OLD, *(word for word, _ in counts.most_common(WORDS))])
    data = torch.from_numpy(scorer.ids(stanzas(lines)).astype(np.int32))
    steps = epochs * (len(data) // BATCH)
    optimiser = torch.optim.AdamW(scorer.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, max(steps, 2), pct_start=0.1)
    for _ in range(epochs):
        for rows in torch.randperm(len(data))[: len(data) // BATCH * BATCH].split(BATCH):
            scores = scorer(data[rows].long())
            truth = torch.zeros(len(rows), dtype=torch.long)
            loss = nn.functional.cross_entropy(scores, truth)
            loss = loss + nn.functional.cross_entropy(scores[:, list(SAME_FORM)], truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return scorer.eval()


def kept(file: Path | None, lines: Sequence[Words]) -> Scorer:
    """The scorer of a file, or one that learns from the lines and is kept there."""
    if file and file.exists():
        state = torch.load(file, weights_only=True)
        scorer = Scorer(state["words"])
        scorer.load_state_dict(state["weights"])
        return scorer.eval()
    scorer = learn(lines)
    if file:
        torch.save({"words": list(scorer.words), "weights": scorer.state_dict()}, file)
    return scorer


# --- songs


def songs_of(file: Path) -> dict[str, list[list[Words]]]:
    """Songs of a file by the hand that wrote them."""
    if file.suffix == ".jsonl":
        pairs = list(read_pairs(file))
        return {hand: [cut_lines(getattr(p, hand)) for p in pairs] for hand in ("ours", "human")}
    blocks = file.read_text(encoding="utf-8").split("\n\n")
    return {file.stem: [cut_lines(block.splitlines()) for block in blocks]}


def judged(scorer: Scorer, songs: Sequence[Sequence[Words]]) -> dict[str, Any]:
    """Share of orders that the true one is preferred to, and of stanzas where it is preferred to all."""
    groups = [stanzas(song) for song in songs]
    flat = [stanza for group in groups for stanza in group]
    owner = np.array([i for i, group in enumerate(groups) for _ in group])
    with torch.no_grad():
        scores = scorer(torch.from_numpy(scorer.ids(flat))).numpy()
    out: dict[str, Any] = {}
    for name, chosen in (("any order", list(range(len(ORDERS)))), ("same form", list(SAME_FORM))):
        others = scores[:, chosen[1:]]
        beats = (scores[:, :1] > others).mean(axis=1)
        share, se = of_songs(beats, owner)
        first = float((scores[:, :1] > others).all(axis=1).mean())
        out[name] = {"share": share, "se": se, "first": first, "stanzas": len(flat), "songs": len(set(owner))}
    return out


def of_songs(values: npt.NDArray[np.float64], owner: Ints) -> tuple[float, float]:
    """Mean of the stanzas' values and its standard error from song to song.

    >>> of_songs(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]))
    (0.5, 0.5)
    """
    share = float(values.mean())
    off = np.bincount(owner, values - share)[np.unique(owner)]  # of a song, summed
    songs = len(off)
    return share, float(math.sqrt((off @ off) * songs / max(songs - 1, 1)) / len(values))


def show(hand: str, found: dict[str, Any]) -> None:
    for name, row in found.items():
        preferred = f"{row['share']:6.1%} ± {row['se']:.1%}, before all others {row['first']:5.1%}"
        print(f"{hand:16} {name:10} {preferred}, {row['stanzas']} stanzas, {row['songs']} songs", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="True against shuffled line order.")
    parser.add_argument("songs", type=Path, nargs="+")
    parser.add_argument("--verse", type=Path, required=True, help="a text file of verse to learn from")
    parser.add_argument("--first", type=int, default=0, help="the first of its lines to take")
    parser.add_argument("--count", type=int, help="how many of its lines to take")
    parser.add_argument("--without", type=Path, help="a corpus whose lines are left out of the verse")
    parser.add_argument("--scorer", type=Path, help="the scorer is kept here")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    without = frozenset(corpus_lines(options.without)) if options.without else frozenset()
    lines = verse_lines(options.verse, options.first, options.count, without)
    cut = len(lines) * 9 // 10
    scorer = kept(options.scorer, lines[:cut])
    out = {"verse, held out": judged(scorer, [lines[at : at + 20] for at in range(cut, len(lines), 20)][:3000])}
    show("verse, held out", out["verse, held out"])
    for file in options.songs:
        for hand, songs in songs_of(file).items():
            out[hand] = judged(scorer, songs)
            show(hand, out[hand])
    if options.json:
        options.json.write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
