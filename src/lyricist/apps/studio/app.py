"""The studio's app: every route, behind the guard."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio import errors, pages
from lyricist.apps.studio.access import LOCAL, Guard
from lyricist.apps.studio.description import FAILURES
from lyricist.apps.studio.desk import Desk
from lyricist.apps.studio.rooms import Rooms
from lyricist.apps.studio.settings import Settings

ROUTES = ("writing", "alternatives", "why", "checking", "planning", "models", "tunes", "scores", "training")
FURTHER = ("drafts", "demo")


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app of one studio, for any ASGI server. Nothing is loaded until it starts."""
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
    app.state.settings = settings
    app.state.rooms = Rooms.of(settings)
    app.state.desk = Desk(settings, app.state.rooms)
    errors.install(app)
    add_basics(app, settings)
    for name in (*ROUTES, *FURTHER):
        module = optional(name)
        if module is not None and hasattr(module, "router"):
            app.include_router(module.router)
    app.include_router(pages.router)
    app.add_middleware(Guard, settings=settings)
    return app


def optional(name: str) -> Any:
    """A module of this folder, None where there is none."""
    full = f"lyricist.apps.studio.{name}"
    return importlib.import_module(full) if importlib.util.find_spec(full) else None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Warm when it starts; stops what is at work when it ends."""
    desk: Desk = app.state.desk
    await run_in_threadpool(desk.warm)
    app.state.rooms.open()
    yield
    desk.close()
    await run_in_threadpool(app.state.rooms.close)


def add_basics(app: FastAPI, settings: Settings) -> None:
    @app.get("/api/health", tags=["studio"])
    async def health() -> dict[str, str]:
        """Whether the studio answers."""
        return {"status": "ok"}

    @app.get("/api/version", tags=["studio"])
    async def versions() -> dict[str, Any]:
        """What this studio is and permits."""
        from lyricist.plan.plan import Drawing

        return {
            "version": version("lyricist"),
            "profile": Drawing(particles=settings.particles).profile,
            "training": settings.training,
            "token_needed": bool(settings.tokens),
            "demo": settings.demo,
            "limits": app.state.rooms.limits.model_dump() | settings.limits.model_dump(),
        }


__all__ = ["LOCAL", "create_app"]
