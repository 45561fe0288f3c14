"""The figures of written lyrics, and the results of an exercise as the JSON of results.json (schema `exercise`)."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import combinations, islice
from statistics import fmean
from typing import Any

from lyricist.apps.exercise.exercise_data import Material, Settings, Sung
from lyricist.apps.exercise.variants import Draft, Judged, Trained, Variant, Writer, frequent_guess
from lyricist.corpus import Line, Section, Song
from lyricist.corpus.lyrics_file import Stanza
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.copies import Copies
from lyricist.evaluation.metrics import distinct, ngrams, repeated_lines
from lyricist.evaluation.tune_fit import fit
from lyricist.melody.tune import Tune

FORMAT = 1
PACKAGES = ("lyricist", "numpy", "torch", "gensim", "onnxruntime", "matplotlib")
Lines = list[list[str]]


@dataclass(frozen=True)
class Order:
    """One lyric to be written."""

    melody: int
    first: str
    seed: int
    again: bool = False  # only to see what the first word alone, and the seed alone, change


@dataclass
class Trial:
    """A variant, trained and judged."""

    variant: Variant
    trained: Trained
    judged: Judged
    writer: Writer
    together: float | None = None  # words/s of many lyrics written at once


@dataclass(frozen=True)
class Lyric:
    """What a variant wrote for a melody and a first word. `figures` is empty where nothing was written."""

    variant: str
    order: Order
    draft: Draft
    figures: dict[str, Any]

    @property
    def words(self) -> list[str]:
        return words_of(lines_of(self.draft.sections))

    def to_json(self) -> dict[str, Any]:
        draft = self.draft
        return {
            "variant": self.variant,
            **asdict(self.order),
            "failed": draft.failed,
            "notes": list(draft.notes),
            "seconds": round(draft.seconds, 3),
            "sections": [{"name": s.name, "lines": [line.text for line in s.lines]} for s in draft.sections],
            "figures": self.figures,
        }


def sections_of(lyric: dict[str, Any]) -> tuple[Section, ...]:
    """The sections of a lyric in the JSON."""
    return tuple(Section(s["name"], tuple(map(Line, s["lines"]))) for s in lyric["sections"])


def results(
    material: Material,
    trials: Sequence[Trial],
    lyrics: Sequence[Lyric],
    first: Sequence[str],
    settings: Settings,
    command: str,
) -> dict[str, Any]:
    """The contents of results.json."""
    judged = [sung.song for sung in material.test]
    sung = material.test[: settings.melodies or len(material.test)]
    learnt = Learnt.of(material.train.songs())
    return {
        "format": FORMAT,
        "command": command,
        "versions": {**{name: version_of(name) for name in PACKAGES}, "python": platform.python_version()},
        "settings": {name: getattr(settings, name) for name in ("seed", "budget", "preset", "quick")},
        "first_words": list(first),
        "data": dict(material.facts),
        "missed": {what: list(names) for what, names in material.missed.items()},
        "frequent_guess": frequent_guess(material.train.songs("train"), judged).to_json(),
        "variants": variant_jsons(trials, lyrics),
        "true_lyrics": summary([true_figures(sung, i, learnt) for i in range(len(sung))]),
        "melodies": [melody_json(each) for each in sung],
        "lyrics": [lyric.to_json() for lyric in lyrics],
    }


def version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def true_figures(sung: Sequence[Sung], melody: int, learnt: Learnt) -> dict[str, Any]:
    """The figures of a tune's true words. Their fit is the share of lines whose notes are known: a table divides
    lines in another way than a tune, so fitting line to phrase would report errors in songs that people sing."""
    song = sung[melody].song
    known = [bool(line.slots) for line in song.lines()]
    found = figures(song.sections, sung[melody], learnt, ())
    return {**found, "fit": {"syllables": share(sum(known), len(known)), "lines": None, "syllables_off": None}}


def melody_json(sung: Sung) -> dict[str, Any]:
    return {
        "name": sung.name,
        "title": sung.song.title,
        "artist": sung.song.artist,
        "tune": sung.song.meta["tune"],
        "tune_sha256": sung.song.meta["tune_sha256"],
        "phrases": len(sung.tune.phrases),
        "slots": sum(len(phrase.slots) for phrase in sung.tune.phrases),
        "true_lines": sum(1 for _ in sung.song.lines()),
    }


def variant_jsons(trials: Sequence[Trial], lyrics: Sequence[Lyric]) -> list[dict[str, Any]]:
    """The figures of each variant. Distinct pairs are counted over the same number of pairs of each."""
    own = {each.variant.key: [x for x in lyrics if x.variant == each.variant.key] for each in trials}
    texts = {key: [lines_of(x.draft.sections) for x in every if not x.order.again] for key, every in own.items()}
    sizes = [sum(1 for _ in pairs_of(every)) for every in texts.values()]
    least = min((size for size in sizes if size), default=0)
    made = []
    for each in trials:
        found = variant_json(each, own[each.variant.key])
        if found["written"]:
            found["written"]["distinct_2_together"] = distinct_pairs(texts[each.variant.key], least)
        made.append(found)
    return made


def variant_json(each: Trial, lyrics: Sequence[Lyric]) -> dict[str, Any]:
    ours = [lyric for lyric in lyrics if not lyric.order.again]
    seconds = sum(lyric.draft.seconds for lyric in lyrics if lyric.figures)
    words = sum(lyric.figures["words"] for lyric in lyrics if lyric.figures)
    return {
        "key": each.variant.key,
        "label": each.variant.label,
        "told": each.variant.told,
        "training": asdict(each.trained),
        "foretelling": each.judged.to_json(),
        "written": summary([lyric.figures for lyric in ours if lyric.figures]),
        "failed": sum(bool(lyric.draft.failed) for lyric in ours),
        "words_per_second": round(words / seconds, 1) if seconds else None,
        "words_per_second_together": each.together,
        "effects": effects(lyrics),
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Means of lyrics' figures, and the longest of the longest copied runs."""
    means = mean_of(rows)
    if means is None:
        return None
    return {"lyrics": len(rows), **means, "longest_copied_run_of_all": max(row["longest_copied_run"] for row in rows)}


