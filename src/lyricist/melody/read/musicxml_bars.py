"""The bars of one MusicXML part: notes by voice, words, and the signs above and between them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from lyricist.errors import InputError
from lyricist.melody.notation import CHORD_KINDS, STEPS, alteration, tempo_in_words
from lyricist.melody.read.performance import FINEST, SYLLABIC, ZERO, Marks, WrittenBar, WrittenNote, endings
from lyricist.melody.tune import Lyric

MAX_VOICES = 64  # of one part
MAX_MARKS = 1000  # of one bar
NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d{1,9})?")
UNITS = {"long": 16, "breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}
JUMP_WORDS = (
    (re.compile(r"^d\.? ?c\.?\b|da capo", re.I), "dacapo"),
    (re.compile(r"^d\.? ?s\.?\b|da[ls] segno", re.I), "dalsegno"),
    (re.compile(r"^fine\.?$", re.I), "fine"),
    (re.compile(r"^to coda\b|^al coda$", re.I), "tocoda"),
)
LABEL = re.compile(r"^\(?\d{1,2}(\.|\))[\s\u00a0]*(?=\S)")  # number of a verse, printed with its first syllable
ELISION = re.compile("[‿\ue550-\ue552]")  # the undertie, and its characters in music fonts (SMuFL)
Key = tuple[int, str]  # staff, voice


def number(text: str | None, default: Fraction = ZERO) -> Fraction:
    """A decimal number of reasonable length, else `default`."""
    text = (text or "").strip()
    return Fraction(text) if NUMBER.fullmatch(text) else default


@dataclass
class Words:
    """Reads the <lyric> elements of one part; keeps what the syllables say about the next ones."""

    verses: dict[str, int] = field(default_factory=dict)  # verses without a number, by their label
    ended: dict[int, str] = field(default_factory=dict)  # verse: "line" or "paragraph" ends after its last syllable
    hyphened: set[int] = field(default_factory=set)  # verses whose last syllable ends in a typed hyphen

    def of(self, note: Element) -> list[Lyric]:
        """The syllables under a note, one for each verse."""
        out: dict[int, Lyric] = {}
        for element in note.findall("lyric")[:50]:
            lyric = self._read(element, out)
            if lyric is not None:
                out[lyric.verse] = lyric
        return [out[verse] for verse in sorted(out)]

    def _read(self, element: Element, taken: dict[int, Lyric]) -> Lyric | None:
        text, first, last = _joined_texts(element)
        if not any(map(str.isalnum, text)):  # only a comma: the syllable before is held
            return None
        verse = self._verse(element, taken)
        before = self.ended.pop(verse, "")
        for kind in ("paragraph", "line"):
            if element.find(f"end-{kind}") is not None:
                self.ended.setdefault(verse, kind)
        comes = first in ("middle", "end") or text.startswith("-") or verse in self.hyphened
        if not (first in ("middle", "end") or text.startswith("-")):
            self.hyphened.discard(verse)
        goes = last in ("begin", "middle")
        if text.endswith("-") and not goes:
            goes = True
            self.hyphened.add(verse)
        extend = element.find("extend")
        held = extend is not None and extend.get("type", "start") == "start"
        text = LABEL.sub("", text.strip("-") if goes or comes else text)
        syllabic = SYLLABIC[comes, goes]
        return Lyric(text, syllabic, verse, held, bool(before), before == "paragraph") if text.strip("-") else None

    def _verse(self, element: Element, taken: dict[int, Lyric]) -> int:
        """From `number`, which may be any text, or `name`; else the next free one."""
        label = element.get("number") or element.get("name") or ""
        digits = re.fullmatch(r"\D{0,20}(\d{1,2})", label)
        verse = int(digits[1]) if digits and int(digits[1]) else self.verses.get(label)
        if verse is None:
            verse = 1 if label.lower() in ("", "chorus", "refrain") else len(self.verses) + 2
            self.verses[label] = verse
        while verse in taken:
            verse += 1
        return verse


def _joined_texts(element: Element) -> tuple[str, str, str]:
    """All texts under one note as one text, and the positions of the first and the last in their words.

    An elision becomes a space: two words on one note.
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
    return " ".join(ELISION.sub(" ", text.replace("\u00ad", "")).split()).strip("_"), first, last


