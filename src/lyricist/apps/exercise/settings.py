"""What may be said about an exercise."""

from __future__ import annotations

from dataclasses import dataclass

from lyricist.errors import InputError
from lyricist.training.config import PRESETS

FIRST_WORDS = 3  # drawn where none are given
MOST_FIRST_WORDS = 10
QUICK_BUDGET = 3.0  # seconds


@dataclass(frozen=True)
class Settings:
    """`budget`: seconds of training for each variant. `quick`: small networks, to see that everything works."""

    first: tuple[str, ...] = ()
    budget: float = 60.0
    seed: int = 0
    preset: str = "small"  # of the project's own model
    variants: tuple[str, ...] = ()  # keys; empty: all
    melodies: int = 0  # at most so many test songs are written for; 0: all
    quick: bool = False
    keep_runs: bool = False

    def __post_init__(self) -> None:
        if len(self.first) > MOST_FIRST_WORDS:
            raise InputError(
                f"--first is given {len(self.first)} times: at most {MOST_FIRST_WORDS} words are compared"
            )
        if self.preset not in PRESETS:
            raise InputError(f"--preset {self.preset!r} is unknown: use one of {', '.join(PRESETS)}")
        if not self.budget > 0:
            raise InputError(f"--budget {self.budget} is not above 0 seconds")
        if self.melodies < 0:
            raise InputError(f"--melodies {self.melodies} is below 0")
