"""Every error lyricist raises on purpose. One line each: what, which value, what to do.

    LyricistError            1   anything else that went wrong
    ├── InputError           2   a file, a value or the call is wrong
    │   ├── MissingExtra     2   an optional package is needed; names the pip install
    │   └── RunError         2   a run directory is damaged, foreign or already there
    └── PlanError            3   the plan cannot be fulfilled; names what blocks it
        └── UnfinishedSongs  3   some songs of several cannot be finished; the others are made

The number is the exit code of the command line; an HTTP front end maps 2 and 3 to a 4xx.

Messages are written with the options of the command line (`--max-copy`). Elsewhere their text names the parameters
and fields instead (`max_copy`).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

OPTION = re.compile(r"(?<![\w'\"-])--([a-z]+(?:-[a-z]+)*)")
_in_shell = False


class LyricistError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 1

    def __str__(self) -> str:
        return self.in_shell if _in_shell else OPTION.sub(lambda m: m[1].replace("-", "_"), self.in_shell)

    @property
    def in_shell(self) -> str:
        """The message with the names of options.

        >>> error = InputError("--max-copy -1 is less than 0")
        >>> error.in_shell, str(error)
        ('--max-copy -1 is less than 0', 'max_copy -1 is less than 0')
        """
        return super().__str__()


@contextlib.contextmanager
def spelled_for(shell: bool) -> Iterator[None]:
    """Within this block the messages of this process name options (`shell`), or parameters."""
    global _in_shell
    before, _in_shell = _in_shell, shell
    try:
        yield
    finally:
        _in_shell = before


class InputError(LyricistError):
    """The input or the call is wrong."""

    exit_code = 2


def expect(value: object, kinds: type | tuple[type, ...], name: str, wanted: str) -> None:
    """Raise `InputError` for a parameter that is of none of these kinds; `wanted` says what they are."""
    if not isinstance(value, kinds):
        shown = repr(value)
        raise InputError(f"{name} {shown if len(shown) <= 60 else shown[:57] + '...'} is not {wanted}")


def expect_all(values: Any, kinds: type | tuple[type, ...], name: str, wanted: str) -> list[Any]:
    """What an iterable gives. Raises `InputError` for a parameter that is none, or gives something else."""
    expect(values, Iterable, name, wanted)
    if isinstance(values, str | bytes | Mapping):
        expect(values, (), name, wanted)
    found = list(values)
    for value in found:
        expect(value, kinds, f"{name}: an entry", wanted)
    return found


def expect_path(value: object, name: str) -> None:
    """Raise `InputError` for a parameter that can be no path."""
    expect(value, (str, os.PathLike), name, "a path")
    path = os.fspath(value)  # type: ignore[call-overload]
    try:
        fits = "\0" not in path and max(map(len, os.fsencode(path).split(os.sep.encode()))) < 256
    except (UnicodeError, TypeError):
        fits = False
    if not fits or len(path) > 4000:
        expect(value, (), name, "a path that there can be")


def first_wrong(error: Any) -> str:
    """The first wrong value that a pydantic `ValidationError` tells of, and what is wrong with it."""
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc']))} = {fault.get('input')!r}: {fault['msg']}"


class MissingExtra(InputError):
    """A feature needs packages that the base installation does not bring."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs more packages: pip install 'lyricist[{extra}]'")


class RunError(InputError):
    """A run directory is damaged, foreign, unfinished or in the way."""


class PlanError(LyricistError):
    """The plan cannot be fulfilled."""

    exit_code = 3


class UnfinishedSongs(PlanError):
    """Some songs of several cannot be finished. `reasons`: why, by seed; `songs`: those that `write` has made."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        self.reasons = dict(sorted(reasons.items()))
        self.songs: list[Any] = []
        seeds = list(self.reasons)
        others = f" (and {len(seeds) - 1} more: {', '.join(map(str, seeds[1:9]))})" if len(seeds) > 1 else ""
        super().__init__(f"seed {seeds[0]}{others}: {self.reasons[seeds[0]]}")
