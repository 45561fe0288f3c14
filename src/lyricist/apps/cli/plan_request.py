"""What a call asks of a song: the options of a plan and of a tune -> a `Plan`, a tune and a model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.errors import InputError
from lyricist.plan.fields import SectionPlan, asked_of
from lyricist.plan.given_lines import validate_given_lines
from lyricist.plan.plan import Plan
from lyricist.plan.plan_file import read_plan
from lyricist.plan.song_spec import lay_out
from lyricist.prosody.lexicon import Lexicon, default_lexicon

if TYPE_CHECKING:
    from lyricist.generate.writer import Model
    from lyricist.melody.tune import Tune

FIELDS = tuple(name for name, asked in asked_of(Plan).items() if asked.help)  # fields of a plan that are options
SWITCHES = frozenset(
    name for name in FIELDS if Plan.model_fields[name].default is True
)  # on unless --no-... is given
PER_SECTION = tuple(name for name in FIELDS if name in SectionPlan.model_fields)  # fields that a section can have too
CANDIDATES = 4  # parts that are named if none is clearly the sung one
ABOUT_TUNE = ("track", "phrases", "verses")
SAID_BY_TUNE = ("form", "lines", "syllables", "metre")


def read_lexicon(path: Path | None) -> Lexicon:
    """The lexicon, with a user's own words."""
    return default_lexicon() if path is None else default_lexicon().extended(path)


def open_model(run: Path, lexicon: Path | None) -> Model:
    """The model of a run, with the pronunciations of the lexicon and of the user's own file."""
    from lyricist.generate.open_run import load

    return load(run, lexicon=None if lexicon is None else read_lexicon(lexicon))


def check_place(out: Path, force: bool) -> None:
    """Raises `InputError` for a file that cannot be written or must not be replaced."""
    if out.exists() and not force:
        raise InputError(f"-o {out} exists: choose another name or add --force")
    if not out.parent.is_dir():
        raise InputError(f"-o {out}: there is no folder {out.parent}")


def make_plan(options: Mapping[str, Any], tune: Tune | None = None) -> Plan:
    """The plan of a call: that of a file, a song or a tune, its fields replaced by the options that were typed.

    Raises `InputError` for wrong values, options that clash, and given lines that break the plan.
    """
    given = {name: options[name] for name in FIELDS if is_given(name, options.get(name))}
    lexicon_file = options.get("lexicon")
    if options.get("like") and (options.get("plan") or options.get("fill")):
        other = "plan" if options.get("plan") else "fill"
        raise InputError(f"--like and --{other} clash: both say how the lines are built; leave one out")
    if options.get("plan"):
        given = over_file(options["plan"], given)
    elif tune is not None:
        given = over_tune(tune, options, given)
    if options.get("like"):
        given = over_song(options["like"], given, read_lexicon(lexicon_file))
    if options.get("fill") and (tune is None or options.get("plan")):
        from lyricist.plan.from_song import fill, read_song

        plan = fill(read_song(options["fill"], "--fill"), given, read_lexicon(lexicon_file))
    else:
        plan = Plan(**given)
    if tune is not None and options.get("plan"):
        agree(tune, plan, options["plan"])
    has_lines = plan.refrain is not None or any(any(s.text) for s in plan.sections)
    return validate_given_lines(plan, read_lexicon(lexicon_file)) if has_lines or lexicon_file else plan


def is_given(name: str, value: Any) -> bool:
    """Whether an option was typed. False is typed only where a switch is on by default."""
    return value is not None and (value is not False or name in SWITCHES)


