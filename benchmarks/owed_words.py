"""Where does a word stand that a song must contain: first in its line and bare, or as people would put it?

    python benchmarks/owed_words.py [RUN] [--seeds 1] [--particles 32] [--show] [--json FILE]

Songs are written with `--include WORD`, default plan and drawing, for each of WORDS with its own seeds. Of the lines
with the word: the share in which it stands first, the share in which it follows a determiner or a possessive pronoun
(*the*, *my*; another word may stand between: *the old kitchen*), and the share in which it stands last. Beside them
the same shares in people's and held-out lines: the songs in `songs/`, each line once.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import lyricist
from common import ROOT, parser, save
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.resolve import as_a_song
from verse import Words, cut_lines

NOUNS = """
    kitchen letter train winter mother station bread ticket river engine candle soldier
    garden mirror guitar hospital island coffee teacher shadow window neighbour harvest photograph
    bottle blanket hammer brother doctor farmer captain sailor basket carpet ceiling bicycle
    table chair bridge street church market summer village cousin daughter husband stranger
    apple pepper orange butter biscuit kettle pocket button jacket whistle paper pencil
    picture number money color corner shoulder finger mountain valley forest desert ocean
    anchor lantern violin piano trumpet circus carnival parade holiday suitcase airport highway
    tractor orchard chimney balcony staircase elevator umbrella newspaper library museum factory prison
"""
WORDS = tuple(NOUNS.split())
DETERMINER_LIST = """
    a an the my your his her its our their this that these those no every each some any another what which
"""
DETERMINERS = frozenset(DETERMINER_LIST.split())
FIRST, AFTER, LAST = "first in its line", "after a determiner", "last in its line"


def places(word: str, lines: Iterable[Words]) -> Iterator[tuple[str, ...]]:
    """What holds of each place of the word.

    >>> list(places("sea", [("the", "cold", "sea"), ("sea", "and", "sun"), ("sun",)]))
    [('after a determiner', 'last in its line'), ('first in its line',)]
    """
    for line in lines:
        for at in (i for i, other in enumerate(line) if other == word):
            near = DETERMINERS.intersection(line[max(0, at - 2) : at])
            holds = {FIRST: at == 0, AFTER: bool(near), LAST: at + 1 == len(line)}
            yield tuple(name for name, so in holds.items() if so)


def shares(found: Sequence[tuple[str, ...]]) -> dict[str, float]:
    counts = Counter(name for each in found for name in each)
    return {"places": len(found), **{name: counts[name] / max(1, len(found)) for name in (FIRST, AFTER, LAST)}}


def written(run: Path | None, seeds: int, drawing: Drawing, show: bool) -> Iterator[tuple[str, ...]]:
    """The place of each word in each of its songs, the first time that it is said."""
    model = lyricist.load(run)
    for n, word in enumerate(WORDS):
        plan = as_a_song(Plan(include=word, bare=True), {"include": word}, always=True)
        for song in model.write(plan, drawing, seed=1 + seeds * n, count=seeds, as_it_is=True):
            line = next(words for words in cut_lines(song.text.splitlines()) if word in words)
            if show:
                print(f"{word} {song.seed}: {' '.join(line)}", flush=True)
            yield next(places(word, [line]))


def human_lines() -> list[Words]:
    files = (ROOT / "songs").glob("*.txt")
    texts = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return cut_lines({line for line in texts if line[:1] not in ("", "[") and not line.startswith("Title:")})


def main() -> None:
    made: argparse.ArgumentParser = parser(__doc__, table=True)
    made.add_argument("run", type=Path, nargs="?", help="default: the starter")
    made.add_argument("--seeds", type=int, default=1, help="songs of each word (default: 1)")
    made.add_argument("--particles", type=int, default=Drawing().particles, help="drafts (default: 32)")
    made.add_argument("--show", action="store_true", help="print the lines")
    options = made.parse_args()
    lines = human_lines()
    drawing = Drawing(particles=options.particles)
    figures = {
        "written": shares(list(written(options.run, options.seeds, drawing, options.show))),
        "songs": shares([place for word in WORDS for place in places(word, lines)]),
    }
    for source, by_name in figures.items():
        print(f"{source:8} " + ", ".join(f"{name} {value:.3g}" for name, value in by_name.items()))
    save(figures, options.json)


if __name__ == "__main__":
    main()
