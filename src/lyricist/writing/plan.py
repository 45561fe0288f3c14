"""What is asked of a song before a word is chosen, and how it is to be drawn."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lyricist.corpus import SECTION_NAMES
from lyricist.errors import InputError

MAX_LINES = 400  # lines of a song that may be asked for
ALIASES = {"pre-chorus": "prechorus", "v": "verse", "c": "chorus", "b": "bridge"}


class Plan(BaseModel):
    """What is asked of the song. Lists apply section by section and cycle when shorter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: tuple[str, ...] = ()  # () lets the model decide
    lines: tuple[int, ...] = ()  # lines in each section; () lets the model decide
    start: str | None = None  # first word of the song
    max_copy: int = Field(default=5, ge=0)  # longest run of words that may stand in the songs; 0: no limit
    keep_chorus: bool = True  # a chorus comes back word for word


class Drawing(BaseModel):
    """How words are drawn from what the model offers and the plan allows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.8, gt=0, le=10)
    top_k: int = Field(default=0, ge=0)  # 0: off
    top_p: float = Field(default=1.0, gt=0, le=1)  # 1: off
    min_p: float = Field(default=0.03, ge=0, lt=1)  # of the likeliest word's probability; 0: off
    repetition: float = Field(default=0.4, ge=0)  # nats off a word for each recent use; 0: off


def parse_form(text: str) -> tuple[str, ...]:
    """Section names of `--form "verse chorus verse chorus"`.

    >>> parse_form("verse, chorus, Pre-Chorus")
    ('verse', 'chorus', 'prechorus')
    """
    names = [ALIASES.get(n, n) for n in text.lower().replace(",", " ").split()]
    for name in names:
        if name not in SECTION_NAMES:
            raise InputError(f"--form names {name!r}, which is no section: use {', '.join(SECTION_NAMES)}")
    if not names:
        raise InputError("--form is empty: name sections, such as 'verse chorus verse chorus'")
    return tuple(names)


def parse_counts(text: str, option: str, most: int) -> tuple[int, ...]:
    """Positive whole numbers of an option such as `--lines 4,6`.

    >>> parse_counts("4, 6", "--lines", 400)
    (4, 6)
    """
    counts = []
    for part in text.replace(",", " ").split():
        if not part.isascii() or not part.isdigit() or not 1 <= int(part) <= most:
            raise InputError(f"{option} {part!r} is not a whole number from 1 to {most}")
        counts.append(int(part))
    if not counts:
        raise InputError(f"{option} is empty: give numbers such as 4 or 4,6")
    return tuple(counts)