def over_file(path: Path, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a plan file, replaced by the options that were typed. Sections keep their own fields. Raises
    `InputError` for an option that clashes with its sections."""
    plan = read_plan(path)
    for name in ("form", "lines"):
        if plan.sections and name in given:
            raise InputError(f"--{name} and the [[section]] tables of --plan {path} clash: leave the option out")
    for name in PER_SECTION:
        if name in given and plan.sections and all(getattr(section, name) for section in plan.sections):
            raise InputError(f"--{name} would change nothing: every [[section]] of --plan {path} says its own")
    if "about" in given:  # the hints were those of the file's own theme
        plan = plan.model_copy(update={"person_hint": None, "tense_hint": None})
    fields = {name: getattr(plan, name) for name in Plan.model_fields}
    return {n: v for n, v in fields.items() if v != Plan.model_fields[n].default} | given


def over_song(path: Path, given: Mapping[str, Any], lexicon: Lexicon) -> dict[str, Any]:
    """The fields of a plan for a song like this one, replaced by the options that were typed. Raises `InputError` for
    an option that the song determines."""
    for name in ("form", "lines"):
        if name in given:
            raise InputError(f"--{name} and --like clash: the song says what sections there are; leave one out")
    from lyricist.plan.from_song import plan_like, read_song

    plan = plan_like(read_song(path), lexicon)
    dropped: dict[str, Any] = {
        name: () for name in ("syllables", "metre") if "syllables" in given or "metre" in given
    }
    if "rhyme" in given:
        dropped["rhyme"] = None
    if any(given.get(name) for name in ("acrostic", "refrain", "hook")):  # which say themselves what comes back
        dropped["again"] = ()
    sections = tuple(section.model_copy(update=dropped) for section in plan.sections)
    return {"keep_chorus": plan.keep_chorus, **given, "sections": sections}


# -- tunes ----------------------------------------------------------------------------------------------


def asked_tune(options: Mapping[str, Any]) -> Tune | None:
    """The tune of a call, None without `--melody`. Raises `InputError` for a file that is no tune, and for options of
    a tune without one."""
    path = options.get("melody")
    if options.get("verses") is not None and options.get("plan"):
        raise InputError(f"--verses {options['verses']} and --plan clash: the file says how often; leave one out")
    if path is None:
        for name in ABOUT_TUNE:
            if options.get(name) is not None:
                raise InputError(f"--{name} {options[name]} says how a tune is taken: name one with --melody")
        return None
    from lyricist.melody.read import read_tune

    tune = read_tune(path, options.get("track"), options.get("phrases"))
    refuse_doubt(tune, path)
    return tune


def refuse_doubt(tune: Tune, path: Path) -> None:
    """Raise `InputError` that names the likeliest parts, if none is clearly the sung one."""
    from lyricist.melody.voice import SURE, choices

    if tune.sure < SURE:
        found = choices([part for part in tune.score.parts if part.notes and not part.drums])[:CANDIDATES]
        listed = ", ".join(f"{look.part.number} {look.part.name}".strip() + f" {sure:.0%}" for look, sure in found)
        raise InputError(f"{path}: no part is clearly the sung one (likeliest: {listed}); choose with --track")


def over_tune(tune: Tune, options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a plan for the tune, and the options that were typed. Raises `InputError` for an option that the
    tune determines."""
    from lyricist.plan.from_tune import keep_lines, plan_to

    for name in SAID_BY_TUNE:
        if name in given:
            raise InputError(
                f"--{name} and --melody clash: the tune says it; leave one out (--phrases divides a tune)"
            )
    if options.get("like"):
        raise InputError("--like and --melody clash: both say how the lines are built; leave one out")
    texts = draft_lines(options["fill"]) if options.get("fill") else []
    verses = verses_of(tune, texts, options)
    plan = keep_lines(plan_to(tune, verses, **given), texts)
    return {name: getattr(plan, name) for name in plan.model_fields_set}


def draft_lines(path: Path) -> list[str]:
    """The lines of a draft, "" for those to be written."""
    from lyricist.plan.from_song import read_song

    return [line.text for line in read_song(path, "--fill").lines()]


def verses_of(tune: Tune, texts: list[str], options: Mapping[str, Any]) -> int:
    """How often a tune is sung: as often as asked, else as often as the lines of the draft need. Raises `InputError`
    if the draft has not a line for each phrase."""
    size, asked = len(tune.phrases), options.get("verses")
    if texts and (len(texts) % size or asked not in (None, len(texts) // size)):
        raise InputError(
            f"--fill {options['fill']} has {len(texts)} lines and the tune {size * (asked or 1)} phrases: "
            f"give a line, or ..., for each"
        )
    return asked or max(1, len(texts) // size)


def agree(tune: Tune, plan: Plan, path: Path) -> None:
    """Compare a plan file, which may have been edited, with its tune. Raises `InputError` where it does not fit."""
    lines, size = lay_out(plan).lines, len(tune.phrases)
    if len(lines) % size:
        raise InputError(
            f"--plan {path} has {len(lines)} lines and the tune {size} phrases: a verse needs all of them"
        )
    for i, line in enumerate(lines):
        slots = len(tune.phrases[i % size].slots)
        if {len(template) for template in line.templates} != {slots}:
            raise InputError(f"--plan {path}: line {i + 1} does not have the {slots} syllables of its phrase")


def report_tune(tune: Tune) -> None:
    """Say on stderr which part is sung and how it is divided."""
    part, slots = tune.part.name or "the only part", sum(len(phrase.slots) for phrase in tune.phrases)
    for said in (f"{part} ({tune.why}); {len(tune.phrases)} phrases, {slots} syllables", *tune.notes):
        print(f"tune: {said}", file=sys.stderr)


def plural(count: int, noun: str) -> str:
    """
    >>> plural(1, "line"), plural(1200, "word")
    ('1 line', '1,200 words')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
