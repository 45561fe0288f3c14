"""Kinds of rhyme in people's songs, and how often letters merge in ours.

    python benchmarks/rhyme_kinds.py people
    python benchmarks/rhyme_kinds.py merges --songs 2000

`people`: the share of each kind among the pairs of neighbouring lines of one letter, in the schemes that
`lyricist check` finds in the songs of LYRICIST_SONGS and the held-out songs of songs/. `merges`:
how many of N songs of a scheme have letters that rhyme with each other, perfectly or nearly, and lines that end on
one word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import lyricist
from common import ROOT, SONGS, parser, report
from lyricist.corpus.lyrics_file import read_lyrics
from lyricist.evaluation.check import check
from lyricist.plan.plan import Drawing, Plan

SCHEMES = {
    "ABAB": {"form": "verse", "syllables": "8,6", "rhyme": "ABAB"},
    "AABBCCDD": {"form": "verse", "lines": 8, "syllables": "8", "rhyme": "AABBCCDD"},
    "sonnet": {"form": "verse", "lines": 14, "syllables": "10", "metre": "iambic", "rhyme": "ABABCDCDEFEFGG"},
}


def texts(paths: Sequence[Path]) -> Iterator[str]:
    """The songs of text files: in songs/ each begins with its title."""
    for path in paths:
        yield from (block for block in re.split(r"\n(?=Title: )", path.read_text(encoding="utf-8")) if block.strip())


def pair_kinds(songs: Iterator[str]) -> Counter[str]:
    """Kind of rhyme of each line with the closest of its letter -> how many lines have it."""
    counts: Counter[str] = Counter()
    for text in songs:
        for line in check(read_lyrics(text)).lines:
            if line.rhymes:
                counts[line.rhymes] += 1
    return counts


def shares(counts: Counter[str]) -> dict[str, Any]:
    total = sum(counts.values())
    return {"lines": total} | {kind: round(n / total, 4) for kind, n in counts.most_common()}


def merged(song: Any, scheme: str) -> tuple[bool, bool, bool]:
    """Whether different letters share a tail, share the vowels of a tail, and lines end on one word."""
    from lyricist.prosody.rhyme import tail_key

    lines = [line for section in song.to_json()["sections"] for line in section["lines"]]
    tails = {letter: line["rhyme"] for letter, line in zip(scheme, lines, strict=True)}
    vowels = [tail_key(tail, "assonance") for tail in tails.values()]
    words = [line["words"][-1] for line in lines]
    alike = [len(set(each)) < len(each) for each in (list(tails.values()), vowels, words)]
    return alike[0], alike[1], alike[2]


def merges(run: Path | None, songs: int, particles: int) -> dict[str, Any]:
    model, out = lyricist.load(run), {}
    for name, keywords in SCHEMES.items():
        plan = Plan(**keywords)
        scheme = str(keywords["rhyme"])
        count = songs if name == "ABAB" else max(1, songs // 10)
        made = model.write(plan, count=count, seed=0, drawing=Drawing(particles=particles), as_it_is=True)
        found = [merged(song, scheme) for song in made]
        out[name] = {"songs": count} | {
            what: sum(each[i] for each in found) for i, what in enumerate(("one tail", "same vowels", "one word"))
        }
    return out


def main() -> None:
    made = parser(__doc__)
    made.add_argument("what", choices=("people", "merges"))
    made.add_argument("--model", type=Path)
    made.add_argument("--songs", type=int, default=2000)
    made.add_argument("--particles", type=int, default=2)
    given = made.parse_args()
    if given.what == "merges":
        report("rhyme_kinds", merges(given.model, given.songs, given.particles))
        return
    folders = {"public domain": sorted(SONGS.glob("*.txt")), "songs/": sorted((ROOT / "songs").glob("held-out*.txt"))}
    report("rhyme_kinds", {name: shares(pair_kinds(texts(paths))) for name, paths in folders.items()})


if __name__ == "__main__":
    main()
