"""The tune view in a browser: a file of music in; phrases, words, score, sound and files out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from studioserver import Studio
from watching import Visit, headless, visiting  # noqa: F401 (fixtures)

from lyricist.apps.studio.app import DEMO
from lyricist.melody.read import read_tune

pytestmark = pytest.mark.full

Open = Callable[..., Visit]
ABC = DEMO / "row-me-home.abc"
HOSTILE = "<img src=x onerror=alert(1)>"
LINES = [line for line in (DEMO / "row-me-home.txt").read_text("utf-8").splitlines() if line and line[0] != "["]
SHORT = """X:1
T:Two Notes
M:4/4
L:1/4
K:C
C2 G2 | C4 |]
"""


def with_tune(visited: Visit, path: Path = ABC) -> Any:
    page = visited.go("tune")
    page.locator(".filedrop input").set_input_files(path)
    page.locator(".phrase").first.wait_for()
    page.locator(".score-paper:not([hidden])").wait_for()
    return page


def give_draft(page: Any, lines: list[str], title: str = "") -> None:
    """Put lines into the shared draft as the editor does."""
    page.evaluate(
        """async ({ lines, title }) => {
          const { app } = await import(new URL("page/js/app.js", document.baseURI));
          const draft = { title, sections: [{ name: "verse", lines: lines.map((text) => ({ text, locked: false })) }] };
          app.set("draft", draft, "test");
        }""",
        {"lines": lines, "title": title},
    )


def module(page: Any, name: str, body: str, given: Any = None) -> Any:
    """What a function makes of a module of the page."""
    address = f'await import(new URL("page/js/{name}", document.baseURI))'
    return page.evaluate(f"async (given) => {{ const module = {address}; {body} }}", given)


def test_a_tune_becomes_phrases_of_slots(visit: Open, studio_server: Studio) -> None:
    page = with_tune(visit(studio_server))
    assert page.locator("h1").inner_text() == "Row Me Home"
    assert page.locator(".facts li").all_text_contents()[-2:] == ["8 phrases", "56 notes to sing"]
    slots = [row.locator(".slot").count() for row in page.locator(".phrase").all()]
    assert slots == [8, 6, 8, 6, 8, 6, 8, 6]
    first = page.locator(".phrase").first
    strong = [each.get_attribute("class") for each in first.locator(".slot").all()]
    assert strong == ["slot", "slot strong"] * 4
    assert first.locator(".syllable").all_text_contents() == [
        "The",
        "har",
        "bour",
        "lights",
        "are",
        "com",
        "ing",
        "on,",
    ]
    assert "D4 G4 A4" in first.locator("svg").get_attribute("aria-label")
    page.get_by_text("The notes as a table").click()
    page.locator(".phrases-panel tbody tr").nth(55).wait_for()
    assert page.locator(".phrases-panel tbody tr").count() == 56


def test_words_are_written_to_it_and_stand_in_the_editor(visit: Open, studio_server: Studio, tmp_path: Path) -> None:
    visited = visit(studio_server)
    page = with_tune(visited)
    own = page.locator(".syllable").all_text_contents()
    page.get_by_role("button", name="Write words to this tune").click()
    page.get_by_text("Words are written").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator(".syllable").all_text_contents() != own
    assert page.locator(".misfit").count() == 0
    assert [row.locator(".syllable").count() for row in page.locator(".phrase").all()] == [8, 6] * 4
    assert page.locator(".score-page").evaluate("(image) => image.complete && image.naturalWidth > 0")
    visited.shot("tune-written")
    files = {kind: download(page, kind, tmp_path) for kind in ("musicxml", "mid", "lrc", "svg", "cho", "txt")}
    words = files["txt"].read_text("utf-8").split()
    for kind in ("musicxml", "mid"):
        tune = read_tune(files[kind])
        assert sum(len(phrase.slots) for phrase in tune.phrases) == 56
        assert sum(bool(slot.lyrics) for phrase in tune.phrases for slot in phrase.slots) == 56
    assert len(re.findall(r"^\[\d\d:\d\d\.\d\d\]", files["lrc"].read_text("utf-8"), re.M)) >= 8
    assert ET.fromstring(files["svg"].read_bytes()).tag.endswith("svg")
    assert "[G]" in files["cho"].read_text("utf-8")
    page.goto(f"{studio_server.url}/#write")
    lyrics = page.locator("#lyrics")
    lyrics.wait_for()
    assert lyrics.input_value().split()[-3:] == words[-3:]


def download(page: Any, kind: str, folder: Path) -> Path:
    with page.expect_download() as waited:
        page.locator(f"[data-format={kind}]").click()
    path = folder / f"song.{kind}"
    assert waited.value.suggested_filename.endswith(f".{kind}")
    waited.value.save_as(path)
    return path


def test_locked_lines_stay(visit: Open, studio_server: Studio) -> None:
    page = with_tune(visit(studio_server))
    page.evaluate(
        """async (lines) => {
          const { app } = await import(new URL("page/js/app.js", document.baseURI));
          const kept = lines.map((text, i) => ({ text, locked: i === 1 }));
          app.set("draft", { title: "Kept", sections: [{ name: "verse", lines: kept }] }, "test");
        }""",
        LINES[:8],
    )
    page.get_by_role("button", name="Write words to this tune").click()
    page.get_by_text("Words are written").wait_for()
    page.locator(".phrase").nth(7).locator(".syllable").first.wait_for()
    assert page.locator(".phrase").nth(1).locator(".syllable").all_text_contents() == LINES[1].split()
    page.get_by_role("button", name="Put the old words back").click()
    page.get_by_text("The old words are back").wait_for()
    page.locator(".phrase").first.get_by_text("har", exact=True).wait_for()


def test_writing_is_stopped_and_the_words_stay(visit: Open, studio_server: Studio) -> None:
    page = with_tune(visit(studio_server))
    give_draft(page, LINES[:8], "Stay")
    page.locator(".phrase").first.get_by_text("har", exact=True).wait_for()
    page.get_by_label("Verses").select_option("4")
    held: list[object] = []  # the request waits, so that Stop comes before the answer
    page.route(re.compile(r"/api/(write|fill)$"), lambda route: held.append(route))
    page.get_by_role("button", name="Write words to this tune").click()
    page.get_by_role("button", name="Stop", exact=True).first.click()
    page.get_by_text("Stopped: your words are as they were").wait_for()
    page.get_by_role("button", name="Write words to this tune").wait_for()
    page.locator(".phrase").first.get_by_text("har", exact=True).wait_for()


def test_a_line_that_does_not_fit_is_said_and_the_score_goes_on(visit: Open, studio_server: Studio) -> None:
    page = with_tune(visit(studio_server))
    give_draft(page, ["The harbour lights are coming slowly on", *LINES[1:7]], "Not Yet")
    page.get_by_text("10 syllables for 8 notes").wait_for()
    page.get_by_text("Your draft has 7 lines and the tune 8 phrases").wait_for()
    page.locator(".score-paper:not([hidden])").wait_for()


def test_play_lights_the_words(visit: Open, studio_server: Studio) -> None:
    visited = visit(studio_server)
    page = with_tune(visited)
    page.keyboard.press("Space")
    page.locator(".phrase.playing .syllable.now").first.wait_for()
    page.locator(".stage .sung").first.wait_for()
    assert page.locator(".stage").inner_text() == LINES[0]
    visited.shot("tune-playing")
    page.get_by_role("button", name="Play from phrase 6").click()
    page.locator(".phrase:nth-child(6).playing .slot.now").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    assert page.locator(".now").count() == 0
    tempo = page.get_by_label("Tempo")
    tempo.focus()
    tempo.press("End")
    assert tempo.get_attribute("aria-valuetext") == "147 quarters a minute"


PLAY = """
  let now = 100, tick = null;
  const struck = [], times = [], states = [];
  const voice = { now: () => now, resume: async () => {}, play: (...note) => struck.push(note), silence: () => struck.push("silence"), close() {} };
  const parts = { voice, clock: () => now, every: (fn) => { tick = fn; return () => { tick = null; }; } };
  const player = new module.Player({ onTime: (time) => times.push(time), onState: (on) => states.push(on) }, parts);
  const near = (value) => Math.round(value * 1000) / 1000;
  const run = (seconds) => { for (let i = 0; i < 10; i++) { now += seconds / 10; tick?.(); } };
  player.load([0, 1, 2, 3].map((at) => ({ at, seconds: 1, pitch: 60 + at })), 4);
