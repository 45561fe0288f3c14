"""Comparing settings: many trainings of one corpus that differ in what a `Sweep` varies.

`search_space` says what is varied, `trial_queue` keeps the trials as an Optuna study in a database (`study_storage`)
that many machines may share, `trial_worker` is the process that trains them, `sweep_runner` starts such processes,
`sweep_folder` and `sweep_report` write files. No training code lives here: a trial calls `lyricist.training.start`.
"""

from __future__ import annotations

from lyricist.apps.sweep.search_space import CLASSIC_GRID, Sweep

__all__ = ["CLASSIC_GRID", "Sweep"]
