"""The writing desk in a real browser on a real studio with the starter: every flow of one who writes a song."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from browsing import MIDDLE, NARROW, WIDE, Visit, serious

pytestmark = pytest.mark.full

LYRICS = """[verse]
The river ran below the town
And left us all alone
We saw the water going down
And carried every stone

[chorus]
Oh take me home before the rain
I never want to leave again"""

Open = Callable[..., Visit]


def desk(visit: Visit) -> Any:
    page = visit.open()
    page.wait_for_selector("#lyrics")
    page.wait_for_function("() => document.getElementById('plan-verdict').textContent")
    return page


def paste(page: Any, text: str) -> None:
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.focus("#lyrics")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("ControlOrMeta+v")
    read(page, text)


def read(page: Any, text: str) -> None:
    """Wait until the text stands there and every line of it has been read aloud."""
    page.wait_for_function("text => document.getElementById('lyrics').value === text", arg=text)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.sheet-row[data-kind=line]')].every(r => r.querySelector('.count').textContent)"
    )


def lines(page: Any) -> list[str]:
    return [line for line in page.input_value("#lyrics").split("\n") if line and not line.startswith("[")]


def column(page: Any, name: str) -> list[str]:
    """What stands beside every line: its "count", its rhyme "letter"; "" for none."""
    shown = {"count": r"^[0-9/]+", "letter": "[A-Z]$"}[name]
    texts = page.eval_on_selector_all(f".sheet-row[data-kind=line] .{name}", "spots => spots.map(s => s.textContent)")
    return [found[0] if (found := re.search(shown, text)) else "" for text in texts]


def caret(page: Any, row: int, word: str) -> None:
    """Put the caret into a word of a row, both counted from the text's beginning."""
    text = page.input_value("#lyrics").split("\n")
    place = sum(len(line) + 1 for line in text[:row]) + text[row].index(word) + 1
    page.focus("#lyrics")
    page.evaluate("at => document.getElementById('lyrics').setSelectionRange(at, at)", place)
    page.wait_for_function("row => document.querySelectorAll('.sheet-row')[row].classList.contains('here')", arg=row)


def said(page: Any, beginning: str) -> None:
    page.wait_for_function(
        "text => document.getElementById('message-text').textContent.startsWith(text)", arg=beginning
    )


def wish(page: Any, **fields: str) -> None:
    """Fill the plan's fields by their labels, and wait for the verdict."""
    for label, value in fields.items():
        with page.expect_response(lambda answer: answer.url.endswith("/api/plan")):
            page.locator(".plan").get_by_label(label.replace("_", " "), exact=True).fill(value)


def write(page: Any) -> None:
    page.get_by_role("button", name="Write", exact=True).click()
    said(page, "Written")


def test_writes_a_song_to_the_plan(visit: Open) -> None:
    here = visit()
    page = desk(here)
    wish(page, Form="verse chorus", Syllables="8,6", Rhyme_scheme="ABAB")
    assert page.text_content("#plan-verdict") == "This plan can be fulfilled."
    write(page)
    text = page.input_value("#lyrics")
    read(page, text)
    assert re.findall(r"^\[.*\]$", text, re.M) == ["[verse]", "[chorus]"]
    assert column(page, "count") == ["8", "6", "8", "6"] * 2
    letters = column(page, "letter")  # A and B may sound alike
    assert all(letters) and letters[::4] == letters[2::4] and letters[1::4] == letters[3::4]
    assert page.locator(".note p").count() == 0
    assert page.input_value("[aria-label=Title]")
    here.shot("write")


def test_pasted_lyrics_are_read_aloud(visit: Open) -> None:
    here = visit()
    page = desk(here)
    paste(page, LYRICS)
    assert column(page, "count") == ["8", "6", "8", "6", "8", "8"]
    assert column(page, "letter") == ["A", "B", "A", "B", "A", "A"]
    assert page.locator(".v").count() == 44
    strong = page.eval_on_selector_all(
        ".sheet-row:nth-child(2) .v", "spots => spots.map(s => s.dataset.s === 'strong' ? '/' : 'x').join('')"
    )
    assert strong == "x/x/x/x/"
    runs = page.eval_on_selector_all(
        ".words", "boxes => boxes.map(b => b.firstChild.data)"
    )  # set as the text area is
    assert [run.replace("\u200b", "") for run in runs] == LYRICS.split("\n")


