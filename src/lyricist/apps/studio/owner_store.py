"""The files of the studio: a folder for each owner, and in it tunes, drafts and trainings by random ids.

    DATA/owners/OWNER/tunes/ID/    meta.json and the files of one item; OWNER is a hash, ID 16 hexadecimal digits
    DATA/owners/OWNER/prefs.json   what the owner has chosen

An item appears whole or not at all, no path contains a user's text, and items that are not used for days expire.
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

from lyricist._io import Lock, disk_errors, read_json, remove, replace_directory, replace_file
from lyricist.apps.studio.http_io import Refused, shown
from lyricist.apps.studio.studio_settings import MEGABYTE, Limits
from lyricist.errors import RunError

Kind = Literal["tunes", "drafts", "trainings"]
Meta = dict[str, Any]
KINDS: dict[Kind, str] = {"tunes": "uploads", "drafts": "drafts", "trainings": "runs"}  # and their limits
ID = re.compile(r"[0-9a-f]{16}")
META, PREFS, GONE = "meta.json", "prefs.json", ".gone-"
DAY = 86400.0
MOST_META = 1 << 24  # bytes
GONE_DAYS = 60 / DAY  # after which what nobody holds is a leftover
SWEEP_SECONDS = 600.0  # between two removals of what has expired


@dataclass
class Item:
    """One tune, draft or training of an owner. `path` changes once, when the item is complete."""

    id: str
    path: Path
    meta: Meta


@dataclass
class Store:
    """The items of all owners under `root`. Safe to use from several threads of one process."""

    root: Path
    limits: Limits
    clock: Callable[[], float] = time.time
    keep: Callable[[Path], bool] = lambda path: False  # whether an item is in use and must stay
    lock: threading.RLock = field(default_factory=threading.RLock)
    swept: float = 0.0

    def owner_folder(self, owner: str) -> Path:
        return self.root / "owners" / hashlib.sha256(owner.encode()).hexdigest()[:32]

    def all(self, owner: str, kind: Kind) -> list[Item]:
        """The owner's items of a kind, the newest first."""
        self.sweep()
        found = list(self.items(self.owner_folder(owner) / kind))
        return sorted(found, key=lambda item: (-float(item.meta.get("made", 0)), item.id))

    def items(self, folder: Path) -> Iterator[Item]:
        with suppress(FileNotFoundError):
            for path in sorted(folder.iterdir()):
                with suppress(OSError, RunError):  # one that is damaged does not hide the others
                    if ID.fullmatch(path.name) and not self.expired(path):
                        yield Item(path.name, path, self.meta(path))

    def meta(self, path: Path) -> Meta:
        """The facts of an item. Raises `RunError` if they are damaged."""
        meta = read_json(path / META, MOST_META)
        if meta.get("id") != path.name or not isinstance(meta.get("made"), int | float) or abs(meta["made"]) > 1e15:
            raise RunError(f"{path / META} is damaged: delete it")
        return meta

    def get(self, owner: str, kind: Kind, given: str) -> Item:
        """One item, which counts as used now. `Refused` not_found if there is none or it is another owner's."""
        path = self.owner_folder(owner) / kind / given if ID.fullmatch(given) else None
        try:
            if path is None or self.expired(path):
                raise FileNotFoundError
            meta = self.meta(path)
            os.utime(path / META, (self.clock(), self.clock()))
        except (OSError, RunError):
            raise Refused("not_found", f"no {kind[:-1]} {shown(given)!r} here: it may have expired") from None
        return Item(given, path, meta)

    @contextmanager
    def create(self, owner: str, kind: Kind, expected: int = 0) -> Iterator[Item]:
        """A new item to fill: files go to `path`, facts to `meta`. It is kept if the block ends without an error.

        `expected`: bytes that it will have. `Refused` too_large if a limit or the disk leaves no room for it.
        """
        self.sweep()
        self.need_place(owner, kind)
        self.need_room(owner, expected)
        folder = self.owner_folder(owner) / kind
        made = Item(secrets.token_hex(8), folder / f"{GONE}{secrets.token_hex(8)}", {})
        with self.lock, disk_errors(Path("the studio's data")):
            made.path.mkdir(parents=True, mode=0o700)
            lock = Lock(made.path)  # until it is complete, so that no other process takes it for a leftover
        try:
            yield made
            made.meta.update(id=made.id, made=self.clock())
            with self.lock, disk_errors(Path("the studio's data")):
                self.update(made)
                self.need_place(owner, kind)
                replace_directory(made.path, folder / made.id)
            made.path = folder / made.id
        except BaseException:
            shutil.rmtree(made.path, ignore_errors=True)
            raise
        finally:
            lock.release()

    def update(self, item: Item) -> None:
        """Write the item's meta again."""
        self.write(item.path / META, item.meta)

    def write(self, path: Path, data: Mapping[str, Any]) -> None:
        with self.lock, disk_errors(Path("the studio's data")):
            replace_file(path, [json.dumps(data).encode()])
            os.utime(path, (self.clock(), self.clock()))

    def remove(self, item: Item) -> None:
        """Remove an item: first from its place, at once, then from the disk."""
        aside = item.path.with_name(f"{GONE}{secrets.token_hex(8)}")
        with suppress(FileNotFoundError):
            os.replace(item.path, aside)
        shutil.rmtree(aside, ignore_errors=True)

    def need_place(self, owner: str, kind: Kind) -> None:
        """`Refused` if an owner has as many items of a kind as the limit says."""
        most = getattr(self.limits, KINDS[kind])
        if len(list(self.items(self.owner_folder(owner) / kind))) >= most:
            raise Refused("too_large", f"you have {most} {kind}, the limit ({KINDS[kind]}): delete some first")

    def need_room(self, owner: str, expected: int) -> None:
        """`Refused` if so many more bytes would exceed a limit."""
        for folder, name in ((self.owner_folder(owner), "owner_bytes"), (self.root / "owners", "all_bytes")):
            room = getattr(self.limits, name)
            if size_of(folder) + expected > room:
                raise Refused(
                    "too_large", f"no room: the limit ({name}) is {room / MEGABYTE:g} MB: delete some first"
                )

    # -- what expires -----------------------------------------------------------------------------------------------

    def expired(self, path: Path) -> bool:
        """Whether an item was not used for too long. `FileNotFoundError` if there is none."""
        age = self.clock() - (path / META).stat().st_mtime
        return age > self.limits.days_kept * DAY and not self.keep(path)

    def sweep(self, always: bool = False) -> None:
        """Remove what has expired, what a killed process has left incomplete, and empty folders of owners."""
        now = self.clock()
        if not always and now - self.swept < SWEEP_SECONDS:
            return
        self.swept = now
        for folder in (self.root / "owners").glob("*"):
            for kind in KINDS:
                for path in (folder / kind).glob("*"):
                    with suppress(OSError):
                        self.sweep_one(path, now)
            with self.lock:  # so that no item is begun meanwhile
                self.tidy(folder, now)

    def tidy(self, folder: Path, now: float) -> None:
        """Remove an owner's expired choices and empty folders."""
        with suppress(OSError):
            if old(folder / PREFS, now, self.limits.days_kept):
                (folder / PREFS).unlink()
        for place in (*(folder / kind for kind in KINDS), folder):
            with suppress(OSError):
                place.rmdir()

    def sweep_one(self, path: Path, now: float) -> None:
        if path.name.startswith(GONE):
            if old(path, now, GONE_DAYS):
                remove(path)
        elif self.expired(path):
            self.remove(Item(path.name, path, {}))

    # -- what an owner has chosen -----------------------------------------------------------------------------------

    def prefs(self, owner: str) -> Meta:
        try:
            return read_json(self.owner_folder(owner) / PREFS, MOST_META)
        except RunError:
            return {}

    def prefer(self, owner: str, chosen: Mapping[str, Any]) -> None:
        folder = self.owner_folder(owner)
        with self.lock, disk_errors(Path("the studio's data")):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.write(folder / PREFS, {**self.prefs(owner), **chosen})


def old(path: Path, now: float, days: float) -> bool:
    return now - path.stat().st_mtime > days * DAY


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; a file with several names (hard links) counts once."""
    seen: dict[tuple[int, int], int] = {}
    for here, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found = os.lstat(os.path.join(here, name))
                seen[found.st_dev, found.st_ino] = found.st_size
    return sum(seen.values())
