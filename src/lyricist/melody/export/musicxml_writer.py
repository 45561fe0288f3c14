"""MusicXML 4.0, partwise: every part, with the words under the sung one.

Played times (MIDI) within 1/96 of a quarter of a written time are written there; all others stay exactly where they
are, by `<divisions>`, under the nearest note type. `<end-line>` and `<end-paragraph>` mark the lines and stanzas of
the words.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from math import lcm
from xml.etree import ElementTree as ET

from lyricist.melody.export.score_layout import Bar, Event, Measure, Piece, lay_bars, lay_part, neat, staves_of
from lyricist.melody.notation import ACCIDENTALS, harmony, in_key, spell
from lyricist.melody.tune import Note, Part, Score

DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles><rootfile full-path="score.musicxml" '
    'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>\n'
)
ILLEGAL = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")  # in XML 1.0
LOW = 57  # mean pitch; a staff below it has a bass clef
SHOWN = 0.1  # a tempo mark is printed if the tempo changes by more than a tenth
FORTE = 90  # the velocity of <note dynamics="100">
PLAIN_VELOCITY = 80  # of a note without <dynamics>
Mark = tuple[Fraction, Callable[[int], ET.Element]]  # onset; offset in divisions -> direction or chord symbol
Signs = dict[tuple[int, int], str]  # (id of the piece, pitch) -> its accidental
Ends = dict[tuple[Fraction, int, int], str]  # (onset, pitch, verse) of a syllable -> end-line or end-paragraph


@dataclass
class Context:
    """The state while one part is written."""

    part: Part
    id: str
    sharps: int
    mode: str
    marks: Sequence[Mark] = ()
    ends: Ends = field(default_factory=dict)
    divisions: int = 1
    staff: int | None = None  # the current staff of several
    main: bool = True  # this is the first voice of its staff: its rests are printed

    def ticks(self, length: Fraction) -> str:
        return str(int(length * self.divisions))


def musicxml(score: Score) -> bytes:
    """The document. Raises InputError for a score with far too many bars."""
    root = ET.Element("score-partwise", version="4.0")
    heading(root, score)
    bars = lay_bars(score)
    listed = sub(root, "part-list")
    groups = staff_groups(score.parts) or [[Part("", ())]]
    sung = max(range(len(groups)), key=lambda i: (max(part.words for part in groups[i]), -i))
    sharps, mode = max(-7, min(7, score.key[0])), score.key[1]
    for i, group in enumerate(groups):
        notes = sorted((note for part in group for note in part.notes), key=lambda note: (note.onset, note.pitch))
        marks = tempo_marks(score) if i == 0 else []
        if i == sung:
            marks += [(neat(chord.onset), partial(chord_mark, chord.symbol)) for chord in score.chords]
        ends = {key: end for part in group for key, end in line_ends(part.notes).items()}
        whole = replace(group[0], notes=tuple(notes))
        context = Context(whole, f"P{i + 1}", sharps, mode, sorted(marks, key=lambda mark: mark[0]), ends)
        list_part(listed, context)
        write_part(root, context, lay_part(group, bars))
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n{body}\n'.encode()


def mxl(document: bytes) -> bytes:
    """A document compressed: a zip archive with a container, as MusicXML 2.0 and later define it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        mime = zipfile.ZipInfo("mimetype")  # first and not compressed, so that the bytes show the kind of file
        archive.writestr(mime, "application/vnd.recordare.musicxml", compress_type=zipfile.ZIP_STORED)
        for name, data in (("META-INF/container.xml", CONTAINER.encode()), ("score.musicxml", document)):
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def sub(parent: ET.Element, tag: str, content: object = None, /, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, tag, {name: ILLEGAL.sub("", value) for name, value in attributes.items()})
    if content is not None:
        made.text = ILLEGAL.sub("", str(content))
    return made


def sub_all(parent: ET.Element, tag: str, contents: Mapping[str, object], /, **attributes: str) -> ET.Element:
    """An element with children; those without content (None) are left out."""
    made = sub(parent, tag, **attributes)
    for name, content in contents.items():
        if content is not None:
            sub(made, name, content)
    return made


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
    """Neighbouring parts that are voices of one staff, together."""
    out: list[list[Part]] = []
    for part in parts:
        last = out[-1][-1] if out else None
        if last and part.name == last.name and (last.voice or 0) + 1 == part.voice and last.voice:
            out[-1].append(part)
        else:
            out.append([part])
    return out


