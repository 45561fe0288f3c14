"""What a form costs a model: the floor, what the decoder adds to it, and what a separate model thinks of the songs.

    python benchmarks/price_of_form.py RUN... [--judge RUN] [--json FILE]
    python benchmarks/price_of_form.py --cross FORWARD BACKWARD [--json FILE]

At temperature 1, nothing cut off, no ban on copying. *Words* are the words of a song and one break a line.

- floor: -log P(form) / words. P(form) is the probability that the first four lines the model writes have the form,
  whichever breaks end them, among all words it has (full softmax): the mean of the estimates of several systems of
  1,000 particles or more. "lexicon" is the part of it that is gone when the softmax has the words the writer may
  choose only (known to the lexicon, one reading's worth of sound).
- gap: (log P(form) - mean log estimate by P particles) / words, an upper bound of the divergence, in nats a word, of
  what the decoder writes from what it should, which is the model given the form.
- told, not told: a run that knows plans is priced twice, told the plan of the form (its P(form) is then that of what
  it writes freely when it is told) and told nothing. price_of_plan.py has its losses on people's songs.
- judge: nats a word under a separate, unconditioned model, any break ending a line. Human stanzas count as seen if
  six words in a row stand in the songs the judge was trained on; look at the others. Words the judge does not know
  are scored as <unk> for all alike; the column beside it leaves them out. Entropy of words and distinct-2 are taken
  from samples of equal size in words.

`--cross` compares the two directions: total nats a song of held-out songs, every token its own; and of songs that
each model itself wrote (twelve lines, full softmax). The difference on a model's own songs is the divergence of the
other from it.

Standard errors stand behind each figure. Nothing here is timed.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import lyricist
from common import songs_or_exit
from lyricist.evaluation.metrics import distinct
from lyricist.generate.conditioning_rows import PlanRows
from lyricist.generate.exact_engine import ExactEngine, Steering
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.generate.selection import normalised
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.writer import Model
from lyricist.model.checkpoint import Run
from lyricist.model.runtime import NEVER, BlockModel, BlockRows, State, block_rows
from lyricist.model.tokens import BREAKS, END, LINE, SONG, TAGS, Vocabulary
from lyricist.plan.plan import Drawing, Plan
from stanzas import (
    FORMS,
    Stanza,
    all_songs,
    compiled,
    corpus_songs,
    equal_samples,
    form_test,
    lines_of,
    stanzas_of,
    ways,
    write_freely,
    write_stanzas,
)
from text_nats import cross, ratio, sample, score, standard_error

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

PARTICLES = (1, 2, 4, 8, 16, 32)
CROSS_LINES = 12
SAMPLES = 20  # of equal size


# --- floor and gap


class FullSoftmax:
    """A `BlockModel` whose totals count every word of the vocabulary, also those that a plan bars."""

    def __init__(self, inner: BlockModel) -> None:
        self.inner, self.columns = inner, inner.columns
        self.padding = np.where(self.columns.words < 0, NEVER, np.float32(0)).astype(np.float32)

    def initial_state(self, batch: int) -> State:
        return self.inner.initial_state(batch)

    def blocks(
        self, ids: Ints, state: State, bias: Floats, temperature: float, features: Floats | None = None
    ) -> tuple[BlockRows, State]:
        barred = bias <= NEVER / 2
        told = () if features is None else (features,)
        made, state = self.inner.blocks(ids, state, np.where(barred, self.padding, bias), temperature, *told)
        rows = block_rows(np.where(barred, np.float32(0), made.e), made.free, self.columns)
        rows.total = made.total
        return rows, state


class Weighed(ExactEngine):
    """Notes how long a system's songs are on average, by the particles' weights."""

    words: list[float]

    def give(self, s: int) -> Iterator[LineWritten | SongWritten]:
        mine = np.array(self.rows.song_rows(s))
        self.words.append(float(normalised(self.rows.weight[mine]) @ self.rows.tokens[mine]) - 1)  # less the tag
        yield from super().give(s)


@dataclass(frozen=True)
class Systems:
    """Songs by systems of equally many particles: each one's log estimate of P(form), words, and its song."""

    log_form: Reals
    words: Reals
    songs: list[Stanza]


def exact_drawing(particles: int) -> Drawing:
    """The model itself given the plan: no temperature, no truncation. More particles than a user may ask for."""
    return Drawing(
        temperature=1.0, min_p=0, repetition=0, rhyme_temperature=1, archaic=0, long_words=0, balance=0, merit=0
    ).model_copy(update={"particles": particles})


