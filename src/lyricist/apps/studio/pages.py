"""The page's files, and a plain page of the API's documentation. Nothing comes from anywhere else."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from lyricist.apps.studio.errors import Refused

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
async def index(request: Request) -> Response:
    return page_file("index.html", request)


@router.get("/docs")
async def docs(request: Request) -> Response:
    return page_file("docs.html", request)


@router.get("/page/{name:path}")
async def file(name: str, request: Request) -> Response:
    return page_file(name, request)


def page_file(name: str, request: Request) -> Response:
    """A file of the page; 304 where the browser has it already. 404 for whatever else a path may name."""
    path = PAGE / name
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
    """What a file holds since `changed`, and its tag: kept, since a page is many small files at once."""
    data = path.read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'
