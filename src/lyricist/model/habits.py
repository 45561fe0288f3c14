"""How the songs go that a run was fine-tuned on: their forms, persons, tenses and themes (`habits.json`).

A song that is written without a wish takes its form from one of them. `training.habits` finds them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyricist._io import parse_json, read_plain, replace_file
from lyricist.corpus import SECTION_NAMES
from lyricist.errors import RunError
from lyricist.prosody.metre import METRES

HABITS = "habits.json"  # in a run directory
FORMAT = 1
MOST = 1 << 24  # bytes of a file
MOST_LINES, MOST_SYLLABLES = 64, 40  # lines of a section and sections of a song, syllables of a line
RHYME = re.compile("[A-Z]+")

Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class SectionForm:
    """A section of a song without its words: `name`, and per line its syllables; `metre` "" where none is clear.

    `rhyme`: a letter a line, X for lines that rhyme with none. `again`: per line the number in the song, from 1, of
    the line that it repeats, 0 for none.
    """

    name: str
    syllables: tuple[int, ...]
    metre: str
    rhyme: str
    again: tuple[int, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether a section of a song can be like this."""
        lines = len(self.syllables)
        same = lines == len(self.rhyme) and len(self.again) in (0, lines) and 0 < lines <= MOST_LINES
        named = self.name in SECTION_NAMES and self.metre in ("", *METRES) and RHYME.fullmatch(self.rhyme) is not None
        counted = all(0 < n <= MOST_SYLLABLES for n in self.syllables)
        return same and named and counted and all(0 <= n <= MOST_LINES**2 for n in self.again)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SectionForm:
        syllables, again = (tuple(int(n) for n in data[name]) for name in ("syllables", "again"))
        return cls(str(data["name"]), syllables, str(data["metre"]), str(data["rhyme"]), again)


SongForm = tuple[SectionForm, ...]


@dataclass(frozen=True)
class Habits:
    """`forms`: one of every song whose form is known, so that a draw meets a form as often as songs have it.
    `persons` and `tenses` with their shares, which add up to 1; (): unknown. `themes`: words that songs are about."""

    forms: tuple[SongForm, ...] = ()
    persons: Shares = ()
    tenses: Shares = ()
    themes: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        forms = [[vars(section) for section in form] for form in self.forms]
        data = {"format": FORMAT, **vars(self), "forms": forms}
        replace_file(path, [json.dumps(data, ensure_ascii=False).encode()])

    @classmethod
    def load(cls, path: Path) -> Habits:
        """Saved habits. Raises `RunError` if they are damaged."""
        data = parse_json(read_plain(path, MOST), path)
        try:
            forms = tuple(tuple(map(SectionForm.from_json, form)) for form in data["forms"])
            persons, tenses = (tuple((str(n), float(x)) for n, x in data[name]) for name in ("persons", "tenses"))
            made = cls(forms, persons, tenses, tuple(map(str, data["themes"])))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise RunError(f"{path} is damaged: restore it, or train again") from error
        if (
            not all(section.possible for form in forms for section in form)
            or max(map(len, forms), default=0) > MOST_LINES
        ):
            raise RunError(f"{path} is damaged (a form that no song has): restore it, or train again")
        return made


NONE = Habits()
