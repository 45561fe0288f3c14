"""Writing: songs to a plan, the open lines of a draft, other lines or words for a place, and why a word is there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio.api_models import Asked, Draft, Drawn, plan_json, read_drawing
from lyricist.apps.studio.http_io import BEAT, event, reason, stream
from lyricist.apps.studio.jobs import WriteJob, event_of
from lyricist.apps.studio.services import Owner, Services, Studio
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.explain import Place, explain_line, reword
from lyricist.generate.result import WrittenSong
from lyricist.generate.writer import Model, fresh_seed
from lyricist.plan.from_draft import OneLine, plan_draft, plan_line
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.scan import scan_line

router = APIRouter(prefix="/api", tags=["writing"])
SPARE = 2  # songs written for every alternative that is asked for, of which the best are shown
split = WordTokenizer().split


class Write(Drawn):
    count: int = Field(default=1, ge=1)
    explain: bool = False


@router.post("/write", response_class=StreamingResponse)
async def write(asked: Write, owner: Owner, studio: Studio) -> StreamingResponse:
    """Write songs to a plan. Events: `started`, `line`, `song`, `error`, `done`. 409 where no song can fulfil it."""
    studio.limits.check("songs_per_request", asked.count, f"count {asked.count}")
    return await songs(
        asked, owner, studio, lambda model: studio.plan(owner, asked, model), asked.count, asked.explain
    )


class Fill(Drawn):
    draft: Draft
    like_present: bool = False


@router.post("/fill", response_class=StreamingResponse)
async def fill(asked: Fill, owner: Owner, studio: Studio) -> StreamingResponse:
    """Write the lines of a draft that are not locked; the same events as `/api/write`. Locked lines stand word for
    word, whatever the plan says; `like_present`: where it says nothing of lengths, lines stay as long as they are."""

    def plan(model: Model) -> Plan:
        studio.limits.check("lines_per_song", asked.draft.count(), f"the draft has {asked.draft.count()} lines")
        plan = studio.asked_plan(owner, asked)
        if asked.draft.title and plan.title is None:
            plan = plan.model_copy(update={"title": asked.draft.title[:200]})
        return plan_draft(asked.draft.lines(), plan, model.lexicon, asked.like_present)

    return await songs(asked, owner, studio, plan)


async def songs(
    asked: Drawn,
    owner: str,
    studio: Services,
    plan_of: Callable[[Model], Plan],
    count: int = 1,
    explain: bool = False,
) -> StreamingResponse:
    """The events of songs that are written to the plan that a request makes for its model."""
    drawing = read_drawing(asked.drawing, studio.limits)
    model = await run_in_threadpool(studio.models.get, owner, asked.model)
    plan = await run_in_threadpool(plan_of, model)
    seed = fresh_seed() if asked.seed is None else asked.seed
    seeds = range(seed, seed + count)
    if plan.premise:
        jobs = [
            WriteJob(model, await run_in_threadpool(model.plan_of, plan, n), drawing, range(n, n + 1), explain)
            for n in seeds
        ]
    else:
        jobs = [WriteJob(model, plan, drawing, seeds, explain)]
    await studio.feasible(owner, model, jobs[0].plan)
    return stream(as_events(one_by_one(jobs, owner, studio), {"seed": seed, "plan": plan_json(jobs[0].plan)}))


async def one_by_one(jobs: Sequence[WriteJob], owner: str, studio: Services) -> AsyncGenerator[Any]:
    """What the jobs write, one after the other."""
    for job in jobs:
        async with aclosing(studio.decoding.write(owner, job)) as items:  # type: ignore[type-var]
            async for item in items:
                yield item


async def as_events(made: AsyncIterator[Any], started: dict[str, Any]) -> AsyncIterator[bytes]:
    yield event("started", started)
    try:
        async with aclosing(made) as items:  # type: ignore[type-var]
            async for item in items:
                yield BEAT if item is None else item if isinstance(item, bytes) else event_of(item)
    except Exception as error:
        yield event("error", reason(error))
    yield event("done", {})


class AtLine(Asked):
    """A request about one line of a draft."""

    draft: Draft
    section: int = Field(ge=0)
    line: int = Field(ge=0)

    @property
    def text(self) -> str:
        return self.draft.sections[self.section].lines[self.line].text


async def line_of(asked: AtLine, owner: str, studio: Services) -> tuple[Model, OneLine]:
    """The model of a request, and the plan for its line alone."""

    def plan() -> OneLine:
        studio.limits.check("lines_per_song", asked.draft.count(), f"the draft has {asked.draft.count()} lines")
        wanted = studio.asked_plan(owner, asked)
        return plan_line(asked.draft.lines(), asked.section, asked.line, wanted, model.lexicon)

    model = await run_in_threadpool(studio.models.get, owner, asked.model)
    return model, await run_in_threadpool(plan)


class Alternatives(AtLine):
    word: int | None = Field(default=None, ge=0)
    count: int = Field(default=5, ge=1)
    seed: int | None = Field(default=None, ge=0, lt=2**63)


@router.post("/alternatives")
async def alternatives(asked: Alternatives, owner: Owner, studio: Studio) -> dict[str, Any]:
    """Lines that could stand in place of a draft's line and keep the plan; with `word`, only that word is another."""
    studio.limits.check("alternatives", asked.count, f"count {asked.count}")
    model, one = await line_of(asked, owner, studio)
    if asked.word is not None:
        return {"lines": await studio.decoding.ask(owner, lambda: other_words(asked, one, studio, model))}
    return {"lines": await other_lines(asked, one, owner, studio, model)}


