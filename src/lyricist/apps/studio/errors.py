"""Every failure as the contract's JSON: `{"error": {"code", "message"}}`, one clear line.

Raise `lyricist.errors` for what is wrong with songs, plans and files, and `Refused` for what is about HTTP.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lyricist.errors import LyricistError, MissingExtra, PlanError

log = logging.getLogger("lyricist.apps.studio")

STATUS = {
    "bad_input": 422,
    "plan_infeasible": 409,
    "missing_extra": 409,
    "conflict": 409,
    "not_found": 404,
    "not_allowed": 405,
    "unauthorised": 401,
    "forbidden": 403,
    "training_off": 403,
    "too_large": 413,
    "too_long": 422,
    "busy": 429,
    "failed": 500,
}
CODES = {400: "bad_input", 401: "unauthorised", 403: "forbidden", 404: "not_found", 405: "not_allowed"}
CODES |= {409: "conflict", 413: "too_large", 422: "bad_input", 429: "busy"}


class Refused(Exception):
    """A request is not answered: `code` is one of STATUS, `message` one line for people."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.headers = code, message, dict(headers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return Refused, (self.code, self.message, self.headers)


def busy(message: str, seconds: int = 1) -> Refused:
    """429: come again in so many seconds."""
    return Refused("busy", message, {"Retry-After": str(seconds)})


def code_of(error: BaseException) -> str:
    """The contract's code for an error of the package."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, PlanError):
        return "plan_infeasible"
    if isinstance(error, MissingExtra):
        return "missing_extra"
    return "bad_input" if isinstance(error, LyricistError) else "failed"


def told(error: BaseException) -> dict[str, str]:
    """An error as `{"code", "message"}`; of one that nobody foresaw only its kind is told."""
    code = code_of(error)
    said = f"unexpected {type(error).__name__}: please report it" if code == "failed" else str(error)
    return {"code": code, "message": plain(said)}


def plain(message: str) -> str:
    """One printable line, with the fields of a request in place of options.

    >>> plain("--rhyme-kind 'x' is\\n wrong")
    "rhyme-kind 'x' is wrong"
    """
    text = re.sub(r"(?<![\w-])--(?=[a-z])", "", " ".join(message.split()))
    return text.encode("utf-8", "backslashreplace").decode()[:2000]


def answer(code: str, message: str, headers: Mapping[str, str] | None = None, status: int | None = None) -> Any:
    body = {"error": {"code": code, "message": plain(message)}}
    return JSONResponse(body, status or STATUS[code], headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Make every failure of an app an answer of the contract."""

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Any:
        return answer(error.code, error.message, error.headers)

    @app.exception_handler(LyricistError)
    async def wrong(request: Request, error: LyricistError) -> Any:
        return answer(code_of(error), str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Any:
        return answer("bad_input", first_of(error.errors()))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Any:
        code = CODES.get(error.status_code, "bad_input")
        said = f"there is nothing at {request.url.path!r}" if error.status_code == 404 else str(error.detail)
        return answer(code, said, error.headers, error.status_code)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Any:
        log.error("unexpected %s at %s", type(error).__name__, request.url.path)
        return answer("failed", f"unexpected {type(error).__name__}: please report it")


def first_of(errors: Any) -> str:
    """The first thing that is wrong with a request: where, and what."""
    error = next(iter(errors), {"loc": (), "msg": "the request is wrong"})
    where = ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path"))
    return f"{where or 'the request'}: {error['msg']}"
