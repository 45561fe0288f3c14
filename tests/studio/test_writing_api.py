"""Writing over HTTP."""

from __future__ import annotations

from tests.studio.conftest import Studio

import lyricist
from lyricist.apps.studio.api_models import read_drawing
from lyricist.apps.studio.studio_settings import Limits

HYMN = {"form": "verse verse", "lines": 4, "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"}


def test_a_song_comes_line_by_line(studio_server: Studio) -> None:
    events = studio_server.events("/api/write", {"plan": HYMN, "seed": 12})
    names = [name for name, _ in events]
    assert names == ["started", *["line"] * 8, "song", "done"]
    song = events[-2][1]
    assert [line["text"] for s in song["sections"] for line in s["lines"]] == [
        data["text"] for name, data in events if name == "line"
    ]
    assert [line["syllables"] for s in song["sections"] for line in s["lines"]] == [8, 6, 8, 6] * 2
    assert song["form"] == "verse 4, verse 4"
    assert events[0][1]["plan"]["rhyme"] == ["ABAB"]


def test_the_song_is_the_one_that_python_writes(studio_server: Studio) -> None:
    events = studio_server.events("/api/write", {"plan": HYMN, "seed": 12})
    plan = lyricist.Plan(**HYMN)
    drawing = lyricist.Drawing(particles=4)
    assert lyricist.load().write(plan, drawing, seed=12)[0].to_json()["sections"] == events[-2][1]["sections"]


def test_a_plan_that_cannot_be_had_is_refused_before_anything_is_written(studio_server: Studio) -> None:
    answer = studio_server.client.post("/api/write", json={"plan": {"rhyme": "AABB", "rhyme_with": "orange"}})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "plan_infeasible"
    assert "orange" in answer.json()["error"]["message"]


def test_the_studio_draws_as_python_does() -> None:
    assert read_drawing({}, Limits()) == lyricist.Drawing()
    assert read_drawing({"particles": None}, Limits(particles=4)) == lyricist.Drawing(particles=4)
