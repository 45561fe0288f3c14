"""How the studio speaks HTTP: failures as JSON, forms with files as they come in, server-sent events.

A failure is `{"error": {"code", "message"}}` with one clear line. Raise `lyricist.errors` for what is wrong with
songs, plans and files, and `Refused` for what is about HTTP.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from lyricist.errors import InputError, LyricistError, MissingExtra, PlanError
from lyricist.workers import WorkerError

M = TypeVar("M", bound=BaseModel)
log = logging.getLogger("lyricist.apps.studio")

# --- failures

STATUS = {
    "bad_input": 422,
    "conflict": 409,
    "plan_infeasible": 409,
    "missing_extra": 409,
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
CODES = {status: code for code, status in reversed(STATUS.items())}  # the first code of each status


class Reason(BaseModel):
    """`code` is for programs, `message` one line for people."""

    code: str
    message: str


class Failure(BaseModel):
    """The answer to every request that fails."""

    error: Reason


FAILURES: dict[int | str, dict[str, Any]] = {"4XX": {"model": Failure, "description": "What is wrong, in one line."}}


class Refused(Exception):
    """A request is not answered: `code` is one of STATUS, the message is one line for people."""

    headers: Mapping[str, str] = {}

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.headers = code, dict(headers or {})


class TooLong(Refused):
    """Writing has taken more seconds than the limit."""

    code = "too_long"  # for an error that came from another process, where no `__init__` has run

    def __init__(self, message: str) -> None:
        super().__init__(self.code, message)


def busy(message: str, seconds: int = 1) -> Refused:
    """429: come again in so many seconds."""
    return Refused("busy", message, {"Retry-After": str(seconds)})


def code_of(error: BaseException) -> str:
    """The code for an error; "failed" for one that is not raised on purpose."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, PlanError):
        return "plan_infeasible"
    if isinstance(error, MissingExtra):
        return "missing_extra"
    return "bad_input" if isinstance(error, LyricistError) else "failed"


def reason(error: BaseException) -> dict[str, str]:
    """An error as `{"code", "message"}`; of an unexpected one only its class is named."""
    code, message = code_of(error), str(error)
    if code == "failed":
        kind = message if isinstance(error, WorkerError) else type(error).__name__
        message = f"unexpected {kind}: please report it"
    return {"code": code, "message": plain(message)}


def plain(message: str) -> str:
    """One printable line, with the fields of a request in place of options.

    >>> plain("--rhyme-kind 'x' is\\n wrong")
    "rhyme-kind 'x' is wrong"
    """
    text = re.sub(r"(?<![\w-])--(?=[a-z])", "", " ".join(message.split()))
    return text.encode("utf-8", "backslashreplace").decode()[:2000]


def failure(
    code: str, message: str, headers: Mapping[str, str] | None = None, status: int | None = None
) -> JSONResponse:
    """The answer that says why a request fails."""
    body = {"error": {"code": code, "message": plain(message)}}
    return JSONResponse(body, status or STATUS[code], headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Answer every exception in an app with a `failure`."""
    for kind in (Refused, LyricistError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, RequestValidationError):
        first = next(iter(error.errors()), {"loc": (), "msg": "the request is wrong"})
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return failure("bad_input", f"{where or 'the request'}: {first['msg']}")
    if isinstance(error, HTTPException):
        code = CODES.get(error.status_code, "bad_input")
        message = f"there is nothing at {request.url.path!r}" if error.status_code == 404 else str(error.detail)
        return failure(code, message, error.headers, error.status_code)
    told = reason(error)
    if told["code"] == "failed":
        log.error("unexpected %s at %s", type(error).__name__, request.url.path)
    return failure(told["code"], told["message"], getattr(error, "headers", None))


# --- forms with files

MOST_FIELDS, FIELD_BYTES = 20, 64_000
SHOWN = 100  # characters of a name that a user gave


def shown(name: str) -> str:
    """A name that a user gave, for display: its last part, without control characters, not too long.

    >>> shown("../../etc/pass\\x00wd"), shown("C:\\\\songs\\\\My song.mid"), shown("")
    ('passwd', 'My song.mid', '')
    """
    last = re.split(r"[/\\]", name.strip())[-1]
    return "".join(c for c in last if c.isprintable())[:SHOWN]


@dataclass(frozen=True)
class Upload:
    """One file; `name` is for display and never goes into a path."""

    name: str
    data: bytes


async def read_form(request: Request, fields: type[M], most_files: int) -> tuple[list[Upload], M]:
    """The files and the fields of a multipart form, whose size the studio's guard has limited. `InputError` if there
    is no form or no file in it, `RequestValidationError` for fields with wrong values."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InputError("this wants a form with files: send multipart/form-data")
    try:
        async with request.form(max_files=most_files, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES) as form:
            values = [value for _, value in form.multi_items()]
            given = {name: value for name, value in form.items() if isinstance(value, str) and value}
            files = [
                Upload(shown(v.filename or "") or "file", await v.read()) for v in values if isinstance(v, UploadFile)
            ]
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise InputError(f"the form cannot be read: {error.detail}") from None
    except (ValueError, UnicodeError, KeyError, AssertionError):
        raise InputError("the form cannot be read: send multipart/form-data") from None
    if not files:
        raise InputError("no file in the form: send one or more")
    try:
        return files, fields.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


def form_body(files: str, several: bool = False, **fields: str) -> dict[str, Any]:
    """The files of a form and the types of its fields, for the OpenAPI description."""
    file: dict[str, Any] = {"type": "string", "format": "binary"}
    properties = {files: {"type": "array", "items": file} if several else file}
    properties |= {name: {"type": kind} for name, kind in fields.items()}
    schema = {"type": "object", "required": [files], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


# --- server-sent events

BEAT = b": beat\n\n"  # a comment that keeps the connection open
BEAT_SECONDS = 10.0


def event(name: str, data: Any) -> bytes:
    r"""
    >>> event("line", {"text": "Oh"})
    b'event: line\ndata: {"text":"Oh"}\n\n'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"event: {name}\ndata: {text}\n\n".encode()


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """An answer of events, which proxies are told not to hold back."""
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"x-accel-buffering": "no", "cache-control": "no-store"}
    )
