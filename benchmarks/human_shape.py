"""Songs written to the plans of human songs, compared with these: the same lengths, stresses, rhymes and repeats.

    python benchmarks/human_shape.py RUN --pairs PAIRS.jsonl [--songs 1000] [--longest 32] [--json FILE]
    python benchmarks/human_shape.py --pairs PAIRS.jsonl    # compares the pairs of the file

Every human song gives its plan (`lyricist write --like`). Its verbatim repeats are part of the form: the block of
lines whose returns cover most lines is a chorus, the next a refrain, the rest verses, in which single lines return as
in the song where their rhymes allow it. The song of the plan is written with the default drawing; its seed is the
number of the human song. Pairs are kept in PAIRS.jsonl, where an interrupted run continues. The order is random but
fixed.

- distinct-2: different pairs of neighbouring words in a line / pairs. self-BLEU: mean BLEU-4 of a song against all
  others of its side. Both, and entropy, depend on the sample's size, which is the same: the same songs.
- repeated lines: share of lines that occurred before in their song.
- rhyme entropy (nats), top ten (share of the ten commonest): of the words at the ends of lines that rhyme.
- syllables a word: first reading of the CMU dictionary, else groups of vowels.
- archaic: share of words in a short list (verse.py), or in -eth and 'st.

± is the standard error of the ratio by halves: the deviation among ratios of random halves of the songs (delete-half
jackknife). A figure is within 10% if the ratio lies between 0.9 and 1.1.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from random import Random

import numpy as np

import lyricist
from common import entropy, parser, report, songs_or_exit
from lyricist.corpus import Line, Section, Song
from lyricist.generate.writer import Model
from lyricist.plan.from_song import plan_like
from lyricist.plan.plan import QUICK, Plan
from oracle.sound import load_cmudict, stress_of
from verse import HumanSong, Words, cut_lines, human_songs, is_archaic

Text = Sequence[Words]  # the lines of a song

HALVES = 40
LEAST, MOST = 0.9, 1.1
BLOCK = 8  # lines of a chorus at most


@dataclass(frozen=True)
class Pair:
    """A human song and our song of the same plan, line by line; `rhymed`: indices of the lines that rhyme."""

    name: str
    human: tuple[str, ...]
    ours: tuple[str, ...]
    rhymed: tuple[int, ...]


# --- plans


def with_repeats(lines: Sequence[str]) -> tuple[Section, ...]:
    """Sections of a song by its verbatim repeats: a chorus, a refrain, and verses between them.

    >>> [(s.name, len(s.lines)) for s in with_repeats(["a b", "c d", "e f", "g h", "c d", "e f"])]
    [('verse', 1), ('chorus', 2), ('verse', 1), ('chorus', 2)]
    """
    keys = cut_lines(lines)
    names = ["verse"] * len(lines)
    starts = set()
    for name in ("chorus", "refrain"):
        places, size = best_block(keys, names)
        for at in places:
            names[at : at + size] = [name] * size
            starts |= {at, at + size}
    cuts = [0, *sorted(starts - {0, len(lines)}), len(lines)]
    return tuple(Section(names[a], tuple(map(Line, lines[a:b]))) for a, b in pairwise(cuts))


def best_block(keys: Sequence[Words], names: Sequence[str]) -> tuple[list[int], int]:
    """Places of the verse block whose returns save most lines, and its length; [], 0 if there is none."""
    best: tuple[list[int], int] = ([], 0)
    for size in range(1, min(BLOCK, len(keys) // 2) + 1):
        for start in range(len(keys) - size):
            places: list[int] = []
            for at in range(start, len(keys) - size + 1):
                here = slice(at, at + size)
                free = set(names[here]) == {"verse"} and (not places or at >= places[-1] + size)
                if free and keys[here] == keys[start : start + size]:
                    places.append(at)
            if len(places) > 1 and size * (len(places) - 1) > best[1] * (len(best[0]) - 1):
                best = (places, size)
    return best


def plan_of(song: HumanSong, longest: int, model: Model) -> tuple[Plan, tuple[int, ...]]:
    """The plan and the numbers of its rhyming lines; `InputError` for a song with a line that cannot be sung."""
    plan = plan_like(Song(song.name, "", with_repeats(song.lines[:longest]), ""), model.lexicon)
    letters = [(i, letter) for i, s in enumerate(plan.sections) for letter in s.rhyme or ""]
    often = Counter(letters)
    return plan, tuple(n for n, key in enumerate(letters) if key[1] != "X" and often[key] > 1)


def write_pairs(model: Model, songs: Sequence[HumanSong], longest: int, file: Path) -> None:
    """Add a pair of every song that is not in the file. Songs without a plan are printed and left out."""
    done = {p.name for p in read_pairs(file)}
    with file.open("a", encoding="utf-8") as handle:
        for number, song in enumerate(songs):
            if song.name in done:
                continue
            try:
                plan, rhymed = plan_of(song, longest, model)
                made = model.write(plan, QUICK, seed=number, as_it_is=True)[0]
            except (lyricist.InputError, lyricist.PlanError) as e:
                print(f"{song.name}: {e}", flush=True)
                continue
            ours = tuple(line.text for s in made.sections for line in s.lines)
            pair = Pair(song.name, song.lines[:longest], ours, rhymed)
            print(json.dumps(asdict(pair)), file=handle, flush=True)


def read_pairs(file: Path) -> Iterator[Pair]:
    for data in map(json.loads, file.read_text(encoding="utf-8").splitlines() if file.exists() else ()):
        yield Pair(data["name"], *(tuple(data[side]) for side in ("human", "ours", "rhymed")))


# --- figures


@cache
def dictionary() -> dict[str, list[tuple[str, ...]]]:
    return load_cmudict()


@cache
def syllables(word: str) -> int:
    readings = dictionary().get(word)
    return len(stress_of(readings[0])) if readings else max(1, len(re.findall("[aeiouy]+", word)))


def grams(words: Sequence[str], n: int) -> Iterator[Words]:
    return zip(*(words[i:] for i in range(n)), strict=False)


def distinct_2(songs: Sequence[Text]) -> float:
    pairs = Counter(pair for song in songs for line in song for pair in grams(line, 2))
    return len(pairs) / max(1, pairs.total())


def repeated(songs: Sequence[Text]) -> float:
    return 1 - sum(len(set(song)) for song in songs) / sum(map(len, songs))


def self_bleu(songs: Sequence[Text]) -> float:
    """Mean BLEU-4 of each song against all others together, one added above unigrams (Zhu 2018, Lin & Och 2004).

    >>> self_bleu([[("a", "b", "c", "d", "e")]] * 2)
    1.0
    """
    texts = [list(chain.from_iterable(song)) for song in songs]
    logs = np.zeros(len(texts))
    for n in range(1, 5):
        counts = [Counter(grams(text, n)) for text in texts]
        first, second = two_largest(counts)
        for i, mine in enumerate(counts):
            hits = sum(min(k, second[g] if first[g][1] == i else first[g][0]) for g, k in mine.items())
            add = int(n > 1)
            logs[i] += math.log(max(hits + add, 1e-9) / max(mine.total() + add, 1)) / 4
    lengths = np.array([len(text) for text in texts])
    return float(np.mean(np.exp(logs) * brevity(lengths)))


def two_largest(counts: Sequence[Counter[Words]]) -> tuple[dict[Words, tuple[int, int]], dict[Words, int]]:
    """For every n-gram its largest count with the text that has it, and the largest among the other texts."""
    first: dict[Words, tuple[int, int]] = {}
    second: dict[Words, int] = {}
    for i, mine in enumerate(counts):
        for gram, k in mine.items():
            most, owner = first.get(gram, (0, -1))
            if k > most:
                first[gram], second[gram] = (k, i), most
            elif owner >= 0:
                second[gram] = max(second[gram], k)
    return first, second


def brevity(lengths: np.ndarray) -> np.ndarray:
    """The penalty of texts shorter than the other text nearest in length (of two equally near the shorter)."""
    out = np.ones(len(lengths))
    for i, own in enumerate(lengths):
        others = np.delete(lengths, i)
        nearest = min(others, key=lambda other: (abs(int(other) - int(own)), int(other)))
        out[i] = min(1.0, math.exp(1 - nearest / own))
    return out


def top_ten(counts: Counter[str]) -> float:
    return sum(n for _, n in counts.most_common(10)) / max(1, counts.total())


Side = list[tuple[Text, tuple[int, ...]]]  # songs and the numbers of their rhyming lines


def ends(side: Side) -> Counter[str]:
    return Counter(song[i][-1] for song, rhymed in side for i in rhymed)


def of_songs(figure: Callable[[Sequence[Text]], float]) -> Callable[[Side], float]:
    return lambda side: figure([song for song, _ in side])


def mean_of(value: Callable[[str], float]) -> Callable[[Side], float]:
    return of_songs(lambda songs: float(np.mean([value(w) for song in songs for line in song for w in line])))


FIGURES: dict[str, Callable[[Side], float]] = {
    "distinct-2": of_songs(distinct_2),
    "self-BLEU": of_songs(self_bleu),
    "repeated lines": of_songs(repeated),
    "rhyme entropy": lambda side: entropy(ends(side)),
    "top ten rhymes": lambda side: top_ten(ends(side)),
    "syllables a word": mean_of(syllables),
    "archaic": mean_of(is_archaic),
}


def compare(pairs: Sequence[Pair]) -> dict[str, dict[str, float | bool]]:
    """Figure by figure: ours, theirs, the ratio and its standard error by halves."""
    ours: Side = [(cut_lines(p.ours), p.rhymed) for p in pairs]
    theirs: Side = [(cut_lines(p.human), p.rhymed) for p in pairs]
    rng = np.random.default_rng(0)
    halves = [rng.permutation(len(pairs))[: len(pairs) // 2] for _ in range(HALVES)]
    out: dict[str, dict[str, float | bool]] = {}
    for name, figure in FIGURES.items():
        a, b = figure(ours), figure(theirs)
        chosen = halves[:8] if name == "self-BLEU" else halves
        ratios = [figure([ours[i] for i in h]) / max(figure([theirs[i] for i in h]), 1e-9) for h in chosen]
        quotient = a / b if b else math.nan
        out[name] = {"ours": a, "human": b, "ratio": quotient, "se": float(np.std(ratios, ddof=1))}
        out[name]["within"] = LEAST <= quotient <= MOST
    return out


def main() -> None:
    made = parser(__doc__, table=True)
    made.add_argument("run", type=Path, nargs="?", help="without one, what is there is compared")
    made.add_argument("--pairs", type=Path, required=True, help="kept here; what is there is not written again")
    made.add_argument("--songs", type=int, default=1000)
    made.add_argument("--longest", type=int, default=32, help="lines of a song at most; longer ones are cut")
    options = made.parse_args()
    if options.run:
        songs = human_songs(songs_or_exit(), least=4)
        Random(0).shuffle(songs)
        write_pairs(lyricist.load(options.run), songs[: options.songs], options.longest, options.pairs)
    pairs = list(read_pairs(options.pairs))
    lines, rhymed = (sum(len(getattr(p, part)) for p in pairs) for part in ("human", "rhymed"))
    size = {"songs": len(pairs), "lines": lines, "lines_that_rhyme": rhymed}
    report("human_shape", {**size, **compare(pairs)}, options.json)


if __name__ == "__main__":
    main()
