"""What a call asks of a song -> a `Plan`; and `lyricist plan`, which shows it line by line and saves it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist._io import disk_errors, replace_file
from lyricist.apps.cli.tunes import agree, asked_tune, over_tune, phrase_rows, report_tune, tune_json
from lyricist.errors import InputError, PlanError
from lyricist.plan.given_lines import validate_given_lines
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.plan_file import plan_text, read_plan
from lyricist.plan.resolve import as_a_song, hyphened, letter, line_json
from lyricist.plan.song_spec import LineSpec, lay_out
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.metre import pattern_of

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune

# Options that are fields of a plan, by the names of both.
FIELDS = (
    "form", "lines", "syllables", "metre", "rhyme", "rhyme_kind", "rhyme_with", "about", "include", "avoid", "clean",
    "all_words", "start", "acrostic", "refrain", "hook", "title", "max_copy", "keep_chorus", "allow",
)  # fmt: skip
SWITCHES = frozenset({"clean", "keep_chorus"})  # on unless --no-...
PER_SECTION = ("syllables", "metre", "rhyme")  # what sections may say for themselves


def read_lexicon(path: Path | None) -> Lexicon:
    """The lexicon, with a user's own words."""
    return default_lexicon() if path is None else default_lexicon().extended(path)


def with_tune(options: Mapping[str, Any], tune: Path | None) -> dict[str, Any]:
    """The options of a call with a tune named without `--melody`."""
    if tune is not None and options.get("melody"):
        raise InputError(f"{tune} and --melody {options['melody']} clash: name one tune")
    return {**options, "melody": options.get("melody") or tune}


