"""What requests say: JSON checked for size, depth and characters before anything looks at it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lyricist.apps.studio.settings import Limits
from lyricist.errors import InputError
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.plan_file import plan_of
from lyricist.training.config import checked

DEEPEST = 12  # of nested lists and objects
SEEDS = 2**63


class Body(BaseModel):
    """A request's JSON. Strings that cannot be written as UTF-8 and very deep values are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _sound(cls, data: Any) -> Any:
        sound(data)
        return data


def sound(value: Any, depth: int = 0) -> None:
    """Raise ValueError for what no answer could repeat."""
    if depth > DEEPEST:
        raise ValueError(f"lists and objects are nested more than {DEEPEST} deep")
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("half a surrogate pair is no character") from None
    elif isinstance(value, float) and value - value != 0:
        raise ValueError("NaN and Infinity are no numbers of JSON")
    elif isinstance(value, dict):
        for key, item in value.items():
            sound(key, depth + 1)
            sound(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            sound(item, depth + 1)


class DraftLine(Body):
    text: str = ""
    locked: bool = False


class DraftSection(Body):
    name: str = "verse"
    lines: tuple[DraftLine, ...] = ()


class Draft(Body):
    """A song as the editor holds it. Lines without text are to be written."""

    title: str = ""
    sections: tuple[DraftSection, ...] = ()

    def count(self) -> int:
        return sum(len(section.lines) for section in self.sections)

    def lines(self) -> list[tuple[str, list[tuple[str, bool]]]]:
        """Sections as `lyricist.plan.from_draft` takes them."""
        return [(s.name, [(line.text, line.locked) for line in s.lines]) for s in self.sections]


class SavedDraft(Body):
    """A draft with what belongs to it: its plan, and the names of its tune and model."""

    draft: Draft
    plan: dict[str, Any] = Field(default_factory=dict)
    tune: str | None = Field(default=None, max_length=100)
    model: str | None = Field(default=None, max_length=200)


class Asked(Body):
    """What every request about a plan may say."""

    plan: dict[str, Any] = Field(default_factory=dict)
    tune: str | None = None
    verses: int | None = None
    track: int | None = None
    phrases: str | None = Field(default=None, max_length=2_000)  # lengths of the tune's phrases in syllables
    model: str | None = None


class Drawn(Asked):
    """And every request that writes."""

    drawing: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = Field(default=None, ge=0, lt=SEEDS)


def read_plan(given: dict[str, Any]) -> Plan:
    """A `Plan` from PlanJSON; null stands for what is not said. `InputError`."""
    fields = {name: value for name, value in given.items() if value is not None}
    sections = fields.pop("sections", None)
    if sections:
        if not isinstance(sections, list) or not all(isinstance(s, dict) for s in sections):
            raise InputError("sections is not a list of objects")
        fields["section"] = [{k: v for k, v in section.items() if v is not None} for section in sections]
    return plan_of(fields)


def read_drawing(given: dict[str, Any], particles: int, limits: Limits) -> Drawing:
    """A `Drawing`; `particles` where it says nothing of them."""
    fields = {"particles": particles, **{name: value for name, value in given.items() if value is not None}}
    made = checked(Drawing, fields)
    assert isinstance(made, Drawing)
    if made.particles > limits.particles:
        raise InputError(f"particles {made.particles}: at most {limits.particles} (limit particles)")
    return made


def plan_json(plan: Plan) -> dict[str, Any]:
    """PlanJSON of a plan: the fields that differ from their defaults, and the form."""
    return plan.model_dump(mode="json", exclude_defaults=True)
