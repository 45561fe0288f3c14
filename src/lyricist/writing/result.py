"""A written song, as text and as the JSON of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lyricist.corpus import Section
from lyricist.corpus import Song as CorpusSong

TITLE_WORDS = 6


@dataclass(frozen=True)
class WrittenSong:
    """One finished song. `nll_per_word`: nats per token under the model writing freely.
    `copied`: words in the longest run that stands in the training songs, None if that is not known."""

    title: str
    seed: int
    sections: tuple[Section, ...]
    nll_per_word: float
    copied: int | None = None

    @property
    def text(self) -> str:
        """Lines, with a blank line between sections."""
        return CorpusSong("", "", self.sections, "").text()

    @property
    def form(self) -> str:
        """Such as "verse 4, chorus 4"."""
        return ", ".join(f"{s.name} {len(s.lines)}" for s in self.sections)

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "seed": self.seed,
            "nll_per_word": round(self.nll_per_word, 4),
            "sections": [
                {"name": s.name, "lines": [line_json(line.text) for line in s.lines]} for s in self.sections
            ],
        }


def line_json(text: str) -> dict[str, Any]:
    """One line of the contract; the fields of sound are null for a run that writes without them."""
    sound = {"reading": None, "syllables": None, "stress": None, "rhyme": None}
    return {"text": text, "words": text.split(), **sound}


def title_of(sections: Sequence[Section]) -> str:
    """The chorus's first line, else the song's, cut to a few words.

    >>> from lyricist.corpus import Line
    >>> title_of([Section("verse", (Line("We came at dawn"),)), Section("chorus", (Line("Slide, slide"),))])
    'Slide, slide'
    """
    chosen = next((s for s in sections if s.name in ("chorus", "refrain", "hook")), None) or sections[0]
    return " ".join(chosen.lines[0].text.split()[:TITLE_WORDS])
