"""Lyrics as they are typed -> stanzas for `check`, every line with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass

from lyricist.apps.studio.bodies import Draft
from lyricist.corpus.label_tables import inline_chords, split_times
from lyricist.corpus.lyrics_file import Stanza, label_of, left_out
from lyricist.corpus.structure import guess_names


@dataclass(frozen=True)
class Sheet:
    """Stanzas, and for each of their lines, counted from 1, its number in the text; `heads`: lines that name a
    section."""

    stanzas: list[Stanza]
    numbers: list[int]
    heads: list[dict[str, object]]
    characters: int


def of_draft(draft: Draft) -> Sheet:
    """A draft's lines are numbered through, as if there were nothing between its sections."""
    stanzas = [Stanza(s.name, tuple(line.text for line in s.lines), True) for s in draft.sections if s.lines]
    count = draft.count()
    characters = sum(len(line.text) for section in draft.sections for line in section.lines)
    return Sheet(stanzas, list(range(1, count + 1)), [], characters)


def of_text(text: str) -> Sheet:
    """Text as it stands: blank lines divide stanzas, `[Chorus]` names one. What is no lyrics is passed over.

    >>> sheet = of_text("[Verse]\\nThe river ran\\n\\nOh")
    >>> [(s.name, s.lines) for s in sheet.stanzas], sheet.numbers, sheet.heads
    ([('verse', ('The river ran',)), ('verse', ('Oh',))], [2, 4], [{'line': 1, 'name': 'verse'}])
    """
    groups: list[tuple[str, list[str]]] = []
    numbers: list[int] = []
    heads: list[dict[str, object]] = []
    name, fresh = "", True
    for number, raw in enumerate(text.splitlines(), 1):
        line = " ".join(raw.split())
        label = label_of(line)
        if label is not None:
            name, fresh, line = label.name, True, label.tail
            heads.append({"line": number, "name": label.name})
        elif not line:
            name, fresh = ("", True) if not fresh else (name, True)
        if line and (label is not None or not left_out(raw, line)):
            if fresh:
                groups.append((name, []))
            fresh = False
            groups[-1][1].append(sung(line))
            numbers.append(number)
    guessed = guess_names([tuple(lines) for _, lines in groups])
    stanzas = [Stanza(n or g, tuple(lines), bool(n)) for (n, lines), g in zip(groups, guessed, strict=True)]
    return Sheet(stanzas, numbers, heads, len(text))


def sung(line: str) -> str:
    """A line without chords and without "(x2)"."""
    bare, _ = split_times(line)
    return inline_chords(bare).text if "[" in bare else bare or line
