"""A minute of fine-tuning against many minutes of training from scratch: perplexity on songs of the same source.

The songs of a source are shuffled. The first are for training (a twentieth of them for early stopping); on the rest
perplexity is measured: per word, line ends counted, all plan features off, each song from its beginning. Intervals
are 95% bootstrap intervals over songs; two models are compared on the same songs.

Perplexities are over the vocabulary of the fine-tuned run. A run from scratch knows only the words of its own songs,
which is to its advantage: the probability of its <unk> is spread evenly over all words of the other vocabulary that
it does not know. The best configuration from scratch is chosen on the judged songs, which favours it too.

    python benchmarks/fine_tuning.py --source hymns --songs 100 --budget 60 --scratch-budget 600
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common import bootstrap, parser, report, songs_or_exit
from lyricist.corpus import Corpus, PrepareOptions, Song, prepare
from lyricist.evaluation.metrics import song_nats
from lyricist.evaluation.train import train_songs
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run
from lyricist.model.tokens import Vocabulary
from lyricist.training import start
from lyricist.training.config import Options
from lyricist.training.events import Finished

Totals = npt.NDArray[np.float64]
FEWEST = 30  # words of a song that is used


def dropped(p: float) -> dict[str, float]:
    return {"dropout_input": p, "dropout_hidden": p, "dropout_output": p}


SCRATCH: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {  # preset, model, training
    "tiny": ("tiny", {}, {}),
    "tiny, 30 epochs": ("tiny", dropped(0.6), {"epochs": 30.0, "patience": 8}),
    "small": ("small", {}, {}),
    "small, dropout 0.6": ("small", dropped(0.6), {"epochs": 40.0, "average": 0.98, "patience": 8}),
}


def parts(source: str, songs: int, seed: int, place: Path, most: int | None = None) -> tuple[Corpus, list[Song]]:
    """The training songs as a corpus, and the songs for the perplexity, at most `most` of the rest."""
    path = songs_or_exit() / f"{source}.txt"
    texts = [text for text in path.read_text(encoding="utf-8").split("\n\n") if len(text.split()) >= FEWEST]
    if len(texts) <= songs:
        sys.exit(f"{path} has {len(texts)} songs: ask for fewer than {songs}")
    random.Random(seed).shuffle(texts)
    every = {"near_duplicate": None, "related": None, "keep_duplicates": True, "test_share": 0.0}
    learnt = prepare(texts=texts[:songs], out=place / "learnt", options=PrepareOptions(**every, valid_share=0.05))
    judged = prepare(
        texts=texts[songs:][:most], out=place / "judged", options=PrepareOptions(**every, valid_share=0.0)
    )
    return learnt, list(judged.songs())


def nats(run: Path, songs: list[Song], vocabulary: Vocabulary) -> Totals:
    """(songs,) nats of each under a run, over a vocabulary that holds all the run's words and perhaps more."""
    model = load(run)
    own = model.vocabulary
    encoded = [np.array(own.encode(song), dtype=np.int64) for song in songs]
    others = 1 + len(set(vocabulary.tokens) - set(own.tokens))  # words that the run calls <unk>, and <unk> itself
    unknown = np.array([np.count_nonzero(ids == own.unk) for ids in encoded])
    return song_nats(model.step_model, encoded) + unknown * math.log(others)


def perplexity(total: Totals, words: Totals) -> dict[str, Any]:
    value, low, high = np.exp(bootstrap(total, words))
    return {"perplexity": round(value, 1), "interval": [round(low, 1), round(high, 1)]}


def below(a: Totals, b: Totals, words: Totals) -> dict[str, Any]:
    """By what share a's perplexity is below b's."""
    value, low, high = 1 - np.exp(bootstrap(a - b, words))
    return {"share": round(value, 4), "interval": [round(high, 4), round(low, 4)]}


def trained(corpus: Corpus, out: Path, options: Options, writing: bool = True) -> dict[str, Any]:
    """Seconds, epochs and, for a fine-tuned run, the shares of copied words in its last event."""
    begun = time.monotonic()
    end = list((train_songs if writing else start.train_songs)(corpus, out, options))[-1]
    assert isinstance(end, Finished)
    told = {"seconds": round(time.monotonic() - begun, 1), "epochs": round(end.epoch, 1), "reason": end.reason}
    if math.isfinite(end.copied_written):
        told |= {"copied_written": round(end.copied_written, 4), "copied_held_out": round(end.copied_held_out, 4)}
    return told


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--source", default="hymns")
    made.add_argument("--songs", type=int, default=100)
    made.add_argument("--judged", type=int, help="songs for the perplexity (default: all the others)")
    made.add_argument("--perplexity-only", action="store_true", help="write no songs after the training")
    made.add_argument("--base", default="starter", help="a run, or the package's starter")
    made.add_argument("--budget", type=float, default=60)
    made.add_argument("--scratch-budget", type=float, default=600, help="of each configuration; 0: none")
    made.add_argument("--configurations", nargs="*", default=list(SCRATCH), choices=list(SCRATCH))
    made.add_argument("--seed", type=int, default=0)
    arguments = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report("fine_tuning", compare(arguments, Path(folder)))


def compare(arguments: Namespace, place: Path) -> dict[str, Any]:
    learnt, judged = parts(arguments.source, arguments.songs, arguments.seed, place, arguments.judged)
    train = {"budget": arguments.budget, "seed": arguments.seed}
    told = {
        "fine-tuned": trained(
            learnt, place / "tuned", Options(base=arguments.base, train=train), not arguments.perplexity_only
        )
    }
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
    rows = {name: told.get(name, {}) | perplexity(total, words) for name, total in found.items()}
    out = {
        **{k: v for k, v in vars(arguments).items() if k != "configurations"},
        "judged": {"songs": len(judged), "words": int(words.sum())},
        "vocabulary": len(vocabulary),
        "models": rows,
        "below_base": below(found["fine-tuned"], found["base"], words),
    }
    if len(found) > 2:
        best = min(list(found)[2:], key=lambda name: found[name].sum())
        out |= {"best_from_scratch": best, "below_best": below(found["fine-tuned"], found[best], words)}
    return out


if __name__ == "__main__":
    main()
