"""The shape of songs beside people's: are the writer's exact lines made of monosyllables, *love* and *above*?

    python benchmarks/shape.py RUN [--stanzas 1000] [--drawing default] [--json FILE]

For each form: stanzas written by the default drawing; stanzas of the same form in a folder of songs and in the songs
the run was trained on; and stanzas of any form in these. Ratios are ours / theirs; a figure passes from 0.9 to 1.1.
Instead of the default drawing, "exact" is the model given the form, at temperature 1, nothing cut off; "free" is four
lines of any length by the default drawing, which shows what is the model's and not the form's.

- syllables a word and monosyllables (share of words): by the usual reading.
- rhyme entropy (nats) and top ten (share of the ten commonest): of the lines' last words.
- distinct-2: different pairs of neighbouring words in a line / pairs.
- archaic: share of words from a short list, and of those in -eth and 'st; under 1% is the aim, whatever people wrote.

Entropy, top ten and distinct-2 depend on how much is looked at, so all are taken from samples of equal size: for
each pair of ours and theirs, of as many words (last words: stanzas) as the smaller of both has, means over many
samples without replacement. The figure behind ± is the deviation among such samples of the larger side, relative to
their mean: how far a sample of this size goes astray by chance. A ratio further from 1 than about twice that is not
chance; one that is nearer may be.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import lyricist
from archaic_words import is_archaic
from common import songs_or_exit
from lyricist.evaluation.metrics import distinct
from lyricist.generate.writer import Model
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import Plan
from lyricist.prosody.lexicon import default_lexicon
from price_of_form import PARTICLES, FullSoftmax, entropy, run_systems
from stanzas import (
    FORMS,
    Stanza,
    all_songs,
    compiled,
    corpus_songs,
    equal_samples,
    form_test,
    stanzas_of,
    write_freely,
    write_stanzas,
)

DRAWS = 50
LEAST, MOST = 0.9, 1.1  # of a ratio


@cache
def syllables(word: str) -> int:
    """Of the usual reading; 1 for what cannot be read aloud."""
    readings = default_lexicon().readings(word)
    return readings[0].syllables if readings else 1


def words_of(sample: Sequence[Stanza]) -> list[str]:
    return [word for stanza in sample for line in stanza for word in line]


def ends_of(sample: Sequence[Stanza]) -> Counter[str]:
    """Last words of lines.

    >>> ends_of([(("la", "lo"), ("lu", "lo"))])
    Counter({'lo': 2})
    """
    return Counter(line[-1] for stanza in sample for line in stanza)


def mean_of(of: Callable[[str], float]) -> Callable[[Sequence[Stanza]], float]:
    return lambda sample: float(np.mean([of(word) for word in words_of(sample)]))


def top_ten(counts: Counter[str]) -> float:
    return sum(n for _, n in counts.most_common(10)) / counts.total()


def word_count(stanza: Stanza) -> int:
    return sum(map(len, stanza))


# figure: what of a sample, and the size by which samples are made equal
FIGURES: dict[str, tuple[Callable[[Sequence[Stanza]], float], Callable[[Stanza], int]]] = {
    "syllables a word": (mean_of(syllables), word_count),
    "monosyllables": (mean_of(lambda word: syllables(word) == 1), word_count),
    "rhyme entropy": (lambda sample: entropy(ends_of(sample)), len),
    "top ten rhymes": (lambda sample: top_ten(ends_of(sample)), len),
    "distinct-2": (lambda sample: distinct([list(map(list, stanza)) for stanza in sample], 2), word_count),
    "archaic": (mean_of(is_archaic), word_count),
}


def compare(ours: Sequence[Stanza], theirs: Sequence[Stanza]) -> dict[str, dict[str, Any]]:
    """Figure by figure: both means over samples of equal size, their ratio, its deviation by chance."""
    out = {}
    for name, (figure, size) in FIGURES.items():
        mine, other = ([figure(s) for s in samples] for samples in equal_samples([ours, theirs], size, DRAWS))
        a, b = float(np.mean(mine)), float(np.mean(other))
        by_chance = max(np.std(mine) / a if a else 0.0, np.std(other) / b if b else 0.0)
        quotient = a / b if b else float("nan")
        out[name] = {
            "ours": round(a, 4),
            "theirs": round(b, 4),
            "ratio": round(quotient, 3),
            "by_chance": round(float(by_chance), 3),
            "within": LEAST <= quotient <= MOST,
        }
    return out


def write(model: Model, plan: Plan, count: int, drawing: str) -> list[Stanza]:
    """Stanzas by the default drawing, exactly the model's own given the form, or free of any form."""
    if drawing == "free":
        return write_freely(model, count)
    if drawing == "default":
        return write_stanzas(model, plan, count)
    song, units = compiled(model, plan)
    return run_systems(song, FullSoftmax(units), PARTICLES[-1], range(count)).songs


def shapes(run: Path, count: int, drawing: str) -> dict[str, Any]:
    model, human = lyricist.load(run), list(all_songs(songs_or_exit()))
    trained = corpus_songs(Run.open(run), "train")
    out: dict[str, Any] = {}
    for form, plan in FORMS.items():
        ours, fits = write(model, plan, count, drawing), form_test(plan)
        groups = {"people, same form": stanzas_of(human, fits), "trained on, same form": stanzas_of(trained, fits)}
        groups["trained on, any form"] = stanzas_of(trained)
        out[form] = {
            name: {"ours": len(ours), "theirs": len(theirs), "figures": compare(ours, theirs)}
            for name, theirs in groups.items()
            if theirs
        }
    return out


def show(found: dict[str, Any]) -> None:
    for form, groups in found.items():
        for name, group in groups.items():
            print(f"\n{form}: {group['ours']} stanzas beside {group['theirs']} of {name}")
            for figure, row in group["figures"].items():
                verdict = "within 10%" if row["within"] else "no"
                print(
                    f"  {figure:18} ours {row['ours']:7.3f}  theirs {row['theirs']:7.3f}"
                    f"  ratio {row['ratio']:5.2f} ± {row['by_chance']:.2f}  {verdict}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description="The shape of songs beside people's.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--stanzas", type=int, default=1000, help="to write in each form")
    parser.add_argument("--drawing", choices=("default", "exact", "free"), default="default")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = shapes(options.run, options.stanzas, options.drawing)
    show(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
