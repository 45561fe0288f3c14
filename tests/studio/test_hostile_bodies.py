"""Bodies that mean harm: no JSON, too much of it, text and plans beyond measure. Each is answered in one line."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import httpx
import pytest
from studioserver import Studio
from test_hostile_requests import MARKUP

DEEP = "[" * 50_000 + "]" * 50_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"text": "\xff\xfe"}',
    "deep": b'{"plan": ' + DEEP.encode() + b"}",
    "deep objects": b'{"plan": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    "NaN": b'{"plan": {"max_copy": NaN}}',
    "infinity": b'{"drawing": {"temperature": 1e999}}',
    "a number of 10,000 digits": b'{"seed": ' + b"9" * 10_000 + b"}",
    "half a pair": b'{"text": "\\ud800", "plan": {"title": "\\udfff"}, "draft": {"title": "\\ud800"}}',
    "a list": b"[1, 2]",
    "a string": b'"text"',
    "null": b"null",
    "wrong kinds": b'{"plan": [], "draft": 1, "text": {}, "drawing": "x", "seed": "y", "count": {}}',
    "unknown": b'{"__class__": "os.system", "__proto__": {}}',
}
ROUTES = ("write", "fill", "alternatives", "why", "check", "plan", "plan/like", "score", "drafts")


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_is_none_is_refused_in_one_line(studio_server: Studio, route: str, name: str) -> None:
    kind = {"content-type": "application/json"}
    answer = studio_server.client.post(f"/api/{route}", content=BODIES[name], headers=kind)
    assert 400 <= answer.status_code < 500, answer.text
    error = answer.json()["error"]
    assert error["message"] and "\n" not in error["message"] and len(error["message"]) <= 2000


def chunks(size: int) -> Iterator[bytes]:
    yield b'{"text": "'
    for _ in range(size // 1000):
        yield b"a" * 1000


def test_a_body_without_an_end_is_cut_off(studio_server: Studio) -> None:
    """One that does not say its length is counted as it comes."""
    most = studio_server.settings.limits.request_bytes
    with contextlib.suppress(httpx.WriteError):  # the answer may come before all is sent
        kind = {"content-type": "application/json"}
        answer = studio_server.client.post("/api/check", content=chunks(2 * most), headers=kind)
        assert answer.status_code == 413, answer.text
        assert answer.json()["error"]["code"] == "too_large"
    assert studio_server.client.get("/api/health").status_code == 200


def test_a_packed_body_is_not_unpacked(studio_server: Studio) -> None:
    import gzip

    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = studio_server.client.post("/api/check", content=gzip.compress(b" " * 2**25), headers=headers)
    assert 400 <= answer.status_code < 500


TEXTS = {
    "chords": "[A]oh " * 16_000,
    "brackets": "[" * 90_000,
    "apostrophes": "o'" * 45_000,
    "hyphens": "o-" * 45_000,
    "one long word": "river" * 18_000,
    "one long line": "a " * 45_000,
    "marks of repeats": "oh (x99999)\n" * 1_900,
    "stacked accents": "o" + "\u0301" * 90_000,
    "right to left": "\u202e\u2066" * 40_000,
    "blank lines": "\n" * 99_000,
    "no lyrics": "\u2028\x0b\x1c" * 30_000,
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("route", ["check", "plan/like"])
def test_text_beyond_measure_is_answered(studio_server: Studio, route: str, name: str) -> None:
    """As much of it as may be sent, of a kind that takes a naive reader ages."""
    answer = studio_server.client.post(f"/api/{route}", json={"text": TEXTS[name]})
    assert answer.status_code in (200, 422), answer.text[:300]
    assert answer.status_code == 200 or answer.json()["error"]["message"]


WISHES = (
    {"lines": 10**9},
    {"form": "verse " * 5000},
    {"syllables": "9" * 4000},
    {"syllables": 10**12},
    {"metre": "x/" * 5000},
    {"rhyme": "AB" * 5000},
    {"rhyme": "A" * 5000, "lines": 5000},
    {"about": "river, " * 5000},
    {"include": ["river"] * 5000},
    {"avoid": ["(a+)+$"] * 5000},
    {"acrostic": "A" * 5000},
    {"start": "é" * 10_000},
    {"rhyme_with": "\u202e" * 1000},
    {"title": MARKUP * 200},
    {"sections": [{"name": "verse", "lines": 1}] * 5000},
    {"max_copy": -1},
    {"max_copy": 10**30},
)


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: f"{next(iter(wish))}-{len(str(wish))}")
@pytest.mark.parametrize("route", ["plan", "write"])
def test_a_plan_beyond_measure_is_answered(studio_server: Studio, route: str, wish: dict[str, object]) -> None:
    with studio_server.client.stream("POST", f"/api/{route}", json={"plan": wish}) as answer:
        assert answer.status_code < 500
        if answer.status_code != 200:
            assert json.loads(answer.read())["error"]["message"]
