"""Train the judge of lines, which knows what follows from what: makes judge.onnx beside the starter.

    python scripts/build_line_judge.py RUN SONGS_CORPUS [FIRST_CORPUS] --marks marks/songs.txt -o JUDGE

JUDGE is src/lyricist/model/starter/judge.onnx.

RUN is the run that the starter was packed from (for its word vectors in 32 bits); a CORPUS is a directory made by
`lyricist prepare`, SONGS_CORPUS that of the starter's second stage. First the network is trained as a forward
language model on both. Then it sees quatrains of SONGS_CORPUS (of FORMS or nearly, without archaic and unknown
words) as they were written, and with lines swapped or replaced by lines of as many words from elsewhere
(`judge_network`). Last it is trained on songs by the starter in which readers marked the lines that are broken or
do not follow. Prints how often, in held-out texts, a line in its place scores higher than one that is not, and an
unmarked line than a marked one.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import torch

from judge_network import (
    BATCH,
    Clock,
    Examples,
    JudgeNetwork,
    Quatrains,
    agreement,
    learn_marks,
    learn_to_judge,
    read_marks,
    read_verse,
    separation,
)
from lyricist._io import replace_file
from lyricist.corpus import Corpus, open_corpus
from lyricist.generate.writer import Model, load
from lyricist.model.bf16 import precision_on
from lyricist.model.checkpoint import Run
from lyricist.model.tokens import Vocabulary
from lyricist.training.token_arrays import Streams, token_set

FORMS = (  # syllables
    *((8, 8, 8, 8), (10, 10, 10, 10), (8, 6, 8, 6), (8, 7, 8, 7), (7, 7, 7, 7), (7, 6, 7, 6)),
    *((6, 6, 6, 6), (6, 6, 8, 6), (9, 8, 9, 8), (11, 10, 11, 10), (6, 5, 6, 5), (8, 8, 8, 6)),
)
LONGEST = 14  # words of a line
OWN = 3  # times that texts written for the starter count
MARKS_HELD = 16  # every so many-th marked song is held out


class Reading:
    """Selects quatrains of human songs."""

    def __init__(self, model: Model) -> None:
        self.words, self.facts = model.words, model.words.facts
        self.index, self.split = model.vocabulary.index, model.vocabulary.tokenizer.split
        least = [min((len(s) for s in one.stresses), default=0) for one in self.facts.signatures]
        self.syllables = np.array(least)[self.facts.sig]
        self.barred = self.facts.archaic | self.facts.unclean | (self.syllables == 0)

    def line(self, text: str) -> list[int] | None:
        ids = [self.index.get(word, -1) for word in self.split(text)]
        good = ids and min(ids) >= 0 and len(ids) <= LONGEST and not self.barred[ids].any()
        return ids if good else None

    def quatrain(self, lines: Sequence[str]) -> list[list[int]] | None:
        """Its words, if it has one of the forms within a syllable a line and two of its lines rhyme."""
        made = [self.line(text) for text in lines]
        found = [line for line in made if line is not None]
        if len(found) < len(made):
            return None
        counts = [int(self.syllables[line].sum()) for line in found]
        fits = any(all(abs(a - b) <= 1 for a, b in zip(counts, form, strict=True)) for form in FORMS)
        return found if fits and any(self.rhyme(a[-1], b[-1]) for a, b in combinations(found, 2)) else None

    def rhyme(self, a: int, b: int) -> bool:
        return a != b and not {r.tail for r in self.words.readings[a]}.isdisjoint(
            r.tail for r in self.words.readings[b]
        )


def people(corpus: Corpus, reading: Reading, split: str) -> Iterator[Quatrains]:
    """Quatrains of a split, one or two in a row, each once, except those written for the starter."""
    seen: set[str] = set()
    for song in corpus.songs(split):
        quatrains: list[list[str]] = []
        for section in song.sections:
            lines = [line.text for line in section.lines]
            whole = len(lines) % 4 == 0 and len(lines) <= 16
            quatrains += [lines[i : i + 4] for i in range(0, len(lines), 4)] if whole else [[]]
        made = [reading.quatrain(lines) if lines else None for lines in quatrains]
        i = 0
        while i < len(made):
            text = [q for q in made[i : i + 2] if q] if made[i] else []
            i += max(1, len(text))
            if text and str(text[0]) not in seen:
                seen.add(str(text[0]))
                yield from [text] * (OWN if Path(song.source).name.startswith("own") else 1)


def first_lessons(network: JudgeNetwork, model: Model, forwards: Vocabulary, options: argparse.Namespace) -> Examples:
    """Teach the network to read and to judge; texts that it has not seen."""
    sets = [token_set(open_corpus(path), "word", "forward") for path in reversed(options.corpora)]
    streams = [Streams(s.split("train"), s.remap(forwards), BATCH, options.seed) for s in sets]
    shares = (0.4, 0.6) if len(streams) == 2 else (1.0,)
    read_verse(network, streams, shares, Clock(options.reading))

    corpus, reading = open_corpus(options.corpora[0]), Reading(model)
    texts = {split: list(people(corpus, reading, split)) for split in ("train", "valid")}
    print(f"{len(texts['train'])} texts to learn from", file=sys.stderr)
    learn_to_judge(network, Examples(texts["train"], forwards, random.Random(options.seed)), Clock(options.judging))
    held = Examples(texts["valid"], forwards, random.Random(0))
    print(f"{separation(network, held):.3f} of {len(texts['valid'])} texts")
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("corpora", type=Path, nargs="*")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--reading", type=float, default=32.0, help="minutes")
    parser.add_argument("--judging", type=float, default=15.0, help="minutes")
    parser.add_argument("--marks", type=Path, nargs="+", default=[], help="songs with the marks of readers")
    parser.add_argument("--judge", type=Path, help="a judge made before, which goes on with --marks alone")
    parser.add_argument("--epochs", type=float, default=6.0, help="times that these are read")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    run = Run.open(options.run)
    model = load(run)
    weights = run.weights()
    network = JudgeNetwork(weights["embedding"], weights["bias"], precision_on(torch.device("cpu"), "auto"))
    forwards = Vocabulary(model.vocabulary.tokens, "word", {}, "forward")
    held = Examples([], forwards, random.Random(0))
    if options.judge:
        network.taken_from(options.judge)
    else:
        held = first_lessons(network, model, forwards, options)
    if options.marks:
        marked = [song for path in options.marks for song in read_marks(path, forwards)]
        last, rest = marked[::MARKS_HELD], [m for i, m in enumerate(marked) if i % MARKS_HELD]
        learn_marks(network, held, rest, options.epochs, random.Random(options.seed))
        print(f"{agreement(network, held, last):.3f} of the lines of {len(last)} marked songs")
    replace_file(options.out, [network.file()])


if __name__ == "__main__":
    main()
