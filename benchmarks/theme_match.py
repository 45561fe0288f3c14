"""Is a song about what was asked? An automatic matcher picks one of ten sets of three words without seeing the words.

    python benchmarks/theme_match.py RUN --written SONGS.jsonl --vectors FILE.npz [--verse VERSE.txt] [--first N]
        [--without CORPUS] [--songs 200] [--json FILE]

Of every human song three content words of three families are chosen: those with the highest log(1 + tf) x idf x
similarity to the whole song (by the matcher's vectors; titles are not used). For each set one song is written with
`--about` and one without, with the same seed, default plan and drawing, and compared with the first lines of the
human song. Written songs are kept in SONGS.jsonl, and an interrupted run continues there.

The matcher's word vectors (PPMI, singular vectors) are made of VERSE, without the lines of the corpus that the writer
learnt from (`--without`: a corpus directory). A text is the mean of its words' vectors, weighted by idf, each word
once, without the words of *all ten sets* and their families, so that no song is matched by the word itself. A set's
score is the mean cosine to its three words, standardised by its mean and deviation over windows of verse of the same
length, so that a set of common words is not favoured. The highest of ten scores is the match. The other nine sets are
drawn REPEATS times from songs that share no family with it; intervals count songs, not draws. Chance is 10%.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import lyricist
from common import parser, report, songs_or_exit
from lyricist.generate.writer import Model
from lyricist.plan.plan import QUICK, Drawing, Plan
from verse import (
    Vectors,
    Words,
    corpus_lines,
    cut_lines,
    human_songs,
    is_archaic,
    make_vectors,
    related,
    verse_lines,
    wilson,
)

KEYWORDS, SETS, REPEATS = 3, 10, 20
LINES = 16  # of the default plan
RARE = 7.0  # idf: one window of verse in 1,100

OTHERS = """
    above across adown again against ago ah ain all almost alone along also although always amen amid among
    amongst ane anither another any anything around ask asked asks away bade because before began begin behind
    below beneath beside best better between beyond bid big both bring bringing came can cannot certainly come
    comes coming das der did does doing done down each early eight ein else enough even ever every everyone
    everything everywhere few first five four frae fro gave get gets gie give given gives glad goes going gone
    good great hence here however hundred ich indeed instead into ist keep keeps know known last late least less
    let lets like little long look looked looking looks low made mair make makes making many maun may mein
    merrily might moment more most much must nae naught near never new next nine nobody nothing now off often
    old once one onto other ought over own perhaps possessed pray put quite rather remembering right sae said
    same sat saw say says see seeing seem seemed seems seen set seven shall should since sir six some somebody
    someone something sometimes soon still stood such suppose sure surely take taken takes tell ten than that
    then there therefore these thing things think thirty this those though thought thousand three through
    throughout thus till today together told tomorrow tonight too took toward towards true twelve twenty twice
    two und under unless until unto upon van very want wanted wants well went whatever whenever where wherever
    whether while whilst whoever whose wi wie will within without wrong yes yesterday yet zu
"""
SAYS_NOTHING = frozenset(OTHERS.split())  # adverbs, what anything may be said with, Scots, German


@dataclass(frozen=True)
class Case:
    """A human song's three words, and the texts that are to be matched to them, by who wrote them."""

    name: str
    about: Words
    texts: dict[str, tuple[str, ...]]  # steered, unsteered, human


# --- words and songs


def keywords(lines: Sequence[Words], vectors: Vectors) -> Words:
    """The three words that characterise a song best; fewer if it has fewer."""
    counts = Counter(word for line in lines for word in line if telling(word, vectors))
    whole = vectors.text(word for line in lines for word in line)
    weights = {}
    for word, n in counts.items():
        at = vectors.index[word]
        weights[word] = math.log1p(n) * float(vectors.idf[at]) * max(0.0, float(vectors.table[at] @ whole))
    chosen: list[str] = []
    for word in sorted(weights, key=lambda w: (-weights[w], w)):
        if len(chosen) < KEYWORDS and not any(related(word, other) for other in chosen):
            chosen.append(word)
    return tuple(chosen)


def telling(word: str, vectors: Vectors) -> bool:
    """Whether a word may be a keyword: known to the matcher, not too rare, modern, and not in the stop list."""
    known = word in vectors.index and vectors.idf[vectors.index[word]] < RARE
    return known and word.isalpha() and word not in SAYS_NOTHING and not is_archaic(word)


def wanted(folder: Path, vectors: Vectors, count: int) -> Iterator[tuple[str, Words, tuple[str, ...]]]:
    """Name, three words and first lines of human songs, in a random but fixed order."""
    songs = human_songs(folder)
    for song in Random(0).sample(songs, len(songs))[:count]:
        about = keywords(cut_lines(song.lines), vectors)
        if len(about) == KEYWORDS:
            yield song.name, about, song.lines[:LINES]


