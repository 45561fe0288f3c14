"""A report as a list of blocks, written as Markdown or as HTML. Text stays text in both: none is markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #8886; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
th { border-bottom: 2px solid #888; }
img { max-width: 100%; height: auto; background: #fff; }
pre { white-space: pre-wrap; font: inherit; margin: .5rem 0 1rem; padding-left: 1rem; border-left: 3px solid #8886; }
details { margin: .5rem 0; }
summary { cursor: pointer; font-weight: 600; }
.side { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
.side h4 { margin: 0; }
""".strip()
SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")
START = re.compile(r"^(\d*)([-+=.)])(?=\s|$)")  # of a list, or of the rule below a heading


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Bullets:
    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    file: str
    told: str  # for those who do not see it


@dataclass(frozen=True)
class Verse:
    """Lyrics: lines as they are, an empty one between sections."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Side:
    """Lyrics beside each other."""

    verses: Sequence[Verse]


@dataclass(frozen=True)
class Fold:
    """What is shown when it is asked for."""

    title: str
    inside: Sequence[Block]


Block = Heading | Text | Bullets | Table | Picture | Verse | Side | Fold


# --- Markdown


def markdown(blocks: Iterable[Block]) -> str:
    return "\n\n".join(piece for block in blocks for piece in markdown_of(block)) + "\n"


def plain(text: str) -> str:
    """Text in which Markdown finds nothing to do.

    >>> plain("a <b> | *c*")
    'a \\\\<b\\\\> \\\\| \\\\*c\\\\*'
    """
    return START.sub(r"\1\\\2", SPECIAL.sub(r"\\\1", " ".join(text.split())))


def markdown_of(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {plain(block.text)}"
    elif isinstance(block, Text):
        yield plain(block.text)
    elif isinstance(block, Bullets):
        yield "\n".join(f"- {plain(item)}" for item in block.items)
    elif isinstance(block, Table):
        yield markdown_table(block)
    elif isinstance(block, Picture):
        yield f"![{plain(block.told)}]({block.file})"
    elif isinstance(block, Verse):
        yield f"#### {plain(block.title)}"
        yield "\n".join(f"> {plain(line)}  " if line else ">" for line in block.lines) or "> (nothing)"
    elif isinstance(block, Side):
        for verse in block.verses:
            yield from markdown_of(verse)
    else:
        yield f"### {plain(block.title)}"
        for inner in block.inside:
            yield from markdown_of(inner)


def markdown_table(table: Table) -> str:
    rows = [[plain(cell) for cell in row] for row in (table.head, *table.rows)]
    marks = ["---", *["---:"] * (len(table.head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], marks, *rows[1:]))


# --- HTML


def page(title: str, blocks: Iterable[Block]) -> str:
    """A whole page, with its style inside and no script."""
    body = "\n".join(hypertext(block) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def hypertext(block: Block) -> str:
    if isinstance(block, Heading):
        return tag(f"h{block.level}", block.text)
    if isinstance(block, Text):
        return tag("p", block.text)
    if isinstance(block, Bullets):
        return f"<ul>{''.join(tag('li', item) for item in block.items)}</ul>"
    if isinstance(block, Table):
        return html_table(block)
    if isinstance(block, Picture):
        return f'<p><img src="{html.escape(block.file)}" alt="{html.escape(block.told)}"></p>'
    if isinstance(block, Verse):
        return tag("h4", block.title) + tag("pre", "\n".join(block.lines) or "(nothing)")
    if isinstance(block, Side):
        inside = "".join(f"<div>{hypertext(verse)}</div>" for verse in block.verses)
        return f'<div class="side">{inside}</div>'
    inside = "\n".join(hypertext(inner) for inner in block.inside)
    return f"<details>{tag('summary', block.title)}\n{inside}\n</details>"


def tag(name: str, text: str) -> str:
    """
    >>> tag("p", "<script>1 & 2</script>")
    '<p>&lt;script&gt;1 &amp; 2&lt;/script&gt;</p>'
    """
    return f"<{name}>{html.escape(text)}</{name}>"


def html_table(table: Table) -> str:
    head = "".join(tag("th", cell) for cell in table.head)
    rows = "".join(f"<tr>{''.join(tag('td', cell) for cell in row)}</tr>\n" for row in table.rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