def test_departures_from_the_plan_stand_where_they_are(visit: Open) -> None:
    here = visit()
    page = desk(here)
    paste(page, LYRICS)
    wish(page, Syllables="8,6")
    page.wait_for_selector(".note p")
    assert page.locator(".note p").all_text_contents() == ["8 syllables, 6 asked for"]
    assert column(page, "count")[-1] == "8/6"
    page.locator("details.more > summary").click()
    wish(page, Words_to_avoid="river")
    page.wait_for_function("() => document.querySelectorAll('.note p').length === 2")
    assert "to be avoided" in page.locator(".note p").first.text_content()
    assert page.locator(".w.bad").first.get_attribute("data-text") == "river"
    here.shot("departures")


def test_again_keeps_what_is_locked(visit: Open) -> None:
    page = desk(visit())
    paste(page, LYRICS)
    before = lines(page)
    caret(page, 1, "river")
    page.keyboard.press("Alt+l")
    page.get_by_role("button", name="Lock line 4").click()
    assert page.locator(".lock[aria-pressed=true]").count() == 2
    page.get_by_role("button", name="Again", exact=True).click()
    said(page, "Rewritten")
    after = lines(page)
    assert [after[0], after[3]] == [before[0], before[3]]
    assert len(after) == len(before) and all(after[i] != before[i] for i in (1, 2, 4, 5))
    read(page, page.input_value("#lyrics"))
    assert column(page, "count") == ["8", "6", "8", "6", "8", "8"]
    assert page.locator(".lock[aria-pressed=true]").count() == 2
    page.keyboard.press("ControlOrMeta+z")
    assert lines(page) == before


def test_a_suggestion_is_taken_with_tab(visit: Open) -> None:
    here = visit()
    page = desk(here)
    wish(page, Syllables="8")
    paste(page, "[verse]\nThe river ran below the town\n")
    page.keyboard.press("ControlOrMeta+End")
    ghost = page.wait_for_selector(".ghost").text_content()
    here.shot("suggestion")
    page.keyboard.press("Tab")
    assert lines(page) == ["The river ran below the town", ghost]
    read(page, page.input_value("#lyrics"))
    assert column(page, "count") == ["8", "8"]
    assert page.evaluate("document.activeElement.id") == "lyrics"


def test_alternatives_of_a_line_are_walked(visit: Open) -> None:
    here = visit()
    page = desk(here)
    wish(page, Syllables="8,6")
    paste(page, LYRICS.split("\n\n")[0])
    caret(page, 2, "left")
    seen = {lines(page)[1]}
    for _ in range(3):
        before = page.input_value("#lyrics")
        page.keyboard.press("Alt+ArrowDown")
        page.wait_for_function("text => document.getElementById('lyrics').value !== text", arg=before)
        seen.add(lines(page)[1])
    assert len(seen) == 4
    page.get_by_role("tab", name="Lines").click()
    assert page.locator(".line-choice[aria-pressed=true]").text_content() == lines(page)[1]
    read(page, page.input_value("#lyrics"))
    assert column(page, "count") == ["8", "6", "8", "6"]
    here.shot("lines")
    page.focus("#lyrics")
    page.keyboard.press("ControlOrMeta+z")
    assert page.input_value("#lyrics") == LYRICS.split("\n\n")[0]


def test_another_word_in_its_place(visit: Open) -> None:
    page = desk(visit())
    paste(page, LYRICS.split("\n\n")[0])
    caret(page, 1, "river")
    page.keyboard.press("Alt+o")
    choice = page.wait_for_selector(".word-choice")
    word = choice.text_content()
    choice.click()
    assert lines(page)[0] == f"The {word} ran below the town"
    page.focus("#lyrics")
    page.keyboard.press("ControlOrMeta+z")
    assert lines(page)[0] == "The river ran below the town"