def make_plan(options: Mapping[str, Any], tune: Tune | None = None) -> Plan:
    """The plan of a call: a file's, a song's or a tune's, with what the options say in place of what it says.

    `InputError` for values that are none, wishes that clash, and given lines that break the plan.
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
    """Whether an option was typed; of the switches only those that are on by default can be typed as off."""
    return value is not None and (value is not False or name in SWITCHES)


def over_file(path: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """A plan file's fields with the options' in their place. Sections keep what they say for themselves."""
    plan = read_plan(path)
    for name in ("form", "lines"):
        if plan.sections and name in given:
            raise InputError(f"--{name} and the [[section]] tables of --plan {path} clash: leave the option out")
    for name in PER_SECTION:
        if name in given and plan.sections and all(getattr(section, name) for section in plan.sections):
            raise InputError(f"--{name} would change nothing: every [[section]] of --plan {path} says its own")
    return {**{name: getattr(plan, name) for name in Plan.model_fields if name in said(plan)}, **given}


def said(plan: Plan) -> set[str]:
    """Fields that differ from their defaults."""
    return {name for name, field in Plan.model_fields.items() if getattr(plan, name) != field.default}


def over_song(path: Path, given: Mapping[str, Any], lexicon: Lexicon) -> dict[str, Any]:
    """The plan of a song like this one; options go before what is read off it."""
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


# -- lyricist plan --------------------------------------------------------------------------------------


def plan_command(options: Mapping[str, Any], run: Path | None, out: Path | None, as_json: bool, force: bool) -> None:
    """Show a plan, say whether a model can fulfil it, save it. `PlanError` if it cannot; nothing is saved then."""
    check_out(out, force)
    tune = asked_tune(options)
    plan = make_plan(options, tune)
    plan = as_a_song(plan, options)
    plan = with_defaults(plan) if plan.exact else plan
    blocked = blocker(plan, run, options.get("lexicon"))
    if as_json:
        shown = plan_json(plan, run, blocked) | {"tune": tune_json(tune) if tune else None}
        print(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        for row in (*(phrase_rows(tune) if tune else ()), *([""] if tune else ()), *table(plan)):
            print(row)
    if tune is not None:
        report_tune(tune)
    report(plan, run, blocked)
    if blocked is not None:
        raise blocked
    if out is not None:
        with disk_errors(out):
            replace_file(out, [plan_text(plan).encode()])
        to = f" --melody {options['melody']}" if tune else ""
        print(f"saved: write it with 'lyricist write -m RUN --plan {out}{to}'", file=sys.stderr)


def check_out(out: Path | None, force: bool) -> None:
    if out is None:
        return
    if out.suffix != ".toml":
        raise InputError(f"-o {out}: {out.suffix or 'no suffix'} is not .toml")
    if out.exists() and not force:
        raise InputError(f"-o {out} exists: choose another name or add --force")
    if not out.parent.is_dir():
        raise InputError(f"-o {out}: there is no folder {out.parent}")


def blocker(plan: Plan, run: Path | None, lexicon: Path | None) -> PlanError | None:
    """Why a model cannot fulfil a plan; None if it can or no model is named."""
    if run is None:
        return None
    from lyricist.apps.cli.writing import open_model

    try:
        open_model(run, lexicon).feasible(plan)
    except PlanError as e:
        return e
    return None


def table(plan: Plan) -> Iterator[str]:
    """A plan as rows of text: section, line, syllables, slots, rhyme and what is given."""
    if not plan.exact:
        yield from free_rows(plan)
        return
    laid = lay_out(plan)
    rows = [("section", "line", "syllables", "slots", "rhyme", "")]
    for i, line in enumerate(laid.lines):
        opens = i == 0 or laid.lines[i - 1].section != line.section
        name = line.name if opens else ""
        rows.append((name, str(i + 1), length(line), slots(line), letter(laid, i), notes(line)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True)).rstrip()


def free_rows(plan: Plan) -> Iterator[str]:
    """The sections of a plan that leaves the lines to the model."""
    if not plan.form:
        yield "free: the model decides on sections and lines" + (f", {plan.lines} a section" if plan.lines else "")
    for i, name in enumerate(plan.form):
        lines = f"{plan.lines[i % len(plan.lines)]} lines" if plan.lines else "as many lines as the model likes"
        yield f"{name}: {lines}"


def length(line: LineSpec) -> str:
    """Syllables permitted.

    >>> from lyricist.plan.shape import FREE
    >>> length(LineSpec(0, "verse", 0, FREE, -1, None, "", "", -1))
    '4-12'
    """
    if line.text is not None and len(line.templates) > 1:
        return "-"
    least, most = min(map(len, line.templates)), max(map(len, line.templates))
    return str(least) if least == most else f"{least}-{most}"


def slots(line: LineSpec) -> str:
    """The slots of a line that has one pattern and says something in it."""
    only = line.templates[0] if len(line.templates) == 1 else ""
    return pattern_of(only) if set(only) - {"?"} else "-"


def notes(line: LineSpec) -> str:
    """What is said of one line alone."""
    if line.same_as >= 0:
        return f"= line {line.same_as + 1}"
    if line.text is not None:
        return line.given
    wishes = (f"begins with '{line.first}'" if line.first else "", f"begins with {line.initial.upper()}")
    return wishes[0] or (wishes[1] if line.initial else "")


def report(plan: Plan, run: Path | None, blocked: PlanError | None) -> None:
    """Wishes about the whole song, and whether they can be fulfilled, on stderr."""
    listed = {"about": plan.about, "include": plan.include, "avoid": plan.avoid}
    said_of = [f"{name}: {', '.join(words)}" for name, words in listed.items() if words]
    if plan.exact:
        said_of.insert(0, f"{plan.rhyme_kind} rhyme")
    if plan.rhyme_with:
        said_of.append(f"A rhymes with {plan.rhyme_with}")
    if said_of:
        print("; ".join(said_of), file=sys.stderr)
    if run is None:
        print("whether it can be fulfilled depends on the model: name one with -m RUN", file=sys.stderr)
    elif blocked is None:
        print(f"can be fulfilled by {run}", file=sys.stderr)


def plan_json(plan: Plan, run: Path | None, blocked: PlanError | None) -> dict[str, Any]:
    """The contract of `plan --json`: the file's words, and the song line by line."""
    fields = plan.model_dump(mode="json", exclude_defaults=True)
    laid = lay_out(plan) if plan.exact else None
    return {
        "format": 1,
        "plan": hyphened(fields),
        "exact": plan.exact,
        "lines": [line_json(laid, i) for i in range(len(laid.lines))] if laid else [],
        "feasible": None if run is None else blocked is None,
        "blocked": None if blocked is None else str(blocked),
    }
