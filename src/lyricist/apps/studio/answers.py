"""What the rooms answer, field by field: for the OpenAPI description, and for whoever writes a client."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from lyricist.apps.studio.bodies import Draft, SavedDraft

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
    """One model; what is known of it is null where its run is damaged, and `problem` says why."""

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


class ChosenAnswer(BaseModel):
    name: str
