"""What the routes share: one object with all that a studio keeps and runs, and plans as requests ask for them."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends, Request

from lyricist._io import disk_errors
from lyricist.apps.studio.access import LOCAL, owner
from lyricist.apps.studio.api_models import Asked, read_plan
from lyricist.apps.studio.decoding import Decoding, GenerationPool
from lyricist.apps.studio.model_list import Models
from lyricist.apps.studio.music import Scores, Tunes
from lyricist.apps.studio.owner_store import SWEEP_SECONDS, Store
from lyricist.apps.studio.sandbox import Sandbox
from lyricist.apps.studio.studio_settings import Settings
from lyricist.apps.studio.training_jobs import TrainingJobs
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.check import check
from lyricist.generate.writer import Model
from lyricist.plan.from_tune import plan_to, relaxed
from lyricist.plan.plan import Plan
from lyricist.plan.shape import shapes

SET_BY_TUNE = frozenset({"form", "lines", "syllables", "metre", "sections"})


class Services:
    """One studio. No process runs until `open`, except trainings of an earlier studio that are still at work."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds, by which things expire."""
        self.settings, self.limits = settings, settings.limits
        self.store = Store(settings.data, self.limits, clock)
        self.music, self.lyrics = Sandbox(self.limits), Sandbox(self.limits)
        self.trainings = TrainingJobs(self.store, self.lyrics, settings.training)
        self.store.keep = self.trainings.is_alive
        self.tunes, self.scores = Tunes(self.store, self.music), Scores(self.music)
        self.models = Models(self.store, self.trainings, settings.models)
        self.pool: GenerationPool | None = None
        if settings.processes:
            self.pool = GenerationPool(settings.processes, self.limits.seconds_per_request, self.models.run_of)
        self.decoding = Decoding(self.limits, settings.threads, self.pool)
        self.closing = threading.Event()

    # -- from beginning to end --------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the folder that holds everything. `InputError` where it cannot be written."""
        with disk_errors(self.store.root):
            (self.store.root / "owners").mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self.store.root):
                pass

    def open(self) -> None:
        """Load what every request needs, so that the first is as quick as the others; start removing what expires."""
        if self.pool is not None:
            self.pool.pool.open()
        check("The river ran below the town")
        self.models.get(LOCAL).write(Plan(form=("verse",), syllables=(8,)), seed=1)
        self.closing.clear()
        threading.Thread(target=self.sweep, name="sweeping", daemon=True).start()

    def sweep(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                self.store.sweep()
            if self.closing.wait(SWEEP_SECONDS):
                return

    def close(self) -> None:
        """End all processes; trainings save first. Takes some seconds at most."""
        self.closing.set()
        self.trainings.close()
        self.music.close()
        self.lyrics.close()

    # -- plans of requests ------------------------------------------------------------------------------------------

    def plan(self, owner: str, asked: Asked, model: Model) -> Plan:
        """The plan of a request, with what good songs have where it says nothing. `InputError`."""
        plan = self.asked_plan(owner, asked)
        made = model.song_plan(plan)
        lines = sum(shape.lines for shape in shapes(made)) if made.exact and not made.premise else 0
        self.limits.check("lines_per_song", lines, f"the plan has {lines} lines")
        if asked.tune is None:
            return made

        def feasible(tried: Plan) -> None:
            self.decoding.compiled.get(model, tried)

        return relaxed(made, feasible)[0]

    def asked_plan(self, owner: str, asked: Asked) -> Plan:
        """Only what the request says; the lines of a plan for a tune are those of the tune."""
        plan = read_plan(asked.plan)
        if asked.tune is None:
            return plan
        _, tune = self.tunes.find(owner, asked.tune, asked.track, asked.phrases)
        said = {name: getattr(plan, name) for name in plan.model_fields_set - SET_BY_TUNE}
        return plan_to(tune, asked.verses or 1, **said)

    async def feasible(self, owner: str, model: Model, plan: Plan) -> None:
        """`PlanError` with what blocks a plan, if anything does."""
        if plan.exact and isinstance(model.vocabulary.tokenizer, WordTokenizer):
            await self.decoding.ask(owner, lambda: self.decoding.compiled.get(model, plan))
        else:
            await self.decoding.ask(owner, lambda: model.feasible(plan))


def services(request: Request) -> Services:
    """The services of the studio that a request came to."""
    return cast(Services, request.app.state.services)


Owner = Annotated[str, Depends(owner)]
Studio = Annotated[Services, Depends(services)]
