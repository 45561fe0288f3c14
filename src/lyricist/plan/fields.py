"""What is asked of one section, and how fields are read: values cleaned, errors in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from lyricist.errors import InputError
from lyricist.plan import parse as asked
from lyricist.plan.parse import MAX_LINES, MAX_SYLLABLES, nearest, shown
from lyricist.prosody.planfeatures import Note

Model = TypeVar("Model")
Readers = Mapping[str, Callable[[Any], Any]]  # field -> what makes a clean value of what was given

READERS: Readers = {
    "name": lambda v: only(asked.section_names(v, "section name"), "section name", v),
    "lines": lambda v: only(asked.counts(v, "a section's lines", MAX_LINES), "a section's lines", v),
    "syllables": lambda v: asked.counts(v, "a section's syllables", MAX_SYLLABLES),
    "metre": lambda v: asked.metres(v, "a section's metre"),
    "rhyme": lambda v: only(asked.schemes(v, "a section's rhyme"), "a section's rhyme", v),
    "again": lambda v: asked.repeats(v, "a section's again", MAX_LINES),
    "tune": lambda v: asked.tune(v, "a section's tune"),
    "text": lambda v: tuple(asked.given_line(line, "text") for line in text_lines(v)),
}


Tune = tuple[tuple[Note, ...], ...]


class SectionPlan(BaseModel):
    """One section, asked for by itself. What is left out falls back to the plan's own lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str  # verse, chorus, ...
    lines: int | None = None  # None: as many as `text`, or as the plan says
    syllables: tuple[int, ...] = ()  # per line, cycling
    metre: tuple[str, ...] = ()  # per line, cycling: names, or patterns with a slot per syllable, `|` between words
    rhyme: str | None = None  # scheme
    text: tuple[str, ...] = ()  # lines to keep; "" (given as "" or "...") stands for one to be written
    again: tuple[int, ...] = ()  # per line, the number in the song of the earlier line it says again; 0: none
    tune: Tune = ()  # per line, cycling: [quarters, MIDI pitch, strength 0 to 4, quarters of rest] for every slot

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, build: ModelWrapValidatorHandler[SectionPlan]) -> SectionPlan:
        return read_fields(data, build, READERS, "a section", cls.model_fields)


def read_fields(
    data: Any, build: ModelWrapValidatorHandler[Model], readers: Readers, what: str, known: Mapping[str, Any]
) -> Model:
    """Clean the values given and build the model; the first thing that is wrong as `InputError`."""
    if isinstance(data, Mapping):
        for key in data:
            if key not in known:
                raise InputError(f"{what} has no field {shown(key)}{nearest(str(key), known)}")
        data = {k: readers[k](v) if k in readers and v is not None else v for k, v in data.items()}
    try:
        return build(data)
    except ValidationError as e:
        error = e.errors()[0]
        name = ".".join(str(part) for part in error["loc"]) or what
        raise InputError(f"{asked.option(name)} {shown(error.get('input'))}: {error['msg']}") from None


def only(values: tuple[Any, ...], name: str, given: Any) -> Any:
    """The one value of a list."""
    if len(values) != 1:
        raise InputError(f"{name} {shown(given)} is not one value")
    return values[0]


def text_lines(value: Any) -> list[Any]:
    """Lines given as a list, or as one text with line breaks."""
    if isinstance(value, str):
        return value.strip("\n").split("\n")
    if not isinstance(value, list | tuple):
        raise InputError(f"text {shown(value)} is not a list of lines")
    return list(value)
