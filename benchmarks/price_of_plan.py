"""What a plan tells a model, and what it costs to tell it: conditional losses beside -log p(plan), and wrong plans.

    python benchmarks/price_of_plan.py RUN [--base RUN] [--words 20000] [--json FILE]

Nats a word of held-out songs (held_out.py: the run's own test split, hymns, carols), line ends included, with 95%
bootstrap intervals over songs. Conditional losses are no perplexities: much of a song is told beforehand. So beside
them stands what the plans themselves cost under a prior that is counted on the training songs. The plan is a function
of the text, hence "counts + prior" and "slots + prior" are honest codes of the whole text, to be compared with "off".

- base: another run, which knows no plans, on the same songs;
- off, counts, slots: the run told nothing, the syllables of each line, the syllables and the metre that suits them;
- prior: -log P(plan) a word: a line's plan given the two before it in its song, backing off (Witten & Bell 1991) to
  one line, to none, to a length and a chain of slots;
- wrong, syllables: every line has the plan of a line of another song with as many syllables; wrong, words: with as
  many words. A model that uses its plans must lose by them; `same` is the share of lines whose wrong plan is the true
  one.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from common import report
from held_out import HeldOut, held_out
from lyricist.corpus import Corpus, Song, open_corpus
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.model.checkpoint import Run
from lyricist.model.tokens import BREAKS, END
from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.metre import KINDS
from lyricist.prosody.planfeatures import CODES, LinePlan, groups_of
from lyricist.training.conditioning import PlannedSong, plan_set, planned_song
from lyricist.training.token_arrays import TokenSet, token_set
from rivals import Reals, lstm_nats, network

Template = str  # a slot a character, as LinePlan's, in the order of reading
SLOTS = "".join(CODES)  # by code
LONGEST = 64  # slots a line, for the lengths' own prior


# --- the prior


@dataclass
class PlanPrior:
    """P(template | the two before it in its song), counted."""

    lengths: Counter[int] = field(default_factory=Counter)
    chains: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seen: dict[tuple[Template, ...], Counter[Template]] = field(default_factory=lambda: defaultdict(Counter))

    def learn(self, song: Sequence[Template]) -> None:
        for i, line in enumerate(song):
            for n in range(min(2, i) + 1):
                self.seen[tuple(song[i - n : i])][line] += 1

    def spell(self) -> None:
        """Lengths and chains of slots of all lines that were learnt."""
        for line, count in self.seen[()].items():
            self.lengths[min(len(line), LONGEST)] += count
            for k, slot in enumerate(line):
                self.chains[line[max(0, k - 2) : k]][slot] += count

    def nats(self, song: Sequence[Template]) -> float:
        """-log P of all lines of a song; how many there are is not told."""
        return -sum(math.log(self.p(line, tuple(song[max(0, i - 2) : i]))) for i, line in enumerate(song))

    def p(self, line: Template, before: tuple[Template, ...]) -> float:
        lower = self.p(line, before[1:]) if before else self.spelled(line)
        counts = self.seen.get(before)
        if not counts:
            return lower
        kinds = len(counts)
        return (counts[line] + kinds * lower) / (counts.total() + kinds)

    def spelled(self, line: Template) -> float:
        """By length, then slot by slot; lengths from LONGEST on halve the rest each time."""
        size = min(len(line), LONGEST)
        p = (self.lengths[size] + 1) / (self.lengths.total() + LONGEST + 1)
        p *= 0.5 ** (len(line) - LONGEST + 1) if size == LONGEST else 1
        for k, slot in enumerate(line):
            counts = self.chains.get(line[max(0, k - 2) : k], Counter())
            p *= (counts[slot] + 1) / (counts.total() + len(SLOTS))
        return max(p, 1e-300)  # of prose with hundreds of syllables a line


def counts_only(song: Sequence[Template]) -> list[Template]:
    return ["?" * len(line) for line in song]


def prior_of(songs: Iterable[Sequence[Template]]) -> tuple[PlanPrior, PlanPrior]:
    """Of syllable counts, and of whole templates. The counts' slots are all alike and cost next to nothing."""
    counts, slots = PlanPrior(), PlanPrior()
    for song in songs:
        counts.learn(counts_only(song))
        slots.learn(song)
    counts.spell()
    slots.spell()
    return counts, slots


