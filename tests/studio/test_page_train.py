"""The train and models views in a browser: songs in, curves and samples live, a new model to write with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from studioserver import Studio, running
from watching import Visit, headless, visiting  # noqa: F401 (fixtures)

from lyricist.apps.studio.studio_settings import Settings
from lyricist.corpus.samples import FOLDER

pytestmark = pytest.mark.full

Open = Callable[..., Visit]
SONGS = sorted(FOLDER.glob("1?-*.txt"))[:6]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One studio for the trainings of this module."""
    with running(Settings(data=tmp_path_factory.mktemp("trained"))) as studio:
        yield studio


def read_songs(page: Any, name: str, seconds: int, files: list[Path] | None = None) -> Any:
    """Choose songs and have them read; the card of the training, which is ready."""
    page.locator(".filedrop input").set_input_files(files or SONGS)
    page.get_by_label("Name of the model").fill(name)
    page.get_by_label("May you use these lyrics?").select_option("own lyrics")
    shortest = page.locator("input[name=length]").first
    shortest.check()
    shortest.evaluate("(radio, seconds) => { radio.value = String(seconds); }", seconds)  # no test waits a minute
    page.get_by_role("button", name="Read these lyrics").click()
    card = page.locator(".training[data-status=ready]", has=page.get_by_role("heading", name=name, exact=True))
    card.wait_for()
    return page.locator(f"[data-training='{card.get_attribute('data-training')}']")


def reached(card: Any, status: str) -> None:
    card.locator(f"xpath=self::*[@data-status='{status}']").wait_for(timeout=120_000)


def test_songs_become_a_model_that_writes(visit: Open, trained: Studio) -> None:
    visited = visit(trained)
    page = visited.go("train")
    card = read_songs(page, "Six Songs", 30)
    assert card.locator(".understood-counts").text_content().startswith("6 songs, ")
    assert card.locator(".titles li").count() == 6
    visited.shot("train-ready")
    card.get_by_role("button", name="Start training").click()
    card.locator(".curve.held-out circle").first.wait_for(timeout=120_000)
    visited.shot("train-running")
    reached(card, "done")
    assert card.locator(".curve.train circle").count() >= 2 and card.locator(".curve.held-out circle").count() >= 2
    assert card.locator(".sample p").first.text_content().strip()
    card.get_by_text("The curves as a table").click()
    assert card.locator(".chart tbody tr").count() == card.locator(".curve.held-out circle").count()
    visited.shot("train-done")
    card.get_by_role("button", name="Write with it").click()
    page.locator("#lyrics").wait_for()
    page.goto(f"{trained.url}/#models")
    chosen = page.locator(".model.current", has_text="Six Songs")
    chosen.get_by_text("Writes now").wait_for()
    page.locator(".model-card").get_by_text("own lyrics").wait_for()
    visited.shot("models")
    name = chosen.get_attribute("data-model")
    assert [each["name"] for each in trained.client.get("/api/models").json()["models"] if each["current"]] == [name]
    plan = {"form": "verse", "lines": [2], "syllables": [6], "rhyme": "AA"}
    songs = [data for kind, data in trained.events("/api/write", {"plan": plan, "seed": 1}) if kind == "song"]
    assert len(songs[0]["sections"][0]["lines"]) == 2
    page.locator("[data-model=starter]").get_by_role("button", name="Use").click()
    page.locator("[data-model=starter].current").wait_for()


def test_a_training_is_found_again_stopped_and_gone_on_with(visit: Open, trained: Studio) -> None:
    page = visit(trained).go("train")
    card = read_songs(page, "Interrupted", 120)
    card.get_by_role("button", name="Start training").click()
    card.locator(".curve.held-out circle").first.wait_for(timeout=120_000)
    page.reload()
    reached(card, "running")
    card.locator(".curve.train circle").first.wait_for(timeout=120_000)
    card.get_by_role("button", name="Stop").click()
    reached(card, "stopped")
    card.get_by_role("button", name="Go on").click()
    reached(card, "running")
    assert card.locator(".curve.held-out circle").count() >= 1
    card.get_by_role("button", name="Stop").click()
    reached(card, "stopped")
    card.get_by_role("button", name="Delete").click()
    card.wait_for(state="detached")
    assert "Interrupted" not in {each["name"] for each in trained.client.get("/api/training").json()["trainings"]}


def test_a_studio_that_does_not_answer_is_waited_for(visit: Open, trained: Studio) -> None:
    visited = visit(trained)
    visited.refusals = True
    page = visited.go("train")
    card = read_songs(page, "Cut Off", 60)
    page.route("**/events", lambda route: route.abort())
    card.get_by_role("button", name="Start training").click()
    card.get_by_text("The studio does not answer; trying again").wait_for()
    page.unroute("**/events")
    card.locator(".curve.held-out circle").first.wait_for(timeout=120_000)
    assert not card.locator(".training-message").is_visible()
    card.get_by_role("button", name="Stop").click()
    reached(card, "stopped")
    card.get_by_role("button", name="Delete").click()
    card.wait_for(state="detached")


def test_the_right_to_the_lyrics_must_be_said(visit: Open, trained: Studio) -> None:
    page = visit(trained).go("train")
    page.locator(".filedrop input").set_input_files(SONGS[:2])
    page.get_by_role("button", name="Leave out").first.click()
    assert page.locator(".chosen li").count() == 1
    page.get_by_role("button", name="Read these lyrics").click()
    page.get_by_text("Say whether you may use them").wait_for()
    assert page.locator(".training").count() == trained.client.get("/api/training").json()["trainings"].__len__()


