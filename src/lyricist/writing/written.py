"""What comes out of writing, as it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from lyricist.writing.merit import Score


@dataclass(frozen=True)
class LineWritten:
    """A line of the song with this seed is finished. `opens`: name of the section it is the first line of, or ""."""

    seed: int
    text: str
    opens: str
    first: bool  # of the song


@dataclass(frozen=True)
class SongWritten:
    """The song with this seed is finished: its token ids and the model's own surprise, in nats per token drawn."""

    seed: int
    ids: tuple[int, ...]
    nll_per_word: float
    log_form: float = 0.0  # estimate by the song's particles of the model's log probability of the plan, in nats
    choices: tuple[Choice, ...] = ()  # word by word, if they were asked for
    unmet: int = 0  # lines that a condition on whole lines could not be met for
    scores: tuple[Score, ...] = ()  # of the lines that were written, where drafts were judged


@dataclass(frozen=True)
class Candidate:
    """A word the model thought of: its probability before anything is asked for, its probability among what is
    allowed, and what forbids it ("" if nothing does)."""

    word: str
    p: float
    drawn_p: float
    forbidden: str = ""


@dataclass(frozen=True)
class Choice:
    """How one word came to be chosen. `line` counts from 1; `mass`: share of the model's probability that was
    allowed."""

    line: int
    word: str
    mass: float
    candidates: tuple[Candidate, ...] = field(default=())
