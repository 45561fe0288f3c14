"""`Plan`: what is asked of a song; `Drawing`: how its words are drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from lyricist.errors import InputError
from lyricist.plan.clashes import refuse_clashes
from lyricist.plan.fields import PlanFields, PlanValues, SectionPlan, first_fault, read_fields
from lyricist.plan.forms import Form, named
from lyricist.plan.parse import MAX_LINES, counts, shown
from lyricist.plan.shape import LINES, completed, cycle

FEW = 4  # drafts from which they are judged
BESIDE_FORM = frozenset({"name", "text", "about", "tune"})  # what a section may say beside its named form
SAID_BY_FORM = ("syllables", "metre", "rhyme")  # fields of a plan that a named form gives section by section


class Plan(PlanFields):
    """What is asked of the song.

    Lists cycle when they are shorter: `lines` and `rhyme` section by section, `syllables` and `metre` line by line
    within every section. `form` and `lines` may be left to the model as long as nothing else is asked for (the plan
    is then not `exact`); see `with_defaults` for what an exact plan assumes where it says nothing.

    Lists may be given as text: `Plan(form="verse chorus", syllables="8,6", rhyme="ABAB", about="river, night")`.
    Raises `InputError`, which names the option, for a value that is none and for wishes that contradict each other.
    """

    if TYPE_CHECKING:  # fields take text and single values as well as what they hold

        def __init__(self, **fields: Unpack[PlanValues]) -> None: ...

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, build: ModelWrapValidatorHandler[Plan]) -> Plan:
        plan = read_fields(with_form(data) if isinstance(data, Mapping) else data, build, cls, "a plan")
        refuse_clashes(plan)
        if plan.sections and not plan.exact:
            given = {name: getattr(plan, name) for name in plan.model_fields_set}
            return build({**given, **form_of(plan)})
        return plan


# Settings for songs that tell a story
TELLING = {
    "temperature": 0.5,
    "rhyme_temperature": 1.0,
    "long_words": 0.0,
    "balance": 0.0,
    "stock": 0.0,
    "judge": 6.0,
}


class Drawing(BaseModel):
    """How words are drawn from what the model offers and the plan allows. Raises `InputError` for a wrong value."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    temperature: float = Field(default=0.6, ge=1e-9, le=10, description="Below 1: safer words; above: bolder.")
    top_k: int = Field(default=0, ge=0, description="Only the k likeliest words; 0: off.")
    top_p: float = Field(
        default=1.0, gt=0, le=1, description="Only the likeliest words that make up p of the probability; 1: off."
    )
    min_p: float = Field(
        default=0.02, ge=0, lt=1, description="Only words at least this likely relative to the likeliest; 0: off."
    )
    repetition: float = Field(default=0.4, ge=0, le=100, description="Nats off a word for each recent use; 0: off.")
    rhyme_temperature: float = Field(
        default=1.3,
        ge=0.01,
        le=10,
        description="A temperature for rhyme words, applied on top; above 1: rarer rhymes.",
    )
    archaic: float = Field(
        default=4.0, ge=0, le=100, description="Nats off archaic forms such as thou, goeth and o'er; 0: off."
    )
    long_words: float = Field(  # in exact plans
        default=1.1, ge=0, le=3, description="Nats for a word's second and third syllable each."
    )
    balance: float = Field(
        default=1.0, ge=0, le=3, description="How much words that the model says too often are held back; 0: off."
    )
    fresh: float = Field(
        default=0.0,
        ge=0,
        le=3,
        description="Nats off a rhyme for every e-fold that it is more usual than others.",
    )
    stock: float = Field(
        default=1.0,
        ge=0,
        le=3,
        description="How much phrases that the model says again and again are held back; 0: off.",
    )
    story: bool = Field(default=False, description="Tell one of the stories that the model knows, if it knows any.")
    merit: float = Field(
        default=1.0, ge=0, le=10, description="How much drafts are chosen by their lines' score; 0: off."
    )
    judge: float = Field(
        default=8.0, ge=0, le=10, description="How much drafts are chosen by the judge of lines as well; 0: off."
    )
    particles: int = Field(  # in exact plans
        default=32, ge=1, le=256, description="Drafts begun side by side for each song, 1 to 256; few are quicker."
    )

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, build: ModelWrapValidatorHandler[Drawing]) -> Drawing:
        try:
            return build(data)
        except ValidationError as e:
            raise InputError(first_fault(e, "a drawing")) from None

    @property
    def judged(self) -> bool:
        """Whether there are drafts enough for a judge of lines to choose among."""
        return self.judge > 0 and self.particles >= FEW

    def telling(self) -> Drawing:
        """These settings for a song that tells a story, where they are the usual ones: what it says is decided, so
        nothing has to be kept from being said too often, and only the likeliest words say it well."""
        usual = {name: field.default for name, field in Drawing.model_fields.items()}
        return self.model_copy(update={n: v for n, v in TELLING.items() if getattr(self, n) == usual[n]})

    @property
    def profile(self) -> str:
        """A name for these settings, to stand beside a figure: the same eight digits for the same settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]


QUICK = Drawing(particles=2)  # for songs that are written to be measured


def form_of(plan: Plan) -> dict[str, Any]:
    """Sections of which nothing but names and lengths is said, as form and lines."""
    names = tuple(s.name for s in plan.sections)
    if not any(s.lines for s in plan.sections):
        return {"form": names, "sections": ()}
    lines = tuple(s.lines or cycle(plan.lines, i) or LINES for i, s in enumerate(plan.sections))
    return {"form": names, "lines": lines, "sections": ()}


def with_defaults(plan: Plan) -> Plan:
    """The plan with nothing left open but words: form, lines, syllables and rhyme filled in.

    Sections: verse chorus verse chorus, of 4 lines (or as many as the longest of their lists, if 3 or more).
    Neither syllables nor rhyme asked for: 8,6 and ABAB, a chorus AABB. Syllables or metre without rhyme: no rhyme
    (ABAB and AABB with a rhyme word). Rhyme without syllables: 8. A section with lines to keep and neither: lines
    of any length, no rhyme. Applied twice it changes nothing more.

    >>> plan = with_defaults(Plan(about="river"))
    >>> plan.form, plan.lines, plan.syllables, plan.rhyme
    (('verse', 'chorus', 'verse', 'chorus'), (4,), (8, 6), ('ABAB', 'AABB'))
    >>> with_defaults(Plan(syllables=7, lines=3)).rhyme
    ('X',)
    """
    return plan.model_copy(update=completed(plan))


# --- Named forms


def with_form(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields given for a plan; those of a named form are its sections, with what the sections given say beside
    it. Raises `InputError` for what the form contradicts."""
    form = named(given.get("form"))
    if form is None:
        return dict(given)
    refuse_contradictions(form, given)
    sections = given.get("sections") or ()
    if sections and len(sections) != len(form.sections):
        raise InputError(
            f"the plan lists {len(sections)} sections and --form {form.name} has {len(form.sections)}: give a table "
            "for each, or none"
        )
    whole = tuple(SectionPlan(**table) for table in form.sections)
    made = tuple(said_beside(form, i, whole[i], section) for i, section in enumerate(sections)) or whole
    return {**given, "form": (form.name,), "lines": (), "sections": made}


