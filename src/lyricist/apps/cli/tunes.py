"""The options about tunes: `--melody`, `--track`, `--phrases` and `--verses`; and what is said of a tune."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist.errors import InputError

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune
    from lyricist.plan.plan import Plan

ABOUT = ("track", "phrases", "verses")
SAID_BY_TUNE = ("form", "lines", "syllables", "metre")


def asked_tune(options: Mapping[str, Any]) -> Tune | None:
    """The tune of a call, None without `--melody`. InputError for what is no tune and for options that need one."""
    path = options.get("melody")
    if options.get("verses") is not None and options.get("plan"):
        raise InputError(f"--verses {options['verses']} and --plan clash: the file says how often; leave one out")
    if path is None:
        for name in ABOUT:
            if options.get(name) is not None:
                raise InputError(f"--{name} {options[name]} says how a tune is taken: name one with --melody")
        return None
    from lyricist.melody.read import read_tune

    return read_tune(path, options.get("track"), options.get("phrases"))


def over_tune(tune: Tune, options: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a plan for the tune; what else is asked for stands as it is."""
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
    """How often a tune is sung: as asked, else as often as the lines of the draft go through it."""
    size, asked = len(tune.phrases), options.get("verses")
    if texts and (len(texts) % size or asked not in (None, len(texts) // size)):
        raise InputError(
            f"--fill {options['fill']} has {len(texts)} lines and the tune {size * (asked or 1)} phrases: "
            f"give a line, or ..., for each"
        )
    return asked or max(1, len(texts) // size)


def agree(tune: Tune, plan: Plan, path: Path) -> None:
    """A saved plan, as somebody has edited it, beside the tune it is sung to. InputError where it does not fit."""
    from lyricist.plan.song_spec import lay_out

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
    """Which line is sung and how it is divided, on stderr."""
    for row in tune_rows(tune):
        print(row, file=sys.stderr)


def tune_rows(tune: Tune) -> Iterator[str]:
    slots = sum(len(phrase.slots) for phrase in tune.phrases)
    yield f"tune: {tune.part.name or 'the only part'} ({tune.why}); {len(tune.phrases)} phrases, {slots} syllables"
    yield from (f"tune: {note}" for note in tune.notes)


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
