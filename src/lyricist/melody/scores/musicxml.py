"""MusicXML 4.0, partwise: every part, the words under the sung one.

Played times (MIDI) within 1/96 of a quarter of a written one are written there; all others stand exactly where they
are, by `<divisions>`, under the nearest note type. Lines and stanzas of the words are marked with `<end-line>` and
`<end-paragraph>`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm
from xml.etree import ElementTree as ET

from lyricist.melody.scores.layout import Bar, Measure, lay_bars, lay_part, staves_of
from lyricist.melody.scores.names import harmony
from lyricist.melody.scores.notation import Context, Mark, accidentals, sub, write_piece
from lyricist.melody.scores.values import neat
from lyricist.melody.tune import Note, Part, Score

DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles><rootfile full-path="score.musicxml" '
    'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>\n'
)
LOW = 57  # mean pitch below which a staff has a bass clef
SHOWN = 0.1  # a metronome mark is printed where the tempo changes by more than a tenth


def musicxml(score: Score) -> bytes:
    """The document. Raises InputError for a score of far too many bars."""
    root = ET.Element("score-partwise", version="4.0")
    heading(root, score)
    bars = lay_bars(score)
    listed = sub(root, "part-list")
    groups = staff_groups(score.parts) or [[Part("", ())]]
    sung = max(range(len(groups)), key=lambda i: (max(part.words for part in groups[i]), -i))
    sharps, mode = max(-7, min(7, score.key[0])), score.key[1]
    for i, group in enumerate(groups):
        context = Context(together(group), f"P{i + 1}", sharps, mode)
        context.marks = [*(tempo_marks(score) if i == 0 else ()), *(chord_marks(score) if i == sung else ())]
        context.marks.sort(key=lambda mark: mark.at)
        context.ends = {key: end for part in group for key, end in line_ends(part.notes).items()}
        list_part(listed, context)
        write_part(root, context, lay_part(group, bars))
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n{body}\n'.encode()


def mxl(score: Score) -> bytes:
    """The same, compressed: a zip archive with a container, as MusicXML 2.0 and later have it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        mime = zipfile.ZipInfo("mimetype")  # first and stored, so that the kind can be told from the bytes
        archive.writestr(mime, "application/vnd.recordare.musicxml", compress_type=zipfile.ZIP_STORED)
        for name, data in (("META-INF/container.xml", CONTAINER.encode()), ("score.musicxml", musicxml(score))):
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def heading(root: ET.Element, score: Score) -> None:
    if score.title:
        sub(sub(root, "work"), "work-title", score.title)
    identification = sub(root, "identification")
    if score.composer:
        sub(identification, "creator", score.composer, type="composer")
    if score.copyright:
        sub(identification, "rights", score.copyright)
    sub(sub(identification, "encoding"), "software", "lyricist")


def staff_groups(parts: Sequence[Part]) -> list[list[Part]]:
    """Neighbours that are voices of one staff, together."""
    out: list[list[Part]] = []
    for part in parts:
        last = out[-1][-1] if out else None
        if last and part.name == last.name and (last.voice or 0) + 1 == part.voice and last.voice:
            out[-1].append(part)
        else:
            out.append([part])
    return out


def together(group: Sequence[Part]) -> Part:
    notes = sorted((note for part in group for note in part.notes), key=lambda note: (note.onset, note.pitch))
    return replace(group[0], notes=tuple(notes))


def list_part(listed: ET.Element, context: Context) -> None:
    part, id = context.part, context.id
    entry = sub(listed, "score-part", id=id)
    sub(entry, "part-name", part.name)
    if part.drums:
        pitches = sorted({note.pitch for note in part.notes})
        for pitch in pitches:
            sub(sub(entry, "score-instrument", id=f"{id}-I{pitch}"), "instrument-name", f"Drum {pitch}")
        for pitch in pitches:
            midi = sub(entry, "midi-instrument", id=f"{id}-I{pitch}")
            sub(midi, "midi-channel", 10)
            sub(midi, "midi-unpitched", pitch + 1)
    elif part.program is not None:
        sub(sub(entry, "score-instrument", id=f"{id}-I1"), "instrument-name", part.name or "Instrument")
        sub(sub(entry, "midi-instrument", id=f"{id}-I1"), "midi-program", part.program + 1)


def line_ends(notes: Sequence[Note]) -> dict[tuple[Fraction, int, int], str]:
    """Which syllables end a line or a stanza of their verse."""
    out: dict[tuple[Fraction, int, int], str] = {}
    last: dict[int, tuple[Fraction, int, int]] = {}
    marked = set()
    for note in notes:
        for lyric in note.lyrics:
            before = last.get(lyric.verse)
            if lyric.line_start and before:
                out[before] = "end-paragraph" if lyric.paragraph else "end-line"
            if lyric.line_start:
                marked.add(lyric.verse)
            last[lyric.verse] = (note.onset, note.pitch, lyric.verse)
    return out | {key: "end-paragraph" for verse, key in last.items() if verse in marked}


