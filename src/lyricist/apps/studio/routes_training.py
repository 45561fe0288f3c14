"""Trainings over HTTP: upload lyrics, start, watch, stop, resume."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Json

from lyricist.apps.studio.api_models import TrainingAnswer, TrainingsAnswer
from lyricist.apps.studio.event_log import ENDS, events_from
from lyricist.apps.studio.http_io import BEAT, BEAT_SECONDS, busy, event, form_body, read_form, stream
from lyricist.apps.studio.owner_store import Item
from lyricist.apps.studio.services import Owner, Studio
from lyricist.apps.studio.training_jobs import BROKE_OFF, TrainingAsked, TrainingJobs

router = APIRouter(prefix="/api/training", tags=["training"])
POLL_SECONDS = 0.2  # between two looks at the log of a training
TOLD = ("started", "progress", "evaluated", "sample", "saved", *ENDS)
following: Counter[str] = Counter()  # streams of each owner


class LyricsFields(BaseModel):
    """The fields of an upload beside its files."""

    options: Json[TrainingAsked] = TrainingAsked()


@router.post(
    "",
    status_code=201,
    response_model=TrainingAnswer,
    openapi_extra=form_body("files", several=True, options="string"),
)
async def upload_lyrics(request: Request, studio: Studio, owner: Owner) -> dict[str, Any]:
    """Upload lyrics of any kind that `lyricist prepare` reads; what was understood of them. `options`: JSON with
    name, from (starter or scratch), budget_seconds, licence."""
    studio.trainings.need_allowed()
    files, fields = await read_form(request, LyricsFields, studio.limits.lyrics_files)
    return await run_in_threadpool(studio.trainings.add, owner, files, fields.options)


@router.get("", response_model=TrainingsAnswer)
def list_trainings(studio: Studio, owner: Owner) -> dict[str, Any]:
    """Your trainings, the newest first, without their histories."""
    return {"trainings": studio.trainings.all(owner)}


@router.get("/{id}", response_model=TrainingAnswer)
def get_training(studio: Studio, owner: Owner, id: str) -> dict[str, Any]:
    """One training: what is known of it up to now."""
    return studio.trainings.view(studio.store.get(owner, "trainings", id))


@router.post("/{id}/start", response_model=TrainingAnswer)
def start_training(studio: Studio, owner: Owner, id: str) -> dict[str, Any]:
    """Begin."""
    return studio.trainings.start(owner, id, resume=False)


@router.post("/{id}/stop", response_model=TrainingAnswer)
def stop_training(studio: Studio, owner: Owner, id: str) -> dict[str, Any]:
    """Save and end."""
    return studio.trainings.stop(owner, id)


@router.post("/{id}/resume", response_model=TrainingAnswer)
def resume_training(studio: Studio, owner: Owner, id: str) -> dict[str, Any]:
    """Go on from what was last saved."""
    return studio.trainings.start(owner, id, resume=True)


@router.delete("/{id}", status_code=204)
def delete_training(studio: Studio, owner: Owner, id: str) -> None:
    """Forget a training and its model; one that is at work ends."""
    studio.trainings.remove(owner, id)


@router.get("/{id}/events", response_class=StreamingResponse)
async def follow_training(studio: Studio, owner: Owner, id: str) -> StreamingResponse:
    """Events as they happen, after one `status`: progress, evaluated, sample, saved; at last finished or failed."""
    item = await run_in_threadpool(studio.store.get, owner, "trainings", id)
    most = studio.limits.followers
    if following[owner] >= most:
        raise busy(f"you follow {most} trainings already, the limit (followers): close one", 5)
    return stream(counted(owner, follow(studio.trainings, item)))


async def counted(owner: str, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    following[owner] += 1
    try:
        async for each in events:
            yield each
    finally:
        following[owner] -= 1
        if not following[owner]:
            del following[owner]


async def follow(trainings: TrainingJobs, item: Item) -> AsyncIterator[bytes]:
    """The events of a training until it ends; only the status of one that is not running."""
    view, at = await run_in_threadpool(trainings.watch, item)
    yield event("status", view)
    alive, heard = view["status"] in ("running", "stopping"), time.monotonic()
    ended = not alive
    while not ended:
        alive = await run_in_threadpool(trainings.is_alive, item.path)
        new, at = await run_in_threadpool(events_from, item.path, at)
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
            await asyncio.sleep(POLL_SECONDS)
