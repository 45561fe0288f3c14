"""Training with measurements afterwards: what a fine-tuned run overuses, and how much it copies from its songs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lyricist.corpus import Corpus, Section
from lyricist.errors import UnfinishedSongs, expect
from lyricist.evaluation.copies import Copies
from lyricist.evaluation.overuse import hold_back
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run
from lyricist.plan.plan import QUICK
from lyricist.training import start
from lyricist.training.config import Options
from lyricist.training.events import TrainEvent

RUN = 4  # words of the shortest run that counts as copied
WRITTEN = 20  # songs written for the measurement
INDEXED = 2_000_000  # words of a corpus above which nothing is measured


def train_songs(
    corpus: Corpus,
    out: Path | str,
    options: Options | None = None,
    *,
    resume: bool = False,
    force: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[TrainEvent]:
    """Train a run on a corpus from beginning to end, plots and model card included.

    Yields events (`lyricist.training.events`) while it trains. Raises `InputError` for options that clash and
    `RunError` for a run that is in the way, foreign or not what `resume` would continue.
    """
    expect(corpus, Corpus, "corpus", "what lyricist.read gives")
    return start.train_songs(
        corpus, out, options, resume=resume, force=force, should_stop=should_stop, measure=measured
    )


def measured(run: Run, corpus: Corpus) -> tuple[float, float]:
    """Count what a fine-tuned run overuses (`overuse.hold_back`), then return what it copies: see `copied`."""
    if corpus.info["words"] <= INDEXED:
        hold_back(run, corpus)
    return copied(run, corpus)


def copied(run: Run, corpus: Corpus) -> tuple[float, float]:
    """The shares of words in runs of RUN words of the training songs: in songs the run writes, and in held-out songs.

    NaN for both if its tokens are not words or the corpus has more than INDEXED words.
    """
    tokenizer = run.vocabulary.tokenizer
    if tokenizer.name != "word" or corpus.info["words"] > INDEXED:
        return math.nan, math.nan

    def words(sections: Iterable[Section]) -> list[str]:
        return [w for section in sections for line in section.lines for w in tokenizer.split(line.text)]

    known = Copies.of(corpus.songs("train"))
    try:
        songs = load(run).write(None, QUICK, seed=0, count=WRITTEN, as_it_is=True)
    except UnfinishedSongs as error:
        songs = error.songs
    written = (words(song.sections) for song in songs)
    return known.share(written, RUN), known.share((words(song.sections) for song in corpus.songs("valid")), RUN)
