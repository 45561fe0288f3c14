"""Find the words that a run uses too often, or too seldom, when it is drawn by default: `overused` in its columns.

    python scripts/build_balance.py RUN CORPUS [--songs 1500] [--rounds 1]

A temperature below 1, metre and rhyme make some words far more common than they are in songs ("remember" seven
times). Songs are written to common forms, half of them on a theme of two words, and their words are compared with
those of CORPUS, a directory made by `lyricist prepare`. Each round adds SHARE of the logarithm of the remaining
ratio, in nats; the writer then subtracts it (`--balance`).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt

import lyricist
from lyricist.corpus import Corpus, open_corpus
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.generate.writer import Model
from lyricist.model.checkpoint import COLUMNS, Run, seal
from lyricist.model.topics import is_plain
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import QUICK

Reals = npt.NDArray[np.float64]
split = WordTokenizer().split

SHARE = 0.7  # of the log ratio: words that are held back make room for others
PRIOR = 8  # occurrences added to both sides of a ratio
LEAST, MOST = -0.5, 1.5  # nats
A_PLAN = 20  # songs
COMMON = slice(300, 6000)  # ranks of the words that themes are drawn from
FORMS = (
    ("8,6", "ABAB", "iambic"),
    ("8,6", "ABCB", "iambic"),
    ("8", "AABB", "iambic"),
    ("8", "ABAB", "iambic"),
    ("7", "AABB", None),
    ("8,7", "ABAB", None),
    ("10", "AABB", "iambic"),
    ("10", "ABAB", "iambic"),
    ("7,6", "ABAB", "iambic"),
    ("6", "ABAB", "iambic"),
)


def plans(model: Model, number: int) -> Iterable[lyricist.Plan]:
    """So many plans of three quatrains, form after form, every other one with a theme."""
    rng, topics = Random(7), model.topics
    known = [w for i, w in enumerate(model.vocabulary.tokens[COMMON], COMMON.start) if topics.has[i]]
    for k in range(number):
        syllables, rhyme, metre = FORMS[k % len(FORMS)]
        about = ", ".join(rng.sample(known, 2)) if k % 2 else ""
        told = {"metre": metre} if metre else {}
        if about:
            told["about"] = about
        yield lyricist.Plan(form="verse verse chorus", lines=4, syllables=syllables, rhyme=rhyme, **told)


def written(model: Model, songs: int) -> Counter[str]:
    """Words of songs that the model writes."""
    found: Counter[str] = Counter()
    for k, plan in enumerate(plans(model, songs // A_PLAN)):
        for song in model.write(plan, QUICK, seed=10_000 + k * A_PLAN, count=A_PLAN, as_it_is=True):
            found.update(word for section in song.sections for line in section.lines for word in split(line.text))
    return found


def meant(corpus: Corpus) -> Counter[str]:
    """Words of a corpus's songs."""
    return Counter(word for song in corpus.songs() for line in song.lines() for word in split(line.text))


def shares(found: Counter[str], words: Sequence[str]) -> Reals:
    return np.array([found[w] for w in words], dtype=np.float64) / max(1, found.total())


def over(said: Counter[str], wanted: Counter[str], words: Sequence[str]) -> Reals:
    """(V,) log of how much commoner each word is in what was said than in what was wanted.

    >>> over(Counter(a=30, b=10), Counter(a=20, b=20), ["a", "b"]).round(2).tolist()
    [0.31, -0.44]
    """
    prior = PRIOR / max(1, said.total())
    return np.log((shares(said, words) + prior) / (shares(wanted, words) + prior))


def bounded(nats: Reals, words: Sequence[str]) -> Reals:
    """Nats within LEAST and MOST, and 0 for the little words that hold sentences together.

    >>> bounded(np.array([1.0, 3.0, -3.0]), ["the", "remember", "every"]).tolist()
    [0.0, 1.5, 0.0]
    """
    plain = np.array([is_plain(word) for word in words])
    return np.where(plain, 0.0, np.clip(nats, LEAST, MOST))


def main() -> None:
    parser = argparse.ArgumentParser(description="Find the words that a run says too often.")
    parser.add_argument("run", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--songs", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    run = Run.open(options.run)
    words = run.vocabulary.tokens
    wanted = meant(open_corpus(options.corpus))
    path = options.run / COLUMNS
    columns = replace(VocabLayout.load(path), overused=None)
    nats = np.zeros(len(words))
    columns.save(path)
    seal(options.run)
    for _ in range(options.rounds):
        model = lyricist.load(options.run)
        model.beside = replace(
            model.beside, copies=None
        )  # the starter is handed on without one, and a large one takes long to search
        said = written(model, options.songs)
        ratio = over(said, wanted, words)
        nats = bounded(nats + SHARE * ratio, words)
        replace(columns, overused=nats.astype(np.float32)).save(path)
        seal(options.run)
        most = np.argsort(-ratio * np.sqrt(shares(said, words)))[:12]
        spread = float(np.sqrt((shares(said, words) * ratio**2).sum()))
        print(f"{said.total():,} words, ratio {np.exp(spread):.2f} in the mean;", *(words[i] for i in most))


if __name__ == "__main__":
    main()
