"""A run without the words that a corpus hardly knows, so that going on from it there is room for the corpus's own.

    python scripts/trim_vocabulary.py RUN CORPUS -o OUT --words 20000

A run that goes on from another keeps its words: after some stages a vocabulary holds names of epics that nobody sings
of, and `lyricist train --from` adds new words only up to `--vocabulary`. OUT keeps the structural tokens and, of the
words, those that are commonest in CORPUS (a directory that `lyricist prepare` made), in RUN's order, with their
weights and topical vectors. It is there to be gone on from.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from lyricist.checkpoint import Run, create_run, save_checkpoint
from lyricist.corpus import open_corpus
from lyricist.errors import InputError, LyricistError
from lyricist.packed import CARD
from lyricist.tokens import SPECIALS, Vocabulary
from lyricist.tokenset import token_set
from lyricist.topics import TOPICS, Topics

BY_WORD = ("embedding", "bias", "output")  # parameters with a row for each word


def kept(vocabulary: Vocabulary, counts: np.ndarray, words: int) -> list[int]:
    """Ids, in order, of the specials and so many tokens altogether; `counts` (V,), ties to the commoner in training.

    >>> kept(Vocabulary(["<unk>", "the", "sea", "oar"]), np.array([0, 9, 1, 4]), 3)
    [0, 1, 3]
    """
    special = [i for i, token in enumerate(vocabulary.tokens) if token in SPECIALS]
    others = [i for i in np.argsort(-counts, kind="stable").tolist() if vocabulary.tokens[i] not in SPECIALS]
    return sorted(special + others[: max(0, words - len(special))])


def trim(run: Run, corpus: Path, out: Path, words: int) -> tuple[Run, list[str]]:
    """The smaller run, and the words that it lost."""
    old = run.vocabulary
    if not 1 <= words <= len(old):
        raise InputError(f"--words {words}: {run.path} has {len(old)}")
    tokens = token_set(open_corpus(corpus), old.tokenizer.name, old.order)
    counts = np.bincount(tokens.remap(old)[tokens.split("train").ids], minlength=len(old))
    ids = kept(old, counts, words)
    left = [old.tokens[i] for i in ids]
    shown = {token: form for token, form in old.display.items() if token in set(left)}
    vocabulary = Vocabulary(left, old.tokenizer.name, shown, old.order)
    weights = {name: value[ids] if name in BY_WORD else value for name, value in run.weights().items()}
    config = {name: value for name, value in run.config.items() if name not in ("format", "packed")}
    made = create_run(out, {**config, "model": {**config["model"], "vocab_size": len(left)}}, vocabulary)
    if (run.path / TOPICS).exists():
        Topics(vocabulary, Topics.load(run.path / TOPICS, old).vectors[ids]).save(out / TOPICS)
    if (run.path / CARD).exists():
        shutil.copyfile(run.path / CARD, out / CARD)
    save_checkpoint(made, int(run.state("use")["step"]), weights, {}, {}, best=True)
    lost = set(old.tokens) - set(left)
    return made, [token for token in old.tokens if token in lost]


def main() -> None:
    parser = argparse.ArgumentParser(description="A run without the words that a corpus hardly knows.")
    parser.add_argument("run", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--words", type=int, required=True)
    options = parser.parse_args()
    try:
        _, lost = trim(Run.open(options.run), options.corpus, options.out, options.words)
    except LyricistError as e:
        sys.exit(str(e))
    print(f"{len(lost)} words left out:", ", ".join(lost[:20]), "...", ", ".join(lost[-20:]))


if __name__ == "__main__":
    main()
