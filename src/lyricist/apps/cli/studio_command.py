"""`lyricist studio`: settings from options, then a server until it is stopped."""

from __future__ import annotations

import errno
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lyricist.errors import InputError, MissingExtra, spelled_for
from lyricist.workers import cores


def open_studio(
    wanted: dict[str, Any], tokens: Sequence[str], token_file: Path | None, limits: Sequence[str], browser: bool
) -> None:
    """Serve until interrupted. `wanted`: fields of `Settings`, None for those that are not given.

    `InputError`: a port that is taken, an address that is none, a missing token. `MissingExtra`: packages of the
    studio are not installed.
    """
    try:
        import uvicorn

        from lyricist.apps.studio.studio_settings import Settings, is_local, read_limits
    except ImportError as e:
        raise MissingExtra("lyricist studio", "studio") from e
    given = {name: value for name, value in wanted.items() if value is not None}
    known, host, models = read_tokens(tokens, token_file), given["host"], given.get("models")
    local = is_local(host)
    if not local and not known:
        raise InputError(f"--host {host} can be reached from elsewhere: add --token TOKEN or --token-file FILE")
    if models is not None and not models.is_dir():
        raise InputError(f"--models {models} is no folder: name one that holds runs")
    given.setdefault("training", local and not given.get("hosts"))  # others can reach it under a proxy's name
    processes = cores() if cores() > 1 else 0
    settings = Settings(tokens=known, processes=processes, limits=read_limits(limits), **given)
    with listening(host, settings.port) as sock:
        address = url_of(host, sock.getsockname()[1])
        serve(uvicorn, settings, sock, lambda: opened(address, browser))


def serve(uvicorn: Any, settings: Any, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Run the server on a socket that listens already; no address of a request goes to a log."""
    from lyricist.apps.studio.app import create_app

    app = create_app(settings)
    app.state.services.prepare()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=1000,
        timeout_keep_alive=30,
    )

    class Server(uvicorn.Server):  # type: ignore[misc]
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    server = Server(config)
    with suppress(KeyboardInterrupt), spelled_for(shell=False):
        server.run(sockets=[sock])
    print("studio: stopped", file=sys.stderr)


def opened(address: str, browser: bool) -> None:
    """The address on stdout, and the page in a browser."""
    print(f"studio: {address} (Ctrl+C stops it)", flush=True)
    if browser:
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to an address. `InputError` naming it where that cannot be."""
    try:
        kind, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        sock = socket.socket(kind, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY on no other
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(where)
        sock.listen(128)
        return sock
    except OSError as e:
        if e.errno == errno.EADDRINUSE:
            raise InputError(f"--port {port} is taken: name another, or 0 for any that is free") from e
        raise InputError(f"--host {host} --port {port} cannot be listened on: {e.strerror or e}") from e


def url_of(host: str, port: int) -> str:
    """
    >>> url_of("::1", 8765), url_of("127.0.0.1", 80)
    ('http://[::1]:8765/', 'http://127.0.0.1:80/')
    """
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def read_tokens(tokens: Sequence[str], file: Path | None) -> tuple[str, ...]:
    """Tokens of the options and of a file, one a line. `InputError` for ones that are easily guessed."""
    from lyricist.apps.studio.access import tokens_of

    texts = list(tokens)
    if file is not None:
        try:
            texts.append(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as e:
            raise InputError(f"--token-file {file} cannot be read: name a text file with a token a line") from e
    found = tokens_of(texts)
    if texts and not found:
        raise InputError("--token is empty: give one of 16 characters or more")
    for token in found:
        if len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token:
            raise InputError("--token: a token has 16 printable ASCII characters or more, without spaces")
    return found
