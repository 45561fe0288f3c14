"""Hooks of mkdocs.yml: pages from outside docs/, the page of the public names, and a check of what the site loads."""

from __future__ import annotations

import ast
import inspect
import posixpath
import re
from pathlib import Path
from typing import Any

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "dev/LOG.md",
    "notebooks/README.md",
    "songs/README.md",
    "marks/README.md",
]
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
LOADED = re.compile(r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc=["']?((?:https?:)?//[^"'\s>]+)
    |<link\b[^>]*?\bhref=["']?((?:https?:)?//[^"'\s>]+)
    |(?:url\(|@import)\s*["']?((?:https?:)?//[^"'\s)]+)""", re.VERBOSE)  # fmt: skip


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside docs/, and the reference of the public names."""
    for name in PAGES:
        files.append(File.generated(config, name, content=(ROOT / name).read_text(encoding="utf-8")))
    files.append(File.generated(config, "reference.md", content=reference()))
    return files


def reference() -> str:
    """One heading and one mkdocstrings block for each name of `lyricist.__all__`, taken from where it is defined."""
    tree = ast.parse((ROOT / "src/lyricist/__init__.py").read_text(encoding="utf-8"))
    homes: dict[str, str] = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_HOME"
    )
    block = "::: {}\n    options:\n      heading: {}\n"
    blocks = [block.format(homes[name].replace(":", "."), name) for name in sorted(homes, key=str.lower)]
    renamed = [f"`{name}` is defined as `{home}`" for name, home in homes.items() if not home.endswith(f":{name}")]
    text = (
        "The names in `lyricist.__all__`, from their docstrings. [Python API](python-api.md) shows how to use them."
    )
    text += f" {', '.join(renamed)}."
    return "\n".join(["# Public names\n", text + "\n", *blocks])


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    """Make links work that were written for the repository's folders: docs/ is the root of the site."""
    source = page.file.src_uri
    folder = posixpath.dirname(source if source in PAGES else f"docs/{source}")

    def rewritten(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        if ":" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        name = path.removeprefix("docs/")
        if files.get_file_from_path(name):
            return f"[{text}]({posixpath.relpath(name, posixpath.dirname(source) or '.')}{anchor})"
        if not (ROOT / path).exists():
            return link[0]  # broken: mkdocs reports it
        return f"{text} (`{path}`)" if path not in text else text

    return LINK.sub(rewritten, markdown)


class Docstrings(griffe.Extension):
    """Shows doctests as code, and the comment behind a field as its description."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
        elif obj.is_attribute and (comment := re.search(r"  # (.+)$", "".join(obj.lines[-1:]))):
            obj.docstring = griffe.Docstring(comment[1], parent=obj)


def fenced(docstring: str) -> str:
    """A docstring with fences around its doctests, which reach to the next empty line."""
    return re.sub(r"^>>> .*?(?=\n\s*\n|\Z)", r"```pycon\n\g<0>\n```", inspect.cleandoc(docstring), flags=re.M | re.S)


def on_post_build(config: MkDocsConfig) -> None:
    """Raise PluginError if a page or a style sheet loads anything from another host."""
    for file in sorted(Path(config.site_dir).rglob("*")):
        if file.suffix in (".html", ".css", ".svg") and (found := outside(file.read_text(encoding="utf-8"))):
            raise PluginError(f"{file.relative_to(config.site_dir)} loads {', '.join(found)}")


def outside(text: str) -> list[str]:
    """Addresses on other hosts from which HTML or CSS loads something; links to follow do not count.

    >>> outside('<script src="https://cdn.example/a.js"></script> <a href="https://example.org">a page</a>')
    ['https://cdn.example/a.js']
    >>> outside("@import '//fonts.example/a.css'; p { background: url(img/a.png) }")
    ['//fonts.example/a.css']
    """
    return [next(filter(None, groups)) for groups in LOADED.findall(text)]
