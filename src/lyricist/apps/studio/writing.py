"""Writing songs: a plan in, lines out as they are made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.bodies import Drawn, plan_json, read_drawing
from lyricist.apps.studio.desk import Desk, desk_of
from lyricist.apps.studio.errors import told
from lyricist.apps.studio.sse import BEAT, event, stream
from lyricist.errors import InputError
from lyricist.generate.result import Choice, LineWritten, WrittenSong
from lyricist.generate.writer import fresh_seed

router = APIRouter(prefix="/api", tags=["writing"])

Owner = Annotated[str, Depends(owner)]
At = Annotated[Desk, Depends(desk_of)]


class Write(Drawn):
    count: int = Field(default=1, ge=1)
    explain: bool = False


@router.post("/write", response_class=StreamingResponse)
async def write(asked: Write, who: Owner, desk: At) -> StreamingResponse:
    """Write songs to a plan. Events: `started`, `line`, `song`, `error`, `done`. 409 where no song can fulfil it."""
    limits = desk.settings.limits
    if asked.count > limits.songs_per_request:
        raise InputError(f"count {asked.count}: at most {limits.songs_per_request} (limit songs_per_request)")
    drawing = read_drawing(asked.drawing, desk.settings.particles, limits)
    model = await run_in_threadpool(desk.model, who, asked.model)
    plan = await run_in_threadpool(desk.plan, who, asked, model)
    await desk.feasible(who, model, plan)
    seed = fresh_seed() if asked.seed is None else asked.seed
    seeds = range(seed, seed + asked.count)
    made = desk.decoding.write(who, model, plan, drawing, seeds, asked.explain)
    return stream(told_as_events(made, {"seed": seed, "plan": plan_json(plan)}))


async def told_as_events(made: AsyncIterator[Any], started: dict[str, Any]) -> AsyncIterator[bytes]:
    yield event("started", started)
    try:
        async with aclosing(made) as items:  # type: ignore[type-var]
            async for item in items:
                yield BEAT if item is None else told_of(item)
    except Exception as error:
        yield event("error", told(error))
    yield event("done", {})


def told_of(item: LineWritten | WrittenSong) -> bytes:
    if isinstance(item, LineWritten):
        return event("line", {"seed": item.seed, "text": item.text, "opens": item.opens, "first": item.first})
    return event("song", song_json(item))


def song_json(song: WrittenSong) -> dict[str, Any]:
    """SongJSON of the contract."""
    more = {"choices": [choice_json(choice) for choice in song.choices]} if song.choices else {}
    return song.to_json() | {"form": song.form, "copied": song.copied} | more


def choice_json(choice: Choice) -> dict[str, Any]:
    return {
        "line": choice.line,
        "word": choice.word,
        "mass": choice.mass,
        "candidates": [
            {"word": c.word, "p": c.p, "drawn_p": c.drawn_p, "forbidden": c.forbidden} for c in choice.candidates
        ],
    }