def training_plans(corpus: Corpus, tokens: TokenSet) -> Iterable[list[Template]]:
    """The templates of every training song, from the arrays that training reads."""
    split, plan = tokens.split("train"), plan_set(corpus, tokens).split("train")
    opens = np.array([t in BREAKS and t != END for t in tokens.tokens])[split.ids]
    letters = np.array(list(SLOTS))
    for s in range(len(split.starts) - 1):
        here = slice(split.starts[s], split.starts[s + 1])
        at = np.flatnonzero(opens[here])
        first = plan.starts[s, 0]
        codes = letters[plan.codes[first : plan.starts[s + 1, 0]]]
        begins = plan.at[here][at].astype(np.int64)
        ends = [*begins[1:].tolist(), len(codes)]
        yield ["".join(codes[a:b]) for a, b in zip(begins.tolist(), ends, strict=True)]


# --- plans of held-out songs


def with_wrong_plans(songs: Sequence[PlannedSong], by: str, seed: int = 0) -> tuple[list[PlannedSong], float]:
    """Songs whose lines have the plan of another song's line of as many syllables or words, and the share of lines
    for which that is the same; a line without a fellow keeps its own."""

    def size(line: LinePlan, counts: Sequence[int]) -> int:
        return len(line.template) if by == "syllables" else len(counts)

    pool: dict[int, list[tuple[int, LinePlan]]] = defaultdict(list)
    for i, song in enumerate(songs):
        for line, counts in zip(song.lines, song.counts, strict=True):
            pool[size(line, counts)].append((i, line))
    rng, same, lines = np.random.default_rng(seed), 0, 0
    out = []
    for i, song in enumerate(songs):
        new = []
        for line, counts in zip(song.lines, song.counts, strict=True):
            others = [each for j, each in pool[size(line, counts)] if j != i] or [line]
            new.append(others[rng.integers(len(others))])
            same, lines = same + (new[-1].template == line.template), lines + 1
        out.append(PlannedSong(tuple(new), song.counts))
    return out, same / max(1, lines)


def templates(song: PlannedSong, backward: bool) -> list[Template]:
    way = -1 if backward else 1
    return [line.template.translate(KINDS)[::way] for line in song.lines]


# --- figures


class Judge:
    """A run's losses on songs."""

    def __init__(self, run: Run) -> None:
        self.vocabulary, self.model = run.vocabulary, network(run)
        self.groups = groups_of(self.model.config.features)

    def texts(self, songs: Sequence[Song]) -> list[npt.NDArray[np.int64]]:
        return [np.array(self.vocabulary.encode(song), dtype=np.int64) for song in songs]

    def nats(self, songs: Sequence[Song], plans: Sequence[PlannedSong] | None = None) -> Reals:
        """(songs,) nats of each, told these plans or nothing."""
        if plans is None:
            return lstm_nats(self.model, self.texts(songs))
        rows = [plan.rows(self.vocabulary.order, self.groups) for plan in plans]
        return lstm_nats(self.model, self.texts(songs), rows)


