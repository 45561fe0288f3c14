"""A written song, as text and as the JSON of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lyricist.corpus import Section
from lyricist.corpus import Song as CorpusSong
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.scan import Scansion
from lyricist.tokens import WordTokenizer
from lyricist.writing.merit import Score
from lyricist.writing.written import Choice

TITLE_WORDS = 6
LITTLE = frozenset({"upon", "into", "over", "under", "every", "any", "until", "a", "an"})


@dataclass(frozen=True)
class WrittenSong:
    """One finished song. `nll_per_word`: nats per token under the model writing freely.
    `copied`: words in the longest run that stands in the training songs, None if that is not known."""

    title: str
    seed: int
    sections: tuple[Section, ...]
    nll_per_word: float
    copied: int | None = None
    scansions: tuple[Scansion, ...] = ()  # one a line, for songs written to a plan
    choices: tuple[Choice, ...] = ()  # how each word was chosen, where that was asked for
    unmet: int = 0  # lines that a condition on whole lines could not be met for
    score: Score | None = None  # of the lines that were written, the mean, where drafts were judged

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
            **({} if self.score is None else {"score": self.score.to_json()}),
            "sections": list(self.section_jsons()),
        }

    def section_jsons(self) -> Iterator[dict[str, Any]]:
        scans: Iterator[Scansion | None] = iter(self.scansions)
        for section in self.sections:
            lines = [line_json(line.text, next(scans, None)) for line in section.lines]
            yield {"name": section.name, "lines": lines}


def line_json(text: str, scan: Scansion | None) -> dict[str, Any]:
    """One line of the contract; the fields of sound are null for a song that was written freely."""
    words = [written for _, written in WordTokenizer().split_surface(text)]
    if scan is None:
        sound: dict[str, Any] = {"reading": None, "syllables": None, "stress": None, "rhyme": None}
        return {"text": text, "words": words, **sound}
    return {
        "text": text,
        "words": words,
        "reading": [r.text for r in scan.readings],
        "syllables": scan.syllables,
        "stress": scan.stress,
        "rhyme": scan.rhyme,
    }


def first_words(sections: Sequence[Section]) -> str:
    """The chorus's first line, else the song's, cut to a few words and not after a little one.

    >>> from lyricist.corpus import Line
    >>> first_words([Section("verse", (Line("We came at dawn"),)), Section("chorus", (Line("Slide, slide"),))])
    'Slide, slide'
    >>> first_words([Section("verse", (Line("And in the land upon the shore"),))])
    'And in the land'
    """
    chosen = next((s for s in sections if s.name in ("chorus", "refrain", "hook")), None) or sections[0]
    whole = chosen.lines[0].text.split()
    words = whole[:TITLE_WORDS]
    while len(whole) > len(words) > 2 and (words[-1].lower() in LITTLE or words[-1].lower() in FUNCTION_WORDS):
        words.pop()
    return " ".join(words)
