"""The JSON of the API: what requests say, checked for size, depth and characters; and every field of the answers.

The answers' classes are for the OpenAPI description, and so for whoever writes a client.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lyricist.apps.studio.studio_settings import Limits
from lyricist.errors import InputError
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.plan_file import plan_of
from lyricist.training.config import checked

# -- requests -------------------------------------------------------------------------------------------------------

DEEPEST = 12  # of nested lists and objects
SEEDS = 2**63


class Body(BaseModel):
    """A request's JSON. Refuses strings that cannot be written as UTF-8, NaN, and very deep values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _sound(cls, data: Any) -> Any:
        check_value(data)
        return data


def check_value(value: Any, depth: int = 0) -> None:
    """Raise `ValueError` for a value that no answer could repeat."""
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
            check_value(key, depth + 1)
            check_value(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_value(item, depth + 1)


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
    """A request about a plan."""

    plan: dict[str, Any] = Field(default_factory=dict)
    tune: str | None = None
    verses: int | None = None
    track: int | None = None
    phrases: str | None = Field(default=None, max_length=2_000)  # lengths of the tune's phrases in syllables
    model: str | None = None


class Drawn(Asked):
    """A request that writes."""

    drawing: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = Field(default=None, ge=0, lt=SEEDS)


def read_plan(given: dict[str, Any]) -> Plan:
    """A `Plan` from JSON, where null means that nothing is said. `InputError`."""
    fields = {name: value for name, value in given.items() if value is not None}
    sections = fields.pop("sections", None)
    if sections:
        if not isinstance(sections, list) or not all(isinstance(s, dict) for s in sections):
            raise InputError("sections is not a list of objects")
        fields["section"] = [{k: v for k, v in section.items() if v is not None} for section in sections]
    return plan_of(fields)


def read_drawing(given: dict[str, Any], limits: Limits) -> Drawing:
    """A `Drawing` from JSON, with the usual number of drafts or as many as `limits` allow. `InputError`."""
    usual = {"particles": min(Drawing().particles, limits.particles)}
    made = checked(Drawing, usual | {name: value for name, value in given.items() if value is not None})
    assert isinstance(made, Drawing)
    limits.check("particles", made.particles, f"particles {made.particles}")
    return made


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan as JSON: the fields that differ from their defaults."""
    return plan.model_dump(mode="json", exclude_defaults=True)


# -- tunes ----------------------------------------------------------------------------------------------------------


class SoundedNote(BaseModel):
    pitch: int = Field(description="MIDI number; middle C is 60.")
    start_beat: float = Field(description="In quarters from the beginning.")
    beats: float = Field(description="In quarters.")


class SlotAnswer(SoundedNote):
    """One syllable's place: a note, or several sung on one syllable."""

    start: float = Field(description="In seconds, under the tempi of the file.")
    seconds: float
    strong: bool = Field(description="Asks for a stressed syllable.")
    strength: int = Field(description="Metrical: 0 the weakest, 4 the first beat of a bar.")
    rest: float = Field(description="Silence behind it, in quarters.")
    notes: list[SoundedNote] = Field(description="Several where a syllable is held over them.")
    word: str | None = Field(description="The file's own syllable, with a hyphen where its word goes on.")


class PhraseAnswer(BaseModel):
    """A line's worth of slots."""

    section: str
    section_index: int
    like: int | None = Field(description="The first phrase that sounds as this one does, counted from 0.")
    pattern: str = Field(description="/ strong, x weak, | a rest that divides words.")
    slots: list[SlotAnswer]
    text: str | None = Field(description="The file's own words.")


class PartAnswer(BaseModel):
    track: int
    name: str
    notes: int
    drums: bool


class TuneAnswer(BaseModel):
    """The sung line of a file of music, in phrases of slots."""

    id: str
    title: str
    name: str = Field(description="Of the file, as it was uploaded.")
    format: str
    duration_seconds: float
    tempo: float = Field(description="Quarters a minute, at the beginning.")
    key: str
    metre: str
    part: str = Field(description="The part that is sung.")
    why: str = Field(description="Why it was taken.")
    parts: list[PartAnswer]
    sections: list[str]
    phrases: list[PhraseAnswer]
    warnings: list[str]


class TuneListed(BaseModel):
    id: str
    title: str
    name: str
    format: str
    made: float = Field(description="Seconds since 1970, as all times here.")
    phrases: int


class TunesAnswer(BaseModel):
    tunes: list[TuneListed]


# -- drafts ---------------------------------------------------------------------------------------------------------


class DraftAnswer(SavedDraft):
    id: str
    made: float
    changed: float
    draft: Draft


class DraftListed(BaseModel):
    id: str
    title: str
    changed: float


class DraftsAnswer(BaseModel):
    drafts: list[DraftListed]


# -- trainings ------------------------------------------------------------------------------------------------------


class Dropped(BaseModel):
    reason: str
    count: int
    examples: list[str]


class Understood(BaseModel):
    """What was read of uploaded lyrics."""

    songs: int
    lines: int
    words: int
    dropped: list[Dropped]
    titles: list[str] = Field(description="Of the first songs.")
    notes: list[str]


class TrainingListed(BaseModel):
    """A training without its history. Losses in nats per token."""

    id: str
    name: str
    from_: Literal["starter", "scratch"] = Field(alias="from")
    budget_seconds: float
    epochs: float | None
    licence: str
    made: float
    status: Literal["ready", "running", "stopping", "stopped", "done", "failed"]
    progress: float = Field(description="0 to 1 of its schedule.")
    loss: float | None
    valid_loss: float | None = Field(description="The lowest, of the model that is used.")
    words_per_second: float | None
    seconds_left: float | None
    message: str
    model: str | None = Field(description="Its name among the models, once it can be written with.")


class TrainingsAnswer(BaseModel):
    trainings: list[TrainingListed]


class Evaluation(BaseModel):
    step: int
    train_loss: float | None
    valid_loss: float | None


class CurvePoint(BaseModel):
    step: int
    loss: float | None


class SampleLines(BaseModel):
    step: int
    text: str


class TrainingAnswer(TrainingListed):
    history: list[Evaluation]
    curve: list[CurvePoint] = Field(description="Training losses, thinned out.")
    samples: list[SampleLines]
    understood: Understood


# -- models ---------------------------------------------------------------------------------------------------------


class ModelAnswer(BaseModel):
    """One model. If its run is damaged, the facts are null and `problem` says why."""

    name: str
    kind: Literal["starter", "folder", "own"]
    label: str
    recipe: str | None = None
    parameters: int | None = None
    vocabulary: int | None = None
    direction: str | None = None
    features: list[str] = Field(default_factory=list, description="What of a plan it sees.")
    licence: str | None = None
    problem: str | None = None
    current: bool


class ModelsAnswer(BaseModel):
    models: list[ModelAnswer]


class CardAnswer(BaseModel):
    markdown: str
