"""What an exercise found, as the JSON of results.json (format 1, schema `exercise`)."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from lyricist.apps.exercise.foretelling import frequent_guess
from lyricist.apps.exercise.lyric_figures import (
    Learnt,
    distinct_pairs,
    figures,
    lines_of,
    mean_apart,
    mean_of,
    pairs_of,
    share,
    words_of,
)
from lyricist.apps.exercise.material import Material, Sung
from lyricist.apps.exercise.settings import Settings
from lyricist.apps.exercise.variants import Draft, Judged, Trained, Variant, Writer
from lyricist.corpus import Line, Section
from lyricist.melody.tune import Tune

FORMAT = 1
PACKAGES = ("lyricist", "numpy", "torch", "gensim", "onnxruntime", "matplotlib")


class Ordered(Protocol):
    @property
    def melody(self) -> int: ...
    @property
    def first(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def again(self) -> bool: ...


@dataclass(frozen=True)
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
    order: Ordered
    draft: Draft
    figures: dict[str, Any]

    @classmethod
    def of(
        cls, variant: str, order: Ordered, draft: Draft, sung: Sung, learnt: Learnt, others: Sequence[Tune]
    ) -> Lyric:
        made = figures(draft.sections, sung, learnt, others) if draft.sections else {}
        return cls(variant, order, draft, made)

    @property
    def words(self) -> list[str]:
        return words_of(lines_of(self.draft.sections))

    def to_json(self) -> dict[str, Any]:
        order, draft = self.order, self.draft
        return {
            "variant": self.variant,
            "melody": order.melody,
            "first": order.first,
            "seed": order.seed,
            "again": order.again,
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
    """All of it."""
    judged = [sung.song for sung in material.test]
    guess = frequent_guess(material.train.songs("train"), judged)
    sung = material.test[: settings.melodies or len(material.test)]
    learnt = Learnt.of(material.train.songs())
    return {
        "format": FORMAT,
        "command": command,
        "versions": {**{name: version_of(name) for name in PACKAGES}, "python": platform.python_version()},
        "settings": {
            "seed": settings.seed,
            "budget": settings.budget,
            "preset": settings.preset,
            "quick": settings.quick,
        },
        "first_words": list(first),
        "data": dict(material.facts),
        "missed": {what: list(names) for what, names in material.missed.items()},
        "frequent_guess": Judged(guess.positions, guess.top1, guess.top10).to_json(),
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
    """The figures of the words a tune really has; for its fit, of how many lines the notes are known. How a table
    divides lines is not how a tune does, so that laying line by phrase would find fault with what people sing."""
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
    """Each variant with all that it wrote. Distinct pairs are compared over as many pairs of each."""
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
        "training": each.trained.to_json(),
        "foretelling": each.judged.to_json(),
        "written": summary([lyric.figures for lyric in ours if lyric.figures]),
        "failed": sum(bool(lyric.draft.failed) for lyric in ours),
        "words_per_second": round(words / seconds, 1) if seconds else None,
        "words_per_second_together": each.together,
        "effects": effects(lyrics),
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Means of lyrics' figures; of the longest copied runs the longest, too."""
    means = mean_of(rows)
    if means is None:
        return None
    return {"lyrics": len(rows), **means, "longest_copied_run_of_all": max(row["longest_copied_run"] for row in rows)}


def effects(lyrics: Sequence[Lyric]) -> dict[str, float | None]:
    """How far lyrics differ that differ in one thing only: the first word, the seed, the melody (and so the seed)."""
    main = [lyric for lyric in lyrics if not lyric.order.again]
    return {
        "first_word": mean_apart(grouped(lyrics, lambda order: (order.melody, order.seed))),
        "seed": mean_apart(grouped(lyrics, lambda order: (order.melody, order.first))),
        "melody": mean_apart(grouped(main, lambda order: order.first)),
    }


def grouped(lyrics: Iterable[Lyric], key: Callable[[Ordered], object]) -> list[list[list[str]]]:
    """The words of lyrics, those with the same key together."""
    groups: dict[object, list[list[str]]] = {}
    for lyric in lyrics:
        groups.setdefault(key(lyric.order), []).append(lyric.words)
    return list(groups.values())