def write_cases(model: Model, folder: Path, vectors: Vectors, count: int, file: Path, drafts: int | None) -> None:
    """Add a case of each song that is not in the file. `drafts` of each song; None: those of the default profile."""
    drawing = QUICK if drafts is None else Drawing(particles=drafts)
    done = {case.name for case in read_cases(file)}
    with file.open("a", encoding="utf-8") as handle:
        for number, (name, about, lines) in enumerate(wanted(folder, vectors, count)):
            if name in done:
                continue
            try:
                steered = model.write(Plan(about=about), drawing, seed=number, as_it_is=True)[0]
            except lyricist.InputError as e:
                print(f"{name}: {e}", flush=True)
                continue
            unsteered = model.write(
                Plan(syllables=(8, 6), rhyme=("ABAB", "AABB")), drawing, seed=number, as_it_is=True
            )[0]
            texts = {"steered": lines_of(steered.text), "unsteered": lines_of(unsteered.text), "human": lines}
            row = {"name": name, "about": about, "texts": texts}
            print(json.dumps(row), file=handle, flush=True)


def lines_of(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line.strip())


def read_cases(file: Path) -> Iterator[Case]:
    if file.exists():
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            yield Case(row["name"], tuple(row["about"]), {k: tuple(v) for k, v in row["texts"].items()})


# --- matching


def match(vectors: Vectors, words: Sequence[str], sets: Sequence[Words]) -> int:
    """Index of the set that fits the text best, once the words of all sets are taken out of it."""
    every = [word for about in sets for word in about]
    text = vectors.text(word for word in words if not any(related(word, other) for other in every))
    places = np.stack([vectors.table[[vectors.index[w] for w in about]].mean(axis=0) for about in sets])  # (S, D)
    anywhere = vectors.windows @ places.T  # (N, S)
    return int(np.argmax((places @ text - anywhere.mean(axis=0)) / anywhere.std(axis=0)))


def apart(one: Words, other: Words) -> bool:
    return not any(related(a, b) for a in one for b in other)


def shares(cases: Sequence[Case], vectors: Vectors) -> dict[str, list[float]]:
    """For each author, the share of draws in which each of its texts was matched to its own words."""
    rng, out = Random(1), {hand: [0.0] * len(cases) for hand in cases[0].texts}
    for i, case in enumerate(cases):
        others = [c.about for c in cases if c is not case and apart(c.about, case.about)]
        for _ in range(REPEATS):
            sets = [case.about, *rng.sample(others, min(SETS - 1, len(others)))]
            for hand, text in case.texts.items():
                words = [word for line in cut_lines(text) for word in line]
                out[hand][i] += (match(vectors, words, sets) == 0) / REPEATS
    return out


def summary(found: dict[str, list[float]]) -> dict[str, dict[str, Any]]:
    out = {}
    for hand, each in found.items():
        low, high = wilson(sum(each), len(each))
        out[hand] = {"accuracy": sum(each) / len(each), "low": low, "high": high, "songs": len(each)}
    return out


def vectors_of(options: argparse.Namespace) -> Vectors:
    """The matcher's vectors, read from the file if it exists, else made from the verse and saved."""
    if options.vectors.exists():
        return Vectors.load(options.vectors)
    if options.verse is None:
        raise SystemExit(f"{options.vectors} is not there: name the verse to make it of (--verse)")
    without = frozenset(corpus_lines(options.without)) if options.without else frozenset()
    lines = verse_lines(options.verse, options.first, without=without)
    made = make_vectors(lines)
    made.save(options.vectors)
    print(f"matcher: {len(lines)} lines of verse, {len(made.index)} words", flush=True)
    return made


def main() -> None:
    made = parser(__doc__, table=True)
    made.add_argument("run", type=Path, nargs="?", help="without one, the songs that are there are matched")
    made.add_argument("--verse", type=Path, help="a text file of verse, for the matcher")
    made.add_argument("--first", type=int, default=0, help="the first of its lines to take")
    made.add_argument("--without", type=Path, help="a corpus whose lines are left out of the verse")
    made.add_argument("--written", type=Path, required=True, help="kept here; what is there is not written again")
    made.add_argument("--vectors", type=Path, required=True, help="the matcher's vectors, kept here")
    made.add_argument("--songs", type=int, default=200)
    made.add_argument("--particles", type=int, help="drafts of each song; `lyricist write` has 32")
    options = made.parse_args()
    vectors = vectors_of(options)
    if options.run:
        model, songs = lyricist.load(options.run), options.songs
        write_cases(model, songs_or_exit(), vectors, songs, options.written, options.particles)
    cases = list(read_cases(options.written))
    report("theme_match", summary(shares(cases, vectors)), options.json)


if __name__ == "__main__":
    main()
