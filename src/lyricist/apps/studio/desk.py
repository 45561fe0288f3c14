"""What the routes share: the models, the loop that writes, tunes by their id, plans as requests ask for them."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from lyricist.apps.studio.access import LOCAL
from lyricist.apps.studio.bodies import Asked, Draft, read_plan
from lyricist.apps.studio.decoding import Decoding
from lyricist.apps.studio.rooms import Rooms
from lyricist.apps.studio.settings import Settings
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.writer import Model
from lyricist.plan.from_draft import OneLine, plan_line
from lyricist.plan.from_tune import plan_to, relaxed
from lyricist.plan.plan import Plan
from lyricist.plan.resolve import as_a_song

SAID_BY_TUNE = frozenset({"form", "lines", "syllables", "metre", "sections"})


class Desk:
    """One studio at work."""

    def __init__(self, settings: Settings, rooms: Rooms) -> None:
        self.settings, self.rooms, self.decoding = settings, rooms, Decoding(settings)
        if settings.processes:
            from lyricist.apps.studio.scribes import Scribes

            seconds = settings.limits.seconds_per_request
            self.decoding.scribes = Scribes(settings.processes, seconds, rooms.models.run_of)

    def warm(self) -> None:
        """Load what every request needs, so that the first is as quick as the others."""
        from lyricist.evaluation.check import check

        if self.decoding.scribes is not None:
            self.decoding.scribes.open()
        check("The river ran below the town")
        model = self.model(LOCAL, None)
        model.write(Plan(form=("verse",), syllables=(8,)), seed=1)

    def close(self) -> None:
        self.decoding.close()

    def model(self, owner: str, name: str | None) -> Model:
        return self.rooms.models.get(owner, name)

    def plan(self, owner: str, asked: Asked, model: Model) -> Plan:
        """The plan of a request, with what good songs have where it says nothing. `InputError`."""
        plan = self.asked_plan(owner, asked)
        said = {name for name in plan.model_fields_set if getattr(plan, name) not in ((), None)}
        options: dict[str, Any] = {name: getattr(plan, name) for name in said} | {"plan": plan.sections or None}
        made = as_a_song(plan, options, always=model.vocabulary.order == "backward")
        self.check_size(made)
        if asked.tune is None:
            return made

        def feasible(tried: Plan) -> None:
            self.decoding.compiled.get(model, tried)

        return relaxed(made, feasible)[0]

    def asked_plan(self, owner: str, asked: Asked) -> Plan:
        """Only what the request says."""
        plan = read_plan(asked.plan)
        return plan if asked.tune is None else self.over_tune(owner, asked, plan)

    def one_line(self, owner: str, asked: Asked, draft: Draft, at: tuple[int, int], model: Model) -> OneLine:
        """The plan for one line of a draft."""
        self.check_draft(draft)
        return plan_line(draft.lines(), *at, self.asked_plan(owner, asked), model.lexicon)

    def check_draft(self, draft: Draft) -> None:
        limits = self.settings.limits
        if draft.count() > limits.lines_per_song:
            raise InputError(f"the draft has {draft.count()} lines: at most {limits.lines_per_song} (lines_per_song)")

    async def feasible(self, owner: str, model: Model, plan: Plan) -> None:
        """Raise `PlanError` with what blocks a plan, if anything does."""
        if plan.exact and isinstance(model.vocabulary.tokenizer, WordTokenizer):
            await self.decoding.ask(owner, lambda: self.decoding.compiled.get(model, plan))
        else:
            await self.decoding.ask(owner, lambda: model.feasible(plan))

    def checked_plan(self, owner: str, asked: Asked) -> Plan | None:
        """What a text is compared with: only what the request says; None if it says nothing."""
        return self.asked_plan(owner, asked) if asked.plan or asked.tune is not None else None

    def common_words(self) -> list[str] | None:
        """The starter's words, commonest first, in which order rhymes are shown."""
        return self.model(LOCAL, None).vocabulary.tokens

    def over_tune(self, owner: str, asked: Asked, plan: Plan) -> Plan:
        """The plan as the tune has it, which says what its lines are; what else is asked for stands."""
        assert asked.tune is not None
        tune = self.rooms.tunes.open(owner, asked.tune, asked.track, asked.phrases)
        said = {name: getattr(plan, name) for name in plan.model_fields_set - SAID_BY_TUNE}
        return plan_to(tune, asked.verses or 1, **said)

    def check_size(self, plan: Plan) -> None:
        from lyricist.plan.shape import shapes

        most = self.settings.limits.lines_per_song
        lines = sum(shape.lines for shape in shapes(plan)) if plan.exact else 0
        if lines > most:
            raise InputError(f"the plan has {lines} lines: at most {most} (limit lines_per_song)")


def desk_of(request: Request) -> Desk:
    """The desk of the studio that a request came to; for `Depends`."""
    found = request.app.state.desk
    assert isinstance(found, Desk)
    return found
