"""What the studio opens with under --demo: the words, the plan and the tune fit one another."""

from __future__ import annotations

from collections.abc import Callable

from studioserver import Studio

import lyricist
from lyricist.apps.studio import app
from lyricist.corpus.lyrics_file import read_lyrics
from lyricist.evaluation.check import check
from lyricist.melody.read import read_tune


def lines() -> list[str]:
    return [line["text"] for section in app.demo()["draft"]["sections"] for line in section["lines"]]


def test_the_words_keep_their_plan() -> None:
    found = check(read_lyrics((app.DEMO / "row-me-home.txt").read_text("utf-8")), lyricist.Plan(**app.PLAN))
    assert found.violations == ()
    assert [line.text for line in found.lines] == lines()


def test_two_verses_fill_the_tune_note_for_note() -> None:
    slots = [len(phrase.slots) for phrase in read_tune(app.DEMO / "row-me-home.abc").phrases]
    assert [line.syllables for line in check("\n".join(lines())).lines] == slots * 2


def test_it_is_handed_out_only_where_it_was_asked_for(
    studio_server: Studio, studio_with: Callable[..., Studio]
) -> None:
    refused = studio_server.client.get("/api/demo")
    assert refused.status_code == 404 and refused.json()["error"]["code"] == "not_found"
    given = studio_with(demo=True).client.get("/api/demo").json()
    assert given["draft"]["title"] == "Row Me Home" and given["tune"]["name"] == "row-me-home.abc"
