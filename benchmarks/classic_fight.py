"""The notebook's recipe and the project's model in one table: same hymns, same seconds of training, same melodies.

    python benchmarks/classic_fight.py --seconds 60 [--test 12] [--preset small] [--variant KEY]... [--report REPORT]

The exercise of `lyricist exercise` on public-domain hymns, whose report tells how each row is measured. Distinct-2 is
over as many pairs of words of every variant. A row is won by a variant of the project's model or it is said who wins.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import report
from hymns_exercise import DATA, hymns, lay_out
from lyricist.apps.exercise import Settings, exercise

Row = tuple[str, Callable[[dict[str, Any]], float | None], bool]  # what, of a variant, whether more is better

ROWS: tuple[Row, ...] = (
    ("top-10 accuracy", lambda v: v["foretelling"]["top10_accuracy"], True),
    ("top-1 accuracy", lambda v: v["foretelling"]["top1_accuracy"], True),
    ("perplexity", lambda v: v["foretelling"]["perplexity"], False),
    ("distinct-2", lambda v: v["written"]["distinct_2_together"], True),
    ("longest copied run", lambda v: v["written"]["longest_copied_run_of_all"], False),
    ("known pairs", lambda v: v["written"]["pairs_in_training"], True),
    ("a syllable for every note", lambda v: v["written"]["fit"]["syllables"], True),
    ("lines without fault", lambda v: v["written"]["fit"]["lines"], True),
    ("training, words/s", lambda v: v["training"]["words_per_second"], True),
    ("writing, words/s", lambda v: v["words_per_second"], True),
    ("writing 32, words/s", lambda v: v["words_per_second_together"], True),
)


def table(found: dict[str, Any]) -> None:
    """Rows of figures, a column for every variant, and behind each row who wins it."""
    variants = found["variants"]
    print(f"{'':28}" + "".join(f"{v['key']:>22}" for v in variants))
    for name, figure, more in ROWS:
        values = [figure(v) for v in variants]
        cells = "".join(f"{'-' if value is None else f'{value:,.3f}':>22}" for value in values)
        print(f"{name:28}{cells}  {winner(variants, values, more)}")
    guess = found["frequent_guess"]
    print(
        f"always the ten commonest words: {guess['top10_accuracy']:.3f}; the commonest: {guess['top1_accuracy']:.3f}"
    )


def winner(variants: list[dict[str, Any]], values: list[float | None], more: bool) -> str:
    """Whether the best of the project's model is ahead of the best of the recipe, and by which ratio."""
    sides: dict[bool, list[float]] = {True: [], False: []}
    for variant, value in zip(variants, values, strict=True):
        if value is not None:
            sides[variant["key"].startswith("lyricist")].append(value)
    if not sides[True] or not sides[False]:
        return "only one side has it"
    ours, theirs = (max(side) if more else min(side) for side in (sides[True], sides[False]))
    if ours == theirs:
        return "equal"
    ahead = (ours > theirs) == more
    low, high = sorted((ours, theirs))
    return f"{'won' if ahead else 'LOST'}" + (f", ratio {high / low:.2f}" if low > 0 else "")


def samples(found: dict[str, Any]) -> None:
    """What each variant wrote for the first melody and the first word."""
    for lyric in found["lyrics"]:
        if lyric["melody"] == 0 and not lyric["again"] and lyric["first"] == found["first_words"][0]:
            lines = [line for section in lyric["sections"] for line in section["lines"]][:4]
            print(f"\n{lyric['variant']}:\n  " + "\n  ".join(lines or [lyric["failed"]]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--test", type=int, default=12, help="test songs")
    parser.add_argument("--preset", default="small")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variant", action="append", default=[], help="only this one; several times for several")
    parser.add_argument("--report", type=Path, help="keep the report here")
    parser.add_argument("--quick", action="store_true", help="small networks: does it run?")
    options = parser.parse_args()
    if not (DATA / "melodies").is_dir():
        sys.exit(f"{DATA} is not there: set LYRICIST_DATA to the folder with songs/hymns.txt and melodies/hymns-midi")
    settings = Settings(
        budget=options.seconds,
        seed=options.seed,
        preset=options.preset,
        variants=tuple(options.variant),
        quick=options.quick,
    )
    with tempfile.TemporaryDirectory() as place:
        files = lay_out(hymns(), Path(place), options.test)
        out = options.report or Path(place) / "report"
        found = exercise(*files, out, settings, command=" ".join(sys.argv), tell=lambda s: print(s, file=sys.stderr))
    table(found)
    samples(found)
    kept = (
        "key",
        "training",
        "foretelling",
        "written",
        "words_per_second",
        "words_per_second_together",
        "failed",
        "effects",
    )
    variants = [{name: variant[name] for name in kept} for variant in found["variants"]]
    for variant in variants:
        variant["training"] = {k: v for k, v in variant["training"].items() if k != "validation"}
    report("classic_fight", {"data": found["data"], "guess": found["frequent_guess"], "variants": variants})


if __name__ == "__main__":
    main()
