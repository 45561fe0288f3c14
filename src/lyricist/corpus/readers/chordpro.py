"""ChordPro: `{directives}`, `[Am]` chords inside the words, `{new_song}` between songs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lyricist.corpus.clean_text import clean_text
from lyricist.corpus.label_tables import inline_chords, read_label
from lyricist.corpus.readers.base import Source, tidy
from lyricist.corpus.song import Line, Song

DIRECTIVE = re.compile(r"\s*\{\s*([a-zA-Z_]+)(?:-\w+!?)?(?:[:\s]([^{}]*))?\}\s*")
_META = "title artist album key capo tempo time year composer lyricist"
HEADERS = {"t": "title", "subtitle": "artist", "st": "artist"} | {word: word for word in _META.split()}
_STARTS = {"Chorus": "start_of_chorus soc chorus", "Verse": "start_of_verse sov", "Bridge": "start_of_bridge sob"}
STARTS = {word: label for label, words in _STARTS.items() for word in words.split()}
_ENDS = "end_of_chorus eoc end_of_verse eov end_of_bridge eob end_of_tab eot end_of_grid eog"
ENDS = frozenset(_ENDS.split())
SKIPPED = frozenset({"start_of_tab", "sot", "start_of_grid", "sog"})
COMMENTS = frozenset({"comment", "c", "comment_italic", "ci", "comment_box", "cb", "highlight"})
META = re.compile(r"(\w+)\s+(.*)")  # {meta: artist The Band}
LABELLED = re.compile(r"""label\s*=\s*["'](.*?)["']""")


def read_chordpro(source: Source) -> Iterator[Song]:
    parser = Parser(source)
    for raw in source.lines():
        found = DIRECTIVE.fullmatch(raw)
        if found is not None and found[1].lower() in ("new_song", "ns"):
            yield from parser.finish()
            parser = Parser(source)
        parser.line(clean_text(raw))
    yield from parser.finish()


class Parser:
    """The lines of one song. Section directives become label lines, which `structure` reads."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines: list[Line] = []
        self.headers: dict[str, str] = {}
        self.skipping = False  # inside a tablature or a chord grid

    def line(self, raw: str) -> None:
        found = DIRECTIVE.fullmatch(raw)
        if found:
            self.directive(found[1].lower(), (found[2] or "").strip(" :"))
        elif self.skipping or raw.startswith("#"):
            return
        elif not raw.strip():
            self.lines.append(Line(""))
        elif read_label(raw.strip()):
            self.lines.append(Line(raw.strip()))
        else:
            made = inline_chords(raw)
            if made.text or not made.chords:
                self.lines.append(made)

    def directive(self, name: str, value: str) -> None:
        if self.skipping:
            self.skipping = name not in ENDS
        elif name in SKIPPED:
            self.skipping = True
        elif name in STARTS:
            named = LABELLED.search(value)
            label = f"[{named[1] if named else value}]"
            fits = read_label(label) if len(label) > 2 else None
            self.lines.append(Line(label if fits else f"[{STARTS[name]}]"))
        elif name in ENDS:
            self.lines.append(Line("[Verse]"))  # what follows is a verse, unless a label follows
        elif name in COMMENTS and read_label(f"[{value}]"):
            self.lines.append(Line(f"[{value}]"))
        elif name == "meta" and (pair := META.fullmatch(value)):
            self.directive(pair[1].lower(), pair[2]) if pair[1].lower() in HEADERS else None
        elif name in HEADERS and value:
            self.headers.setdefault(HEADERS[name], tidy(value))

    def finish(self) -> Iterator[Song]:
        if any(line.text for line in self.lines):
            title, artist = ("", "") if self.headers.get("title") else self.source.named()
            yield self.source.built(self.lines, title, artist, self.headers)
