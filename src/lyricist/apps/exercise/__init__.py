"""The university exercise in one call: songs and their tunes in, every variant trained, written from and compared.

What lives here calls corpus, models and writing as any program could, measures what they do on songs that none of
them has seen, and lays it out as a report. Nothing here is needed to train or to write.
"""

from lyricist.apps.exercise.material import Material, Sung, read_material
from lyricist.apps.exercise.run import exercise
from lyricist.apps.exercise.settings import Settings

__all__ = ["Material", "Settings", "Sung", "exercise", "read_material"]
