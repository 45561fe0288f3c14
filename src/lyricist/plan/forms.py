"""Named forms, such as a sonnet: a name stands for a whole plan. The list is `forms.toml` beside this file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lyricist.corpus import SECTION_NAMES
from lyricist.errors import InputError
from lyricist.plan import parse
from lyricist.plan.parse import listed, nearest, shown

LIST = Path(__file__).with_name("forms.toml")


@dataclass(frozen=True)
class Form:
    """A named form: the tables of its sections, as in a plan file, and the first lines of a song in it."""

    name: str
    description: str
    example: str
    sections: tuple[Mapping[str, Any], ...]

    @property
    def lengths(self) -> list[int]:
        """The number of lines of each section."""
        return [section["lines"] for section in self.sections]


@cache
def forms() -> dict[str, Form]:
    """All named forms, by name.

    >>> sorted(forms())[:3], forms()["sonnet"].lengths
    (['ballad', 'blues', 'carol'], [14])
    """
    found = {}
    for name, table in tomllib.loads(LIST.read_text(encoding="utf-8")).items():
        sections = table["section"] * table.get("repeat", 1)
        first = {section["name"]: section for section in reversed(sections)}  # what returns is written once
        whole = tuple(first[s["name"]] if len(s) == 1 else s for s in sections)
        found[name] = Form(name, table["description"], table["example"].strip(), whole)
    return found


def named(value: Any) -> Form | None:
    """The form that a value of `form` names, alone; None for a list of sections.

    >>> named("Common-metre").name, named(("sonnet",)).name, named("verse chorus")
    ('common metre', 'sonnet', None)
    """
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return forms().get(plain(value)) if isinstance(value, str) else None


def plain(text: str) -> str:
    """
    >>> plain(" Common-Meter")
    'common metre'
    """
    return re.sub(r"\bmeter\b", "metre", " ".join(re.split(r"[\s_-]+", text.strip().lower())))


def find_form(name: str) -> Form:
    """The form of this name. Raises `InputError` for a name that none has."""
    found = named(name)
    if found is None:
        near = nearest(plain(name), forms())
        raise InputError(f"{shown(name)} is no named form: 'lyricist forms' lists them{near}")
    return found


def form_names(value: Any, name: str = "--form") -> tuple[str, ...]:
    """The name of a form, or the names of sections. Raises `InputError` for anything else.

    >>> form_names("Sonnet"), form_names("verse chorus")
    (('sonnet',), ('verse', 'chorus'))
    """
    found = named(value)
    if found is not None:
        return (found.name,)
    items = [str(item) for item in listed(value, name, "sections, such as 'verse chorus', or a form, such as sonnet")]
    if any(named(item) for item in items):
        raise InputError(f"{name} {shown(value)} names a whole form beside sections: give the form alone")
    known = {*SECTION_NAMES, *parse.ALIASES}
    unknown = [item for item in items if item.lower() not in known]
    near = nearest(plain(" ".join(items)), forms()) if unknown else ""
    if near:
        raise InputError(f"{name} {shown(value)} is neither a list of sections nor a named form{near}")
    return parse.section_names(value, name)
