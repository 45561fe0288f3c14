"""MusicXML, plain or compressed (.musicxml, .xml, .mxl): every part, and every sung note with its words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element

from lyricist.errors import InputError
from lyricist.melody.read.musicxml_bars import PartReader, number
from lyricist.melody.read.performance import MAX_BARS, WrittenBar, WrittenNote, WrittenVoice, perform
from lyricist.melody.read.untrusted import MAX_BYTES, parse, unpack
from lyricist.melody.tune import Score

MAX_PARTS = 200
JUMPS = {"dacapo", "dalsegno", "fine", "tocoda"}
Measures = list[tuple[str, list[Element]]]  # the id of each part and its measures


def read_musicxml(data: bytes, name: str) -> Score:
    """The score in `data`, as performed: repeats played out, ties joined, grace notes left out.

    A part with words becomes one `Part` for each of its voices; any other part becomes one `Part`. A note without a
    syllable that follows a sung note without a rest is `slurred`: it is sung on the syllable before.

    Compressed files are recognised by their bytes, not by their name. `name`: the file's name, for errors.
    Raises InputError: no MusicXML, damaged, unsafe, too large, or without notes.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: {len(data)} bytes, more than {MAX_BYTES}; give one song")
    root = parse(unpack(data, name) if data.startswith(b"PK") else data, name)
    for i, note in enumerate(root.iter("note")):
        note.set("source", str(i))
    parts = _parts(root, name)
    bars = [WrittenBar() for _ in range(max(len(measures) for _, measures in parts))]
    _set_metres(bars, parts)
    by_words = not any(JUMPS & sound.attrib.keys() for sound in root.iter("sound"))
    numbered = any("tempo" in sound.attrib for sound in root.iter("sound")) or root.find(".//metronome") is not None
    labels = {part.get("id", ""): part for part in root.iter("score-part")}
    voices: list[WrittenVoice] = []
    timewise = root.tag == "score-timewise"
    warnings = {"measure by measure (score-timewise), read all the same": None} if timewise else {}
    for identity, measures in parts:
        worded = any(True for measure in measures for _ in measure.iter("lyric"))
        reader = PartReader(name, worded, by_words, not numbered)
        for i, measure in enumerate(measures):
            reader.measure(measure, i, bars[i])
        voices += _voices(reader, labels.get(identity))
        if len(voices) > MAX_PARTS:
            raise InputError(f"{name}: more than {MAX_PARTS} voices; give one song")
        warnings |= dict.fromkeys(sorted(reader.warnings)[:20])
    for bar in bars:
        if not bar.length:
            bar.length = Fraction(4 * bar.metre[0], bar.metre[1]) if bar.metre else Fraction(4)
    return perform(bars, voices, _head(root, tuple(warnings)), name)


def _parts(root: Element, name: str) -> Measures:
    if root.tag == "score-partwise":
        parts = [(part.get("id", ""), part.findall("measure")) for part in root.findall("part")]
    elif root.tag == "score-timewise":
        columns: defaultdict[str, list[Element]] = defaultdict(list)
        for measure in root.findall("measure"):
            for part in measure.findall("part"):
                columns[part.get("id", "")].append(part)
        parts = list(columns.items())
    elif root.tag == "museScore":
        raise InputError(f"{name}: a file of MuseScore's own kind; export it as MusicXML (File, Export)")
    else:
        raise InputError(f"{name}: its root is <{root.tag[:40]}>, not <score-partwise>; give a MusicXML score")
    longest = max((len(measures) for _, measures in parts), default=0)
    if not longest:
        raise InputError(f"{name}: no measures in it; give a score with a melody")
    if len(parts) > MAX_PARTS or longest > MAX_BARS:
        raise InputError(f"{name}: {len(parts)} parts of {longest} measures are too many; give one song")
    return parts


def _set_metres(bars: list[WrittenBar], parts: Measures) -> None:
    """The time signature in force in every bar; None in all bars if the score has none."""
    found: dict[int, tuple[int, int] | None] = {}
    for _, measures in parts:
        for i, measure in enumerate(measures):
            for time in measure.findall("attributes/time"):
                found.setdefault(i, _metre(time))
    metre = found.get(min(found)) if found else None
    for i, bar in enumerate(bars):
        metre = bar.metre = found.get(i, metre)


def _metre(time: Element) -> tuple[int, int] | None:
    """Beats and unit, the sum of additive ones; None for senza misura and impossible values."""
    unit, total = 0, Fraction(0)
    for beats, beat_type in zip(time.findall("beats"), time.findall("beat-type"), strict=False):
        here = int(number(beat_type.text))
        count = sum(number(term) for term in (beats.text or "").split("+"))
        if here not in (1, 2, 4, 8, 16, 32, 64) or not 0 < count <= 64:
            return None
        unit, total = max(unit, here), total + Fraction(count) / here
    return (int(total * unit), unit) if unit and total * unit >= 1 else None


def _voices(reader: PartReader, label: Element | None) -> Iterator[WrittenVoice]:
    """One for each voice of a part with words, else one for the whole part."""
    name, program, drums = _label(label)
    notes = sum(len(bar) for by_bar in reader.voices.values() for bar in by_bar.values())
    drums = drums or (0 < notes <= reader.unpitched)
    voices = [by_bar for _, by_bar in sorted(reader.voices.items())]
    if reader.worded and len(voices) > 1:
        for k, by_bar in enumerate(voices, 1):
            yield WrittenVoice(name, by_bar, program, drums, k)
    elif voices:
        together: defaultdict[int, list[WrittenNote]] = defaultdict(list)
        for by_bar in voices:
            for i, bar in by_bar.items():
                together[i] += bar
        yield WrittenVoice(name, together, program, drums)


def _label(part: Element | None) -> tuple[str, int | None, bool]:
    """Name, General MIDI program, and whether the part is drums."""
    if part is None:
        return "", None, False
    name = " ".join((part.findtext("part-name") or "").split())[:200]
    program = int(number(part.findtext("midi-instrument/midi-program"))) - 1
    drums = int(number(part.findtext("midi-instrument/midi-channel"))) == 10
    return name, program if 0 <= program <= 127 else None, drums


def _head(root: Element, warnings: tuple[str, ...]) -> Score:
    people = {c.get("type", ""): _line(c.text) for c in root.findall("identification/creator")}
    titles = [root.findtext("movement-title"), root.findtext("work/work-title"), _credit(root, "title")]
    fifths = int(number(root.findtext(".//key/fifths")))
    mode = (root.findtext(".//key/mode") or "").strip()
    return Score(
        title=next((_line(title) for title in titles if _line(title)), ""),
        parts=(),
        key=(max(-7, min(7, fifths)), mode if mode and mode != "none" else "major"),
        copyright=_line(" ".join(rights.text or "" for rights in root.findall("identification/rights"))),
        composer=people.get("composer") or _line(_credit(root, "composer")),
        kind="musicxml",
        warnings=warnings,
    )


def _credit(root: Element, kind: str) -> str:
    for credit in root.findall("credit"):
        if (credit.findtext("credit-type") or "").strip() == kind:
            return " ".join(words.text or "" for words in credit.findall("credit-words"))
    return ""


def _line(text: str | None) -> str:
    return " ".join((text or "").split())[:500]
