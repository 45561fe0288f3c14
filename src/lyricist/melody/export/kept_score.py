"""Words put into a MusicXML document: its lyrics are replaced, and all else stays as it is, byte for byte.

The document shows a repeated passage once: the words of its n-th performance are verse n under its notes. A phrase
whose words are always the same has them once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from lyricist.errors import InputError
from lyricist.melody.export.musicxml_writer import ILLEGAL
from lyricist.melody.export.sing import Sung
from lyricist.melody.read.untrusted import parse, unpack
from lyricist.melody.tune import Lyric

AFTER_LYRICS = ("play", "listen")  # children of a note that follow its lyrics
STYLE = ("number", "default-y", "relative-y", "placement", "justify", "color")  # attributes that new lyrics take over
Verses = dict[int, Lyric]  # by the number of the verse
Key = tuple[str, str, str]  # part, staff, voice


@dataclass
class NoteSpan:
    """Where a <note> and its lyrics are in the document, in bytes."""

    part: str
    begin: int = -1  # of its first child
    end: int = -1  # where new lyrics go if it has none
    staff: str = "1"
    voice: str = "1"
    lyrics: list[tuple[int, int]] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)  # attributes of the lyrics

    @property
    def key(self) -> Key:
        return self.part, self.staff, self.voice


def words_into(data: bytes, sung: Sung, name: str) -> bytes:
    """The document of a MusicXML or MXL file, of which `sung.tune` was read, with the words of `sung`.

    Blank lines before the document, which XML does not allow, are left out. Raises InputError: another file, or an
    encoding that cannot be edited in place.
    """
    document = unpack(data, name) if data.startswith(b"PK") else data
    parse(document, name)  # refuses what is not safe to read
    document = re.sub(rb"\A(\xef\xbb\xbf)?[ \t\r\n]+", rb"\1", document)
    spans = Scan(document, name).notes
    made = edited(document, spans, verses_of(sung), sung_voices(sung, spans, name))
    parse(made, name)  # a broken document is never written
    return made


def sung_voices(sung: Sung, spans: Sequence[NoteSpan], name: str) -> set[Key]:
    """Part, staff and voice of every sung note."""
    part = next((p for p in sung.tune.score.parts if p.number == sung.tune.part.number), sung.tune.part)
    sources = {note.source for note in (*part.notes, *sung.tune.part.notes)}
    if not 0 <= min(sources) <= max(sources) < len(spans):
        raise InputError(f"{name} is not the file of this tune: name the one that it was read from")
    return {spans[i].key for i in sources}


def verses_of(sung: Sung) -> dict[int, Verses]:
    """The lyrics of every note of the document: one for each time that it is sung.

    A stanza takes as many verses as its most repeated note, so that no verse has words of two stanzas.
    """
    out: dict[int, Verses] = defaultdict(dict)
    times: Counter[tuple[int, int]] = Counter()  # by stanza and note
    keys = [tuple(slot.notes[0].source for slot in phrase.slots) for phrase in sung.tune.phrases]
    passes = max(Counter(source for key in keys for source in key).values(), default=1)
    turns = [(i, key, laid) for i, verse in enumerate(sung.lyrics) for key, laid in zip(keys, verse, strict=True)]
    texts: dict[tuple[int, ...], list[list[str]]] = defaultdict(list)
    for _, key, laid in turns:
        texts[key].append([lyric.text if lyric else "" for lyric in laid])
    often = Counter(source for _, key, _ in turns for source in key)
    for stanza, key, laid in turns:
        once = all(
            text == texts[key][0] and often[source] == len(texts[key]) for text in texts[key] for source in key
        )
        for source, lyric in zip(key, laid, strict=True):
            times[stanza, source] += 1
            number = stanza * passes + times[stanza, source]
            if lyric is not None and not (once and number > 1):
                out[source][number] = lyric
    return out


def edited(document: bytes, spans: Sequence[NoteSpan], words: dict[int, Verses], voices: set[Key]) -> bytes:
    """The document without the old lyrics of the sung voices and with the new ones."""
    tags = start_tags(span for span in spans if span.key in voices)
    out, done = [], 0
    for i, span in enumerate(spans):
        if span.key not in voices:
            continue
        at = before_blanks(document, span.end)
        for start, end in span.lyrics or [(at, at)]:
            out.append(document[done : before_blanks(document, start)])
            done = end
        blanks = document[before_blanks(document, span.begin) : span.begin]
        out += [blanks + lyric_xml(lyric, n, tags) for n, lyric in sorted(words.get(i, {}).items())]
    return b"".join([*out, document[done:]])


def before_blanks(document: bytes, at: int) -> int:
    while document[at - 1 : at].isspace():
        at -= 1
    return at


def start_tags(spans: Iterable[NoteSpan]) -> dict[int, str]:
    """The start tag of the first <lyric> of every verse: new lyrics are placed and set as these."""
    found: dict[int, str] = {}
    for attributes in (tag for span in spans for tag in span.tags):
        if re.fullmatch("[0-9]{1,2}", number := attributes.get("number", "")):
            kept = (f" {name}={quoteattr(attributes[name])}" for name in STYLE if name in attributes)
            found.setdefault(int(number), f"<lyric{''.join(kept)}>")
    return found


def lyric_xml(lyric: Lyric, number: int, tags: dict[int, str]) -> bytes:
    text = " ".join(ILLEGAL.sub("", lyric.text).split())
    if lyric.syllabic in ("begin", "middle"):
        text = text.rstrip("-") or text
    tag = tags.get(number, f'<lyric number="{number}">')
    inside = f"<syllabic>{lyric.syllabic}</syllabic><text>{escape(text)}</text>" + "<extend/>" * lyric.extend
    return f"{tag}{inside}</lyric>".encode("ascii", "xmlcharrefreplace")


class Scan:
    """Finds the notes of a document and their lyrics. Raises InputError for an encoding that expat does not know."""

    def __init__(self, document: bytes, name: str) -> None:
        self.document, self.notes = document, list[NoteSpan]()
        self.part, self.path, self.text = "", list[str](), ""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler = self.data
        try:
            if document[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in document[:2]:
                raise InputError(f"{name}: words are put into UTF-8 files only; save it as UTF-8")
            self.parser.Parse(document, True)
        except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: an encoding it cannot read
            raise InputError(f"{name}: words cannot be put into it ({error}); save it as UTF-8") from None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        here = self.parser.CurrentByteIndex
        inside = self.path[-1] if self.path else ""
        if tag == "part":
            self.part = attributes.get("id", "")
        elif tag == "note":
            self.notes.append(NoteSpan(self.part))
        elif inside == "note":
            note = self.notes[-1]
            note.begin = here if note.begin < 0 else note.begin
            if tag == "lyric":
                note.lyrics.append((here, here))
                note.tags.append(attributes)
            elif tag in AFTER_LYRICS and note.end < 0:
                note.end = here
        self.path.append(tag)
        self.text = ""

    def data(self, text: str) -> None:
        self.text += text

    def end(self, tag: str) -> None:
        here = self.parser.CurrentByteIndex
        self.path.pop()
        note = self.notes[-1] if self.notes else None
        if note and self.path and self.path[-1] == "note":
            if tag == "lyric":
                closed = self.document.startswith(b"</lyric", here)  # else <lyric/>, which `here` is behind
                note.lyrics[-1] = (note.lyrics[-1][0], self.document.index(b">", here) + 1 if closed else here)
            elif tag in ("staff", "voice"):
                setattr(note, tag, self.text.strip() or "1")
        elif note and tag == "note" and note.end < 0:
            note.end = here
