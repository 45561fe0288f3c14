"""The page's files: their weight, and what the content-security policy and good manners forbid in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from studioserver import Studio

import lyricist.apps.studio.app as pages

MOST = 300_000  # bytes of HTML, CSS and JavaScript together
FILES = sorted(path for path in pages.PAGE.rglob("*") if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
MARKUP = [path for path in FILES if path.suffix in (".html", ".svg")]
FORBIDDEN = {
    "eval": r"\beval\s*\(|new Function\b|set(?:Timeout|Interval)\(\s*[\"'`]",
    "markup from text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|srcdoc",
    "another host": r"(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}",
    "a library": r"\bimport\b[^\n]*from\s*[\"'](?!\.{1,2}/)",
}
NAMESPACES = re.compile(r"http://www\.w3\.org/(?:2000/svg|1999/xlink)|http://localhost[:/]")


def named(path: Path) -> str:
    return path.relative_to(pages.PAGE).as_posix()


def test_the_page_weighs_less_than_it_may() -> None:
    assert sum(path.stat().st_size for path in FILES) < MOST


def test_every_file_of_the_page_is_of_a_known_kind() -> None:
    assert {path.suffix for path in FILES} <= set(pages.KINDS)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_scripts_do_without(what: str) -> None:
    found = [
        f"{named(path)}: {match[0]}"
        for path in SCRIPTS
        for match in re.finditer(FORBIDDEN[what], NAMESPACES.sub("", path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("path", MARKUP, ids=named)
def test_markup_holds_no_script_and_no_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:", text)


def test_all_that_the_page_names_is_served(studio_server: Studio) -> None:
    """Modules, styles and pictures that any file of the page asks for."""
    asked = set()
    for path in FILES:
        text = path.read_text(encoding="utf-8") if path.suffix != ".woff2" else ""
        if path.suffix == ".js":
            names = re.findall(r"(?:from|import)\s*\(?\s*[\"'](\.{1,2}/[^\"']+)[\"']", text)
            asked |= {(path.parent / name).resolve().relative_to(pages.PAGE.resolve()).as_posix() for name in names}
        elif path.suffix == ".html":
            asked |= set(re.findall(r"(?:href|src)=\"page/([^\"]+)\"", text))
    assert len(asked) > 10
    for name in sorted(asked):
        answer = studio_server.client.get(f"/page/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].split(";")[0] in {kind.split(";")[0] for kind in pages.KINDS.values()}


def imported(name: str) -> set[str]:
    """A module and all that it imports before it runs."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            text = (pages.PAGE / "js" / here).read_text(encoding="utf-8")
            waiting += re.findall(r"^(?:import|export)\b[^\"'()]*[\"']\./([^\"']+)[\"']", text, re.MULTILINE)
    return found


def test_the_first_view_is_fetched_at_once() -> None:
    """Every module of it stands in the head: a browser that learns of them one by one takes twice the time."""
    named_there = re.findall(
        r"<link rel=\"modulepreload\" href=\"page/js/([^\"]+)\">", (pages.PAGE / "index.html").read_text()
    )
    assert sorted(named_there) == sorted((imported("app.js") | imported("editor.js")) - {"app.js"})


@pytest.mark.parametrize("path", ["/", "/docs", "/page/js/app.js", "/page/css/base.css"])
def test_what_a_browser_has_is_not_sent_again(studio_server: Studio, path: str) -> None:
    first = studio_server.client.get(path)
    again = studio_server.client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert "default-src 'none'" in again.headers["content-security-policy"]
    other = studio_server.client.get(path, headers={"if-none-match": '"another"'})
    assert other.content == first.content
