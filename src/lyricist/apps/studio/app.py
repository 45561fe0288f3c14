"""The studio's app: every route behind the guard, the page's files, and the song of `--demo`."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio import http_io, routes_check, routes_library, routes_plan, routes_training, routes_write
from lyricist.apps.studio.access import Guard
from lyricist.apps.studio.api_models import read_drawing
from lyricist.apps.studio.http_io import FAILURES, Refused
from lyricist.apps.studio.services import Services, Studio
from lyricist.apps.studio.studio_settings import Settings
from lyricist.plan.from_song import read_song

ROUTES = (routes_write, routes_check, routes_plan, routes_library, routes_training)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app of one studio, for any ASGI server. No model is loaded until it starts."""
    settings = settings or Settings()
    app = FastAPI(
        title="lyricist studio",
        version=version("lyricist"),
        summary="Songs written line by line, exactly as asked.",
        docs_url=None,
        redoc_url=None,
        responses=FAILURES,
        lifespan=lifespan,
    )
    app.state.services = Services(settings)
    http_io.install(app)
    app.include_router(router)
    for module in ROUTES:
        app.include_router(module.router)
    app.include_router(page)
    app.add_middleware(Guard, settings=settings)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load models first; end what is at work last."""
    services: Services = app.state.services
    await run_in_threadpool(services.open)
    yield
    services.decoding.close()
    await run_in_threadpool(services.close)


router = APIRouter(prefix="/api", tags=["studio"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Whether the studio answers."""
    return {"status": "ok"}


@router.get("/version")
async def versions(studio: Studio) -> dict[str, Any]:
    """What this studio is and permits."""
    settings = studio.settings
    return {
        "version": version("lyricist"),
        "profile": read_drawing({}, studio.limits).profile,
        "training": settings.training,
        "token_needed": bool(settings.tokens),
        "demo": settings.demo,
        "limits": studio.limits.model_dump(),
    }


# --- the song and the tune of --demo: ours, dedicated to the public domain (CC0 1.0)

DEMO = Path(__file__).parent / "demo"
SONG, TITLE = "row-me-home", "Row Me Home"
PLAN = {
    "form": ["verse", "chorus", "verse", "chorus"],
    "lines": [4],
    "syllables": [8, 6],
    "metre": "iambic",
    "rhyme": "ABAB",
    "about": "sea, night",
}


@router.get("/demo", summary="The song and the tune of --demo")
def get_demo(studio: Studio) -> dict[str, Any]:
    """A draft, its plan and a tune as a file to upload; 404 where the studio was started without `--demo`."""
    if not studio.settings.demo:
        raise Refused("not_found", "there is no demo song: start the studio with --demo")
    return demo()


def demo() -> dict[str, Any]:
    """`draft`, `plan` and `tune`; the tune is a file's `name` and `text`."""
    sections = [
        {"name": section.name, "lines": [{"text": line.text, "locked": False} for line in section.lines]}
        for section in read_song(DEMO / f"{SONG}.txt").sections
    ]
    tune = {"name": f"{SONG}.abc", "text": (DEMO / f"{SONG}.abc").read_text(encoding="utf-8")}
    return {"draft": {"title": TITLE, "sections": sections}, "plan": PLAN, "tune": tune}


# --- the page's files; nothing comes from another host

PAGE = Path(__file__).parent / "page"
VIEWS = {"/": "index.html", "/docs": "docs.html"}
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
}

page = APIRouter(include_in_schema=False)


@page.get("/")
@page.get("/docs")
@page.get("/page/{name:path}")
async def page_file(request: Request) -> Response:
    """A file of the page; 304 where the browser has it already, 404 for any other path."""
    path = PAGE / (VIEWS.get(request.url.path) or request.path_params["name"])
    try:
        inside = path.resolve().is_relative_to(PAGE.resolve()) and path.is_file()
    except (OSError, ValueError):
        inside = False
    if not inside or path.suffix not in KINDS:
        raise Refused("not_found", "there is no such page")
    data, tag = content(path, path.stat().st_mtime_ns)
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"etag": tag})
    return Response(data, media_type=KINDS[path.suffix], headers={"etag": tag})


@lru_cache(256)
def content(path: Path, changed: int) -> tuple[bytes, str]:
    """The bytes of a file since it was changed, and their tag; kept, since a page is many small files at once."""
    data = path.read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'
