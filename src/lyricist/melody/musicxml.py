"""MusicXML, plain or compressed (.musicxml, .xml, .mxl), read by our own means: every sung note with its words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element

from lyricist.errors import InputError
from lyricist.melody.safexml import MAX_BYTES, parse, unpack
from lyricist.melody.tune import Score
from lyricist.melody.written import Sheet, WrittenBar, WrittenNote, WrittenVoice, perform
from lyricist.melody.xmlbars import PartReader, number

MAX_PARTS = 200
MAX_MEASURES = 20_000


def read_musicxml(data: bytes, name: str) -> Score:
    """The score in `data`, as performed: repeats played out, ties joined, grace notes left out.

    A part with words gives one `Part` for each of its voices, any other part one for all of them. A note under no
    syllable that follows a sung one without a rest is `slurred`: it is sung on the syllable before.

    Args:
        data: the file's bytes. MXL is known by its bytes, not by its name.
        name: of the file, for errors.

    Raises:
        InputError: no MusicXML, damaged, unsafe, too large, or without notes.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: {len(data)} bytes, more than {MAX_BYTES}; give one song")
    root = parse(unpack(data, name) if data.startswith(b"PK") else data, name)
    parts = _parts(root, name)
    bars = [WrittenBar() for _ in range(max(len(measures) for _, measures in parts))]
    _set_metres(bars, parts)
    by_words = not any(_jumps(sound) for sound in root.iter("sound"))
    numbered = any("tempo" in sound.attrib for sound in root.iter("sound")) or root.find(".//metronome") is not None
    labels = {part.get("id", ""): part for part in root.iter("score-part")}
    sheet, warnings = Sheet(bars, []), dict.fromkeys(_timewise(root))
    for identity, measures in parts:
        worded = any(True for measure in measures for _ in measure.iter("lyric"))
        reader = PartReader(name, worded, by_words, not numbered)
        for i, measure in enumerate(measures):
            reader.measure(measure, i, bars[i])
        sheet.voices += _voices(reader, labels.get(identity))
        if len(sheet.voices) > MAX_PARTS:
            raise InputError(f"{name}: more than {MAX_PARTS} voices; give one song")
        warnings |= dict.fromkeys(sorted(reader.warnings)[:20])
    for bar in bars:
        if not bar.length:
            bar.length = Fraction(4 * bar.metre[0], bar.metre[1]) if bar.metre else Fraction(4)
    return perform(sheet, _head(root, tuple(warnings)), name)


def _parts(root: Element, name: str) -> list[tuple[str, list[Element]]]:
    """The measures of every part, with its id."""
    if root.tag == "score-partwise":
        parts = [(part.get("id", ""), part.findall("measure")) for part in root.findall("part")]
    elif root.tag == "score-timewise":
        columns: defaultdict[str, list[Element]] = defaultdict(list)
        for measure in root.findall("measure"):
            for part in measure.findall("part"):
                columns[part.get("id", "")].append(part)
        parts = list(columns.items())
    else:
        raise InputError(f"{name}: its root is <{root.tag[:40]}>, not <score-partwise>; give a MusicXML score")
    if not any(measures for _, measures in parts):
        raise InputError(f"{name}: no measures in it; give a score with a melody")
    longest = max(len(measures) for _, measures in parts)
    if len(parts) > MAX_PARTS or longest > MAX_MEASURES:
        raise InputError(f"{name}: {len(parts)} parts of {longest} measures are too many; give one song")
    return parts


def _timewise(root: Element) -> list[str]:
    return ["measure by measure (score-timewise), read all the same"] if root.tag == "score-timewise" else []


def _jumps(sound: Element) -> bool:
    return any(key in sound.attrib for key in ("dacapo", "dalsegno", "fine", "tocoda"))


def _set_metres(bars: list[WrittenBar], parts: list[tuple[str, list[Element]]]) -> None:
    """The time signature in force in every bar; none in the whole score leaves every bar as long as it is."""
    found: dict[int, tuple[int, int] | None] = {}
    for _, measures in parts:
        for i, measure in enumerate(measures):
            for time in measure.findall("attributes/time"):
                found.setdefault(i, _metre(time))
    metre = found.get(min(found)) if found else None
    for i, bar in enumerate(bars):
        metre = bar.metre = found.get(i, metre)


def _metre(time: Element) -> tuple[int, int] | None:
    """Beats and unit; a sum for additive ones; None for senza misura and for what makes no sense."""
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
    """Name, General MIDI program and whether it is drums."""
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
