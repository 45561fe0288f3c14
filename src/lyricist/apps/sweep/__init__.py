"""Comparing settings: many trainings of one corpus, what is varied described by a `Sweep`.

`space` says what can be varied, `study` keeps the trials in a database that many machines may share (Optuna),
`worker` is the process that trains them one after another, `crew` starts workers and hears them, `run` is the whole,
`results` and `pictures` show what came of it. All of it trains through `lyricist.training.start`.
"""

from __future__ import annotations

from lyricist.apps.sweep.space import CLASSIC_GRID, Sweep

__all__ = ["CLASSIC_GRID", "Sweep"]
