"""True against shuffled line order: does a scorer prefer the order in which our lines stand, as it does people's?

    python benchmarks/line_order.py SONGS... --verse VERSE.txt [--first N] [--without CORPUS] [--judge RUN]

SONGS are files: PAIRS.jsonl of human_shape.py (ours and theirs, of one form), or text, songs apart by a blank line.

The scorer is no language model and shares nothing with the writer. In VERSE it counts how often words at the ends,
at the beginnings and in the middle of two lines meet where the second follows the first, and where it does not but
stands within three lines; each of KINDS gives the log of the smoothed quotient. Their sum over the three joins of
four lines, with weights fitted on a tenth of the verse that was not counted (logistic, the true order against the
others), is an order's score; it is tried on a further tenth. Punctuation and case are unseen, archaic words are one
word.

`--judge` is a second scorer: the likelihood of the four lines under a run, one that did not write them and knows none
of the texts, of its own training; on JUDGED stanzas a hand.

Four lines in a row are judged, each against every other order of them (`any order`), and against those with first and
third line, second and fourth changed about (`same form`): form tells an order where sense does not. Beside the share
of orders that the true one beats (chance 50%) stands how often it beats all (chance 1 in 24, 1 in 4). The standard
error is from song to song.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import lyricist
from archaic_words import is_archaic
from human_shape import read_pairs
from lyricist.model.tokens import BREAKS
from verse import Words, corpus_lines, cut_lines, verse_lines

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Stanzas = Sequence[Sequence[Words]]

LINES = 4
ORDERS = tuple(permutations(range(LINES)))  # the true one first
SAME_FORM = [ORDERS.index(order) for order in ((0, 1, 2, 3), (2, 1, 0, 3), (0, 3, 2, 1), (2, 3, 0, 1))]
JUDGED = 100

WORDS, FEW = 20_000, 150  # known words; the commonest, which say nothing of what a line is about
TABLE = 1 << 22  # counts, hashed
SMOOTHING = 30.0
FIRST, SECOND, LAST_BUT_ONE, LAST, RARE, RARER, LENGTH = range(7)  # what is seen of a line
KINDS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (  # of the line before, of the line behind
    ((LAST,), (FIRST,)),
    ((LAST,), (FIRST, SECOND)),
    ((LAST_BUT_ONE, LAST), (FIRST,)),
    ((FIRST,), (FIRST,)),
    ((FIRST, SECOND), (FIRST,)),
    ((FIRST,), (FIRST, SECOND)),
    ((FIRST, SECOND), (FIRST, SECOND)),
    ((LENGTH,), (FIRST,)),
    ((LENGTH, FIRST), (LENGTH, FIRST)),
    ((RARE,), (RARE,)),
    ((RARE,), (RARER,)),
    ((RARER,), (RARE,)),
    ((RARER,), (RARER,)),
    ((LAST,), (RARE,)),
    ((RARE,), (FIRST,)),
    ((FIRST,), (LAST,)),
)


# --- the scorer that counts


@dataclass(frozen=True)
class Scorer:
    """`numbers` of known words, the commonest first; `odds` (TABLE,) logs of the quotients; `weights` (KINDS,)."""

    numbers: dict[str, int]
    odds: npt.NDArray[np.float32]
    weights: Reals

    def seen(self, lines: Sequence[Words]) -> Ints:
        """(N, 7) what is seen of each line."""
        return np.array([self.line(words) for words in lines], dtype=np.int64)

    def line(self, words: Words) -> list[int]:
        ids = [self.numbers.get(word, 0) for word in words]
        rare = [*sorted({i for i in ids if i > FEW}, reverse=True), 0, 0]
        edges = (ids[0], ids[1], ids[-2], ids[-1]) if len(ids) > 1 else (ids[0], 0, 0, ids[0])
        return [*edges, rare[0], rare[1], min(len(ids), 12)]

    def terms(self, stanzas: Stanzas) -> npt.NDArray[np.float32]:
        """(B, 24, KINDS) of every order of each stanza."""
        seen = self.seen([line for stanza in stanzas for line in stanza]).reshape(len(stanzas), LINES, -1)
        joins = self.odds[features(seen[:, :, None], seen[:, None])]  # (B, 4, 4, KINDS)
        return np.stack([sum(joins[:, a, b] for a, b in pairwise(order)) for order in ORDERS], axis=1)

    def scores(self, stanzas: Stanzas) -> Reals:
        """(B, 24)"""
        return np.asarray(self.terms(stanzas) @ self.weights)


def features(before: Ints, behind: Ints) -> Ints:
    """(..., KINDS) places in the table of two lines, each (..., 7) as they are seen; leading axes broadcast."""
    before, behind = np.broadcast_arrays(before, behind)
    out = []
    for kind, (left, right) in enumerate(KINDS):
        place = np.full(before.shape[:-1], kind + 1, dtype=np.int64)
        for part in (*(before[..., i] for i in left), *(behind[..., i] for i in right)):
            place = (place * 1_000_003 + part * 7_368_787) & ((1 << 40) - 1)
        out.append((place ^ (place >> 17)) % TABLE)
    return np.stack(out, axis=-1)


def learn(lines: Sequence[Words]) -> Scorer:
    """Counts on eight ninths of the lines, weights on the rest."""
    counts = Counter(word for line in lines for word in line)
    known = {word: 1 if is_archaic(word) else i + 2 for i, (word, _) in enumerate(counts.most_common(WORDS))}
    blank = Scorer(known, np.zeros(0, dtype=np.float32), np.zeros(len(KINDS)))
    cut = len(lines) * 8 // 9
    seen = blank.seen(lines[:cut])
    together = tally([(seen[:-1], seen[1:])])
    others = [(seen[1:], seen[:-1])]
    for away in (2, 3):
        others += [(seen[:-away], seen[away:]), (seen[away:], seen[:-away])]
    odds = np.log((together + SMOOTHING) / (tally(others) / len(others) + SMOOTHING)).astype(np.float32)
    counted = Scorer(known, odds, blank.weights)
    return Scorer(known, odds, fitted(counted.terms(stanzas(lines[cut:]))))


def tally(pairs: Sequence[tuple[Ints, Ints]]) -> Reals:
    out = np.zeros(TABLE)
    for before, behind in pairs:
        out += np.bincount(features(before, behind).ravel(), minlength=TABLE)
    return out


def fitted(terms: npt.NDArray[np.float32], steps: int = 15, ridge: float = 1e-4) -> Reals:
    """Weights of the logistic regression of the true order against each other one, by Newton's method."""
    rows = (terms[:, :1] - terms[:, 1:]).reshape(-1, terms.shape[-1]).astype(np.float64)
    weights = np.zeros(rows.shape[1])
    for _ in range(steps):
        wrong = 1 / (1 + np.exp(rows @ weights))
        slope = rows.T @ wrong / len(rows) - ridge * weights
        bend = (rows * (wrong * (1 - wrong))[:, None]).T @ rows / len(rows) + ridge * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    return weights


