"""Who may use the studio: hosts and origins, tokens, sizes of bodies; and the headers of every answer.

On loopback no token is needed; elsewhere every call of the API needs one of the studio's tokens. Requests by another
web page, or under a host name that is not the studio's (DNS rebinding), are refused before anything is read.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lyricist.apps.studio.http_io import Refused, failure
from lyricist.apps.studio.studio_settings import LOCAL_NAMES, Settings

OPEN = frozenset({"/api/health", "/api/version"})  # answered without a token
LOCAL = "local"  # the owner where there are no tokens
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def owner(request: Request) -> str:
    """The owner of a request: a name made of its token, or `local`. For `Depends`."""
    return str(request.scope.get("lyricist.owner", LOCAL))


def owner_of(token: str) -> str:
    """The owner's name for a token, from which the token cannot be found."""
    return hashlib.sha256(b"lyricist owner\0" + token.encode()).hexdigest()[:32]


class Guard:
    """The outermost layer of the app: refuses what is not allowed, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.owners = {token: owner_of(token) for token in settings.tokens}
        self.hosts = {settings.host, *settings.hosts}
        if not settings.local:
            self.hosts.add(socket.gethostname())
        self.hosts = {name.lower().strip("[]") for name in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        sender = with_headers(send, cached=scope["path"].startswith("/page/"))
        try:
            most = self.admit(scope, Headers(scope=scope))
        except Refused as error:
            await failure(error.code, str(error), error.headers)(scope, receive, sender)
            return
        await self.app(scope, Body(receive, most).receive, sender)

    def admit(self, scope: Scope, headers: Headers) -> int:
        """The most bytes the body may have; `Refused` for what is not allowed."""
        self.check_host(headers)
        check_origin(scope, headers)
        if scope["path"].startswith("/api/") or scope["path"] == "/api":
            scope["lyricist.owner"] = self.find_owner(scope["path"], headers)
        limits = self.settings.limits
        form = headers.get("content-type", "").lower().startswith("multipart/")
        most = limits.upload_bytes if form else limits.request_bytes
        said = headers.get("content-length", "0")
        if said.isdigit() and int(said[:20]) > most:
            raise Refused("too_large", size_message(most))
        return most

    def check_host(self, headers: Headers) -> None:
        if len(headers.getlist("host")) != 1:
            raise Refused("forbidden", "a request names one Host")
        name = host_name(headers["host"])
        if name in LOCAL_NAMES or name in self.hosts or (not self.settings.local and is_address(name)):
            return
        raise Refused("forbidden", f"Host {name[:60]!r} is not this studio's: --allow-host permits it")

    def find_owner(self, path: str, headers: Headers) -> str:
        if not self.owners:
            return LOCAL
        kind, _, given = headers.get("authorization", "").partition(" ")
        found = LOCAL
        for token, name in self.owners.items():  # compare with all, so that the time reveals nothing
            if hmac.compare_digest(token.encode(), given.strip().encode()) and kind.lower() == "bearer":
                found = name
        if found == LOCAL and path not in OPEN:
            message = "this studio needs its token: send Authorization: Bearer TOKEN"
            raise Refused("unauthorised", message, {"WWW-Authenticate": "Bearer"})
        return found


def check_origin(scope: Scope, headers: Headers) -> None:
    """Refuse requests by a page of another origin. The studio's own origin has the name in the Host header."""
    origins = headers.getlist("origin")
    foreign = headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    if foreign and (scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/api/")):
        raise Refused("forbidden", "requests from other web pages are refused")
    for origin in origins:
        try:
            parts = urlsplit(origin)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or parts.netloc.lower() != headers["host"].lower():
            raise Refused("forbidden", f"Origin {origin[:60]!r} is not this studio's")


def host_name(host: str) -> str:
    """The name of a Host header without its port.

    >>> host_name("LocalHost:80"), host_name("[::1]:80"), host_name("::1")
    ('localhost', '::1', '::1')
    """
    found = re.fullmatch(r"\[([^\]]*)\](?::\d+)?|([^:]*)(?::\d+)?", host.strip().lower())
    return (found[1] if found[1] is not None else found[2]) if found else host.lower()


def is_address(name: str) -> bool:
    """Whether a name is an IP address, which cannot be rebound to another machine."""
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def with_headers(send: Send, cached: bool) -> Send:
    """Adds HEADERS to every answer; caches keep nothing of the API."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-cache" if cached else "no-store")
        await send(message)

    return sender


class Body:
    """Counts the bytes of a request's body as they come."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.inner, self.most, self.got = receive, most, 0

    async def receive(self) -> Message:
        message = await self.inner()
        self.got += len(message.get("body", b""))
        if self.got > self.most:
            raise HTTPException(413, size_message(self.most))  # no other exception gets through FastAPI here
        return message


def size_message(most: int) -> str:
    return f"the request is larger than {most:,} bytes: send less at a time"


def tokens_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Tokens, one per line; blank lines and # comments are skipped."""
    lines = (line.strip() for text in texts for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
