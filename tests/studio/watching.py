"""A real browser on a real studio. Every page is watched: a console error or a request to another host fails its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from browsing import SHOTS, chromium
from studioserver import Studio

REFUSED = "Failed to load resource"  # what Chromium logs of every answer that is an error


class Visit:
    """A page that is open, and what went wrong on it."""

    def __init__(self, page: Any, studio: Studio) -> None:
        self.page, self.studio = page, studio
        self.wrong: list[str] = []
        self.refusals = False  # whether the studio may refuse something
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self.note(message.type, message.text))
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        page.on("request", self.look_at)
        page.on("dialog", self.answer)

    def note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not (self.refusals and text.startswith(REFUSED)):
            self.wrong.append(f"console {kind}: {text}")

    def look_at(self, request: Any) -> None:
        if not request.url.startswith((self.studio.url, "blob:", "data:")):
            self.wrong.append(f"request to {request.url}")

    def answer(self, dialog: Any) -> None:
        """Confirmations are confirmed; an alert can only come of script that should not have run."""
        if dialog.type == "alert":
            self.wrong.append(f"alert: {dialog.message}")
        dialog.accept()

    def go(self, view: str) -> Any:
        """Show a view of the page, such as "tune"."""
        self.page.goto(f"{self.studio.url}/#{view}")
        self.page.locator(f"[data-view={view}]:not(a):not(body)").wait_for()
        return self.page

    def shot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def serious(self) -> list[str]:
        """What axe-core finds serious or critical, with the elements."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {node['html'][:200]}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]


@pytest.fixture(scope="module", name="browser")
def headless() -> Iterator[Any]:
    """Debian's Chromium, headless; skipped where there is none."""
    with chromium() as made:
        yield made


@pytest.fixture(name="visit")
def visiting(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Opens pages: `visit(studio, width=390, theme="dark")`. At the end nothing may have gone wrong on them."""
    with ExitStack() as stack:
        visits: list[Visit] = []

        def open_page(studio: Studio, width: int = 1440, theme: str = "light", **more: Any) -> Visit:
            size = {"width": width, "height": 1000 if width > 600 else 844}
            context = browser.new_context(viewport=size, color_scheme=theme, accept_downloads=True, **more)
            stack.callback(context.close)
            visits.append(Visit(context.new_page(), studio))
            return visits[-1]

        yield open_page
        assert [wrong for each in visits for wrong in each.wrong] == []
