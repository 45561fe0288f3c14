"""The variants of the exercise, in the order of its tables."""

from __future__ import annotations

from lyricist.exercise.classics import CLASSICS
from lyricist.exercise.own import OWN
from lyricist.exercise.variants import Variant

VARIANTS: tuple[Variant, ...] = (*CLASSICS, *OWN)
