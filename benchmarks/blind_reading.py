"""A blind reading: stanzas in common metre by two of three hands, which of them is better, the key sealed.

    python benchmarks/blind_reading.py make RUN --against PLAIN -o FOLDER --key KEY.json [--plain 100] [--human 40]
    python benchmarks/blind_reading.py score FOLDER --key KEY.json ANSWERS...

`make` writes FOLDER/sheet.md (for readers), FOLDER/answers.csv (to be filled in) and KEY.json, which readers must not
see: put it where they do not look. The sheet carries its SHA-256, so that nobody can change it afterwards.

- ours: RUN by the default drawing, with the drafts of each song as `lyricist write` has them (`--particles`).
- plain: PLAIN, a run of an LSTM without anything else, under the same automaton: the same temperature and truncation,
  one particle, no bonus for long words, no heat at rhymes, no control of repetition, nothing reranked. `--blank`
  shows it nothing of the plan, should it be a run that was trained to see one.
- human: of hymns, carols, songs and rhymes the first stanza of 8, 6, 8, 6 syllables whose second and fourth line
  rhyme and that has no archaic word, which would give it away. (There are too few that rhyme ABAB in strict iambs.)

The first stanza each seed gives, the first human ones after shuffling: none is chosen. All are printed alike: small
letters, a capital at a line's beginning, no punctuation. Whether a pair is with the plain model or with people, and
which is which, is by chance.

ANSWERS are CSV files of the columns pair, sense, song, fresh, known (A or B; `=` for no difference; `known` A or B if
the reader has met the stanza before, which leaves the pair out), one file a reader. `score` opens the key, checks its
hash, and tells for ours against each other hand: wins question by question and of the majority of the three, ties as
half, with the Wilson interval, readers' agreement, and the twenty of ours that lost by most.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import lyricist
from archaic_words import is_archaic
from common import songs_or_exit
from lyricist.apps.cli.write_command import DRAFTS
from lyricist.generate.writer import Model
from lyricist.plan.plan import Drawing, Plan
from stanzas import FORMS, form_test
from verse import SOURCES, Words, cut_lines, human_songs, share_line

QUESTIONS = {
    "sense": "Which makes more sense: do its lines say something, and one thing after another?",
    "song": "Which would you rather sing: does it flow, is it a song?",
    "fresh": "Which is fresher: less worn in its rhymes, images and turns of phrase?",
}
COLUMNS = ("pair", *QUESTIONS, "known")
PLAN = FORMS["common metre ABAB"]
LOOSELY = Plan(form=("verse",), lines=(4,), syllables=(8, 6), rhyme=("XAXA",))  # what people's stanzas must keep
WORST = 20

SHEET = """# A blind reading

{count} pairs of stanzas. Some were written by people and some by programs. Who wrote which is sealed, SHA-256 of the
key `{sealed}`. All are printed alike, without punctuation: supply it as you read. Read both aloud, or in your mind,
then answer for each pair with `A`, `B`, or `=` if you see no difference:

{questions}

Put your answers into a copy of `answers.csv`, one row a pair. If you have met one of the stanzas before (a hymn or
song you know), write `A` or `B` under `known`; else leave it empty. Judge each pair by itself, and do not try to
guess who wrote what.
"""


@dataclass(frozen=True)
class Entry:
    """A stanza, who wrote it (ours, plain or human) and how to find it again (a seed, a number)."""

    hand: str
    source: str
    text: str


Shown = tuple[Entry, Entry]  # A and B


# --- stanzas


def plain_drawing() -> Drawing:
    """Sampling and nothing else, at the default's temperature and truncation."""
    default = Drawing()
    off = {
        "particles": 1,
        "candidates": 1,
        "best_of": 1,
        "repetition": 0,
        "long_words": 0,
        "balance": 0,
        "rhyme_temperature": 1,
        "fresh": 0,
        "merit": 0,
    }
    known = {name: value for name, value in off.items() if name in Drawing.model_fields}
    return default.model_copy(update=known)


class Blank(Model):
    """A model that is shown nothing of the plan."""

    @property
    def groups(self) -> tuple[str, ...]:
        return ()


def blank(model: Model) -> Model:
    made = Blank.__new__(Blank)
    made.__dict__.update(model.__dict__)  # the same session and files
    return made


def written(hand: str, model: Model, plan: Plan, drawing: Drawing, seeds: range) -> list[Entry]:
    songs = model.write(plan, drawing, seed=seeds.start, count=len(seeds))
    return [Entry(hand, f"seed {s.seed}", plainly(cut_lines(s.text.splitlines()))) for s in songs]


