"""A blind matching: which of ten sets of three words was a song about, the words themselves left out?

    python benchmarks/theme_reading.py make SONGS.jsonl -o FOLDER --key KEY.json [--steered 100] [--whole-lines]
    python benchmarks/theme_reading.py score FOLDER --key KEY.json ANSWERS...

SONGS.jsonl is what theme_match.py wrote: songs by people, their three content words, and songs written about these
and without a theme. `make` takes some of each hand, no two of one case, in an order by chance; of every song all ten
sets' words and their families are left out without a mark, so that none can be found by itself, though the gap that
it leaves may be guessed; with `--whole-lines` all lines in which such a word stands are left out. The nine other sets
are drawn from cases that share no family with it. FOLDER/sheet.md is for readers who have met neither the songs nor
the program, FOLDER/answers.csv (text, set) to be filled in; KEY.json is to be kept from them, its SHA-256 stands in
the sheet. `score` tells how often each hand's songs were matched to their own words, with the Wilson interval; chance
is 10%. With several readers the set that most name counts, none where they are divided.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from theme_match import SETS, Case, apart, read_cases
from verse import Words, cut_lines, related, share_line

HANDS = {"steered": 100, "human": 60, "unsteered": 40}

SHEET = """# A blind matching

{count} songs, some by people and some by programs, most of them written about one of the ten sets of three words
below each. All words of all ten sets are left out of a song, without a mark, and so is the punctuation. Who wrote
what is sealed, SHA-256 of the key `{sealed}`. Read each song and say which set it is most likely about, by what is
left of it: a number from 1 to 10, always one. Put the numbers into a copy of `answers.csv`.
"""


def struck(lines: Sequence[Words], sets: Sequence[Words], whole: bool = False) -> list[str]:
    """Lines without the words of any set and their families; `whole`: without the lines that they stand in.

    >>> lines = [("a", "ship", "stormy"), ("and", "rain")]
    >>> struck(lines, [("ship", "sea", "storm")]), struck(lines, [("ship", "sea", "storm")], whole=True)
    (['a', 'and rain'], ['and rain'])
    """
    every = [word for about in sets for word in about]
    left = [[word for word in line if not any(related(word, other) for other in every)] for line in lines]
    kept = [line for line, was in zip(left, lines, strict=True) if not whole or len(line) == len(was)]
    return [" ".join(line) for line in kept if line]


def entries(cases: Sequence[Case], wanted: dict[str, int], rng: Random, whole: bool) -> list[dict[str, Any]]:
    """Songs as the sheet shows them, with their hand and the number (from 1) of their own set."""
    shuffled = rng.sample(list(cases), len(cases))
    out, start = [], 0
    for hand, count in wanted.items():
        for case in shuffled[start : start + count]:
            others = [c.about for c in cases if c is not case and apart(c.about, case.about)]
            sets = [case.about, *rng.sample(others, min(SETS - 1, len(others)))]
            rng.shuffle(sets)
            own, text = sets.index(case.about) + 1, struck(cut_lines(case.texts[hand]), sets, whole)
            out.append({"hand": hand, "name": case.name, "own": own, "sets": sets, "text": text})
        start += count
    rng.shuffle(out)
    return out


def shown(number: int, entry: dict[str, Any]) -> str:
    sets = "; ".join(f"**{i}** {', '.join(about)}" for i, about in enumerate(entry["sets"], 1))
    lines = "\n".join(f"> {line}  " for line in entry["text"])
    return f"\n## Song {number}\n\n{lines}\n\n{sets}\n"


def make(options: argparse.Namespace) -> None:
    if options.key.exists() or options.output.exists():
        raise SystemExit(f"{options.key if options.key.exists() else options.output} is there already: name another")
    wanted = {hand: getattr(options, hand) for hand in HANDS}
    made = entries(list(read_cases(options.songs)), wanted, Random(options.seed), options.whole_lines)
    key = json.dumps({"salt": secrets.token_hex(16), "entries": made}, indent=1)
    options.output.mkdir(parents=True)
    head = SHEET.format(count=len(made), sealed=hashlib.sha256(key.encode()).hexdigest())
    (options.output / "sheet.md").write_text(head + "".join(map(shown, range(1, len(made) + 1), made)), "utf-8")
    (options.output / "answers.csv").write_text("text,set\n" + "".join(f"{i},\n" for i in range(1, len(made) + 1)))
    options.key.write_text(key, encoding="utf-8")
    print(f"{options.output}: {', '.join(f'{n} {hand}' for hand, n in Counter(e['hand'] for e in made).items())}")


def read_answers(file: Path) -> dict[int, int]:
    with file.open(encoding="utf-8", newline="") as handle:
        rows = {int(row["text"]): (row["set"] or "").strip() for row in csv.DictReader(handle)}
    wrong = [n for n, answer in rows.items() if not answer.isdigit() or not 1 <= int(answer) <= SETS]
    if wrong:
        raise SystemExit(f"{file}: song {wrong[0]} has no answer from 1 to {SETS}")
    return {n: int(answer) for n, answer in rows.items()}


def most_named(answers: Iterable[int]) -> int:
    """The answer that more give than any other; 0 where there is none.

    >>> most_named([3, 3, 1]), most_named([3, 1]), most_named([2])
    (3, 0, 2)
    """
    ranked = Counter(answers).most_common(2)
    return 0 if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]) else ranked[0][0]


def score(options: argparse.Namespace) -> None:
    key = options.key.read_text(encoding="utf-8")
    if hashlib.sha256(key.encode()).hexdigest() not in (options.folder / "sheet.md").read_text(encoding="utf-8"):
        raise SystemExit(f"{options.key} is not the key that {options.folder / 'sheet.md'} was sealed with")
    readers = [read_answers(file) for file in options.answers]
    found: dict[str, list[bool]] = defaultdict(list)
    for number, entry in enumerate(json.loads(key)["entries"], 1):
        given = [reader[number] for reader in readers if number in reader]
        if given:
            found[entry["hand"]].append(most_named(given) == entry["own"])
    for hand, right in found.items():
        print(share_line(f"{hand}: matched to its own words", sum(right), len(right)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Which of ten sets of words was a song about?")
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("make")
    one.add_argument("songs", type=Path, help="as theme_match.py wrote them")
    one.add_argument("-o", "--output", type=Path, required=True, help="a folder that is not there yet")
    for hand, count in HANDS.items():
        one.add_argument(f"--{hand}", type=int, default=count)
    one.add_argument("--whole-lines", action="store_true", help="leave out every line with a word of a set in it")
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(does=make)
    two = commands.add_parser("score")
    two.add_argument("folder", type=Path)
    two.add_argument("answers", type=Path, nargs="+")
    two.set_defaults(does=score)
    for command in (one, two):
        command.add_argument("--key", type=Path, required=True, help="which set is whose, kept from the readers")
    options = parser.parse_args()
    options.does(options)


if __name__ == "__main__":
    main()
