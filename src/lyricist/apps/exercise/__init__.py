"""The university exercise in one call: songs and their tunes in, every variant trained, written from and compared.

This folder reads the exercise's files, trains and evaluates the variants through the public calls, and writes the
report. Nothing here is needed to train or to write.
"""

from lyricist.apps.exercise.exercise_data import Material, Settings, Sung, read_material
from lyricist.apps.exercise.exercise_run import exercise

__all__ = ["Material", "Settings", "Sung", "exercise", "read_material"]