def human_stanzas(count: int, rng: Random) -> list[Entry]:
    """Stanzas people wrote in the form, without archaic words: one a song, its first; fewer if there are no more."""
    fits, found = form_test(LOOSELY), []
    songs = human_songs(songs_or_exit(), (*SOURCES, "moore"), least=4)
    for song in rng.sample(songs, len(songs)):
        if len(found) == count:
            break
        stanzas = (cut_lines(song.lines[at : at + 4]) for at in range(0, len(song.lines) - 3, 4))
        chosen = next((s for s in stanzas if modern(s) and fits(tuple(s))), None)
        if chosen is not None:
            found.append(Entry("human", song.name, plainly(chosen)))
    return found


def modern(stanza: Sequence[Words]) -> bool:
    return not any(is_archaic(word) for line in stanza for word in line)


def plainly(stanza: Sequence[Words]) -> str:
    """Small letters, a capital at the beginning of a line, no punctuation.

    >>> plainly([("when", "i"), ("i'll", "go")])
    "When I\\nI'll go"
    """
    return "\n".join(first_large(" ".join(map(self_large, line))) for line in stanza)


def self_large(word: str) -> str:
    return word.capitalize() if word == "i" or word.startswith("i'") else word


def first_large(line: str) -> str:
    return line[:1].upper() + line[1:]


# --- the sheet and its key


def pairs_of(ours: Sequence[Entry], others: Sequence[Entry], rng: Random) -> list[Shown]:
    """Each of the others with one of ours, which is A by chance, all in an order by chance."""
    pairs = [(a, b) if rng.random() < 0.5 else (b, a) for a, b in zip(ours, others, strict=False)]
    rng.shuffle(pairs)
    return pairs


def write_sheet(folder: Path, sealed: Path, pairs: Sequence[Shown], about: dict[str, Any]) -> None:
    """Sheet, empty answers and, elsewhere, the key; the key holds a random salt, so that its hash tells nothing."""
    if sealed.exists() or folder.exists():
        raise SystemExit(f"{sealed if sealed.exists() else folder} is there already: choose another name")
    folder.mkdir(parents=True)
    listed = [[vars(entry) for entry in pair] for pair in pairs]
    key = json.dumps({"salt": secrets.token_hex(16), **about, "pairs": listed}, indent=1)
    questions = "\n".join(f"- **{name}**: {question}" for name, question in QUESTIONS.items())
    head = SHEET.format(count=len(pairs), sealed=hashlib.sha256(key.encode()).hexdigest(), questions=questions)
    (folder / "sheet.md").write_text(head + "".join(map(shown, range(1, len(pairs) + 1), pairs)), encoding="utf-8")
    rows = "".join(f"{i},,,,\n" for i in range(1, len(pairs) + 1))
    (folder / "answers.csv").write_text(",".join(COLUMNS) + "\n" + rows, encoding="utf-8")
    sealed.write_text(key, encoding="utf-8")


def shown(number: int, pair: Shown) -> str:
    blocks = ("\n".join(f"> {line}  " for line in entry.text.splitlines()) for entry in pair)
    a, b = blocks
    return f"\n## Pair {number}\n\n**A**\n\n{a}\n\n**B**\n\n{b}\n"


def open_key(folder: Path, sealed: Path) -> list[Shown]:
    """The pairs, if the key is the one that the sheet was sealed with."""
    key = sealed.read_text(encoding="utf-8")
    if hashlib.sha256(key.encode()).hexdigest() not in (folder / "sheet.md").read_text(encoding="utf-8"):
        raise SystemExit(f"{sealed} is not the key that {folder / 'sheet.md'} was sealed with")
    return [(Entry(**a), Entry(**b)) for a, b in json.loads(key)["pairs"]]


# --- scores

Answers = dict[int, dict[str, str]]  # pair -> question -> A, B or =


def read_answers(file: Path) -> Answers:
    with file.open(encoding="utf-8", newline="") as handle:
        rows = {
            int(row["pair"]): {q: (row[q] or "").strip().upper() for q in COLUMNS[1:]}
            for row in csv.DictReader(handle)
        }
    for pair, row in rows.items():
        wrong = [q for q in QUESTIONS if row[q] not in ("A", "B", "=")]
        if wrong:
            raise SystemExit(f"{file}: pair {pair} has no answer A, B or = to {', '.join(wrong)}")
    return rows


def majority(answers: Iterable[str]) -> str:
    """
    >>> majority("AB="), majority("A=="), majority("BBA")
    ('=', 'A', 'B')
    """
    counts = Counter(answers)
    return "=" if counts["A"] == counts["B"] else max("AB", key=counts.__getitem__)


