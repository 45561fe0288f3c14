"""Requests that mean harm: foreign hosts and pages, paths that climb, clients that hang up."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable

import httpx
import pytest
from studioserver import Studio

from lyricist.apps.studio.studio_settings import Limits

MARKUP = '<script>alert(1)</script><img src=x onerror="alert(2)">'
LONG = {"form": "verse " * 10, "lines": 8, "syllables": "8", "rhyme": "ABAB"}
WAIT = 30.0  # seconds until a test gives up


def sent(studio: Studio, data: bytes) -> tuple[int, bytes]:
    """Status and all of the answer to bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", studio.port), timeout=WAIT) as sock:
        sock.sendall(data)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    return int(answer.split()[1]) if answer else 0, answer


def get(studio: Studio, path: str, *headers: str, host: str | None = "127.0.0.1", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


# -- who asks


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "0x7f.1", "[::2]", "*", "a" * 3000],
)
@pytest.mark.parametrize("path", ["/", "/api/health", "/api/version", "/openapi.json", "/page/js/app.js"])
def test_a_foreign_host_is_refused(studio_server: Studio, host: str, path: str) -> None:
    """A page elsewhere may point a name of its own at this machine."""
    status, answer = sent(studio_server, get(studio_server, path, host=host))
    assert status in (400, 403), answer[:300]
    assert b"lyricist" not in answer.partition(b"\r\n\r\n")[2]


def test_no_host_and_two_hosts_are_refused(studio_server: Studio) -> None:
    assert sent(studio_server, get(studio_server, "/api/health", host=None))[0] in (400, 403)
    assert sent(studio_server, get(studio_server, "/api/health", "Host: evil.example"))[0] in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:8765"])
def test_names_of_this_machine_are_let_in(studio_server: Studio, host: str) -> None:
    assert sent(studio_server, get(studio_server, "/api/health", host=host))[0] == 200


