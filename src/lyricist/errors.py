"""Every error lyricist raises on purpose. One line each: what, which value, what to do.

    LyricistError            1   anything else that went wrong
    ├── InputError           2   a file, a value or the call is wrong
    │   ├── MissingExtra     2   an optional package is needed; names the pip install
    │   └── RunError         2   a run directory is damaged, foreign or already there
    └── PlanError            3   the plan cannot be fulfilled; names what blocks it

The number is the exit code of the command line; an HTTP front end maps 2 and 3 to a 4xx.
"""

from __future__ import annotations


class LyricistError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class InputError(LyricistError):
    """The input or the call is wrong."""

    exit_code = 2


class MissingExtra(InputError):
    """A feature needs packages that the base installation does not bring."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs more packages: pip install 'lyricist[{extra}]'")


class RunError(InputError):
    """A run directory is damaged, foreign, unfinished or in the way."""


class PlanError(LyricistError):
    """The plan cannot be fulfilled."""

    exit_code = 3
