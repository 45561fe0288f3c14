"""Sheets of pairs for blind readers: which of two songs was written after fine-tuning on an author's songs?

    python benchmarks/fine_tuning_pairs.py make OUT --author burns=RUN [--author NAME=RUN]... [--pairs 34]
    python benchmarks/fine_tuning_pairs.py score OUT NAME=ANSWERS.txt...

`make` writes for every author OUT/NAME.txt, which readers get, and OUT/key/NAME.json. A sheet begins with three of
the songs in RUN's corpus that it was not trained on (or from --examples NAME=FILE, songs parted by blank lines).
Then come pairs A and B: a song of the base and a song of the run, both by default settings and of the same seed, in
random order. Everything is in lower case, without titles and punctuation, and cut to 16 lines.

ANSWERS.txt holds a letter for every pair, "1 A", "2 B", one a line. `score` prints how many are right.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

import lyricist
from common import parser
from lyricist.corpus import Section, open_corpus
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.generate.result import WrittenSong
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import Drawing, Plan

EXAMPLES = 3
MOST = 16  # lines of a text
FIRST_SEED = 4_000
LETTERS = "AB"
split = WordTokenizer().split

TASK = """Below are {examples} songs by one author, and then {pairs} pairs of songs, A and B, that a program wrote.
One of each pair was written before the program had read songs of this author, the other after it had read some
(others than those below). Everything is printed alike: lower case, no titles, no punctuation, cut after {most} lines.

For each pair say which song was written AFTER reading the author. Write one line for each pair: its number and the
letter, such as "1 A". Guess where you are not sure.
"""


def shown(sections: Iterable[Section]) -> str:
    """The lines of a song, bare, with a blank line between sections."""
    found: list[str] = []
    for section in sections:
        found += [" ".join(split(line.text)) for line in section.lines] + [""]
    while sum(1 for line in found if line) > MOST:
        found.pop()
    return "\n".join(found).strip()


def written(run: str, seeds: Sequence[int]) -> dict[int, str]:
    """What a run writes without a wish, by seed."""
    events = lyricist.load(run).events(Plan(premise=True), Drawing(), seeds)
    return {song.seed: shown(song.sections) for song in events if isinstance(song, WrittenSong)}


def examples(run: str, file: Path | None) -> list[str]:
    """Songs of the author that the run was not trained on, not too short."""
    if file is not None:
        texts = [text.split("\n") for text in file.read_text(encoding="utf-8").strip().split("\n\n")]
        found = ["\n".join(" ".join(split(line)) for line in lines[:MOST]) for lines in texts]
    else:
        corpus = open_corpus(Path(run) / Run.open(run).config["corpus"]["path"])
        found = [shown(song.sections) for name in ("test", "valid") for song in corpus.songs(name)]
    return [text for text in found if text.count("\n") >= MOST // 2 - 1][:EXAMPLES]


def sheet(name: str, run: str, arguments: argparse.Namespace, before: dict[int, str]) -> None:
    """Write the sheet and the key of one author."""
    rng, seeds = Random(f"{name} {arguments.seed}"), sorted(before)
    after = written(run, seeds)
    own = dict(each.split("=", 1) for each in arguments.examples).get(name)
    known = examples(run, Path(own) if own else None)
    parts = [TASK.format(examples=len(known), pairs=len(seeds), most=MOST)]
    parts += [f"--- a song by the author\n\n{text}\n" for text in known]
    key = []
    for number, seed in enumerate(rng.sample(seeds, len(seeds)), 1):
        right = rng.choice(LETTERS)
        texts = (after[seed], before[seed]) if right == "A" else (before[seed], after[seed])
        parts += [f"=== pair {number}\n\n--- A\n\n{texts[0]}\n\n--- B\n\n{texts[1]}\n"]
        key.append({"pair": number, "seed": seed, "after": right})
    (arguments.out / f"{name}.txt").write_text("\n".join(parts), encoding="utf-8")
    told = {"run": run, "base": arguments.base, "pairs": key}
    (arguments.out / "key" / f"{name}.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def make(arguments: argparse.Namespace) -> None:
    (arguments.out / "key").mkdir(parents=True, exist_ok=True)
    seeds = range(FIRST_SEED + 1000 * arguments.seed, FIRST_SEED + 1000 * arguments.seed + arguments.pairs)
    before = written(arguments.base, seeds)
    for each in arguments.author:
        name, run = each.split("=", 1)
        sheet(name, run, arguments, before)
        print(f"{name}: {arguments.pairs} pairs in {arguments.out / name}.txt")


def answers(text: str) -> Iterator[tuple[int, str]]:
    for line in text.splitlines():
        words = line.replace(":", " ").replace(".", " ").split()
        if len(words) >= 2 and words[0].isdigit() and words[1].upper() in LETTERS:
            yield int(words[0]), words[1].upper()


def score(arguments: argparse.Namespace) -> None:
    total = right = 0
    for each in arguments.answers:
        name, file = each.split("=", 1)
        key = json.loads((arguments.out / "key" / f"{name}.json").read_text(encoding="utf-8"))
        known = {row["pair"]: row["after"] for row in key["pairs"]}
        given = dict(answers(Path(file).read_text(encoding="utf-8")))
        if not given.keys() <= known.keys():
            sys.exit(f"{file} answers pairs that are not in {name}")
        found = sum(known[pair] == letter for pair, letter in given.items())
        print(f"{name}: {found} of {len(given)} right")
        total, right = total + len(given), right + found
    print(f"all: {right} of {total} right")


def main() -> None:
    made = parser(__doc__)
    kinds = made.add_subparsers(required=True)
    making = kinds.add_parser("make")
    making.add_argument("out", type=Path)
    making.add_argument("--author", action="append", required=True, help="NAME=RUN")
    making.add_argument("--examples", action="append", default=[], help="NAME=FILE")
    making.add_argument("--base", default="starter")
    making.add_argument("--pairs", type=int, default=34)
    making.add_argument("--seed", type=int, default=0)
    making.set_defaults(call=make)
    scoring = kinds.add_parser("score")
    scoring.add_argument("out", type=Path)
    scoring.add_argument("answers", nargs="+", help="NAME=FILE")
    scoring.set_defaults(call=score)
    arguments = made.parse_args()
    arguments.call(arguments)


if __name__ == "__main__":
    main()