async def other_lines(
    asked: Alternatives, one: OneLine, owner: str, studio: Services, model: Model
) -> list[dict[str, Any]]:
    await studio.feasible(owner, model, one.plan)
    seed = fresh_seed() if asked.seed is None else asked.seed
    seeds = range(seed, seed + SPARE * asked.count + SPARE)
    made = studio.decoding.write(owner, WriteJob(model, one.plan, Drawing(particles=1), seeds), here=True)
    found = [song async for song in made if isinstance(song, WrittenSong)]
    found.sort(key=lambda song: (-(song.score.total if song.score else 0.0), song.seed))
    lines = [flat(song)[one.line] for song in found]
    different = {line["text"]: line for line in reversed(lines) if split(line["text"]) != split(asked.text)}
    best = sorted(different.values(), key=lines.index)
    return [{name: line[name] for name in ("text", "syllables", "stress", "rhyme")} for line in best[: asked.count]]


def flat(song: WrittenSong) -> list[dict[str, Any]]:
    return [line for section in song.to_json()["sections"] for line in section["lines"]]


def other_words(asked: Alternatives, one: OneLine, studio: Services, model: Model) -> list[dict[str, Any]]:
    """The line with another word in the place of one. Raises `InputError` for a word that the line does not have."""
    text = asked.text
    pairs = WordTokenizer().split_surface(text)
    if asked.word is None or asked.word >= len(pairs):
        raise InputError(f"word {asked.word}: the line has {len(pairs)} words, counted from 0")
    writer = studio.decoding.compiled.get(model, one.freely())
    words = tuple(word for word, _ in pairs)
    place = Place(words, asked.word, one.spec, one.ends)
    found = reword(writer, one.line, place, Drawing(), asked.count)
    return [line_json(replaced(text, pairs, asked.word, word), model) for word in found]


def replaced(text: str, pairs: list[tuple[str, str]], at: int, word: str) -> str:
    """The line with another word, capitalised where the old word was.

    >>> replaced("Oh, River run", [("oh", "Oh"), ("river", "River"), ("run", "run")], 1, "sister")
    'Oh, Sister run'
    """
    start = 0
    for _, surface in pairs[: at + 1]:
        place = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").find(surface, start)
        start = place + len(surface)
    old = pairs[at][1]
    new = word[:1].upper() + word[1:] if old[:1].isupper() or word.split("'")[0] == "i" else word
    return text[: start - len(old)] + new + text[start:]


def line_json(text: str, model: Model) -> dict[str, Any]:
    read = scan_line(split(text), model.lexicon)
    return {"text": text, "syllables": read.syllables, "stress": read.stress, "rhyme": read.rhyme}


@router.post("/why")
async def why(asked: AtLine, owner: Owner, studio: Studio) -> dict[str, Any]:
    """For each word of a line as it stands: the candidates with their probabilities, and what forbids them. Lines are
    read in the model's own order, so a word is judged by the words that the model drew before it."""
    model, one = await line_of(asked, owner, studio)
    return await studio.decoding.ask(owner, lambda: explained(one, asked.text, studio, model))


def explained(one: OneLine, text: str, studio: Services, model: Model) -> dict[str, Any]:
    """How each word of a line came about. Raises `InputError` for a line without words."""
    words = split(text)
    if not words:
        raise InputError("the line has no words to explain")
    writer = studio.decoding.compiled.get(model, one.bringing(text))
    choices = explain_line(writer, one.line, words, Drawing())
    return {
        "order": model.vocabulary.order,
        "words": [{name: value for name, value in asdict(c).items() if name != "line"} for c in choices],
    }
