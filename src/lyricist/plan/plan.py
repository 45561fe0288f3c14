"""What is asked of a song before a word is chosen, and how it is to be drawn."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, model_validator

from lyricist.plan import parse as asked
from lyricist.plan.clashes import refuse_clashes
from lyricist.plan.fields import Readers, SectionPlan, read_fields
from lyricist.plan.parse import ALIASES, MAX_LINES, MAX_SYLLABLES
from lyricist.plan.shape import LINES, completed, cycle

__all__ = [
    "ALIASES",
    "MAX_LINES",
    "MAX_SYLLABLES",
    "Drawing",
    "Plan",
    "SectionPlan",
    "parse_counts",
    "parse_form",
    "with_defaults",
]

FEW = 4  # drafts from which they are judged
# Fields that make a plan exact: the writer then chooses every line's syllables, stresses and rhyme.
EXACT = ("syllables", "metre", "rhyme", "rhyme_with", "about", "include", "avoid", "acrostic", "refrain", "hook")


READERS: Readers = {
    "form": asked.section_names,
    "lines": lambda v: asked.counts(v, "--lines", MAX_LINES),
    "syllables": lambda v: asked.counts(v, "--syllables", MAX_SYLLABLES),
    "metre": asked.metres,
    "rhyme": asked.schemes,
    "rhyme_with": lambda v: asked.one_word(v, "--rhyme-with"),
    "about": lambda v: asked.word_list(v, "--about"),
    "include": lambda v: asked.word_list(v, "--include"),
    "avoid": lambda v: asked.word_list(v, "--avoid"),
    "start": asked.start_word,
    "acrostic": asked.letters,
    "refrain": asked.refrain_line,
    "title": lambda v: asked.plain_line(v, "--title") or None,
}


class Plan(BaseModel):
    """What is asked of the song.

    Lists cycle when they are shorter: `lines` and `rhyme` section by section, `syllables` and `metre` line by line
    within every section. `form` and `lines` may be left to the model as long as nothing else is asked for (the plan
    is then not `exact`); see `with_defaults` for what an exact plan assumes where it says nothing.

    Lists may be given as text: `Plan(form="verse chorus", syllables="8,6", rhyme="ABAB", about="river, night")`.
    Raises `InputError`, which names the option, for a value that is none and for wishes that contradict each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: tuple[str, ...] = ()  # () lets the model decide
    lines: tuple[int, ...] = ()  # lines in each section; () lets the model decide
    syllables: tuple[int, ...] = ()  # per line of every section
    metre: tuple[str, ...] = ()  # per line: a name, or x (weak) / (strong) ? (any), a slot each; | ends words
    rhyme: tuple[str, ...] = ()  # scheme per section; X rhymes with nothing; a short scheme goes on in new letters
    rhyme_kind: Literal["perfect", "near"] = "perfect"
    rhyme_with: str | None = None  # a word that letter A of every section rhymes with
    about: tuple[str, ...] = ()  # words that steer the choice of words
    include: tuple[str, ...] = ()  # words that must occur
    avoid: tuple[str, ...] = ()  # words that must not
    clean: bool = True  # no slurs and obscenities; see clean.py
    all_words: bool = False  # those that the model's songs of today do not use as well; see columns.py
    start: str | None = None  # first word of the song
    acrostic: str | None = None  # initial letters of the song's first lines
    refrain: str | None = None  # last line of every chorus (refrain), without one of every section
    hook: bool = False  # a chorus's first line comes back in it
    title: str | None = None
    max_copy: int = Field(default=5, ge=0)  # longest run of words that may stand in the songs; 0: no limit
    keep_chorus: bool = True  # a chorus or refrain comes back word for word
    emphasis: float = Field(default=0.0, ge=0, le=10)  # nats off a little word (of, the) on a strong slot of a metre
    long_words: float = Field(default=0.0, ge=0, le=3)  # nats for a word's 2nd and 3rd syllable, beside the drawing's
    open_vowels: float = Field(default=0.0, ge=0, le=10)  # nats off a vowel that does not carry on a long, high note
    allow: bool = False  # given lines may break what is asked for; they stand as they are
    sections: tuple[SectionPlan, ...] = ()  # section by section, instead of `form` and `lines`

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, build: ModelWrapValidatorHandler[Plan]) -> Plan:
        plan = read_fields(data, build, READERS, "a plan", cls.model_fields)
        refuse_clashes(plan)
        if plan.sections and not plan.exact:
            given = {name: getattr(plan, name) for name in plan.model_fields_set}
            return build({**given, **form_of(plan)})
        return plan

    @property
    def exact(self) -> bool:
        """Whether anything is asked for beyond form, number of lines, first word and copying."""
        return any(getattr(self, name) for name in EXACT) or any(
            s.syllables or s.metre or s.rhyme or s.text or s.again for s in self.sections
        )


class Drawing(BaseModel):
    """How words are drawn from what the model offers and the plan allows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.75, gt=0, le=10)
    top_k: int = Field(default=0, ge=0)  # 0: off
    top_p: float = Field(default=1.0, gt=0, le=1)  # 1: off
    min_p: float = Field(default=0.02, ge=0, lt=1)  # of the likeliest word's probability; 0: off
    repetition: float = Field(default=0.4, ge=0)  # nats off a word for each recent use; 0: off
    rhyme_temperature: float = Field(default=1.3, gt=0, le=10)  # of the choice among words that rhyme, on top
    archaic: float = Field(default=4.0, ge=0)  # nats off archaic forms (thou, goeth, o'er); 0: off
    long_words: float = Field(default=1.1, ge=0, le=3)  # nats for a word's 2nd and 3rd syllable each, in exact plans
    balance: float = Field(default=1.0, ge=0, le=3)  # of what the model says too often, how much is held back; 0: off
    fresh: float = Field(default=0.0, ge=0, le=3)  # of a rhyme word, for every e-fold it is more usual than others
    merit: float = Field(default=1.0, ge=0, le=10)  # weight of a line's score among the particles; 0: off
    judge: float = Field(default=3.5, ge=0, le=10)  # weight of what the judge of lines says; 0: off
    particles: int = Field(default=2, ge=1, le=256)  # songs begun side by side for each one written, in exact plans

    @property
    def judged(self) -> bool:
        """Whether there are drafts enough for a judge of lines to choose among."""
        return self.judge > 0 and self.particles >= FEW

    @property
    def profile(self) -> str:
        """A name for these settings, to stand beside a figure: the same eight digits for the same settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]


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


def parse_form(text: str) -> tuple[str, ...]:
    """Section names of `--form "verse chorus verse chorus"`.

    >>> parse_form("verse, chorus, Pre-Chorus")
    ('verse', 'chorus', 'prechorus')
    """
    return asked.section_names(text)


def parse_counts(text: str, option: str, most: int) -> tuple[int, ...]:
    """Positive whole numbers of an option such as `--lines 4,6`.

    >>> parse_counts("4, 6", "--lines", 400)
    (4, 6)
    """
    return asked.counts(text, option, most)
