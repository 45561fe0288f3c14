"""Two hundred songs in many forms and on many themes, to be read, and a page of the best and the worst for the docs.

    python benchmarks/read_songs.py write RUN -o SONGS.md [--songs 200] [--seed 1]
    python benchmarks/read_songs.py keep SONGS.md --best 3,17,41 --worst 5,9 [--said REMARKS.txt] -o docs/songs.md

`write` takes forms and themes in turn, with a seed for each song, as `lyricist write` does; none is left out, and
each has its number and the command that writes it again. `keep` copies the songs of these numbers unchanged, each
followed by its remark in REMARKS.txt (lines of a number and a remark).
"""

from __future__ import annotations

import re
import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import lyricist
from common import parser
from lyricist.generate.writer import Model
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.resolve import as_a_song

# Options of `lyricist write`, as a user would type them.
FORMS = (
    {},
    {"form": "verse verse verse", "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"},
    {"form": "verse verse", "syllables": "8", "metre": "iambic", "rhyme": "AABB"},
    {"form": "verse chorus verse chorus bridge chorus", "syllables": "8,7", "metre": "trochaic", "rhyme": "ABAB"},
    {"form": "verse", "lines": "5", "syllables": "9,9,6,6,9", "rhyme": "AABBA"},
    {"form": "verse verse", "lines": "4", "syllables": "10", "metre": "iambic", "rhyme": "ABAB"},
    {"form": "verse chorus verse chorus", "syllables": "7,5", "rhyme": "XAXA AABB"},
    {"form": "verse verse", "syllables": "8,6", "rhyme": "ABCB", "rhyme_kind": "near"},
    {"form": "verse refrain verse refrain", "lines": "4,2", "syllables": "6", "rhyme": "ABAB AA"},
    {"form": "verse verse", "syllables": "11", "metre": "anapestic", "rhyme": "AABB"},
)
THEMES = (
    "",
    "lighthouse, winter",
    "river, night",
    "train, station, goodbye",
    "kitchen, morning, bread",
    "garden, rain",
    "war, brother, letter",
    "money, city, work",
    "dance, fiddle, summer",
    "mother, lullaby, moon",
    "sea, sailor, storm",
    "horse, road, dust",
    "church, bell, sunday",
)
HEAD = re.compile(r"^## (\d+)\n", re.M)


def asked(number: int) -> dict[str, str]:
    """The options of a song; forms and themes meet in all combinations, as 10 and 13 have no common factor."""
    theme = THEMES[number % len(THEMES)]
    return {**FORMS[number % len(FORMS)], **({"about": theme} if theme else {})}


def command(options: dict[str, str], seed: int) -> str:
    """
    >>> command({"rhyme_kind": "near", "about": "sea, storm"}, 3)
    "lyricist write --rhyme-kind near --about 'sea, storm' --seed 3"
    """
    words = (f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in options.items())
    return " ".join(("lyricist write", *words, f"--seed {seed}"))


def written(model: Model, first: int, count: int) -> Iterator[str]:
    for number in range(1, count + 1):
        options, seed = asked(number - 1), first * 1000 + number
        try:
            plan = as_a_song(Plan(**options), options, always=True)
            song = model.write(plan, Drawing(), seed=seed)[0]
        except (lyricist.InputError, lyricist.PlanError) as e:
            yield f"## {number}\n\n`{command(options, seed)}`\n\nnot written: {e}\n"
            continue
        yield f"## {number}\n\n`{command(options, seed)}`\n\n**{song.title}**\n\n{block(song.text)}\n"


def block(text: str) -> str:
    """Lyrics in Markdown: a line a line, stanzas apart."""
    return "\n\n".join("  \n".join(stanza.splitlines()) for stanza in text.strip().split("\n\n"))


def songs_of(text: str) -> dict[int, str]:
    """
    >>> songs_of("# Songs\\n## 1\\none\\n## 2\\ntwo\\n")
    {1: 'one', 2: 'two'}
    """
    parts = HEAD.split(text)
    return {int(number): song.strip() for number, song in zip(parts[1::2], parts[2::2], strict=True)}


def page(songs: dict[int, str], groups: dict[str, Sequence[int]], said: dict[int, str], head: str) -> str:
    """A page of the songs chosen, a heading for each group."""
    out = [f"# The best and the worst of {len(songs)}\n\n{head}\n"]
    for name, numbers in groups.items():
        out.append(f"\n## {name}\n")
        out += [f"\n### {number}\n\n{songs[number]}\n" + remark(said.get(number)) for number in numbers]
    return "".join(out)


def remark(text: str | None) -> str:
    return f"\n*{text}*\n" if text else ""


def remarks(file: Path | None) -> dict[int, str]:
    rows = (line.split(maxsplit=1) for line in file.read_text(encoding="utf-8").splitlines()) if file else ()
    return {int(row[0]): row[1] for row in rows if len(row) == 2}


def write(options: Namespace) -> None:
    model = lyricist.load(options.run)
    with options.output.open("x", encoding="utf-8") as handle:
        profile = Drawing().profile
        told = f"{options.songs} songs by {options.run.name}, drawing profile {profile}, none left out."
        print(f"# Songs to be read\n\n{told}\n", file=handle)
        for song in written(model, options.seed, options.songs):
            print(song, file=handle, flush=True)


def keep(options: Namespace) -> None:
    text = options.songs.read_text(encoding="utf-8")
    songs, groups = songs_of(text), {"The best": options.best, "The worst": options.worst}
    missing = {n for numbers in groups.values() for n in numbers} - set(songs)
    if missing:
        raise SystemExit(f"{options.songs} has no song {min(missing)}: it has {min(songs)} to {max(songs)}")
    head = HEAD.split(text)[0].split("\n\n", 1)[1].strip()
    options.output.write_text(page(songs, groups, remarks(options.said), head), encoding="utf-8")


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part.strip()]


def main() -> None:
    made = parser(__doc__)
    commands = made.add_subparsers(required=True, dest="command")
    one, two = commands.add_parser("write"), commands.add_parser("keep")
    one.add_argument("run", type=Path)
    one.add_argument("--songs", type=int, default=200)
    one.add_argument("--seed", type=int, default=1)
    two.add_argument("songs", type=Path)
    two.add_argument("--best", type=numbers, required=True)
    two.add_argument("--worst", type=numbers, required=True)
    two.add_argument("--said", type=Path, help="lines of a number and a remark")
    for each in (one, two):
        each.add_argument("-o", "--output", type=Path, required=True)
    options = made.parse_args()
    (write if options.command == "write" else keep)(options)


if __name__ == "__main__":
    main()
