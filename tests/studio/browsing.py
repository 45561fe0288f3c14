"""A real browser on a real studio: what it shows, and what it must never do (console errors, other hosts)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from studioserver import Studio

CHROMIUM = os.environ.get("LYRICIST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
SHOTS = Path(os.environ.get("LYRICIST_SHOTS") or "build/screenshots")  # kept, for people to look at
WIDE, MIDDLE, NARROW = (1440, 900), (1024, 768), (390, 844)


class Visit:
    """One window of its own on a studio. Leaving it asserts that nothing went wrong in it."""

    def __init__(self, browser: Any, studio: Studio, scheme: str, size: tuple[int, int], shots: Path) -> None:
        self.studio, self.shots = studio, shots
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
            accept_downloads=True,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def heard(self, message: Any) -> None:
        refused = "Failed to load resource" in message.text  # the browser's own note of a 4xx that the page expects
        if message.type == "error" and not refused:
            self.errors.append(message.text)

    def open(self, view: str = "") -> Any:
        self.page.goto(f"{self.studio.url}/{'#' + view if view else ''}")
        return self.page

    def shot(self, name: str) -> None:
        self.page.screenshot(path=self.shots / f"{name}.png")

    def close(self) -> None:
        self.context.close()
        assert not self.errors, self.errors
        assert {host for host in self.hosts if host} <= {urlsplit(self.studio.url).netloc}, self.hosts


@contextmanager
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium is installed (LYRICIST_CHROMIUM names one)")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, headless; skipped where there is none."""
    with chromium() as made:
        yield made


@pytest.fixture
def visit(browser: Any, studio_server: Studio) -> Iterator[Callable[..., Visit]]:
    """Opens a window: `visit("dark", NARROW, studio=another)`. Screenshots go to SHOTS."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:

        def start(scheme: str = "light", size: tuple[int, int] = WIDE, studio: Studio | None = None) -> Visit:
            made = Visit(browser, studio or studio_server, scheme, size, SHOTS)
            stack.callback(made.close)
            return made

        yield start


def serious(page: Any) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node.get('failureSummary', '')}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
