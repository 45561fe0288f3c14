"""The fields of a plan and of one section: type, default, help, and how a value that people type is read.

A new field of a plan is added here and nowhere else: the command line's options and the reading of plan files are
derived from these fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Required, TypedDict, TypeVar, Unpack

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from lyricist.corpus.grammar import PERSONS, TENSES, Person, Tense
from lyricist.errors import InputError
from lyricist.plan import parse
from lyricist.plan.forms import form_names
from lyricist.plan.parse import MAX_LINES, nearest, shown
from lyricist.plan.theme import is_sentence, read_sentence, theme_words
from lyricist.prosody.features import Note

Model = TypeVar("Model", bound=BaseModel)
Tune = tuple[tuple[Note, ...], ...]


class Asked(NamedTuple):
    """What a field carries beside its type: `help` of its option ("": it has none), `read`, which makes a clean value
    of what was typed (None: pydantic's own rules), and `negatable`: an off switch also has `--no-...`, because its
    default depends on the plan (an on switch always has it)."""

    help: str = ""
    read: Callable[[Any], Any] | None = None
    negatable: bool = False


Words = str | Sequence[str]  # a list, or text to be read as one
Numbers = str | int | Sequence[int | str]


class SectionValues(TypedDict, total=False):
    """What `SectionPlan` takes, for type checkers."""

    name: Required[str]
    lines: str | int | None
    syllables: Numbers
    metre: Words
    rhyme: str | None
    text: Words
    again: Numbers
    about: Words
    tune: Sequence[Any]


class PlanValues(TypedDict, total=False):
    """What `lyricist.Plan` takes, for type checkers."""

    form: Words
    lines: Numbers
    syllables: Numbers
    metre: Words
    rhyme: Words
    rhyme_kind: str
    internal: Numbers
    same_sounds: bool
    rhyme_with: str | None
    about: Words
    person: str | None
    tense: str | None
    person_hint: str | None
    tense_hint: str | None
    include: Words
    avoid: Words
    clean: bool
    all_words: bool
    start: str | None
    acrostic: str | None
    refrain: str | None
    hook: bool
    title: str | None
    bare: bool
    max_copy: int
    keep_chorus: bool
    premise: bool
    emphasis: float
    long_words: float
    open_vowels: float
    default_scheme: bool
    allow: bool
    sections: Sequence[SectionPlan | Mapping[str, Any]]


class SectionPlan(BaseModel):
    """One section, asked for by itself. What is left out falls back to the plan's own lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # verse, chorus, ...
    name: Annotated[str, Asked(read=lambda v: only(parse.section_names, v, "section name"))]
    # None: as many as `text`, or as the plan says
    lines: Annotated[int | None, Asked(read=lambda v: only(parse.counts, v, "a section's lines", MAX_LINES))] = None
    # per line, cycling: a number, or a range such as "6-10"
    syllables: Annotated[tuple[int | str, ...], Asked(read=lambda v: parse.lengths(v, "a section's syllables"))] = ()
    # per line, cycling: names, or patterns with a slot per syllable, `|` between words
    metre: Annotated[tuple[str, ...], Asked(read=lambda v: parse.metres(v, "a section's metre"))] = ()
    # scheme
    rhyme: Annotated[str | None, Asked(read=lambda v: only(parse.schemes, v, "a section's rhyme"))] = None
    # lines to keep; "" (given as "" or "...") stands for one to be written
    text: Annotated[
        tuple[str, ...], Asked(read=lambda v: tuple(parse.given_line(line, "text") for line in text_lines(v)))
    ] = ()
    # per line, the number in the song of the earlier line it repeats; 0: none
    again: Annotated[tuple[int, ...], Asked(read=lambda v: parse.repeats(v, "a section's again", MAX_LINES))] = ()
    # what this section is about, instead of the song's `about`
    about: Annotated[tuple[str, ...], Asked(read=lambda v: theme_words(v, "a section's about"))] = ()
    # per line, cycling: [quarters, MIDI pitch, strength 0 to 4, quarters of rest] for every slot
    tune: Annotated[Tune, Asked(read=lambda v: parse.tune(v, "a section's tune"))] = ()

    if TYPE_CHECKING:  # see `lyricist.Plan`

        def __init__(self, **fields: Unpack[SectionValues]) -> None: ...

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, build: ModelWrapValidatorHandler[SectionPlan]) -> SectionPlan:
        return read_fields(data, build, cls, "a section")


