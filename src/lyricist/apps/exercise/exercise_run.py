"""The whole exercise: read, train, evaluate, write, report."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from lyricist._io import recover, staged
from lyricist.apps.exercise.exercise_data import (
    FIRST_WORDS,
    MOST_FIRST_WORDS,
    Material,
    Settings,
    Sung,
    Tell,
    read_material,
)
from lyricist.apps.exercise.exercise_report import RESULTS, need_jinja, write_report
from lyricist.apps.exercise.exercise_results import Learnt, Lyric, Order, Trial, figures, lines_of, results, words_of
from lyricist.apps.exercise.variants import VARIANTS, Trained, Variant, Writer, chosen
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError, PlanError

TOGETHER = 32  # lyrics written in one call to see how fast that is
OTHERS = 3  # tunes of other songs that a lyric is compared with: those after its own
OFTEN = 60  # words that first words are drawn from


def exercise(
    train: Path,
    test: Path,
    midi: Path,
    out: Path,
    settings: Settings | None = None,
    *,
    variants: Sequence[Variant] = VARIANTS,
    force: bool = False,
    command: str = "",
    tell: Tell = lambda said: None,
) -> dict[str, Any]:
    """Do the exercise and write the report `out`, a directory; returns what its results.json holds.

    `tell` is called with lines of progress; the report quotes `command`. Raises `InputError` for files that are
    missing or do not match, for first words without a vector, and for an `out` that exists (unless `force`, which
    replaces a report and nothing else); `MissingExtra` where packages are missing. A failure leaves nothing behind.
    """
    settings = settings or Settings()
    target, taken = check_report(out, force), chosen(variants, settings.variants)
    need_jinja()
    for variant in taken:
        variant.ready()
    with staged(target) as work:
        runs = work / "runs"
        runs.mkdir()
        material = read_material(train, test, midi, runs / "songs")
        tell_material(material, tell)
        asked = asked_words(settings)
        check_known(asked, material)
        trials = [trial(variant, material, runs, settings, tell) for variant in taken]
        first = first_words(asked, material, trials, settings.seed)
        lyrics = list(written(material, trials, first, settings, tell))
        for each in trials:
            each.together = rate_of_many(each.writer, material.test[0], first, settings)
        found = results(material, trials, lyrics, first, settings, command)
        write_report(found, work)
        if not settings.keep_runs:
            shutil.rmtree(runs)
    return found


def check_report(out: Path, force: bool) -> Path:
    """The real path of a report. Raises `InputError` if it holds something that may not be replaced."""
    recover(target := Path(os.path.realpath(out)))
    if os.path.lexists(target):
        empty = target.is_dir() and not any(target.iterdir())
        if not force:
            raise InputError(f"{out} exists: use --force to replace it, or choose another -o")
        if not empty and not (target / RESULTS).is_file():
            raise InputError(f"{out} is no report of an exercise: --force does not replace it, choose another -o")
    return target


def tell_material(material: Material, tell: Tell) -> None:
    facts = material.facts
    tell(
        f"{facts['train']['with_tune']} songs with a tune to learn from, {facts['test']['with_tune']} to be judged by"
    )
    for what, names in material.missed.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        tell(f"{what}: {len(names)} ({'; '.join(name[:120] for name in names[:3])}{more})")


def trial(variant: Variant, material: Material, runs: Path, settings: Settings, tell: Tell) -> Trial:
    """Train a variant and evaluate it."""
    tell(f"{variant.label}: training for {settings.budget:g} s")
    trained = Trained.by(variant.train(material, runs / variant.key, settings))
    writer = variant.open(runs / variant.key, material)
    judged = writer.judge(material.test)
    tell(
        f"{variant.label}: {trained.words_per_second:,.0f} words/s, true word among the ten likeliest "
        f"{judged.top10 / max(1, judged.positions):.1%}"
    )
    return Trial(variant, trained, judged, writer)


# --- first words


def asked_words(settings: Settings) -> tuple[str, ...]:
    """The first words asked for, as tokens. Raises `InputError` for what is not one word, and for repetitions."""
    asked: list[str] = []
    for text in settings.first:
        words = WordTokenizer().split(text)
        if len(words) != 1:
            raise InputError(f"--first {text!r} is not one word")
        if words[0] in asked:
            raise InputError(f"--first {text} is given twice: name different words")
        asked += words
    return tuple(asked)


def check_known(first: Iterable[str], material: Material) -> None:
    """Raise `InputError`, before hours of training, for a word that no variant can learn."""
    counts = Counter(word for song in material.train.songs("train") for word in words_of(lines_of(song.sections)))
    for word in first:
        if counts[word] < 2:
            times = "only once" if counts[word] else "nowhere"
            near = get_close_matches(word, [w for w, n in counts.items() if n > 1], 3)
            instead = f"; near it are {', '.join(near)}" if near else ""
            raise InputError(f"--first {word!r} stands {times} in the training songs, so it has no vector{instead}")


def first_words(asked: tuple[str, ...], material: Material, trials: Sequence[Trial], seed: int) -> tuple[str, ...]:
    """The words asked for; without any, frequent first words of the training songs' lines, drawn by the seed.

    Raises `InputError` for a word that a variant does not know, and if there is none that all know.
    """
    for word in asked:
        for each in trials:
            if not each.writer.knows(word):
                raise InputError(f"--first {word!r} has no vector in {each.variant.label}: choose another word")
    if asked:
        return asked
    lines = (line for song in material.train.songs("train") for line in lines_of(song.sections) if line)
    counts = Counter(line[0] for line in lines if line[0].isalpha() and not is_unclean(line[0]))
    openings = sorted(counts, key=lambda word: (-counts[word], word))
    words = [word for word in openings if all(each.writer.knows(word) for each in trials)]
    if not words:
        raise InputError("no word begins a line of the training songs that all variants know: add songs")
    rng = np.random.default_rng(seed)
    return tuple(str(word) for word in rng.permutation(words[:OFTEN])[:FIRST_WORDS])


# --- writing


def orders(melodies: int, first: Sequence[str], seed: int) -> Iterator[Order]:
    """Every lyric has its own seed; those after a melody's first are also written with the seed of the first."""
    for melody in range(melodies):
        begun = seed + melody * MOST_FIRST_WORDS
        yield from (Order(melody, word, begun + k) for k, word in enumerate(first))
        yield from (Order(melody, word, begun, again=True) for word in first[1:])