def list_part(listed: ET.Element, context: Context) -> None:
    part, id = context.part, context.id
    entry = sub(listed, "score-part", id=id)
    sub(entry, "part-name", part.name)
    if part.drums:
        pitches = sorted({note.pitch for note in part.notes})
        for pitch in pitches:
            sub(sub(entry, "score-instrument", id=f"{id}-I{pitch}"), "instrument-name", f"Drum {pitch}")
        for pitch in pitches:
            midi = {"midi-channel": 10, "midi-unpitched": pitch + 1}
            sub_all(entry, "midi-instrument", midi, id=f"{id}-I{pitch}")
    elif part.program is not None:
        sub(sub(entry, "score-instrument", id=f"{id}-I1"), "instrument-name", part.name or "Instrument")
        sub(sub(entry, "midi-instrument", id=f"{id}-I1"), "midi-program", part.program + 1)


def line_ends(notes: Sequence[Note]) -> Ends:
    """The syllables that end a line or a stanza of their verse."""
    out: Ends = {}
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
    out: list[Mark] = []
    shown = 0.0
    for tempo in score.tempi:
        visible = abs(tempo.quarters - shown) > SHOWN * shown
        shown = tempo.quarters if visible else shown
        out.append((neat(tempo.onset), partial(tempo_mark, f"{round(tempo.quarters, 6):.10g}", visible)))
    return out


def tempo_mark(quarters: str, visible: bool, offset: int) -> ET.Element:
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


def chord_mark(symbol: str, offset: int) -> ET.Element:
    found = harmony(symbol)
    made = ET.Element("harmony")
    if found.step:
        sub_all(made, "root", {"root-step": found.step, "root-alter": found.alter or None})
    else:  # N.C., or an unknown symbol: printed unchanged
        sub(sub(made, "root"), "root-step", "C", text="")
    sub(made, "kind", found.kind, text=found.text)
    if found.bass:
        sub_all(made, "bass", {"bass-step": found.bass[0], "bass-alter": found.bass[1] or None})
    for degree in found.degrees:  # not printed, as they are in the text of the kind
        element = ET.SubElement(made, "degree", {"print-object": "no"})
        for name, content in zip(("value", "alter", "type"), degree, strict=True):
            sub(element, f"degree-{name}", content)
    if offset:
        sub(made, "offset", offset)
    return made


def write_part(root: ET.Element, context: Context, measures: Sequence[Measure]) -> None:
    context.divisions = divisions(measures, context.marks)
    element = sub(root, "part", id=context.id)
    marks = list(context.marks)
    for measure in measures:
        bar = measure.bar
        made = sub(element, "measure", number=str(bar.number), **({"implicit": "yes"} if bar.number == 0 else {}))
        if measure is measures[0]:
            attributes(made, context, bar)
        elif bar.changes:
            write_metre(sub(made, "attributes"), bar)
        here = [mark for mark in marks if mark[0] < bar.end or measure is measures[-1]]
        marks = marks[len(here) :]
        write_measure(made, context, measure, here)


def divisions(measures: Sequence[Measure], marks: Iterable[Mark]) -> int:
    lengths = (piece.value.length for measure in measures for pieces in measure.voices.values() for piece in pieces)
    return lcm(*{length.denominator for length in lengths}, *{onset.denominator for onset, _ in marks})


def attributes(measure: ET.Element, context: Context, bar: Bar) -> None:
    made = sub(measure, "attributes")
    sub(made, "divisions", context.divisions)
    sub_all(made, "key", {"fifths": context.sharps, "mode": context.mode})
    write_metre(made, bar)
    staves = staves_of(context.part)
    if len(staves) > 1:
        sub(made, "staves", len(staves))
    for number, notes in enumerate(staves, 1):
        low = sum(note.pitch for note in notes) < LOW * len(notes)
        clef = {"sign": "F" if low else "G", "line": 4 if low else 2}
        sub_all(made, "clef", {"sign": "percussion"} if context.part.drums else clef, number=str(number))


def write_metre(parent: ET.Element, bar: Bar) -> None:
    sub_all(parent, "time", {"beats": bar.metre.beats, "beat-type": bar.metre.unit})


def write_measure(made: ET.Element, context: Context, measure: Measure, marks: Sequence[Mark]) -> None:
    signs = accidentals(measure, context.sharps)
    left, start = list(marks), measure.bar.start
    several = len(set(measure.staves.values())) > 1
    staff = 0
    for number, pieces in measure.voices.items():
        context.main = measure.staves[number] != staff
        staff = measure.staves[number]
        context.staff = staff if several else None
        if number > 1:
            sub(sub(made, "backup"), "duration", context.ticks(measure.bar.end - start))
        for i, piece in enumerate(pieces):
            stop = pieces[i + 1].at if i + 1 < len(pieces) else None
            while number == 1 and left and (stop is None or left[0][0] - start < stop):
                onset, make = left.pop(0)
                made.append(make(int((onset - start - piece.at) * context.divisions)))
            if piece.event is None:
                write_rest(made, context, piece, number)
            else:
                write_notes(made, context, piece, piece.event, number, signs)


