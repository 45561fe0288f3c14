"""What `prepare` read, kept and dropped, source by source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lyricist.corpus.readers.base import WORDLESS, Drops, count_drop

# Reasons that take a song away; the others take a line, a file, or a folder.
SONG_REASONS = ("duplicate", "near-duplicate", "not English", "too short", "no lyrics", WORDLESS)
HEADER = ("source", "kind", "read", "kept", "dropped")


@dataclass(eq=False)
class Row:
    """One source: a file, or all the one-song files of a kind in a folder. `read` and `kept` count songs."""

    source: str
    kind: str = ""
    read: int = 0
    kept: int = 0
    sha256: str = ""
    dropped: Drops = field(default_factory=dict)

    def drop(self, reason: str, example: str) -> None:
        count_drop(self.dropped, reason, example)

    def to_json(self) -> dict[str, Any]:
        dropped = {reason: {"count": n, "example": example} for reason, (n, example) in self.dropped.items()}
        return {
            "source": self.source,
            "kind": self.kind,
            "read": self.read,
            "kept": self.kept,
            "sha256": self.sha256,
            "dropped": dropped,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Row:
        dropped = {reason: (int(d["count"]), str(d["example"])) for reason, d in data["dropped"].items()}
        return cls(data["source"], data["kind"], data["read"], data["kept"], data["sha256"], dropped)


@dataclass
class Report:
    """The rows, and remarks on the whole. `str(report)` is a plain table."""

    sources: list[Row]
    notes: list[str] = field(default_factory=list)

    def dropped(self) -> dict[str, int]:
        """How often each reason occurred, over all sources."""
        total: Counter[str] = Counter()
        for row in self.sources:
            total.update({reason: count for reason, (count, _) in row.dropped.items()})
        return dict(total.most_common())

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """A header and a row of text for each source, ready to print."""
        body = [(row.source, row.kind, f"{row.read}", f"{row.kept}", reasons(row.dropped)) for row in self.sources]
        return [HEADER, *body]

    def summary(self) -> str:
        """What was dropped in one phrase, with an example of each reason, for error messages."""
        merged: Drops = {}
        for row in self.sources:
            for reason, (count, example) in row.dropped.items():
                before, first = merged.get(reason, (0, example))
                merged[reason] = (before + count, first)
        return reasons(merged)

    def __str__(self) -> str:
        return "\n".join([*table(self.rows()), *self.notes])


def reasons(dropped: Drops) -> str:
    """
    >>> reasons({"too short": (2, "Haiku"), "duplicate": (1, "")})
    '2 too short ("Haiku"), 1 duplicate'
    """
    return ", ".join(
        f'{n} {reason} ("{example}")' if example else f"{n} {reason}" for reason, (n, example) in dropped.items()
    )


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
