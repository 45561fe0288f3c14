"""Comparing settings: many trainings of one corpus, what is varied described by a `Sweep`.

`space` says what can be varied, `study` keeps the trials in a database that many machines may share (Optuna),
`worker` is the process that trains them one after another, `run` starts the workers and settles their results,
`results` and `pictures` show them. All of it trains through `lyricist.start`; nothing in training knows it.
"""

from __future__ import annotations

from lyricist.sweeps.space import CLASSIC_GRID, Sweep

__all__ = ["CLASSIC_GRID", "Sweep"]
