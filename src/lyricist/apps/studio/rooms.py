"""What the studio keeps and makes besides writing: tunes, scores, drafts, trainings and models, in one object."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lyricist._io import disk_errors
from lyricist.apps.studio.drafts import Drafts
from lyricist.apps.studio.hands import Hand
from lyricist.apps.studio.models import Models
from lyricist.apps.studio.scores import Scores
from lyricist.apps.studio.settings import Settings
from lyricist.apps.studio.store import SWEEP_SECONDS, RoomLimits, Store
from lyricist.apps.studio.trainings import Trainings
from lyricist.apps.studio.tunes import Tunes


class Rooms:
    """The rooms of one studio. Nothing runs until it is asked for, but trainings that are still at work."""

    def __init__(
        self,
        data: Path,
        models: Path | None = None,
        training: bool = True,
        limits: RoomLimits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock`: seconds, by which things expire."""
        self.limits = limits or RoomLimits()
        self.closing = threading.Event()
        self.store = Store(data, self.limits, clock)
        self.music, self.lyrics = (Hand(self.limits.reading_megabytes, self.limits.waiting) for _ in range(2))
        self.trainings = Trainings(self.store, self.lyrics, training)
        self.store.keep = self.trainings.is_alive
        self.tunes, self.scores = Tunes(self.store, self.music), Scores(self.music, self.limits)
        self.drafts, self.models = Drafts(self.store), Models(self.store, self.trainings, models)

    @classmethod
    def of(cls, settings: Settings) -> Rooms:
        """The rooms that a studio's settings ask for."""
        given = settings.limits.model_dump()
        shared = {name: given[name] for name in RoomLimits.model_fields if name in given}
        limits = RoomLimits(**(shared | settings.kept))
        return cls(settings.data, settings.models, settings.training, limits)

    def prepare(self) -> None:
        """Make the folder that holds everything. InputError where it cannot be written."""
        with disk_errors(self.store.root):
            (self.store.root / "owners").mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self.store.root):
                pass

    def open(self) -> None:
        """From now on remove what has expired even while nobody asks for anything."""
        self.closing.clear()
        threading.Thread(target=self.tidy, name="sweeping", daemon=True).start()

    def tidy(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                self.store.sweep()
            if self.closing.wait(SWEEP_SECONDS):
                return

    def close(self) -> None:
        """Let trainings save and end, and end the processes that read uploads. Takes some seconds at most."""
        self.closing.set()
        self.trainings.close()
        self.music.close()
        self.lyrics.close()
