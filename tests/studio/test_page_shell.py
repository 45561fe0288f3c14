"""The page's shell: views, colours, the access token; and what the desk makes of a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browsing import NARROW, WIDE, Visit, serious
from studioserver import Studio

Open = Callable[..., Visit]


@pytest.mark.full
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_views_are_a_tab_away(visit: Open, size: tuple[int, int]) -> None:
    here = visit(size=size)
    page = here.open()
    for name in ("Tune", "Train", "Models", "Write"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_selector(f"[data-view={name.lower()}]:not([hidden]) >> visible=true")
        assert page.locator("[aria-current=page]").text_content() == name
        assert page.locator("main > [data-view]:not([hidden])").count() == 1
    page.go_back()
    page.wait_for_selector("body[data-view=models]")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.full
def test_colours_are_chosen_and_kept(visit: Open) -> None:
    page = visit("light").open()
    button = page.locator("#theme")
    assert button.text_content() == "Auto"
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button.click()
    button.click()
    assert button.text_content() == "Dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    page.wait_for_selector("#lyrics")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


@pytest.mark.full
def test_a_token_is_asked_for_once(visit: Open, studio_with: Callable[..., Studio]) -> None:
    here = visit(studio=studio_with(tokens=("a-token-long-enough-to-be-one",)))
    page = here.open()
    box = page.get_by_label("Access token", exact=True).last
    box.fill("another-one-that-no-one-knows-here")
    page.get_by_role("button", name="Go in").click()
    page.wait_for_selector("text=This token is not known here.")
    assert serious(page) == []
    box.fill("a-token-long-enough-to-be-one")
    page.get_by_role("button", name="Go in").click()
    page.wait_for_function("() => document.getElementById('plan-verdict')?.textContent")
    page.reload()
    page.wait_for_function("() => document.querySelector('.preset')")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("Object.keys(localStorage).every(key => !localStorage[key].includes('a-token'))")


@pytest.mark.full
def test_the_demo_opens_with_a_song(visit: Open, studio_with: Callable[..., Studio]) -> None:
    page = visit(studio=studio_with(demo=True)).open()
    page.wait_for_function("() => document.getElementById('lyrics')?.value.includes('[chorus]')")


def evaluate(page: Any, module: str, expression: str, argument: Any = None) -> Any:
    """An expression over a module `m` of the page."""
    code = f"async x => {{ const m = await import('/page/js/{module}'); return ({expression}); }}"
    return page.evaluate(code, argument)


ROWS = [["[verse]", False], ["one", True], ["two", False], ["", False], ["three", True]]


@pytest.mark.full
def test_locks_follow_their_lines(visit: Open) -> None:
    page = visit().open()
    cases = {
        "[verse]\none\ntwo\n\nthree": [1, 4],  # nothing changed
        "[verse]\none more\ntwo\n\nthree": [1, 4],  # typed within a line
        "[verse]\nzero\none\ntwo\n\nthree": [2, 5],  # a line before
        "[verse]\none\ntwo\nhalf\n\nthree": [1, 5],
        "[verse]\ntwo\n\nthree": [3],  # its line is gone
        "three": [0],
        "all\nnew": [],
    }
    for text, locked in cases.items():
        rows = [{"text": each, "locked": lock} for each, lock in ROWS]
        found = evaluate(page, "doc.js", "m.retext(x.rows, x.text)", {"rows": rows, "text": text})
        assert "\n".join(row["text"] for row in found) == text
        assert [i for i, row in enumerate(found) if row["locked"]] == locked, text


@pytest.mark.full
def test_sections_are_read_off_the_text(visit: Open) -> None:
    page = visit().open()
    cases = {
        "one\ntwo\n\nthree": [["verse", 2], ["verse", 1]],
        "[Verse 1]\none\n\n[Pre-Chorus]\ntwo\n[CHORUS]\nthree": [["verse", 1], ["prechorus", 1], ["chorus", 1]],
        "[verse]\n\none": [["verse", 1]],
        "Chorus:\none\n...": [["chorus", 2]],
        "[solo]\none": [["verse", 1]],
        "[verse]\n[chorus]": [],
        "": [],
    }
    for text, sections in cases.items():
        found = evaluate(page, "doc.js", "m.sectionsOf(m.rowsOf(x)).map(s => [s.name, s.rows.length])", text)
        assert found == sections, text
    draft = {"title": "T", "sections": [{"name": "chorus", "lines": [{"text": "one", "locked": True}, {"text": ""}]}]}
    there = evaluate(page, "doc.js", "m.draftOf(m.docOf(x))", draft)
    assert there["sections"] == [
        {"name": "chorus", "lines": [{"text": "one", "locked": True}, {"text": "", "locked": False}]}
    ]
