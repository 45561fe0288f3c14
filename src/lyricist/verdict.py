"""What `violations` looks at, and what it finds: a text with its readings, departures from a plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lyricist.prosody import Reading


class Option(NamedTuple):
    """A reading a word may have, with its stress digits at hand."""

    stress: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of the text: its number from 1, its words and the readings each may have (none: not readable)."""

    number: int
    words: tuple[str, ...]
    options: tuple[tuple[Option, ...], ...]


@dataclass(frozen=True, slots=True)
class TextSection:
    name: str
    labelled: bool
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One departure. `line` counts from 1; None is the song as a whole."""

    line: int | None
    kind: str
    expected: str
    found: str

    def to_json(self) -> dict[str, Any]:
        return {"line": self.line, "kind": self.kind, "expected": self.expected, "found": self.found}


@dataclass
class Verdict:
    """The violations, and per line number what its readings were chosen to satisfy: slots and a last reading."""

    violations: list[Violation] = field(default_factory=list)
    slots: dict[int, str] = field(default_factory=dict)
    ends: dict[int, Reading] = field(default_factory=dict)
    given: set[int] = field(default_factory=set)  # lines that stand as the plan gives them

    def add(self, line: int | None, kind: str, expected: object, found: object) -> None:
        self.violations.append(Violation(line, kind, str(expected), str(found)))
