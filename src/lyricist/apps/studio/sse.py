"""Server-sent events: one JSON object each, and comments in between that keep the connection alive."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

BEAT = b": beat\n\n"
BEAT_SECONDS = 10.0


def event(name: str, data: Any) -> bytes:
    r"""
    >>> event("line", {"text": "Oh"})
    b'event: line\ndata: {"text":"Oh"}\n\n'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"event: {name}\ndata: {text}\n\n".encode()


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """An answer of events. Proxies are told not to hold them back."""
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"x-accel-buffering": "no", "cache-control": "no-store"}
    )
