"""The starter: the small model that the package brings, as a packed run (see `packed.py`).

What lives here are the run's files and nothing that works on them. `scripts/build_starter.py` makes them from a run.
"""

from __future__ import annotations

from pathlib import Path

from lyricist.errors import InputError

HERE = Path(__file__).parent
NAME = "starter"  # in `--from starter`, and what a run that was made from it says of its base


def starter_path() -> Path | None:
    """The starter's directory; None where the package was built without one."""
    return HERE if (HERE / "config.json").exists() else None


def need_starter() -> Path:
    """The starter's directory. InputError where there is none."""
    found = starter_path()
    if found is None:
        raise InputError(
            "this package brings no starter, so a model must be named: add -m RUN ('lyricist demo' or "
            "'lyricist train' makes one)"
        )
    return found