def run_systems(
    song: ExactSongAutomaton, blocks: BlockModel, particles: int, seeds: range, told: PlanRows | None = None
) -> Systems:
    ban = CopyBan(None, song.table.words, 0)
    engine = Weighed(blocks, song, exact_drawing(particles), ban, Steering(conditioning=told))
    engine.words = []
    made = [e for e in engine.write(seeds) if isinstance(e, SongWritten)]
    log_form = np.array([e.log_form for e in made])
    return Systems(log_form, np.array(engine.words), [lines_of(e.ids, song) for e in made])


def log_mean(logs: Reals) -> tuple[float, float]:
    """Log of the mean of exp(logs), which is unbiased before the log, and its standard error (delta method).

    >>> [round(x, 6) for x in log_mean(np.log([1.0, 3.0]))]
    [0.693147, 0.5]
    """
    share = np.exp(logs - logs.max())
    mean = float(share.mean())
    return float(logs.max()) + math.log(mean), standard_error(share) / mean


def price(model: Model, plan: Plan, options: argparse.Namespace) -> tuple[dict[str, Any], list[Stanza]]:
    """Floor and gaps of a plan, and the songs by the most particles."""
    plan = plan.model_copy(update={"max_copy": 0, "clean": False})
    song, usable = compiled(model, plan)
    blocks, told = FullSoftmax(usable), PlanRows(song, model.groups) if model.groups else None
    large = run_systems(song, blocks, options.particles, range(options.repeats), told)
    among = run_systems(song, usable, options.particles, range(options.repeats), told)
    log_form, error = log_mean(large.log_form)
    log_among, among_error = log_mean(among.log_form)
    words = float(large.words.mean())
    per_word = standard_error(large.words) / words
    floor = -log_form / words
    out: dict[str, Any] = {
        "words": round(words, 2),
        "log_form": round(log_form, 3),
        "log_form_se": round(error, 3),
        "floor": round(floor, 4),
        "floor_se": round(math.hypot(error / words, floor * per_word), 4),
        "lexicon": round((log_among - log_form) / words, 4),
        "lexicon_se": round(math.hypot(error, among_error) / words, 4),
        "gap": {},
    }
    small = large
    for i, p in enumerate(PARTICLES):
        first = 1_000 * (i + 1)
        small = run_systems(song, blocks, p, range(first, first + max(options.songs, options.rows // p)), told)
        gap = (log_form - float(small.log_form.mean())) / words
        wrong = math.hypot(error, standard_error(small.log_form)) / words
        out["gap"][str(p)] = {"nats": round(gap, 4), "se": round(wrong, 4), "songs": len(small.songs)}
    return out, small.songs


# --- judge


def stanza_ids(stanza: Stanza, vocabulary: Vocabulary) -> Ints:
    """A stanza as a song of its own, in the order in which the model reads."""
    way = -1 if vocabulary.order == "backward" else 1
    tokens = [SONG, TAGS["verse"]]
    for i, line in enumerate(stanza):
        tokens += [*([LINE] if i else []), *line[::way]]
    return np.array(vocabulary.ids([*tokens, END]), dtype=np.int64)


def judged(judge: Model, stanzas: Sequence[Stanza]) -> dict[str, Any]:
    """Nats a word of stanzas under the judge, with the standard error from stanza to stanza."""
    vocabulary = judge.vocabulary
    breaks = [vocabulary.index[b] for b in BREAKS if b in vocabulary.index]
    texts = [stanza_ids(s, vocabulary) for s in stanzas]
    s = score(judge.step_model, texts, vocabulary.unk, breaks, first=2)
    nats, wrong = ratio(s.nats, s.tokens)
    known, known_wrong = ratio(s.nats - s.unknown_nats, s.tokens - s.unknown)
    return {
        "stanzas": len(stanzas),
        "nats": round(nats, 3),
        "se": round(wrong, 3),
        "nats_known": round(known, 3),
        "known_se": round(known_wrong, 3),
        "unknown": round(float(s.unknown.sum() / s.tokens.sum()), 4),
    }


def judge_all(model: Model, judge: Model, plan: Plan, exact: list[Stanza], count: int) -> dict[str, Any]:
    human = stanzas_of(all_songs(songs_or_exit()), form_test(plan))
    index = judge.copy_index
    seen = {s for s in human if index is not None and index.longest_run([w for line in s for w in line])[0] > 5}
    groups = {
        "ours": write_stanzas(model, plan, count),
        "ours, exact": exact,
        "free": write_freely(model, count),
        "human, unseen": [s for s in human if s not in seen],
        "human, seen": [s for s in human if s in seen],
    }
    groups = {name: stanzas for name, stanzas in groups.items() if len(stanzas) > 1}
    samples = equal_samples(list(groups.values()), lambda stanza: sum(map(len, stanza)), SAMPLES)
    out = {}
    for (name, stanzas), drawn in zip(groups.items(), samples, strict=True):
        entropies = [word_entropy(s) for s in drawn]
        twos = [distinct([list(map(list, stanza)) for stanza in s], 2) for s in drawn]
        shape = {"entropy": round(float(np.mean(entropies)), 3), "distinct_2": round(float(np.mean(twos)), 3)}
        out[name] = {**judged(judge, stanzas), **shape}
    return out


def word_entropy(stanzas: Sequence[Stanza]) -> float:
    """Nats, of the words by their counts.

    >>> round(word_entropy([(("la", "lo"),), (("lo", "la"),)]), 4)
    0.6931
    """
    return entropy(Counter(w for stanza in stanzas for line in stanza for w in line))


def entropy(counts: Counter[str]) -> float:
    share = np.array(list(counts.values())) / counts.total()
    return float(-(share * np.log(share)).sum())


# --- the two directions


def compare_directions(runs: Sequence[Path], options: argparse.Namespace) -> dict[str, Any]:
    one, other = (lyricist.load(run) for run in runs)
    if one.vocabulary.tokens != other.vocabulary.tokens:
        raise SystemExit("--cross needs two runs on the same data: their vocabularies differ")
    held_out = corpus_songs(Run.open(runs[0]), "valid", "test")
    out = {}
    if held_out:
        texts = [np.array(one.vocabulary.encode(song), dtype=np.int64) for song in held_out]
        out["held-out songs"] = cross(one, other, texts)
    for own, rival in ((one, other), (other, one)):
        texts = sample(own, options.stanzas, CROSS_LINES, seed=1)
        out[f"songs of {own.vocabulary.order}"] = cross(own, rival, texts)
    return out


# --- tables


def show_price(run: str, form: str, found: dict[str, Any]) -> None:
    print(f"\n{run}: {form}, {found['words']:.1f} words a song")
    print(
        f"  floor {found['floor']:.3f} ± {found['floor_se']:.3f} nats a word, "
        f"of it lexicon {found['lexicon']:.3f} ± {found['lexicon_se']:.3f}"
    )
    gaps = (f"{p}: {g['nats']:.3f} ± {g['se']:.3f}" for p, g in found["gap"].items())
    print(f"  gap at most, by particles  {'  '.join(gaps)}")
    for name, row in found.get("judge", {}).items():
        print(
            f"  {name:14} {row['stanzas']:5} stanzas  {row['nats']:.3f} ± {row['se']:.3f} nats a word"
            f"  without <unk> {row['nats_known']:.3f} ± {row['known_se']:.3f}  <unk> {row['unknown']:.1%}"
            f"  entropy {row['entropy']:.2f}  distinct-2 {row['distinct_2']:.2f}"
        )


def show_cross(found: dict[str, Any]) -> None:
    for name, row in found.items():
        print(f"{name}:")
        for key, value in row.items():
            print(f"  {key:26} {value}")


def prices(options: argparse.Namespace) -> dict[str, Any]:
    judge = lyricist.load(options.judge) if options.judge else None
    out: dict[str, Any] = {}
    for run in options.runs:
        told = ways(lyricist.load(run))
        for (form, plan), (way, model) in product(FORMS.items(), told.items()):
            found, exact = price(model, plan, options)
            if judge is not None:
                found["judge"] = judge_all(model, judge, plan, exact, options.stanzas)
            show_price(str(run), form + way, found)
            out.setdefault(str(run), {})[form + way] = found
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="What a form costs a model.")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--judge", type=Path, help="a run that scores the songs, not one of those that write them")
    parser.add_argument("--cross", action="store_true", help="two runs on the same data, one of each direction")
    parser.add_argument("--particles", type=int, default=1024, help="for the floor")
    parser.add_argument("--repeats", type=int, default=8, help="systems for the floor")
    parser.add_argument("--songs", type=int, default=64, help="systems for a gap at least")
    parser.add_argument("--rows", type=int, default=1024, help="particles for a gap in all at least")
    parser.add_argument("--stanzas", type=int, default=300, help="written for the judge, or for --cross")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.cross and len(options.runs) != 2:
        parser.error("--cross takes two runs")
    found = compare_directions(options.runs, options) if options.cross else prices(options)
    if options.cross:
        show_cross(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
