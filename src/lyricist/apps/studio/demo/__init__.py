"""The song and the tune that `lyricist studio --demo` opens with: ours, dedicated to the public domain (CC0 1.0)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

FOLDER = Path(__file__).parent
NAME, TITLE = "row-me-home", "Row Me Home"
PLAN = {
    "form": ["verse", "chorus", "verse", "chorus"],
    "lines": [4],
    "syllables": [8, 6],
    "metre": "iambic",
    "rhyme": "ABAB",
    "about": "sea, night",
}

router = APIRouter()


@router.get("/api/demo", tags=["studio"], summary="The song and the tune of --demo")
def get_demo(request: Request) -> JSONResponse:
    """A draft, its plan and a tune as a file to upload; 404 where the studio was started without `--demo`."""
    if not request.app.state.settings.demo:
        told = {"code": "not_found", "message": "there is no demo song: start the studio with --demo"}
        return JSONResponse({"error": told}, status_code=404)
    return JSONResponse(demo())


def demo() -> dict[str, Any]:
    """`draft`, `plan` and `tune`; the tune is a file's `name` and `text`."""
    from lyricist.plan.from_song import read_song

    song = read_song(FOLDER / f"{NAME}.txt")
    sections = [
        {"name": section.name, "lines": [{"text": line.text, "locked": False} for line in section.lines]}
        for section in song.sections
    ]
    tune = {"name": f"{NAME}.abc", "text": (FOLDER / f"{NAME}.abc").read_text(encoding="utf-8")}
    return {"draft": {"title": TITLE, "sections": sections}, "plan": PLAN, "tune": tune}
