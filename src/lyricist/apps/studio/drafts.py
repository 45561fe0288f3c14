"""Drafts kept on the server, for those who write in several places. The page keeps its own in the browser as well."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.answers import DraftAnswer, DraftsAnswer
from lyricist.apps.studio.bodies import SavedDraft
from lyricist.apps.studio.errors import Refused
from lyricist.apps.studio.store import Store, Thing

router = APIRouter(prefix="/api/drafts", tags=["drafts"])
Owner = Annotated[str, Depends(owner)]
SAVED = ("draft", "plan", "tune", "model")


@dataclass
class Drafts:
    """All owners' drafts."""

    store: Store

    def add(self, owner: str, saved: SavedDraft) -> dict[str, Any]:
        content = self.content(saved)
        with self.store.create(owner, "drafts", self.store.limits.draft_bytes) as thing:
            thing.meta.update(content, changed=self.store.clock())
        return draft_json(thing)

    def replace(self, owner: str, given: str, saved: SavedDraft) -> dict[str, Any]:
        thing = self.store.get(owner, "drafts", given)
        thing.meta.update(self.content(saved), changed=self.store.clock())
        self.store.update(thing)
        return draft_json(thing)

    def content(self, saved: SavedDraft) -> dict[str, Any]:
        content = saved.model_dump(mode="json")
        most = self.store.limits.draft_bytes
        if len(json.dumps(content)) > most:
            raise Refused("too_large", f"the draft has more than {most:,} bytes (draft_bytes): shorten it")
        return content

    def all(self, owner: str) -> list[dict[str, Any]]:
        things = self.store.all(owner, "drafts")
        found = [{"id": t.id, "title": t.meta["draft"]["title"], "changed": t.meta["changed"]} for t in things]
        return sorted(found, key=lambda draft: -draft["changed"])


def draft_json(thing: Thing) -> dict[str, Any]:
    return {name: thing.meta.get(name) for name in ("id", "made", "changed", *SAVED)}


def drafts_of(request: Request) -> Drafts:
    drafts = request.app.state.rooms.drafts
    assert isinstance(drafts, Drafts)
    return drafts


@router.post("", status_code=201, response_model=DraftAnswer)
def add_draft(request: Request, owner: Owner, saved: SavedDraft) -> dict[str, Any]:
    """Keep a draft."""
    return drafts_of(request).add(owner, saved)


@router.get("", response_model=DraftsAnswer)
def list_drafts(request: Request, owner: Owner) -> dict[str, Any]:
    """Your drafts, the last changed first."""
    return {"drafts": drafts_of(request).all(owner)}


@router.get("/{id}", response_model=DraftAnswer)
def get_draft(request: Request, owner: Owner, id: str) -> dict[str, Any]:
    """One draft."""
    return draft_json(drafts_of(request).store.get(owner, "drafts", id))


@router.put("/{id}", response_model=DraftAnswer)
def replace_draft(request: Request, owner: Owner, id: str, saved: SavedDraft) -> dict[str, Any]:
    """Put a draft in place of another."""
    return drafts_of(request).replace(owner, id, saved)


@router.delete("/{id}", status_code=204)
def delete_draft(request: Request, owner: Owner, id: str) -> None:
    """Forget a draft."""
    drafts = drafts_of(request)
    drafts.store.remove(drafts.store.get(owner, "drafts", id))
