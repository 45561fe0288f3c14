"""`lyricist exercise`: progress on stderr, at the end the place of the report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from lyricist.apps.cli.preparing import RIGHTS
from lyricist.apps.cli.training import seconds
from lyricist.apps.exercise import Settings, exercise
from lyricist.apps.exercise.exercise_data import QUICK_BUDGET


def exercise_command(
    files: tuple[Path, Path, Path], out: Path, options: dict[str, Any], budget: str | None, quick: bool, force: bool
) -> None:
    limit = seconds(budget) if budget else QUICK_BUDGET if quick else Settings.budget
    settings = Settings(budget=limit, quick=quick, **options)
    command = shlex.join(["lyricist", *sys.argv[1:]])
    tell(RIGHTS)
    exercise(*files, out, settings, force=force, command=command, tell=tell)
    tell(f"wrote {out / 'report.html'}, report.md, results.json, figures and lyrics beside it")


def tell(said: str) -> None:
    print(said, file=sys.stderr, flush=True)
