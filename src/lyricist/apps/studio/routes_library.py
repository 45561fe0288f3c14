"""The routes of what an owner keeps: tunes and scores, drafts, and the models to write with."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field, ValidationError

from lyricist.apps.studio.api_models import (
    Body,
    CardAnswer,
    DraftAnswer,
    DraftsAnswer,
    ModelsAnswer,
    SavedDraft,
    TuneAnswer,
    TunesAnswer,
)
from lyricist.apps.studio.http_io import Refused, form_body, read_form, shown
from lyricist.apps.studio.music import (
    MEDIA,
    MOST_PHRASES,
    MOST_TRACK,
    WORDS_ALONE,
    Kind,
    ScoreAsked,
    attachment,
    tune_json,
    words_alone,
)
from lyricist.apps.studio.owner_store import Item, Store
from lyricist.apps.studio.services import Owner, Studio
from lyricist.errors import InputError

router = APIRouter()
models = APIRouter(prefix="/api/models", tags=["models"])
tunes = APIRouter(prefix="/api/tunes", tags=["tunes"])
scores = APIRouter(prefix="/api/score", tags=["scores"])
drafts = APIRouter(prefix="/api/drafts", tags=["drafts"])


# -- models ---------------------------------------------------------------------------------------------------------


class Chosen(Body):
    """A model's name."""

    name: str = Field(max_length=200)


@models.get("", response_model=ModelsAnswer)
def list_models(studio: Studio, owner: Owner) -> dict[str, Any]:
    """The models you may write with, and which is current."""
    current = studio.models.current(owner)
    return {"models": [studio.models.json(owner, entry, current) for entry in studio.models.all(owner)]}


@models.get("/{name}/card", response_model=CardAnswer)
def get_card(studio: Studio, owner: Owner, name: str) -> dict[str, str]:
    """What a model is, what it learnt from, under which licence: Markdown."""
    return {"markdown": studio.models.card(owner, name)}


@models.put("/current", response_model=Chosen)
def choose_model(studio: Studio, owner: Owner, chosen: Chosen) -> Chosen:
    """Write with another model from now on, where a request names none."""
    studio.models.choose(owner, chosen.name)
    return chosen


# -- tunes ----------------------------------------------------------------------------------------------------------


Track = Annotated[int | None, Query(ge=1, le=MOST_TRACK, description="The part that is sung, from 1.")]
Phrases = Annotated[str | None, Query(max_length=MOST_PHRASES, description="Lengths of phrases in syllables: 8,6.")]


class TuneFields(BaseModel):
    """The fields of an upload beside its file."""

    track: int | None = Field(default=None, ge=1, le=MOST_TRACK)
    phrases: str | None = Field(default=None, max_length=MOST_PHRASES)


@tunes.post(
    "", status_code=201, response_model=TuneAnswer, openapi_extra=form_body("file", track="integer", phrases="string")
)
async def upload_tune(request: Request, studio: Studio, owner: Owner) -> dict[str, Any]:
    """Upload a MIDI, karaoke, MusicXML or ABC file; the tune, in phrases of slots."""
    files, fields = await read_form(request, TuneFields, most_files=1)
    return await run_in_threadpool(studio.tunes.add, owner, files[0], fields.track, fields.phrases)


@tunes.get("", response_model=TunesAnswer)
def list_tunes(studio: Studio, owner: Owner) -> dict[str, Any]:
    """Your tunes, the newest first."""
    return {"tunes": studio.tunes.all(owner)}


@tunes.get("/{id}", response_model=TuneAnswer)
def get_tune(studio: Studio, owner: Owner, id: str, track: Track = None, phrases: Phrases = None) -> dict[str, Any]:
    """One tune, also with another part sung or divided into other phrases."""
    return tune_json(*studio.tunes.find(owner, id, track, phrases))


@tunes.delete("/{id}", status_code=204)
def delete_tune(studio: Studio, owner: Owner, id: str) -> None:
    """Forget a tune."""
    studio.tunes.remove(owner, id)


# -- scores ---------------------------------------------------------------------------------------------------------


FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind.split(";")[0]: {} for kind in MEDIA.values()}, "description": "The file."}
}


