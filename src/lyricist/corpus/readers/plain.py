"""Plain text files of one song or many.

`songs_by="file"`: one; `"blank"`: every block between blank lines is one; `"auto"` looks at the first lines
and uses the first rule that applies:

1. two or more `Title:` lines: each begins a song;
2. rules (`---`, `===`) or form feeds after a blank line, or `<|endoftext|>`: each divides two songs;
3. section labels (`[Verse]`, `Chorus:`) in a small file, of up to 300 lines and 40 blocks: one song;
4. nearly every line is alone between blank lines: double-spaced typing, blank lines are halved first;
5. double blank lines between songs of stanzas (two or more pieces, most of them with single blank lines
   inside, 15 stanzas each at most on average): they divide songs, single blank lines divide stanzas;
6. a large file with labels: a new song at each `[Intro]` or `[Verse 1]` that follows other sections; if there
   is none and most blocks have a label, one song;
7. any other large file: every block between blank lines is a song;
8. a small file given alone whose three or more blocks have 12 lines or more (median): every block is a song;
9. otherwise the file is one song, its blocks are stanzas.

A "song" of more than `MAX_SONG` characters is cut, so that no file can fill the memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from statistics import median

from lyricist.corpus.label_tables import label_of
from lyricist.corpus.readers.base import Source
from lyricist.corpus.song import Line, Section, Song

SMALL_LINES, SMALL_BLOCKS = 300, 40
MOST_STANZAS = 15
SONG_BLOCK = 12  # lines; stanzas of this size are rare, songs are not
LOOK = 20_000  # lines looked at
MAX_SONG = 8_000_000  # characters; above the whole Penn Treebank (5 million)
AS_IS_LINE = 1_000_000  # characters of a line taken as it is: WikiText's paragraphs are lines

TITLE = re.compile(r"\s*(?:song )?title\s*:\s*\S", re.IGNORECASE)
FIRST = re.compile(r"(?:\b1|\bi|\bone)$", re.IGNORECASE)
RULE = re.compile(r"\s*(?:-{3,}|={3,}|<\|endoftext\|>|<\|?song\|?>)\s*")

Lines = Iterable[str]
Rule = Callable[[Lines], Iterator[str | None]]  # the lines again, with None where a song ends


def read_text(source: Source) -> Iterator[Song]:
    lines = source.lines()
    head = list(islice(lines, LOOK))
    fixed: dict[str, Rule] = {"file": whole, "blank": by_blank}
    rule = fixed.get(source.options.songs_by) or choose(head, source.alone)
    title, artist = source.named() if rule is whole else ("", "")
    for block in blocks(rule(chain(head, lines))):
        yield source.song("\n".join(block), artist=artist, file_title=title)


def read_as_is(source: Source) -> Iterator[Song]:
    """Benchmark texts: unchanged lines; a song per block, or the whole file if no line is blank."""
    rule = whole if source.options.songs_by == "file" else by_blank
    for block in blocks(rule(source.lines(AS_IS_LINE))):
        yield Song("", "", (Section("verse", tuple(map(Line, block))),), source.name)


def choose(head: list[str], alone: bool) -> Rule:
    """The rule for a text that begins with these lines; see the module's docstring."""
    if sum(1 for line in head if TITLE.match(line)) > 1:
        return by_title
    if sum(1 for _ in blocks(by_rule(head))) > 1:
        return by_rule
    labelled = any(label_of(line) for line in head)
    sizes = [len(block) for block in blocks(by_blank(head))]
    small = len(head) <= SMALL_LINES and len(sizes) <= SMALL_BLOCKS
    if labelled and small:
        return whole
    if len(sizes) > 3 and sum(size == 1 for size in sizes) > 0.8 * len(sizes):
        inner = choose(list(halved(head)), alone)
        return lambda lines: inner(halved(lines))
    if doubled(head):
        return by_double
    if labelled and sum(1 for _ in blocks(by_label(head))) > 1:
        return by_label
    if labelled and sum(label_of(block[0]) is not None for block in blocks(by_blank(head))) > len(sizes) / 2:
        return whole
    if not small or (alone and len(sizes) > 2 and median(sizes) >= SONG_BLOCK):
        return by_blank
    return whole


def doubled(head: list[str]) -> bool:
    """Whether double blank lines divide songs here, and single ones stanzas."""
    inner = [sum(1 for _ in blocks(by_blank(piece))) for piece in blocks(by_double(head))]
    several = sum(count > 1 for count in inner)
    return several > 1 and several > len(inner) / 2 and sum(inner) <= MOST_STANZAS * len(inner)


def blocks(marked: Iterable[str | None]) -> Iterator[list[str]]:
    """The songs between the Nones; empty ones are left out, those too large are cut."""
    block: list[str] = []
    size = 0
    for line in chain(marked, [None]):
        if line is not None and size <= MAX_SONG:
            block.append(line)
            size += len(line) + 1
            continue
        if any(line and not line.isspace() for line in block):
            yield block
        block = [] if line is None else [line]
        size = 0


def whole(lines: Lines) -> Iterator[str | None]:
    return iter(lines)


def by_blank(lines: Lines) -> Iterator[str | None]:
    for line in lines:
        yield line if line and not line.isspace() else None


def by_double(lines: Lines) -> Iterator[str | None]:
    blanks = 0
    for line in lines:
        if not line.strip():
            blanks += 1
            continue
        if blanks:
            yield None if blanks > 1 else ""
        blanks = 0
        yield line


def by_rule(lines: Lines) -> Iterator[str | None]:
    """Songs divided by rules. A rule right below a single first line underlines a heading and divides nothing."""
    filled = 0  # lines with something in them since the last boundary
    blank = True  # whether the line above is blank
    for line in lines:
        if line.startswith("\f"):
            yield None
            line = line.lstrip("\f")
        elif RULE.fullmatch(line):
            parts = "<" in line or (filled > 1 and blank)
            filled = 0 if parts else filled
            yield None if parts else ""
            continue
        blank = not line.strip()
        filled += not blank
        yield line


def by_title(lines: Lines) -> Iterator[str | None]:
    for line in lines:
        if TITLE.match(line):
            yield None
        yield line


def by_label(lines: Lines) -> Iterator[str | None]:
    seen = False  # a section other than an intro, in this song
    for line in lines:
        label = label_of(line)
        if label:
            first = label.name == "verse" and FIRST.search(label.text) is not None
            if seen and (first or label.name == "intro"):
                yield None
            seen = label.name != "intro"
        yield line


def halved(lines: Lines) -> Iterator[str]:
    """Double-spaced text as single-spaced: a run of n blank lines becomes n // 2."""
    blanks = 0
    for line in lines:
        if not line.strip():
            blanks += 1
            continue
        yield from [""] * (blanks // 2)
        blanks = 0
        yield line
