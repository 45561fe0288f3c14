"""The options of `write`, `plan` and `check` that are derived: those of a plan and those of drawing words.

Each field of `Plan` that has a help text is an option, and so is each field of `Drawing`. Importing the fields takes
longer than `lyricist --help`, so a command gets these options only when it is called: see `add_options`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

Command = TypeVar("Command", bound=Callable[..., Any])
PANEL = "What is asked of the song"
SOURCES: dict[str, tuple[type, str]] = {  # where else a plan comes from: type and help of each option
    "like": (Path, "A song: same form, syllables, stresses and rhymes."),
    "plan": (Path, "A plan that 'lyricist plan -o' saved; options override it."),
    "fill": (Path, "A draft: lines of ... are written, the others kept."),
    "melody": (Path, "A tune to write words for: MIDI, KAR, MusicXML, MXL or ABC."),
    "track": (int, "Number of the part that is sung, from 1. Default: the likeliest."),
    "phrases": (str, "Syllables of its phrases, such as 8,6; they repeat."),
    "verses": (int, "How often the whole tune is sung. Default: 1."),
    "lexicon": (Path, "Pronunciations: a file with a word and its phones on each line."),
}
BULK = {"particles": "Default: 32; 2 from 101 songs on."}  # settings whose default depends on the number of songs
DERIVED: dict[str, Callable[[], None]] = {}  # by the name of the command: gives it its options


def takes_plan(without: tuple[str, ...] = (), drawing: bool = False) -> Callable[[Command], Command]:
    """Let a command take the options of a plan, but not `without`, as `**asked`; `drawing`: those of drawing too."""

    def mark(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]

        def derive() -> None:
            options = [p for p in plan_parameters() if p.name not in without]
            options += drawing_parameters() if drawing else []
            command.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]

        command.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
        DERIVED[command.__name__] = derive
        return command

    return mark


def add_options(arguments: list[str]) -> None:
    """Derive the options of the command that is called, if it takes a plan."""
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    if name in DERIVED:
        DERIVED[name]()


def plan_parameters() -> Iterator[inspect.Parameter]:
    """One parameter for each field of a plan that has a help text, then those for the sources of a plan."""
    from lyricist.plan.fields import asked_of
    from lyricist.plan.plan import Plan

    for name, asked in asked_of(Plan).items():
        if asked.help:
            field = Plan.model_fields[name]
            kind = field.annotation if field.annotation in (bool, int) else str
            least = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
            negatable = kind is bool and (field.default or asked.negatable)
            yield parameter(name, kind, asked.help, rich_help_panel=PANEL, min=least, negatable=negatable)
    for name, (source, help_text) in SOURCES.items():
        yield parameter(name, source, help_text, rich_help_panel=PANEL)


def drawing_parameters() -> Iterator[inspect.Parameter]:
    """One parameter for each field of `Drawing`."""
    from lyricist.plan.plan import Drawing

    for name, field in Drawing.model_fields.items():
        if name in BULK:
            yield parameter(name, field.annotation, f"{field.description} {BULK[name]}")
        else:
            yield parameter(name, field.annotation, field.description, default=field.default)


def parameter(
    name: str, kind: Any, help_text: str | None, default: Any = None, negatable: bool = False, **option: Any
) -> inspect.Parameter:
    """A command's parameter. `None` is the value of one that is not given, False that of a flag."""
    flag = "--" + name.replace("_", "-")
    if kind is bool and not negatable:
        default = False
    elif default is None:
        kind = kind | None
    names = f"{flag}/--no-{flag[2:]}" if negatable else flag
    info = typer.Option(names, help=help_text, show_default=default is not None and kind is not bool, **option)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])
