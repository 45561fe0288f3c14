"""Learn the topical vectors of a run anew, from a corpus of its words: makes RUN/topics.safetensors.

    python scripts/build_topics.py RUN CORPUS

A run that goes on from another takes over its vectors, which know nothing of the company that words keep in the new
songs. CORPUS is a directory that `lyricist prepare` made.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lyricist.corpus import open_corpus
from lyricist.model import topics
from lyricist.model.checkpoint import Run, seal
from lyricist.training.token_arrays import token_set


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Learn the topical vectors of a run anew, from a corpus of its words."
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("corpus", type=Path)
    options = parser.parse_args()
    vocabulary = Run.open(options.run).vocabulary
    tokens = token_set(open_corpus(options.corpus), vocabulary.tokenizer.name, vocabulary.order)
    split = tokens.split("train")
    made = topics.learn(tokens.remap(vocabulary)[split.ids], split.starts, vocabulary)
    made.save(options.run / topics.TOPICS)
    seal(options.run)
    print(f"{int(made.has.sum())} of {len(vocabulary)} words")


if __name__ == "__main__":
    main()
