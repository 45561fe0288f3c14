"""Drafts kept on the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from studioserver import Studio

DRAFT = {"title": "Below", "sections": [{"name": "verse", "lines": [{"text": "Oh <b>river</b>", "locked": True}]}]}


def test_a_draft_is_kept_changed_and_forgotten(studio_server: Studio) -> None:
    client = studio_server.client
    made = client.post("/api/drafts", json={"draft": DRAFT, "plan": {"syllables": "8,6"}, "model": "starter"})
    assert made.status_code == 201 and made.json()["draft"] == DRAFT
    place = f"/api/drafts/{made.json()['id']}"
    assert client.get(place).json() == made.json()
    assert made.json()["id"] in [draft["id"] for draft in client.get("/api/drafts").json()["drafts"]]
    changed = client.put(place, json={"draft": {**DRAFT, "title": "Above"}})
    assert changed.status_code == 200 and client.get(place).json()["draft"]["title"] == "Above"
    assert client.get(place).json()["plan"] == {} and client.get(place).json()["made"] == made.json()["made"]
    assert client.delete(place).status_code == 204
    for answer in (client.get(place), client.put(place, json={"draft": DRAFT}), client.delete(place)):
        assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"


ODD: list[Any] = [
    {}, [], {"draft": 1}, {"draft": {"sections": "x"}}, {"draft": DRAFT, "path": "/etc"}, {"draft": DRAFT, "plan": []},
    {"draft": {"title": "\ud800"}}, {"draft": DRAFT, "plan": {"a": "\ud800"}}, {"draft": DRAFT, "plan": {"a": float("nan")}},
    {"draft": DRAFT, "plan": {"x": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}}, {"draft": DRAFT, "plan": {"x": "y" * 400_000}},
]  # fmt: skip


@pytest.mark.parametrize("body", ODD)
def test_what_is_no_draft_is_refused_and_nothing_kept(studio_server: Studio, body: Any) -> None:
    before = studio_server.client.get("/api/drafts").json()
    content = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    answer = studio_server.client.post("/api/drafts", content=content, headers=headers)
    assert answer.status_code in (413, 422), answer.text
    assert answer.json()["error"]["message"]
    assert studio_server.client.get("/api/drafts").json() == before
