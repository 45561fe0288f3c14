"""A blind reading: pairs of stanzas in common metre, whose authors are sealed. Which stanza is better?

    python benchmarks/blind_reading.py make RUN --against PLAIN -o FOLDER --key KEY.json [--plain 100] [--human 40]
    python benchmarks/blind_reading.py score FOLDER --key KEY.json ANSWERS...

`make` writes FOLDER/sheet.md for the readers, FOLDER/answers.csv to fill in, and KEY.json, which readers must not
see. The sheet states the SHA-256 of the key, so that nobody can change it afterwards.

- ours: songs by RUN with the default drawing and as many drafts as `lyricist write` has.
- plain: songs by PLAIN, a plain LSTM, under the same automaton, temperature and truncation, with one draft and
  nothing that improves a song. `--blank` hides the plan from a run that was trained to see one.
- human: of hymns, carols, songs and rhymes the first stanza of 8, 6, 8, 6 syllables whose second and fourth line
  rhyme and that has no archaic word, which would give it away. (Too few rhyme ABAB in strict iambs.)

Stanzas are the first of each seed, and of the shuffled human songs; none is selected. All are printed alike, in lower
case and without punctuation. The order of pairs, and of the stanzas in a pair, is random.

ANSWERS are CSV files, one a reader: pair, sense, song, fresh, known (A or B; `=` for no difference; under `known` A
or B if the reader knows the stanza, which excludes the pair). `score` prints, for ours against each other author, the
wins by question and by the majority of the three (ties count half) with Wilson intervals, how often readers agree,
and the twenty of our stanzas that lost by most.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import lyricist
from common import save, songs_or_exit
from lyricist.generate.writer import Model
from lyricist.plan.plan import Drawing, Plan
from stanzas import FORMS, Untold, form_test
from verse import (
    SOURCES,
    Words,
    cut_lines,
    human_songs,
    is_archaic,
    read_key,
    read_rows,
    reading_parsers,
    share_line,
    write_sheet,
)

QUESTIONS = {
    "sense": "Which makes more sense: do its lines say something, and one thing after another?",
    "song": "Which would you rather sing: does it flow, is it a song?",
    "fresh": "Which is fresher: less worn in its rhymes, images and turns of phrase?",
}
COLUMNS = ("pair", *QUESTIONS, "known")
PLAN = FORMS["common metre ABAB"]
LOOSELY = Plan(form=("verse",), lines=(4,), syllables=(8, 6), rhyme=("XAXA",))  # what people's stanzas must keep
WORST = 20

SHEET = (
    """# A blind reading

{count} pairs of stanzas. Some were written by people and some by programs. Who wrote which is sealed, SHA-256 of the
key `{sealed}`. All are printed alike, without punctuation: supply it as you read. Read both aloud, or in your mind,
then answer for each pair with `A`, `B`, or `=` if you see no difference:

"""
    + "\n".join(f"- **{name}**: {question}" for name, question in QUESTIONS.items())
    + """

