"""How the songs go that a run was fine-tuned on: their forms, persons, tenses and themes (`habits.json`).

A song that is written without a wish takes its form from one of them. `training.habits` finds them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyricist._io import replace_file
from lyricist.errors import RunError

HABITS = "habits.json"  # in a run directory
FORMAT = 1

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
        try:
            data = json.loads(path.read_bytes())
            forms = tuple(tuple(map(SectionForm.from_json, form)) for form in data["forms"])
            persons, tenses = (tuple((str(n), float(x)) for n, x in data[name]) for name in ("persons", "tenses"))
            return cls(forms, persons, tenses, tuple(map(str, data["themes"])))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"{path} is damaged: delete it, or train again") from error


NONE = Habits()


def inherit_habits(base: Path, run: Path) -> None:
    """Copy the habits of the run that was fine-tuned to the new run, if it has some."""
    if (base / HABITS).exists():
        replace_file(run / HABITS, [(base / HABITS).read_bytes()])