def test_names_and_titles_stay_text(visit: Open, trained: Studio, tmp_path: Path) -> None:
    files = []
    for i, song in enumerate(SONGS[:3]):
        files.append(tmp_path / f"{HOSTILE}{i}.txt")
        files[-1].write_text(f"Title: {HOSTILE}\n\n{song.read_text('utf-8')}", "utf-8")
    page = visit(trained).go("train")
    card = read_songs(page, HOSTILE, 10, files)
    assert card.locator("h2").text_content() == HOSTILE
    assert page.locator("main img, main script").count() == 0
    card.get_by_role("button", name="Delete").click()
    card.wait_for(state="detached")


def test_a_file_without_songs_is_said_in_a_line(visit: Open, trained: Studio, tmp_path: Path) -> None:
    visited = visit(trained)
    visited.refusals = True
    page = visited.go("train")
    (tmp_path / "empty.txt").write_text("\n\n")
    page.locator(".filedrop input").set_input_files(tmp_path / "empty.txt")
    page.get_by_label("May you use these lyrics?").select_option("own lyrics")
    page.get_by_role("button", name="Read these lyrics").click()
    page.locator("#message[data-kind=error]").wait_for()
    assert page.locator(".chosen li").count() == 1


def test_training_that_is_switched_off_is_said(visit: Open, studio_with: Callable[..., Studio]) -> None:
    page = visit(studio_with(training=False)).go("train")
    page.get_by_text("Training is switched off in this studio").wait_for()
    assert not page.locator(".filedrop").is_visible()


CARD = f"""# A card

Trained on **6 songs**, see `docs` and [a page](javascript:alert(1)).
It goes on {HOSTILE}.

## Figures

| what | value |
|---|---:|
| words | 1,234 |

- one
- two
  and more

1. first

```
<script>alert(2)</script>
```
"""


def test_cards_are_rendered_as_text(visit: Open, trained: Studio) -> None:
    page = visit(trained).go("models")
    told = page.evaluate(
        """async (card) => {
          const { markdown } = await import(new URL("page/js/markdown.js", document.baseURI));
          const made = markdown(card, 2);
          const texts = (selector) => [...made.querySelectorAll(selector)].map((each) => each.textContent);
          return { heads: texts("h2, h3"), paragraphs: texts("p"), items: texts("li"), code: texts("code"), cells: texts("th, td"),
            strong: texts("strong"), other: made.querySelectorAll("img, script, a").length };
        }""",
        CARD,
    )
    assert told["heads"] == ["A card", "Figures"]
    assert (
        told["paragraphs"][0]
        == f"Trained on 6 songs, see docs and a page (javascript:alert(1)). It goes on {HOSTILE}."
    )
    assert told["items"] == ["one", "two and more", "first"]
    assert told["cells"] == ["what", "value", "words", "1,234"]
    assert told["code"] == ["docs", "<script>alert(2)</script>"] and told["strong"] == ["6 songs"]
    assert told["other"] == 0


def losses(steps: int, first: float) -> list[dict[str, float]]:
    return [{"step": 100 * i, "loss": first - i / steps} for i in range(steps)]


@pytest.mark.parametrize(
    ("train", "held_out", "dots"),
    [
        (losses(8, 5.0), losses(8, 5.2), 16),
        (losses(1, 5.0), [], 1),
        ([], losses(1, 5.2), 1),
        (losses(400, 5.0), losses(20, 5.0), 21),  # a long line has a dot at its end only
        ([{"step": 1, "loss": None}, {"step": 2, "loss": 4.0}], losses(2, 5.0), 3),
    ],
)
def test_curves_stay_inside_their_axes(visit: Open, trained: Studio, train: Any, held_out: Any, dots: int) -> None:
    page = visit(trained).go("models")
    page.evaluate(
        """async (losses) => {
          const { lossChart } = await import(new URL("page/js/chart.js", document.baseURI));
          const chart = lossChart();
          document.querySelector(".models-body").append(chart.node);
          chart.draw(losses);
        }""",
        {"train": train, "heldOut": held_out},
    )
    page.locator(".curves").wait_for()
    box = page.locator(".curves").evaluate("(svg) => [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height]")
    drawn = page.locator(".curve circle")
    assert drawn.count() == dots
    for dot in drawn.all():
        assert 0 < float(dot.get_attribute("cx")) < box[0] and 0 < float(dot.get_attribute("cy")) < box[1]
    label = page.locator(".curves").get_attribute("aria-label")
    if held_out:
        assert f"held out {held_out[0]['loss']:.2f} to {held_out[-1]['loss']:.2f}" in label


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_anyone_can_use_it(visit: Open, trained: Studio, theme: str, width: int) -> None:
    visited = visit(trained, width=width, theme=theme)
    page = visited.go("train")
    card = read_songs(page, f"{theme} {width}", 10)
    assert visited.serious() == []
    visited.shot(f"train-{theme}-{width}")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    card.get_by_role("button", name="Delete").click()
    card.wait_for(state="detached")
    page.goto(f"{trained.url}/#models")
    page.locator(".model-card .markdown").wait_for()
    assert visited.serious() == []
    visited.shot(f"models-{theme}-{width}")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
