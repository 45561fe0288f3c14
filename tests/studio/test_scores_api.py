"""Scores over HTTP: words and a tune, or words alone, as files; what was written is text and nothing else."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import httpx
import mido
import pytest
from studioserver import Studio
from test_tunes_api import HILL, upload

WORDS = ["The river ran below", "and took the town away"]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def tune(studio_server: Studio) -> str:
    """Two phrases, of six and four slots."""
    return str(upload(studio_server, HILL, phrases="6,4")["id"])


def score(studio: Studio, **asked: Any) -> httpx.Response:
    page = asked.pop("page", None)
    return studio.client.post("/api/score", json=asked, params={"page": page} if page else {})


def draft(*sections: tuple[str, list[str]], title: str = "") -> dict[str, Any]:
    made = [{"name": name, "lines": [{"text": line} for line in lines]} for name, lines in sections]
    return {"title": title, "sections": made}


SUNG = ["The river ran below", "and took the town"]


@pytest.mark.parametrize("kind", ["musicxml", "mxl", "mid", "kar", "lrc", "svg", "cho", "txt", "md"])
def test_every_format_holds_the_words(studio_server: Studio, tune: str, kind: str) -> None:
    answer = score(studio_server, tune=tune, draft=draft(("verse", SUNG), title="Below"), format=kind)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="Below.{kind}"')
    assert int(answer.headers["x-pages"]) == 1
    text = words_of(kind, answer.content)
    for word in ("river", "town"):
        assert word in text.replace("-", "")


def words_of(kind: str, data: bytes) -> str:
    """All words of a file, parsed as what it is; syllables joined."""
    if kind == "mxl":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            kind, data = (
                "musicxml",
                archive.read(next(n for n in archive.namelist() if "META" not in n and n != "mimetype")),
            )
    if kind in ("musicxml", "svg"):
        wanted = "text" if kind == "musicxml" else "tspan"
        found = (e.text or "" for e in ElementTree.fromstring(data).iter() if e.tag.rpartition("}")[2] == wanted)
        return "".join(text.strip() for text in found)
    if kind in ("mid", "kar"):
        file = mido.MidiFile(file=io.BytesIO(data))
        texts = (m.text for track in file.tracks for m in track if m.type in ("lyrics", "text"))
        return "".join(text.replace("-", "") for text in texts)
    return data.decode().replace("<", "").replace(">", "")


def test_a_tune_keeps_its_own_words_where_none_are_sent(studio_server: Studio, tune: str) -> None:
    assert "The hill is high above" in score(studio_server, tune=tune, format="txt").text


def test_words_that_do_not_fit_are_named(studio_server: Studio, tune: str) -> None:
    answer = score(studio_server, tune=tune, lyrics="The river\nand took the town", format="mid")
    assert answer.status_code == 422
    assert "line 1" in answer.json()["error"]["message"] and "'The river'" in answer.json()["error"]["message"]
    answer = score(studio_server, tune=tune, lyrics="The river ran below", format="mid")
    assert answer.status_code == 422 and "2 phrases" in answer.json()["error"]["message"]


def test_an_unfinished_draft_is_sung_as_far_as_it_goes(studio_server: Studio, tune: str) -> None:
    lines = [SUNG[0], "", "too long a line for these notes of mine", SUNG[1]]
    answer = score(studio_server, tune=tune, draft=draft(("verse", lines)), format="txt", partial=True)
    assert answer.status_code == 200 and answer.text.split("\n\n") == [SUNG[0], SUNG[1] + "\n"]
    answer = score(studio_server, tune=tune, draft=draft(("verse", lines)), format="txt")
    assert answer.status_code == 422


def test_pages_of_a_long_score(studio_server: Studio) -> None:
    notes = "|".join(" ".join("cdec" for _ in range(8)) for _ in range(40))
    given = upload(studio_server, b"X:1\nT:Long\nM:4/4\nL:1/4\nK:C\n" + notes.encode() + b"|]\n", "long.abc")["id"]
    first = score(studio_server, tune=given, format="svg")
    pages = int(first.headers["x-pages"])
    second = score(studio_server, tune=given, format="svg", page=2)
    assert pages > 1 and second.status_code == 200 and second.content != first.content
    assert 'filename="Long-2.svg"' in second.headers["content-disposition"]
    assert score(studio_server, tune=given, format="svg", page=pages + 1).status_code == 422


def test_words_alone_as_text_markdown_and_chordpro(studio_server: Studio) -> None:
    song = draft(("Verse", WORDS), ("Chorus", ["*Oh* [river]"]), title="Below")
    made = {kind: score(studio_server, draft=song, format=kind).text for kind in ("txt", "md", "cho")}
    assert made["txt"] == f"Title: Below\n\n[Verse]\n{WORDS[0]}\n{WORDS[1]}\n\n[Chorus]\n*Oh* [river]\n"
    assert made["md"] == f"# Below\n\n## Verse\n\n{WORDS[0]}  \n{WORDS[1]}  \n\n## Chorus\n\n\\*Oh\\* \\[river\\]\n"
    assert "{start_of_chorus: Chorus}\n*Oh* river\n{end_of_chorus}" in made["cho"]
    answer = score(studio_server, draft=song, format="mid")
    assert answer.status_code == 422 and "needs a tune" in answer.json()["error"]["message"]
    assert score(studio_server, draft=draft(("verse", ["", " "])), format="txt").status_code == 422
    assert score(studio_server, format="txt").status_code == 422
    assert score(studio_server, lyrics="oh", draft=song, format="txt").status_code == 422


def test_script_stays_text(studio_server: Studio, tune: str) -> None:
    lines = ["The river ran below", f"and took the {SCRIPT[:8]}"]
    answer = score(studio_server, tune=tune, lyrics="\n".join(lines), title=SCRIPT, format="svg", partial=True)
    assert answer.status_code == 200, answer.text
    root = ElementTree.fromstring(answer.content)
    assert not [e for e in root.iter() if e.tag.rpartition("}")[2] in ("script", "foreignObject", "iframe")]
    assert not [name for e in root.iter() for name in e.attrib if name.lower().startswith("on")]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert '"' not in answer.headers["content-disposition"].split('filename="')[1].split('"; ')[0]
    for kind in ("txt", "md", "cho"):
        words = score(studio_server, draft=draft(("verse", [SCRIPT])), title="a\r\nSet-Cookie: x=1", format=kind)
        assert words.status_code == 200 and "set-cookie" not in words.headers


@pytest.mark.parametrize(
    "asked",
    [
        {"format": "exe"}, {"format": "mid", "tune": "../x"}, {"format": "mid", "tune": "0" * 16},
        {"format": "txt", "lyrics": "la " * 70_000}, {"format": "txt", "lyrics": "a", "page": 0},
        {"format": "txt", "draft": {"sections": [{"lines": [{"text": "\ud800"}]}]}},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(studio_server: Studio, asked: dict[str, Any]) -> None:
    import json

    params = {"page": asked.pop("page")} if "page" in asked else {}
    answer = studio_server.client.post(
        "/api/score", content=json.dumps(asked), headers={"content-type": "application/json"}, params=params
    )
    assert answer.status_code in (404, 413, 422) and answer.json()["error"]["message"]


def test_as_many_verses_as_a_tune_may_have(studio_server: Studio, tune: str) -> None:
    answer = score(studio_server, tune=tune, draft=draft(("verse", SUNG * 20)), format="txt")
    assert answer.status_code == 200
    answer = score(studio_server, tune=tune, draft=draft(("verse", SUNG * 21)), format="txt")
    assert answer.status_code == 422 and "20 verses" in answer.json()["error"]["message"]
