"""Plans: what is filled in, whether a song can fulfil it, plans like a song, and presets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio.api_models import Asked, Body, plan_json
from lyricist.apps.studio.http_io import plain
from lyricist.apps.studio.services import Owner, Studio
from lyricist.corpus import parse_song
from lyricist.errors import InputError, PlanError
from lyricist.plan.from_song import plan_like
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.plan_file import plan_text
from lyricist.plan.resolve import letter
from lyricist.plan.song_spec import SongSpec, lay_out
from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.metre import pattern_of

PRESETS = json.loads((Path(__file__).parent / "presets.json").read_text(encoding="utf-8"))
router = APIRouter(prefix="/api", tags=["planning"])


@router.post("/plan")
async def plan(asked: Asked, owner: Owner, studio: Studio) -> dict[str, Any]:
    """A plan with its defaults, line by line, and whether the model can fulfil it: if not, what stands in the way."""
    model = await run_in_threadpool(studio.models.get, owner, asked.model)
    made = await run_in_threadpool(studio.plan, owner, asked, model)
    reason: str | None = None
    try:
        await studio.feasible(owner, model, made)
    except PlanError as error:
        reason = plain(str(error))
    return described(made, reason)


def described(made: Plan, reason: str | None) -> dict[str, Any]:
    full = with_defaults(made) if made.exact else made
    return {
        "feasible": reason is None,
        "reason": reason,
        "plan": plan_json(full),
        "toml": plan_text(full),
        "sections": sections_json(lay_out(full)) if full.exact else [],
    }


def sections_json(laid: SongSpec) -> list[dict[str, Any]]:
    """Sections of lines: syllables (null where several lengths are permitted), slots, letter."""
    made: list[dict[str, Any]] = []
    for i, line in enumerate(laid.lines):
        if len(made) <= line.section:
            made.append({"name": line.name, "lines": []})
        one = line.templates[0] if len(line.templates) == 1 else None
        made[-1]["lines"].append(
            {
                "syllables": None if one is None else len(one),
                "metre": "" if one is None else pattern_of(one),
                "rhyme": letter(laid, i),
                "text": line.given or None,
                "same_as": line.same_as + 1 if line.same_as >= 0 else None,
            }
        )
    return made


class Like(Body):
    text: str = Field(max_length=100_000)


@router.post("/plan/like")
def like(asked: Like) -> dict[str, Any]:
    """The plan of a song like this one: its form, syllables, stresses and perfect rhymes."""
    song = parse_song(asked.text, source="text")
    if not any(line.text for line in song.lines()):
        raise InputError("the text holds no lyrics")
    return plan_json(plan_like(song, default_lexicon()))


@router.get("/presets")
async def presets() -> dict[str, Any]:
    """Plans to begin with."""
    return {"presets": PRESETS}