class PlanFields(BaseModel):
    """The fields of `lyricist.Plan`, without the check that they agree with each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # names of sections, or the name of a whole form (see `forms.py`); () lets the model decide
    form: Annotated[
        tuple[str, ...], Asked("Sections, 'verse chorus verse', or a form that 'lyricist forms' lists.", form_names)
    ] = ()
    # lines in each section; () lets the model decide
    lines: Annotated[
        tuple[int, ...],
        Asked("Lines of each section: 4 or 4,6.", lambda v: parse.counts(v, "--lines", MAX_LINES)),
    ] = ()
    # per line of every section: a number, or a range such as "6-10"
    syllables: Annotated[
        tuple[int | str, ...],
        Asked(
            "Syllables of each line of a section: 8, or 8,6, or a range, 6-10.",
            lambda v: parse.lengths(v, "--syllables"),
        ),
    ] = ()
    # per line: a name, or x (weak) / (strong) ? (any), a slot each; | ends words
    metre: Annotated[
        tuple[str, ...],
        Asked("iambic, trochaic, dactylic, anapestic, or patterns: x/x/x/x/ or 01010101.", parse.metres),
    ] = ()
    # scheme per section; X rhymes with nothing; a short scheme goes on in new letters
    rhyme: Annotated[
        tuple[str, ...],
        Asked("A scheme for each section: ABAB or 'ABAB AABB'; X is free.", parse.schemes),
    ] = ()
    rhyme_kind: Annotated[
        Literal["perfect", "near", "light", "mosaic"],
        Asked("perfect (the default), near, light (free, eternity), or mosaic (letter, get her)."),
    ] = "perfect"
    # numbers of lines, from 1 in each section
    internal: Annotated[
        tuple[int, ...],
        Asked(
            "Lines of each section whose middle rhymes with their end: 1,3.",
            lambda v: parse.counts(v, "--internal", MAX_LINES),
        ),
    ] = ()
    same_sounds: Annotated[
        bool, Asked("Different letters may share a sound, and lines their last word. Default: they may not.")
    ] = False
    rhyme_with: Annotated[
        str | None,
        Asked("A word that lines of letter A rhyme with.", lambda v: parse.one_word(v, "--rhyme-with")),
    ] = None
    about: Annotated[
        tuple[str, ...],
        Asked("What it is about: 'river, night', or a sentence.", lambda v: theme_words(v, "--about")),
    ] = ()
    # whose song it is: no other subject pronoun is drawn
    person: Annotated[
        Person | None,
        Asked("Who the song is about: I, you, he, she, we or they.", lambda v: parse.one_of(v, "--person", PERSONS)),
    ] = None
    tense: Annotated[
        Tense | None, Asked("When it happens: past or present.", lambda v: parse.one_of(v, "--tense", TENSES))
    ] = None
    # what a sentence of `about` hints at; steers and excludes nothing
    person_hint: Annotated[Person | None, Asked(read=lambda v: parse.one_of(v, "person-hint", PERSONS))] = None
    tense_hint: Annotated[Tense | None, Asked(read=lambda v: parse.one_of(v, "tense-hint", TENSES))] = None
    include: Annotated[
        tuple[str, ...], Asked("Words that must occur: 'river, night'.", lambda v: parse.word_list(v, "--include"))
    ] = ()
    avoid: Annotated[
        tuple[str, ...], Asked("Words that must not occur.", lambda v: parse.word_list(v, "--avoid"))
    ] = ()
    clean: Annotated[bool, Asked("Leave out slurs and obscenities (the default).")] = True
    all_words: Annotated[
        bool, Asked("Use old and rare words of the model as well, not only those of today's songs.")
    ] = False
    start: Annotated[str | None, Asked("First word of the song.", parse.start_word)] = None
    acrostic: Annotated[str | None, Asked("Initial letters of the lines, such as RIVER.", parse.letters)] = None
    refrain: Annotated[
        str | None,
        Asked("A line that ends every chorus; without choruses, every section.", parse.refrain_line),
    ] = None
    hook: Annotated[
        bool,
        Asked("Repeat the chorus's first line in it (the default if no rhymes are asked for).", negatable=True),
    ] = False
    title: Annotated[
        str | None, Asked("Title of the song. Default: its hook.", lambda v: parse.plain_line(v, "--title") or None)
    ] = None
    bare: Annotated[
        bool, Asked("Print the words without punctuation, every line with a capital; else as in print.")
    ] = False
    max_copy: Annotated[
        int, Field(ge=0, le=100), Asked("Longest run of words from the training songs; 0: no limit. Default: 5.")
    ] = 5
    keep_chorus: Annotated[bool, Asked("Repeat a chorus word for word (the default).")] = True
    premise: Annotated[
        bool,
        Asked(
            "Let each seed draw what the plan leaves open: form, hook, theme (the default if no form is asked for).",
            negatable=True,
        ),
    ] = False
    # nats off a word of one syllable without stress (of, the) on a strong slot of a metre
    emphasis: Annotated[float, Field(ge=0, le=10), Asked()] = 0.0
    # nats for a word's 2nd and 3rd syllable, added to the drawing's
    long_words: Annotated[float, Field(ge=0, le=3), Asked()] = 0.0
    # nats off a vowel that does not carry on a long or high note
    open_vowels: Annotated[float, Field(ge=0, le=10), Asked()] = 0.0
    # the scheme is a default: letters may share a sound where the model's words leave no other way
    default_scheme: Annotated[bool, Asked()] = False
    allow: Annotated[bool, Asked("Kept lines may break what is asked for.")] = False
    # section by section, instead of `form` and `lines`
    sections: tuple[SectionPlan, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether anything is asked for beyond form, number of lines, first word and copying."""
        return (
            self.premise
            or any(getattr(self, name) for name in EXACT)
            or any(s.syllables or s.metre or s.rhyme or s.text or s.again or s.about for s in self.sections)
        )


