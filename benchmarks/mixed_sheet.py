"""A mixed sheet: our songs, held-out songs of today and old ones, unmarked. Readers mark each text.

    python benchmarks/mixed_sheet.py make OUT [--model [NAME=]RUN]... [--songs [NAME=]PATH]... [--seed 1]
    python benchmarks/mixed_sheet.py score OUT answers-1.csv answers-2.csv...

`make` writes three files into the new folder OUT. Give readers sheet.txt and answers.csv; keep key.json from them.

- ours: what `lyricist write` makes by default, with the seeds from 1000 * SEED on: 15 songs without a wish
  (source NAME) and 15 about three words each (source NAME+theme). NAME is `ours` for the starter, which writes if
  neither --model nor --songs is given. `--model before=RUN` writes with another run, with the same seeds and themes.
- --songs: songs that exist already: a file, or a folder of files, of any kind that `lyricist prepare` reads; `--of`
  of them, drawn by the seed.
- today: the anchor of today, from songs/held-out*.txt, which the starter never saw.
- old: the anchor of a hundred years ago, from hymns and parlour songs; left out where the shared data lack.

A theme is the three words that stand out most in a held-out song that is not on the sheet. Every text is in lower
case, without title, labels and punctuation, and cut after whole stanzas to 8 to 20 lines. The order is random.

Readers mark grammar, sense, song, fresh and keep from 1 to 5 and count broken lines. `score` prints means by source
with standard errors over texts, the share of broken lines, how well readers agree, and how far each source of ours is
from each anchor. Marks depend on what stands beside a text: compare within one sheet only.
"""

from __future__ import annotations

import json
import math
import shlex
import subprocess
import sys
import tempfile
from argparse import ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from common import ROOT, SONGS, lyricist, parser, save
from lyricist.corpus import READERS, Song, Source
from theme_match import SAYS_NOTHING
from verse import cut_lines, is_archaic, read_rows, related

QUALITIES = {
    "grammar": "Are the lines correct English? (5: every line; 1: hardly any)",
    "sense": "Does it say something, does each line follow from those before? (5: from first to last; 1: not at all)",
    "song": "Could it be sung, does it flow and come round like a song? (5: a real song; 1: no song at all)",
    "fresh": "Are its images, rhymes and turns of phrase its own? (5: nothing is worn; 1: everything is)",
    "keep": "Would you keep it and show it to somebody? (5: gladly; 1: no)",
}
COLUMNS = ("text", *QUALITIES, "broken")
LEAST, MOST = 8, 20  # lines of a text
STANZA = 4  # lines that count as a stanza where the source does not mark any
WORDS = 3  # of a theme
SELDOM, OFTEN = 3, 0.04  # a theme's word stands in so many held-out songs at least, in such a share at most
ANCHORS = ("today", "old")
THEMED = "+theme"
FILES = ("sheet.txt", "key.json", "answers.csv")

INSTRUCTIONS = """{count} SONG TEXTS

Below are {count} texts of songs, numbered, in random order. You need to know nothing about them. All are printed
alike: lower case, no titles, no punctuation. Supply the punctuation as you read, and hold none of it against a text.
Some are cut after a stanza, so an end that comes early is no fault.

Read each text once, at the pace of singing, and judge it by itself. Do not guess who wrote it. Use the whole scale
from 1 to 5: 1 very bad, 2 bad, 3 middling, 4 good, 5 very good.

{questions}

Then count the broken lines of the text: lines that are ungrammatical, or that mean nothing where they stand. A line
that goes on in the next one is not broken. Count a repeated line every time.

Write your marks into a copy of answers.csv, one row for each text: its number, five marks from 1 to 5 (whole numbers)
and the number of broken lines (0 or more). Leave no field empty. Do not go back to change earlier marks.
"""


