"""A blind matching: about which of ten sets of three words was a song written, the words themselves left out?

    python benchmarks/theme_reading.py make SONGS.jsonl -o FOLDER --key KEY.json [--steered 100] [--whole-lines]
    python benchmarks/theme_reading.py score FOLDER --key KEY.json ANSWERS...

SONGS.jsonl is the output of theme_match.py: human songs with three content words each, songs written about these
words, and songs written without a theme. `make` takes some of each, no two of one case, in random order. The words of
all ten sets and their families are left out of each song without a mark (with `--whole-lines` every line that has
one). The nine other sets come from cases that share no family of words with it. FOLDER/sheet.md is for readers who
know neither the songs nor the program, FOLDER/answers.csv (text, set) is to be filled in; KEY.json must be kept from
the readers, the sheet states its SHA-256. `score` prints how often songs were matched to their own words, with Wilson
intervals; chance is 10%. With several readers the most frequent answer counts, and none if there is a tie.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from theme_match import SETS, Case, apart, read_cases
from verse import Words, cut_lines, read_key, read_rows, reading_parsers, related, share_line, write_sheet

COLUMNS = ("text", "set")
HANDS = {"steered": 100, "human": 60, "unsteered": 40}

SHEET = """# A blind matching

{count} songs, some by people and some by programs, most of them written about one of the ten sets of three words
below each. All words of all ten sets are left out of a song, without a mark, and so is the punctuation. Who wrote
what is sealed, SHA-256 of the key `{sealed}`. Read each song and say which set it is most likely about, by what is
left of it: a number from 1 to 10, always one. Put the numbers into a copy of `answers.csv`.
"""


def struck(lines: Sequence[Words], sets: Sequence[Words], whole: bool = False) -> list[str]:
    """Lines without the words of any set and their families; `whole`: without the lines that hold one.

    >>> lines = [("a", "ship", "stormy"), ("and", "rain")]
    >>> struck(lines, [("ship", "sea", "storm")]), struck(lines, [("ship", "sea", "storm")], whole=True)
    (['a', 'and rain'], ['and rain'])
    """
    every = [word for about in sets for word in about]
    left = [[word for word in line if not any(related(word, other) for other in every)] for line in lines]
    kept = [line for line, was in zip(left, lines, strict=True) if not whole or len(line) == len(was)]
    return [" ".join(line) for line in kept if line]


def entries(cases: Sequence[Case], wanted: dict[str, int], rng: Random, whole: bool) -> list[dict[str, Any]]:
    """Songs as the sheet shows them, with their author and the number (from 1) of their own set."""
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


def make(options: Namespace) -> None:
    wanted = {hand: getattr(options, hand) for hand in HANDS}
    made = entries(list(read_cases(options.songs)), wanted, Random(options.seed), options.whole_lines)
    items = list(map(shown, range(1, len(made) + 1), made))
    write_sheet(options.output, options.key, {"entries": made}, SHEET, items, COLUMNS)
    print(f"{options.output}: {', '.join(f'{n} {hand}' for hand, n in Counter(e['hand'] for e in made).items())}")


def read_answers(file: Path) -> dict[int, int]:
    rows = {number: row["set"] for number, row in read_rows(file, COLUMNS).items()}
    for number, answer in rows.items():
        if not answer.isdigit() or not 1 <= int(answer) <= SETS:
            raise SystemExit(f"{file}: song {number} has no answer from 1 to {SETS}")
    return {number: int(answer) for number, answer in rows.items()}


def most_named(answers: Iterable[int]) -> int:
    """The most frequent answer; 0 if there is a tie.

    >>> most_named([3, 3, 1]), most_named([3, 1]), most_named([2])
    (3, 0, 2)
    """
    ranked = Counter(answers).most_common(2)
    return 0 if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]) else ranked[0][0]


def score(options: Namespace) -> None:
    readers = [read_answers(file) for file in options.answers]
    found: dict[str, list[bool]] = defaultdict(list)
    for number, entry in enumerate(read_key(options.folder, options.key)["entries"], 1):
        given = [reader[number] for reader in readers if number in reader]
        if given:
            found[entry["hand"]].append(most_named(given) == entry["own"])
    for hand, right in found.items():
        print(share_line(f"{hand}: matched to its own words", sum(right), len(right)))


def main() -> None:
    made, one, _ = reading_parsers(__doc__)
    one.add_argument("songs", type=Path, help="as theme_match.py wrote them")
    for hand, count in HANDS.items():
        one.add_argument(f"--{hand}", type=int, default=count, help=f"songs of this hand (default: {count})")
    one.add_argument("--whole-lines", action="store_true", help="leave out every line with a word of a set in it")
    options = made.parse_args()
    (make if options.command == "make" else score)(options)


if __name__ == "__main__":
    main()
