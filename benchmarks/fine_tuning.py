"""A minute of fine-tuning against many minutes from scratch: perplexity on songs of the same source, one vocabulary.

Of a source's songs, shuffled by a seed, the first are learnt from (a twentieth of them held out to stop early by) and
the rest are judged: perplexity per word, line ends counted, all plan features off, each song from its beginning.
Intervals are of the bootstrap over songs (2,000 draws, 95%), the same songs for two models that are compared.

Perplexities are over the vocabulary of the fine-tuned run. A run from scratch knows only words of its own songs,
which serves it best: where it says <unk>, its probability is spread evenly over all words of the other vocabulary
that it does not know. Of the configurations from scratch the best on the judged songs counts, which favours them.

    python benchmarks/fine_tuning.py --source hymns --songs 100 --budget 60 --scratch-budget 600
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common import report, songs_or_exit
from lyricist.corpus import Corpus, PrepareOptions, Song, prepare
from lyricist.evaluation.metrics import song_nats
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run
from lyricist.model.tokens import Vocabulary
from lyricist.training.config import Options
from lyricist.training.events import Finished

Totals = npt.NDArray[np.float64]
DRAWS = 2_000
FEWEST = 30  # words of a song that is used


def dropped(p: float) -> dict[str, float]:
    return {"dropout_input": p, "dropout_hidden": p, "dropout_output": p}


SCRATCH: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {  # preset, model, training
    "tiny": ("tiny", {}, {}),
    "tiny, 30 epochs": ("tiny", dropped(0.6), {"epochs": 30.0, "patience": 8}),
    "small": ("small", {}, {}),
    "small, dropout 0.6": ("small", dropped(0.6), {"epochs": 40.0, "average": 0.98, "patience": 8}),
}


def parts(source: str, songs: int, seed: int, place: Path) -> tuple[Corpus, list[Song]]:
    """The songs to learn from as a corpus, and those to judge."""
    path = songs_or_exit() / f"{source}.txt"
    texts = [text for text in path.read_text(encoding="utf-8").split("\n\n") if len(text.split()) >= FEWEST]
    if len(texts) <= songs:
        sys.exit(f"{path} has {len(texts)} songs: ask for fewer than {songs}")
    random.Random(seed).shuffle(texts)
    every = {"near_duplicate": None, "related": None, "keep_duplicates": True, "test_share": 0.0}
    learnt = prepare(texts=texts[:songs], out=place / "learnt", options=PrepareOptions(**every, valid_share=0.05))
    judged = prepare(texts=texts[songs:], out=place / "judged", options=PrepareOptions(**every, valid_share=0.0))
    return learnt, list(judged.songs())


def nats(run: Path, songs: list[Song], vocabulary: Vocabulary) -> Totals:
    """(songs,) nats of each under a run, over a vocabulary that holds all the run's words and perhaps more."""
    model = load(run)
    own = model.vocabulary
    encoded = [np.array(own.encode(song), dtype=np.int64) for song in songs]
    others = 1 + len(set(vocabulary.tokens) - set(own.tokens))  # words that the run calls <unk>, and <unk> itself
    unknown = np.array([np.count_nonzero(ids == own.unk) for ids in encoded])
    return song_nats(model.step_model, encoded) + unknown * math.log(others)


def perplexity(total: Totals, words: Totals, draws: npt.NDArray[np.int64]) -> dict[str, Any]:
    found = np.exp(total[draws].sum(axis=1) / words[draws].sum(axis=1))
    low, high = np.quantile(found, [0.025, 0.975])
    return {"perplexity": round(math.exp(total.sum() / words.sum()), 1), "interval": [round(low, 1), round(high, 1)]}


def below(a: Totals, b: Totals, words: Totals, draws: npt.NDArray[np.int64]) -> dict[str, Any]:
    """By how much a's perplexity is below b's."""
    found = 1 - np.exp((a - b)[draws].sum(axis=1) / words[draws].sum(axis=1))
    low, high = np.quantile(found, [0.025, 0.975])
    return {"share": round(1 - math.exp((a - b).sum() / words.sum()), 4), "interval": [round(low, 4), round(high, 4)]}


def trained(corpus: Corpus, out: Path, options: Options) -> dict[str, Any]:
    """Seconds, epochs and, of a fine-tuned run, what it says at its end."""
    begun = time.monotonic()
    end = list(train_songs(corpus, out, options))[-1]
    assert isinstance(end, Finished)
    told = {"seconds": round(time.monotonic() - begun, 1), "epochs": round(end.epoch, 1), "reason": end.reason}
    if math.isfinite(end.copied_written):
        told |= {"copied_written": round(end.copied_written, 4), "copied_held_out": round(end.copied_held_out, 4)}
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="hymns")
    parser.add_argument("--songs", type=int, default=100)
    parser.add_argument("--base", default="starter", help="a run, or the package's starter")
    parser.add_argument("--budget", type=float, default=60)
    parser.add_argument("--scratch-budget", type=float, default=600, help="of each configuration; 0: none")
    parser.add_argument("--configurations", nargs="*", default=list(SCRATCH), choices=list(SCRATCH))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report("fine_tuning", compare(arguments, Path(folder)))


def compare(arguments: argparse.Namespace, place: Path) -> dict[str, Any]:
    learnt, judged = parts(arguments.source, arguments.songs, arguments.seed, place)
    train = {"budget": arguments.budget, "seed": arguments.seed}
    told = {"fine-tuned": trained(learnt, place / "tuned", Options(base=arguments.base, train=train))}
    vocabulary = Run.open(place / "tuned").vocabulary
    runs = {"base": Path(arguments.base), "fine-tuned": place / "tuned"}
    found = {name: nats(path, judged, vocabulary) for name, path in runs.items()}
    for i, name in enumerate(arguments.configurations if arguments.scratch_budget else []):
        preset, model, more = SCRATCH[name]
        train = {**more, "budget": arguments.scratch_budget, "seed": arguments.seed}
        made = place / f"scratch-{i}"
        told[name] = trained(learnt, made, Options(base="scratch", preset=preset, model=model, train=train))
        found[name] = nats(made, judged, vocabulary)
    words = np.array([len(vocabulary.encode(song)) - 1 for song in judged], dtype=np.float64)
    draws = np.random.default_rng(0).integers(0, len(judged), (DRAWS, len(judged)))
    rows = {name: told.get(name, {}) | perplexity(total, words, draws) for name, total in found.items()}
    out = {
        **{k: v for k, v in vars(arguments).items() if k != "configurations"},
        "judged": {"songs": len(judged), "words": int(words.sum())},
        "vocabulary": len(vocabulary),
        "models": rows,
        "below_base": below(found["fine-tuned"], found["base"], words, draws),
    }
    if len(found) > 2:
        best = min(list(found)[2:], key=lambda name: found[name].sum())
        out |= {"best_from_scratch": best, "below_best": below(found["fine-tuned"], found[best], words, draws)}
    return out


if __name__ == "__main__":
    main()