@dataclass(frozen=True)
class Entry:
    """A text as the sheet shows it. `origin`: how to find it again; `about`: the theme that it was asked for."""

    source: str
    origin: str
    text: str
    about: str = ""

    @property
    def lines(self) -> int:
        return sum(1 for line in self.text.splitlines() if line)


class Named(NamedTuple):
    """A run or a place of songs and the name of its source on the sheet."""

    name: str
    place: str


# --- texts


def songs_in(place: Path) -> Iterator[tuple[str, Song]]:
    """(origin, song) of every song of a file or folder. SystemExit for a place that is missing or has no songs."""
    files = sorted(f for f in place.rglob("*") if f.is_file()) if place.is_dir() else [place]
    known = [file for file in files if file.is_file() and file.suffix.lower() in READERS]
    if not known:
        raise SystemExit(f"{place} holds no song files: name a file or folder that 'lyricist prepare' reads")
    for file in known:
        for number, song in enumerate(READERS[file.suffix.lower()](Source(file, file.name)), 1):
            yield f"{file.name} {number}", song


def stanzas_of(song: Song) -> Iterator[list[str]]:
    """The stanzas in lower case without punctuation; one section alone is divided every STANZA lines."""
    sections = [[" ".join(words) for words in cut_lines(line.text for line in s.lines)] for s in song.sections]
    if len(sections) == 1 and len(sections[0]) >= LEAST:
        whole = sections[0]
        sections = [whole[at : at + STANZA] for at in range(0, len(whole) - len(whole) % STANZA, STANZA)]
    return (stanza for stanza in sections if stanza)


def plain_text(song: Song) -> str | None:
    """The song as the sheet shows it, cut to LEAST to MOST lines; None if its stanzas do not allow that."""
    kept: list[list[str]] = []
    for stanza in stanzas_of(song):
        if sum(map(len, kept)) + len(stanza) > MOST:
            break
        kept.append(stanza)
    return "\n\n".join(map("\n".join, kept)) if sum(map(len, kept)) >= LEAST else None


def some_of(source: str, places: Iterable[Path], count: int, rng: Random) -> list[Entry]:
    """`count` texts of a source, no two that begin alike; all that there are, and a warning, if there are fewer."""
    found = [pair for place in places for pair in songs_in(place)]
    made: dict[str, Entry] = {}
    for origin, song in rng.sample(found, len(found)):
        text = plain_text(song) if len(made) < count else None
        if text:
            made.setdefault(text.split("\n")[0], Entry(source, origin, text))
    if len(made) < count:
        print(f"{source}: only {len(made)} of {count} texts", file=sys.stderr)
    return list(made.values())


