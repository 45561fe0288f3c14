"""`Song` -> `Section` -> `Line`, immutable, and their JSON form.

In JSON a line without annotations is a plain string, which keeps `songs.jsonl` readable and small:

>>> Section("chorus", (Line("Oh, the river"),)).to_json()
{'name': 'chorus', 'lines': ['Oh, the river']}
>>> Section.from_json({"name": "verse", "lines": [{"text": "Low tide", "time": 1.5}]}).lines[0].time
1.5
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from lyricist.errors import InputError

if TYPE_CHECKING:
    from lyricist.melody.tune import Slot

SECTION_NAMES = ("verse", "chorus", "bridge", "prechorus", "intro", "outro", "refrain", "hook", "interlude")
RETURNING = frozenset({"chorus", "refrain"})  # sections that come back word for word
CHORUSES = RETURNING | {"hook"}  # sections that everybody sings
WORD = re.compile(r"'?[^\W_]+(?:['\-][^\W_]+)*'?")  # a word of a line, without signs and quotation marks around it


class LineSlot(NamedTuple):
    """What one syllable of a line is sung to: a note, or several (`melody.tune.Slot`)."""

    at: int  # where in the line's text the syllable's word begins: the same for all syllables of a word
    duration: float  # quarters
    pitch: int  # MIDI number of the first note
    strength: int  # metrical, 0 the weakest to 4
    strong: bool  # asks for a stress
    rest: float  # quarters of silence after it

    @classmethod
    def of(cls, at: int, slot: Slot) -> LineSlot:
        return cls(at, float(slot.duration), slot.pitch, slot.strength, slot.strong, float(slot.rest))


@dataclass(frozen=True, slots=True)
class Line:
    """One sung line. Offsets count characters of `text` from 0; times are seconds from the song's start.

    `slots`: a slot for every syllable, where the tune is known and its words are aligned; else empty.
    """

    text: str
    chords: tuple[tuple[int, str], ...] = ()
    time: float | None = None
    word_times: tuple[tuple[int, float], ...] = ()
    slots: tuple[LineSlot, ...] = ()

    def to_json(self) -> str | dict[str, Any]:
        data: dict[str, Any] = {"text": self.text}
        if self.chords:
            data["chords"] = [list(chord) for chord in self.chords]
        if self.time is not None:
            data["time"] = self.time
        if self.word_times:
            data["word_times"] = [list(pair) for pair in self.word_times]
        if self.slots:
            data["slots"] = [
                [s.at, round(s.duration, 4), s.pitch, s.strength, int(s.strong), round(s.rest, 4)] for s in self.slots
            ]
        return data if len(data) > 1 else self.text

    @classmethod
    def from_json(cls, data: str | dict[str, Any]) -> Line:
        if isinstance(data, str):
            return cls(data)
        return cls(
            str(data["text"]),
            tuple((int(at), str(name)) for at, name in data.get("chords", ())),
            None if data.get("time") is None else finite(data["time"]),
            tuple((int(at), finite(when)) for at, when in data.get("word_times", ())),
            tuple(
                LineSlot(int(a), finite(d), int(p), int(b), bool(s), finite(r))
                for a, d, p, b, s, r in data.get("slots", ())
            ),
        )


def finite(value: Any) -> float:
    """A number. Raises `ValueError` or `TypeError` for what is none, such as 1e999, which JSON reads as infinite."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a number")
    return number


def slots_fit(text: str, slots: Sequence[LineSlot]) -> bool:
    """Whether slots can belong to a text: each is at the beginning of a word, and their places never decrease.

    >>> slot = LineSlot(4, 1.0, 60, 0, False, 0.0)
    >>> slots_fit("Oh, river", [slot, slot]), slots_fit("Oh river", [slot])
    (True, False)
    """
    places = [slot.at for slot in slots]
    return places == sorted(places) and {word.start() for word in WORD.finditer(text)}.issuperset(places)


@dataclass(frozen=True, slots=True)
class Section:
    """A verse, a chorus...: `name` is one of `SECTION_NAMES`, `label` the source's name for it ("Verse 2")."""

    name: str
    lines: tuple[Line, ...]
    label: str = ""

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"name": self.name, "lines": [line.to_json() for line in self.lines]}
        if self.label:
            data["label"] = self.label
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Section:
        """Raises `InputError` for an unknown name."""
        name = data["name"]
        if name not in SECTION_NAMES:
            raise InputError(f"section name {name!r}: not one of {', '.join(SECTION_NAMES)}")
        return cls(name, tuple(Line.from_json(line) for line in data["lines"]), str(data.get("label") or ""))


@dataclass(frozen=True, slots=True)
class Song:
    """A song's words. `source` names its file; `meta` holds further facts from that file."""

    title: str
    artist: str
    sections: tuple[Section, ...]
    source: str
    meta: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[Line]:
        for section in self.sections:
            yield from section.lines

    def text(self, labels: bool = False) -> str:
        """Plain text, a blank line between sections; with `labels`, a `[Chorus]` line above each.

        >>> verse = Section("verse", (Line("One"), Line("Two")))
        >>> print(Song("", "", (verse, verse), "a.txt").text(labels=True))
        [Verse]
        One
        Two
        <BLANKLINE>
        [Verse]
        One
        Two
        """
        blocks = []
        for section in self.sections:
            head = [f"[{section.label or section.name.capitalize()}]"] if labels else []
            blocks.append("\n".join([*head, *(line.text for line in section.lines)]))
        return "\n\n".join(blocks)

    def word_count(self) -> int:
        """Words as white space separates them."""
        return sum(len(line.text.split()) for line in self.lines())

    def to_json(self) -> dict[str, Any]:
        """A dict ready for `json.dumps`; `Song.from_json` gives the song back."""
        data: dict[str, Any] = {"title": self.title, "artist": self.artist, "source": self.source}
        if self.meta:
            data["meta"] = self.meta
        data["sections"] = [section.to_json() for section in self.sections]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Song:
        """Raises InputError if `data` is not what `to_json` makes (unknown keys are left alone)."""
        try:
            return cls(
                str(data.get("title") or ""),
                str(data.get("artist") or ""),
                tuple(Section.from_json(section) for section in data["sections"]),
                str(data.get("source") or ""),
                {str(key): str(value) for key, value in (data.get("meta") or {}).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(f"not a song in lyricist's JSON: {type(error).__name__} {error}") from None
