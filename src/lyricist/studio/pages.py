"""The page's files, and a plain page of the API's documentation. Nothing comes from anywhere else."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from lyricist.studio.errors import Refused

PAGE = Path(__file__).parent / "page"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
}

router = APIRouter(include_in_schema=False)


@router.get("/")
def index() -> FileResponse:
    return page_file("index.html")


@router.get("/docs")
def docs() -> FileResponse:
    return page_file("docs.html")


@router.get("/page/{name:path}")
def file(name: str) -> FileResponse:
    return page_file(name)


def page_file(name: str) -> FileResponse:
    """A file of the page. 404 for whatever else a path may name."""
    path = PAGE / name
    try:
        inside = path.resolve().is_relative_to(PAGE.resolve()) and path.is_file()
    except (OSError, ValueError):
        inside = False
    if not inside or path.suffix not in KINDS:
        raise Refused("not_found", "there is no such page")
    return FileResponse(path, media_type=KINDS[path.suffix])