def effects(lyrics: Sequence[Lyric]) -> dict[str, float | None]:
    """Distance of lyrics that differ in one thing only: the first word, the seed, the melody (and so the seed)."""
    main = [lyric for lyric in lyrics if not lyric.order.again]
    return {
        "first_word": mean_apart(grouped(lyrics, lambda order: (order.melody, order.seed))),
        "seed": mean_apart(grouped(lyrics, lambda order: (order.melody, order.first))),
        "melody": mean_apart(grouped(main, lambda order: order.first)),
    }


def grouped(lyrics: Iterable[Lyric], key: Callable[[Order], object]) -> list[list[list[str]]]:
    """The words of lyrics, grouped by the key."""
    groups: dict[object, list[list[str]]] = {}
    for lyric in lyrics:
        groups.setdefault(key(lyric.order), []).append(lyric.words)
    return list(groups.values())


# --- figures of lyrics


def lines_of(sections: Sequence[Section]) -> Lines:
    tokenizer = WordTokenizer()
    return [tokenizer.split(line.text) for section in sections for line in section.lines]


def words_of(lines: Lines) -> list[str]:
    return [word for line in lines for word in line]


@dataclass
class Learnt:
    """The training songs, to compare with: words, pairs of neighbours in a line, and an index of runs of words."""

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
    """Shares of lines with a syllable for every slot and without any violation that `fit` finds, and the mean number
    of syllables too many or too few."""
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
    """Distance of two lyrics, 0 to 1: one less the weighted Jaccard index of their words.

    >>> apart(["la", "la", "lo"], ["la", "la", "li"])
    0.5
    """
    one, two = Counter(a), Counter(b)
    both, either = (one & two).total(), (one | two).total()
    return 1 - both / either if either else 0.0


def mean_apart(groups: Iterable[Sequence[Sequence[str]]]) -> float | None:
    """Mean over all pairs within each group of lyrics; None where no group has two."""
    found = [apart(a, b) for group in groups for a, b in combinations([words for words in group if words], 2)]
    return round(fmean(found), 4) if found else None