@dataclass
class PartReader:
    """Reads the measures of a part in order, and keeps the state that lasts beyond one measure."""

    name: str  # of the file, for errors
    worded: bool = False  # the part has words: cue notes without words are an alternative, and left out
    by_words: bool = False  # take jumps from printed words, as no <sound> of the file has any
    tempo_words: bool = False  # take tempi from printed words, as the file has no numbers
    divisions: Fraction = Fraction(1)
    transpose: int = 0
    velocity: int = 80
    ending: frozenset[int] = frozenset()
    words: Words = field(default_factory=Words)
    slurs: dict[str, Key] = field(default_factory=dict)  # open slurs, by their number
    graced: set[str] = field(default_factory=set)  # slurs from a grace note that have not reached a note yet
    carried: dict[Key, list[Element]] = field(default_factory=dict)  # grace notes with words, for the next note
    voices: defaultdict[Key, dict[int, list[WrittenNote]]] = field(default_factory=lambda: defaultdict(dict))
    unpitched: int = 0
    warnings: set[str] = field(default_factory=set)

    def measure(self, element: Element, index: int, bar: WrittenBar) -> None:
        """Add the notes of this part's measure to `voices`, and its other content to `bar`.

        Raises InputError: divisions not above 0, or lengths that are too fine to add up.
        """
        self.index, self.bar = index, bar
        self.cursor = self.before = self.length = ZERO
        self.marks = Marks(ending=self.ending)
        for child in element:
            handle = HANDLERS.get(child.tag)
            if handle is not None:
                handle(self, child)
        if self.cursor.denominator > FINEST:
            raise InputError(f"{self.name}: the lengths in measure {index + 1} do not add up; correct them")
        bar.length = max(bar.length, self.length)
        bar.marks.join(self.marks)

    def move(self, element: Element, direction: int) -> None:
        self.cursor += direction * number(element.findtext("duration")) / self.divisions
        if self.cursor < 0:
            self.warnings.add(f"a <backup> leads before measure {self.index + 1}")
            self.cursor = ZERO
        self.length = max(self.length, self.cursor)

    def offset(self, element: Element) -> Fraction:
        return max(self.cursor + number(element.findtext("offset")) / self.divisions, ZERO)

    def attributes(self, element: Element) -> None:
        """Read divisions and transposition. Raises `InputError` for divisions that are not above 0."""
        text = element.findtext("divisions")
        if text is not None:
            self.divisions = number(text)
            if self.divisions <= 0:
                raise InputError(f"{self.name}: <divisions>{text.strip()[:20]}</divisions> must be a number above 0")
        shift = element.find("transpose")
        if shift is not None:
            octaves = number(shift.findtext("octave-change"))
            self.transpose = int(number(shift.findtext("chromatic")) + 12 * octaves)

    def note(self, element: Element) -> None:
        tags = {child.tag for child in element}
        key = (int(number(element.findtext("staff"), Fraction(1))), (element.findtext("voice") or "1").strip())
        if "grace" in tags:
            self.grace(element, key)
            return
        duration = number(element.findtext("duration")) / self.divisions
        if "chord" not in tags:
            self.before, self.cursor = self.cursor, self.cursor + max(duration, ZERO)
            self.length = max(self.length, self.cursor)
        if "rest" in tags:
            return
        if duration <= 0:
            self.warnings.add(f"a note without a length in measure {self.index + 1} is left out")
            return
        pitch = element.find("pitch")
        if pitch is None:
            self.unpitched += 1
            pitch = element.find("unpitched")
            midi = None if pitch is None else _midi_pitch(pitch, "display-", 0)
        else:
            midi = _midi_pitch(pitch, "", self.transpose)
        if midi is not None and not (self.worded and "cue" in tags and "lyric" not in tags):
            note = WrittenNote(self.before, duration, midi, self.velocity, source=int(element.get("source", -1)))
            self.sound(element, key, note)

    def sound(self, element: Element, key: Key, note: WrittenNote) -> None:
        """Add a note with its words, ties, slurs and signs. Raises `InputError` beyond MAX_VOICES."""
        for grace in self.carried.pop(key, []):
            note.lyrics = note.lyrics or self.words.of(grace)
        if element.find("lyric") is not None:
            note.lyrics = self.words.of(element) or note.lyrics
        ties = {tie.get("type") for tie in element.findall("tie")}
        notations = element.findall("notations")
        if not ties:
            ties = {tie.get("type") for group in notations for tie in group.findall("tied")}
        note.tied, note.held = "start" in ties, "stop" in ties
        note.slurred = "stop" in ties or any(voice == key for n, voice in self.slurs.items() if n not in self.graced)
        self.graced -= {n for n in self.graced if self.slurs.get(n) == key}
        for group in notations:
            self.follow_slurs(group, key)
            note.fermata |= group.find("fermata") is not None
            signs = group.find("articulations")
            note.phrase_end |= signs is not None and any(s.tag in ("breath-mark", "caesura") for s in signs)
        if len(self.voices) > MAX_VOICES:
            raise InputError(f"{self.name}: more than {MAX_VOICES} voices in one part; give one song")
        bars = self.voices[key]
        note.line = list(self.voices).index(key)
        bars.setdefault(self.index, []).append(note)

    def grace(self, element: Element, key: Key) -> None:
        """A grace note is not a note of the tune; the next note gets its slurs and words."""
        before = set(self.slurs)
        for group in element.findall("notations"):
            self.follow_slurs(group, key)
        self.graced |= set(self.slurs) - before
        if element.find("lyric") is not None:
            self.carried.setdefault(key, []).append(element)

    def follow_slurs(self, notations: Element, key: Key) -> None:
        slurs = notations.findall("slur")
        for kind in ("stop", "start"):
            for n in (slur.get("number", "1") for slur in slurs if slur.get("type") == kind):
                if kind == "start" and len(self.slurs) < MAX_VOICES:
                    self.slurs[n] = key
                else:
                    self.slurs.pop(n, None)
                    self.graced.discard(n)

    def direction(self, element: Element) -> None:
        at = self.offset(element)
        for kind in element.findall("direction-type"):
            self.marks.segno |= kind.find("segno") is not None
            self.marks.coda |= kind.find("coda") is not None
            printed = " ".join(words.text or "" for words in kind.findall("words")).strip()
            if self.by_words:
                sign = next((attribute for pattern, attribute in JUMP_WORDS if pattern.search(printed)), None)
                self.jump({sign: "yes"} if sign else {})
            if self.tempo_words:
                self.tempo(at, tempo_in_words(printed) or 0)
        sound = element.find("sound")
        if sound is not None:
            self.sounds(sound, at)
        if sound is None or sound.get("tempo") is None:
            metronome = element.find("direction-type/metronome")
            if metronome is not None:
                self.tempo(at, _metronome_tempo(metronome))

    def sounds(self, sound: Element, at: Fraction | None = None) -> None:
        if sound.get("tempo") is not None:
            self.tempo(self.cursor if at is None else at, float(number(sound.get("tempo"))))
        if sound.get("dynamics") is not None:  # in percent of MIDI's forte, 90
            self.velocity = max(1, min(127, round(number(sound.get("dynamics")) * 9 / 10)))
        self.jump(sound.attrib)

    def jump(self, signs: dict[str, str]) -> None:
        marks = self.marks
        marks.fine |= "fine" in signs
        marks.to_coda |= "tocoda" in signs
        marks.segno |= "segno" in signs
        marks.coda |= "coda" in signs
        if "dacapo" in signs or "dalsegno" in signs:
            marks.jump = "capo" if "dacapo" in signs else "segno"

    def tempo(self, at: Fraction, quarters: float) -> None:
        if 5 <= quarters <= 1000:
            if len(self.bar.tempi) < MAX_MARKS and all(at != other for other, _ in self.bar.tempi):
                self.bar.tempi.append((at, quarters))
                self.bar.tempi.sort()
        elif quarters:
            self.warnings.add(f"a tempo of {quarters:g} is left out")

    def harmony(self, element: Element) -> None:
        found = self.offset(element), _chord_symbol(element)
        if found[1] and len(self.bar.chords) < MAX_MARKS and found not in self.bar.chords:
            self.bar.chords.append(found)

    def barline(self, element: Element) -> None:
        self.marks.segno |= element.find("segno") is not None
        self.marks.coda |= element.find("coda") is not None
        ending, repeat = element.find("ending"), element.find("repeat")
        if ending is not None:
            self.ending = frozenset()
            if ending.get("type") == "start":
                self.ending = self.marks.ending = endings(ending.get("number", "") or ending.text or "")
        if repeat is not None and repeat.get("direction") == "forward":
            self.marks.forward = True
        elif repeat is not None:
            self.marks.backward = max(2, int(number(repeat.get("times"))))
            self.ending = frozenset()


