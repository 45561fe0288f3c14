"""Where the studio keeps what people give it: each owner's things in a folder of their own, by random ids.

    DATA/owners/OWNER/tunes/ID/    meta.json and the files of one thing; OWNER is a hash, ID 16 hexadecimal digits
    DATA/owners/OWNER/prefs.json   what the owner has chosen

A thing appears whole or not at all, nothing in a path comes from a user, and what nobody has used for a while goes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lyricist._io import disk_errors, replace_file
from lyricist.apps.studio.errors import Refused

Kind = Literal["tunes", "drafts", "trainings"]
Meta = dict[str, Any]
KINDS: dict[Kind, str] = {"tunes": "uploads", "drafts": "drafts", "trainings": "runs"}  # and the limit of each
ID = re.compile(r"[0-9a-f]{16}")
META, PREFS, GONE = "meta.json", "prefs.json", ".gone-"
DAY = 86400.0
SWEEP_SECONDS = 600.0  # between two looks for what has expired
SHOWN = 100  # characters of a name that a user gave
MEGABYTE = 1_000_000


class RoomLimits(BaseModel):
    """What an owner, and all owners together, may take. Bytes, seconds and counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uploads: int = Field(default=100, ge=1)  # tunes of one owner
    drafts: int = Field(default=200, ge=1)  # of one owner
    runs: int = Field(default=10, ge=1)  # trainings of one owner, those that have ended included
    owner_bytes: int = Field(default=2_000 * MEGABYTE, ge=1)  # of all things of one owner, runs included
    all_bytes: int = Field(default=20_000 * MEGABYTE, ge=1)  # of all owners together
    tune_bytes: int = Field(default=4 * MEGABYTE, ge=1)  # of a file of music
    tune_notes: int = Field(default=20_000, ge=1)  # of all its parts
    tune_seconds: float = Field(default=20.0, gt=0)  # that reading one may take
    score_seconds: float = Field(default=30.0, gt=0)  # that writing a score may take
    draft_bytes: int = Field(default=MEGABYTE // 4, ge=1)
    lyrics_files: int = Field(default=2_000, ge=1)
    lyrics_seconds: float = Field(default=120.0, gt=0)  # that reading them may take
    training_seconds: float = Field(default=3_600.0, gt=0)  # budget of one training
    trainings: int = Field(default=1, ge=1)  # at once, of all owners together
    followers: int = Field(default=20, ge=1)  # of trainings, by one owner at once
    reading_megabytes: int = Field(default=500, ge=100)  # memory of a process that reads uploads
    waiting: int = Field(default=8, ge=1)  # requests that wait for such a process
    models_loaded: int = Field(default=3, ge=1)
    days_kept: float = Field(default=30.0, gt=0)  # after the last use


@dataclass
class Thing:
    """One tune, draft or training of an owner; `path` changes once, when it is complete."""

    id: str
    path: Path
    meta: Meta


@dataclass
class Store:
    """All owners' things under `root`. Safe to use from several threads of one process."""

    root: Path
    limits: RoomLimits
    clock: Callable[[], float] = time.time
    keep: Callable[[Path], bool] = lambda path: False  # whether a thing must not go now: it is at work
    lock: threading.RLock = field(default_factory=threading.RLock)
    swept: float = 0.0

    def owner_folder(self, owner: str) -> Path:
        return self.root / "owners" / hashlib.sha256(owner.encode()).hexdigest()[:32]

    def all(self, owner: str, kind: Kind) -> list[Thing]:
        """An owner's things of a kind, the newest first."""
        self.sweep()
        found = list(self.things(self.owner_folder(owner) / kind))
        return sorted(found, key=lambda thing: (-float(thing.meta.get("made", 0)), thing.id))

    def things(self, folder: Path) -> Iterator[Thing]:
        with suppress(FileNotFoundError):
            for path in sorted(folder.iterdir()):
                if ID.fullmatch(path.name) and not self.expired(path):
                    with suppress(OSError, ValueError):
                        yield Thing(path.name, path, json.loads((path / META).read_text(encoding="utf-8")))

    def get(self, owner: str, kind: Kind, given: str) -> Thing:
        """One thing, which counts as used now. `Refused` not_found for what is not there or another owner's."""
        path = self.owner_folder(owner) / kind / given if ID.fullmatch(given) else None
        try:
            if path is None or self.expired(path):
                raise FileNotFoundError
            meta = json.loads((path / META).read_text(encoding="utf-8"))
            os.utime(path / META, (self.clock(), self.clock()))
        except (OSError, ValueError):
            raise Refused("not_found", f"no {kind[:-1]} {shown(given)!r} here: it may have expired") from None
        return Thing(given, path, meta)

    @contextmanager
    def create(self, owner: str, kind: Kind, expected: int = 0) -> Iterator[Thing]:
        """A new thing to fill: its files at `path`, what is known of it in `meta`. It is kept if the block ends well.

        `expected`: bytes that it will have. `Refused` too_large where the owner or the disk has no room for it.
        """
        self.sweep()
        self.need_place(owner, kind)
        self.need_room(owner, expected)
        folder = self.owner_folder(owner) / kind
        made = Thing(secrets.token_hex(8), folder / f"{GONE}{secrets.token_hex(8)}", {})
        with self.lock, disk_errors(Path("the studio's data")):
            made.path.mkdir(parents=True, mode=0o700)
        try:
            yield made
            made.meta.update(id=made.id, made=self.clock())
            with self.lock, disk_errors(Path("the studio's data")):
                self.write_meta(made)
                self.need_place(owner, kind)
                os.replace(made.path, folder / made.id)
            made.path = folder / made.id
        except BaseException:
            shutil.rmtree(made.path, ignore_errors=True)
            raise

    def update(self, thing: Thing) -> None:
        """Write a thing's meta again."""
        with self.lock, disk_errors(Path("the studio's data")):
            self.write_meta(thing)

    def write_meta(self, thing: Thing) -> None:
        replace_file(thing.path / META, [json.dumps(thing.meta).encode()])
        os.utime(thing.path / META, (self.clock(), self.clock()))

    def remove(self, thing: Thing) -> None:
        """Take a thing away: at once for all who look for it, then from the disk."""
        aside = thing.path.with_name(f"{GONE}{secrets.token_hex(8)}")
        with suppress(FileNotFoundError):
            os.replace(thing.path, aside)
        shutil.rmtree(aside, ignore_errors=True)

    def need_place(self, owner: str, kind: Kind) -> None:
        """`Refused` where an owner has as many things of a kind as may be."""
        most = getattr(self.limits, KINDS[kind])
        if len(list(self.things(self.owner_folder(owner) / kind))) >= most:
            raise Refused("too_large", f"you have {most} {kind}, the limit ({KINDS[kind]}): delete some first")

    def need_room(self, owner: str, expected: int) -> None:
        """`Refused` where so many bytes more are too many."""
        for folder, name in ((self.owner_folder(owner), "owner_bytes"), (self.root / "owners", "all_bytes")):
            room = getattr(self.limits, name)
            if size_of(folder) + expected > room:
                raise Refused(
                    "too_large", f"no room: the limit ({name}) is {room / MEGABYTE:g} MB: delete some first"
                )

    # -- what goes by itself ----------------------------------------------------------------------------------------

    def expired(self, path: Path) -> bool:
        """Whether nobody has used a thing for too long. FileNotFoundError where there is none."""
        age = self.clock() - (path / META).stat().st_mtime
        return age > self.limits.days_kept * DAY and not self.keep(path)

    def sweep(self, always: bool = False) -> None:
        """Remove what has expired, what a killed process has left half-made, and folders of owners with nothing."""
        now = self.clock()
        if not always and now - self.swept < SWEEP_SECONDS:
            return
        self.swept = now
        for folder in (self.root / "owners").glob("*"):
            for kind in KINDS:
                for path in (folder / kind).glob("*"):
                    with suppress(OSError):
                        self.sweep_one(path, now)
            with self.lock:  # no thing is begun meanwhile
                self.tidy(folder, now)

    def tidy(self, folder: Path, now: float) -> None:
        """Remove an owner's folders that hold nothing any more."""
        with suppress(OSError):
            if old(folder / PREFS, now, self.limits.days_kept):
                (folder / PREFS).unlink()
        for place in (*(folder / kind for kind in KINDS), folder):
            with suppress(OSError):
                place.rmdir()

    def sweep_one(self, path: Path, now: float) -> None:
        if path.name.startswith(GONE):
            if old(path, now, 1.0):
                shutil.rmtree(path, ignore_errors=True)
        elif self.expired(path):
            self.remove(Thing(path.name, path, {}))

    # -- what an owner has chosen -----------------------------------------------------------------------------------

    def prefs(self, owner: str) -> Meta:
        try:
            found = json.loads((self.owner_folder(owner) / PREFS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def prefer(self, owner: str, chosen: Mapping[str, Any]) -> None:
        folder = self.owner_folder(owner)
        with self.lock, disk_errors(Path("the studio's data")):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(folder / PREFS, [json.dumps({**self.prefs(owner), **chosen}).encode()])
            os.utime(folder / PREFS, (self.clock(), self.clock()))


def old(path: Path, now: float, days: float) -> bool:
    return now - path.stat().st_mtime > days * DAY


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; names of one file (links) count once."""
    seen: dict[tuple[int, int], int] = {}
    for here, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found = os.lstat(os.path.join(here, name))
                seen[found.st_dev, found.st_ino] = found.st_size
    return sum(seen.values())


def shown(name: str) -> str:
    """A name that a user gave, to be shown: its last part, without control characters, not too long.

    >>> shown("../../etc/pass\\x00wd"), shown("C:\\\\songs\\\\My song.mid"), shown("")
    ('passwd', 'My song.mid', '')
    """
    last = re.split(r"[/\\]", name.strip())[-1]
    return "".join(c for c in last if c.isprintable())[:SHOWN]