def written(
    material: Material, trials: Sequence[Trial], first: Sequence[str], settings: Settings, tell: Tell
) -> Iterator[Lyric]:
    """Every variant's lyrics with their figures, for every test melody and every first word."""
    learnt = Learnt.of(material.train.songs())
    songs = material.test[: settings.melodies or len(material.test)]
    for order in orders(len(songs), first, settings.seed):
        sung = songs[order.melody]
        if order.first == first[0] and not order.again:
            tell(f"writing for {sung.name} ({order.melody + 1} of {len(songs)})")
        others = [songs[(order.melody + k) % len(songs)].tune for k in range(1, min(1 + OTHERS, len(songs)))]
        for each in trials:
            draft = each.writer.write(sung, order.first, order.seed)
            made = figures(draft.sections, sung, learnt, others) if draft.sections else {}
            yield Lyric(each.variant.key, order, draft, made)


def rate_of_many(writer: Writer, sung: Sung, first: Sequence[str], settings: Settings) -> float | None:
    """Words/s of TOGETHER lyrics for one melody, written in one call; None where nothing can be written."""
    begun = time.perf_counter()
    try:
        songs = writer.write_many(sung, first[0], settings.seed, 2 if settings.quick else TOGETHER)
    except (InputError, PlanError):
        return None
    seconds = time.perf_counter() - begun
    return round(sum(len(words_of(lines_of(song.sections))) for song in songs) / seconds, 1)
