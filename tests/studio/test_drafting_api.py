"""Filling drafts, other lines, other words, and why a word is there."""

from __future__ import annotations

from typing import Any

import pytest
from studioserver import Studio

import lyricist

PLAN = {"form": "verse chorus", "lines": 4, "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"}
VERSE = [
    "The river ran below the town",
    "And all the lights were low",
    "I saw the water falling down",
    "A long, long time ago",
]
LOCKED = {0, 2}


def draft(*texts: str, locked: set[int] | None = None, name: str = "verse") -> dict[str, Any]:
    lines = [{"text": text, "locked": i in (locked or set())} for i, text in enumerate(texts)]
    return {"title": "", "sections": [{"name": name, "lines": lines}]}


def songs(events: list[tuple[str, Any]]) -> list[Any]:
    assert not [data for name, data in events if name == "error"]
    return [data for name, data in events if name == "song"]


def test_locked_lines_stand_and_the_others_fit(studio_server: Studio) -> None:
    body = {"draft": draft(*VERSE, locked=LOCKED), "plan": {**PLAN, "form": "verse"}, "seed": 5}
    (song,) = songs(studio_server.events("/api/fill", body))
    lines = song["sections"][0]["lines"]
    assert [lines[i]["text"] for i in sorted(LOCKED)] == [VERSE[i] for i in sorted(LOCKED)]
    assert [line["syllables"] for line in lines] == [8, 6, 8, 6]
    assert not {lines[1]["text"], lines[3]["text"]} & set(VERSE)
    found = lyricist.check("\n".join(line["text"] for line in lines))
    assert found.scheme == "ABAB"


def test_what_a_draft_says_otherwise_than_the_plan_is_kept(studio_server: Studio) -> None:
    odd = ["Oh Zanzibar, my Zanzibar", "", "Nobody knows", ""]
    body = {
        "draft": draft(*odd, locked=LOCKED),
        "plan": {"syllables": "7", "rhyme": "AABB", "rhyme_kind": "light"},
        "seed": 5,
    }
    (song,) = songs(studio_server.events("/api/fill", body))
    lines = song["sections"][0]["lines"]
    assert [lines[0]["text"], lines[2]["text"]] == [odd[0], odd[2]]
    assert lines[1]["syllables"] == lines[3]["syllables"] == 7


def test_lines_stay_as_long_as_they_are_where_nothing_is_asked(studio_server: Studio) -> None:
    texts = ["The river ran", "And all the lights were burning in the town", "Oh"]
    body = {"draft": draft(*texts), "plan": {}, "like_present": True, "seed": 5}
    (song,) = songs(studio_server.events("/api/fill", body))
    assert [line["syllables"] for line in song["sections"][0]["lines"]] == [4, 10, 1]


def test_a_draft_with_every_line_locked_has_nothing_to_write(studio_server: Studio) -> None:
    answer = studio_server.client.post("/api/fill", json={"draft": draft("Oh river", locked={0}), "plan": {}})
    assert answer.status_code == 422
    assert "locked" in answer.json()["error"]["message"]


@pytest.mark.parametrize("line", range(4))
def test_other_lines_fit_where_a_line_stands(studio_server: Studio, line: int) -> None:
    body = {"draft": draft(*VERSE), "section": 0, "line": line, "plan": PLAN, "count": 5, "seed": 3}
    found = studio_server.client.post("/api/alternatives", json=body).json()["lines"]
    assert len(found) == len({each["text"] for each in found}) == 5
    for each in found:
        assert each["syllables"] == (8, 6)[line % 2]
        texts = [each["text"] if i == line else text for i, text in enumerate(VERSE)]
        assert lyricist.check("\n".join(texts)).scheme == "ABAB"


@pytest.mark.parametrize("word", range(6))
def test_only_the_word_changes(studio_server: Studio, word: int) -> None:
    body = {"draft": draft(*VERSE), "section": 0, "line": 0, "word": word, "plan": PLAN, "count": 5}
    found = studio_server.client.post("/api/alternatives", json=body).json()["lines"]
    assert found
    before = VERSE[0].split()
    for each in found:
        after = each["text"].split()
        assert [a for i, a in enumerate(after) if i != word] == [b for i, b in enumerate(before) if i != word]
        assert after[word] != before[word]
        assert each["syllables"] == 8


def test_why_each_word(studio_server: Studio) -> None:
    body = {"draft": draft(*VERSE), "section": 0, "line": 2, "plan": PLAN}
    answer = studio_server.client.post("/api/why", json=body).json()
    assert [word["word"] for word in answer["words"]] == ["i", "saw", "the", "water", "falling", "down"]
    for word in answer["words"]:
        assert 0 < word["mass"] <= 1.001
        assert word["word"] in [candidate["word"] for candidate in word["candidates"]]
    last = answer["words"][-1]["candidates"]
    assert any(candidate["forbidden"] == "does not rhyme" for candidate in last)
    assert not next(c for c in last if c["word"] == "down")["forbidden"]


@pytest.mark.parametrize("text", ["Oh Zanzibar", "Xyzzyq", "Ha ha ha ha ha ha ha ha ha ha ha ha", "1999!", "the"])
def test_why_of_lines_that_break_the_plan(studio_server: Studio, text: str) -> None:
    body = {"draft": draft(VERSE[0], text, *VERSE[2:]), "section": 0, "line": 1, "plan": PLAN}
    answer = studio_server.client.post("/api/why", json=body)
    assert answer.status_code == 200, answer.text
    words = lyricist.check(text).lines[0].words
    assert [word["word"] for word in answer.json()["words"]] == list(words)


@pytest.mark.parametrize("path", ["alternatives", "why"])
@pytest.mark.parametrize("at", [(0, 9), (3, 0)])
def test_places_that_are_not_there(studio_server: Studio, path: str, at: tuple[int, int]) -> None:
    body = {"draft": draft(*VERSE), "section": at[0], "line": at[1], "plan": {}}
    answer = studio_server.client.post(f"/api/{path}", json=body)
    assert answer.status_code == 422
    assert "no line" in answer.json()["error"]["message"]


def test_every_preset_can_be_written_to(studio_server: Studio) -> None:
    presets = studio_server.client.get("/api/presets").json()["presets"]
    assert [preset["name"] for preset in presets] == [
        "hymn",
        "ballad",
        "pop",
        "blues",
        "villanelle",
        "limerick",
        "rap",
    ]
    for preset in presets:
        assert set(preset) == {"name", "label", "about", "plan"}
        answer = studio_server.client.post("/api/plan", json={"plan": preset["plan"]}).json()
        assert answer["feasible"] is True, preset["name"]