def old_entries(folder: Path, count: int, rng: Random) -> list[Entry]:
    places = [folder / f"{name}.txt" for name in ("hymns", "parlour")]
    missing = [str(place) for place in places if not place.exists()]
    if missing and count:
        print(f"old: left out, as {', '.join(missing)} does not exist (set LYRICIST_SONGS)", file=sys.stderr)
    halves = [count - count // 2, count // 2]
    return [
        e for place, n in zip(places, halves, strict=True) if not missing for e in some_of("old", [place], n, rng)
    ]


# --- themes and songs of ours


def themes(songs: Sequence[Song], count: int, rng: Random) -> list[str]:
    """Three words of a song each, those that stand out most among the songs (highest tf-idf).

    They stand in several songs, but not in many; names, old words, verbs in -ing and -ed and words of one family are
    left out.
    """
    texts = [[word for words in cut_lines(line.text for line in song.lines()) for word in words] for song in songs]
    heard = Counter(word for text in texts for word in set(text))
    most = max(SELDOM, OFTEN * len(texts))
    names = capitalised(songs)
    made: list[str] = []
    for text in rng.sample(texts, len(texts)):
        often = Counter(w for w in text if SELDOM <= heard[w] <= most and telling(w) and w not in names)
        chosen = apart(sorted(often, key=lambda w: (often[w] * math.log(heard[w] / len(texts)), w)))
        if len(chosen) == WORDS and len(made) < count:
            made.append(", ".join(chosen))
    return made


def telling(word: str) -> bool:
    noun = not word.endswith(("ing", "ed", "ly"))  # or may be one
    return len(word) > 2 and word.isalpha() and noun and word not in SAYS_NOTHING and not is_archaic(word)


def capitalised(songs: Iterable[Song]) -> set[str]:
    """Words that never stand in small letters, in small letters."""
    seen = {word.strip(".,;:!?\"'") for song in songs for line in song.lines() for word in line.text.split()}
    return {word.lower() for word in seen if word[:1].isupper()} - seen


def apart(words: Iterable[str]) -> list[str]:
    """The first WORDS words of different families."""
    chosen: list[str] = []
    for word in words:
        if len(chosen) < WORDS and not any(related(word, other) for other in chosen):
            chosen.append(word)
    return chosen


def written(given: Named, about: Sequence[str], seed: int, options: str) -> Iterator[Entry]:
    """What `lyricist write` makes with a seed for each theme ("": none), as a user would call it."""
    run = [] if given.place == "starter" else ["-m", given.place]
    for number, theme in enumerate(about):
        asked = ["--about", theme] if theme else []
        command = lyricist("write", *run, *asked, "--seed", seed + number, *shlex.split(options))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "song.jsonl"
            done = subprocess.run([*command, "-o", str(file)], stderr=subprocess.PIPE, text=True)
            if done.returncode:
                raise SystemExit(f"{shlex.join(command)}: {done.stderr.strip()}")
            text = next(text for _, song in songs_in(file) if (text := plain_text(song)))
        yield Entry(given.name + THEMED * bool(theme), f"seed {seed + number}", text, theme)


# --- the sheet


def entries(options: Namespace) -> list[Entry]:
    rng = Random(options.seed)
    today = some_of("today", options.held_out, options.today, rng)
    shown = {entry.origin for entry in today}
    others = [song for place in options.held_out for origin, song in songs_in(place) if origin not in shown]
    about = [*[""] * options.plain, *themes(others, options.themed, rng)]
    out = [*today, *old_entries(SONGS, options.old, rng)]
    models = options.model or ([] if options.songs else [Named("ours", "starter")])
    for model in models:
        out += written(model, about, 1000 * options.seed, options.write)
    for given in options.songs:
        out += some_of(given.name, [Path(given.place)], options.of, rng)
    rng.shuffle(out)
    return out


def sheet(texts: Sequence[Entry]) -> str:
    asked = "\n".join(f"{name:8} {question}" for name, question in QUALITIES.items())
    head = INSTRUCTIONS.format(count=len(texts), questions=asked)
    rule = "-" * 40
    return head + "".join(f"\n{rule}\nTEXT {n}\n\n{entry.text}\n" for n, entry in enumerate(texts, 1))


def make(options: Namespace) -> None:
    if options.out.exists():
        raise SystemExit(f"{options.out} is there already: choose another name")
    texts = entries(options)
    page = sheet(texts)
    key = {"sheet": sha256(page.encode()).hexdigest(), "seed": options.seed, "texts": [asdict(e) for e in texts]}
    rows = [",".join(COLUMNS), *(f"{n}{',' * (len(COLUMNS) - 1)}" for n in range(1, len(texts) + 1))]
    options.out.mkdir(parents=True)
    for name, content in zip(FILES, (page, json.dumps(key, indent=1), "\n".join(rows) + "\n"), strict=True):
        (options.out / name).write_text(content, encoding="utf-8")
    print(f"{options.out}: {', '.join(f'{n} {source}' for source, n in Counter(e.source for e in texts).items())}")


# --- scores

Marks = dict[int, tuple[int, ...]]  # text -> its marks and the number of its broken lines, in the order of COLUMNS
Floats = npt.NDArray[np.float64]


def read_sheet(folder: Path) -> list[Entry]:
    """The texts of a sheet in order. SystemExit if the key belongs to another sheet."""
    page, key = ((folder / name).read_text(encoding="utf-8") for name in FILES[:2])
    read: dict[str, Any] = json.loads(key)
    if sha256(page.encode()).hexdigest() != read["sheet"]:
        raise SystemExit(f"{folder / FILES[1]} is not the key of {folder / FILES[0]}")
    return [Entry(**entry) for entry in read["texts"]]


def read_marks(file: Path, texts: Sequence[Entry]) -> Marks:
    """A reader's rows; rows left empty are skipped. SystemExit that names the first row with a wrong value."""
    out: Marks = {}
    for number, row in read_rows(file, COLUMNS).items():
        if not any(row.values()):
            continue
        if not 1 <= number <= len(texts):
            raise SystemExit(f"{file}: there is no text {number}: the sheet has {len(texts)}")
        for name, value in row.items():
            low, high = (0, texts[number - 1].lines) if name == "broken" else (1, 5)
            if not (value.isdigit() and low <= int(value) <= high):
                raise SystemExit(
                    f"{file}: text {number}: {name} {value!r} is not a whole number from {low} to {high}"
                )
        out[number] = tuple(map(int, row.values()))
    return out


class Figure(NamedTuple):
    """A mean and its standard error over texts (nan for one text)."""

    mean: float
    error: float

    def minus(self, other: Figure) -> Figure:
        return Figure(self.mean - other.mean, math.hypot(self.error, other.error))


def mean_of(values: Floats, sizes: Floats | None = None) -> Figure:
    """The mean of values (N,); with sizes (N,), sum of values / sum of sizes (a ratio estimate, Cochran 1977).

    >>> mean_of(np.array([2.0, 4.0]))
    Figure(mean=3.0, error=1.0)
    >>> mean_of(np.array([0.0, 4.0]), np.array([8.0, 8.0]))
    Figure(mean=0.25, error=0.25)
    """
    n, sizes = len(values), np.ones(len(values)) if sizes is None else sizes
    ratio = values.sum() / sizes.sum()
    left = ((values - ratio * sizes) ** 2).sum()
    error = math.sqrt(n / (n - 1) * left) / sizes.sum() if n > 1 else math.nan
    return Figure(float(ratio), float(error))


def figures(texts: Sequence[Entry], readers: Sequence[Marks]) -> dict[str, dict[str, Figure]]:
    """source -> quality (or `broken`, a share of lines) -> figure; of each text the mean of its readers counts."""
    by_source: dict[str, list[tuple[float, ...]]] = {}
    for number, entry in enumerate(texts, 1):
        given = [reader[number] for reader in readers if number in reader]
        if given:
            by_source.setdefault(entry.source, []).append((*np.mean(given, axis=0), entry.lines))
    out = {}
    for source in sorted(by_source, key=lambda s: (s in ANCHORS, s)):
        *marks, broken, lines = np.array(by_source[source]).T
        out[source] = dict(zip(QUALITIES, map(mean_of, marks), strict=True)) | {"broken": mean_of(broken, lines)}
    return out


def agreement(readers: Sequence[Marks]) -> dict[str, tuple[float, float]]:
    """Of each column the correlation of two readers over their common texts, and their mean absolute difference;
    the mean of all pairs of readers. Empty with one reader."""
    out = {}
    for at, name in enumerate(COLUMNS[1:]):
        found = []
        for one, other in combinations(readers, 2):
            both = sorted(one.keys() & other.keys())
            a, b = (np.array([reader[text][at] for text in both], dtype=float) for reader in (one, other))
            varies = len(both) > 1 and a.std() > 0 and b.std() > 0
            if both:
                found.append((float(np.corrcoef(a, b)[0, 1]) if varies else math.nan, float(np.abs(a - b).mean())))
        if found:
            r, apart_by = np.mean(found, axis=0)
            out[name] = (float(r), float(apart_by))
    return out


def told(figure: Figure, name: str, sign: str = "") -> str:
    if name == "broken":
        return f"{100 * figure.mean:{sign}.0f} ± {100 * figure.error:.0f} %"
    return f"{figure.mean:{sign}.2f} ± {figure.error:.2f}"


def row(name: str, cells: Iterable[str]) -> str:
    return f"{name:24}" + "".join(f"{cell:>14}" for cell in cells)


def tell(found: dict[str, dict[str, Figure]], counts: Counter[str], readers: Sequence[Marks]) -> None:
    print(row("source (texts)", COLUMNS[1:]))
    for source, by_name in found.items():
        print(row(f"{source} ({counts[source]})", (told(figure, name) for name, figure in by_name.items())))
    anchors = [anchor for anchor in ANCHORS if anchor in found]
    for anchor in anchors:
        print(f"\ndistance to {anchor}")
        for source in (s for s in found if s not in ANCHORS):
            apart_by = {name: found[source][name].minus(found[anchor][name]) for name in COLUMNS[1:]}
            print(row(source, (told(figure, name, "+") for name, figure in apart_by.items())))
    alike = agreement(readers)
    if alike:
        print(f"\n{len(readers)} readers")
        print(row("correlation", (f"{r:.2f}" for r, _ in alike.values())))
        print(row("mean difference", (f"{d:.2f}" for _, d in alike.values())))


def score(options: Namespace) -> None:
    texts = read_sheet(options.out)
    readers = [read_marks(file, texts) for file in options.answers]
    read = set().union(*readers)
    if not read:
        raise SystemExit("no answers: fill in copies of answers.csv")
    found = figures(texts, readers)
    tell(found, Counter(texts[number - 1].source for number in read), readers)
    save({"figures": found, "agreement": agreement(readers)}, options.json)


# --- commands


def named(text: str) -> Named:
    """
    >>> named("before=runs/a"), named("runs/b.jsonl")
    (Named(name='before', place='runs/a'), Named(name='b', place='runs/b.jsonl'))
    """
    name, given, place = text.partition("=")
    name, place = (name, place) if given else (Path(text).stem, text)
    if not name or not place or name in ANCHORS or name.endswith(THEMED):
        raise ArgumentTypeError(
            f"{text!r} is not NAME=PATH; a name is not {' or '.join(ANCHORS)} nor ends in {THEMED}"
        )
    return Named("ours" if text == "starter" else name, place)


def main() -> None:
    made = parser(__doc__)
    commands = made.add_subparsers(required=True, dest="command")
    one, two = commands.add_parser("make"), commands.add_parser("score")
    for each in (one, two):
        each.add_argument("out", type=Path, help="the folder of the sheet")
    one.add_argument(
        "--model", type=named, action="append", default=[], help="a run to write with; `starter`: the starter"
    )
    one.add_argument("--songs", type=named, action="append", default=[], help="songs that exist already")
    one.add_argument("--of", type=int, default=30, help="songs of each --songs (default: 30)")
    for name, what in (
        ("plain", "songs of each model without a theme"),
        ("themed", "songs of each model about a theme"),
    ):
        one.add_argument(f"--{name}", type=int, default=15, help=f"{what} (default: 15)")
    for name in ANCHORS:
        one.add_argument(f"--{name}", type=int, default=15, help=f"songs of the anchor `{name}` (default: 15)")
    held_out = sorted((ROOT / "songs").glob("held-out*.txt"))
    one.add_argument("--held-out", type=Path, nargs="+", default=held_out, help="files of songs of today")
    one.add_argument("--write", default="", help="more options of `lyricist write`, in one word: '--particles 8'")
    one.add_argument("--seed", type=int, default=1)
    two.add_argument("answers", type=Path, nargs="+")
    two.add_argument("--json", type=Path, help="also write the figures to this file")
    options = made.parse_args()
    (make if options.command == "make" else score)(options)


if __name__ == "__main__":
    main()