"""


def test_the_player_keeps_time_by_the_clock_it_is_given(visit: Open, studio_server: Studio) -> None:
    page = visit(studio_server).go("tune")
    body = """
      await player.play(0); run(4.2);
      return { notes: struck.filter(Array.isArray).map((note) => note.map(near)), states, last: times.at(-1) };
    """
    told = module(page, "player.js", PLAY + body)
    assert told["notes"] == [[60, 100.06, 1], [61, 101.06, 1], [62, 102.06, 1], [63, 103.06, 1]]
    assert told["states"] == [True, False] and told["last"] == 0


def test_twice_the_tempo_is_half_the_time(visit: Open, studio_server: Studio) -> None:
    page = visit(studio_server).go("tune")
    body = """
      player.rate = 2; await player.play(2); run(0.5);
      const halfway = player.time;
      player.rate = 1; run(0.5);
      return { halfway: near(halfway), then: near(player.time), notes: struck.filter(Array.isArray).map(([pitch]) => pitch) };
    """
    told = module(page, "player.js", PLAY + body)
    assert told["halfway"] == pytest.approx(2.88)  # it begins 0.06 s late, so that the first note is in time
    assert told["then"] == pytest.approx(3.38)
    assert told["notes"][0] == 62 and 61 not in told["notes"]


def test_seeking_silences_what_was_to_come(visit: Open, studio_server: Studio) -> None:
    page = visit(studio_server).go("tune")
    body = """
      await player.play(0); run(0.3); struck.length = 0;
      player.seek(3); run(0.2); player.pause();
      return { struck: struck.map((each) => each[0]), paused: near(player.time), playing: player.playing };
    """
    told = module(page, "player.js", PLAY + body)
    assert told["struck"] == ["s", 63, "s"]  # silence, the note sought, silence
    assert told["paused"] == pytest.approx(3.2) and not told["playing"]


@pytest.mark.parametrize("verses", [1, 3])
def test_notes_sound_when_the_file_says(visit: Open, studio_server: Studio, tmp_path: Path, verses: int) -> None:
    """Also where the tempo changes and a syllable is sung on two notes."""
    path = tmp_path / "slower.abc"
    path.write_text(
        "X:1\nT:Slower\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nC D (EF) | [Q:1/4=60] G2 A2 |]\nw: One two three _ four five\n"
    )
    page = visit(studio_server).go("tune")
    with path.open("rb") as file:
        tune = studio_server.client.post("/api/tunes", files={"file": (path.name, file)}).json()
    told = module(
        page, "underlay.js", "return module.timeline(given.tune, given.verses);", {"tune": tune, "verses": verses}
    )
    assert [round(sound["at"], 3) for sound in told["sounds"][:6]] == [0, 0.5, 1, 1.5, 2, 4]
    assert [round(sound["seconds"], 3) for sound in told["sounds"][:6]] == [0.5, 0.5, 0.5, 0.5, 2, 2]
    assert [(cue["verse"], cue["slot"]) for cue in told["cues"]] == [(v, s) for v in range(verses) for s in range(5)]
    assert told["end"] == pytest.approx(6 * verses)
    assert [cue["at"] for cue in told["cues"]] == sorted(cue["at"] for cue in told["cues"])


@pytest.mark.parametrize(
    ("lengths", "needs", "width"),
    [([1, 1, 2], [5, 5, 5], 100), ([1, 1, 1], [60, 5, 5], 100), ([1, 2], [70, 70], 100), ([0.25, 4], [30, 10], 300)],
)
def test_notes_are_as_long_as_they_are_unless_their_words_need_more(
    visit: Open, studio_server: Studio, lengths: list[float], needs: list[float], width: float
) -> None:
    page = visit(studio_server).go("tune")
    got = module(
        page,
        "measure.js",
        "return module.spread(given.lengths, given.needs, given.width);",
        locals_of(lengths, needs, width),
    )
    assert sum(got) == pytest.approx(max(width, sum(needs)))
    assert all(a >= b - 1e-9 for a, b in zip(got, needs, strict=True))
    free = [g / n for g, n, need in zip(got, lengths, needs, strict=True) if g > need + 1e-9]
    assert free == pytest.approx([free[0]] * len(free)) if free else True


def locals_of(lengths: list[float], needs: list[float], width: float) -> dict[str, Any]:
    return {"lengths": lengths, "needs": needs, "width": width}


def test_names_and_titles_stay_text(visit: Open, studio_server: Studio, tmp_path: Path) -> None:
    path = tmp_path / f"{HOSTILE}.abc"
    path.write_text(SHORT.replace("Two Notes", f"{HOSTILE}<script>alert(2)</script>"), "utf-8")
    visited = visit(studio_server)
    page = with_tune(visited, path)
    assert HOSTILE in page.locator("h1").inner_text()
    give_draft(page, [f"{HOSTILE} one two"], HOSTILE)
    page.locator(".misfit, .syllable").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator("img:not(.score-page), main script").count() == 0


def test_it_is_read_in_other_phrases_and_opened_again(visit: Open, studio_with: Callable[..., Studio]) -> None:
    page = with_tune(visit(studio_with()))
    page.get_by_text("Another part, other phrases").click()
    page.get_by_label("Syllables of the phrases").fill("14")
    page.get_by_role("button", name="Read it so").click()
    page.locator(".phrase").nth(4).wait_for(state="detached")
    page.locator(".phrase").nth(3).locator(".slot").nth(13).wait_for()
    assert [row.locator(".slot").count() for row in page.locator(".phrase").all()] == [14] * 4
    page.reload()
    page.locator(".phrase").nth(3).wait_for()
    assert page.locator(".phrase").count() == 4


def test_a_tune_from_before_is_opened_or_forgotten(visit: Open, studio_with: Callable[..., Studio]) -> None:
    studio = studio_with()
    for _ in range(2):
        studio.client.post("/api/tunes", files={"file": (f"{HOSTILE}.abc", SHORT)})
    page = visit(studio).go("tune")
    page.get_by_role("button", name="Forget Two Notes").first.click()
    page.locator(".tune-list li").nth(1).wait_for(state="detached")
    page.get_by_role("button", name="Two Notes", exact=True).click()
    page.locator(".phrase").first.wait_for()
    assert page.locator(".slot").count() == 3


@pytest.mark.parametrize(
    ("name", "text"), [("words.abc", "no notes here"), ("tune.mid", "MThd"), (f"{HOSTILE}.pdf", "x")]
)
def test_what_is_no_tune_is_said_in_a_line(
    visit: Open, studio_server: Studio, tmp_path: Path, name: str, text: str
) -> None:
    visited = visit(studio_server)
    visited.refusals = True
    page = visited.go("tune")
    (tmp_path / name).write_text(text)
    page.locator(".filedrop input").set_input_files(tmp_path / name)
    page.locator("#message[data-kind=error]").wait_for()
    assert name.split(".")[-1] in page.locator("#message-text").inner_text()
    assert page.locator(".phrase").count() == 0


def test_a_long_score_is_turned_page_by_page(visit: Open, studio_server: Studio, tmp_path: Path) -> None:
    path = tmp_path / "long.abc"
    bars = "\n".join("C D E F | G A B c | c B A G | F E D C |" for _ in range(60))
    path.write_text(f"X:1\nT:Long\nM:4/4\nL:1/4\nK:C\n{bars}\n")
    page = with_tune(visit(studio_server), path)
    where = page.locator(".pager span")
    pages = int(where.text_content().split()[-1])
    assert pages > 1 and page.get_by_role("button", name="Previous page").is_disabled()
    first = page.locator(".score-page").get_attribute("src")
    page.get_by_role("button", name="Next page").click()
    page.get_by_text(f"Page 2 of {pages}").wait_for()
    assert page.locator(".score-page").get_attribute("src") != first
    taken: list[str] = []
    page.on("download", lambda each: taken.append(each.suggested_filename))
    with page.expect_download(lambda each: each.suggested_filename == f"Long-{pages}.svg"):
        page.locator("[data-format=svg]").click()
    assert len(taken) == pages
    page.get_by_role("button", name="Enlarge").click()
    page.locator("dialog.score-large img").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog.score-large").wait_for(state="detached")


def test_what_is_printed_is_the_score_and_the_words(visit: Open, studio_server: Studio) -> None:
    page = with_tune(visit(studio_server))
    give_draft(page, LINES[:8], "On Paper")
    page.evaluate("() => { window.print = () => { document.title = 'printed'; }; }")
    page.get_by_role("button", name="Print").click()
    page.locator("body.prints-sheet").wait_for(state="attached")
    page.emulate_media(media="print")
    page.locator(".print-sheet").get_by_text(LINES[7]).wait_for()
    assert page.locator(".print-page").first.evaluate("(image) => image.naturalWidth > 0")
    assert not page.locator(".transport").is_visible() and not page.locator(".masthead").is_visible()
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator(".print-sheet").count() == 0
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")  # as the browser's own command does
    page.locator(".print-sheet").get_by_text(LINES[7]).wait_for()


def test_the_demo_opens_with_a_song_and_a_tune(visit: Open, studio_with: Callable[..., Studio]) -> None:
    visited = visit(studio_with(demo=True))
    page = visited.go("write")
    page.goto(f"{visited.studio.url}/#tune")
    page.locator(".phrase:nth-child(8)").wait_for()
    page.locator(".verse-number").first.wait_for()
    rows = page.locator(".phrase").first.locator(".under")
    assert [row.locator(".syllable").first.text_content() for row in rows.all()] == ["The", "The"]
    assert page.locator(".section-name").all_text_contents() == ["verse", "chorus"]
    assert page.locator(".misfit").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_anyone_can_use_it(visit: Open, studio_server: Studio, theme: str, width: int) -> None:
    visited = visit(studio_server, width=width, theme=theme)
    visited.go("tune")
    assert visited.serious() == []
    page = with_tune(visited)
    visited.shot(f"tune-{theme}-{width}")
    assert visited.serious() == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