def refuse_contradictions(form: Form, given: Mapping[str, Any]) -> None:
    """Raise `InputError` for a field of a plan that says what the form says."""
    for name in SAID_BY_FORM:
        if given.get(name):
            raise InputError(f"--form {form.name} and --{name} clash: the form says it; leave one out")
    lines = counts(given["lines"], "--lines", MAX_LINES) if given.get("lines") else ()
    if any(cycle(lines, i) not in (None, n) for i, n in enumerate(form.lengths)):
        has, asked = (",".join(map(str, numbers)) for numbers in (form.lengths, lines))
        raise InputError(f"--form {form.name} has {has} lines and --lines asks for {asked}: leave one out")


def said_beside(form: Form, i: int, own: SectionPlan, given: Any) -> SectionPlan:
    """A section of a named form with what a plan says beside it. Raises `InputError` if it says something else than
    the form."""
    section = given if isinstance(given, SectionPlan) else SectionPlan(**given)
    for name in SectionPlan.model_fields.keys() - BESIDE_FORM | {"name"}:
        value = getattr(section, name)
        if value not in ((), None, getattr(own, name)):
            raise InputError(
                f"section {i + 1}: --form {form.name} and {name} {shown(value)} clash: the form says it; leave one "
                "out"
            )
    if len(section.text) > (own.lines or 0):
        raise InputError(f"section {i + 1}: --form {form.name} has {own.lines} lines, and text {len(section.text)}")
    return own.model_copy(update={name: getattr(section, name) for name in BESIDE_FORM})
