"""The starter: the small model in the package, a packed run (see `checkpoint.py`).

Only the run's files live here, and what finds them. `scripts/build_starter.py` makes them from a run.
"""

from __future__ import annotations

from pathlib import Path

from lyricist.errors import InputError

HERE = Path(__file__).parent
NAME = "starter"  # in `--from starter`, and in the config of runs fine-tuned from it


def starter_path() -> Path | None:
    """The starter's directory; None if the package was built without one."""
    return HERE if (HERE / "config.json").exists() else None


def need_starter() -> Path:
    """The starter's directory. Raises InputError if there is none."""
    found = starter_path()
    if found is None:
        raise InputError(
            "this package brings no starter, so a model must be named: add -m RUN ('lyricist demo' or "
            "'lyricist train' makes one)"
        )
    return found
