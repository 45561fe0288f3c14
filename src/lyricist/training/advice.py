"""What a fine-tuning taught, in plain words, where that is little, and what would help."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lyricist.corpus import Corpus
from lyricist.model.checkpoint import Run
from lyricist.model.habits import HABITS, Habits
from lyricist.training.events import Finished

LITTLE = 0.02  # fall of the held-out perplexity below which a training taught next to nothing
FEW_SONGS = 40  # below which more songs are the first thing that helps
FEW_PASSES = 3.0  # over the songs, below which more time helps
COPIES = 0.2  # share of the songs read that were left out as duplicates, from which it is said


def advice(end: Finished, run: Run, corpus: Corpus) -> str:
    """Two or three sentences about a fine-tuning that taught little; "" for one that taught something."""
    if not math.isfinite(end.before) or end.reason == "interrupted":
        return ""
    fall = 1 - math.exp(end.valid_loss - end.before)
    if fall >= LITTLE:
        return ""
    return " ".join((taught(fall), *learnt(run), *remedies(end, run, corpus)))


def taught(fall: float) -> str:
    """
    >>> taught(0.004)
    'Your songs taught the network almost nothing: it predicts held-out songs only 0.4% better than before.'
    """
    if fall < 0.001:
        return (
            "Your songs taught the network nothing: it predicts held-out songs no better than before, so the network "
            "was kept as it was."
        )
    gain = f"{fall:.1%} better than before"
    return f"Your songs taught the network almost nothing: it predicts held-out songs only {gain}."


def learnt(run: Run) -> Iterator[str]:
    """What was learnt all the same."""
    path = run.beside(HABITS)
    if path is not None and Habits.load(path).forms:
        yield "It did take their forms, lengths and themes."


def remedies(end: Finished, run: Run, corpus: Corpus) -> Iterator[str]:
    """What would help, by what this training lacked."""
    songs = int(corpus.info["splits"]["train"]["songs"])
    epochs = run.config["train"]["epochs"]
    found = []
    if songs < FEW_SONGS:
        found.append(f"more songs ({songs} is few; {FEW_SONGS} or more teach reliably)")
    if end.reason == "done" and end.epoch < min(FEW_PASSES, epochs or FEW_PASSES):
        found.append(f"a longer budget (it read the songs {end.epoch:.1f} times)")
    dropped = corpus.report.dropped()
    copies = sum(n for reason, n in dropped.items() if "duplicate" in reason)
    if copies >= COPIES * (songs + copies):
        found.append(f"songs that are not duplicates ({copies} were left out)")
    if found:
        yield f"What would help: {', '.join(found)}."
    else:
        yield (
            "They are probably much like what it knew already: songs in another voice, or more of them, would change "
            "it more."
        )