def tempo_marks(score: Score) -> list[Mark]:
    out, shown = [], 0.0
    for tempo in score.tempi:
        visible = abs(tempo.quarters - shown) > SHOWN * shown
        shown = tempo.quarters if visible else shown
        out.append(Mark(neat(tempo.onset), tempo_mark(f"{round(tempo.quarters, 6):.10g}", visible)))
    return out


def tempo_mark(quarters: str, visible: bool) -> Callable[[int], ET.Element]:
    def make(offset: int) -> ET.Element:
        made = ET.Element("direction", placement="above")
        metronome = sub(sub(made, "direction-type"), "metronome")
        if not visible:
            metronome.set("print-object", "no")
        sub(metronome, "beat-unit", "quarter")
        sub(metronome, "per-minute", f"{float(quarters):.4g}")
        if offset:
            sub(made, "offset", offset, sound="yes")
        sub(made, "sound", tempo=quarters)
        return made

    return make


def chord_marks(score: Score) -> list[Mark]:
    return [Mark(neat(chord.onset), chord_mark(chord.symbol)) for chord in score.chords]


def chord_mark(symbol: str) -> Callable[[int], ET.Element]:
    found = harmony(symbol)

    def make(offset: int) -> ET.Element:
        made = ET.Element("harmony")
        root = sub(made, "root")
        if found.step:
            sub(root, "root-step", found.step)
            if found.alter:
                sub(root, "root-alter", found.alter)
        else:  # N.C., or a symbol nobody can read: printed as it is
            sub(root, "root-step", "C", text="")
        sub(made, "kind", found.kind, text=found.text)
        if found.bass:
            bass = sub(made, "bass")
            sub(bass, "bass-step", found.bass[0])
            if found.bass[1]:
                sub(bass, "bass-alter", found.bass[1])
        for value, alter, how in found.degrees:  # the text of the kind says them already
            degree = ET.SubElement(made, "degree", {"print-object": "no"})
            for name, content in (("value", value), ("alter", alter), ("type", how)):
                sub(degree, f"degree-{name}", content)
        if offset:
            sub(made, "offset", offset)
        return made

    return make


def write_part(root: ET.Element, context: Context, measures: Sequence[Measure]) -> None:
    context.divisions = divisions(measures, context.marks)
    element = sub(root, "part", id=context.id)
    marks = list(context.marks)
    for measure in measures:
        bar = measure.bar
        made = sub(element, "measure", number=str(bar.number))
        if bar.number == 0:
            made.set("implicit", "yes")
        if measure is measures[0]:
            attributes(made, context, bar)
        elif bar.changes:
            metre_element(sub(made, "attributes"), bar)
        here = [mark for mark in marks if mark.at < bar.end or measure is measures[-1]]
        marks = marks[len(here) :]
        write_measure(made, context, measure, here)


def divisions(measures: Sequence[Measure], marks: Iterable[Mark]) -> int:
    lengths = (piece.value.length for measure in measures for pieces in measure.voices.values() for piece in pieces)
    return lcm(*{length.denominator for length in lengths}, *{mark.at.denominator for mark in marks})


def attributes(measure: ET.Element, context: Context, bar: Bar) -> None:
    made = sub(measure, "attributes")
    sub(made, "divisions", context.divisions)
    key = sub(made, "key")
    sub(key, "fifths", context.sharps)
    sub(key, "mode", context.mode)
    metre_element(made, bar)
    staves = staves_of(context.part)
    if len(staves) > 1:
        sub(made, "staves", len(staves))
    for number, notes in enumerate(staves, 1):
        clef = sub(made, "clef", number=str(number))
        if context.part.drums:
            sub(clef, "sign", "percussion")
        else:
            low = sum(note.pitch for note in notes) < LOW * len(notes)
            sub(clef, "sign", "F" if low else "G")
            sub(clef, "line", 4 if low else 2)


def metre_element(parent: ET.Element, bar: Bar) -> None:
    time = sub(parent, "time")
    sub(time, "beats", bar.metre.beats)
    sub(time, "beat-type", bar.metre.unit)


def write_measure(made: ET.Element, context: Context, measure: Measure, marks: Sequence[Mark]) -> None:
    signs = accidentals(measure, context.sharps)
    left = list(marks)
    several = len(set(measure.staves.values())) > 1
    staff = 0
    for number, pieces in measure.voices.items():
        context.main = measure.staves[number] != staff
        staff = measure.staves[number]
        context.staff = staff if several else None
        if number > 1:
            sub(sub(made, "backup"), "duration", context.ticks(measure.bar.end - measure.bar.start))
        for i, piece in enumerate(pieces):
            stop = pieces[i + 1].at if i + 1 < len(pieces) else None
            while number == 1 and left and (stop is None or left[0].at - measure.bar.start < stop):
                mark = left.pop(0)
                made.append(mark.make(int((mark.at - measure.bar.start - piece.at) * context.divisions)))
            write_piece(made, context, piece, number, signs)