def _midi_pitch(pitch: Element, prefix: str, transpose: int) -> int | None:
    step = STEPS.get((pitch.findtext(f"{prefix}step") or "").strip())
    if step is None:
        return None
    octave, alter = number(pitch.findtext(f"{prefix}octave"), Fraction(4)), number(pitch.findtext("alter"))
    midi = int(12 * (octave + 1)) + step + round(alter) + transpose
    return midi if 0 <= midi <= 127 else None


def _metronome_tempo(element: Element) -> float:
    """Quarter notes per minute; 0 if the mark has no number."""
    unit = UNITS.get((element.findtext("beat-unit") or "").strip(), 0)
    dotted = 1.5 if element.find("beat-unit-dot") is not None else 1
    per_minute = re.sub(r"[^\d.].*$", "", (element.findtext("per-minute") or "").strip("ca. "))
    return unit * dotted * float(number(per_minute))


def _chord_symbol(harmony: Element) -> str:
    root, bass = harmony.find("root"), harmony.find("bass")
    step = "" if root is None else (root.findtext("root-step") or "").strip()
    kind = (harmony.findtext("kind") or "").strip()
    if root is None or step not in STEPS or kind == "none":
        return ""
    symbol = step + _altered(root.findtext("root-alter")) + CHORD_KINDS.get(kind, [""])[0]
    for degree in harmony.findall("degree"):
        value, how = number(degree.findtext("degree-value")), (degree.findtext("degree-type") or "").strip()
        if how == "add" and value in (2, 4, 6, 9, 11, 13) and kind in ("major", "minor"):
            symbol += f"add{value}"
        elif how in ("add", "alter"):
            symbol += f"{_altered(degree.findtext('degree-alter'))}{value}"
    below = "" if bass is None else (bass.findtext("bass-step") or "").strip()
    return f"{symbol}/{below}{_altered(harmony.findtext('bass/bass-alter'))}" if below in STEPS else symbol


def _altered(text: str | None) -> str:
    return alteration(max(-2, min(2, int(number(text)))))


HANDLERS: dict[str, Callable[[PartReader, Element], None]] = {
    "note": PartReader.note,
    "backup": lambda reader, element: reader.move(element, -1),
    "forward": lambda reader, element: reader.move(element, 1),
    "attributes": PartReader.attributes,
    "direction": PartReader.direction,
    "sound": PartReader.sounds,
    "harmony": PartReader.harmony,
    "barline": PartReader.barline,
}
