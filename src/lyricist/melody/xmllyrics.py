"""MusicXML's <lyric> to `Lyric`: verses, elisions, hyphens that were typed, marks of lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from lyricist.melody.tune import Lyric
from lyricist.melody.written import SYLLABIC

LABEL = re.compile(r"^\(?\d{1,2}(\.|\))[\s\u00a0]*(?=\S)")  # of a verse, printed with its first syllable
ELISION = re.compile("[‿\ue550-\ue552]")  # the undertie, and what music fonts (SMuFL) have for it
FROM = {"middle", "end"}
ON = {"begin", "middle"}


@dataclass
class Words:
    """Of one part: which verse is which, and what the last syllables said of the next."""

    verses: dict[str, int] = field(default_factory=dict)
    line: dict[int, str] = field(default_factory=dict)  # verse: "line" or "paragraph" ends behind its last syllable
    on: dict[int, bool] = field(default_factory=dict)  # verse: a typed hyphen said that its word goes on

    def of(self, note: Element) -> list[Lyric]:
        """The syllables under a note, one a verse."""
        out: dict[int, Lyric] = {}
        for element in note.findall("lyric")[:50]:
            lyric = self._read(element, out)
            if lyric is not None:
                out[lyric.verse] = lyric
        return [out[verse] for verse in sorted(out)]

    def _read(self, element: Element, taken: dict[int, Lyric]) -> Lyric | None:
        text, first, last = _joined(element)
        if not any(map(str.isalnum, text)):  # a comma alone is no syllable: the one before is held
            return None
        verse = self._verse(element, taken)
        before = self.line.pop(verse, "")
        if element.find("end-paragraph") is not None:
            self.line[verse] = "paragraph"
        elif element.find("end-line") is not None:
            self.line[verse] = "line"
        comes = first in FROM or text.startswith("-") or self.on.pop(verse, False)
        goes = last in ON
        if text.endswith("-") and not goes:
            goes = self.on[verse] = True
        extend = element.find("extend")
        held = extend is not None and extend.get("type", "start") == "start"
        text = LABEL.sub("", text.strip("-") if goes or comes else text)
        syllabic = SYLLABIC[comes, goes]
        return Lyric(text, syllabic, verse, held, bool(before), before == "paragraph") if text.strip("-") else None

    def _verse(self, element: Element, taken: dict[int, Lyric]) -> int:
        """`number`, which may be any text, else `name`, else the next free one."""
        label = element.get("number") or element.get("name") or ""
        digits = re.fullmatch(r"\D{0,20}(\d{1,2})", label)
        verse = int(digits[1]) if digits and int(digits[1]) else self.verses.get(label)
        if verse is None:
            verse = 1 if label.lower() in ("", "chorus", "refrain") else len(self.verses) + 2
            self.verses[label] = verse
        while verse in taken:
            verse += 1
        return verse


def _joined(element: Element) -> tuple[str, str, str]:
    """All texts over one note as one, and how the first and the last stand in their words.

    An elision is a space: two words on one note.
    """
    text, first, last, here = "", "", "single", "single"
    for child in element:
        if child.tag == "syllabic":
            here = (child.text or "").strip()
        elif child.tag == "elision":
            text += " "
        elif child.tag == "text" and child.text:
            text += child.text
            first, last = first or here, here
    text = " ".join(ELISION.sub(" ", text.replace("\u00ad", "")).split()).strip("_")
    return text, first, last
