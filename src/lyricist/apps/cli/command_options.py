"""Options of commands as data: rows of a table, or the fields of `Plan` and `Drawing`.

Each field of `Plan` that has a help text is an option, and so is each field of `Drawing`. Importing the fields takes
longer than `lyricist --help`, so a command gets these options only when it is called: see `derive_options`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
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
DERIVED: dict[str, Callable[[], None]] = {}  # by the name of the command: gives it its options


def option(
    name: str,
    kind: Any,
    help_text: str | None,
    *names: str,
    default: Any = None,
    negatable: bool = False,
    **more: Any,
) -> inspect.Parameter:
    """An option as a parameter of a command: its type, its help text, and `names` and `more` as `typer.Option` has.

    Without a default the value of an option that is not given is None, that of a flag False.
    """
    flag = "--" + name.replace("_", "-")
    if kind is bool and not negatable:
        default = False
    elif default is None:
        kind = kind | None
    flags = names or (f"{flag}/--no-{flag[2:]}" if negatable else flag,)
    info = typer.Option(*flags, help=help_text, show_default=default is not None and kind is not bool, **more)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])


def takes(
    *options: inspect.Parameter, plan: bool = False, without: Collection[str] = (), drawing: bool = False
) -> Callable[[Command], Command]:
    """Let a command take these options as its `**` parameter; `plan`: those of a plan too, but not `without`;
    `drawing`: those of drawing words."""

    def mark(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        own += options

        def derive() -> None:
            derived = [p for p in plan_options() if p.name not in without]
            derived += drawing_options() if drawing else []
            command.__signature__ = signature.replace(parameters=[*own, *derived])  # type: ignore[attr-defined]

        command.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
        if plan:
            DERIVED[command.__name__] = derive
        return command

    return mark


def derive_options(arguments: list[str]) -> None:
    """Give the command that is called the options of a plan, if it takes them."""
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    if name in DERIVED:
        DERIVED[name]()


def plan_options() -> Iterator[inspect.Parameter]:
    """One for each field of a plan that has a help text, then those for the sources of a plan."""
    from lyricist.plan.fields import asked_of
    from lyricist.plan.plan import Plan

    for name, asked in asked_of(Plan).items():
        if asked.help:
            field = Plan.model_fields[name]
            kind = field.annotation if field.annotation in (bool, int) else str
            least = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
            negatable = kind is bool and (field.default or asked.negatable)
            yield option(name, kind, asked.help, rich_help_panel=PANEL, min=least, negatable=negatable)
    for name, (source, text) in SOURCES.items():
        yield option(name, source, text, rich_help_panel=PANEL)


def drawing_options() -> Iterator[inspect.Parameter]:
    """One for each field of `Drawing`."""
    from lyricist.plan.plan import Drawing

    for name, field in Drawing.model_fields.items():
        off = field.annotation is bool and bool(field.default)
        yield option(name, field.annotation, field.description, default=field.default, negatable=off)
