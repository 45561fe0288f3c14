"""The raw lines of one song -> title, artist and sections: labels, repeats, chords, headers; debris is dropped.

`Scanner.scan` cuts the lines into parts (a label or none, and the lines under it), then `arrange` makes sections of
the parts of the whole song: repeats are written out, stanzas without a label get a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from lyricist.corpus import label_tables as tables
from lyricist.corpus.clean_text import MAX_LINE, clean_text
from lyricist.corpus.label_tables import Label
from lyricist.corpus.song import Line, Section, Song

Drop = Callable[[str, str], None]  # (reason, example): what was left out of a song, for the report

MAX_LINES = 20_000  # of a song with its repeats; further repeats are not written out
SIMILAR = 0.8  # share of words that two stanzas must have in common to be the same chorus
MAX_COMPARED = 60  # stanzas compared word by word; a longer text is no song, and the time grows with the square


@dataclass(slots=True)
class Part:
    """A stanza as found: its label, if it has one, and the lines under it. `times`: "(x2)" on a separate line."""

    label: Label | None = None
    lines: list[Line] = field(default_factory=list)
    times: int = 1


def parse_song(
    text: str, *, title: str = "", artist: str = "", source: str = "", file_title: str = "", drop: Drop | None = None
) -> Song:
    """One song's raw text as a Song. Header lines in the text ("Title: X") take precedence over `title` and `artist`.

    file_title: the title in the file's name, used if there is no other.

    >>> song = parse_song("Title: Rain\\n\\n[Verse]\\nDrip (x2)\\nCHORUS\\nOh\\n[Verse 2]\\nOn\\n[Chorus]")
    >>> song.title, [(s.name, [line.text for line in s.lines]) for s in song.sections]
    ('Rain', [('verse', ['Drip', 'Drip']), ('chorus', ['Oh']), ('verse', ['On']), ('chorus', ['Oh'])])
    """
    text = clean_text(text)
    if any(sign in text for sign in ("Contributor", "Embed", "You might", "Read More", "LiveGet")):
        title, text = _without_page(title, text)
    if "www." in text or "://" in text:
        text = tables.ADDRESS.sub("", text)
    lines = text.split("\n")
    return build_song(lines, title=title, artist=artist, source=source, file_title=file_title, drop=drop)


def build_song(
    lines: Iterable[str | Line],
    *,
    title: str = "",
    artist: str = "",
    source: str = "",
    file_title: str = "",
    meta: dict[str, str] | None = None,
    drop: Drop | None = None,
) -> Song:
    """`parse_song` for lines, some of which may carry chords and times already."""
    scanner = Scanner(drop)
    scanner.scan(lines)
    found = {**(meta or {}), **scanner.headers}
    title, artist = found.pop("title", title), found.pop("artist", artist)
    title = _take_title(scanner.parts, title, file_title) or file_title
    return Song(title, artist, arrange(scanner.parts), source, found)


def _without_page(title: str, text: str) -> tuple[str, str]:
    """A lyrics page without what scrapers copy around the words ("12 ContributorsX Lyrics", "34Embed")."""
    head = tables.CONTRIBUTORS.match(text)
    if head:
        if not title and "Translations" not in head["title"]:
            title = head["title"].strip()
        text = text[head.end() :]
        text = text.split("Read More", 1)[1] if "Read More" in text[:2000] else text
    return title, tables.GLUED.sub("\n", text[:-99] + tables.EMBED.sub("", text[-99:]))


def _take_title(parts: list[Part], title: str, hint: str) -> str:
    """The title, taken off the top of the lyrics when the first stanza is one short, unpunctuated line."""
    if len(parts) < 2 or parts[0].label or len(parts[0].lines) != 1:
        return title
    line = parts[0].lines[0].text
    if letters(line) == letters(title or hint):
        del parts[0]
        return title or line
    if title:
        return title
    enough = len(parts) > 2 or parts[1].label is not None
    if enough and len(line) <= 60 and line[-1] not in ",;.:!?-":
        del parts[0]
        return line
    return title


def letters(text: str) -> str:
    """The letters and digits of a text, lower case."""
    return re.sub(r"[\W_]+", "", text).lower()


class Scanner:
    """Lines of one song -> parts and headers."""

    def __init__(self, drop: Drop | None = None) -> None:
        self.parts: list[Part] = []
        self.headers: dict[str, str] = {}
        self._drop = drop
        self._part: Part | None = None  # where the next line goes; None after a blank line
        self._gap = False  # there is a blank line between the last label and here
        self._airy = False  # this song leaves a blank line between a label and its lines
        self._sung: set[str] = set()  # section names whose lines have been read
        self._chords: tuple[tuple[int, str], ...] = ()

    def scan(self, lines: Iterable[str | Line]) -> None:
        for raw in lines:
            if isinstance(raw, Line):
                self._annotated(raw)
                continue
            line = raw.strip()
            if not line:
                self._blank()
            elif tables.is_plain(line):
                self._add(self._lyric(raw, line))
            else:
                self._examine(raw, line)

    def _annotated(self, line: Line) -> None:
        if not line.text:
            self._blank()
        elif not tables.ADDRESS.search(line.text) and (tables.is_plain(line.text) or not self._special(line.text)):
            self._add(line)

    def _lyric(self, raw: str, line: str) -> Line:
        """A sung line; the chords of the line above it are attached to the characters below them."""
        text = " ".join(line.split()) if "  " in line else line
        if not self._chords:
            return Line(text)
        chords, self._chords = self._chords, ()
        indent = len(raw) - len(raw.lstrip())
        places = []
        for column, name in chords:
            before = raw[indent : max(column, indent)]
            at = len(" ".join(before.split())) + before.endswith(" ")
            places.append((min(at, len(text)), name))
        return Line(text, tuple(places))

    def _examine(self, raw: str, line: str) -> None:
        """Handle a line that may not be lyrics."""
        if len(line) > MAX_LINE:
            if self._drop:
                self._drop("too long a line", line[:60])
            return
        line = " ".join(line.split())  # some of the patterns would be slow on long runs of spaces
        if self._special(line):
            return
        chords = tables.read_chords(raw)
        if chords or (line[0] in "|%-" and not re.search(r"\w", line)):
            self._chords = chords
            return
        bare, times = tables.split_times(line)
        if not bare:
            if self.parts:
                self.parts[-1].times = times
            return
        made = tables.inline_chords(bare) if "[" in bare else self._lyric(raw, bare)
        for _ in range(times if made.text else 0):
            self._add(made)

    def _special(self, line: str) -> bool:
        """True if the line is a header, a label or debris, which is handled here."""
        if not self.parts:
            header = tables.HEADER.fullmatch(line)
            if header:
                value = " ".join(header["value"].split())
                if value:
                    self.headers.setdefault(tables.HEADERS[header["key"].lower()], value)
                return True
        label = tables.read_label(line)
        if label:
            self._label(label)
            return True
        if tables.is_debris(line):
            return True
        if line[0] == "[" and line[-1] == "]" and line.count("[") == 1:
            return not tables.CHORD.fullmatch(line[1:-1]) and tables.split_times(line)[0] != ""
        return False

    def _blank(self) -> None:
        self._chords = ()
        part = self._part
        if part is not None and part.label and not part.lines:
            self._gap = True
            if part.label.name not in self._sung or self._airy or part.label.name not in tables.REPEATABLE:
                return  # the lines of this label are still to come
        self._part = None

    def _label(self, label: Label) -> None:
        self._chords = ()
        self._gap = False
        self._part = Part(label, [Line(label.tail)] if label.tail else [])
        self.parts.append(self._part)
        if label.again:
            self._part = None

    def _add(self, line: Line) -> None:
        if self._part is None:
            self._part = Part()
            self.parts.append(self._part)
        elif self._gap and not self._part.lines:
            self._airy = True
        self._gap = False
        if self._part.label and not self._part.lines:
            self._sung.add(self._part.label.name)
        self._part.lines.append(line)


def arrange(parts: Sequence[Part]) -> tuple[Section, ...]:
    """Parts -> sections: names for the unlabelled, repeats written out."""
    labels = [part.label for part in parts if part.label]
    if not labels:
        names = guess_names([[line.text for line in part.lines] for part in parts])
        named = zip(names, parts, strict=True)
        return tuple(Section(name, tuple(part.lines)) for name, part in named for _ in range(part.times))
    if any(label.name == "verse" for label in labels):
        parts = _continued(parts)
    sections: list[Section] = []
    latest: dict[str, Section] = {}
    total = 0
    for part in parts:
        if total >= MAX_LINES and not part.lines:
            continue
        section, times = _section(part, latest)
        if section is None:
            continue
        room = (MAX_LINES - total) // len(section.lines)
        times = max(1 if part.lines else 0, min(times, room))
        sections += [section] * times
        total += times * len(section.lines)
        if part.lines:
            latest[section.name] = section
    return tuple(sections)


def _section(part: Part, latest: dict[str, Section]) -> tuple[Section | None, int]:
    """The section for a part and how often it is sung; None for a label with nothing under it."""
    if part.label is None:
        return Section("verse", tuple(part.lines)), part.times
    name, times = part.label.name, max(part.times, part.label.times)
    if part.lines:
        return Section(name, tuple(part.lines), part.label.text), times
    if name in tables.REPEATABLE or part.label.again:
        earlier = latest.get(name)
        if earlier:
            return _untimed(earlier), times
    return None, times


def _untimed(section: Section) -> Section:
    """A section to sing again: its lines' times belong to the first singing."""
    if all(line.time is None and not line.word_times for line in section.lines):
        return section
    return replace(section, lines=tuple(replace(line, time=None, word_times=()) for line in section.lines))


