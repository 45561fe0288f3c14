"""Choose which words of a packed run are drawn: those of the songs that it is to write like.

    python scripts/choose_words.py PACKED_RUN CORPUS...

The starter knows 21,000 words, most of them from old verse. Words that are in no song of the CORPUS directories (made
by `lyricist prepare`) move to the end of its columns: a song has them only if its plan asks for one of them. The
weights do not change.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import replace_file
from lyricist.corpus import open_corpus
from lyricist.model.checkpoint import COLUMNS, Run, seal
from lyricist.model.convert import MODEL
from lyricist.model.onnx_graph import block_model, metadata_for
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.vocab_layout import VocabLayout


def used(vocabulary: Vocabulary, corpora: Sequence[Path]) -> npt.NDArray[np.bool_]:
    """(V,) whether each token is a word of the corpora's songs or no word at all."""
    songs = (song for path in corpora for song in open_corpus(path).songs())
    said = {w for song in songs for line in song.lines() for w in vocabulary.tokenizer.split(line.text)}
    return np.array([token in said or token in SPECIALS for token in vocabulary.tokens])


def choose(run: Run, drawn: npt.NDArray[np.bool_]) -> VocabLayout:
    """Rewrite a packed run's graph and columns so that these of its words (V,) are drawn."""
    before, weights = VocabLayout.load(run.path / COLUMNS), run.weights()
    made = VocabLayout.by_signature(before.sig, before.ends, before.finals, drawn)
    made.overused = before.overused
    config, step = run.config["model"], run.config["packed"]["step"]
    graph = block_model(config, weights, made, metadata_for(config, step), packed=True)
    replace_file(run.path / MODEL, [graph])
    made.save(run.path / COLUMNS)
    seal(run.path)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Choose which of a packed run's words are drawn.")
    parser.add_argument("run", type=Path)
    parser.add_argument("corpora", type=Path, nargs="+")
    options = parser.parse_args()
    run = Run.open(options.run)
    made = choose(run, used(run.vocabulary, options.corpora))
    print(f"{len(made.column_of) - len(made.undrawn):,} of {len(made.column_of):,} words are drawn")


if __name__ == "__main__":
    main()
