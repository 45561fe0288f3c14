"""Trainings over HTTP: upload lyrics, start, watch, stop, resume."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.answers import TrainingAnswer, TrainingsAnswer
from lyricist.apps.studio.errors import busy
from lyricist.apps.studio.ledger import ENDS, events_from
from lyricist.apps.studio.sse import BEAT, BEAT_SECONDS, event, stream
from lyricist.apps.studio.store import Thing
from lyricist.apps.studio.trainings import BROKE_OFF, TrainingAsked, Trainings
from lyricist.apps.studio.uploads import form_body, read_form
from lyricist.errors import InputError

router = APIRouter(prefix="/api/training", tags=["training"])
Owner = Annotated[str, Depends(owner)]
LOOK_SECONDS = 0.2  # between two looks at the events of a training
TOLD = ("started", "progress", "evaluated", "sample", "saved", *ENDS)
following: Counter[str] = Counter()  # streams of each owner


def trainings_of(request: Request) -> Trainings:
    trainings = request.app.state.rooms.trainings
    assert isinstance(trainings, Trainings)
    return trainings


@router.post(
    "",
    status_code=201,
    response_model=TrainingAnswer,
    openapi_extra=form_body("files", several=True, options="string"),
)
async def upload_lyrics(request: Request, owner: Owner) -> dict[str, Any]:
    """Upload lyrics of any kind that `lyricist prepare` reads; what was understood of them. `options`: JSON with
    name, from (starter or scratch), budget_seconds, licence."""
    trainings = trainings_of(request)
    trainings.need_allowed()
    form = await read_form(request, most_files=trainings.store.limits.lyrics_files)
    if not form.files:
        raise InputError("no files in the form: send lyrics as its fields 'files'")
    return await run_in_threadpool(trainings.add, owner, form.files, asked_in(form.fields.get("options") or "{}"))


def asked_in(text: str) -> TrainingAsked:
    """The options of a training. InputError for what are none."""
    try:
        return TrainingAsked.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"options.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise InputError("options is not JSON: send an object with name, from, budget_seconds, licence") from None


@router.get("", response_model=TrainingsAnswer)
def list_trainings(request: Request, owner: Owner) -> dict[str, Any]:
    """Your trainings, the newest first, without their histories."""
    return {"trainings": trainings_of(request).all(owner)}


@router.get("/{id}", response_model=TrainingAnswer)
def get_training(request: Request, owner: Owner, id: str) -> dict[str, Any]:
    """One training: what is known of it up to now."""
    trainings = trainings_of(request)
    return trainings.view(trainings.store.get(owner, "trainings", id))


@router.post("/{id}/start", response_model=TrainingAnswer)
def start_training(request: Request, owner: Owner, id: str) -> dict[str, Any]:
    """Begin."""
    return trainings_of(request).start(owner, id, resume=False)


@router.post("/{id}/stop", response_model=TrainingAnswer)
def stop_training(request: Request, owner: Owner, id: str) -> dict[str, Any]:
    """Save and end."""
    return trainings_of(request).stop(owner, id)


@router.post("/{id}/resume", response_model=TrainingAnswer)
def resume_training(request: Request, owner: Owner, id: str) -> dict[str, Any]:
    """Go on from what was last saved."""
    return trainings_of(request).start(owner, id, resume=True)


@router.delete("/{id}", status_code=204)
def delete_training(request: Request, owner: Owner, id: str) -> None:
    """Forget a training and its model; one that is at work ends."""
    trainings_of(request).remove(owner, id)


@router.get("/{id}/events", response_class=StreamingResponse)
async def follow_training(request: Request, owner: Owner, id: str) -> StreamingResponse:
    """Events as they happen, after one `status`: progress, evaluated, sample, saved; at last finished or failed."""
    trainings = trainings_of(request)
    thing = await run_in_threadpool(trainings.store.get, owner, "trainings", id)
    most = trainings.store.limits.followers
    if following[owner] >= most:
        raise busy(f"you follow {most} trainings already, the limit (followers): close one", 5)
    return stream(counted(owner, follow(trainings, thing)))


async def counted(owner: str, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    following[owner] += 1
    try:
        async for each in events:
            yield each
    finally:
        following[owner] -= 1
        if not following[owner]:
            del following[owner]


async def follow(trainings: Trainings, thing: Thing) -> AsyncIterator[bytes]:
    """The events of a training until it ends; of one that is not at work only its status."""
    view, at = await run_in_threadpool(trainings.watch, thing)
    yield event("status", view)
    alive, heard = view["status"] in ("running", "stopping"), time.monotonic()
    ended = not alive
    while not ended:
        alive = await run_in_threadpool(trainings.is_alive, thing.path)
        new, at = await run_in_threadpool(events_from, thing.path, at)
        for found in new:
            kind = found.pop("event", None)
            ended = ended or kind in ENDS
            if kind in TOLD:
                yield event(kind, found)
        if new:
            heard = time.monotonic()
        elif not alive and not ended:
            yield event("failed", {"message": BROKE_OFF})
            return
        elif time.monotonic() - heard > BEAT_SECONDS:
            heard = time.monotonic()
            yield BEAT
        if not ended:
            await asyncio.sleep(LOOK_SECONDS)