@scores.post("", response_class=Response, responses=FILES)
def make_score(
    studio: Studio, owner: Owner, asked: ScoreAsked, page: Annotated[int, Query(ge=1, le=1_000)] = 1
) -> Response:
    """A score as a file. SVG has pages: `page` says which, the header X-Pages how many there are."""
    title = asked.title or (asked.draft.title if asked.draft else None) or None
    if asked.tune is None or asked.format == "md":
        return words_file(asked, title or "")
    item, tune = studio.tunes.find(owner, asked.tune, asked.track, asked.phrases)
    which = owner, item.id, asked.track, asked.phrases
    pages = studio.scores.pages(tune, which, asked, title)
    if page > len(pages):
        raise InputError(f"page {page} of {len(pages)}: ask for one that is there")
    name = title or str(item.meta.get("title") or "")
    return score_file(pages[page - 1], asked.format, name, len(pages), page)


def words_file(asked: ScoreAsked, title: str) -> Response:
    """Lyrics as a file without notes. Raises `InputError` for a format that needs a tune, and without words."""
    stanzas = asked.stanzas()
    if asked.format not in WORDS_ALONE:
        raise InputError(f"format {asked.format} needs a tune: name one, or ask for {', '.join(WORDS_ALONE)}")
    if not stanzas or not any(line.strip() for _, lines in stanzas for line in lines):
        raise InputError("no words to write out: send lyrics or a draft")
    return score_file(words_alone(stanzas, title, asked.format), asked.format, title)


def score_file(data: bytes, kind: Kind, title: str, pages: int = 1, page: int = 1) -> Response:
    suffix = f"-{page}.{kind}" if page > 1 else f".{kind}"
    return Response(
        data,
        media_type=MEDIA[kind],
        headers={"Content-Disposition": attachment(title, suffix), "X-Pages": str(pages)},
    )


# -- drafts ---------------------------------------------------------------------------------------------------------


def content_of(saved: SavedDraft, store: Store) -> dict[str, Any]:
    """A draft as it is stored. `Refused` if it is too large."""
    content = saved.model_dump(mode="json") | {"changed": store.clock()}
    most = store.limits.draft_bytes
    if len(json.dumps(content)) > most:
        raise Refused("too_large", f"the draft has more than {most:,} bytes (draft_bytes): shorten it")
    return content


@drafts.post("", status_code=201, response_model=DraftAnswer)
def add_draft(studio: Studio, owner: Owner, saved: SavedDraft) -> dict[str, Any]:
    """Keep a draft."""
    content = content_of(saved, studio.store)
    with studio.store.create(owner, "drafts", studio.limits.draft_bytes) as item:
        item.meta.update(content)
    return item.meta


@drafts.get("", response_model=DraftsAnswer)
def list_drafts(studio: Studio, owner: Owner) -> dict[str, Any]:
    """Your drafts, the last changed first."""
    answers = (answer_of(item) for item in studio.store.all(owner, "drafts"))
    found = [{"id": a.id, "title": a.draft.title, "changed": a.changed} for a in answers if a is not None]
    return {"drafts": sorted(found, key=lambda draft: -draft["changed"])}


def answer_of(item: Item) -> DraftAnswer | None:
    """A draft that is kept; None if its file is damaged."""
    try:
        return DraftAnswer.model_validate(item.meta)
    except ValidationError:
        return None


@drafts.get("/{id}", response_model=DraftAnswer)
def get_draft(studio: Studio, owner: Owner, id: str) -> dict[str, Any]:
    """One draft."""
    item = studio.store.get(owner, "drafts", id)
    if answer_of(item) is None:
        raise Refused("not_found", f"the draft {shown(id)!r} is damaged: delete it")
    return item.meta


@drafts.put("/{id}", response_model=DraftAnswer)
def replace_draft(studio: Studio, owner: Owner, id: str, saved: SavedDraft) -> dict[str, Any]:
    """Put a draft in place of another."""
    item = studio.store.get(owner, "drafts", id)
    item.meta.update(content_of(saved, studio.store))
    studio.store.update(item)
    return item.meta


@drafts.delete("/{id}", status_code=204)
def delete_draft(studio: Studio, owner: Owner, id: str) -> None:
    """Forget a draft."""
    studio.store.remove(studio.store.get(owner, "drafts", id))


for part in (models, tunes, scores, drafts):
    router.include_router(part)
