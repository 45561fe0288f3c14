"""JSON schemas of what the command line prints: the contract other programs may rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAMES = ("write", "evaluate", "check", "plan", "forms", "rhymes", "sweep", "exercise")


def schema(name: str) -> dict[str, Any]:
    """The schema of `lyricist NAME --json`; KeyError for a name not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    found: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    return found
