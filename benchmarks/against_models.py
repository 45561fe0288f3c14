"""Perplexity of held-out songs: the starter's network beside a Kneser-Ney 5-gram, a plain LSTM and a transformer.

All learn from one corpus with one vocabulary; the networks have the same seconds of wall time on as many threads, our
sampled softmax, optimiser and schedule. Arrays of tokens and plans are made before the clock starts.

- kneser-ney: interpolated, modified, 5-gram, lines forwards and backwards (the better one counts); no time limit;
- lstm: 2 x 512 projected to 320, tied, about as many parameters as ours, by `lyricist train`;
- transformer: decoder-only, tied, as many layers as give the parameters of ours; no validation, no checkpoints;
- ours: 1 x 768 projected to 320, tied, plan features in training, none of them in evaluation.

Perplexity is per word, line ends and section tags included, each song from its beginning, the full softmax, over
songs without a run of words that stands in a training song (held_out.py). Brackets are 95% bootstrap intervals over
songs; a margin is ours below the other, paired by song.

On a busy machine use `--cpu`: it counts seconds of processor time, which on one thread are those of a free core.

    python benchmarks/against_models.py CORPUS --budget 300 [--settings FILE.json] [--keep DIR] [--json FILE]

`--settings` {"lstm": {"model": {...}, "train": {...}}, ...} overrides SETTINGS. With `--keep` runs and figures stay
in DIR and are not made again. `--run NAME=RUN` judges an existing run; all models then use the vocabulary of the
first.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from common import bootstrap, own_peak_mb, parser, report
from held_out import held_out
from lyricist.corpus import open_corpus
from lyricist.model.checkpoint import Run
from lyricist.training.token_arrays import token_set
from rivals import CONTESTANTS, SETTINGS, Bench, Reals, known_run


def contest(bench: Bench, name: str, run: Path | None = None) -> tuple[Reals, dict[str, Any]]:
    """A contestant's nats and facts, read from `--keep` if it holds them for the same songs."""
    kept = bench.keep / f"{name}.json"
    words = [len(text) - 1 for text in bench.texts()]
    if kept.exists():
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["words"] == words and told["budget"] == bench.budget:
            return np.array(told["nats"]), told["facts"]
        sys.exit(f"{kept} was made on other songs or with another budget: remove it or name another --keep")
    begun = time.process_time()
    nats, facts = known_run(bench, run) if run else CONTESTANTS[name](bench, name)
    facts |= {"cpu": round(time.process_time() - begun, 1), "peak_mb": round(own_peak_mb())}
    facts["load"] = round(os.getloadavg()[0], 2)
    kept.write_text(
        json.dumps(
            {"words": words, "budget": bench.budget, "nats": [round(float(x), 4) for x in nats], "facts": facts}
        )
    )
    return nats, facts


def perplexity(nats: Reals, words: Reals) -> list[float]:
    """Perplexity per word and its 95% bootstrap interval over songs.

    >>> perplexity(np.log([8.0, 8.0]), np.array([1.0, 1.0]))
    [8.0, 8.0, 8.0]
    """
    return [round(math.exp(x), 2) for x in bootstrap(nats, words)]


def margin(ours: Reals, theirs: Reals, words: Reals) -> list[float]:
    """By what share ours is below theirs in perplexity, and its 95% interval, paired by song.

    >>> margin(np.log([4.0, 4.0]), np.log([8.0, 8.0]), np.array([1.0, 1.0]))
    [0.5, 0.5, 0.5]
    """
    value, low, high = bootstrap(ours - theirs, words)
    return [round(1 - math.exp(x), 4) for x in (value, high, low)]


def compared(bench: Bench, nats: dict[str, Reals], champion: str) -> dict[str, Any]:
    """Perplexities and the champion's margins on every set."""
    words = np.array([len(text) - 1 for text in bench.texts()], dtype=np.float64)
    unknown = np.array([float((text == bench.vocabulary.unk).sum()) for text in bench.texts()])
    out, at = {}, 0
    for each in bench.sets:
        part = slice(at, at := at + len(each.songs))
        if len(each.songs) < 2:
            out[each.name] = {"songs": len(each.songs), "seen": each.seen}
            continue
        row: dict[str, Any] = {"songs": len(each.songs), "seen": each.seen, "words": int(words[part].sum())}
        row["unknown"] = round(float(unknown[part].sum() / words[part].sum()), 4)
        row["perplexity"] = {name: perplexity(x[part], words[part]) for name, x in nats.items()}
        if champion in nats:
            rivals = {name: x for name, x in nats.items() if name != champion}
            row["margin"] = {n: margin(nats[champion][part], x[part], words[part]) for n, x in rivals.items()}
        out[each.name] = row
    return out


def arguments() -> argparse.Namespace:
    made = parser(__doc__, table=True)
    made.add_argument("corpus", type=Path)
    made.add_argument("--budget", type=float, default=300, help="seconds for each network")
    made.add_argument("--only", nargs="+", default=list(CONTESTANTS), choices=list(CONTESTANTS))
    made.add_argument("--run", nargs="+", default=[], metavar="NAME=RUN")
    made.add_argument("--champion", default="ours", help="whose margins are stated")
    made.add_argument("--vocabulary", type=int, default=20_000)
    made.add_argument("--words", type=int, default=60_000, help="of each set of held-out songs, about")
    made.add_argument("--order", default="backward", choices=["forward", "backward"])
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--cpu", action="store_true", help="seconds of processor time")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--settings", type=Path)
    made.add_argument("--keep", type=Path)
    return made.parse_args()


def validate_given_lines(path: Path | None) -> dict[str, dict[str, Any]]:
    """SETTINGS with the values of a file in place of some."""
    said = json.loads(path.read_text(encoding="utf-8")) if path else {}
    out = {}
    for name, known in SETTINGS.items():
        new = said.get(name, {})
        out[name] = {
            key: {**value, **new.get(key, {})} if isinstance(value, dict) else new.get(key, value)
            for key, value in known.items()
        }
    return out


def bench_of(options: argparse.Namespace, runs: dict[str, Path], keep: Path) -> Bench:
    corpus = open_corpus(options.corpus)
    tokens = token_set(corpus, "word", options.order)
    known = [Run.open(run).vocabulary for run in runs.values()]
    vocabulary = known[0] if known else tokens.vocabulary(options.vocabulary, 2)
    sets = held_out(corpus, options.words, options.seed)
    settings = validate_given_lines(options.settings)
    return Bench(corpus, vocabulary, options.order, options.budget, options.seed, keep, sets, settings)


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    if options.cpu:
        time.monotonic = time.process_time
    runs = {name: Path(path) for name, path in (each.split("=", 1) for each in options.run)}
    with tempfile.TemporaryDirectory() as place:
        keep = options.keep or Path(place)
        keep.mkdir(parents=True, exist_ok=True)
        bench = bench_of(options, runs, keep)
        nats, facts = {}, {}
        for name in [*runs, *options.only]:
            nats[name], facts[name] = contest(bench, name, runs.get(name))
            print(name, facts[name], file=sys.stderr, flush=True)
        figures = compared(bench, nats, options.champion)
    told = {"corpus_words": bench.corpus.info["words"], "vocabulary": len(bench.vocabulary), "budget": options.budget}
    told |= {
        "threads": options.threads,
        "clock": "processor" if options.cpu else "wall",
        "settings": bench.settings,
        "models": facts,
        "held_out": figures,
    }
    report("against_models", told, options.json)


if __name__ == "__main__":
    main()