Put your answers into a copy of `answers.csv`, one row a pair. If you have met one of the stanzas before (a hymn or
song you know), write `A` or `B` under `known`; else leave it empty. Judge each pair by itself, and do not try to
guess who wrote what.
"""
)


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
    off = {"repetition": 0, "long_words": 0, "balance": 0, "rhyme_temperature": 1, "fresh": 0, "merit": 0}
    return Drawing(particles=1).model_copy(update=off)


def written(hand: str, model: Model, plan: Plan, drawing: Drawing, seeds: range) -> list[Entry]:
    songs = model.write(plan, drawing, seed=seeds.start, count=len(seeds), as_it_is=True)
    return [Entry(hand, f"seed {s.seed}", plainly(cut_lines(s.text.splitlines()))) for s in songs]


def human_stanzas(count: int, rng: Random) -> list[Entry]:
    """Human stanzas of the form without archaic words, the first of each song; fewer if there are no more."""
    fits, found = form_test(LOOSELY), []
    songs = human_songs(songs_or_exit(), (*SOURCES, "moore"), least=4)
    for song in rng.sample(songs, len(songs)):
        if len(found) == count:
            break
        stanzas = (cut_lines(song.lines[at : at + 4]) for at in range(0, len(song.lines) - 3, 4))
        modern = (s for s in stanzas if not any(is_archaic(word) for line in s for word in line))
        chosen = next((s for s in modern if fits(tuple(s))), None)
        if chosen is not None:
            found.append(Entry("human", song.name, plainly(chosen)))
    return found


def plainly(stanza: Sequence[Words]) -> str:
    """Lower case, a capital at the beginning of a line, no punctuation.

    >>> plainly([("when", "i"), ("i'll", "go")])
    "When I\\nI'll go"
    """
    lines = (" ".join("I" + w[1:] if w == "i" or w.startswith("i'") else w for w in line) for line in stanza)
    return "\n".join(line[:1].upper() + line[1:] for line in lines)


# --- the sheet and its key


def pairs_of(ours: Sequence[Entry], others: Sequence[Entry], rng: Random) -> list[Shown]:
    """Each of the others with one of ours; the order in a pair and of the pairs is random."""
    pairs = [(a, b) if rng.random() < 0.5 else (b, a) for a, b in zip(ours, others, strict=False)]
    rng.shuffle(pairs)
    return pairs


def shown(number: int, pair: Shown) -> str:
    a, b = ("\n".join(f"> {line}  " for line in entry.text.splitlines()) for entry in pair)
    return f"\n## Pair {number}\n\n**A**\n\n{a}\n\n**B**\n\n{b}\n"


def open_key(folder: Path, key_file: Path) -> list[Shown]:
    """The pairs, if the key is the one that the sheet was sealed with."""
    return [(Entry(**a), Entry(**b)) for a, b in read_key(folder, key_file)["pairs"]]


# --- scores

Answers = dict[int, dict[str, str]]  # pair -> question -> A, B or =


def read_answers(file: Path) -> Answers:
    rows = {pair: {q: a.upper() for q, a in row.items()} for pair, row in read_rows(file, COLUMNS).items()}
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
    """Verdicts of the pairs that at least one reader judged and no reader knew."""
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
        margin = every.count(mine) - every.count(theirs)
        yield Verdict(number, ours, other, {q: worth[p] for q, p in points.items()}, margin)


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


def seal(folder: Path, key_file: Path, pairs: Sequence[Shown], about: dict[str, Any]) -> None:
    """Write the sheet, empty answers and, elsewhere, the key."""
    key = {**about, "pairs": [[vars(entry) for entry in pair] for pair in pairs]}
    items = list(map(shown, range(1, len(pairs) + 1), pairs))
    write_sheet(folder, key_file, key, SHEET, items, COLUMNS)


def make(options: Namespace) -> None:
    rng = Random(options.seed)
    human = human_stanzas(options.human, rng)
    seeds = range(options.seed * 10_000, options.seed * 10_000 + options.plain + len(human))
    drawing = Drawing(particles=options.particles)
    ours = written("ours", lyricist.load(options.run), PLAN, drawing, seeds)
    rival = lyricist.load(options.against)
    rival = Untold.of(rival) if options.blank else rival
    plain = written("plain", rival, PLAN, plain_drawing(), seeds[: options.plain])
    about = {"profile": drawing.profile, "run": options.run.name, "against": options.against.name}
    pairs = pairs_of(ours, [*plain, *human], rng)
    seal(options.output, options.key, pairs, {**about, "blank": options.blank})
    print(f"{options.output}: {len(plain)} pairs with the plain model, {len(human)} with people")


def score(options: Namespace) -> None:
    readers = [read_answers(file) for file in options.answers]
    found = list(verdicts(open_key(options.folder, options.key), readers))
    tell(found, readers)
    save([{"pair": v.pair, "against": v.other.hand, "margin": v.margin, **v.points} for v in found], options.json)


def main() -> None:
    made, one, two = reading_parsers(__doc__)
    one.add_argument("run", type=Path)
    one.add_argument("--against", type=Path, required=True, help="a run of a plain LSTM")
    one.add_argument("--particles", type=int, default=Drawing().particles, help="drafts of each of our songs")
    one.add_argument("--blank", action="store_true", help="show PLAIN nothing of the plan")
    one.add_argument("--plain", type=int, default=100, help="pairs with the plain model (default: 100)")
    one.add_argument("--human", type=int, default=40, help="pairs with people (default: 40)")
    two.add_argument("--json", type=Path)
    options = made.parse_args()
    (make if options.command == "make" else score)(options)


if __name__ == "__main__":
    main()
