"""The pictures of docs/studio.md, taken of a real `lyricist studio --demo` in a headless Chromium.

    python scripts/studio_pictures.py [--only write-light]

Needs the dev extra and a Chromium (Debian's `chromium`, or `playwright install chromium`). The train view is taken
while a model is trained on the songs that the package brings. Pictures have 256 colours and at most 150 KB.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lyricist.corpus.samples import FOLDER

OUT = Path(__file__).resolve().parent.parent / "docs/img"
MOST_BYTES = 150_000
COLOURS = (256, 128, 64, 32)
DESK, WIDE, PHONE = (1480, 860), (1280, 800), (390, 780)
SONGS = sorted(FOLDER.glob("*.txt"))
SECONDS = 60  # of the training that is shown
CURVE = 2  # further points of it that are waited for


@contextlib.contextmanager
def studio() -> Iterator[str]:
    """The address of a studio with the demo, with its data in a temporary folder."""
    with tempfile.TemporaryDirectory() as data:
        call = [sys.executable, "-m", "lyricist", "studio", "--demo", "--no-browser", "--port", "0", "--data", data]
        process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()
            process.wait(30)


def write_view(page: Any) -> None:
    """The demo's song, its plan, and other lines for the one at the caret."""
    page.locator(".sheet .w").first.wait_for()
    page.locator("#lyrics").click(position={"x": 120, "y": 60})
    page.keyboard.press("Alt+KeyI")
    page.get_by_role("button", name="Find other lines").click()
    page.wait_for_load_state("networkidle")


def phone_view(page: Any) -> None:
    page.locator(".sheet .w").first.wait_for()
    page.wait_for_load_state("networkidle")


def why_view(page: Any) -> None:
    """Why this word?"""
    page.locator(".sheet .w").first.wait_for()
    page.locator("#lyrics").click(position={"x": 120, "y": 60})
    page.keyboard.press("Alt+KeyY")
    page.wait_for_load_state("networkidle")


def tune_view(page: Any) -> None:
    """Phrases, and the score with the words under the notes."""
    page.locator(".roll, .phrase").first.wait_for()
    page.wait_for_load_state("networkidle")


def train_view(page: Any) -> None:
    """A training in progress: the first picture starts it, a later one finds it."""
    page.wait_for_load_state("networkidle")
    if not page.locator(".training").count():
        page.locator(".filedrop input").set_input_files(SONGS)
        page.get_by_label("Name of the model").fill("Parlour songs")
        page.get_by_label("May you use these lyrics?").select_option("public domain")
        shortest = page.locator("input[name=length]").first
        shortest.check()
        shortest.evaluate("(radio, seconds) => { radio.value = String(seconds); }", SECONDS)
        page.get_by_role("button", name="Read these lyrics").click()
        page.get_by_role("button", name="Start training").click()
    page.locator(".curve.held-out circle").nth(CURVE).wait_for(timeout=120_000)
    page.locator(".training").scroll_into_view_if_needed()


def models_view(page: Any) -> None:
    page.locator(".model").first.wait_for()
    page.wait_for_load_state("networkidle")


VIEWS: dict[str, tuple[str, Callable[[Any], None], tuple[int, int]]] = {
    "write": ("write", write_view, DESK),
    "why": ("write", why_view, WIDE),
    "tune": ("tune", tune_view, WIDE),
    "train": ("train", train_view, WIDE),
    "models": ("models", models_view, WIDE),
    "phone": ("write", phone_view, PHONE),
}
LIGHT_ONLY = ("why", "models")
PICTURES = [f"{v}-{t}" for v in VIEWS for t in ("light", "dark") if t == "light" or v not in LIGHT_ONLY]


def picture(browser: Any, address: str, name: str) -> bytes:
    view, theme = name.rsplit("-", 1)
    tab, prepare, (width, height) = VIEWS[view]
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}#write")
    page.locator(".sheet .w").first.wait_for()  # the demo is there
    page.goto(f"{address}#{tab}")
    prepare(page)
    shot: bytes = page.screenshot()
    context.close()
    return shot


def compressed(png: bytes) -> bytes:
    """The picture with as many colours as MOST_BYTES permits."""
    from PIL import Image

    for colours in COLOURS:
        out = io.BytesIO()
        Image.open(io.BytesIO(png)).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(
            out, "PNG", optimize=True
        )
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PICTURES)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with studio() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name in options.only or PICTURES:
            made = compressed(picture(browser, address, name))
            (options.out / f"studio-{name}.png").write_bytes(made)
            print(f"studio-{name}.png: {len(made):,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
