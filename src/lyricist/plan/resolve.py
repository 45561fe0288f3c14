"""From a `Plan` to a `SongSpec`: the defaults of a good song, the check of given lines, the layout of all lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lyricist.errors import InputError
from lyricist.plan.forms import named
from lyricist.plan.given_lines import validate_given_lines
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.song_spec import SongSpec, lay_out
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import pattern_of

# Options with which no hook is added, and options with which no metre is added.
OWN_SHAPE = ("rhyme", "rhyme_with", "acrostic", "refrain", "like", "plan", "fill", "melody")
OWN_METRE = (*OWN_SHAPE, "syllables", "metre", "start", "include")
OWN_FORM = (*OWN_METRE, "form", "lines", "hook")  # and options with which no premise is drawn


def as_a_song(plan: Plan, options: Mapping[str, Any], always: bool = False) -> Plan:
    """The plan with what good songs have, where `options` leave it open: a premise for each seed or, with a form that
    is asked for, a hook and iambic lines. `always`: also for a plan that is not `exact`."""
    if named(plan.form):
        return plan
    if takes_premise(plan, options, always):
        return plan.model_copy(update={"premise": True})
    plan = with_hook(plan, options, always)
    own_metre = any(options.get(name) for name in OWN_METRE) or plan.rhyme_kind == "mosaic"
    if (plan.exact or always) and not own_metre:
        plan = with_defaults(plan).model_copy(update={"metre": ("iambic",)})
    return plan


def song_plan(plan: Plan, always: bool) -> Plan:
    """`as_a_song` for a plan as a program gives it: its fields that were set and say something are the options."""
    said = {name: getattr(plan, name) for name in plan.model_fields_set if getattr(plan, name) not in ((), None)}
    return as_a_song(plan, {**said, "plan": plan.sections or None}, always)


def takes_premise(plan: Plan, options: Mapping[str, Any], always: bool) -> bool:
    """Whether each seed draws a premise: if that is asked for, and where the options ask for no form."""
    if options.get("premise") is not None:
        return bool(options["premise"])
    if plan.rhyme_kind == "mosaic":  # the lines of premises end on a strong syllable
        return False
    return (plan.exact or always) and not any(options.get(name) not in (None, (), "") for name in OWN_FORM)


def with_hook(plan: Plan, options: Mapping[str, Any], always: bool = False) -> Plan:
    """The plan with a hook in its chorus, unless `options` exclude one or the chorus has no line for it. `always`:
    also for a plan that is not `exact`."""
    if options.get("hook") is not None or any(options.get(name) for name in OWN_SHAPE) or not (plan.exact or always):
        return plan
    made = plan.model_copy(update={"hook": True})
    try:
        lay_out(with_defaults(made))
    except InputError:  # no line of the chorus is as long as its first
        return plan
    return made


def resolve(plan: Plan, lexicon: Lexicon) -> SongSpec:
    """The `SongSpec` of a plan: defaults filled in, given lines checked against it. Raises `InputError` for a given
    line that the plan does not allow, and for a line without a middle that is to rhyme there."""
    made = lay_out(validate_given_lines(with_defaults(plan), lexicon))
    for i, line in enumerate(made.lines):
        lengths = sorted(map(len, line.templates))
        if line.internal and (len(lengths) > 1 or lengths[0] < 2):
            long = "a range of syllables" if len(lengths) > 1 else "one syllable"
            raise InputError(
                f"--internal {line.number + 1}: line {i + 1} has {long}, so it has no middle: give it one number of "
                "at least 2 with --syllables"
            )
    return made


def letter(laid: SongSpec, i: int) -> str:
    """The letter of line i in the scheme of its section."""
    group = laid.lines[i].group
    return "X" if group < 0 else laid.groups[group].letter


def line_json(laid: SongSpec, i: int) -> dict[str, Any]:
    line = laid.lines[i]
    return {
        "line": i + 1,
        "section": line.section + 1,
        "name": line.name,
        "slots": [pattern_of(slots) for slots in line.templates],
        "rhyme": letter(laid, i),
        "text": line.given or None,
        "begins": line.first or line.initial or None,
        "same_as": line.same_as + 1 if line.same_as >= 0 else None,
        "about": list(line.about),
    }