@dataclass(frozen=True)
class Verdict:
    """A pair as all readers saw it: 1 for ours, 0 for the other, 0.5 for neither; by question and `overall`."""

    pair: int
    ours: Entry
    other: Entry
    points: dict[str, float]
    margin: int  # answers for ours - answers for the other, all questions and readers


def verdicts(pairs: Sequence[Shown], readers: Sequence[Answers]) -> Iterator[Verdict]:
    """Of the pairs that somebody judged and nobody knew."""
    for number, (a, b) in enumerate(pairs, 1):
        given = [reader[number] for reader in readers if number in reader]
        if not given or any(answer["known"] for answer in given):
            continue
        mine, theirs = ("A", "B") if a.hand == "ours" else ("B", "A")
        points = {q: majority(answer[q] for answer in given) for q in QUESTIONS}
        points["overall"] = majority(answer[q] for answer in given for q in QUESTIONS)
        every = [answer[q] for answer in given for q in QUESTIONS]
        ours, other = (a, b) if mine == "A" else (b, a)
        worth = {mine: 1.0, theirs: 0.0, "=": 0.5}
        yield Verdict(
            number, ours, other, {q: worth[p] for q, p in points.items()}, every.count(mine) - every.count(theirs)
        )


def agreement(readers: Sequence[Answers]) -> float | None:
    """Share of questions that two readers answer alike, over all pairs of readers."""
    same = [
        one[pair][q] == other[pair][q]
        for one, other in combinations(readers, 2)
        for pair in one.keys() & other.keys()
        for q in QUESTIONS
    ]
    return sum(same) / len(same) if same else None


def tell(found: Sequence[Verdict], readers: Sequence[Answers]) -> None:
    by_hand: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in found:
        by_hand[verdict.other.hand].append(verdict)
    alike = agreement(readers)
    print(f"{len(found)} pairs, {len(readers)} readers" + (f", who agree in {alike:.0%} of answers" if alike else ""))
    for hand, mine in sorted(by_hand.items()):
        for question in (*QUESTIONS, "overall"):
            points = [v.points[question] for v in mine]
            ties = points.count(0.5)
            print(share_line(f"ours against {hand}, {question}", sum(points), len(points)) + f", {ties} ties")
    for verdict in sorted(found, key=lambda v: v.margin)[:WORST]:
        print(f"\npair {verdict.pair}, margin {verdict.margin}: ours ({verdict.ours.source})")
        print(f"{verdict.ours.text}\n  against {verdict.other.hand}\n{verdict.other.text}")


# --- commands


def make(options: argparse.Namespace) -> None:
    rng = Random(options.seed)
    human = human_stanzas(options.human, rng)
    seeds = range(options.seed * 10_000, options.seed * 10_000 + options.plain + len(human))
    drawing = Drawing(particles=options.particles)
    ours = written("ours", lyricist.load(options.run), PLAN, drawing, seeds)
    rival = lyricist.load(options.against)
    plain = written("plain", blank(rival) if options.blank else rival, PLAN, plain_drawing(), seeds[: options.plain])
    about = {
        "profile": drawing.profile,
        "run": options.run.name,
        "against": options.against.name,
        "blank": options.blank,
    }
    pairs = pairs_of(ours, [*plain, *human], rng)
    write_sheet(options.output, options.key, pairs, about)
    print(f"{options.output}: {len(plain)} pairs with the plain model, {len(human)} with people")


def score(options: argparse.Namespace) -> None:
    readers = [read_answers(file) for file in options.answers]
    found = list(verdicts(open_key(options.folder, options.key), readers))
    tell(found, readers)
    if options.json:
        rows = [{"pair": v.pair, "against": v.other.hand, "margin": v.margin, **v.points} for v in found]
        options.json.write_text(json.dumps(rows, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description="A blind reading of stanzas in common metre.")
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("make")
    one.add_argument("run", type=Path)
    one.add_argument("--against", type=Path, required=True, help="a run of a plain LSTM")
    one.add_argument("--particles", type=int, default=DRAFTS, help="drafts of each of ours")
    one.add_argument("--blank", action="store_true", help="show PLAIN nothing of the plan")
    one.add_argument("-o", "--output", type=Path, required=True, help="a folder that is not there yet")
    one.add_argument("--plain", type=int, default=100, help="pairs with the plain model")
    one.add_argument("--human", type=int, default=40, help="pairs with people")
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(does=make)
    two = commands.add_parser("score")
    two.add_argument("folder", type=Path)
    two.add_argument("answers", type=Path, nargs="+")
    two.add_argument("--json", type=Path)
    for command in (one, two):
        command.add_argument("--key", type=Path, required=True, help="who wrote which, kept from the readers")
    two.set_defaults(does=score)
    options = parser.parse_args()
    options.does(options)


if __name__ == "__main__":
    main()