FOREIGN = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1.evil.example"},
    {"origin": "file://"},
    {"origin": "http://127.0.0.1:1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/check"),
        ("GET", "/api/tunes"),
        ("DELETE", "/api/tunes/0123456789abcdef"),
        ("POST", "/api/write"),
        ("OPTIONS", "/api/check"),
    ],
)
def test_a_page_of_another_origin_is_refused(
    studio_server: Studio, headers: dict[str, str], method: str, path: str
) -> None:
    body = json.dumps({"text": "Oh"}).encode() if method == "POST" else b""
    answer = studio_server.client.request(method, path, content=body, headers=headers)
    assert answer.status_code == 403, answer.text
    assert answer.json()["error"]["code"] == "forbidden"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_form_of_another_page_cannot_stand_for_json(studio_server: Studio) -> None:
    """What a form can send without asking first is no JSON here."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = studio_server.client.post("/api/check", content=b'{"text": "Oh"}', headers={"content-type": kind})
        assert 400 <= answer.status_code < 500


def test_tokens_are_asked_for_and_see_only_their_own(studio_with: Callable[..., Studio]) -> None:
    tokens = ("a-token-of-the-first", "a-token-of-the-second")
    studio = studio_with(tokens=tokens)
    first, second = (studio.as_owner(token) for token in tokens)
    draft = {"draft": {"title": "mine", "sections": []}}
    made = first.post("/api/drafts", json=draft).json()["id"]
    assert second.get("/api/drafts").json() == {"drafts": []}
    for method in ("GET", "PUT", "DELETE"):
        body = draft if method == "PUT" else None
        assert second.request(method, f"/api/drafts/{made}", json=body).status_code == 404
    assert first.get(f"/api/drafts/{made}").json()["draft"]["title"] == "mine"
    for token in (None, "a-token-of-the", "a-token-of-the-firs\u00e9", tokens[0]):
        headers = {"authorization": f"Bearer {token}".encode()} if token is not None else {}
        answer = httpx.get(f"{studio.url}/api/drafts", headers=headers)
        assert answer.status_code == (200 if token == tokens[0] else 401)
        assert answer.headers.get("www-authenticate") == (None if answer.status_code == 200 else "Bearer")


# -- paths


CLIMBING = (
    "/page/../settings.py",
    "/page/../../../../../../etc/passwd",
    "/page/%2e%2e/settings.py",
    "/page/..%2fsettings.py",
    "/page/%2e%2e%2f%2e%2e%2f%2e%2e%2fpyproject.toml",
    "/page/..%5csettings.py",
    "/page//etc/passwd",
    "/page/%2fetc%2fpasswd",
    "/page/js/%00app.js",
    "/page/js/app.js%00.html",
    "/page/C:%5cWindows%5cwin.ini",
    "/page/" + "a/" * 2000,
    "/page/" + "a" * 5000,
    "/page/js",
    "/page/",
    "/api/tunes/..%2f..%2f..%2fmeta.json",
    "/api/tunes/%2e%2e",
    "/api/tunes/../drafts",
    "/api/drafts/..%2fprefs.json",
    "/api/training/%00/events",
    "/api/training/..%2f..%2fx",
    "/api/models/..%2f..%2f..%2fetc%2fpasswd/card",
    "/api/models/%2e%2e/card",
    "/api/models/%ff%fe/card",
    "/api/tunes/" + "0" * 5000,
    "/api/nothing",
    "//evil.example/",
    "/%",
)


@pytest.mark.parametrize("path", CLIMBING)
def test_a_path_that_climbs_finds_nothing(studio_server: Studio, path: str) -> None:
    status, answer = sent(studio_server, get(studio_server, path))
    assert status in (400, 404, 405, 422), answer[:300]
    assert b"root:" not in answer and b"import" not in answer
    assert b"content-security-policy" in answer.lower() or status == 400  # which the HTTP parser itself answers


# -- headers and text


ANSWERS = (
    ("GET", "/", None, 200),
    ("GET", "/docs", None, 200),
    ("GET", "/page/js/app.js", None, 200),
    ("GET", "/openapi.json", None, 200),
    ("GET", "/api/health", None, 200),
    ("GET", "/api/nothing", None, 404),
    ("PATCH", "/api/check", None, 405),
    ("POST", "/api/check", {"text": MARKUP}, 200),
    ("POST", "/api/check", {"text": 1}, 422),
    ("POST", "/api/plan", {"plan": {MARKUP: 1}}, 422),
    ("POST", "/api/write", {"plan": {"rhyme": "AA", "lines": 2, "rhyme_with": "orange"}}, 409),
    ("GET", f"/api/rhymes?word={MARKUP}", None, 422),
    ("GET", f"/api/rhymes?word=a&kind={MARKUP}", None, 422),
    ("GET", f"/api/tunes/{MARKUP}", None, 404),
    ("POST", "/api/score", {"lyrics": MARKUP, "title": MARKUP, "format": "txt"}, 200),
    ("POST", "/api/score", {"lyrics": MARKUP, "title": MARKUP, "format": "md"}, 200),
    ("PUT", "/api/models/current", {"name": MARKUP}, 404),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status"), ANSWERS)
def test_every_answer_says_what_it_is_and_runs_no_script(
    studio_server: Studio, method: str, path: str, body: object, status: int
) -> None:
    answer = studio_server.client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers or "uvicorn" in headers["server"]  # the command leaves even that out
    if MARKUP in answer.text:
        assert headers["content-type"].startswith(("application/json", "text/plain", "text/markdown"))
    if "html" in headers["content-type"]:
        assert MARKUP not in answer.text


# -- patience


def test_half_requests_keep_nobody_waiting(studio_server: Studio) -> None:
    """Fifty clients that never end their head or their body."""
    half = get(studio_server, "/api/health")[:-4]
    body = b"POST /api/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
    form = body.replace(b"application/json", b"multipart/form-data; boundary=b").replace(b"check", b"tunes")
    with contextlib.ExitStack() as stack:
        for n in range(51):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", studio_server.port), timeout=WAIT))
            sock.sendall((half, body, form)[n % 3])
        assert studio_server.client.get("/api/health").status_code == 200
        assert studio_server.client.post("/api/check", json={"text": "The river ran"}).status_code == 200
        assert studio_server.client.post("/api/tunes", files={"file": ("a.mid", b"MThd")}).status_code == 422


def hang_up_after_a_line(studio: Studio, seed: int) -> None:
    body = {"plan": LONG, "seed": seed}
    with studio.client.stream("POST", "/api/write", json=body) as answer:
        assert answer.status_code == 200, answer.read()
        assert any(line == "event: line" for line in answer.iter_lines())


def waits_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


@pytest.mark.parametrize("processes", [0, 2])
def test_twenty_that_hang_up_leave_no_work(studio_with: Callable[..., Studio], processes: int) -> None:
    """More than may be at work at once: each leaves its place to the next."""
    studio = studio_with(limits=Limits(requests_at_work=2, particles=4), processes=processes)
    pool = studio.app.state.services.pool
    waits_for(lambda: pool is None or all(worker.ready for worker in pool.pool.workers))
    for seed in range(20):
        waits_for(lambda: studio.client.post("/api/plan", json={"plan": LONG}).status_code == 200)
        hang_up_after_a_line(studio, seed)
    waits_for(lambda: pool is None or not any(worker.requests for worker in pool.pool.workers))
    assert studio.events("/api/write", {"plan": {"form": "verse", "lines": 2, "syllables": 6}})[-1][0] == "done"


def test_what_is_too_much_is_told_to_wait(studio_with: Callable[..., Studio]) -> None:
    studio = studio_with(limits=Limits(requests_at_work=1, particles=4))
    with studio.client.stream("POST", "/api/write", json={"plan": LONG, "seed": 1}) as first:
        assert first.status_code == 200
        answer = studio.client.post("/api/write", json={"plan": LONG, "seed": 2})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert "requests_at_work" in answer.json()["error"]["message"]
