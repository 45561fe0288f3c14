"""Figures of written lyrics: what they share with others, how they fit a tune, how far they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from statistics import fmean
from typing import Any

from lyricist.apps.exercise.material import Sung
from lyricist.corpus import Section, Song
from lyricist.corpus.lyrics_file import Stanza
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.copies import Copies
from lyricist.evaluation.metrics import distinct, ngrams, repeated_lines
from lyricist.evaluation.tune_fit import fit
from lyricist.melody.tune import Tune

Lines = list[list[str]]


def lines_of(sections: Sequence[Section]) -> Lines:
    tokenizer = WordTokenizer()
    return [tokenizer.split(line.text) for section in sections for line in section.lines]


def words_of(lines: Lines) -> list[str]:
    return [word for line in lines for word in line]


@dataclass
class Learnt:
    """What was learnt from, to compare with: words, pairs of neighbours in a line, and where runs of words stand."""

    words: set[str]
    pairs: set[tuple[str, ...]]
    index: Copies

    @classmethod
    def of(cls, songs: Iterable[Song]) -> Learnt:
        songs = list(songs)
        texts = [lines_of(song.sections) for song in songs]
        words = {word for lines in texts for word in words_of(lines)}
        return cls(words, set(pairs_of(texts)), Copies.of(songs))


def figures(sections: Sequence[Section], sung: Sung, learnt: Learnt, others: Sequence[Tune]) -> dict[str, Any]:
    """All figures of one lyric for a song's tune; `others`: tunes it was not written for."""
    lines = lines_of(sections)
    words, true = words_of(lines), set(words_of(lines_of(sung.song.sections)))
    kinds = set(words)
    pairs = list(pairs_of([lines]))
    elsewhere = [fitting(sections, tune) for tune in others]
    return {
        "words": len(words),
        "lines": len(lines),
        "words_in_true": share(len(kinds & true), len(kinds)),
        "words_in_training": share(len(kinds & learnt.words), len(kinds)),
        "pairs_in_training": share(sum(pair in learnt.pairs for pair in pairs), len(pairs)),
        "longest_copied_run": learnt.index.runs(words, 1)[1] if words else 0,
        "distinct_2": round(distinct([lines], 2), 4),
        "repeated_lines": round(repeated_lines([lines]), 4),
        "fit": fitting(sections, sung.tune),
        "fit_elsewhere": mean_of(elsewhere),
    }


def distinct_pairs(lyrics: Iterable[Lines], most: int) -> float:
    """Distinct-2 of the first `most` pairs of neighbours of some lyrics together: more pairs repeat more.

    >>> distinct_pairs([[["la", "la", "la"]], [["la", "lo"]]], 2)
    0.5
    """
    pairs = list(islice(pairs_of(lyrics), most))
    return share(len(set(pairs)), len(pairs))


def pairs_of(lyrics: Iterable[Lines]) -> Iterator[tuple[str, ...]]:
    return (pair for lines in lyrics for line in lines for pair in ngrams(line, 2))


def share(part: int, whole: int) -> float:
    return round(part / max(1, whole), 4)


def fitting(sections: Sequence[Section], tune: Tune) -> dict[str, float]:
    """Shares of lines: with a syllable for every slot; without any violation that `fit` finds. And how many
    syllables lines have too many or too few, on average."""
    found = fit([Stanza.of(section) for section in sections], tune)
    wrong = {misfit.line for misfit in found.violations if misfit.slot or misfit.kind == "syllables"}
    off = [abs(line.syllables - line.slots) for line in found.lines]
    return {
        "syllables": share(sum(not each for each in off), len(off)),
        "lines": share(sum(line.line not in wrong for line in found.lines), len(off)),
        "syllables_off": round(fmean(off), 3) if off else 0.0,
    }


def mean_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Means of numbers, name by name; of dicts inside likewise. None for no rows."""
    if not rows:
        return None
    out: dict[str, Any] = {}
    for name in rows[0]:
        values = [row[name] for row in rows if row[name] is not None]
        if values and isinstance(values[0], dict):
            out[name] = mean_of(values)
        else:
            out[name] = round(fmean(values), 4) if values else None
    return out


def apart(a: Sequence[str], b: Sequence[str]) -> float:
    """How far two lyrics differ, 0 to 1: one less the weighted Jaccard index of their words.

    >>> apart(["la", "la", "lo"], ["la", "la", "li"])
    0.5
    """
    one, two = Counter(a), Counter(b)
    both, either = (one & two).total(), (one | two).total()
    return 1 - both / either if either else 0.0


def mean_apart(groups: Iterable[Sequence[Sequence[str]]]) -> float | None:
    """Mean over all pairs within each group of lyrics; None where no group has two."""
    found = list(distances(groups))
    return round(fmean(found), 4) if found else None


def distances(groups: Iterable[Sequence[Sequence[str]]]) -> Iterator[float]:
    for group in groups:
        for a, b in combinations([words for words in group if words], 2):
            yield apart(a, b)