# Fields that make a plan exact: the writer then chooses every line's syllables, stresses and rhyme.
EXACT = (
    "syllables", "metre", "rhyme", "rhyme_with", "internal", "about", "person", "tense", "include", "avoid",
    "acrostic", "refrain", "hook",
)  # fmt: skip


def asked_of(kind: type[BaseModel]) -> dict[str, Asked]:
    """What each field of a plan or section carries, by name."""
    return {
        name: next((m for m in field.metadata if isinstance(m, Asked)), Asked())
        for name, field in kind.model_fields.items()
    }


def read_fields(data: Any, build: ModelWrapValidatorHandler[Model], kind: type[Model], what: str) -> Model:
    """Clean the values given and build the model. Raises `InputError` for the first value that is wrong."""
    if isinstance(data, Mapping):
        fields = asked_of(kind)
        for key in data:
            if key not in fields:
                raise InputError(f"{what} has no field {shown(key)}{nearest(str(key), fields)}")
        data = with_hints(data) if kind is not SectionPlan else data
        data = {k: read(v) if v is not None and (read := fields[k].read) else v for k, v in data.items()}
    try:
        return build(data)
    except ValidationError as e:
        raise InputError(first_fault(e, what)) from None


def first_fault(error: ValidationError, what: str) -> str:
    """The first wrong value of a model, and what is wrong with it; `what`: what the values are of."""
    fault = error.errors()[0]
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{what} has no field {name!r}"
    return f"{parse.option(name) if name else what} {shown(fault.get('input'))}: {fault['msg']}"


def with_hints(data: Mapping[str, Any]) -> dict[str, Any]:
    """The values given for a plan, with the person and the tense that a sentence of `about` hints at."""
    about = data.get("about")
    if not is_sentence(about):
        return dict(data)
    said = read_sentence(str(about))
    hints = {"person_hint": said.person, "tense_hint": said.tense}
    return {**{name: hint for name, hint in hints.items() if hint and not data.get(name)}, **data}


def only(read: Callable[..., tuple[Any, ...]], given: Any, name: str, *limits: int) -> Any:
    """The one value of a list that `read` reads. Raises `InputError` for more or fewer."""
    values = read(given, name, *limits)
    if len(values) != 1:
        raise InputError(f"{name} {shown(given)} is not one value")
    return values[0]


def text_lines(value: Any) -> list[Any]:
    """Lines given as a list, or as one text with line breaks. Raises `InputError` for anything else."""
    if isinstance(value, str):
        return value.strip("\n").split("\n")
    if not isinstance(value, list | tuple):
        raise InputError(f"text {shown(value)} is not a list of lines")
    return list(value)