def test_rhymes_of_the_word_at_the_caret(visit: Open) -> None:
    here = visit()
    page = desk(here)
    paste(page, LYRICS.split("\n\n")[0])
    caret(page, 1, "town")
    page.get_by_role("tab", name="Rhymes").click()
    page.locator(".word-choice", has_text=re.compile("^down$")).click()
    assert lines(page)[0] == "The river ran below the down"
    here.shot("rhymes")
    page.get_by_label("Rhymes with", exact=True).fill("orange")
    page.wait_for_selector("text=No perfect rhyme")


def test_why_this_word(visit: Open) -> None:
    here = visit()
    page = desk(here)
    wish(page, Syllables="8,6", Rhyme_scheme="ABAB")
    paste(page, LYRICS.split("\n\n")[0])
    caret(page, 3, "water")
    page.keyboard.press("Alt+y")
    page.wait_for_selector(".side .candidate")
    assert page.locator(".side .candidate[aria-current] .candidate-word").text_content() == "water"
    assert page.locator(".side .candidate").count() > 1
    here.shot("why")
    box = page.locator(".sheet-row:nth-child(2) .w").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".why-card .candidate")
    assert page.text_content(".why-word") == "river"


def test_an_infeasible_plan_says_what_blocks_it(visit: Open) -> None:
    here = visit()
    page = desk(here)
    paste(page, LYRICS)
    page.locator("details.more > summary").click()
    wish(page, Form="verse", Rhyme_scheme="AABB", A_rhymes_with="orange")
    page.wait_for_selector("#plan-verdict[data-kind=blocked]")
    assert "orange" in page.text_content("#plan-verdict")
    here.shot("blocked")
    page.get_by_role("button", name="Write", exact=True).click()
    page.wait_for_selector("#message[data-kind=error]")
    assert "orange" in page.text_content("#message-text")
    assert page.input_value("#lyrics") == LYRICS
    wish(page, Syllables="8,x")
    page.wait_for_selector("input[aria-invalid=true]")
    assert "'x'" in page.text_content(".plan .field > .wrong:not([hidden])")


def test_a_plan_like_this_song(visit: Open) -> None:
    page = desk(visit())
    paste(page, LYRICS)
    with page.expect_response(lambda answer: answer.url.endswith("/api/plan")):
        page.get_by_role("button", name="Like this song").click()
    page.wait_for_selector(".plan-sections:not([hidden])")
    page.wait_for_function("() => document.querySelectorAll('.pattern-lines .count').length === 6")
    assert page.locator(".pattern-lines .count").all_text_contents() == ["8", "6", "8", "6", "8", "8"]
    assert page.locator(".note p").count() == 0
    write(page)
    read(page, page.input_value("#lyrics"))
    assert column(page, "count") == ["8", "6", "8", "6", "8", "8"]


@pytest.mark.parametrize("preset", ["Hymn", "Ballad", "Pop song", "Blues", "Villanelle", "Limerick", "Rap"])
def test_every_preset_can_be_fulfilled(visit: Open, preset: str) -> None:
    page = desk(visit())
    with page.expect_response(lambda answer: answer.url.endswith("/api/plan")):
        page.get_by_role("button", name=preset, exact=True).click()
    page.wait_for_selector(".pattern-name")
    page.locator("#plan-verdict", has_text="fulfilled").wait_for()
    assert page.text_content("#plan-verdict") == "This plan can be fulfilled."


def test_undo_and_redo_over_everything(visit: Open) -> None:
    page = desk(visit())
    paste(page, LYRICS)
    page.fill("[aria-label=Title]", "Below the Town")
    page.focus("#lyrics")
    page.keyboard.press("Alt+l")  # the caret is in the last line
    page.locator("button", has_text="Drafts").focus()
    page.keyboard.press("ControlOrMeta+z")
    assert page.locator(".lock[aria-pressed=true]").count() == 0
    page.keyboard.press("ControlOrMeta+z")
    assert page.input_value("[aria-label=Title]") == ""
    write(page)
    written = page.input_value("#lyrics")
    page.keyboard.press("ControlOrMeta+z")
    assert page.input_value("#lyrics") == LYRICS
    page.keyboard.press("ControlOrMeta+Shift+z")
    assert page.input_value("#lyrics") == written


