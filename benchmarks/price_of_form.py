"""What a form costs a model: the floor, what the decoder adds to it, and how a separate model scores the songs.

    python benchmarks/price_of_form.py RUN... [--judge RUN] [--json FILE]

At temperature 1, without truncation and without a ban on copying. *Words* are the words of a song and one break a
line.

- floor: -log P(form) / words. P(form) is the probability that the first four lines the model writes have the form,
  whichever breaks end them, among all its words (full softmax): the mean of the estimates of several systems of
  1,000 particles or more. "lexicon" is the part of it that disappears if the softmax has only the words that the
  writer may choose (known to the lexicon, with one sound).
- gap: (log P(form) - mean log estimate by P particles) / words, an upper bound of the divergence, in nats a word, of
  what the decoder writes from the model given the form.
- told, not told: a run with plan features is priced twice, told the plan of the form (its P(form) is then that of
  free writing when told so) and told nothing.
- judge: nats a word under a separate, unconditioned model; any break may end a line. Human stanzas are "seen" if six
  words in a row are in the songs that the judge was trained on; compare with the others. Words that the judge does
  not know are scored as <unk> for all; "known" leaves them out. Entropy of words and distinct-2 are taken from
  samples of equal size in words.

Each figure has its standard error (se).
"""

from __future__ import annotations

import argparse
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
from common import entropy, parser, report, songs_or_exit
from lyricist.evaluation.metrics import distinct
from lyricist.generate.engine import log_softmax
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.generate.selection import normalised
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.steering import PlanRows, Steering
from lyricist.generate.writer import Model
from lyricist.model.runtime import NEVER, BlockModel, BlockRows, State, StepModel, block_rows
from lyricist.model.tokens import BREAKS, END, LINE, SONG, TAGS, Vocabulary
from lyricist.plan.plan import Drawing, Plan
from stanzas import (
    FORMS,
    Stanza,
    all_songs,
    compiled,
    equal_samples,
    form_test,
    lines_of,
    stanzas_of,
    ways,
    write_freely,
    write_stanzas,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

PARTICLES = (1, 2, 4, 8, 16, 32)
ROWS = 64  # texts scored side by side
SAMPLES = 20  # of equal size


# --- floor and gap


class FullSoftmax:
    """A `BlockModel` whose totals include every word of the vocabulary, also those that the plan forbids."""

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
    """An engine that records the average length of a system's songs, by the particles' weights."""

    words: list[float]

    def give(self, s: int) -> Iterator[LineWritten | SongWritten]:
        mine = np.array(self.rows.song_rows(s))
        self.words.append(float(normalised(self.rows.weight[mine]) @ self.rows.tokens[mine]) - 1)  # less the tag
        yield from super().give(s)


@dataclass(frozen=True)
class Systems:
    """Songs by systems of equally many particles: for each its log estimate of P(form), words, and its song."""

    log_form: Reals
    words: Reals
    songs: list[Stanza]


def exact_drawing(particles: int) -> Drawing:
    """The model itself given the plan: no temperature, no truncation. More particles than a user may ask for."""
    off = dict.fromkeys(("min_p", "repetition", "archaic", "long_words", "balance", "merit"), 0)
    return Drawing(temperature=1, rhyme_temperature=1, **off).model_copy(update={"particles": particles})


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


# --- nats of texts: exact sums over the full softmax, each text from a fresh state


@dataclass(frozen=True)
class Scored:
    """Of N texts: nats, tokens predicted, and both for <unk> alone; each (N,)."""

    nats: Reals
    tokens: Reals
    unknown_nats: Reals
    unknown: Reals


def score(step: StepModel, texts: Sequence[Ints], unk: int, breaks: Sequence[int] = (), first: int = 1) -> Scored:
    """Texts of tokens under the full softmax, each from a fresh state; tokens before `first` are given.

    With `breaks`, a break is scored as the probability of any of them.
    """
    out = np.zeros((4, len(texts)))
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    for at in range(0, len(order), ROWS):
        score_block(step, texts, np.array(order[at : at + ROWS]), unk, np.array(breaks, dtype=np.int64), first, out)
    return Scored(*out)


def score_block(
    step: StepModel, texts: Sequence[Ints], block: Ints, unk: int, breaks: Ints, first: int, out: Reals
) -> None:
    """Texts by falling length side by side; rows leave when their text is over."""
    state = step.initial_state(len(block))
    for t in range(len(texts[block[0]]) - 1):
        block = block[: sum(len(texts[i]) - 1 > t for i in block)]
        logits, state = step.step(np.array([texts[i][t] for i in block]), tuple(s[:, : len(block)] for s in state))
        if t + 1 < first:
            continue
        scores = log_softmax(logits.astype(np.float64))
        target = np.array([texts[i][t + 1] for i in block])
        nats = -scores[np.arange(len(block)), target]
        ends = np.isin(target, breaks)
        if ends.any():
            nats[ends] = -np.logaddexp.reduce(scores[ends][:, breaks], axis=1)
        known = target == unk
        out[:, block] += [nats, np.ones(len(block)), nats * known, known]


def ratio(over: Reals, under: Reals) -> tuple[float, float]:
    """Sum over sum, and the standard error of it as a ratio estimate.

    >>> ratio(np.array([2.0, 6.0]), np.array([1.0, 1.0]))
    (4.0, 2.0)
    """
    value = float(over.sum() / under.sum())
    return value, standard_error((over - value * under) / under.mean())


def standard_error(values: Reals) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


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


def prices(options: argparse.Namespace) -> dict[str, Any]:
    judge = lyricist.load(options.judge) if options.judge else None
    out: dict[str, Any] = {}
    for run in options.runs:
        told = ways(lyricist.load(run))
        for (form, plan), (way, model) in product(FORMS.items(), told.items()):
            found, exact = price(model, plan, options)
            if judge is not None:
                found["judge"] = judge_all(model, judge, plan, exact, options.stanzas)
            out.setdefault(str(run), {})[form + way] = found
    return out


def main() -> None:
    made = parser(__doc__, table=True)
    made.add_argument("runs", nargs="+", type=Path)
    made.add_argument("--judge", type=Path, help="a run that scores the songs, not one of those that write them")
    made.add_argument("--particles", type=int, default=1024, help="for the floor (default: 1024)")
    made.add_argument("--repeats", type=int, default=8, help="systems for the floor (default: 8)")
    made.add_argument("--songs", type=int, default=64, help="least number of systems for a gap (default: 64)")
    made.add_argument("--rows", type=int, default=1024, help="least number of particles for a gap (default: 1024)")
    made.add_argument("--stanzas", type=int, default=300, help="stanzas written for the judge (default: 300)")
    options = made.parse_args()
    report("price_of_form", prices(options), options.json)


if __name__ == "__main__":
    main()
