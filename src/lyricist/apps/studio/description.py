"""What the OpenAPI description says of every route: how failures look."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Reason(BaseModel):
    """`code` is for programs, `message` one line for people."""

    code: str
    message: str


class Failure(BaseModel):
    """The answer to whatever is not done."""

    error: Reason


FAILURES: dict[int | str, dict[str, Any]] = {"4XX": {"model": Failure, "description": "What is wrong, in one line."}}
