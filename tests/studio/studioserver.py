"""A real studio on a free port, in a thread of this process, and a client that speaks to it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from lyricist.apps.studio.app import create_app
from lyricist.apps.studio.studio_settings import Settings


class Studio:
    """A running server: its address, and a client that speaks to it."""

    def __init__(self, settings: Settings, sock: socket.socket, server: uvicorn.Server) -> None:
        self.settings, self.port, self.server = settings, sock.getsockname()[1], server
        self.app: Any = server.config.app
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = self.as_owner(settings.tokens[0] if settings.tokens else None)

    def as_owner(self, token: str | None) -> httpx.Client:
        """A client that shows a token."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def events(self, path: str, body: Any, client: httpx.Client | None = None) -> list[tuple[str, Any]]:
        """(name, data) of every event that a POST answers with."""
        with (client or self.client).stream("POST", path, json=body) as response:
            assert response.status_code == 200, response.read()
            return list(parsed(response.iter_lines()))


def parsed(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])


@contextmanager
def running(settings: Settings) -> Iterator[Studio]:
    """A server for as long as the block lasts; it has started when the block begins."""
    sock = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # named, so that nothing waits to be sent
    sock.bind(("127.0.0.1", 0))
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    config = uvicorn.Config(
        create_app(settings), log_level="warning", access_log=False, timeout_graceful_shutdown=2, lifespan="on"
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    assert started.wait(60), "the server does not start"
    studio = Studio(settings, sock, server)
    try:
        yield studio
    finally:
        studio.client.close()
        server.should_exit = True
        thread.join(20)
        sock.close()
