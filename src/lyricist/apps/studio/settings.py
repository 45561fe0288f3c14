"""How a studio is set up: where it listens, who may use it, and every limit by its name."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from lyricist.children import cores

PORT = 8765
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Limits(BaseModel):
    """What one request, one owner and the whole studio may take. Bytes, seconds, counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_bytes: int = Field(default=1_000_000, ge=1)  # of a JSON body
    upload_bytes: int = Field(default=20_000_000, ge=1)  # of one upload, all its files
    songs_per_request: int = Field(default=8, ge=1)
    lines_per_song: int = Field(default=120, ge=1)
    alternatives: int = Field(default=12, ge=1)
    particles: int = Field(default=16, ge=1)  # drafts of a song side by side
    rhymes: int = Field(default=500, ge=1)
    text_characters: int = Field(default=100_000, ge=1)  # of lyrics in a request
    lines_checked: int = Field(default=2_000, ge=1)
    seconds_per_request: float = Field(default=60.0, gt=0)  # of writing, from when its turn comes
    requests_at_work: int = Field(default=64, ge=1)  # of writing: beyond, 429
    requests_per_owner: int = Field(default=24, ge=1)  # of these, for one token
    uploads: int = Field(default=100, ge=1)  # kept for one owner
    owner_bytes: int = Field(default=2_000_000_000, ge=1)  # runs of 100 to 300 MB among them
    days_kept: float = Field(default=30.0, gt=0)  # uploads, drafts and runs that nobody touches
    trainings: int = Field(default=1, ge=1)  # at once
    training_seconds: float = Field(default=3600.0, gt=0)  # of one training


class Settings(BaseModel):
    """One studio. `tokens`: who knows one may use it; needed where it listens beyond this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=PORT, ge=0, le=65535)
    tokens: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # further names it is reached by, such as a proxy's
    data: Path = Field(default_factory=lambda: default_data())  # uploads, drafts, runs
    models: Path | None = None  # a folder of runs to offer
    training: bool = True
    demo: bool = False
    particles: int = Field(default=4, ge=1, le=256)  # drafts of a song, where a request does not say
    threads: int = Field(default_factory=lambda: min(8, cores()))  # that write
    processes: int = Field(default=0, ge=0)  # that write instead, each with a model of its own
    limits: Limits = Limits()
    kept: dict[str, float] = {}  # limits of what is kept, where they are not the usual: see `RoomLimits`

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_local(self.host)


def is_local(host: str) -> bool:
    """
    >>> is_local("localhost"), is_local("127.0.0.2"), is_local("0.0.0.0")
    (True, True, False)
    """
    if host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def default_data() -> Path:
    """The folder for a user's data, as the platform has it."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "lyricist"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "lyricist"


def settings_of(request: Request) -> Settings:
    """The settings of the studio that a request came to; for `Depends`."""
    found: Any = request.app.state.settings
    assert isinstance(found, Settings)
    return found
