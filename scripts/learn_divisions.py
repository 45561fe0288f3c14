"""Learn where dictionaries of American English divide words; writes `src/lyricist/prosody/divisions.txt`.

    python scripts/learn_divisions.py mhyph.txt [--judge]

`mhyph.txt` is the Moby Hyphenator II by Grady Ward (Project Gutenberg 3204, in the public domain). Learnt are the
words that have in the lexicon a reading with as many syllables. For each gap between two vowels an averaged
perceptron ranks the places that `syllabify.features` describes. `--judge` learns half of the words instead, and
prints the share of the other half that it divides as the list does.
"""

from __future__ import annotations

import argparse
import random
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.phones import Reading
from lyricist.prosody.syllabify import WEIGHTS, Gap, divide, features, gaps_of

LEAST = 2  # places that a feature describes
EPOCHS = 6
MARGIN = 20
KEPT = 2.0  # least weight that is written
SUNG = 5  # times that a word of the songbook is learnt in an epoch
TIMES = 2  # a weight is written in halves
OTHERS = {
    "eve-ry": "ev-ery",
    "des-pair": "de-spair",
    "gen-tly": "gent-ly",
    "bles-sing": "bless-ing",
}  # as later dictionaries have it


class Known(NamedTuple):
    """A word under a reading, and the letter indices where the second and later syllables begin."""

    word: str
    reading: Reading
    gaps: list[Gap]
    ends: list[int]


Place = list[int]  # features, by number
Question = tuple[list[Place], int]  # the places of a gap, and which is right


def divided(path: Path) -> Iterator[str]:
    """The words of the list, as ev-ery-thing; names, phrases and words with other signs are left out."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for line in re.split(r"[\r\n]+", path.read_text("latin-1")):
        word = re.sub("[\xa5+]", "-", line.strip())
        if re.fullmatch(r"[a-z]+(-[a-z]+)+", word):
            for old, new in OTHERS.items():
                word = re.sub(rf"(?<![a-z]){old}", new, word)
            found[word.replace("-", ""), word.count("-")].add(word)
    yield from (words.pop() for words in found.values() if len(words) == 1)  # pres-ent and pre-sent are two


def read(words: Iterable[str]) -> Iterator[Known]:
    """Words of the list under the readings of the lexicon that have as many syllables or one less.

    Where one less is sung, the first of two divisions stays: ev-ery, fam-ily, dif-ferent.
    """
    find = default_lexicon().table.finder(100_000)
    for divided_word in words:
        parts = divided_word.split("-")
        word, breaks = "".join(parts), list(accumulate(map(len, parts[:-1])))
        for reading in find(word):
            gaps = gaps_of(word, reading)
            ends = [next((at for at in breaks if gap.here < at <= gap.there), 0) for gap in gaps]
            if 0 <= len(breaks) - len(gaps) <= 1 and all(ends) and len(set(ends)) == len(gaps):
                yield Known(word, reading, gaps, ends)


def learn(known: Iterable[Known]) -> dict[str, float]:
    """The averaged weight of every feature."""
    songs = " ".join(
        path.read_text("utf-8").lower() for path in (WEIGHTS.parents[1] / "corpus/songbook").glob("*.txt")
    )
    sung = set(re.findall("[a-z]+", songs))
    asked = [
        ([features(word, gap, at) for at in gap.places], gap.places.index(end))
        for word, _, gaps, ends in known
        for _ in range(SUNG if word in sung else 1)
        for gap, end in zip(gaps, ends, strict=True)
        if len(gap.places) > 1
    ]
    seen = Counter(name for places, _ in asked for place in places for name in place)
    number = {name: i for i, (name, count) in enumerate(seen.items()) if count >= LEAST}
    questions = [([[number[n] for n in place if n in number] for place in places], y) for places, y in asked]
    weights = perceptron(questions)
    return {name: weights[i] for name, i in number.items() if i in weights}


def perceptron(questions: list[Question]) -> Mapping[int, float]:
    weights: dict[int, float] = defaultdict(float)
    summed: dict[int, float] = defaultdict(float)
    step, draw = 0, random.Random(1)
    for _ in range(EPOCHS):
        draw.shuffle(questions)
        for places, right in questions:
            step += 1
            scores = [sum(weights[i] for i in place) - MARGIN * (k == right) for k, place in enumerate(places)]
            best = max(range(len(places)), key=scores.__getitem__)
            if best != right:
                for change, place in ((1, places[right]), (-1, places[best])):
                    for i in place:
                        weights[i] += change
                        summed[i] += change * step
    return {i: weight - summed[i] / step for i, weight in weights.items()}


def mend(weights: dict[str, int], known: Iterable[Known]) -> None:
    """Add to the longest run of letters around a place what a word still needs to be divided there."""
    for word, _, gaps, ends in known:
        for gap, end in zip(gaps, ends, strict=True):
            scores = {at: sum(weights.get(name, 0) for name in features(word, gap, at)) for at in gap.places}
            lead = max([score for at, score in scores.items() if at != end], default=scores[end] - 1)
            if lead >= scores[end]:
                longest = max((name for name in features(word, gap, end) if name.islower() or "." in name), key=len)
                weights[longest] = weights.get(longest, 0) + lead - scores[end] + 1


def write(learnt: Mapping[str, float], known: Sequence[Known]) -> None:
    """Write the weights: in each line one, and the features that have it."""
    weights = {name: round(TIMES * weight) for name, weight in learnt.items() if abs(weight) >= KEPT}
    mend(weights, known)
    by_weight: dict[int, list[str]] = defaultdict(list)
    for name, weight in sorted(weights.items()):
        by_weight[weight].append(name)
    lines = [f"{weight} {' '.join(by_weight[weight])}\n" for weight in sorted(by_weight)]
    WEIGHTS.write_text("".join(lines), "ascii")
    print(f"{len(weights):,} features, {WEIGHTS.stat().st_size:,} bytes")


def agreement(known: Iterable[Known]) -> float:
    """Share of the words that are divided as they should be."""
    found = [divide(word, reading) == ends for word, reading, _, ends in known]
    return sum(found) / len(found)


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("list", type=Path)
    made.add_argument("--judge", action="store_true")
    options = made.parse_args()
    known = list(read(divided(options.list)))
    half = [[each for each in known if zlib.crc32(each[0].encode()) % 2 == k] for k in (0, 1)]
    taught = half[0] if options.judge else known
    write(learn(taught), taught)
    print(f"{len(known):,} words; as the list: {agreement(half[1] if options.judge else known):.4f}")


if __name__ == "__main__":
    main()
