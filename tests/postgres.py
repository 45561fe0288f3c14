"""A PostgreSQL server of our own for a test: an installed one, started in a temporary directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
USERS = ("postgres", "nobody")  # whom root becomes: the server refuses to run as root


def programs() -> Path | None:
    """The directory of `initdb` and `pg_ctl`; None where no server is installed."""
    found = shutil.which("initdb")
    choices = [Path(found).resolve().parent] if found else []
    choices += [p for place in PLACES for p in sorted(Path("/").glob(place.lstrip("/")), reverse=True)]
    return next((p for p in choices if (p / "initdb").exists() and (p / "pg_ctl").exists()), None)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Server:
    """`url` for clients; `stop()` and `start()` it at will."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self.bin, self.folder, self.port = bin_folder, folder, free_port()
        self.become = {}
        if os.geteuid() == 0:
            import pwd  # not on Windows, where tests are collected too

            name = next(u for u in USERS if u in {p.pw_name for p in pwd.getpwall()})
            user = pwd.getpwnam(name)
            os.chown(folder, user.pw_uid, user.pw_gid)
            self.become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.run("initdb", "-A", "trust", "-U", "singer", "-E", "UTF8", "--no-sync", "--locale=C")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://singer@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        """One of the server's programs on our data; its output goes into the error when it fails."""
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        command = [str(self.bin / program), "-D", str(self.folder / "data"), *arguments]
        log = self.folder / "log"
        with open(log, "ab") as out:
            done = subprocess.run(
                command, env=env, cwd=self.folder, stdout=out, stderr=out, check=False, **self.become
            )
        assert done.returncode == 0, log.read_text()[-2000:]

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self.run("pg_ctl", "-w", "-t", "60", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A running server, stopped afterwards; its folder must be reachable for other users."""
    found = programs()
    assert found is not None
    made = Server(found, folder)
    try:
        yield made
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            made.stop()