def test_undo_brings_a_plan_back(visit: Open) -> None:
    page = desk(visit())
    wish(page, Syllables="7", About="river")
    with page.expect_response(lambda answer: answer.url.endswith("/api/plan")):
        page.get_by_role("button", name="Hymn", exact=True).click()
    assert page.locator(".plan").get_by_label("Syllables", exact=True).input_value() == "8,6"
    page.get_by_role("button", name="Undo").click()
    assert page.locator(".plan").get_by_label("Syllables", exact=True).input_value() == "7"
    assert page.get_by_label("About", exact=True).input_value() == "river"
    page.get_by_role("button", name="Redo").click()
    assert page.locator(".plan").get_by_label("Syllables", exact=True).input_value() == "8,6"
    assert page.get_by_label("About", exact=True).input_value() == ""


def test_stop_leaves_a_text_one_can_write_on(visit: Open) -> None:
    page = desk(visit())
    wish(page, Form="verse verse verse verse verse verse verse verse", Lines="8", Syllables="8")
    page.get_by_role("button", name="Write", exact=True).click()
    page.wait_for_function("() => document.getElementById('lyrics').value.split('\\n').length > 2")
    page.keyboard.press("Escape")
    said(page, "Stopped")
    page.keyboard.type("river")
    assert "river" in page.input_value("#lyrics")


def test_drafts_survive_a_reload_and_files_a_round_trip(visit: Open) -> None:
    here = visit()
    page = desk(here)
    paste(page, LYRICS)
    page.fill("[aria-label=Title]", "Below the Town")
    page.get_by_role("button", name="Lock line 2").click()
    wish(page, About="river")
    page.wait_for_function("() => (localStorage.getItem('lyricist.drafts') || '').includes('Below the Town')")
    page.wait_for_function(
        '() => Object.values(localStorage).some(text => text.includes(\'"about":"river"\') && text.includes(\'"locked":true\'))'
    )
    page.reload()
    page.wait_for_function("() => document.getElementById('lyrics')?.value")
    assert page.input_value("#lyrics") == LYRICS
    assert page.input_value("[aria-label=Title]") == "Below the Town"
    assert page.get_by_label("About", exact=True).input_value() == "river"
    assert page.locator(".lock[aria-pressed=true]").count() == 1
    page.get_by_role("button", name="Drafts").click()
    here.shot("drafts")
    with page.expect_download() as getting:
        page.get_by_role("button", name="Save as .json").click()
    saved = getting.value.path()
    assert getting.value.suggested_filename == "Below-the-Town.json"
    page.get_by_role("button", name="New song").click()
    assert page.input_value("#lyrics") == ""
    page.locator("input[type=file]").first.set_input_files(
        {"name": "song.json", "mimeType": "application/json", "buffer": saved.read_bytes()}
    )
    page.wait_for_function("() => document.getElementById('lyrics').value")
    assert page.input_value("#lyrics") == LYRICS
    page.get_by_role("button", name="Drafts").click()
    assert page.locator(".draft").count() == 2
    with page.expect_download() as getting:
        page.get_by_role("button", name="Save as .txt").click()
    text = getting.value.path().read_text()
    assert text == f"Below the Town\n\n{LYRICS}\n"
    page.get_by_role("button", name="New song").click()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "song.txt", "mimeType": "text/plain", "buffer": text.encode()}
    )
    said(page, "Opened: song.txt")
    assert page.input_value("#lyrics") == LYRICS
    assert page.input_value("[aria-label=Title]") == "Below the Town"


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        '{"sections": [{"lines": 3}]}',
        '{"rows": [{"text": "river", "locked": "no"}, 7, null], "plan": {"sections": "x", "form": {"a": []}}, "title": 3}',
    ],
)
def test_a_file_that_is_no_draft_does_no_harm(visit: Open, content: str) -> None:
    page = desk(visit())
    page.locator("input[type=file]").first.set_input_files(
        {"name": "draft.json", "mimeType": "application/json", "buffer": content.encode()}
    )
    page.wait_for_function("() => document.getElementById('message-text').textContent.includes('draft.json')")
    paste(page, LYRICS)
    page.wait_for_function("() => (localStorage.getItem('lyricist.drafts') || '').includes('The river ran')")
    page.reload()
    page.wait_for_function("() => document.getElementById('lyrics')?.value")
    assert page.input_value("#lyrics") == LYRICS


