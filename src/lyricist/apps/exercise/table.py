"""The variants of the exercise, in the order of its tables."""

from __future__ import annotations

from lyricist.apps.exercise.classics import CLASSICS
from lyricist.apps.exercise.own import OWN
from lyricist.apps.exercise.variants import Variant

VARIANTS: tuple[Variant, ...] = (*CLASSICS, *OWN)
