"""Teach the judge of lines what the starter does wrong, and put it beside the starter: makes judge.onnx.

    python scripts/build_line_judge.py RUN SONGS_CORPUS [FIRST_CORPUS] -o src/lyricist/starter/judge.onnx

RUN is the run that the starter was packed from (its word vectors, in 32 bits); a CORPUS a directory that `lyricist
prepare` made, SONGS_CORPUS that of the starter's second stage. First the network learns to read verse forwards, on
both. Then quatrains of SONGS_CORPUS, without archaic and unknown words and in one of FORMS or nearly, are set against
what the starter draws in FORMS, half of it to a theme, and against the same quatrains with lines out of place (see
`judge_network`). Texts of the other splits than `train` are kept for the figures at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from judge_network import BATCH, Clock, Examples, JudgeNetwork, Quatrains, learn_to_judge, read_verse, separation

from lyricist.batches import Streams
from lyricist.checkpoint import Run, replace_file
from lyricist.corpus import Corpus, open_corpus
from lyricist.errors import PlanError
from lyricist.lowprecision import precision_on
from lyricist.tokens import UNK, Vocabulary
from lyricist.tokenset import token_set
from lyricist.writer import Model, load
from lyricist.writing.plan import Drawing, Plan
from lyricist.writing.result import WrittenSong

FORMS = (  # syllables, rhyme, how many of a hundred or so
    ((8, 8, 8, 8), "AABB", 6), ((8, 8, 8, 8), "ABAB", 6), ((8, 8, 8, 8), "ABBA", 2), ((8, 8, 8, 8), "XAXA", 2),
    ((10, 10, 10, 10), "AABB", 6), ((10, 10, 10, 10), "ABAB", 4), ((8, 6, 8, 6), "ABAB", 6),
    ((8, 6, 8, 6), "XAXA", 6),
    ((8, 7, 8, 7), "ABAB", 4), ((7, 7, 7, 7), "AABB", 2), ((7, 7, 7, 7), "ABAB", 2), ((7, 6, 7, 6), "ABAB", 2),
    ((7, 6, 7, 6), "XAXA", 2), ((6, 6, 6, 6), "ABAB", 2), ((6, 6, 8, 6), "XAXA", 2), ((9, 8, 9, 8), "ABAB", 2),
    ((11, 10, 11, 10), "ABAB", 2), ((6, 5, 6, 5), "ABAB", 2), ((8, 8, 8, 6), "AABB", 2),
)  # fmt: skip
LONGEST = 14  # words of a line
SONGBOOK = 3  # times that texts from files of their own count, as in the starter's corpus
HELD_OUT = 20  # every so many of the starter's texts is kept for the figures
AT_ONCE = 300  # texts to one plan


class Reading:
    """What people's quatrains are chosen by."""

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
        """Its words, if it is in one of the forms, within a syllable a line, and two of its lines rhyme."""
        made = [self.line(text) for text in lines]
        found = [line for line in made if line is not None]
        if len(found) < len(made):
            return None
        counts = [int(self.syllables[line].sum()) for line in found]
        fits = any(all(abs(a - b) <= 1 for a, b in zip(counts, form, strict=True)) for form, _, _ in FORMS)
        return found if fits and any(self.rhyme(a[-1], b[-1]) for a, b in combinations(found, 2)) else None

    def rhyme(self, a: int, b: int) -> bool:
        return a != b and not {r.tail for r in self.words.readings[a]}.isdisjoint(
            r.tail for r in self.words.readings[b]
        )


def people(corpus: Corpus, reading: Reading, split: str) -> Iterator[Quatrains]:
    """Quatrains of a split, one or two in a row, each only once but for those of the songbook."""
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
                yield from [text] * (SONGBOOK if song.source.endswith(".txt") else 1)


def drafts(model: Model, texts: int, drawing: Drawing, themes: Sequence[int], seed: int) -> Iterator[Quatrains]:
    """What the starter draws in FORMS, about so many texts, every second of one quatrain."""
    chance, vocabulary = random.Random(seed), model.vocabulary
    share = texts / sum(often for _, _, often in FORMS)
    for number, (syllables, rhyme, often) in enumerate(FORMS):
        for part in range(max(1, round(often * share / AT_ONCE))):
            about = [vocabulary.tokens[w] for w in chance.sample(themes, 2)] if part % 2 else None
            metre = {} if syllables[0] in (7, 8) and syllables[1] == 7 and part % 3 == 0 else {"metre": "iambic"}
            lines = {"form": "verse verse", "lines": "4", "syllables": syllables, "rhyme": rhyme}
            plan = Plan(**lines, **metre, max_copy=0, **({"about": ", ".join(about)} if about else {}))
            first = seed + 100_000 * number + 1_000 * part
            try:
                yield from drawn(model, plan, drawing, range(first, first + min(AT_ONCE, round(often * share))))
            except PlanError as e:
                print(f"left out: {e}", file=sys.stderr)


def drawn(model: Model, plan: Plan, drawing: Drawing, seeds: range) -> Iterator[Quatrains]:
    index, split = model.vocabulary.index, model.vocabulary.tokenizer.split
    for event in model.events(plan, drawing, seeds):
        if isinstance(event, WrittenSong):
            texts = [[split(line.text) for line in section.lines] for section in event.sections]
            known = [[[index.get(w, index[UNK]) for w in line] for line in lines] for lines in texts]
            if not any(index[UNK] in line for lines in known for line in lines):
                yield known[: 1 + event.seed % 2]


def theme_words(model: Model, texts: Sequence[Quatrains]) -> list[int]:
    """Content words as often as people use them, the commonest left out."""
    has = model.topics.has
    return [w for text in texts for quatrain in text for line in quatrain for w in line if has[w] and w > 300]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("corpora", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--reading", type=float, default=32.0, help="minutes")
    parser.add_argument("--judging", type=float, default=15.0, help="minutes")
    parser.add_argument("--texts", type=int, default=36_000, help="how many the starter draws")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    model, run = load("starter"), Run.open(options.run)
    weights = run.weights()
    network = JudgeNetwork(weights["embedding"], weights["bias"], precision_on(torch.device("cpu"), "auto"))
    forwards = Vocabulary(model.vocabulary.tokens, "word", {}, "forward")
    sets = [token_set(open_corpus(path), "word", "forward") for path in reversed(options.corpora)]
    streams = [Streams(s.split("train"), s.remap(forwards), BATCH, options.seed) for s in sets]
    shares = (0.4, 0.6) if len(streams) == 2 else (1.0,)
    read_verse(network, streams, shares, Clock(options.reading))

    corpus, reading = open_corpus(options.corpora[0]), Reading(model)
    theirs = {split: list(people(corpus, reading, split)) for split in ("train", "valid")}
    themes = theme_words(model, theirs["train"])
    ours: list[Quatrains] = []
    for seed, drawing in ((1_000_000, Drawing(particles=1, merit=0)), (9_000_000, Drawing(particles=3, judge=0))):
        ours += drafts(model, options.texts // 2, drawing, themes, seed)
    kept = ours[::HELD_OUT]
    del ours[::HELD_OUT]
    print(f"{len(theirs['train'])} texts of people, {len(ours)} of the starter", file=sys.stderr)
    shown = Examples(theirs["train"], ours, forwards, random.Random(options.seed))
    learn_to_judge(network, shown, Clock(options.judging))
    figures = separation(network, Examples(theirs["valid"], kept, forwards, random.Random(0)))
    replace_file(options.out, [network.file()])
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