def test_text_of_a_file_stays_text(visit: Open) -> None:
    evil = '<img src=x onerror="document.title=1">'
    page = desk(visit())
    page.locator("input[type=file]").first.set_input_files(
        {"name": f"{evil}.txt", "mimeType": "text/plain", "buffer": f"[{evil}]\n{evil}\n</textarea>".encode()}
    )
    said(page, f"Opened: {evil}.txt")
    page.fill("[aria-label=Title]", evil)
    page.get_by_role("button", name="Drafts").click()
    assert page.locator(".draft-name").first.text_content() == evil
    assert page.locator("img").count() == 0
    assert page.title() == "lyricist"


BUSY = {"error": {"code": "busy", "message": "the studio is busy"}}


def test_a_busy_studio_is_asked_again(visit: Open) -> None:
    page = desk(visit())
    turns = []

    def first_refused(route: Any) -> None:
        turns.append(1)
        if len(turns) == 1:
            route.fulfill(status=429, json=BUSY, headers={"Retry-After": "1"})
        else:
            route.continue_()

    page.route("**/api/write", first_refused)
    page.get_by_role("button", name="Write", exact=True).click()
    said(page, "The studio is busy: trying again in 1 s")
    said(page, "Written")
    assert len(turns) == 2


def test_a_lost_connection_is_said_and_the_text_kept(visit: Open) -> None:
    here = visit()
    page = desk(here)
    paste(page, LYRICS)
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_role("button", name="Write", exact=True).click()
    page.wait_for_selector("#message[data-kind=error]")
    assert page.text_content("#message-text") == (
        "The studio does not answer: is it still running? Your text is kept here."
    )
    assert page.input_value("#lyrics") == LYRICS
    page.focus("#lyrics")
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type(" and again")
    assert page.input_value("#lyrics").endswith("leave again and again")
    page.unroute("**/api/**")
    read(page, LYRICS + " and again")


def test_the_keyboard_is_enough(visit: Open) -> None:
    here = visit()
    page = desk(here)
    page.focus("#lyrics")
    page.keyboard.press("F1")
    assert page.get_by_role("dialog", name="Shortcuts").is_visible()
    here.shot("shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("ControlOrMeta+Enter")
    said(page, "Written")
    page.keyboard.press("Alt+r")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Rhymes with"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "lyrics"
    page.keyboard.press("Alt+2")
    page.wait_for_selector("body[data-view=tune]")
    page.keyboard.press("Alt+1")
    page.wait_for_selector("body[data-view=write]")
    page.keyboard.press("ControlOrMeta+o")
    assert page.get_by_role("dialog", name="Drafts").is_visible()


@pytest.mark.parametrize("size", [WIDE, MIDDLE, NARROW], ids=["wide", "middle", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_by_axe(visit: Open, scheme: str, size: tuple[int, int]) -> None:
    here = visit(scheme, size)
    page = desk(here)
    paste(page, LYRICS)
    caret(page, 1, "town")
    page.wait_for_function(
        "() => document.querySelector('.word-now')?.textContent === 'town'" if size != NARROW else "() => 1"
    )
    here.shot(f"desk-{scheme}-{size[0]}")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size == NARROW:
        for name in ("Plan", "Word"):
            page.get_by_role("button", name=name, exact=True).click()
            here.shot(f"{name.lower()}-{scheme}-{size[0]}")
            assert serious(page) == []
            page.keyboard.press("Escape")