def told(judge: Judge, songs: Sequence[Song], priors: tuple[PlanPrior, PlanPrior]) -> dict[str, Any]:
    """(songs,) nats under every condition, and the share of lines whose wrong plan is the true one."""
    lexicon, tokenizer, order = default_lexicon(), WordTokenizer(), judge.vocabulary.order
    lexicon.many(list({w for song in songs for line in song.lines() for w in tokenizer.split(line.text)}))
    plans = [planned_song(song, tokenizer, order, lexicon).without_tune() for song in songs]
    spelled = [templates(plan, order == "backward") for plan in plans]
    counts, slots = judge.nats(songs, [p.without_tune(metre=False) for p in plans]), judge.nats(songs, plans)
    counts_prior = np.array([priors[0].nats(counts_only(song)) for song in spelled])
    slots_prior = np.array([priors[1].nats(song) for song in spelled])
    wrong = {by: with_wrong_plans(plans, by) for by in ("syllables", "words")}
    nats = {
        "off": judge.nats(songs),
        "counts": counts,
        "slots": slots,
        "prior of counts": counts_prior,
        "prior of slots": slots_prior,
        "counts + prior": counts + counts_prior,
        "slots + prior": slots + slots_prior,
        **{f"wrong, {by}": judge.nats(songs, made) for by, (made, _) in wrong.items()},
    }
    return {"nats": nats, "same": {by: round(share, 3) for by, (_, share) in wrong.items()}}


def interval(values: Reals, words: Reals) -> list[float]:
    """Nats a word and their 95% bootstrap interval over songs."""
    drawn = np.random.default_rng(0).integers(0, len(values), (2000, len(values)))
    means = values[drawn].sum(1) / words[drawn].sum(1)
    return [round(float(x), 4) for x in (values.sum() / words.sum(), *np.quantile(means, (0.025, 0.975)))]


PAIRS = {  # nats a word by which the second is better than the first
    "knowing plans, written freely": ("base", "off"),
    "counts over nothing": ("off", "counts"),
    "metre over counts": ("counts", "slots"),
    "true over wrong, syllables": ("wrong, syllables", "slots"),
    "true over wrong, words": ("wrong, words", "slots"),
    "nothing over wrong, words": ("wrong, words", "off"),
    "coding counts first": ("off", "counts + prior"),
    "coding slots first": ("off", "slots + prior"),
}


def judged(judge: Judge, base: Judge | None, each: HeldOut, priors: tuple[PlanPrior, PlanPrior]) -> dict[str, Any]:
    found = told(judge, each.songs, priors)
    nats: dict[str, Reals] = found["nats"]
    if base is not None:
        nats["base"] = base.nats(each.songs)
    words = np.array([len(text) - 1 for text in judge.texts(each.songs)], dtype=np.float64)
    pairs = {name: (a, b) for name, (a, b) in PAIRS.items() if a in nats and b in nats}
    return {
        "songs": len(each.songs),
        "seen": each.seen,
        "words": int(words.sum()),
        "same": found["same"],
        "nats": {name: interval(x, words) for name, x in nats.items()},
        "gains": {name: interval(nats[a] - nats[b], words) for name, (a, b) in pairs.items()},
    }


def show(name: str, row: dict[str, Any]) -> None:
    print(f"\n{name}: {row['songs']} songs, {row['words']} words, {row['seen']} songs put aside as seen")
    for part in ("nats", "gains"):
        for what, (value, low, high) in row[part].items():
            print(f"  {what:30} {value:7.3f} [{low:.3f}, {high:.3f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--base", type=Path, help="a run without plan features on the same songs and vocabulary")
    parser.add_argument("--corpus", type=Path, help="the run's corpus, where it is not at the place the run names")
    parser.add_argument("--words", type=int, default=20_000, help="of each set of held-out songs, about")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = Run.open(options.run)
    judge, base = Judge(run), Judge(Run.open(options.base)) if options.base else None
    if not judge.groups:
        parser.error(f"{options.run} knows no plans: train with --features slots")
    if base is not None and base.vocabulary.tokens != judge.vocabulary.tokens:
        parser.error(f"{options.base} has another vocabulary: losses do not compare")
    corpus = open_corpus(options.corpus or run.path / run.config["corpus"]["path"])
    tokens = token_set(corpus, "word", run.vocabulary.order)
    priors = prior_of(training_plans(corpus, tokens))
    found = {
        e.name: judged(judge, base, e, priors) for e in held_out(corpus, tokens, options.words) if len(e.songs) > 1
    }
    for name, row in found.items():
        show(name, row)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    report("price_of_plan", found)


if __name__ == "__main__":
    main()
