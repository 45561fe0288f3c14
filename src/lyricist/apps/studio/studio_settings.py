"""How a studio is set up: where it listens, who may use it, and every limit by its name."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field

from lyricist.errors import InputError
from lyricist.plan.parse import nearest
from lyricist.plan.plan import Drawing
from lyricist.training.config import checked
from lyricist.workers import cores

PORT = 8765
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
MEGABYTE = 1_000_000


class Limits(BaseModel):
    """What one request, one owner and the whole studio may take. Bytes, seconds, counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # a request
    request_bytes: int = Field(default=MEGABYTE, ge=1)  # of a JSON body
    upload_bytes: int = Field(default=20 * MEGABYTE, ge=1)  # of one upload, all its files
    songs_per_request: int = Field(default=8, ge=1)
    lines_per_song: int = Field(default=120, ge=1)
    alternatives: int = Field(default=12, ge=1)
    particles: int = Field(default=Drawing().particles, ge=1)  # drafts of a song side by side
    rhymes: int = Field(default=500, ge=1)
    text_characters: int = Field(default=100_000, ge=1)  # of lyrics in a request
    lines_checked: int = Field(default=2_000, ge=1)
    seconds_per_request: float = Field(default=60.0, gt=0)  # of writing
    requests_at_work: int = Field(default=64, ge=1)  # that write at once; 429 for others
    requests_per_owner: int = Field(default=24, ge=1)  # of these, for one token
    # what is kept
    uploads: int = Field(default=100, ge=1)  # tunes of one owner
    drafts: int = Field(default=200, ge=1)  # of one owner
    runs: int = Field(default=10, ge=1)  # trainings of one owner, those that have ended included
    owner_bytes: int = Field(default=2_000 * MEGABYTE, ge=1)  # of all that one owner keeps, runs of 100 to 300 MB too
    all_bytes: int = Field(default=20_000 * MEGABYTE, ge=1)  # of all owners together
    tune_bytes: int = Field(default=4 * MEGABYTE, ge=1)  # of a file of music
    tune_notes: int = Field(default=20_000, ge=1)  # of all its parts
    draft_bytes: int = Field(default=MEGABYTE // 4, ge=1)
    lyrics_files: int = Field(default=2_000, ge=1)  # of one upload
    days_kept: float = Field(default=30.0, gt=0)  # after the last use
    # processes
    tune_seconds: float = Field(default=20.0, gt=0)  # to read a tune
    score_seconds: float = Field(default=30.0, gt=0)  # to write a score
    lyrics_seconds: float = Field(default=120.0, gt=0)  # to read an upload of lyrics
    reading_megabytes: int = Field(default=500, ge=100)  # memory of a process that reads uploads
    waiting: int = Field(default=8, ge=1)  # requests for such a process at once
    training_seconds: float = Field(default=3_600.0, gt=0)  # of one training
    trainings: int = Field(default=1, ge=1)  # at once, of all owners together
    followers: int = Field(default=20, ge=1)  # streams of events that one owner follows at once
    models_loaded: int = Field(default=3, ge=1)

    def check(self, name: str, value: int, told: str) -> None:
        """`InputError` for a value above the limit `name`; `told` says it in words."""
        if value > getattr(self, name):
            raise InputError(f"{told}: at most {getattr(self, name)} (limit {name})")


def read_limits(given: Sequence[str]) -> Limits:
    """Limits from `--limit NAME=VALUE` options. `InputError` for an unknown name or a value that a limit cannot have.

    >>> limits = read_limits(["lines_per_song=40", "drafts=1_000"])
    >>> limits.lines_per_song, limits.drafts
    (40, 1000)
    """
    chosen: dict[str, str] = {}
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in Limits.model_fields:
            raise InputError(f"--limit {text!r}: there is no limit {name!r}{nearest(name, Limits.model_fields)}")
        chosen[name] = value.replace("_", "")
    try:
        found: Limits = checked(Limits, chosen)
        return found
    except InputError as error:
        raise InputError(f"--limit {error}") from None


class Settings(BaseModel):
    """One studio. `tokens`: a token is needed where the studio listens beyond this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=PORT, ge=0, le=65535)
    tokens: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # further names of this studio, such as a proxy's
    data: Path = Field(default_factory=lambda: default_data())  # uploads, drafts, runs
    models: Path | None = None  # a folder of runs to offer
    training: bool = True
    demo: bool = False
    threads: int = Field(default_factory=lambda: min(8, cores()))  # that write
    processes: int = Field(default=0, ge=0)  # that write instead, each with a model of its own
    limits: Limits = Limits()

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
    """The platform's folder for a user's data. `InputError` for a user without a home directory."""
    folder = user_data_path("lyricist", appauthor=False)
    if not folder.is_absolute():
        raise InputError("there is no home directory: name a folder with --data")
    earlier = Path("~/.local/share/lyricist").expanduser()
    return earlier if sys.platform == "darwin" and earlier.is_dir() else folder
