"""Forms with files: what was sent, with names that can be shown; what they say goes into no path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from lyricist.apps.studio.store import shown
from lyricist.errors import InputError

MOST_FIELDS, FIELD_BYTES = 20, 64_000


@dataclass(frozen=True)
class Upload:
    """One file; `name` as the user calls it, to be shown."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Form:
    files: list[Upload]
    fields: dict[str, str]


async def read_form(request: Request, most_files: int) -> Form:
    """A multipart form, its size limited by the studio's guard. InputError for what is none."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InputError("this wants a form with files: send multipart/form-data")
    try:
        async with request.form(max_files=most_files, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES) as form:
            files, fields = [], {}
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files.append(Upload(shown(value.filename or "") or "file", await value.read()))
                else:
                    fields[name] = value
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise InputError(f"the form cannot be read: {error.detail}") from None
    except (ValueError, UnicodeError, KeyError, AssertionError):
        raise InputError("the form cannot be read: send multipart/form-data") from None
    return Form(files, fields)


def form_body(files: str, several: bool = False, **fields: str) -> dict[str, Any]:
    """What a form holds, for the OpenAPI description."""
    file: dict[str, Any] = {"type": "string", "format": "binary"}
    properties = {files: {"type": "array", "items": file} if several else file}
    properties |= {name: {"type": kind} for name, kind in fields.items()}
    schema = {"type": "object", "required": [files], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
