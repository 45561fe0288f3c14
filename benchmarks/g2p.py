"""The pronunciation model on words it was not trained on, beside counting groups of vowel letters.

The words are those `scripts/train_g2p.py` holds out: one family of inflected forms in twenty of the lexicon's table,
without abbreviations. A word counts as right if it agrees with any of its readings in the table:
`syllables` in their number, `stress` in number and in the place of the primary stress, `phones` in all phones
(without stress digits). The phone error rate is edit distance to the nearest reading over that reading's length.
`seen` gives the same for as many words of the training part.

    python benchmarks/g2p.py [--wrong 40]
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
import time
from collections.abc import Sequence

from common import ROOT, report
from lyricist.prosody.g2p import Chunk, default_model, pronounce, pronounce_many
from lyricist.prosody.phones import Reading, bare

sys.path.insert(0, str(ROOT / "scripts"))
from train_g2p import TABLE, Readings, held_out, is_word, table_words


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Edit distance.

    >>> distance("kitten", "sitting")
    3
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]


def counted(word: str) -> str:
    """Stress digits by the baseline: a syllable for every group of vowel letters, stress on the first.

    >>> counted("loved"), counted("table"), counted("river")
    ('1', '10', '10')
    """
    stem = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouyszxcg])es$", "", word)
    groups = len(re.findall(r"[aeiouy]+", stem)) or 1
    return "1" + "0" * (groups - 1)


def right(stresses: Sequence[str], truth: Sequence[list[Chunk]]) -> dict[str, float]:
    """Shares of words with the right number of syllables, and with the right place of the stress too."""
    known = [[Reading(phones).stress for phones in readings] for readings in truth]
    syllables = stress = 0
    for guess, digits in zip(stresses, known, strict=True):
        syllables += any(len(guess) == len(d) for d in digits)
        stress += any(len(guess) == len(d) and guess.find("1") == d.find("1") for d in digits)
    return {"syllables": round(syllables / len(known), 4), "stress": round(stress / len(known), 4)}


def score(words: Sequence[str], table: Readings) -> dict[str, float]:
    """The model's figures for words."""
    guesses = [readings[0] for readings in pronounce_many(words)]
    errors = length = wrong = 0
    for word, guess in zip(words, guesses, strict=True):
        ours = bare(guess.phones)
        least, size = min((distance(bare(phones), ours), len(phones)) for phones in table[word])
        errors, length, wrong = errors + least, length + size, wrong + bool(least)
    shares = right([guess.stress for guess in guesses], [table[word] for word in words])
    return {**shares, "phones": round(1 - wrong / len(words), 4), "phone_error_rate": round(errors / length, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Score the pronunciation model on words held out of its training.")
    parser.add_argument("--wrong", type=int, default=0, help="words with a wrong number of syllables to list")
    options = parser.parse_args()
    begun = time.perf_counter()
    default_model()
    loaded = time.perf_counter()
    pronounce("lyricist")
    first = time.perf_counter()
    table = {word: readings for word, readings in table_words().items() if is_word(word, readings)}
    test = sorted(held_out(table))
    seen = random.Random(1).sample(sorted(table.keys() - test), len(test))
    timed = time.perf_counter()
    pronounce_many(test)
    seconds = time.perf_counter() - timed
    figures = {
        "words": len(test),
        "held_out": score(test, table),
        "vowel_groups": right([counted(word) for word in test], [table[word] for word in test]),
        "seen": score(seen, table),
        "load_ms": round(1000 * (loaded - begun), 1),
        "one_word_ms": round(1000 * (first - loaded), 1),
        "many_words_ms_each": round(1000 * seconds / len(test), 2),
        "same_table_as_in_training": default_model().digest == hashlib.sha256(TABLE.read_bytes()).hexdigest(),
    }
    report("g2p", figures)
    for word in random.Random(2).sample(test, len(test))[: 50 * options.wrong]:
        guess = pronounce(word)[0]
        if options.wrong and all(Reading(phones).syllables != guess.syllables for phones in table[word]):
            options.wrong -= 1
            print(f"{word}: {guess.text}, table {' '.join(table[word][0])}")


if __name__ == "__main__":
    main()
