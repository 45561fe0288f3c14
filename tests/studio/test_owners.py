"""One token never sees another's things: a law over every route that names one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from studioserver import Studio, running
from test_tunes_api import HILL

from lyricist.apps.studio.app import create_app
from lyricist.apps.studio.studio_settings import Settings

ANN, BEN = "ann-" + "a" * 20, "ben-" + "b" * 20
LYRICS = [
    (
        f"{word}.txt",
        f"The {word} ran below the town\nand nobody sang to the {word} alone\nnor walked in its {word} again",
    )
    for word in ("river", "garden", "harbour", "station", "window", "kitchen")
]
DRAFT = {"draft": {"title": "Below", "sections": [{"name": "verse", "lines": [{"text": "Oh"}]}]}}
HELD = {"sections": [{"name": "verse", "lines": [{"text": "The hill is high", "locked": True}, {"text": ""}]}]}
AT = {"draft": HELD, "section": 0, "line": 0}
SCORE = {"format": "mid", "lyrics": "The hill is high\nabove the sea and blue"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with running(Settings(data=tmp_path_factory.mktemp("owners"), tokens=(ANN, BEN))) as studio:
        yield studio


@pytest.fixture(scope="module")
def clients(studio: Studio) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with ExitStack() as stack:
        yield stack.enter_context(studio.as_owner(ANN)), stack.enter_context(studio.as_owner(BEN))


def made(client: httpx.Client, kind: str) -> str:
    """A new thing of a client's, by its id."""
    if kind == "drafts":
        answer = client.post("/api/drafts", json=DRAFT)
    elif kind == "tunes":
        answer = client.post("/api/tunes", files={"file": ("hill.abc", HILL)}, data={"phrases": "4,6"})
    else:
        options = json.dumps({"from": "scratch", "budget_seconds": 5})
        answer = client.post(
            "/api/training",
            files=[("files", (name, text.encode())) for name, text in LYRICS],
            data={"options": options},
        )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


Ask = Callable[[httpx.Client, str], httpx.Response]


def call(method: str, path: str, body: Any = None) -> Ask:
    return lambda client, given: client.request(
        method, path.format(id=given), json=json.loads(json.dumps(body).replace("ID", given)) if body else None
    )


# Every route that names a thing, in its path or its body: what kind of thing, how it is asked.
ROUTES: dict[str, tuple[str, Ask]] = {
    "GET /api/tunes/{id}": ("tunes", call("GET", "/api/tunes/{id}")),
    "DELETE /api/tunes/{id}": ("tunes", call("DELETE", "/api/tunes/{id}")),
    "POST /api/score": ("tunes", call("POST", "/api/score", {**SCORE, "tune": "ID"})),
    "POST /api/write": ("tunes", call("POST", "/api/write", {"plan": {"rhyme": "X"}, "tune": "ID", "seed": 1})),
    "POST /api/plan": ("tunes", call("POST", "/api/plan", {"plan": {"rhyme": "X"}, "tune": "ID"})),
    "POST /api/fill": ("tunes", call("POST", "/api/fill", {"draft": HELD, "tune": "ID", "seed": 1})),
    "POST /api/alternatives": ("tunes", call("POST", "/api/alternatives", {**AT, "tune": "ID", "count": 1})),
    "POST /api/why": ("tunes", call("POST", "/api/why", {**AT, "tune": "ID"})),
    "POST /api/check": ("tunes", call("POST", "/api/check", {"text": "Oh river", "tune": "ID"})),
    "GET /api/drafts/{id}": ("drafts", call("GET", "/api/drafts/{id}")),
    "PUT /api/drafts/{id}": ("drafts", call("PUT", "/api/drafts/{id}", DRAFT)),
    "DELETE /api/drafts/{id}": ("drafts", call("DELETE", "/api/drafts/{id}")),
    "GET /api/training/{id}": ("training", call("GET", "/api/training/{id}")),
    "GET /api/training/{id}/events": ("training", call("GET", "/api/training/{id}/events")),
    "POST /api/training/{id}/start": ("training", call("POST", "/api/training/{id}/start")),
    "POST /api/training/{id}/stop": ("training", call("POST", "/api/training/{id}/stop")),
    "POST /api/training/{id}/resume": ("training", call("POST", "/api/training/{id}/resume")),
    "DELETE /api/training/{id}": ("training", call("DELETE", "/api/training/{id}")),
}
STARTS = "POST /api/training/{id}/start"


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_anothers_is_not_there(
    route: str, clients: tuple[httpx.Client, httpx.Client], studio: Studio
) -> None:
    ann, ben = clients
    kind, ask = ROUTES[route]
    given = made(ann, kind)
    before = things(studio)
    answer = ask(ben, given)
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"
    assert things(studio) == before, "nothing was changed"
    nowhere = ask(ben, "0123456789abcdef")
    assert nowhere.status_code == 404
    assert nowhere.json()["error"]["message"].replace("0123456789abcdef", given) == answer.json()["error"]["message"]
    if route != STARTS:
        assert ask(ann, given).status_code != 404


def things(studio: Studio) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(studio.settings.data).rglob("meta.json")}


@pytest.mark.parametrize("kind", ["tunes", "drafts", "training"])
def test_lists_show_ones_own(kind: str, clients: tuple[httpx.Client, httpx.Client]) -> None:
    ann, ben = clients
    given = made(ann, kind)
    (mine,), (theirs,) = (client.get(f"/api/{kind}").json().values() for client in (ann, ben))
    assert given in [each["id"] for each in mine] and theirs == []


@pytest.mark.parametrize("given", ["..%2f..%2fetc%2fpasswd", "%00", "a" * 5_000, "%ff%fe", "%2e%2e", "*"])
def test_hostile_ids_are_not_there(given: str, clients: tuple[httpx.Client, httpx.Client]) -> None:
    for kind in ("tunes", "drafts", "training"):
        for method, behind in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/start")):
            answer = clients[0].request(method, f"/api/{kind}/{given}{behind}")
            assert answer.status_code in (404, 405), answer.text


def test_every_route_that_names_a_thing_is_under_the_law() -> None:
    """A new one has to be added above."""
    described = create_app(Settings()).openapi()
    found = {
        f"{method.upper()} {path}"
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if "{id}" in path or "tune" in fields_of(operation, described)
    }
    assert found - {"POST /api/drafts"} == set(ROUTES), "a draft only notes which tune it goes with"


def fields_of(operation: dict[str, Any], described: dict[str, Any]) -> set[str]:
    """The fields of the JSON that an operation takes."""
    content = operation.get("requestBody", {}).get("content", {})
    name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    return set(described["components"]["schemas"].get(name, {}).get("properties", {}))