def stanzas(lines: Sequence[Words]) -> list[list[Words]]:
    """Four lines in a row, none twice the same: shuffling would not show."""
    groups = (list(lines[at : at + LINES]) for at in range(0, len(lines) - LINES + 1, LINES))
    return [group for group in groups if len(set(group)) == LINES]


# --- the scorer that reads


def likelihoods(run: Path) -> Callable[[Stanzas], Reals]:
    """(B, 24) log-likelihoods of every order under a run, whichever break ends a line."""
    from price_of_form import stanza_ids  # brings the writer, which the other scorer can do without
    from text_nats import score

    model = lyricist.load(run)
    vocabulary = model.vocabulary
    breaks = [vocabulary.index[b] for b in BREAKS if b in vocabulary.index]

    def scores(groups: Stanzas) -> Reals:
        texts = [stanza_ids(tuple(group[i] for i in o), vocabulary) for group in groups for o in ORDERS]
        return -score(model.step_model, texts, vocabulary.unk, breaks, first=2).nats.reshape(len(groups), -1)

    return scores


# --- songs


def songs_of(file: Path) -> dict[str, list[list[Words]]]:
    """Songs of a file by the hand that wrote them."""
    if file.suffix == ".jsonl":
        pairs = list(read_pairs(file))
        return {hand: [cut_lines(getattr(p, hand)) for p in pairs] for hand in ("ours", "human")}
    blocks = file.read_text(encoding="utf-8").split("\n\n")
    return {file.stem: [cut_lines(block.splitlines()) for block in blocks]}


def judged(scores: Callable[[Stanzas], Reals], songs: Sequence[Sequence[Words]], most: int) -> dict[str, Any]:
    """Share of orders that the true one is preferred to, and of stanzas where it is preferred to all."""
    groups = [(i, stanza) for i, song in enumerate(songs) for stanza in stanzas(song)][:most]
    owner, found = np.array([i for i, _ in groups]), scores([stanza for _, stanza in groups])
    out: dict[str, Any] = {"stanzas": len(groups), "songs": len(set(owner.tolist()))}
    for name, chosen in (("any order", range(len(ORDERS))), ("same form", SAME_FORM)):
        others = found[:, list(chosen)[1:]]
        share, se = of_songs((found[:, :1] > others).mean(axis=1), owner)
        out[name] = {"share": share, "se": se, "first": float((found[:, :1] > others).all(axis=1).mean())}
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
    for name in ("any order", "same form"):
        row = found[name]
        preferred = f"{row['share']:6.1%} ± {row['se']:.1%}, before all others {row['first']:5.1%}"
        print(f"{hand:24} {name}  {preferred}, {found['stanzas']} stanzas of {found['songs']} songs", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="True against shuffled line order.")
    parser.add_argument("songs", type=Path, nargs="+")
    parser.add_argument("--verse", type=Path, required=True, help="a text file of verse to learn from")
    parser.add_argument("--first", type=int, default=0, help="the first of its lines to take")
    parser.add_argument("--count", type=int, help="how many of its lines to take")
    parser.add_argument("--without", type=Path, help="a corpus whose lines are left out of the verse")
    parser.add_argument("--judge", type=Path, help="a run that wrote none of the songs and knows none")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    without = frozenset(corpus_lines(options.without)) if options.without else frozenset()
    lines = verse_lines(options.verse, options.first, options.count, without)
    cut = len(lines) * 9 // 10
    scorers: dict[str, tuple[Callable[[Stanzas], Reals], int]] = {"counts": (learn(lines[:cut]).scores, len(lines))}
    if options.judge:
        scorers["judge"] = (likelihoods(options.judge), JUDGED)
    texts = {"verse, held out": [lines[at : at + 20] for at in range(cut, len(lines), 20)]}
    for file in options.songs:
        texts |= songs_of(file)
    out = {}
    for name, (scores, most) in scorers.items():
        for hand, songs in texts.items():
            out[f"{hand}, {name}"] = judged(scores, songs, most)
            show(f"{hand}, {name}", out[f"{hand}, {name}"])
    if options.json:
        options.json.write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