def _continued(parts: Sequence[Part]) -> list[Part]:
    """In songs with labelled verses, a stanza without a label continues the section above it."""
    joined: list[Part] = []
    for part in parts:
        above = joined[-1] if joined else None
        if part.label is None and above is not None and above.label is not None and above.lines:
            joined[-1] = Part(above.label, [*above.lines, *part.lines], max(above.times, part.times))
        else:
            joined.append(part)
    return joined


def guess_names(stanzas: Sequence[Sequence[str]]) -> list[str]:
    """Verse or chorus for each unlabelled stanza: one that returns (nearly) word for word is the chorus.

    >>> guess_names([["I go", "I went"], ["Oh yes", "oh my"], ["You go", "you went"], ["Oh yes,", "Oh my!"]])
    ['verse', 'chorus', 'verse', 'chorus']
    """
    if len(stanzas) < 3:
        return ["verse"] * len(stanzas)
    bags = [Counter(re.findall(r"\w+", " ".join(lines).lower())) for lines in stanzas]
    groups: list[list[int]] = []
    for at, bag in enumerate(bags):
        home = next((g for g in groups[:MAX_COMPARED] if _overlap(bags[g[0]], bag) >= SIMILAR), None)
        if home is None:
            groups.append([at])
        else:
            home.append(at)
    best = max(groups, key=len)
    chorus = set(best if 1 < len(best) < len(stanzas) else ())
    return ["chorus" if at in chorus else "verse" for at in range(len(stanzas))]


def _overlap(a: Counter[str], b: Counter[str]) -> float:
    """Words in common over words in either, repeats counted (a Jaccard index of bags)."""
    shared = sum(min(count, b[word]) for word, count in a.items() if word in b)
    return shared / max(1, a.total() + b.total() - shared)