def accidentals(measure: Measure, sharps: int) -> Signs:
    """The accidentals to print, in the order in which notes sound."""
    out: Signs = {}
    state: dict[tuple[str, int], int] = {}
    ordered = [piece for pieces in measure.voices.values() for piece in pieces if piece.event and piece.first]
    for piece in sorted(ordered, key=lambda piece: piece.at):
        for note in piece.event.notes if piece.event else ():
            name = spell(note.pitch, sharps)
            place = (name.step, name.octave)
            if state.get(place, in_key(name.step, sharps)) != name.alter:
                out[id(piece), note.pitch] = ACCIDENTALS[name.alter]
                state[place] = name.alter
    return out


def write_notes(made: ET.Element, context: Context, piece: Piece, event: Event, voice: int, signs: Signs) -> None:
    """A note or a chord; all its syllables go under the first note."""
    ties = [kind for kind, there in (("stop", not piece.first), ("start", not piece.last)) if there]
    for at, note in enumerate(event.notes):
        element = sub(made, "note")
        if note.velocity != PLAIN_VELOCITY:
            element.set("dynamics", f"{note.velocity / FORTE * 100:.4g}")
        if at:
            sub(element, "chord")
        write_pitch(element, context, note)
        sub(element, "duration", context.ticks(piece.value.length))
        for kind in ties:
            sub(element, "tie", type=kind)
        if context.part.drums:
            sub(element, "instrument", id=f"{context.id}-I{note.pitch}")
        sub(element, "voice", voice)
        write_value(element, piece, signs.get((id(piece), note.pitch)), context.staff)
        write_notations(element, piece, note, ties, main=at == 0)
        if piece.first and at == 0:
            write_lyrics(element, event, context.ends)


def write_rest(made: ET.Element, context: Context, piece: Piece, voice: int) -> None:
    """A rest. Silence without a written length is only skipped, like the rests of further voices."""
    if not piece.value.exact or (not context.main and piece.value.actual == 1):
        sub(sub(made, "forward"), "duration", context.ticks(piece.value.length))
        return
    element = sub(made, "note")
    sub(element, "rest", **({"measure": "yes"} if piece.whole_bar else {}))
    sub(element, "duration", context.ticks(piece.value.length))
    sub(element, "voice", voice)
    if piece.whole_bar and context.staff is not None:
        sub(element, "staff", context.staff)
    if not piece.whole_bar:
        write_value(element, piece, None, context.staff)
        write_notations(element, piece, None, (), main=True)


def write_pitch(element: ET.Element, context: Context, note: Note) -> None:
    if context.part.drums:
        sub_all(element, "unpitched", {"display-step": "C", "display-octave": 5})
        return
    name = spell(note.pitch, context.sharps)
    sub_all(element, "pitch", {"step": name.step, "alter": name.alter or None, "octave": name.octave})


def write_value(element: ET.Element, piece: Piece, sign: str | None, staff: int | None) -> None:
    value = piece.value
    sub(element, "type", value.kind)
    for _ in range(value.dots):
        sub(element, "dot")
    if sign:
        sub(element, "accidental", sign)
    if value.actual > 1:
        sub_all(element, "time-modification", {"actual-notes": value.actual, "normal-notes": value.normal})
    if staff is not None:
        sub(element, "staff", staff)
    for number, beam in enumerate(piece.beams, 1):
        sub(element, "beam", beam, number=str(number))


def write_notations(element: ET.Element, piece: Piece, note: Note | None, ties: Sequence[str], main: bool) -> None:
    made = ET.Element("notations")
    for kind in ties:
        sub(made, "tied", type=kind)
    if main and piece.event and piece.last and piece.event.slur_to:
        sub(made, "slur", type="stop", number="1")
    if main and piece.event and piece.first and piece.event.slur_from:
        sub(made, "slur", type="start", number="1")
    if main and piece.tuplet:
        for kind in ("start", "stop") if piece.tuplet == "both" else (piece.tuplet,):
            sub(made, "tuplet", type=kind)
    if note and note.fermata and piece.last:
        sub(made, "fermata")
    if note and note.phrase_end and piece.last:
        sub(sub(made, "articulations"), "breath-mark")
    if len(made):
        element.append(made)


def write_lyrics(element: ET.Element, event: Event, ends: Ends) -> None:
    written: set[int] = set()
    for note in event.notes:
        for lyric in note.lyrics:
            if lyric.verse in written:
                continue
            written.add(lyric.verse)
            made = sub(element, "lyric", number=str(lyric.verse))
            sub(made, "syllabic", lyric.syllabic)
            text, joined = " ".join(lyric.text.split()), lyric.syllabic in ("begin", "middle")
            sub(made, "text", (text.rstrip("-") if joined else text) or text)  # not far--a-way
            if lyric.extend:
                sub(made, "extend")
            end = ends.get((note.onset, note.pitch, lyric.verse))
            if end:
                sub(made, "end-line")
            if end == "end-paragraph":
                sub(made, "end-paragraph")
