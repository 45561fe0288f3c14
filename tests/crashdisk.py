"""What a crash leaves of a folder: snapshots before every call that changes a directory or syncs something.

Three kinds of crash. "kill": the process ends, the system goes on. "power": only what was synced is there: the content
of files at their last fsync, the names in directories at theirs. "order": all names are there, but of contents only
what was synced, as on file systems that write names first.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import stat
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import lyricist._io

CALLS = ("replace", "rename", "unlink", "remove", "rmdir", "mkdir", "link")
END = "the end"
Tree = dict[str, Any]  # name: bytes of a file, or the tree of a directory


@dataclass
class Crash:
    """One crash: its kind, the call that it came before, and what is left."""

    kind: str
    before: str
    left: Tree


class CrashDisk:
    """Records the crashes of `root` while `recording`. Everything that is there at first counts as synced."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.contents: dict[int, bytes] = {}  # by inode, at the last fsync
        self.names: dict[int, dict[str, tuple[int, bool]]] = {}  # inode and whether it is a directory
        self.held: list[int] = []  # open files, so that no inode gets the number of another
        self.crashes: list[Crash] = []
        self.sync_all(root)

    def sync_all(self, folder: Path) -> None:
        for path in (folder, *folder.rglob("*")):
            handle = os.open(path, os.O_RDONLY)
            self.synced(handle)
            os.close(handle)

    def synced(self, handle: int) -> None:
        self.held.append(os.dup(handle))
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            self.names[found.st_ino] = {
                name: ((s := os.stat(name, dir_fd=handle, follow_symlinks=False)).st_ino, stat.S_ISDIR(s.st_mode))
                for name in os.listdir(handle)
            }
        else:
            self.contents[found.st_ino] = Path(f"/proc/self/fd/{handle}").read_bytes()

    def present(self, folder: Path, synced: bool) -> Tree:
        """All names that are there, with what was written or what was synced."""
        tree: Tree = {}
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                tree[entry.name] = self.present(Path(entry.path), synced)
            else:
                found = self.contents.get(entry.inode(), b"") if synced else Path(entry.path).read_bytes()
                tree[entry.name] = found
        return tree

    def lasting(self, inode: int) -> Tree:
        """The names and contents that were synced."""
        return {
            name: self.lasting(number) if is_folder else self.contents.get(number, b"")
            for name, (number, is_folder) in self.names.get(inode, {}).items()
        }

    def snapshot(self, before: str) -> None:
        trees = {"kill": self.present(self.root, False), "order": self.present(self.root, True)}
        trees["power"] = self.lasting(self.root.stat().st_ino)
        for kind, tree in trees.items():
            if before == END or not any(c.kind == kind and c.left == tree for c in self.crashes[-6:]):
                self.crashes.append(Crash(kind, before, tree))

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self.noted(getattr(os, name), name))
            patch.setattr(lyricist._io, "exchange", self.noted(lyricist._io.exchange, "exchange"))
            fsync = os.fsync

            def synced(handle: int) -> None:
                self.snapshot("fsync")
                fsync(handle)
                self.synced(handle)

            patch.setattr(os, "fsync", synced)
            yield
        self.snapshot(END)

    def noted(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def before(*arguments: Any, **named: Any) -> Any:
            self.snapshot(f"{name} {arguments}")
            return call(*arguments, **named)

        return before

    def close(self) -> None:
        for handle in self.held:
            os.close(handle)


def put(tree: Tree, folder: Path) -> Path:
    """Write a tree to a new folder."""
    folder.mkdir()
    for name, content in tree.items():
        if isinstance(content, dict):
            put(content, folder / name)
        else:
            (folder / name).write_bytes(content)
    return folder


def judge_all(disk: CrashDisk, places: Path, judge: Callable[[Path], str], old: str, new: str) -> None:
    """Every crash leaves what `judge` finds to be the old or the new, and after the end it is the new."""
    assert len(disk.crashes) > 5
    places.mkdir()
    for number, crash in enumerate(disk.crashes):
        found = judge(put(crash.left, places / str(number)))
        assert found in (old, new), f"{crash.kind} before {crash.before}: {found}"
        if crash.before == END:
            assert found == new, f"{crash.kind} after the end: {found}"


def mutate(patch: pytest.MonkeyPatch, function: Any, right: str, wrong: str) -> None:
    """Replace a part of the source of a function, wherever it has been imported."""
    function = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(right) == 1, f"{function.__name__} has no {right!r} any more: change the mutant"
    source = "\n".join(line for line in source.replace(right, wrong).splitlines() if not line.startswith("@"))
    made: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + source, function.__globals__, made)
    patch.setattr(function, "__code__", made[function.__name__].__code__)
