"""`lyricist plan`: what is asked of a song line by line, whether a model can fulfil it, and the plan's file; and
`lyricist forms`, the named forms."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

from lyricist._io import disk_errors, replace_file
from lyricist.apps.cli.plan_request import asked_tune, check_place, make_plan, open_model, report_tune
from lyricist.errors import InputError, PlanError
from lyricist.model.starter import need_starter
from lyricist.plan.forms import Form, find_form, forms, named
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.plan_file import key_of, plan_text
from lyricist.plan.resolve import as_a_song, letter, line_json
from lyricist.plan.song_spec import LineSpec, lay_out
from lyricist.prosody.metre import pattern_of

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune


def plan_command(
    named: Path | None,
    options: dict[str, Any],
    run: Path | None,
    out: Path | None,
    as_json: bool,
    force: bool,
    seed: int | None = None,
) -> None:
    """Show a plan, say whether a model can fulfil it, save it. `named`: a tune named without `--melody`; `seed`: the
    one whose premise is shown.

    Raises `PlanError` if the model cannot fulfil the plan; nothing is saved then. Raises `InputError` for two tunes,
    and for a file that is not .toml.
    """
    if named is not None and options.get("melody"):
        raise InputError(f"{named} and --melody {options['melody']} clash: name one tune")
    if out is not None:
        if out.suffix != ".toml":
            raise InputError(f"-o {out}: {out.suffix or 'no suffix'} is not .toml")
        check_place(out, force)
    options = {**options, "melody": options.get("melody") or named}
    tune = asked_tune(options)
    plan = make_plan(options, tune)
    plan = as_a_song(plan, options, always=seed is not None)
    if plan.premise and seed is not None:
        plan = open_model(run or need_starter(), options.get("lexicon")).plan_of(plan, seed)
    plan = with_defaults(plan) if is_laid_out(plan) else plan
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


def blocker(plan: Plan, run: Path | None, lexicon: Path | None) -> PlanError | None:
    """Why a model cannot fulfil a plan; None if it can or no model is named."""
    if run is None:
        return None
    try:
        open_model(run, lexicon).feasible(plan)
    except PlanError as e:
        return e
    return None


def table(plan: Plan) -> Iterator[str]:
    """A plan as rows of text: section, line, syllables, slots, rhyme and given text."""
    if not is_laid_out(plan):
        yield from free_rows(plan)
        return
    laid = lay_out(plan)
    rows = [("section", "line", "syllables", "slots", "rhyme", "")]
    for i, line in enumerate(laid.lines):
        opens = i == 0 or laid.lines[i - 1].section != line.section
        name = line.name if opens else ""
        rows.append((name, str(i + 1), length(line), slots(line), letter(laid, i), notes(line, opens)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True)).rstrip()


def is_laid_out(plan: Plan) -> bool:
    """Whether the lines of a plan are known: its seeds draw no premise, and the model does not decide."""
    return plan.exact and not plan.premise


def free_rows(plan: Plan) -> Iterator[str]:
    """The sections of a plan that leaves the lines to the model or to the seed."""
    if plan.premise:
        yield "premise: each seed draws what is left open, form, hook and theme; --seed N shows that of a seed"
    elif not plan.form:
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
    """The slots of a line whose patterns fix a stress; of several lengths the shortest and the longest."""
    ends = dict.fromkeys((line.templates[0], line.templates[-1]))
    return " to ".join(map(pattern_of, ends)) if set("".join(ends)) - {"?"} else "-"


def notes(line: LineSpec, opens: bool = False) -> str:
    """What is asked of this line alone; where a section `opens`, what the section is about as well."""
    about = f"about {', '.join(line.about)}" if opens and line.about else ""
    inner = "its middle rhymes with its end" if line.internal else ""
    return "; ".join(filter(None, (own_wish(line), inner, about)))


def own_wish(line: LineSpec) -> str:
    """The line that a line repeats, its given words, or its beginning."""
    if line.same_as >= 0:
        return f"= line {line.same_as + 1}"
    if line.text is not None:
        return line.given
    if line.first:
        return f"begins with '{line.first}'"
    return f"begins with {line.initial.upper()}" if line.initial else ""


def report(plan: Plan, run: Path | None, blocked: PlanError | None) -> None:
    """Say on stderr what is asked of the whole song, and whether a model can fulfil the plan."""
    listed = {"about": plan.about, "include": plan.include, "avoid": plan.avoid}
    said_of = [f"{name}: {', '.join(words)}" for name, words in listed.items() if words]
    if is_laid_out(plan):
        said_of.insert(0, f"{plan.rhyme_kind} rhyme")
    said_of[:0] = [f"form: {form.name}"] if (form := named(plan.form)) else []
    said_of += list(voice(plan))
    if plan.rhyme_with:
        said_of.append(f"A rhymes with {plan.rhyme_with}")
    if said_of:
        print("; ".join(said_of), file=sys.stderr)
    if run is None:
        print("whether it can be fulfilled depends on the model: name one with -m RUN", file=sys.stderr)
    elif blocked is None:
        print(f"can be fulfilled by {run}", file=sys.stderr)


def voice(plan: Plan) -> Iterator[str]:
    """Person and tense, and whether they were asked for or are read from the theme."""
    for name, asked, hint in (
        ("person", plan.person, plan.person_hint),
        ("tense", plan.tense, plan.tense_hint),
    ):
        if asked:
            yield f"{name}: {asked}"
        elif hint:
            yield f"{name}: {hint}, as the theme says it"


def plan_json(plan: Plan, run: Path | None, blocked: PlanError | None) -> dict[str, Any]:
    """The object of `plan --json`: the fields of a plan file, and the song line by line."""
    laid = lay_out(plan) if is_laid_out(plan) else None
    return {
        "format": 1,
        "plan": {key_of(k): v for k, v in plan.model_dump(mode="json", exclude_defaults=True).items()},
        "exact": plan.exact,
        "lines": [line_json(laid, i) for i in range(len(laid.lines))] if laid else [],
        "feasible": None if run is None else blocked is None,
        "blocked": None if blocked is None else str(blocked),
    }


def phrase_rows(tune: Tune) -> Iterator[str]:
    """One row a phrase: where it begins, its notes, its slots, what it sounds like."""
    from lyricist.melody.tune import Clock

    clock = Clock(tune.score.tempi)
    for i, phrase in enumerate(tune.phrases):
        first, last = phrase.slots[0], phrase.slots[-1]
        name = tune.names[phrase.section]
        like = f"  sounds like {phrase.like + 1}" if phrase.like is not None else ""
        rest = "  then a rest" if last.rest > 0 else ""
        start = clock.at(first.onset)
        time = f"{int(start // 60)}:{start % 60:04.1f}"
        yield f"{i + 1:>3}  {name:<9}  {time:>6}  {len(phrase.slots):>2}  {phrase.pattern}{like}{rest}"


def tune_json(tune: Tune) -> dict[str, Any]:
    """A tune as `plan --json` shows it: phrases of slots, times in quarters."""
    return {
        "part": tune.part.name,
        "why": tune.why,
        "notes": list(tune.notes),
        "phrases": [
            {
                "section": phrase.section + 1,
                "name": tune.names[phrase.section],
                "like": None if phrase.like is None else phrase.like + 1,
                "pattern": phrase.pattern,
                "slots": [
                    {
                        "onset": float(slot.onset),
                        "duration": float(slot.duration),
                        "pitch": slot.pitch,
                        "strength": slot.strength,
                        "strong": slot.strong,
                        "melisma": len(slot.notes),
                        "rest": float(slot.rest),
                    }
                    for slot in phrase.slots
                ],
            }
            for phrase in tune.phrases
        ],
    }


# -- lyricist forms -------------------------------------------------------------------------------------


def forms_command(name: str | None, as_json: bool) -> None:
    """List the named forms, or show one of them line by line. Raises `InputError` for a name that none has."""
    found = list(forms().values()) if name is None else [find_form(name)]
    if as_json:
        print(json.dumps({"format": 1, "forms": [form_json(form) for form in found]}, ensure_ascii=False, indent=1))
        return
    for i, form in enumerate(found):
        print(("\n" if i else "") + f"{form.name}: {form.description}\n\n{indent(form.example, '    ')}")
    if name is None:
        print("one of them line by line: lyricist forms NAME; a song: lyricist write --form NAME", file=sys.stderr)
    else:
        print()
        for row in table(Plan(form=(found[0].name,))):
            print(row)


def form_json(form: Form) -> dict[str, Any]:
    """A named form; its sections in the words of a plan file."""
    plan = Plan(form=(form.name,)).model_dump(mode="json", exclude_defaults=True)
    sections = [{key_of(name): value for name, value in section.items()} for section in plan["sections"]]
    return {
        "name": form.name,
        "description": form.description,
        "lines": sum(form.lengths),
        "sections": sections,
        "example": form.example.splitlines(),
    }
